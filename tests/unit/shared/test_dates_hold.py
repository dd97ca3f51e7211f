"""What is true of every due date, tried with 10,000 random starts in each calendar.

Business days are counted by another way than `rules` does: by sums over whole years.
"""

import warnings
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest

from shared.rules import Profile, Rule, Unit, calendars

STARTS = 10_000
FIRST, LAST = datetime(2015, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
ZONES = {
    "CN": "Asia/Shanghai",
    "GB": "Europe/London",
    "IN": "Asia/Kolkata",
    "TARGET2": "Europe/Berlin",
    "US": "America/New_York",
}
CODES = list(ZONES)


def test_no_calendar_is_left_out() -> None:
    assert calendars.codes() == CODES


@cache
def business_days(code: str) -> list[date]:
    """All of them, in order: weekdays that are no holiday, and weekends that are worked."""
    closed: Any = (
        holidays.financial_holidays("XECB")
        if code == "TARGET2"
        else holidays.country_holidays(code, subdiv="ENG" if code == "GB" else None)
    )
    days = [date(2014, 12, 1) + timedelta(days=n) for n in range(366 * 22)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # India's later years are a guess
        _ = [day in closed for day in days]  # the library fills its years on demand
    worked: set[date] = getattr(closed, "weekend_workdays", set())
    return [day for day in days if (day.weekday() < 5 and day not in closed) or day in worked]


def counted(code: str, after: date, until: date) -> int:
    """Business days later than the one and not later than the other."""
    every = business_days(code)
    return bisect_left(every, until + timedelta(days=1)) - bisect_left(
        every, after + timedelta(days=1)
    )


def profile(code: str) -> Profile:
    rows = [Rule(f"b{n}", n, Unit.BUSINESS_DAY, "", "") for n in range(1, 62)]
    rows += [Rule(f"c{n}", n, Unit.CALENDAR_DAY, "", "") for n in range(1, 62)]
    return Profile("p", 1, code, ZONES[code], {row.id: row for row in rows}, {}, {})


@cache
def starts(code: str) -> list[tuple[datetime, int]]:
    """Moments, many of them beside midnight, in offsets all over the world; and a count."""
    random = Random(code)
    zone = ZoneInfo(ZONES[code])
    span = int((LAST - FIRST).total_seconds())
    found = []
    for _ in range(STARTS):
        moment = FIRST + timedelta(seconds=random.randrange(span))
        if random.random() < 0.3:
            local = random.choice([time(), time(23, 59, 59), time(0, 0, 1)])
            moment = datetime.combine(moment.date(), local, zone)
        elsewhere = timedelta(hours=random.randrange(-12, 15))
        found.append((moment.astimezone(timezone(elsewhere)), random.randint(1, 60)))
    return found


@pytest.mark.parametrize("code", CODES)
def test_what_is_true_of_every_due_date(code: str) -> None:
    law, zone = profile(code), ZoneInfo(ZONES[code])
    every = set(business_days(code))
    for start, count in starts(code):
        due = law.due(f"b{count}", start)
        where = (start.isoformat(), count, due.isoformat())
        began = start.astimezone(zone).date()
        last = (due - timedelta(microseconds=1)).astimezone(zone).date()
        assert due.astimezone(zone).time() == time(), where
        assert due > start, where
        assert last in every, where
        assert counted(code, began, last) == count, where
        # one more is the next business day
        following = law.due(f"b{count + 1}", start)
        assert due < following, where
        next_ = (following - timedelta(microseconds=1)).astimezone(zone).date()
        assert counted(code, last, next_) == 1, where


@pytest.mark.parametrize("code", CODES)
def test_a_later_start_is_never_due_earlier(code: str) -> None:
    law, random = profile(code), Random(code)
    zone = ZoneInfo(ZONES[code])
    for start, count in starts(code):
        later = start + timedelta(seconds=random.randrange(10 * 86_400))
        assert law.due(f"b{count}", start) <= law.due(f"b{count}", later), start.isoformat()
        # only the start's own day counts, not the hour
        own = start.astimezone(zone)
        other = own.replace(hour=0 if own.hour > 11 else 23, minute=59)
        assert law.due(f"b{count}", other) == law.due(f"b{count}", start), start.isoformat()


@pytest.mark.parametrize("code", CODES)
def test_calendar_days_end_at_local_midnight(code: str) -> None:
    law, zone = profile(code), ZoneInfo(ZONES[code])
    for start, count in starts(code):
        due = law.due(f"c{count}", start).astimezone(zone)
        day = start.astimezone(zone).date() + timedelta(days=count + 1)
        assert (due.date(), due.time()) == (day, time()), start.isoformat()
