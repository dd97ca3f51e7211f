"""Reading disputes: one, by reference, in pages; and what commands and the re-emission need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.events import DisputeOpened, StatusChanged, Step
from shared.contracts.vocabulary import Kind, Status

# JSON is read as text: the driver would parse it, and the models parse faster.
_COLUMNS: Final = (
    "id, sequence, status, open, version, changed_at, transaction_id,"
    " CAST(opening AS text) AS opening, CAST(snapshot AS text) AS snapshot"
)
_ONE: Final = f"SELECT {_COLUMNS} FROM disputes WHERE "  # noqa: S608 - constants
_BY_ID: Final = text(_ONE + "id = :id")
_LOCK: Final = text(_ONE + "id = :id FOR NO KEY UPDATE")
_BY_REFERENCE: Final = text(_ONE + "reference = :reference")
_BY_STAND_IN: Final = text(
    f"{_ONE}reference = (SELECT stands_for FROM stand_ins WHERE reference = :reference)"  # noqa: S608 - constants
)
_STAND_IN: Final = text("INSERT INTO stand_ins (reference, stands_for) VALUES (:reference, :of)")
_NUMBER: Final = text(
    "UPDATE disputes SET sequence = sequence + 1 WHERE id = :id RETURNING sequence"
)
_NAME: Final = text(
    "UPDATE disputes SET transaction_id = :transaction_id, slot = NULL WHERE id = :id"
    " AND (transaction_id IS NULL OR transaction_id = :transaction_id)"
)
_TIMELINE: Final = text(
    "SELECT version, code, at, actor, CAST(params AS text) AS params FROM timeline "
    "WHERE dispute_id = :id ORDER BY version LIMIT 1000"
)
# The relay has its own backlog while Kafka is away: nothing is put on top of a long one.
_BACKLOG: Final = text("SELECT count(*) FROM (SELECT FROM outbox LIMIT :limit) AS waiting")
_UNANSWERED: Final = text(
    "UPDATE disputes d SET emitted_at = clock_timestamp() FROM (SELECT id FROM disputes "
    "WHERE version = 0 AND emitted_at < (SELECT clock_timestamp()) - CAST(:after AS interval) "
    "ORDER BY emitted_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED) AS u "
    "WHERE d.id = u.id RETURNING CAST(d.opening AS text)"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A dispute as the read model has it; `snapshot` is None until the tracker has spoken.

    `transaction_id` is what it was opened with, or what its customer has named since.
    """

    sequence: int
    status: Status
    open: bool
    changed_at: datetime
    opening: DisputeOpened
    snapshot: StatusChanged | None
    transaction_id: str | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None does not narrow. `before` is the last id seen."""

    customer_id: str | None
    kind: Kind | None
    status: Status | None
    open: bool | None
    before: UUID | None


async def by_id(tx: AsyncConnection, dispute_id: UUID) -> Stored | None:
    """The dispute of this id."""
    return _stored((await tx.execute(_BY_ID, {"id": dispute_id})).one_or_none())


async def lock(tx: AsyncConnection, dispute_id: UUID) -> Stored | None:
    """The same, locked until the transaction ends."""
    return _stored((await tx.execute(_LOCK, {"id": dispute_id})).one_or_none())


async def by_reference(tx: AsyncConnection, reference: str) -> Stored | None:
    """The dispute with these twelve digits, or the one that they stand in for."""
    asked = {"reference": reference}
    row = (await tx.execute(_BY_REFERENCE, asked)).one_or_none()
    return _stored(row or (await tx.execute(_BY_STAND_IN, asked)).one_or_none())


async def add_stand_in(tx: AsyncConnection, reference: str, stands_for: str) -> None:
    """Make another reference of a dispute findable."""
    await tx.execute(_STAND_IN, {"reference": reference, "of": stands_for})


async def page(tx: AsyncConnection, filters: Filters, limit: int) -> list[Stored]:
    """Newest first; ids are UUIDv7, so their order is that of opening, and total."""
    clauses = {
        "customer_id": "customer_id = :customer_id",
        "kind": "kind = :kind",
        "status": "status = :status",
        "open": "open = :open",
        "before": "id < :before",
    }
    given = {name: getattr(filters, name) for name in clauses}
    given = {name: value for name, value in given.items() if value is not None}
    where = " AND ".join(clauses[name] for name in given) or "true"
    query = text(f"{_ONE}{where} ORDER BY id DESC LIMIT :limit")  # constants only
    rows = await tx.execute(query, given | {"limit": limit})
    return [stored for row in rows if (stored := _stored(row))]


async def timeline(tx: AsyncConnection, dispute_id: UUID) -> list[tuple[int, Step]]:
    """The tracker's steps by version, at most 1000."""
    rows = await tx.execute(_TIMELINE, {"id": dispute_id})
    return [(row.version, Step.model_validate(_step(row))) for row in rows]


async def next_sequence(tx: AsyncConnection, dispute_id: UUID) -> int:
    """The number of the next command about a dispute; `lock` it first."""
    return (await tx.execute(_NUMBER, {"id": dispute_id})).scalar_one()  # type: ignore[no-any-return]


async def name_transaction(tx: AsyncConnection, dispute_id: UUID, transaction_id: str) -> bool:
    """Note which transaction a dispute is about, once and for all.

    False where another open dispute is about it, or this one about another transaction; nothing
    is changed then, and `tx` goes on.
    """
    try:
        async with tx.begin_nested():
            named = await tx.execute(_NAME, {"id": dispute_id, "transaction_id": transaction_id})
    except IntegrityError:
        return False
    return named.rowcount == 1


async def backlog(tx: AsyncConnection, limit: int) -> int:
    """How many events wait in the outbox, counted up to `limit`."""
    return (await tx.execute(_BACKLOG, {"limit": limit})).scalar_one()  # type: ignore[no-any-return]


async def unanswered(tx: AsyncConnection, after: timedelta, limit: int) -> Sequence[DisputeOpened]:
    """Openings published longer ago than `after` without any status; marked as published now."""
    rows = await tx.execute(_UNANSWERED, {"after": after, "limit": limit})
    return [DisputeOpened.model_validate_json(opening) for opening in rows.scalars()]


def _stored(row: Row[Any] | None) -> Stored | None:
    if row is None:
        return None
    snapshot = StatusChanged.model_validate_json(row.snapshot) if row.snapshot else None
    return Stored(
        sequence=row.sequence,
        status=Status(row.status),
        open=row.open,
        changed_at=row.changed_at,
        opening=DisputeOpened.model_validate_json(row.opening),
        snapshot=snapshot,
        transaction_id=row.transaction_id,
    )


def _step(row: Row[Any]) -> dict[str, Any]:
    return {"code": row.code, "at": row.at, "actor": row.actor, "params": from_json(row.params)}
