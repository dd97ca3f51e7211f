"""What each way of money books, in double entry: recalls, networks, credits and postings."""

from dataclasses import replace

import pytest

from services.tracker.domain import ledger
from services.tracker.domain.triggers import (
    ChargebackReport,
    Comparison,
    Grant,
    Payload,
    Posting,
    RecallReport,
    T,
    Trigger,
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
from tests.unit.tracker.case import (
    WISH,
    Case,
    decision,
    found,
    in_arbitration,
    opened,
    refund,
    transaction,
)
from tests.unit.tracker.test_ledger import booked

DISPUTE = "00000000-0000-0000-0000-000000000001"


def position(case: Case) -> dict[str, int]:
    return ledger.position(case.dispute)


def granted(case: Case, minor: int, by: str = "ops-1", payer: Payer = Payer.MERCHANT) -> Case:
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=minor, decided_by=by, payer=payer)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    return case


def standing(minor: int = 5_000) -> Case:
    """A credit for the time being has been posted."""
    case = in_arbitration()
    case.when(T.CREDIT_ORDERED, Grant("ops-1", minor, "goodwill"), actor=Actor.OPS)
    assert booked(case, T.CREDIT_POSTED, Posting(1)) == {"customer": minor, "wallet:credit": -minor}
    return case


def test_two_refunds_of_one_payer_add_up() -> None:
    case = granted(in_arbitration(), 5_000)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    granted(case, 3_000, "ops-2")
    assert booked(case, T.REFUND_CREDITED, refund(2)) == {"customer": 3_000, "merchant": -3_000}
    assert position(case) == {"customer": 8_000, "merchant": -8_000}


def test_what_the_recipient_gives_back_comes_from_them() -> None:
    bank = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, bank, merchant_id=None)
    assert booked(case, T.RECALL_AGREED, RecallReport(1, 4_000)) == {}
    assert booked(case, T.RECALL_RETURNED, RecallReport(1, 4_000)) == {
        "customer": 4_000,
        "recipient": -4_000,
    }


def test_what_the_network_awards_comes_from_it_and_goes_back_if_it_is_lost_after_all() -> None:
    case = found(Kind.REFUND_REQUEST, transaction(funding=Funding.CARD))
    assert booked(case, T.CHARGEBACK_APPEARED, ChargebackReport(None, 4_000)) == {}
    won = booked(case, T.CHARGEBACK_WON, ChargebackReport(None))
    assert won == {"customer": 4_000, "network": -4_000}
    lost = booked(case, T.CHARGEBACK_LOST, ChargebackReport(None))
    assert lost == {"customer": -4_000, "network": 4_000}
    assert position(case) == {}


def test_a_reversal_of_nothing_books_nothing() -> None:
    debited = transaction(TransactionState.DEBITED_NOT_CAPTURED, reversal_minor=0)
    case = found(Kind.PAYMENT_FAILED, debited)
    assert booked(case, T.REVERSAL_CREDITED, replace(debited, reversal_state="credited")) == {}


def test_a_credit_is_out_from_its_posting_and_not_from_its_order() -> None:
    case = in_arbitration()
    grant = Grant("ops-1", 5_000, "goodwill")
    assert booked(case, T.CREDIT_ORDERED, grant, actor=Actor.OPS) == {}
    assert booked(case, T.CREDIT_REFUSED, Posting(1)) == {}
    standing()


def test_a_refund_settles_it_before_it_reaches_the_customer() -> None:
    case = granted(standing(), 12_800)
    assert booked(case, T.REFUND_CREDITED, refund()) == {
        "customer": 7_800,
        "merchant": -12_800,
        "wallet:credit": 5_000,
    }
    assert position(case) == {"customer": 12_800, "merchant": -12_800}


def test_a_bounce_has_it_stand_again() -> None:
    case = granted(standing(), 12_800)
    case.when(T.REFUND_CREDITED, refund())
    assert booked(case, T.REFUND_BOUNCED, refund()) == {
        "customer": -7_800,
        "merchant": 12_800,
        "wallet:credit": -5_000,
    }


def reversing(granted_minor: int) -> Case:
    """Of a credit of 5 000 a part was settled by a refund, and the rest is taken back."""
    case = granted(standing(), granted_minor)
    case.when(T.REFUND_CREDITED, refund())
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    return case


def test_what_is_taken_back_is_what_nothing_settled() -> None:
    case = reversing(2_000)
    assert booked(case, T.CREDIT_REVERSED, Posting(1)) == {
        "customer": -3_000,
        "wallet:credit": 3_000,
    }
    assert position(case) == {"customer": 2_000, "merchant": -2_000}


def test_what_cannot_be_taken_back_is_a_loss() -> None:
    case = reversing(2_000)
    assert booked(case, T.CREDIT_REVERSAL_REFUSED, Posting(1)) == {
        "wallet:credit": 3_000,
        "wallet:loss": -3_000,
    }
    assert position(case) == {"customer": 5_000, "merchant": -2_000, "wallet:loss": -3_000}


def test_a_final_credit_is_the_wallets_cost() -> None:
    case = standing()
    made = decision(Remedy.PARTIAL_REFUND, amount_minor=5_000, payer=Payer.WALLET_ADVANCE)
    assert booked(case, T.ARBITRATOR_DECIDED, made, actor=Actor.OPS) == {
        "wallet:credit": 5_000,
        "wallet:loss": -5_000,
    }
    assert position(case) == {"customer": 5_000, "wallet:loss": -5_000}


def test_a_correction_puts_the_wallets_books_right() -> None:
    case = opened(Kind.BALANCE_ANOMALY, transaction_id=None, merchant_id=None)
    case.when(T.RECORDS_OUR_ERROR, Comparison(1, 700, "CNY"))
    made = decision(Remedy.CORRECTION, amount_minor=700, payer=Payer.WALLET_ADVANCE)
    case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS)
    assert booked(case, T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS) == {}
    assert booked(case, T.CORRECTION_POSTED, Posting(1)) == {
        "customer": 700,
        "wallet:correction": -700,
    }


def test_a_compensation_has_an_account_of_its_own() -> None:
    case = in_arbitration()
    order = Grant("ops-1", 900, "late")
    assert booked(case, T.COMPENSATION_ORDERED, order, actor=Actor.OPS) == {}
    assert booked(case, T.COMPENSATION_POSTED, Posting(1)) == {
        "customer": 900,
        "wallet:compensation": -900,
    }


@pytest.mark.parametrize(
    ("name", "payload", "key"),
    [
        (T.RECALL_RETURNED, RecallReport(2), "recall:2"),
        (T.CHARGEBACK_WON, ChargebackReport(3), "chargeback:3"),
        (T.CREDIT_POSTED, Posting(1), "credit:1"),
        (T.CREDIT_REVERSED, Posting(1), "creditreversal:1"),
        (T.CORRECTION_POSTED, Posting(4), "correction:4"),
        (T.COMPENSATION_POSTED, Posting(5), "compensation:5"),
    ],
)
def test_money_is_known_by_the_key_it_went_under(name: T, payload: Payload, key: str) -> None:
    of = ledger.reference(in_arbitration().dispute, Trigger(name, payload=payload))
    assert of == f"{DISPUTE}:{key}"


@pytest.mark.parametrize(
    ("name", "payload"),
    [(T.CHARGEBACK_WON, ChargebackReport(None)), (T.CREDIT_REFUSED, Posting(1))],
)
def test_what_came_by_itself_or_did_not_move_has_none(name: T, payload: Payload) -> None:
    assert ledger.reference(in_arbitration().dispute, Trigger(name, payload=payload)) is None
