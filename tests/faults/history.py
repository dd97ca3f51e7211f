"""What must hold of every accepted dispute, whatever was killed: a judge that is pure.

Three witnesses: what REST answered 202 and shows now, the tracker's database, the bank's books.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final
from uuid import UUID

GRACE: Final = timedelta(seconds=60)  # invariant 1
ALIVE: Final = frozenset({"in_flight", "credited"})


@dataclass(frozen=True, slots=True)
class Accepted:
    """A dispute answered 202; `status` and `version` are what its customer is shown now."""

    dispute_id: UUID
    status: str
    version: int


@dataclass(frozen=True, slots=True)
class Tracked:
    """The tracker's row; `wakes_at` is when its next task is due, None without any."""

    dispute_id: UUID
    status: str
    version: int
    open: bool
    refund: str
    approved_minor: int | None
    promised_at: datetime | None
    wakes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Paid:
    """A refund that the bank executed; `reference` is `dispute:refund:n`."""

    reference: str
    transaction_id: str
    amount_minor: int
    state: str

    @property
    def dispute_id(self) -> UUID:
        """Whose refund it is."""
        return UUID(self.reference.split(":")[0])


@dataclass(frozen=True, slots=True)
class Books:
    """The bank's: executed refunds, minor units by transaction, and its own audit's complaints.

    `given_back` is what the postings moved to customers or have under way, besides the capture.
    """

    paid: Sequence[Paid]
    captured: Mapping[str, int]
    given_back: Mapping[str, int]
    complaints: Sequence[str]


@dataclass(frozen=True, slots=True)
class History:
    """All three at one quiet moment `now`."""

    now: datetime
    accepted: Sequence[Accepted]
    tracked: Mapping[UUID, Tracked]
    books: Books


def violations(history: History) -> list[str]:
    """Every way in which the witnesses contradict the invariants; empty when all is well."""
    return list(chain.from_iterable(rule(history) for rule in _RULES))


def _lost(history: History) -> Iterator[str]:
    for each in history.accepted:
        if each.dispute_id not in history.tracked:
            yield f"lost: {each.dispute_id} was accepted and the tracker does not know it"


def _invented(history: History) -> Iterator[str]:
    accepted = {each.dispute_id for each in history.accepted}
    for unknown in history.tracked.keys() - accepted:
        yield f"invented: nobody was told that {unknown} is accepted"


def _overdue(history: History) -> Iterator[str]:
    for each in _open(history):
        if each.promised_at is None or each.promised_at + GRACE < history.now:
            yield f"overdue: {each.dispute_id} is {each.status}, promised for {each.promised_at}"


def _asleep(history: History) -> Iterator[str]:
    for each in _open(history):
        if each.wakes_at is None or each.wakes_at + GRACE < history.now:
            yield f"asleep: {each.dispute_id} is {each.status}, next task at {each.wakes_at}"


def _misled(history: History) -> Iterator[str]:
    for each in history.accepted:
        known = history.tracked.get(each.dispute_id)
        if known and (each.status, each.version) != (known.status, known.version):
            shown = f"{each.status} (version {each.version})"
            yield f"misled: {each.dispute_id} is {known.status} ({known.version}), shown as {shown}"


def _unpaid(history: History) -> Iterator[str]:
    for each in history.tracked.values():
        settled = [p for p in _paid_for(history, each.dispute_id) if p.state == "credited"]
        if each.refund == "credited" and len(settled) != 1:
            yield f"unpaid: {each.dispute_id} is credited with {len(settled)} settled refunds"


def _untold(history: History) -> Iterator[str]:
    for each in history.tracked.values():
        alive = [p for p in _paid_for(history, each.dispute_id) if p.state in ALIVE]
        if alive and not each.open and each.refund != "credited":
            yield f"untold: {each.dispute_id} ended as {each.status}, and the bank has paid"


def _other_amount(history: History) -> Iterator[str]:
    for paid in history.books.paid:
        known = history.tracked.get(paid.dispute_id)
        if known is None:
            yield f"unasked: the bank paid {paid.reference}, a dispute that the tracker lacks"
        elif paid.state in ALIVE and paid.amount_minor != known.approved_minor:
            yield f"amount: {paid.reference} paid {paid.amount_minor}, not {known.approved_minor}"


def _paid_twice(history: History) -> Iterator[str]:
    alive = [paid for paid in history.books.paid if paid.state in ALIVE]
    for dispute_id, count in Counter(paid.dispute_id for paid in alive).items():
        if count > 1:
            yield f"paid twice: {count} living refunds of {dispute_id}"


def _above_captured(history: History) -> Iterator[str]:
    books = history.books
    for transaction_id, back in books.given_back.items():
        if back > (captured := books.captured.get(transaction_id, 0)):
            yield f"above captured: {transaction_id} gave back {back} of {captured}"


def _complaints(history: History) -> Iterator[str]:
    yield from (f"audit: {complaint}" for complaint in history.books.complaints)


_RULES: Final[tuple[Callable[[History], Iterator[str]], ...]] = (
    _lost,
    _invented,
    _overdue,
    _asleep,
    _misled,
    _unpaid,
    _untold,
    _other_amount,
    _paid_twice,
    _above_captured,
    _complaints,
)


def _open(history: History) -> Iterator[Tracked]:
    return (each for each in history.tracked.values() if each.open)


def _paid_for(history: History, dispute_id: UUID) -> list[Paid]:
    return [paid for paid in history.books.paid if paid.dispute_id == dispute_id]
