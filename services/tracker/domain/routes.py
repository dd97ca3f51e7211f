"""What comes next: the first route whose guard holds is taken, until none does.

Guards are named data. The order is the order of the list; a guard reads only the dispute and
what the reservations allow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.tracker.domain.dispute import Dispute, MoneyView
from services.tracker.domain.states import (
    Arbitration,
    Consent,
    Inquiry,
    Refund,
    Reversal,
    Trace,
    Verdict,
)
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Kind, Remedy, TransactionState
from shared.rules import Profile


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a guard may look at."""

    dispute: Dispute
    money: MoneyView
    rules: Profile
    now: datetime

    @property
    def wanted_minor(self) -> int:
        """What a consenting merchant grants: the request, or the whole capture."""
        requested = self.dispute.claim.requested_minor
        return requested if requested is not None else (self.dispute.facts.captured_minor or 0)


Guard = Callable[[Scene], bool]


@dataclass(frozen=True, slots=True)
class Route:
    """When `guard` holds, `trigger` fires; `cause` says why, in the domain's words."""

    name: str
    guard: Guard
    trigger: T
    cause: str = ""


def is_duplicate(scene: Scene) -> bool:
    """Another open dispute of this transaction and group came first."""
    return scene.money.duplicate_of is not None and scene.dispute.legs.inquiry is Inquiry.NONE


def was_appealed(scene: Scene) -> bool:
    """The customer appealed and nobody has been asked yet."""
    return scene.dispute.facts.appealed and not scene.dispute.facts.appeal_heard


def has_nothing_to_ask_about(scene: Scene) -> bool:
    """No transaction was named: a person finds it with the customer."""
    return (
        scene.dispute.claim.transaction_id is None
        and scene.dispute.legs.arbitration is Arbitration.NONE
    )


def is_new(scene: Scene) -> bool:
    """Nothing was asked yet."""
    dispute = scene.dispute
    return dispute.claim.transaction_id is not None and dispute.legs.inquiry is Inquiry.NONE


def bank_does_not_know(scene: Scene) -> bool:
    """The bank has no such transaction: listening comes first, a person looks."""
    return _untouched(scene) and scene.dispute.legs.inquiry is Inquiry.MISSING


def is_somebody_elses(scene: Scene) -> bool:
    """The bank names another owner."""
    return scene.dispute.legs.inquiry is Inquiry.FOREIGN and _untouched(scene)


def bank_is_silent(scene: Scene) -> bool:
    """The bank did not answer in time."""
    return scene.dispute.legs.inquiry is Inquiry.STALLED and _untouched(scene)


def bank_answered_late(scene: Scene) -> bool:
    """A person was asked only because the bank was silent, and now it has answered."""
    legs, facts = scene.dispute.legs, scene.dispute.facts
    return (
        legs.arbitration is Arbitration.OPEN
        and facts.arbitration_cause == "bank_silent"
        and legs.inquiry not in (Inquiry.ASKED, Inquiry.STALLED)
    )


def no_money_moved(scene: Scene) -> bool:
    """The transaction was declined: there is a cause to explain, nothing to pay back."""
    return _found(scene, TransactionState.DECLINED) and _untouched(scene)


def money_comes_back(scene: Scene) -> bool:
    """Debited and not captured: the rail reverses it by itself."""
    return _found(scene, TransactionState.DEBITED_NOT_CAPTURED) and _untouched(scene)


def bank_cannot_tell(scene: Scene) -> bool:
    """The bank knows the transaction and not its outcome."""
    return _found(scene, TransactionState.UNKNOWN) and _untouched(scene)


def should_be_traced(scene: Scene) -> bool:
    """Money left and is said to be missing."""
    is_missing = scene.dispute.claim.kind is Kind.MISSING_FUNDS
    return is_missing and _found(scene, TransactionState.CAPTURED) and _untouched(scene)


def was_rejected(scene: Scene) -> bool:
    """The receiving bank refused it: a return is on its way."""
    legs = scene.dispute.legs
    free = legs.reversal is Reversal.NONE and legs.refund is Refund.NONE
    return legs.trace is Trace.REJECTED and free


def return_was_credited(scene: Scene) -> bool:
    """The bank's answer already held the credited return."""
    legs, facts = scene.dispute.legs, scene.dispute.facts
    return legs.reversal is Reversal.WATCHED and facts.reversal_credited


def went_astray(scene: Scene) -> bool:
    """Credited to a wrong account."""
    return scene.dispute.legs.trace is Trace.WRONG_ACCOUNT and _undecided(scene)


def is_untraced(scene: Scene) -> bool:
    """The trace's deadline passed without an answer."""
    return scene.dispute.legs.trace is Trace.UNTRACED and _undecided(scene)


def reversal_is_late(scene: Scene) -> bool:
    """Money that should have come back did not."""
    legs = scene.dispute.legs
    return legs.reversal in (Reversal.OVERDUE, Reversal.ABSENT) and _undecided(scene)


def found_after_all(scene: Scene) -> bool:
    """A person was asked about money that has now turned up."""
    legs = scene.dispute.legs
    found = legs.trace is Trace.DELIVERED or legs.reversal is Reversal.CREDITED
    arrived = legs.refund is Refund.CREDITED or (found and legs.refund is Refund.NONE)
    return arrived and legs.arbitration is Arbitration.OPEN


def is_outside_window(scene: Scene) -> bool:
    """Asked for after the refund window; the merchant may still agree if asked."""
    claim = scene.dispute.claim
    if claim.kind is not Kind.REFUND_REQUEST or scene.dispute.facts.late_consent:
        return False
    if not (_found(scene, TransactionState.CAPTURED) and _untouched(scene)):
        return False
    until = scene.rules.refundable_until(claim.occurred_at, claim.refundable_until)
    return scene.rules.is_outside_window(until, claim.opened_at)


def should_be_asked_of_merchant(scene: Scene) -> bool:
    """Captured for a merchant: its consent comes before arbitration."""
    has_merchant = _merchant(scene) is not None
    return has_merchant and _found(scene, TransactionState.CAPTURED) and _untouched(scene)


def has_no_merchant(scene: Scene) -> bool:
    """Captured, and nobody's consent to ask for."""
    return _found(scene, TransactionState.CAPTURED) and _untouched(scene)


def merchant_agreed_after_all(scene: Scene) -> bool:
    """An acceptance makes a pending decision needless."""
    legs = scene.dispute.legs
    waits = legs.arbitration is Arbitration.OPEN and legs.refund is Refund.NONE
    return waits and legs.consent is Consent.ACCEPTED and _fits(scene)


def merchant_agreed(scene: Scene) -> bool:
    """The merchant pays, as far as the capture allows."""
    legs = scene.dispute.legs
    free = legs.arbitration in (Arbitration.NONE, Arbitration.SUPERSEDED)
    return legs.consent is Consent.ACCEPTED and legs.refund is Refund.NONE and free and _fits(scene)


def is_above_room(scene: Scene) -> bool:
    """The merchant agreed to more than other refunds of this transaction leave."""
    agreed = scene.dispute.legs.consent is Consent.ACCEPTED
    return agreed and _undecided(scene) and not _fits(scene)


def merchant_refused(scene: Scene) -> bool:
    """The merchant refused: a person decides."""
    return scene.dispute.legs.consent is Consent.REFUSED and _undecided(scene)


def silence_refunds(scene: Scene) -> bool:
    """Domain rule 3: signed terms, proven delivery, an amount under the cap, and room."""
    legs, facts = scene.dispute.legs, scene.dispute.facts
    contract = scene.rules.contracts.get(_merchant(scene) or "")
    return (
        legs.consent is Consent.SILENT
        and _undecided(scene)
        and contract is not None
        and contract.silence_refunds
        and contract.currency == facts.currency
        and facts.consent_delivered_at is not None
        and scene.wanted_minor <= contract.cap_minor
        and _fits(scene)
    )


def merchant_is_silent(scene: Scene) -> bool:
    """Silence without such terms: a person decides."""
    return scene.dispute.legs.consent is Consent.SILENT and _undecided(scene)


def arbitrator_granted(scene: Scene) -> bool:
    """Decided for the customer, not yet reserved."""
    legs, facts = scene.dispute.legs, scene.dispute.facts
    return (
        legs.arbitration is Arbitration.DECIDED
        and facts.remedy in (Remedy.FULL_REFUND, Remedy.PARTIAL_REFUND)
        and legs.refund in (Refund.NONE, Refund.FAILED)
        and facts.arbitration_cause is not None
    )


def arbitrator_denied_failed_refund(scene: Scene) -> bool:
    """Decided against another attempt: the reservation is given back first."""
    legs = scene.dispute.legs
    return _denied(scene) and legs.refund is Refund.FAILED


def arbitrator_denied(scene: Scene) -> bool:
    """Decided against the customer."""
    return _denied(scene) and scene.dispute.legs.refund is Refund.NONE


def refund_failed(scene: Scene) -> bool:
    """The bank's final no, a bounce without another account, or nobody funded it."""
    return scene.dispute.legs.refund is Refund.FAILED and _nobody_decides(scene)


def _merchant(scene: Scene) -> str | None:
    return scene.dispute.facts.bank_merchant_id or scene.dispute.claim.merchant_id


def _found(scene: Scene, state: TransactionState) -> bool:
    dispute = scene.dispute
    return dispute.legs.inquiry is Inquiry.FOUND and dispute.facts.transaction_state is state


def _untouched(scene: Scene) -> bool:
    """No leg behind the inquiry has begun."""
    legs = scene.dispute.legs
    return (
        legs.trace is Trace.NONE
        and legs.reversal is Reversal.NONE
        and legs.consent is Consent.NONE
        and legs.refund is Refund.NONE
        and legs.verdict is Verdict.NONE
        and legs.arbitration in (Arbitration.NONE, Arbitration.SUPERSEDED)
    )


def _undecided(scene: Scene) -> bool:
    """Nothing is being paid and nobody decides: what a decision once granted is not asked again."""
    return scene.dispute.legs.refund is Refund.NONE and _nobody_decides(scene)


def _nobody_decides(scene: Scene) -> bool:
    """No decision is pending, and the last one has been used up."""
    legs, facts = scene.dispute.legs, scene.dispute.facts
    used = legs.arbitration is Arbitration.DECIDED and facts.arbitration_cause is None
    return used or legs.arbitration in (Arbitration.NONE, Arbitration.SUPERSEDED)


def _denied(scene: Scene) -> bool:
    legs, facts = scene.dispute.legs, scene.dispute.facts
    return (
        legs.arbitration is Arbitration.DECIDED
        and facts.remedy is Remedy.NONE
        and legs.verdict is Verdict.NONE
    )


def _fits(scene: Scene) -> bool:
    claim, facts = scene.dispute.claim, scene.dispute.facts
    same_currency = claim.currency in (None, facts.currency)
    return same_currency and 0 < scene.wanted_minor <= scene.money.room(scene.dispute)


ROUTES: Final[tuple[Route, ...]] = (
    Route("appeal", was_appealed, T.OPEN_ARBITRATION, "appeal"),
    Route("duplicate", is_duplicate, T.CLOSE_AS_DUPLICATE),
    Route("no transaction", has_nothing_to_ask_about, T.OPEN_ARBITRATION, "no_transaction"),
    Route("ask the bank first", is_new, T.ASK_BANK),
    Route("bank answered late", bank_answered_late, T.SUPERSEDE_ARBITRATION),
    Route("bank is silent", bank_is_silent, T.OPEN_ARBITRATION, "bank_silent"),
    Route("bank does not know it", bank_does_not_know, T.OPEN_ARBITRATION, "unknown_at_bank"),
    Route("somebody else's", is_somebody_elses, T.DECLINE, "not_your_transaction"),
    Route("no money moved", no_money_moved, T.EXPLAIN, "no_money_moved"),
    Route("reversal on its way", money_comes_back, T.WATCH_REVERSAL),
    Route("outcome unknown", bank_cannot_tell, T.OPEN_ARBITRATION, "bank_cannot_tell"),
    Route("trace", should_be_traced, T.ASK_TRACE),
    Route("money turned up", found_after_all, T.SUPERSEDE_ARBITRATION),
    Route("return on its way", was_rejected, T.WATCH_REVERSAL),
    Route("return credited", return_was_credited, T.REVERSAL_CREDITED),
    Route("wrong account", went_astray, T.OPEN_ARBITRATION, "wrong_account"),
    Route("untraced", is_untraced, T.OPEN_ARBITRATION, "untraced"),
    Route("reversal late", reversal_is_late, T.OPEN_ARBITRATION, "reversal_late"),
    Route("outside the window", is_outside_window, T.DECLINE, "outside_window"),
    Route("ask the merchant", should_be_asked_of_merchant, T.ASK_MERCHANT),
    Route("no merchant", has_no_merchant, T.OPEN_ARBITRATION, "no_merchant"),
    Route("consent supersedes", merchant_agreed_after_all, T.SUPERSEDE_ARBITRATION),
    Route("merchant agreed", merchant_agreed, T.APPROVE, "merchant_consent"),
    Route("above the capture", is_above_room, T.OPEN_ARBITRATION, "above_captured"),
    Route("merchant refused", merchant_refused, T.OPEN_ARBITRATION, "merchant_refused"),
    Route("silence refunds", silence_refunds, T.APPROVE, "contract_silence"),
    Route("merchant silent", merchant_is_silent, T.OPEN_ARBITRATION, "merchant_silent"),
    Route("granted", arbitrator_granted, T.APPROVE, "arbitration"),
    Route("no further attempt", arbitrator_denied_failed_refund, T.RELEASE_REFUND),
    Route("denied", arbitrator_denied, T.DECLINE, "arbitration"),
    Route("refund failed", refund_failed, T.OPEN_ARBITRATION, "refund_failed"),
)


def next_route(scene: Scene) -> Route | None:
    """The first route that applies; none while the dispute waits or is at its end."""
    legs = scene.dispute.legs
    paid = legs.refund is Refund.CREDITED and legs.arbitration is not Arbitration.OPEN
    if paid or legs.verdict is not Verdict.NONE:
        return None
    return next((route for route in ROUTES if route.guard(scene)), None)
