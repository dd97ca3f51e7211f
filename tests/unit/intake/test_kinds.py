from dataclasses import replace

import pytest

from services.intake.domain.kinds import FITS, MOST_OPEN, meant, most, obstacle
from shared.contracts.vocabulary import GROUPS, Kind, TransactionState
from shared.money import Money
from tests.unit.intake.test_claims import BOUGHT

# By kind and state of the transaction: n = nothing was captured, r = all is refunded, . = none.
# The last column: captured, with all of it given back.
OBSTACLES = """
                        captured declined debited unknown returned
payment_failed              .        .       .       .       r
wrong_amount                .        n       .       .       r
duplicate_charge            .        n       .       .       r
missing_funds               .        .       .       .       r
refund_request              .        n       n       .       r
refund_not_received         .        n       n       .       .
goods_or_service            .        n       .       .       .
unauthorized                .        .       .       .       .
wrong_or_scam_transfer      .        n       .       .       r
balance_anomaly             .        .       .       .       .
"""
WRITTEN = {"n": "not_captured", "r": "already_refunded", ".": None}
STATES = {
    "captured": BOUGHT,
    "declined": replace(BOUGHT, state=TransactionState.DECLINED),
    "debited": replace(BOUGHT, state=TransactionState.DEBITED_NOT_CAPTURED),
    "unknown": replace(BOUGHT, state=TransactionState.UNKNOWN),
    "returned": replace(BOUGHT, refunded_minor=12800),
}
_HEAD, *_ROWS = (line.split() for line in OBSTACLES.strip().splitlines())


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row[0])
def test_what_the_copy_proves_depends_on_the_kind(row: list[str]) -> None:
    kind, *cells = row
    expected = {name: WRITTEN[cell] for name, cell in zip(_HEAD, cells, strict=True)}
    assert {name: obstacle(Kind(kind), t) for name, t in STATES.items()} == expected


def test_every_kind_that_takes_a_transaction_is_in_the_table_above() -> None:
    assert {row[0] for row in _ROWS} == {kind for kind in Kind if FITS[kind]}
    assert {kind for kind in Kind if not FITS[kind]} == {Kind.ACCESS_LOST, Kind.COMPLAINT}


def test_what_fits_which_transaction() -> None:
    everything = {"payment", "transfer", "top_up", "withdrawal", "on_chain"}
    assert {kind.value: set(fits) for kind, fits in FITS.items()} == {
        "payment_failed": {"payment", "top_up"},
        "wrong_amount": everything,
        "duplicate_charge": {"payment", "top_up"},
        "missing_funds": {"transfer", "top_up", "withdrawal", "on_chain"},
        "refund_request": {"payment"},
        "refund_not_received": {"payment"},
        "goods_or_service": {"payment"},
        "unauthorized": everything,
        "wrong_or_scam_transfer": {"transfer", "withdrawal", "on_chain"},
        "balance_anomaly": everything,
        "access_lost": set(),
        "complaint": set(),
    }


def test_what_a_customer_may_have_open_without_a_transaction() -> None:
    assert MOST_OPEN == {"theft": 1, "access": 1, "service": 5}
    shared = {group for group in GROUPS.values() if list(GROUPS.values()).count(group) > 1}
    assert not shared & set(MOST_OPEN)  # so that a place is one kind's alone


# bought for 12800 with 2800 given back
@pytest.mark.parametrize(
    ("kind", "at_most", "without_an_amount"),
    [
        ("payment_failed", 10000, 10000),
        ("wrong_amount", 10000, None),
        ("duplicate_charge", 10000, 10000),
        ("missing_funds", 10000, 10000),
        ("refund_request", 10000, 10000),
        ("refund_not_received", 12800, 2800),
        ("goods_or_service", 12800, 10000),
        ("unauthorized", 12800, 10000),
        ("wrong_or_scam_transfer", 10000, 10000),
        ("balance_anomaly", 12800, None),
    ],
)
def test_how_much_can_be_asked_for(kind: str, at_most: int, without_an_amount: int | None) -> None:
    assert most(Kind(kind), BOUGHT) == Money(at_most, "CNY")
    expected = Money(without_an_amount, "CNY") if without_an_amount else None
    assert meant(Kind(kind), BOUGHT) == expected


def test_the_refund_that_is_missing_is_the_one_shown_or_all_that_was_paid() -> None:
    def missing(refunded_minor: int) -> Money | None:
        return meant(Kind.REFUND_NOT_RECEIVED, replace(BOUGHT, refunded_minor=refunded_minor))

    assert missing(0) == missing(12800) == missing(99999) == Money(12800, "CNY")


@pytest.mark.parametrize("kind", ["unauthorized", "goods_or_service"])
def test_where_nothing_is_left_no_amount_is_guessed(kind: str) -> None:
    assert meant(Kind(kind), STATES["returned"]) is None
    assert meant(Kind(kind), STATES["declined"]) is None
