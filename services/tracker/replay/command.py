"""`replay`: recorded history through today's core, or through another set of rules."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.tracker.replay.compare import Replay
from services.tracker.replay.report import Sums, block
from services.tracker.store import recorded
from services.tracker.store.recorded import Kept
from shared import clock, db
from shared.rules import BadProfile, Profile, opened_under

NOT_RUN: Final = (BadProfile, db.Unmigrated, OSError, DBAPIError, PostgresError)
Replayed = list[tuple[Kept, Replay]]
_NO_RULES: Final = Profile("", 0, "", "", {}, {}, {})


@dataclass(frozen=True, slots=True)
class Asked:
    """Which disputes, by when they were opened: [since, until), `limit` of them at most.

    Without `until` those opened before the command began; without `rules` each by its own profile.
    """

    since: datetime
    until: datetime | None = None
    limit: int | None = None
    rules: Profile | None = None


async def run(dsn: str, asked: Asked, tell: Callable[[str], None]) -> Sums:
    """Replay what a database has recorded.

    Raises:
        NOT_RUN: the database is away or older than this code, or the profile does not fit.

    """
    engine = db.engine(dsn, "tracker-replay", 1)
    try:
        await db.check_ready(engine, "tracker")
        return await replay(engine, asked, tell)
    finally:
        await engine.dispose()


async def replay(engine: AsyncEngine, asked: Asked, tell: Callable[[str], None]) -> Sums:
    """Tell each dispute that would be decided differently; the sums.

    Disputes may be written meanwhile: each page is one read-only snapshot, which ends before
    anything is told. At most a page of disputes and a window of their steps is in memory.
    """
    snapshots = engine.execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    sums, after, left = Sums(), UUID(int=0), asked.limit
    async with snapshots.begin() as tx:
        until = asked.until or await clock.after_locks(tx)
    while left is None or left > 0:
        async with snapshots.begin() as tx:
            size = recorded.PAGE if left is None else min(left, recorded.PAGE)
            kept = await recorded.disputes(tx, asked.since, until, after, size)
            page = await _replayed(tx, kept, asked.rules)
        if not page:
            break
        for each, replayed in page:
            sums.add(each, replayed)
            if replayed.difference:
                tell(block(each, replayed.difference))
        after = page[-1][0].dispute.claim.dispute_id
        left = None if left is None else left - len(page)
    return sums


async def _replayed(tx: AsyncConnection, page: list[Kept], rules: Profile | None) -> Replayed:
    """Every step of these disputes, a window of all of them at a time."""
    begun = {each.dispute.claim.dispute_id: _begun(each, rules) for each in page}
    after = 0
    while ids := [each.dispute.claim.dispute_id for each in page if each.dispute.steps > after]:
        for step in await recorded.steps(tx, ids, after):
            begun[step.dispute_id].take(step)
        after += recorded.WINDOW
    for each in page:
        begun[each.dispute.claim.dispute_id].end(each)
    return [(each, begun[each.dispute.claim.dispute_id]) for each in page]


def _begun(kept: Kept, rules: Profile | None) -> Replay:
    """A dispute whose own profile is gone cannot be replayed by it."""
    claim = recorded.as_opened(kept)
    replay = Replay(claim, rules)
    try:
        if rules is None:
            opened_under(claim.profile, claim.profile_version)
    except BadProfile:
        replay.gap = f"its profile {claim.profile!r} is not installed"
    return replay
