"""Breadth first over everything that may happen to one dispute, beside others on its transaction.

A node is the dispute without what no decision reads (dates, counters, names), the work that is
outstanding, the providers' truth and what other disputes hold. Time stands still except where a
decision asks for it: there each answer is tried before, after and long after.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Final

from services.tracker.domain.states import Arbitration
from tests.model.graph import Graph, Step
from tests.model.must import broken
from tests.model.routed import Key
from tests.model.scope import Node, Scope

MOST_STATES: Final = 2_000_000
_Parents = dict[Node, tuple[Node | None, str]]


class Violation(AssertionError):
    """Something that must never be; says what, and how it came to it."""


@dataclass(slots=True)
class Found:
    """What a search has seen."""

    states: int = 0
    transitions: int = 0
    ends: set[str] = field(default_factory=set)
    waits: set[tuple[str, str]] = field(default_factory=set)  # status, and who acts next
    told: set[str] = field(default_factory=set)  # what was decided, with its cause
    routes: set[Key] = field(default_factory=set)  # by which the machine went
    dead_ends: list[str] = field(default_factory=list)
    double_pay: list[str] = field(default_factory=list)  # or any other rule that is broken
    unreachable: list[str] = field(default_factory=list)
    legs: set[str] = field(default_factory=set)

    @property
    def is_bad(self) -> bool:
        """Whether anything was met that must not be."""
        return bool(self.dead_ends or self.double_pay or self.unreachable)


def explore(graph: Graph) -> Found:
    """Search until nothing new is found, or something that must not be.

    Raises:
        Violation: more than `MOST_STATES`.

    """
    found, opened = Found(), graph.first()
    first = _noted(opened, found)
    assert first is not None
    parents: _Parents = {first: (None, "opened")}
    back: dict[Node, list[Node]] = {}
    ends: list[Node] = []
    queue = deque([first])
    while queue and not found.is_bad:
        node = queue.popleft()
        _look(node, graph, parents, found)
        if _is_end(node, graph.scope):
            ends.append(node)
        for why, after in _further(node, graph, found):
            if after is None:  # more attempts than the scope looks at: it goes on from there
                ends.append(node)
                continue
            back.setdefault(after, []).append(node)
            if after not in parents:
                parents[after] = (node, why)
                queue.append(after)
        if len(parents) > MOST_STATES:
            raise Violation(f"{graph.scope}: more than {MOST_STATES} states")
    if not found.is_bad:
        _reach(back, ends, parents, found)
    found.states = len(parents)
    return found


def _further(node: Node, graph: Graph, found: Found) -> Iterator[tuple[str, Node | None]]:
    for step in graph.steps(node):
        found.transitions += 1
        if _noted(step, found) != node:
            yield step.why, step.after


def _noted(step: Step, found: Found) -> Node | None:
    """Where the step leads."""
    if step.routes:
        found.routes.update(step.routes)
        found.told.update(step.told)
    return step.after


def _look(node: Node, graph: Graph, parents: _Parents, found: Found) -> None:
    """What there is to see in one state."""
    point = node.point
    if node not in graph.sound:
        if problem := broken(node, is_alone=graph.scope.others == (0,)):
            found.double_pay.append(_trail(parents, node) + problem)
            return
        graph.sound.add(node)
    if point.has_ended:
        found.ends.add(point.status)
    elif not node.work:
        found.dead_ends.append(_trail(parents, node))
    else:
        found.waits.add((point.status, point.actor))
    found.legs |= point.legs


def _is_end(node: Node, scope: Scope) -> bool:
    """An end, or a person's decision where the scope does not look at any."""
    asks = scope.remedies == () and node.dispute.legs.arbitration is Arbitration.OPEN
    return asks or node.point.has_ended


def _reach(back: dict[Node, list[Node]], ends: list[Node], parents: _Parents, found: Found) -> None:
    """Backwards from every end: what is not met has no way to one."""
    seen = set(ends)
    queue = deque(ends)
    while queue:
        for before in back.get(queue.popleft(), ()):
            if before not in seen:
                seen.add(before)
                queue.append(before)
    lost = next((node for node in parents if node not in seen), None)
    if lost:
        found.unreachable.append(_trail(parents, lost))


def _trail(parents: _Parents, node: Node) -> str:
    lines: list[str] = []
    at: Node | None = node
    while at is not None:
        before, why = parents[at]
        lines.append(f"{why:60} -> {_legs(at)} | {sorted(at.work)} | {at.truth.facts}")
        at = before
    return "\n".join(reversed(lines)) + "\n"


def _legs(node: Node) -> str:
    legs = node.dispute.legs
    named = ((f.name, getattr(legs, f.name).value) for f in fields(legs))
    return " ".join(f"{name}={value}" for name, value in named if value != "none")
