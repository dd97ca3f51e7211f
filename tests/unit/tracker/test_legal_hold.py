"""A court or an authority stops the case: nothing is done by us, what comes by itself is seen."""

from services.tracker.domain.triggers import Cause, MerchantAnswer, T, TraceReport, Wish
from shared.contracts.vocabulary import Actor, Funding, Kind, TransactionState
from tests.unit.tracker.case import (
    WISH,
    Case,
    asked_of_merchant,
    decision,
    found,
    in_arbitration,
    in_flight,
    opened,
    refund,
    transaction,
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
