"""A claim for a part: one way of getting it back at a time, and a part that comes is a part."""

from dataclasses import replace
from typing import Any

import pytest

from services.tracker.domain.ledger import position
from services.tracker.domain.triggers import (
    AccountReport,
    BankTransaction,
    ChargebackReport,
    Comparison,
    MerchantAnswer,
    Posting,
    RecallReport,
    T,
    TraceReport,
    Wish,
)
from shared.contracts.vocabulary import (
    Actor,
    Funding,
    Kind,
    Payer,
    Remedy,
    TransactionKind,
    TransactionState,
)
from tests.unit.tracker.case import START, Case, decision, found, opened, refund, transaction

TRANSFER = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
OPS = Wish("ops-1")


def by_card(**changes: Any) -> BankTransaction:
    return transaction(funding=Funding.CARD, **changes)


def accepted(bank: BankTransaction, minor: int = 6_000) -> Case:
    """Of 12 800 paid, the merchant gives back the part that was asked for."""
    case = found(Kind.GOODS_OR_SERVICE, bank, requested_minor=minor)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    return case


def test_what_is_being_refunded_is_not_charged_back_before_the_window_closes() -> None:
    case = accepted(by_card(chargeback_until=START.replace(year=2027)))
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund())
    window = case.when(T.CHARGEBACK_WINDOW)
    assert (window.result, case.holds) == ("late", [("refund", 6_000, "in_flight")])


def test_what_is_being_recalled_is_neither_granted_nor_charged_back() -> None:
    bank = replace(TRANSFER, funding=Funding.CARD)
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, bank, merchant_id=None, requested_minor=5_000)
    assert case.holds == [("recall", 5_000, "reserved")]
    assert case.when(T.CHARGEBACK_ORDERED, OPS, actor=Actor.OPS).result == "illegal"
    case.when(T.RECALL_DUE, after_s=830)
    grant = decision(amount_minor=5_000)
    answer = case.when(T.ARBITRATOR_DECIDED, grant, actor=Actor.OPS)
    assert (answer.result, "a recall may still bring" in answer.reason) == ("illegal", True)
    case.when(T.RECALL_REFUSED, RecallReport(1))
    case.when(T.ARBITRATOR_DECIDED, replace(grant, payer=Payer.BANK), actor=Actor.OPS)
    assert case.status == "refund_approved"


def test_consent_waits_for_a_chargeback_of_the_same_part() -> None:
    case = found(Kind.GOODS_OR_SERVICE, by_card(), requested_minor=5_000)
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 5_000))
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.holds) == ("chargeback_filed", [("chargeback", 5_000, "reserved")])
    case.when(T.CHARGEBACK_LOST, ChargebackReport(None))
    assert (case.status, case.holds[0]) == ("refund_approved", ("refund", 5_000, "reserved"))


def test_a_reversal_of_a_part_is_a_part() -> None:
    debited = transaction(
        TransactionState.DEBITED_NOT_CAPTURED, reversal_state="pending", reversal_minor=12_800
    )
    case = found(Kind.PAYMENT_FAILED, debited)
    came = replace(debited, reversal_state="credited", reversal_minor=10_000)
    case.when(T.REVERSAL_CREDITED, came)
    assert (case.status, case.holds) == ("reversed", [("reversal", 10_000, "settled")])
    assert position(case.dispute)["customer"] == 10_000
    assert case.actions == ["appeal"]


def test_a_return_of_a_part_is_a_part() -> None:
    case = found(Kind.MISSING_FUNDS, TRANSFER, merchant_id=None)
    case.answered("bank:trace:1", T.TRACE_REJECTED, TraceReport(1, return_minor=12_800))
    came = TraceReport(1, return_minor=12_000, return_credited=True)
    case.answered("bank:return_query:1", T.REVERSAL_CREDITED, came)
    assert (case.status, case.holds) == ("returned", [("reversal", 12_000, "settled")])


def test_a_network_may_award_a_part() -> None:
    case = found(Kind.GOODS_OR_SERVICE, by_card())
    case.when(T.CHARGEBACK_ORDERED, OPS, actor=Actor.OPS)
    case.answered("bank:chargeback:1", T.CHARGEBACK_WON, ChargebackReport(1, 5_000))
    assert (case.status, case.holds) == ("charged_back", [("chargeback", 5_000, "settled")])
    assert position(case.dispute) == {"customer": 5_000, "network": -5_000}
    assert case.actions == ["appeal"]


def stolen(bank: BankTransaction) -> Case:
    """Proven, secured, and the statute's credit given."""
    case = opened(Kind.UNAUTHORIZED)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, bank)
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    case.answered("accounts:freeze:1", T.HOLD_FROZEN, AccountReport(1))
    case.answered("accounts:reset:1", T.RESET_DONE, AccountReport(1))
    case.answered("accounts:release:1", T.HOLD_RELEASED, AccountReport(1))
    case.when(T.CREDIT_DUE, after_s=case.due_in("credit_due"))
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    return case


@pytest.mark.parametrize(
    ("bank", "name", "news"),
    [
        (TRANSFER, T.RECALL_RETURNED, RecallReport(1, 5_000)),
        (by_card(kind=TransactionKind.PAYMENT), T.CHARGEBACK_WON, ChargebackReport(1, 5_000)),
    ],
    ids=["recall", "chargeback"],
)
def test_of_a_theft_the_rest_is_a_persons_decision_and_the_credit_stands(
    bank: BankTransaction, name: T, news: Any
) -> None:
    case = stolen(bank)
    case.when(name, news)
    assert (case.status, case.legs["credit"]) == ("in_arbitration", "standing")
    assert case.facts.arbitration_cause == "unauthorized"
    rest = decision(Remedy.PARTIAL_REFUND, amount_minor=7_800)
    case.when(T.ARBITRATOR_DECIDED, rest, actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.legs["credit"]) == ("credited", "settled")
    assert position(case.dispute)["customer"] == 12_800


def differs(minor: int | None) -> Case:
    case = found(Kind.WRONG_AMOUNT, transaction(merchant_id="m-signed"), requested_minor=None)
    case.answered("bank:records:1", T.RECORDS_DIFFERS, Comparison(1, minor, "CNY"))
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.MERCHANT_DUE, after_s=case.due_in("merchant_due"))
    return case


def test_silence_pays_the_difference_that_the_records_show() -> None:
    case = differs(500)
    assert (case.status, case.holds) == ("refund_approved", [("refund", 500, "reserved")])


def test_silence_pays_nothing_where_nobody_put_the_difference_into_figures() -> None:
    assert (differs(None).status, differs(None).holds) == ("in_arbitration", [])
