"""When a queue gets to somebody: how many are ahead, and how fast it was seen to move. Pure."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, cycle, islice
from typing import Final

HOUR_S: Final = 3600.0
_DAY_H: Final = 24
_DAYS: Final = 7
_HORIZON_H: Final = 90 * _DAY_H
_LOOK_H: Final = 6  # how coarse those that come in between are counted
_GOES_ON_H: Final = _DAYS * _DAY_H  # for how long as many are taken to come as within a day
_ROUNDS: Final = 4  # of closing in on how many of them come in the last of these


@dataclass(frozen=True, slots=True)
class Line:
    """A queue as it stood at `hour` (hours since the epoch) or somewhat later.

    `dues`: of those that wait, ascending; less is served first. `each`: for how many one of them
    stands. `leads`: of those that came within the last day, how long before its due each came,
    ascending. `paces`: what will be served until the end of each hour from `hour`, one way or
    another.
    """

    hour: int
    dues: Sequence[float]
    each: float
    leads: Sequence[float]
    paces: Sequence[Sequence[float]]

    def ahead(self, due: float) -> int:
        """How many are served before one that is due then."""
        return round(bisect_right(self.dues, due) * self.each)

    def expected_s(self, due: float, now: float) -> tuple[float, float]:
        """Seconds until one that joins now and is due then is served: at the earliest, the latest.

        At the earliest nobody comes in between; at the latest as many do for a week as within the
        last day.
        Both are infinite where nothing was served of late.
        """
        paces = [pace for pace in self.paces if pace[-1]]
        if not paces:
            return math.inf, math.inf
        from_h, count = now / HOUR_S - self.hour, self.ahead(due) + 1.0
        first = min(_reached(pace, count, from_h) for pace in paces)
        last = max(self._overtaken(pace, count, from_h, due - now) for pace in paces)
        return first * HOUR_S, last * HOUR_S

    def _overtaken(
        self, pace: Sequence[float], ahead: float, from_h: float, slack_s: float
    ) -> float:
        """Hours, if those who are due earlier keep coming."""
        if not self.leads:
            return _reached(pace, ahead, from_h)
        for start in range(0, _GOES_ON_H, _LOOK_H):
            more = bisect_left(self.leads, slack_s - start * HOUR_S) * self.each / _DAY_H
            hours = _reached(pace, ahead, from_h)
            for _ in range(_ROUNDS):
                if hours > start + _LOOK_H:
                    break
                hours = _reached(pace, ahead + more * (hours - start), from_h)
            else:
                return hours
            ahead += more * _LOOK_H
        return _reached(pace, ahead, from_h)


def paces(served: Mapping[int, float], waiting: Sequence[float], now: float) -> list[list[float]]:
    """What will be served, cumulated hour by hour: if it goes on as today, and as this week.

    `served` are the ends of each hour (hours since the epoch); `waiting` how many waited now, a
    day ago, two days ago and so on. A day with less waiting than served shows what came, not what
    can be done: where other days of the week show that, they stand in for it.
    """
    hour = int(now // HOUR_S)
    days = [_day(served, hour - n * _DAY_H) for n in range(_DAYS)]  # today first
    busy = [
        day
        for day, end, start in zip(days, waiting, waiting[1:], strict=False)
        if sum(day) < min(end, start)
    ]
    if busy:
        mean = [sum(hours) / len(busy) for hours in zip(*busy, strict=True)]
        days = [day if day in busy or not n else mean for n, day in enumerate(days)]
    week = [served_h for day in reversed(days) for served_h in day]
    return [_cumulated(_evened(days)), _cumulated(week)]


def _day(served: Mapping[int, float], until: int) -> list[float]:
    return [served.get(hour, 0.0) for hour in range(until - _DAY_H, until)]


def _evened(days: Sequence[Sequence[float]]) -> list[float]:
    """As many as today, at the hours at which the week served them."""
    today, by_hour = sum(days[0]), [sum(hours) for hours in zip(*days, strict=True)]
    total = sum(by_hour)
    return [today * served / total if total else 0.0 for served in by_hour]


def _cumulated(pattern: Sequence[float]) -> list[float]:
    return list(accumulate(islice(cycle(pattern), _HORIZON_H)))


def _reached(pace: Sequence[float], count: float, from_h: float) -> float:
    """Hours from `from_h` on until that many more are served."""
    at = min(int(from_h), len(pace) - 1)
    before = pace[at - 1] if at else 0.0
    count += before + (pace[at] - before) * (from_h - at)
    at = bisect_left(pace, count)
    if at == len(pace):
        return len(pace) * count / pace[-1]
    before = pace[at - 1] if at else 0.0
    return at + (count - before) / (pace[at] - before) - from_h
