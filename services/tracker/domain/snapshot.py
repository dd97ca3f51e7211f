"""The full public snapshot that each status event carries."""

from datetime import datetime

from services.tracker.domain import public
from services.tracker.domain.dispute import Dispute, Facts
from services.tracker.domain.states import Refund, Verdict
from services.tracker.domain.triggers import Trigger
from shared.contracts.events import Amount, DecisionMade, StatusChanged, Step
from shared.contracts.vocabulary import Remedy


def status_changed(dispute: Dispute, trigger: Trigger, now: datetime) -> StatusChanged:
    """What people see of the dispute after this trigger."""
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
        requested=_amount(claim.requested_minor, claim.currency),
        approved=_amount(facts.approved_minor if facts.refund_n else None, facts.currency),
        in_flight=_when(dispute, Refund.IN_FLIGHT),
        credited=_credited(dispute),
        step=Step.model_construct(
            code=trigger.name.value, at=now, actor=trigger.actor, params=_params(facts)
        ),
        detail=seen,
        decision=_decision(dispute),
        actions=public.actions(dispute, now),
        merchant_note=facts.merchant_note,
        changed_at=now,
    )


def seen(dispute: Dispute, now: datetime) -> tuple[object, ...]:
    """What makes people see a difference: two equal answers mean no new status event."""
    facts = dispute.facts
    return (
        public.status(dispute),
        public.next_actor(dispute),
        facts.promised_at,
        public.detail(dispute),
        public.actions(dispute, now),
        dispute.legs.refund,
        facts.approved_minor,
        facts.payer,
        facts.remedy,
        facts.decision_rule,
        facts.decision_reason,
        facts.appeal_until,
    )


def _params(facts: Facts) -> dict[str, str]:
    """`missed`: the promised date that had passed when this step came; people hear an apology."""
    return {"missed": facts.missed_at.isoformat()} if facts.missed_at else {}


def _amount(minor: int | None, currency: str | None) -> Amount | None:
    if minor is None or currency is None:
        return None
    return Amount.model_construct(amount_minor=minor, currency=currency)


def _when(dispute: Dispute, state: Refund) -> Amount | None:
    if dispute.legs.refund is not state:
        return None
    return _amount(dispute.facts.approved_minor, dispute.facts.currency)


def _credited(dispute: Dispute) -> Amount | None:
    """Confirmed credit only: a refund, or money that came back by itself."""
    facts = dispute.facts
    held = {hold.purpose for hold in public.holds(dispute) if hold.state == "settled"}
    if "refund" in held:
        return _amount(facts.approved_minor, facts.currency)
    if "reversal" in held:
        return _amount(facts.reversal_minor, facts.currency)
    return None


def _decision(dispute: Dispute) -> DecisionMade | None:
    facts = dispute.facts
    ended = dispute.legs.verdict in (Verdict.DECLINED, Verdict.EXPLAINED)
    if not ended and not (facts.refund_n and facts.decision_rule):
        return None
    return DecisionMade.model_construct(
        outcome=facts.remedy or Remedy.NONE,
        reason=facts.decision_reason or facts.decision_rule or "none",
        rule=facts.decision_rule,
        fault=facts.fault,
        payer=facts.payer,
        loss_bearer=facts.loss_bearer,
        appeal_until=facts.appeal_until,
    )
