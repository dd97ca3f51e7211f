"""A refund that somebody else sent: where it is, and what is done where it is not."""

from datetime import timedelta

import pytest

from services.tracker.domain.holds import given_back_minor
from services.tracker.domain.triggers import Choice, Comparison, MerchantAnswer, T, Wish
from shared.contracts.vocabulary import Actor, Kind, Payer
from tests.unit.tracker.case import START, Case, found, in_flight, refund, transaction


def compared(name: T, **changes: object) -> Case:
    case = found(Kind.REFUND_NOT_RECEIVED)
    case.answered("bank:records:1", name, Comparison(1, 4_000, "CNY", **changes))  # type: ignore[arg-type]
    return case


def chosen() -> Case:
    """It bounced; the customer named another account."""
    case = compared(T.RECORDS_BOUNCED)
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    return case


def test_an_unsent_refund_is_asked_of_the_merchant() -> None:
    case = compared(T.RECORDS_UNSENT)
    assert (case.status, case.due_in("merchant_due")) == ("waiting_for_merchant", 64)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert case.holds == [("refund", 12_800, "reserved")]


def test_one_that_is_on_its_way_is_looked_after() -> None:
    when = START + timedelta(seconds=90)
    case = compared(T.RECORDS_ON_ITS_WAY, expected_at=when)
    assert (case.status, case.next_actor) == ("refund_sent", "bank")
    assert (case.due_in("records_recheck"), case.due_in("records_due")) == (90, 600)
    assert case.promised_in == 120  # the bank's date, and 30 for the news
    case.when(T.RECORDS_RECHECK, after_s=90)
    case.answered("bank:records:1", T.RECORDS_ARRIVED, Comparison(1, destination_tail="0042"))
    assert (case.status, case.facts.destination_tail) == ("delivered", "0042")
    assert case.waits_for == set()


def test_one_that_has_arrived_is_shown_and_can_be_appealed() -> None:
    case = compared(T.RECORDS_ARRIVED, destination_tail="0042")
    assert (case.status, case.actions) == ("delivered", ["appeal"])


def test_one_that_never_comes_is_for_a_person() -> None:
    case = compared(T.RECORDS_ON_ITS_WAY)
    case.when(T.RECORDS_DUE, after_s=600)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_overdue")


def test_one_without_money_waits_for_it_and_then_for_a_person() -> None:
    case = compared(T.RECORDS_UNFUNDED)
    assert (case.status, case.next_actor) == ("refund_unfunded", "merchant")
    assert case.due_in("records_due") == 650
    case.when(T.RECORDS_DUE, after_s=650)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_overdue")


def test_one_that_was_funded_late_goes_on() -> None:
    case = compared(T.RECORDS_UNFUNDED)
    case.when(T.RECORDS_RECHECK, after_s=35)
    case.answered("bank:records:1", T.RECORDS_ON_ITS_WAY, Comparison(1))
    assert case.status == "refund_sent"


@pytest.mark.parametrize("moving", [T.RECORDS_ON_ITS_WAY, T.RECORDS_UNFUNDED])
@pytest.mark.parametrize("undone", [T.RECORDS_BOUNCED, T.RECORDS_UNSENT])
@pytest.mark.parametrize(("told", "back"), [(12_000, 12_000), (None, 12_800)])
def test_what_the_bank_had_counted_as_refunded_is_given_back_once_it_is_undone(
    moving: T, undone: T, told: int | None, back: int
) -> None:
    case = found(Kind.REFUND_NOT_RECEIVED)
    case.answered("bank:records:1", moving, Comparison(1, 12_800))
    before = case.dispute
    case.when(T.RECORDS_RECHECK, after_s=case.due_in("records_recheck"))
    assert given_back_minor(before, case.dispute) == 0
    case.answered("bank:records:1", undone, Comparison(1, told))
    assert given_back_minor(before, case.dispute) == back
    assert given_back_minor(case.dispute, case.dispute) == 0


def test_what_has_arrived_is_not_given_back() -> None:
    case = found(Kind.REFUND_NOT_RECEIVED)
    case.answered("bank:records:1", T.RECORDS_ON_ITS_WAY, Comparison(1, 12_800))
    before = case.dispute
    case.when(T.RECORDS_ARRIVED, Comparison(1, 12_800))
    assert given_back_minor(before, case.dispute) == 0


def test_one_that_bounced_needs_another_account() -> None:
    case = compared(T.RECORDS_BOUNCED)
    assert (case.status, case.next_actor) == ("refund_bounced", "customer")
    assert (case.due_in("destination_due"), case.holds) == (800, [])
    assert "choose_account" in case.actions


def test_two_people_confirm_the_account_before_anything_is_sent() -> None:
    case = chosen()
    assert (case.status, case.due_in("destination_due")) == ("under_review", 220)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    again = case.when(T.ACCOUNT_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    assert (again.result, again.field) == ("invalid", "confirmed_by")
    assert case.status == "under_review"
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert (case.status, case.facts.decision_rule) == ("refund_approved", "merchant_refunded")
    assert (case.holds, case.facts.payer) == ([("refund", 4_000, "reserved")], Payer.MERCHANT)
    assert case.facts.attempt(1).account_id == "acc-2"
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert case.status == "credited"


def test_another_account_is_checked_anew() -> None:
    case = chosen()
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-3"), actor=Actor.CUSTOMER)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert (case.status, case.holds) == ("under_review", [])


def test_a_refused_account_is_asked_for_again() -> None:
    case = chosen()
    case.when(T.ACCOUNT_REJECTED, Wish("ops-1"), actor=Actor.OPS)
    assert (case.status, case.facts.account_id) == ("refund_bounced", None)


def test_nobody_names_an_account() -> None:
    case = compared(T.RECORDS_BOUNCED)
    case.when(T.DESTINATION_DUE, after_s=800)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "no_account")


def test_nobody_checks_the_account() -> None:
    case = chosen()
    case.when(T.DESTINATION_DUE, after_s=220)
    assert (case.status, case.facts.escalations) == ("under_review", 1)
    assert case.due_in("destination_due") == 70


def test_a_bounced_refund_without_a_merchant_still_names_a_payer() -> None:
    case = found(Kind.REFUND_NOT_RECEIVED, transaction(merchant_id=None), merchant_id=None)
    case.answered("bank:records:1", T.RECORDS_UNSENT, Comparison(1))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "no_merchant")


def silent() -> Case:
    """Nobody compared the records in time: a person was asked."""
    case = found(Kind.REFUND_NOT_RECEIVED)
    case.when(T.RECORDS_DUE, after_s=820)
    return case


def overdue() -> Case:
    case = compared(T.RECORDS_ON_ITS_WAY)
    case.when(T.RECORDS_DUE, after_s=600)
    return case


MOVING = {
    T.RECORDS_ARRIVED: "arrived",
    T.RECORDS_BOUNCED: "bounced",
    T.RECORDS_UNSENT: "unsent",
}


@pytest.mark.parametrize("now", MOVING)
def test_a_refund_that_moves_may_come_to_any_end(now: T) -> None:
    for case in (compared(T.RECORDS_ON_ITS_WAY), compared(T.RECORDS_UNFUNDED), overdue()):
        case.when(now, Comparison(1, 4_000, "CNY"))
        assert case.legs["records"] == MOVING[now]
        assert (case.status == "delivered") == (now is T.RECORDS_ARRIVED)


def test_that_it_still_moves_renews_its_date() -> None:
    case = compared(T.RECORDS_ON_ITS_WAY)
    when = START + timedelta(seconds=500)
    case.when(T.RECORDS_ON_ITS_WAY, Comparison(1, expected_at=when))
    assert (case.status, case.facts.expected_at) == ("refund_sent", when)
    case.when(T.RECORDS_UNFUNDED, Comparison(1))
    case.when(T.RECORDS_UNFUNDED, Comparison(1))
    assert case.status == "refund_unfunded"


@pytest.mark.parametrize(
    ("late", "state"),
    [
        (T.RECORDS_ARRIVED, "arrived"),
        (T.RECORDS_BOUNCED, "bounced"),
        (T.RECORDS_UNSENT, "unsent"),
        (T.RECORDS_ON_ITS_WAY, "on_its_way"),
        (T.RECORDS_UNFUNDED, "unfunded"),
    ],
)
def test_records_that_come_late_are_there_for_the_person_who_decides(late: T, state: str) -> None:
    case = silent()
    case.answered("bank:records:1", late, Comparison(1, 4_000, "CNY"))
    ended = late is T.RECORDS_ARRIVED
    assert case.legs["records"] == state
    assert case.status == ("delivered" if ended else "in_arbitration")


def test_a_refund_that_lands_after_all_closes_the_question_where_to() -> None:
    case = in_flight()
    case.when(T.REFUND_BOUNCED, refund())
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, case.legs["destination"], case.waits_for) == ("credited", "used", set())
