"""The machine as Mermaid diagrams: the tables leg by leg, and each kind's path in its order.

`python -m services.tracker.domain.diagrams check` compares with the committed goldens, which
people review; `write` writes them. The tables are read when a diagram is drawn.
"""

import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Final

from services.tracker.domain import routes, self_custody
from services.tracker.domain.route import Route
from services.tracker.domain.states import Leg, State
from services.tracker.domain.tables import EXCEPT, TABLES
from services.tracker.domain.triggers import T

GOLDENS: Final = Path(__file__).parents[3] / "tests" / "golden"


def drawings() -> dict[str, str]:
    """File name → text, for every leg and for every path."""
    drawn = {f"{leg.value}.mmd": leg_diagram(leg) for leg in Leg}
    drawn["path_always.mmd"] = path_diagram(routes.ALWAYS)
    drawn["path_of_keys_always.mmd"] = path_diagram(self_custody.ALWAYS_OF_KEYS)
    for kind, path in self_custody.PATHS_OF_KEYS.items():
        drawn[f"path_of_keys_{kind}.mmd"] = path_diagram(path)
    return drawn | {f"path_{kind}.mmd": path_diagram(path) for kind, path in routes.PATHS.items()}


def leg_diagram(leg: Leg) -> str:
    """One leg's table as a state diagram, in the order of the states and triggers."""
    table = TABLES[leg]
    first = next(iter(table))[0]
    states = list(type(first))
    keys = sorted(table, key=lambda key: _place(key, states))
    lines = [line for key in keys for line in _row_lines(key, table[key])]
    return _text("stateDiagram-v2", f"  [*] --> {states[0].value}", *lines)


def path_diagram(path: Sequence[Route]) -> str:
    """A path as a chain of questions: the first guard that holds is taken."""
    lines: list[str] = []
    for number, route in enumerate(path, start=1):
        lines += _route_lines(number, route)
    return _text("flowchart TD", *lines, f'  q{len(path) + 1}(["wait"])')


def differences(drawn: Mapping[str, str], folder: Path) -> list[str]:
    """Names of the goldens that are missing, say something else, or that nothing draws any more."""
    stored = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.mmd")}
    names = sorted(stored.keys() | drawn.keys())
    return [name for name in names if stored.get(name) != drawn.get(name)]


def write(folder: Path) -> None:
    """Write every golden and remove those that nothing draws any more."""
    drawn = drawings()
    folder.mkdir(parents=True, exist_ok=True)
    for name in differences(drawn, folder):
        if name in drawn:
            (folder / name).write_text(drawn[name], encoding="utf-8")
        else:
            (folder / name).unlink()


def main(arguments: list[str]) -> int:
    """0 when all is well, 1 when a golden differs, 2 for an unknown command."""
    match arguments:
        case ["write"]:
            write(GOLDENS)
            return 0
        case ["check"]:
            found = differences(drawings(), GOLDENS)
            sys.stderr.writelines(
                f"tests/golden/{name} differs: review it, then run "
                "'python -m services.tracker.domain.diagrams write'\n"
                for name in found
            )
            return 1 if found else 0
        case _:
            sys.stderr.write("say check or write\n")
            return 2


def _place(key: tuple[State, T], states: Sequence[Enum]) -> tuple[int, int]:
    old, trigger = key
    return states.index(old), list(T).index(trigger)


def _row_lines(key: tuple[State, T], new: State) -> list[str]:
    """The row, and its other ends with the condition of each."""
    arrow = f"  {key[0].value} --> {{}} : {key[1]}"
    others = EXCEPT.get(key, {})
    return [
        arrow.format(new.value),
        *(arrow.format(end.value) + f" ({condition})" for condition, end in others.items()),
    ]


def _route_lines(number: int, route: Route) -> tuple[str, str, str]:
    guard = getattr(route.guard, "__name__", "unnamed")
    cause = f"<br/>{route.cause}" if route.cause else ""
    return (
        f'  q{number}{{"{route.name}<br/>{guard}"}}',
        f'  q{number} -->|yes| a{number}["{route.trigger}{cause}"]',
        f"  q{number} -->|no| q{number + 1}",
    )


def _text(*lines: str) -> str:
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
