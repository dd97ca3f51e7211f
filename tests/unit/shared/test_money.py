from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.contracts.events import Amount, Identifier
from shared.money import Currency, MinorUnits, Money, currencies, exponent, is_on_chain


class Price(BaseModel):
    amount_minor: MinorUnits
    currency: Currency


@pytest.mark.parametrize(
    ("given", "minor"),
    [("12800", 12800), ("0", 0), ("007", 7), (12800, 12800), ("9" * 38, 10**38 - 1)],
)
def test_whole_minor_units_are_taken(given: Any, minor: int) -> None:
    assert Price(amount_minor=given, currency="CNY").amount_minor == minor


@pytest.mark.parametrize(
    "given",
    [
        "128.00", "1e3", "-1", "+1", " 1", "1 ", "", "¥5", "１２", "٣", "1_000", "9" * 39,
        128.0, 0.1, -1, 10**38, True, None, [], {},
    ],
)  # fmt: skip
def test_anything_else_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError, match="string of digits in minor units"):
        Price(amount_minor=given, currency="CNY")


@pytest.mark.parametrize("given", ["cny", "RMB", "CN", "", "CNYY", None, 156])
def test_only_iso_4217_codes_are_currencies(given: Any) -> None:
    with pytest.raises(ValidationError, match="ISO 4217"):
        Price(amount_minor="1", currency=given)


def test_json_carries_amounts_as_strings_and_reads_them_back_exactly() -> None:
    price = Price(amount_minor=12345678901234567890123456789012345678, currency="JPY")
    written = price.model_dump_json()
    assert written == ('{"amount_minor":"12345678901234567890123456789012345678","currency":"JPY"}')
    assert Price.model_validate_json(written) == price


def test_python_keeps_amounts_as_integers() -> None:
    assert Price(amount_minor=5, currency="USD").model_dump() == {
        "amount_minor": 5,
        "currency": "USD",
    }


# ISO 4217's table of minor units, read from the standard's list one by one
@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("CNY", 2), ("USD", 2), ("EUR", 2), ("INR", 2), ("HUF", 2), ("IDR", 2), ("IRR", 2),
        ("RSD", 2), ("LAK", 2), ("MMK", 2), ("JPY", 0), ("KRW", 0), ("VND", 0), ("CLP", 0),
        ("ISK", 0), ("XOF", 0), ("UGX", 0), ("KWD", 3), ("BHD", 3), ("IQD", 3), ("TND", 3),
        ("CLF", 4), ("UYW", 4),
    ],
)  # fmt: skip
def test_exponents_are_those_of_iso_4217(currency: str, digits: int) -> None:
    assert exponent(currency) == digits
    assert currency in currencies()


def test_money_is_a_value() -> None:
    assert Money(1, "CNY") == Money(1, "CNY")
    assert Money(1, "CNY") != Money(1, "USD")
    with pytest.raises(AttributeError):
        Money(1, "CNY").amount_minor = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("asset", "digits"),
    [("ETH", 18), ("BNB", 18), ("USDT", 6), ("USDC", 6), ("TRX", 6), ("BTC", 8), ("SOL", 9)],
)
def test_what_moves_on_a_chain_has_digits_of_its_own(asset: str, digits: int) -> None:
    assert asset in currencies()
    assert is_on_chain(asset)
    assert exponent(asset) == digits
    whole = 10 ** (37 - digits)  # of the 38 digits that a column holds
    told = Amount.model_validate({"amount_minor": str(whole * 10**digits), "currency": asset})
    assert told.model_dump(mode="json") == {
        "amount_minor": str(whole * 10**digits),
        "currency": asset,
    }


def test_no_asset_takes_the_code_of_a_currency() -> None:
    assert not any(is_on_chain(code) for code in ("CNY", "USD", "EUR", "INR", "JPY"))


def test_a_hash_is_an_identifier() -> None:
    adapter = TypeAdapter(Identifier)
    whole = "0x" + "a" * 64
    assert adapter.validate_python(whole) == whole
    with pytest.raises(ValidationError):
        adapter.validate_python(whole + "a")
