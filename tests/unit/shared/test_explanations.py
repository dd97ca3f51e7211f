"""Sentences written by hand, in both languages, and what no sentence may hold."""

import re
import tomllib
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared import rules
from shared.rules import Profile, Rule, Unit, calendars

B, C, H, S = Unit.BUSINESS_DAY, Unit.CALENDAR_DAY, Unit.HOUR, Unit.SECOND


def profile(calendar: str, value: int, unit: str, standing: str = "read") -> Profile:
    rule = Rule("r", value, Unit(unit), "Art 1", standing, profile="law", version=3)
    zone = calendars.calendar(calendar).zone
    return Profile("child", 9, calendar, zone, {"r": rule}, {}, {})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


WRITTEN = Path(__file__).with_name("sentences.toml")
SENTENCES = tomllib.loads(WRITTEN.read_text(encoding="utf-8"))["sentence"]


@pytest.mark.parametrize("row", SENTENCES, ids=lambda row: row["en"][:60])
def test_a_sentence_as_a_person_would_write_it(row: dict[str, Any]) -> None:
    code, value, unit, start = row["calendar"], row["value"], row["unit"], moment(row["start"])
    told = rules.explain(profile(code, value, unit), "r", start)
    assert told.text == (f"{row['zh']}（law Art 1，第3版）", f"{row['en']} (law Art 1, version 3)")
    assert told.unpublished == ()
    if unit == B:
        version = f"{code} {calendars.version()}"
        bare = rules.of_business_days(code, value, start)
        assert bare.text == (f"{row['zh']}（{version}）", f"{row['en']} ({version})")
        assert bare.due_at == told.due_at


def test_the_sentence_of_a_rule_that_comes_with_redress() -> None:
    law = rules.load("us-reg-e")
    for rule in ("investigation", "promise_unauthorized"):
        told = rules.explain(law, rule, moment("2026-09-28T10:00-04:00"))
        assert told.text[1] == (
            "10 business days from 28 September 2026 end on 13 October 2026; 12 October is "
            f"Columbus Day (us-reg-e 12 CFR 1005.11(c)(1), version {law.version})"
        )
        assert told.due_at == moment("2026-10-14T00:00-04:00")


def test_a_rule_of_our_own_is_cited_by_its_name() -> None:
    ours = profile("CN", 1, H, standing="default")
    told = rules.explain(ours, "r", moment("2026-09-28T10:00+08:00"))
    assert told.text[0].endswith("（law r，第3版）")
    assert told.text[1].endswith(" (law r, version 3)")


# 31 December | Mon 4, Tue 5 in China; 31, Fri 1, Mon 4 in India
CHINAS = (
    (
        "自2026年12月30日起3个工作日，到2027年1月5日为止；1月1日为元旦（law Art 1，第3版）。"
        "中国2027年的日历尚未公布，公布后日期可能调整"
    ),
    (
        "3 business days from 30 December 2026 end on 5 January 2027; 1 January is New Year's Day "
        "(law Art 1, version 3). The 2027 calendar of China is not published yet; the date may "
        "move when it is"
    ),
)
INDIAS = (
    (
        "自2026年12月30日起3个工作日，到2027年1月4日为止（law Art 1，第3版）。"
        "印度2027年的日历尚未公布，公布后日期可能调整"
    ),
    (
        "3 business days from 30 December 2026 end on 4 January 2027 (law Art 1, version 3). "
        "The 2027 calendar of India is not published yet; the date may move when it is"
    ),
)


@pytest.mark.parametrize(("code", "said"), [("CN", CHINAS), ("IN", INDIAS)])
def test_a_year_that_nobody_has_published_is_told(code: str, said: tuple[str, str]) -> None:
    told = rules.explain(profile(code, 3, B), "r", moment("2026-12-30T12:00+08:00"))
    assert (told.text, told.unpublished) == (said, (2027,))


def test_of_several_unpublished_years_each_is_told() -> None:
    told = rules.of_business_days("CN", 300, moment("2026-12-30T10:00+08:00"))
    assert told.unpublished == (2027, 2028)
    assert told.text[0].endswith("。中国2027、2028年的日历尚未公布，公布后日期可能调整")
    assert told.text[1].endswith(
        ". The 2027 and 2028 calendars of China are not published yet; the date may move when they "
        "are"
    )


@pytest.mark.parametrize("calendar", ["US", "TARGET2"])
def test_what_a_statute_fixes_is_no_guess(calendar: str) -> None:
    told = rules.of_business_days(calendar, 300, moment("2026-12-30T10:00+00:00"))
    assert told.unpublished == ()
    assert "not published" not in told.text[1]


@pytest.mark.parametrize("unit", [C, H, S])
def test_other_units_depend_on_no_calendar(unit: Unit) -> None:
    told = rules.explain(profile("CN", 1000, unit), "r", moment("2026-12-31T23:59+08:00"))
    assert told.unpublished == ()


def test_the_last_published_day_is_no_guess() -> None:
    # Wed 30 → Thu 31 December 2026
    assert rules.of_business_days("CN", 1, moment("2026-12-30T10:00+08:00")).unpublished == ()


OTHERWISE = (
    (
        "2026年10月13日为已承诺的日期；按现行规则和日历：自2026年9月30日起3个工作日，到2026年10月10日为止；"
        "10月1日至7日为国庆节假期；10月10日（周六）调休上班（law Art 1，第3版）"
    ),
    (
        "13 October 2026 was promised before; by today's rules and calendar 3 business days from "
        "30 September 2026 end on 10 October 2026; 1 to 7 October are off for National Day; "
        "Saturday 10 October is a working day (law Art 1, version 3)"
    ),
)


def test_a_date_that_was_promised_otherwise_says_both() -> None:
    three = profile("CN", 3, B)
    start, other = moment("2026-09-30T10:00+08:00"), moment("2026-10-14T00:00+08:00")
    told = rules.explain(three, "r", start, other)
    assert told.due_at == other
    assert told.text == OTHERWISE
    same = moment("2026-10-11T00:00+08:00")
    assert rules.explain(three, "r", start, same) == rules.explain(three, "r", start)


def test_an_hour_that_was_promised_otherwise() -> None:
    hour = profile("CN", 1, H)
    start, other = moment("2026-09-30T10:00+08:00"), moment("2026-09-30T12:30+08:00")
    told = rules.explain(hour, "r", start, other).text
    assert told[0].startswith(
        "2026年9月30日12:30为已承诺的日期；按现行规则和日历：自2026年9月30日10:00起"
    )
    assert told[1].startswith(
        "12:30 on 30 September 2026 was promised before; by today's rules and calendar 1 hour "
        "from 10:00 on 30 September 2026 ends at 11:00 on 30 September 2026"
    )


def test_a_date_that_was_promised_otherwise_still_says_that_todays_calendar_is_a_guess() -> None:
    start, other = moment("2026-12-30T12:00+08:00"), moment("2027-01-09T00:00+08:00")
    told = rules.explain(profile("CN", 3, B), "r", start, other)
    assert (told.due_at, told.unpublished) == (other, (2027,))
    before = "8 January 2027 was promised before; by today's rules and calendar"
    assert told.text[0] == f"2027年1月8日为已承诺的日期；按现行规则和日历：{CHINAS[0]}"
    assert told.text[1] == f"{before} {CHINAS[1]}"


def test_a_rule_with_a_calendar_of_its_own_is_told_by_its_days_and_its_zone() -> None:
    """20:00 on 30 September in New York is 1 October in China; banks there work on 8, 9, 10."""
    american = profile("US", 3, B)
    row = replace(american.rules["r"], calendar="CN")
    told = rules.explain(replace(american, rules={"r": row}), "r", moment("2026-09-30T20:00-04:00"))
    assert told.due_at == moment("2026-10-11T00:00+08:00")
    assert told.text[0] == (
        "自2026年10月1日起3个工作日，到2026年10月10日为止；10月2日至7日为国庆节假期；"
        "10月10日（周六）调休上班（law Art 1，第3版）"
    )
    assert told.text[1] == (
        "3 business days from 1 October 2026 end on 10 October 2026; 2 to 7 October are off for "
        "National Day; Saturday 10 October is a working day (law Art 1, version 3)"
    )


@pytest.mark.parametrize("code", ["CN", "GB", "IN", "TARGET2", "US"])
def test_every_holiday_has_a_name_in_both_languages(code: str) -> None:
    calendar, day = calendars.calendar(code), date(2019, 12, 31)
    while (day := day + timedelta(days=1)) < date(2033, 1, 1):
        words = calendar.closed_for(day)
        if not words:
            assert calendar.is_business_day(day) or day.weekday() >= 5, day
            continue
        assert not re.search("[A-Za-z]", words[0]), words
        assert len(words[0].split("; ")) == len(words[1].split("; ")), words
        assert not re.search("[一-鿿（）、；，]", words[1]), words
        assert all(words), day


@pytest.mark.parametrize("code", ["CN", "GB", "IN", "TARGET2", "US"])
def test_no_sentence_mixes_languages(code: str) -> None:
    cited = f"{code} {calendars.version()}"
    for year in range(2020, 2033):
        for month in range(1, 13):
            start = datetime(year, month, 10, 12, tzinfo=calendars.zone_of("UTC"))
            chinese, english = rules.of_business_days(code, 25, start).text
            assert cited in chinese
            assert cited in english
            zh = chinese.replace(cited, "").replace("TARGET2", "")
            assert not re.search("[A-Za-z;,]", zh), chinese
            assert not re.search("[一-鿿（）、；，。]", english), english
            assert "substituted" not in english
            assert "由" not in chinese
