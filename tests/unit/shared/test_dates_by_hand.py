"""Calendars against the published notices, day by day, and due dates counted on paper."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from shared import rules
from shared.rules import Profile, Rule, Unit, calendars
from tests.unit.shared.dates_by_hand import CHINA, NOTICES, ROWS, B, Notice, Row


def _id(value: Notice | Row) -> str:
    return value.calendar if isinstance(value, Notice) else " ".join(map(str, value[:3]))


def days_of(year: int, written: tuple[str, ...]) -> Iterator[date]:
    """`01-02`, `01-02 01-05` and `01-02..01-05`."""
    for word in " ".join(written).split():
        first, _, last = word.partition("..")
        day, end = (date.fromisoformat(f"{year}-{each}") for each in (first, last or first))
        while day <= end:
            yield day
            day += timedelta(days=1)


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: f"{notice.calendar}{notice.year}")
def test_a_calendars_year_is_what_was_published(notice: Notice) -> None:
    calendar = calendars.calendar(notice.calendar)
    closed = set(days_of(notice.year, notice.closed))
    worked = set(days_of(notice.year, notice.worked))
    assert all(day.weekday() < 5 for day in closed)
    assert all(day.weekday() >= 5 for day in worked)
    year = [date(notice.year, 1, 1) + timedelta(days=n) for n in range(366)]
    year = [day for day in year if day.year == notice.year]
    assert {d for d in year if d.weekday() < 5 and not calendar.is_business_day(d)} == closed
    assert {d for d in year if calendar.is_made_up(d)} == worked
    assert calendar.is_published(notice.year)
    assert all(calendar.closed_for(day) for day in closed)


def test_there_are_enough_of_each_kind() -> None:
    units = [row[2] for _, row in ROWS]
    assert len(ROWS) >= 75
    assert {unit: units.count(unit) > 1 for unit in Unit} == dict.fromkeys(Unit, True)
    assert sum(len(notice.rows) for notice in CHINA) >= 20
    assert len({(*row[:3], notice.calendar) for notice, row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("notice", "row"), ROWS, ids=_id)
def test_a_date_counted_on_paper(notice: Notice, row: Row) -> None:
    start, value, unit, due, _ = row
    zone = calendars.calendar(notice.calendar).zone
    paper = Rule("paper", value, Unit(unit), notice.source, "read")
    profile = Profile("paper", 1, notice.calendar, zone, {"paper": paper}, {}, {})
    began, expected = datetime.fromisoformat(start), datetime.fromisoformat(due)
    found = profile.due("paper", began)
    assert (found, found.tzinfo) == (expected, UTC)
    assert found.astimezone(calendars.zone_of(zone)).utcoffset() == expected.utcoffset()
    assert rules.explain(profile, "paper", began).due_at == expected
    if unit == B:
        assert rules.of_business_days(notice.calendar, value, began).due_at == expected
