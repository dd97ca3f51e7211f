"""A refund in two parts: what one of them says of the other, when it bounces, fails or is late."""

from datetime import timedelta

from services.tracker.domain.triggers import Cause, Choice, MerchantAnswer, T, Wish
from shared.contracts.vocabulary import Actor, Kind, Remedy, Reopening
from tests.unit.tracker.case import (
    WISH,
    Case,
    approved,
    decision,
    found,
    in_arbitration,
    refund,
    transaction,
)

PART, MORE = 5_000, 3_000


def granted(case: Case, minor: int, by: str) -> Case:
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=minor, decided_by=by)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    return case


def second(minor: int = PART) -> Case:
    """A part was credited, and an appeal granted more: the second attempt is being sent."""
    case = granted(in_arbitration(), minor, "ops-1")
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    granted(case, MORE, "ops-2")
    assert case.holds == [("refund", minor + MORE, "reserved")]
    return case


def second_stuck() -> Case:
    case = second()
    case.answered("bank:refund:2", T.REFUND_ACCEPTED, refund(2))
    case.when(T.REFUND_DUE, after_s=600)
    assert (case.legs["refund"], case.next_actor) == ("stuck", "ops")
    return case


def test_a_failed_rest_is_not_paid_by_the_part_that_was() -> None:
    for name, payload in (
        (T.REFUND_FAILED, refund(2)),
        (T.REFUND_DECLARED_FAILED, Wish("ops-1")),
    ):
        case = second_stuck()
        case.when(name, payload, actor=Actor.OPS)
        assert (case.legs["refund"], case.status) == ("failed", "in_arbitration")
        assert case.facts.arbitration_cause == "refund_failed"


def test_decided_against_another_attempt_the_part_stays_paid_and_held() -> None:
    never_sent, overdue = second(), second_stuck()
    never_sent.answered("bank:refund:2", T.REFUND_FAILED, refund(2))
    overdue.when(T.REFUND_FAILED, refund(2))
    for case in (never_sent, overdue):
        against = decision(Remedy.NONE, decided_by="ops-3")
        case.when(T.ARBITRATOR_DECIDED, against, actor=Actor.OPS)
        assert (case.status, case.waits_for) == ("credited", set())
        assert (case.holds, case.facts.credited_minor) == ([("refund", PART, "settled")], PART)


def test_a_part_that_bounces_while_the_rest_is_under_way_is_paid_after_it() -> None:
    case = second()
    case.answered("bank:refund:2", T.REFUND_ACCEPTED, refund(2))
    case.when(T.REFUND_BOUNCED, refund(1))
    assert case.status == "refund_sent"
    case.when(T.REFUND_CREDITED, refund(2))
    assert (case.status, case.facts.credited_minor) == ("refund_bounced", MORE)
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert case.facts.attempt(3).amount_minor == PART
    case.answered("bank:refund:3", T.REFUND_CREDITED, refund(3))
    assert (case.status, case.holds) == ("credited", [("refund", PART + MORE, "settled")])


def test_a_bounce_of_either_part_leaves_the_other_paid() -> None:
    for bounced, stays in ((1, MORE), (2, PART)):
        case = second()
        case.answered("bank:refund:2", T.REFUND_CREDITED, refund(2))
        assert (case.status, case.facts.credited_minor) == ("credited", PART + MORE)
        case.when(T.REFUND_BOUNCED, refund(bounced))
        assert (case.status, case.facts.credited_minor) == ("refund_bounced", stays)


def test_while_one_minor_unit_of_another_attempt_is_paid_a_person_settles_it() -> None:
    case = granted(in_arbitration(), 1, "ops-1")
    case.answered("bank:refund:1", T.REFUND_FAILED, refund())
    granted(case, MORE, "ops-1")
    case.when(T.REFUND_CREDITED, refund(1))
    assert case.legs["refund"] == "stuck"
    case.when(T.REFUND_ACCEPTED, refund(2))
    assert (case.legs["refund"], case.next_actor) == ("stuck", "ops")


def both_may_pay() -> Case:
    """4 000 were paid after all, while 5 000 that were granted instead may be paid too."""
    case = granted(in_arbitration(), 4_000, "ops-1")
    case.answered("bank:refund:1", T.REFUND_FAILED, refund())
    granted(case, 5_000, "ops-1")
    case.when(T.REFUND_CREDITED, refund(1))
    assert case.holds == [("refund", 9_000, "unknown")]
    return case


def test_what_both_may_pay_is_held_until_one_of_them_cannot() -> None:
    case = both_may_pay()
    case.when(T.REFUND_BOUNCED, refund(1))
    assert case.holds == [("refund", 5_000, "unknown")]
    case = both_may_pay()
    case.when(T.REFUND_BOUNCED, refund(2))
    assert case.holds == [("refund", 5_000, "reserved")]


def test_an_account_that_one_person_checked_is_not_paid() -> None:
    case = granted(in_arbitration(), PART, "ops-1")
    case.answered("bank:refund:1", T.REFUND_BOUNCED, refund())
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    case.when(T.REFUND_CREDITED, refund(1))
    assert (case.status, case.legs["destination"]) == ("credited", "used")
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    granted(case, MORE, "ops-2")
    assert case.facts.attempt(2).account_id is None


def test_a_new_attempt_begins_without_the_old_ones_news() -> None:
    case = granted(in_arbitration(), PART, "ops-1")
    told = refund(expected_at=case.now + timedelta(seconds=900), reason="slow")
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, told)
    case.when(T.REFUND_DUE, after_s=950)
    case.when(T.REFUND_FAILED, refund(reason="account_frozen"))
    assert (case.facts.refund_overdue, case.facts.refund_reason) == (True, "account_frozen")
    granted(case, PART, "ops-1")
    facts = case.facts
    assert (facts.refund_overdue, facts.refund_reason, facts.expected_at) == (False, None, None)
    assert (facts.remedy, facts.refund_first_sent_at) == (Remedy.PARTIAL_REFUND, case.now)


def test_sent_to_another_account_it_is_still_what_was_decided() -> None:
    case = approved()
    assert case.facts.decision_reason == "merchant_consent"
    case.answered("bank:refund:1", T.REFUND_BOUNCED, refund())
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    facts = case.facts
    assert (facts.decision_rule, facts.decision_reason) == ("merchant_consent",) * 2
    assert facts.attempt(2).account_id == "acc-2"


def test_a_denial_after_a_failed_attempt_leaves_nothing_approved() -> None:
    case = granted(in_arbitration(), PART, "ops-1")
    case.answered("bank:refund:1", T.REFUND_FAILED, refund())
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    facts = case.facts
    assert (case.status, facts.remedy) == ("declined", Remedy.NONE)
    assert (facts.approved_minor, facts.payer, facts.refund_held_minor) == (None, None, None)
    assert case.holds == [("refund", 0, "released")]


def test_why_a_person_looks_is_told_anew_each_time() -> None:
    case = granted(in_arbitration(), PART, "ops-1")
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.REGULATOR), actor=Actor.OPS)
    assert case.facts.arbitration_cause == "regulator"
    granted(case, MORE, "ops-2")
    case.answered("bank:refund:2", T.REFUND_FAILED, refund(2))
    assert case.facts.arbitration_cause == "refund_failed"
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE, decided_by="ops-3"), actor=Actor.OPS)
    assert (case.facts.arbitration_cause, case.facts.reopened_for) == (None, None)


def test_two_peoples_decision_is_forgotten_by_the_next_question() -> None:
    bank = transaction(captured_minor=900_000)
    case = found(Kind.REFUND_REQUEST, bank, requested_minor=900_000)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=600_000), actor=Actor.OPS)
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert case.facts.confirmed_by == "ops-2"
    case.answered("bank:refund:1", T.REFUND_FAILED, refund())
    assert (case.facts.decided_by, case.facts.confirmed_by) == (None, None)
