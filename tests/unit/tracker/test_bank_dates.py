"""Dates that a bank gives: one beyond the horizon counts as none, a new one resets the timers."""

from datetime import UTC, datetime, timedelta

import pytest

from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Kind, TransactionState
from tests.unit.tracker.case import START, approved, found, refund, trace, transaction

HORIZON = START + timedelta(seconds=20_000)
BEYOND = [
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2099, 1, 1, tzinfo=UTC),
    HORIZON + timedelta(microseconds=1),
]


@pytest.mark.parametrize("date", BEYOND)
def test_a_refund_expected_beyond_the_horizon_has_no_date(date: datetime) -> None:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund(expected_at=date))
    assert (case.status, case.facts.expected_at) == ("refund_sent", None)
    assert (case.due_in("refund_recheck"), case.due_in("refund_due")) == (50, 600)
    assert case.promised_in == 600


@pytest.mark.parametrize("date", BEYOND)
def test_a_reversal_expected_beyond_the_horizon_has_no_date(date: datetime) -> None:
    bank = transaction(TransactionState.DEBITED_NOT_CAPTURED, reversal_expected_at=date)
    case = found(Kind.PAYMENT_FAILED, bank)
    assert (case.status, case.facts.expected_at) == ("reversal_watched", None)
    assert case.due_in("reversal_recheck") == 40
    case.when(T.REVERSAL_PENDING, bank)
    assert case.facts.expected_at is None


@pytest.mark.parametrize("date", BEYOND)
def test_a_trace_with_dates_beyond_the_horizon_has_none(date: datetime) -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.when(T.TRACE_IN_TRANSIT, trace(expected_at=date))
    assert (case.status, case.facts.expected_at) == ("in_transit", None)
    assert case.due_in("trace_recheck") == 30
    case.when(T.TRACE_REJECTED, trace(return_minor=12_800, return_expected_at=date))
    assert (case.status, case.facts.expected_at) == ("returning", None)


def test_a_delivery_beyond_the_horizon_has_no_date() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.when(T.TRACE_DELIVERED, trace(proof="RCPT-1", delivered_at=BEYOND[0]))
    assert (case.status, case.facts.delivered_at) == ("delivered", None)


def test_the_last_moment_of_the_horizon_counts() -> None:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund(expected_at=HORIZON))
    assert (case.facts.expected_at, case.due_in("refund_recheck")) == (HORIZON, 20_050)


def test_of_two_dates_the_one_within_the_horizon_stays() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    report = trace(expected_at=BEYOND[1], return_minor=12_800, return_expected_at=HORIZON)
    case.when(T.TRACE_REJECTED, report)
    assert case.facts.expected_at == HORIZON


def test_another_date_for_a_refund_in_flight_resets_its_timers_and_the_promise() -> None:
    case = approved()
    first, second = START + timedelta(seconds=300), START + timedelta(seconds=2_000)
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund(expected_at=first))
    case.when(T.REFUND_ACCEPTED, refund(expected_at=second), after_s=100)
    assert (case.status, case.facts.expected_at) == ("refund_sent", second)
    assert (case.due_in("refund_recheck"), case.due_in("refund_due")) == (1_950, 1_950)
    assert case.promised_in == 1_930


@pytest.mark.parametrize("date", [None, START + timedelta(seconds=300)])
def test_the_same_date_again_is_no_news_and_puts_no_deadline_off(date: datetime | None) -> None:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund(expected_at=date))
    before, work = case.dispute, dict(case.work)
    for repeated in {None, date}:
        answer = case.when(T.REFUND_ACCEPTED, refund(expected_at=repeated), after_s=10)
        assert (answer.result, answer.reason) == ("late", "the bank had accepted it before")
    assert (case.dispute, case.work) == (before, work)
