"""What must hold in every state, by the providers' own books and by the domain's rules."""

from collections.abc import Callable
from typing import Final

from services.tracker.domain import standing
from services.tracker.domain.dispute import Dispute
from services.tracker.domain.holds import holds
from services.tracker.domain.states import (
    Appeal,
    Arbitration,
    Chargeback,
    Consent,
    Credit,
    Destination,
    Identity,
    Inquiry,
    Leg,
    Legal,
    Recall,
    Records,
    Refund,
    Reversal,
    Trace,
    Verdict,
)
from shared.contracts.vocabulary import Kind, TransactionState
from tests.model.scope import Node
from tests.model.world import Truth, is_moving, ordered_minor, recovered_minor

_DECIDING: Final = (Arbitration.GATHERING, Arbitration.OPEN, Arbitration.PROPOSED)
_AT_THE_NETWORK: Final = (
    Chargeback.FILED,
    Chargeback.REPRESENTED,
    Chargeback.PRE_ARBITRATION,
    Chargeback.ARBITRATION,
)


def broken(node: Node, *, is_alone: bool) -> str:
    """Why this state must not be, or nothing. Alone: no other dispute ever frees any money."""
    if wrong := _money(node) or _beyond_reading(node):
        return wrong
    rules = WHATEVER
    if node.dispute.legs.legal is not Legal.HELD:
        rules = WHATEVER | NEVER | ALONE if is_alone else WHATEVER | NEVER
    return next((rule for rule, is_broken in rules.items() if is_broken(node)), "")


def _money(node: Node) -> str:
    dispute, truth = node.dispute, node.truth
    facts = dispute.facts
    cap = max(0, (facts.captured_minor or 0) - node.others_minor)
    ordered = ordered_minor(truth, dispute)
    if ordered > cap and not facts.over_recovered:
        return f"ordered {ordered} of {cap}"
    got = recovered_minor(truth, dispute)
    told = not truth.of("network") or facts.chargeback_outside  # nobody knows of it before
    if got > cap and told and not _is_shown(dispute) and facts.captured_minor is not None:
        return f"recovered {got} of {cap}"
    if facts.over_recovered and not _may_be_over(truth):
        return "over-recovered without a reason outside"
    held = sum(h.amount_minor for h in holds(dispute) if h.state != "released")
    if held > cap and facts.captured_minor is not None:
        return f"held {held} of {cap}"
    if standing.has_ended(dispute) and is_moving(truth, dispute) and not facts.over_recovered:
        return "an end with money in flight"
    if dispute.legs.refund is Refund.RESERVED and facts.attempt(facts.refund_n).payer is None:
        return "an approval without a payer"
    return ""


# All that a wallet of keys ever asks of anybody, and the legs that can begin there.
_READS: Final = ("bank:inquiry:", "bank:trace:", "bank:trace_query:")
_LEGS_OF_KEYS: Final = frozenset(
    {Leg.DETAILS, Leg.INQUIRY, Leg.TRACE, Leg.ARBITRATION, Leg.APPEAL}
    | {Leg.LEGAL, Leg.COMPLAINT, Leg.VERDICT}
)


def _beyond_reading(node: Node) -> str:
    """Where the keys are the customer's nothing is paid, held, recalled, reset or frozen."""
    if not node.dispute.facts.self_custody:
        return ""
    if begun := sorted(node.point.legs - _LEGS_OF_KEYS):
        return f"began in self-custody: {begun[0]}"
    calls = (name for name in node.work if ":" in name and not name.startswith(_READS))
    return next((f"called in self-custody: {name}" for name in calls), "")


def _is_shown(dispute: Dispute) -> bool:
    """Marked; or what may come back by itself is known to have no room."""
    facts = dispute.facts
    comes = dispute.legs.reversal in (Reversal.WATCHED, Reversal.OVERDUE)
    roomless = facts.reversal_held_minor < (facts.reversal_minor or 0)
    return facts.over_recovered or (comes and roomless)


def _may_be_over(truth: Truth) -> bool:
    """Money that comes by itself, or whose way back was heard of too late: shown to a person."""
    return any(
        key in ("reversal", "network") or key.startswith("chargeback") or state == "went_back"
        for key, state in truth.facts
    )


# --- the domain's rules about what is known, worked out by hand


def _is_appealing(node: Node) -> bool:
    dispute = node.dispute
    return dispute.legs.appeal in (Appeal.LODGED, Appeal.REOPENED)


def _asked_for_nothing(node: Node) -> bool:
    dispute = node.dispute
    over = dispute.legs.verdict is not Verdict.NONE
    return over and dispute.legs.arbitration in _DECIDING


def _asked_for(node: Node, cause: str) -> bool:
    dispute = node.dispute
    waits = dispute.legs.arbitration is Arbitration.OPEN
    return waits and dispute.facts.arbitration_cause == cause


def _bank_has_answered(node: Node) -> bool:
    dispute = node.dispute
    answered = dispute.legs.inquiry not in (Inquiry.ASKED, Inquiry.STALLED)
    silent = _asked_for(node, "bank_silent") or _asked_for(node, "node_silent")
    return silent and answered


def _transaction_is_named(node: Node) -> bool:
    dispute = node.dispute
    return _asked_for(node, "no_transaction") and dispute.claim.transaction_id is not None


def _two_decide(node: Node) -> bool:
    dispute = node.dispute
    at_network = dispute.legs.chargeback in _AT_THE_NETWORK
    return at_network and dispute.legs.arbitration in _DECIDING and not _is_appealing(node)


def _asked_of_what_came(node: Node) -> bool:
    dispute = node.dispute
    legs, facts = dispute.legs, dispute.facts
    if legs.arbitration not in _DECIDING or _is_appealing(node):
        return False
    if legs.refund is Refund.FAILED and legs.chargeback is Chargeback.WON:
        return _came_minor(dispute) >= (facts.approved_minor or 0)
    if legs.refund is not Refund.NONE:
        return False
    asked, captured = dispute.claim.requested_minor, facts.captured_minor or 0
    all_returned = legs.recall is Recall.RETURNED and facts.recall_minor >= (asked or captured)
    arrived = legs.trace is Trace.DELIVERED or legs.records is Records.ARRIVED
    # of a theft a person decides about the rest
    stolen = dispute.claim.kind is Kind.UNAUTHORIZED
    all_won = not stolen or _came_minor(dispute) >= (asked or captured)
    won = legs.chargeback is Chargeback.WON and all_won
    came = legs.reversal is Reversal.CREDITED or won
    return all_returned or arrived or came


def _asked_of_what_is_unsettled(node: Node) -> bool:
    stuck = node.dispute.legs.refund is Refund.STUCK
    return stuck and node.dispute.legs.arbitration in _DECIDING and not _is_appealing(node)


def _asked_who_is_proven(node: Node) -> bool:
    declined = node.dispute.facts.decision_rule == "identity_not_verified"
    waits = node.dispute.legs.arbitration is Arbitration.OPEN and _is_appealing(node)
    return declined and waits and node.dispute.legs.identity is Identity.VERIFIED


def _asked_of_what_was_agreed(node: Node) -> bool:
    """The merchant pays, and nothing else of this dispute holds the money."""
    dispute = node.dispute
    legs, facts = dispute.legs, dispute.facts
    waits = legs.arbitration in _DECIDING and legs.refund is Refund.NONE
    if legs.consent is not Consent.ACCEPTED or not waits or _is_appealing(node):
        return False
    asked = dispute.claim.requested_minor
    fits = (facts.agreed_minor or asked or 0) <= (facts.captured_minor or 0)
    held = facts.reversal_held_minor or facts.recall_held_minor or facts.chargeback_held_minor
    return fits and not held


def _charges_back_what_was_agreed(node: Node) -> bool:
    dispute = node.dispute
    legs = dispute.legs
    ours = legs.chargeback in (Chargeback.FILED, Chargeback.REPRESENTED)
    ours = ours and not dispute.facts.chargeback_outside
    decided = legs.arbitration in (*_DECIDING, Arbitration.DECIDED)
    return ours and legs.consent is Consent.ACCEPTED and not decided


def _came_minor(dispute: Dispute) -> int:
    """Counted here once more, from what the providers have told."""
    legs, facts = dispute.legs, dispute.facts
    came = sum(facts.attempt(n).amount_minor for n in facts.credited_attempts)
    came += facts.recall_minor if legs.recall is Recall.RETURNED else 0
    came += facts.chargeback_minor if legs.chargeback is Chargeback.WON else 0
    came += (facts.reversal_minor or 0) if legs.reversal is Reversal.CREDITED else 0
    return came


def _credit_beside_money(node: Node) -> bool:
    dispute = node.dispute
    stands = dispute.legs.credit in (Credit.STANDING, Credit.NOTICED)
    return stands and _came_minor(dispute) >= dispute.facts.credit_minor


def _settled_by_nothing(node: Node) -> bool:
    dispute = node.dispute
    settled = dispute.legs.credit is Credit.SETTLED
    return settled and _came_minor(dispute) < dispute.facts.credit_minor


def _where_to_for_nothing(node: Node) -> bool:
    dispute = node.dispute
    asked = dispute.legs.destination in (Destination.ASKED, Destination.CHOSEN)
    returned = dispute.legs.refund is Refund.BOUNCED or dispute.legs.records is Records.BOUNCED
    return asked and not returned


def _is_used_twice(node: Node) -> bool:
    """What two people confirmed is for the attempt that it was confirmed for."""
    dispute = node.dispute
    under_way = dispute.legs.refund not in (Refund.NONE, Refund.BOUNCED, Refund.FAILED)
    return under_way and dispute.legs.destination is Destination.CONFIRMED


def _nobody_watches(node: Node) -> bool:
    dispute = node.dispute
    legs, state = dispute.legs, dispute.facts.transaction_state
    comes = state is TransactionState.DEBITED_NOT_CAPTURED and legs.inquiry is Inquiry.FOUND
    comes = comes or legs.trace is Trace.REJECTED or legs.records is Records.AUTHORISED_ONLY
    by_itself = not dispute.facts.self_custody  # on a chain what failed has never left
    return comes and by_itself and legs.reversal is Reversal.NONE


def _leaves_on_hold(node: Node) -> bool:
    legs = node.dispute.legs
    return legs.legal is Legal.HELD and legs.refund is Refund.RESERVED


def _watches_what_came(node: Node) -> bool:
    dispute = node.dispute
    return dispute.legs.reversal is Reversal.WATCHED and dispute.facts.reversal_credited


def _unheard_appeal(node: Node) -> bool:
    dispute = node.dispute
    return standing.has_ended(dispute) and _is_appealing(node)


def _outside_unheard(node: Node) -> bool:
    dispute = node.dispute
    found = dispute.facts.chargeback_found_minor is not None
    return found and dispute.legs.chargeback is Chargeback.NONE


# a legal hold stops every step of our own, and not what comes by itself
WHATEVER: Final[dict[str, Callable[[Node], bool]]] = {
    "money comes back by itself, and nobody watches for it": _nobody_watches,
    "a refund leaves while the law holds the case (rule 16)": _leaves_on_hold,
}
NEVER: Final[dict[str, Callable[[Node], bool]]] = {
    "a person is asked about what is over": _asked_for_nothing,
    "a person is asked for a silent bank that has answered": _bank_has_answered,
    "a person is asked which transaction, and it is named": _transaction_is_named,
    "a person is asked about a refund that the bank may still have (rule 7)": (
        _asked_of_what_is_unsettled
    ),
    "a person is asked who it is, and it is proven": _asked_who_is_proven,
    "a person is asked for what has come": _asked_of_what_came,
    "our chargeback goes on though the merchant agreed (rule 8)": _charges_back_what_was_agreed,
    "a person decides beside the card network": _two_decide,
    "a credit stands beside the money that came (rule 9)": _credit_beside_money,
    "a credit counts as settled by money that went back": _settled_by_nothing,
    "a customer is asked for an account that nothing needs": _where_to_for_nothing,
    "an account's confirmation outlives its refund (rule 13)": _is_used_twice,
    "what the bank told as credited is watched for": _watches_what_came,
    "an end with an appeal that is not over (rule 20)": _unheard_appeal,
    "the bank told of a chargeback, and nothing holds its money (rule 8)": _outside_unheard,
}
ALONE: Final[dict[str, Callable[[Node], bool]]] = {
    "a person is asked for what the merchant agreed to": _asked_of_what_was_agreed,
}
