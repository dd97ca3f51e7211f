"""Breadth first over everything that may happen to one dispute, beside others on its transaction.

A node is the dispute without what no decision reads (dates, counters, names), the work that is
outstanding, the providers' truth and what other disputes hold. Time stands still except where a
decision asks for it: there each answer is tried before, after and long after.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from services.tracker.domain import commands, public, standing
from services.tracker.domain.decide import Result, decide
from services.tracker.domain.dispute import Attempt, Claim, Dispute, Facts, MoneyView
from services.tracker.domain.effects import Call, Cancel, Effect, Timer, Unmake
from services.tracker.domain.holds import holds
from services.tracker.domain.records import replace
from services.tracker.domain.states import (
    Access,
    Arbitration,
    Consent,
    Identity,
    Inquiry,
    Leg,
    Records,
    Refund,
    Reversal,
    State,
    Trace,
)
from services.tracker.domain.triggers import (
    ArbitratorDecision,
    BankTransaction,
    Cause,
    Choice,
    Details,
    Grant,
    MerchantAnswer,
    Payload,
    T,
    Trigger,
    Wish,
)
from shared.contracts.vocabulary import (
    WITHOUT_TRANSACTION,
    Actor,
    Fault,
    Funding,
    Kind,
    Payer,
    Remedy,
    Reopening,
    TransactionKind,
)
from tests.model.world import (
    CAPTURED,
    NO_TIME,
    PART,
    PATHS,
    SAID,
    TRANSFERS,
    Heard,
    Truth,
    answers,
    any_transaction,
    evolve,
    is_moving,
    ordered_minor,
    recovered_minor,
    said,
)
from tests.unit.tracker.case import PROFILE

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MOST_ATTEMPTS: Final = 2
MOST_ARBITRATIONS: Final = 3


@dataclass(frozen=True, slots=True)
class Scope:
    """What one search lets happen."""

    kind: Kind
    requested_minor: int | None = CAPTURED
    has_transaction: bool = True
    others: tuple[int, ...] = (0,)
    appeals: bool = False
    legal: bool = False
    credit: bool = False
    compensation: bool = False
    offers: bool = True
    attempts: int = MOST_ATTEMPTS
    funding: Funding | None = None  # only of transactions that were paid so
    moves: TransactionKind | None = None  # only of transactions of this kind
    details: bool = True  # the customer may say later which transaction it is
    prompt: bool = False  # the account service answers before anything else happens
    most: int = 0  # look no further than so many states; then nothing is proven, only met
    broad: bool = False  # any transaction at the bank, and any credit that an operator orders


@dataclass(frozen=True, slots=True)
class Node:
    """One state of everything."""

    dispute: Dispute
    work: frozenset[str]
    truth: Truth
    others_minor: int
    arbitrations: int = 0


_BEYOND: Final = Node(Dispute(cast("Claim", None)), frozenset(), Truth(), 0)


class Violation(AssertionError):
    """Something that must never be; says what, and how it came to it."""


@dataclass(slots=True)
class Found:
    """What a search has seen."""

    states: int = 0
    transitions: int = 0
    ends: set[str] = field(default_factory=set)
    waits: set[tuple[str, str]] = field(default_factory=set)  # status, and who acts next
    dead_ends: list[str] = field(default_factory=list)
    double_pay: list[str] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)
    legs: set[str] = field(default_factory=set)


def explore(scope: Scope, most: int = 2_000_000) -> Found:
    """Search until nothing new is found.

    Raises:
        Violation: more than `most` states.

    """
    found = Found()
    first = _opened(scope)
    parents: dict[Node, tuple[Node | None, str]] = {first: (None, "opened")}
    back: dict[Node, list[Node]] = {}
    ends: list[Node] = []
    queue = deque([first])
    while queue:
        node = queue.popleft()
        if problem := _check(node):
            found.double_pay.append(_trail(parents, node) + problem)
            return _summed(found, parents)
        _meet(node, found)
        if standing.has_ended(node.dispute):
            ends.append(node)
        elif not node.work:
            found.dead_ends.append(_trail(parents, node))
            return _summed(found, parents)
        for why, after in _steps(node, scope):
            found.transitions += 1
            if after is _BEYOND:  # more attempts than the scope looks at: it goes on from there
                ends.append(node)
                continue
            if after == node:
                continue
            back.setdefault(after, []).append(node)
            if after not in parents:
                parents[after] = (node, why)
                queue.append(after)
                if _is_enough(scope, len(parents), most):
                    return _summed(found, parents)
    _reach(back, ends, parents, found)
    return _summed(found, parents)


def _is_enough(scope: Scope, states: int, most: int) -> bool:
    if states > most:
        raise Violation(f"{scope}: more than {most} states")
    return 0 < scope.most <= states


def _meet(node: Node, found: Found) -> None:
    """Its cells of the table."""
    found.legs |= _begun(node)
    if end := standing.end(node.dispute):
        found.ends.add(str(end))
    elif node.work:
        found.waits.add((public.status(node.dispute), public.next_actor(node.dispute)))


def _summed(found: Found, parents: dict[Node, tuple[Node | None, str]]) -> Found:
    found.states = len(parents)
    return found


def _reach(
    back: dict[Node, list[Node]],
    ends: list[Node],
    parents: dict[Node, tuple[Node | None, str]],
    found: Found,
) -> None:
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


def _trail(parents: dict[Node, tuple[Node | None, str]], node: Node) -> str:
    lines: list[str] = []
    at: Node | None = node
    while at is not None:
        before, why = parents[at]
        lines.append(f"{why:60} -> {_legs(at)} | {sorted(at.work)} | {at.truth.facts}")
        at = before
    return "\n".join(reversed(lines)) + "\n"


def _begun(node: Node) -> set[str]:
    legs = node.dispute.legs
    return {leg.value for leg in Leg if legs.of(leg).value != "none"}


def _legs(node: Node) -> str:
    legs = node.dispute.legs
    named = ((f.name, getattr(legs, f.name).value) for f in fields(legs))
    return " ".join(f"{name}={value}" for name, value in named if value != "none")


# --- what must hold in every state


def _check(node: Node) -> str:
    """Why this state must not be, or nothing."""
    dispute, truth = node.dispute, node.truth
    facts = dispute.facts
    cap = (facts.captured_minor or 0) - node.others_minor
    ordered = ordered_minor(truth, dispute)
    if ordered > max(cap, 0) and not facts.over_recovered:
        return f"ordered {ordered} of {cap}"
    got = recovered_minor(truth, dispute)
    if got > cap and not _is_shown(dispute) and facts.captured_minor is not None:
        return f"recovered {got} of {cap}"
    if facts.over_recovered and not _may_be_over(truth):
        return "over-recovered without a reason outside"
    held = sum(h.amount_minor for h in holds(dispute) if h.state != "released")
    if held > max(cap, 0) and facts.captured_minor is not None:
        return f"held {held} of {cap}"
    if standing.has_ended(dispute) and is_moving(truth, dispute) and not facts.over_recovered:
        return "an end with money in flight"
    if dispute.legs.refund is Refund.RESERVED and facts.attempt(facts.refund_n).payer is None:
        return "an approval without a payer"
    return ""


def _is_shown(dispute: Dispute) -> bool:
    """Marked; or what may come back by itself is known to have no room."""
    facts = dispute.facts
    comes = dispute.legs.reversal in (Reversal.WATCHED, Reversal.OVERDUE)
    roomless = facts.reversal_held_minor < (facts.reversal_minor or 0)
    return facts.over_recovered or (comes and roomless)


def _may_be_over(truth: Truth) -> bool:
    """Money that comes by itself, or whose way back was heard of too late: shown to a person."""
    return any(
        key == "reversal" or key.startswith("chargeback") or state == "went_back"
        for key, state in truth.facts
    )


# --- everything that may happen next


def _steps(node: Node, scope: Scope) -> Iterator[tuple[str, Node]]:
    dispute = node.dispute
    if scope.prompt and (first := _at_once(node, scope)):
        yield from first
        return
    for name in sorted(node.work):
        yield from _worked_off(node, scope, name)
    for truth in evolve(node.truth, {}):
        yield f"outside {truth.facts}", _with(node, truth)
    for heard in said(node.truth, dispute):
        yield _hear(node, scope, f"heard {heard.name}", heard)
    for name, payload in _people(node, scope):
        yield _hear(node, scope, f"{name} {_short(payload)}", Heard(name, payload, node.truth))
    for others in scope.others:
        if others != node.others_minor and _may_hold(node, others):
            yield f"others {others}", replace(node, others_minor=others)


def _worked_off(node: Node, scope: Scope, name: str) -> Iterator[tuple[str, Node]]:
    """A timer fires, or a call is answered in any way."""
    if ":" not in name:
        yield _hear(node, scope, name, Heard(T(name), None, node.truth), name)
        return
    _, kind, n = name.split(":")
    heard_of = answers(kind, int(n), node.truth, node.dispute)
    if kind == "inquiry" and scope.broad:
        heard_of = any_transaction(node.truth, node.dispute)
    for heard in heard_of:
        if _is_looked_at(heard, scope):
            yield _hear(node, scope, f"{name} answered {heard.name}", heard, name)


def _is_looked_at(heard: Heard, scope: Scope) -> bool:
    """Whether the scope is about such a transaction."""
    found = heard.payload
    if not isinstance(found, BankTransaction):
        return True
    return scope.funding in (None, found.funding) and scope.moves in (None, found.kind)


def _at_once(node: Node, scope: Scope) -> list[tuple[str, Node]]:
    """What the account service does now, where nothing else is to come between."""
    legs, truth = node.dispute.legs, node.truth
    for name in sorted(node.work):
        if name.startswith("accounts:"):
            _, kind, n = name.split(":")
            heard = answers(kind, int(n), truth, node.dispute)
            return [_hear(node, scope, f"{name} answered {h.name}", h, name) for h in heard]
    waits = {"identity": legs.identity is Identity.ASKED, "access": legs.access is Access.ASKED}
    for key, state in truth.facts:
        leg = key.split(":")[0]
        if waits.get(leg) and state == "asked":
            ends = (truth.now(key, end) for end in PATHS[leg][state])
            return [(f"outside {end.facts}", _with(node, end)) for end in ends]
        if waits.get(leg):
            told = [h for h in said(truth, node.dispute) if h.name is SAID[leg][state][-1]]
            return [_hear(node, scope, f"heard {h.name}", h) for h in told]
    return []


def _with(node: Node, truth: Truth) -> Node:
    return replace(node, truth=truth)


def _short(payload: Payload) -> str:
    return "" if payload is None else str(payload)[:90]


def _may_hold(node: Node, others: int) -> bool:
    """What the database allows others to hold."""
    held = sum(h.amount_minor for h in holds(node.dispute) if h.state != "released")
    return others + held <= CAPTURED


def _people(node: Node, scope: Scope) -> Iterator[tuple[T, Payload]]:
    dispute = node.dispute
    wish = Wish("c-1")
    for action in commands.actions(dispute, NOW):
        trigger = commands.OF_ACTION[action]
        match trigger:
            case T.DETAILS_GIVEN if not scope.details:
                continue
            case T.APPEALED if not scope.appeals:
                continue
            case T.DETAILS_GIVEN:
                yield trigger, Details("c-1", "t-1", None, None)
            case T.GOODS_SHIPPED | T.ACCOUNT_CHOSEN:
                yield trigger, Choice("c-1", "x")
            case _:
                yield trigger, wish
    for name in commands.ops_commands(dispute):
        yield from _ops(commands.OPS[name], node, scope)
    yield from _merchant(node, scope)


def _ops(trigger: T, node: Node, scope: Scope) -> Iterator[tuple[T, Payload]]:
    """What an honest operator says, as far as the scope lets it be said."""
    facts = node.dispute.facts
    if trigger is T.ARBITRATOR_DECIDED:
        yield from _decisions(node, scope)
        return
    if not _in_scope(trigger, node, scope):
        return
    second = f"o-{len(facts.account_checked_by)}"
    said: dict[T, Payload] = {
        T.CREDIT_ORDERED: Grant("o-1", CAPTURED, "goodwill"),
        T.COMPENSATION_ORDERED: Grant("o-1", PART, "late"),
        T.CASE_REOPENED: Cause("o-1", Reopening.COURT_ORDER),
        T.LEGAL_HOLD_PLACED: Cause("o-1", "court"),
        T.LEGAL_HOLD_LIFTED: Cause("o-1", "court"),
        T.COMPLAINT_ANSWERED: Cause(f"o-{facts.complaint_n}", "explained"),
        T.DECISION_CONFIRMED: Wish("o-2"),
        T.DECISION_REJECTED: Wish("o-2"),
        T.ACCOUNT_CONFIRMED: Wish(second),
    }
    yield trigger, said.get(trigger, Wish("o-1"))


def _in_scope(trigger: T, node: Node, scope: Scope) -> bool:
    match trigger:
        case T.REFUND_DECLARED_FAILED:  # the bank says that it never will be
            n = node.dispute.facts.refund_n
            return node.truth.of(f"refund:{n}") in ("", "failed", "bounced", "went_back")
        case T.CREDIT_ORDERED:
            return scope.broad and scope.credit  # or by the statute's timer, which is the same
        case T.COMPENSATION_ORDERED:
            return scope.compensation
        case T.CASE_REOPENED:
            return scope.appeals and node.arbitrations < MOST_ARBITRATIONS
        case T.LEGAL_HOLD_PLACED | T.LEGAL_HOLD_LIFTED:
            return scope.legal
        case _:
            return True


def _decisions(node: Node, scope: Scope) -> Iterator[tuple[T, Payload]]:
    by = f"o-{len(node.dispute.facts.deciders)}"
    remedies: list[tuple[Remedy, int | None]] = [(Remedy.NONE, None)]
    if node.dispute.facts.refund_n < scope.attempts:
        remedies += [(Remedy.FULL_REFUND, CAPTURED), (Remedy.PARTIAL_REFUND, PART)]
        if scope.offers:
            remedies.append((Remedy.RETURN_THEN_REFUND, PART))
    if node.dispute.claim.kind is Kind.BALANCE_ANOMALY:
        remedies.append((Remedy.CORRECTION, PART))
    for remedy, amount in remedies:
        payer = Payer.WALLET_ADVANCE if amount else None
        yield (
            T.ARBITRATOR_DECIDED,
            ArbitratorDecision(Fault.NEITHER, remedy, "other", by, amount, payer),
        )


def _merchant(node: Node, scope: Scope) -> Iterator[tuple[T, Payload]]:
    facts = node.dispute.facts
    if facts.consent_n:
        n = facts.consent_n
        yield T.MERCHANT_ACCEPTED, MerchantAnswer(n)
        yield T.MERCHANT_REFUSED, MerchantAnswer(n)
        if scope.offers:
            yield T.MERCHANT_OFFERED, MerchantAnswer(n, offer_minor=PART)
            yield T.MERCHANT_WANTS_RETURN, MerchantAnswer(n)
        if node.dispute.claim.kind is Kind.PAYMENT_FAILED:
            yield T.MERCHANT_FULFILLED, MerchantAnswer(n)
    if facts.goods_n:
        yield T.GOODS_RECEIVED, MerchantAnswer(facts.goods_n)
        yield T.GOODS_CONTESTED, MerchantAnswer(facts.goods_n)
    if node.dispute.legs.arbitration is Arbitration.GATHERING:
        yield T.MERCHANT_SENT_EVIDENCE, MerchantAnswer(facts.arbitration_n)


# --- one step


def _hear(node: Node, scope: Scope, why: str, heard: Heard, done: str = "") -> tuple[str, Node]:
    money = MoneyView(others_minor=node.others_minor)
    trigger = Trigger(heard.name, Actor.REDRESS, heard.payload)
    decision = decide(node.dispute, trigger, NOW + heard.after, PROFILE, money)
    work = node.work - {done}
    if decision.result is not Result.APPLIED:
        work = _outstanding(node.dispute, work, heard.truth)
        return why, Node(node.dispute, work, heard.truth, node.others_minor, node.arbitrations)
    opened = decision.dispute.facts.arbitration_n > node.dispute.facts.arbitration_n
    arbitrations = node.arbitrations + (opened and scope.appeals)
    facts = decision.dispute.facts
    tries = max(
        facts.refund_n - scope.attempts,
        facts.correction_n - MOST_ATTEMPTS,
        facts.compensation_n - 1,
    )
    if tries > 0 or arbitrations > MOST_ARBITRATIONS:
        return why, _BEYOND
    after = _plain(decision.dispute)
    work = _outstanding(after, _worked(after, work, decision.effects, scope), heard.truth)
    return why, Node(after, work, heard.truth, node.others_minor, arbitrations)


def _worked(
    dispute: Dispute, work: frozenset[str], effects: tuple[Effect, ...], scope: Scope
) -> frozenset[str]:
    if standing.has_ended(dispute):
        return frozenset()
    now = set(work)
    for effect in effects:
        match effect:
            case Timer(_, trigger, _):
                now.add(trigger.value)
            case Cancel(_, trigger):
                now.discard(trigger.value)
            case Unmake(_, kind, n):
                now.discard(f"bank:{kind}:{n}")
            case Call(party, _, kind, n, _):
                now.add(f"{party}:{kind}:{n}")
    now.discard(T.PROMISE_DUE.value)
    if not scope.credit:
        now.discard(T.CREDIT_DUE.value)
    return frozenset(now)


def _outstanding(dispute: Dispute, work: frozenset[str], truth: Truth) -> frozenset[str]:
    """Without calls whose answer nobody waits for, or which `said` tells as well."""
    return frozenset(name for name in work if ":" not in name or _matters(name, dispute, truth))


def _matters(call: str, dispute: Dispute, truth: Truth) -> bool:
    _, kind, n = call.split(":")
    legs = dispute.legs
    if kind in _ALWAYS_SAID:
        return False
    if kind in _WAITS_IN:
        return legs.of(_WAITS_IN[kind][0]) in _WAITS_IN[kind][1]
    match kind:
        case "refund":
            return not truth.of(f"refund:{n}") or legs.refund is Refund.RESERVED
        case "watch" | "reversal_query" | "return_query":
            return not truth.of("reversal") or legs.reversal in (Reversal.WATCHED, Reversal.OVERDUE)
        case "recall_query":
            return not truth.of(f"recall:{n}")
        case _:
            return True


_ALWAYS_SAID: Final = (
    "chargeback_query",
    "identity_query",
    "reset_query",
    "reminder",
    "goods",
    "evidence",
)
_WAITS_IN: Final[dict[str, tuple[Leg, tuple[State, ...]]]] = {
    "inquiry": (Leg.INQUIRY, (Inquiry.ASKED, Inquiry.STALLED)),
    "consent": (Leg.CONSENT, (Consent.ASKED,)),
    "trace": (Leg.TRACE, (Trace.ASKED, Trace.IN_TRANSIT, Trace.UNTRACED)),
    "trace_query": (Leg.TRACE, (Trace.ASKED, Trace.IN_TRANSIT, Trace.UNTRACED)),
    "records": (Leg.RECORDS, (Records.ASKED, Records.STALLED)),
    "refund_query": (Leg.REFUND, (Refund.UNKNOWN,)),
}


_BLANK: Final[dict[str, Any]] = {
    "expected_at": None,
    "delivered_at": None,
    "missed_at": None,
    "promised_at": NOW + timedelta(days=1),
    "promise_rule": "p",
    "promises_missed": 0,
    "escalations": 0,
    "reminders": 0,
    "fault": None,
    "decision_reason": None,
    "decided_by": None,
    "confirmed_by": None,
    "loss_bearer": None,
    "rate_bearer": None,
    "chargeback_until": None,
    "merchant_reason": None,
    "reject_reason": None,
    "cause": None,
    "bank_merchant_id": None,
    "deciders": (),
    "transaction_kind": None,
    "payer": Payer.WALLET_ADVANCE,
    "reset_n": 1,
    "trace_n": 1,
}
_KEPT_RULES: Final = ("outside_window",)


def _plain(dispute: Dispute) -> Dispute:
    """The same without what no decision reads."""
    facts = dispute.facts
    changes: dict[str, Any] = {
        name: value for name, value in _BLANK.items() if getattr(facts, name) != value
    }
    for name in ("transaction_kind",):
        changes.pop(name, None)
    for name in ("reset_n", "trace_n"):
        if getattr(facts, name) == 0:
            changes.pop(name, None)
    if facts.payer is None:
        changes.pop("payer", None)
    if facts.decision_rule not in _KEPT_RULES:
        changes["decision_rule"] = "r" if facts.decision_rule else None
    for name in ("refund_first_sent_at", "refund_last_sent_at", "consent_delivered_at"):
        if getattr(facts, name) is not None:
            changes[name] = NOW
    if facts.appeal_until is not None:
        changes["appeal_until"] = NOW + timedelta(days=1)
    if facts.promised_at is None:
        changes.pop("promised_at", None)
        changes.pop("promise_rule", None)
    changes |= _decided(dispute)
    changes["arbitration_n"] = min(facts.arbitration_n, 1)
    changes["complaint_n"] = min(facts.complaint_n, 2)
    changes["attempts"] = tuple(_attempt(a) for a in facts.attempts)
    return replace(dispute, facts=replace(facts, **changes))


def _decided(dispute: Dispute) -> dict[str, Any]:
    """What is read of decisions: why one is asked for, and what it was until it is carried out."""
    facts, changes = dispute.facts, dict[str, Any]()
    if facts.arbitration_cause not in (None, "bank_silent", "no_transaction"):
        changes["arbitration_cause"] = "x"
    if facts.arbitration_cause is None:
        changes["remedy"] = None
    if facts.evidence_of and dispute.legs.arbitration is not Arbitration.GATHERING:
        changes["evidence_of"] = ("x",)
    return changes


def _attempt(attempt: Attempt) -> Attempt:
    return Attempt(attempt.amount_minor, attempt.payer and Payer.WALLET_ADVANCE)


def _opened(scope: Scope) -> Node:
    kind = scope.kind
    has = scope.has_transaction and kind not in WITHOUT_TRANSACTION
    claim = Claim(
        dispute_id=UUID(int=1),
        claim_id=UUID(int=2),
        reference="402188530174",
        kind=kind,
        reason="other",
        customer_id="c-1",
        merchant_id=None if kind in TRANSFERS else "m-plain",
        transaction_id="t-1" if has else None,
        requested_minor=scope.requested_minor,
        currency="CNY" if scope.requested_minor is not None else None,
        refundable_until=None,
        occurred_at=NOW - timedelta(hours=1),
        profile="test",
        profile_version=1,
        calendar="CN",
        calendar_version="test",
        opened_at=NOW,
        first_promised_at=NOW + timedelta(days=1),
        first_promise_rule=f"promise_{kind}",
    )
    start = Node(Dispute(claim, facts=Facts()), frozenset(), Truth(), scope.others[0])
    return _hear(start, scope, "opened", Heard(T.OPENED, None, Truth(), NO_TIME))[1]
