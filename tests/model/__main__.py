"""`python -m tests.model`: every scope searched, two side by side; the last line sums them up.

Exit code 1 when anything was found that must not be, when a promise of a kind's path is not kept,
or when the table in the documentation says something else than was found; `--write` writes it.
`--guards` takes each route out of its path in turn, and fails for each that no search misses.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from shared.contracts.vocabulary import Kind
from tests.model import documented, pair
from tests.model.explore import Found, explore
from tests.model.graph import Graph
from tests.model.pair import PAIRS
from tests.model.removal import NOT_NEEDED, catch
from tests.model.routed import keys, watching
from tests.model.searches import SEARCHES, Search

_SIDE_BY_SIDE: Final = 2


def main() -> int:
    """0 when every scope holds."""
    if "--guards" in sys.argv:
        return _guards()
    total, failed = Found(), 0
    by_kind: dict[Kind, Found] = {kind: Found() for kind in Kind}
    with ProcessPoolExecutor(_SIDE_BY_SIDE) as pool:
        for search, found in zip(SEARCHES, pool.map(_explored, SEARCHES), strict=True):
            name = f"{search.scope.kind}, {search.name}"
            failed += _report(name, found, search.lacks(found))
            _add(total, found)
            if search.is_in_table:
                _add(by_kind[search.scope.kind], found)
        for two, found in zip(PAIRS, pool.map(pair.explore, PAIRS), strict=True):
            name = f"{two.one.kind} beside {two.other.kind}"
            failed += _report(name, found, two.promised - found.ends)
            _add(total, found)
    failed += documented.differs(documented.table(by_kind), write="--write" in sys.argv)
    sys.stdout.write(
        f"states {total.states} transitions {total.transitions} "
        f"dead-ends {len(total.dead_ends)} double-pay {len(total.double_pay)} "
        f"unreachable {len(total.unreachable)}\n"
    )
    return 1 if failed else 0


def _guards() -> int:
    """A line for each route of each path; 1 when the searches can do without one."""
    with ProcessPoolExecutor(_SIDE_BY_SIDE) as pool:
        caught, missed = catch(pool)
    lines = [f"caught  {one}\n" for one in caught]
    lines += [f"MISSED  {path}: {name}\n" for path, name in missed]
    lines += [f"kept    {path}: {name} ({why})\n" for (path, name), why in NOT_NEEDED.items()]
    sys.stdout.writelines(lines)
    sys.stdout.write(f"guards {len(keys())} missed {len(missed)} kept {len(NOT_NEEDED)}\n")
    return 1 if missed else 0


def _explored(search: Search) -> Found:
    with watching() as routed:
        return explore(Graph(search.scope, routed))


def _report(name: str, found: Found, lacks: frozenset[str]) -> bool:
    """A line for the scope, and how anything bad came about."""
    bad = [*found.dead_ends, *found.double_pay, *found.unreachable]
    sys.stdout.write(
        f"{found.states:8} states {found.transitions:9} transitions  "
        f"{name}: {', '.join(sorted(found.ends))}\n"
    )
    for trail in bad:
        sys.stdout.write(f"MUST NOT BE:\n{trail}\n")
    if lacks:
        sys.stdout.write(f"NOT KEPT: {', '.join(sorted(lacks))}\n")
    sys.stdout.flush()
    return bool(bad or lacks)


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
