"""Charged twice: the captures are matched before anybody is asked."""

from typing import Any

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.triggers import Comparison, Grant, MerchantAnswer, Posting, T
from shared.contracts.vocabulary import Actor, Kind, Payer, Remedy
from tests.unit.tracker.case import Case, decision, found, transaction


def compared(name: T, **changes: Any) -> Case:
    case = found(Kind.DUPLICATE_CHARGE, **changes)
    case.answered("bank:records:1", name, Comparison(1, twin="t-0"))
    return case


def stalled() -> Case:
    """Nobody compared the records in time: a person looks."""
    case = found(Kind.DUPLICATE_CHARGE)
    case.when(T.RECORDS_DUE, after_s=820)
    return case


def test_the_captures_are_matched_first() -> None:
    case = found(Kind.DUPLICATE_CHARGE)
    assert (case.status, case.next_actor) == ("comparing", "redress")
    assert case.waits_for == {"bank:records:1", "records_due"}
    assert case.due_in("records_due") == 820


def test_of_the_same_order_one_is_refunded_in_full() -> None:
    case = compared(T.RECORDS_SAME_ORDER, requested_minor=5_000)
    assert (case.status, case.facts.decision_rule) == ("refund_approved", "same_order")
    assert (case.holds, case.facts.payer) == ([("refund", 12_800, "reserved")], Payer.MERCHANT)


def test_more_than_others_left_is_for_a_person() -> None:
    case = found(Kind.DUPLICATE_CHARGE)
    case.money = MoneyView(others_minor=1)
    case.answered("bank:records:1", T.RECORDS_SAME_ORDER, Comparison(1))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "above_captured")


def test_an_authorisation_is_watched_until_it_is_released() -> None:
    case = compared(T.RECORDS_AUTHORISED_ONLY)
    assert (case.status, case.next_actor) == ("reversal_watched", "bank")
    assert case.waits_for == {"bank:watch:1", "reversal_recheck", "reversal_due"}
    assert case.holds == [("reversal", 12_800, "reserved")]
    case.answered("bank:watch:1", T.REVERSAL_CREDITED, transaction(reversal_state="credited"))
    assert (case.status, case.holds) == ("reversed", [("reversal", 12_800, "settled")])


def test_an_authorisation_that_stays_is_for_a_person() -> None:
    case = compared(T.RECORDS_AUTHORISED_ONLY)
    case.when(T.REVERSAL_DUE, after_s=500)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "reversal_late")
    grant = case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert grant.result == "illegal"  # it may still be released: paid then, it would be twice
    case.when(T.REVERSAL_ABSENT, transaction())
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert case.holds == [("refund", 12_800, "reserved"), ("reversal", 12_800, "released")]


def test_an_authorisation_is_watched_although_a_person_was_asked_meanwhile() -> None:
    case = stalled()
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "records_silent")
    case.answered("bank:records:1", T.RECORDS_AUTHORISED_ONLY, Comparison(1))
    assert case.holds == [("reversal", 12_800, "reserved")]
    grant = case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=1_000), actor=Actor.OPS)
    assert (grant.result, case.status) == ("illegal", "in_arbitration")
    case.when(T.REVERSAL_CREDITED, transaction(reversal_state="credited"))
    assert (case.status, case.waits_for) == ("reversed", set())


@pytest.mark.parametrize("finding", [T.RECORDS_TWO_ORDERS, T.RECORDS_UNMATCHED])
def test_two_orders_are_asked_of_the_merchant(finding: T) -> None:
    case = compared(finding)
    assert (case.status, case.due_in("merchant_due")) == ("waiting_for_merchant", 64)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1, "two_orders"), actor=Actor.MERCHANT)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "merchant_refused")


def test_two_orders_without_a_merchant_are_for_a_person() -> None:
    case = found(Kind.DUPLICATE_CHARGE, transaction(merchant_id=None), merchant_id=None)
    case.answered("bank:records:1", T.RECORDS_TWO_ORDERS, Comparison(1))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "no_merchant")


def test_a_finding_about_something_else_counts_for_nothing() -> None:
    case = found(Kind.DUPLICATE_CHARGE)
    answer = case.answered("bank:records:1", T.RECORDS_AGREES, Comparison(1, 100, "CNY"))
    assert (answer.result, case.status) == ("illegal", "comparing")


@pytest.mark.parametrize(
    ("late", "state"),
    [
        (T.RECORDS_SAME_ORDER, "same_order"),
        (T.RECORDS_TWO_ORDERS, "two_orders"),
        (T.RECORDS_UNMATCHED, "unmatched"),
    ],
)
def test_records_that_come_late_are_there_for_the_person_who_decides(late: T, state: str) -> None:
    case = stalled()
    case.answered("bank:records:1", late, Comparison(1))
    assert (case.status, case.legs["records"], case.holds) == ("in_arbitration", state, [])


def test_an_authorisation_that_is_found_after_a_denial_is_watched_all_the_same() -> None:
    case = stalled()
    case.when(T.COMPENSATION_ORDERED, Grant("ops-2", 500, "late"), actor=Actor.OPS)
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    case.answered("bank:records:1", T.RECORDS_AUTHORISED_ONLY, Comparison(1, twin="t-0"))
    assert case.holds == [("reversal", 12_800, "reserved")]
    case.answered("bank:compensation:1", T.COMPENSATION_POSTED, Posting(1))
    case.answered("bank:watch:1", T.REVERSAL_CREDITED, transaction(reversal_state="credited"))
    assert (case.status, case.waits_for) == ("reversed", set())
