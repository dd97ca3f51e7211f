"""The only place that reads a clock or sleeps; tests replace these functions."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_AFTER_LOCKS = text("SELECT clock_timestamp()")


def utcnow() -> datetime:
    """This machine's wall clock, UTC. Decisions use `after_locks` instead."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def monotonic() -> float:
    """Seconds since some start; only differences mean anything."""
    return time.monotonic()  # noqa: TID251 - this is the one place


async def sleep(seconds: float) -> None:
    """Give the loop away for that long."""
    await asyncio.sleep(seconds)  # noqa: TID251 - this is the one place


def later(seconds: float, act: Callable[..., object], *given: object) -> asyncio.TimerHandle:
    """Call `act(*given)` after that long, unless the handle is cancelled before."""
    return asyncio.get_running_loop().call_later(seconds, act, *given)


async def after_locks(tx: AsyncConnection) -> datetime:
    """The database's clock, read once the locks are held.

    Not `now()`, which is the start of the transaction and was 2 s stale after a 2 s wait.
    """
    return (await tx.execute(_AFTER_LOCKS)).scalar_one()  # type: ignore[no-any-return]


class Pace:
    """Lets through at most once every `every_s`: what comes meanwhile is served together.

    Where nothing was let through for that long, nobody waits.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._last = -every_s

    async def wait(self) -> None:
        """Return `every_s` after the last return, or at once."""
        ahead = self._last + self._every_s - monotonic()
        if ahead > 0:
            await sleep(ahead)
        self._last = monotonic()
