"""A wallet's rules as data: what is due when, and which reasons a claim may give. Pure."""

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from shared.rules.calendars import VERSION as CALENDAR_VERSION
from shared.rules.calendars import is_business_day
from shared.rules.reasons import STANDARD, BadProfile, Reasons, amended

__all__ = [
    "CALENDAR_VERSION",
    "BadProfile",
    "Contract",
    "Profile",
    "Reasons",
    "Rule",
    "Unit",
    "load",
    "load_file",
]

_FOLDER: Final = Path(__file__).parent / "profiles"
_COMPLETE: Final = "default"  # has every rule that is asked for


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
    amounts: dict[str, dict[str, int]]
    reasons: Reasons = field(default_factory=lambda: STANDARD)

    def four_eyes_above(self, currency: str) -> int:
        """Minor units that one person may grant alone; 0 for a currency without a limit."""
        return self.amounts["four_eyes_above"].get(currency, 0)

    def compensation_cap(self, currency: str) -> int:
        """Minor units that a dispute may be compensated with at most; 0: none in this currency."""
        return self.amounts["compensation_cap"].get(currency, 0)

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
        raise BadProfile(f"REDRESS_PROFILE: no profile {name!r}; use one of: {_installed()}")
    return _read(path)


def load_file(path: Path) -> Profile:
    """Read a profile from anywhere; its name is the file's, and it may inherit from those here.

    Raises:
        BadProfile: file, key and remedy; also where a rule of the default profile is missing.

    """
    profile = _read(path)
    if missing := sorted(load(_COMPLETE).rules.keys() - profile.rules.keys()):
        remedy = f'add it, or inherits = "{_COMPLETE}"'
        raise BadProfile(f"{path.name}, rules.{missing[0]}: missing; {remedy}")
    return profile


def _read(path: Path) -> Profile:
    raw = _toml(path)
    rules = _inherited(path.name, raw)
    rules |= {key: _rule(path.name, key, row) for key, row in _rows(path.name, raw, "rules")}
    rows = _rows(path.name, raw, "contracts")
    contracts = {key: _contract(path.name, key, row) for key, row in rows}
    parent = load(raw["inherits"]) if "inherits" in raw else None
    amounts = {name: dict(limits) for name, limits in (parent.amounts if parent else {}).items()}
    for name, limits in _rows(path.name, raw, "amounts"):
        amounts[name] = amounts.get(name, {}) | _amounts(path.name, name, limits)
    reasons = amended(path.name, raw.get("reasons", {}), parent.reasons if parent else STANDARD)
    try:
        ZoneInfo(raw["zone"])
        is_business_day(raw["calendar"], date(2026, 1, 1))
        named = (path.stem, raw["version"], raw["calendar"], raw["zone"])
        return Profile(*named, rules, contracts, amounts, reasons)
    except (KeyError, ValueError) as error:  # ZoneInfo raises a KeyError
        raise BadProfile(f"{path.name}: {error}; give version, calendar and zone") from None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadProfile(f"{path.name}: {error.strerror}; name a file that can be read") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise BadProfile(f"{path.name}: {error}; write it as TOML in UTF-8") from None


def _inherited(file: str, raw: dict[str, Any]) -> dict[str, Rule]:
    if "inherits" not in raw:
        return {}
    parent = raw["inherits"]
    if not (_FOLDER / f"{parent}.toml").exists():
        raise BadProfile(f"{file}, inherits: no profile {parent!r}; use one of: {_installed()}")
    return dict(load(parent).rules)


def _installed() -> str:
    return ", ".join(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def _rows(file: str, raw: dict[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    rows = raw.get(key, {})
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise BadProfile(f"{file}, {key}: write a table for each, such as [{key}.…]")
    return list(rows.items())


def _rule(file: str, key: str, row: dict[str, Any]) -> Rule:
    try:
        return Rule(key, int(row["value"]), Unit(row["unit"]), row["source"], row["standing"])
    except (KeyError, ValueError, TypeError) as error:
        raise BadProfile(
            f"{file}, rules.{key}: {error}; give value, unit ({', '.join(Unit)}), source, standing"
        ) from None


def _contract(file: str, key: str, row: dict[str, Any]) -> Contract:
    try:
        silence = row["silence"] == "refund"
        return Contract(key, silence, int(row["cap_minor"]), row["currency"])
    except (KeyError, ValueError, TypeError) as error:
        raise BadProfile(
            f"{file}, contracts.{key}: {error}; give silence, cap_minor and currency"
        ) from None


def _amounts(file: str, name: str, rows: dict[str, Any]) -> dict[str, int]:
    """Currency → minor units."""
    bad = [key for key, value in rows.items() if not isinstance(value, int) or value < 0]
    if name not in ("four_eyes_above", "compensation_cap") or bad:
        where = f"{file}, amounts.{name}{'.' + bad[0] if bad else ''}"
        raise BadProfile(
            f"{where}: give four_eyes_above and compensation_cap as minor units by currency"
        )
    return rows
