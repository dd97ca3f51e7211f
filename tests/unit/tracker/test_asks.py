"""What every call to the outside says: its key, what it is about, and what its kind needs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.tracker.domain import asks
from services.tracker.domain.effects import Call
from services.tracker.domain.triggers import (
    AccountReport,
    Cause,
    ChargebackReport,
    Choice,
    Comparison,
    Grant,
    MerchantAnswer,
    Posting,
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
    PROFILE,
    START,
    WISH,
    Case,
    approved,
    asked_of_merchant,
    decision,
    found,
    in_arbitration,
    opened,
    refund,
    trace,
    transaction,
    unknown,
)

DISPUTE = "00000000-0000-0000-0000-000000000001"
CLAIM = "00000000-0000-0000-0000-000000000002"
OPS = Wish("ops-1")
PAID_WITH = (("cash", 10_000), ("coupon", 2_000), ("points", 800))


def told(case: Case, kind: str) -> dict[str, Any]:
    """What the newest decision has to tell the outside, in its one call of this kind."""
    effects = case.last.effects if case.last else ()
    (call,) = [each for each in effects if isinstance(each, Call) and each.kind == kind]
    return asks.payload(case.dispute, call, case.now, PROFILE)


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def about(key: str) -> dict[str, Any]:
    """What each call of the dispute about `t-1` says."""
    return {"key": f"{DISPUTE}:{key}", "transaction_id": "t-1"}


def of_account(key: str, transaction_id: str | None = None) -> dict[str, Any]:
    return {
        "key": f"{CLAIM}:{key}",
        "transaction_id": transaction_id,
        "claim_id": UUID(CLAIM),
        "customer_id": "c-1",
    }


def without_transaction(kind: Kind) -> Case:
    return opened(kind, transaction_id=None, merchant_id=None, requested_minor=None, currency=None)


# --- the bank


def test_the_bank_is_asked_for_the_transaction() -> None:
    assert told(opened(Kind.REFUND_REQUEST), "inquiry") == about("inquiry:1")


def test_records_are_compared_with_what_was_claimed() -> None:
    case = found(Kind.WRONG_AMOUNT, requested_minor=300)
    claimed = {"kind": "wrong_amount", "customer_id": "c-1", "claimed_minor": "300"}
    assert told(case, "records") == about("records:1") | claimed


def test_books_are_compared_also_where_nobody_can_say_how_much_is_wrong() -> None:
    told_so = told(without_transaction(Kind.BALANCE_ANOMALY), "records")
    assert told_so == {
        "key": f"{DISPUTE}:records:1",
        "transaction_id": None,
        "kind": "balance_anomaly",
        "customer_id": "c-1",
        "claimed_minor": None,
    }


def test_a_trace_and_its_query_have_one_key() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    assert told(case, "trace") == about("trace:1")
    case.when(T.TRACE_RECHECK, after_s=30)
    assert told(case, "trace_query") == about("trace:1")


def test_a_return_is_asked_for_under_the_key_of_its_trace() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.answered("bank:trace:1", T.TRACE_REJECTED, trace(return_minor=12_800))
    assert told(case, "return_query") == about("trace:1")


def test_a_reversal_is_watched_under_its_own() -> None:
    case = found(Kind.PAYMENT_FAILED, transaction(TransactionState.DEBITED_NOT_CAPTURED))
    assert told(case, "watch") == about("reversal:1")


def test_a_recall_says_how_much_and_why() -> None:
    bank = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, bank, merchant_id=None, reason="wrong_payee")
    money = {"amount_minor": "12800", "currency": "CNY", "reason": "wrong_payee"}
    assert told(case, "recall") == about("recall:1") | money
    case.when(T.RECALL_RECHECK, after_s=45)
    assert told(case, "recall_query") == about("recall:1")


def charged_back(**changes: Any) -> Case:
    case = found(Kind.REFUND_REQUEST, transaction(funding=Funding.CARD), **changes)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.when(T.CHARGEBACK_ORDERED, OPS, actor=Actor.OPS)
    return case


def test_a_chargeback_says_how_much_and_why() -> None:
    money = {"amount_minor": "4000", "currency": "CNY", "reason": "other"}
    case = charged_back(requested_minor=4_000)
    assert told(case, "chargeback") == about("chargeback:1") | money


def test_every_later_step_of_a_chargeback_has_its_key() -> None:
    case = charged_back()
    case.when(T.CHARGEBACK_RECHECK, after_s=65)
    assert told(case, "chargeback_query") == about("chargeback:1") | {"outside": False}
    case.answered("bank:chargeback:1", T.CHARGEBACK_REPRESENTED, ChargebackReport(1))
    case.when(T.PRE_ARBITRATION_ORDERED, OPS, actor=Actor.OPS)
    assert told(case, "pre_arbitration") == about("chargeback:1")
    case.when(T.NETWORK_ARBITRATION_ORDERED, OPS, actor=Actor.OPS)
    assert told(case, "network_arbitration") == about("chargeback:1")


def test_one_from_outside_is_asked_for_by_the_transaction() -> None:
    case = in_arbitration()
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 5_000))
    case.when(T.CHARGEBACK_RECHECK, after_s=65)
    assert told(case, "chargeback_query") == about("chargeback:0") | {"outside": True}


def credited(minor: int, case: Case | None = None) -> Case:
    """A credit for the time being."""
    case = case or in_arbitration()
    case.when(T.CREDIT_ORDERED, Grant("ops-1", minor, "goodwill"), actor=Actor.OPS)
    return case


def posted(minor: int, case: Case | None = None) -> Case:
    case = credited(minor, case)
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    return case


def test_a_credit_is_posted_to_the_customer() -> None:
    money = {"amount_minor": "5000", "currency": "CNY", "customer_id": "c-1"}
    assert told(credited(5_000), "credit") == about("credit:1") | money


def test_what_nothing_else_has_settled_of_it_is_posted_back_under_a_key_of_its_own() -> None:
    case = posted(12_800)
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=5_000)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    money = {"amount_minor": "7800", "currency": "CNY", "customer_id": "c-1"}
    assert told(case, "credit_reversal") == about("creditreversal:1") | money


def test_a_correction_is_posted_to_the_customer() -> None:
    case = without_transaction(Kind.BALANCE_ANOMALY)
    case.answered("bank:records:1", T.RECORDS_OUR_ERROR, Comparison(1, 700, "CNY"))
    made = decision(Remedy.CORRECTION, amount_minor=650, payer=Payer.WALLET_ADVANCE)
    case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS)
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert told(case, "correction") == {
        "key": f"{DISPUTE}:correction:1",
        "transaction_id": None,
        "amount_minor": "650",
        "currency": "CNY",
        "customer_id": "c-1",
    }


def test_a_compensation_is_posted_to_the_customer() -> None:
    case = in_arbitration()
    case.when(T.COMPENSATION_ORDERED, Grant("ops-1", 2_000, "late"), actor=Actor.OPS)
    money = {"amount_minor": "2000", "currency": "CNY", "customer_id": "c-1"}
    assert told(case, "compensation") == about("compensation:1") | money


# --- a refund


def wanted(n: int, minor: int, payer: str = "merchant") -> dict[str, Any]:
    money = {"amount_minor": str(minor), "currency": "CNY", "payer": payer}
    return about(f"refund:{n}") | money


def decided(case: Case, minor: int, by: str = "ops-1") -> Case:
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=minor, decided_by=by)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    return case


def arbitrated(**changes: Any) -> Case:
    """The merchant of `t-1`, as the bank knows it, has refused."""
    case = found(Kind.REFUND_REQUEST, transaction(**changes))
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    return case


def test_a_refund_names_who_pays() -> None:
    assert told(approved(), "refund") == wanted(1, 12_800)
    case = in_arbitration()
    grant = decision(amount_minor=9_000, payer=Payer.INSURER)
    case.when(T.ARBITRATOR_DECIDED, grant, actor=Actor.OPS)
    assert told(case, "refund") == wanted(1, 9_000, "insurer")


def test_of_what_a_card_paid_the_bank_is_asked_once_more_before_it_is_sent() -> None:
    case = decided(arbitrated(funding=Funding.CARD), 9_000)
    assert told(case, "refund") == wanted(1, 9_000) | {"unless_charged_back": True}


def test_nor_is_it_sent_once_more_where_somebody_has_charged_it_back_meanwhile() -> None:
    case = decided(arbitrated(funding=Funding.CARD), 12_800)
    case.answered("bank:refund:1", T.REFUND_NO_ANSWER, refund())
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 12_800))
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund(), after_s=30)
    assert told(case, "refund") == wanted(1, 12_800) | {"unless_charged_back": True}


def test_its_currency_is_the_captures_also_where_the_claim_named_none() -> None:
    assert told(approved(requested_minor=None, currency=None), "refund")["currency"] == "CNY"


def test_its_outcome_is_asked_for_by_its_key() -> None:
    assert told(unknown(), "refund_query") == about("refund:1")


def test_what_may_have_left_before_is_not_sent_past_the_keys_lifetime() -> None:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_NO_ANSWER, refund(), after_s=3)
    case.answered("bank:refund_query:1", T.REFUND_NOT_FOUND, refund(), after_s=5)
    assert told(case, "refund") == wanted(1, 12_800) | {"not_after": at(100)}


def parts(cash: int, coupon: int, points: int, clawback: int) -> dict[str, str]:
    return {
        "cash_minor": str(cash),
        "coupon_minor": str(coupon),
        "points_minor": str(points),
        "clawback_minor": str(clawback),
    }


def test_it_gives_back_what_was_paid_with_in_proportion_and_takes_rewards_back() -> None:
    case = decided(arbitrated(tender=PAID_WITH, clawback_minor=640), 6_400)
    composed = {"composition": parts(5_000, 1_000, 400, 320)}
    assert told(case, "refund") == wanted(1, 6_400) | composed


def test_the_next_one_gives_back_of_what_is_left() -> None:
    """9 600 of 12 800 then: three quarters of 640 are 480, of which 320 were taken before."""
    case = appealed(decided(arbitrated(tender=PAID_WITH, clawback_minor=640), 6_400))
    decided(case, 3_200, "ops-2")
    composed = {"composition": parts(2_500, 500, 200, 160)}
    assert told(case, "refund") == wanted(2, 3_200) | composed


def appealed(case: Case) -> Case:
    """A part was credited, and that is not enough."""
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    return case


def halves() -> Case:
    """Half of 10 paid by coupon."""
    mixed = transaction(tender=(("cash", 5), ("coupon", 5)), captured_minor=10)
    case = found(Kind.REFUND_REQUEST, mixed, requested_minor=10)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    return case


def test_all_of_it_is_all_that_was_paid_with() -> None:
    case = decided(arbitrated(tender=PAID_WITH, clawback_minor=640), 12_800)
    assert told(case, "refund")["composition"] == parts(10_000, 2_000, 800, 640)


def test_each_is_made_of_what_those_before_it_have_left() -> None:
    """3 of (5, 5): halves, so the first gets the unit that is over: (2, 1). 3 of the (3, 4) left:
    1.3 and 1.7, the larger remainder is the coupon: (1, 2). 4 of (2, 2): both.
    """
    case = decided(halves(), 3)
    assert told(case, "refund")["composition"] == parts(2, 1, 0, 0)
    appealed(case)
    decided(case, 3, "ops-2")
    assert told(case, "refund")["composition"] == parts(1, 2, 0, 0)
    case.answered("bank:refund:2", T.REFUND_CREDITED, refund(2))
    reopen(case, 4)
    assert told(case, "refund")["composition"] == parts(2, 2, 0, 0)


def reopen(case: Case, minor: int) -> None:
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.REGULATOR), actor=Actor.OPS)
    decided(case, minor, "ops-3")


def test_sent_again_it_is_the_same_also_if_an_earlier_one_bounced_meanwhile() -> None:
    case = appealed(decided(halves(), 3))
    decided(case, 3, "ops-2")
    case.answered("bank:refund:2", T.REFUND_NO_ANSWER, refund(2), after_s=1)
    case.when(T.REFUND_BOUNCED, refund(1))
    case.answered("bank:refund_query:2", T.REFUND_NOT_FOUND, refund(2), after_s=5)
    again = told(case, "refund")
    assert again["composition"] == parts(1, 2, 0, 0)
    assert again["not_after"] == at(100)


def test_rewards_are_taken_back_also_where_all_was_paid_in_cash() -> None:
    case = decided(arbitrated(clawback_minor=640), 6_400)
    assert told(case, "refund")["composition"] == parts(6_400, 0, 0, 320)


def test_a_tender_that_is_not_the_capture_says_nothing() -> None:
    case = decided(arbitrated(tender=(("cash", 5_000),)), 6_400)
    assert told(case, "refund") == wanted(1, 6_400)


def test_what_the_wallet_has_credited_is_paid_back_first() -> None:
    case = decided(posted(5_000), 12_800)
    assert told(case, "refund") == wanted(1, 12_800) | {"settles_advance_minor": "5000"}
    case = decided(posted(5_000), 3_000)
    assert told(case, "refund") == wanted(1, 3_000) | {"settles_advance_minor": "3000"}


def test_only_cash_pays_it_back() -> None:
    case = posted(12_800, arbitrated(tender=(("cash", 3_200), ("coupon", 9_600))))
    decided(case, 6_400)
    assert told(case, "refund") == wanted(1, 6_400) | {
        "composition": parts(1_600, 4_800, 0, 0),
        "settles_advance_minor": "1600",
    }


def test_after_a_bounce_it_names_the_account_that_two_people_confirmed() -> None:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_BOUNCED, refund())
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert told(case, "refund") == wanted(2, 12_800) | {"destination_account": "acc-2"}


# --- the merchant


def of_merchant(key: str, merchant_id: str = "m-plain") -> dict[str, Any]:
    return about(key) | {"merchant_id": merchant_id, "reference": "402188530174"}


def request(**changes: Any) -> dict[str, Any]:
    said = {
        "amount_minor": "12800",
        "currency": "CNY",
        "kind": "refund_request",
        "reason": "other",
        "answer_by": at(60),
    }
    return of_merchant("consent:1") | said | changes


def test_the_merchant_hears_how_much_why_and_until_when() -> None:
    assert told(found(Kind.REFUND_REQUEST), "consent") == request()


def test_a_confirmation_is_wanted_sooner() -> None:
    case = found(Kind.PAYMENT_FAILED)
    assert told(case, "consent") == request(kind="payment_failed", answer_by=at(64))


def test_without_an_amount_it_is_about_all_that_was_captured() -> None:
    case = found(Kind.REFUND_REQUEST, requested_minor=None, currency=None)
    assert told(case, "consent") == request()
    assert told(found(Kind.REFUND_REQUEST, requested_minor=0), "consent")["amount_minor"] == "0"


def test_the_claims_own_currency_is_told() -> None:
    assert told(found(Kind.REFUND_REQUEST, currency="USD"), "consent")["currency"] == "USD"


def test_the_banks_merchant_is_asked() -> None:
    case = found(Kind.REFUND_REQUEST, transaction(merchant_id="m-2"))
    assert told(case, "consent")["merchant_id"] == "m-2"


@pytest.mark.parametrize(("delivered_after_s", "answer_by_s"), [(10, 70), (None, 40 + 60)])
def test_a_reminder_repeats_it_with_the_date_from_when_they_had_it(
    delivered_after_s: int | None, answer_by_s: int
) -> None:
    case = found(Kind.REFUND_REQUEST)
    if delivered_after_s:
        case.answered("merchant:consent:1", T.CONSENT_DELIVERED, after_s=delivered_after_s)
    case.when(T.MERCHANT_REMINDER, after_s=40 - (delivered_after_s or 0))
    assert told(case, "reminder") == request(answer_by=at(answer_by_s), reminder=True)


def test_the_merchant_hears_of_goods_on_their_way_under_the_key_of_the_return() -> None:
    case = asked_of_merchant()
    case.when(T.MERCHANT_WANTS_RETURN, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.when(T.GOODS_SHIPPED, Choice("c-1", "SF1234567890"), actor=Actor.CUSTOMER)
    assert told(case, "goods") == of_merchant("return:1") | {"tracking": "SF1234567890"}


def test_the_merchant_is_asked_for_its_evidence() -> None:
    case = found(Kind.GOODS_OR_SERVICE)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), after_s=5, actor=Actor.MERCHANT)
    assert told(case, "evidence") == of_merchant("arbitration:1") | {"answer_by": at(215)}


# --- the account


def test_a_hold_ends_by_itself() -> None:
    case = opened(Kind.UNAUTHORIZED)
    assert told(case, "hold") == of_account("hold:1", "t-1") | {"expires_at": at(240)}


def test_who_asks_has_a_time_to_prove_it() -> None:
    case = without_transaction(Kind.ACCESS_LOST)
    assert told(case, "identity") == of_account("identity:1") | {"expires_at": at(250)}
    case.when(T.IDENTITY_RECHECK, after_s=75)
    assert told(case, "identity_query") == of_account("identity:1")


def test_lost_access_needs_new_credentials_a_theft_new_devices_too() -> None:
    case = without_transaction(Kind.ACCESS_LOST)
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    assert told(case, "reset") == of_account("access:1") | {"scope": "credentials"}
    case = opened(Kind.UNAUTHORIZED)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    assert told(case, "freeze") == of_account("hold:1", "t-1")
    case.answered("accounts:freeze:1", T.HOLD_FROZEN, AccountReport(1))
    scope = {"scope": "credentials_and_devices"}
    assert told(case, "reset") == of_account("access:1", "t-1") | scope
    case.answered("accounts:reset:1", T.RESET_DONE, AccountReport(1))
    assert told(case, "release") == of_account("hold:1", "t-1")


def test_a_recall_that_comes_back_in_part_is_asked_for_under_the_same_key() -> None:
    bank = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, bank, merchant_id=None)
    case.answered("bank:recall:1", T.RECALL_AGREED, RecallReport(1, 4_000))
    case.when(T.RECALL_RECHECK, after_s=45)
    assert told(case, "recall_query") == about("recall:1")


def test_a_credit_that_went_back_is_not_paid_back_again() -> None:
    case = posted(5_000)
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    case.answered("bank:credit_reversal:1", T.CREDIT_REVERSED, Posting(1))
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    decided(case, 12_800, "ops-2")
    assert told(case, "refund") == wanted(1, 12_800)
