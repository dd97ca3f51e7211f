"""Reads for people: the state list and one dispute whole. No locks."""

import base64
import binascii
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.vocabulary import ENDS

_COUNTS = text(
    "SELECT status, sum(n) AS n FROM (SELECT status, n FROM status_counts"
    " UNION ALL SELECT status, delta FROM status_deltas) c GROUP BY status HAVING sum(n) <> 0 "
    "ORDER BY status"
)
_FOLD = text(
    "WITH gone AS (DELETE FROM status_deltas WHERE id = ANY(ARRAY(SELECT id FROM status_deltas"
    " ORDER BY id LIMIT 5000 FOR UPDATE SKIP LOCKED)) RETURNING status, delta) "
    "INSERT INTO status_counts SELECT status, sum(delta) FROM gone GROUP BY status ORDER BY status "
    "ON CONFLICT (status) DO UPDATE SET n = status_counts.n + excluded.n"
)
MOST_OVERDUE: Final = 1000  # more are counted as so many: a count of all would cost more and more
_OVERDUE = text(
    "SELECT count(*) FROM (SELECT FROM disputes WHERE open AND slack_at <"
    " (SELECT clock_timestamp()) LIMIT :most) d"
)
_LISTED: Final = (
    "SELECT id, reference, kind, status, promised_at, slack_at, opened_at, updated_at, version,"
    " arbitration, extract(epoch FROM slack_at - clock_timestamp()) AS left_s,"
    " snapshot->>'next_actor' AS next_actor FROM disputes WHERE "
)
_AFTER: Final = "(CAST(:after_at AS timestamptz), CAST(:after_id AS uuid))"
_BY_SLACK: Final = f"(slack_at, id) > {_AFTER} ORDER BY slack_at, id LIMIT :limit"
_BY_CHANGE: Final = f"(updated_at, id) < {_AFTER} ORDER BY updated_at DESC, id DESC LIMIT :limit"
# Each has an index that gives its page in its order.
_OPEN = text(f"{_LISTED} open AND {_BY_SLACK}")
_OPEN_OF = text(f"{_LISTED} open AND status = :status AND {_BY_SLACK}")
_ENDED_OF = text(f"{_LISTED} NOT open AND status = :status AND {_BY_CHANGE}")
_ALL = text(f"{_LISTED} {_BY_CHANGE}")
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
    """Open disputes by slack, or all by last change; counts of the open ones by status.

    Those of one status are open, or have ended: then by last change, whatever `open_only` says.
    `overdue` counts 1000 at most.
    `after` is the `next` of the page before; one that does not parse begins again.
    """
    counts = {row.status: int(row.n) for row in await connection.execute(_COUNTS)}
    overdue = (await connection.execute(_OVERDUE, {"most": MOST_OVERDUE})).scalar_one()
    by_slack = open_only if status is None else status not in ENDS
    at, dispute_id = _read_cursor(after) or _beginning(open_only=by_slack)
    values = {"after_at": at, "after_id": dispute_id, "limit": limit}
    if status is None:
        rows = await connection.execute(_OPEN if by_slack else _ALL, values)
    else:
        rows = await connection.execute(
            _OPEN_OF if by_slack else _ENDED_OF, values | {"status": status}
        )
    disputes = [dict(row) for row in rows.mappings()]
    last = disputes[-1] if len(disputes) == limit else None
    key = "slack_at" if by_slack else "updated_at"
    return {
        "counts": counts,
        "open": sum(counts.values()),
        "overdue": overdue,
        "disputes": disputes,
        "next": cursor(last[key], last["id"]) if last else None,
    }


async def fold_counts(tx: AsyncConnection) -> None:
    """Add what has changed to the sums, some thousand rows at a time."""
    await tx.execute(_FOLD)


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


def cursor(at: datetime, dispute_id: UUID) -> str:
    """Where the page after that row begins."""
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
