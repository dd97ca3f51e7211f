"""The full public snapshot that each status event carries."""

from datetime import datetime
from typing import Final

from services.tracker.domain import public, standing, waits
from services.tracker.domain.dispute import Dispute, Facts
from services.tracker.domain.records import replace
from services.tracker.domain.states import Consent, Credit, Refund, Verdict
from services.tracker.domain.triggers import Trigger
from shared.contracts.events import (
    Amount,
    DecisionMade,
    Estimate,
    Promise,
    StatusChanged,
    Step,
)
from shared.contracts.vocabulary import Actor, Remedy


def status_changed(
    dispute: Dispute, trigger: Trigger, now: datetime, promise: Promise | None = None
) -> StatusChanged:
    """What people see of the dispute after this trigger; `promise` says why the date is that."""
    claim, facts = dispute.claim, dispute.facts
    seen = public.detail(dispute)
    return StatusChanged.model_construct(
        dispute_id=claim.dispute_id,
        claim_id=claim.claim_id,
        reference=claim.reference,
        version=dispute.version,
        kind=claim.kind,
        reason=claim.reason,
        customer_id=claim.customer_id,
        merchant_id=facts.bank_merchant_id or claim.merchant_id,
        transaction_id=claim.transaction_id,
        status=public.status(dispute),
        open=public.is_open(dispute),
        next_actor=public.next_actor(dispute),
        promised_at=facts.promised_at,
        promise_rule=facts.promise_rule,
        promise=promise,
        requested=_amount(claim.requested_minor, claim.currency),
        approved=_amount(facts.approved_minor if facts.refund_n else None, facts.currency),
        in_flight=_in_flight(dispute),
        credited=_credited(dispute),
        offered=_offered(dispute),
        provisional=_provisional(dispute),
        compensated=_compensated(dispute),
        step=Step.model_construct(
            code=trigger.name.value, at=now, actor=trigger.actor, params=_params(facts)
        ),
        detail=seen,
        decision=_decision(dispute),
        actions=public.actions(dispute, now),
        merchant_note=facts.merchant_note,
        estimate=_estimate(dispute),
        changed_at=now,
        wallet=claim.wallet,
        wallet_version=claim.wallet_version,
    )


def seen(dispute: Dispute, now: datetime) -> tuple[object, ...]:
    """What makes people see a difference: two equal answers mean no new status event."""
    claim, facts = dispute.claim, dispute.facts
    return (
        public.status(dispute),
        facts.bank_merchant_id or claim.merchant_id,
        claim.transaction_id,
        claim.requested_minor,
        facts.currency,
        public.next_actor(dispute),
        facts.promised_at,
        facts.promise_near and public.next_actor(dispute) is Actor.CUSTOMER,
        public.detail(dispute),
        public.actions(dispute, now),
        dispute.legs.recall,
        dispute.legs.consent,
        dispute.legs.refund,
        dispute.legs.credit,
        dispute.legs.compensation,
        dispute.legs.hold,
        dispute.legs.access,
        dispute.legs.destination,
        facts.offer_minor,
        facts.merchant_note,
        standing.settled_minor(dispute),
        public.corrected_minor(dispute),
        facts.credit_minor,
        facts.compensation_minor,
        facts.approved_minor,
        facts.currency,
        facts.payer,
        facts.loss_bearer,
        facts.rate_bearer,
        facts.fault,
        facts.remedy,
        facts.decision_rule,
        facts.decision_reason,
        facts.appeal_until,
    )


def numbered(before: Dispute, after: Dispute, now: datetime) -> Dispute:
    """`after` with its version: the next one if people see a difference or have seen nothing."""
    if before.version and seen(before, now) == seen(after, now):
        return after
    return replace(after, version=before.version + 1)


def _estimate(dispute: Dispute) -> Estimate | None:
    told = waits.shown(dispute, dispute.told)
    if told is None:
        return None
    return Estimate.model_construct(
        leg=told.leg.value,
        from_at=told.from_at,
        low_at=told.low_at,
        high_at=told.high_at,
        measured=told.measured,
        since=told.since,
        ahead=told.ahead,
    )


def _params(facts: Facts) -> dict[str, str]:
    """`missed`: the promised date that had passed when this step came; people hear an apology."""
    return {"missed": facts.missed_at.isoformat()} if facts.missed_at else {}


def _amount(minor: int | None, currency: str | None) -> Amount | None:
    if minor is None or currency is None:
        return None
    return Amount.model_construct(amount_minor=minor, currency=currency)


def _in_flight(dispute: Dispute) -> Amount | None:
    """What this attempt sends; what attempts before it brought is among the credited."""
    facts = dispute.facts
    if dispute.legs.refund is not Refund.IN_FLIGHT:
        return None
    return _amount(facts.attempt(facts.refund_n).amount_minor, facts.currency)


def _credited(dispute: Dispute) -> Amount | None:
    """Confirmed credit only, by whichever way it came."""
    total = standing.recovered_minor(dispute) + public.corrected_minor(dispute)
    return _amount(total, dispute.facts.currency) if total else None


def _offered(dispute: Dispute) -> Amount | None:
    open_still = dispute.legs.consent is Consent.OFFERED
    return _amount(dispute.facts.offer_minor, dispute.facts.currency) if open_still else None


def _provisional(dispute: Dispute) -> Amount | None:
    stands = dispute.legs.credit in (Credit.STANDING, Credit.NOTICED, Credit.REVERSING)
    left = standing.credit_left_minor(dispute)
    return _amount(left, dispute.facts.currency) if stands else None


def _compensated(dispute: Dispute) -> Amount | None:
    paid = standing.compensated_minor(dispute)
    return _amount(paid, dispute.facts.currency) if paid else None


_ENDING_CREDITS: Final = (Credit.NOTICED, Credit.REVERSING)


def _decision(dispute: Dispute) -> DecisionMade | None:
    facts = dispute.facts
    ended = dispute.legs.verdict not in (Verdict.NONE, Verdict.WITHDRAWN, Verdict.DUPLICATE)
    paid = facts.refund_n or dispute.legs.credit is Credit.FINAL or facts.correction_n
    told = (paid and facts.decision_rule) or dispute.legs.credit in _ENDING_CREDITS
    if not ended and not told and facts.appeal_until is None:
        return None
    return DecisionMade.model_construct(
        outcome=facts.remedy or Remedy.NONE,
        reason=facts.decision_reason or facts.decision_rule or public.status(dispute).value,
        rule=facts.decision_rule,
        fault=facts.fault,
        payer=facts.payer,
        loss_bearer=facts.loss_bearer,
        rate_bearer=facts.rate_bearer,
        appeal_until=facts.appeal_until,
    )
