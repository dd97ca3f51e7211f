"""The bank's statement of a day, in pages."""

from datetime import date
from itertools import pairwise
from typing import Annotated

from pydantic import AwareDatetime, Field

from services.tracker.calling import Answer
from services.tracker.domain.reconciliation import Line, Page
from services.tracker.ports import NoAnswer
from shared.contracts.events import Identifier, Word
from shared.money import Currency


class SignedAmount(Answer):
    """Minor units that reached a customer, or left again (negative)."""

    amount_minor: Annotated[str, Field(pattern=r"^-?[1-9]\d{0,37}$")]
    currency: Currency


class LineBody(Answer):
    """One line of the bank's statement."""

    position: Annotated[int, Field(ge=1, lt=2**63)]
    at: AwareDatetime
    reference: Annotated[str, Field(max_length=128)] | None = None
    transaction_id: Identifier | None = None
    kind: Word
    amount: SignedAmount


class StatementBody(Answer):
    """A page of the bank's statement of a day."""

    day: date
    closed: bool
    lines: list[LineBody]
    next: int | None = None


def of_statement(body: StatementBody, after: int) -> Page:
    """A page of a statement, whose positions only grow: or reading it would never end."""
    positions = [line.position for line in body.lines]
    grow = all(one < other for one, other in pairwise([after, *positions]))
    if not grow or body.next not in (None, *positions[-1:]):
        raise NoAnswer("a statement whose positions do not grow")
    lines = tuple(
        Line(
            day=body.day,
            position=line.position,
            at=line.at,
            reference=line.reference,
            transaction_id=line.transaction_id or "",
            kind=line.kind,
            amount_minor=int(line.amount.amount_minor),
            currency=line.amount.currency,
        )
        for line in body.lines
    )
    return Page(lines, body.next, body.closed)
