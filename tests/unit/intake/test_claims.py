from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.intake.domain.claims import (
    AlreadyOpen,
    Claim,
    Item,
    NotTheirs,
    OpenDispute,
    Situation,
    Transaction,
    Wanted,
    Wrong,
    check,
    decide,
)
from shared.contracts.vocabulary import Kind, TransactionKind, TransactionState
from shared.money import Money

BOUGHT = Transaction(
    transaction_id="t-1",
    customer_id="ana",
    kind=TransactionKind.PAYMENT,
    state=TransactionState.CAPTURED,
    amount_minor=12800,
    refunded_minor=2800,
    currency="CNY",
    merchant_id="m-1",
    merchant_name="Tea",
    occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
    refundable_until=None,
)


def claim(*wanted: Wanted, kind: Kind = Kind.REFUND_REQUEST, reason: str = "changed_mind") -> Claim:
    return Claim("ana", kind, reason, wanted)


def situation(
    *copies: Transaction, standing: dict[tuple[str, str], OpenDispute] | None = None
) -> Situation:
    return Situation({t.transaction_id: t for t in copies}, standing or {})


def refused(field: str, verdict: object) -> bool:
    return isinstance(verdict, Wrong) and verdict.field == field


def test_a_claim_without_a_transaction_opens_one_dispute() -> None:
    assert decide(claim(), situation()) == (Item(None, None, None),)


def test_without_an_amount_all_that_is_left_is_asked_for() -> None:
    verdict = decide(claim(Wanted("t-1")), situation(BOUGHT))
    assert verdict == (Item("t-1", BOUGHT, Money(10000, "CNY")),)


def test_one_dispute_for_each_transaction_in_the_order_named() -> None:
    other = replace(BOUGHT, transaction_id="t-2", refunded_minor=0)
    verdict = decide(claim(Wanted("t-2"), Wanted("t-1")), situation(BOUGHT, other))
    assert verdict == (
        Item("t-2", other, Money(12800, "CNY")),
        Item("t-1", BOUGHT, Money(10000, "CNY")),
    )


def test_a_transaction_that_is_not_in_the_copy_is_accepted() -> None:
    money = Money(5, "USD")
    assert decide(claim(Wanted("t-9", money)), situation()) == (Item("t-9", None, money),)


@pytest.mark.parametrize("amount", [1, 10000])
def test_up_to_what_is_left_can_be_asked_for(amount: int) -> None:
    verdict = decide(claim(Wanted("t-1", Money(amount, "CNY"))), situation(BOUGHT))
    assert verdict == (Item("t-1", BOUGHT, Money(amount, "CNY")),)


def test_more_than_is_left_is_refused() -> None:
    verdict = decide(claim(Wanted("t-1", Money(10001, "CNY"))), situation(BOUGHT))
    assert refused("transactions.0.amount.amount_minor", verdict)


def test_another_currency_is_refused() -> None:
    verdict = decide(claim(Wanted("t-1", Money(1, "USD"))), situation(BOUGHT))
    assert refused("transactions.0.amount.currency", verdict)


def test_what_was_given_back_whole_is_refused() -> None:
    returned = replace(BOUGHT, refunded_minor=12800)
    assert refused("transactions.0", decide(claim(Wanted("t-1")), situation(returned)))


def test_more_refunded_than_captured_is_nothing_left() -> None:
    assert replace(BOUGHT, refunded_minor=99999).remaining == Money(0, "CNY")


@pytest.mark.parametrize("state", ["declined", "debited_not_captured"])
def test_no_refund_of_what_was_not_captured(state: str) -> None:
    copy = replace(BOUGHT, state=TransactionState(state))
    assert refused("transactions.0", decide(claim(Wanted("t-1")), situation(copy)))


@pytest.mark.parametrize(
    ("state", "requested"),
    [
        ("declined", None),
        ("debited_not_captured", Money(10000, "CNY")),
        ("unknown", Money(10000, "CNY")),
    ],
)
def test_a_failed_payment_is_heard_whatever_the_copy_says(
    state: str, requested: Money | None
) -> None:
    copy = replace(BOUGHT, state=TransactionState(state))
    failed = claim(Wanted("t-1"), kind=Kind.PAYMENT_FAILED, reason="cannot_pay")
    assert decide(failed, situation(copy)) == (Item("t-1", copy, requested),)


def test_somebody_elses_transaction_hides_everything_else_that_is_wrong() -> None:
    foreign = replace(BOUGHT, transaction_id="t-2", customer_id="bo")
    wanted = (Wanted("t-1", Money(99999, "CNY")), Wanted("t-2"))
    assert decide(claim(*wanted), situation(BOUGHT, foreign)) == NotTheirs()


def test_ones_own_open_dispute_is_named() -> None:
    standing = {("t-1", "purchase"): OpenDispute("ana", "402188530174")}
    verdict = decide(claim(Wanted("t-0"), Wanted("t-1")), situation(BOUGHT, standing=standing))
    assert verdict == AlreadyOpen("transactions.1", "402188530174")


def test_somebody_elses_open_dispute_is_not_named() -> None:
    standing = {("t-9", "purchase"): OpenDispute("bo", "402188530174")}
    verdict = decide(claim(Wanted("t-9")), situation(standing=standing))
    assert verdict == AlreadyOpen("transactions.0", None)


def test_a_complaint_about_the_movement_stands_beside_one_about_the_purchase() -> None:
    standing = {("t-1", "movement"): OpenDispute("ana", "402188530174")}
    assert isinstance(decide(claim(Wanted("t-1")), situation(BOUGHT, standing=standing)), tuple)
    movement = claim(Wanted("t-1"), kind=Kind.MISSING_FUNDS, reason="transfer")
    assert isinstance(decide(movement, situation(BOUGHT, standing=standing)), AlreadyOpen)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        (claim(Wanted("t-1", Money(1, "CNY")), Wanted("t-2")), []),
        (claim(kind=Kind.UNAUTHORIZED, reason="odd_login"), ["kind"]),
        (claim(reason="transfer"), ["reason"]),
        (claim(Wanted("t-1"), Wanted("t-2"), Wanted("t-1")), ["transactions.2.transaction_id"]),
        (claim(Wanted("t-1", Money(0, "CNY"))), ["transactions.0.amount.amount_minor"]),
        (
            claim(Wanted("t-1"), Wanted("t-1", Money(0, "CNY")), reason="no"),
            ["reason", "transactions.1.transaction_id", "transactions.1.amount.amount_minor"],
        ),
    ],
)
def test_what_is_wrong_with_a_claim_by_itself(wrong: Claim, fields: list[str]) -> None:
    assert [found.field for found in check(wrong)] == fields


def test_the_refusal_of_a_kind_names_those_that_exist() -> None:
    (found,) = check(claim(kind=Kind.UNAUTHORIZED))
    assert found.remedy == "Use one of: missing_funds, payment_failed, refund_request"


def test_the_refusal_of_a_reason_names_those_of_the_kind() -> None:
    (found,) = check(claim(kind=Kind.MISSING_FUNDS, reason="changed_mind"))
    assert found.remedy == "Use one of: transfer, top_up, withdrawal, payee_lacks_it, on_chain"
