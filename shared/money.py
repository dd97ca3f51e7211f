"""Money: integer minor units and a currency code, never a float."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final

from babel import Locale
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

MAX_DIGITS = 38  # numeric(38,0): wide enough for on-chain amounts

# ISO 4217's minor units where they are not 2. Not Babel's precision, which is how people write an
# amount today: 0 for the rial, the Lao kip or the Iraqi dinar, whose minor units are 2, 2 and 3.
# fmt: off
_EXPONENTS: Final = (
    dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX",
                   "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0)
    | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
    | dict.fromkeys(("CLF", "UYW"), 4)
)
# What moves on a chain, in its smallest unit: wei, satoshi, lamport, sun. Tokens as on Ethereum and
# TRON; the same name may have other digits on another chain.
_ON_CHAIN: Final = (
    dict.fromkeys(("USDT", "USDC", "TRX"), 6)
    | {"BTC": 8, "SOL": 9}
    | dict.fromkeys(("ETH", "BNB", "POL", "DAI"), 18)
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the currency's minor units (12800 CNY is 128.00 yuan)."""

    amount_minor: int
    currency: str


def is_on_chain(currency: str) -> bool:
    """Whether it is an asset on a chain, whose digits no locale knows."""
    return currency in _ON_CHAIN


def exponent(currency: str) -> int:
    """Digits after the decimal point: 2 for CNY, 0 for JPY, 3 for KWD, 18 for ETH."""
    return _ON_CHAIN.get(currency, _EXPONENTS.get(currency, 2))


@cache
def currencies() -> frozenset[str]:
    """Every ISO 4217 code this installation knows, and the codes of assets on a chain."""
    return frozenset(Locale("en").currencies) | _ON_CHAIN.keys()


def _digits(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**MAX_DIGITS:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS:
        return int(value)
    raise ValueError('write the amount as a string of digits in minor units, such as "12800"')


def _currency(value: Any) -> str:
    if isinstance(value, str) and value in currencies():
        return value
    raise ValueError(
        "use an ISO 4217 currency code in capitals, such as CNY, or an asset's, such as ETH"
    )


MinorUnits = Annotated[
    int,
    BeforeValidator(_digits),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,38}$", "examples": ["12800"]}),
]
Currency = Annotated[
    str,
    BeforeValidator(_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3,4}$", "examples": ["CNY"]}),
]
