"""Why a command does not count: what is missing, at which field, and what is possible instead."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.records import replace
from services.tracker.domain.triggers import (
    AccountReport,
    Cause,
    ChargebackReport,
    Choice,
    Comparison,
    Grant,
    MerchantAnswer,
    Payload,
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
    transaction,
)

OPS = Wish("ops-1")
LIVE_CHARGEBACK = (
    "a chargeback may still bring the money back: withdraw it first, or wait for the network"
)
NOTHING_ELSE = "; possible now: remedy none"


def answer(case: Case, name: T, payload: Payload = None, **how: Any) -> tuple[str, str, str]:
    """What was refused, where, and why. Nothing is changed by it."""
    before = case.dispute
    refused = case.when(name, payload, **{"actor": Actor.OPS} | how)
    assert case.dispute is before
    assert not refused.effects
    return refused.result.value, refused.field, refused.reason


def invalid(field: str, reason: str) -> tuple[str, str, str]:
    return "invalid", field, reason


def illegal(reason: str, field: str = "") -> tuple[str, str, str]:
    return "illegal", field, reason


def late(reason: str) -> tuple[str, str, str]:
    return "late", "", reason


# --- what is possible instead


def test_a_wish_that_comes_at_the_wrong_time_hears_what_is_possible() -> None:
    assert answer(approved(), T.WITHDRAWN, WISH, actor=Actor.CUSTOMER) == illegal(
        "the dispute is open; possible now: compensate, place_legal_hold"
    )
    assert answer(asked_of_merchant(), T.DECISION_CONFIRMED, OPS) == illegal(
        "the dispute is open; possible now: withdraw, grant_credit, compensate, place_legal_hold"
    )


def test_after_the_end_it_hears_the_end_too() -> None:
    assert answer(declined(), T.APPEALED, WISH, after_s=3_000, actor=Actor.CUSTOMER) == illegal(
        "the dispute ended as declined; possible now: request_merchant_consent, reopen"
    )


# --- a decision


def decided(case: Case, remedy: Remedy = Remedy.FULL_REFUND, **changes: Any) -> tuple[str, ...]:
    return answer(case, T.ARBITRATOR_DECIDED, decision(remedy, **changes))


def test_an_approval_names_who_pays_and_how_much() -> None:
    names_payer = invalid("payer", "an approval names who pays")
    names_amount = invalid("amount", "an approval names an amount above zero")
    assert decided(in_arbitration(), payer=None) == names_payer
    for minor in (None, 0, -1):
        assert decided(in_arbitration(), amount_minor=minor) == names_amount


def test_one_minor_unit_may_be_granted() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=1), actor=Actor.OPS)
    assert case.holds == [("refund", 1, "reserved")]


def test_it_leaves_others_their_room() -> None:
    case = in_arbitration()
    case.money = MoneyView(others_minor=2_800)
    too_much = invalid("amount", "at most 10000 minor units are left to refund")
    assert decided(case, amount_minor=10_001) == too_much


def without_merchant() -> Case:
    bank = transaction(merchant_id=None)
    return found(Kind.REFUND_REQUEST, bank, merchant_id=None)


def test_a_merchant_pays_only_where_there_is_one() -> None:
    assert decided(without_merchant()) == invalid("payer", "this transaction has no merchant")


def test_whoever_decided_does_not_decide_the_appeal() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert decided(case) == invalid("decided_by", "an appeal is decided by somebody else")


def nameless() -> Case:
    """Nobody could say which transaction."""
    case = opened(Kind.REFUND_REQUEST, transaction_id=None, requested_minor=None, currency=None)
    case.when(T.DETAILS_DUE, after_s=810)
    return case


def contested() -> Case:
    """The merchant wanted the goods, and says that it did not get them."""
    case = asked_of_merchant()
    case.when(T.MERCHANT_WANTS_RETURN, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.when(T.GOODS_SHIPPED, Choice("c-1", "SF1"), actor=Actor.CUSTOMER)
    case.when(T.GOODS_CONTESTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    return case


def failed() -> Case:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_FAILED, refund())
    return case


def never_reversed() -> Case:
    """It should have come back by itself, and is late."""
    case = found(Kind.PAYMENT_FAILED, transaction(TransactionState.DEBITED_NOT_CAPTURED))
    case.when(T.REVERSAL_DUE, after_s=500)
    return case


def silent_recipient() -> Case:
    bank = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, bank, merchant_id=None)
    case.when(T.RECALL_DUE, after_s=830)
    return case


def charged_back_on_appeal() -> Case:
    """The issuer charged back while somebody hears the appeal."""
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 12_800))
    return case


def paid_elsewhere() -> Case:
    case = in_arbitration()
    case.money = MoneyView(others_minor=12_800)
    return case


@pytest.mark.parametrize(
    ("make", "remedy", "reason"),
    [
        (
            nameless,
            Remedy.FULL_REFUND,
            "the bank has not confirmed the transaction, so nothing is paid for it",
        ),
        (contested, Remedy.RETURN_THEN_REFUND, "the goods were asked back before"),
        (failed, Remedy.RETURN_THEN_REFUND, "a refund has been ordered before"),
        (
            never_reversed,
            Remedy.FULL_REFUND,
            "a reversal may still bring the money back, until the bank says that it will not",
        ),
        (
            silent_recipient,
            Remedy.FULL_REFUND,
            "a recall may still bring the money back, until the bank says that it will not",
        ),
        (
            charged_back_on_appeal,
            Remedy.FULL_REFUND,
            LIVE_CHARGEBACK,
        ),
        (paid_elsewhere, Remedy.FULL_REFUND, "nothing of this transaction is left to refund"),
    ],
)
def test_where_nothing_can_be_granted_it_is_said_why(
    make: Callable[[], Case], remedy: Remedy, reason: str
) -> None:
    made = decided(make(), remedy, decided_by="ops-2")
    assert made == illegal(reason + NOTHING_ELSE, "remedy")


def test_a_last_minor_unit_may_be_granted_beside_what_may_come() -> None:
    case = silent_recipient()
    claim = replace(case.dispute.claim, requested_minor=None)  # of whatever was captured
    case.dispute = replace(case.dispute, claim=claim)
    case.money = MoneyView(others_minor=-1)  # captured one more than is being recalled
    made = decision(amount_minor=1, payer=Payer.WALLET_ADVANCE)
    assert case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS).applied


# --- a correction


def our_error() -> Case:
    case = books()
    case.answered("bank:records:1", T.RECORDS_OUR_ERROR, Comparison(1, 700, "CNY"))
    return case


def books() -> Case:
    return opened(
        Kind.BALANCE_ANOMALY,
        transaction_id=None,
        merchant_id=None,
        requested_minor=None,
        currency=None,
    )


def correction(case: Case, **changes: Any) -> tuple[str, ...]:
    said: dict[str, Any] = {"amount_minor": 700, "payer": Payer.WALLET_ADVANCE}
    return decided(case, Remedy.CORRECTION, **said | changes)


def corrected() -> Case:
    case = our_error()
    made = decision(Remedy.CORRECTION, amount_minor=700, payer=Payer.WALLET_ADVANCE)
    case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS)
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    case.answered("bank:correction:1", T.CORRECTION_POSTED, Posting(1))
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.REGULATOR), actor=Actor.OPS)
    return case


def uncompared() -> Case:
    case = books()
    case.when(T.RECORDS_DUE, after_s=820)
    return case


def test_a_correction_is_of_the_wallets_own_books_once_they_are_known() -> None:
    assert correction(in_arbitration()) == invalid(
        "remedy", "only the wallet's own books are corrected (balance_anomaly)"
    )
    assert correction(uncompared()) == illegal(
        "the currency is not known before the records are compared", "remedy"
    )
    before = invalid("remedy", "the books were corrected before")
    assert correction(corrected(), decided_by="ops-3") == before


def test_it_names_an_amount_and_the_wallet_pays() -> None:
    names_amount = invalid("amount", "a correction names an amount above zero")
    for minor in (None, 0, -1):
        assert correction(our_error(), amount_minor=minor) == names_amount
    pays = invalid("payer", "the wallet pays for its own error: wallet_advance")
    assert correction(our_error(), payer=Payer.MERCHANT) == pays
    case = our_error()
    made = decision(Remedy.CORRECTION, amount_minor=1, payer=Payer.WALLET_ADVANCE)
    assert case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS).applied


# --- two people


def proposed(minor: int = 500_001, remedy: Remedy = Remedy.FULL_REFUND) -> Case:
    bank = transaction(captured_minor=900_000)
    case = found(Kind.REFUND_REQUEST, bank, requested_minor=900_000)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.when(T.ARBITRATOR_DECIDED, decision(remedy, amount_minor=minor), actor=Actor.OPS)
    return case


def test_the_second_person_is_another_one() -> None:
    assert answer(proposed(), T.DECISION_CONFIRMED, OPS) == invalid(
        "confirmed_by", "a second person confirms, not the one who decided"
    )


def test_on_appeal_nobody_who_decided_before_is_the_second_of_two() -> None:
    bank = transaction(captured_minor=1_200_000)
    case = found(Kind.REFUND_REQUEST, bank, requested_minor=1_200_000)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=600_000), actor=Actor.OPS)
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    more = decision(amount_minor=600_000, decided_by="ops-3")
    case.when(T.ARBITRATOR_DECIDED, more, actor=Actor.OPS)
    before = invalid("decided_by", "an appeal is decided by somebody else")
    for by in ("ops-1", "ops-2"):
        assert answer(case, T.DECISION_CONFIRMED, Wish(by)) == before
        assert answer(case, T.DECISION_REJECTED, Wish(by)) == before
    case.when(T.DECISION_CONFIRMED, Wish("ops-4"), actor=Actor.OPS)
    assert case.holds == [("refund", 1_200_000, "reserved")]


def test_a_proposal_that_no_longer_fits_is_decided_again() -> None:
    case = proposed()
    case.money = MoneyView(others_minor=400_000)
    assert answer(case, T.DECISION_CONFIRMED, Wish("ops-2")) == illegal(
        "only 500000 minor units are left by now: reject it, and decide again"
    )
    case.money = MoneyView(others_minor=399_999)
    assert case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS).applied


def test_to_reject_one_needs_no_room() -> None:
    case = proposed()
    case.money = MoneyView(others_minor=900_000)
    assert case.when(T.DECISION_REJECTED, Wish("ops-2"), actor=Actor.OPS).applied


def test_an_account_is_confirmed_by_two() -> None:
    case = approved()
    case.answered("bank:refund:1", T.REFUND_BOUNCED, refund())
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    case.when(T.ACCOUNT_CONFIRMED, OPS, actor=Actor.OPS)
    assert answer(case, T.ACCOUNT_CONFIRMED, OPS) == invalid(
        "confirmed_by", "a second person confirms, not the first one again"
    )


def test_an_answered_complaint_is_answered_anew_by_somebody_else() -> None:
    case = opened(Kind.COMPLAINT, transaction_id=None, requested_minor=None, currency=None)
    case.when(T.COMPLAINT_ANSWERED, Cause("ops-1", "explained"), actor=Actor.OPS)
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert answer(case, T.COMPLAINT_ANSWERED, Cause("ops-1", "explained")) == invalid(
        "decided_by", "an appeal is decided by somebody else"
    )


# --- credits, compensations, chargebacks


def grant(minor: int) -> Grant:
    return Grant("ops-1", minor, "goodwill")


def test_a_credit_is_of_what_is_left() -> None:
    above_zero = "a credit is above zero; nothing is left of this transaction"
    assert answer(in_arbitration(), T.CREDIT_ORDERED, grant(0)) == invalid("amount", above_zero)
    case = in_arbitration()
    case.money = MoneyView(others_minor=800)
    most = invalid("amount", "at most 12000 minor units are left of this transaction")
    assert answer(case, T.CREDIT_ORDERED, grant(12_001)) == most
    assert in_arbitration().when(T.CREDIT_ORDERED, grant(1), actor=Actor.OPS).applied


def stolen(**changes: Any) -> Case:
    """A proven theft: the statute's credit is due."""
    bank = transaction(funding=Funding.BALANCE, **changes)
    case = opened(Kind.UNAUTHORIZED)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, bank)
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    return case


def test_the_statutes_credit_is_late_where_one_stands() -> None:
    case = stolen()
    case.when(T.CREDIT_ORDERED, grant(5_000), actor=Actor.OPS)
    over = "nothing is to be credited for the time being any more"
    assert answer(case, T.CREDIT_DUE, after_s=880) == late(over)


def test_nor_is_one_owed_where_others_have_it_all() -> None:
    case = stolen()
    case.money = MoneyView(others_minor=12_800)
    nothing = "a credit is above zero; nothing is left of this transaction"
    assert answer(case, T.CREDIT_DUE, after_s=880)[0::2] == ("late", nothing)


def test_once_a_part_has_come_back_a_person_decides_on_the_rest() -> None:
    case = stolen()
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 4_000))
    case.when(T.CHARGEBACK_WON, ChargebackReport(None))
    assert case.legs["arbitration"] == "open"
    came = "a part of the money has come back; the rest is a person's decision"
    assert answer(case, T.CREDIT_ORDERED, grant(5_000)) == illegal(came)


def test_a_compensation_is_capped_in_a_currency_that_is_known() -> None:
    above = invalid("amount", "a compensation is above zero and at most 2000 minor units")
    for minor in (0, 2_001):
        assert answer(in_arbitration(), T.COMPENSATION_ORDERED, grant(minor)) == above
    unknown = illegal("the currency is not known yet")
    assert answer(opened(Kind.REFUND_REQUEST), T.COMPENSATION_ORDERED, grant(1)) == unknown
    assert in_arbitration().when(T.COMPENSATION_ORDERED, grant(1), actor=Actor.OPS).applied


def by_card(**changes: Any) -> Case:
    case = found(Kind.REFUND_REQUEST, transaction(funding=Funding.CARD, **changes))
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    return case


def test_a_chargeback_is_filed_before_the_networks_window_closes() -> None:
    until = START + timedelta(seconds=100)
    case = by_card(chargeback_until=until)
    case.now = until - timedelta(milliseconds=1)
    assert case.when(T.CHARGEBACK_ORDERED, OPS, actor=Actor.OPS).applied
    case = by_card(chargeback_until=until)
    case.now = until
    closed = illegal("the card network's window has closed")
    assert answer(case, T.CHARGEBACK_ORDERED, OPS) == closed


def test_it_is_filed_for_what_is_left() -> None:
    case = by_card()
    case.money = MoneyView(others_minor=12_800)
    nothing = "nothing of this transaction is left to charge back"
    assert answer(case, T.CHARGEBACK_ORDERED, OPS) == illegal(nothing)
    case.money = MoneyView(others_minor=12_799)
    case.when(T.CHARGEBACK_ORDERED, OPS, actor=Actor.OPS)
    assert case.holds == [("chargeback", 1, "reserved")]


def test_one_from_outside_waits_for_the_banks_word_about_the_transaction() -> None:
    told = answer(opened(Kind.REFUND_REQUEST), T.CHARGEBACK_APPEARED, ChargebackReport(None, 100))
    assert told == late("the bank's answer about the transaction will tell")


# --- what is said too late, or of something else


@pytest.mark.parametrize(
    ("make", "name", "payload", "expected"),
    [
        (
            lambda: found(Kind.WRONG_AMOUNT),
            T.RECORDS_SAME_ORDER,
            Comparison(1),
            illegal("records_same_order is no finding about wrong_amount"),
        ),
        (
            in_flight,
            T.REFUND_CREDITED,
            refund(transaction_id="t-9"),
            illegal("news of another transaction than t-1"),
        ),
        (
            in_flight,
            T.REFUND_CREDITED,
            refund(amount_minor=12_801, currency="CNY"),
            illegal("the bank tells of 12801 CNY; attempt 1 is 12800 CNY"),
        ),
        (
            in_flight,
            T.REFUND_CREDITED,
            refund(amount_minor=12_800, currency="USD"),
            illegal("the bank tells of 12800 USD; attempt 1 is 12800 CNY"),
        ),
        (
            in_flight,
            T.REFUND_CREDITED,
            refund(2, amount_minor=12_800, currency="CNY"),
            late("there was no refund attempt 2"),
        ),
        (in_flight, T.REFUND_CREDITED, refund(0), late("there was no refund attempt 0")),
        (in_flight, T.REFUND_ACCEPTED, refund(), late("the bank had accepted it before")),
        (
            in_flight,
            T.REFUND_NOT_FOUND,
            refund(),
            late("the bank had accepted it before"),
        ),
        (
            asked_of_merchant,
            T.MERCHANT_ACCEPTED,
            MerchantAnswer(2),
            late("answer to request 2 of consent, which does not count"),
        ),
        (
            lambda: found(Kind.WRONG_AMOUNT),
            T.RECORDS_AGREES,
            Comparison(2),
            late("answer to records 2; 1 counts"),
        ),
        (
            by_card,
            T.CHARGEBACK_WON,
            ChargebackReport(1),
            late("news of chargeback 1; chargeback 0 counts"),
        ),
        (
            asked_of_merchant,
            T.REFUND_DECLARED_FAILED,
            OPS,
            illegal(
                "the dispute is open; possible now: withdraw, grant_credit, compensate, "
                "place_legal_hold"
            ),
        ),
        (
            asked_of_merchant,
            T.OFFER_DUE,
            None,
            illegal("offer_due is not possible while consent is delivered"),
        ),
    ],
)
def test_news_of_something_else_moves_nothing(
    make: Callable[[], Case], name: T, payload: Payload, expected: tuple[str, str, str]
) -> None:
    assert answer(make(), name, payload, actor=Actor.BANK) == expected


def credited() -> Case:
    case = in_flight()
    case.when(T.REFUND_CREDITED, refund())
    return case


def test_after_the_end_a_command_is_illegal_and_news_is_late() -> None:
    ended = "the dispute ended as credited"
    assert answer(credited(), T.ARBITRATOR_DECIDED, decision()) == illegal(ended)
    assert answer(credited(), T.MERCHANT_REFUSED, MerchantAnswer(1)) == late(ended)
    assert answer(credited(), T.REFUND_RECHECK) == late(ended)
    assert answer(credited(), T.CHARGEBACK_WINDOW) == late(ended)
    assert answer(credited(), T.RECALL_DUE) == late(ended)
    again = late("attempt 1 had been credited before")
    assert answer(credited(), T.REFUND_CREDITED, refund()) == again


def test_a_promise_is_nothing_to_keep_after_the_end() -> None:
    assert answer(credited(), T.PROMISE_DUE, after_s=600) == late("the dispute ended before")


def test_older_news_of_an_attempt_counts_for_nothing() -> None:
    case = approved()
    newer, older = (START + timedelta(seconds=s) for s in (20, 19))
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund(known_at=newer))
    told = late("older than what is known of attempt 1")
    assert answer(case, T.REFUND_CREDITED, refund(known_at=older)) == told
    assert case.when(T.REFUND_CREDITED, refund(known_at=newer)).applied


def test_answers_to_an_attempt_that_is_over_count_only_where_money_moved() -> None:
    case = failed()
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    told = late("answer to refund attempt 1; attempt 2 counts")
    for name in (T.REFUND_ACCEPTED, T.REFUND_FAILED, T.REFUND_BOUNCED, T.REFUND_NOT_FOUND):
        assert answer(case, name, refund(1)) == told


def test_who_has_sent_all_is_not_asked_again() -> None:
    case = found(Kind.GOODS_OR_SERVICE)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert "send_evidence" in case.actions
    case.when(T.CUSTOMER_SENT_EVIDENCE, WISH, actor=Actor.CUSTOMER)
    assert (case.status, "send_evidence" in case.actions) == ("gathering_evidence", False)


def test_a_recall_of_another_number_is_none() -> None:
    bank = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, bank, merchant_id=None)
    told = late("answer to recall 2; 1 counts")
    assert answer(case, T.RECALL_RETURNED, RecallReport(2)) == told
