"""The same work in a large and in an almost empty database, by turns."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.tracker.handlers import Signal, advance
from services.tracker.store import disputes as store
from services.tracker.store import views
from shared import clock, tasks
from tests.bench.scale.fill import SOON, Crowd, copied

Work = Callable[[AsyncConnection], Awaitable[Any]]
MOST: Final = 2.0
WARM_UP: Final = 5
_SEED: Final = 20_261_008


@dataclass(frozen=True, slots=True)
class Ground:
    """A database with its copies, the open ones first, numbered from 1."""

    engine: AsyncEngine
    crowd: Crowd
    answers: list[Signal]


@dataclass(frozen=True, slots=True)
class Figure:
    """Milliseconds at the median, and how many times as much the large one costs."""

    name: str
    small_ms: float
    large_ms: float

    @property
    def ratio(self) -> float:
        """Large by small."""
        return self.large_ms / self.small_ms

    def __str__(self) -> str:
        return f"{self.name:<34} {self.small_ms:8.2f} ms {self.large_ms:8.2f} ms {self.ratio:6.2f}"


async def figures(small: Ground, large: Ground, repeats: int) -> list[Figure]:
    """Each kind of work `repeats` times in both, by turns; nothing is kept but `advance`'s."""
    found: list[Figure] = []
    for name, work in WORK.items():
        times: tuple[list[float], list[float]] = ([], [])
        for turn in range(repeats + WARM_UP):
            for ground, taken in zip((small, large), times, strict=True):
                took = await _timed(ground, work, turn, keep=name == "a step")
                if turn >= WARM_UP:
                    taken.append(took)
        found.append(Figure(name, median(times[0]) * 1e3, median(times[1]) * 1e3))
    return found


async def _timed(
    ground: Ground, work: Callable[[Ground, int], Work], turn: int, *, keep: bool
) -> float:
    async with ground.engine.connect() as connection:
        do = work(ground, turn)
        async with connection.begin() as transaction:
            began = time.perf_counter()
            await do(connection)
            took = time.perf_counter() - began
            if not keep:
                await transaction.rollback()
    return took


def _claim(ground: Ground, turn: int) -> Work:
    del ground, turn
    return lambda tx: tasks.claim(tx, "bank", 64, 60.0)


def _timers(ground: Ground, turn: int) -> Work:
    del ground, turn
    return lambda tx: tasks.due(tx, tasks.TIMER, 200)


def _list(ground: Ground, turn: int) -> Work:
    del ground, turn
    return lambda tx: views.state_list(tx, status=None, open_only=True, after=None, limit=50)


def _list_of_one_status(ground: Ground, turn: int) -> Work:
    del ground, turn
    status = "in_arbitration"
    return lambda tx: views.state_list(tx, status=status, open_only=True, after=None, limit=50)


def _list_deep(ground: Ground, turn: int) -> Work:
    after = views.cursor(clock.utcnow() + SOON, copied(1 + turn % ground.crowd.open))
    return lambda tx: views.state_list(tx, status=None, open_only=True, after=after, limit=50)


def _list_all(ground: Ground, turn: int) -> Work:
    del ground, turn
    return lambda tx: views.state_list(tx, status=None, open_only=False, after=None, limit=50)


def _list_ended(ground: Ground, turn: int) -> Work:
    del ground, turn
    status = "credited"
    return lambda tx: views.state_list(tx, status=status, open_only=False, after=None, limit=50)


def _read(ground: Ground, turn: int) -> Work:
    n = Random(_SEED + turn).randint(1, ground.crowd.open + ground.crowd.closed)
    return lambda tx: views.whole(tx, copied(n))


def _lock(ground: Ground, turn: int) -> Work:
    n = Random(_SEED - turn).randint(1, ground.crowd.open)
    return lambda tx: store.lock(tx, [copied(n)])


def _step(ground: Ground, turn: int) -> Work:
    return lambda tx: advance(tx, [ground.answers[turn]])


WORK: Final[dict[str, Callable[[Ground, int], Work]]] = {
    "claim 64 calls": _claim,
    "look for 200 timers": _timers,
    "list, first page": _list,
    "list of one status": _list_of_one_status,
    "list, a page far down": _list_deep,
    "list of all by change": _list_all,
    "list of one end": _list_ended,
    "read one whole": _read,
    "lock one": _lock,
    "a step": _step,
}


def table(found: Sequence[Figure]) -> str:
    """For people."""
    head = f"{'':<34} {'small':>11} {'large':>11} {'ratio':>6}"
    return "\n".join((head, *map(str, found)))
