"""Millions of disputes and their tasks, made by SQL from a few that the tracker itself has made.

Every row is a copy of a real one with ids, dates and amounts of its own, so that facts and
snapshots are as wide as in life. Secondary indexes and the counting triggers are put aside while
rows are inserted, and made again as they were.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.tracker.domain.triggers import T
from services.tracker.handlers import Signal
from services.tracker.store.rows import LEG_COLUMNS
from shared.contracts.vocabulary import Kind
from tests.integration.tracker.stage import Stage, merchant, opened, opening, refund, wish

JUST_DUE: Final = 100  # calls, and as many timers, that nobody has looked at since they fell due
LATE: Final = 49  # every so many-th of the open ones has broken a date, which is its slack
SAMPLE: Final = 20_000  # disputes with a history and a reservation, of the first ones
_AT_ONCE: Final = 250_000
_SHIFT: Final = "000000000000"
_COLUMNS: Final = (
    "kind, reason, customer_id, merchant_id, requested_minor, currency, refundable_until,"
    " occurred_at, profile, profile_version, calendar, calendar_version, first_promise_rule, "
    + ", ".join(LEG_COLUMNS)
    + ", facts, version, steps, status, open, snapshot"
)
# Over a month, as openings of a month are promised.
_PROMISED: Final = (
    "statement_timestamp() + interval '1 hour'"
    " + ((n * CAST(7919 AS bigint)) % 2592000) * interval '1 second'"
)
_DISPUTES = text(
    "INSERT INTO disputes (id, claim_id, reference, transaction_id, opened_at,"  # noqa: S608 - constants
    f" first_promised_at, {_COLUMNS}, promised_at, slack_at, updated_at, ended_at) "
    "SELECT CAST(lpad(to_hex(n), 8, '0') || '-5ca1-7000-8000-" + _SHIFT + "' AS uuid),"
    " CAST(lpad(to_hex(n), 8, '0') || '-5ca1-7000-8000-" + _SHIFT + "' AS uuid),"  # noqa: S608
    " lpad(CAST(n AS text), 12, '0'), 'tx-' || n, t.opened_at - n * interval '1 second',"
    f" t.first_promised_at - n * interval '1 second', {_COLUMNS},"
    f" CASE WHEN t.open THEN {_PROMISED} END,"
    f" CASE WHEN t.open THEN {_PROMISED} - CASE WHEN n % {LATE} = 0 THEN interval '31 days'"
    " ELSE interval '0' END END,"
    " t.updated_at - ((n * CAST(7919 AS bigint)) % 31536000) * interval '1 second',"
    " CASE WHEN NOT t.open THEN t.updated_at"
    "  - ((n * CAST(7919 AS bigint)) % 31536000) * interval '1 second' END "
    "FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n"
    " JOIN (SELECT d.*, row_number() OVER (ORDER BY d.id) - 1 AS nth FROM disputes d"
    "  WHERE d.id = ANY(CAST(:models AS uuid[]))) t ON t.nth = n % :kinds"
)
_TASKS = text(
    "INSERT INTO tasks (id, dispute_id, leg, kind, n, queue, due_at, payload, slack_at) "
    "SELECT gen_random_uuid(), d.id, k.leg, k.kind, 0, 'timer',"
    " d.promised_at - k.ahead * interval '1 minute', '{}', d.slack_at "
    "FROM disputes d CROSS JOIN (VALUES ('verdict', 'promise_due', 0),"
    " ('verdict', 'promise_near', 40)) k(leg, kind, ahead) WHERE d.open AND d.steps > 0"
    " AND CAST(d.id AS text) LIKE '%-5ca1-7000-8000-%'"
)
_DUE = text(
    "INSERT INTO tasks (id, dispute_id, leg, kind, n, queue, due_at, payload, slack_at, ready) "
    "SELECT gen_random_uuid(), gen_random_uuid(), 'inquiry', 'inquiry', 1, q.queue,"
    " clock_timestamp() - interval '1 minute', '{}', clock_timestamp() + n * interval '1 minute',"
    " :ready FROM generate_series(1, :due) n CROSS JOIN (VALUES ('bank'), ('timer')) q(queue)"
)
_COPIED: Final = "CAST(d.id AS text) LIKE '%-5ca1-7000-8000-%'"
_LASTING = text(
    "INSERT INTO waits (dispute_id, leg, step, party, began_at) "  # noqa: S608 - constants
    "SELECT d.id, w.leg, d.steps, '', d.opened_at FROM disputes d JOIN (VALUES"
    " ('waiting_for_merchant', 'consent'), ('in_arbitration', 'arbitration'),"
    f" ('refund_sent', 'refund')) w(status, leg) USING (status) WHERE d.open AND {_COPIED}"
)
_OVER = text(
    "INSERT INTO waits (dispute_id, leg, step, party, began_at, ended_at, cut) "  # noqa: S608
    "SELECT d.id, w.leg, 1, '', d.ended_at - interval '3 days', d.ended_at, false FROM disputes d"
    " CROSS JOIN (VALUES ('consent'), ('refund')) w(leg) WHERE NOT d.open"
    f" AND d.ended_at > clock_timestamp() - interval '30 days' AND {_COPIED}"
)
_SAMPLED: Final = (
    "FROM disputes d WHERE d.open AND d.reference <= lpad(CAST(CAST(:most AS bigint) AS text), 12,"
    " '0') AND CAST(d.id AS text) LIKE '%-5ca1-7000-8000-%'"
)
_STEPS = text(
    "INSERT INTO history (dispute_id, step, at, trigger, actor, result, reason, legs, status,"
    " versions, money) SELECT d.id, n, d.opened_at + n * interval '1 minute', 'bank_answered',"
    " 'bank', 'applied', '', 'inquiry=found consent=asked', d.status, 'demo@1 test code@0.1.0',"
    f" NULL {_SAMPLED.replace('WHERE', 'CROSS JOIN generate_series(1, 5) n WHERE', 1)}"
)
_MONEY = text(
    "INSERT INTO transaction_money (transaction_id, captured_minor, held_minor) "
    f"SELECT d.transaction_id, 12800, 6400 {_SAMPLED}"
)
_HOLDS = text(
    "INSERT INTO reservations (dispute_id, purpose, transaction_id, amount_minor, state) "
    f"SELECT d.id, 'refund', d.transaction_id, 6400, 'reserved' {_SAMPLED}"
)
_INDEXES = text(
    "SELECT indexdef, CAST(CAST(indexname AS regclass) AS text) AS name FROM pg_indexes"
    " WHERE schemaname = 'public' AND tablename = ANY(ARRAY['disputes', 'tasks', 'waits'])"
    " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = indexname)"
)
_TRIGGERED: Final = ("disputes", "reservations")
_COUNTS = text(
    "INSERT INTO status_counts SELECT status, count(*) FROM disputes WHERE open GROUP BY status"
)


@dataclass(frozen=True, slots=True)
class Models:
    """Disputes that the tracker has made: still open, and at their end."""

    open: list[UUID]
    closed: list[UUID]


async def models(engine: AsyncEngine) -> Models:
    """A few open and ended ones, each by the tracker's own steps."""
    stage = Stage(engine)
    waiting, deciding, sent, credited, withdrawn = (opened() for _ in range(5))
    missing, gathering = opened(Kind.MISSING_FUNDS), opened(Kind.GOODS_OR_SERVICE)
    await stage.each(opening(missing))
    await stage.to_merchant(waiting)
    for event in (deciding, gathering):
        await stage.to_arbitration(event)
    for event in (sent, credited):
        await stage.to_reserved(event)
    await stage.each(refund(sent, T.REFUND_ACCEPTED), refund(credited, T.REFUND_CREDITED))
    await stage.each(opening(withdrawn), wish(withdrawn))
    standing = (missing, waiting, deciding, gathering, sent)
    return Models(
        [event.dispute_id for event in standing], [credited.dispute_id, withdrawn.dispute_id]
    )


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many disputes beside the models; so many calls wait, and as many timers.

    Where they are not `wide`, facts and snapshots of the ended are short, which saves time.
    """

    closed: int
    open: int
    due: int
    wide: bool = True


async def fill(engine: AsyncEngine, crowd: Crowd) -> None:
    """Disputes with their tasks and waits, beside those that `models` makes; then ANALYZE."""
    made = await models(engine)
    patient = create_async_engine(engine.url, pool_size=1)  # without the services' time limits
    try:
        await _fill(patient, made, crowd)
    finally:
        await patient.dispose()


async def _fill(engine: AsyncEngine, made: Models, crowd: Crowd) -> None:
    async with engine.begin() as tx:
        indexes = [(row.name, row.indexdef) for row in await tx.execute(_INDEXES)]
        for name, _ in indexes:
            await tx.execute(text(f"DROP INDEX {name}"))
        for table in _TRIGGERED:
            await tx.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        await tx.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        await _rows(tx, made, crowd)
        for _, definition in indexes:
            await tx.execute(text(definition))
        for told in (_STEPS, _MONEY, _HOLDS):
            await tx.execute(told, {"most": SAMPLE})
        for table in _TRIGGERED:
            await tx.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        await tx.execute(text("DELETE FROM status_deltas"))
        await tx.execute(_COUNTS)
    async with engine.connect() as connection:
        raw = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await raw.execute(text("VACUUM ANALYZE"))


async def _rows(tx: AsyncConnection, made: Models, crowd: Crowd) -> None:
    if not crowd.wide:
        short = "UPDATE disputes SET snapshot = NULL, facts = '{}' WHERE NOT open"
        await tx.execute(text(short))
    await _copies(tx, made.open, 1, crowd.open)
    await _copies(tx, made.closed, crowd.open + 1, crowd.open + crowd.closed)
    for told in (_TASKS, _LASTING, _OVER):
        await tx.execute(told)
    await tx.execute(_DUE, {"due": crowd.due, "ready": True})
    await tx.execute(_DUE, {"due": JUST_DUE, "ready": False})


async def _copies(tx: AsyncConnection, of: list[UUID], first: int, last: int) -> None:
    for begin in range(first, last + 1, _AT_ONCE):
        end = min(last, begin + _AT_ONCE - 1)
        values = {"models": of, "kinds": len(of), "first": begin, "last": end}
        await tx.execute(_DISPUTES, values)


async def fresh(engine: AsyncEngine, count: int) -> list[Signal]:
    """Disputes that wait for their merchants, each with the answer that comes next."""
    events = [opened() for _ in range(count)]
    stage = Stage(engine)
    for event in events:
        await stage.to_merchant(event)
    return [merchant(event, T.MERCHANT_REFUSED) for event in events]


def copied(n: int) -> UUID:
    """The id of the `n`-th copy, from 1 on."""
    return UUID(f"{n:08x}-5ca1-7000-8000-{_SHIFT}")


SOON: Final = timedelta(days=15)  # half of the open ones have less slack
