"""A wrong amount: captures, order and claim are compared before anybody is asked."""

from typing import Any

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.triggers import Comparison, MerchantAnswer, T
from shared.contracts.vocabulary import Actor, Kind, Payer
from tests.unit.tracker.case import Case, found, refund, transaction


def compared(name: T, minor: int | None = None, **changes: Any) -> Case:
    case = found(Kind.WRONG_AMOUNT, **changes)
    case.answered("bank:records:1", name, Comparison(1, minor, "CNY"))
    return case


def test_the_records_are_compared_first() -> None:
    case = found(Kind.WRONG_AMOUNT)
    assert (case.status, case.due_in("records_due")) == ("comparing", 820)
    assert case.waits_for == {"bank:records:1", "records_due"}


def test_an_amount_that_is_not_final_is_explained() -> None:
    case = compared(T.RECORDS_PENDING)
    assert (case.status, case.facts.decision_rule) == ("explained", "amount_pending")
    assert case.actions == ["appeal"]


def test_what_the_records_explain_is_an_end_with_an_appeal() -> None:
    case = compared(T.RECORDS_EXPLAINED)
    assert (case.status, case.facts.decision_rule) == ("explained", "records_explain")
    assert case.actions == ["appeal"]


def test_a_difference_that_the_records_bear_out_is_refunded() -> None:
    case = compared(T.RECORDS_AGREES, 2_500)
    assert (case.status, case.facts.decision_rule) == ("refund_approved", "records_agree")
    assert (case.holds, case.facts.payer) == ([("refund", 2_500, "reserved")], Payer.MERCHANT)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.holds) == ("credited", [("refund", 2_500, "settled")])


def test_more_than_others_left_is_for_a_person() -> None:
    case = found(Kind.WRONG_AMOUNT)
    case.money = MoneyView(others_minor=12_000)
    case.answered("bank:records:1", T.RECORDS_AGREES, Comparison(1, 2_500, "CNY"))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "above_captured")
    assert case.holds == []


def test_records_that_differ_are_asked_of_the_merchant_and_then_of_a_person() -> None:
    case = compared(T.RECORDS_DIFFERS)
    assert (case.status, case.due_in("merchant_due")) == ("waiting_for_merchant", 64)
    case.when(T.MERCHANT_DUE, after_s=64)
    assert (case.status, case.due_in("arbitration_due")) == ("in_arbitration", 700)


def test_a_merchant_that_agrees_pays_what_was_claimed() -> None:
    case = compared(T.RECORDS_DIFFERS, requested_minor=900)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert case.holds == [("refund", 900, "reserved")]


def test_records_that_differ_and_no_merchant() -> None:
    case = found(Kind.WRONG_AMOUNT, transaction(merchant_id=None), merchant_id=None)
    case.answered("bank:records:1", T.RECORDS_DIFFERS, Comparison(1))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "no_merchant")


def test_records_that_nobody_compared_in_time() -> None:
    case = found(Kind.WRONG_AMOUNT)
    case.when(T.RECORDS_DUE, after_s=820)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "records_silent")


@pytest.mark.parametrize(
    ("late", "state"),
    [
        (T.RECORDS_PENDING, "pending"),
        (T.RECORDS_AGREES, "agrees"),
        (T.RECORDS_DIFFERS, "differs"),
        (T.RECORDS_EXPLAINED, "explained"),
    ],
)
def test_records_that_come_late_are_there_for_the_person_who_decides(late: T, state: str) -> None:
    case = found(Kind.WRONG_AMOUNT)
    case.when(T.RECORDS_DUE, after_s=820)
    case.answered("bank:records:1", late, Comparison(1, 2_500, "CNY"))
    assert (case.status, case.legs["records"]) == ("in_arbitration", state)
    assert case.holds == []
