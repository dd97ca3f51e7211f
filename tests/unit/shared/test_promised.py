"""A promised date as events and views tell it, field by field."""

from dataclasses import replace
from datetime import UTC, datetime

from shared.rules import BY_BANK, Profile, Rule, Unit, calendars
from shared.rules.promised import promised


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# a wallet's profile of the American calendar; one row stands in a file that it inherits
LAW = Rule(
    "complaint_due",
    3,
    Unit.BUSINESS_DAY,
    "Art 1",
    "unconfirmed",
    basis="law",
    profile="law",
    version=3,
    calendar="CN",
)
OURS = Profile("ours", 9, "US", "America/New_York", {"complaint_due": LAW}, {}, {})
START = moment("2026-12-30T12:00+08:00")
DUE = moment("2027-01-06T00:00+08:00")  # Thu 31 December, Mon 4, Tue 5 January


def test_a_promise_names_the_file_version_calendar_and_standing_of_its_rule() -> None:
    told = promised(OURS, "complaint_due", START, DUE).model_dump()
    text = told.pop("text")
    assert told == {
        "due_at": DUE,
        "from_at": START,
        "rule": "complaint_due",
        "profile": "law",
        "version": 3,
        "value": 3,
        "unit": "business_day",
        "calendar": "CN",
        "calendar_version": calendars.version(),
        "source": "Art 1",
        "standing": "unconfirmed",
        "basis": "law",
        "unpublished": [2027],
    }
    assert text == {
        "zh-CN": "自2026年12月30日起3个工作日，到2027年1月5日为止；1月1日为元旦"
        "（law Art 1，第3版）。中国2027年的日历尚未公布，公布后日期可能调整",
        "en": "3 business days from 30 December 2026 end on 5 January 2027; 1 January is New "
        "Year's Day (law Art 1, version 3). The 2027 calendar of China is not published yet; "
        "the date may move when it is",
    }


def test_a_rule_without_calendar_and_file_is_of_the_profile() -> None:
    bare = replace(LAW, calendar=None, profile="")
    told = promised(replace(OURS, rules={bare.id: bare}), bare.id, START, DUE)
    assert (told.profile, told.version, told.calendar) == ("ours", 3, "US")


def test_a_date_that_was_promised_before_stays_with_todays_beside_it() -> None:
    before = moment("2027-01-05T00:00+08:00")
    told = promised(OURS, "complaint_due", START, before)
    assert (told.due_at, told.unpublished) == (before, [2027])
    assert told.text["zh-CN"].startswith(
        "2027年1月4日为已承诺的日期；按现行规则和日历：自2026年12月30日起3个工作日，到2027年1月5日为止；"
    )
    assert told.text["en"].startswith(
        "4 January 2027 was promised before; by today's rules and calendar 3 business days from "
        "30 December 2026 end on 5 January 2027; "
    )


def test_a_date_of_the_banks_own_is_told_with_the_time_its_news_takes() -> None:
    """Half past midnight in Shanghai is the day before in UTC."""
    china = Profile("ours", 9, "CN", "Asia/Shanghai", {}, {}, {})
    expected = datetime(2026, 10, 12, 16, 30, tzinfo=UTC)
    due = datetime(2026, 10, 13, 4, 0, tzinfo=UTC)
    told = promised(china, BY_BANK, expected, due).model_dump()
    assert told == {
        "due_at": due,
        "from_at": expected,
        "rule": "expected_by_bank",
        "profile": "ours",
        "version": 9,
        "value": 41_400,  # eleven and a half hours
        "unit": "second",
        "calendar": "CN",
        "calendar_version": calendars.version(),
        "source": "the other side's own date",
        "standing": "read",
        "basis": "own",
        "unpublished": [],
        "text": {
            "zh-CN": "对方给出的日期是2026年10月13日00:30；到期我们会再查，"
            "最晚2026年10月13日12:00告诉您",
            "en": "the other side gave 13 October 2026 00:30; we ask again then and tell you by "
            "13 October 2026 12:00",
        },
    }
