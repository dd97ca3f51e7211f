"""Minor units as every interface writes them: as strings; numbers above 2^53 are misread."""

from decimal import Decimal
from typing import Any, Final

_PAID_WITH: Final = "tender"  # pairs of what was paid with, and how much of it


def spelled(answer: dict[str, Any]) -> dict[str, Any]:
    """The same, with every amount in it as a string of digits.

    Amounts are what names ending in `_minor` hold, and the second of each pair of `tender`.
    """
    return {name: _spelled(value, name) for name, value in answer.items()}


def _spelled(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return spelled(value)
    if isinstance(value, list) and name == _PAID_WITH:
        return [[kind, str(amount)] for kind, amount in value]
    if isinstance(value, list):
        return [_spelled(each, "") for each in value]
    if isinstance(value, int | Decimal) and name.endswith("_minor"):
        return str(int(value))
    return value
