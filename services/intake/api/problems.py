"""The one table from intake's refusals to RFC 9457 problems."""

from collections.abc import Sequence
from typing import Any, assert_never

from services.intake.domain.claims import AlreadyOpen, NotTheirs, Refusal, TooManyOpen, Wrong
from services.intake.handlers.answers import (
    Accepted,
    AlreadyNamed,
    KeyReused,
    NotFound,
    NotPossible,
    OfferChanged,
)
from shared import http, ids
from shared.http import Conflict, FieldProblem, Invalid, Problem

Refused = Refusal | AlreadyNamed | KeyReused | NotFound | NotPossible | OfferChanged


def nothing_here() -> Problem:
    """The same for what does not exist and for what is somebody else's."""
    return http.NotFound("There is no such dispute or transaction that you may see.")


def wrong(found: Sequence[Wrong]) -> Invalid:
    """A 422 that names every field."""
    errors = [FieldProblem(field=w.field, problem=w.problem, remedy=w.remedy) for w in found]
    first = errors[0]
    return Invalid(f"{first.field}: {first.problem}. {first.remedy}.", errors=errors)


def accepted_or_raise(answer: Accepted | Refused) -> Accepted:
    """The acceptance; a refusal is raised as its problem."""
    if isinstance(answer, Accepted):
        return answer
    raise problem(answer)


def problem(refused: Refused) -> Problem:
    """What a refusal is in HTTP."""
    match refused:
        case Wrong():
            return wrong([refused])
        case NotTheirs() | NotFound():
            return nothing_here()
        case AlreadyOpen():
            return _already_open(refused)
        case TooManyOpen():
            return _too_many_open(refused)
        case KeyReused():
            return http.invalid(
                "Idempotency-Key",
                "this key came with another request before",
                "Use a new key for a new request; to repeat a request, send the same body",
            )
        case NotPossible():
            return _not_possible(refused)
        case OfferChanged():
            return _offer_changed(refused)
        case AlreadyNamed():
            return _already_named(refused)
    assert_never(refused)


def _already_open(refused: AlreadyOpen) -> Conflict:
    same = "of this kind" if refused.field == "kind" else "about this transaction"
    text = f"an open dispute {same} exists"
    remedy = "Leave this transaction out, or name another"
    extra: dict[str, Any] = {"possible": list(refused.possible)}
    if refused.reference:
        remedy = f"Follow {ids.spoken(refused.reference)} instead"
        extra["reference"] = refused.reference
    if refused.status:
        extra["status_now"] = refused.status
    return Conflict(
        f"{refused.field}: {text}. {remedy}.",
        errors=[FieldProblem(field=refused.field, problem=text, remedy=remedy)],
        **extra,
    )


def _too_many_open(refused: TooManyOpen) -> Conflict:
    text = f"{refused.limit} of this kind are open already"
    remedy = "Wait for the answer to one of them, or withdraw one"
    return Conflict(
        f"kind: {text}. {remedy}.",
        errors=[FieldProblem(field="kind", problem=text, remedy=remedy)],
        open=[
            {"reference": d.reference, "status_now": d.status, "possible": list(d.possible)}
            for d in refused.standing
        ],
    )


def _not_possible(refused: NotPossible) -> Conflict:
    can = ", ".join(refused.possible) or "nothing"
    text = "this dispute does not allow it now"
    return _conflict("action", text, f"Possible now: {can}", refused)


def _offer_changed(refused: OfferChanged) -> Conflict:
    minor, currency = refused.offered.amount_minor, refused.offered.currency
    text = f"the merchant offers {minor} minor units of {currency} by now"
    return _conflict("amount", text, "Show this offer to the customer, and ask again", refused)


def _already_named(refused: AlreadyNamed) -> Conflict:
    text = f"this dispute is about {refused.transaction_id}, which was named first"
    return _conflict(
        "transaction_id", text, "Open another dispute about the other transaction", refused
    )


def _conflict(
    field: str, text: str, remedy: str, refused: NotPossible | OfferChanged | AlreadyNamed
) -> Conflict:
    """With the state of the dispute that was asked, and what is possible there."""
    return Conflict(
        f"{field}: {text}. {remedy}.",
        errors=[FieldProblem(field=field, problem=text, remedy=remedy)],
        status_now=refused.status,
        possible=list(refused.possible),
    )
