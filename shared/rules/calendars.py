"""Which days are business days, and why another is not: the `holidays` library and what amends it.

China's adjusted working days (调休) are in it. A year whose calendar nobody has published yet is
guessed by the library; `Calendar.is_published` says so, and whoever computes a date tells it on.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays

from shared.rules import files
from shared.rules.files import BadProfile

_FILE: Final = Path(__file__).with_name("calendars.toml")
_OWN: Final = "calendars.toml"
_MOVED: Final = re.compile(r"\d{2}/\d{2}/\d{4}")
_YEAR: Final = frozenset(("source", "whole", "closed", "worked"))
_BESIDE: Final = frozenset(("version", "names"))  # what a file of amendments has beside calendars
_MARKS: Final = {" (observed)": "（补假）", " (estimated)": "（估计）"}

TOGETHER: Final = "; "  # between the names of holidays that fall on one day
Words = tuple[str, str]  # zh-CN, English


@dataclass(frozen=True, slots=True)
class Year:
    """What amends one year of a calendar; `whole`: it is published, and this is all of it."""

    source: str
    whole: bool
    closed: Mapping[date, Words]
    worked: frozenset[date]


@dataclass(frozen=True, eq=False)
class Calendar:
    """The closed days of a country or payment system, in its zone."""

    code: str
    name: Words
    zone: str
    source: str
    published: range
    years: Mapping[int, Year]
    library: tuple[Any, Any]  # closed days by date, named in Chinese where it can, and in English

    def is_business_day(self, day: date) -> bool:
        """Whether banks work on that day."""
        return _is_business_day(self, day)

    def is_published(self, year: int) -> bool:
        """Whether somebody has published that year; otherwise its days are a guess."""
        amended = self.years.get(year)
        return year in self.published or (amended is not None and amended.whole)

    @property
    def last_published(self) -> int:
        """The last year that somebody has published."""
        return max(self.published[-1], *(y for y, row in self.years.items() if row.whole), 0)

    def closed_for(self, day: date) -> Words | None:
        """The holiday's names (`TOGETHER`); None on a business day and an ordinary weekend."""
        amended = self.years.get(day.year)
        if amended and (day in amended.worked or day in amended.closed or amended.whole):
            return amended.closed.get(day)
        chinese, english = self._library(day)
        if english.get(day) is None or _is_business_day(self, day):
            return None
        return _words(chinese.get(day), english.get(day))

    def is_made_up(self, day: date) -> bool:
        """Whether a day of the weekend is worked."""
        return self._is_weekend(day) and self.is_business_day(day)

    def _library(self, day: date) -> tuple[Any, Any]:
        _fill(self, day.year)
        return self.library

    def _is_weekend(self, day: date) -> bool:
        return day.weekday() in self.library[1].weekend


@cache
def _fill(calendar: Calendar, year: int) -> None:
    """Have the library know a year.

    What it warns of, years that it can only guess, is told with each date (`is_published`).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for days in calendar.library:
            days.get(date(year, 1, 1))


@cache
def _is_business_day(calendar: Calendar, day: date) -> bool:
    amended = calendar.years.get(day.year)
    if amended and (day in amended.worked or day in amended.closed):
        return day in amended.worked
    if amended and amended.whole:
        return not calendar._is_weekend(day)  # noqa: SLF001 - cached part of the method
    return bool(calendar._library(day)[1].is_working_day(day))  # noqa: SLF001 - as above


@cache
def calendar(code: str) -> Calendar:
    """The calendar of that code.

    Raises:
        BadProfile: there is none, or a file that amends it is wrong.

    """
    shipped = files.toml(_FILE)
    if not isinstance(shipped.get(code), dict) or "library" not in shipped[code]:
        raise BadProfile(f"calendar: none is called {code!r}; use one of: {', '.join(codes())}")
    row = shipped[code]
    return Calendar(
        code,
        (row["name"][0], row["name"][1]),
        row["zone"],
        row["source"],
        range(row["published_from"], row["published_until"] + 1),
        {year: amended for path in _amending() for year, amended in _years(path, code).items()},
        _library(row["library"]),
    )


def codes() -> list[str]:
    """Every calendar there is."""
    return sorted(key for key, row in files.toml(_FILE).items() if _is_calendar(row))


@cache
def version() -> str:
    """The version of the days: the library's, and that of what amends it."""
    amending = "+".join(str(files.toml(path).get("version", 0)) for path in _amending())
    return f"holidays-{metadata.version('holidays')}+{amending}"


@cache
def zone_of(name: str) -> ZoneInfo:
    """A time zone by its IANA name; KeyError or ValueError where there is none."""
    return ZoneInfo(name)


def forget() -> None:
    """Read the files again."""
    for cached in (calendar, version, _is_business_day, _fill, _names):
        cached.cache_clear()


files.forgotten_with(forget)


def _is_calendar(row: Any) -> bool:
    return isinstance(row, dict) and "library" in row


def _amending() -> list[Path]:
    """Later ones win."""
    own = files.own(_OWN)
    if own is None:
        return [_FILE]
    if unknown := sorted(files.toml(own).keys() - _BESIDE - set(codes())):
        known = ", ".join(codes())
        raise BadProfile(f"{own.name}, {unknown[0]}: no such calendar; use one of: {known}")
    return [_FILE, own]


def _library(code: str) -> tuple[Any, Any]:
    if code == "XECB":
        days = holidays.financial_holidays(code)
        return days, days
    country, _, subdivision = code.partition("-")
    english = holidays.country_holidays(country, subdiv=subdivision or None)
    if country == "CN":
        english = holidays.country_holidays(country, language="en_US")
        return holidays.country_holidays(country, language="zh_CN"), english
    return english, english


def _words(chinese: str | None, english: str | None) -> Words:
    english = english or ""
    known = chinese if chinese and chinese != english else _in_chinese(english)
    return (known, _MOVED.sub(_day_first, english))


def _day_first(found: re.Match[str]) -> str:
    """`10/10/2026` is told as a date that nobody reads the wrong way round."""
    month, day, year = (int(part) for part in found[0].split("/"))
    return f"{day} {date(year, month, day):%B}"


def _in_chinese(english: str) -> str:
    """Words of our own table; `; ` joins days that fall together."""
    return TOGETHER.join(_one_in_chinese(name) for name in english.split(TOGETHER))


def _one_in_chinese(name: str) -> str:
    for mark, chinese in _MARKS.items():
        if name.endswith(mark):
            return _one_in_chinese(name.removesuffix(mark)) + chinese
    return _names().get(name, name)


@cache
def _names() -> dict[str, str]:
    return {
        english: chinese
        for path in _amending()
        for english, chinese in files.toml(path).get("names", {}).items()
    }


def _years(path: Path, code: str) -> dict[int, Year]:
    """`[CODE.days.YEAR]` of a file."""
    table = files.toml(path).get(code, {})
    days = table.get("days", {}) if isinstance(table, dict) else None
    if not isinstance(days, dict):
        raise BadProfile(f"{path.name}, {code}.days: not a table; write [{code}.days.2027]")
    found = {
        year: _year(f"{path.name}, {code}.days.{year}", year, row) for year, row in days.items()
    }
    return {int(year): row for year, row in found.items()}


def _year(where: str, year: str, row: Any) -> Year:
    try:
        int(year)
        if unknown := sorted(row.keys() - _YEAR):
            raise ValueError(f"{unknown[0]!r} is unknown")  # noqa: TRY301 - told with the place
        closed = {
            _date(year, key): _pair(key, names) for key, names in row.get("closed", {}).items()
        }
        worked = frozenset(_date(year, day) for day in row.get("worked", []))
        if both := sorted(closed.keys() & worked):
            raise ValueError(f"{both[0]} is both closed and worked")  # noqa: TRY301
        return Year(_text(row["source"]), _flag(row.get("whole", False)), closed, worked)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadProfile(
            f"{where}: {error}; give source, worked = [2027-02-07] and "
            'closed = { 2027-01-01 = ["元旦", "New Year\'s Day"] }'
        ) from None


def _date(year: str, value: Any) -> date:
    if isinstance(value, datetime):
        raise TypeError(f"{value} is a moment, no day")
    day = value if isinstance(value, date) else date.fromisoformat(str(value))
    if day.year != int(year):
        raise ValueError(f"{day} is not of this year")
    return day


def _pair(key: str, names: Any) -> Words:
    if not isinstance(names, list) or len(names) != 2:  # noqa: PLR2004 - in two languages
        raise ValueError(f"{key} lacks its Chinese and English name")
    return _text(names[0]), _text(names[1])


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is no text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"whole = {value!r} is neither true nor false")
    return value
