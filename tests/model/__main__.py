"""`python -m tests.model`: every scope searched, two side by side; the last line sums them up.

Exit code 1 when anything was found that must not be, when an end of a kind was not reached, or when
the table in the documentation says something else than was found; `--write` writes that table.
`--guards` takes each route out of each path in turn, and fails for each that no search misses.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.tracker.domain.routes import PATHS
from services.tracker.domain.states import Leg
from shared.contracts.vocabulary import Actor, Funding, Kind, Status, TransactionKind
from tests.model.explore import Found, Scope, explore
from tests.model.world import CAPTURED, PART

_SIDE_BY_SIDE: Final = 2


@dataclass(frozen=True, slots=True)
class Search:
    """A scope, and the ends that the domain's path of the kind names."""

    scope: Scope
    ends: frozenset[str]


def _search(kind: Kind, ends: str, **scope: object) -> Search:
    bounds = {"offers": False, "attempts": 1} | scope
    return Search(Scope(kind, **bounds), frozenset(ends.split()))  # type: ignore[arg-type] # fields


_ALWAYS: Final = "withdrawn declined"
SEARCHES: Final = (
    _search(
        Kind.PAYMENT_FAILED,
        f"{_ALWAYS} explained reversed fulfilled credited",
    ),
    _search(Kind.WRONG_AMOUNT, f"{_ALWAYS} explained credited"),
    _search(Kind.WRONG_AMOUNT, f"{_ALWAYS} explained credited", requested_minor=PART),
    _search(Kind.DUPLICATE_CHARGE, f"{_ALWAYS} reversed credited"),
    _search(Kind.MISSING_FUNDS, f"{_ALWAYS} delivered returned recalled credited"),
    _search(Kind.REFUND_REQUEST, f"{_ALWAYS} credited", offers=True),
    _search(Kind.REFUND_REQUEST, f"{_ALWAYS} credited", attempts=2),
    _search(Kind.REFUND_REQUEST, f"{_ALWAYS} credited", others=(0, PART, CAPTURED)),
    _search(Kind.REFUND_REQUEST, f"{_ALWAYS} credited", has_transaction=False),
    _search(Kind.REFUND_REQUEST, f"{_ALWAYS} credited", requested_minor=PART, appeals=True),
    _search(Kind.REFUND_REQUEST, f"{_ALWAYS} credited", legal=True),
    _search(Kind.WRONG_OR_SCAM_TRANSFER, f"{_ALWAYS} recalled credited", compensation=True),
    _search(Kind.REFUND_NOT_RECEIVED, f"{_ALWAYS} delivered credited"),
    _search(Kind.GOODS_OR_SERVICE, f"{_ALWAYS} credited charged_back"),
    _search(
        Kind.UNAUTHORIZED,
        f"{_ALWAYS} credited recalled",
        prompt=True,
        moves=TransactionKind.TRANSFER,
    ),
    _search(
        Kind.UNAUTHORIZED, f"{_ALWAYS} credited charged_back", prompt=True, funding=Funding.CARD
    ),
    _search(
        Kind.UNAUTHORIZED,
        f"{_ALWAYS} credited",
        prompt=True,
        credit=True,
        funding=Funding.BALANCE,
        moves=TransactionKind.PAYMENT,
    ),
    _search(
        Kind.UNAUTHORIZED,
        "withdrawn declined account_secured",
        has_transaction=False,
        details=False,
    ),
    _search(Kind.WRONG_OR_SCAM_TRANSFER, f"{_ALWAYS} recalled explained credited"),
    _search(Kind.BALANCE_ANOMALY, f"{_ALWAYS} explained referred corrected account_secured"),
    _search(Kind.ACCESS_LOST, f"{_ALWAYS} access_restored"),
    _search(Kind.COMPLAINT, "withdrawn answered", appeals=True),
)


# What the searches above leave out, for the table: one thing at a time, of any transaction, and no
# further than this many states. Nothing is proven by these beyond what they meet.
_BROAD_MOST: Final = 5_000
_BROAD: Final[tuple[dict[str, object], ...]] = (
    {"has_transaction": False},
    {"offers": True},
    {"legal": True},
    {"appeals": True},
    {"credit": True},
    {"compensation": True},
)
_PROMPT: Final = (Kind.UNAUTHORIZED, Kind.BALANCE_ANOMALY)
BROAD: Final = tuple(
    _search(kind, "", broad=True, most=_BROAD_MOST, prompt=kind in _PROMPT, **more)
    for kind in Kind
    for more in _BROAD
)


def main() -> int:
    """0 when every scope holds."""
    if "--guards" in sys.argv:
        return _guards()
    total, failed = Found(), 0
    by_kind: dict[Kind, Found] = {kind: Found() for kind in Kind}
    with ProcessPoolExecutor(_SIDE_BY_SIDE) as pool:
        every = SEARCHES + BROAD
        for search, found in zip(every, pool.map(_explored, every), strict=True):
            failed += _report(search, found)
            _add(total, found)
            _add(by_kind[search.scope.kind], found)
    failed += _documented(table(by_kind), write="--write" in sys.argv)
    sys.stdout.write(
        f"states {total.states} transitions {total.transitions} "
        f"dead-ends {len(total.dead_ends)} double-pay {len(total.double_pay)} "
        f"unreachable {len(total.unreachable)}\n"
    )
    return 1 if failed else 0


def table(by_kind: dict[Kind, Found]) -> str:
    """Kinds by legs, what is waited for and who acts, and ends; as they were met in the search."""
    rows = [_row(kind, found) for kind, found in by_kind.items()]
    head = "| kind | legs | waits (who acts) | ends |\n|---|---|---|---|"
    return "\n".join([_INTRODUCTION, head, *rows]) + "\n"


_INTRODUCTION: Final = """# Every kind, every leg, every end

Written by `python -m tests.model --write` from what searches of the machine meet, and compared by
`make check`. The stories of `tests/integration/machine` reach every cell through the interfaces,
and no other. Codes are those of the interfaces; their words in zh-CN and English are served by
`GET /v1/kinds` and shown on the ops pages. Any open case may also be withdrawn while no money
moves, be held for a court (`under_review`, ops act), and be closed as a duplicate.
"""


def _row(kind: Kind, found: Found) -> str:
    legs = ", ".join(leg for leg in Leg if leg in found.legs)
    order = [*Status]
    waits = sorted(found.waits, key=lambda pair: (order.index(Status(pair[0])), pair[1]))
    told = ", ".join(f"{status} ({Actor(actor).value})" for status, actor in waits)
    ends = ", ".join(sorted(found.ends, key=lambda end: order.index(Status(end))))
    return f"| {kind.value} | {legs} | {told} | {ends} |"


def _documented(text: str, *, write: bool) -> bool:
    """Whether the documentation says something else; never when it is written now."""
    if write:
        _TABLE.write_text(text, encoding="utf-8")
        return False
    if _TABLE.exists() and _TABLE.read_text(encoding="utf-8") == text:
        return False
    sys.stdout.write("docs/machine.md differs: review it, then run python -m tests.model --write\n")
    return True


_TABLE: Final = Path(__file__).parents[2] / "docs" / "machine.md"


def _guards() -> int:
    """A line for each route of each path; 1 when the search can do without one."""
    cases = [(kind, number) for kind, path in PATHS.items() for number in range(len(path))]
    missed = 0
    with ProcessPoolExecutor(_SIDE_BY_SIDE) as pool:
        for (kind, number), caught in zip(cases, pool.map(_caught, cases), strict=True):
            missed += not caught
            verdict = "caught" if caught else "MISSED"
            sys.stdout.write(f"{verdict}  {kind.value}: {PATHS[kind][number].name}\n")
            sys.stdout.flush()
    sys.stdout.write(f"guards {len(cases)} missed {missed}\n")
    return 1 if missed else 0


def _caught(case: tuple[Kind, int]) -> str:
    """How some search of the kind fails without this route; nothing: none does."""
    kind, number = case
    path = PATHS[kind]
    PATHS[kind] = (*path[:number], *path[number + 1 :])
    try:
        for search in sorted(SEARCHES, key=lambda s: s.scope.offers):
            if search.scope.kind is kind and (why := _fails(search)):
                return why
    finally:
        PATHS[kind] = path
    return ""


def _fails(search: Search) -> str:
    try:
        found = explore(search.scope)
    except (RuntimeError, KeyError, AssertionError) as error:
        return type(error).__name__
    bad = found.dead_ends or found.double_pay or found.unreachable
    return "found" if bad or search.ends - found.ends else ""


def _explored(search: Search) -> Found:
    return explore(search.scope)


def _report(search: Search, found: Found) -> bool:
    """A line for the scope, and how anything bad came about."""
    missing = search.ends - found.ends
    bad = [*found.dead_ends, *found.double_pay, *found.unreachable]
    sys.stdout.write(
        f"{found.states:8} states {found.transitions:9} transitions  {search.scope}\n"
        f"{'':8} ends: {', '.join(sorted(found.ends))}\n"
    )
    for trail in bad:
        sys.stdout.write(f"MUST NOT BE:\n{trail}\n")
    if missing:
        sys.stdout.write(f"NOT REACHED: {', '.join(sorted(missing))}\n")
    return bool(bad or missing)


def _add(total: Found, found: Found) -> None:
    total.states += found.states
    total.transitions += found.transitions
    total.dead_ends += found.dead_ends
    total.double_pay += found.double_pay
    total.unreachable += found.unreachable
    total.ends |= found.ends
    total.legs |= found.legs
    total.waits |= found.waits


if __name__ == "__main__":
    sys.exit(main())
