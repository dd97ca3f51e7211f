"""One decision: what a trigger does to a dispute, what follows by itself, and what to do next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.tracker.domain import effects, lateness, learn, public, standing
from services.tracker.domain.commands import COMMANDS, refusal
from services.tracker.domain.dispute import Dispute, Facts, MoneyView
from services.tracker.domain.effects import Effect, Timer
from services.tracker.domain.guards import Scene, awaits_transaction, is_on_hold
from services.tracker.domain.records import replace
from services.tracker.domain.routes import next_route
from services.tracker.domain.states import (
    Arbitration,
    Chargeback,
    Correction,
    Credit,
    Inquiry,
    Leg,
    Refund,
    Reversal,
    State,
    Verdict,
)
from services.tracker.domain.tables import EXCEPT, LATE, LEG_OF, TABLES
from services.tracker.domain.tables.bank import FINDINGS_OF
from services.tracker.domain.triggers import (
    AccountReport,
    ArbitratorDecision,
    BankTransaction,
    ChargebackReport,
    Comparison,
    Grant,
    MerchantAnswer,
    Posting,
    RecallReport,
    RefundReport,
    Rescheduled,
    T,
    TraceReport,
    Trigger,
)
from shared.contracts.vocabulary import Remedy
from shared.rules import Profile

_MOST_ROUTES: Final = 16  # the longest chain is 6; a loop would be a mistake in the guards


class Result(StrEnum):
    """What became of a trigger."""

    APPLIED = "applied"
    LATE = "late"  # an ordinary late or repeated answer; recorded
    ILLEGAL = "illegal"  # not possible in this state; recorded
    INVALID = "invalid"  # a command that lacks something; recorded nowhere


@dataclass(frozen=True, slots=True)
class Decision:
    """The dispute afterwards, what to do, and whether people see a difference."""

    dispute: Dispute
    result: Result
    effects: tuple[Effect, ...] = ()
    reason: str = ""
    field: str = ""

    @property
    def applied(self) -> bool:
        """Whether anything changed."""
        return self.result is Result.APPLIED


def decide(
    dispute: Dispute, trigger: Trigger, now: datetime, rules: Profile, money: MoneyView
) -> Decision:
    """Apply a trigger. Never raises for what the outside world says; names it instead."""
    if trigger.name is T.PROMISE_DUE:
        return _promise(dispute, now, rules)
    if trigger.name is T.PROMISE_NEAR:
        return _remind(dispute, now, rules)
    if trigger.name is T.DATES_MOVED:
        return _rescheduled(dispute, trigger, now, rules)
    if trigger.name is T.OPENED:
        begun = learn.opened(public.heard_late(dispute, now), rules)
        return _settle(begun, (), now, rules, money)
    if _waits_for_the_law(dispute, trigger):
        return _put_off(dispute, trigger, now, rules)
    trigger = learn.believable(trigger, now, rules)
    refused = _refusal(dispute, trigger, now, rules, money)
    if refused:
        return refused
    leg = LEG_OF[trigger.name]
    old = dispute.legs.of(leg)
    new = _target(dispute, trigger, leg, now, rules)
    if new is None:
        return _not_now(dispute, trigger, leg)
    known = _learn(dispute, trigger, new, now, rules, money)
    moved = replace(known, legs=dispute.legs.moved(leg, new))
    wanted = effects.of_move(moved, leg, old, trigger.name, now, rules)
    if not public.is_open(dispute):
        wanted += effects.resume(moved, leg, now, rules)
    return _settle(moved, wanted, now, rules, money)


def _learn(
    dispute: Dispute,
    trigger: Trigger,
    new: State,
    now: datetime,
    rules: Profile,
    money: MoneyView,
) -> Dispute:
    """What is known after the trigger, with the money that `new` holds; legs as they were."""
    if trigger.name is T.DETAILS_GIVEN:
        return learn.details(dispute, trigger)
    if proposed := _by_first_of_two(dispute.facts, trigger, new):
        return replace(dispute, facts=proposed)
    facts = learn.from_trigger(dispute.facts, trigger, now)
    facts = _still_posted(dispute, _still_due(dispute, trigger.name, facts))
    scene = Scene(dispute, money, rules, now)
    match new:
        case Refund.FAILED if trigger.name is T.REFUND_WITHHELD:
            facts = learn.withheld(facts, dispute)
        case Refund():
            facts = learn.paid(facts, new, money, dispute)
        case Reversal():
            facts = learn.reversed_(facts, new, money, dispute)
        case Chargeback.FILED if dispute.legs.chargeback is not Chargeback.FILED:
            facts = learn.begun(facts, trigger, scene)
        case Chargeback.WON:
            facts = learn.charged_back(facts, trigger, money)
        case Credit():
            facts = learn.credit(facts, trigger, scene)
        case _:
            pass
    return replace(dispute, facts=facts)


def _by_first_of_two(facts: Facts, trigger: Trigger, new: State) -> Facts | None:
    """What one person wants; nothing is ordered before a second wants it too."""
    match new, trigger.payload:
        case Arbitration.PROPOSED, ArbitratorDecision():
            return learn.proposed(facts, trigger)
        case Credit.NONE, Grant() as grant:
            return learn.credit_asked(facts, grant)
        case _:
            return None


def _still_due(dispute: Dispute, name: T, facts: Facts) -> Facts:
    """What was granted before and bounced is still to be paid, whatever is granted beside it."""
    decided = name in (T.ARBITRATOR_DECIDED, T.DECISION_CONFIRMED)
    if dispute.legs.refund is not Refund.BOUNCED or not decided:
        return facts
    more = 0 if facts.remedy is Remedy.NONE else (facts.approved_minor or 0) - facts.credited_minor
    return replace(facts, approved_minor=(dispute.facts.approved_minor or 0) + more)


def _still_posted(dispute: Dispute, facts: Facts) -> Facts:
    """What has put the books right stays what it was, whatever is decided later."""
    posted, minor = dispute.legs.correction is Correction.POSTED, dispute.facts.correction_minor
    if not posted or facts.correction_minor == minor:
        return facts
    return replace(facts, correction_minor=minor)


def _settle(
    dispute: Dispute,
    wanted: tuple[Effect, ...],
    now: datetime,
    rules: Profile,
    money: MoneyView,
) -> Decision:
    """Follow the routes until the dispute waits for somebody or is at its end."""
    for _ in range(_MOST_ROUTES):
        dispute = lateness.noted(learn.allocated(dispute, money), now, rules)
        scene = Scene(dispute, money, rules, now)
        route = next_route(scene)
        if route is None:
            promised, timers = public.renew_promise(dispute, now, rules)
            return Decision(promised, Result.APPLIED, (*wanted, *timers))
        leg = LEG_OF[route.trigger]
        old = dispute.legs.of(leg)
        new = _exception(dispute, Trigger(route.trigger), leg, now, rules)
        new = new or TABLES[leg][old, route.trigger]
        facts = learn.from_route(route, scene)
        dispute = replace(dispute, legs=dispute.legs.moved(leg, new), facts=facts)
        wanted += effects.of_move(dispute, leg, old, route.trigger, now, rules)
    raise RuntimeError(f"the routes do not come to rest: {dispute.legs}")


def _target(
    dispute: Dispute, trigger: Trigger, leg: Leg, now: datetime, rules: Profile
) -> State | None:
    """The leg's next state by its table."""
    exception = _exception(dispute, trigger, leg, now, rules)
    return exception or TABLES[leg].get((dispute.legs.of(leg), trigger.name))


def _exception(
    dispute: Dispute, trigger: Trigger, leg: Leg, now: datetime, rules: Profile
) -> State | None:
    """The row's other end, by the first of its conditions that holds."""
    for condition, end in EXCEPT.get((dispute.legs.of(leg), trigger.name), {}).items():
        if _CONDITIONS[condition](_Heard(dispute, trigger, now, rules)):
            return end
    return None


@dataclass(frozen=True, slots=True)
class _Heard:
    """All that a row's condition may look at."""

    dispute: Dispute
    trigger: Trigger
    now: datetime
    rules: Profile

    @property
    def n(self) -> int:
        """The refund attempt that this is about."""
        payload = self.trigger.payload
        return payload.n if isinstance(payload, RefundReport) else self.dispute.facts.refund_n


def _is_settling(heard: _Heard) -> bool:
    """'Not found' counts only after the provider's settling time (invariant 5)."""
    last = heard.dispute.facts.refund_last_sent_at or heard.now
    return heard.now < last + heard.rules.delay("refund_settling")


def _is_key_expired(heard: _Heard) -> bool:
    """Past the lifetime of the provider's key nothing is sent again: a person goes on."""
    first = heard.dispute.facts.refund_first_sent_at or heard.now
    return heard.now >= first + heard.rules.delay("refund_key_lifetime")


def _is_overdue(heard: _Heard) -> bool:
    """That the bank still has it is no news; else a person would never be asked."""
    return heard.dispute.facts.refund_overdue


def _is_earlier(heard: _Heard) -> bool:
    return heard.n < heard.dispute.facts.refund_n


def _others_minor(heard: _Heard) -> int:
    """What attempts besides this one have put into the customer's account."""
    facts = heard.dispute.facts
    others = (n for n in facts.credited_attempts if n != heard.n)
    return sum(facts.attempt(n).amount_minor for n in others)


def _is_another_paid(heard: _Heard) -> bool:
    return _others_minor(heard) > 0


def _is_paid_by_others(heard: _Heard) -> bool:
    paid = _others_minor(heard)
    return paid > 0 and paid >= (heard.dispute.facts.approved_minor or 0)


def _is_part_paid(heard: _Heard) -> bool:
    return bool(heard.dispute.facts.credited_attempts)


def _is_less(heard: _Heard) -> bool:
    """What an earlier attempt had paid went back: this credit is not all of it."""
    facts = heard.dispute.facts
    total = _others_minor(heard) + facts.attempt(heard.n).amount_minor
    return total < (facts.approved_minor or 0)


def _is_refund_under_way(heard: _Heard) -> bool:
    return heard.dispute.legs.refund in (
        Refund.RESERVED,
        Refund.IN_FLIGHT,
        Refund.UNKNOWN,
        Refund.STUCK,
        Refund.BOUNCED,
        Refund.UNFUNDED,
    )


def _is_given_up(heard: _Heard) -> bool:
    """The dispute had ended without a refund: that stands once the money has gone back."""
    return heard.dispute.legs.verdict is not Verdict.NONE


def _needs_two(heard: _Heard) -> bool:
    """Above the profile's amount, and always where the wallet's own books are corrected."""
    decision = heard.trigger.payload
    if not isinstance(decision, ArbitratorDecision) or decision.remedy is Remedy.NONE:
        return False
    limit = heard.rules.four_eyes_above(heard.dispute.facts.currency or "")
    return decision.remedy is Remedy.CORRECTION or (decision.amount_minor or 0) > limit


def _has_other_sent(heard: _Heard) -> bool:
    who = "merchant" if heard.trigger.name is T.CUSTOMER_SENT_EVIDENCE else "customer"
    facts = heard.dispute.facts
    alone = not (facts.bank_merchant_id or heard.dispute.claim.merchant_id)
    return alone or who in facts.evidence_of


def _is_first_of_two(heard: _Heard) -> bool:
    """Money to an account that was not paid from: two people look (domain rule 13)."""
    return not heard.dispute.facts.account_checked_by


def _needs_second_order(heard: _Heard) -> bool:
    """A credit above the four-eyes amount is given once two people have ordered the same."""
    facts, grant = heard.dispute.facts, heard.trigger.payload
    minor = grant.amount_minor if isinstance(grant, Grant) else 0
    above = minor > heard.rules.four_eyes_above(facts.currency or "")
    return above and (facts.credit_asked_by is None or minor != facts.credit_asked_minor)


_CONDITIONS: Final = {
    "still settling": _is_settling,
    "key expired": _is_key_expired,
    "overdue": _is_overdue,
    "of an earlier attempt": _is_earlier,
    "another attempt paid": _is_another_paid,
    "others paid it all": _is_paid_by_others,
    "a part was paid": _is_part_paid,
    "less than approved": _is_less,
    "a refund is under way": _is_refund_under_way,
    "given up before": _is_given_up,
    "needs two": _needs_two,
    "the other has sent too": _has_other_sent,
    "by the first of two": _is_first_of_two,
    "a second must order it too": _needs_second_order,
}


def _refusal(
    dispute: Dispute, trigger: Trigger, now: datetime, rules: Profile, money: MoneyView
) -> Decision | None:
    """Why a trigger cannot count, before any table is asked."""
    if mismatch := _mismatch(dispute, trigger):
        return Decision(dispute, Result.ILLEGAL, reason=mismatch)
    if stale := _stale(dispute, trigger):
        return Decision(dispute, Result.LATE, reason=stale)
    if not public.is_open(dispute) and not _counts_when_closed(dispute, trigger):
        return _closed(dispute, trigger)
    if no := refusal(Scene(dispute, money, rules, now), trigger):
        if trigger.name not in COMMANDS:  # nobody asked: the time for it has gone by
            return Decision(dispute, Result.LATE, reason=no.reason)
        result = Result.INVALID if no.is_invalid else Result.ILLEGAL
        return Decision(dispute, result, reason=no.reason, field=no.field)
    return None


def _mismatch(dispute: Dispute, trigger: Trigger) -> str:
    """News of other money than this dispute's, or than was ordered, moves nothing here."""
    report, ours = trigger.payload, dispute.claim.transaction_id
    if isinstance(report, Comparison) and trigger.name not in _findings(dispute):
        return f"{trigger.name} is no finding about {dispute.claim.kind}"
    if not isinstance(report, BankTransaction | RefundReport | RecallReport | ChargebackReport):
        return ""
    if report.transaction_id not in (None, ours):
        return f"news of another transaction than {ours}"
    return _misreported(dispute.facts, report) if isinstance(report, RefundReport) else ""


def _findings(dispute: Dispute) -> frozenset[T]:
    return FINDINGS_OF.get(dispute.claim.kind, frozenset())


def _misreported(facts: Facts, report: RefundReport) -> str:
    if not 0 < report.n <= facts.refund_n or report.amount_minor is None:
        return ""
    told = (report.amount_minor, report.currency)
    ordered = (facts.attempt(report.n).amount_minor, facts.currency)
    if told == ordered:
        return ""
    return f"the bank tells of {told[0]} {told[1]}; attempt {report.n} is {ordered[0]} {ordered[1]}"


def _stale(dispute: Dispute, trigger: Trigger) -> str:
    """An answer to an earlier ask says nothing about the one that counts now."""
    facts = dispute.facts
    match trigger.payload:
        case _ if trigger.name is T.TRANSACTION_FOUND and dispute.legs.inquiry is Inquiry.FOUND:
            return "" if awaits_transaction(dispute, trigger) else "the bank had answered before"
        case RefundReport() as report:
            stale = _stale_refund(facts, trigger.name, report)
            return stale or _nothing_new(dispute, trigger.name, report)
        case TraceReport(n=n) if n != facts.trace_n:
            return f"answer to trace {n}; trace {facts.trace_n} counts"
        case MerchantAnswer(n=n) if n != getattr(facts, _COUNTER_OF[LEG_OF[trigger.name]]):
            return f"answer to request {n} of {LEG_OF[trigger.name]}, which does not count"
        case Comparison(n=n) | RecallReport(n=n) | Posting(n=n) | AccountReport(n=n) if n != (
            counts := getattr(facts, _COUNTER_OF[LEG_OF[trigger.name]])
        ):
            return f"answer to {LEG_OF[trigger.name]} {n}; {counts} counts"
        case ChargebackReport() if trigger.name is T.CHARGEBACK_APPEARED and _has_heard(dispute):
            return "that was known before"
        case ChargebackReport(n=int(n)) if facts.chargeback_outside:
            return f"news of our chargeback {n}; one that did not come from here counts"
        case ChargebackReport(n=None) if _is_beside_ours(dispute, trigger.name):
            return "news of a chargeback from outside that does not count now"
        case ChargebackReport(n=n) if n not in (None, facts.chargeback_n):
            return f"news of chargeback {n}; chargeback {facts.chargeback_n} counts"
        case _:
            return ""


def _has_heard(dispute: Dispute) -> bool:
    """A chargeback that did not come from here is known of: there is one for a payment."""
    facts = dispute.facts
    live = facts.chargeback_outside and dispute.legs.chargeback in standing.LIVE_CHARGEBACKS
    return live or facts.chargeback_found_minor is not None or facts.chargeback_before


def _is_beside_ours(dispute: Dispute, name: T) -> bool:
    """The news is of the one that waits to be taken up."""
    is_ours = not dispute.facts.chargeback_outside
    return is_ours and name is not T.CHARGEBACK_APPEARED and _has_heard(dispute)


_COUNTER_OF: Final = {
    Leg.RECORDS: "records_n",
    Leg.RECALL: "recall_n",
    Leg.CONSENT: "consent_n",
    Leg.GOODS: "goods_n",
    Leg.ARBITRATION: "arbitration_n",
    Leg.CREDIT: "credit_n",
    Leg.CORRECTION: "correction_n",
    Leg.COMPENSATION: "compensation_n",
    Leg.HOLD: "identity_n",
    Leg.IDENTITY: "identity_n",
    Leg.ACCESS: "reset_n",
}
"""Which fact numbers the asks of a leg; the answers carry the same number."""


def _known_at(facts: Facts, n: int) -> datetime | None:
    return facts.known_at[n - 1] if n <= len(facts.known_at) else None


def _stale_refund(facts: Facts, name: T, report: RefundReport) -> str:
    """Credited money counts for every attempt, and so does that it went back."""
    n = report.n
    if not 0 < n <= facts.refund_n:
        return f"there was no refund attempt {n}"
    newest = _known_at(facts, n)
    if report.known_at and newest and report.known_at < newest:
        return f"older than what is known of attempt {n}"
    is_credited = n in facts.credited_attempts
    if name is T.REFUND_CREDITED and is_credited:
        return f"attempt {n} had been credited before"
    went_back = name is T.REFUND_BOUNCED and is_credited
    if name is T.REFUND_CREDITED or went_back or n == facts.refund_n:
        return ""
    return f"answer to refund attempt {n}; attempt {facts.refund_n} counts"


def _nothing_new(dispute: Dispute, name: T, report: RefundReport) -> str:
    """That a bank still has a refund is news with another date, or where a person gave it up."""
    if name is not T.REFUND_ACCEPTED:
        return ""
    refund, declared_n = dispute.legs.refund, dispute.facts.declared_failed_n
    if refund is Refund.FAILED and report.n != declared_n:
        return "this attempt had failed before"
    if refund is Refund.IN_FLIGHT and report.expected_at in (None, dispute.facts.expected_at):
        return "the bank had accepted it before"
    return ""


_MONEY: Final = ("refund_", "reversal_", "recall_", "chargeback_")
_TIMERS: Final = ("_due", "_recheck", "_window")
_REOPENING: Final = (T.LATE_CONSENT_REQUESTED, T.APPEALED, T.CASE_REOPENED)
_UNDECIDED_NEWS: Final = (T.REVERSAL_PENDING, T.RECALL_PENDING, T.RECALL_AGREED)


def _counts_when_closed(dispute: Dispute, trigger: Trigger) -> bool:
    """Money tells the truth also afterwards; wishes to reopen count.

    What may yet come is not waited for any more, so nothing is held for it either.
    """
    name = trigger.name
    is_news = name.startswith(_MONEY) and not name.endswith(_TIMERS)
    too_much = name is T.TRACE_REJECTED and standing.recovered_minor(dispute) > 0
    return (is_news and name not in _UNDECIDED_NEWS) or name in _REOPENING or too_much


def _closed(dispute: Dispute, trigger: Trigger) -> Decision:
    is_command = trigger.name in COMMANDS
    result = Result.ILLEGAL if is_command else Result.LATE
    return Decision(dispute, result, reason=f"the dispute ended as {public.status(dispute)}")


def _not_now(dispute: Dispute, trigger: Trigger, leg: Leg) -> Decision:
    known = LATE.get((dispute.legs.of(leg), trigger.name))
    if known:
        return Decision(dispute, Result.LATE, reason=known)
    state = dispute.legs.of(leg)
    reason = f"{trigger.name} is not possible while {leg} is {state.value}"
    return Decision(dispute, Result.ILLEGAL, reason=reason)


def _promise(dispute: Dispute, now: datetime, rules: Profile) -> Decision:
    """The promised date came: apologise with a new one, or note that it was moved before."""
    promised = dispute.facts.promised_at
    if not public.is_open(dispute) or promised is None:
        return Decision(dispute, Result.LATE, reason="the dispute ended before")
    if promised > now + timedelta(milliseconds=1):
        timer = Timer(Leg.VERDICT, T.PROMISE_DUE, promised)
        return Decision(dispute, Result.APPLIED, (timer,), reason="the promise was moved")
    renewed, timers = public.renew_promise(dispute, max(now, promised), rules)
    raised = replace(renewed.facts, escalations=renewed.facts.escalations + 1)
    return Decision(replace(renewed, facts=raised), Result.APPLIED, timers)


def _rescheduled(dispute: Dispute, trigger: Trigger, now: datetime, rules: Profile) -> Decision:
    """Dates that a calendar or rule has moved, and the rules that count from now on."""
    if not public.is_open(dispute) or not isinstance(moved := trigger.payload, Rescheduled):
        return Decision(dispute, Result.LATE, reason="the dispute ended before")
    standing_ones = effects.standing_timers(dispute)
    timers = tuple(
        Timer(Leg(leg), T(name), due_at, rule, start)
        for leg, name, due_at, rule, start in moved.timers
        if (Leg(leg), T(name)) in standing_ones
    )
    facts = replace(dispute.facts, rules_version=moved.rules_version, missed_at=None)
    own = [timer.due_at for timer in timers if timer.trigger in _OF_THE_CUSTOMER]
    if own and facts.answer_by:
        facts = replace(facts, answer_by=own[0])
    if moved.promised_at and moved.promised_at > now:
        facts = replace(facts, promised_at=moved.promised_at)
        timers += (Timer(Leg.VERDICT, T.PROMISE_DUE, moved.promised_at),)
    told = (dispute.facts.promised_at, dispute.facts.answer_by)
    if (facts.promised_at, facts.answer_by) != told:
        facts = replace(facts, promise_near=False)
        ahead = public.next_date(facts, now)
        timers += (public.reminder(ahead, now, rules),) if ahead else ()
    return Decision(replace(dispute, facts=facts), Result.APPLIED, timers)


_OF_THE_CUSTOMER: Final = (T.EVIDENCE_DUE, T.IDENTITY_DUE)
"""Timers of what `answer_by` tells the customer."""


def _remind(dispute: Dispute, now: datetime, rules: Profile) -> Decision:
    """A date is near: who has to act is told, and whoever watches sees it.

    One that was moved while this was on its way is reminded of in its own time.
    """
    if not public.is_open(dispute):
        return Decision(dispute, Result.LATE, reason="the dispute ended before")
    if is_on_hold(dispute):
        return Decision(dispute, Result.LATE, reason="a legal hold stands")
    promised = dispute.facts.promised_at
    if promised is None or promised <= now:
        return Decision(dispute, Result.LATE, reason="the date itself has come")
    ahead = public.next_date(dispute.facts, now) or promised
    if ahead - now > rules.delay("promise_reminder"):
        again = public.reminder(ahead, now, rules)
        return Decision(dispute, Result.APPLIED, (again,), reason="the date was moved")
    near = replace(dispute.facts, promise_near=True, missed_at=None)
    return Decision(replace(dispute, facts=near), Result.APPLIED, reason="a date is near")


_PUT_OFF: Final = (
    T.CREDIT_DUE,
    T.CREDIT_NOTICE_DUE,
    T.MERCHANT_REMINDER,
    T.MERCHANT_DUE,
    T.OFFER_DUE,
    T.GOODS_DUE,
    T.EVIDENCE_DUE,
    T.DETAILS_DUE,
    T.DESTINATION_DUE,
)


def _waits_for_the_law(dispute: Dispute, trigger: Trigger) -> bool:
    if trigger.name not in _PUT_OFF or not is_on_hold(dispute):
        return False
    leg = LEG_OF[trigger.name]
    return (dispute.legs.of(leg), trigger.name) in TABLES[leg]


def _put_off(dispute: Dispute, trigger: Trigger, now: datetime, rules: Profile) -> Decision:
    """While the law holds the case nothing is given or taken back, and no party's time ends."""
    timer = Timer(LEG_OF[trigger.name], trigger.name, rules.due("escalation", now))
    promised, timers = public.renew_promise(dispute, now, rules)
    return Decision(promised, Result.APPLIED, (timer, *timers), reason="a legal hold stands")
