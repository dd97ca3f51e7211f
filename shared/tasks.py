"""Due work of a service: timers and outside calls, one row each, claimed with a lease.

A row is there until it is done. `due_at` is when it may be taken; claiming moves it by the lease,
so work whose taker died comes back by itself. Of what is due, that with the least slack is taken
first: `slack_at` is by when its dispute must have been served.

No index holds both orders: "due by now" and "least slack first". So a row that is due is marked
`ready`, once, and only those that are ready stand in the index by slack: at once where it is due
when it is added; else by the next one who asks, who marks what has come due since, a bounded
number. As long as there is more of that nothing is given, so that the order is exact. What a
question costs depends neither on how much waits nor on how much is not due.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    CursorResult,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import ids

TIMER: Final = "timer"
MARKED_AT_ONCE: Final = 1000
"""So much that has come due is marked by one question, which bounds what it costs."""


@dataclass(frozen=True, slots=True)
class Key:
    """What makes a task unique: a second ask, appeal or partial refund has another `n`."""

    dispute_id: UUID
    leg: str
    kind: str
    n: int


@dataclass(frozen=True, slots=True)
class Task:
    """A task to add. `queue` is `timer`, or the outside party that is called."""

    key: Key
    queue: str
    due_at: datetime
    payload: dict[str, Any] = field(default_factory=dict)
    traceparent: str | None = None
    slack_at: datetime | None = None  # None: as urgent as its own date

    @property
    def urgency(self) -> datetime:
        """By when it must have been served."""
        return self.slack_at or self.due_at


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task that is due; `lease` guards its completion, `attempts` counts this claim too."""

    id: UUID
    key: Key
    queue: str
    due_at: datetime
    payload: dict[str, Any]
    attempts: int
    first_claimed_at: datetime | None
    lease: UUID | None
    traceparent: str | None
    slack_at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked for; `more`: nothing was given, so much had come due. Ask again at once."""

    tasks: list[Claimed]
    more: bool


_ADD = text(
    "INSERT INTO tasks (id, dispute_id, leg, kind, n, queue, due_at, payload, traceparent,"
    " slack_at, ready) SELECT u.*, u.due_at <= clock_timestamp() FROM unnest("
    "CAST(:ids AS uuid[]), CAST(:disputes AS uuid[]), CAST(:legs AS text[]),"
    " CAST(:kinds AS text[]), CAST(:ns AS integer[]), CAST(:queues AS text[]),"
    " CAST(:dues AS timestamptz[]), CAST(:payloads AS json[]), CAST(:traces AS text[]),"
    " CAST(:slacks AS timestamptz[])) AS u(id, dispute_id, leg, kind, n, queue, due_at, payload,"
    " traceparent, slack_at) "
    "ON CONFLICT (dispute_id, leg, kind, n) DO UPDATE SET due_at = excluded.due_at,"
    " payload = excluded.payload, attempts = 0, lease = NULL, first_claimed_at = NULL,"
    " slack_at = excluded.slack_at, ready = excluded.ready"
)
_CANCEL = text(
    "WITH ended AS (DELETE FROM tasks WHERE dispute_id = ANY(CAST(:ended AS uuid[]))) "
    "DELETE FROM tasks t USING (SELECT * FROM unnest(CAST(:disputes AS uuid[]),"
    " CAST(:legs AS text[]), CAST(:kinds AS text[])) AS k(dispute_id, leg, kind)) k "
    "WHERE t.dispute_id = k.dispute_id AND t.leg = k.leg AND t.kind = k.kind"
)
_MOVE = text(
    "UPDATE tasks t SET slack_at = u.slack_at FROM (SELECT * FROM unnest("
    "CAST(:disputes AS uuid[]), CAST(:slacks AS timestamptz[])) AS u(dispute_id, slack_at)) u "
    "WHERE t.dispute_id = u.dispute_id AND t.slack_at <> u.slack_at"
)
_COLUMNS: Final = (
    "id, dispute_id, leg, kind, n, queue, due_at, payload, attempts, first_claimed_at, lease,"
    " traceparent, slack_at"
)
# Nobody waits for a row's lock here, so nobody who holds one can wait for us in a circle.
_CAME_DUE: Final = (
    "WITH came_due AS MATERIALIZED (SELECT id, slack_at FROM tasks "  # noqa: S608 - constant
    "WHERE queue = :queue AND NOT ready AND due_at <= (SELECT clock_timestamp()) "
    f"ORDER BY due_at LIMIT {MARKED_AT_ONCE} FOR UPDATE SKIP LOCKED),"
    f" more AS (SELECT count(*) = {MARKED_AT_ONCE} AS more FROM came_due),"
)
# What is ready is due; older code, while a rollout lasts, puts rows off without unmarking them.
_READY: Final = (
    "FROM tasks WHERE queue = :queue AND ready AND due_at <= (SELECT clock_timestamp()) "
    "ORDER BY slack_at LIMIT :limit"
)
_FIRST: Final = "WHERE NOT (SELECT more FROM more) ORDER BY slack_at LIMIT :limit"
# By arrays of ids: whatever a plan that was kept expects of a LIMIT, it goes by the primary key.
_DUE = text(  # the pieces are constants
    f"{_CAME_DUE} marked AS (UPDATE tasks SET ready = true "  # noqa: S608
    f"WHERE id = ANY(ARRAY(SELECT id FROM came_due)) RETURNING {_COLUMNS}),"
    f" given AS (SELECT * FROM (SELECT * FROM marked UNION ALL (SELECT {_COLUMNS} {_READY})) AS due"
    f" {_FIRST}) SELECT more.more, given.* FROM more LEFT JOIN given ON true"
    " ORDER BY slack_at"
)
_CLAIM = text(  # the pieces are constants
    f"{_CAME_DUE} ready AS MATERIALIZED (SELECT id, slack_at {_READY}"  # noqa: S608
    " FOR UPDATE SKIP LOCKED),"
    " first AS MATERIALIZED (SELECT id"
    f" FROM (SELECT * FROM came_due UNION ALL SELECT * FROM ready) AS due {_FIRST}),"
    " marked AS (UPDATE tasks SET ready = true"
    " WHERE id = ANY(ARRAY(SELECT id FROM came_due EXCEPT SELECT id FROM first))),"
    " given AS (UPDATE tasks SET lease = gen_random_uuid(), attempts = attempts + 1,"
    " first_claimed_at = coalesce(first_claimed_at, clock_timestamp()), ready = false,"
    " due_at = clock_timestamp() + make_interval(secs => :lease_s)"
    f" WHERE id = ANY(ARRAY(SELECT id FROM first)) RETURNING {_COLUMNS}) "
    "SELECT more.more, given.* FROM more LEFT JOIN given ON true ORDER BY slack_at"
)
# A timer has no lease: one that was set anew meanwhile is due later, and stays.
_DONE = text(
    "DELETE FROM tasks t USING (SELECT * FROM unnest(CAST(:ids AS uuid[]),"
    " CAST(:leases AS uuid[])) AS d(id, lease)) d "
    "WHERE t.id = d.id AND t.lease IS NOT DISTINCT FROM d.lease"
    " AND (t.lease IS NOT NULL OR t.due_at <= clock_timestamp()) RETURNING t.id"
)
_LATER = text(
    "UPDATE tasks SET due_at = :due_at, attempts = :attempts, ready = false"
    " WHERE id = :id AND lease IS NOT DISTINCT FROM :lease"
    " AND (lease IS NOT NULL OR due_at <= clock_timestamp())"
)


def declare(metadata: MetaData) -> None:
    """Add the table to a service's metadata, so that `alembic check` knows it."""
    Table(
        "tasks",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("dispute_id", Uuid, nullable=False),
        Column("leg", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("n", Integer, nullable=False),
        Column("queue", Text, nullable=False),
        Column("due_at", DateTime(timezone=True), nullable=False),
        Column("payload", JSON, nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("first_claimed_at", DateTime(timezone=True)),
        Column("lease", Uuid),
        Column("traceparent", Text),
        UniqueConstraint("dispute_id", "leg", "kind", "n", name="tasks_once"),
        Column(
            "slack_at",
            DateTime(timezone=True),
            nullable=False,
            server_default=text("clock_timestamp()"),
        ),
        Column("ready", Boolean, nullable=False, server_default=text("false")),
        Index("tasks_later", "queue", "due_at", postgresql_where=text("NOT ready")),
        Index("tasks_ready", "queue", "slack_at", postgresql_where=text("ready")),
    )


async def add(tx: AsyncConnection, tasks: Sequence[Task]) -> None:
    """Add tasks in the transaction that decides them; the same key again moves its due time."""
    if not tasks:
        return
    # The last of a key counts: one statement may not touch the same row twice.
    unique = {(t.key.dispute_id, t.key.leg, t.key.kind, t.key.n): t for t in tasks}
    ordered = [unique[key] for key in sorted(unique)]
    await tx.execute(
        _ADD,
        {
            "ids": [ids.new() for _ in ordered],
            "disputes": [t.key.dispute_id for t in ordered],
            "legs": [t.key.leg for t in ordered],
            "kinds": [t.key.kind for t in ordered],
            "ns": [t.key.n for t in ordered],
            "queues": [t.queue for t in ordered],
            "dues": [t.due_at for t in ordered],
            "payloads": [to_json(t.payload).decode() for t in ordered],
            "traces": [t.traceparent for t in ordered],
            "slacks": [t.urgency for t in ordered],
        },
    )


async def cancel(
    tx: AsyncConnection,
    keys: Collection[tuple[UUID, str, str]] = (),
    ended: Collection[UUID] = (),
) -> None:
    """Take back every task of (dispute, leg, kind), and all of the disputes that ended.

    In the transaction that changes the state.
    """
    if not keys and not ended:
        return
    ordered = sorted(set(keys))
    await tx.execute(
        _CANCEL,
        {
            "ended": sorted(ended),
            "disputes": [dispute for dispute, _, _ in ordered],
            "legs": [leg for _, leg, _ in ordered],
            "kinds": [kind for _, _, kind in ordered],
        },
    )


async def due(tx: AsyncConnection, queue: str, limit: int) -> Given:
    """What is due, without a lease: for timers, which are re-checked under the dispute's lock."""
    return _given(await tx.execute(_DUE, {"queue": queue, "limit": limit}))


async def claim(tx: AsyncConnection, queue: str, limit: int, lease_s: float) -> Given:
    """Take due calls for `lease_s`, least slack first; no more than there are free slots.

    What another transaction is marking or taking at this moment is passed over.
    """
    return _given(await tx.execute(_CLAIM, {"queue": queue, "limit": limit, "lease_s": lease_s}))


async def moved(tx: AsyncConnection, slacks: Mapping[UUID, datetime]) -> None:
    """The tasks of these disputes are as urgent as that from now on."""
    if not slacks:
        return
    disputes = sorted(slacks)
    await tx.execute(_MOVE, {"disputes": disputes, "slacks": [slacks[d] for d in disputes]})


async def done(tx: AsyncConnection, claimed: Sequence[tuple[UUID, UUID | None]]) -> set[UUID]:
    """Remove tasks whose lease still stands; the answer holds those that were still there.

    A task taken without a lease (`due`) is removed only while it is due.
    """
    if not claimed:
        return set()
    ordered = sorted(set(claimed), key=lambda pair: pair[0])
    found = await tx.execute(
        _DONE, {"ids": [c[0] for c in ordered], "leases": [c[1] for c in ordered]}
    )
    return set(found.scalars())


async def later(tx: AsyncConnection, task: Claimed, due_at: datetime, attempts: int) -> None:
    """Try again at that time, if the lease still stands; `attempts` is what counts so far."""
    await tx.execute(
        _LATER, {"id": task.id, "lease": task.lease, "due_at": due_at, "attempts": attempts}
    )


def _given(rows: CursorResult[Any]) -> Given:
    """There is always a row, which says whether there is more."""
    found = list(rows.mappings())
    return Given([_claimed(row) for row in found if row["id"]], found[0]["more"])


def _claimed(row: Any) -> Claimed:
    payload = row["payload"]
    return Claimed(
        id=row["id"],
        key=Key(row["dispute_id"], row["leg"], row["kind"], row["n"]),
        queue=row["queue"],
        due_at=row["due_at"],
        payload=from_json(payload) if isinstance(payload, str) else payload,
        attempts=row["attempts"],
        first_claimed_at=row["first_claimed_at"],
        lease=row["lease"],
        traceparent=row["traceparent"],
        slack_at=row["slack_at"],
    )
