"""HTTP of the tracker: signed callbacks of partners, decisions of people, the state list."""

import contextlib
import re
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.tracker import bank
from services.tracker.domain.states import Leg
from services.tracker.domain.triggers import (
    ArbitratorDecision,
    MerchantAnswer,
    T,
    Trigger,
    Wish,
)
from services.tracker.handlers import Outcome, Signal
from services.tracker.store import views
from services.tracker.store.said import said
from shared import ids, signatures
from shared.auth import Principal, Role
from shared.batch import GroupCommit
from shared.contracts.events import Amount, Word
from shared.contracts.vocabulary import (
    DENIAL_REASONS,
    GRANT_REASONS,
    Actor,
    DecisionReason,
    Fault,
    Payer,
    Remedy,
    Status,
)
from shared.http import (
    Conflict,
    FieldProblem,
    Invalid,
    NotFound,
    Unauthenticated,
    allow,
    invalid,
    signed,
)
from shared.observe import traceparent
from shared.seal import KeyRing

_REASON_TEXT_CHARS: Final = 2000
_BANK: Final = (
    "bank"  # the one bank so far; any other name would be checked with a merchant's secret
)
_KEY: Final = re.compile(r"([0-9a-f-]{36}):([a-z]{1,20}):[0-9]{1,9}")


class Callback(BaseModel):
    """What a bank or merchant sends: a type, when, and its data."""

    model_config = ConfigDict(extra="ignore")

    type: str
    timestamp: AwareDatetime
    data: dict[str, Any]


class ConsentAnswer(BaseModel):
    """A merchant's answer to one consent request."""

    model_config = ConfigDict(extra="ignore")

    request_id: Annotated[str, Field(max_length=128)]
    reason_code: Word | None = None
    reason_text: Annotated[str, Field(max_length=_REASON_TEXT_CHARS)] | None = None


class DecisionRequest(BaseModel):
    """An arbitrator's decision: fault and remedy, who pays, who bears the loss, and why."""

    model_config = ConfigDict(extra="forbid")

    fault: Fault
    remedy: Remedy
    amount: Annotated[
        Amount | None, Field(description="what the customer gets; required unless remedy is none")
    ] = None
    payer: Annotated[
        Payer | None, Field(description="who pays; required unless remedy is none")
    ] = None
    loss_bearer: Annotated[Payer | None, Field(description="who bears it in the end")] = None
    reason: Annotated[
        DecisionReason,
        Field(
            description="told to the customer in words; of a grant: "
            + ", ".join(GRANT_REASONS)
            + "; of remedy none: "
            + ", ".join(DENIAL_REASONS)
        ),
    ]
    note: Annotated[str, Field(max_length=_REASON_TEXT_CHARS)] | None = None


class RefundOutcomeRequest(BaseModel):
    """What a person found out about a refund whose outcome nobody could tell."""

    model_config = ConfigDict(extra="forbid")

    outcome: Annotated[
        str, Field(pattern="^failed$", description="failed: the bank confirmed it never paid")
    ]


class Moved(BaseModel):
    """What a command did: the status now and what the customer may ask next."""

    status: Status
    actions: list[str]


class Desk:
    """What the routes need: where signals go, whose signatures count, what seals free text."""

    def __init__(
        self,
        commit: GroupCommit[Signal, Outcome],
        engine: AsyncEngine,
        secrets: signatures.Secrets,
        keys: KeyRing,
    ) -> None:
        self.commit = commit
        self.engine = engine
        self.secrets = secrets
        self.keys = keys


def routes(desk: Desk) -> APIRouter:
    """Every route under `/v1`."""
    router = APIRouter()
    _add_callbacks(router, desk)
    _add_commands(router, desk)
    _add_lists(router, desk)
    return router


def _add_callbacks(router: APIRouter, desk: Desk) -> None:
    @router.post("/v1/callbacks/banks/{bank_id}", status_code=204, tags=["callbacks"])
    @signed
    async def bank_callback(
        bank_id: str, request: Request, dispute_id: UUID | None = None
    ) -> Response:
        """A bank tells what became of a refund, a trace or a reversal. 2xx comes after commit."""
        if bank_id != _BANK:
            raise NotFound("No such bank.")
        webhook_id, callback = await _verified(desk, bank_id, request)
        of, trigger = _bank_trigger(callback, dispute_id)
        inbox_id = ids.event_id(f"bank:{bank_id}", of, webhook_id)
        outcome = await desk.commit.submit(
            Signal(of, trigger, inbox_id=inbox_id, traceparent=traceparent.get())
        )
        _known(outcome)
        return Response(status_code=204)

    @router.post("/v1/callbacks/merchants/{merchant_id}", status_code=204, tags=["callbacks"])
    @signed
    async def merchant_callback(merchant_id: str, request: Request) -> Response:
        """A merchant answers a consent request. 2xx comes after commit."""
        webhook_id, callback = await _verified(desk, merchant_id, request)
        of, trigger = _merchant_trigger(desk, callback)
        inbox_id = ids.event_id(f"merchant:{merchant_id}", of, webhook_id)
        outcome = await desk.commit.submit(
            Signal(
                of,
                trigger,
                inbox_id=inbox_id,
                merchant_id=merchant_id,
                traceparent=traceparent.get(),
            )
        )
        _known(outcome)
        return Response(status_code=204)


async def _verified(desk: Desk, partner: str, request: Request) -> tuple[str, Callback]:
    raw = await request.body()
    try:
        webhook_id = signatures.verify(desk.secrets.of(partner), request.headers, raw)
    except signatures.BadSignature as error:
        raise Unauthenticated(f"{error}. Sign by the Standard Webhooks specification.") from None
    try:
        return webhook_id, Callback.model_validate_json(raw)
    except ValidationError as error:
        raise _unreadable(error) from None


def _bank_trigger(callback: Callback, dispute_id: UUID | None) -> tuple[UUID, Trigger]:
    try:
        match callback.type:
            case "refund.updated":
                refund = bank.RefundBody.model_validate(callback.data)
                of = _dispute_of("reference", refund.reference, Leg.REFUND)
                return of, bank.of_refund(refund)
            case "trace.updated":
                trace = bank.TraceBody.model_validate(callback.data)
                of = _dispute_of("reference", trace.reference, Leg.TRACE)
                return of, bank.of_callback_trace(trace)
            case "reversal.updated":
                if dispute_id is None:
                    raise invalid("dispute_id", "missing", "Call the address given to /v1/watches")
                moved = bank.TransactionBody.model_validate(callback.data)
                return dispute_id, bank.of_reversal(moved)
            case _:
                raise invalid(
                    "type", "unknown", "Use refund.updated, trace.updated or reversal.updated"
                )
    except ValidationError as error:
        raise _unreadable(error, "data") from None


def _merchant_trigger(desk: Desk, callback: Callback) -> tuple[UUID, Trigger]:
    names = {"consent.accepted": T.MERCHANT_ACCEPTED, "consent.refused": T.MERCHANT_REFUSED}
    if callback.type not in names:
        raise invalid("type", "unknown", "Use consent.accepted or consent.refused")
    try:
        answer = ConsentAnswer.model_validate(callback.data)
    except ValidationError as error:
        raise _unreadable(error, "data") from None
    of = _dispute_of("request_id", answer.request_id, Leg.CONSENT)
    note = desk.keys.seal(answer.reason_text, f"note:{of}") if answer.reason_text else None
    payload = MerchantAnswer(bank.attempt(answer.request_id), answer.reason_code, note)
    return of, Trigger(names[callback.type], Actor.MERCHANT, payload)


def _dispute_of(field: str, key: str, leg: Leg) -> UUID:
    """The dispute in `dispute:leg:n`, which came as this field of the data."""
    found = _KEY.fullmatch(key)
    if found and found[2] == leg:
        with contextlib.suppress(ValueError):
            return UUID(found[1])
    raise invalid(f"data.{field}", "not a key of ours", "Send back what you were given")


def _known(outcome: Outcome) -> None:
    if outcome.result == "unknown":
        raise NotFound("There is no such request of yours.")


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


def _add_commands(router: APIRouter, desk: Desk) -> None:
    @router.post("/v1/disputes/{dispute_id}/decision", tags=["arbitration"])
    async def decide(
        dispute_id: UUID, body: DecisionRequest, caller: Principal = allow(Role.OPS)
    ) -> Moved:
        """Decide a dispute that is in arbitration."""
        _fitting(body)
        if body.amount is not None:
            await _same_currency(desk, dispute_id, body.amount)
        note = desk.keys.seal(body.note, f"note:{dispute_id}") if body.note else None
        payload = ArbitratorDecision(
            fault=body.fault,
            remedy=body.remedy,
            reason=body.reason,
            decided_by=caller.subject,
            amount_minor=body.amount.amount_minor if body.amount else None,
            payer=body.payer,
            loss_bearer=body.loss_bearer,
            note=note,
        )
        trigger = Trigger(T.ARBITRATOR_DECIDED, Actor.OPS, payload)
        return _moved(await desk.commit.submit(_command(dispute_id, trigger)))

    @router.post("/v1/disputes/{dispute_id}/refund-outcome", tags=["arbitration"])
    async def refund_outcome(
        dispute_id: UUID, body: RefundOutcomeRequest, caller: Principal = allow(Role.OPS)
    ) -> Moved:
        """State what the bank confirmed about a refund that may not be sent again."""
        del body  # one outcome so far; its pattern was checked
        trigger = Trigger(T.REFUND_DECLARED_FAILED, Actor.OPS, Wish(caller.subject))
        return _moved(await desk.commit.submit(_command(dispute_id, trigger)))


def _fitting(body: DecisionRequest) -> None:
    """A denial for a reason to grant, or the reverse, would be told to the customer so."""
    possible = DENIAL_REASONS if body.remedy is Remedy.NONE else GRANT_REASONS
    if body.reason not in possible:
        raise invalid(
            "reason",
            f"{body.reason} is no reason for remedy {body.remedy}",
            f"Use one of: {', '.join(possible)}",
        )


def _command(dispute_id: UUID, trigger: Trigger) -> Signal:
    return Signal(dispute_id, trigger, traceparent=traceparent.get())


async def _same_currency(desk: Desk, dispute_id: UUID, amount: Amount) -> None:
    async with desk.engine.connect() as connection:
        found = await views.one(connection, dispute_id)
    currency = found and (found["facts"].get("currency") or found["currency"])
    if currency and currency != amount.currency:
        raise invalid("amount.currency", f"the capture was in {currency}", f"Use {currency}")


def _moved(outcome: Outcome) -> Moved:
    match outcome.result:
        case "applied":
            return Moved(status=Status(outcome.status), actions=list(outcome.actions))
        case "unknown":
            raise NotFound("No dispute has this id.")
        case "invalid":
            raise invalid(outcome.field, outcome.reason, "Correct it and decide again")
        case _:
            denial_only = outcome.field == "remedy"
            raise Conflict(
                f"{outcome.reason}. The dispute is {outcome.status}.",
                status_now=outcome.status,
                possible=["remedy:none"] if denial_only else list(outcome.actions),
            )


def _add_lists(router: APIRouter, desk: Desk) -> None:
    @router.get("/v1/disputes", tags=["state list"])
    async def listed(
        caller: Principal = allow(Role.OPS),
        *,
        status: Status | None = None,
        open_only: Annotated[bool, Query(alias="open")] = True,
        after: Annotated[str | None, Query(max_length=128)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Counts by status, and disputes by the time that is left."""
        del caller
        async with desk.engine.connect() as connection:
            return await views.state_list(
                connection, status=status, open_only=open_only, after=after, limit=limit
            )

    @router.get("/v1/disputes/{dispute_id}", tags=["state list"])
    async def one(dispute_id: UUID, caller: Principal = allow(Role.OPS)) -> dict[str, Any]:
        """One dispute: legs, facts, what was said, history, holds, tasks."""
        del caller
        async with desk.engine.connect() as connection:
            found = await views.whole(connection, dispute_id)
        if found is None:
            raise NotFound("No dispute has this id.")
        return found | {"said": said(found, desk.keys)}
