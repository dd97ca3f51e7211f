"""Amounts, dates and references as the reader is used to them.

Babel is slow enough to matter (20 to 200 microseconds a call), so what was formatted is kept.
"""

import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency

from services.notifier.domain.segments import is_gsm7
from shared.money import exponent, is_on_chain

LOCALES: Final = {
    "zh-CN": Locale("zh", "CN", script="Hans"),
    "en": Locale("en"),
}
_DAY: Final = {"zh-CN": "M月d日", "en": "d MMMM"}
_CACHED: Final = 20_000
# Babel's no-break space is outside the SMS alphabet and would turn a text into UCS-2.
_NO_BREAK_SPACE: Final = "\N{NO-BREAK SPACE}"
# CLDR parts a code that stands for a symbol from the digits (SGD 42.00); Babel does not.
_BEFORE_DIGITS: Final = re.compile(r"(?<=[A-Z])(?=\d)")


@lru_cache(maxsize=_CACHED)
def amount(amount_minor: int, currency: str, locale: str) -> str:
    """Return money with its symbol: `¥128.00` in Chinese, `CN¥128.00` in English.

    Where a Latin text's symbol is outside the SMS alphabet (₹), the ISO code stands instead.
    """
    value = Decimal(amount_minor).scaleb(-exponent(currency))
    if is_on_chain(currency):
        return f"{currency} {_every_digit(value)}"
    text = format_currency(value, currency, locale=LOCALES[locale])
    text = _BEFORE_DIGITS.sub(" ", text.replace(_NO_BREAK_SPACE, " "))
    if locale == "zh-CN" or is_gsm7(text):
        return text
    plain = format_currency(value, currency, "¤¤ #,##0.00", locale=LOCALES[locale])
    return plain.replace(_NO_BREAK_SPACE, " ")


def _every_digit(value: Decimal) -> str:
    """All that are not zero: who sent 0.000004 reads neither 0.00 nor 4E-6."""
    digits = f"{value:,f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


@lru_cache(maxsize=_CACHED)
def due(moment: datetime, locale: str, zone: str) -> str:
    """Return an exclusive end as the last day or time that still counts.

    Midnight where the reader is ends the day before: 14 October 00:00 is shown as `13 October`.
    Any other moment keeps its time, because the reader's day is not the rule's; begun minutes
    count whole, or a promise of seconds would name a time that has passed.
    """
    local = _whole_minute(moment).astimezone(ZoneInfo(zone))
    if local.time() == time(0):
        return _day(local - timedelta(days=1), locale)
    return _timed(local, locale)


@lru_cache(maxsize=_CACHED)
def day(moment: datetime, locale: str, zone: str) -> str:
    """Return the day on which something happened, where the reader is."""
    return _day(moment.astimezone(ZoneInfo(zone)), locale)


def moment(text: str) -> datetime:
    """Read an ISO 8601 time; one without an offset is UTC."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _day(local: datetime, locale: str) -> str:
    return format_date(local, _DAY[locale], locale=LOCALES[locale])


def _whole_minute(moment: datetime) -> datetime:
    begun = moment.replace(second=0, microsecond=0)
    return begun if begun == moment else begun + timedelta(minutes=1)


def _timed(local: datetime, locale: str) -> str:
    separator = "" if locale == "zh-CN" else ", "
    return f"{_day(local, locale)}{separator}{local:%H:%M}"
