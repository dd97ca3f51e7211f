"""All that may happen next in a state of everything, each decision taken once and remembered.

A graph knows which routes each of its steps went by. The same search with a route taken away needs
new decisions for these steps only, and for where they lead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from services.tracker.domain import public, standing
from services.tracker.domain.decide import Decision, Result, decide
from services.tracker.domain.dispute import Dispute, MoneyView
from services.tracker.domain.effects import Effect
from services.tracker.domain.holds import holds
from services.tracker.domain.states import Access, Identity, Leg, Verdict
from services.tracker.domain.triggers import AccountReport, RefundReport, T, Trigger
from shared.contracts.vocabulary import Actor, TransactionState
from shared.rules import Profile
from tests.model import choices, found
from tests.model.plain import NOW, opened, plain
from tests.model.routed import Key, Routed
from tests.model.scope import MOST_ARBITRATIONS, MOST_ATTEMPTS, Node, Point, Scope
from tests.model.work import outstanding, worked
from tests.model.world import CAPTURED, NO_TIME, PATHS, SAID, Heard, Truth, answers, evolve, said
from tests.unit.tracker.case import PROFILE

_OLDER: Final = "402100000001"  # the reference of the dispute that came first
_NAMES_IT: Final = (T.OPENED, T.DETAILS_GIVEN)
OF_KEYS: Final = replace(PROFILE, self_custody=True)
_Asked = tuple[Point, T, object, timedelta, int]  # what was heard where, beside whom


@dataclass(frozen=True, slots=True)
class Step:
    """Something that may happen; `after` is None where the scope does not look any further."""

    why: str
    after: Node | None
    heard: Heard | None = None  # nothing where the machine hears nothing
    done: str = ""
    routes: tuple[Key, ...] = ()
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Moved:
    """A decision without what only histories need."""

    applied: bool
    point: Point
    effects: tuple[Effect, ...] = ()
    routes: tuple[Key, ...] = ()
    told: tuple[str, ...] = ()
    is_beyond: bool = False
    opened: bool = False


@dataclass(slots=True)
class Graph:
    """The states of one scope as far as they were looked at."""

    scope: Scope
    routed: Routed
    points: dict[Dispute, Point] = field(default_factory=dict)
    decisions: dict[_Asked, _Moved] = field(default_factory=dict)
    lacking: dict[_Asked, _Moved] = field(default_factory=dict)
    nodes: dict[Node, Sequence[Step]] = field(default_factory=dict)
    sound: set[Node] = field(default_factory=set)

    @property
    def _rules(self) -> Profile:
        return OF_KEYS if self.scope.self_custody else PROFILE

    def without(self, route: Key | None) -> None:
        """From now on no step goes by this route."""
        self.routed.without = route
        self.lacking.clear()

    def first(self) -> Step:
        """The dispute is opened."""
        others = self.scope.others[0] if self.scope.others else 0
        start = Node(self._point(opened(self.scope)), frozenset(), Truth(), others)
        step = self._hear(start, "opened", Heard(T.OPENED, None, Truth(), NO_TIME))
        return self._now(start, step)

    def steps(self, node: Node) -> Sequence[Step]:
        """Everything that may happen next, by the routes that there are."""
        known = self.nodes.get(node)
        if known is None:
            known = self.nodes[node] = tuple(filter(self._is_said, self._steps(node)))
        if self.routed.without is None:
            return known
        return [self._now(node, step) for step in known]

    def _is_said(self, step: Step) -> bool:
        return step.heard is None or step.heard.name not in self.scope.silent

    def _now(self, node: Node, step: Step) -> Step:
        if step.heard is None or self.routed.without not in step.routes:
            return step
        return self._hear(node, step.why, step.heard, step.done, is_whole=False)

    # --- what may happen

    def _steps(self, node: Node) -> Iterator[Step]:
        scope, dispute = self.scope, node.dispute
        if first := self._at_once(node):
            yield from first
            return
        for name in sorted(node.work):
            yield from self._worked_off(node, name)
        for truth in self._evolved(node):
            yield Step(f"outside {truth.facts}", _with(node, truth))
        for heard in said(node.truth, dispute):
            yield self._hear(node, f"heard {heard.name}", heard)
        for name, payload in choices.people(node, scope):
            why = f"{name} {'' if payload is None else str(payload)[:90]}"
            yield self._hear(node, why, Heard(name, payload, node.truth))
        for others in scope.others:
            if others != node.others_minor and _may_hold(node, others):
                yield Step(f"others {others}", _others(node, others))

    def _evolved(self, node: Node) -> Iterator[Truth]:
        yield from evolve(node.truth, {})
        captured = node.dispute.facts.transaction_state is TransactionState.CAPTURED
        if self.scope.chargebacks and captured and not _takes_none(node.truth):
            yield node.truth.now("network", "filed")

    def _worked_off(self, node: Node, name: str) -> Iterator[Step]:
        """A timer fires, or a call is answered in any way."""
        if ":" not in name:
            yield self._hear(node, name, Heard(T(name), None, node.truth), name)
            return
        for heard in self._answers(node, name):
            yield self._hear(node, f"{name} answered {heard.name}", heard, name)

    def _answers(self, node: Node, name: str) -> Iterator[Heard]:
        _, kind, n = name.split(":")
        if kind == "inquiry":
            yield from found.answers(self.scope, node.truth, node.dispute)
            return
        yield from answers(kind, int(n), node.truth, node.dispute)
        if kind == "refund" and node.truth.of("network") in ("filed", "won"):
            withheld = RefundReport(int(n), charged_back_minor=CAPTURED)
            yield Heard(T.REFUND_WITHHELD, withheld, node.truth)
        for word in _BY_A_SIBLING.get(kind, ()) if self.scope.siblings else ():
            yield Heard(word, AccountReport(1), node.truth)

    def _at_once(self, node: Node) -> list[Step]:
        """What happens now, where nothing else is to come between."""
        for name in sorted(node.work) if self.scope.brisk else ():
            if name == "bank:inquiry:1":
                heard = self._answers(node, name)
                return [self._hear(node, f"{name} answered {h.name}", h, name) for h in heard]
        return self._account_at_once(node) if self.scope.prompt else []

    def _account_at_once(self, node: Node) -> list[Step]:
        legs, truth, silent = node.dispute.legs, node.truth, self.scope.silent
        for name in sorted(node.work):
            if name.startswith("accounts:"):
                heard = self._answers(node, name)
                return [self._hear(node, f"{name} answered {h.name}", h, name) for h in heard]
        waits = {"identity": legs.identity is Identity.ASKED, "access": legs.access is Access.ASKED}
        for key, state in truth.facts:
            leg = key.split(":")[0]
            if waits.get(leg) and state == "asked":
                words = {end: SAID[leg][end][-1] for end in PATHS[leg][state]}
                ends = [truth.now(key, end) for end, word in words.items() if word not in silent]
                return [Step(f"outside {end.facts}", _with(node, end)) for end in ends]
            if waits.get(leg):
                told = [h for h in said(truth, node.dispute) if h.name is SAID[leg][state][-1]]
                return [self._hear(node, f"heard {h.name}", h) for h in told]
        return []

    # --- one step

    def _hear(
        self, node: Node, why: str, heard: Heard, done: str = "", *, is_whole: bool = True
    ) -> Step:
        moved = self._decided(node, heard, is_whole=is_whole)
        work, truth = node.work - {done}, heard.truth
        arbitrations = node.arbitrations + (moved.opened and self.scope.appeals)
        if moved.is_beyond or arbitrations > MOST_ARBITRATIONS:
            return Step(why, None, heard, done, moved.routes, moved.told)
        if moved.applied:
            work = worked(moved.point, work, moved.effects, self.scope)
        work = outstanding(moved.point.dispute, work, truth)
        after = Node(moved.point, work, truth, node.others_minor, arbitrations)
        return Step(why, after, heard, done, moved.routes, moved.told)

    def _decided(self, node: Node, heard: Heard, *, is_whole: bool) -> _Moved:
        asked = (node.point, heard.name, heard.payload, heard.after, node.others_minor)
        kept = self.decisions if is_whole else self.lacking
        known = kept.get(asked)
        if known is None:
            known = kept[asked] = self._decide(node, heard, is_whole=is_whole)
        return known

    def _decide(self, node: Node, heard: Heard, *, is_whole: bool) -> _Moved:
        before = node.dispute
        older = _OLDER if self.scope.duplicate and heard.name in _NAMES_IT else None
        money = MoneyView(others_minor=node.others_minor, duplicate_of=older)
        trigger = Trigger(heard.name, Actor.REDRESS, heard.payload)
        with self.routed.noted(is_whole=is_whole) as taken:
            decision = decide(before, trigger, NOW + heard.after, self._rules, money)
        if decision.result is not Result.APPLIED:
            return _Moved(applied=False, point=node.point)
        facts = decision.dispute.facts
        return _Moved(
            applied=True,
            point=self._point(plain(decision.dispute)),
            effects=decision.effects,
            routes=tuple(taken),
            told=_told(before, decision),
            is_beyond=self._is_beyond(decision.dispute),
            opened=facts.arbitration_n > before.facts.arbitration_n,
        )

    def _is_beyond(self, dispute: Dispute) -> bool:
        facts = dispute.facts
        tries = max(
            facts.refund_n - self.scope.attempts,
            facts.correction_n - MOST_ATTEMPTS,
            facts.compensation_n - 1,
        )
        return tries > 0

    def _point(self, dispute: Dispute) -> Point:
        known = self.points.get(dispute)
        if known is None:
            ended = standing.has_ended(dispute)
            who = public.next_actor(dispute)
            begun = frozenset(leg.value for leg in Leg if dispute.legs.of(leg).value != "none")
            known = Point(dispute, ended, str(public.status(dispute)), who.value, begun)
            self.points[dispute] = known
        return known


def _told(before: Dispute, decision: Decision) -> tuple[str, ...]:
    """What is said of the decision, with its cause."""
    after = decision.dispute
    words = []
    if after.facts.arbitration_n > before.facts.arbitration_n:
        words.append(f"asked {after.facts.arbitration_cause}")
    rule = after.facts.decision_rule
    if after.facts.refund_n > before.facts.refund_n and rule != before.facts.decision_rule:
        words.append(f"approved {rule}")
    if after.legs.verdict not in (*_WITHOUT_CAUSE, before.legs.verdict):
        words.append(f"{after.legs.verdict.value} {rule}")
    return tuple(words)


_BY_A_SIBLING: Final = {
    "hold": (T.HOLD_FROZEN, T.HOLD_RELEASED, T.HOLD_EXPIRED),
    "freeze": (T.HOLD_RELEASED,),
}
_WITHOUT_CAUSE: Final = (Verdict.NONE, Verdict.WITHDRAWN, Verdict.DUPLICATE)


def _takes_none(truth: Truth) -> bool:
    """The network takes one chargeback of a transaction, and none of what was only authorised."""
    return any(key.startswith(("network", "chargeback", "reversal")) for key, _ in truth.facts)


def _with(node: Node, truth: Truth) -> Node:
    return Node(node.point, node.work, truth, node.others_minor, node.arbitrations)


def _others(node: Node, others: int) -> Node:
    return Node(node.point, node.work, node.truth, others, node.arbitrations)


def _may_hold(node: Node, others: int) -> bool:
    """What the database allows others to hold."""
    held = sum(h.amount_minor for h in holds(node.dispute) if h.state != "released")
    captured = node.dispute.facts.captured_minor
    return others + held <= (CAPTURED if captured is None else captured)
