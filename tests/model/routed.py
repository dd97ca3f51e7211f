"""The machine's routes, each noted when it is taken, and taken away when a test asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from unittest.mock import patch

from services.tracker.domain import routes, self_custody
from services.tracker.domain.guards import Scene
from services.tracker.domain.records import replace
from services.tracker.domain.route import Guard, Route
from shared.contracts.vocabulary import Kind

Key = tuple[str, str]
"""The path, which is a kind or one of the two below, and the route's name."""
ALWAYS: Final = "always"
ALWAYS_OF_KEYS: Final = "always, self-custody"
ON_HOLD: Final = "on_hold"  # what goes on under a legal hold


@dataclass(slots=True)
class Routed:
    """What was taken since `taken` was cleared; `without` is never taken."""

    taken: list[Key] = field(default_factory=list)
    without: Key | None = None

    @contextmanager
    def noted(self, *, is_whole: bool) -> Iterator[list[Key]]:
        """What is taken meanwhile, with all routes or without the one that was taken away."""
        self.taken, without = [], self.without
        self.without = None if is_whole else without
        try:
            yield self.taken
        finally:
            self.without = without

    def watched(self, path: str, route: Route) -> Route:
        """The same route, but noted."""
        return replace(route, guard=self._noting((path, route.name), route.guard))

    def _noting(self, key: Key, guard: Guard) -> Guard:
        def asked(scene: Scene) -> bool:
            if key == self.without or not guard(scene):
                return False
            self.taken.append(key)
            return True

        return asked


def tables() -> dict[str, tuple[Route, ...]]:
    """Every path there is."""
    paths = {kind.value: path for kind, path in routes.PATHS.items()}
    of_keys = {of_keys_of(kind): path for kind, path in self_custody.PATHS_OF_KEYS.items()}
    always = {ALWAYS: routes.ALWAYS, ON_HOLD: routes.ON_HOLD}
    return always | {ALWAYS_OF_KEYS: self_custody.ALWAYS_OF_KEYS} | paths | of_keys


def of_keys_of(kind: Kind) -> str:
    """The name of the kind's path where the keys are their owner's."""
    return f"{kind}, self-custody"


def keys() -> list[Key]:
    """Every route of every path."""
    return [(path, route.name) for path, table in tables().items() for route in table]


@contextmanager
def watching() -> Iterator[Routed]:
    """While this lasts, the machine goes by routes that are noted."""
    routed = Routed()
    watched = {
        path: tuple(routed.watched(path, route) for route in table)
        for path, table in tables().items()
    }
    paths = {kind: watched[kind.value] for kind in routes.PATHS}
    of_keys = {kind: watched[of_keys_of(kind)] for kind in self_custody.PATHS_OF_KEYS}
    with (
        patch.dict(routes.PATHS, paths),
        patch.dict(self_custody.PATHS_OF_KEYS, of_keys),
        patch.object(self_custody, "ALWAYS_OF_KEYS", watched[ALWAYS_OF_KEYS]),
        patch.object(routes, "ALWAYS", watched[ALWAYS]),
        patch.object(routes, "ON_HOLD", watched[ON_HOLD]),
    ):
        yield routed
