"""What operators order: a path, a typed body, and the trigger that it is to the core."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.tracker.api.desk import Desk
from services.tracker.domain.triggers import ArbitratorDecision, Cause, Grant, T, Trigger, Wish
from services.tracker.handlers import Outcome, Signal
from shared.auth import Principal, Role
from shared.contracts.events import Amount, Word
from shared.contracts.vocabulary import (
    DENIAL_REASONS,
    GRANT_REASONS,
    Actor,
    DecisionReason,
    Fault,
    Payer,
    Remedy,
    Reopening,
    Status,
)
from shared.http import Conflict, NotFound, allow, invalid
from shared.observe import traceparent

_NOTE_CHARS: Final = 2000
_PERSONS: Final = ("decided_by", "confirmed_by")  # what the token says, not the body
Note = Annotated[
    str | None, Field(max_length=_NOTE_CHARS, description="in words; kept and sent sealed")
]
Given = TypeVar("Given", bound=BaseModel)


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DecisionRequest(_Order):
    """An arbitrator's decision: fault and remedy, who pays, who bears the loss, and why."""

    fault: Fault
    remedy: Remedy
    amount: Annotated[
        Amount | None, Field(description="what the customer gets; required unless remedy is none")
    ] = None
    payer: Annotated[
        Payer | None, Field(description="who pays; required unless remedy is none")
    ] = None
    loss_bearer: Annotated[Payer | None, Field(description="who bears it in the end")] = None
    rate_bearer: Annotated[
        Payer | None, Field(description="who bears a difference of exchange rates")
    ] = None
    reason: Annotated[
        DecisionReason,
        Field(
            description="told to the customer in words; of a grant: "
            + ", ".join(GRANT_REASONS)
            + "; of remedy none: "
            + ", ".join(DENIAL_REASONS)
        ),
    ]
    note: Note = None


class ConfirmationRequest(_Order):
    """The second person's word on a decision that needs two."""

    outcome: Literal["confirmed", "rejected"]


class RefundOutcomeRequest(_Order):
    """What a person found out about a refund whose outcome nobody could tell."""

    outcome: Annotated[
        str, Field(pattern="^failed$", description="failed: the bank confirmed it never paid")
    ]


class AccountCheckRequest(_Order):
    """Whether another account is the customer's own; two people confirm it."""

    outcome: Literal["confirmed", "rejected"]


class ChargebackRequest(_Order):
    """The next step of a chargeback."""

    step: Literal[
        "file", "pre_arbitration", "network_arbitration", "accept_representment", "withdraw"
    ]


class CreditRequest(_Order):
    """A credit for the time being; one by statute is fully usable."""

    amount: Amount
    basis: Literal["statute", "goodwill"]


class CompensationRequest(_Order):
    """Money for the trouble, beside any refund and below the profile's cap."""

    amount: Amount
    reason: Word


class IdentityReviewRequest(_Order):
    """What documents showed after a failed or lapsed check."""

    outcome: Literal["accepted", "rejected"]


class LegalHoldRequest(_Order):
    """A court or sanctions: a person goes on, nothing by itself."""

    step: Literal["place", "lift"]
    cause: Annotated[Word, Field(description="a code such as court_order; shown to operators")]


class ReopeningRequest(_Order):
    """A case that ended is opened again for a named cause only."""

    cause: Reopening
    note: Note = None


class ComplaintAnswerRequest(_Order):
    """The answer to a complaint about the service."""

    reason: Annotated[DecisionReason, Field(description="told to the customer in words")]
    note: Note = None


class Moved(BaseModel):
    """What a command did: the status now and what the customer may ask next."""

    status: Status
    actions: list[str]
    needs_second: Annotated[
        bool,
        Field(
            description="one of two people was heard: nothing is ordered before another one "
            "confirms it (decision/confirmation), or sends the same (credit, account)"
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Given]):
    """A command as it came: by whom, about which dispute."""

    body: Given
    dispute_id: UUID
    by: str
    desk: Desk

    @property
    def wish(self) -> Wish:
        """By whom, and nothing else."""
        return Wish(self.by)


@dataclass(frozen=True, slots=True)
class _Command(Generic[Given]):
    """One route; `order` gives the trigger's name and input."""

    path: str
    name: str
    summary: str
    body: type[Given]
    order: Callable[[_Asked[Given]], tuple[T, Any]]
    tag: str = "arbitration"


def _decide(asked: _Asked[DecisionRequest]) -> tuple[T, Any]:
    body = asked.body
    _check_reason(body)
    return T.ARBITRATOR_DECIDED, ArbitratorDecision(
        fault=body.fault,
        remedy=body.remedy,
        reason=body.reason,
        decided_by=asked.by,
        amount_minor=body.amount.amount_minor if body.amount else None,
        payer=body.payer,
        loss_bearer=body.loss_bearer,
        rate_bearer=body.rate_bearer,
        note=asked.desk.seal(body.note, asked.dispute_id),
    )


def _check_reason(body: DecisionRequest) -> None:
    """A denial for a reason to grant, or the reverse, would be told to the customer so."""
    possible = DENIAL_REASONS if body.remedy is Remedy.NONE else GRANT_REASONS
    if body.reason not in possible:
        raise invalid(
            "reason",
            f"{body.reason} is no reason for remedy {body.remedy}",
            f"Use one of: {', '.join(possible)}",
        )


def _confirm(asked: _Asked[ConfirmationRequest]) -> tuple[T, Any]:
    confirmed = asked.body.outcome == "confirmed"
    return T.DECISION_CONFIRMED if confirmed else T.DECISION_REJECTED, asked.wish


def _declare(asked: _Asked[RefundOutcomeRequest]) -> tuple[T, Any]:
    return T.REFUND_DECLARED_FAILED, asked.wish  # one outcome so far; its pattern was checked


def _check_account(asked: _Asked[AccountCheckRequest]) -> tuple[T, Any]:
    confirmed = asked.body.outcome == "confirmed"
    return T.ACCOUNT_CONFIRMED if confirmed else T.ACCOUNT_REJECTED, asked.wish


_STEPS: Final = {
    "file": T.CHARGEBACK_ORDERED,
    "pre_arbitration": T.PRE_ARBITRATION_ORDERED,
    "network_arbitration": T.NETWORK_ARBITRATION_ORDERED,
    "accept_representment": T.REPRESENTMENT_ACCEPTED,
    "withdraw": T.WITHDRAWAL_ORDERED,
}


def _step(asked: _Asked[ChargebackRequest]) -> tuple[T, Any]:
    return _STEPS[asked.body.step], asked.wish


def _credit(asked: _Asked[CreditRequest]) -> tuple[T, Any]:
    body = asked.body
    return T.CREDIT_ORDERED, Grant(asked.by, body.amount.amount_minor, body.basis)


def _compensate(asked: _Asked[CompensationRequest]) -> tuple[T, Any]:
    body = asked.body
    return T.COMPENSATION_ORDERED, Grant(asked.by, body.amount.amount_minor, body.reason)


def _review(asked: _Asked[IdentityReviewRequest]) -> tuple[T, Any]:
    accepted = asked.body.outcome == "accepted"
    return T.DOCUMENTS_ACCEPTED if accepted else T.DOCUMENTS_REJECTED, asked.wish


def _hold(asked: _Asked[LegalHoldRequest]) -> tuple[T, Any]:
    name = T.LEGAL_HOLD_PLACED if asked.body.step == "place" else T.LEGAL_HOLD_LIFTED
    return name, Cause(asked.by, asked.body.cause)


def _reopen(asked: _Asked[ReopeningRequest]) -> tuple[T, Any]:
    """The note stands where an appeal's words stand, so it is sealed for the same use."""
    body = asked.body
    use = f"statement:{asked.dispute_id}"
    note = asked.desk.keys.seal(body.note, use) if body.note else None
    return T.CASE_REOPENED, Cause(asked.by, body.cause, note)


def _answer(asked: _Asked[ComplaintAnswerRequest]) -> tuple[T, Any]:
    body = asked.body
    note = asked.desk.seal(body.note, asked.dispute_id)
    return T.COMPLAINT_ANSWERED, Cause(asked.by, body.reason, note)


COMMANDS: Final[tuple[_Command[Any], ...]] = (
    _Command(
        "decision",
        "decide",
        "Decide a dispute that is in arbitration.",
        DecisionRequest,
        _decide,
    ),
    _Command(
        "decision/confirmation",
        "confirm",
        "Confirm or reject, as the second person, what another decided.",
        ConfirmationRequest,
        _confirm,
    ),
    _Command(
        "refund-outcome",
        "refund_outcome",
        "State what the bank confirmed about a refund that may not be sent again.",
        RefundOutcomeRequest,
        _declare,
    ),
    _Command(
        "account-check",
        "check_account",
        "Confirm, as one of two people, that another account is the customer's own, or reject it.",
        AccountCheckRequest,
        _check_account,
    ),
    _Command(
        "chargeback",
        "step_chargeback",
        "File a chargeback with the card network, or take its next step.",
        ChargebackRequest,
        _step,
        "recovery",
    ),
    _Command(
        "provisional-credit",
        "grant_credit",
        "Credit the customer for the time being; above the four-eyes amount it is given once a "
        "second person has ordered the same.",
        CreditRequest,
        _credit,
        "recovery",
    ),
    _Command(
        "compensation",
        "compensate",
        "Pay for the trouble, beside any refund.",
        CompensationRequest,
        _compensate,
        "recovery",
    ),
    _Command(
        "identity-review",
        "review_identity",
        "Accept or reject the documents of somebody whose check failed.",
        IdentityReviewRequest,
        _review,
        "account",
    ),
    _Command(
        "legal-hold",
        "hold_legally",
        "Place or lift a legal hold on the case.",
        LegalHoldRequest,
        _hold,
        "account",
    ),
    _Command(
        "reopening",
        "reopen",
        "Open a case again for new evidence, a court or the regulator.",
        ReopeningRequest,
        _reopen,
    ),
    _Command(
        "complaint-answer",
        "answer_complaint",
        "Answer a complaint about the service.",
        ComplaintAnswerRequest,
        _answer,
    ),
)


def add(router: APIRouter, desk: Desk) -> None:
    """The routes that order."""
    for command in COMMANDS:
        router.add_api_route(
            f"/v1/disputes/{{dispute_id}}/{command.path}",
            _endpoint(desk, command),
            methods=["POST"],
            tags=[command.tag],
            name=command.name,
            description=command.summary,
        )


def _endpoint(desk: Desk, command: _Command[Given]) -> Callable[..., Any]:
    async def endpoint(
        dispute_id: UUID,
        body: Any,
        caller: Principal = allow(Role.OPS),
    ) -> Moved:
        asked = _Asked(body, dispute_id, caller.subject, desk)
        name, payload = command.order(asked)
        if amount := getattr(body, "amount", None):
            await desk.check_currency("amount", dispute_id, amount)
        trigger = Trigger(name, Actor.OPS, payload)
        signal = Signal(dispute_id, trigger, traceparent=traceparent.get())
        return _moved(await desk.commit.submit(signal))

    endpoint.__annotations__["body"] = command.body
    endpoint.__name__ = command.name
    return endpoint


def _moved(outcome: Outcome) -> Moved:
    match outcome.result:
        case "applied":
            return Moved(
                status=Status(outcome.status),
                actions=list(outcome.actions),
                needs_second=outcome.needs_second,
            )
        case "unknown":
            raise NotFound("No dispute has this id.")
        case "invalid":
            raise invalid(outcome.field, outcome.reason, _remedy(outcome.field))
        case _:
            denial_only = outcome.field == "remedy"
            raise Conflict(
                f"{outcome.reason}. The dispute is {outcome.status}.",
                status_now=outcome.status,
                possible=["remedy:none"] if denial_only else list(outcome.possible),
            )


def _remedy(field: str) -> str:
    """No other words help where the person is the wrong one."""
    return "Another person must do this" if field in _PERSONS else "Correct it and decide again"
