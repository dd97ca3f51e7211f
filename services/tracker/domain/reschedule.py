"""Which dates of a dispute move when a calendar or rule has changed, and whose loss that is. Pure.

Dates that somebody gave (a bank's own, a merchant's longer one) stay, and so does a date whose
start is not on record.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.tracker.domain.dispute import Dispute
from services.tracker.domain.effects import standing_timers
from services.tracker.domain.states import Leg
from services.tracker.domain.triggers import Rescheduled, T
from shared.rules import BY_BANK, Profile

PROMISE: Final = "promise"
TIME_OF_THE_CUSTOMER: Final = frozenset(
    {"details_due", "offer_choice", "goods_due", "evidence_due", "identity_due", "bounce_choice"}
    | {"credit_notice"}
)
"""By these rules it is the customer who has the time: less of it is against them."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A timer that stands, with the rule that set it and when that began to run."""

    leg: Leg
    trigger: T
    due_at: datetime
    rule: str
    start: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """One date that moves. `what`: the trigger of a timer, or `promise`.

    `against`: the customer gets money or an answer later, or has less time; `statutory`: by law,
    before or after, so that such a move needs a person.
    """

    what: str
    rule: str
    start: datetime
    was: datetime
    becomes: datetime
    against: bool
    statutory: bool
    leg: Leg | None = None

    @property
    def needs_confirmation(self) -> bool:
        """Whether a person has to confirm it."""
        return self.against and self.statutory


def moves(
    dispute: Dispute, timers: Sequence[Dated], before: Profile, after: Profile, now: datetime
) -> list[Move]:
    """Every date of the dispute that `after` puts elsewhere; one that is or would be past stays."""
    found = [*_promise(dispute, before, after), *_timers(dispute, timers, before, after)]
    return [move for move in found if move.becomes > now and move.was > now]


def trigger(by: str, version: int, wanted: Sequence[Move]) -> Rescheduled:
    """What is recorded and done."""
    promised = next((move.becomes for move in wanted if move.what == PROMISE), None)
    timers = tuple(
        (m.leg.value, m.what, m.becomes, m.rule, m.start) for m in wanted if m.leg is not None
    )
    return Rescheduled(by, version, promised, timers)


def _promise(dispute: Dispute, before: Profile, after: Profile) -> Iterator[Move]:
    facts = dispute.facts
    rule, was, start = facts.promise_rule, facts.promised_at, facts.promise_from
    if was is None or start is None or rule in (None, BY_BANK) or rule not in after.rules:
        return
    becomes = after.due(rule, start)
    if becomes != was:
        yield _move(PROMISE, rule, start, was, becomes, before, after)


def _timers(
    dispute: Dispute, timers: Sequence[Dated], before: Profile, after: Profile
) -> Iterator[Move]:
    standing = standing_timers(dispute)
    for timer in timers:
        if (timer.leg, timer.trigger) not in standing or timer.rule not in after.rules:
            continue
        becomes = after.due(timer.rule, timer.start)
        if becomes != timer.due_at:
            dates = (timer.start, timer.due_at, becomes)
            yield _move(timer.trigger.value, timer.rule, *dates, before, after, timer.leg)


def _move(
    what: str,
    rule: str,
    start: datetime,
    was: datetime,
    becomes: datetime,
    before: Profile,
    after: Profile,
    leg: Leg | None = None,
) -> Move:
    less_time = becomes < was
    against = less_time if rule in TIME_OF_THE_CUSTOMER else not less_time
    rows = (before.rules.get(rule), after.rules[rule])
    statutory = any(row is not None and row.is_statutory for row in rows)
    return Move(what, rule, start, was, becomes, against, statutory, leg)
