"""What an operator's own `calendars.toml` amends, and what comes with Redress."""

from collections.abc import Iterator
from datetime import date, datetime
from importlib import metadata
from pathlib import Path

import holidays
import pytest
from holidays.countries import china

from shared import rules
from shared.rules import BadProfile, calendars


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "rules").mkdir()
    yield tmp_path
    rules.look_in(None)


def amended(folder: Path, text: str, code: str = "CN") -> calendars.Calendar:
    (folder / "calendars.toml").write_text(text, encoding="utf-8")
    rules.look_in(folder)
    return calendars.calendar(code)


# as the State Council might arrange 2027: Spring Festival 5 to 11 February, Sun 31 January worked
WHOLE = """
version = 7
[CN.days.2027]
source = "State Council notice of 2027"
whole = true
worked = [2027-01-31]
[CN.days.2027.closed]
2027-01-01 = ["元旦", "New Year's Day"]
2027-02-05 = ["春节", "Spring Festival"]
2027-02-08 = ["春节", "Spring Festival"]
2027-02-09 = ["春节", "Spring Festival"]
2027-02-10 = ["春节", "Spring Festival"]
2027-02-11 = ["春节", "Spring Festival"]
"""


def test_a_year_that_is_published_as_a_whole_is_no_guess_any_more(folder: Path) -> None:
    china_ = amended(folder, WHOLE)
    assert (china_.is_published(2027), china_.is_published(2028)) == (True, False)
    assert china_.last_published == 2027
    assert china_.closed_for(date(2027, 2, 11)) == ("春节", "Spring Festival")
    assert china_.is_made_up(date(2027, 1, 31))
    # the library guesses that these are off; what is published as a whole does not say so
    assert china_.is_business_day(date(2027, 10, 4))
    assert china_.closed_for(date(2027, 10, 4)) is None
    # the year before stays
    assert not china_.is_business_day(date(2026, 10, 7))
    start = datetime.fromisoformat("2027-01-29T10:00+08:00")  # Fri → Sun 31, 1 2 3 4 | Fri 12
    told = rules.of_business_days("CN", 6, start)
    assert told.due_at == datetime.fromisoformat("2027-02-13T00:00+08:00")
    assert told.unpublished == ()
    assert told.text[1].startswith(
        "6 business days from 29 January 2027 end on 12 February 2027; "
        "5 to 11 February are off for Spring Festival; Sunday 31 January is a working day (CN "
    )


def test_single_days_are_added_to_what_the_library_knows(folder: Path) -> None:
    text = """
version = 2
[CN.days.2026]
source = "decree"
closed = { 2026-09-03 = ["胜利日", "Victory Day"] }
worked = [2026-10-07]
"""
    china_ = amended(folder, text)
    assert china_.closed_for(date(2026, 9, 3)) == ("胜利日", "Victory Day")
    assert not china_.is_business_day(date(2026, 9, 3))
    assert china_.is_business_day(date(2026, 10, 7))
    assert china_.closed_for(date(2026, 10, 7)) is None
    assert not china_.is_business_day(date(2026, 10, 6))
    assert china_.is_published(2026)


def test_days_of_an_unpublished_year_do_not_publish_it(folder: Path) -> None:
    text = '[CN.days.2027]\nsource = "x"\nworked = [2027-02-20]\n'
    china_ = amended(folder, text)
    assert (china_.is_published(2027), china_.last_published) == (False, 2026)
    assert china_.is_made_up(date(2027, 2, 20))


def test_saturdays_of_banks_in_india(folder: Path) -> None:
    india_ = amended(folder, '[IN.days.2026]\nsource = "RBI"\nworked = [2026-08-01]', "IN")
    assert india_.is_business_day(date(2026, 8, 1))
    start = datetime.fromisoformat("2026-07-31T10:00+05:30")
    told = rules.of_business_days("IN", 1, start)
    assert told.due_at == datetime.fromisoformat("2026-08-02T00:00+05:30")
    assert "；8月1日（周六）照常营业（" in told.text[0]
    assert "; Saturday 1 August is a working day (" in told.text[1]


def test_the_version_of_the_days_tells_both_files(folder: Path) -> None:
    plain = calendars.version()
    amended(folder, WHOLE)
    assert calendars.version() == f"{plain}+7"
    rules.look_in(None)
    assert calendars.version() == plain
    assert plain.startswith(f"holidays-{metadata.version('holidays')}+")


def test_what_was_read_is_forgotten_with_its_folder(folder: Path) -> None:
    day = date(2027, 1, 31)
    assert not calendars.calendar("CN").is_business_day(day)
    assert amended(folder, WHOLE).is_business_day(day)
    assert not amended(folder, WHOLE.replace("2027-01-31", "2027-01-30")).is_business_day(day)
    rules.look_in(None)
    assert not calendars.calendar("CN").is_published(2027)


def test_an_operators_own_words_for_a_holiday_count_while_its_folder_does(folder: Path) -> None:
    day = date(2026, 11, 26)  # the fourth Thursday
    assert calendars.calendar("US").closed_for(day) == ("感恩节", "Thanksgiving Day")
    ours = amended(folder, '[names]\n"Thanksgiving Day" = "火鸡节"', "US")
    assert ours.closed_for(day) == ("火鸡节", "Thanksgiving Day")
    assert ours.closed_for(date(2026, 12, 25)) == ("圣诞节", "Christmas Day")
    rules.look_in(None)
    assert calendars.calendar("US").closed_for(day) == ("感恩节", "Thanksgiving Day")


YEAR = '[CN.days.2027]\nsource = "s"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[CN.days.2027]\nworked = []", r"CN\.days\.2027: 'source'; give source"),
        ('[CN.days.2027]\nsource = " "', r"CN\.days\.2027: ' ' is no text; give source"),
        (YEAR + "worked = [2028-02-07]", r"2028-02-07 is not of this year; give source, worked"),
        (YEAR + "worked = [2027-02-07T00:00:00]", "2027-02-07 00:00:00 is a moment, no day"),
        (YEAR + 'worked = ["soon"]', "'soon'; give source"),
        (YEAR + "worked = 3", "not iterable; give source"),
        (YEAR + "worked = [2027-02-30]", "write it as TOML"),
        (YEAR + "closed = { 2027-01-01 = 'ab' }", "2027-01-01 lacks its Chinese and English name"),
        (YEAR + "closed = { 2027-01-01 = ['元旦'] }", "2027-01-01 lacks its Chinese and English"),
        (YEAR + "closed = { 2027-01-01 = ['元旦', ''] }", "'' is no text"),
        (YEAR + "closed = { 2028-01-01 = ['a', 'b'] }", "2028-01-01 is not of this year"),
        (YEAR + "closed = [2027-01-01]", "give source"),
        (
            YEAR + "worked = [2027-01-01]\nclosed = { 2027-01-01 = ['元旦', 'New Year'] }",
            "2027-01-01 is both closed and worked",
        ),
        (YEAR + 'whole = "no"', "whole = 'no' is neither true nor false"),
        (YEAR + "work = [2027-02-07]", "'work' is unknown; give source"),
        ('[CN.days.next]\nsource = "s"', r"CN\.days\.next: .*'next'; give source"),
        ("[CN]\ndays = 3", r"CN\.days: not a table; write \[CN\.days\.2027\]"),
        ("[CX.days.2027]", "CX: no such calendar; use one of: CN, GB, IN, TARGET2, US"),
        ("version = ", "write it as TOML in UTF-8"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_key_and_remedy(
    folder: Path, text: str, said: str
) -> None:
    with pytest.raises(BadProfile, match=rf"^calendars\.toml(, |: ).*{said}"):
        amended(folder, text)


def test_a_profile_over_a_wrong_calendar_says_so(folder: Path) -> None:
    (folder / "calendars.toml").write_text("[CN.days.2027]", encoding="utf-8")
    rules.look_in(folder)
    with pytest.raises(BadProfile, match=r"calendars\.toml, CN\.days\.2027: 'source'"):
        rules.load("default")


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match=r"REDRESS_PROFILES: .*nowhere is no folder"):
        rules.look_in(tmp_path / "nowhere")


# Whoever raises `holidays` and sees one of these fail: a new notice has come with it. Read the
# notice, add it to dates_by_hand.py, and raise `published_until` and `version` in calendars.toml.
def test_chinas_published_years_are_those_whose_notice_the_library_has() -> None:
    known = china.ChinaStaticHolidays.special_public_holidays
    assert calendars.calendar("CN").published[-1] == max(known)


def test_indias_published_years_are_those_whose_moons_are_no_estimate() -> None:
    names = {
        year: holidays.country_holidays("IN", years=year).values() for year in range(2001, 2036)
    }
    seen = [year for year, days in names.items() if not any("estimated" in day for day in days)]
    assert calendars.calendar("IN").published == range(seen[0], seen[-1] + 1)


def test_a_notice_may_have_the_december_before_worked() -> None:
    # 2012 (国办发明电〔2011〕45号): 1 to 3 January off, Saturday 31 December 2011 worked
    calendars.forget()
    assert calendars.calendar("CN").is_made_up(date(2011, 12, 31))
    assert not calendars.calendar("CN").is_business_day(date(2012, 1, 3))


def test_years_beyond_the_library_are_told_and_raise_no_warning() -> None:
    # warnings are errors here; India's library warns after 2035
    start = datetime.fromisoformat("2035-12-28T10:00+05:30")
    assert rules.of_business_days("IN", 10, start).unpublished == (2035, 2036)
    last = datetime.fromisoformat("9999-11-01T10:00+00:00")
    assert rules.of_business_days("US", 1, last).due_at.year == 9999
