"""Double entry in integer minor units, and the audit that reads nothing but postings.

A positive amount is money arriving in an account. Every entry sums to zero. Money on its way
back to a customer stands in CLEARING, so what a customer got or is about to get for one
transaction is what its postings moved into customer accounts and CLEARING after the capture:
refunds, reversals, returns, recalled money, chargebacks won, provisional credits less what of
them was reversed. Coupons, points and other accounts of a customer count as the customer's.
Corrections, compensation and rewards taken back are APART: they repay no capture.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

CUSTOMER: Final = "customer:"
CLEARING: Final = "clearing:in-flight"
TRANSIT: Final = "transit:other-banks"
SUSPENSE: Final = "suspense:not-captured"
ADVANCES: Final = "wallet:advances"
SETTLING: Final = "clearing:to-advances"
"""Money of a refund on its way to the wallet's advances."""


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
    RECALL_AGREED = "recall_agreed"
    RECALL_RETURNED = "recall_returned"
    CHARGEBACK_WON = "chargeback_won"
    CREDIT_GIVEN = "credit_given"
    CREDIT_REVERSED = "credit_reversed"
    CREDIT_SETTLED = "credit_settled"
    CORRECTED = "corrected"
    COMPENSATED = "compensated"
    CLAWED_BACK = "clawed_back"


CREDITS: Final = frozenset(
    {EntryKind.CREDIT_GIVEN, EntryKind.CREDIT_REVERSED, EntryKind.CREDIT_SETTLED}
)
APART: Final = frozenset({EntryKind.CORRECTED, EntryKind.COMPENSATED, EntryKind.CLAWED_BACK})


@dataclass(frozen=True, slots=True)
class Posting:
    """One account's change, in minor units."""

    account: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Entry:
    """Postings that happen together; `payment_id` joins a payment's sending and its arrival.

    `transaction_id` is None for what the wallet posts about a customer's account as a whole.
    """

    transaction_id: str | None
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
    """What one transaction's postings amount to, in minor units.

    `credited_minor` of what settled are provisional credits that stand; `advanced_minor` went
    from refunds to the wallet's advances, or is on its way there.
    """

    captured_minor: int
    settled_minor: int
    in_flight_minor: int
    payments: int
    repeated_reference: bool
    credited_minor: int = 0
    advanced_minor: int = 0

    @property
    def paid_minor(self) -> int:
        """Paid back to the customer's side or on its way there."""
        return self.settled_minor + self.in_flight_minor

    @property
    def recovered_minor(self) -> int:
        """Taken back from the other side, for the customer or for the wallet's advances."""
        return self.paid_minor - self.credited_minor + self.advanced_minor

    @property
    def above_captured(self) -> bool:
        """More went back than was taken; what is on its way settles a standing credit first."""
        coming = max(0, self.in_flight_minor - max(0, self.credited_minor - self.advanced_minor))
        return max(self.settled_minor + coming, self.recovered_minor) > self.captured_minor

    @property
    def over_settled(self) -> bool:
        """More went to the wallet's advances than the wallet has advanced."""
        return self.advanced_minor > max(0, self.credited_minor)

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
    over_settled: list[str]
    credited_minor: dict[str, int]
    corrected_minor: dict[str, int]
    compensated_minor: dict[str, int]
    balanced: bool


class Ledger:
    """All entries, oldest first, and by transaction."""

    def __init__(self) -> None:
        """An empty ledger."""
        self._entries: list[Entry] = []
        self._by_transaction: dict[str, list[Entry]] = {}
        self._balances: defaultdict[tuple[str, str], int] = defaultdict(int)

    def post(self, entry: Entry) -> None:
        """Add an entry; what comes back while a provisional credit stands settles that first."""
        self._add(entry)
        if entry.transaction_id is not None and entry.kind in _RECOVERIES:
            found = self.position(entry.transaction_id)
            if settled := _settling(entry, found.credited_minor - found.advanced_minor):
                self._add(settled)

    def _add(self, entry: Entry) -> None:
        self._entries.append(entry)
        if entry.transaction_id is not None:
            self._by_transaction.setdefault(entry.transaction_id, []).append(entry)
        for posting in entry.postings:
            self._balances[posting.account, entry.currency] += posting.amount_minor

    def of(self, transaction_id: str) -> Sequence[Entry]:
        """One transaction's entries, oldest first."""
        return self._by_transaction.get(transaction_id, ())

    def slice(self, start: int, count: int) -> Sequence[Entry]:
        """`count` entries of all from position `start`."""
        return self._entries[start : start + count]

    def before(self, moment: datetime) -> int:
        """How many entries were posted before a moment."""
        return bisect_left(self._entries, moment, key=lambda entry: entry.at)

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
            over_settled=sorted(tid for tid, found in positions.items() if found.over_settled),
            credited_minor=_given(self._entries, CREDITS),
            corrected_minor=_given(self._entries, {EntryKind.CORRECTED}),
            compensated_minor=_given(self._entries, {EntryKind.COMPENSATED}),
            balanced=_balanced(self._entries),
        )


def position(entries: Sequence[Entry]) -> Position:
    """Sum one transaction's postings; the flags of refunds play no part."""
    captured = settled = in_flight = credited = advanced = 0
    live: dict[str, int] = {}  # a plain dict: this runs for every look-up
    reference: dict[str, str] = {}
    for entry in entries:
        if entry.kind in APART:
            continue
        customer, clearing, advances = _sums(entry)
        if entry.kind is EntryKind.CAPTURED:
            captured -= customer
            continue
        settled += customer
        in_flight += clearing
        advanced += advances
        credited += customer if entry.kind in CREDITS else 0
        moved_minor = customer + clearing + advances
        live[entry.payment_id] = live.get(entry.payment_id, 0) + moved_minor
        reference.setdefault(entry.payment_id, entry.reference)
    paid = [payment for payment, amount in live.items() if amount > 0]
    asked = {reference[payment] for payment in paid}
    repeated = len(asked) < len(paid)
    return Position(captured, settled, in_flight, len(paid), repeated, credited, advanced)


def moved(source: str, target: str, amount_minor: int) -> tuple[Posting, Posting]:
    """The two postings that move an amount."""
    return Posting(source, -amount_minor), Posting(target, amount_minor)


def _sums(entry: Entry) -> tuple[int, int, int]:
    """What moved to customers, into CLEARING, and from a refund towards the advances."""
    customer = clearing = advances = 0
    for posting in entry.postings:
        if posting.account.startswith(CUSTOMER):
            customer += posting.amount_minor
        elif posting.account == CLEARING:
            clearing += posting.amount_minor
        elif posting.account == SETTLING or (
            posting.account == ADVANCES and entry.kind is EntryKind.REFUND_CREDITED
        ):
            advances += posting.amount_minor
    return customer, clearing, advances


_RECOVERIES: Final = frozenset(
    {
        EntryKind.REFUND_CREDITED,
        EntryKind.RETURN_CREDITED,
        EntryKind.REVERSAL_CREDITED,
        EntryKind.RECALL_RETURNED,
        EntryKind.CHARGEBACK_WON,
    }
)


def _settling(entry: Entry, standing_minor: int) -> Entry | None:
    """What of a recovery goes on to the wallet's advances: the customer had it before."""
    arrived = [p for p in entry.postings if p.account.startswith(CUSTOMER) and p.amount_minor > 0]
    minor = min(standing_minor, sum(posting.amount_minor for posting in arrived))
    if minor <= 0:
        return None
    return replace(
        entry,
        kind=EntryKind.CREDIT_SETTLED,
        payment_id=f"{entry.payment_id}:settled",
        postings=moved(arrived[0].account, ADVANCES, minor),
    )


def _given(entries: Iterable[Entry], kinds: Collection[EntryKind]) -> dict[str, int]:
    """What entries of these kinds gave to customers, by currency in minor units."""
    given: Counter[str] = Counter()
    for entry in entries:
        if entry.kind in kinds:
            given[entry.currency] += _sums(entry)[0]
    return dict(given)


def _balanced(entries: Iterable[Entry]) -> bool:
    """Whether every entry sums to zero and no payment left a clearing before it entered."""
    clearing: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        if sum(posting.amount_minor for posting in entry.postings):
            return False
        for posting in entry.postings:
            if posting.account in {CLEARING, SETTLING}:
                clearing[entry.payment_id, posting.account] += posting.amount_minor
    return all(amount >= 0 for amount in clearing.values())
