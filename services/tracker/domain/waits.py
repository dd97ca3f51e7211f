"""Which waits a step begins and ends: what customers wait for that others do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.tracker.domain import public
from services.tracker.domain.dispute import Dispute, Range
from services.tracker.domain.estimates import Measured
from services.tracker.domain.guards import merchant_of
from services.tracker.domain.records import replace
from services.tracker.domain.states import (
    Arbitration,
    Consent,
    Leg,
    Legal,
    Refund,
    State,
    Trace,
)
from shared.contracts.vocabulary import Status

_WAITING: Final[dict[Leg, tuple[State, ...]]] = {
    Leg.TRACE: (Trace.ASKED, Trace.IN_TRANSIT),
    Leg.CONSENT: (Consent.ASKED, Consent.DELIVERED),
    Leg.ARBITRATION: (Arbitration.OPEN, Arbitration.PROPOSED),
    Leg.REFUND: (Refund.IN_FLIGHT, Refund.UNKNOWN),
}
LEGS: Final = tuple(_WAITING)
# Ends that say nothing of how long the leg takes: another way was found, or it failed.
_CUT: Final[frozenset[State]] = frozenset(
    {
        Arbitration.SUPERSEDED,
        *(state for state in Refund if state is not Refund.CREDITED),
    }
)
# What people are told while they wait for it; during any other status no range is shown.
_SHOWN: Final = {
    Status.TRACING: Leg.TRACE,
    Status.IN_TRANSIT: Leg.TRACE,
    Status.WAITING_FOR_MERCHANT: Leg.CONSENT,
    Status.IN_ARBITRATION: Leg.ARBITRATION,
    Status.REFUND_SENT: Leg.REFUND,
    Status.REFUND_UNCONFIRMED: Leg.REFUND,
}


@dataclass(frozen=True, slots=True)
class Begun:
    """A wait that a step began. `due_at`: the date by which a person should have decided."""

    dispute_id: UUID
    leg: Leg
    step: int
    party: str
    due_at: datetime | None
    began_at: datetime
    told: Range | None = None
    ended_at: datetime | None = None
    cut: bool | None = None
    low_s: float | None = None  # by the model, before the record widened it
    high_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A wait that a step ended; `cut` by something that says nothing of the leg's pace."""

    dispute_id: UUID
    leg: Leg
    ended_at: datetime
    cut: bool


def moved(
    before: Dispute, after: Dispute, now: datetime
) -> tuple[Sequence[Ended], Sequence[Begun]]:
    """Which waits the step ended, and which it began.

    What stood still under a legal hold, or while the dispute was closed, does not begin again.
    """
    if before.legs is after.legs:
        return (), ()
    were, are = _waiting(before), _waiting(after)
    dispute_id = after.claim.dispute_id
    ended = [
        Ended(dispute_id, leg, now, _is_cut(before, after, leg))
        for leg, n in were.items()
        if are.get(leg) != n
    ]
    begun = [
        _begun(after, leg, now)
        for leg, n in are.items()
        if were.get(leg) != n
        and (before.legs.of(leg) is not after.legs.of(leg) or _asked(before, leg) != n)
    ]
    return ended, begun


_LONGEST_S: Final = 90 * 86_400
"""A range that ends later says nothing to anybody, and is not told."""


def with_range(wait: Begun, measured: Measured) -> Begun:
    """The wait with what is told of it, if enough was measured."""
    leg, now = wait.leg, wait.began_at
    known = measured.get(leg)
    told = known and known.tell(wait.party, (wait.due_at or now).timestamp(), now.timestamp())
    if not told or told.high_s > _LONGEST_S:
        return wait
    low, high, over = (timedelta(seconds=s) for s in (told.low_s, told.high_s, told.over_s))
    shown = Range(leg, now, now + low, now + high, told.measured, now - over, told.ahead)
    return replace(wait, told=shown, low_s=told.model_low_s, high_s=told.model_high_s)


def shown(dispute: Dispute, told: tuple[Range, ...]) -> Range | None:
    """The range for what the dispute's status says is waited for."""
    if not told:
        return None
    leg = _SHOWN.get(public.status(dispute))
    return next((each for each in told if each.leg is leg), None)


def _waiting(dispute: Dispute) -> dict[Leg, int]:
    """The legs that are waited for, each with the number of its ask."""
    legs = dispute.legs
    found = {
        leg: _asked(dispute, leg) for leg, states in _WAITING.items() if legs.of(leg) in states
    }
    if not found or legs.legal is Legal.HELD or not public.is_open(dispute):
        return {}
    return found


def _begun(dispute: Dispute, leg: Leg, now: datetime) -> Begun:
    due = dispute.facts.promised_at if leg is Leg.ARBITRATION else None
    party = (merchant_of(dispute) or "") if leg is Leg.CONSENT else ""
    return Begun(dispute.claim.dispute_id, leg, dispute.steps, party, due, now)


def _is_cut(before: Dispute, after: Dispute, leg: Leg) -> bool:
    """Also where the leg itself did not move: the dispute was withdrawn or put on hold."""
    state = after.legs.of(leg)
    return state in _CUT or state is before.legs.of(leg) or state in _WAITING[leg]


_NUMBERS: Final = {
    Leg.TRACE: "trace_n",
    Leg.CONSENT: "consent_n",
    Leg.ARBITRATION: "arbitration_n",
    Leg.REFUND: "refund_n",
}


def _asked(dispute: Dispute, leg: Leg) -> int:
    number: int = getattr(dispute.facts, _NUMBERS[leg])
    return number
