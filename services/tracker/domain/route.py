"""A step that the machine takes by itself."""

from collections.abc import Callable
from dataclasses import dataclass

from services.tracker.domain.guards import Scene
from services.tracker.domain.triggers import T

Guard = Callable[[Scene], bool]


@dataclass(frozen=True, slots=True)
class Route:
    """When `guard` holds, `trigger` fires; `cause` says why, in the domain's words."""

    name: str
    guard: Guard
    trigger: T
    cause: str = ""
