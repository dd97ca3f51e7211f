"""For the trouble, beside any refund: an account of its own, with a cap of its own."""

import pytest

from services.tracker.domain.triggers import Grant, Posting, T
from shared.contracts.vocabulary import Actor, Kind, Remedy
from tests.unit.tracker.case import Case, decision, in_arbitration, in_flight, opened, refund


def granted(minor: int = 2_000, case: Case | None = None) -> Case:
    case = case or in_arbitration()
    case.when(T.COMPENSATION_ORDERED, Grant("ops-1", minor, "late"), actor=Actor.OPS)
    return case


def test_it_is_posted_beside_the_case_and_holds_nothing_of_the_transaction() -> None:
    case = granted()
    assert {"bank:compensation:1", "arbitration_due"} <= case.waits_for
    assert (case.status, case.holds) == ("in_arbitration", [])
    case.answered("bank:compensation:1", T.COMPENSATION_POSTED, Posting(1))
    assert (case.legs["compensation"], case.status) == ("paid", "in_arbitration")


@pytest.mark.parametrize("minor", [0, 2_001])
def test_it_is_above_zero_and_capped(minor: int) -> None:
    case = in_arbitration()
    grant = Grant("ops-1", minor, "late")
    answer = case.when(T.COMPENSATION_ORDERED, grant, actor=Actor.OPS)
    assert (answer.result, answer.field) == ("invalid", "amount")


def test_a_whole_refund_leaves_room_for_it() -> None:
    case = granted(case=in_flight())
    assert case.holds == [("refund", 12_800, "in_flight")]
    case.when(T.REFUND_CREDITED, refund())
    assert case.status == "correcting"  # no end is told while it is being posted
    case.answered("bank:compensation:1", T.COMPENSATION_POSTED, Posting(1))
    assert (case.status, case.waits_for) == ("credited", set())


def test_a_denial_does_not_take_it_away() -> None:
    case = granted()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert case.status == "correcting"
    case.answered("bank:compensation:1", T.COMPENSATION_POSTED, Posting(1))
    assert (case.status, case.legs["compensation"]) == ("declined", "paid")


def test_it_is_paid_once() -> None:
    case = granted(500)
    case.answered("bank:compensation:1", T.COMPENSATION_POSTED, Posting(1))
    again = Grant("ops-2", 500, "late")
    assert case.when(T.COMPENSATION_ORDERED, again, actor=Actor.OPS).result == "illegal"


def test_one_that_the_ledger_refuses_may_be_ordered_again() -> None:
    case = granted(500)
    case.answered("bank:compensation:1", T.COMPENSATION_REFUSED, Posting(1, reason="closed"))
    granted(400, case)
    assert "bank:compensation:2" in case.waits_for
    late = case.when(T.COMPENSATION_POSTED, Posting(1))
    assert late.result == "late"


def test_before_the_currency_is_known_there_is_none() -> None:
    case = opened(Kind.REFUND_REQUEST)
    grant = Grant("ops-1", 500, "late")
    assert case.when(T.COMPENSATION_ORDERED, grant, actor=Actor.OPS).result == "illegal"
