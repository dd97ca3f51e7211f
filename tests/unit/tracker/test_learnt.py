"""What each piece of news teaches: what it adds, what it replaces, and what it leaves as it was."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.triggers import (
    AccountReport,
    Cause,
    ChargebackReport,
    Choice,
    Comparison,
    Details,
    Grant,
    MerchantAnswer,
    RecallReport,
    T,
    Wish,
)
from shared.contracts.vocabulary import (
    Actor,
    Funding,
    Kind,
    Payer,
    Remedy,
    Reopening,
    TransactionKind,
    TransactionState,
)
from tests.unit.tracker.case import (
    START,
    WISH,
    Case,
    approved,
    asked_of_merchant,
    decision,
    declined,
    found,
    in_arbitration,
    in_flight,
    opened,
    refund,
    trace,
    transaction,
)

TRANSFER = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


# --- the bank


def test_all_that_the_bank_tells_of_the_transaction_is_known() -> None:
    told = transaction(
        TransactionState.DEBITED_NOT_CAPTURED,
        merchant_id="m-2",
        cause="timeout",
        reversal_minor=12_700,
        reversal_state="pending",
        reversal_reference="REV-1",
        reversal_expected_at=after(90),
        kind=TransactionKind.PAYMENT,
        funding=Funding.CARD,
        tender=(("cash", 12_800),),
        clawback_minor=30,
        chargeback_until=after(5_000),
    )
    facts = found(Kind.PAYMENT_FAILED, told).facts
    assert (facts.transaction_state, facts.captured_minor) == ("debited_not_captured", 12_800)
    assert (facts.currency, facts.bank_merchant_id, facts.cause) == ("CNY", "m-2", "timeout")
    assert (facts.reversal_minor, facts.reversal_reference) == (12_700, "REV-1")
    assert (facts.reversal_credited, facts.expected_at) == (False, after(90))
    assert (facts.transaction_kind, facts.funding) == ("payment", "card")
    assert (facts.tender, facts.clawback_minor) == ((("cash", 12_800),), 30)
    assert (facts.chargeback_until, facts.chargeback_found_minor) == (after(5_000), None)


def test_news_of_a_reversal_keeps_the_date_and_the_reference_that_it_does_not_name() -> None:
    debited = transaction(
        TransactionState.DEBITED_NOT_CAPTURED,
        reversal_expected_at=after(90),
        reversal_reference="REV-1",
    )
    case = found(Kind.PAYMENT_FAILED, debited)
    silent = transaction(TransactionState.DEBITED_NOT_CAPTURED, reversal_state="pending")
    case.when(T.REVERSAL_PENDING, silent)
    assert (case.facts.expected_at, case.facts.reversal_reference) == (after(90), "REV-1")
    newer = replace(silent, reversal_expected_at=after(120), reversal_reference="REV-2")
    case.when(T.REVERSAL_PENDING, newer)
    assert (case.facts.expected_at, case.facts.reversal_reference) == (after(120), "REV-2")
    assert case.facts.reversal_credited is False
    case.when(T.REVERSAL_CREDITED, replace(newer, reversal_state="credited"))
    assert case.facts.reversal_credited is True


def test_a_trace_that_does_not_name_the_bank_again_leaves_it_named() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.answered("bank:trace:1", T.TRACE_IN_TRANSIT, trace(at_bank="Harbour Bank"))
    case.when(T.TRACE_IN_TRANSIT, trace(expected_at=after(200)))
    assert (case.facts.at_bank, case.facts.expected_at) == ("Harbour Bank", after(200))
    case.when(T.TRACE_IN_TRANSIT, trace(at_bank="Bay Bank"))
    assert case.facts.at_bank == "Bay Bank"


def test_a_returns_own_date_counts_and_not_the_transfers() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    report = trace(return_minor=12_800, return_expected_at=after(300), expected_at=after(100))
    case.answered("bank:trace:1", T.TRACE_REJECTED, report)
    assert case.facts.expected_at == after(300)


def compared(case: Case, name: T, **told: Any) -> Case:
    case.when(name, Comparison(1, **told))
    return case


def test_the_records_twin_and_the_place_of_a_refund_are_known_and_stay_known() -> None:
    assert compared(found(Kind.DUPLICATE_CHARGE), T.RECORDS_TWO_ORDERS, twin="t-9").facts.twin == (
        "t-9"
    )
    case = found(Kind.REFUND_NOT_RECEIVED)
    place = {"kind": "card", "bank": "Harbour Bank", "tail": "0042"}
    told = {f"destination_{name}": value for name, value in place.items()}
    compared(case, T.RECORDS_ON_ITS_WAY, **told)
    compared(case, T.RECORDS_ARRIVED)
    facts = case.facts
    assert (facts.destination_kind, facts.destination_bank) == ("card", "Harbour Bank")
    assert facts.destination_tail == "0042"
    case = found(Kind.REFUND_NOT_RECEIVED)
    compared(case, T.RECORDS_ON_ITS_WAY, **told)
    elsewhere = {"destination_kind": "account", "destination_bank": "Bay Bank"}
    facts = compared(case, T.RECORDS_ARRIVED, **elsewhere, destination_tail="7").facts
    assert (facts.destination_kind, facts.destination_bank) == ("account", "Bay Bank")
    assert facts.destination_tail == "7"


def test_an_amount_of_the_records_in_another_currency_is_none() -> None:
    case = compared(found(Kind.WRONG_AMOUNT), T.RECORDS_DIFFERS, amount_minor=300, currency="USD")
    assert (case.facts.records_minor, case.facts.currency) == (None, "CNY")
    for currency in ("CNY", None):
        told = compared(
            found(Kind.WRONG_AMOUNT), T.RECORDS_DIFFERS, amount_minor=300, currency=currency
        )
        assert (told.facts.records_minor, told.facts.currency) == (300, "CNY")


def test_a_refunds_place_stays_known_where_later_news_does_not_name_it() -> None:
    case = approved()
    told = refund(destination_kind="card", destination_bank="Harbour Bank", destination_tail="42")
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, told)
    case.when(T.REFUND_CREDITED, refund(destination_tail="43"))
    facts = case.facts
    assert (facts.destination_kind, facts.destination_bank) == ("card", "Harbour Bank")
    assert facts.destination_tail == "43"


def test_why_a_recall_was_refused_is_known() -> None:
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, TRANSFER, merchant_id=None)
    case.answered("bank:recall:1", T.RECALL_REFUSED, RecallReport(1, 9, reason="account_empty"))
    assert (case.facts.recall_reason, case.facts.recall_minor) == ("account_empty", 12_800)


def test_a_networks_reason_and_date_are_known() -> None:
    case = found(Kind.REFUND_REQUEST, transaction(funding=Funding.CARD))
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 12_800))
    told = ChargebackReport(None, reason="evidence_sent", answer_by=after(400))
    case.when(T.CHARGEBACK_REPRESENTED, told)
    assert (case.facts.chargeback_reason, case.facts.expected_at) == ("evidence_sent", after(400))


def test_the_newest_news_of_each_attempt_is_dated_for_itself() -> None:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_FAILED, refund())
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    case.answered("bank:refund:2", T.REFUND_ACCEPTED, refund(2, known_at=after(50)))
    assert case.facts.known_at == (None, after(50))
    older = case.when(T.REFUND_CREDITED, refund(2, known_at=after(40)))
    assert older.reason == "older than what is known of attempt 2"
    case.when(T.REFUND_CREDITED, refund(1, known_at=after(20)))
    assert (case.facts.known_at, case.facts.credited_attempts) == ((after(20), after(50)), (1,))
    case.when(T.REFUND_CREDITED, refund(2, known_at=after(60)))
    assert case.facts.known_at == (after(20), after(60))


# --- the merchant and the customer


def test_both_sides_notes_are_kept_and_who_has_sent_is_known() -> None:
    case = found(Kind.GOODS_OR_SERVICE)
    refused = MerchantAnswer(1, note="first")
    case.when(T.MERCHANT_REFUSED, refused, actor=Actor.MERCHANT)
    case.when(T.MERCHANT_SENT_EVIDENCE, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.facts.merchant_note, case.facts.evidence_of) == ("first", ("merchant",))
    case.when(T.CUSTOMER_SENT_EVIDENCE, WISH, actor=Actor.CUSTOMER)
    assert case.facts.evidence_of == ("customer", "merchant")
    more = MerchantAnswer(1, note="second")
    case.when(T.MERCHANT_SENT_EVIDENCE, more, actor=Actor.MERCHANT)
    assert (case.facts.merchant_note, case.facts.evidence_of) == (
        "second",
        ("customer", "merchant"),
    )


def test_evidence_alone_from_the_customer_leaves_the_merchants_note() -> None:
    case = found(Kind.GOODS_OR_SERVICE)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1, note="first"), actor=Actor.MERCHANT)
    case.when(T.CUSTOMER_SENT_EVIDENCE, WISH, actor=Actor.CUSTOMER)
    assert (case.facts.merchant_note, case.facts.evidence_of) == ("first", ("customer",))


def test_a_merchants_answer_keeps_its_offer_and_its_proof_and_when_it_was_reached() -> None:
    case = found(Kind.REFUND_REQUEST)
    offer = MerchantAnswer(1, "damaged", "words", offer_minor=3_000, proof="P-1")
    case.when(T.MERCHANT_OFFERED, offer, after_s=4, actor=Actor.MERCHANT)
    assert case.facts.consent_delivered_at == after(4)  # who answers has been reached
    better = MerchantAnswer(1, "goodwill")
    case.when(T.MERCHANT_ACCEPTED, better, after_s=4, actor=Actor.MERCHANT)
    facts = case.facts
    assert (facts.merchant_reason, facts.merchant_note) == ("goodwill", None)
    assert (facts.offer_minor, facts.proof) == (3_000, "P-1")
    assert facts.consent_delivered_at == after(4)


def test_an_accepted_offer_is_what_is_paid_and_a_later_answer_ends_it() -> None:
    case = found(Kind.REFUND_REQUEST)
    case.when(T.MERCHANT_OFFERED, MerchantAnswer(1, offer_minor=3_000), actor=Actor.MERCHANT)
    case.when(T.OFFER_ACCEPTED, WISH, actor=Actor.CUSTOMER)
    assert (case.facts.agreed_minor, case.facts.approved_minor) == (3_000, 3_000)
    case = found(Kind.REFUND_REQUEST)
    case.when(T.MERCHANT_OFFERED, MerchantAnswer(1, offer_minor=3_000), actor=Actor.MERCHANT)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.facts.agreed_minor, case.facts.approved_minor) == (None, 12_800)


def test_reminders_are_counted() -> None:
    case = asked_of_merchant()
    case.when(T.MERCHANT_REMINDER, after_s=30)
    assert case.facts.reminders == 1
    case.when(T.MERCHANT_REMINDER, after_s=1)
    assert case.facts.reminders == 2


def nameless(**changes: Any) -> Case:
    return opened(Kind.REFUND_REQUEST, transaction_id=None, merchant_id=None, **changes)


@pytest.mark.parametrize(
    ("claimed", "given", "counts", "what"),
    [
        ((None, None), (4_000, "CNY"), (4_000, "CNY"), ("transaction", "amount")),
        ((None, None), (None, "CNY"), (None, None), ("transaction",)),
        ((900, "CNY"), (4_000, "USD"), (900, "CNY"), ("transaction",)),
        ((900, "CNY"), (None, None), (900, "CNY"), ("transaction",)),
    ],
)
def test_details_add_what_was_missing_and_change_nothing_that_was_said(
    claimed: tuple[int | None, str | None],
    given: tuple[int | None, str | None],
    counts: tuple[int | None, str | None],
    what: tuple[str, ...],
) -> None:
    case = nameless(requested_minor=claimed[0], currency=claimed[1])
    case.when(T.DETAILS_GIVEN, Details("c-1", "t-1", *given), actor=Actor.CUSTOMER)
    claim = case.dispute.claim
    assert claim.transaction_id == "t-1"
    assert (claim.requested_minor, claim.currency) == counts
    assert case.facts.details_given == what


def test_late_consent_lifts_the_rule_and_its_appeal() -> None:
    case = declined()
    assert (case.facts.decision_rule, case.facts.appeal_until) == ("outside_window", after(3_000))
    case.when(T.LATE_CONSENT_REQUESTED, WISH, actor=Actor.CUSTOMER)
    facts = case.facts
    assert (facts.late_consent, facts.decision_rule, facts.appeal_until) == (True, None, None)


def test_an_account_that_was_rejected_is_chosen_and_confirmed_anew() -> None:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_BOUNCED, refund())
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    assert case.facts.account_checked_by == ("ops-1",)
    case.when(T.ACCOUNT_REJECTED, Wish("ops-2"), actor=Actor.OPS)
    assert (case.facts.account_id, case.facts.account_checked_by) == (None, ())


# --- people


def denied() -> Case:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    return case


def test_an_appeal_is_open_until_it_is_heard_and_has_no_second_one() -> None:
    case = denied()
    case.when(T.APPEALED, Wish("c-1", "words"), actor=Actor.CUSTOMER)
    facts = case.facts
    assert (facts.appeal_heard, facts.appeal_until, facts.appeal_note) == (True, None, "words")
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE, decided_by="ops-2"), actor=Actor.OPS)
    assert (case.legs["appeal"], case.facts.arbitration_cause) == ("sealed", None)
    assert case.facts.deciders == ("ops-1", "ops-2")


def test_a_reopened_case_says_for_what_until_it_is_sealed_again() -> None:
    case = denied()
    cause = Cause("ops-9", Reopening.REGULATOR, "words")
    case.when(T.CASE_REOPENED, cause, actor=Actor.OPS)
    facts = case.facts
    assert (facts.reopened_for, facts.arbitration_cause) == ("regulator", "regulator")
    assert (facts.appeal_note, facts.appeal_until) == ("words", None)
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE, decided_by="ops-2"), actor=Actor.OPS)
    assert (case.facts.reopened_for, case.legs["appeal"]) == (None, "sealed")
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.COURT_ORDER), actor=Actor.OPS)
    assert (case.facts.reopened_for, case.facts.arbitration_n) == ("court_order", 3)


def test_a_new_arbitration_begins_with_nothing_decided() -> None:
    case = in_arbitration()
    made = decision(amount_minor=5_000, note="words")
    case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS)
    assert (case.facts.decision_note, case.facts.decided_by) == ("words", "ops-1")
    case.answered("bank:refund:1", T.REFUND_FAILED, refund(reason="account_frozen"))
    facts = case.facts
    assert (facts.arbitration_cause, facts.arbitration_n) == ("refund_failed", 2)
    assert (facts.remedy, facts.fault, facts.decision_reason) == (None, None, None)
    assert (facts.decided_by, facts.confirmed_by, facts.proposal) == (None, None, None)


def test_who_bears_the_loss_and_the_rate_is_named_apart_from_who_pays() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.BANK), actor=Actor.OPS)
    facts = case.facts
    assert (facts.payer, facts.loss_bearer, facts.rate_bearer) == ("bank", "bank", "bank")
    case = in_arbitration()
    apart = decision(payer=Payer.BANK, loss_bearer=Payer.INSURER)
    case.when(T.ARBITRATOR_DECIDED, apart, actor=Actor.OPS)
    facts = case.facts
    assert (facts.payer, facts.loss_bearer, facts.rate_bearer) == ("bank", "insurer", "insurer")


def test_a_merchants_consent_bears_all_of_it_and_nobody_is_at_fault() -> None:
    facts = approved().facts
    assert (facts.payer, facts.loss_bearer, facts.rate_bearer) == ("merchant",) * 3
    assert (facts.fault, facts.remedy) == (None, Remedy.FULL_REFUND)
    assert (facts.refund_n, facts.refund_first_sent_at, facts.refund_last_sent_at) == (
        1,
        START,
        START,
    )


def test_an_answered_complaint_remembers_who_answered() -> None:
    case = opened(Kind.COMPLAINT, transaction_id=None, requested_minor=None, currency=None)
    assert (case.facts.complaint_n, case.facts.appeal_heard) == (1, False)
    case.when(T.COMPLAINT_ANSWERED, Cause("ops-1", "explained"), actor=Actor.OPS)
    assert case.facts.deciders == ("ops-1",)
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert (case.facts.complaint_n, case.facts.appeal_heard) == (2, True)


def test_a_credit_says_by_what_it_was_given_and_a_compensation_for_what() -> None:
    case = in_arbitration()
    case.when(T.CREDIT_ORDERED, Grant("ops-1", 5_000, "goodwill"), actor=Actor.OPS)
    assert (case.facts.credit_minor, case.facts.credit_basis) == (5_000, "goodwill")
    case.when(T.COMPENSATION_ORDERED, Grant("ops-1", 900, "late"), actor=Actor.OPS)
    facts = case.facts
    assert (facts.compensation_n, facts.compensation_minor) == (1, 900)
    assert facts.compensation_reason == "late"


def test_a_legal_hold_says_for_what() -> None:
    case = asked_of_merchant()
    case.when(T.LEGAL_HOLD_PLACED, Cause("ops-1", "court_order"), actor=Actor.OPS)
    assert case.facts.legal_cause == "court_order"


# --- the account


def access_lost() -> Case:
    return opened(
        Kind.ACCESS_LOST, transaction_id=None, merchant_id=None, requested_minor=None, currency=None
    )


def test_why_identity_was_not_proven_and_a_reset_refused_is_known() -> None:
    case = access_lost()
    case.answered("accounts:identity:1", T.IDENTITY_FAILED, AccountReport(1, "factor_too_young"))
    assert case.facts.identity_reason == "factor_too_young"
    case.when(T.DOCUMENTS_ACCEPTED, Wish("ops-1"), actor=Actor.OPS)
    case.answered("accounts:reset:1", T.RESET_REFUSED, AccountReport(1, "too_many_today"))
    assert (case.facts.reset_reason, case.facts.reset_n) == ("too_many_today", 1)
    case.when(T.RESET_RECHECK, after_s=270)
    assert (case.facts.reset_reason, case.facts.reset_n) == (None, 2)
    case.when(T.RESET_RECHECK, after_s=85)
    assert case.facts.reset_n == 2  # looked after, under the same number


# --- what comes beside what is held


def test_a_chargeback_that_the_bank_knew_of_takes_its_room_at_once() -> None:
    bank = transaction(funding=Funding.CARD, chargeback_minor=4_000)
    case = found(Kind.REFUND_REQUEST, bank)
    assert case.holds == [("chargeback", 4_000, "reserved")]
    assert (case.facts.chargeback_outside, case.facts.over_recovered) == (True, False)


def test_one_above_the_room_is_shown() -> None:
    case = in_arbitration()
    case.money = MoneyView(others_minor=10_000)
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 4_000))
    assert case.holds == [("chargeback", 2_800, "reserved")]
    assert case.facts.over_recovered


def test_one_without_an_amount_is_of_all_that_was_captured() -> None:
    case = in_arbitration()
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None))
    assert (case.facts.chargeback_minor, case.facts.over_recovered) == (12_800, False)


def test_a_part_that_is_agreed_frees_the_rest_and_more_is_shown_once_it_is_back() -> None:
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, TRANSFER, merchant_id=None, requested_minor=8_000)
    case.answered("bank:recall:1", T.RECALL_AGREED, RecallReport(1, 3_000))
    assert case.holds == [("recall", 3_000, "reserved")]
    case.money = MoneyView(others_minor=9_000)
    case.when(T.RECALL_AGREED, RecallReport(1, 5_000))
    assert (case.holds, case.facts.over_recovered) == ([("recall", 3_800, "reserved")], False)
    case.when(T.RECALL_RETURNED, RecallReport(1, 5_000))
    assert (case.holds, case.facts.over_recovered) == ([("recall", 3_800, "settled")], True)


def test_a_recall_that_is_all_back_is_not_too_much() -> None:
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, TRANSFER, merchant_id=None)
    case.answered("bank:recall:1", T.RECALL_RETURNED, RecallReport(1))
    assert (case.holds, case.facts.over_recovered) == ([("recall", 12_800, "settled")], False)


def test_one_that_comes_after_a_refusal_holds_what_room_is_left() -> None:
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, TRANSFER, merchant_id=None)
    case.answered("bank:recall:1", T.RECALL_REFUSED, RecallReport(1))
    assert case.holds == [("recall", 12_800, "released")]
    case.money = MoneyView(others_minor=12_000)
    case.when(T.RECALL_RETURNED, RecallReport(1, 5_000))
    assert (case.holds, case.facts.over_recovered) == ([("recall", 800, "settled")], True)


def test_a_chargeback_won_after_it_was_lost_holds_what_room_is_left() -> None:
    case = in_arbitration()
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 5_000))
    case.when(T.CHARGEBACK_LOST, ChargebackReport(None))
    case.money = MoneyView(others_minor=12_800 - 4_999)
    case.when(T.CHARGEBACK_WON, ChargebackReport(None))
    assert (case.holds, case.facts.over_recovered) == ([("chargeback", 4_999, "settled")], True)
    case = in_arbitration()
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 5_000))
    case.when(T.CHARGEBACK_LOST, ChargebackReport(None))
    case.when(T.CHARGEBACK_WON, ChargebackReport(None))
    assert (case.holds, case.facts.over_recovered) == ([("chargeback", 5_000, "settled")], False)


def test_a_reversal_above_the_room_is_shown() -> None:
    debited = transaction(TransactionState.DEBITED_NOT_CAPTURED, reversal_minor=5_000)
    for others, held, over in ((7_800, 5_000, False), (7_801, 4_999, True)):
        case = opened(Kind.PAYMENT_FAILED)
        case.money = MoneyView(others_minor=others)
        case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, debited)
        assert (case.holds, case.facts.over_recovered) == ([("reversal", held, "reserved")], False)
        case.when(T.REVERSAL_CREDITED, replace(debited, reversal_state="credited"))
        assert (case.holds, case.facts.over_recovered) == ([("reversal", held, "settled")], over)


def test_what_was_credited_above_the_room_is_shown() -> None:
    case = in_flight()
    case.money = MoneyView(others_minor=800)
    case.when(T.REFUND_CREDITED, refund())
    assert (case.holds, case.facts.over_recovered) == ([("refund", 12_000, "settled")], True)
