"""What people see: status, next actor, promised date, money, actions. Functions of the legs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.tracker.domain.dispute import Dispute, Facts
from services.tracker.domain.effects import Timer
from services.tracker.domain.records import replace
from services.tracker.domain.states import (
    Arbitration,
    Consent,
    Inquiry,
    Leg,
    Legs,
    Refund,
    Reversal,
    Trace,
    Verdict,
)
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import ENDS, Action, Actor, Kind, Status
from shared.rules import Profile

_VERDICTS: Final = {
    Verdict.DECLINED: Status.DECLINED,
    Verdict.EXPLAINED: Status.EXPLAINED,
    Verdict.WITHDRAWN: Status.WITHDRAWN,
    Verdict.DUPLICATE: Status.DUPLICATE,
}
_REFUNDS: Final = {
    Refund.RESERVED: Status.REFUND_APPROVED,
    Refund.IN_FLIGHT: Status.REFUND_SENT,
    Refund.UNKNOWN: Status.REFUND_UNCONFIRMED,
    Refund.STUCK: Status.REFUND_UNCONFIRMED,
    Refund.BOUNCED: Status.REFUND_BOUNCED,
    Refund.UNFUNDED: Status.REFUND_UNFUNDED,
    Refund.CREDITED: Status.CREDITED,
}
_CONSENTS: Final = (Consent.ASKED, Consent.DELIVERED)
_NEXT: Final = {
    Status.RECEIVED: Actor.REDRESS,
    Status.CHECKING: Actor.BANK,
    Status.TRACING: Actor.BANK,
    Status.IN_TRANSIT: Actor.BANK,
    Status.RETURNING: Actor.BANK,
    Status.REVERSAL_WATCHED: Actor.BANK,
    Status.WAITING_FOR_MERCHANT: Actor.MERCHANT,
    Status.IN_ARBITRATION: Actor.OPS,
    Status.REFUND_APPROVED: Actor.BANK,
    Status.REFUND_SENT: Actor.BANK,
    Status.REFUND_UNCONFIRMED: Actor.BANK,
    Status.REFUND_BOUNCED: Actor.OPS,
    Status.REFUND_UNFUNDED: Actor.MERCHANT,
}


def status(dispute: Dispute) -> Status:
    """The public status."""
    return status_of(dispute.legs, dispute.claim.kind)


def status_of(legs: Legs, kind: Kind) -> Status:
    """Credited money first, then ends, then a person, then whoever is being asked."""
    if legs.refund is Refund.CREDITED:
        return Status.CREDITED
    if legs.verdict in _VERDICTS:
        came_back = legs.reversal is Reversal.CREDITED
        return _came_back(kind) if came_back else _VERDICTS[legs.verdict]
    if legs.arbitration is Arbitration.OPEN:
        return Status.IN_ARBITRATION
    if legs.refund in _REFUNDS:
        return _REFUNDS[legs.refund]
    if legs.reversal is Reversal.CREDITED:
        return _came_back(kind)
    if legs.trace is Trace.DELIVERED:
        return Status.DELIVERED
    return _waiting(legs)


def _came_back(kind: Kind) -> Status:
    return Status.RETURNED if kind is Kind.MISSING_FUNDS else Status.REVERSED


def _waiting(legs: Legs) -> Status:
    if legs.reversal in (Reversal.WATCHED, Reversal.OVERDUE):
        rejected = legs.trace is Trace.REJECTED
        return Status.RETURNING if rejected else Status.REVERSAL_WATCHED
    if legs.consent in _CONSENTS:
        return Status.WAITING_FOR_MERCHANT
    if legs.trace is Trace.IN_TRANSIT:
        return Status.IN_TRANSIT
    if legs.trace is Trace.ASKED:
        return Status.TRACING
    if legs.inquiry in (Inquiry.ASKED, Inquiry.STALLED):
        return Status.CHECKING
    return Status.RECEIVED


def is_open(dispute: Dispute) -> bool:
    """Whether the dispute has not reached an end."""
    return status(dispute) not in ENDS


def next_actor(dispute: Dispute) -> Actor:
    """Who must act next."""
    refund, overdue = dispute.legs.refund, dispute.facts.refund_overdue
    if refund is Refund.STUCK or (overdue and refund in (Refund.RESERVED, Refund.UNKNOWN)):
        return Actor.OPS
    return _NEXT.get(status(dispute), Actor.NOBODY)


def actions(dispute: Dispute, now: datetime) -> list[Action]:
    """What the customer may ask now."""
    legs, facts = dispute.legs, dispute.facts
    if is_open(dispute):
        idle = legs.refund is Refund.NONE and legs.reversal in (Reversal.NONE, Reversal.ABSENT)
        return [Action.WITHDRAW] if idle else []
    possible = []
    if status(dispute) is Status.DECLINED and legs.refund is Refund.NONE:
        merchant = facts.bank_merchant_id or dispute.claim.merchant_id
        if facts.decision_rule == "outside_window" and merchant and not facts.late_consent:
            possible.append(Action.REQUEST_MERCHANT_CONSENT)
        if not facts.appealed and facts.appeal_until and now < facts.appeal_until:
            possible.append(Action.APPEAL)
    return possible


# The rule that says by when the customer hears something, for each status that has its own. The
# others say nothing to the customer, who keeps the date that was told last.
_PROMISES: Final = {
    Status.IN_ARBITRATION: "arbitration_due",
    Status.RETURNING: "reversal_due",
    Status.REVERSAL_WATCHED: "reversal_due",
    Status.REFUND_SENT: "refund_due",
    Status.REFUND_BOUNCED: "bounce_choice",
    Status.REFUND_UNFUNDED: "funding_due",
}
_DATED: Final = (
    Status.IN_TRANSIT,
    Status.RETURNING,
    Status.REVERSAL_WATCHED,
    Status.REFUND_SENT,
)


def renew_promise(
    dispute: Dispute, now: datetime, rules: Profile
) -> tuple[Dispute, tuple[Timer, ...]]:
    """Keep the promised date while it stands; a new stage or a missed date gets a new one."""
    facts = _answered_for(dispute.facts, now)
    if not is_open(dispute):
        return replace(dispute, facts=replace(facts, promised_at=None, promise_rule=None)), ()
    at, rule = _promise(dispute, now, rules)
    if at == facts.promised_at:
        return replace(dispute, facts=facts), ()
    facts = replace(facts, promised_at=at, promise_rule=rule)
    return replace(dispute, facts=facts), (Timer(Leg.VERDICT, T.PROMISE_DUE, at),)


def _answered_for(facts: Facts, now: datetime) -> Facts:
    """Count a date that passed, whether its own timer or another step finds it first."""
    missed = facts.promised_at if facts.promised_at and facts.promised_at <= now else None
    if missed == facts.missed_at:
        return facts
    count = facts.promises_missed + (missed is not None)
    return replace(facts, promises_missed=count, missed_at=missed)


def _promise(dispute: Dispute, now: datetime, rules: Profile) -> tuple[datetime, str]:
    """The date and its rule. A standing date is put off only by a stage that tells people why.

    A date of the bank's own counts, with the time that its news takes to be asked for and told.
    """
    claim, facts, seen = dispute.claim, dispute.facts, status(dispute)
    if seen in _DATED and facts.expected_at:
        heard = facts.expected_at + rules.delay("news_grace")
        if heard > now:
            return heard, "expected_by_bank"
    rule = _PROMISES.get(seen, f"promise_{claim.kind}")
    standing = facts.promised_at if facts.promised_at and facts.promised_at > now else None
    if standing and facts.promise_rule == rule:
        return standing, rule
    first = rule == claim.first_promise_rule and claim.first_promised_at > now
    at = claim.first_promised_at if first else rules.due(rule, now)
    if standing and standing < at and seen not in _PROMISES:
        return standing, facts.promise_rule or rule
    return at, rule


@dataclass(frozen=True, slots=True)
class Held:
    """A row of the reservations: what this dispute holds of its transaction's money."""

    purpose: str  # refund or reversal
    amount_minor: int
    state: str  # reserved, in_flight, unknown, settled, released


def holds(dispute: Dispute) -> tuple[Held, ...]:
    """The reservations that the legs stand for."""
    legs, facts = dispute.legs, dispute.facts
    rows = []
    if facts.refund_n:
        rows.append(Held("refund", facts.held_for_refund_minor, _refund_hold(legs.refund)))
    if legs.reversal is not Reversal.NONE:
        rows.append(Held("reversal", facts.reversal_held_minor, _reversal_hold(legs.reversal)))
    return tuple(rows)


def _refund_hold(state: Refund) -> str:
    match state:
        case Refund.NONE:
            return "released"
        case Refund.UNKNOWN | Refund.STUCK:
            return "unknown"
        case Refund.IN_FLIGHT:
            return "in_flight"
        case Refund.CREDITED:
            return "settled"
        case _:
            return "reserved"


def _reversal_hold(state: Reversal) -> str:
    match state:
        case Reversal.CREDITED:
            return "settled"
        case Reversal.ABSENT | Reversal.NONE:
            return "released"
        case _:
            return "reserved"


def detail(dispute: Dispute) -> dict[str, str]:
    """Codes and dates behind the status, for whoever turns them into words."""
    facts, legs = dispute.facts, dispute.legs
    found: dict[str, object] = {
        "cause": facts.cause if legs.verdict is Verdict.EXPLAINED else None,
        "at_bank": facts.at_bank,
        "expected_at": _iso(facts.expected_at),
        "delivered_at": _iso(facts.delivered_at),
        "proof": facts.proof,
        "reject_reason": facts.reject_reason,
        "return_reference": facts.reversal_reference,
        "returned_minor": facts.reversal_minor if legs.reversal is not Reversal.NONE else None,
        "merchant_reason": facts.merchant_reason,
        "arbitration_cause": facts.arbitration_cause,
        "refund_reason": facts.refund_reason,
        "destination_kind": facts.destination_kind,
        "destination_bank": facts.destination_bank,
        "destination_tail": facts.destination_tail,
        "duplicate_of": facts.duplicate_of,
        "promises_missed": facts.promises_missed or None,
        "escalations": facts.escalations or None,
    }
    return {name: str(value) for name, value in found.items() if value is not None}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
