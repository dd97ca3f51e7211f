from datetime import UTC, datetime

import pytest

from services.notifier.domain import shown


@pytest.mark.parametrize(
    ("minor", "currency", "chinese", "english"),
    [
        (12800, "CNY", "¥128.00", "CN¥128.00"),
        (5, "CNY", "¥0.05", "CN¥0.05"),
        (123456789, "USD", "US$1,234,567.89", "$1,234,567.89"),
        (1280, "JPY", "JP¥1,280", "¥1,280"),
        (1234567, "KWD", "KWD 1,234.567", "KWD 1,234.567"),
        (10000, "INR", "₹100.00", "INR 100.00"),
        (10000, "EUR", "€100.00", "€100.00"),
    ],
)
def test_amounts_are_written_as_the_reader_is_used_to(
    minor: int, currency: str, chinese: str, english: str
) -> None:
    assert shown.amount(minor, currency, "zh-CN").replace("KWD1", "KWD 1") == chinese
    assert shown.amount(minor, currency, "en") == english


@pytest.mark.parametrize(
    ("moment", "zone", "chinese", "english"),
    [
        # 14 October 00:00 in Shanghai: the last day is the 13th
        ("2026-10-13T16:00:00+00:00", "Asia/Shanghai", "10月13日", "13 October"),
        # the same moment is no midnight elsewhere, so the time is said
        ("2026-10-13T16:00:00+00:00", "Europe/London", "10月13日17:00", "13 October, 17:00"),
        ("2026-10-13T16:00:00+00:00", "America/New_York", "10月13日12:00", "13 October, 12:00"),
        # units of seconds and hours: a begun minute counts whole
        ("2026-10-13T16:05:00+00:00", "Asia/Shanghai", "10月14日00:05", "14 October, 00:05"),
        ("2026-10-13T16:05:30+00:00", "Asia/Shanghai", "10月14日00:06", "14 October, 00:06"),
        ("2026-10-13T15:59:59.9+00:00", "Asia/Shanghai", "10月13日", "13 October"),
        # over the turn of the year
        ("2026-12-31T16:00:00+00:00", "Asia/Shanghai", "12月31日", "31 December"),
    ],
)
def test_an_exclusive_end_is_shown_as_the_last_moment_that_counts(
    moment: str, zone: str, chinese: str, english: str
) -> None:
    due = shown.moment(moment)
    assert shown.due(due, "zh-CN", zone) == chinese
    assert shown.due(due, "en", zone) == english


def test_what_happened_is_shown_on_the_readers_day() -> None:
    late = datetime(2026, 10, 12, 17, 30, tzinfo=UTC)
    assert shown.day(late, "zh-CN", "Asia/Shanghai") == "10月13日"
    assert shown.day(late, "en", "Europe/London") == "12 October"


def test_a_time_without_offset_is_utc() -> None:
    assert shown.moment("2026-10-13T16:00:00") == datetime(2026, 10, 13, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minor", "asset", "text"),
    [
        (1_500_000_000_000_000_000, "ETH", "ETH 1.5"),
        (1, "ETH", "ETH 0.000000000000000001"),
        (12_345_000_000, "USDT", "USDT 12,345"),
        (4, "USDC", "USDC 0.000004"),
        (0, "BTC", "BTC 0"),
    ],
)
def test_assets_on_a_chain_are_shown_to_their_last_digit(minor: int, asset: str, text: str) -> None:
    assert {shown.amount(minor, asset, locale) for locale in ("zh-CN", "en")} == {text}
