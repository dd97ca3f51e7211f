"""The bank over HTTP: bodies in, triggers out. Knows nothing of the database."""

from typing import Any, Final, Literal, TypeVar

import aiohttp
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.tracker.domain.triggers import (
    BankTransaction,
    RefundReport,
    T,
    TraceReport,
    Trigger,
)
from services.tracker.ports import NoAnswer, NotSent
from shared.contracts.events import Amount
from shared.contracts.vocabulary import Actor, TransactionState
from shared.observe import traceparent

Body = TypeVar("Body", bound=BaseModel)
_MAX_ANSWER_BYTES: Final = 262_144
_UNKNOWN_STATUSES: Final = frozenset({408, 409, 425, 429})
_TAIL_DIGITS: Final = 4  # whatever a bank sends, no whole card number goes on
_HTTP_ERRORS_FROM: Final = 500
_NOT_FOUND: Final = 404


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Movement(_Model):
    """A return or reversal as the bank tells it."""

    reference: str | None = None
    state: Literal["pending", "credited"]
    amount: Amount
    expected_at: AwareDatetime | None = None


class TransactionBody(_Model):
    """The bank's transaction."""

    transaction_id: str
    state: TransactionState
    customer_id: str
    payer_id: str | None = None
    merchant_id: str | None = None
    captured: Amount
    refunded: Amount
    cause: str | None = None
    reversal: Movement | None = None


class TraceBody(_Model):
    """The bank's trace."""

    reference: str
    transaction_id: str
    state: Literal["in_transit", "delivered", "rejected", "returned", "wrong_account", "not_found"]
    at_bank: str | None = None
    expected_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None
    proof: str | None = None
    reject_reason: str | None = None
    returned: Movement | None = Field(None, alias="return")


class Destination(_Model):
    """Where a refund goes."""

    kind: str
    bank: str | None = None
    tail: str | None = None


class RefundBody(_Model):
    """The bank's refund."""

    reference: str
    transaction_id: str
    state: Literal["in_flight", "credited", "bounced", "unfunded", "failed"]
    amount: Amount
    reason: str | None = None
    destination: Destination | None = None
    expected_at: AwareDatetime | None = None


_REFUNDS: Final = {
    "in_flight": T.REFUND_ACCEPTED,
    "credited": T.REFUND_CREDITED,
    "bounced": T.REFUND_BOUNCED,
    "unfunded": T.REFUND_UNFUNDED,
    "failed": T.REFUND_FAILED,
}
_TRACES: Final = {
    "in_transit": T.TRACE_IN_TRANSIT,
    "delivered": T.TRACE_DELIVERED,
    "rejected": T.TRACE_REJECTED,
    "returned": T.TRACE_REJECTED,
    "wrong_account": T.TRACE_WRONG_ACCOUNT,
    "not_found": T.TRACE_NOT_FOUND,
}


def of_transaction(body: TransactionBody) -> Trigger:
    """The bank knows the transaction."""
    return Trigger(T.TRANSACTION_FOUND, Actor.BANK, _bank_transaction(body))


def of_reversal(body: TransactionBody) -> Trigger:
    """How a transaction's reversal stands."""
    names = {"pending": T.REVERSAL_PENDING, "credited": T.REVERSAL_CREDITED}
    name = names[body.reversal.state] if body.reversal else T.REVERSAL_ABSENT
    return Trigger(name, Actor.BANK, _bank_transaction(body))


def of_trace(body: TraceBody) -> Trigger:
    """Where traced money is."""
    back = body.returned
    report = TraceReport(
        n=attempt(body.reference),
        at_bank=body.at_bank,
        expected_at=body.expected_at,
        delivered_at=body.delivered_at,
        proof=body.proof,
        reject_reason=body.reject_reason,
        return_minor=back.amount.amount_minor if back else None,
        return_expected_at=back.expected_at if back else None,
        return_reference=back.reference if back else None,
        return_credited=bool(back and back.state == "credited"),
    )
    return Trigger(_TRACES[body.state], Actor.BANK, report)


def of_callback_trace(body: TraceBody) -> Trigger:
    """News of a trace: of its return once that is what changed, else of where the money is."""
    credited = body.returned is not None and body.returned.state == "credited"
    return of_return(body) if credited else of_trace(body)


def of_return(body: TraceBody) -> Trigger:
    """How the return of a rejected transfer stands."""
    back = body.returned
    if back is None:
        return Trigger(T.REVERSAL_ABSENT, Actor.BANK)
    name = T.REVERSAL_CREDITED if back.state == "credited" else T.REVERSAL_PENDING
    return Trigger(name, Actor.BANK)


def of_refund(body: RefundBody) -> Trigger:
    """What became of a refund."""
    where = body.destination
    report = RefundReport(
        n=attempt(body.reference),
        reason=body.reason,
        expected_at=body.expected_at,
        destination_kind=where.kind if where else None,
        destination_bank=where.bank if where else None,
        destination_tail=where.tail[-_TAIL_DIGITS:] if where and where.tail else None,
        transaction_id=body.transaction_id,
        amount_minor=body.amount.amount_minor,
        currency=body.amount.currency,
    )
    return Trigger(_REFUNDS[body.state], Actor.BANK, report)


def attempt(key: str) -> int:
    """The number at the end of `dispute:leg:n`."""
    return int(key.rsplit(":", 1)[1])


def _bank_transaction(body: TransactionBody) -> BankTransaction:
    back = body.reversal
    return BankTransaction(
        transaction_id=body.transaction_id,
        state=body.state,
        customer_id=body.customer_id,
        payer_id=body.payer_id,
        merchant_id=body.merchant_id,
        captured_minor=body.captured.amount_minor,
        refunded_minor=body.refunded.amount_minor,
        currency=body.captured.currency,
        cause=body.cause,
        reversal_state=back.state if back else None,
        reversal_minor=back.amount.amount_minor if back else None,
        reversal_expected_at=back.expected_at if back else None,
        reversal_reference=back.reference if back else None,
    )


class HttpBank:
    """`ports.Bank` over the bank's HTTP interface."""

    def __init__(self, session: aiohttp.ClientSession, url: str, callback_url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._callback_url = callback_url

    async def transaction(self, transaction_id: str) -> Trigger:
        """See `ports.Bank`."""
        body = await self._get(f"/v1/transactions/{transaction_id}", TransactionBody)
        if body is None:
            return Trigger(T.TRANSACTION_MISSING, Actor.BANK)
        return of_transaction(_about(body, body.transaction_id, transaction_id))

    async def trace(self, key: str, transaction_id: str) -> Trigger:
        """See `ports.Bank`."""
        request = {"reference": key, "transaction_id": transaction_id}
        body = await self._post("/v1/traces", key, request, TraceBody)
        return of_trace(_about(body, body.reference, key))

    async def trace_report(self, key: str) -> Trigger:
        """See `ports.Bank`."""
        body = await self._get(f"/v1/traces/{key}", TraceBody)
        if body is None:
            return Trigger(T.TRACE_NOT_FOUND, Actor.BANK, TraceReport(attempt(key)))
        return of_trace(_about(body, body.reference, key))

    async def refund(
        self, key: str, transaction_id: str, amount_minor: int, currency: str, payer: str
    ) -> Trigger:
        """See `ports.Bank`."""
        request = {
            "reference": key,
            "transaction_id": transaction_id,
            "amount": {"amount_minor": str(amount_minor), "currency": currency},
            "payer": payer,
        }
        body = await self._post("/v1/refunds", key, request, RefundBody)
        ordered = (key, transaction_id, amount_minor, currency)
        told = (body.reference, body.transaction_id, *_money(body.amount))
        return of_refund(_about(body, told, ordered))

    async def refund_report(self, key: str) -> Trigger:
        """See `ports.Bank`."""
        body = await self._get(f"/v1/refunds/{key}", RefundBody)
        if body is None:
            return Trigger(T.REFUND_NOT_FOUND, Actor.BANK, RefundReport(attempt(key)))
        return of_refund(_about(body, body.reference, key))

    async def watch(self, dispute_id: str, transaction_id: str) -> Trigger:
        """See `ports.Bank`."""
        url = f"{self._callback_url}?dispute_id={dispute_id}"
        request = {"transaction_id": transaction_id, "callback_url": url}
        await self._send("POST", "/v1/watches", request, {})
        return await self.reversal(transaction_id)

    async def reversal(self, transaction_id: str) -> Trigger:
        """See `ports.Bank`."""
        body = await self._get(f"/v1/transactions/{transaction_id}", TransactionBody)
        if body is None:
            return Trigger(T.REVERSAL_ABSENT, Actor.BANK)
        return of_reversal(_about(body, body.transaction_id, transaction_id))

    async def returned(self, key: str) -> Trigger:
        """See `ports.Bank`."""
        body = await self._get(f"/v1/traces/{key}", TraceBody)
        if body is None:
            return Trigger(T.REVERSAL_ABSENT, Actor.BANK)
        return of_return(_about(body, body.reference, key))

    async def _get(self, path: str, model: type[Body]) -> Body | None:
        status, raw = await self._send("GET", path, None, {})
        return None if status == _NOT_FOUND else _parse(raw, model)

    async def _post(self, path: str, key: str, request: dict[str, Any], model: type[Body]) -> Body:
        request = request | {"callback_url": self._callback_url}
        status, raw = await self._send("POST", path, request, {"Idempotency-Key": key})
        if status == _NOT_FOUND:
            raise NoAnswer("the bank does not know the address")
        return _parse(raw, model)

    async def _send(
        self, method: str, path: str, request: dict[str, Any] | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        if current := traceparent.get():
            headers = headers | {"traceparent": current}
        try:
            async with self._session.request(
                method, self._url + path, json=request, headers=headers
            ) as answer:
                raw = await _whole(answer.content)
        except aiohttp.ClientConnectorError as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(type(error).__name__) from None
        if answer.status >= _HTTP_ERRORS_FROM or answer.status in _UNKNOWN_STATUSES:
            raise NoAnswer(f"status {answer.status}")
        return answer.status, raw


async def _whole(content: aiohttp.StreamReader) -> bytes:
    """Every part of the body: `read(n)` is content with the first that came."""
    raw = bytearray()
    async for part in content.iter_chunked(_MAX_ANSWER_BYTES):
        raw += part
        if len(raw) > _MAX_ANSWER_BYTES:
            raise NoAnswer(f"an answer above {_MAX_ANSWER_BYTES} bytes")
    return bytes(raw)


def _about(body: Body, told: object, asked: object) -> Body:
    """An answer about something else says nothing about what was asked."""
    if told != asked:
        raise NoAnswer("an answer about another reference")
    return body


def _money(amount: Amount) -> tuple[int, str]:
    return amount.amount_minor, amount.currency


def _parse(raw: bytes, model: type[Body]) -> Body:
    """A body that does not parse is an unknown outcome, never a failure."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise NoAnswer(f"unreadable answer: {error.error_count()} fields") from None
