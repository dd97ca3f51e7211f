"""The holiday played through, and every estimate that was told on the way.

Each wait is told its range at the moment it begins, by the estimator that the tracker runs, from
what was on record at the last full hour.
"""

import heapq
import itertools
import math
import random
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from services.tracker.domain import estimates
from services.tracker.domain.estimates import Estimate, Seen, Wait
from services.tracker.domain.states import Leg
from tests.simulation import world
from tests.simulation.naive import Naive
from tests.simulation.world import DAY_H, HOUR_S, Draws, finished

SEED: Final = 20261001
LEGS: Final = (Leg.TRACE, Leg.CONSENT, Leg.ARBITRATION, Leg.REFUND)
_SAMPLE: Final = 15  # ended waits kept of each hour
_RUNNING: Final = 200  # running ones looked at


@dataclass(slots=True)
class Play:
    """A wait as it went; hours. `told` and `naive` are (low, high) from its beginning."""

    leg: Leg
    party: str
    began: float
    due: float
    told: tuple[float, float] | None = None
    naive: tuple[float, float] | None = None
    model_s: tuple[float, float] | None = None
    ended: float | None = None

    @property
    def lasted(self) -> float:
        return (math.inf if self.ended is None else self.ended) - self.began


@dataclass(slots=True)
class _Record:
    """What the tracker would have on record of a leg."""

    rng: random.Random
    running: dict[int, Play] = field(default_factory=dict)
    ended: dict[int, list[Wait]] = field(default_factory=lambda: defaultdict(list))
    served: dict[int, float] = field(default_factory=lambda: defaultdict(float))

    def end(self, play: Play) -> None:
        del self.running[id(play)]
        hour = int(play.ended or 0)
        self.served[hour] += 1
        kept = self.ended[hour]
        if len(kept) < _SAMPLE:
            kept.append(_wait(play))
        elif (at := self.rng.randrange(int(self.served[hour]))) < _SAMPLE:
            kept[at] = _wait(play)

    def seen(self, hour: int) -> Seen:
        hours = range(hour - 7 * DAY_H, hour + 1)
        kept: list[tuple[Wait, float]] = []
        for h in hours:
            if sample := self.ended.get(h):
                weight = self.served[h] / len(sample)
                kept += [(wait, weight) for wait in sorted(sample, key=_ended)]
        running = list(self.running.values())
        each = max(1.0, len(running) / _RUNNING)
        if each > 1:
            running = self.rng.sample(running, _RUNNING)
        return Seen(kept, [_wait(play) for play in running], each, self.served)


def _ended(wait: Wait) -> float:
    return wait.ended or 0.0


def _wait(play: Play) -> Wait:
    return Wait(
        play.began * HOUR_S,
        None if play.ended is None else play.ended * HOUR_S,
        party=play.party,
        due=play.due * HOUR_S,
        low_s=play.model_s[0] if play.model_s else None,
        high_s=play.model_s[1] if play.model_s else None,
    )


class Holiday:
    """Seven weeks; the holiday begins in the third."""

    def __init__(self, seed: int = SEED) -> None:
        self.draws = Draws(random.Random(seed))
        sampler = random.Random(seed + 1)
        self.records = {leg: _Record(sampler) for leg in LEGS}
        self.naive = {leg: Naive() for leg in LEGS}
        self.plays: list[Play] = []
        self.waiting: list[tuple[int, dict[Leg, int]]] = []
        self._now: dict[Leg, Estimate | None] = dict.fromkeys(LEGS)
        self._queue: list[tuple[float, int, str, Play | None]] = []
        self._count = itertools.count()
        self._traces: list[Play] = []  # first come, first served
        self._tracing = 0
        self._cases: list[tuple[float, int, Play]] = []  # least slack first
        self._deciding = 0

    def play(self) -> list[Play]:
        for hour in range(world.END_H):
            if hour in world.LOOKED_AT_H or hour % 6 == 0:
                self._measure(hour)
            for moment in self.draws.moments(hour):
                self._at(moment, "arrives")
            self._at(float(hour), "desks")
            self._until(hour + 1.0)
        return self.plays

    def _measure(self, hour: int) -> None:
        for leg in LEGS:
            seen = self.records[leg].seen(hour)
            self._now[leg] = estimates.estimate(leg, seen, hour * HOUR_S)
        self.waiting.append((hour, {leg: len(self.records[leg].running) for leg in LEGS}))

    def _at(self, moment: float, what: str, play: Play | None = None) -> None:
        heapq.heappush(self._queue, (moment, next(self._count), what, play))

    def _until(self, hour: float) -> None:
        while self._queue and self._queue[0][0] < hour:
            now, _, what, play = heapq.heappop(self._queue)
            if what == "arrives":
                self._arrives(now)
            elif what == "desks":
                self._decide(now)
            elif play is not None:
                self._ends(now, play)

    def _arrives(self, now: float) -> None:
        if self.draws.rng.random() < 0.3:
            self._traces.append(self._begin(Leg.TRACE, now))
            self._trace(now)
            return
        merchant = self.draws.merchant()
        play = self._begin(Leg.CONSENT, now, merchant.name)
        answered = finished(now, self.draws.work_h(merchant.median_h, 0.7), merchant.pace)
        self._at(min(answered, now + world.MERCHANT_DUE_H), "ends", play)

    def _begin(self, leg: Leg, now: float, party: str = "") -> Play:
        play = Play(leg, party, now, now + self.draws.lead_h())
        measured = self._now[leg]
        told = measured.tell(party, play.due * HOUR_S, now * HOUR_S) if measured else None
        if told:
            play.told = (told.low_s / HOUR_S, told.high_s / HOUR_S)
            play.model_s = (told.model_low_s, told.model_high_s)
        play.naive = self.naive[leg].tell()
        self.records[leg].running[id(play)] = play
        self.plays.append(play)
        return play

    def _ends(self, now: float, play: Play) -> None:
        play.ended = now
        self.records[play.leg].end(play)
        self.naive[play.leg].heard(play.lasted)
        drawn = self.draws.rng.random()
        match play.leg:
            case Leg.TRACE:
                self._tracing -= 1
                self._trace(now)
                self._next(now, drawn, refund=0.3, person=0.5)
            case Leg.CONSENT:
                silent = play.lasted >= world.MERCHANT_DUE_H
                self._next(now, drawn, refund=0.0 if silent else 0.65, person=1.0)
            case Leg.ARBITRATION:
                self._deciding -= 1
                self._decide(now)
                self._next(now, drawn, refund=0.6, person=0.0)
            case _:
                pass

    def _next(self, now: float, drawn: float, *, refund: float, person: float) -> None:
        if drawn < refund:
            play = self._begin(Leg.REFUND, now)
            work = self.draws.work_h(3.0, 0.6)
            self._at(finished(now, work, world.refund_pace), "ends", play)
        elif drawn < person:
            case = self._begin(Leg.ARBITRATION, now)
            heapq.heappush(self._cases, (case.due, next(self._count), case))
            self._decide(now)

    def _trace(self, now: float) -> None:
        while self._traces and self._tracing < world.TRACES_AT_ONCE:
            self._tracing += 1
            taken = self.draws.work_h(world.TRACE_H, 0.5)
            self._at(now + taken, "ends", self._traces.pop(0))

    def _decide(self, now: float) -> None:
        while self._cases and self._deciding < world.at_desks(int(now)):
            self._deciding += 1
            taken = self.draws.rng.expovariate(1 / world.CASE_S) / HOUR_S
            self._at(now + taken, "ends", heapq.heappop(self._cases)[2])


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some waits: how many were told a range, how many of these held, and how wide they were."""

    told: int
    held: int
    ratio: float  # median of high / low

    @property
    def share(self) -> float:
        return self.held / self.told if self.told else 1.0


def judged(plays: list[Play], *, naive: bool = False) -> list[tuple[float, float, bool]]:
    """(when it began, high / low, whether it held) of those that ended or whose range is over."""
    found = []
    for play in plays:
        told = play.naive if naive else play.told
        if told and (play.ended is not None or play.began + told[1] < world.END_H):
            held = told[0] <= play.lasted <= told[1]
            found.append((play.began, told[1] / told[0], held))
    return found


def figures(plays: list[Play], *, naive: bool = False) -> Figures:
    """Of all of them together."""
    known = judged(plays, naive=naive)
    ratios = sorted(ratio for _, ratio, _ in known)
    held = sum(held for _, _, held in known)
    return Figures(len(known), held, ratios[len(ratios) // 2] if ratios else 1.0)


def in_surge(plays: list[Play]) -> list[Play]:
    return [p for p in plays if world.SURGE_H.start <= p.began < world.SURGE_H.stop]


def worst(plays: list[Play], *, naive: bool = False) -> tuple[int, float]:
    """The 24 hours of the holiday (their first hour) whose estimates held least, and how many."""
    known = sorted(judged(plays, naive=naive))
    began = [at for at, _, _ in known]
    sums = [0, *itertools.accumulate(held for _, _, held in known)]
    shares = []
    for hour in range(world.SURGE_H.start, world.SURGE_H.stop - DAY_H + 1):
        first, last = bisect_left(began, hour), bisect_left(began, hour + DAY_H)
        if last > first:
            shares.append((hour, (sums[last] - sums[first]) / (last - first)))
    return min(shares, key=lambda pair: pair[1])
