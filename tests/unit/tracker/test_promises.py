"""The promised date: adopted, kept while it stands, renewed with an apology when it passes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracker.domain import public
from services.tracker.domain.effects import Timer
from services.tracker.domain.snapshot import status_changed
from services.tracker.domain.triggers import (
    AccountReport,
    Cause,
    MerchantAnswer,
    Rescheduled,
    T,
    Trigger,
    Wish,
)
from shared.contracts.vocabulary import Actor, Kind
from tests.unit.tracker.case import (
    START,
    Case,
    approved,
    asked_of_merchant,
    found,
    in_arbitration,
    in_flight,
    opened,
    refund,
    transaction,
)


def test_the_date_that_intake_promised_is_adopted() -> None:
    promised = START + timedelta(seconds=777)
    case = opened(Kind.MISSING_FUNDS, first_promised_at=promised)
    assert (case.promised_in, case.due_in("promise_due")) == (777, 777)
    assert case.facts.promise_rule == "promise_missing_funds"


@pytest.mark.parametrize("ago_s", [1, 0])
def test_an_opening_that_is_heard_after_its_date_has_broken_it(ago_s: int) -> None:
    promised = START - timedelta(seconds=ago_s)
    case = opened(Kind.MISSING_FUNDS, first_promised_at=promised)
    assert (case.facts.promises_missed, case.facts.missed_at) == (1, promised)
    assert (case.promised_in, case.facts.late_since) == (900, promised)


def test_who_has_to_act_is_reminded_before_the_date_and_half_way_where_it_is_near() -> None:
    case = opened(Kind.MISSING_FUNDS)
    assert case.due_in("promise_near") == 900 - 15
    soon = opened(Kind.MISSING_FUNDS, first_promised_at=START + timedelta(seconds=20))
    assert soon.due_in("promise_near") == 10
    case.when(T.PROMISE_NEAR, after_s=885, actor=Actor.REDRESS)
    assert (case.facts.promise_near, case.promised_in) == (True, 15)
    case.when(T.PROMISE_DUE, after_s=15, actor=Actor.REDRESS)
    assert (case.facts.promise_near, case.facts.escalations) == (False, 1)
    assert case.due_in("promise_near") == 900 - 15


def test_the_customers_own_date_is_reminded_of_first() -> None:
    case = opened(Kind.GOODS_OR_SERVICE)
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, transaction())
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), after_s=1, actor=Actor.MERCHANT)
    assert (case.status, case.promised_in) == ("gathering_evidence", 700)
    assert case.due_in("promise_near") == 210 - 15
    case.when(T.CUSTOMER_SENT_EVIDENCE, Wish("c-1"), after_s=5, actor=Actor.CUSTOMER)
    case.when(T.MERCHANT_SENT_EVIDENCE, Wish("m-plain"), actor=Actor.MERCHANT)
    assert case.status == "in_arbitration"
    assert case.due_in("promise_near") == 700 - 5 - 15


def test_what_the_customer_was_told_moves_with_its_timer_and_so_does_the_reminder() -> None:
    case = opened(Kind.GOODS_OR_SERVICE)
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, transaction())
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    becomes = case.now + timedelta(seconds=300)
    date = ("arbitration", "evidence_due", becomes, "evidence_due", case.now)
    case.when(T.DATES_MOVED, Rescheduled("ops-1", 1, None, (date,)), actor=Actor.OPS)
    assert (case.facts.answer_by, case.due_in("evidence_due")) == (becomes, 300)
    assert (case.due_in("promise_near"), case.promised_in) == (300 - 15, 700)


def test_a_promise_that_rules_move_has_its_timers_and_its_reminder_anew() -> None:
    case = in_arbitration()
    case.when(T.PROMISE_NEAR, after_s=685, actor=Actor.REDRESS)
    assert case.facts.promise_near
    becomes = START + timedelta(seconds=900)
    stands = ("arbitration", "arbitration_due", becomes, "arbitration_due", START)
    over = ("consent", "merchant_due", becomes, "merchant_answer", START)
    moved = Rescheduled("ops-1", 2, becomes, (stands, over))
    answer = case.when(T.DATES_MOVED, moved, actor=Actor.OPS)
    assert (case.facts.rules_version, case.facts.promise_near) == (2, False)
    assert (case.facts.promise_rule, case.facts.promise_from) == ("arbitration_due", START)
    assert case.promised_in == case.due_in("promise_due") == case.due_in("arbitration_due") == 215
    assert (case.due_in("promise_near"), "merchant_due" in case.work) == (200, False)
    # the next time it is moved it is counted by the same rule from the same start
    timers = [each for each in answer.effects if isinstance(each, Timer)]
    counted = {each.trigger: (each.rule, each.start) for each in timers}
    assert counted[T.ARBITRATION_DUE] == ("arbitration_due", START)


def test_a_date_that_has_passed_meanwhile_is_not_moved_to() -> None:
    case = in_arbitration()
    moved = Rescheduled("ops-1", 2, START + timedelta(seconds=200))
    case.when(T.DATES_MOVED, moved, after_s=200, actor=Actor.OPS)
    assert (case.promised_in, case.due_in("promise_due"), case.due_in("promise_near")) == (
        *(500, 500),
        485,
    )
    assert case.facts.rules_version == 2


def test_nothing_is_moved_after_the_end() -> None:
    case = in_flight()
    case.when(T.REFUND_CREDITED, refund())
    moved = Rescheduled("ops-1", 2, START + timedelta(seconds=900))
    assert case.when(T.DATES_MOVED, moved, actor=Actor.OPS).result == "late"
    assert (case.promised_in, case.facts.rules_version) == (None, None)


def test_the_date_of_an_identity_check_moves_with_its_timer() -> None:
    case = opened(Kind.UNAUTHORIZED)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    assert case.status == "verifying_identity"
    becomes = START + timedelta(seconds=400)
    date = ("identity", "identity_due", becomes, "identity_due", START)
    case.when(T.DATES_MOVED, Rescheduled("ops-1", 1, None, (date,)), actor=Actor.OPS)
    assert (case.facts.answer_by, case.due_in("identity_due")) == (becomes, 400)
    assert case.due_in("promise_near") == 400 - 15


def test_a_timer_of_the_customers_that_moves_while_nothing_is_asked_of_them_tells_no_date() -> None:
    case = found(Kind.GOODS_OR_SERVICE)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.when(T.LEGAL_HOLD_PLACED, Cause("ops-1", "court_order"), actor=Actor.OPS)
    assert (case.status, case.facts.answer_by) == ("under_review", None)
    becomes = START + timedelta(seconds=300)
    date = ("arbitration", "evidence_due", becomes, "evidence_due", START)
    case.when(T.DATES_MOVED, Rescheduled("ops-1", 1, None, (date,)), actor=Actor.OPS)
    assert (case.facts.answer_by, case.due_in("evidence_due")) == (None, 300)


def test_who_is_reminded_of_a_date_that_has_come_is_told_nothing() -> None:
    case = asked_of_merchant()
    answer = case.when(T.PROMISE_NEAR, after_s=1000, actor=Actor.REDRESS)
    assert (answer.result, answer.reason) == ("late", "the date itself has come")
    assert not case.facts.promise_near


def test_nobody_is_reminded_after_the_end_or_while_the_law_holds_the_case() -> None:
    ended = in_flight()
    ended.when(T.REFUND_CREDITED, refund())
    assert ended.when(T.PROMISE_NEAR, actor=Actor.REDRESS).result == "late"
    held = opened(Kind.MISSING_FUNDS)
    held.when(T.LEGAL_HOLD_PLACED, Cause("ops-1", "court_order"), actor=Actor.OPS)
    answer = held.when(T.PROMISE_NEAR, after_s=800, actor=Actor.REDRESS)
    assert (answer.result, answer.reason) == ("late", "a legal hold stands")


def test_a_reminder_that_a_legal_hold_swallowed_comes_once_the_hold_is_lifted() -> None:
    case = opened(Kind.MISSING_FUNDS)
    case.when(T.LEGAL_HOLD_PLACED, Cause("ops-1", "court_order"), actor=Actor.OPS)
    case.when(T.PROMISE_NEAR, after_s=885, actor=Actor.REDRESS)
    case.when(T.LEGAL_HOLD_LIFTED, Cause("ops-1", "court_order"), after_s=5, actor=Actor.OPS)
    assert (case.promised_in, case.due_in("promise_near")) == (10, 5)  # half of what is left
    assert case.when(T.PROMISE_NEAR, after_s=5, actor=Actor.REDRESS).result == "applied"


def test_a_date_that_is_late_once_keeps_its_slack() -> None:
    case = asked_of_merchant()
    first = case.facts.promised_at
    assert public.slack_at(case.dispute, case.now) == first
    case.when(T.PROMISE_DUE, after_s=1000, actor=Actor.REDRESS)
    case.when(T.PROMISE_DUE, after_s=1000, actor=Actor.REDRESS)
    assert public.slack_at(case.dispute, case.now) == case.facts.late_since == first


def test_a_step_of_the_same_stage_does_not_put_the_date_off() -> None:
    case = opened(Kind.REFUND_REQUEST)
    case.when(T.INQUIRY_DUE, after_s=10)
    assert case.facts.promise_rule == "arbitration_due"
    later = asked_of_merchant()
    later.now += timedelta(seconds=30)
    later.when(T.CONSENT_DELIVERED)
    assert later.promised_in == 970


def test_a_missed_date_is_counted_and_a_new_one_given() -> None:
    case = asked_of_merchant()
    case.when(T.PROMISE_DUE, after_s=1000, actor=Actor.REDRESS)
    assert case.facts.promises_missed == 1
    assert (case.promised_in, case.due_in("promise_due")) == (1000, 1000)
    assert case.status == "waiting_for_merchant"
    case.when(T.PROMISE_DUE, after_s=1000, actor=Actor.REDRESS)
    assert (case.facts.promises_missed, case.promised_in) == (2, 1000)


def test_a_promise_that_was_moved_meanwhile_is_not_missed() -> None:
    case = asked_of_merchant()
    answer = case.when(T.PROMISE_DUE, after_s=999, actor=Actor.REDRESS)
    assert (case.facts.promises_missed, case.due_in("promise_due")) == (0, 1)
    assert (answer.result, answer.reason) == ("applied", "the promise was moved")


def test_a_timer_may_fire_a_millisecond_early() -> None:
    case = asked_of_merchant()
    case.when(T.PROMISE_DUE, after_s=999.998, actor=Actor.REDRESS)
    assert (case.facts.promises_missed, case.due_in("promise_due")) == (0, 0.002)
    answer = case.when(T.PROMISE_DUE, after_s=0.001, actor=Actor.REDRESS)
    assert (answer.result, case.facts.promises_missed) == ("applied", 1)


def test_a_new_stage_has_its_own_date() -> None:
    case = in_arbitration()
    assert (case.promised_in, case.facts.promise_rule) == (700, "arbitration_due")


def test_the_banks_date_that_passed_gives_way_to_the_rule() -> None:
    case = approved()
    accepted = refund(expected_at=START + timedelta(seconds=300))
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, accepted)
    assert (case.promised_in, case.facts.promise_rule) == (330, "expected_by_bank")
    case.when(T.PROMISE_DUE, after_s=330, actor=Actor.REDRESS)
    assert (case.promised_in, case.facts.promise_rule) == (600, "refund_due")


def test_nothing_is_promised_after_the_end() -> None:
    case = in_flight()
    case.when(T.REFUND_CREDITED, refund())
    answer = case.when(T.PROMISE_DUE, after_s=600, actor=Actor.REDRESS)
    assert (answer.result, case.promised_in, case.facts.promises_missed) == ("late", None, 0)


def test_a_date_that_passed_is_missed_even_if_its_timer_was_not_first() -> None:
    case = asked_of_merchant()
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), after_s=1001, actor=Actor.MERCHANT)
    assert (case.facts.promises_missed, case.promised_in) == (1, 700)


def test_a_late_end_counts_as_missed() -> None:
    case = in_flight()
    case.when(T.REFUND_CREDITED, refund(), after_s=601)
    assert (case.status, case.facts.promises_missed) == ("credited", 1)


def missed(case: Case) -> dict[str, str]:
    """What the step's event tells of a date that had passed."""
    dispute = replace(case.dispute, version=1)
    return status_changed(dispute, Trigger(T.PROMISE_DUE), case.now).step.params


def test_the_step_that_finds_the_date_passed_says_which_it_was() -> None:
    case = in_arbitration()
    promised = case.facts.promised_at.isoformat()
    assert missed(case) == {}
    case.when(T.ARBITRATION_DUE, after_s=700)  # due at the same moment, and heard first
    assert (missed(case), case.facts.promises_missed) == ({"missed": promised}, 1)
    again = Case(case.dispute, now=case.now, work=dict(case.work))
    case.when(T.ARBITRATION_DUE, after_s=70)
    assert (missed(case), case.facts.promises_missed) == ({}, 1)
    # nor is it told again with a reminder, or with dates that have moved
    again.when(T.PROMISE_NEAR, after_s=690, actor=Actor.REDRESS)
    assert (again.facts.promise_near, missed(again)) == (True, {})


def test_dates_that_move_after_a_missed_one_do_not_tell_it_again() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATION_DUE, after_s=700)
    assert missed(case) == {"missed": (START + timedelta(seconds=700)).isoformat()}
    case.when(T.DATES_MOVED, Rescheduled("ops-1", 2, None), after_s=1, actor=Actor.OPS)
    assert (missed(case), case.facts.promises_missed) == ({}, 1)


def test_the_promises_own_timer_says_it_too() -> None:
    case = asked_of_merchant()
    promised = case.facts.promised_at.isoformat()
    case.when(T.PROMISE_DUE, after_s=1000, actor=Actor.REDRESS)
    assert missed(case) == {"missed": promised}


def test_a_stage_that_says_nothing_does_not_put_a_date_off() -> None:
    case = asked_of_merchant()
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), after_s=900, actor=Actor.MERCHANT)
    assert case.promised_in == 700
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), after_s=500, actor=Actor.MERCHANT)
    assert (case.status, case.promised_in) == ("refund_approved", 200)
    assert case.due_in("promise_due") == 200


def test_the_customers_own_date_stays_while_the_same_is_asked_and_goes_with_it() -> None:
    case = found(Kind.GOODS_OR_SERVICE)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    until = START + timedelta(seconds=210)
    assert (case.facts.answer_by, case.facts.answer_for) == (until, "gathering_evidence")
    case.when(T.MERCHANT_SENT_EVIDENCE, MerchantAnswer(1), after_s=9, actor=Actor.MERCHANT)
    assert (case.facts.answer_by, case.facts.answer_for) == (until, "gathering_evidence")
    case.when(T.EVIDENCE_DUE, after_s=201)
    assert (case.facts.answer_by, case.facts.answer_for) == (None, None)


def test_an_end_has_no_promise_no_rule_of_one_and_none_that_is_near() -> None:
    case = in_flight()
    case.when(T.PROMISE_NEAR, after_s=585, actor=Actor.REDRESS)
    assert case.facts.promise_near
    case.when(T.REFUND_CREDITED, refund())
    assert (case.facts.promised_at, case.facts.promise_rule) == (None, None)
    assert (case.facts.promise_from, case.facts.promise_near) == (None, False)


def test_a_date_that_is_kept_keeps_its_rule_and_what_it_was_counted_from() -> None:
    case = asked_of_merchant()
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), after_s=900, actor=Actor.MERCHANT)
    refused = START + timedelta(seconds=900)
    assert case.facts.promise_from == refused
    case.when(T.MERCHANT_SENT_EVIDENCE, MerchantAnswer(1), after_s=100, actor=Actor.MERCHANT)
    assert (case.status, case.facts.promise_from) == ("in_arbitration", refused)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), after_s=400, actor=Actor.MERCHANT)
    assert (case.status, case.facts.promise_rule) == ("refund_approved", "arbitration_due")
    assert case.facts.promise_from == refused


def test_what_a_date_is_counted_from() -> None:
    """Intake's from the opening, whenever it is heard; the bank's own is its date itself."""
    opening = START - timedelta(seconds=60)
    assert opened(Kind.MISSING_FUNDS, opened_at=opening).facts.promise_from == opening
    expected = START + timedelta(seconds=300)
    case = approved()
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund(expected_at=expected))
    assert case.facts.promise_from == expected
    case.when(T.PROMISE_DUE, after_s=330, actor=Actor.REDRESS)
    assert case.facts.promise_from == START + timedelta(seconds=330)


def test_a_reminder_on_its_way_while_the_date_moves_waits_for_the_new_one() -> None:
    case = opened(Kind.MISSING_FUNDS)
    becomes = START + timedelta(seconds=2000)
    case.when(T.DATES_MOVED, Rescheduled("ops-1", 1, becomes), after_s=880, actor=Actor.OPS)
    early = case.when(T.PROMISE_NEAR, after_s=5, actor=Actor.REDRESS)  # of the old date
    assert (early.reason, case.facts.promise_near) == ("the date was moved", False)
    assert case.due_in("promise_near") == 2000 - 885 - 15
    case.when(T.PROMISE_NEAR, after_s=1100, actor=Actor.REDRESS)
    assert case.facts.promise_near


def test_dates_that_have_all_come_when_others_move_are_reminded_of_by_nobody() -> None:
    case = opened(Kind.GOODS_OR_SERVICE)
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, transaction())
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    date = ("arbitration", "evidence_due", case.now + timedelta(seconds=5), "evidence_due", START)
    moved = Rescheduled("ops-1", 1, None, (date,))
    answer = case.when(T.DATES_MOVED, moved, after_s=5000, actor=Actor.OPS)  # seen long before
    assert answer.result == "applied"
