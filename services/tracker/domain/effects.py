"""What a decision asks the shell to do, and what entering each state asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.tracker.domain.dispute import Dispute
from services.tracker.domain.states import (
    Arbitration,
    Consent,
    Inquiry,
    Leg,
    Refund,
    Reversal,
    State,
    Trace,
)
from services.tracker.domain.triggers import T
from shared.rules import Profile


@dataclass(frozen=True, slots=True)
class Call:
    """Ask an outside party. The key of the call is `dispute:leg:n`, on every retry the same."""

    party: str  # bank or merchant
    leg: Leg
    kind: str
    n: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Timer:
    """Wake the dispute with `trigger` at that time."""

    leg: Leg
    trigger: T
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take back a timer."""

    leg: Leg
    trigger: T


@dataclass(frozen=True, slots=True)
class Recall:
    """Take back a call that was not made yet."""

    leg: Leg
    kind: str
    n: int


Effect = Call | Timer | Cancel | Recall
_Make = Callable[[Dispute, datetime, Profile], tuple[Effect, ...]]


def _ask_bank(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    del dispute
    return (
        Call("bank", Leg.INQUIRY, "inquiry", 1, now),
        Timer(Leg.INQUIRY, T.INQUIRY_DUE, rules.due("inquiry_due", now)),
    )


def _ask_trace(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    return (
        Call("bank", Leg.TRACE, "trace", dispute.facts.trace_n, now),
        Timer(Leg.TRACE, T.TRACE_DUE, rules.due("trace_due", now)),
        Timer(Leg.TRACE, T.TRACE_RECHECK, now + rules.delay("trace_recheck")),
    )


def _in_transit(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """Recheck at the bank's own date, never give up before it; without one, now and then."""
    pause, expected = rules.delay("trace_recheck"), dispute.facts.expected_at
    recheck = expected if expected and expected > now else now + pause
    return (
        Timer(Leg.TRACE, T.TRACE_RECHECK, recheck),
        Timer(Leg.TRACE, T.TRACE_DUE, recheck + pause * 10),
    )


def _recheck_trace(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    return (
        Call("bank", Leg.TRACE, "trace_query", dispute.facts.trace_n, now),
        Timer(Leg.TRACE, T.TRACE_RECHECK, now + rules.delay("trace_recheck")),
    )


def _watch(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """News of a return comes with its trace; a reversal has to be watched for."""
    return (
        Call("bank", Leg.REVERSAL, "return_query" if _is_return(dispute) else "watch", 1, now),
        Timer(Leg.REVERSAL, T.REVERSAL_RECHECK, _next_reversal_check(dispute, now, rules)),
        Timer(Leg.REVERSAL, T.REVERSAL_DUE, rules.due("reversal_due", now)),
    )


def _recheck_reversal(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    query = "return_query" if _is_return(dispute) else "reversal_query"
    return (
        Call("bank", Leg.REVERSAL, query, 1, now),
        Timer(Leg.REVERSAL, T.REVERSAL_RECHECK, now + rules.delay("reversal_recheck")),
    )


def _next_reversal_check(dispute: Dispute, now: datetime, rules: Profile) -> datetime:
    soon = now + rules.delay("reversal_recheck")
    return max(soon, dispute.facts.expected_at or soon)


def _is_return(dispute: Dispute) -> bool:
    """A return belongs to a trace, a reversal to the transaction itself."""
    return dispute.legs.trace is Trace.REJECTED


def _ask_merchant(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    return (
        Call("merchant", Leg.CONSENT, "consent", dispute.facts.consent_n, now),
        Timer(Leg.CONSENT, T.MERCHANT_DUE, rules.due("merchant_answer", now)),
    )


def _open_arbitration(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    del dispute
    due = rules.due("arbitration_due", now)
    return (Timer(Leg.ARBITRATION, T.ARBITRATION_DUE, due),)


def _escalate(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    del dispute
    return (Timer(Leg.ARBITRATION, T.ARBITRATION_DUE, rules.due("escalation", now)),)


def _send_refund(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    return (
        Call("bank", Leg.REFUND, "refund", dispute.facts.refund_n, now),
        Timer(Leg.REFUND, T.REFUND_DUE, rules.due("refund_due", now)),
    )


def _escalate_unsent(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    del dispute
    return (Timer(Leg.REFUND, T.REFUND_DUE, rules.due("escalation", now)),)


def _unknown(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """A bank that never tells is a case for a person, too."""
    return (
        *_ask_outcome(dispute, now, rules),
        Timer(Leg.REFUND, T.REFUND_DUE, rules.due("refund_due", now)),
    )


def _ask_outcome(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    del rules
    return (Call("bank", Leg.REFUND, "refund_query", dispute.facts.refund_n, now),)


def _ask_outcome_when_settled(
    dispute: Dispute, now: datetime, rules: Profile
) -> tuple[Effect, ...]:
    settled = (dispute.facts.refund_last_sent_at or now) + rules.delay("refund_settling")
    return (Call("bank", Leg.REFUND, "refund_query", dispute.facts.refund_n, settled),)


def _stuck(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """Nothing is sent any more, also what waits to be sent; the outcome is still asked for."""
    unsent = Recall(Leg.REFUND, "refund", dispute.facts.refund_n)
    return (unsent, *_ask_outcome_slowly(dispute, now, rules))


def _ask_outcome_slowly(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    del dispute
    return (Timer(Leg.REFUND, T.REFUND_RECHECK, now + rules.delay("refund_recheck")),)


def _fly(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """Recheck after the bank's own date; a person is asked no sooner."""
    recheck = max(dispute.facts.expected_at or now, now) + rules.delay("refund_recheck")
    return (
        Timer(Leg.REFUND, T.REFUND_RECHECK, recheck),
        Timer(Leg.REFUND, T.REFUND_DUE, max(rules.due("refund_due", now), recheck)),
    )


def _recheck_refund(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    return (*_ask_outcome(dispute, now, rules), *_ask_outcome_slowly(dispute, now, rules))


def _bounced(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """Ask once more: a bank that credits after a bounce may be heard in the wrong order."""
    return (
        *_ask_outcome(dispute, now, rules),
        Timer(Leg.REFUND, T.BOUNCE_DUE, rules.due("bounce_choice", now)),
    )


def _unfunded(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    del dispute
    return (Timer(Leg.REFUND, T.FUNDING_DUE, rules.due("funding_due", now)),)


ENTER: Final[dict[State, _Make]] = {
    Inquiry.ASKED: _ask_bank,
    Trace.ASKED: _ask_trace,
    Trace.IN_TRANSIT: _in_transit,
    Reversal.WATCHED: _watch,
    Consent.ASKED: _ask_merchant,
    Arbitration.OPEN: _open_arbitration,
    Refund.RESERVED: _send_refund,
    Refund.UNKNOWN: _unknown,
    Refund.STUCK: _stuck,
    Refund.IN_FLIGHT: _fly,
    Refund.BOUNCED: _bounced,
    Refund.UNFUNDED: _unfunded,
}

# What a trigger asks for that leaves its leg where it was.
AGAIN: Final[dict[tuple[State, T], _Make]] = {
    (Trace.ASKED, T.TRACE_RECHECK): _recheck_trace,
    (Trace.IN_TRANSIT, T.TRACE_RECHECK): _recheck_trace,
    (Trace.IN_TRANSIT, T.TRACE_IN_TRANSIT): _in_transit,
    (Reversal.WATCHED, T.REVERSAL_RECHECK): _recheck_reversal,
    (Reversal.OVERDUE, T.REVERSAL_RECHECK): _recheck_reversal,
    (Arbitration.OPEN, T.ARBITRATION_DUE): _escalate,
    (Refund.RESERVED, T.REFUND_DUE): _escalate_unsent,
    (Refund.UNKNOWN, T.REFUND_NOT_FOUND): _ask_outcome_when_settled,
    (Refund.IN_FLIGHT, T.REFUND_ACCEPTED): _fly,
    (Refund.IN_FLIGHT, T.REFUND_RECHECK): _recheck_refund,
    (Refund.STUCK, T.REFUND_RECHECK): _recheck_refund,
}

# Timers that mean nothing once a leg has left these states.
_TIMERS: Final[dict[State, tuple[T, ...]]] = {
    Inquiry.ASKED: (T.INQUIRY_DUE,),
    Trace.ASKED: (T.TRACE_RECHECK, T.TRACE_DUE),
    Trace.IN_TRANSIT: (T.TRACE_RECHECK, T.TRACE_DUE),
    Reversal.WATCHED: (T.REVERSAL_RECHECK, T.REVERSAL_DUE),
    Reversal.OVERDUE: (T.REVERSAL_RECHECK,),
    Consent.ASKED: (T.MERCHANT_DUE,),
    Consent.DELIVERED: (T.MERCHANT_DUE,),
    Arbitration.OPEN: (T.ARBITRATION_DUE,),
    Refund.RESERVED: (T.REFUND_DUE,),
    Refund.UNKNOWN: (T.REFUND_DUE,),
    Refund.STUCK: (T.REFUND_RECHECK,),
    Refund.IN_FLIGHT: (T.REFUND_RECHECK, T.REFUND_DUE),
    Refund.BOUNCED: (T.BOUNCE_DUE,),
    Refund.UNFUNDED: (T.FUNDING_DUE,),
}


def of_move(
    dispute: Dispute, leg: Leg, old: State, trigger: T, now: datetime, rules: Profile
) -> tuple[Effect, ...]:
    """What moving `leg` of `dispute` (already moved) from `old` by `trigger` asks for."""
    new = dispute.legs.of(leg)
    if old is new:
        make = AGAIN.get((old, trigger))
        return make(dispute, now, rules) if make else ()
    make = ENTER.get(new)
    wanted = make(dispute, now, rules) if make else ()
    kept = {timer.trigger for timer in wanted if isinstance(timer, Timer)}
    kept |= set(_TIMERS.get(new, ()))
    stale = (name for name in _TIMERS.get(old, ()) if name not in kept)
    return (*(Cancel(leg, name) for name in stale), *wanted)


def resume(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """What a dispute asks again when it is reopened: its end had silenced all timers and calls."""
    if dispute.legs.inquiry is Inquiry.STALLED:
        return (Call("bank", Leg.INQUIRY, "inquiry", 1, now),)
    if dispute.legs.reversal is Reversal.WATCHED:
        return _watch(dispute, now, rules)
    if dispute.legs.reversal is Reversal.OVERDUE:
        return _recheck_reversal(dispute, now, rules)
    return ()
