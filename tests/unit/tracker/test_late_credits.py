"""Money that the bank reports as credited counts, whichever attempt of ours it was."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Actor, Payer, Remedy
from tests.unit.tracker.case import WISH, Case, decision, in_arbitration, in_flight, refund


def given_up() -> Case:
    """Bounced without another account, and decided against a further attempt."""
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    case.when(T.REFUND_BOUNCED, refund())
    case.when(T.DESTINATION_DUE, after_s=800)
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    return case


def second_reserved(amount_minor: int = 12_800) -> Case:
    """Overdue, declared failed, and granted again: another payer's."""
    case = in_flight()
    case.when(T.REFUND_DUE, after_s=600)
    case.when(T.REFUND_DECLARED_FAILED, WISH, actor=Actor.OPS)
    order = decision(amount_minor=amount_minor, payer=Payer.WALLET_ADVANCE)
    case.when(T.ARBITRATOR_DECIDED, order, actor=Actor.OPS)
    return case


def second_unknown() -> Case:
    case = second_reserved()
    case.answered("bank:refund:2", T.REFUND_NO_ANSWER, refund(2))
    return case


def second_in_flight() -> Case:
    case = second_reserved()
    case.answered("bank:refund:2", T.REFUND_ACCEPTED, refund(2))
    return case


def second_unfunded() -> Case:
    case = second_reserved()
    case.answered("bank:refund:2", T.REFUND_UNFUNDED, refund(2))
    return case


def second_stuck() -> Case:
    case = second_in_flight()
    case.when(T.REFUND_DUE, after_s=600)
    return case


MOVING = [second_reserved, second_unknown, second_in_flight, second_unfunded, second_stuck]


@pytest.mark.parametrize("make", MOVING)
def test_a_credit_of_attempt_1_brings_in_a_person_while_attempt_2_may_pay_too(
    make: Callable[[], Case],
) -> None:
    case = make()
    assert case.when(T.REFUND_CREDITED, refund(1)).result == "applied"
    assert (case.status, case.next_actor) == ("refund_unconfirmed", "ops")
    assert case.facts.credited_attempts == (1,)
    assert "refund_recheck" in case.waits_for
    assert "bank:refund:2" not in case.waits_for
    assert case.holds == [("refund", 12_800, "unknown")]


@pytest.mark.parametrize("make", MOVING)
def test_paid_twice_is_over_recovered(make: Callable[[], Case]) -> None:
    case = make()
    case.when(T.REFUND_CREDITED, refund(1))
    assert not case.facts.over_recovered
    case.when(T.REFUND_CREDITED, refund(2))
    assert (case.status, case.facts.over_recovered) == ("credited", True)
    assert case.holds == [("refund", 12_800, "settled")]


def two_parts_granted() -> Case:
    """4 001, which failed, and 4 002 in its place."""
    case = in_arbitration()
    for n in (1, 2):
        case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=4_000 + n), actor=Actor.OPS)
        if n == 1:
            case.answered("bank:refund:1", T.REFUND_FAILED, refund(1))
    return case


def test_paid_twice_within_the_capture_is_over_recovered_too_and_takes_its_room() -> None:
    case = two_parts_granted()
    case.when(T.REFUND_CREDITED, refund(1))
    assert case.holds == [("refund", 8_003, "unknown")]
    case.when(T.REFUND_CREDITED, refund(2))
    assert (case.facts.over_recovered, case.holds) == (True, [("refund", 8_003, "settled")])


def test_that_it_was_paid_twice_stays_shown_while_what_an_appeal_grants_beside_it_fails() -> None:
    case = two_parts_granted()
    for n in (1, 2):
        case.when(T.REFUND_CREDITED, refund(n))
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    more = decision(amount_minor=1_000, decided_by="ops-2")
    case.when(T.ARBITRATOR_DECIDED, more, actor=Actor.OPS)
    case.answered("bank:refund:3", T.REFUND_FAILED, refund(3))
    assert (case.legs["refund"], case.facts.over_recovered) == ("failed", True)
    assert case.holds == [("refund", 9_003, "reserved")]


@pytest.mark.parametrize(
    ("name", "actor"),
    [
        (T.REFUND_FAILED, Actor.BANK),
        (T.REFUND_BOUNCED, Actor.BANK),
        (T.REFUND_DECLARED_FAILED, Actor.OPS),
    ],
)
def test_once_attempt_2_is_known_not_to_pay_attempt_1_was_the_refund(name: T, actor: Actor) -> None:
    case = second_reserved(9_000)
    case.when(T.REFUND_CREDITED, refund(1))
    case.when(name, WISH if actor is Actor.OPS else refund(2), actor=actor)
    assert (case.status, case.facts.over_recovered) == ("credited", False)
    assert (case.facts.approved_minor, case.facts.payer) == (12_800, Payer.MERCHANT)
    assert case.holds == [("refund", 12_800, "settled")]


def test_news_that_attempt_2_is_in_flight_does_not_take_the_case_back_from_the_person() -> None:
    case = second_reserved()
    case.when(T.REFUND_CREDITED, refund(1))
    case.when(T.REFUND_ACCEPTED, refund(2))
    assert (case.next_actor, case.legs["refund"]) == ("ops", "stuck")


def test_when_attempt_1_went_back_attempt_2_counts_again() -> None:
    case = second_in_flight()
    case.when(T.REFUND_CREDITED, refund(1))
    case.when(T.REFUND_BOUNCED, refund(1))
    assert (case.legs["refund"], case.facts.credited_attempts) == ("stuck", ())
    assert case.holds == [("refund", 12_800, "unknown")]
    case.when(T.REFUND_CREDITED, refund(2))
    assert (case.status, case.facts.over_recovered) == ("credited", False)


def test_of_two_credits_one_may_go_back_without_undoing_the_other() -> None:
    case = second_reserved()
    case.when(T.REFUND_CREDITED, refund(1))
    case.when(T.REFUND_CREDITED, refund(2))
    case.when(T.REFUND_BOUNCED, refund(2, reason="card_closed"))
    assert (case.status, case.facts.refund_reason) == ("credited", None)
    assert case.facts.payer is Payer.MERCHANT
    case.when(T.REFUND_BOUNCED, refund(1))
    assert (case.status, case.holds) == ("refund_bounced", [("refund", 12_800, "reserved")])


def test_a_credit_after_the_second_failure_makes_the_decision_needless() -> None:
    case = second_reserved()
    case.answered("bank:refund:2", T.REFUND_FAILED, refund(2))
    case.when(T.REFUND_CREDITED, refund(1))
    assert (case.status, case.legs["arbitration"]) == ("credited", "superseded")
    case.when(T.REFUND_CREDITED, refund(2))
    assert case.facts.over_recovered


def test_a_credit_of_what_was_given_up_is_the_refund_and_holds_its_room_again() -> None:
    case = given_up()
    assert case.holds == [("refund", 0, "released")]
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, case.facts.over_recovered) == ("credited", False)
    assert case.holds == [("refund", 12_800, "settled")]


def test_where_another_dispute_has_the_room_it_is_over_recovered() -> None:
    case = given_up()
    case.money = replace(case.money, others_minor=10_000)
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, case.facts.over_recovered) == ("credited", True)
    assert case.holds == [("refund", 2_800, "settled")]


def test_a_denial_stands_again_once_the_money_went_back() -> None:
    case = given_up()
    case.when(T.REFUND_CREDITED, refund())
    case.when(T.REFUND_BOUNCED, refund())
    assert (case.status, case.holds) == ("declined", [("refund", 0, "released")])
    assert (case.facts.payer, case.actions) == (None, ["appeal"])


def test_a_credit_while_an_appeal_waits_ends_it_and_a_bounce_takes_that_back() -> None:
    case = given_up()
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    case.money = replace(case.money, others_minor=10_000)
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, case.legs["arbitration"]) == ("credited", "superseded")
    case.when(T.REFUND_BOUNCED, refund())
    assert (case.status, case.holds) == ("refund_bounced", [("refund", 2_800, "reserved")])


def test_each_attempt_is_compared_with_its_own_amount() -> None:
    case = second_reserved(9_000)
    report = refund(1, transaction_id="t-1", amount_minor=9_000, currency="CNY")
    answer = case.when(T.REFUND_CREDITED, report)
    assert answer.reason == "the bank tells of 9000 CNY; attempt 1 is 12800 CNY"
    case.when(T.REFUND_CREDITED, replace(report, amount_minor=12_800))
    assert case.facts.credited_attempts == (1,)


def test_the_same_credit_again_is_no_second_payment() -> None:
    case = second_reserved()
    case.when(T.REFUND_CREDITED, refund(1))
    again = case.when(T.REFUND_CREDITED, refund(1))
    assert (again.result, again.reason) == ("late", "attempt 1 had been credited before")


def test_a_credit_of_an_attempt_that_was_never_made_counts_for_nothing() -> None:
    case = second_reserved()
    answers = [case.when(T.REFUND_CREDITED, refund(n)) for n in (0, 3)]
    assert [answer.result for answer in answers] == ["late", "late"]
    assert answers[1].reason == "there was no refund attempt 3"
