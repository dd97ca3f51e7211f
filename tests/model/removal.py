"""Each route taken away in turn: some small search must fail without it, or nothing needs it."""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from shared.contracts.vocabulary import Kind
from tests.model.explore import Found, explore
from tests.model.graph import Graph
from tests.model.routed import Key, keys, watching
from tests.model.searches import SMALL, Search

NOT_NEEDED: Final[dict[Key, str]] = {
    ("goods_or_service", "merchant refused"): (
        "both sides are heard first; only a chargeback that failed asks again, by its own route"
    ),
    ("always", "late by the rule"): (
        "the searches' rules give nothing for lateness; tests/unit/tracker/test_lateness.py"
    ),
}
"""Routes that nothing needs, and why they stay; one that is caught all the same is an error."""
_LONGEST: Final = (Kind.GOODS_OR_SERVICE, Kind.WRONG_OR_SCAM_TRANSFER, Kind.UNAUTHORIZED)


@dataclass(frozen=True, slots=True)
class Caught:
    """The search that cannot do without a route, and how it fails."""

    route: Key
    search: str
    how: str

    def __str__(self) -> str:
        path, name = self.route
        return f"{path}: {name} ({self.search}: {self.how})"


def catch(pool: Executor) -> tuple[list[Caught], list[Key]]:
    """Every route that some search cannot do without, and those of which that is not as it says.

    These are routes that all searches can do without, and that `NOT_NEEDED` does not name; or the
    other way round.
    """
    kinds = sorted(Kind, key=lambda kind: kind not in _LONGEST)
    found = [caught for some in pool.map(catch_by, kinds) for caught in some]
    first = {caught.route: caught for caught in reversed(found)}
    wrong = [key for key in keys() if (key in first) is (key in NOT_NEEDED)]
    return [first[key] for key in keys() if key in first], wrong


def catch_by(kind: Kind) -> list[Caught]:
    """One search of the kind after the other; what one has caught needs no other."""
    left, found = set(keys()), list[Caught]()
    for search in SMALL:
        if search.scope.kind is kind:
            caught = list(_caught_by(search, left))
            left -= {one.route for one in caught}
            found += caught
    return found


def _caught_by(search: Search, left: set[Key]) -> Iterator[Caught]:
    with watching() as routed:
        graph = Graph(search.scope, routed)
        taken = explore(graph).routes
        for route in sorted(taken & left):
            graph.without(route)
            if how := _fails(graph, search):
                yield Caught(route, f"{search.scope.kind}, {search.name}", how)


def _fails(graph: Graph, search: Search) -> str:
    """How the search fails now; nothing: it does not."""
    try:
        found = explore(graph)
    except (RuntimeError, KeyError, AssertionError, TypeError) as error:
        return f"breaks: {type(error).__name__}"
    return _bad(found) or ", ".join(f"never: {word}" for word in sorted(search.lacks(found)))


def _bad(found: Found) -> str:
    if found.dead_ends:
        return "dead end"
    if found.unreachable:
        return "no way to an end"
    return found.double_pay[0].rsplit("\n", 1)[-1] if found.double_pay else ""
