"""What is said of an estimate, in both languages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.intake.domain.waits import of_estimate
from services.intake.domain.words import Language
from shared.contracts.events import Estimate

AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
H, M, S, D = (timedelta(**{unit: 1}) for unit in ("hours", "minutes", "seconds", "days"))


def said(low: timedelta, high: timedelta, after: timedelta = 0 * H, **more: Any) -> list[str]:
    """In Chinese, in English."""
    fields: dict[str, Any] = {"leg": "consent", "measured": 312, "since": AT - 7 * D} | more
    told = Estimate(from_at=AT, low_at=AT + low, high_at=AT + high, **fields)
    return [of_estimate(told, AT + after, language) for language in Language]


@pytest.mark.parametrize(
    ("low", "high", "chinese", "english"),
    [
        (2 * H, 5 * H, "2至5小时", "2 to 5 hours"),
        (1.5 * H, 5 * H, "1.5至5小时", "1.5 to 5 hours"),
        (45 * M, 3 * H, "45分钟至3小时", "45 minutes to 3 hours"),
        (5 * M, 1 * H, "5分钟至1小时", "5 minutes to 1 hour"),
        (30 * H, 3 * D, "30小时至3天", "30 hours to 3 days"),
        (1 * D, 3 * D, "1至3天", "1 to 3 days"),
        (5 * S, 20 * S, "5至20秒", "5 to 20 seconds"),
        (1 * S, 90 * S, "1至90秒", "1 to 90 seconds"),
    ],
)
def test_a_range_in_units_that_people_use(
    low: timedelta, high: timedelta, chinese: str, english: str
) -> None:
    assert said(low, high) == [
        f"一般需要{chinese}（根据最近7天内的312件测得）。",
        f"Usually {english}, measured on 312 cases of the last 7 days.",
    ]


def test_a_short_measurement_is_told_in_hours() -> None:
    assert said(2 * H, 5 * H, since=AT - 23.2 * H)[1].endswith("of the last 1 day.")
    assert said(2 * H, 5 * H, since=AT - 20 * M)[1].endswith("of the last 1 hour.")
    assert said(2 * H, 5 * H, since=AT - 47.5 * H)[1].endswith("of the last 2 days.")
    assert said(2 * H, 5 * H, since=AT - 3.2 * D)[1].endswith("of the last 4 days.")


def test_a_queue_says_about_how_many_were_ahead() -> None:
    chinese, english = said(3 * D, 9 * D, measured=1_204, ahead=1_249)
    assert english == (
        "Usually 3 to 9 days, measured on 1,204 cases of the last 7 days."
        " When the wait began, about 1,200 were ahead."
    )
    assert chinese == "一般需要3至9天（根据最近7天内的1,204件测得）。开始等待时，前面约有1,200件。"
    assert "ahead" not in said(3 * D, 9 * D, ahead=0)[1]


def test_what_lasts_longer_than_was_told_is_admitted() -> None:
    assert said(2 * H, 5 * H, after=5 * H)[1].startswith("Usually")
    assert said(2 * H, 5 * H, after=5 * H + S) == [
        "已超过我们预计的2至5小时，仍在处理中。",
        "This takes longer than the 2 to 5 hours that we expected.",
    ]
