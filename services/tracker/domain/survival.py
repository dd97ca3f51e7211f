"""Quantiles of how long something lasts, when part of it still lasts. Pure."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

Spell = tuple[float, float, bool, float]
"""What was seen of one wait: from which age, to which age, whether it ended then, and its weight.

The first is above zero where nobody looked before. What did not end then still lasts, or was
broken off for a reason of another kind; that it lasted so long is known all the same. Ages are in
whatever unit.
"""


def quantiles(spells: Iterable[Spell], levels: Sequence[float]) -> list[float]:
    """By which age that share has ended, for each of `levels`, which ascend.

    The product-limit estimate of Kaplan and Meier with late entries. The one who asks stands among
    those at risk, hence the `+ 1`: n waits that have all ended give the k-th the level k / (n + 1),
    as conformal prediction wants it. Beyond the oldest age seen, the mean rate goes on.
    """
    seen = [spell for spell in spells if spell[1] > spell[0]]
    found: list[float] = []
    lasting, oldest = 1.0, 0.0
    for age, left in _steps(seen):
        while len(found) < len(levels) and left <= 1 - levels[len(found)] + _DUST:
            found.append(age)
        lasting, oldest = left, age
    rate = _rate(seen)
    for level in levels[len(found) :]:
        more = math.log(lasting / (1 - level)) / rate if rate else math.inf
        found.append(oldest + max(0.0, more))
    return found


_DUST: Final = 1e-9


def _steps(spells: Sequence[Spell]) -> Iterable[tuple[float, float]]:
    """(age, share that lasts longer), age by age."""
    entries = sorted((entry, weight) for entry, _, _, weight in spells if entry)
    exits = sorted((exit_, not ended, weight) for _, exit_, ended, weight in spells)
    at_risk = sum(weight for entry, _, _, weight in spells if not entry)
    entered, left, count = 0, 1.0, len(entries)
    for age, lasts, weight in exits:
        while entered < count and entries[entered][0] < age:
            at_risk += entries[entered][1]
            entered += 1
        if not lasts:
            left *= 1 - weight / (at_risk + 1)
            yield age, left
        at_risk -= weight


def _rate(spells: Sequence[Spell]) -> float:
    """Ends for each unit of time that somebody waited."""
    ends = sum(weight for _, _, ended, weight in spells if ended)
    exposure = sum(weight * (exit_ - entry) for entry, exit_, _, weight in spells)
    return ends / exposure if exposure else 0.0
