"""How a dispute stands, from its legs alone: what arrived, what is over, what still moves."""

from typing import Final

from services.tracker.domain.dispute import Dispute
from services.tracker.domain.states import (
    Access,
    Appeal,
    Arbitration,
    Chargeback,
    Compensation,
    Complaint,
    Correction,
    Credit,
    Hold,
    Legal,
    Legs,
    Recall,
    Records,
    Refund,
    Reversal,
    Trace,
    Verdict,
)
from shared.contracts.vocabulary import Funding, Kind, Status, TransactionState

LIVE_CHARGEBACKS: Final = (
    Chargeback.FILED,
    Chargeback.REPRESENTED,
    Chargeback.PRE_ARBITRATION,
    Chargeback.ARBITRATION,
    Chargeback.WITHDRAWING,
)
MOVING_CREDITS: Final = (Credit.ORDERED, Credit.NOTICED, Credit.REVERSING)
_BUSY_HOLDS: Final = (Hold.ASKED, Hold.HELD, Hold.FREEZING, Hold.FROZEN, Hold.RELEASING)
_DECIDING: Final = (Arbitration.GATHERING, Arbitration.OPEN, Arbitration.PROPOSED)
_VERDICTS: Final = {
    Verdict.DECLINED: Status.DECLINED,
    Verdict.EXPLAINED: Status.EXPLAINED,
    Verdict.FULFILLED: Status.FULFILLED,
    Verdict.REFERRED: Status.REFERRED,
    Verdict.SECURED: Status.ACCOUNT_SECURED,
    Verdict.WITHDRAWN: Status.WITHDRAWN,
    Verdict.DUPLICATE: Status.DUPLICATE,
}


_CAME: Final = {
    "reversal": Reversal.CREDITED,
    "recall": Recall.RETURNED,
    "chargeback": Chargeback.WON,
}


def has_come(legs: Legs, way: str) -> bool:
    """Whether this brought its money: `reversal`, `recall` or `chargeback`."""
    return bool(getattr(legs, way) is _CAME[way])


def is_charged_back(legs: Legs) -> bool:
    """Whether a chargeback that is known takes money or has taken it."""
    return legs.chargeback in (*LIVE_CHARGEBACKS, Chargeback.WON)


def settled_minor(dispute: Dispute) -> int:
    """What has come to the customer for good."""
    legs, facts = dispute.legs, dispute.facts
    total = facts.credited_minor
    total += (facts.reversal_minor or 0) if legs.reversal is Reversal.CREDITED else 0
    total += facts.recall_minor if legs.recall is Recall.RETURNED else 0
    total += facts.chargeback_minor if legs.chargeback is Chargeback.WON else 0
    return total


def recovered_all(dispute: Dispute) -> bool:
    """All that was asked for, or else captured, is with the customer for good, as far as known."""
    asked, captured = dispute.claim.requested_minor, dispute.facts.captured_minor
    wanted = captured if asked is None else asked
    return wanted is not None and recovered_minor(dispute) >= wanted


def recovered_minor(dispute: Dispute) -> int:
    """What the customer has for good, with a credit that is final."""
    final = credit_left_minor(dispute) if dispute.legs.credit is Credit.FINAL else 0
    return settled_minor(dispute) + final


def credit_left_minor(dispute: Dispute) -> int:
    """The part of a provisional credit that nothing else has settled.

    Refunds settle it until it is final; what comes by itself always does.
    """
    settled = settled_minor(dispute)
    if dispute.legs.credit is Credit.FINAL:
        settled -= dispute.facts.credited_minor
    return max(0, dispute.facts.credit_minor - settled)


def arrived(dispute: Dispute) -> bool:
    """The money is with the customer, or with whom it was sent to, without a refund of ours."""
    legs = dispute.legs
    return (
        legs.trace is Trace.DELIVERED
        or legs.records is Records.ARRIVED
        or legs.credit is Credit.FINAL
        or legs.correction is Correction.POSTED
        or (_came_back(legs, dispute.claim.kind) is not None and not leaves_a_rest(dispute))
    )


def leaves_a_rest(dispute: Dispute) -> bool:
    """Of what was stolen a part came back: who is liable for the rest is a person's decision."""
    stolen = dispute.claim.kind is Kind.UNAUTHORIZED
    captured = dispute.facts.transaction_state is TransactionState.CAPTURED
    by_rail = dispute.legs.reversal is Reversal.CREDITED
    return stolen and captured and not by_rail and not recovered_all(dispute)


def end(dispute: Dispute) -> Status | None:
    """The end that the dispute has reached; None while anything is open."""
    legs = dispute.legs
    if is_busy(legs) or legs.credit is Credit.STANDING:
        return None
    return end_without_account(dispute)


def compensated_minor(dispute: Dispute) -> int:
    """What was put into the account beside any refund, by every order; in minor units."""
    facts, paid = dispute.facts, dispute.legs.compensation is Compensation.PAID
    return facts.compensated_minor + (facts.compensation_minor if paid else 0)


def lateness_is_unpaid(dispute: Dispute) -> bool:
    """The ledger refused what a rule gives for late days: a person orders it once more."""
    return dispute.facts.lateness_minor > 0 and dispute.legs.compensation is Compensation.REFUSED


def end_without_account(dispute: Dispute) -> Status | None:
    """The end as far as money is concerned; the account may still be held or frozen."""
    legs = dispute.legs
    if legs.legal is Legal.HELD or legs.compensation is Compensation.ORDERED:
        return None
    if lateness_is_unpaid(dispute):
        return None
    if legs.credit in MOVING_CREDITS or money_may_come(legs):
        return None
    if legs.appeal in (Appeal.LODGED, Appeal.REOPENED) and legs.arbitration in _DECIDING:
        return None
    return _end(dispute)


def end_without_credit(dispute: Dispute) -> bool:
    """Everything else is over, and only a provisional credit still stands."""
    legs = dispute.legs
    appealing = legs.appeal in (Appeal.LODGED, Appeal.REOPENED) and legs.arbitration in _DECIDING
    waits = appealing or money_may_come(legs)
    return not waits and _end(dispute) is not None


def money_may_come(legs: Legs) -> bool:
    """Something that nobody here can stop may still bring money: no end is told before it did."""
    return (
        legs.reversal in (Reversal.WATCHED, Reversal.OVERDUE)
        or legs.recall in (Recall.ASKED, Recall.AGREED, Recall.OVERDUE)
        or legs.chargeback in LIVE_CHARGEBACKS
    )


def has_ended(dispute: Dispute) -> bool:
    """Whether nothing is open."""
    return end(dispute) is not None


def is_over(dispute: Dispute) -> bool:
    """Nothing comes next of itself: a verdict stands, or all that was approved is credited."""
    legs, facts = dispute.legs, dispute.facts
    if legs.verdict is not Verdict.NONE:
        return True
    undecided = legs.arbitration in _DECIDING or facts.arbitration_cause is not None
    return legs.refund is Refund.CREDITED and not undecided and not was_appealed(dispute)


def was_appealed(dispute: Dispute) -> bool:
    """The customer appealed, or the case was reopened, and nobody has been asked yet."""
    appealing = dispute.legs.appeal in (Appeal.LODGED, Appeal.REOPENED)
    return appealing and not dispute.facts.appeal_heard


def may_be_charged_back(dispute: Dispute) -> bool:
    """Whether an issuer may file a chargeback by itself that we do not know of yet."""
    facts = dispute.facts
    card = facts.funding is Funding.CARD or facts.chargeback_until is not None
    return card and not is_charged_back(dispute.legs) and not facts.chargeback_before


def is_beyond_room(dispute: Dispute) -> bool:
    """A chargeback from outside takes what is ordered here: a refund is not sent once more."""
    facts = dispute.facts
    outside = facts.chargeback_outside and is_charged_back(dispute.legs)
    short = facts.chargeback_held_minor < facts.chargeback_minor and not facts.chargeback_shared
    return outside and short


def is_busy(legs: Legs) -> bool:
    """The account is being held, frozen or released."""
    return legs.hold in _BUSY_HOLDS


def _end(dispute: Dispute) -> Status | None:
    """Credited money first, then verdicts, then what arrived without a decision."""
    legs, kind = dispute.legs, dispute.claim.kind
    final = legs.credit is Credit.FINAL and legs.refund is Refund.NONE
    if legs.refund is Refund.CREDITED or final:
        return Status.CREDITED
    if legs.verdict is not Verdict.NONE:
        corrected = Status.CORRECTED if legs.correction is Correction.POSTED else None
        return _came_back(legs, kind) or corrected or _VERDICTS[legs.verdict]
    if legs.arbitration in _DECIDING or legs.refund is not Refund.NONE:
        return None
    back = None if leaves_a_rest(dispute) else _came_back(legs, kind)
    return back or _without_money(legs, kind)


def _came_back(legs: Legs, kind: Kind) -> Status | None:
    if legs.chargeback is Chargeback.WON:
        return Status.CHARGED_BACK
    if legs.reversal is Reversal.CREDITED:
        return Status.RETURNED if kind is Kind.MISSING_FUNDS else Status.REVERSED
    return Status.RECALLED if legs.recall is Recall.RETURNED else None


def _without_money(legs: Legs, kind: Kind) -> Status | None:
    if legs.trace is Trace.DELIVERED or legs.records is Records.ARRIVED:
        return Status.DELIVERED
    if legs.correction is Correction.POSTED:
        return Status.CORRECTED
    if legs.complaint is Complaint.ANSWERED:
        return Status.ANSWERED
    restored = legs.access is Access.RESTORED and kind is Kind.ACCESS_LOST
    return Status.ACCESS_RESTORED if restored else None
