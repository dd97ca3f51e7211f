"""What the tests leave in a tracker's database, through the core once more."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.system import System
from services.tracker.replay.command import Asked, replay
from services.tracker.replay.report import Sums
from shared import db

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
FORGED: Final = "recorded before revision 0002, which added what the core saw of money"


async def replayed(engine: AsyncEngine, since: datetime = BEGINNING) -> Sums:
    """The disputes opened since then. Fails where one would be decided otherwise, with all such.

    A test that writes a dispute's row itself does so by `Stage.forge`, and that one is left out.
    """
    told: list[str] = []
    sums = await replay(engine, Asked(since, NEVER), told.append)
    assert not sums.different, "the history does not replay:\n" + "\n".join(told)
    assert sums.gaps.keys() <= {FORGED}, sums.gaps
    return sums


async def replayed_in(system: System) -> Sums:
    """The same for every dispute of a running system."""
    databases: Any = system.endpoints["postgres"]
    engine = db.engine(databases["tracker"], "test-replay", 1)
    try:
        return await replayed(engine)
    finally:
        await engine.dispose()
