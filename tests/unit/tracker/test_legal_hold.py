"""A court or an authority stops the case: nothing is done by us, what comes by itself is seen."""

import pytest

from services.tracker.domain.triggers import (
    Cause,
    Comparison,
    Grant,
    MerchantAnswer,
    Posting,
    T,
    TraceReport,
    Wish,
)
from shared.contracts.vocabulary import Actor, Funding, Kind, Payer, Remedy, TransactionState
from tests.unit.tracker.case import (
    WISH,
    Case,
    approved,
    asked_of_merchant,
    decision,
    found,
    in_arbitration,
    in_flight,
    opened,
    refund,
    transaction,
    unknown,
)

COURT = Cause("ops-1", "court")


def held(case: Case) -> Case:
    case.when(T.LEGAL_HOLD_PLACED, COURT, actor=Actor.OPS)
    return case


def lifted(case: Case) -> Case:
    case.when(T.LEGAL_HOLD_LIFTED, COURT, actor=Actor.OPS)
    return case


def test_the_answer_is_neutral_and_somebody_looks_again() -> None:
    case = held(asked_of_merchant())
    assert (case.status, case.next_actor) == ("under_review", "ops")
    assert case.due_in("legal_due") == 890
    case.when(T.LEGAL_DUE, after_s=890)
    assert (case.facts.escalations, case.due_in("legal_due")) == (1, 890)


def test_consent_is_heard_and_pays_once_the_hold_is_lifted() -> None:
    case = held(asked_of_merchant())
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.holds) == ("under_review", [])
    lifted(case)
    assert (case.status, case.holds) == ("refund_approved", [("refund", 12_800, "reserved")])


def test_a_decision_waits_too() -> None:
    case = held(in_arbitration())
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert case.holds == []
    assert lifted(case).holds == [("refund", 12_800, "reserved")]


def test_a_refund_that_flies_lands_and_is_told_but_nothing_ends() -> None:
    case = held(in_flight())
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, case.holds) == ("under_review", [("refund", 12_800, "settled")])
    assert lifted(case).status == "credited"


@pytest.mark.parametrize("name", [T.MERCHANT_REMINDER, T.MERCHANT_DUE])
def test_nobody_is_reminded_and_silence_does_not_count_meanwhile(name: T) -> None:
    case = held(asked_of_merchant())
    case.when(name, after_s=case.due_in(name))
    assert (case.legs["consent"], case.due_in(name)) == ("delivered", 70)
    assert "merchant:reminder:1" not in case.waits_for
    lifted(case).when(name, after_s=70)
    reminded = "merchant:reminder:1" in case.waits_for
    assert (case.legs["consent"], reminded) in (("silent", False), ("delivered", True))


def test_the_customers_time_does_not_run_out_meanwhile() -> None:
    case = asked_of_merchant()
    offer = MerchantAnswer(1, offer_minor=3_000, offer_currency="CNY")
    case.when(T.MERCHANT_OFFERED, offer, actor=Actor.MERCHANT)
    held(case).when(T.OFFER_DUE, after_s=case.due_in("offer_due"))
    assert (case.legs["consent"], case.due_in("offer_due")) == ("offered", 70)


def test_nor_do_details_or_another_account_come_too_late_meanwhile() -> None:
    unnamed = held(opened(Kind.REFUND_REQUEST, transaction_id=None))
    unnamed.when(T.DETAILS_DUE, after_s=unnamed.due_in("details_due"))
    assert (unnamed.legs["details"], unnamed.due_in("details_due")) == ("asked", 70)
    bounced = held(in_flight())
    bounced.when(T.REFUND_BOUNCED, refund())
    assert "destination" not in bounced.legs  # asked once the hold is lifted
    lifted(bounced)
    held(bounced).when(T.DESTINATION_DUE, after_s=bounced.due_in("destination_due"))
    assert (bounced.legs["destination"], bounced.due_in("destination_due")) == ("asked", 70)


def test_the_customer_does_not_withdraw_what_a_court_holds() -> None:
    case = held(in_arbitration())
    assert case.actions == []
    assert case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER).result == "illegal"


def test_a_lifted_hold_may_come_back() -> None:
    case = held(lifted(held(in_arbitration())))
    assert (case.status, case.legs["legal"]) == ("under_review", "held")


def test_an_ended_case_is_not_held() -> None:
    case = in_flight()
    case.when(T.REFUND_CREDITED, refund())
    assert case.when(T.LEGAL_HOLD_PLACED, COURT, actor=Actor.OPS).result == "illegal"


def test_a_reversal_is_watched_all_the_same_so_that_nothing_pays_it_again() -> None:
    case = held(opened(Kind.PAYMENT_FAILED))
    bank = transaction(
        TransactionState.DEBITED_NOT_CAPTURED, funding=Funding.CARD, reversal_minor=12_800
    )
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, bank)
    assert (case.status, case.holds) == ("under_review", [("reversal", 12_800, "reserved")])
    assert case.when(T.CHARGEBACK_ORDERED, Wish("ops-1"), actor=Actor.OPS).result == "illegal"
    case.answered("bank:watch:1", T.REVERSAL_CREDITED, bank)
    assert (case.status, lifted(case).status) == ("under_review", "reversed")


def test_a_return_too() -> None:
    case = held(found(Kind.MISSING_FUNDS))
    case.answered("bank:trace:1", T.TRACE_REJECTED, TraceReport(1, return_minor=12_800))
    assert case.holds == [("reversal", 12_800, "reserved")]


def test_a_refund_that_was_ordered_does_not_leave() -> None:
    case = held(approved())
    assert (case.status, case.legs["refund"]) == ("under_review", "stuck")
    assert "bank:refund:1" not in case.waits_for
    case.when(T.REFUND_RECHECK, after_s=case.due_in("refund_recheck"))
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund())
    assert "bank:refund:1" not in case.waits_for
    assert (lifted(case).status, case.next_actor) == ("refund_unconfirmed", "ops")
    case.when(T.REFUND_DECLARED_FAILED, Wish("ops-1"), actor=Actor.OPS)
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert "bank:refund:2" in case.waits_for


def test_one_that_had_left_is_heard_of() -> None:
    case = held(approved())
    case.when(T.REFUND_ACCEPTED, refund())
    assert (case.legs["refund"], lifted(case).status) == ("in_flight", "refund_sent")


def test_nor_is_one_sent_again_that_nobody_knows() -> None:
    case = held(unknown())
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund(), after_s=30)
    assert (case.legs["refund"], "bank:refund:1" in case.waits_for) == ("stuck", False)


def test_the_wallets_own_money_waits_too_and_is_posted_once_the_hold_is_lifted() -> None:
    case = in_arbitration()
    case.when(T.CREDIT_ORDERED, Grant("ops-1", 500, "goodwill"), actor=Actor.OPS)
    case.when(T.COMPENSATION_ORDERED, Grant("ops-1", 100, "late"), actor=Actor.OPS)
    held(case)
    assert not {"bank:credit:1", "bank:compensation:1"} & case.waits_for
    assert {"bank:credit:1", "bank:compensation:1"} <= lifted(case).waits_for


def test_lifting_a_hold_orders_nothing_that_nobody_had_ordered() -> None:
    case = in_arbitration()
    before = case.waits_for
    assert lifted(held(case)).waits_for == before


def test_none_of_it_is_ordered_while_the_law_holds_the_case() -> None:
    case = held(in_arbitration())
    for order in (T.CREDIT_ORDERED, T.COMPENSATION_ORDERED):
        answer = case.when(order, Grant("ops-1", 100, "late"), actor=Actor.OPS)
        assert answer.result == "illegal"
        assert "lift_legal_hold" in answer.reason


def test_a_credit_that_stands_is_not_taken_back_meanwhile() -> None:
    case = in_arbitration()
    case.when(T.CREDIT_ORDERED, Grant("ops-1", 500, "goodwill"), actor=Actor.OPS)
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    held(case)
    waits = case.when(T.CREDIT_NOTICE_DUE, after_s=case.due_in("credit_notice_due"))
    assert (waits.result, waits.reason) == ("applied", "a legal hold stands")
    assert (case.legs["credit"], case.due_in("credit_notice_due")) == ("noticed", 70)
    lifted(case).when(T.CREDIT_NOTICE_DUE, after_s=70)
    assert "bank:credit_reversal:1" in case.waits_for


def test_one_that_is_being_taken_back_is_left_alone_until_the_hold_is_lifted() -> None:
    case = in_arbitration()
    case.when(T.CREDIT_ORDERED, Grant("ops-1", 500, "goodwill"), actor=Actor.OPS)
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    case.when(T.CREDIT_NOTICE_DUE, after_s=case.due_in("credit_notice_due"))
    assert "bank:credit_reversal:1" in case.waits_for
    assert "bank:credit_reversal:1" not in held(case).waits_for
    assert "bank:credit_reversal:1" in lifted(case).waits_for


def test_nor_are_the_books_corrected_meanwhile() -> None:
    nothing = {"transaction_id": None, "requested_minor": None, "currency": None}
    case = opened(Kind.BALANCE_ANOMALY, merchant_id=None, **nothing)
    case.answered("bank:records:1", T.RECORDS_OUR_ERROR, Comparison(1, 700, "CNY"))
    corrected = decision(Remedy.CORRECTION, amount_minor=700, payer=Payer.WALLET_ADVANCE)
    case.when(T.ARBITRATOR_DECIDED, corrected, actor=Actor.OPS)
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert "bank:correction:1" in case.waits_for
    assert "bank:correction:1" not in held(case).waits_for
    assert "bank:correction:1" in lifted(case).waits_for
