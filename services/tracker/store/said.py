"""What people wrote about a dispute, opened for whoever decides; everywhere else it is sealed."""

import re
from collections.abc import Mapping
from typing import Any, Final

from shared.seal import CannotOpen, KeyRing

_LONG_NUMBER: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")  # ISO/IEC 7812: up to 19
_SHOWN_DIGITS: Final = 4


def said(row: Mapping[str, Any], keys: KeyRing) -> dict[str, str]:
    """Text by who said it: `customer`, in their `appeal`, `merchant`, `arbitrator`.

    Who said nothing is left out.

    Of numbers as long as a card's only the last four digits stay. What was sealed with a key that
    is not on the ring reads `(cannot be opened)`.
    """
    dispute_id, facts = row["id"], row["facts"]
    sealed = {
        "customer": (row["statement"], f"statement:{dispute_id}"),
        "appeal": (facts.get("appeal_note"), f"statement:{dispute_id}"),
        "merchant": (facts.get("merchant_note"), f"note:{dispute_id}"),
        "arbitrator": (facts.get("decision_note"), f"note:{dispute_id}"),
    }
    return {who: opened(keys, *one) for who, one in sealed.items() if one[0]}


def opened(keys: KeyRing, sealed: str, context: str) -> str:
    """One sealed text, long numbers cut."""
    try:
        return _LONG_NUMBER.sub(_tail, keys.open(sealed, context))
    except CannotOpen:
        return "(cannot be opened)"


def _tail(number: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", number[0])
    return f"•••• {digits[-_SHOWN_DIGITS:]}"
