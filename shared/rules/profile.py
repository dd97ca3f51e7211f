"""A set of rules: what is due when, by which source, in which calendar. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from shared.rules import calendars
from shared.rules.calendars import Calendar
from shared.rules.files import BadProfile
from shared.rules.reasons import STANDARD, Reasons


class Unit(StrEnum):
    """How a rule counts."""

    SECOND = "second"
    HOUR = "hour"
    CALENDAR_DAY = "calendar_day"
    BUSINESS_DAY = "business_day"


_SPANS: Final = {Unit.SECOND: timedelta(seconds=1), Unit.HOUR: timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Rule:
    """One deadline: `value` units from what `starts` it until what `stops` it (`rules.words`).

    `source` is where it comes from, `standing` how sure that is: `read`, `secondary`,
    `unconfirmed`, or `default` for our own. `basis`: `law`, `contract` (a platform's or network's
    terms) or `own`. `profile` and `version`: the file that says so. `calendar`: where it is not
    the profile's.
    """

    id: str
    value: int
    unit: Unit
    source: str
    standing: str
    starts: str = "step"
    stops: str = "told"
    basis: str = "own"
    profile: str = ""
    version: int = 0
    calendar: str | None = None

    @property
    def is_statutory(self) -> bool:
        """Whether only a person may move a date of this rule against the customer."""
        return self.basis == "law"


@dataclass(frozen=True, slots=True)
class Contract:
    """Signed terms of one merchant: silence may refund up to `cap_minor` of `currency`."""

    merchant_id: str
    silence_refunds: bool
    cap_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class LateCompensation:
    """What a rule gives for each day after its date: minor units by currency, with its source."""

    rule: str
    per_day: Mapping[str, int]
    source: str
    standing: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A version of a set of rules, in one calendar and its zone.

    `self_custody`: no bank stands behind the wallet; what is on a chain nobody can take back.
    """

    name: str
    version: int
    calendar: str
    zone: str
    rules: dict[str, Rule]
    contracts: dict[str, Contract]
    amounts: dict[str, dict[str, int]]
    reasons: Reasons = field(default_factory=lambda: STANDARD)
    late: dict[str, LateCompensation] = field(default_factory=dict)
    self_custody: bool = False

    def four_eyes_above(self, currency: str) -> int:
        """Minor units that one person may grant alone; 0 for a currency without a limit."""
        return self.amounts["four_eyes_above"].get(currency, 0)

    def compensation_cap(self, currency: str) -> int:
        """Minor units that a dispute may be compensated with at most; 0: none in this currency."""
        return self.amounts["compensation_cap"].get(currency, 0)

    @property
    def calendar_version(self) -> str:
        """The version of the calendar's data."""
        return calendars.version()

    def due(self, rule_id: str, start: datetime) -> datetime:
        """When what begins at `start` is due, in UTC.

        Days end with the exclusive 00:00 after the last day in the calendar's zone; the day of
        the start does not count.
        """
        rule = self.rules[rule_id]
        start = start.astimezone(UTC)  # in a zone's own time, hours would jump with its clocks
        if rule.unit in _SPANS:
            return start + rule.value * _SPANS[rule.unit]
        day, zone = self.day_of(rule, start), self.zone_of(rule)
        return end_of(last_day(rule, day, self.calendar_of(rule)), zone)

    def day_of(self, rule: Rule, moment: datetime) -> date:
        """The day of a moment, as the rule counts."""
        return moment.astimezone(calendars.zone_of(self.zone_of(rule))).date()

    def calendar_of(self, rule: Rule) -> Calendar:
        """The calendar that a rule counts in."""
        return calendars.calendar(rule.calendar or self.calendar)

    def zone_of(self, rule: Rule) -> str:
        """The zone whose midnight ends the days of a rule."""
        own = rule.calendar not in (None, self.calendar)
        return self.calendar_of(rule).zone if own else self.zone

    def refundable_until(
        self, occurred_at: datetime | None, merchants: datetime | None
    ) -> datetime | None:
        """The end of the refund window: the later of the profile's rule and the merchant's date.

        The customer has the better of the two; None where neither is known.
        """
        ours = self.due("refund_window", occurred_at) if occurred_at else None
        return max((end for end in (ours, merchants) if end), default=None)

    @staticmethod
    def is_outside_window(until: datetime | None, moment: datetime) -> bool:
        """Whether `moment` is after the end of a refund window; its last moment still counts."""
        return until is not None and moment > until

    def delay(self, rule_id: str) -> timedelta:
        """A rule in seconds or hours as a span, for polls and settling times.

        Raises:
            BadProfile: the rule counts days, which have no fixed length.

        """
        rule = self.rules[rule_id]
        if rule.unit not in _SPANS:
            raise BadProfile(f"{self.name}.toml, rules.{rule_id}: use {' or '.join(_SPANS)}")
        return rule.value * _SPANS[rule.unit]


def last_day(rule: Rule, day: date, calendar: Calendar) -> date:
    """The last day of a rule in days that begins on `day`, which does not count."""
    if rule.unit is Unit.CALENDAR_DAY:
        return day + timedelta(days=rule.value)
    return nth_business_day(calendar, day, rule.value)


def nth_business_day(calendar: Calendar, day: date, count: int) -> date:
    """The `count`-th business day after `day`."""
    while count > 0:
        day += timedelta(days=1)
        count -= calendar.is_business_day(day)
    return day


def end_of(day: date, zone: str) -> datetime:
    """The exclusive end of a day in a zone, in UTC."""
    following = day + timedelta(days=1)
    return datetime.combine(following, time(), calendars.zone_of(zone)).astimezone(UTC)
