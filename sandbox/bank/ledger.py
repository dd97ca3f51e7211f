"""Double entry in integer minor units, and the audit that reads nothing but postings.

A positive amount is money arriving in an account. Every entry sums to zero. Money on its way
back to a customer stands in CLEARING, so what a customer got or is about to get for one
transaction is what its postings moved into customer accounts and CLEARING after the capture.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

CUSTOMER: Final = "customer:"
CLEARING: Final = "clearing:in-flight"
TRANSIT: Final = "transit:other-banks"
SUSPENSE: Final = "suspense:not-captured"


class UnbalancedError(Exception):
    """The postings of an entry do not sum to zero."""


class EntryKind(StrEnum):
    """Why money moved."""

    CAPTURED = "captured"
    REFUNDED_EARLIER = "refunded_earlier"
    REFUND_SENT = "refund_sent"
    REFUND_CREDITED = "refund_credited"
    REFUND_BOUNCED = "refund_bounced"
    RETURN_SENT = "return_sent"
    RETURN_CREDITED = "return_credited"
    REVERSAL_CREDITED = "reversal_credited"


@dataclass(frozen=True, slots=True)
class Posting:
    """One account's change, in minor units."""

    account: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Entry:
    """Postings that happen together; `payment_id` joins a payment's sending and its arrival."""

    transaction_id: str
    kind: EntryKind
    payment_id: str
    reference: str
    currency: str
    postings: tuple[Posting, ...]
    at: datetime

    def __post_init__(self) -> None:
        """Raises UnbalancedError."""
        if sum(posting.amount_minor for posting in self.postings):
            raise UnbalancedError(self.payment_id)


@dataclass(frozen=True, slots=True)
class Position:
    """What one transaction's postings amount to, in minor units."""

    captured_minor: int
    settled_minor: int
    in_flight_minor: int
    payments: int
    repeated_reference: bool

    @property
    def paid_minor(self) -> int:
        """Paid back to the customer's side or on its way there."""
        return self.settled_minor + self.in_flight_minor

    @property
    def above_captured(self) -> bool:
        """More went back than was taken."""
        return self.paid_minor > self.captured_minor

    @property
    def paid_twice(self) -> bool:
        """Two living payments make more than was taken, or answer the same request."""
        return self.repeated_reference or (self.payments > 1 and self.above_captured)


@dataclass(frozen=True, slots=True)
class Audit:
    """The ledger's own judgement. Amounts by currency in minor units; lists of transaction ids."""

    transactions: int
    captured_minor: dict[str, int]
    settled_minor: dict[str, int]
    in_flight_minor: dict[str, int]
    refunds_settled: int
    refunds_in_flight: int
    refunds_bounced: int
    paid_twice: list[str]
    above_captured: list[str]
    balanced: bool


class Ledger:
    """All entries, oldest first, and by transaction."""

    def __init__(self) -> None:
        """An empty ledger."""
        self._entries: list[Entry] = []
        self._by_transaction: dict[str, list[Entry]] = {}
        self._balances: defaultdict[tuple[str, str], int] = defaultdict(int)

    def post(self, entry: Entry) -> None:
        """Add an entry."""
        self._entries.append(entry)
        self._by_transaction.setdefault(entry.transaction_id, []).append(entry)
        for posting in entry.postings:
            self._balances[posting.account, entry.currency] += posting.amount_minor

    def of(self, transaction_id: str) -> Sequence[Entry]:
        """One transaction's entries, oldest first."""
        return self._by_transaction.get(transaction_id, ())

    def slice(self, start: int, count: int) -> Sequence[Entry]:
        """`count` entries of all from position `start`."""
        return self._entries[start : start + count]

    def position(self, transaction_id: str) -> Position:
        """What has been taken and given back for a transaction."""
        return position(self.of(transaction_id))

    def balances(self) -> Iterator[tuple[str, str, int]]:
        """(account, currency, minor units) of every account."""
        return ((account, currency, sum_) for (account, currency), sum_ in self._balances.items())

    def audit(self, transactions: int) -> Audit:
        """Judge every transaction by its postings; `transactions` is how many the bank knows."""
        positions = {tid: position(entries) for tid, entries in self._by_transaction.items()}
        currency = {tid: entries[0].currency for tid, entries in self._by_transaction.items()}
        captured, settled, in_flight = Counter[str](), Counter[str](), Counter[str]()
        for tid, found in positions.items():
            captured[currency[tid]] += found.captured_minor
            settled[currency[tid]] += found.settled_minor
            in_flight[currency[tid]] += found.in_flight_minor
        kinds = Counter(entry.kind for entry in self._entries)
        ended = kinds[EntryKind.REFUND_CREDITED] + kinds[EntryKind.REFUND_BOUNCED]
        return Audit(
            transactions=transactions,
            captured_minor=dict(captured),
            settled_minor=dict(settled),
            in_flight_minor=dict(in_flight),
            refunds_settled=kinds[EntryKind.REFUND_CREDITED],
            refunds_in_flight=kinds[EntryKind.REFUND_SENT] - ended,
            refunds_bounced=kinds[EntryKind.REFUND_BOUNCED],
            paid_twice=sorted(tid for tid, found in positions.items() if found.paid_twice),
            above_captured=sorted(tid for tid, found in positions.items() if found.above_captured),
            balanced=_balanced(self._entries),
        )


def position(entries: Sequence[Entry]) -> Position:
    """Sum one transaction's postings; the flags of refunds play no part."""
    captured = settled = in_flight = 0
    live: dict[str, int] = {}  # a plain dict: this runs for every look-up
    reference: dict[str, str] = {}
    for entry in entries:
        for posting in entry.postings:
            amount = posting.amount_minor
            if posting.account.startswith(CUSTOMER):
                captured -= min(amount, 0)
                settled += max(amount, 0)
            elif posting.account == CLEARING:
                in_flight += amount
            else:
                continue
            if entry.kind is not EntryKind.CAPTURED:
                live[entry.payment_id] = live.get(entry.payment_id, 0) + amount
                reference[entry.payment_id] = entry.reference
    paid = [payment for payment, amount in live.items() if amount > 0]
    asked = {reference[payment] for payment in paid}
    return Position(captured, settled, in_flight, len(paid), len(asked) < len(paid))


def moved(source: str, target: str, amount_minor: int) -> tuple[Posting, Posting]:
    """The two postings that move an amount."""
    return Posting(source, -amount_minor), Posting(target, amount_minor)


def _balanced(entries: Iterable[Entry]) -> bool:
    """Whether every entry sums to zero and no payment left CLEARING before it entered."""
    clearing: Counter[str] = Counter()
    for entry in entries:
        if sum(posting.amount_minor for posting in entry.postings):
            return False
        for posting in entry.postings:
            if posting.account == CLEARING:
                clearing[entry.payment_id] += posting.amount_minor
    return all(amount >= 0 for amount in clearing.values())
