"""What is left of a transaction: beside others, and beside what else may bring its money."""

from services.tracker.domain.dispute import Attempt, Facts, MoneyView, expected_minor
from services.tracker.domain.triggers import ChargebackReport, RecallReport, T
from shared.contracts.vocabulary import Actor, Funding, Kind, Payer, TransactionKind
from tests.unit.tracker.case import (
    WISH,
    Case,
    decision,
    found,
    opened,
    refund,
    trace,
    transaction,
)


def test_before_the_bank_has_told_nothing_is_left() -> None:
    dispute = opened(Kind.REFUND_REQUEST).dispute
    assert (MoneyView().left(dispute), MoneyView().room(dispute)) == (0, 0)


def test_a_second_dispute_of_the_same_is_closed_before_the_bank_is_asked() -> None:
    case = opened(Kind.REFUND_REQUEST, duplicate_of="402188530182")
    assert (case.status, "inquiry" in case.legs, case.waits_for) == ("duplicate", False, set())


def test_an_attempt_that_is_not_on_record_was_ordered_as_approved() -> None:
    known = Facts(approved_minor=700, payer=Payer.BANK, attempts=(Attempt(500, Payer.MERCHANT),))
    assert known.attempt(1) == Attempt(500, Payer.MERCHANT)
    assert known.attempt(2) == Attempt(700, Payer.BANK)
    assert Facts().attempt(1) == Attempt(0, None)


def recalled_in_part() -> Case:
    """5 000 of 12 800 came back from the recipient, and the customer asks for the rest."""
    bank = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, bank, merchant_id=None)
    case.answered("bank:recall:1", T.RECALL_RETURNED, RecallReport(1, 5_000))
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert case.status == "in_arbitration"
    return case


def test_whatever_came_or_may_come_takes_its_room() -> None:
    case = recalled_in_part()
    assert MoneyView().room(case.dispute) == 7_800
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 4_000))
    assert (expected_minor(case.dispute), MoneyView().room(case.dispute)) == (9_000, 3_800)
    assert MoneyView(others_minor=1_000).room(case.dispute) == 2_800
    assert MoneyView(others_minor=4_000).room(case.dispute) == 0
    case.when(T.CHARGEBACK_LOST, ChargebackReport(None))
    assert MoneyView().room(case.dispute) == 7_800


def test_a_return_that_is_heard_of_after_the_refund_is_too_much_and_shown() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.when(T.TRACE_DUE, after_s=400)
    made = decision(payer=Payer.BANK)
    case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.facts.over_recovered) == ("credited", False)
    report = trace(return_minor=12_800, return_credited=True)
    answer = case.when(T.TRACE_REJECTED, report)
    assert (answer.result, case.facts.over_recovered) == ("applied", True)
    assert case.holds == [("refund", 12_800, "settled"), ("reversal", 0, "settled")]
    returned = transaction(reversal_state="credited", reversal_minor=12_800)
    again = case.when(T.REVERSAL_CREDITED, returned)
    assert (again.result, case.status, case.waits_for) == ("late", "credited", set())


def test_a_return_after_an_issuers_chargeback_is_too_much_too() -> None:
    case = found(Kind.MISSING_FUNDS, transaction(funding=Funding.CARD, merchant_id=None))
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 4_000))
    case.when(T.CHARGEBACK_WON, ChargebackReport(None, 4_000))
    assert case.status == "charged_back"
    answer = case.when(T.TRACE_REJECTED, trace(return_minor=12_800, return_credited=True))
    assert (answer.result, case.facts.over_recovered) == ("applied", True)
    assert case.holds == [("reversal", 8_800, "settled"), ("chargeback", 4_000, "settled")]


def test_what_a_recall_leaves_free_is_held_for_the_chargeback_that_had_no_room() -> None:
    bank = transaction(funding=Funding.CARD, kind=TransactionKind.TRANSFER, merchant_id=None)
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, bank)
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 4_000))
    assert case.facts.over_recovered  # if both came, it would be too much
    case.when(T.CHARGEBACK_WON, ChargebackReport(None, 4_000))
    assert case.holds == [("recall", 8_800, "reserved"), ("chargeback", 4_000, "settled")]
    case.when(T.RECALL_RETURNED, RecallReport(1, 5_000))
    assert case.holds == [("recall", 5_000, "settled"), ("chargeback", 4_000, "settled")]
    assert not case.facts.over_recovered
    assert case.money.room(case.dispute) == 3_800


def test_that_more_went_back_than_was_captured_before_anybody_asked_is_shown() -> None:
    for refunded, over in ((12_800, False), (12_801, True)):
        case = opened(Kind.REFUND_REQUEST)
        case.money = MoneyView(others_minor=refunded)
        bank = transaction(refunded_minor=refunded)
        case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, bank)
        assert case.facts.over_recovered is over


def test_after_any_other_end_it_changes_nothing() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.answered("bank:trace:1", T.TRACE_DELIVERED, trace())
    answer = case.when(T.TRACE_REJECTED, trace(return_minor=12_800))
    assert (answer.result, case.status) == ("late", "delivered")
