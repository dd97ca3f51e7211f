"""Goods or a service: the merchant first, then what both sides have to show, then a person."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.triggers import (
    BankTransaction,
    ChargebackReport,
    Choice,
    MerchantAnswer,
    T,
    Wish,
)
from shared.contracts.vocabulary import Actor, Funding, Kind, Payer, Remedy
from tests.unit.tracker.case import (
    START,
    WISH,
    Case,
    decision,
    found,
    opened,
    refund,
    transaction,
)

BACK = Choice("c-1", "SF1234567890")


def asked() -> Case:
    """The merchant has the request."""
    case = found(Kind.GOODS_OR_SERVICE)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    return case


def gathering() -> Case:
    """The merchant refused: both sides are asked for what they have."""
    case = asked()
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1, "delivered"), actor=Actor.MERCHANT)
    return case


def in_arbitration() -> Case:
    case = gathering()
    case.when(T.CUSTOMER_SENT_EVIDENCE, WISH, actor=Actor.CUSTOMER)
    case.when(T.MERCHANT_SENT_EVIDENCE, MerchantAnswer(1), actor=Actor.MERCHANT)
    return case


def awaited() -> Case:
    """A person granted it for the goods."""
    case = in_arbitration()
    grant = decision(Remedy.RETURN_THEN_REFUND)
    case.when(T.ARBITRATOR_DECIDED, grant, actor=Actor.OPS)
    return case


def test_the_merchant_is_asked_first() -> None:
    case = found(Kind.GOODS_OR_SERVICE)
    assert (case.status, case.next_actor) == ("waiting_for_merchant", "merchant")
    assert (case.due_in("merchant_due"), case.due_in("merchant_reminder")) == (64, 32)


def test_consent_settles_it() -> None:
    case = asked()
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.payer) == ("refund_approved", Payer.MERCHANT)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.holds) == ("credited", [("refund", 12_800, "settled")])


def test_after_a_refusal_both_sides_send_what_they_have() -> None:
    case = gathering()
    assert (case.status, case.next_actor) == ("gathering_evidence", "customer")
    assert case.waits_for == {"merchant:evidence:1", "evidence_due"}
    assert case.due_in("evidence_due") == 210
    assert case.facts.answer_by == START + timedelta(seconds=210)
    assert "send_evidence" in case.actions


def test_silence_is_no_refusal_to_be_heard() -> None:
    case = asked()
    case.when(T.MERCHANT_DUE, after_s=64)
    assert case.status == "gathering_evidence"


def test_a_person_decides_as_soon_as_both_have_sent() -> None:
    case = gathering()
    case.when(T.MERCHANT_SENT_EVIDENCE, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert case.status == "gathering_evidence"
    case.when(T.CUSTOMER_SENT_EVIDENCE, WISH, actor=Actor.CUSTOMER)
    assert (case.status, case.next_actor) == ("in_arbitration", "ops")
    assert case.waits_for >= {"arbitration_due"}
    assert case.due_in("arbitration_due") == 700


def test_a_person_decides_on_what_there_is_when_the_time_is_over() -> None:
    case = gathering()
    case.when(T.EVIDENCE_DUE, after_s=210)
    assert case.status == "in_arbitration"


def test_evidence_that_comes_too_late_stays_with_the_case() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    answer = case.when(T.MERCHANT_SENT_EVIDENCE, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (answer.result, case.status) == ("late", "refund_approved")


def test_without_a_merchant_a_person_decides() -> None:
    case = found(Kind.GOODS_OR_SERVICE, transaction(merchant_id=None), merchant_id=None)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "no_merchant")


@pytest.mark.parametrize(
    ("remedy", "minor"), [(Remedy.FULL_REFUND, 12_800), (Remedy.PARTIAL_REFUND, 5_000)]
)
def test_full_and_partial(remedy: Remedy, minor: int) -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(remedy, amount_minor=minor), actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.holds) == ("credited", [("refund", minor, "settled")])


def test_none() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert (case.status, case.actions) == ("declined", ["appeal"])


def test_return_then_refund() -> None:
    case = awaited()
    assert (case.status, case.next_actor) == ("return_awaited", "customer")
    assert case.due_in("goods_due") == 850
    assert case.holds == []
    case.when(T.GOODS_SHIPPED, BACK, actor=Actor.CUSTOMER)
    assert (case.status, case.due_in("goods_due")) == ("return_shipped", 860)
    case.answered("merchant:goods:1", T.GOODS_RECEIVED, MerchantAnswer(1))
    assert (case.status, case.holds) == ("refund_approved", [("refund", 12_800, "reserved")])


def test_goods_go_back_to_a_merchant_or_not_at_all() -> None:
    case = found(Kind.GOODS_OR_SERVICE, transaction(merchant_id=None), merchant_id=None)
    grant = decision(Remedy.RETURN_THEN_REFUND, payer=Payer.WALLET_ADVANCE)
    answer = case.when(T.ARBITRATOR_DECIDED, grant, actor=Actor.OPS)
    assert (answer.result, answer.field) == ("invalid", "remedy")
    assert case.status == "in_arbitration"


def test_goods_that_are_kept_are_not_paid_back() -> None:
    case = awaited()
    case.when(T.GOODS_DUE, after_s=850)
    assert (case.status, case.facts.decision_rule) == ("declined", "goods_not_returned")
    assert case.actions == ["appeal"]


@pytest.mark.parametrize("answer", [T.GOODS_CONTESTED, T.GOODS_DUE])
def test_contested_goods_and_a_merchant_that_says_nothing_are_for_a_person(answer: T) -> None:
    case = awaited()
    case.when(T.GOODS_SHIPPED, BACK, actor=Actor.CUSTOMER)
    case.when(answer, None if answer is T.GOODS_DUE else MerchantAnswer(1), after_s=860)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "goods_contested")


def test_the_merchant_pays_once_it_has_its_goods() -> None:
    case = asked()
    case.when(T.MERCHANT_WANTS_RETURN, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.holds) == ("return_awaited", [])
    case.when(T.GOODS_SHIPPED, BACK, actor=Actor.CUSTOMER)
    case.when(T.GOODS_RECEIVED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.payer) == ("refund_approved", Payer.MERCHANT)


def test_an_offer_is_the_customers_choice() -> None:
    case = asked()
    offer = MerchantAnswer(1, offer_minor=3_000, offer_currency="CNY")
    case.when(T.MERCHANT_OFFERED, offer, actor=Actor.MERCHANT)
    assert (case.status, case.next_actor) == ("offer_made", "customer")
    assert case.due_in("offer_due") == 840
    case.when(T.OFFER_ACCEPTED, WISH, actor=Actor.CUSTOMER)
    assert (case.status, case.holds) == ("refund_approved", [("refund", 3_000, "reserved")])


def test_who_takes_an_offer_takes_the_one_that_they_saw() -> None:
    case = asked()
    for minor in (3_000, 1_000):
        offer = MerchantAnswer(1, offer_minor=minor, offer_currency="CNY")
        case.when(T.MERCHANT_OFFERED, offer, actor=Actor.MERCHANT)
    seen = case.when(T.OFFER_ACCEPTED, Wish("c-1", amount_minor=3_000), actor=Actor.CUSTOMER)
    assert (seen.result, seen.field) == ("illegal", "amount")
    assert "1000" in seen.reason
    assert case.status == "offer_made"
    case.when(T.OFFER_ACCEPTED, Wish("c-1", amount_minor=1_000), actor=Actor.CUSTOMER)
    assert case.holds == [("refund", 1_000, "reserved")]


@pytest.mark.parametrize("answer", [T.OFFER_REFUSED, T.OFFER_DUE])
def test_an_offer_that_is_not_taken_is_no_end(answer: T) -> None:
    case = asked()
    offer = MerchantAnswer(1, offer_minor=3_000, offer_currency="CNY")
    case.when(T.MERCHANT_OFFERED, offer, actor=Actor.MERCHANT)
    case.when(answer, WISH if answer is T.OFFER_REFUSED else None, after_s=840)
    assert case.status == "gathering_evidence"


def test_consent_counts_while_evidence_is_gathered() -> None:
    case = gathering()
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.decision_rule) == ("refund_approved", "merchant_consent")


def test_a_chargeback_is_filed_before_its_window_closes() -> None:
    until = START + timedelta(seconds=100)
    card = transaction(funding=Funding.CARD, chargeback_until=until)
    case = found(Kind.GOODS_OR_SERVICE, card)
    assert case.due_in("chargeback_window") == 45  # with a margin of 55
    case.when(T.CHARGEBACK_WINDOW, after_s=45)
    assert case.holds == [("chargeback", 12_800, "reserved")]
    case.answered("bank:chargeback:1", T.CHARGEBACK_WON, ChargebackReport(1))
    assert (case.status, case.holds) == ("charged_back", [("chargeback", 12_800, "settled")])


OFFER = MerchantAnswer(1, offer_minor=3_000, offer_currency="CNY")


def offered() -> Case:
    case = asked()
    case.when(T.MERCHANT_OFFERED, OFFER, actor=Actor.MERCHANT)
    return case


def declined_offer() -> Case:
    case = offered()
    case.when(T.OFFER_REFUSED, WISH, actor=Actor.CUSTOMER)
    return case


def wants_return() -> Case:
    case = asked()
    case.when(T.MERCHANT_WANTS_RETURN, MerchantAnswer(1), actor=Actor.MERCHANT)
    return case


def fulfilled() -> Case:
    case = asked()
    case.when(T.MERCHANT_FULFILLED, MerchantAnswer(1), actor=Actor.MERCHANT)
    return case


@pytest.mark.parametrize("make", [offered, declined_offer, wants_return, fulfilled, gathering])
def test_an_acceptance_counts_whenever_it_comes(make: Callable[[], Case]) -> None:
    case = make()
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.holds) == ("refund_approved", [("refund", 12_800, "reserved")])


def test_a_merchant_that_says_it_has_delivered_is_answered_by_evidence() -> None:
    assert fulfilled().status == "gathering_evidence"


@pytest.mark.parametrize("proven", [False, True])
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (T.MERCHANT_OFFERED, "offer_made"),
        (T.MERCHANT_WANTS_RETURN, "return_awaited"),
        (T.MERCHANT_FULFILLED, "gathering_evidence"),
    ],
)
def test_an_answer_counts_before_its_receipt_is_known(
    answer: T, status: str, *, proven: bool
) -> None:
    case = asked() if proven else found(Kind.GOODS_OR_SERVICE)
    case.when(answer, OFFER, actor=Actor.MERCHANT)
    assert case.status == status


@pytest.mark.parametrize(
    "answer", [T.MERCHANT_OFFERED, T.MERCHANT_WANTS_RETURN, T.MERCHANT_FULFILLED]
)
def test_an_answer_after_silence_is_heard_but_stops_nobody_who_is_asked(answer: T) -> None:
    case = asked()
    case.when(T.MERCHANT_DUE, after_s=64)
    case.when(answer, OFFER, actor=Actor.MERCHANT)
    assert case.status == "gathering_evidence"


@pytest.mark.parametrize("proven", [False, True])
def test_the_merchant_is_reminded_halfway(*, proven: bool) -> None:
    case = asked() if proven else found(Kind.GOODS_OR_SERVICE)
    case.when(T.MERCHANT_REMINDER, after_s=32)
    assert "merchant:reminder:1" in case.waits_for
    assert (case.facts.reminders, case.due_in("merchant_due")) == (1, 32)


def test_another_offer_is_another_choice() -> None:
    case = offered()
    more = MerchantAnswer(1, offer_minor=4_000, offer_currency="CNY")
    case.when(T.MERCHANT_OFFERED, more, after_s=100, actor=Actor.MERCHANT)
    assert (case.facts.offer_minor, case.due_in("offer_due")) == (4_000, 840)


def test_goods_that_the_merchant_has_need_no_tracking_number() -> None:
    case = awaited()
    case.when(T.GOODS_RECEIVED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert case.status == "refund_approved"


@pytest.mark.parametrize("said", [T.GOODS_CONTESTED, T.GOODS_DUE])
def test_goods_that_turn_up_after_all(said: T) -> None:
    case = awaited()
    case.when(T.GOODS_SHIPPED, BACK, actor=Actor.CUSTOMER)
    case.when(said, None if said is T.GOODS_DUE else MerchantAnswer(1), after_s=860)
    case.when(T.GOODS_RECEIVED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.legs["goods"], case.status) == ("received", "in_arbitration")


def test_a_merchant_may_still_contest_what_it_was_silent_about() -> None:
    case = awaited()
    case.when(T.GOODS_SHIPPED, BACK, actor=Actor.CUSTOMER)
    case.when(T.GOODS_DUE, after_s=860)
    case.when(T.GOODS_CONTESTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.legs["goods"], case.status) == ("contested", "in_arbitration")


def test_goods_are_back_and_others_have_the_money() -> None:
    merchants, persons = wants_return(), awaited()
    for case in (merchants, persons):
        case.when(T.GOODS_SHIPPED, BACK, actor=Actor.CUSTOMER)
        case.money = MoneyView(others_minor=1)
        case.when(T.GOODS_RECEIVED, MerchantAnswer(1), actor=Actor.MERCHANT)
        assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "above_captured")
        assert case.holds == []


def test_evidence_of_the_merchants_counts_while_a_second_person_is_waited_for() -> None:
    large: BankTransaction = transaction(captured_minor=900_000)
    case = found(Kind.GOODS_OR_SERVICE, large, requested_minor=None, currency=None)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.when(T.EVIDENCE_DUE, after_s=210)
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=600_000), actor=Actor.OPS)
    case.when(T.MERCHANT_SENT_EVIDENCE, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.legs["arbitration"], case.facts.evidence_of) == ("proposed", ("merchant",))


def test_both_are_heard_also_where_the_bank_was_slow() -> None:
    case = opened(Kind.GOODS_OR_SERVICE)
    case.when(T.INQUIRY_DUE, after_s=case.due_in("inquiry_due"))
    assert case.status == "in_arbitration"
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, transaction())
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1, "delivered"), actor=Actor.MERCHANT)
    assert case.status == "gathering_evidence"
    case.when(T.EVIDENCE_DUE, after_s=case.due_in("evidence_due"))
    assert case.status == "in_arbitration"
