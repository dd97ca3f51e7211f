"""One clock for services, databases and the outside world, which a test moves on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import pytest

from shared import clock

# A Monday, nine o'clock in Shanghai, and for weeks no holiday that would move a deadline.
BEGINS: Final = datetime(2026, 6, 29, 1, 0, tzinfo=UTC)
_AFTER: Final = timedelta(milliseconds=1)
_AT_ONCE_S: Final = 0.1
_utcnow, _sleep = clock.utcnow, clock.sleep

# PostgreSQL looks for functions where the search path says: this one is found before its own.
_CLOCK: Final = """
CREATE SCHEMA simulated;
CREATE TABLE simulated.clock (ahead interval NOT NULL);
INSERT INTO simulated.clock VALUES ('0');
CREATE FUNCTION simulated.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
  'SELECT pg_catalog.clock_timestamp() + (SELECT ahead FROM simulated.clock)'
"""
_AHEAD: Final = "UPDATE simulated.clock SET ahead = $1"


@dataclass(slots=True)
class _Wait:
    """Something that is done when its time has come, by this clock or because it was moved."""

    due_at: datetime
    act: Callable[[], object]
    timer: asyncio.TimerHandle | None = None


class _Handle:
    """What `clock.later` answers, as far as anybody uses it."""

    def __init__(self, waits: list[_Wait], wait: _Wait) -> None:
        self._waits = waits
        self._wait = wait

    def come(self) -> None:
        self.cancel()
        self._wait.act()

    def cancel(self) -> None:
        if self._wait in self._waits:
            self._waits.remove(self._wait)
        if self._wait.timer:
            self._wait.timer.cancel()


@dataclass(slots=True)
class Time:
    """It runs as time does, and is moved on where a story says that days pass."""

    databases: Sequence[asyncpg.Connection]
    ahead: timedelta = timedelta(0)
    outside: list[_Wait] = field(default_factory=list)  # what providers will do
    sleepers: list[_Wait] = field(default_factory=list)

    def now(self) -> datetime:
        return _utcnow() + self.ahead

    def later(self, seconds: float, act: Callable[..., object], *given: object) -> Any:
        return self._wait(self.outside, seconds, lambda: act(*given))

    async def sleep(self, seconds: float) -> None:
        """Also woken when the clock is moved."""
        if seconds <= 0:
            await _sleep(0)
            return
        woken = asyncio.Event()
        handle = self._wait(self.sleepers, seconds, woken.set)
        try:
            await woken.wait()
        finally:
            handle.cancel()

    def _wait(self, waits: list[_Wait], seconds: float, act: Callable[[], object]) -> _Handle:
        wait = _Wait(self.now() + timedelta(seconds=seconds), act)
        waits.append(wait)
        self._arm(waits, wait)
        return _Handle(waits, wait)

    def _arm(self, waits: list[_Wait], wait: _Wait) -> None:
        if wait.timer:
            wait.timer.cancel()
        left_s = max(0.0, (wait.due_at - self.now()).total_seconds())
        come = _Handle(waits, wait).come
        wait.timer = asyncio.get_running_loop().call_later(left_s, come)

    def is_anything_due(self) -> bool:
        """Whether a provider is about to do something."""
        soon = self.now() + timedelta(seconds=_AT_ONCE_S)
        return any(wait.due_at <= soon for wait in self.outside)

    async def move_to(self, moment: datetime) -> None:
        """It is then, for everybody; who waited for it goes on."""
        self.ahead = moment + _AFTER - _utcnow()
        for database in self.databases:
            await database.execute(_AHEAD, self.ahead)
        for waits in (self.outside, self.sleepers):
            for wait in sorted(waits, key=_due):
                self._arm(waits, wait)

    async def passes(
        self,
        span: timedelta,
        timers: Callable[[], Awaitable[datetime | None]],
        settled: Callable[[], Awaitable[None]],
    ) -> None:
        """Every timer and every act outside has its own moment, in their order."""
        until = self.now() + span
        while True:
            told = [wait.due_at for wait in self.outside]
            timer = await timers()
            coming = min([*told, *([timer] if timer else []), until])
            await self.move_to(min(max(coming, self.now()), until))
            await settled()
            if coming == until:
                return

    @staticmethod
    async def rest() -> None:
        """A moment of real time."""
        await _sleep(0.002)


def _due(wait: _Wait) -> datetime:
    return wait.due_at


@asynccontextmanager
async def moving(monkeypatch: pytest.MonkeyPatch, *dsns: str) -> AsyncIterator[Time]:
    """Before anything else connects to these databases."""
    databases = [await _with_clock(dsn) for dsn in dsns]
    time = Time(databases)
    await time.move_to(BEGINS)
    monkeypatch.setattr(clock, "utcnow", time.now)
    monkeypatch.setattr(clock, "later", time.later)
    monkeypatch.setattr(clock, "sleep", time.sleep)
    try:
        yield time
    finally:
        for database in databases:
            await database.close()


async def _with_clock(dsn: str) -> asyncpg.Connection:
    database = await asyncpg.connect(dsn)
    name = await database.fetchval("SELECT quote_ident(current_database())")
    await database.execute(_CLOCK)
    await database.execute(f"ALTER DATABASE {name} SET search_path = simulated, public, pg_catalog")
    await database.execute("SET search_path = simulated, public, pg_catalog")
    return database
