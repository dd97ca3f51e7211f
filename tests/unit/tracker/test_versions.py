"""Every difference that people would see is a new status event; nothing else is one."""

from typing import Any

from services.tracker.domain.snapshot import numbered
from services.tracker.domain.triggers import Cause, Comparison, MerchantAnswer, Payload, T
from shared.contracts.vocabulary import Actor, Kind
from tests.unit.tracker.case import (
    WISH,
    Case,
    approved,
    found,
    in_arbitration,
    opened,
    refund,
    transaction,
)


def is_told(case: Case, name: T, payload: Payload = None, **how: Any) -> bool:
    """Whether this step is a status event of its own."""
    before = numbered(case.dispute, case.dispute, case.now)
    case.when(name, payload, **how)
    return numbered(before, case.dispute, case.now).version == before.version + 1


def test_money_that_arrives_while_a_court_holds_the_case() -> None:
    case = approved()
    case.when(T.LEGAL_HOLD_PLACED, Cause("ops-1", "court"), actor=Actor.OPS)
    assert is_told(case, T.REFUND_CREDITED, refund())


def test_a_reversal_too() -> None:
    case = found(Kind.DUPLICATE_CHARGE)
    case.when(T.RECORDS_AUTHORISED_ONLY, Comparison(1))
    case.when(T.LEGAL_HOLD_PLACED, Cause("ops-1", "court"), actor=Actor.OPS)
    assert is_told(case, T.REVERSAL_CREDITED, transaction(reversal_state="credited"))


def test_another_merchant_than_the_claim_named() -> None:
    case = opened(Kind.REFUND_REQUEST)
    case.when(T.INQUIRY_DUE, after_s=20)
    case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER)
    case.when(T.CASE_REOPENED, Cause("ops-1", "court_order"), actor=Actor.OPS)
    assert is_told(case, T.TRANSACTION_FOUND, transaction(merchant_id="m-signed"))


def test_an_offer_that_is_refused_while_a_court_holds_the_case() -> None:
    case = found(Kind.GOODS_OR_SERVICE)
    offer = MerchantAnswer(1, offer_minor=3_000, offer_currency="CNY")
    case.when(T.MERCHANT_OFFERED, offer, actor=Actor.MERCHANT)
    case.when(T.LEGAL_HOLD_PLACED, Cause("ops-1", "court"), actor=Actor.OPS)
    assert is_told(case, T.OFFER_REFUSED, WISH)


def test_that_nothing_is_new_is_not_told() -> None:
    case = in_arbitration()
    assert not is_told(case, T.MERCHANT_SENT_EVIDENCE, MerchantAnswer(1))
