"""What a dispute holds of its transaction's money: the rows of the reservations."""

from dataclasses import dataclass
from typing import Final

from services.tracker.domain.dispute import Dispute, expected_minor
from services.tracker.domain.states import Chargeback, Credit, Recall, Records, Refund, Reversal

_LIVE_CREDITS: Final = {
    Credit.ORDERED: "reserved",
    Credit.STANDING: "settled",
    Credit.NOTICED: "settled",
    Credit.REVERSING: "settled",
    Credit.FINAL: "settled",
    Credit.UNRECOVERED: "settled",
}
_REFUNDS: Final = {
    Refund.NONE: "released",
    Refund.UNKNOWN: "unknown",
    Refund.STUCK: "unknown",
    Refund.IN_FLIGHT: "in_flight",
    Refund.CREDITED: "settled",
}
_REVERSALS: Final = {Reversal.CREDITED: "settled", Reversal.ABSENT: "released"}
_RECALLS: Final = {Recall.RETURNED: "settled", Recall.REFUSED: "released"}
_CHARGEBACKS: Final = {
    Chargeback.WON: "settled",
    Chargeback.LOST: "released",
    Chargeback.WITHDRAWN: "released",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A row of the reservations: what this dispute holds of its transaction's money."""

    purpose: str  # refund, reversal, recall, chargeback, credit
    amount_minor: int
    state: str  # reserved, in_flight, unknown, settled, released


def holds(dispute: Dispute) -> tuple[Held, ...]:
    """The reservations that the legs stand for."""
    legs, facts = dispute.legs, dispute.facts
    rows = []
    if facts.refund_n:
        state = _REFUNDS.get(legs.refund, "reserved")
        rows.append(Held("refund", facts.held_for_refund_minor, state))
    if legs.reversal is not Reversal.NONE:
        state = "released" if facts.reversal_shared else _REVERSALS.get(legs.reversal, "reserved")
        rows.append(Held("reversal", facts.reversal_held_minor, state))
    if legs.recall is not Recall.NONE:
        state = _RECALLS.get(legs.recall, "reserved")
        rows.append(Held("recall", facts.recall_held_minor, state))
    if legs.chargeback is not Chargeback.NONE:
        shared = facts.chargeback_shared
        state = "released" if shared else _CHARGEBACKS.get(legs.chargeback, "reserved")
        rows.append(Held("chargeback", facts.chargeback_held_minor, state))
    if legs.credit is not Credit.NONE:
        rows.append(_credit(dispute))
    return tuple(rows)


def given_back_minor(before: Dispute, after: Dispute) -> int:
    """Minor units of somebody else's refund that was under way and did not arrive.

    The bank had counted it as refunded when it was asked about the transaction.
    """
    came_undone = after.legs.records in (Records.BOUNCED, Records.UNSENT)
    if before.legs.records not in _UNDER_WAY or not came_undone:
        return 0
    told = after.facts.records_minor
    return (before.facts.records_minor if told is None else told) or 0


_UNDER_WAY: Final = (Records.ON_ITS_WAY, Records.UNFUNDED, Records.OVERDUE)


def _credit(dispute: Dispute) -> Held:
    """What else comes settles the credit first, so only what is above it is held beside it."""
    state = _LIVE_CREDITS.get(dispute.legs.credit)
    if state is None:
        return Held("credit", 0, "released")
    other = expected_minor(dispute)
    if dispute.legs.credit is not Credit.FINAL and dispute.legs.refund is not Refund.NONE:
        other += dispute.facts.held_for_refund_minor
    return Held("credit", max(0, dispute.facts.credit_minor - other), state)
