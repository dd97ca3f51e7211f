"""A tracker's database: what happens is told to `handlers.advance`, nothing else runs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.tracker.domain.triggers import (
    ArbitratorDecision,
    BankTransaction,
    MerchantAnswer,
    Payload,
    RefundReport,
    T,
    TraceReport,
    Trigger,
    Wish,
)
from services.tracker.handlers import Outcome, Signal, advance
from shared import clock, ids
from shared.contracts.events import Amount, DisputeOpened
from shared.contracts.vocabulary import (
    REASONS,
    Actor,
    Fault,
    Kind,
    Payer,
    Remedy,
    TransactionState,
)

CAPTURED: Final = 12_800
MERCHANT: Final = "m-tea"
CUSTOMER: Final = "c-1"
BLOCKED_WITHIN_S: Final = 5.0
Row = dict[str, Any]


def opened(
    kind: Kind = Kind.REFUND_REQUEST,
    transaction_id: str | None = "",
    *,
    requested_minor: int | None = None,
    customer_id: str = CUSTOMER,
    merchant_id: str | None = MERCHANT,
    claim_id: UUID | None = None,
) -> DisputeOpened:
    """A dispute of its own about a transaction of its own, unless one is named (None: none).

    So is its claim. The reason is the first of its kind.
    """
    now = clock.utcnow()
    amount = None
    if requested_minor is not None:
        amount = Amount(amount_minor=requested_minor, currency="CNY")
    return DisputeOpened(
        dispute_id=ids.new(),
        claim_id=claim_id or ids.new(),
        reference=ids.reference(),
        kind=kind,
        reason=next(iter(REASONS[kind])),
        customer_id=customer_id,
        transaction_id=f"tx-{ids.new()}" if transaction_id == "" else transaction_id,
        verified=True,
        requested=amount,
        merchant_id=merchant_id,
        occurred_at=now,
        profile="demo",
        profile_version=1,
        calendar="CN",
        calendar_version="test",
        promised_at=now + timedelta(seconds=90),
        promise_rule=f"promise_{kind}",
        opened_at=now,
    )


def opening(event: DisputeOpened) -> Signal:
    """The event as the consumer hands it over; a redelivery is the same signal."""
    inbox_id = ids.event_id("/redress/intake", event.dispute_id, 1)
    return Signal(
        event.dispute_id, Trigger(T.OPENED, event.opened_by), opened=event, inbox_id=inbox_id
    )


def wish(event: DisputeOpened, name: T = T.WITHDRAWN, sequence: int = 2) -> Signal:
    """A customer's command, from Kafka."""
    inbox_id = ids.event_id("/redress/intake", event.dispute_id, sequence)
    trigger = Trigger(name, Actor.CUSTOMER, Wish(event.customer_id))
    return Signal(event.dispute_id, trigger, inbox_id=inbox_id)


def bank(event: DisputeOpened, name: T, payload: Payload = None) -> Signal:
    """An answer of the bank."""
    return Signal(event.dispute_id, Trigger(name, Actor.BANK, payload))


def found(event: DisputeOpened, captured_minor: int = CAPTURED, **fields: Any) -> Signal:
    """The bank knows the transaction: captured in full for the merchant, unless said otherwise."""
    known = BankTransaction(
        transaction_id=event.transaction_id or "",
        state=TransactionState.CAPTURED,
        customer_id=event.customer_id,
        payer_id=None,
        merchant_id=event.merchant_id,
        captured_minor=captured_minor,
        refunded_minor=0,
        currency="CNY",
    )
    return bank(event, T.TRANSACTION_FOUND, replace(known, **fields))


def refund(event: DisputeOpened, name: T, n: int = 1) -> Signal:
    """What the bank says of refund attempt `n`."""
    return bank(event, name, RefundReport(n))


def trace(event: DisputeOpened, name: T, n: int = 1, **fields: Any) -> Signal:
    """What the bank says of trace `n`."""
    return bank(event, name, TraceReport(n, **fields))


def merchant(event: DisputeOpened, name: T = T.MERCHANT_ACCEPTED, n: int = 1) -> Signal:
    """The merchant's answer to request `n`."""
    return Signal(event.dispute_id, Trigger(name, Actor.MERCHANT, MerchantAnswer(n)))


def decision(event: DisputeOpened, amount_minor: int | None = CAPTURED) -> Signal:
    """An arbitrator grants this amount, paid by the merchant; None: nothing."""
    remedy = Remedy.NONE if amount_minor is None else Remedy.FULL_REFUND
    payer = None if amount_minor is None else Payer.MERCHANT
    made = ArbitratorDecision(Fault.MERCHANT, remedy, "evidence", "ops-1", amount_minor, payer)
    return Signal(event.dispute_id, Trigger(T.ARBITRATOR_DECIDED, Actor.OPS, made))


def timer(event: DisputeOpened, name: T, row: Row) -> Signal:
    """The timer of this row of `tasks` fires."""
    task = (row["id"], row["lease"])
    return Signal(event.dispute_id, Trigger(name), task=task, is_timer=True)


@dataclass(frozen=True, slots=True)
class Stage:
    """One migrated database."""

    engine: AsyncEngine

    async def send(self, *signals: Signal) -> list[Outcome]:
        """One transaction for these signals."""
        async with self.engine.begin() as tx:
            return await advance(tx, signals)

    async def each(self, *signals: Signal) -> list[Outcome]:
        """A transaction for each, one after the other."""
        return [(await self.send(signal))[0] for signal in signals]

    async def rows(self, statement: str, **values: Any) -> list[Row]:
        """What a query finds."""
        async with self.engine.connect() as connection:
            found_rows = await connection.execute(text(statement), values)
            return [dict(row) for row in found_rows.mappings()]

    async def one(self, statement: str, **values: Any) -> Row:
        """The only row of a query."""
        (row,) = await self.rows(statement, **values)
        return row

    async def write(self, statement: str, **values: Any) -> None:
        """A statement of its own transaction."""
        async with self.engine.begin() as tx:
            await tx.execute(text(statement), values)

    async def forge(self, event: DisputeOpened, statement: str, **values: Any) -> None:
        """Change a dispute's row behind the back of its history, which replays no more."""
        await self.write(statement, id=event.dispute_id, **values)
        await self.write(
            "UPDATE history SET money = DEFAULT WHERE dispute_id = :id", id=event.dispute_id
        )

    async def dispute(self, event: DisputeOpened) -> Row:
        """Its row."""
        return await self.one("SELECT * FROM disputes WHERE id = :id", id=event.dispute_id)

    async def history(self, event: DisputeOpened) -> list[tuple[str, str]]:
        """(trigger, result) of every step, oldest first."""
        found_rows = await self.rows(
            "SELECT step, trigger, result FROM history WHERE dispute_id = :id ORDER BY step",
            id=event.dispute_id,
        )
        assert [row["step"] for row in found_rows] == list(range(1, len(found_rows) + 1))
        return [(row["trigger"], row["result"]) for row in found_rows]

    async def tasks(self, event: DisputeOpened) -> dict[str, Row]:
        """Tasks by kind."""
        found_rows = await self.rows(
            "SELECT * FROM tasks WHERE dispute_id = :id", id=event.dispute_id
        )
        return {row["kind"]: row for row in found_rows}

    async def published(self, event: DisputeOpened) -> list[Row]:
        """The status events in the outbox, oldest first, as their data."""
        found_rows = await self.rows(
            "SELECT value FROM outbox WHERE key = :key ORDER BY pos", key=str(event.dispute_id)
        )
        return [from_json(row["value"]) for row in found_rows]

    async def holds(self, event: DisputeOpened) -> dict[str, tuple[int, str]]:
        """Reservations by purpose: (amount in minor units, state)."""
        found_rows = await self.rows(
            "SELECT purpose, amount_minor, state FROM reservations WHERE dispute_id = :id",
            id=event.dispute_id,
        )
        return {row["purpose"]: (int(row["amount_minor"]), row["state"]) for row in found_rows}

    async def money(self, transaction_id: str | None) -> tuple[int, int]:
        """(held, settled) of a transaction in minor units, as the database counted them."""
        row = await self.one(
            "SELECT held_minor, settled_minor FROM transaction_money WHERE transaction_id = :id",
            id=transaction_id,
        )
        return int(row["held_minor"]), int(row["settled_minor"])

    async def until_blocked(self, count: int = 1) -> datetime:
        """Once that many sessions of this database wait for a lock; the database's time then."""
        async with asyncio.timeout(BLOCKED_WITHIN_S):
            while True:
                row = await self.one(
                    "SELECT count(*) AS n, clock_timestamp() AS at FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
                if row["n"] >= count:
                    at: datetime = row["at"]
                    return at
                await clock.sleep(0.01)

    async def to_merchant(self, event: DisputeOpened, captured_minor: int = CAPTURED) -> None:
        """Opened, found at the bank, waiting for the merchant."""
        await self.each(opening(event), found(event, captured_minor))

    async def to_reserved(self, event: DisputeOpened, captured_minor: int = CAPTURED) -> None:
        """Consented; the refund is reserved and about to be sent."""
        await self.to_merchant(event, captured_minor)
        await self.each(merchant(event))

    async def to_arbitration(self, event: DisputeOpened, captured_minor: int = CAPTURED) -> None:
        """Refused by the merchant; a person decides."""
        await self.to_merchant(event, captured_minor)
        await self.each(merchant(event, T.MERCHANT_REFUSED))

    async def to_second_attempt(self, event: DisputeOpened) -> None:
        """The first refund bounced and was given up; a person had it paid once more."""
        await self.to_reserved(event)
        await self.each(refund(event, T.REFUND_ACCEPTED), refund(event, T.REFUND_BOUNCED))
        await self.each(Signal(event.dispute_id, Trigger(T.DESTINATION_DUE)), decision(event))


async def hold_dispute(tx: AsyncConnection, event: DisputeOpened) -> None:
    """Lock its row until `tx` ends, as a slower transaction would."""
    await tx.execute(
        text("SELECT FROM disputes WHERE id = :id FOR UPDATE"), {"id": event.dispute_id}
    )


def results(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.result for outcome in outcomes]


def refund_key(event: DisputeOpened, n: int = 1) -> str:
    return f"{event.dispute_id}:refund:{n}"


def no_such_dispute() -> UUID:
    return ids.new()
