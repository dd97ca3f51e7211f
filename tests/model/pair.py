"""Two disputes on one transaction, each in every order with the other; they share its money alone.

Each sees of the other what it holds, as the reservations do. The bank pays whatever both have
ordered: by its books they never come to more than was captured.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from services.tracker.domain.holds import holds
from services.tracker.domain.records import replace
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Funding, Kind, Remedy, TransactionKind
from tests.model.explore import Found
from tests.model.graph import Graph
from tests.model.must import broken
from tests.model.routed import watching
from tests.model.scope import Node, Scope
from tests.model.world import CAPTURED, PART, ordered_minor, recovered_minor

Both = tuple[Node, Node]
_Parents = dict[Both, tuple[Both | None, str]]
_ONE, _OTHER = 0, 1


@dataclass(frozen=True, slots=True)
class Two:
    """Two scopes, and ends that both may come to, worked out by hand."""

    one: Scope
    other: Scope
    promised: frozenset[str]


# What changes nothing of what either holds is left out.
_ASKING: Final = frozenset({T.INQUIRY_DUE, T.MERCHANT_REMINDER, T.CONSENT_DELIVERED, T.RECORDS_DUE,
    T.ARBITRATION_DUE, T.EVIDENCE_DUE, T.REFUND_RECHECK, T.RECALL_RECHECK,
    T.CHARGEBACK_RECHECK})  # fmt: skip
_PATIENT: Final = _ASKING | {T.WITHDRAWN, T.MERCHANT_DUE, T.REFUND_DUE, T.FUNDING_DUE,
    T.DESTINATION_DUE, T.RECALL_DUE, T.CHARGEBACK_DUE, T.RECORDS_PENDING, T.RECORDS_EXPLAINED,
    T.HOLD_DUE, T.IDENTITY_DUE, T.IDENTITY_FAILED, T.RESET_REFUSED,
    T.CUSTOMER_SENT_EVIDENCE}  # fmt: skip


def _scope(kind: Kind, **scope: Any) -> Scope:
    bounds: dict[str, Any] = {"offers": False, "attempts": 1, "silent": _PATIENT}
    return Scope(kind, **(bounds | {"brisk": True, "prompt": True, "others": ()} | scope))


_NEVER_LOST: Final = _PATIENT | {T.REFUND_NO_ANSWER, T.REFUND_UNFUNDED}
PAIRS: Final = (
    Two(
        _scope(Kind.REFUND_REQUEST, silent=_ASKING),
        _scope(Kind.WRONG_AMOUNT, requested_minor=PART),
        frozenset({"credited and credited", "credited and declined", "declined and credited"}),
    ),
    Two(
        _scope(Kind.REFUND_REQUEST),
        _scope(Kind.REFUND_NOT_RECEIVED),
        frozenset({"credited and declined", "declined and credited", "declined and delivered"}),
    ),
    Two(
        _scope(Kind.WRONG_OR_SCAM_TRANSFER),
        _scope(Kind.UNAUTHORIZED, moves=TransactionKind.TRANSFER),
        frozenset({"recalled and declined", "explained and recalled", "recalled and recalled"}),
    ),
    Two(
        _scope(Kind.GOODS_OR_SERVICE, funding=Funding.CARD, silent=_NEVER_LOST),
        _scope(Kind.UNAUTHORIZED, funding=Funding.CARD, remedies=(Remedy.NONE,)),
        frozenset({"declined and charged_back", "charged_back and declined"}),
    ),
)


@dataclass(slots=True)
class Pair:
    """The states of two scopes beside each other."""

    graphs: tuple[Graph, Graph]

    def first(self) -> Both:
        """Both are opened."""
        one, other = (graph.first().after for graph in self.graphs)
        assert one is not None
        assert other is not None
        return one, other

    def steps(self, both: Both) -> Iterator[tuple[str, Both | None]]:
        """One of them goes on, and the other sees what it holds now."""
        for step in self.graphs[_ONE].steps(both[_ONE]):
            after = step.after
            yield f"1 {step.why}", None if after is None else (after, _beside(both[_OTHER], after))
        for step in self.graphs[_OTHER].steps(both[_OTHER]):
            after = step.after
            yield f"2 {step.why}", None if after is None else (_beside(both[_ONE], after), after)


def explore(two: Two) -> Found:
    """Search until nothing new is found, or something that must not be."""
    with watching() as routed:
        return _explore(Pair((Graph(two.one, routed), Graph(two.other, routed))))


def _explore(pair: Pair) -> Found:
    found, first = Found(), pair.first()
    parents: _Parents = {first: (None, "opened")}
    queue = deque([first])
    while queue and not found.is_bad:
        both = queue.popleft()
        _look(both, parents, found)
        for why, after in pair.steps(both):
            found.transitions += 1
            if after is not None and after not in parents:
                parents[after] = (both, why)
                queue.append(after)
    found.states = len(parents)
    return found


def _look(both: Both, parents: _Parents, found: Found) -> None:
    wrong = next(filter(None, (broken(node, is_alone=False) for node in both)), "")
    if wrong := wrong or _too_much(both):
        found.double_pay.append(_trail(parents, both) + wrong)
    ended = [node.point.has_ended for node in both]
    if all(ended):
        found.ends.add(" and ".join(node.point.status for node in both))
    elif any(not node.work and not over for node, over in zip(both, ended, strict=True)):
        found.dead_ends.append(_trail(parents, both))


def _too_much(both: Both) -> str:
    """By the bank's books, not by what either believes."""
    came = sum(recovered_minor(node.truth, node.dispute) for node in both)
    ordered = sum(ordered_minor(node.truth, node.dispute) for node in both)
    if max(came, ordered) <= CAPTURED or any(n.dispute.facts.over_recovered for n in both):
        return ""
    return f"both have {came} and ordered {ordered} of {CAPTURED}"


def _beside(node: Node, other: Node) -> Node:
    held = sum(h.amount_minor for h in holds(other.dispute) if h.state != "released")
    return node if node.others_minor == held else replace(node, others_minor=held)


def _trail(parents: _Parents, both: Both) -> str:
    lines: list[str] = []
    at: Both | None = both
    while at is not None:
        before, why = parents[at]
        lines.append(f"{why[:80]:80} {[node.point.status for node in at]}")
        at = before
    return "\n".join(reversed(lines)) + "\n"
