"""Signed callbacks of banks, merchants and the account service. 2xx comes after commit."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.tracker import accounts
from services.tracker.api.desk import Desk
from services.tracker.bank import answers, recourse
from services.tracker.domain.triggers import MerchantAnswer, T, Trigger
from services.tracker.handlers import Outcome, Signal
from services.tracker.store import disputes as store
from shared import ids, signatures
from shared.contracts.events import Amount, Word
from shared.contracts.vocabulary import Actor
from shared.http import FieldProblem, Invalid, NotFound, Unauthenticated, invalid, signed
from shared.observe import traceparent

REASON_TEXT_CHARS: Final = 2000
_BANK: Final = "bank"  # the one bank so far
_ACCOUNTS: Final = "accounts"
# a receipt's number may be shown as it is; anything longer, or a card's, is somebody's words
_RECEIPT: Final = re.compile(r"(?!.*\d{13})[A-Za-z0-9_.:-]{1,64}")
Known = TypeVar("Known")
_KEY: Final = re.compile(r"([0-9a-f-]{36}):([a-z]{1,20}):[0-9]{1,9}")


class Callback(BaseModel):
    """What a partner sends: a type, when, and its data."""

    model_config = ConfigDict(extra="ignore")

    type: str
    timestamp: AwareDatetime
    data: dict[str, Any]


class MerchantNews(BaseModel):
    """A merchant's answer to one request, with all that answers may carry."""

    model_config = ConfigDict(extra="ignore")

    request_id: Annotated[str, Field(max_length=128)]
    reason_code: Word | None = None
    reason_text: Annotated[str, Field(max_length=REASON_TEXT_CHARS)] | None = None
    statement_text: Annotated[str, Field(max_length=REASON_TEXT_CHARS)] | None = None
    proof: Annotated[str, Field(max_length=REASON_TEXT_CHARS)] | None = None
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class _News:
    """What a callback means to one dispute: mostly one trigger, under the empty name.

    A part keeps its name whatever was heard before, so that a redelivery goes on where the last
    delivery ended, and hears nothing twice.
    """

    dispute_id: UUID
    parts: Mapping[str, Trigger]


def _news(dispute_id: UUID, trigger: Trigger) -> _News:
    return _News(dispute_id, {"": trigger})


def add(router: APIRouter, desk: Desk) -> None:
    """The routes that partners call."""

    @router.post("/v1/callbacks/banks/{bank_id}", status_code=204, tags=["callbacks"])
    @signed
    async def bank_callback(
        bank_id: str, request: Request, dispute_id: UUID | None = None
    ) -> Response:
        """A bank tells what became of a refund, a trace, a reversal, a recall or a chargeback."""
        if bank_id != _BANK:
            raise NotFound("No such bank.")
        webhook_id, callback = await _verified(desk.secrets.own, _BANK, request)
        read = _of_type(_OF_BANK, callback)
        news = await _readable(read(desk, callback, dispute_id))
        return await _tell(desk, f"bank:{bank_id}", webhook_id, news)

    @router.post("/v1/callbacks/accounts", status_code=204, tags=["callbacks"])
    @signed
    async def accounts_callback(request: Request) -> Response:
        """The account service tells what became of a check or a reset, to all of its claim."""
        webhook_id, callback = await _verified(desk.secrets.own, _ACCOUNTS, request)
        read = _of_type(_OF_ACCOUNTS, callback)
        news = await _readable(_of_claim(desk, read, callback))
        return await _tell(desk, _ACCOUNTS, webhook_id, news)

    @router.post("/v1/callbacks/merchants/{merchant_id}", status_code=204, tags=["callbacks"])
    @signed
    async def merchant_callback(merchant_id: str, request: Request) -> Response:
        """A merchant answers a request for consent or evidence, or tells of goods sent back."""
        webhook_id, callback = await _verified(desk.secrets.of, merchant_id, request)
        kind = _of_type(_OF_MERCHANT, callback)
        news = await _readable(_of_merchant(desk, kind, callback, merchant_id))
        return await _tell(desk, f"merchant:{merchant_id}", webhook_id, news, merchant_id)


async def _tell(
    desk: Desk, source: str, webhook_id: str, news: Sequence[_News], merchant_id: str | None = None
) -> Response:
    """Each dispute hears it once for each id of the partner's, however often it comes."""

    async def told(one: _News) -> list[Outcome]:
        outcomes = []
        for part, trigger in one.parts.items():
            heard_as = f"{webhook_id}:{part}" if part else webhook_id
            signal = Signal(
                one.dispute_id,
                trigger,
                inbox_id=ids.event_id(source, one.dispute_id, heard_as),
                merchant_id=merchant_id,
                traceparent=traceparent.get(),
            )
            outcomes.append(await desk.commit.submit(signal))
        return outcomes

    heard = await asyncio.gather(*map(told, news))
    if any(outcome.result == "unknown" for outcomes in heard for outcome in outcomes):
        raise NotFound("There is no such request of yours.")
    return Response(status_code=204)


async def _verified(
    secret: Callable[[str], bytes], partner: str, request: Request
) -> tuple[str, Callback]:
    raw = await request.body()
    try:
        webhook_id = signatures.verify(secret(partner), request.headers, raw)
    except signatures.BadSignature as error:
        raise Unauthenticated(f"{error}. Sign by the Standard Webhooks specification.") from None
    try:
        return webhook_id, Callback.model_validate_json(raw)
    except ValidationError as error:
        raise _unreadable(error) from None


def _of_type(known: Mapping[str, Known], callback: Callback) -> Known:
    if callback.type not in known:
        raise invalid("type", "unknown", f"Use one of: {', '.join(known)}")
    return known[callback.type]


async def _readable(news: Awaitable[list[_News]]) -> list[_News]:
    try:
        return await news
    except ValidationError as error:
        raise _unreadable(error, "data") from None


def _unreadable(error: ValidationError, *inside: str) -> Invalid:
    problems = [
        FieldProblem(
            field=".".join(map(str, (*inside, *item["loc"]))) or "body",
            problem=str(item["msg"]),
            remedy="See the interface's description and send it again",
        )
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return Invalid("The callback cannot be read.", errors=problems[:20])


def _id_in(field: str, key: str, leg: str) -> UUID:
    """The dispute or claim in `id:leg:n`, which came as this field of the data."""
    found = _KEY.fullmatch(key)
    if found and found[2] == leg:
        with contextlib.suppress(ValueError):
            return UUID(found[1])
    raise invalid(f"data.{field}", "not a key of ours", "Send back what you were given")


# --- the bank


async def _refund(desk: Desk, callback: Callback, dispute_id: UUID | None) -> list[_News]:
    del desk, dispute_id
    body = answers.RefundBody.model_validate(callback.data)
    return [_news(_id_in("reference", body.reference, "refund"), answers.of_refund(body))]


async def _trace(desk: Desk, callback: Callback, dispute_id: UUID | None) -> list[_News]:
    del desk, dispute_id
    body = answers.TraceBody.model_validate(callback.data)
    of = _id_in("reference", body.reference, "trace")
    return [_news(of, answers.of_callback_trace(body))]


async def _reversal(desk: Desk, callback: Callback, dispute_id: UUID | None) -> list[_News]:
    del desk
    if dispute_id is None:
        raise invalid("dispute_id", "missing", "Call the address given to /v1/watches")
    body = answers.TransactionBody.model_validate(callback.data)
    return [_news(dispute_id, answers.of_reversal(body))]


async def _recall(desk: Desk, callback: Callback, dispute_id: UUID | None) -> list[_News]:
    del dispute_id
    body = recourse.RecallBody.model_validate(callback.data)
    of = _id_in("reference", body.reference, "recall")
    await desk.check_currency("data.amount", of, body.amount)
    return [_news(of, recourse.of_recall(body))]


async def _chargeback(desk: Desk, callback: Callback, dispute_id: UUID | None) -> list[_News]:
    """One without a reference did not come from here: it concerns whoever has the transaction."""
    del dispute_id
    body = recourse.ChargebackBody.model_validate(callback.data)
    if body.reference is not None:
        of = _id_in("reference", body.reference, "chargeback")
        await desk.check_currency("data.amount", of, body.amount)
        return [_news(of, recourse.of_chargeback(body))]
    async with desk.engine.connect() as connection:
        concerned = await store.charged_back(connection, body.transaction_id)
    for of in concerned:
        await desk.check_currency("data.amount", of, body.amount)
    return [_News(of, _outside(body, whose)) for of, whose in concerned.items()]


def _outside(body: recourse.ChargebackBody, whose: str) -> dict[str, Trigger]:
    """What somebody else's chargeback is to a dispute: it appears before it is won."""
    told, first = recourse.of_chargeback(body), recourse.appeared(body)
    if whose == "ours" or body.state == "filed":
        return {"": told if whose == "outside" else first}
    after = {told.name.value: told}
    if whose == "outside":
        return after
    return {} if body.state in recourse.WITHOUT_MONEY else {"": first} | after


_OfBank = Callable[[Desk, Callback, UUID | None], Awaitable[list[_News]]]
_OF_BANK: Final[dict[str, _OfBank]] = {
    "refund.updated": _refund,
    "trace.updated": _trace,
    "reversal.updated": _reversal,
    "recall.updated": _recall,
    "chargeback.updated": _chargeback,
}


# --- the account service


def _identity(data: dict[str, Any]) -> tuple[UUID, Trigger]:
    body = accounts.IdentityBody.model_validate(data)
    return _id_in("reference", body.reference, "identity"), accounts.of_identity(body)


def _reset(data: dict[str, Any]) -> tuple[UUID, Trigger]:
    body = accounts.ResetBody.model_validate(data)
    return _id_in("reference", body.reference, "access"), accounts.of_reset(body)


_OfAccounts = Callable[[dict[str, Any]], tuple[UUID, Trigger]]
_OF_ACCOUNTS: Final[dict[str, _OfAccounts]] = {
    "identity.updated": _identity,
    "reset.updated": _reset,
}


async def _of_claim(desk: Desk, read: _OfAccounts, callback: Callback) -> list[_News]:
    claim_id, trigger = read(callback.data)
    async with desk.engine.connect() as connection:
        found = await store.of_claim(connection, claim_id)
    if not found:
        raise NotFound("There is no such request of yours.")
    return [_news(dispute_id, trigger) for dispute_id in found]


# --- merchants


_OF_MERCHANT: Final = {
    "consent.accepted": ("consent", T.MERCHANT_ACCEPTED),
    "consent.refused": ("consent", T.MERCHANT_REFUSED),
    "consent.offered": ("consent", T.MERCHANT_OFFERED),
    "consent.return_wanted": ("consent", T.MERCHANT_WANTS_RETURN),
    "consent.fulfilled": ("consent", T.MERCHANT_FULFILLED),
    "return.received": ("return", T.GOODS_RECEIVED),
    "return.contested": ("return", T.GOODS_CONTESTED),
    "evidence.sent": ("arbitration", T.MERCHANT_SENT_EVIDENCE),
}


async def _of_merchant(
    desk: Desk, kind: tuple[str, T], callback: Callback, merchant_id: str
) -> list[_News]:
    told = MerchantNews.model_validate(callback.data)
    leg, name = kind
    of = _id_in("request_id", told.request_id, leg)
    offer = await _offer(desk, of, told, merchant_id) if name is T.MERCHANT_OFFERED else None
    proof = told.proof if told.proof and _RECEIPT.fullmatch(told.proof) else None
    words = told.reason_text or told.statement_text or (None if proof else told.proof)
    payload = MerchantAnswer(
        n=answers.attempt(told.request_id),
        reason=told.reason_code,
        note=desk.seal(words, of),
        offer_minor=offer.amount_minor if offer else None,
        offer_currency=offer.currency if offer else None,
        proof=proof,
    )
    return [_news(of, Trigger(name, Actor.MERCHANT, payload))]


async def _offer(desk: Desk, of: UUID, told: MerchantNews, merchant_id: str) -> Amount:
    """What is offered is above zero and in the capture's currency, which others do not learn."""
    if not await desk.is_of_merchant(of, merchant_id):
        raise NotFound("There is no such request of yours.")
    if told.amount is None:
        raise invalid("data.amount", "missing", "Say what you offer")
    if told.amount.amount_minor <= 0:
        raise invalid("data.amount.amount_minor", "not above zero", "Refuse, or offer something")
    await desk.check_currency("data.amount", of, told.amount)
    return told.amount
