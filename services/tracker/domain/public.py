"""What people see: status, next actor, promised date, money, actions. Functions of the legs."""

from datetime import datetime
from typing import Final

from services.tracker.domain import commands, lateness, standing
from services.tracker.domain.dispute import Dispute, Facts
from services.tracker.domain.effects import Timer
from services.tracker.domain.guards import BY_LAW
from services.tracker.domain.records import replace
from services.tracker.domain.states import (
    Access,
    Arbitration,
    Chargeback,
    Compensation,
    Complaint,
    Consent,
    Correction,
    Credit,
    Destination,
    Details,
    Goods,
    Hold,
    Identity,
    Inquiry,
    Leg,
    Legal,
    Legs,
    Recall,
    Records,
    Refund,
    Reversal,
    State,
    Trace,
    Verdict,
)
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import ENDS, Action, Actor, Status
from shared.rules import BY_BANK, Profile

_REFUNDS: Final[dict[State, Status]] = {
    Refund.RESERVED: Status.REFUND_APPROVED,
    Refund.IN_FLIGHT: Status.REFUND_SENT,
    Refund.UNKNOWN: Status.REFUND_UNCONFIRMED,
    Refund.STUCK: Status.REFUND_UNCONFIRMED,
    Refund.BOUNCED: Status.REFUND_BOUNCED,
    Refund.UNFUNDED: Status.REFUND_UNFUNDED,
}
# What people are told while a dispute is open: the first leg that is in one of its states. What
# the customer must do comes before what others are doing.
_WAITING: Final[tuple[tuple[Leg, dict[State, Status]], ...]] = (
    (Leg.LEGAL, {Legal.HELD: Status.UNDER_REVIEW}),
    (Leg.IDENTITY, {Identity.ASKED: Status.VERIFYING_IDENTITY}),
    (
        Leg.ARBITRATION,
        {
            Arbitration.GATHERING: Status.GATHERING_EVIDENCE,
            Arbitration.OPEN: Status.IN_ARBITRATION,
            Arbitration.PROPOSED: Status.IN_ARBITRATION,
        },
    ),
    (
        Leg.DESTINATION,
        {
            Destination.ASKED: Status.REFUND_BOUNCED,
            Destination.CHOSEN: Status.UNDER_REVIEW,
        },
    ),
    (Leg.REFUND, _REFUNDS),
    (
        Leg.CREDIT,
        {
            Credit.NOTICED: Status.CREDIT_ENDING,
            Credit.REVERSING: Status.CREDIT_ENDING,
        },
    ),
    (Leg.CORRECTION, {Correction.ORDERED: Status.CORRECTING}),
    (
        Leg.GOODS,
        {
            Goods.AWAITED: Status.RETURN_AWAITED,
            Goods.SHIPPED: Status.RETURN_SHIPPED,
        },
    ),
    (
        Leg.CONSENT,
        {
            Consent.OFFERED: Status.OFFER_MADE,
            Consent.ASKED: Status.WAITING_FOR_MERCHANT,
            Consent.DELIVERED: Status.WAITING_FOR_MERCHANT,
        },
    ),
    (Leg.CHARGEBACK, dict.fromkeys(standing.LIVE_CHARGEBACKS, Status.CHARGEBACK_FILED)),
    (
        Leg.RECALL,
        {
            Recall.ASKED: Status.RECALLING,
            Recall.AGREED: Status.RECALLING,
            Recall.OVERDUE: Status.RECALLING,
        },
    ),
    (
        Leg.REVERSAL,
        {
            Reversal.WATCHED: Status.REVERSAL_WATCHED,
            Reversal.OVERDUE: Status.REVERSAL_WATCHED,
        },
    ),
    (Leg.TRACE, {Trace.IN_TRANSIT: Status.IN_TRANSIT, Trace.ASKED: Status.TRACING}),
    (
        Leg.RECORDS,
        {
            Records.ON_ITS_WAY: Status.REFUND_SENT,
            Records.UNFUNDED: Status.REFUND_UNFUNDED,
            Records.ASKED: Status.COMPARING,
            Records.STALLED: Status.COMPARING,
        },
    ),
    (Leg.INQUIRY, {Inquiry.ASKED: Status.CHECKING, Inquiry.STALLED: Status.CHECKING}),
    (
        Leg.IDENTITY,
        {
            Identity.FAILED: Status.UNDER_REVIEW,
            Identity.EXPIRED: Status.UNDER_REVIEW,
        },
    ),
    (Leg.DETAILS, {Details.ASKED: Status.NEEDS_DETAILS}),
    (
        Leg.HOLD,
        {
            Hold.ASKED: Status.SECURING_ACCOUNT,
            Hold.HELD: Status.SECURING_ACCOUNT,
            Hold.FREEZING: Status.SECURING_ACCOUNT,
            Hold.RELEASING: Status.SECURING_ACCOUNT,
        },
    ),
    (Leg.ACCESS, {Access.ASKED: Status.RESTORING_ACCESS, Access.REFUSED: Status.RESTORING_ACCESS}),
    (Leg.HOLD, {Hold.FROZEN: Status.SECURING_ACCOUNT}),
    (Leg.COMPLAINT, {Complaint.OPEN: Status.COMPLAINT_OPEN}),
    (Leg.CREDIT, {Credit.ORDERED: Status.CORRECTING, Credit.STANDING: Status.CREDIT_ENDING}),
    (Leg.COMPENSATION, {Compensation.ORDERED: Status.CORRECTING}),
)
_NEXT: Final = {
    Status.RECEIVED: Actor.REDRESS,
    Status.NEEDS_DETAILS: Actor.CUSTOMER,
    Status.CHECKING: Actor.BANK,
    Status.COMPARING: Actor.REDRESS,
    Status.TRACING: Actor.BANK,
    Status.IN_TRANSIT: Actor.BANK,
    Status.RETURNING: Actor.BANK,
    Status.REVERSAL_WATCHED: Actor.BANK,
    Status.RECALLING: Actor.BANK,
    Status.WAITING_FOR_MERCHANT: Actor.MERCHANT,
    Status.OFFER_MADE: Actor.CUSTOMER,
    Status.RETURN_AWAITED: Actor.CUSTOMER,
    Status.RETURN_SHIPPED: Actor.MERCHANT,
    Status.GATHERING_EVIDENCE: Actor.CUSTOMER,
    Status.IN_ARBITRATION: Actor.OPS,
    Status.CHARGEBACK_FILED: Actor.BANK,
    Status.SECURING_ACCOUNT: Actor.REDRESS,
    Status.VERIFYING_IDENTITY: Actor.CUSTOMER,
    Status.RESTORING_ACCESS: Actor.REDRESS,
    Status.CORRECTING: Actor.REDRESS,
    Status.CREDIT_ENDING: Actor.REDRESS,
    Status.UNDER_REVIEW: Actor.OPS,
    Status.COMPLAINT_OPEN: Actor.OPS,
    Status.REFUND_APPROVED: Actor.BANK,
    Status.REFUND_SENT: Actor.BANK,
    Status.REFUND_UNCONFIRMED: Actor.BANK,
    Status.REFUND_BOUNCED: Actor.CUSTOMER,
    Status.REFUND_UNFUNDED: Actor.MERCHANT,
}


def status(dispute: Dispute) -> Status:
    """The public status: the end that was reached, or what is waited for."""
    found = standing.end(dispute) or _waiting(dispute.legs)
    late = found in _BEHIND_LATENESS and standing.lateness_is_unpaid(dispute)
    return Status.UNDER_REVIEW if late else found


_BEHIND_LATENESS: Final = (Status.RECEIVED, Status.REVERSAL_WATCHED, Status.RETURNING)
"""What the customer hears first is that somebody owes what a rule gives for late days."""


def _waiting(legs: Legs) -> Status:
    for leg, told in _WAITING:
        if found := told.get(legs.of(leg)):
            returns = found is Status.REVERSAL_WATCHED and legs.trace is Trace.REJECTED
            return Status.RETURNING if returns else found
    return Status.RECEIVED


def is_open(dispute: Dispute) -> bool:
    """Whether the dispute has not reached an end."""
    return status(dispute) not in ENDS


def waits_for_second(dispute: Dispute) -> bool:
    """One of two people has decided or confirmed: nothing is ordered before another one does."""
    legs, facts = dispute.legs, dispute.facts
    credit = facts.credit_asked_by is not None and commands.may_credit(dispute)
    account = legs.destination is Destination.CHOSEN and bool(facts.account_checked_by)
    return legs.arbitration is Arbitration.PROPOSED or credit or account


def next_actor(dispute: Dispute) -> Actor:
    """Who must act next."""
    legs, refund, overdue = dispute.legs, dispute.legs.refund, dispute.facts.refund_overdue
    if refund is Refund.STUCK or (overdue and refund in (Refund.RESERVED, Refund.UNKNOWN)):
        return Actor.OPS
    ours = legs.chargeback is Chargeback.REPRESENTED and not dispute.facts.chargeback_outside
    if ours and status(dispute) is Status.CHARGEBACK_FILED:
        return Actor.OPS  # accept it, or go on to pre-arbitration
    found = _NEXT.get(status(dispute), Actor.NOBODY)
    no_bank = dispute.facts.self_custody and found is Actor.BANK
    return Actor.REDRESS if no_bank else found  # a chain is read, it does not act


def actions(dispute: Dispute, now: datetime) -> list[Action]:
    """What the customer may ask now."""
    return commands.actions(dispute, now)


# The rule that says by when the customer hears something, for each status that has its own. The
# others say nothing to the customer, who keeps the date that was told last.
_PROMISES: Final = {
    Status.IN_ARBITRATION: "arbitration_due",
    Status.RETURNING: "reversal_due",
    Status.REVERSAL_WATCHED: "reversal_due",
    Status.REFUND_SENT: "refund_due",
    Status.REFUND_BOUNCED: "bounce_choice",
    Status.REFUND_UNFUNDED: "funding_due",
    Status.NEEDS_DETAILS: "details_due",
    Status.RECALLING: "recall_due",
    Status.OFFER_MADE: "offer_choice",
    Status.RETURN_AWAITED: "goods_due",
    Status.RETURN_SHIPPED: "goods_receipt",
    Status.GATHERING_EVIDENCE: "arbitration_due",
    Status.CHARGEBACK_FILED: "chargeback_due",
    Status.CREDIT_ENDING: "credit_notice",
    Status.UNDER_REVIEW: "documents_due",
}
_DATED: Final = (
    Status.IN_TRANSIT,
    Status.RETURNING,
    Status.REVERSAL_WATCHED,
    Status.RECALLING,
    Status.REFUND_SENT,
)


def renew_promise(
    dispute: Dispute, now: datetime, rules: Profile
) -> tuple[Dispute, tuple[Timer, ...]]:
    """Keep the promised date while it stands; a new stage or a missed date gets a new one."""
    before = dispute.facts
    facts = _asked_of_customer(_answered_for(before, now), status(dispute), now, rules)
    if not is_open(dispute):
        facts = replace(
            facts, promised_at=None, promise_rule=None, promise_from=None, promise_near=False
        )
        if facts.appeal_until is None and commands.may_be_appealed(dispute):
            facts = replace(facts, appeal_until=rules.due("appeal_window", now))
        return replace(dispute, facts=facts), ()
    at, rule, start = _promise(dispute, now, rules)
    due = () if at == facts.promised_at else (Timer(Leg.VERDICT, T.PROMISE_DUE, at),)
    if due:
        facts = replace(facts, promised_at=at, promise_rule=rule, promise_from=start)
    if (at, facts.answer_by) == (before.promised_at, before.answer_by):
        return replace(dispute, facts=facts), due
    facts = replace(facts, promise_near=False)
    ahead = next_date(facts, now) or at
    return replace(dispute, facts=facts), (*due, reminder(ahead, now, rules))


def next_date(facts: Facts, now: datetime) -> datetime | None:
    """The next date that somebody was told; None where each has come."""
    dates = (facts.answer_by, facts.promised_at)
    return min((date for date in dates if date and date > now), default=None)


def reminder(date: datetime, now: datetime, rules: Profile) -> Timer:
    """Some time before a date that somebody was told; half way where that is near."""
    left = date - now
    ahead = min(rules.delay("promise_reminder"), left / 2)
    return Timer(Leg.VERDICT, T.PROMISE_NEAR, now + left - ahead)


def heard_late(dispute: Dispute, now: datetime) -> Dispute:
    """An opening that is heard after intake's date: that one is adopted, and broken."""
    claim = dispute.claim
    if claim.first_promised_at > now:
        return dispute
    facts = replace(
        dispute.facts,
        promised_at=claim.first_promised_at,
        promise_rule=claim.first_promise_rule,
        promise_from=claim.opened_at,
    )
    return replace(dispute, facts=facts)


def slack_at(dispute: Dispute, now: datetime) -> datetime | None:
    """By when the dispute must have been served; None at its end.

    The promised date, or the end of the time in which a chargeback may still be filed: there is
    one for a payment, whoever files it. A dispute that is late already stays ahead of all that
    are not. Older code did not keep since when it is: not before the date of the opening.
    """
    if not is_open(dispute):
        return None
    claim, facts, legs = dispute.claim, dispute.facts, dispute.legs
    may_file = legs.chargeback is Chargeback.NONE and not facts.chargeback_before
    window = facts.chargeback_until if may_file else None
    ahead = window if window and window > now else None
    late = facts.late_since or (claim.first_promised_at if facts.promises_missed else None)
    return min(filter(None, (facts.promised_at, ahead, late)), default=None)


def _of_reversal(dispute: Dispute, now: datetime, rules: Profile) -> tuple[str, datetime]:
    """The rule for money that comes back, and from when; a promise of our own once that is past.

    A date that was promised before transfers had a rule of their own stands as it is.
    """
    facts, rule = dispute.facts, lateness.reversal_rule(dispute)
    if facts.promise_rule == "reversal_due" and facts.promised_at and facts.promised_at > now:
        return "reversal_due", now
    start = lateness.reversal_start(dispute, now, rules)
    if rules.due(rule, start) > now:
        return rule, start
    return f"promise_{dispute.claim.kind}", now


# What customers are asked to do by a date that is not the promised one.
_ANSWERS: Final = {
    Status.GATHERING_EVIDENCE: "evidence_due",
    Status.VERIFYING_IDENTITY: "identity_due",
}


def _asked_of_customer(facts: Facts, shown: Status, now: datetime, rules: Profile) -> Facts:
    """The date stays for as long as the same is asked."""
    if facts.answer_for == (shown.value if shown in _ANSWERS else None):
        return facts
    if shown not in _ANSWERS:
        return replace(facts, answer_by=None, answer_for=None)
    return replace(facts, answer_by=rules.due(_ANSWERS[shown], now), answer_for=shown.value)


def _answered_for(facts: Facts, now: datetime) -> Facts:
    """Count a date that passed, whether its own timer or another step finds it first."""
    missed = facts.promised_at if facts.promised_at and facts.promised_at <= now else None
    if missed == facts.missed_at:
        return facts
    count = facts.promises_missed + (missed is not None)
    since = facts.late_since or (None if facts.promises_missed else missed)
    return replace(facts, promises_missed=count, missed_at=missed, late_since=since)


def _promise(
    dispute: Dispute, now: datetime, rules: Profile
) -> tuple[datetime, str, datetime | None]:
    """The date, its rule and when that began to run.

    A standing date is put off only by a stage that tells people why.
    A date of the bank's own counts, with the time that its news takes to be asked for and told.
    """
    claim, facts, seen = dispute.claim, dispute.facts, status(dispute)
    if seen in _DATED and facts.expected_at:
        heard = facts.expected_at + rules.delay("news_grace")
        if heard > now:
            return heard, BY_BANK, facts.expected_at
    rule = _PROMISES.get(seen, f"promise_{claim.kind}")
    begun = now
    if rule == "reversal_due":
        rule, begun = _of_reversal(dispute, now, rules)
    standing = facts.promised_at if facts.promised_at and facts.promised_at > now else None
    if standing and facts.promise_rule == rule:
        return standing, rule, facts.promise_from
    first = rule == claim.first_promise_rule and claim.first_promised_at > now
    start = claim.opened_at if first else begun
    at = claim.first_promised_at if first else rules.due(rule, begun)
    if standing and standing < at and seen not in _PROMISES:
        return standing, facts.promise_rule or rule, facts.promise_from
    return at, rule, start


_MOST_DETAILS: Final = 24  # what an event may hold


def corrected_minor(dispute: Dispute) -> int:
    """What a correction of the wallet's books put into the account."""
    posted = dispute.legs.correction is Correction.POSTED
    return (dispute.facts.correction_minor or 0) if posted else 0


_CONSENTED: Final = (Recall.AGREED, Recall.RETURNED)


def detail(dispute: Dispute) -> dict[str, str]:
    """Codes and dates behind the status, for whoever turns them into words."""
    facts, legs = dispute.facts, dispute.legs
    found: dict[str, object] = {
        "custody": "self" if facts.self_custody else None,
        "recipient_kind": facts.recipient_kind,
        "compensation_minor": _compensated_anew(dispute),
        "late_unpaid_minor": facts.lateness_minor if standing.lateness_is_unpaid(dispute) else None,
        "cause": facts.cause if legs.verdict is Verdict.EXPLAINED else None,
        "at_bank": facts.at_bank,
        "answer_by": _iso(facts.answer_by),
        "records_minor": facts.records_minor,
        "expected_at": _iso(facts.expected_at),
        "delivered_at": _iso(facts.delivered_at),
        "proof": facts.proof,
        "reject_reason": facts.reject_reason,
        "return_reference": facts.reversal_reference,
        "returned_minor": facts.reversal_minor if legs.reversal is not Reversal.NONE else None,
        "recalled_minor": facts.recall_minor if legs.recall in _CONSENTED else None,
        "recall_reason": facts.recall_reason,
        "credit_settled_minor": facts.credit_minor if legs.credit is Credit.SETTLED else None,
        "explanation": facts.explanation if legs.verdict is Verdict.EXPLAINED else None,
        "merchant_reason": facts.merchant_reason,
        "tracking": facts.tracking,
        "chargeback": None if legs.chargeback is Chargeback.NONE else legs.chargeback.value,
        "reopened_for": facts.reopened_for,
        "arbitration_cause": facts.arbitration_cause,
        "refund_reason": _told(facts.refund_reason),
        "reset_reason": _told(facts.reset_reason),
        "identity_reason": _told(facts.identity_reason),
        "destination_kind": facts.destination_kind,
        "destination_bank": facts.destination_bank,
        "destination_tail": facts.destination_tail,
        "duplicate_of": facts.duplicate_of,
        "promises_missed": facts.promises_missed or None,
        "escalations": facts.escalations or None,
    }
    told = {name: str(value) for name, value in found.items() if value is not None}
    return dict(list(told.items())[:_MOST_DETAILS])


def _compensated_anew(dispute: Dispute) -> int | None:
    """What the newest of several compensations came to; the snapshot has their sum."""
    several = dispute.facts.compensated_minor > 0
    paid = dispute.legs.compensation is Compensation.PAID
    return dispute.facts.compensation_minor if several and paid else None


def _told(reason: str | None) -> str | None:
    """Nobody is warned that a court or sanctions hold an account (domain rule 16)."""
    return None if reason in BY_LAW else reason


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
