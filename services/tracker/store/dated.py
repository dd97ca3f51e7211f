"""Open disputes of a profile with the timers that a rule has set, under their locks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.domain.dispute import Dispute
from services.tracker.domain.reschedule import Dated
from services.tracker.domain.states import Leg
from services.tracker.domain.triggers import T
from services.tracker.store import disputes as store

PAGE: Final = 200
_OPEN = text(
    "SELECT id FROM disputes WHERE open AND profile = :profile AND id > :after "
    "ORDER BY id LIMIT :page"
)
_TIMERS = text(
    "SELECT dispute_id, leg, kind, due_at, payload->>'rule' AS rule, payload->>'from' AS start "
    "FROM tasks WHERE dispute_id = ANY(CAST(:ids AS uuid[])) AND queue = 'timer' "
    "AND payload->>'rule' IS NOT NULL ORDER BY dispute_id, leg, kind"
)


async def page(
    tx: AsyncConnection, profile: str, after: UUID
) -> tuple[dict[UUID, Dispute], Mapping[UUID, Sequence[Dated]]]:
    """The next open disputes of a profile after that id, locked, each with its timers."""
    values = {"profile": profile, "after": after, "page": PAGE}
    ids = list((await tx.execute(_OPEN, values)).scalars())
    locked = await store.lock(tx, ids)
    timers: dict[UUID, list[Dated]] = {dispute_id: [] for dispute_id in locked}
    for row in await tx.execute(_TIMERS, {"ids": ids}):
        start = datetime.fromisoformat(row.start)
        timer = Dated(Leg(row.leg), T(row.kind), row.due_at, row.rule, start)
        timers[row.dispute_id].append(timer)
    return locked, timers
