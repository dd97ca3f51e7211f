from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.intake.domain.claims import OpenDispute
from services.intake.domain.options import Option, options
from shared import rules
from shared.contracts.vocabulary import Kind, TransactionKind, TransactionState
from tests.unit.intake.test_claims import BOUGHT

PROFILE = rules.load("default")
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
UNTIL = datetime(2026, 3, 10, tzinfo=UTC)
EVERY = frozenset(Kind)
WINDOWED = replace(BOUGHT, refundable_until=UNTIL)


def by_kind(found: list[Option]) -> dict[str, Option]:
    return {option.kind.value: option for option in found}


def test_a_payment_in_its_window() -> None:
    other = "other_transaction_kind"
    assert options(WINDOWED, {}, PROFILE, EVERY, NOW) == [
        Option(Kind.BALANCE_ANOMALY, possible=True),
        Option(Kind.DUPLICATE_CHARGE, possible=True),
        Option(Kind.GOODS_OR_SERVICE, possible=True),
        Option(Kind.MISSING_FUNDS, possible=False, why_not=other),
        Option(Kind.PAYMENT_FAILED, possible=True),
        Option(Kind.REFUND_NOT_RECEIVED, possible=True),
        Option(Kind.REFUND_REQUEST, possible=True, until=UNTIL),
        Option(Kind.UNAUTHORIZED, possible=True),
        Option(Kind.WRONG_AMOUNT, possible=True),
        Option(Kind.WRONG_OR_SCAM_TRANSFER, possible=False, why_not=other),
    ]


@pytest.mark.parametrize(
    ("now", "note"),
    [(UNTIL, None), (UNTIL + timedelta(microseconds=1), "outside_window")],
)
def test_after_the_window_a_refund_is_still_heard(now: datetime, note: str | None) -> None:
    found = by_kind(options(WINDOWED, {}, PROFILE, EVERY, now))["refund_request"]
    assert (found.possible, found.until, found.note) == (True, UNTIL, note)


def test_without_the_merchants_date_the_profile_gives_the_window() -> None:
    # seven calendar days after 1 March 08:00 in Shanghai end with 8 March there
    found = by_kind(options(BOUGHT, {}, PROFILE, EVERY, NOW))["refund_request"]
    assert found.until == datetime(2026, 3, 8, 16, tzinfo=UTC)


def test_a_shorter_date_of_the_merchants_takes_nothing_from_the_profiles_window() -> None:
    short = replace(BOUGHT, refundable_until=NOW - timedelta(days=1))
    found = by_kind(options(short, {}, PROFILE, EVERY, NOW))["refund_request"]
    assert (found.until, found.note) == (datetime(2026, 3, 8, 16, tzinfo=UTC), None)


@pytest.mark.parametrize("kind", ["transfer", "top_up", "withdrawal"])
def test_money_that_was_moved_can_be_missing(kind: str) -> None:
    moved = replace(BOUGHT, kind=TransactionKind(kind))
    found = by_kind(options(moved, {}, PROFILE, EVERY, NOW))
    assert found["missing_funds"].possible
    assert found["refund_request"].why_not == "other_transaction_kind"


def test_a_declined_payment_cannot_be_refunded_but_can_have_failed() -> None:
    declined = replace(BOUGHT, state=TransactionState.DECLINED)
    found = by_kind(options(declined, {}, PROFILE, EVERY, NOW))
    assert found["refund_request"].why_not == "not_captured"
    assert found["payment_failed"].possible


def test_what_was_given_back_whole() -> None:
    found = by_kind(options(replace(BOUGHT, refunded_minor=12800), {}, PROFILE, EVERY, NOW))
    assert found["refund_request"].why_not == "already_refunded"
    assert found["wrong_amount"].why_not == "already_refunded"
    assert {kind for kind, option in found.items() if option.possible} == {
        "balance_anomaly", "goods_or_service", "refund_not_received", "unauthorized"
    }  # fmt: skip


@pytest.mark.parametrize(("owner", "reference"), [("ana", "402188530174"), ("bo", None)])
def test_an_open_dispute_shows_its_reference_to_its_owner_only(
    owner: str, reference: str | None
) -> None:
    standing = {("t-1", "purchase"): OpenDispute(owner, "402188530174")}
    found = by_kind(options(WINDOWED, standing, PROFILE, EVERY, NOW))
    refund = found["refund_request"]
    assert (refund.possible, refund.why_not, refund.reference) == (False, "already_open", reference)
    assert found["payment_failed"].possible


def test_only_the_wallets_kinds_are_offered() -> None:
    taken = {Kind.REFUND_REQUEST, Kind.COMPLAINT}  # a complaint is about no transaction
    assert [option.kind for option in options(WINDOWED, {}, PROFILE, taken, NOW)] == [
        Kind.REFUND_REQUEST
    ]
