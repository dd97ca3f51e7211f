"""A promised date as events tell it: by the file that says so, in the calendar it counts in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared import rules
from shared.rules import promised

HEIR = """
version = 7
inherits = "default"
calendar = "CN"

[rules.refund_due]
value = 2
unit = "business_day"
source = "agreement with the bank"
standing = "read"
basis = "contract"
calendar = "US"
"""
START = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # Wednesday, 13:00 in New York


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "heir.toml").write_text(HEIR, encoding="utf-8")
    rules.look_in(tmp_path)
    yield
    rules.look_in(None)


def test_a_row_of_its_own_is_told_with_its_own_file_and_calendar() -> None:
    heir = rules.load("heir")
    due = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)  # Thursday is Thanksgiving; Monday ends then
    told = promised(heir, "refund_due", START, due)
    assert (told.profile, told.version, told.calendar) == ("heir", 7, "US")
    assert (told.value, told.unit, told.basis) == (2, "business_day", "contract")
    assert told.text["en"].startswith("2 business days from 25 November 2026 end on 30 November")
    assert told.text["zh-CN"].startswith("自2026年11月25日起2个工作日，到2026年11月30日为止")
    assert told.unpublished == []


def test_an_inherited_row_is_told_with_the_file_that_it_stands_in() -> None:
    heir = rules.load("heir")
    told = promised(heir, "promise_missing_funds", START, heir.due("promise_missing_funds", START))
    newest = rules.load("default").version
    assert (told.profile, told.version, told.calendar) == ("default", newest, "CN")
    assert newest != 7


def test_a_year_that_nobody_has_published_is_named() -> None:
    start = datetime(2026, 12, 29, 2, 0, tzinfo=UTC)  # Tuesday; three business days end in 2027
    heir = rules.load("heir")
    due = heir.due("promise_missing_funds", start)
    assert promised(heir, "promise_missing_funds", start, due).unpublished == [2027]


def test_a_banks_own_date_is_told_in_the_zone_of_the_rules() -> None:
    expected = datetime(2026, 11, 25, 18, 30, tzinfo=UTC)  # the 26th in Shanghai
    told = promised(
        rules.load("heir"), rules.BY_BANK, expected, datetime(2026, 11, 25, 19, 30, tzinfo=UTC)
    )
    assert told.text["zh-CN"] == (
        "对方给出的日期是2026年11月26日02:30；到期我们会再查，最晚2026年11月26日03:30告诉您"
    )
    assert told.text["en"] == (
        "the other side gave 26 November 2026 02:30; "
        "we ask again then and tell you by 26 November 2026 03:30"
    )
    assert (told.rule, told.value, told.unit) == ("expected_by_bank", 3600, "second")
