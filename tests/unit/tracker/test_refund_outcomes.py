"""What becomes of a refund: credited, bounced, unfunded, failed, or nobody can tell."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.tracker.domain.triggers import Choice, T, Wish
from shared.contracts.vocabulary import Actor, Payer, Remedy
from tests.unit.tracker.case import (
    START,
    WISH,
    Case,
    approved,
    decision,
    in_flight,
    refund,
    unknown,
)


def stuck() -> Case:
    """The bank forgot the key before it could be asked."""
    case = unknown()
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund(), after_s=100)
    return case


def bounced() -> Case:
    case = in_flight()
    case.when(T.REFUND_BOUNCED, refund(reason="card_closed"), after_s=100)
    return case


def unfunded() -> Case:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_UNFUNDED, refund())
    return case


def failed() -> Case:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_FAILED, refund(reason="account_frozen"))
    return case


def test_a_lost_answer_is_unknown_and_asked_about_before_anything_else() -> None:
    case = unknown()
    assert (case.status, case.next_actor) == ("refund_unconfirmed", "bank")
    assert case.holds == [("refund", 12_800, "unknown")]
    assert case.waits_for == {"bank:refund_query:1", "refund_due"}
    assert case.due_in("bank:refund_query:1") == 0


@pytest.mark.parametrize("make", [approved, unknown, stuck, in_flight, unfunded])
@pytest.mark.parametrize(
    ("answer", "leg", "status"),
    [
        (T.REFUND_ACCEPTED, "in_flight", "refund_sent"),
        (T.REFUND_CREDITED, "credited", "credited"),
        (T.REFUND_BOUNCED, "bounced", "refund_bounced"),
        (T.REFUND_FAILED, "failed", "in_arbitration"),
    ],
)
def test_the_banks_answer_says_what_happened_wherever_the_refund_stood(
    make: Callable[[], Case], answer: T, leg: str, status: str
) -> None:
    case = make()
    case.work.pop("bank:refund:1", None)
    case.when(answer, refund())
    assert (case.legs["refund"], case.status, case.facts.refund_n) == (leg, status, 1)
    assert not any(call.startswith("bank:refund:") for call in case.waits_for)


def test_an_unfunded_refund_that_is_credited_waits_for_nothing_more() -> None:
    case = unfunded()
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, case.waits_for) == ("credited", set())


def test_not_found_does_not_count_while_the_bank_may_be_settling() -> None:
    case = unknown()
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund(), after_s=2)
    assert case.status == "refund_unconfirmed"
    assert case.waits_for == {"bank:refund_query:1", "refund_due"}
    assert case.due_in("bank:refund_query:1") == 3


def test_not_found_after_the_settling_time_sends_again_with_the_same_key() -> None:
    case = unknown()
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund(), after_s=5)
    assert (case.status, case.facts.refund_n) == ("refund_approved", 1)
    assert case.waits_for == {"bank:refund:1", "refund_due"}
    assert case.holds == [("refund", 12_800, "reserved")]


def test_the_settling_time_counts_from_the_last_sending() -> None:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_NO_ANSWER, refund(), after_s=10)
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund(), after_s=4)
    assert (case.status, case.due_in("bank:refund_query:1")) == ("refund_unconfirmed", 1)


def test_the_last_moment_of_the_keys_lifetime_may_still_send() -> None:
    case = unknown()
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund(), after_s=99)
    assert case.waits_for == {"bank:refund:1", "refund_due"}


def test_past_the_keys_lifetime_nothing_is_sent_and_a_person_goes_on() -> None:
    case = stuck()
    assert (case.status, case.next_actor) == ("refund_unconfirmed", "ops")
    assert case.holds == [("refund", 12_800, "unknown")]
    assert case.waits_for == {"refund_recheck"}
    assert case.due_in("refund_recheck") == 50


def test_the_lifetime_counts_from_the_first_sending() -> None:
    case = unknown()
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund(), after_s=60)
    case.answered("bank:refund:1", T.REFUND_NO_ANSWER, refund(), after_s=35)
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund(), after_s=6)
    assert (case.next_actor, case.waits_for) == ("ops", {"refund_recheck"})


def test_a_stuck_refund_is_still_asked_about() -> None:
    case = stuck()
    case.when(T.REFUND_RECHECK, after_s=50)
    assert case.waits_for == {"bank:refund_query:1", "refund_recheck"}
    again = case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund())
    assert (again.result, case.next_actor) == ("late", "ops")
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, case.waits_for) == ("credited", set())


def test_a_person_states_that_it_was_never_paid_and_a_decision_gets_a_new_key() -> None:
    case = stuck()
    case.when(T.REFUND_DECLARED_FAILED, WISH, actor=Actor.OPS)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_failed")
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (case.facts.refund_n, case.waits_for) == (2, {"bank:refund:2", "refund_due"})


def test_a_refund_that_the_bank_has_after_all_is_not_paid_a_second_time() -> None:
    case = stuck()
    case.when(T.REFUND_DECLARED_FAILED, WISH, actor=Actor.OPS)
    case.when(T.REFUND_ACCEPTED, refund())
    assert (case.legs["refund"], case.legs["arbitration"]) == ("stuck", "superseded")
    assert (case.status, case.next_actor) == ("refund_unconfirmed", "ops")
    assert (case.waits_for, case.holds) == ({"refund_recheck"}, [("refund", 12_800, "unknown")])
    again = case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (again.result, case.facts.refund_n) == ("illegal", 1)
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, case.waits_for) == ("credited", set())


def test_nor_is_one_that_fails_then_left_without_a_decision() -> None:
    case = stuck()
    case.when(T.REFUND_DECLARED_FAILED, WISH, actor=Actor.OPS)
    case.when(T.REFUND_ACCEPTED, refund())
    case.when(T.REFUND_FAILED, refund())
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_failed")
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert case.facts.refund_n == 2


def test_what_the_bank_said_before_its_own_no_is_late() -> None:
    case = in_flight()
    case.when(T.REFUND_FAILED, refund())
    assert case.when(T.REFUND_ACCEPTED, refund()).result == "late"
    assert (case.status, case.legs["refund"]) == ("in_arbitration", "failed")


@pytest.mark.parametrize("make", [approved, in_flight, unknown])
def test_nobody_may_declare_a_refund_failed_that_the_bank_can_still_tell_about(
    make: Callable[[], Case],
) -> None:
    case = make()
    answer = case.when(T.REFUND_DECLARED_FAILED, WISH, actor=Actor.OPS)
    assert answer.result == "illegal"


def test_a_bounce_is_told_and_held_and_asked_about_once_more() -> None:
    case = bounced()
    assert (case.status, case.next_actor) == ("refund_bounced", "customer")
    assert case.facts.refund_reason == "card_closed"
    assert case.holds == [("refund", 12_800, "reserved")]
    assert case.waits_for == {"bank:refund_query:1", "destination_due"}
    assert (case.due_in("destination_due"), case.promised_in) == (800, 800)


def test_a_bounce_without_another_account_goes_to_a_person_under_the_same_reservation() -> None:
    case = bounced()
    case.answered("bank:refund_query:1", T.REFUND_BOUNCED, refund())
    case.when(T.DESTINATION_DUE, after_s=800)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_failed")
    assert case.holds == [("refund", 12_800, "reserved")]
    assert case.waits_for == {"arbitration_due"}


def test_a_credit_heard_after_the_bounce_counts() -> None:
    case = bounced()
    case.answered("bank:refund_query:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.waits_for) == ("credited", set())


def test_a_bounce_after_the_credit_opens_the_dispute_again() -> None:
    case = in_flight()
    case.when(T.REFUND_CREDITED, refund())
    case.when(T.REFUND_BOUNCED, refund(reason="card_closed"), after_s=1000)
    assert (case.status, case.next_actor) == ("refund_bounced", "customer")
    assert case.holds == [("refund", 12_800, "reserved")]
    assert case.waits_for == {"bank:refund_query:1", "destination_due"}
    assert case.promised_in == 800


@pytest.mark.parametrize("make", [approved, unknown, in_flight])
def test_a_refund_that_lacks_funds_says_so(make: Callable[[], Case]) -> None:
    case = make()
    case.when(T.REFUND_UNFUNDED, refund())
    assert (case.status, case.facts.refund_n) == ("refund_unfunded", 1)


def test_news_of_missing_funds_does_not_take_a_refund_back_from_a_person() -> None:
    case = stuck()
    answer = case.when(T.REFUND_UNFUNDED, refund())
    assert (answer.result, case.legs["refund"], case.next_actor) == ("late", "stuck", "ops")


def test_an_unfunded_refund_waits_for_its_payer_until_the_deadline() -> None:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_UNFUNDED, refund(reason="payer_short"))
    assert (case.status, case.next_actor) == ("refund_unfunded", "merchant")
    assert case.holds == [("refund", 12_800, "reserved")]
    assert (case.waits_for, case.due_in("funding_due")) == ({"funding_due"}, 650)
    case.when(T.REFUND_ACCEPTED, refund())
    assert (case.status, case.waits_for) == ("refund_sent", {"refund_recheck", "refund_due"})


def test_a_payer_who_does_not_fund_is_replaced_by_a_person() -> None:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_UNFUNDED, refund())
    case.when(T.FUNDING_DUE, after_s=650)
    # the bank has not said a final no, so nothing may be sent under a new key yet
    assert (case.status, case.next_actor) == ("refund_unconfirmed", "ops")
    assert case.facts.refund_n == 1
    case.when(T.REFUND_DECLARED_FAILED, WISH, actor=Actor.OPS)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_failed")
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.WALLET_ADVANCE), actor=Actor.OPS)
    assert (case.facts.payer, case.facts.refund_n) == (Payer.WALLET_ADVANCE, 2)


def test_a_final_refusal_goes_to_a_person_and_keeps_the_reservation() -> None:
    case = failed()
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_failed")
    assert case.facts.refund_reason == "account_frozen"
    assert case.holds == [("refund", 12_800, "reserved")]
    assert (case.waits_for, case.actions) == ({"arbitration_due"}, [])


def test_another_attempt_has_a_new_key_and_its_own_clock() -> None:
    case = failed()
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=9_000), after_s=500, actor=Actor.OPS)
    assert (case.waits_for, case.holds) == (
        {"bank:refund:2", "refund_due"},
        [("refund", 9_000, "reserved")],
    )
    case.answered("bank:refund:2", T.REFUND_NO_ANSWER, refund(2))
    case.answered("bank:refund_query:2", T.REFUND_NOT_FOUND, refund(2), after_s=5)
    assert case.waits_for == {"bank:refund:2", "refund_due"}


def test_no_further_attempt_gives_the_reservation_back() -> None:
    case = failed()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert (case.status, case.waits_for) == ("declined", set())
    assert case.holds == [("refund", 0, "released")]
    assert case.actions == ["appeal"]


def test_a_credit_while_a_person_is_asked_makes_the_decision_needless() -> None:
    case = failed()
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, case.legs["arbitration"]) == ("credited", "superseded")
    case.when(T.REFUND_BOUNCED, refund())
    assert (case.status, case.waits_for) == (
        "refund_bounced",
        {"bank:refund_query:1", "destination_due"},
    )


def overdue() -> Case:
    """The bank said for too long that it has the refund."""
    case = in_flight()
    case.when(T.REFUND_RECHECK, after_s=50)
    case.answered("bank:refund_query:1", T.REFUND_ACCEPTED, refund())
    case.when(T.REFUND_DUE, after_s=550)
    return case


def test_a_refund_in_flight_is_asked_about() -> None:
    case = in_flight()
    case.when(T.REFUND_RECHECK, after_s=50)
    assert case.waits_for == {"bank:refund_query:1", "refund_recheck", "refund_due"}
    assert case.due_in("refund_recheck") == 50


def test_a_refund_in_flight_for_too_long_goes_to_a_person_under_the_same_key() -> None:
    case = overdue()
    assert (case.status, case.next_actor) == ("refund_unconfirmed", "ops")
    assert (case.facts.escalations, case.facts.refund_n) == (1, 1)
    assert case.holds == [("refund", 12_800, "unknown")]
    assert case.waits_for == {"refund_recheck"}


def test_a_bank_that_still_has_an_overdue_refund_does_not_take_it_back_from_a_person() -> None:
    case = overdue()
    for _ in range(3):
        case.when(T.REFUND_RECHECK, after_s=50)
        case.answered("bank:refund_query:1", T.REFUND_ACCEPTED, refund())
        assert (case.next_actor, case.waits_for) == ("ops", {"refund_recheck"})
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, case.holds) == ("credited", [("refund", 12_800, "settled")])


def test_an_overdue_refund_is_paid_again_only_after_a_person_states_that_it_was_not() -> None:
    case = overdue()
    early = case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (early.result, case.facts.refund_n) == ("illegal", 1)
    case.when(T.REFUND_DECLARED_FAILED, WISH, actor=Actor.OPS)
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (case.facts.refund_n, case.waits_for) == (2, {"bank:refund:2", "refund_due"})
    assert case.holds == [("refund", 12_800, "reserved")]
    case.answered("bank:refund:2", T.REFUND_ACCEPTED, refund(2))
    assert (case.status, case.next_actor) == ("refund_sent", "bank")


def test_no_person_is_asked_before_the_banks_own_date() -> None:
    case = approved()
    case.answered(
        "bank:refund:1", T.REFUND_ACCEPTED, refund(expected_at=START + timedelta(seconds=2000))
    )
    assert (case.due_in("refund_recheck"), case.due_in("refund_due")) == (2050, 2050)


def test_an_attempt_is_first_sent_when_it_is_approved() -> None:
    case = approved()
    assert case.facts.refund_first_sent_at == START


def test_a_refund_that_does_not_leave_is_looked_at_by_a_person_and_may_still_be_sent() -> None:
    case = approved()
    assert (case.next_actor, case.due_in("refund_due")) == ("bank", 600)
    case.when(T.REFUND_DUE, after_s=600)
    assert (case.status, case.next_actor, case.facts.escalations) == ("refund_approved", "ops", 1)
    assert case.waits_for == {"bank:refund:1", "refund_due"}
    assert case.due_in("refund_due") == 70
    case.when(T.REFUND_DUE, after_s=70)
    assert (case.facts.escalations, case.facts.refund_n) == (2, 1)
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund())
    assert (case.status, case.next_actor) == ("refund_sent", "bank")


def test_a_refund_that_was_long_unsent_stays_with_the_person_when_its_answer_is_lost() -> None:
    case = approved()
    case.when(T.REFUND_DUE, after_s=600)
    case.answered("bank:refund:1", T.REFUND_NO_ANSWER, refund())
    assert (case.status, case.next_actor) == ("refund_unconfirmed", "ops")


def test_an_outcome_that_the_bank_never_tells_goes_to_a_person_and_nothing_is_sent_again() -> None:
    case = unknown()
    assert case.due_in("refund_due") == 600
    case.when(T.REFUND_DUE, after_s=600)
    assert (case.legs["refund"], case.next_actor) == ("stuck", "ops")
    assert case.waits_for == {"bank:refund_query:1", "refund_recheck"}
    assert case.holds == [("refund", 12_800, "unknown")]
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund())
    assert case.waits_for == {"refund_recheck"}
    case.when(T.REFUND_DECLARED_FAILED, WISH, actor=Actor.OPS)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_failed")


@pytest.mark.parametrize("make", [approved, unknown])
@pytest.mark.parametrize(
    "answer", [T.REFUND_CREDITED, T.REFUND_BOUNCED, T.REFUND_UNFUNDED, T.REFUND_FAILED]
)
def test_the_deadline_of_an_unsettled_refund_is_taken_back_with_the_banks_answer(
    make: Callable[[], Case], answer: T
) -> None:
    case = make()
    case.when(answer, refund())
    assert "refund_due" not in case.waits_for


def test_while_two_people_check_another_account_the_customer_has_nothing_to_do() -> None:
    case = bounced()
    assert (case.status, case.next_actor) == ("refund_bounced", "customer")
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acct-2"), actor=Actor.CUSTOMER)
    assert (case.status, case.next_actor) == ("under_review", "ops")
    case.when(T.ACCOUNT_REJECTED, Wish("ops-1"), actor=Actor.OPS)
    assert (case.status, case.next_actor) == ("refund_bounced", "customer")
