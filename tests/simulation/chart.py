"""A chart as SVG, without any library: panels of lines and bands over days. Light and dark."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 760
_LEFT, _RIGHT = 64, 20
_TOP, _HEIGHT, _GAP = 64, 170, 96
STYLE: Final = """
  svg { --paper: #ffffff; --ink: #1f2328; --soft: #59636e; --grid: #d1d9e0; --shade: #fff4d6;
    --ours: #0b57b8; --other: #c4431a; --band: #0b57b8; }
  @media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --ink: #e6edf3; --soft: #9aa4af;
    --grid: #30363d; --shade: #2d2714; --ours: #6cb2ff; --other: #ff9466; --band: #6cb2ff; } }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .title { font-weight: 600; font-size: 15px; } .soft { fill: var(--soft); font-size: 12px; }
  .paper { fill: var(--paper); } .shade { fill: var(--shade); }
  .grid { stroke: var(--grid); stroke-width: 1; }
  .ours, .other, .plain { fill: none; stroke-width: 2.25; stroke-linejoin: round; }
  .ours { stroke: var(--ours); } .other { stroke: var(--other); stroke-dasharray: 6 4; }
  .plain { stroke: var(--ink); } .band { fill: var(--band); opacity: .22; stroke: none; }
  .key { stroke-width: 3; }
"""
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Series:
    """A line, or a band between two where `upper` is given. `kind`: ours, other, plain, band."""

    kind: str
    name: str
    points: Points
    upper: Points = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture: `ticks` are (value, label) of the upright axis, from its lowest to its highest.

    `across` are the days shown, `shade` those of the holiday, in days.
    """

    title: str
    unit: str
    ticks: Sequence[tuple[float, str]]
    across: tuple[float, float]
    shade: tuple[float, float]
    series: Sequence[Series]
    below: str = "days; the holiday is shaded"


def drawn(panels: Sequence[Panel], name: str) -> str:
    """The whole file."""
    height = _TOP + len(panels) * (_HEIGHT + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
        f"<title>{name}</title><style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
    ]
    for n, panel in enumerate(panels):
        parts += _Frame(panel, _TOP + n * (_HEIGHT + _GAP)).drawn()
    return "\n".join([*parts, "</svg>", ""])


class _Frame:
    """Where the values of a panel stand on paper."""

    def __init__(self, panel: Panel, top: float) -> None:
        self._panel = panel
        self._top = top
        self._bottom = top + _HEIGHT

    def drawn(self) -> list[str]:
        first, last = self._panel.shade
        shade = (
            f'<rect class="shade" x="{self._x(first)}" y="{self._top}"'
            f' width="{self._x(last) - self._x(first):.1f}" height="{_HEIGHT}"/>'
        )
        return [shade, *self._axes(), *map(self._one, self._panel.series), *self._words()]

    def _x(self, day: float) -> float:
        low, high = self._panel.across
        return round(_LEFT + (day - low) / (high - low) * (WIDTH - _LEFT - _RIGHT), 1)

    def _y(self, value: float) -> float:
        low, high = self._panel.ticks[0][0], self._panel.ticks[-1][0]
        inside = min(high, max(low, value))
        return round(self._bottom - (inside - low) / (high - low) * _HEIGHT, 1)

    def _axes(self) -> list[str]:
        right, bottom, found = WIDTH - _RIGHT, self._bottom, list[str]()
        for value, label in self._panel.ticks:
            y = self._y(value)
            found.append(f'<line class="grid" x1="{_LEFT}" y1="{y}" x2="{right}" y2="{y}"/>')
            found.append(_text(_LEFT - 8, y + 4, label, "soft", "end"))
        low, high = self._panel.across
        for day in range(int(low), int(high) + 1, 7):
            x = self._x(day)
            found.append(f'<line class="grid" x1="{x}" y1="{bottom}" x2="{x}" y2="{bottom + 5}"/>')
            found.append(_text(x, bottom + 19, str(day), "soft", "middle"))
        return found

    def _one(self, series: Series) -> str:
        forth = [f"{self._x(day)},{self._y(value)}" for day, value in series.points]
        if not series.upper:
            return f'<polyline class="{series.kind}" points="{" ".join(forth)}"/>'
        back = [f"{self._x(day)},{self._y(value)}" for day, value in reversed(series.upper)]
        return f'<polygon class="{series.kind}" points="{" ".join([*forth, *back])}"/>'

    def _words(self) -> list[str]:
        top, bottom = self._top, self._bottom
        found = [
            _text(_LEFT, top - 32, self._panel.title, "title"),
            _text(_LEFT - 8, top - 12, self._panel.unit, "soft", "end"),
            _text(WIDTH - _RIGHT, bottom + 37, self._panel.below, "soft", "end"),
        ]
        at = float(_LEFT)
        for series in self._panel.series:
            y = top - 15
            mark = f'x1="{at}" y1="{y}" x2="{at + 24}" y2="{y}"'
            if series.upper:
                found.append(f'<rect class="band" x="{at}" y="{y - 5}" width="24" height="10"/>')
            else:
                found.append(f'<line class="{series.kind} key" {mark}/>')
            found.append(_text(at + 30, y + 4, series.name, "key-name"))
            at += 54 + 6.9 * len(series.name)
        return found


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'
