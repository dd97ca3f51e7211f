"""What customers and operators say to a dispute; some operators try what they may not."""

from collections.abc import Callable
from typing import Final

from services.tracker.domain import commands
from services.tracker.domain.dispute import Dispute
from services.tracker.domain.states import (
    Arbitration,
    Chargeback,
    Complaint,
    Destination,
    Identity,
    Legal,
    Refund,
)
from services.tracker.domain.triggers import (
    ArbitratorDecision,
    Cause,
    Choice,
    Details,
    Grant,
    Payload,
    T,
    Wish,
)
from shared.contracts.vocabulary import Fault, Kind, Payer, Remedy, Reopening

OPERATORS: Final = ("ops-1", "ops-2", "ops-3")
Said = tuple[T, Payload]
_AMOUNTS: Final = (10**9, 4_000, 600_000, 1_500, 0)
_REMEDIES: Final = (
    Remedy.FULL_REFUND,
    Remedy.NONE,
    Remedy.PARTIAL_REFUND,
    Remedy.RETURN_THEN_REFUND,
    Remedy.CORRECTION,
)


def customers(dispute: Dispute, trigger: T) -> Said:
    """A customer's command with what it needs."""
    by = dispute.claim.customer_id
    match trigger:
        case T.DETAILS_GIVEN:
            return trigger, Details(by, "t-1", 4_000, "CNY")
        case T.GOODS_SHIPPED | T.ACCOUNT_CHOSEN:
            return trigger, Choice(by, "code-1")
        case _:
            return trigger, Wish(by)


def operators(dispute: Dispute, trigger: T, by: str, variant: int) -> Said:
    """An operator's order; `variant` chooses among sensible and senseless ones."""
    amount = _AMOUNTS[variant % len(_AMOUNTS)]
    left = dispute.facts.captured_minor or 0
    match trigger:
        case T.ARBITRATOR_DECIDED:
            remedy = _REMEDIES[variant // 5 % len(_REMEDIES)]
            return trigger, decision(dispute, remedy, by, min(amount, left))
        case T.CREDIT_ORDERED:
            return trigger, Grant(by, min(amount, left + variant % 2), "goodwill")
        case T.COMPENSATION_ORDERED:
            return trigger, Grant(by, min(amount, 5_000), "late")
        case T.CASE_REOPENED:
            return trigger, Cause(by, list(Reopening)[variant % 3])
        case T.LEGAL_HOLD_PLACED | T.LEGAL_HOLD_LIFTED | T.COMPLAINT_ANSWERED:
            return trigger, Cause(by, "court")
        case _:
            return trigger, Wish(by)


def decision(dispute: Dispute, remedy: Remedy, by: str, amount: int) -> ArbitratorDecision:
    """For the customer at the wallet's or the merchant's cost, or against."""
    if remedy is Remedy.NONE:
        return ArbitratorDecision(Fault.CUSTOMER, remedy, "used", by)
    at_wallet = remedy is Remedy.CORRECTION or dispute.facts.bank_merchant_id is None
    payer = Payer.WALLET_ADVANCE if at_wallet or amount % 3 == 0 else Payer.MERCHANT
    return ArbitratorDecision(Fault.MERCHANT, remedy, "other", by, amount, payer)


def waits_for(dispute: Dispute) -> str:
    """Which person a dispute may wait for, by hand; nothing where it must go on by itself."""
    legs = dispute.legs
    return next((who for state, who in _PEOPLE.items() if state in _states(dispute)), "") or (
        "operator: the network's next step" if legs.chargeback is Chargeback.REPRESENTED else ""
    )


def _states(dispute: Dispute) -> set[object]:
    legs = dispute.legs
    return {
        legs.legal,
        legs.arbitration,
        legs.refund,
        legs.destination,
        legs.identity,
        legs.complaint,
    }


_PEOPLE: Final[dict[object, str]] = {
    Legal.HELD: "whoever placed the legal hold",
    Arbitration.OPEN: "an arbitrator",
    Arbitration.PROPOSED: "a second arbitrator",
    Refund.STUCK: "an operator who asks the bank",
    Destination.CHOSEN: "two who check the account",
    Identity.FAILED: "a reviewer of documents",
    Identity.EXPIRED: "a reviewer of documents",
    Complaint.OPEN: "whoever answers the complaint",
}


def at_last(
    dispute: Dispute, by: str, *, grants: bool, paid_never: Callable[[], bool]
) -> Said | None:
    """What somebody who wants to be done with it says next."""
    possible = [commands.OPS[name] for name in commands.ops_commands(dispute)]
    for trigger in _AT_LAST:
        if trigger not in possible or (trigger is T.REFUND_DECLARED_FAILED and not paid_never()):
            continue
        if trigger is T.ARBITRATOR_DECIDED:
            return trigger, _last_decision(dispute, by, grants=grants)
        if (
            trigger is T.DECISION_CONFIRMED and not grants
        ):  # as its refusal says, where no room is left
            trigger = T.DECISION_REJECTED  # noqa: PLW2901 - the other answer to the same question
        return operators(dispute, trigger, by, 1)
    return None


def _last_decision(dispute: Dispute, by: str, *, grants: bool) -> ArbitratorDecision:
    if grants and dispute.claim.kind is Kind.BALANCE_ANOMALY:
        return decision(dispute, Remedy.CORRECTION, by, 4_000)
    remedy = Remedy.PARTIAL_REFUND if grants else Remedy.NONE
    return decision(dispute, remedy, by, 1_000)


_AT_LAST: Final = (
    T.LEGAL_HOLD_LIFTED,
    T.DECISION_CONFIRMED,
    T.ARBITRATOR_DECIDED,
    T.REFUND_DECLARED_FAILED,
    T.ACCOUNT_CONFIRMED,
    T.DOCUMENTS_ACCEPTED,
    T.REPRESENTMENT_ACCEPTED,
    T.COMPLAINT_ANSWERED,
)
