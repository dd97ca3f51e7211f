"""What money did for a dispute, in double entry: a function of its state. Pure.

The position is a sum of moves, each from one account to another, so it sums to zero whatever the
state is. What a step booked is the difference between the positions after it and before it:
nothing can be forgotten when a credit bounces, comes late or comes twice. A new way for money to
move is a function in `_LEGS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.tracker.domain import standing
from services.tracker.domain.dispute import Attempt, Dispute
from services.tracker.domain.states import (
    Chargeback,
    Correction,
    Credit,
    Leg,
    Recall,
    Reversal,
)
from services.tracker.domain.triggers import (
    ChargebackReport,
    Posting,
    RecallReport,
    RefundReport,
    T,
    Trigger,
)
from shared.contracts.vocabulary import Payer

CUSTOMER: Final = "customer"
CLEARING: Final = "clearing:bank"  # what other banks and the rail send back
RECIPIENT: Final = "recipient"  # who gave back what was sent to them
NETWORK: Final = "network"  # what a card network decided
CREDIT: Final = "wallet:credit"  # out for the time being, until something settles it
LOSS: Final = "wallet:loss"
CORRECTION: Final = "wallet:correction"
COMPENSATION: Final = "wallet:compensation"  # beside any refund, with a cap of its own
SUSPENSE: Final = "suspense"  # paid, and nobody was named who pays
PAYERS: Final = {
    Payer.MERCHANT: "merchant",
    Payer.BANK: "bank",
    Payer.WALLET_ADVANCE: "wallet:advance",
    Payer.INSURER: "insurer",
    None: SUSPENSE,
}


@dataclass(frozen=True, slots=True)
class Move:
    """Minor units of the capture's currency that left `source` and arrived in `target`."""

    source: str
    target: str
    amount_minor: int


def position(dispute: Dispute) -> dict[str, int]:
    """Balances by account in minor units; positive: money arrived. Sums to zero, without zeros."""
    balances: dict[str, int] = {}
    for leg in _LEGS:
        for move in leg(dispute):
            balances[move.source] = balances.get(move.source, 0) - move.amount_minor
            balances[move.target] = balances.get(move.target, 0) + move.amount_minor
    return {account: minor for account, minor in balances.items() if minor}


def booked(before: Dispute, after: Dispute) -> dict[str, int]:
    """What the step between the two booked, in the order of accounts; most steps book nothing."""
    old, new = position(before), position(after)
    if old == new:
        return {}
    changes = {account: new.get(account, 0) - old.get(account, 0) for account in old | new}
    return {account: changes[account] for account in sorted(changes) if changes[account]}


def reference(dispute: Dispute, trigger: Trigger) -> str | None:
    """Key of the call that the money went under; None where it came by itself."""
    match trigger.payload:
        case RefundReport(n=n):
            return f"{dispute.claim.dispute_id}:{Leg.REFUND.value}:{n}"
        case RecallReport(n=n):
            return f"{dispute.claim.dispute_id}:{Leg.RECALL.value}:{n}"
        case ChargebackReport(n=int(n)):
            return f"{dispute.claim.dispute_id}:{Leg.CHARGEBACK.value}:{n}"
        case Posting(n=n) if trigger.name in _POSTINGS:
            return f"{dispute.claim.dispute_id}:{_POSTINGS[trigger.name]}:{n}"
        case _:
            return None


_POSTINGS: Final = {
    T.CREDIT_POSTED: "credit",
    T.CREDIT_REVERSED: "creditreversal",
    T.CORRECTION_POSTED: "correction",
    T.COMPENSATION_POSTED: "compensation",
}


def _refunds(dispute: Dispute) -> list[Move]:
    """Whoever pays an attempt has paid it once it is credited; a bounce takes it out again."""
    return [Move(PAYERS[a.payer], CUSTOMER, a.amount_minor) for a in _credited(dispute)]


def _receivables(dispute: Dispute) -> list[Move]:
    """Domain rule 4: an advance makes a receivable from whoever bears the loss."""
    advances = [a for a in _credited(dispute) if a.payer is Payer.WALLET_ADVANCE]
    borne = [(a.loss_bearer or dispute.facts.loss_bearer, a.amount_minor) for a in advances]
    return [
        Move(PAYERS[bearer], f"receivable:{bearer}", minor)
        for bearer, minor in borne
        if bearer not in (None, Payer.WALLET_ADVANCE)
    ]


def _returned(dispute: Dispute) -> list[Move]:
    """A return or reversal that the bank has credited: one dispute books it."""
    if dispute.legs.reversal is not Reversal.CREDITED or dispute.facts.reversal_shared:
        return []
    return [Move(CLEARING, CUSTOMER, dispute.facts.reversal_minor or 0)]


def _recalled(dispute: Dispute) -> list[Move]:
    """What the recipient gave back."""
    if dispute.legs.recall is not Recall.RETURNED:
        return []
    return [Move(RECIPIENT, CUSTOMER, dispute.facts.recall_minor)]


def _charged_back(dispute: Dispute) -> list[Move]:
    """What the network awarded: one dispute books it."""
    if dispute.legs.chargeback is not Chargeback.WON or dispute.facts.chargeback_shared:
        return []
    return [Move(NETWORK, CUSTOMER, dispute.facts.chargeback_minor)]


def _provisional(dispute: Dispute) -> list[Move]:
    """Given for the time being, less what was taken back; what else came settled it first."""
    state, given = dispute.legs.credit, dispute.facts.credit_minor
    if state in (Credit.NONE, Credit.ORDERED, Credit.REFUSED):
        return []
    left = standing.credit_left_minor(dispute)
    moves = [Move(CREDIT, CUSTOMER, given), Move(CUSTOMER, CREDIT, given - left)]
    if state in (Credit.FINAL, Credit.UNRECOVERED):
        moves.append(Move(LOSS, CREDIT, left))
    return moves


def _corrected(dispute: Dispute) -> list[Move]:
    """The wallet's books put right."""
    if dispute.legs.correction is not Correction.POSTED:
        return []
    return [Move(CORRECTION, CUSTOMER, dispute.facts.correction_minor or 0)]


def _compensated(dispute: Dispute) -> list[Move]:
    """For the trouble."""
    paid = standing.compensated_minor(dispute)
    return [Move(COMPENSATION, CUSTOMER, paid)] if paid else []


def _credited(dispute: Dispute) -> list[Attempt]:
    return [dispute.facts.attempt(n) for n in dispute.facts.credited_attempts]


_LEGS: Final[tuple[Callable[[Dispute], list[Move]], ...]] = (
    _refunds,
    _receivables,
    _returned,
    _recalled,
    _charged_back,
    _provisional,
    _corrected,
    _compensated,
)
