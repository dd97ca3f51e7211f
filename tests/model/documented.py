"""The table in the documentation of every kind, leg, wait and end that the searches meet."""

import sys
from pathlib import Path
from typing import Final

from services.tracker.domain.states import Leg
from shared.contracts.vocabulary import Actor, Kind, Status
from tests.model.explore import Found

_TABLE: Final = Path(__file__).parents[2] / "docs" / "machine.md"
_INTRODUCTION: Final = """# Every kind, every leg, every end

Written by `python -m tests.model --write` from what searches of the machine meet, and compared by
`make check`. The stories of `tests/integration/machine` reach every cell through the interfaces,
and no other. Codes are those of the interfaces; their words in zh-CN and English are served by
`GET /v1/kinds` and shown on the ops pages. Any open case may also be withdrawn while no money
moves, be held for a court (`under_review`, ops act), and be closed as a duplicate.
"""


def table(by_kind: dict[Kind, Found]) -> str:
    """Kinds by legs, what is waited for and who acts, and ends; as they were met in the search."""
    rows = [_row(kind, found) for kind, found in by_kind.items()]
    head = "| kind | legs | waits (who acts) | ends |\n|---|---|---|---|"
    return "\n".join([_INTRODUCTION, head, *rows]) + "\n"


def differs(text: str, *, write: bool) -> bool:
    """Whether the documentation says something else; never when it is written now."""
    if write:
        _TABLE.write_text(text, encoding="utf-8")
        return False
    if _TABLE.exists() and _TABLE.read_text(encoding="utf-8") == text:
        return False
    sys.stdout.write("docs/machine.md differs: review it, then run python -m tests.model --write\n")
    return True


def _row(kind: Kind, found: Found) -> str:
    legs = ", ".join(leg for leg in Leg if leg in found.legs)
    order = [*Status]
    waits = sorted(found.waits, key=lambda pair: (order.index(Status(pair[0])), pair[1]))
    told = ", ".join(f"{status} ({Actor(actor).value})" for status, actor in waits)
    ends = ", ".join(sorted(found.ends, key=lambda end: order.index(Status(end))))
    return f"| {kind.value} | {legs} | {told} | {ends} |"
