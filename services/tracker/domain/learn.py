"""What each trigger teaches: from its typed input to facts. Pure; one small function each."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from services.tracker.domain.dispute import Attempt, Dispute, Facts, MoneyView
from services.tracker.domain.records import replace
from services.tracker.domain.routes import Route, Scene
from services.tracker.domain.states import Refund
from services.tracker.domain.triggers import (
    ArbitratorDecision,
    BankTransaction,
    MerchantAnswer,
    RefundReport,
    T,
    TraceReport,
    Trigger,
    Wish,
)
from shared.contracts.vocabulary import Payer, Remedy
from shared.rules import Profile

P = TypeVar("P")

_BANK_DATES: Final = (
    "expected_at",
    "delivered_at",
    "return_expected_at",
    "reversal_expected_at",
)


def believable(trigger: Trigger, now: datetime, rules: Profile) -> Trigger:
    """The trigger without the bank's dates that are beyond the horizon: they count as none."""
    payload = trigger.payload
    if not isinstance(payload, BankTransaction | TraceReport | RefundReport):
        return trigger
    dates = {name: at for name in _BANK_DATES if (at := getattr(payload, name, None))}
    if not dates or max(dates.values()) <= (latest := rules.due("bank_date_horizon", now)):
        return trigger
    beyond: dict[str, Any] = {name: None for name, at in dates.items() if at > latest}
    return replace(trigger, payload=replace(payload, **beyond))


def _payload(trigger: Trigger, kind: type[P]) -> P:
    if not isinstance(trigger.payload, kind):
        raise TypeError(f"{trigger.name} needs a {kind.__name__}")
    return trigger.payload


def _transaction(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    bank = _payload(trigger, BankTransaction)
    return replace(
        facts,
        transaction_state=bank.state,
        captured_minor=bank.captured_minor,
        currency=bank.currency,
        bank_merchant_id=bank.merchant_id,
        cause=bank.cause,
        reversal_minor=bank.reversal_minor,
        reversal_reference=bank.reversal_reference,
        reversal_credited=bank.reversal_state == "credited",
        expected_at=bank.reversal_expected_at,
    )


def _trace(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    report = _payload(trigger, TraceReport)
    returned = report.return_minor is not None
    return replace(
        facts,
        at_bank=report.at_bank or facts.at_bank,
        expected_at=report.return_expected_at if returned else report.expected_at,
        delivered_at=report.delivered_at,
        proof=report.proof,
        reject_reason=report.reject_reason,
        reversal_minor=report.return_minor,
        reversal_reference=report.return_reference,
        reversal_credited=report.return_credited,
    )


def _reversal(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    if trigger.payload is None:  # the trace had already told of the credit
        return facts
    bank = _payload(trigger, BankTransaction)
    return replace(
        facts,
        expected_at=bank.reversal_expected_at or facts.expected_at,
        reversal_reference=bank.reversal_reference or facts.reversal_reference,
        reversal_credited=trigger.name is T.REVERSAL_CREDITED,
    )


def _delivered(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del trigger
    return replace(facts, consent_delivered_at=now)


def _merchant(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    answer = _payload(trigger, MerchantAnswer)
    return replace(
        facts,
        merchant_reason=answer.reason,
        merchant_note=answer.note,
        consent_delivered_at=facts.consent_delivered_at or now,
    )


def _refund(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    report = _payload(trigger, RefundReport)
    return replace(
        facts,
        refund_reason=report.reason,
        expected_at=report.expected_at,
        destination_kind=report.destination_kind or facts.destination_kind,
        destination_bank=report.destination_bank or facts.destination_bank,
        destination_tail=report.destination_tail or facts.destination_tail,
    )


def _credited(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    n = _payload(trigger, RefundReport).n
    learnt = _refund(facts, trigger, now)
    return replace(learnt, credited_attempts=(*facts.credited_attempts, n))


def _bounced(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    n = _payload(trigger, RefundReport).n
    left = tuple(other for other in facts.credited_attempts if other != n)
    learnt = facts if left else _refund(facts, trigger, now)
    return replace(learnt, credited_attempts=left)


def _no_answer(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del trigger
    return replace(facts, refund_last_sent_at=now)


def _decision(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    decision = _payload(trigger, ArbitratorDecision)
    return replace(
        facts,
        fault=decision.fault,
        remedy=decision.remedy,
        decision_reason=decision.reason,
        decision_note=decision.note,
        decided_by=decision.decided_by,
        first_decider=facts.first_decider if facts.appealed else decision.decided_by,
        approved_minor=decision.amount_minor,
        payer=decision.payer,
        loss_bearer=decision.loss_bearer,
    )


def _late_consent(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    _payload(trigger, Wish)
    return replace(facts, late_consent=True, appeal_until=None, decision_rule=None)


def _appeal(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    _payload(trigger, Wish)
    return replace(facts, appealed=True, appeal_until=None)


def _escalated(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del trigger, now
    return replace(facts, escalations=facts.escalations + 1)


def _overdue(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    return replace(_escalated(facts, trigger, now), refund_overdue=True)


_LESSONS: Final[dict[T, Callable[[Facts, Trigger, datetime], Facts]]] = {
    T.TRANSACTION_FOUND: _transaction,
    T.TRACE_IN_TRANSIT: _trace,
    T.TRACE_DELIVERED: _trace,
    T.TRACE_REJECTED: _trace,
    T.TRACE_WRONG_ACCOUNT: _trace,
    T.REVERSAL_PENDING: _reversal,
    T.REVERSAL_CREDITED: _reversal,
    T.CONSENT_DELIVERED: _delivered,
    T.MERCHANT_ACCEPTED: _merchant,
    T.MERCHANT_REFUSED: _merchant,
    T.REFUND_ACCEPTED: _refund,
    T.REFUND_CREDITED: _credited,
    T.REFUND_BOUNCED: _bounced,
    T.REFUND_UNFUNDED: _refund,
    T.REFUND_FAILED: _refund,
    T.REFUND_NO_ANSWER: _no_answer,
    T.ARBITRATOR_DECIDED: _decision,
    T.LATE_CONSENT_REQUESTED: _late_consent,
    T.APPEALED: _appeal,
    T.ARBITRATION_DUE: _escalated,
    T.REFUND_DUE: _overdue,
}


def from_trigger(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    """The facts after this trigger."""
    lesson = _LESSONS.get(trigger.name)
    return lesson(facts, trigger, now) if lesson else facts


def from_route(route: Route, scene: Scene) -> Facts:
    """The facts after the machine's own next step, which gives new asks their numbers."""
    facts = scene.dispute.facts
    match route.trigger:
        case T.ASK_TRACE:
            return replace(facts, trace_n=facts.trace_n + 1)
        case T.ASK_MERCHANT:
            return replace(facts, consent_n=facts.consent_n + 1, consent_delivered_at=None)
        case T.WATCH_REVERSAL:
            return watched(facts, scene.money, scene.dispute)
        case T.OPEN_ARBITRATION:
            return _opened_arbitration(facts, route)
        case T.APPROVE:
            return _approved(facts, route, scene)
        case T.DECLINE:
            return _declined(facts, route, scene)
        case T.EXPLAIN:
            return replace(facts, decision_rule=route.cause)
        case T.CLOSE_AS_DUPLICATE:
            return replace(facts, duplicate_of=scene.money.duplicate_of)
        case _:
            return facts


def watched(facts: Facts, money: MoneyView, dispute: Dispute) -> Facts:
    """Hold what comes back, so that nothing else pays it too.

    It comes whether there is room or not: what is above the room is over-recovered and shown.
    """
    wanted = facts.reversal_minor if facts.reversal_minor is not None else facts.captured_minor
    refund = 0 if dispute.legs.refund is Refund.NONE else facts.held_for_refund_minor
    held = max(0, min(wanted or 0, money.room(dispute) - refund))
    over = facts.over_recovered or held < (wanted or 0)
    return replace(facts, reversal_minor=wanted, reversal_held_minor=held, over_recovered=over)


def paid(facts: Facts, new: Refund, money: MoneyView, dispute: Dispute) -> Facts:
    """Hold what every attempt has paid or may still pay, as far as there is room.

    `new` is where the refund moves to. What is above the room, or paid twice, is over-recovered
    and shown.
    """
    credited = facts.credited_attempts
    match new:
        case Refund.CREDITED:
            return _paid_by(facts, credited, money.room(dispute))
        case Refund.STUCK if credited:
            sums = [facts.attempt(n).amount_minor for n in {*credited, facts.refund_n}]
            return replace(facts, refund_held_minor=max(0, min(sum(sums), money.room(dispute))))
        case Refund.STUCK:
            return replace(facts, refund_held_minor=None)
        case Refund.BOUNCED if facts.refund_held_minor is not None:
            held = min(facts.refund_held_minor, facts.approved_minor or 0)
            return replace(facts, refund_held_minor=held)
        case Refund.NONE:
            return replace(facts, approved_minor=None, payer=None, refund_held_minor=None)
        case _:
            return facts


def _paid_by(facts: Facts, credited: tuple[int, ...], room_minor: int) -> Facts:
    """The newest credited attempt is the one that people see as the refund."""
    counted = facts.attempt(max(credited))
    total = sum(facts.attempt(n).amount_minor for n in credited)
    held = max(0, min(total, room_minor))
    over = facts.over_recovered or len(credited) > 1 or held < total
    return replace(
        facts,
        approved_minor=counted.amount_minor,
        payer=counted.payer,
        refund_held_minor=held,
        over_recovered=over,
    )


def _opened_arbitration(facts: Facts, route: Route) -> Facts:
    return replace(
        facts,
        arbitration_n=facts.arbitration_n + 1,
        arbitration_cause=route.cause,
        appeal_heard=facts.appeal_heard or route.cause == "appeal",
        remedy=None,
        fault=None,
        decision_reason=None,
        decided_by=None,
    )


def _approved(facts: Facts, route: Route, scene: Scene) -> Facts:
    by_merchant = route.cause != "arbitration"
    granted = scene.wanted_minor if by_merchant else facts.approved_minor
    payer = Payer.MERCHANT if by_merchant else facts.payer
    return replace(
        facts,
        refund_n=facts.refund_n + 1,
        attempts=(*facts.attempts, Attempt(granted or 0, payer)),
        refund_held_minor=None,
        approved_minor=granted,
        payer=payer,
        loss_bearer=facts.loss_bearer or payer,
        fault=None if by_merchant else facts.fault,
        remedy=Remedy.FULL_REFUND if by_merchant else facts.remedy,
        decision_rule=route.cause,
        decision_reason=facts.decision_reason or route.cause,
        arbitration_cause=None,
        refund_first_sent_at=scene.now,
        refund_last_sent_at=scene.now,
        refund_overdue=False,
        refund_reason=None,
        expected_at=None,
    )


def _declined(facts: Facts, route: Route, scene: Scene) -> Facts:
    may_appeal = not facts.appealed
    until = scene.rules.due("appeal_window", scene.now) if may_appeal else None
    return replace(
        facts,
        decision_rule=route.cause,
        decision_reason=facts.decision_reason or route.cause,
        remedy=Remedy.NONE,
        arbitration_cause=None,
        appeal_until=until,
        approved_minor=None,
        payer=None,
        refund_held_minor=None,
    )
