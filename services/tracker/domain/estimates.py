"""How long waits last, measured: a range for each that begins, and nothing below enough data. Pure.

Times are epoch seconds. A range is found in two steps: what the leg's model says (durations with
those that still last, or a queue's length by its pace), then widened or narrowed on each side by
how the newest told ranges fared. Both steps treat what still lasts as lasting at least so long.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from services.tracker.domain.queueing import HOUR_S, Line, paces
from services.tracker.domain.states import Leg
from services.tracker.domain.survival import Spell, quantiles

DAY_S: Final = 24 * HOUR_S
KEPT_S: Final = 7 * DAY_S
"""How far back durations count."""
FEWEST: Final = 30
"""Ends without which nothing is told."""
FEWEST_OF_PARTY: Final = 60
"""Ends from which a merchant is measured alone."""
_ENOUGH: Final = 100  # ends from which the newest day alone says it
_LEVELS: Final = (0.05, 0.95)
_QUEUES: Final = (Leg.TRACE, Leg.ARBITRATION)
_SPREAD: Final = (0.45, 1.5)  # of what a queue's length and pace say
_LATELY_S: Final = 3 * HOUR_S
_STRAIN: Final = 0.7
_NARROWEST, _WIDEST = 0.2, 8.0
_SHORTEST_S: Final = 1.0
_MARKS: Final = 8  # days whose queue is looked at, today's first


class Wait(NamedTuple):
    """One wait as it was seen. `cut`: ended by something that says nothing of the leg's pace.

    `low_s` and `high_s` are what the model said when it began, before the record widened it.
    """

    began: float
    ended: float | None
    cut: bool = False
    party: str = ""
    due: float | None = None
    low_s: float | None = None
    high_s: float | None = None


class Told(NamedTuple):
    """What is told of a wait that begins: seconds from then, and what it was measured on."""

    low_s: float
    high_s: float
    measured: int
    over_s: float  # the measured time
    ahead: int | None
    model_low_s: float
    model_high_s: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What is on record of one leg.

    `ended` is a sample of those of the last seven days, by when they ended, with the number that
    each stands for; `running` one of those that last, each for `running_each`. `served` are all
    ends by hour.
    """

    ended: Sequence[tuple[Wait, float]] = ()
    running: Sequence[Wait] = ()
    running_each: float = 1.0
    served: Mapping[int, float] = field(default_factory=dict)


class _Scale(NamedTuple):
    low: float
    high: float


_AS_IT_IS: Final = _Scale(1.0, 1.0)


class _Pool(NamedTuple):
    """What is known of everybody, or of one merchant."""

    low_s: float
    high_s: float
    scale: _Scale
    measured: int
    over_s: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """One leg's, as of when it was made."""

    pools: Mapping[str, _Pool]  # "" is everybody
    line: Line | None = None

    def tell(self, party: str, due: float, now: float) -> Told | None:
        """The range for a wait that begins now; None where too little is known."""
        pool = self.pools.get(party) or self.pools[""]
        model, scale, ahead = (pool.low_s, pool.high_s), pool.scale, None
        if self.line is not None:
            soon, late = self.line.expected_s(due, now)
            if math.isinf(late):
                return None
            model = (max(soon, _SHORTEST_S) * _SPREAD[0], max(late, _SHORTEST_S) * _SPREAD[1])
            scale = _Scale(min(1.0, scale.low), max(1.0, scale.high))
            ahead = self.line.ahead(due)
        low, high = friendly(model[0] * scale.low, model[1] * scale.high)
        return Told(low, high, pool.measured, pool.over_s, ahead, *model)


Measured = Mapping[Leg, Estimate]
"""The newest estimates; a leg of which too little is known is left out."""
NOTHING_MEASURED: Final[Measured] = {}


def estimate(leg: Leg, seen: Seen, now: float) -> Estimate | None:
    """What to tell of this leg's waits from now on; None below the least of data."""
    everybody = _pool(seen, now, FEWEST)
    if everybody is None:
        return None
    pools = {"": everybody}
    if leg in _QUEUES:
        return Estimate(pools, _line(leg, seen, now))
    for party, own in _by_party(seen).items():
        pool = _pool(own, now, FEWEST_OF_PARTY)
        if pool:
            pools[party] = pool
    return Estimate(pools)


def _by_party(seen: Seen) -> dict[str, Seen]:
    """The same of each party that has a name and ends enough."""
    ended: dict[str, list[tuple[Wait, float]]] = {}
    for each in seen.ended:
        ended.setdefault(each[0].party, []).append(each)
    running: dict[str, list[Wait]] = {}
    for wait in seen.running:
        running.setdefault(wait.party, []).append(wait)
    return {
        party: replace(seen, ended=of, running=running.get(party, ()))
        for party, of in ended.items()
        if party and len(of) >= FEWEST_OF_PARTY
    }


def _pool(seen: Seen, now: float, least: int) -> _Pool | None:
    """Measured over the last day if it holds enough, else over more of them."""
    for days, enough in ((1, max(least, _ENOUGH)), (3, max(least, _ENOUGH)), (7, least)):
        start = now - days * DAY_S
        recent = seen.ended[bisect_left(seen.ended, start, key=_end_of) :]
        if sum(not wait.cut for wait, _ in recent) < enough:
            continue
        waits = [*recent, *((wait, seen.running_each) for wait in seen.running)]
        spells = [_spell(wait, weight, start, now) for wait, weight in waits]
        low, high = quantiles(spells, _LEVELS)
        measured = round(sum(n for wait, n in recent if not wait.cut))
        over = now - max(start, seen.ended[0][0].ended or start)
        high *= _strain(waits, start, now)
        return _Pool(low, high, _scale(waits, spells), measured, over)
    return None


def _strain(waits: Sequence[tuple[Wait, float]], start: float, now: float) -> float:
    """More come than when this was measured: by how much longer that may make it.

    Twice as many is a busy hour. Beyond that nobody knows yet; a day later it is measured.
    """
    came = sum(n for wait, n in waits if wait.began >= start) / (now - start)
    lately = sum(n for wait, n in waits if wait.began >= now - _LATELY_S) / _LATELY_S
    return max(1.0, lately / came / 2) ** _STRAIN if came else 1.0


def _scale(waits: Sequence[tuple[Wait, float]], spells: Sequence[Spell]) -> _Scale:
    """By how much what the model said has to be stretched for nine of ten to hold."""
    told = [
        (spell, wait.low_s, wait.high_s)
        for spell, (wait, _) in zip(spells, waits, strict=True)
        if wait.low_s and wait.high_s
    ]
    if sum(ended for (_, _, ended, _), _, _ in told) < FEWEST:
        return _AS_IT_IS
    lows = ((first / low, last / low, ended, n) for (first, last, ended, n), low, _ in told)
    highs = ((first / high, last / high, ended, n) for (first, last, ended, n), _, high in told)
    (low,), (high,) = quantiles(lows, _LEVELS[:1]), quantiles(highs, _LEVELS[1:])
    return _Scale(_clipped(low), _clipped(high))


def _clipped(factor: float) -> float:
    return min(_WIDEST, max(_NARROWEST, factor))


def _line(leg: Leg, seen: Seen, now: float) -> Line:
    first_come = leg is Leg.TRACE
    dues = sorted(w.began if first_come else (w.due or math.inf) for w in seen.running)
    came = [w for w in seen.running if w.began >= now - DAY_S]
    leads = sorted((w.due or math.inf) - w.began for w in came)
    pace = paces(seen.served, _waited(seen, now), now)
    return Line(int(now // HOUR_S), dues, seen.running_each, () if first_come else leads, pace)


def _waited(seen: Seen, now: float) -> list[float]:
    """How many waited now, a day ago, two days ago and so on."""
    found = [0.0] * _MARKS
    for wait, weight in seen.ended:
        _count(found, now - wait.began, now - (wait.ended or now), weight)
    for wait in seen.running:
        _count(found, now - wait.began, -1.0, seen.running_each)
    return found


def _count(found: list[float], first: float, last: float, weight: float) -> None:
    """One that waited from so many seconds ago until so many seconds ago."""
    for mark in range(math.floor(last / DAY_S) + 1, min(_MARKS, math.ceil(first / DAY_S))):
        found[mark] += weight


def _spell(wait: Wait, weight: float, start: float, now: float) -> Spell:
    began, ended, cut = wait[:3]
    lasted = (now if ended is None else ended) - began
    entry = start - began if start > began else 0.0
    return entry, max(lasted, _SHORTEST_S), ended is not None and not cut, weight


def _end_of(each: tuple[Wait, float]) -> float:
    return each[0].ended or 0.0


# (up to, in steps of), in seconds: what people say
_STEPS: Final = (
    (10.0, 1.0),
    (60.0, 5.0),
    (600.0, 60.0),
    (3_600.0, 300.0),
    (3 * HOUR_S, 1_800.0),
    (2 * DAY_S, HOUR_S),
    (math.inf, DAY_S),
)


def friendly(low_s: float, high_s: float) -> tuple[float, float]:
    """The range in units that people use, never narrower, and never empty."""
    low, high = max(_SHORTEST_S, _down(low_s)), _up(high_s)
    return (low, high) if low < high else (low, _up(low * 1.01))


def _step(value: float) -> float:
    return next(step for most, step in _STEPS if value <= most)


def _down(value: float) -> float:
    return math.floor(value / _step(value)) * _step(value)


def _up(value: float) -> float:
    return math.ceil(value / _step(value)) * _step(value)
