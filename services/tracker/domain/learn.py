"""What each trigger teaches: from its typed input to facts. Pure; one small function each."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from services.tracker.domain import lateness, standing
from services.tracker.domain.dispute import OWED, Attempt, Dispute, Facts, MoneyView, coming
from services.tracker.domain.guards import BY_LAW, Scene, wanted
from services.tracker.domain.records import replace
from services.tracker.domain.route import Route
from services.tracker.domain.states import Refund, Reversal
from services.tracker.domain.triggers import (
    AccountReport,
    ArbitratorDecision,
    BankTransaction,
    Cause,
    ChargebackReport,
    Choice,
    Comparison,
    Details,
    Grant,
    MerchantAnswer,
    Posting,
    RecallReport,
    RefundReport,
    T,
    TraceReport,
    Trigger,
    Wish,
)
from shared.contracts.vocabulary import Payer, Remedy, TransactionState
from shared.rules import Profile

P = TypeVar("P")

_BANK_DATES: Final = (
    "expected_at",
    "delivered_at",
    "return_expected_at",
    "reversal_expected_at",
    "answer_by",
)
_DATED: Final = (
    BankTransaction,
    Comparison,
    TraceReport,
    RecallReport,
    RefundReport,
    ChargebackReport,
)


def believable(trigger: Trigger, now: datetime, rules: Profile) -> Trigger:
    """The trigger without the bank's dates that are beyond the horizon: they count as none."""
    payload = trigger.payload
    if not isinstance(payload, _DATED):
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


def opened(dispute: Dispute, rules: Profile) -> Dispute:
    """What the rules of its opening say about all that comes."""
    facts = replace(dispute.facts, self_custody=rules.self_custody)
    return replace(dispute, facts=facts)


def _transaction(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    bank = _payload(trigger, BankTransaction)
    return replace(
        facts,
        transaction_state=bank.state,
        captured_minor=bank.captured_minor,
        currency=bank.currency,
        bank_merchant_id=bank.merchant_id,
        paid_by=bank.payer_id,
        cause=bank.cause,
        reversal_minor=bank.reversal_minor,
        reversal_reference=bank.reversal_reference,
        reversal_credited=bank.reversal_state == "credited",
        expected_at=bank.reversal_expected_at,
        transaction_kind=bank.kind,
        funding=bank.funding,
        tender=bank.tender,
        clawback_minor=bank.clawback_minor,
        recipient_kind=bank.recipient_kind,
        pending=bank.pending,
        chargeback_until=bank.chargeback_until,
        chargeback_found_minor=bank.chargeback_minor,
        chargeback_before=bank.chargeback_won,
        over_recovered=facts.over_recovered or _came_back_twice(bank),
    )


def _came_back_twice(bank: BankTransaction) -> bool:
    """More has gone back than was captured, before anybody asked: a person should see it."""
    captured = bank.state is TransactionState.CAPTURED
    return captured and bank.refunded_minor > bank.captured_minor


def _compared(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    found = _payload(trigger, Comparison)
    same = found.currency in (None, facts.currency) or facts.currency is None
    return replace(
        facts,
        records_minor=found.amount_minor if same else None,
        currency=facts.currency or found.currency,
        twin=found.twin,
        explanation=found.explanation,
        expected_at=found.expected_at,
        destination_kind=found.destination_kind or facts.destination_kind,
        destination_bank=found.destination_bank or facts.destination_bank,
        destination_tail=found.destination_tail or facts.destination_tail,
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
    if isinstance(trigger.payload, TraceReport):
        return _of_return(facts, trigger.payload, trigger.name)
    bank = _payload(trigger, BankTransaction)
    told = facts.reversal_minor if bank.reversal_minor is None else bank.reversal_minor
    return replace(
        facts,
        reversal_minor=told,
        expected_at=bank.reversal_expected_at or facts.expected_at,
        reversal_reference=bank.reversal_reference or facts.reversal_reference,
        reversal_credited=trigger.name is T.REVERSAL_CREDITED,
    )


def _of_return(facts: Facts, report: TraceReport, name: T) -> Facts:
    """What comes back may be less than what was rejected."""
    told = facts.reversal_minor if report.return_minor is None else report.return_minor
    return replace(
        facts,
        reversal_minor=told,
        expected_at=report.return_expected_at or facts.expected_at,
        reversal_reference=report.return_reference or facts.reversal_reference,
        reversal_credited=name is T.REVERSAL_CREDITED,
    )


def _recall(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    """A part that comes back frees the rest of what was held for the whole."""
    del now
    report = _payload(trigger, RecallReport)
    amount = facts.recall_minor if report.amount_minor is None else report.amount_minor
    counts = trigger.name in (T.RECALL_AGREED, T.RECALL_RETURNED)
    return replace(
        facts,
        recall_minor=amount if counts else facts.recall_minor,
        recall_reason=report.reason,
        expected_at=report.expected_at,
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
        proof=answer.proof or facts.proof,
        offer_minor=answer.offer_minor or facts.offer_minor,
        agreed_minor=None,
        consent_delivered_at=facts.consent_delivered_at or now,
    )


def _offer_accepted(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del trigger, now
    return replace(facts, agreed_minor=facts.offer_minor)


def _reminded(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del trigger, now
    return replace(facts, reminders=facts.reminders + 1)


def _shipped(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    return replace(facts, tracking=_payload(trigger, Choice).code)


def _evidence(who: str) -> Callable[[Facts, Trigger, datetime], Facts]:
    def lesson(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
        del now
        said = trigger.payload
        note = said.note if isinstance(said, MerchantAnswer) and said.note else facts.merchant_note
        sent = tuple(sorted({*facts.evidence_of, who}))
        return replace(facts, evidence_of=sent, merchant_note=note)

    return lesson


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


def _withheld(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    """Somebody else charges back: see `allocated` for what is held for the refund now."""
    del now
    report = _payload(trigger, RefundReport)
    return replace(
        facts,
        refund_reason=report.reason,
        chargeback_found_minor=report.charged_back_minor,
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


def _declared_failed(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del trigger, now
    return replace(facts, declared_failed_n=facts.refund_n)


def _finally_failed(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    """The bank's own no: what it says of an earlier time is no news any more."""
    return replace(_refund(facts, trigger, now), declared_failed_n=0)


def _no_answer(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del trigger
    return replace(facts, refund_last_sent_at=now)


def _decision(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    """Takes effect at once, unless it needs a second person: see `proposed`."""
    del now
    return decided(facts, _payload(trigger, ArbitratorDecision), None)


def proposed(facts: Facts, trigger: Trigger) -> Facts:
    """A decision that waits for its second person; nothing of it counts yet."""
    decision = _payload(trigger, ArbitratorDecision)
    return replace(facts, proposal=decision, decided_by=decision.decided_by)


def _confirmed(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    if facts.proposal is None:
        raise TypeError("nothing was proposed")
    return decided(facts, facts.proposal, _payload(trigger, Wish).requested_by)


def _rejected(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del trigger, now
    return replace(facts, proposal=None, decided_by=None)


def decided(facts: Facts, decision: ArbitratorDecision, confirmed_by: str | None) -> Facts:
    """What was decided; on appeal an amount is granted beside what was credited before."""
    had = facts.credited_minor
    amount = decision.amount_minor
    grants = decision.remedy not in (Remedy.NONE, Remedy.CORRECTION)
    people = _also(facts.deciders, decision.decided_by, confirmed_by)
    return replace(
        facts,
        proposal=None,
        fault=decision.fault,
        remedy=decision.remedy,
        decision_reason=decision.reason,
        decision_note=decision.note,
        decided_by=decision.decided_by,
        confirmed_by=confirmed_by,
        deciders=people,
        approved_minor=(had + (amount or 0)) if grants else (had or None),
        correction_minor=amount if decision.remedy is Remedy.CORRECTION else None,
        payer=decision.payer if grants else facts.payer,
        loss_bearer=decision.loss_bearer or decision.payer,
        rate_bearer=decision.rate_bearer or decision.loss_bearer or decision.payer,
    )


def _also(people: tuple[str, ...], *more: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*people, *(one for one in more if one))))


def _late_consent(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    _payload(trigger, Wish)
    return replace(facts, late_consent=True, appeal_until=None, decision_rule=None)


def _appeal(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    words = _payload(trigger, Wish).statement
    return replace(
        facts,
        appeal_heard=False,
        appealed_from=facts.deciders,
        appeal_until=None,
        appeal_note=words,
        arbitration_cause=None,
    )


def _reopened(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    cause = _payload(trigger, Cause)
    return replace(
        facts,
        appeal_heard=False,
        appealed_from=facts.deciders,
        appeal_until=None,
        reopened_for=str(cause.cause),
        appeal_note=cause.note,
        arbitration_cause=None,
    )


def _account_chosen(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    chosen = _payload(trigger, Choice).code
    return replace(facts, account_id=chosen, account_checked_by=())


def _account_checked(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    by = _payload(trigger, Wish).requested_by
    return replace(facts, account_checked_by=_also(facts.account_checked_by, by))


def _account_rejected(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del trigger, now
    return replace(facts, account_id=None, account_checked_by=())


def _outside_heard(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    """Beside one of ours it is remembered until ours is over."""
    del now
    told = _payload(trigger, ChargebackReport).amount_minor
    return replace(facts, chargeback_found_minor=told or facts.captured_minor)


def _chargeback(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    report = _payload(trigger, ChargebackReport)
    return replace(facts, chargeback_reason=report.reason, expected_at=report.answer_by)


def credit_asked(facts: Facts, grant: Grant) -> Facts:
    """By the first of two people; another amount begins anew."""
    return replace(facts, credit_asked_minor=grant.amount_minor, credit_asked_by=grant.requested_by)


def _credit_ordered(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    """By an operator with an amount and a basis, or by statute with all that was claimed."""
    del now
    grant = trigger.payload if isinstance(trigger.payload, Grant) else None
    return replace(
        facts,
        credit_n=facts.credit_n + 1,
        credit_minor=grant.amount_minor if grant else facts.credit_minor,
        credit_basis=grant.reason if grant else "statute",
    )


def _compensation(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    grant = _payload(trigger, Grant)
    return replace(
        facts,
        compensation_n=facts.compensation_n + 1,
        compensation_minor=grant.amount_minor,
        compensation_reason=grant.reason,
    )


def _account(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    return replace(facts, holds_beside=_payload(trigger, AccountReport).others)


def _identity(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    return replace(facts, identity_reason=_payload(trigger, AccountReport).reason)


def _reviewed(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    by = _payload(trigger, Wish).requested_by
    return replace(facts, deciders=_also(facts.deciders, by))


def _reset(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    return replace(facts, reset_reason=_payload(trigger, AccountReport).reason)


def _reset_again(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    """Once for each refusal: what is being asked under the new number is only looked after."""
    del trigger, now
    again = replace(facts, reset_n=facts.reset_n + 1, reset_reason=None)
    if facts.reset_reason in BY_LAW:  # it may be lifted, and a person should know that it stands
        again = replace(again, escalations=facts.escalations + 1)
    return again if facts.reset_reason else facts


def _legal(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    return replace(facts, legal_cause=str(_payload(trigger, Cause).cause))


def _answered(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    del now
    answer = _payload(trigger, Cause)
    return replace(
        facts,
        decision_reason=str(answer.cause),
        decision_note=answer.note,
        deciders=_also(facts.deciders, answer.requested_by),
    )


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
    T.REFUND_FAILED: _finally_failed,
    T.REFUND_DECLARED_FAILED: _declared_failed,
    T.REFUND_WITHHELD: _withheld,
    T.REFUND_NO_ANSWER: _no_answer,
    T.ARBITRATOR_DECIDED: _decision,
    T.LATE_CONSENT_REQUESTED: _late_consent,
    T.APPEALED: _appeal,
    T.CASE_REOPENED: _reopened,
    T.MERCHANT_OFFERED: _merchant,
    T.MERCHANT_WANTS_RETURN: _merchant,
    T.MERCHANT_FULFILLED: _merchant,
    T.MERCHANT_REMINDER: _reminded,
    T.OFFER_ACCEPTED: _offer_accepted,
    T.GOODS_SHIPPED: _shipped,
    T.CUSTOMER_SENT_EVIDENCE: _evidence("customer"),
    T.MERCHANT_SENT_EVIDENCE: _evidence("merchant"),
    T.DECISION_CONFIRMED: _confirmed,
    T.DECISION_REJECTED: _rejected,
    T.ACCOUNT_CHOSEN: _account_chosen,
    T.ACCOUNT_CONFIRMED: _account_checked,
    T.ACCOUNT_REJECTED: _account_rejected,
    T.CREDIT_ORDERED: _credit_ordered,
    T.CREDIT_DUE: _credit_ordered,
    T.COMPENSATION_ORDERED: _compensation,
    T.LEGAL_HOLD_PLACED: _legal,
    T.COMPLAINT_ANSWERED: _answered,
    T.RESET_DONE: _reset,
    T.RESET_REFUSED: _reset,
    T.RESET_RECHECK: _reset_again,
    T.ARBITRATION_DUE: _escalated,
    T.DOCUMENTS_REJECTED: _reviewed,
    T.DOCUMENTS_DUE: _escalated,
    T.DESTINATION_DUE: _escalated,
    T.CHARGEBACK_DUE: _escalated,
    T.LEGAL_DUE: _escalated,
    T.COMPLAINT_DUE: _escalated,
    T.REFUND_DUE: _overdue,
    **{trigger: _compared for trigger in T if trigger.startswith("records_")},
    **{trigger: _recall for trigger in T if trigger.startswith("recall_")},
    **{trigger: _account for trigger in T if trigger.startswith("hold_")},
    **{trigger: _identity for trigger in T if trigger.startswith("identity_")},
    T.CHARGEBACK_APPEARED: _outside_heard,
    T.CHARGEBACK_PENDING: _chargeback,
    T.CHARGEBACK_REPRESENTED: _chargeback,
    T.CHARGEBACK_LOST: _chargeback,
}
# Timers bring no news.
for _name in (
    T.RECORDS_DUE,
    T.RECORDS_RECHECK,
    T.RECALL_DUE,
    T.RECALL_RECHECK,
    T.HOLD_DUE,
    T.IDENTITY_DUE,
    T.IDENTITY_RECHECK,
):
    del _LESSONS[_name]


def from_trigger(facts: Facts, trigger: Trigger, now: datetime) -> Facts:
    """The facts after this trigger."""
    lesson = _LESSONS.get(trigger.name)
    learnt = lesson(facts, trigger, now) if lesson else facts
    if isinstance(trigger.payload, RefundReport) and trigger.payload.known_at:
        return _dated(learnt, trigger.payload.n, trigger.payload.known_at)
    return learnt


def _dated(facts: Facts, n: int, at: datetime) -> Facts:
    """News of an attempt that is older than this counts for nothing from now on."""
    known = [*facts.known_at, *([None] * (n - len(facts.known_at)))]
    known[n - 1] = at
    return replace(facts, known_at=tuple(known))


def details(dispute: Dispute, trigger: Trigger) -> Dispute:
    """The claim with what the customer added; what was said before stays as it was said."""
    said, claim = _payload(trigger, Details), dispute.claim
    named = claim.transaction_id is None
    priced = claim.requested_minor is None and said.amount_minor is not None
    given = [word for word, is_new in (("transaction", named), ("amount", priced)) if is_new]
    return replace(
        dispute,
        claim=replace(
            claim,
            transaction_id=said.transaction_id if named else claim.transaction_id,
            requested_minor=said.amount_minor if priced else claim.requested_minor,
            currency=said.currency if priced else claim.currency,
        ),
        facts=replace(dispute.facts, details_given=(*dispute.facts.details_given, *given)),
    )


def from_route(route: Route, scene: Scene) -> Facts:
    """The facts after the machine's own next step, which gives new asks their numbers."""
    lesson = _ON_THE_WAY.get(route.trigger)
    return lesson(route, scene) if lesson else scene.dispute.facts


def _numbered(counter: str, **also: Any) -> Callable[[Route, Scene], Facts]:
    """A new ask has the next number."""

    def lesson(route: Route, scene: Scene) -> Facts:
        del route
        facts = scene.dispute.facts
        return replace(facts, **{counter: getattr(facts, counter) + 1}, **also)

    return lesson


def _identity_asked(route: Route, scene: Scene) -> Facts:
    """A hold and a check of one claim share its number: see the calls' keys."""
    del route
    return replace(scene.dispute.facts, identity_n=1)


def _explained(route: Route, scene: Scene) -> Facts:
    return replace(scene.dispute.facts, decision_rule=route.cause, arbitration_cause=None)


def _duplicate(route: Route, scene: Scene) -> Facts:
    del route
    return replace(scene.dispute.facts, duplicate_of=scene.money.duplicate_of)


def _complaint(route: Route, scene: Scene) -> Facts:
    del route
    facts = scene.dispute.facts
    return replace(facts, complaint_n=facts.complaint_n + 1, appeal_heard=facts.complaint_n > 0)


def _used_up(route: Route, scene: Scene) -> Facts:
    """The decision has been carried out."""
    rule = route.cause or "arbitration"
    return replace(scene.dispute.facts, arbitration_cause=None, decision_rule=rule)


def _sealed(route: Route, scene: Scene) -> Facts:
    del route
    return replace(scene.dispute.facts, arbitration_cause=None, reopened_for=None)


def _corrected(route: Route, scene: Scene) -> Facts:
    facts = _used_up(route, scene)
    return replace(facts, correction_n=facts.correction_n + 1)


def _late(route: Route, scene: Scene) -> Facts:
    """So much for each day, by the rule; no person orders it."""
    del route
    facts, owed = scene.facts, lateness.owed_minor(scene.dispute, scene.rules)
    return replace(
        facts,
        compensated_minor=standing.compensated_minor(scene.dispute),
        compensation_n=facts.compensation_n + 1,
        compensation_minor=owed,
        compensation_reason=lateness.REASON,
        lateness_minor=owed,
    )


def _credit_final(route: Route, scene: Scene) -> Facts:
    """The credit is the payment; nothing is paid beside it."""
    return replace(_used_up(route, scene), approved_minor=None)


def recall_asked(route: Route, scene: Scene) -> Facts:
    """All that was claimed is asked back, as far as there is room to hold it."""
    del route
    facts = scene.dispute.facts
    held = scene.money.claimable(scene.dispute, scene.wanted_minor)
    return replace(facts, recall_n=facts.recall_n + 1, recall_minor=held)


def filed(facts: Facts, scene: Scene) -> Facts:
    """A chargeback of all that was claimed, as far as there is room to hold it."""
    amount = scene.money.claimable(scene.dispute, scene.wanted_minor)
    return replace(
        facts,
        chargeback_n=facts.chargeback_n + 1,
        chargeback_minor=amount,
        chargeback_held_minor=0,
        chargeback_outside=False,
        chargeback_shared=False,
    )


def begun(facts: Facts, trigger: Trigger, scene: Scene) -> Facts:
    """A chargeback of ours, or news of one that did not come from here."""
    if trigger.name is not T.CHARGEBACK_APPEARED:
        return filed(facts, scene)
    report = _payload(trigger, ChargebackReport)
    return _outside(report.amount_minor, scene.money, scene.dispute)


def _found_outside(route: Route, scene: Scene) -> Facts:
    del route
    return _outside(scene.facts.chargeback_found_minor, scene.money, scene.dispute)


def _outside(amount_minor: int | None, money: MoneyView, dispute: Dispute) -> Facts:
    return replace(
        dispute.facts,
        chargeback_minor=amount_minor or dispute.facts.captured_minor or 0,
        chargeback_held_minor=0,
        chargeback_outside=True,
        chargeback_shared="chargeback" in money.elsewhere,
        chargeback_found_minor=None,
    )


def allocated(dispute: Dispute, money: MoneyView) -> Dispute:
    """What each way to the money holds: what came, then what may come, then what is only owed.

    A refund that is under way or credited keeps all that it holds. What came and finds no room is
    over-recovered, also an issuer's chargeback that may yet come; until there is room again.
    """
    facts, refund, room = dispute.facts, dispute.legs.refund, money.left(dispute)
    if refund is not Refund.NONE:
        room -= facts.credited_minor if refund in OWED else facts.held_for_refund_minor
    held: dict[str, Any] = {}
    for name, minor in sorted(coming(dispute), key=partial(_order, dispute)):
        held[f"{name}_held_minor"] = max(0, min(minor, room))
        room -= minor
        if room < 0 and _is_sure(dispute, name):
            held["over_recovered"] = True
    if refund in OWED:
        owed = max(0, (facts.approved_minor or 0) - facts.credited_minor)
        held["refund_held_minor"] = facts.credited_minor + max(0, min(owed, room))
    if refund in (Refund.NONE, *OWED) and room >= 0 and not facts.credited_attempts:
        held["over_recovered"] = False
    if all(getattr(facts, name) == value for name, value in held.items()):
        return dispute
    return replace(dispute, facts=replace(facts, **held))


def _order(dispute: Dispute, way: tuple[str, int]) -> tuple[bool, bool]:
    """What came is first, and among the same what holds all of it already."""
    name, minor = way
    short = getattr(dispute.facts, f"{name}_held_minor") < minor
    return not standing.has_come(dispute.legs, name), short


def _is_sure(dispute: Dispute, name: str) -> bool:
    """It came, or nobody here can stop it."""
    outside = name == "chargeback" and dispute.facts.chargeback_outside
    return outside or standing.has_come(dispute.legs, name)


def withheld(facts: Facts, dispute: Dispute) -> Facts:
    """The chargeback that it is withheld for was known before."""
    known = standing.is_charged_back(dispute.legs)
    return replace(facts, chargeback_found_minor=None) if known else facts


def charged_back(facts: Facts, trigger: Trigger, money: MoneyView) -> Facts:
    """What the network awarded, which may be a part."""
    told = _payload(trigger, ChargebackReport).amount_minor
    return replace(
        facts,
        chargeback_minor=facts.chargeback_minor if told is None else told,
        chargeback_held_minor=0,
        chargeback_shared=facts.chargeback_outside and "chargeback" in money.elsewhere,
    )


def credit(facts: Facts, trigger: Trigger, scene: Scene) -> Facts:
    """How much the statute gives, and how much of a credit is left once it was taken back."""
    if trigger.name is T.CREDIT_DUE:
        return replace(facts, credit_minor=min(scene.wanted_minor, scene.money.left(scene.dispute)))
    if trigger.name is not T.CREDIT_REVERSED:
        return facts
    told = _payload(trigger, Posting).amount_minor
    taken = standing.credit_left_minor(scene.dispute) if told is None else told
    return replace(facts, credit_minor=max(0, facts.credit_minor - taken))


_UNHELD: Final = (Reversal.NONE, Reversal.ABSENT)
"""Nothing is held for it: nobody has told of it yet, or it was said not to come."""


def watched(facts: Facts, money: MoneyView) -> Facts:
    """What comes back is held, so that nothing else pays it too; once, whoever else watches it."""
    told = facts.reversal_minor
    return replace(
        facts,
        reversal_minor=facts.captured_minor if told is None else told,
        reversal_held_minor=0,
        reversal_shared="reversal" in money.elsewhere,
    )


def reversed_(facts: Facts, new: Reversal, money: MoneyView, dispute: Dispute) -> Facts:
    """It was not held any more, or by another dispute that may have let go of it."""
    let_go = new is Reversal.CREDITED and facts.reversal_shared
    comes = new is not Reversal.ABSENT and dispute.legs.reversal in _UNHELD
    return watched(facts, money) if comes or let_go else facts


def paid(facts: Facts, new: Refund, money: MoneyView, dispute: Dispute) -> Facts:
    """Hold what every attempt has paid or may still pay, as far as there is room.

    `new` is where the refund moves to. What is above the room, or above what was approved, is
    over-recovered and shown.
    """
    match new:
        case Refund.CREDITED:
            return _paid_by(facts, money.room(dispute))
        case Refund.STUCK:
            sums = [
                facts.attempt(n).amount_minor for n in {*facts.credited_attempts, facts.refund_n}
            ]
            held = max(0, min(sum(sums), money.room(dispute)))
            return replace(facts, refund_held_minor=held)
        case Refund.BOUNCED if facts.refund_held_minor is not None:
            held = min(facts.refund_held_minor, facts.approved_minor or 0)
            return replace(facts, refund_held_minor=held)
        case Refund.NONE:
            return replace(facts, approved_minor=None, payer=None, refund_held_minor=None)
        case _:
            return facts


def _paid_by(facts: Facts, room_minor: int) -> Facts:
    total, counted = facts.credited_minor, facts.attempt(max(facts.credited_attempts))
    approved = max(facts.approved_minor or 0, counted.amount_minor)
    held = max(0, min(total, room_minor))
    return replace(
        facts,
        approved_minor=approved,
        payer=counted.payer,
        refund_held_minor=held,
        over_recovered=facts.over_recovered or total > approved or held < total,
    )


def _opened_arbitration(route: Route, scene: Scene) -> Facts:
    facts = scene.dispute.facts
    appeal = route.cause == "appeal"
    return replace(
        facts,
        arbitration_n=facts.arbitration_n + 1,
        evidence_asked=facts.evidence_asked or route.trigger is T.GATHER_EVIDENCE,
        arbitration_cause=(facts.reopened_for or route.cause) if appeal else route.cause,
        appeal_heard=facts.appeal_heard or appeal,
        remedy=None,
        fault=None,
        decision_reason=None,
        decided_by=None,
        confirmed_by=None,
        proposal=None,
    )


def _approved(route: Route, scene: Scene) -> Facts:
    """The next attempt pays what is approved and not credited yet."""
    facts = scene.dispute.facts
    again = route.cause == "other_account"
    by_merchant = not again and route.cause != "arbitration"
    granted = wanted(scene) if by_merchant else facts.approved_minor
    payer = Payer.MERCHANT if by_merchant else facts.payer
    rest = (granted or 0) - facts.credited_minor
    checked = len(facts.account_checked_by) > 1
    earlier = facts.attempt(facts.refund_n).loss_bearer if again else None
    bearer = earlier or facts.loss_bearer or payer
    attempt = Attempt(rest, payer, facts.account_id if checked else None, bearer)
    return replace(
        facts,
        refund_n=facts.refund_n + 1,
        attempts=(*facts.attempts, attempt),
        refund_held_minor=None,
        approved_minor=granted,
        payer=payer,
        loss_bearer=bearer,
        rate_bearer=facts.rate_bearer or payer,
        fault=None if by_merchant else facts.fault,
        remedy=Remedy.FULL_REFUND if by_merchant else facts.remedy,
        decision_rule=facts.decision_rule if again else route.cause,
        decision_reason=facts.decision_reason or route.cause,
        arbitration_cause=None,
        refund_first_sent_at=scene.now,
        refund_last_sent_at=scene.now,
        refund_overdue=False,
        refund_reason=None,
        expected_at=None,
    )


def _released(route: Route, scene: Scene) -> Facts:
    """No further attempt: what a part has paid stays held, no more than that, and it is over."""
    del route
    facts = scene.dispute.facts
    if not facts.credited_attempts:
        return facts
    paid_so_far = _paid_by(facts, scene.money.room(scene.dispute))
    return replace(paid_so_far, arbitration_cause=None)


def _declined(route: Route, scene: Scene) -> Facts:
    facts = scene.dispute.facts
    return replace(
        facts,
        decision_rule=route.cause,
        decision_reason=facts.decision_reason or route.cause,
        remedy=Remedy.NONE,
        arbitration_cause=None,
        approved_minor=None,
        payer=None,
        refund_held_minor=None,
    )


def _returned(route: Route, scene: Scene) -> Facts:
    del route
    return reversed_(scene.facts, Reversal.CREDITED, scene.money, scene.dispute)


def _watch(route: Route, scene: Scene) -> Facts:
    del route
    return watched(scene.facts, scene.money)


def _filed(route: Route, scene: Scene) -> Facts:
    del route
    return filed(scene.dispute.facts, scene)


_ON_THE_WAY: Final[dict[T, Callable[[Route, Scene], Facts]]] = {
    T.ASK_RECORDS: _numbered("records_n"),
    T.ASK_TRACE: _numbered("trace_n"),
    T.ASK_MERCHANT: _numbered("consent_n", consent_delivered_at=None),
    T.AWAIT_GOODS: _numbered("goods_n"),
    T.ASK_RECALL: recall_asked,
    T.WATCH_REVERSAL: _watch,
    T.REVERSAL_CREDITED: _returned,
    T.FILE_CHARGEBACK: _filed,
    T.CHARGEBACK_APPEARED: _found_outside,
    T.GATHER_EVIDENCE: _opened_arbitration,
    T.OPEN_ARBITRATION: _opened_arbitration,
    T.APPROVE: _approved,
    T.RELEASE_REFUND: _released,
    T.CORRECT: _corrected,
    T.COMPENSATE_LATENESS: _late,
    T.MAKE_CREDIT_FINAL: _credit_final,
    T.ASK_HOLD: _identity_asked,
    T.ASK_IDENTITY: _identity_asked,
    T.ASK_RESET: _numbered("reset_n"),
    T.TAKE_COMPLAINT: _complaint,
    T.SEAL: _sealed,
    T.DECLINE: _declined,
    T.EXPLAIN: _explained,
    T.FULFIL: _explained,
    T.REFER: _explained,
    T.SECURE: _explained,
    T.CLOSE_AS_DUPLICATE: _duplicate,
}
