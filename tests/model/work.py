"""What is outstanding: timers by their trigger, calls as `party:kind:n`."""

from typing import Final

from services.tracker.domain.dispute import Dispute
from services.tracker.domain.effects import Call, Cancel, Effect, Timer, Unmake
from services.tracker.domain.states import (
    Consent,
    Inquiry,
    Leg,
    Records,
    Refund,
    Reversal,
    State,
    Trace,
)
from services.tracker.domain.triggers import T
from tests.model.scope import Point, Scope
from tests.model.world import Truth

Work = frozenset[str]


def worked(point: Point, work: Work, effects: tuple[Effect, ...], scope: Scope) -> Work:
    """After a decision; an end takes all of it back."""
    if point.has_ended:
        return frozenset()
    now = set(work)
    for effect in effects:
        match effect:
            case Timer(_, trigger, _):
                now.add(trigger.value)
            case Cancel(_, trigger):
                now.discard(trigger.value)
            case Unmake(_, kind, n):
                now.discard(f"bank:{kind}:{n}")
            case Call(party, _, kind, n, _):
                now.add(f"{party}:{kind}:{n}")
    now -= {T.PROMISE_DUE.value, T.PROMISE_NEAR.value}
    if not scope.credit:
        now.discard(T.CREDIT_DUE.value)
    return frozenset(now)


def outstanding(dispute: Dispute, work: Work, truth: Truth) -> Work:
    """Without calls whose answer nobody waits for, or which `said` tells as well."""
    return frozenset(name for name in work if ":" not in name or _matters(name, dispute, truth))


def _matters(call: str, dispute: Dispute, truth: Truth) -> bool:
    _, kind, n = call.split(":")
    legs = dispute.legs
    if kind in _ALWAYS_SAID:
        return False
    if kind in _WAITS_IN:
        return legs.of(_WAITS_IN[kind][0]) in _WAITS_IN[kind][1]
    match kind:
        case "refund":
            return not truth.of(f"refund:{n}") or legs.refund is Refund.RESERVED
        case "watch" | "reversal_query" | "return_query":
            return not truth.of("reversal") or legs.reversal in (Reversal.WATCHED, Reversal.OVERDUE)
        case "recall_query":
            return not truth.of(f"recall:{n}")
        case _:
            return True


_ALWAYS_SAID: Final = (
    "chargeback_query",
    "chargeback_watch",
    "identity_query",
    "reset_query",
    "reminder",
    "goods",
    "evidence",
)
_WAITS_IN: Final[dict[str, tuple[Leg, tuple[State, ...]]]] = {
    "inquiry": (Leg.INQUIRY, (Inquiry.ASKED, Inquiry.STALLED)),
    "consent": (Leg.CONSENT, (Consent.ASKED,)),
    "trace": (Leg.TRACE, (Trace.ASKED, Trace.IN_TRANSIT, Trace.UNTRACED)),
    "trace_query": (Leg.TRACE, (Trace.ASKED, Trace.IN_TRANSIT, Trace.UNTRACED)),
    "records": (Leg.RECORDS, (Records.ASKED, Records.STALLED)),
    "refund_query": (Leg.REFUND, (Refund.UNKNOWN,)),
}
