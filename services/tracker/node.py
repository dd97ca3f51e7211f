"""A node of a chain over JSON-RPC, read only: a hash, its confirmations, who received it.

Four methods are all that is ever asked. What a node says is the chain's word on what happened;
nothing can be ordered from it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp
from pydantic import BaseModel, ConfigDict, Field

from services.tracker.calling import Answer, JsonCaller, about
from services.tracker.domain.triggers import BankTransaction, T, TraceReport, Trigger
from services.tracker.ports import NoAnswer
from shared import clock
from shared.contracts.vocabulary import Actor, TransactionKind, TransactionState
from shared.money import MAX_DIGITS

_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_NATIVE: Final = "ETH"
# Tokens of Ethereum whose amounts are told; of another one only the hash is.
_TOKENS: Final = {
    "0xdac17f958d2ee523a2206206994597c13d831ec7": "USDT",
    "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48": "USDC",
}
_TRANSFER: Final = re.compile(r"0xa9059cbb0{24}([0-9a-f]{40})([0-9a-f]{64})")  # ERC-20's `transfer`
_NO_CODE: Final = ("0x", "0x0")
_FAILED: Final = 0


class _Seen(Answer):
    """`eth_getTransactionByHash`: without a block it waits to be taken up."""

    hash: str
    to: str | None = None
    value: str = "0x0"
    data: str = Field("0x", alias="input")
    block: str | None = Field(None, alias="blockNumber")
    taken_up_at: str | None = Field(None, alias="blockTimestamp")  # some nodes tell it


class _Receipt(Answer):
    """`eth_getTransactionReceipt`; `status` 0: it failed, and moved nothing."""

    hash: str = Field(alias="transactionHash")
    status: str = "0x1"
    block: str = Field(alias="blockNumber")


class _Rpc(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    id: int
    result: Any = None
    error: Any = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How a chain goes: from when on it counts as done, and how long that takes."""

    confirmations: int
    block_s: float
    pending_s: float


@dataclass(frozen=True, slots=True)
class _Read:
    """A transaction as the chain has it; `confirmations` 0: it waits to be taken up."""

    seen: _Seen
    failed: bool
    confirmations: int
    currency: str
    amount_minor: int
    recipient_kind: str | None


class HttpNode:
    """`ports.Chain` over a node's JSON-RPC interface."""

    def __init__(self, session: aiohttp.ClientSession, url: str, pace: Pace) -> None:
        self._http = JsonCaller(session, url)
        self._pace = pace

    async def transaction(self, transaction_id: str) -> Trigger:
        """See `ports.Chain`. A node knows addresses, and whose they are it does not."""
        read = await self._read(transaction_id)
        if read is None:
            return Trigger(T.TRANSACTION_MISSING, Actor.BANK)
        state = TransactionState.DECLINED if read.failed else TransactionState.CAPTURED
        found = BankTransaction(
            transaction_id=transaction_id,
            state=state,
            customer_id="",
            payer_id=None,
            merchant_id=None,
            captured_minor=0 if read.failed else read.amount_minor,
            refunded_minor=0,
            currency=read.currency,
            kind=TransactionKind.ON_CHAIN,
            recipient_kind=read.recipient_kind,
            pending=read.seen.block is None,
        )
        return Trigger(T.TRANSACTION_FOUND, Actor.BANK, found)

    async def trace(self, key: str, transaction_id: str) -> Trigger:
        """See `ports.Chain`."""
        n, read = int(key.rsplit(":", 1)[1]), await self._read(transaction_id)
        if read is None:
            return Trigger(T.TRACE_NOT_FOUND, Actor.BANK, TraceReport(n))
        if read.failed:
            return Trigger(T.TRACE_REJECTED, Actor.BANK, TraceReport(n, reject_reason="reverted"))
        if read.confirmations < self._pace.confirmations:
            report = TraceReport(n, expected_at=_expected(read, self._pace, clock.utcnow()))
            return Trigger(T.TRACE_IN_TRANSIT, Actor.BANK, report)
        report = TraceReport(n, delivered_at=_moment(read.seen.taken_up_at), proof=read.seen.hash)
        return Trigger(T.TRACE_DELIVERED, Actor.BANK, report)

    async def _read(self, transaction_id: str) -> _Read | None:
        """None where there is no such transaction, or where that is no hash at all."""
        if not _HASH.fullmatch(transaction_id):
            return None
        seen = await self._seen(transaction_id)
        if seen is None:
            return None
        currency, amount_minor, recipient = _moved(seen)
        receipt = await self._receipt(transaction_id) if seen.block else None
        head = _number(await self._ask("eth_blockNumber")) if receipt else 0
        done = max(0, head - _number(receipt.block) + 1) if receipt else 0
        return _Read(
            seen=seen,
            failed=receipt is not None and _number(receipt.status) == _FAILED,
            confirmations=done,
            currency=currency,
            amount_minor=amount_minor,
            recipient_kind=await self._kind_of(recipient),
        )

    async def _seen(self, transaction_id: str) -> _Seen | None:
        told = await self._ask("eth_getTransactionByHash", transaction_id)
        if told is None:
            return None
        seen: _Seen = _parsed(_Seen, told)
        return about(seen, seen.hash.lower(), transaction_id.lower())

    async def _receipt(self, transaction_id: str) -> _Receipt | None:
        told = await self._ask("eth_getTransactionReceipt", transaction_id)
        if told is None:
            return None
        receipt: _Receipt = _parsed(_Receipt, told)
        return about(receipt, receipt.hash.lower(), transaction_id.lower())

    async def _kind_of(self, address: str | None) -> str | None:
        if address is None:  # it made a new contract
            return "contract"
        code = await self._ask("eth_getCode", address, "latest")
        return "account" if code in _NO_CODE else "contract"

    async def _ask(self, method: str, *params: str) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = await self._http.post("", method, request, _Rpc)
        if answer.error is not None:
            raise NoAnswer(f"{method} was answered with an error")
        return answer.result


def _moved(seen: _Seen) -> tuple[str, int, str | None]:
    """Asset, amount and who received it: of a token's transfer that stands in its input."""
    token = _TOKENS.get((seen.to or "").lower())
    transfer = _TRANSFER.fullmatch(seen.data.lower()) if token else None
    if token is None or transfer is None or int(transfer[2], 16) >= 10**MAX_DIGITS:
        return _NATIVE, _number(seen.value), seen.to
    return token, int(transfer[2], 16), f"0x{transfer[1]}"


def _expected(read: _Read, pace: Pace, now: datetime) -> datetime:
    """When it should be done, in whole steps: a date that moved with each look would be no date."""
    if read.confirmations == 0:
        return _next(now, pace.pending_s)
    taken_up = _moment(read.seen.taken_up_at)
    whole = timedelta(seconds=pace.confirmations * pace.block_s)
    if taken_up and taken_up + whole > now:
        return taken_up + whole
    left_s = (pace.confirmations - read.confirmations) * pace.block_s
    return _next(now + timedelta(seconds=left_s), pace.confirmations * pace.block_s)


def _next(moment: datetime, step_s: float) -> datetime:
    steps = int(moment.timestamp() // step_s) + 1
    return datetime.fromtimestamp(steps * step_s, UTC)


def _moment(told: str | None) -> datetime | None:
    return datetime.fromtimestamp(_number(told), UTC) if told else None


def _number(text: Any) -> int:
    """`0x1b4` as a number."""
    try:
        return int(text, 16)
    except (TypeError, ValueError):
        raise NoAnswer("no number where one must be") from None


def _parsed(model: type[Any], told: Any) -> Any:
    try:
        return model.model_validate(told)
    except ValueError as error:
        raise NoAnswer(f"unreadable answer: {type(error).__name__}") from None
