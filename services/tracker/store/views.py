"""Reads for people: the state list and one dispute whole. No locks."""

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_COUNTS = text(
    "SELECT status, count(*) AS n FROM disputes WHERE open GROUP BY status ORDER BY status"
)
_OVERDUE = text(
    "SELECT count(*) FROM disputes WHERE open AND promised_at < (SELECT clock_timestamp())"
)
_OPEN = text(
    "SELECT id, reference, kind, status, promised_at, opened_at, updated_at, version, arbitration,"
    " extract(epoch FROM promised_at - clock_timestamp()) AS left_s,"
    " snapshot->>'next_actor' AS next_actor FROM disputes "
    "WHERE open AND (CAST(:status AS text) IS NULL OR status = :status) AND (promised_at, id) >"
    " (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)) "
    "ORDER BY promised_at, id LIMIT :limit"
)
_ALL = text(
    "SELECT id, reference, kind, status, promised_at, opened_at, updated_at, version, arbitration,"
    " extract(epoch FROM promised_at - clock_timestamp()) AS left_s,"
    " snapshot->>'next_actor' AS next_actor FROM disputes "
    "WHERE (CAST(:status AS text) IS NULL OR status = :status) AND (updated_at, id) <"
    " (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)) "
    "ORDER BY updated_at DESC, id DESC LIMIT :limit"
)
_ONE = text(
    "SELECT d.*, clock_timestamp() AS read_at, a.id AS about_dispute_id FROM disputes d"
    " LEFT JOIN disputes a ON a.reference = d.about_reference WHERE d.id = :id"
)
_HISTORY = text(
    "SELECT step, at, trigger, actor, input, result, reason, legs, status, versions FROM history "
    "WHERE dispute_id = :id ORDER BY step DESC LIMIT 500"
)
_HOLDS = text(
    "SELECT purpose, transaction_id, amount_minor, state FROM reservations "
    "WHERE dispute_id = :id ORDER BY purpose"
)
_TASKS = text(
    "SELECT leg, kind, n, queue, due_at, attempts FROM tasks WHERE dispute_id = :id "
    "ORDER BY due_at LIMIT 100"
)


async def state_list(
    connection: AsyncConnection,
    *,
    status: str | None,
    open_only: bool,
    after: str | None,
    limit: int,
) -> dict[str, Any]:
    """Open disputes by time left, or all by last change; counts of the open ones by status.

    `after` is the `next` of the page before; one that does not parse begins again.
    """
    counts = {row.status: row.n for row in await connection.execute(_COUNTS)}
    overdue = (await connection.execute(_OVERDUE)).scalar_one()
    at, dispute_id = _read_cursor(after) or _beginning(open_only=open_only)
    rows = await connection.execute(
        _OPEN if open_only else _ALL,
        {"status": status, "after_at": at, "after_id": dispute_id, "limit": limit},
    )
    disputes = [dict(row) for row in rows.mappings()]
    last = disputes[-1] if len(disputes) == limit else None
    key = "promised_at" if open_only else "updated_at"
    return {
        "counts": counts,
        "open": sum(counts.values()),
        "overdue": overdue,
        "disputes": disputes,
        "next": _cursor(last[key], last["id"]) if last else None,
    }


async def one(connection: AsyncConnection, dispute_id: UUID) -> dict[str, Any] | None:
    """The dispute's row with its facts and snapshot; free text stays sealed.

    `read_at` is the database's time. `about_dispute_id` is the dispute of its `about_reference`,
    null where it has none, or where that dispute has not come here yet.
    """
    row = (await connection.execute(_ONE, {"id": dispute_id})).mappings().one_or_none()
    if row is None:
        return None
    return dict(row)


async def whole(connection: AsyncConnection, dispute_id: UUID) -> dict[str, Any] | None:
    """The dispute with its newest history, its holds and its tasks."""
    found = await one(connection, dispute_id)
    if found is None:
        return None
    history = await connection.execute(_HISTORY, {"id": dispute_id})
    found["history"] = [dict(row) for row in history.mappings()]
    holds = await connection.execute(_HOLDS, {"id": dispute_id})
    found["holds"] = [dict(row) for row in holds.mappings()]
    waiting = await connection.execute(_TASKS, {"id": dispute_id})
    found["tasks"] = [dict(row) for row in waiting.mappings()]
    return found


def _beginning(*, open_only: bool) -> tuple[datetime, UUID]:
    edge = "0001-01-01T00:00:00+00:00" if open_only else "9999-01-01T00:00:00+00:00"
    return datetime.fromisoformat(edge), UUID(int=0)


def _cursor(at: datetime, dispute_id: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{dispute_id}".encode()).decode()


def _read_cursor(after: str | None) -> tuple[datetime, UUID] | None:
    if not after:
        return None
    try:
        at, _, dispute_id = base64.urlsafe_b64decode(after).decode().partition("|")
        moment = datetime.fromisoformat(at)
        return (moment, UUID(dispute_id)) if moment.tzinfo else None
    except (ValueError, binascii.Error):
        return None
