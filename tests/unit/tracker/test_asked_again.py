"""When each wait is looked after, and what a reopened case asks again: its end had silenced all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.triggers import (
    AccountReport,
    BankTransaction,
    Cause,
    ChargebackReport,
    Comparison,
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
    found,
    in_flight,
    opened,
    refund,
    trace,
    transaction,
    unknown,
)

TRANSFER = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
DEBITED = transaction(TransactionState.DEBITED_NOT_CAPTURED)


def reopened(case: Case) -> Case:
    """Withdrawn, and reopened ten seconds later."""
    case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER)
    assert (case.status, case.waits_for) == ("withdrawn", set())
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.NEW_EVIDENCE), after_s=10, actor=Actor.OPS)
    assert case.status != "withdrawn"
    return case


# --- a reopened case


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (T.TRANSACTION_MISSING, None),
        (T.TRANSACTION_FOUND, transaction(TransactionState.UNKNOWN)),
    ],
)
def test_a_bank_that_could_not_tell_is_asked_again_and_heard(
    name: T, told: BankTransaction | None
) -> None:
    case = opened(Kind.REFUND_REQUEST)
    case.answered("bank:inquiry:1", name, told)
    assert (case.status, case.waits_for) == ("in_arbitration", {"arbitration_due"})
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert "bank:inquiry:1" in case.waits_for
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, transaction())
    assert (case.status, case.facts.captured_minor) == ("in_arbitration", 12_800)
    assert case.facts.arbitration_cause == "appeal"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (T.TRANSACTION_MISSING, None),
        (T.TRANSACTION_FOUND, transaction(TransactionState.UNKNOWN)),
    ],
)
def test_what_the_bank_finds_late_needs_no_person(name: T, told: BankTransaction | None) -> None:
    case = opened(Kind.REFUND_REQUEST)
    case.answered("bank:inquiry:1", name, told)
    if told:
        assert case.when(T.TRANSACTION_FOUND, told).result == "late"  # nothing new
    case.when(T.TRANSACTION_FOUND, transaction())
    assert (case.status, case.legs["arbitration"]) == ("waiting_for_merchant", "superseded")
    assert case.when(T.TRANSACTION_FOUND, transaction()).result == "late"


def test_once_a_credit_was_ordered_what_the_bank_finds_changes_nothing() -> None:
    case = found(Kind.PAYMENT_FAILED, transaction(TransactionState.UNKNOWN))
    case.when(T.CREDIT_ORDERED, Grant("ops-1", 12_800, "goodwill"), actor=Actor.OPS)
    before = case.facts
    late = case.when(T.TRANSACTION_FOUND, transaction(captured_minor=0))
    assert (late.result, case.facts == before) == ("late", True)
    assert case.holds == [("credit", 12_800, "reserved")]


def test_an_overdue_refund_of_the_merchants_is_asked_for_on_and_heard() -> None:
    case = found(Kind.REFUND_NOT_RECEIVED)
    case.answered("bank:records:1", T.RECORDS_ON_ITS_WAY, Comparison(1, 12_800))
    case.when(T.RECORDS_DUE, after_s=case.due_in("records_due"))
    assert (case.status, case.legs["records"]) == ("in_arbitration", "overdue")
    case.when(T.RECORDS_RECHECK, after_s=case.due_in("records_recheck"))
    case.answered("bank:records:1", T.RECORDS_ARRIVED, Comparison(1, 12_800))
    assert case.status == "delivered"


def test_a_chargebacks_window_and_its_watch_outlive_an_end() -> None:
    until = START + timedelta(days=30)
    bank = transaction(funding=Funding.CARD, chargeback_until=until)
    case = found(Kind.GOODS_OR_SERVICE, bank)
    before = case.work["chargeback_window"]
    reopened(case)
    assert case.work["chargeback_window"] == before
    assert "bank:chargeback_watch:1" in case.waits_for


def test_a_bank_that_had_not_answered_is_asked_again() -> None:
    case = reopened(opened(Kind.REFUND_REQUEST))
    assert case.waits_for == {"bank:inquiry:1", "inquiry_due", "arbitration_due"}
    assert (case.due_in("bank:inquiry:1"), case.due_in("inquiry_due")) == (0, 20)


def test_one_that_was_silent_is_asked_and_not_waited_for() -> None:
    case = opened(Kind.REFUND_REQUEST)
    case.when(T.INQUIRY_DUE, after_s=20)
    assert reopened(case).waits_for == {"bank:inquiry:1", "arbitration_due"}


def test_a_merchant_that_has_the_request_is_not_asked_twice() -> None:
    case = reopened(asked_of_merchant())
    assert case.waits_for == {"merchant_reminder", "merchant_due", "arbitration_due"}
    assert (case.due_in("merchant_reminder"), case.due_in("merchant_due")) == (30, 60)


def test_one_that_may_not_have_it_is() -> None:
    case = reopened(found(Kind.REFUND_REQUEST))
    assert case.waits_for == {
        "merchant:consent:1",
        "merchant_reminder",
        "merchant_due",
        "arbitration_due",
    }


def test_money_in_transit_is_looked_for_again() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    report = trace(expected_at=START + timedelta(seconds=200))
    case.answered("bank:trace:1", T.TRACE_IN_TRANSIT, report)
    case = reopened(case)
    assert case.waits_for == {"trace_recheck", "trace_due", "arbitration_due"}
    assert (case.due_in("trace_recheck"), case.due_in("trace_due")) == (190, 490)


def test_every_leg_that_waited_asks_again() -> None:
    case = opened(Kind.UNAUTHORIZED)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    assert {"bank:inquiry:1", "accounts:identity:1"} <= case.waits_for
    case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER)
    case.answered("accounts:release:1", T.HOLD_RELEASED, AccountReport(1))
    assert (case.status, case.waits_for) == ("withdrawn", set())
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.REGULATOR), actor=Actor.OPS)
    assert {"bank:inquiry:1", "inquiry_due", "accounts:identity:1"} <= case.waits_for


def test_what_was_settled_is_not_asked_again() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.answered("bank:trace:1", T.TRACE_DELIVERED, trace())
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.REGULATOR), actor=Actor.OPS)
    assert case.waits_for == {"arbitration_due"}


# --- how long each wait is


def test_in_transit_ten_pauses_after_the_banks_date_a_person_looks() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    report = trace(expected_at=START + timedelta(seconds=200))
    case.answered("bank:trace:1", T.TRACE_IN_TRANSIT, report)
    assert (case.due_in("trace_recheck"), case.due_in("trace_due")) == (200, 500)


def test_without_a_date_or_with_one_that_has_passed_it_is_looked_for_after_a_pause() -> None:
    for expected_at in (None, START, START - timedelta(seconds=1)):
        case = found(Kind.MISSING_FUNDS, merchant_id=None)
        case.answered("bank:trace:1", T.TRACE_IN_TRANSIT, trace(expected_at=expected_at))
        assert (case.due_in("trace_recheck"), case.due_in("trace_due")) == (30, 330)


def test_a_trace_is_asked_about_again_and_again() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.when(T.TRACE_RECHECK, after_s=30)
    assert (case.due_in("bank:trace_query:1"), case.due_in("trace_recheck")) == (0, 30)


def test_a_reversal_is_watched_from_its_own_date() -> None:
    case = found(Kind.PAYMENT_FAILED, DEBITED)
    assert case.waits_for == {"bank:watch:1", "reversal_recheck", "reversal_due"}
    assert (case.due_in("reversal_recheck"), case.due_in("reversal_due")) == (40, 500)
    dated = replace(DEBITED, reversal_expected_at=START + timedelta(seconds=90))
    assert found(Kind.PAYMENT_FAILED, dated).due_in("reversal_recheck") == 90
    case.when(T.REVERSAL_RECHECK, after_s=40)
    assert {"bank:reversal_query:1", "reversal_recheck"} <= case.waits_for
    assert (case.due_in("bank:reversal_query:1"), case.due_in("reversal_recheck")) == (0, 40)


def test_a_return_is_looked_for_by_its_trace() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.answered("bank:trace:1", T.TRACE_REJECTED, trace(return_minor=12_800))
    case.when(T.REVERSAL_RECHECK, after_s=40)
    assert "bank:return_query:1" in case.waits_for
    assert "bank:reversal_query:1" not in case.waits_for


def test_consented_money_has_its_own_time_to_come() -> None:
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, TRANSFER, merchant_id=None)
    case.answered("bank:recall:1", T.RECALL_AGREED, RecallReport(1), after_s=100)
    assert (case.due_in("recall_recheck"), case.due_in("recall_due")) == (45, 830)
    later = RecallReport(1, expected_at=case.now + timedelta(seconds=1_000))
    case.when(T.RECALL_AGREED, later, after_s=1)
    assert (case.due_in("recall_recheck"), case.due_in("recall_due")) == (999, 999)
    sooner = RecallReport(1, expected_at=case.now + timedelta(seconds=60))
    case.when(T.RECALL_AGREED, sooner, after_s=1)
    assert (case.due_in("recall_recheck"), case.due_in("recall_due")) == (59, 830)


def test_a_merchant_is_reminded_half_way() -> None:
    case = found(Kind.REFUND_REQUEST)
    assert (case.due_in("merchant_reminder"), case.due_in("merchant_due")) == (30, 60)
    case.when(T.MERCHANT_REMINDER, after_s=30)
    assert case.due_in("merchant:reminder:1") == 0


def test_evidence_is_asked_of_a_merchant_where_there_is_one() -> None:
    bank = transaction(merchant_id=None, funding=Funding.CARD)
    by_bank = found(Kind.GOODS_OR_SERVICE, transaction(), merchant_id=None)
    by_claim = found(Kind.GOODS_OR_SERVICE, bank)
    for case in (by_bank, by_claim):
        case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
        case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
        assert case.waits_for - {"bank:chargeback_watch:1"} == {
            "merchant:evidence:1",
            "evidence_due",
        }


def test_an_unknown_outcome_is_asked_for_once_it_may_have_settled() -> None:
    case = unknown()
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund(), after_s=2)
    assert case.due_in("bank:refund_query:1") == 3
    assert case.legs["refund"] == "unknown"


def test_a_refund_in_flight_is_looked_for_after_the_banks_date_and_a_person_no_sooner() -> None:
    case = approved()
    report = refund(expected_at=START + timedelta(seconds=700))
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, report)
    assert (case.due_in("refund_recheck"), case.due_in("refund_due")) == (750, 750)
    case.when(T.REFUND_RECHECK, after_s=750)
    assert (case.due_in("bank:refund_query:1"), case.due_in("refund_recheck")) == (0, 50)


def test_a_stuck_refund_is_asked_for_now_and_then_and_never_sent() -> None:
    case = in_flight()
    case.when(T.REFUND_DUE, after_s=600)
    assert case.waits_for == {"refund_recheck"}
    assert case.due_in("refund_recheck") == 50
    case.when(T.REFUND_RECHECK, after_s=50)
    assert case.waits_for == {"bank:refund_query:1", "refund_recheck"}


def test_every_step_towards_the_network_is_watched_anew() -> None:
    case = found(Kind.REFUND_REQUEST, transaction(funding=Funding.CARD))
    case.when(T.CHARGEBACK_ORDERED, Wish("ops-1"), actor=Actor.OPS)
    assert (case.due_in("chargeback_recheck"), case.due_in("chargeback_due")) == (65, 870)
    case.when(T.CHARGEBACK_REPRESENTED, ChargebackReport(1), after_s=10)
    case.when(T.PRE_ARBITRATION_ORDERED, Wish("ops-1"), after_s=10, actor=Actor.OPS)
    assert case.due_in("bank:pre_arbitration:1") == 0
    assert (case.due_in("chargeback_recheck"), case.due_in("chargeback_due")) == (65, 870)


def test_its_window_is_over_once_it_is_filed() -> None:
    until = START + timedelta(seconds=1_000)
    case = found(Kind.REFUND_REQUEST, transaction(funding=Funding.CARD, chargeback_until=until))
    assert case.due_in("chargeback_window") == 945  # a margin of 55 before it closes
    case.when(T.CHARGEBACK_ORDERED, Wish("ops-1"), actor=Actor.OPS)
    assert "chargeback_window" not in case.waits_for


def test_a_window_that_closes_within_the_margin_is_used_at_once_and_a_closed_one_never() -> None:
    for seconds, due in ((54, 0), (1, 0), (56, 1)):
        until = START + timedelta(seconds=seconds)
        case = found(Kind.REFUND_REQUEST, transaction(funding=Funding.CARD, chargeback_until=until))
        assert case.due_in("chargeback_window") == due
    closed = transaction(funding=Funding.CARD, chargeback_until=START)
    assert "chargeback_window" not in found(Kind.REFUND_REQUEST, closed).waits_for


def test_records_that_name_a_date_are_compared_again_then() -> None:
    case = found(Kind.REFUND_NOT_RECEIVED)
    case.answered("bank:records:1", T.RECORDS_ON_ITS_WAY, Comparison(1))
    assert (case.due_in("records_recheck"), case.due_in("records_due")) == (35, 600)
    dated = Comparison(1, expected_at=START + timedelta(seconds=120))
    case.when(T.RECORDS_ON_ITS_WAY, dated)
    case.when(T.RECORDS_RECHECK, after_s=35)
    assert (case.due_in("bank:records:1"), case.due_in("records_recheck")) == (0, 85)


def test_a_proven_theft_is_credited_by_statute_and_nothing_else_is() -> None:
    case = opened(Kind.UNAUTHORIZED)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.when(T.IDENTITY_VERIFIED, AccountReport(1))
    assert case.due_in("credit_due") == 880
    lost = opened(Kind.ACCESS_LOST, transaction_id=None, requested_minor=None, currency=None)
    lost.when(T.IDENTITY_VERIFIED, AccountReport(1))
    assert "credit_due" not in lost.waits_for


def test_the_statutes_credit_is_of_what_was_claimed_as_far_as_it_is_left() -> None:
    for claimed, others, credited in ((5_000, 0, 5_000), (12_800, 800, 12_000), (None, 0, 12_800)):
        case = opened(Kind.UNAUTHORIZED, requested_minor=claimed)
        case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
        case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, transaction())
        case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
        case.money = MoneyView(others_minor=others)
        case.when(T.CREDIT_DUE, after_s=880)
        assert case.holds == [("credit", credited, "reserved")]
        assert (case.facts.credit_basis, case.facts.credit_n) == ("statute", 1)


def test_a_denied_claims_end_is_told_once_its_money_cannot_come() -> None:
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, TRANSFER, merchant_id=None)
    case.when(T.RECALL_DUE, after_s=830)
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert case.status == "recalling"
    case.when(T.RECALL_REFUSED, RecallReport(1))
    assert case.status == "declined"
