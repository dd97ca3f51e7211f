"""Measures the waits now and then, and says what is to be told of those that begin."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.tracker.domain.estimates import (
    KEPT_S,
    NOTHING_MEASURED,
    Estimate,
    Measured,
    Seen,
    Wait,
    estimate,
)
from services.tracker.domain.queueing import HOUR_S
from services.tracker.domain.states import Leg
from services.tracker.domain.waits import LEGS
from services.tracker.store import waits
from shared import clock, db
from shared.observe import Progress, log

EVERY_S: Final = 30.0
_TIMES: Final = 50  # as long as a cycle took: counting what waits takes longer as queues grow
_LONGEST_S: Final = 300.0
_ENDED: Final = 100  # of each hour: a week of them is read in as many milliseconds
_RUNNING: Final = 1000
_HOURS_AT_ONCE: Final = 24  # that are read at the start, so that no cycle takes long
_LATE: Final = timedelta(minutes=2)  # a transaction that ends late changes the hour before

Hour = tuple[int, list[Wait]]


class Measuring:
    """Keeps the newest measurement in memory. What was measured of an hour that is over stays so.

    A cycle reads the hour that runs, what lasts, and a bounded number of hours not read yet, the
    newest first.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._hours: dict[Leg, dict[int, Hour]] = {leg: {} for leg in LEGS}
        self._newest: Measured = NOTHING_MEASURED
        self.progress = Progress("tracker-measuring", stale_after_s=600)

    def measured(self) -> Measured:
        """What to tell of waits that begin now."""
        return self._newest

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            began, pause_s = clock.monotonic(), EVERY_S
            try:
                await self.measure()
                pause_s = pause_after(clock.monotonic() - began)
            except Exception as error:
                if not db.is_outage(error):
                    raise
                log.warning("measuring.retry", error=type(error).__name__)
            self.progress.beat()
            await clock.sleep(pause_s)

    async def measure(self) -> None:
        """Once: what is told from now on."""
        found: dict[Leg, Estimate] = {}
        for leg in LEGS:
            async with self._engine.connect() as connection:
                now = await clock.after_locks(connection)
                await self._read(connection, leg, now)
                each, lasting = await waits.running(connection, leg, _RUNNING)
            seen = self._seen(leg, lasting, each)
            measured = await asyncio.to_thread(estimate, leg, seen, now.timestamp())
            if measured:
                found[leg] = measured
        self._newest = found

    async def _read(self, connection: AsyncConnection, leg: Leg, now: datetime) -> None:
        hours = self._hours[leg]
        newest, settled = _hour(now), _hour(now - _LATE)
        oldest = newest - int(KEPT_S / HOUR_S)
        for hour in [hour for hour in hours if hour < oldest]:
            del hours[hour]
        missing = [h for h in range(newest, oldest - 1, -1) if h not in hours or h >= settled]
        for hour in missing[:_HOURS_AT_ONCE]:
            start, stop = _moment(hour), _moment(hour + 1)
            hours[hour] = await waits.ended_in(connection, leg, start, stop, _ENDED)

    def _seen(self, leg: Leg, lasting: list[Wait], each: float) -> Seen:
        hours = sorted(self._hours[leg].items())
        return Seen(
            ended=[(wait, n / len(some)) for _, (n, some) in hours for wait in some],
            running=lasting,
            running_each=each,
            served={hour: n for hour, (n, _) in hours},
        )


def pause_after(took_s: float) -> float:
    """Seconds until the next cycle: so that measuring is a small part of one connection's time."""
    return min(_LONGEST_S, max(EVERY_S, _TIMES * took_s))


def _hour(moment: datetime) -> int:
    return int(moment.timestamp() // HOUR_S)


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * HOUR_S, UTC)
