"""Deadlines as data: what is due when, by which rule, in which calendar. Pure."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from shared.rules.calendars import VERSION as CALENDAR_VERSION
from shared.rules.calendars import is_business_day

__all__ = ["CALENDAR_VERSION", "BadProfile", "Contract", "Profile", "Rule", "Unit", "load"]

_FOLDER: Final = Path(__file__).parent / "profiles"


class BadProfile(ValueError):
    """A profile file has something wrong in it; says file, key and remedy."""


class Unit(StrEnum):
    """How a rule counts."""

    SECOND = "second"
    HOUR = "hour"
    CALENDAR_DAY = "calendar_day"
    BUSINESS_DAY = "business_day"


_SPANS: Final = {Unit.SECOND: timedelta(seconds=1), Unit.HOUR: timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Rule:
    """One deadline: `value` units, with where it comes from and how sure that is."""

    id: str
    value: int
    unit: Unit
    source: str
    standing: str


@dataclass(frozen=True, slots=True)
class Contract:
    """Signed terms of one merchant: silence may refund up to `cap_minor` of `currency`."""

    merchant_id: str
    silence_refunds: bool
    cap_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A version of a set of rules, in one calendar and its zone."""

    name: str
    version: int
    calendar: str
    zone: str
    rules: dict[str, Rule]
    contracts: dict[str, Contract]

    @property
    def calendar_version(self) -> str:
        """The version of the calendar's data."""
        return CALENDAR_VERSION

    def due(self, rule_id: str, start: datetime) -> datetime:
        """When what begins at `start` is due, in UTC.

        Days end with the exclusive 00:00 after the last day in the calendar's zone; the day of
        the start does not count.
        """
        rule = self.rules[rule_id]
        start = start.astimezone(UTC)  # in a zone's own time, hours would jump with its clocks
        match rule.unit:
            case Unit.SECOND:
                return start + timedelta(seconds=rule.value)
            case Unit.HOUR:
                return start + timedelta(hours=rule.value)
            case Unit.CALENDAR_DAY:
                return self._end_of(self._day(start) + timedelta(days=rule.value))
            case Unit.BUSINESS_DAY:
                return self._end_of(self._nth_business_day(self._day(start), rule.value))

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

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def _nth_business_day(self, day: date, count: int) -> date:
        while count > 0:
            day += timedelta(days=1)
            count -= is_business_day(self.calendar, day)
        return day

    def _end_of(self, day: date) -> datetime:
        midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self.zone))
        return midnight.astimezone(UTC)


@cache
def load(name: str) -> Profile:
    """Read `profiles/<name>.toml`; a profile may inherit from another and override rows.

    Raises:
        BadProfile: file, key and remedy.

    """
    path = _FOLDER / f"{name}.toml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in _FOLDER.glob("*.toml")))
        raise BadProfile(f"REDRESS_PROFILE: no profile {name!r}; use one of: {known}")
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    parent = load(raw["inherits"]) if "inherits" in raw else None
    rules = dict(parent.rules) if parent else {}
    rules |= {key: _rule(path.name, key, row) for key, row in raw.get("rules", {}).items()}
    contracts = {key: _contract(key, row) for key, row in raw.get("contracts", {}).items()}
    try:
        ZoneInfo(raw["zone"])
        is_business_day(raw["calendar"], date(2026, 1, 1))
        return Profile(name, raw["version"], raw["calendar"], raw["zone"], rules, contracts)
    except (KeyError, ValueError) as error:  # ZoneInfo raises a KeyError
        raise BadProfile(f"{path.name}: {error}; give version, calendar and zone") from None


def _rule(file: str, key: str, row: dict[str, Any]) -> Rule:
    try:
        return Rule(key, int(row["value"]), Unit(row["unit"]), row["source"], row["standing"])
    except (KeyError, ValueError) as error:
        raise BadProfile(
            f"{file}, rules.{key}: {error}; give value, unit ({', '.join(Unit)}), source, standing"
        ) from None


def _contract(key: str, row: dict[str, Any]) -> Contract:
    return Contract(key, row["silence"] == "refund", int(row["cap_minor"]), row["currency"])
