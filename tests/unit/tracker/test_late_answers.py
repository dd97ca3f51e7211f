"""Late, repeated and reordered answers are ordinary: recorded, and nothing changes."""

from collections.abc import Callable

import pytest

from services.tracker.domain.triggers import MerchantAnswer, Payload, T
from shared.contracts.vocabulary import Actor, Kind, Remedy, TransactionState
from tests.unit.tracker.case import (
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
    unknown,
)


def credited() -> Case:
    case = in_flight()
    case.when(T.REFUND_CREDITED, refund())
    return case


def bounced() -> Case:
    case = in_flight()
    case.when(T.REFUND_BOUNCED, refund())
    return case


def delivered() -> Case:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.when(T.TRACE_DELIVERED, trace(proof="RCPT-1"))
    return case


def in_transit() -> Case:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.when(T.TRACE_IN_TRANSIT, trace())
    return case


def second_attempt() -> Case:
    case = approved()
    case.when(T.REFUND_FAILED, refund())
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    return case


def wrong_account() -> Case:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.when(T.TRACE_WRONG_ACCOUNT, trace())
    return case


def reversal_absent() -> Case:
    bank = transaction(TransactionState.DEBITED_NOT_CAPTURED)
    case = found(Kind.PAYMENT_FAILED, bank)
    case.when(T.REVERSAL_ABSENT, bank)
    return case


def reversal_watched() -> Case:
    return found(Kind.PAYMENT_FAILED, transaction(TransactionState.DEBITED_NOT_CAPTURED))


def withdrawn() -> Case:
    case = asked_of_merchant()
    case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER)
    return case


ACCEPTED = MerchantAnswer(1)
LATE: list[tuple[Callable[[], Case], T, Payload]] = [
    (lambda: found(Kind.REFUND_REQUEST), T.TRANSACTION_FOUND, transaction()),
    (lambda: found(Kind.REFUND_REQUEST), T.TRANSACTION_MISSING, None),
    (lambda: found(Kind.REFUND_REQUEST), T.TRANSACTION_FOREIGN, None),
    (lambda: found(Kind.REFUND_REQUEST), T.INQUIRY_DUE, None),
    (asked_of_merchant, T.CONSENT_DELIVERED, None),
    (in_arbitration, T.CONSENT_DELIVERED, None),
    (in_arbitration, T.MERCHANT_REFUSED, MerchantAnswer(1, "again")),
    (in_arbitration, T.MERCHANT_DUE, None),
    (approved, T.CONSENT_DELIVERED, None),
    (approved, T.MERCHANT_ACCEPTED, ACCEPTED),
    (approved, T.MERCHANT_REFUSED, MerchantAnswer(1, "shipped")),
    (approved, T.MERCHANT_DUE, None),
    (asked_of_merchant, T.MERCHANT_ACCEPTED, MerchantAnswer(2)),  # to another ask
    (asked_of_merchant, T.MERCHANT_REFUSED, MerchantAnswer(0)),
    (approved, T.REFUND_NOT_FOUND, refund()),
    (approved, T.REFUND_RECHECK, None),
    (unknown, T.REFUND_NO_ANSWER, refund()),
    (unknown, T.REFUND_RECHECK, None),
    (in_flight, T.REFUND_ACCEPTED, refund()),
    (in_flight, T.REFUND_NO_ANSWER, refund()),
    (in_flight, T.REFUND_NOT_FOUND, refund()),
    (bounced, T.REFUND_BOUNCED, refund()),
    (bounced, T.REFUND_ACCEPTED, refund()),
    (bounced, T.REFUND_NOT_FOUND, refund()),
    (bounced, T.REFUND_DUE, None),
    (credited, T.REFUND_CREDITED, refund()),
    (credited, T.REFUND_ACCEPTED, refund()),
    (credited, T.REFUND_FAILED, refund()),
    (credited, T.REFUND_UNFUNDED, refund()),
    (credited, T.REFUND_NO_ANSWER, refund()),
    (credited, T.REFUND_NOT_FOUND, refund()),
    (credited, T.MERCHANT_ACCEPTED, ACCEPTED),
    (credited, T.ARBITRATION_DUE, None),
    (second_attempt, T.REFUND_BOUNCED, refund(1)),
    (second_attempt, T.REFUND_FAILED, refund(1)),
    (second_attempt, T.REFUND_CREDITED, refund(3)),
    (second_attempt, T.ARBITRATION_DUE, None),
    (in_transit, T.TRACE_NOT_FOUND, trace()),
    (in_transit, T.TRACE_DELIVERED, trace(2)),
    (wrong_account, T.TRACE_IN_TRANSIT, trace()),
    (wrong_account, T.TRACE_RECHECK, None),
    (delivered, T.TRACE_DELIVERED, trace()),
    (delivered, T.TRACE_IN_TRANSIT, trace()),
    (delivered, T.TRACE_DUE, None),
    (reversal_absent, T.REVERSAL_ABSENT, transaction()),
    (reversal_absent, T.REVERSAL_DUE, None),
    (reversal_absent, T.REVERSAL_RECHECK, None),
    (withdrawn, T.MERCHANT_ACCEPTED, ACCEPTED),
    (withdrawn, T.MERCHANT_DUE, None),
    (declined, T.TRANSACTION_FOUND, transaction()),
    (declined, T.INQUIRY_DUE, None),
]
ILLEGAL: list[tuple[Callable[[], Case], T, Payload]] = [
    (in_arbitration, T.APPEALED, WISH),
    (in_arbitration, T.LATE_CONSENT_REQUESTED, WISH),
    (asked_of_merchant, T.ARBITRATOR_DECIDED, decision()),
    (lambda: opened(Kind.REFUND_REQUEST), T.TRANSACTION_FOUND, transaction(transaction_id="t-2")),
    (reversal_watched, T.REVERSAL_CREDITED, transaction(transaction_id="t-2")),
    (reversal_watched, T.REVERSAL_PENDING, transaction(transaction_id="t-2")),
    (reversal_watched, T.REVERSAL_ABSENT, transaction(transaction_id="t-2")),
    *(
        (make, name, refund(**other))
        for make in (approved, unknown, in_flight)
        for name in (T.REFUND_CREDITED, T.REFUND_BOUNCED, T.REFUND_FAILED)
        for other in (
            {"transaction_id": "t-2"},
            {"transaction_id": "t-1", "amount_minor": 12_799, "currency": "CNY"},
            {"transaction_id": "t-1", "amount_minor": 12_800, "currency": "USD"},
        )
    ),
    (asked_of_merchant, T.TRACE_RECHECK, None),
    (second_attempt, T.ARBITRATOR_DECIDED, decision(Remedy.NONE)),
    (credited, T.WITHDRAWN, WISH),
    (credited, T.APPEALED, WISH),
    (credited, T.ARBITRATOR_DECIDED, decision()),
    (withdrawn, T.WITHDRAWN, WISH),
    (lambda: opened(Kind.REFUND_REQUEST), T.CONSENT_DELIVERED, None),
]


def _check(make: Callable[[], Case], name: T, payload: Payload, result: str) -> None:
    case = make()
    before, waits_for = case.dispute, case.waits_for
    answer = case.when(name, payload)
    assert (answer.result, case.dispute, answer.effects) == (result, before, ())
    assert answer.reason
    assert case.waits_for == waits_for - {name}


@pytest.mark.parametrize(("make", "name", "payload"), LATE)
def test_a_late_answer_is_recorded_with_its_reason(
    make: Callable[[], Case], name: T, payload: Payload
) -> None:
    _check(make, name, payload, "late")


@pytest.mark.parametrize(("make", "name", "payload"), ILLEGAL)
def test_what_is_not_possible_is_answered_with_a_reason(
    make: Callable[[], Case], name: T, payload: Payload
) -> None:
    _check(make, name, payload, "illegal")


def test_an_impossible_wish_is_answered_with_what_is_possible() -> None:
    answer = in_arbitration().when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert answer.reason == (
        "the dispute is open; possible now: "
        "withdraw, decide, grant_credit, compensate, place_legal_hold"
    )


def test_opening_twice_changes_nothing() -> None:
    case = asked_of_merchant()
    before = case.dispute
    assert case.when(T.OPENED, actor=Actor.CUSTOMER).effects == ()
    assert case.dispute == before


def test_credit_before_acceptance_is_credit() -> None:
    case = approved()
    case.when(T.REFUND_CREDITED, refund())
    assert case.status == "credited"
    assert case.when(T.REFUND_ACCEPTED, refund()).result == "late"


def test_an_answer_of_the_merchant_before_the_proof_of_delivery_proves_it() -> None:
    case = found(Kind.REFUND_REQUEST)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1, "used"), actor=Actor.MERCHANT)
    assert case.facts.consent_delivered_at == case.now
