"""Who is served first when 100,000 come at once: by arrival, or by what is left until the date.

The same cases in the same order before the same people; only the order of work differs. Days are
working days, without nights: nothing here depends on them.
"""

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

SEED: Final = 20261001
DAYS: Final = 60
PER_DAY: Final = 2_500  # come every day
SERVED_PER_DAY: Final = 5_000
SURGE: Final = 100_000
SURGE_DAYS: Final = (10.0, 12.0)  # they all come between these
# Share of the daily work and days to decide it in: the short ones are about theft.
LEADS: Final = ((0.3, 3.0), (1.0, 10.0))
SURGE_LEADS: Final = (15.0, 60.0)


class Case(NamedTuple):
    came: float
    due: float
    of_surge: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """`breached`: daily work that is late, by the day it was due. `surge_late`: of the surge."""

    late: frozenset[int]  # by number of the case
    breached: Sequence[int]
    surge_late: int


def cases(
    surge_leads: tuple[float, float] = SURGE_LEADS, seed: int = SEED
) -> tuple[list[Case], list[Case]]:
    """Daily work, and the surge."""
    rng = random.Random(seed)
    daily = []
    for _ in range(DAYS * PER_DAY):
        came, drawn = rng.uniform(0, DAYS), rng.random()
        lead = next(days for share, days in LEADS if drawn < share)
        daily.append(Case(came, came + lead, of_surge=False))
    surge = []
    for _ in range(SURGE):
        came = rng.uniform(*SURGE_DAYS)
        surge.append(Case(came, came + rng.uniform(*surge_leads), of_surge=True))
    return daily, surge


def by_arrival(some: Sequence[Case]) -> Iterator[tuple[int, float]]:
    """The number of each case, with when it was decided: one after the other, as they came."""
    now = 0.0
    for number in sorted(range(len(some)), key=lambda n: some[n].came):
        now = max(now, some[number].came) + 1 / SERVED_PER_DAY
        yield number, now


def by_slack(some: Sequence[Case]) -> Iterator[tuple[int, float]]:
    """The same at the same pace, least slack first: all slack shrinks alike, so dates decide."""
    waiting: list[tuple[float, int]] = []
    now = 0.0
    for number in sorted(range(len(some)), key=lambda n: some[n].came):
        came = some[number].came
        while waiting and now + 1 / SERVED_PER_DAY <= came:
            now += 1 / SERVED_PER_DAY
            yield heapq.heappop(waiting)[1], now
        now = now if waiting else max(now, came)
        heapq.heappush(waiting, (some[number].due, number))
    while waiting:
        now += 1 / SERVED_PER_DAY
        yield heapq.heappop(waiting)[1], now


Order = Callable[[Sequence[Case]], Iterator[tuple[int, float]]]


def outcome(some: Sequence[Case], order: Order) -> Outcome:
    breached, late, of_surge = [0] * (DAYS + 1), set[int](), 0
    for number, decided in order(some):
        case = some[number]
        if decided <= case.due:
            continue
        if case.of_surge:
            of_surge += 1
        else:
            late.add(number)
            breached[min(DAYS, int(case.due))] += 1
    return Outcome(frozenset(late), breached, of_surge)


@dataclass(frozen=True, slots=True)
class Compared:
    """`extra`: dates of daily work that were kept without the surge and not with it."""

    without: Outcome
    with_surge: Outcome

    @property
    def extra(self) -> int:
        return len(self.with_surge.late - self.without.late)


def compared(order: Order, surge_leads: tuple[float, float] = SURGE_LEADS) -> Compared:
    daily, surge = cases(surge_leads)
    return Compared(outcome(daily, order), outcome([*daily, *surge], order))
