"""One decision: what a trigger does to a dispute, what follows by itself, and what to do next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.tracker.domain import effects, learn, public
from services.tracker.domain.dispute import Dispute, Facts, MoneyView
from services.tracker.domain.effects import Effect, Timer
from services.tracker.domain.records import replace
from services.tracker.domain.routes import Scene, next_route
from services.tracker.domain.states import Arbitration, Leg, Refund, Reversal, State, Verdict
from services.tracker.domain.tables import EXCEPT, LATE, LEG_OF, TABLES
from services.tracker.domain.triggers import (
    ArbitratorDecision,
    BankTransaction,
    MerchantAnswer,
    RefundReport,
    T,
    TraceReport,
    Trigger,
)
from shared.contracts.vocabulary import Action, Payer, Remedy
from shared.rules import Profile

_MOST_ROUTES: Final = 12  # the longest chain is 5; a loop would be a mistake in the guards


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
    if trigger.name is T.OPENED:
        return _settle(dispute, (), now, rules, money)
    trigger = learn.believable(trigger, now, rules)
    refusal = _refusal(dispute, trigger, now, money)
    if refusal:
        return refusal
    leg = LEG_OF[trigger.name]
    old = dispute.legs.of(leg)
    new = _target(dispute, trigger, leg, now, rules)
    if new is None:
        return _not_now(dispute, trigger, leg)
    facts = learn.from_trigger(dispute.facts, trigger, now)
    if isinstance(new, Refund):
        facts = learn.paid(facts, new, money, dispute)
    if old is Reversal.ABSENT:  # it comes after all, and was not held any more
        facts = learn.watched(facts, money, dispute)
    moved = replace(dispute, legs=dispute.legs.moved(leg, new), facts=facts)
    wanted = effects.of_move(moved, leg, old, trigger.name, now, rules)
    if not public.is_open(dispute):
        wanted += effects.resume(moved, now, rules)
    return _settle(moved, wanted, now, rules, money)


def _settle(
    dispute: Dispute,
    wanted: tuple[Effect, ...],
    now: datetime,
    rules: Profile,
    money: MoneyView,
) -> Decision:
    """Follow the routes until the dispute waits for somebody or is at its end."""
    for _ in range(_MOST_ROUTES):
        scene = Scene(dispute, money, rules, now)
        route = next_route(scene)
        if route is None:
            promised, timers = public.renew_promise(dispute, now, rules)
            return Decision(promised, Result.APPLIED, (*wanted, *timers))
        leg = LEG_OF[route.trigger]
        old = dispute.legs.of(leg)
        new = TABLES[leg][old, route.trigger]
        facts = learn.from_route(route, scene)
        dispute = replace(dispute, legs=dispute.legs.moved(leg, new), facts=facts)
        wanted += effects.of_move(dispute, leg, old, route.trigger, now, rules)
    raise RuntimeError(f"the routes do not come to rest: {dispute.legs}")


def _target(
    dispute: Dispute, trigger: Trigger, leg: Leg, now: datetime, rules: Profile
) -> State | None:
    """The leg's next state by its table."""
    row = (dispute.legs.of(leg), trigger.name)
    for condition, end in EXCEPT.get(row, {}).items():
        if _CONDITIONS[condition](_Heard(dispute, trigger, now, rules)):
            return end
    return TABLES[leg].get(row)


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


def _is_another_credited(heard: _Heard) -> bool:
    return any(n != heard.n for n in heard.dispute.facts.credited_attempts)


def _is_given_up(heard: _Heard) -> bool:
    """The dispute had ended without a refund: that stands once the money has gone back."""
    return heard.dispute.legs.verdict is not Verdict.NONE


_CONDITIONS: Final = {
    "still settling": _is_settling,
    "key expired": _is_key_expired,
    "overdue": _is_overdue,
    "of an earlier attempt": _is_earlier,
    "another attempt is credited": _is_another_credited,
    "given up before": _is_given_up,
}


def _refusal(
    dispute: Dispute, trigger: Trigger, now: datetime, money: MoneyView
) -> Decision | None:
    """Why a trigger cannot count, before any table is asked."""
    if mismatch := _mismatch(dispute, trigger):
        return Decision(dispute, Result.ILLEGAL, reason=mismatch)
    if stale := _stale(dispute, trigger):
        return Decision(dispute, Result.LATE, reason=stale)
    if not public.is_open(dispute) and not _counts_when_closed(trigger):
        return _closed(dispute, trigger)
    if isinstance(trigger.payload, ArbitratorDecision):
        return _bad_decision(dispute, trigger.payload, money)
    wish = _WISHES.get(trigger.name)
    if wish and wish not in public.actions(dispute, now):
        return Decision(dispute, Result.ILLEGAL, reason=_possible(dispute, now))
    return None


_WISHES: Final = {
    T.WITHDRAWN: Action.WITHDRAW,
    T.LATE_CONSENT_REQUESTED: Action.REQUEST_MERCHANT_CONSENT,
    T.APPEALED: Action.APPEAL,
}


def _mismatch(dispute: Dispute, trigger: Trigger) -> str:
    """News of other money than this dispute's, or than was ordered, moves nothing here."""
    report, ours = trigger.payload, dispute.claim.transaction_id
    if not isinstance(report, BankTransaction | RefundReport):
        return ""
    if report.transaction_id not in (None, ours):
        return f"news of another transaction than {ours}"
    return _misreported(dispute.facts, report) if isinstance(report, RefundReport) else ""


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
        case RefundReport(n=n) as report:
            stale = _stale_refund(facts, trigger.name, n)
            return stale or _nothing_new(dispute, trigger.name, report)
        case TraceReport(n=n) if n != facts.trace_n:
            return f"answer to trace {n}; trace {facts.trace_n} counts"
        case MerchantAnswer(n=n) if n != facts.consent_n:
            return f"answer to request {n}; request {facts.consent_n} counts"
        case _:
            return ""


def _stale_refund(facts: Facts, name: T, n: int) -> str:
    """Credited money counts for every attempt, and so does that it went back."""
    if not 0 < n <= facts.refund_n:
        return f"there was no refund attempt {n}"
    is_credited = n in facts.credited_attempts
    if name is T.REFUND_CREDITED and is_credited:
        return f"attempt {n} had been credited before"
    went_back = name is T.REFUND_BOUNCED and is_credited
    if name is T.REFUND_CREDITED or went_back or n == facts.refund_n:
        return ""
    return f"answer to refund attempt {n}; attempt {facts.refund_n} counts"


def _nothing_new(dispute: Dispute, name: T, report: RefundReport) -> str:
    """That a bank still has a refund is news only with another date."""
    in_flight = dispute.legs.refund is Refund.IN_FLIGHT and name is T.REFUND_ACCEPTED
    if in_flight and report.expected_at in (None, dispute.facts.expected_at):
        return "the bank had accepted it before"
    return ""


def _counts_when_closed(trigger: Trigger) -> bool:
    """Money tells the truth also afterwards; two wishes reopen.

    What may yet come is not waited for any more, so nothing is held for it either.
    """
    is_money = trigger.name.startswith(("refund_", "reversal_"))
    moved = is_money and trigger.name is not T.REVERSAL_PENDING
    return moved or trigger.name in (T.LATE_CONSENT_REQUESTED, T.APPEALED)


def _closed(dispute: Dispute, trigger: Trigger) -> Decision:
    is_command = trigger.name in _WISHES or trigger.name is T.ARBITRATOR_DECIDED
    result = Result.ILLEGAL if is_command else Result.LATE
    return Decision(dispute, result, reason=f"the dispute ended as {public.status(dispute)}")


def _bad_decision(
    dispute: Dispute, decision: ArbitratorDecision, money: MoneyView
) -> Decision | None:
    """What a decision lacks; each names the field."""
    facts = dispute.facts
    if dispute.legs.arbitration is not Arbitration.OPEN:
        return None  # the table answers
    if facts.arbitration_cause == "appeal" and decision.decided_by == facts.first_decider:
        return _invalid(dispute, "decided_by", "an appeal is decided by somebody else")
    if decision.remedy is Remedy.NONE:
        return None
    if obstacle := _no_grant(dispute, money):
        reason = f"{obstacle}; possible now: remedy none"
        return Decision(dispute, Result.ILLEGAL, reason=reason, field="remedy")
    if decision.payer is None:
        return _invalid(dispute, "payer", "an approval names who pays")
    if decision.amount_minor is None or decision.amount_minor <= 0:
        return _invalid(dispute, "amount", "an approval names an amount above zero")
    room = money.room(dispute)
    if decision.amount_minor > room:
        return _invalid(dispute, "amount", f"at most {room} minor units are left to refund")
    if decision.payer is Payer.MERCHANT and not (
        facts.bank_merchant_id or dispute.claim.merchant_id
    ):
        return _invalid(dispute, "payer", "this transaction has no merchant")
    return None


def _no_grant(dispute: Dispute, money: MoneyView) -> str:
    """Why no approval is possible now, whatever its amount."""
    if dispute.facts.captured_minor is None:
        return "the bank has not confirmed the transaction, so nothing is paid for it"
    if money.room(dispute) > 0:
        return ""
    if dispute.legs.reversal in (Reversal.WATCHED, Reversal.OVERDUE):
        return "a reversal may still bring the money back, until the bank says that it will not"
    return "nothing of this transaction is left to refund"


def _invalid(dispute: Dispute, field: str, reason: str) -> Decision:
    return Decision(dispute, Result.INVALID, reason=reason, field=field)


def _not_now(dispute: Dispute, trigger: Trigger, leg: Leg) -> Decision:
    known = LATE.get((dispute.legs.of(leg), trigger.name))
    if known:
        return Decision(dispute, Result.LATE, reason=known)
    state = dispute.legs.of(leg)
    reason = f"{trigger.name} is not possible while {leg} is {state.value}"
    return Decision(dispute, Result.ILLEGAL, reason=reason)


def _possible(dispute: Dispute, now: datetime) -> str:
    possible = ", ".join(public.actions(dispute, now)) or "nothing"
    return f"the dispute is {public.status(dispute)}; possible now: {possible}"


def _promise(dispute: Dispute, now: datetime, rules: Profile) -> Decision:
    """The promised date came: apologise with a new one, or note that it was moved before."""
    promised = dispute.facts.promised_at
    if not public.is_open(dispute) or promised is None:
        return Decision(dispute, Result.LATE, reason="the dispute ended before")
    if promised > now + timedelta(milliseconds=1):
        timer = Timer(Leg.VERDICT, T.PROMISE_DUE, promised)
        return Decision(dispute, Result.APPLIED, (timer,), reason="the promise was moved")
    renewed, timers = public.renew_promise(dispute, max(now, promised), rules)
    return Decision(renewed, Result.APPLIED, timers)
