"""Which days are business days, from the `holidays` library (China with its make-up days)."""

from datetime import date
from functools import cache
from importlib import metadata
from typing import Any, Final

import holidays

VERSION: Final = f"holidays-{metadata.version('holidays')}"
_COUNTRIES: Final = ("CN", "US", "IN")


@cache
def _calendar(code: str) -> Any:
    if code == "TARGET2":
        return holidays.financial_holidays("XECB")
    if code in _COUNTRIES:
        return holidays.country_holidays(code)
    raise ValueError(f"no calendar {code!r}; use TARGET2, {', '.join(_COUNTRIES)}")


@cache
def is_business_day(code: str, day: date) -> bool:
    """Whether banks work on that day in that calendar."""
    return bool(_calendar(code).is_working_day(day))
