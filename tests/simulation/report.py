"""What docs/surge.md and docs/surge.svg say: made from one run, always the same."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from deploy.local.files import CHECKOUT
from services.tracker.domain.states import Leg
from tests.simulation import slack, world
from tests.simulation.chart import Panel, Series, drawn
from tests.simulation.holiday import LEGS, Holiday, Play, figures, in_surge, worst
from tests.simulation.slack import Compared
from tests.simulation.world import DAY_H

_FIRST, _LAST = 7, 49
_HOLIDAY: Final = (world.SURGE_H.start / DAY_H, world.SURGE_H.stop / DAY_H)
_NAMES: Final = {
    Leg.TRACE: "bank traces",
    Leg.CONSENT: "merchants' answers",
    Leg.ARBITRATION: "arbitration",
    Leg.REFUND: "refunds on their way",
}
_HEAD: Final = (
    "| estimates of | told | held | on the holiday | worst 24 h | high / low"
    " | plain: held | on the holiday | worst 24 h | high / low |"
)
_HEAD_OF_ORDER: Final = (
    "| order of work | dates of daily work missed, without the surge | with it"
    " | dates of the surge missed |"
)
SHORT_LEADS: Final = (10.0, 10.0)
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass(frozen=True, slots=True)
class Found:
    plays: list[Play]
    by_arrival: Compared
    by_slack: Compared
    too_short: Compared


@cache
def found() -> Found:
    """One run of everything."""
    return Found(
        Holiday().play(),
        slack.compared(slack.by_arrival),
        slack.compared(slack.by_slack),
        slack.compared(slack.by_slack, SHORT_LEADS),
    )


def written() -> dict[str, str]:
    """By name in docs/."""
    old = (CHECKOUT / "docs" / "surge.md").read_text(encoding="utf-8")
    head, _, rest = old.partition(BEGIN)
    tail = rest.partition(END)[2]
    return {
        "surge.md": f"{head}{BEGIN}\n\n{tables(found())}\n\n{END}{tail}",
        "surge.svg": drawn(panels(found()), "A holiday surge: estimates that held, dates kept"),
    }


def tables(run: Found) -> str:
    return "\n\n".join([_held(run.plays), _order(run)])


def _held(plays: list[Play]) -> str:
    lines = [_HEAD, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for name, some in (
        ("all", plays),
        *((_NAMES[leg], [p for p in plays if p.leg is leg]) for leg in LEGS),
    ):
        sides = [cell for naive in (False, True) for cell in _side(some, naive=naive)]
        lines.append(f"| {name} | {figures(some).told:,} | " + " | ".join(sides) + " |")
    return "\n".join(lines)


def _side(some: list[Play], *, naive: bool) -> list[str]:
    every, surge = figures(some, naive=naive), figures(in_surge(some), naive=naive)
    shares = (every.share, surge.share, worst(some, naive=naive)[1])
    return [*(f"{100 * share:.1f} %" for share in shares), f"{surge.ratio:.1f}"]


def _order(run: Found) -> str:
    lines = [_HEAD_OF_ORDER, "|---|--:|--:|--:|"]
    for name, compared in (
        ("by arrival", run.by_arrival),
        ("by slack", run.by_slack),
        ("by slack, the surge due in 10 days", run.too_short),
    ):
        lines.append(
            f"| {name} | {len(compared.without.late):,} | {len(compared.with_surge.late):,}"
            f" | {compared.with_surge.surge_late:,} |"
        )
    return "\n".join(lines)


def panels(run: Found) -> list[Panel]:
    return [_share_panel(run.plays), _range_panel(run.plays), _order_panel(run)]


def _share_panel(plays: list[Play]) -> Panel:
    def by_day(naive: bool) -> list[tuple[float, float]]:  # noqa: FBT001 - one of two lines
        return [(day + 0.5, 100 * figures(some, naive=naive).share) for day, some in _by_day(plays)]

    return Panel(
        "Estimates that held, by the day on which the wait began",
        "%",
        [(n, str(n)) for n in (0, 25, 50, 75, 90, 100)],
        (_FIRST, _LAST),
        _HOLIDAY,
        [
            Series("ours", "as told by the tracker", by_day(naive=False)),
            Series("other", "quantiles of ended waits", by_day(naive=True)),
        ],
    )


def _range_panel(plays: list[Play]) -> Panel:
    days = _by_day([p for p in plays if p.leg is Leg.ARBITRATION and p.ended and p.told])

    def middle(value: Callable[[Play], float]) -> list[tuple[float, float]]:
        return [(day + 0.5, _log(_median([value(p) for p in some]))) for day, some in days]

    return Panel(
        "Arbitration: the range told, and how long it took (medians of the day)",
        "",
        [(_log(h), name) for h, name in _DURATIONS],
        (_FIRST, _LAST),
        _HOLIDAY,
        [
            Series(
                "band",
                "range told",
                middle(lambda p: (p.told or (0, 0))[0]),
                middle(lambda p: (p.told or (0, 0))[1]),
            ),
            Series("plain", "how long it took", middle(lambda p: p.lasted)),
        ],
    )


_DURATIONS: Final = (
    (1 / 60, "1 min"),
    (1 / 6, "10 min"),
    (1.0, "1 h"),
    (6.0, "6 h"),
    (24.0, "1 day"),
    (168.0, "7 days"),
    (2160.0, "90 days"),
)


def _order_panel(run: Found) -> Panel:
    def line(compared: Compared) -> list[tuple[float, float]]:
        breached = compared.with_surge.breached
        return [(day + 0.5, breached[day] / 1000) for day in range(_FIRST, _LAST)]

    return Panel(
        "100,000 come at once: dates of daily work missed, by due day",
        "1,000",
        [(n, str(n)) for n in (0, 1, 2, 3)],
        (_FIRST, _LAST),
        slack.SURGE_DAYS,
        [
            Series("other", "served by arrival", line(run.by_arrival)),
            Series("ours", "served by slack", line(run.by_slack)),
        ],
        below="days; the arrival of the 100,000 is shaded",
    )


def _by_day(plays: Sequence[Play]) -> list[tuple[int, list[Play]]]:
    days: dict[int, list[Play]] = {day: [] for day in range(_FIRST, _LAST)}
    for play in plays:
        if (day := int(play.began // DAY_H)) in days:
            days[day].append(play)
    return [(day, some) for day, some in days.items() if figures(some).told]


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _log(hours: float) -> float:
    return math.log10(max(hours, 1 / 60))
