"""A wallet's National Day in virtual time: what arrives, and how fast everybody works.

Hours are those since the beginning, which is a Monday 00:00. Everything is drawn from one seeded
generator, so a run is the same on every machine.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

HOUR_S: Final = 3600.0
DAY_H: Final = 24
WEEK_H: Final = 7 * DAY_H
SURGE_H: Final = range(2 * WEEK_H + 3 * DAY_H, 3 * WEEK_H + 3 * DAY_H)  # Thursday to Wednesday
END_H: Final = 7 * WEEK_H
LOOKED_AT_H: Final = range(SURGE_H.start - DAY_H, SURGE_H.stop + 2 * DAY_H)  # every hour

ARRIVALS_PER_H: Final = 12.0
TIMES: Final = 8.0
MERCHANTS: Final = 40
MERCHANT_DUE_H: Final = 5 * DAY_H
MERCHANTS_SLOWER: Final = 3.0
MERCHANTS_CLOSED: Final = 0.2
REFUNDS_SLOWER: Final = 1.5
TRACES_AT_ONCE: Final = 30
TRACE_H: Final = 2.0
ARBITRATORS: Final = 10
CASE_S: Final = 1_200.0
ON_WEEKENDS: Final = 0.4
ON_HOLIDAY: Final = 0.5
LEADS_DAYS: Final = ((0.3, 7), (0.8, 15), (1.0, 30))  # cumulated share, days to decide in


def is_holiday(hour: float) -> bool:
    return int(hour) in SURGE_H


def arrivals(hour: int) -> float:
    """Expected disputes in an hour: few at night, many on the holiday."""
    of_day = 1 + 0.6 * math.sin((hour % DAY_H - 8) / DAY_H * 2 * math.pi)
    return ARRIVALS_PER_H * of_day * (TIMES if is_holiday(hour) else 1.0)


def at_desks(hour: int) -> int:
    """Arbitrators at work in an hour: nine to six, fewer at weekends and on the holiday."""
    if not 9 <= hour % DAY_H < 18:
        return 0
    there = float(ARBITRATORS)
    if hour // DAY_H % 7 >= 5:
        there *= ON_WEEKENDS
    return round(there * (ON_HOLIDAY if is_holiday(hour) else 1.0))


@dataclass(slots=True)
class Merchant:
    """One of those that are asked. `median_h`: working hours until half of them are answered."""

    name: str
    share: float
    median_h: float
    closed: bool

    def pace(self, hour: int) -> float:
        """How much of an hour's work gets done."""
        if is_holiday(hour):
            if self.closed:
                return 0.0
            return self._of_day(hour) / MERCHANTS_SLOWER
        return self._of_day(hour)

    @staticmethod
    def _of_day(hour: int) -> float:
        return 1.0 if 8 <= hour % DAY_H < 22 else 0.2


def refund_pace(hour: int) -> float:
    return 1 / REFUNDS_SLOWER if is_holiday(hour) else 1.0


@dataclass(slots=True)
class Draws:
    """Whatever is left to chance."""

    rng: random.Random
    merchants: list[Merchant] = field(default_factory=list)

    def __post_init__(self) -> None:
        for n in range(MERCHANTS):
            median = math.exp(self.rng.uniform(math.log(1.5), math.log(12)))
            closed = self.rng.random() < MERCHANTS_CLOSED
            self.merchants.append(Merchant(f"m-{n}", 1 / (n + 1), median, closed))

    def moments(self, hour: int) -> list[float]:
        """When disputes arrive within an hour, as hours."""
        found, at = [], float(hour)
        rate = arrivals(hour)
        while (at := at + self.rng.expovariate(rate)) < hour + 1:
            found.append(at)
        return found

    def merchant(self) -> Merchant:
        return self.rng.choices(self.merchants, [m.share for m in self.merchants])[0]

    def work_h(self, median_h: float, sigma: float) -> float:
        return self.rng.lognormvariate(math.log(median_h), sigma)

    def lead_h(self) -> float:
        drawn = self.rng.random()
        return next(days for share, days in LEADS_DAYS if drawn < share) * float(DAY_H)


def finished(began_h: float, work_h: float, pace: Callable[[int], float]) -> float:
    """When this much work is done by somebody whose pace changes from hour to hour."""
    at, left = began_h, work_h
    while True:
        speed, until = pace(int(at)), math.floor(at) + 1.0
        if speed * (until - at) >= left:
            return at + left / speed
        left -= speed * (until - at)
        at = until
