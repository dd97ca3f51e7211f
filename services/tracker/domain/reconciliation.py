"""The bank's statement against our journals: what answers what, and what is left. Pure.

A line answers a journal of the same transaction and reference that moved the same amount on the
customer's account; money without a reference came by itself. The day plays no part here: what the
bank credited a second before midnight and we heard after it is the same money.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

_KEY: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([a-z_]{1,20}):(\d{1,9})")


class Difference(StrEnum):
    """How the bank's books and ours differ."""

    MISSING_HERE = "missing_here"  # the bank moved money that we did not book
    MISSING_THERE = "missing_there"  # we booked money that no statement tells of
    AMOUNT_DIFFERS = "amount_differs"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement: minor units that reached the customer, or left again (negative)."""

    day: date
    position: int
    at: datetime
    reference: str | None
    transaction_id: str
    kind: str
    amount_minor: int
    currency: str
    explanation: str | None = None
    dispute_id: UUID | None = None  # of the journal that answered it

    @property
    def known(self) -> bool:
        """Whether it may be about a call of ours: it has our reference, or none."""
        return self.reference is None or key(self.reference) is not None


@dataclass(frozen=True, slots=True)
class Page:
    """Lines in the order of their positions; `after` is where to go on, None at the end."""

    lines: tuple[Line, ...]
    after: int | None
    closed: bool  # the day is over: nothing will be added


@dataclass(frozen=True, slots=True)
class Movement:
    """What one journal moved on the customer's account."""

    journal_id: UUID
    dispute_id: UUID
    step: int
    at: datetime
    reference: str | None
    transaction_id: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """What was ordered under a key of ours."""

    transaction_id: str | None
    amount_minor: int
    currency: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """What is explained, and by what; pairs that differ; and what has no other side.

    A line comes with the dispute that booked it, unless it took itself back.
    """

    lines: list[tuple[Line, str, UUID | None]] = field(default_factory=list)
    movements: list[tuple[Movement, str]] = field(default_factory=list)
    differing: list[tuple[Line, Movement]] = field(default_factory=list)
    only_there: list[Line] = field(default_factory=list)
    only_here: list[Movement] = field(default_factory=list)


def key(reference: str) -> tuple[UUID, str, int] | None:
    """(dispute, leg, n) where a reference is a key of ours, `dispute:leg:n`."""
    found = _KEY.fullmatch(reference)
    return (UUID(found[1]), found[2], int(found[3])) if found else None


def judged(line: Line, ordered: Ordered | None) -> tuple[Difference, int | None]:
    """What is wrong with a line that no journal answers, and the amount that was ordered."""
    if ordered is None:
        return Difference.MISSING_HERE, None
    told = (line.transaction_id, abs(line.amount_minor), line.currency)
    if told == (ordered.transaction_id, ordered.amount_minor, ordered.currency):
        return Difference.MISSING_HERE, None  # its credit was not heard of yet
    return Difference.AMOUNT_DIFFERS, ordered.amount_minor


def match(lines: Iterable[Line], movements: Iterable[Movement]) -> Match:
    """Pair lines and movements; lines that were explained before count as heard already."""
    groups: defaultdict[tuple[str, str | None], _Group] = defaultdict(_Group)
    for line in lines:
        groups[line.transaction_id, line.reference].lines.append(line)
    for movement in movements:
        groups[movement.transaction_id, movement.reference].movements.append(movement)
    result = Match()
    for group in groups.values():
        group.into(result)
    return result


@dataclass(slots=True)
class _Group:
    """All of one transaction and reference."""

    lines: list[Line] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    heard_by: dict[int, set[UUID]] = field(default_factory=dict)  # disputes by amount

    def into(self, result: Match) -> None:
        """The same money first, then what took itself back, then what only resembles."""
        lines = [line for line in self.lines if line.explanation is None]
        movements = list(self.movements)
        self._pair(lines, movements, result)
        self._hear_again(movements, result)
        for one, other in _cancelling(lines):
            result.lines.append((one, f"taken back: {_told(other)}", None))
            result.lines.append((other, f"takes back: {_told(one)}", None))
        for first, second in _cancelling(movements):
            result.movements.append((first, f"taken back: {_booked(second)}"))
            result.movements.append((second, f"takes back: {_booked(first)}"))
        while lines and movements:
            result.differing.append((lines.pop(0), movements.pop(0)))
        result.only_there.extend(lines)
        result.only_here.extend(movements)

    def _pair(self, lines: list[Line], movements: list[Movement], result: Match) -> None:
        """Take out what is the same."""
        for line in tuple(lines):
            if found := _first(movements, line):
                lines.remove(line)
                movements.remove(found)
                self.heard_by.setdefault(line.amount_minor, set()).add(found.dispute_id)
                result.lines.append((line, _booked(found), found.dispute_id))
                result.movements.append((found, _told(line)))

    def _hear_again(self, movements: list[Movement], result: Match) -> None:
        """Take out money that came by itself and that another dispute has booked as well."""
        for line in self.lines:
            if line.dispute_id:
                self.heard_by.setdefault(line.amount_minor, set()).add(line.dispute_id)
        for movement in tuple(movements):
            others = self.heard_by.get(movement.amount_minor, set()) - {movement.dispute_id}
            if movement.reference is None and others:
                movements.remove(movement)
                result.movements.append((movement, f"booked by dispute {min(others)} too"))


Item = TypeVar("Item", Line, Movement)


def _first(items: Sequence[Item], like: Line | Movement) -> Item | None:
    """The first of the same amount."""
    wanted = (like.amount_minor, like.currency)
    return next((i for i in items if (i.amount_minor, i.currency) == wanted), None)


def _cancelling(items: list[Item]) -> list[tuple[Item, Item]]:
    """Pairs that sum to zero, taken out of the list."""
    pairs: list[tuple[Item, Item]] = []
    for item in tuple(items):
        others = [i for i in items if i is not item and i.currency == item.currency]
        other = next((i for i in others if i.amount_minor == -item.amount_minor), None)
        if item in items and other is not None:
            items.remove(item)
            items.remove(other)
            pairs.append((item, other))
    return pairs


def _booked(movement: Movement) -> str:
    return f"step {movement.step} of dispute {movement.dispute_id} at {movement.at.isoformat()}"


def _told(line: Line) -> str:
    return f"line {line.position} of the statement of {line.day}"
