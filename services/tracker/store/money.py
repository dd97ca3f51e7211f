"""The reservations of a transaction's money: locked, summed, written; the database has the cap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.domain.holds import Held
from services.tracker.domain.triggers import BankTransaction
from shared.contracts.vocabulary import TransactionState

_KNOW = text(
    "INSERT INTO transaction_money (transaction_id) SELECT unnest(CAST(:ids AS text[])) "
    "ON CONFLICT DO NOTHING"
)
_LOCK = text(
    "SELECT transaction_id, captured_minor, external_minor FROM transaction_money "
    "WHERE transaction_id = ANY(CAST(:ids AS text[])) ORDER BY transaction_id FOR UPDATE"
)
_HELD = text(
    "SELECT transaction_id, dispute_id, purpose, amount_minor, state FROM reservations "
    "WHERE transaction_id = ANY(CAST(:ids AS text[]))"
)
_CAPTURED = text(
    "UPDATE transaction_money m SET captured_minor = u.captured, external_minor = u.external "
    "FROM (SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:captured AS numeric[]),"
    " CAST(:external AS numeric[])) AS u(id, captured, external)) u WHERE m.transaction_id = u.id"
)
_PUT = text(
    "INSERT INTO reservations (dispute_id, purpose, transaction_id, amount_minor, state) "
    "SELECT * FROM unnest(CAST(:disputes AS uuid[]), CAST(:purposes AS text[]),"
    " CAST(:transactions AS text[]), CAST(:amounts AS numeric[]), CAST(:states AS text[])) "
    "ON CONFLICT (dispute_id, purpose) DO UPDATE SET amount_minor = excluded.amount_minor,"
    " state = excluded.state"
)
_COMPENSATE = text(
    "INSERT INTO compensations (dispute_id, amount_minor, currency, cap_minor) "
    "SELECT * FROM unnest(CAST(:disputes AS uuid[]), CAST(:amounts AS numeric[]),"
    " CAST(:currencies AS text[]), CAST(:caps AS numeric[])) ON CONFLICT (dispute_id) DO UPDATE "
    "SET amount_minor = excluded.amount_minor, currency = excluded.currency,"
    " cap_minor = excluded.cap_minor"
)

_COUNT: Final = ("reserved", "in_flight", "unknown", "settled")
_ONCE: Final = ("reversal", "chargeback")
_RECOVERIES: Final = ("refund", "reversal", "recall", "chargeback")


@dataclass(frozen=True, slots=True)
class Compensation:
    """What was ordered beside any refund, and the cap of that moment, in minor units."""

    amount_minor: int
    currency: str
    cap_minor: int


@dataclass(slots=True)
class Purse:
    """One transaction's money while its row is locked. Amounts in minor units."""

    transaction_id: str
    captured_minor: int | None
    external_minor: int
    holds: dict[UUID, dict[str, Held]] = field(default_factory=dict)
    changed: bool = False
    stored: dict[tuple[UUID, str], int] = field(default_factory=dict)  # what counts in the rows

    def others_minor(self, dispute_id: UUID) -> int:
        """Refunded outside, and held or settled by other disputes."""
        return self.external_minor + self._sum(besides=dispute_id)

    def elsewhere(self, dispute_id: UUID) -> tuple[str, ...]:
        """What comes once, and another dispute holds or has booked."""
        return tuple(name for name in _ONCE if self._is_of_others(name, dispute_id))

    def _is_of_others(self, purpose: str, dispute_id: UUID) -> bool:
        return any(
            other != dispute_id and purpose in mine and mine[purpose].state in _COUNT
            for other, mine in self.holds.items()
        )

    def learn(self, bank: BankTransaction) -> None:
        """The bank's figures, if they are this transaction's.

        What it counts as refunded and we do not was paid elsewhere; a provisional credit is the
        wallet's own money, which no bank counts. What was reversed for want of a capture is
        held by whoever watches it. A refund of ours that may or may not be at the bank is not
        taken off: too little room brings in a person, too much would pay twice.
        """
        if bank.transaction_id != self.transaction_id:
            return
        at_bank = self._sum(states=("in_flight", "settled"), purposes=_RECOVERIES)
        debited = bank.state is TransactionState.DEBITED_NOT_CAPTURED
        if debited and bank.reversal_state == "credited":
            watched = self._sum(states=("settled",), purposes=("reversal",))
            at_bank += max(0, (bank.reversal_minor or 0) - watched)
        captured = max(self.captured_minor or 0, bank.captured_minor)
        external = min(max(0, bank.refunded_minor - at_bank), max(0, captured - self._sum()))
        if (captured, external) != (self.captured_minor, self.external_minor):
            self.captured_minor, self.external_minor, self.changed = captured, external, True

    def give_back(self, amount_minor: int) -> None:
        """As much less was refunded elsewhere."""
        if amount_minor and self.external_minor:
            self.external_minor = max(0, self.external_minor - amount_minor)
            self.changed = True

    def hold(self, dispute_id: UUID, held: Held) -> bool:
        """Take over a dispute's hold; whether it differs from what stands."""
        mine = self.holds.setdefault(dispute_id, {})
        if mine.get(held.purpose) == held:
            return False
        mine[held.purpose] = held
        return True

    def grows(self, dispute_id: UUID, held: Held) -> bool:
        """Whether this hold takes more than its row has."""
        return _counted(held) > self.stored.get((dispute_id, held.purpose), 0)

    def _sum(
        self,
        besides: UUID | None = None,
        states: Sequence[str] = _COUNT,
        purposes: Sequence[str] = (*_RECOVERIES, "credit"),
    ) -> int:
        return sum(
            held.amount_minor
            for dispute_id, mine in self.holds.items()
            for held in mine.values()
            if dispute_id != besides and held.state in states and held.purpose in purposes
        )


async def lock(
    tx: AsyncConnection, transactions: Sequence[str], new: Sequence[str]
) -> dict[str, Purse]:
    """Lock the money of these transactions, in order, and read every hold on it.

    `new` are those of them that no dispute may have named before. Each has its row afterwards,
    or a refund would be granted that the cap does not see.
    """
    if not transactions:
        return {}
    ids = sorted(set(transactions))
    if new:
        await tx.execute(_KNOW, {"ids": sorted(set(new))})
    purses = {
        row.transaction_id: Purse(
            row.transaction_id,
            None if row.captured_minor is None else int(row.captured_minor),
            int(row.external_minor),
        )
        for row in await tx.execute(_LOCK, {"ids": ids})
    }
    if missing := set(ids) - purses.keys():
        return await lock(tx, transactions, sorted(missing))
    for row in await tx.execute(_HELD, {"ids": ids}):
        held = Held(row.purpose, int(row.amount_minor), row.state)
        purse = purses[row.transaction_id]
        purse.holds.setdefault(row.dispute_id, {})[row.purpose] = held
        purse.stored[row.dispute_id, row.purpose] = _counted(held)
    return purses


def _counted(held: Held) -> int:
    return held.amount_minor if held.state in _COUNT else 0


async def save(
    tx: AsyncConnection, purses: Sequence[Purse], puts: Sequence[tuple[UUID, str, Held]]
) -> None:
    """Captured amounts first, then holds (dispute, transaction, hold): the CHECK sees both."""
    learnt = [purse for purse in purses if purse.changed]
    if learnt:
        await tx.execute(
            _CAPTURED,
            {
                "ids": [p.transaction_id for p in learnt],
                "captured": [p.captured_minor for p in learnt],
                "external": [p.external_minor for p in learnt],
            },
        )
    if puts:
        # Less before more: a batch may move money from one dispute's hold to another's.
        by_id = {purse.transaction_id: purse for purse in purses}
        last = {(dispute, held.purpose): (dispute, tr, held) for dispute, tr, held in puts}
        rows = sorted(last.values(), key=lambda r: (r[1], by_id[r[1]].grows(r[0], r[2]), r[0]))
        await tx.execute(
            _PUT,
            {
                "disputes": [r[0] for r in rows],
                "purposes": [r[2].purpose for r in rows],
                "transactions": [r[1] for r in rows],
                "amounts": [r[2].amount_minor for r in rows],
                "states": [r[2].state for r in rows],
            },
        )


async def compensate(tx: AsyncConnection, ordered: Mapping[UUID, Compensation]) -> None:
    """Write what was ordered, by dispute; the database refuses what is above the cap."""
    if not ordered:
        return
    rows = [(dispute_id, ordered[dispute_id]) for dispute_id in sorted(ordered)]
    await tx.execute(
        _COMPENSATE,
        {
            "disputes": [dispute_id for dispute_id, _ in rows],
            "amounts": [one.amount_minor for _, one in rows],
            "currencies": [one.currency for _, one in rows],
            "caps": [one.cap_minor for _, one in rows],
        },
    )
