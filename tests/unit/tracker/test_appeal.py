"""One appeal, to somebody else; then the case is sealed, and opened again for named causes only."""

from datetime import timedelta

import pytest

from services.tracker.domain.triggers import Cause, Choice, MerchantAnswer, T, Wish
from shared.contracts.vocabulary import Actor, Kind, Remedy, Reopening, TransactionState
from tests.unit.tracker.case import (
    START,
    WISH,
    Case,
    decision,
    found,
    in_arbitration,
    opened,
    refund,
    transaction,
)


def denied() -> Case:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    return case


def appealed() -> Case:
    case = denied()
    case.when(T.APPEALED, Wish("c-1", "sealed words"), actor=Actor.CUSTOMER)
    return case


def partly_paid() -> Case:
    """5 000 of 12 800 were granted, and have been credited."""
    case = in_arbitration()
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=5_000)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    return case


def reopened(case: Case, cause: Reopening = Reopening.NEW_EVIDENCE) -> Case:
    case.when(T.CASE_REOPENED, Cause("ops-9", cause), actor=Actor.OPS)
    return case


def test_an_appeal_opens_the_case_for_a_person() -> None:
    case = appealed()
    assert (case.status, case.next_actor) == ("in_arbitration", "ops")
    assert (case.facts.arbitration_cause, case.facts.appeal_note) == ("appeal", "sealed words")
    assert (case.waits_for, case.due_in("arbitration_due")) == ({"arbitration_due"}, 700)


def test_the_window_of_an_appeal_closes() -> None:
    case = denied()
    assert case.facts.appeal_until == START + timedelta(seconds=3_000)
    late = case.when(T.APPEALED, WISH, after_s=3_000, actor=Actor.CUSTOMER)
    assert (late.result, case.status, case.actions) == ("illegal", "declined", [])


def test_whoever_decided_does_not_hear_the_appeal() -> None:
    case = appealed()
    for made in (decision(Remedy.NONE), decision()):
        same = case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS)
        assert (same.result, same.field) == ("invalid", "decided_by")
    case.when(T.ARBITRATOR_DECIDED, decision(decided_by="ops-2"), actor=Actor.OPS)
    assert case.holds == [("refund", 12_800, "reserved")]


def test_nor_decides_again_when_the_refund_that_the_appeal_granted_fails() -> None:
    case = appealed()
    case.when(T.ARBITRATOR_DECIDED, decision(decided_by="ops-2"), actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_FAILED, refund())
    assert (case.legs["appeal"], case.facts.arbitration_cause) == ("sealed", "refund_failed")
    same = case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert (same.result, same.field) == ("invalid", "decided_by")
    case.when(T.ARBITRATOR_DECIDED, decision(decided_by="ops-2"), actor=Actor.OPS)  # heard it
    assert (case.status, case.facts.refund_n) == ("refund_approved", 2)


def test_there_is_one_appeal() -> None:
    case = appealed()
    again = decision(Remedy.NONE, decided_by="ops-2")
    case.when(T.ARBITRATOR_DECIDED, again, actor=Actor.OPS)
    assert (case.status, case.legs["appeal"], case.actions) == ("declined", "sealed", [])
    assert case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER).result == "illegal"


@pytest.mark.parametrize("cause", list(Reopening))
def test_a_sealed_case_is_opened_again_for_a_named_cause(cause: Reopening) -> None:
    case = appealed()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE, decided_by="ops-2"), actor=Actor.OPS)
    reopened(case, cause)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", cause)
    same = case.when(T.ARBITRATOR_DECIDED, decision(decided_by="ops-2"), actor=Actor.OPS)
    assert same.result == "invalid"
    case.when(T.ARBITRATOR_DECIDED, decision(decided_by="ops-3"), actor=Actor.OPS)
    assert case.status == "refund_approved"


def test_an_open_case_is_not_reopened() -> None:
    case = in_arbitration()
    cause = Cause("ops-9", Reopening.REGULATOR)
    assert case.when(T.CASE_REOPENED, cause, actor=Actor.OPS).result == "illegal"


def test_a_partial_refund_is_appealed_and_topped_up() -> None:
    case = partly_paid()
    assert (case.status, case.actions) == ("credited", ["appeal"])
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert (case.status, case.holds) == ("in_arbitration", [("refund", 5_000, "settled")])
    more = decision(Remedy.PARTIAL_REFUND, amount_minor=7_800, decided_by="ops-2")
    case.when(T.ARBITRATOR_DECIDED, more, actor=Actor.OPS)
    assert (case.status, case.holds) == ("refund_approved", [("refund", 12_800, "reserved")])
    assert case.facts.attempt(2).amount_minor == 7_800
    case.answered("bank:refund:2", T.REFUND_CREDITED, refund(2))
    assert (case.status, case.holds) == ("credited", [("refund", 12_800, "settled")])
    assert (case.legs["appeal"], case.actions) == ("sealed", [])


def test_a_top_up_stays_within_the_capture() -> None:
    case = partly_paid()
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    more = decision(Remedy.PARTIAL_REFUND, amount_minor=7_801, decided_by="ops-2")
    answer = case.when(T.ARBITRATOR_DECIDED, more, actor=Actor.OPS)
    assert (answer.result, answer.field) == ("invalid", "amount")


def test_an_appeal_of_a_partial_refund_that_is_denied_leaves_what_was_paid() -> None:
    case = partly_paid()
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE, decided_by="ops-2"), actor=Actor.OPS)
    assert (case.status, case.holds) == ("credited", [("refund", 5_000, "settled")])
    assert (case.legs["appeal"], case.waits_for) == ("sealed", set())


def test_a_denied_appeal_does_not_take_back_what_was_granted_and_bounced_meanwhile() -> None:
    case = partly_paid()
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    case.when(T.REFUND_BOUNCED, refund())
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE, decided_by="ops-2"), actor=Actor.OPS)
    assert case.status == "refund_bounced"
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert (case.status, case.facts.attempt(2).amount_minor) == ("refund_approved", 5_000)
    assert case.holds == [("refund", 5_000, "reserved")]


def test_what_is_granted_on_appeal_comes_beside_what_bounced_meanwhile() -> None:
    case = partly_paid()
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    case.when(T.REFUND_BOUNCED, refund())
    too_much = decision(Remedy.PARTIAL_REFUND, amount_minor=7_801, decided_by="ops-2")
    assert case.when(T.ARBITRATOR_DECIDED, too_much, actor=Actor.OPS).field == "amount"
    more = decision(Remedy.PARTIAL_REFUND, amount_minor=3_000, decided_by="ops-2")
    case.when(T.ARBITRATOR_DECIDED, more, actor=Actor.OPS)
    assert (case.status, case.holds) == ("refund_bounced", [("refund", 8_000, "reserved")])
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert (case.status, case.facts.attempt(2).amount_minor) == ("refund_approved", 8_000)
    assert case.holds == [("refund", 8_000, "reserved")]


def test_a_part_that_stays_is_not_granted_again_beside_what_bounced() -> None:
    case = partly_paid()
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    more = decision(Remedy.PARTIAL_REFUND, amount_minor=4_000, decided_by="ops-2")
    case.when(T.ARBITRATOR_DECIDED, more, actor=Actor.OPS)
    case.answered("bank:refund:2", T.REFUND_CREDITED, refund(2))
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.REGULATOR), actor=Actor.OPS)
    case.when(T.REFUND_BOUNCED, refund(2))  # 5,000 stay, 4,000 are to be paid again
    last = decision(Remedy.PARTIAL_REFUND, amount_minor=1_000, decided_by="ops-3")
    case.when(T.ARBITRATOR_DECIDED, last, actor=Actor.OPS)
    assert (case.status, case.facts.approved_minor) == ("refund_bounced", 10_000)


def test_a_refund_on_appeal_that_the_bank_has_after_all_needs_no_person_to_decide() -> None:
    case = partly_paid()
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    more = decision(Remedy.PARTIAL_REFUND, amount_minor=4_000, decided_by="ops-2")
    case.when(T.ARBITRATOR_DECIDED, more, actor=Actor.OPS)
    case.answered("bank:refund:2", T.REFUND_ACCEPTED, refund(2))
    case.when(T.REFUND_DUE, after_s=case.due_in("refund_due"))
    case.when(T.REFUND_DECLARED_FAILED, Wish("ops-2"), actor=Actor.OPS)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_failed")
    case.when(T.REFUND_ACCEPTED, refund(2))
    assert (case.legs["refund"], case.legs["arbitration"]) == ("stuck", "superseded")


def test_a_full_refund_leaves_nothing_to_appeal() -> None:
    case = in_arbitration()
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.actions) == ("credited", [])


def test_a_withdrawn_case_is_not_appealed_but_may_be_reopened() -> None:
    case = in_arbitration()
    case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER)
    assert (case.status, case.actions) == ("withdrawn", [])
    assert reopened(case).status == "in_arbitration"


def test_a_reversal_is_watched_although_the_case_was_reopened_before_the_bank_answered() -> None:
    case = opened(Kind.PAYMENT_FAILED)
    case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER)
    reopened(case)
    debited = transaction(TransactionState.DEBITED_NOT_CAPTURED, reversal_minor=12_800)
    case.when(T.TRANSACTION_FOUND, debited)
    assert case.holds == [("reversal", 12_800, "reserved")]
    grant = case.when(T.ARBITRATOR_DECIDED, decision(decided_by="ops-2"), actor=Actor.OPS)
    assert (grant.result, grant.field) == ("illegal", "remedy")


def test_a_payment_that_was_fulfilled_is_appealed_too() -> None:
    case = found(Kind.PAYMENT_FAILED)
    case.when(T.MERCHANT_FULFILLED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.decision_rule) == ("fulfilled", "merchant_fulfilled")
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert (case.status, case.legs.get("verdict")) == ("in_arbitration", None)


def test_a_duplicate_is_not_appealed_but_may_be_reopened() -> None:
    case = opened(Kind.PAYMENT_FAILED, duplicate_of="402188530175")
    assert (case.status, case.actions) == ("duplicate", [])
    assert reopened(case).status == "in_arbitration"
