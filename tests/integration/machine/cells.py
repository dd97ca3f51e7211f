"""The cells of the table in docs/machine.md, and those that stories reached."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.contracts.events import StatusChanged
from shared.contracts.vocabulary import Kind

TABLE: Final = Path(__file__).parents[3] / "docs" / "machine.md"
_WAIT: Final = re.compile(r"(\w+) \((\w+)\)")
_HEAD: Final = "| kind | legs | waits (who acts) | ends |"


@dataclass(slots=True)
class Cells:
    """Legs that begin, waits as (status, who acts), and ends, of one kind."""

    legs: set[str] = field(default_factory=set)
    waits: set[tuple[str, str]] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)

    def told(self, event: StatusChanged) -> None:
        """What a status event says."""
        if event.open:
            self.waits.add((event.status.value, event.next_actor.value))
        else:
            self.ends.add(event.status.value)

    def shown(self, history: Iterable[str]) -> None:
        """What operators read of the steps: `inquiry=found consent=asked`."""
        for legs in history:
            self.legs |= {word.partition("=")[0] for word in legs.split()}

    def __len__(self) -> int:
        return len(self.legs) + len(self.waits) + len(self.ends)

    def without(self, other: "Cells") -> list[str]:
        """What is here and not there, in words."""
        return [
            *(f"the leg {leg}" for leg in sorted(self.legs - other.legs)),
            *(f"{status} ({actor})" for status, actor in sorted(self.waits - other.waits)),
            *(f"the end {end}" for end in sorted(self.ends - other.ends)),
        ]


def documented() -> dict[Kind, Cells]:
    """The table's rows."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = (line.strip("| ").split(" | ") for line in lines[lines.index(_HEAD) + 2 :])
    return {
        Kind(kind): Cells(
            set(legs.split(", ")),
            {(wait[1], wait[2]) for wait in _WAIT.finditer(waits)},
            set(ends.split(", ")),
        )
        for kind, legs, waits, ends in rows
    }
