"""A refund request: the merchant's consent, contract, window, arbitration."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.triggers import MerchantAnswer, T
from shared.contracts.vocabulary import Actor, Fault, Kind, Payer, Remedy, TransactionState
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


def signed(**changes: object) -> Case:
    """A request below the cap at a merchant whose contract lets silence refund."""
    return found(
        Kind.REFUND_REQUEST,
        transaction(merchant_id=changes.pop("merchant_id", "m-signed")),
        **({"merchant_id": None, "requested_minor": 10_000} | changes),
    )


def silent(case: Case) -> Case:
    case.when(T.MERCHANT_DUE, after_s=60, actor=Actor.REDRESS)
    return case


def test_the_merchant_is_asked_with_a_deadline() -> None:
    case = found(Kind.REFUND_REQUEST)
    assert (case.status, case.next_actor) == ("waiting_for_merchant", "merchant")
    assert case.waits_for == {"merchant:consent:1", "merchant_reminder", "merchant_due"}
    assert (case.due_in("merchant_due"), case.promised_in) == (60, 1000)


def test_delivery_of_the_request_is_noted_and_changes_nothing_else() -> None:
    case = asked_of_merchant()
    assert case.facts.consent_delivered_at == START
    assert case.status == "waiting_for_merchant"
    assert case.waits_for == {"merchant_reminder", "merchant_due"}


def test_consent_reserves_the_refund_and_names_the_merchant_as_payer() -> None:
    case = approved()
    assert (case.status, case.next_actor) == ("refund_approved", "bank")
    assert case.waits_for == {"bank:refund:1", "refund_due"}
    assert case.holds == [("refund", 12_800, "reserved")]
    assert (case.facts.payer, case.facts.loss_bearer) == (Payer.MERCHANT, Payer.MERCHANT)
    assert case.facts.decision_rule == "merchant_consent"


def test_sent_and_credited_are_different_things() -> None:
    case = in_flight()
    assert (case.status, case.next_actor) == ("refund_sent", "bank")
    assert case.holds == [("refund", 12_800, "in_flight")]
    assert case.waits_for == {"refund_recheck", "refund_due"}
    assert (case.due_in("refund_recheck"), case.due_in("refund_due")) == (50, 600)
    assert (case.promised_in, case.facts.promise_rule) == (600, "refund_due")
    case.when(T.REFUND_CREDITED, refund(destination_tail="0042"))
    assert (case.status, case.next_actor) == ("credited", "nobody")
    assert case.holds == [("refund", 12_800, "settled")]
    assert case.waits_for == set()


def test_the_banks_date_for_the_credit_is_the_promise() -> None:
    case = approved()
    when = START + timedelta(seconds=250)
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund(expected_at=when))
    assert (case.promised_in, case.facts.promise_rule) == (280, "expected_by_bank")
    assert case.due_in("refund_recheck") == 300


def test_without_an_amount_consent_grants_the_whole_capture() -> None:
    assert approved(requested_minor=None, currency=None).facts.approved_minor == 12_800


def test_a_refusal_goes_to_a_person_with_the_reason() -> None:
    case = in_arbitration()
    assert (case.status, case.next_actor) == ("in_arbitration", "ops")
    assert case.facts.merchant_reason == "shipped"
    assert case.facts.arbitration_cause == "merchant_refused"
    assert case.waits_for == {"arbitration_due"}
    assert (case.due_in("arbitration_due"), case.promised_in) == (700, 700)


def test_an_arbitrator_grants_a_part_and_it_is_paid() -> None:
    case = in_arbitration()
    partial = decision(
        Remedy.PARTIAL_REFUND, amount_minor=5_000, payer=Payer.WALLET_ADVANCE, fault=Fault.BOTH
    )
    case.when(T.ARBITRATOR_DECIDED, replace(partial, loss_bearer=Payer.MERCHANT), actor=Actor.OPS)
    assert (case.status, case.legs["arbitration"]) == ("refund_approved", "decided")
    assert case.holds == [("refund", 5_000, "reserved")]
    assert case.waits_for == {"bank:refund:1", "refund_due"}
    assert (case.facts.payer, case.facts.loss_bearer) == (Payer.WALLET_ADVANCE, Payer.MERCHANT)
    assert (case.facts.fault, case.facts.decision_reason) == (Fault.BOTH, "not_delivered")
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.holds) == ("credited", [("refund", 5_000, "settled")])


def test_who_pays_bears_the_loss_unless_the_decision_says_otherwise() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.INSURER), actor=Actor.OPS)
    assert case.facts.loss_bearer is Payer.INSURER


def test_an_arbitrator_denies_and_there_is_one_appeal() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert (case.status, case.next_actor, case.holds) == ("declined", "nobody", [])
    assert case.facts.decision_reason == "not_delivered"
    assert case.facts.appeal_until == START + timedelta(seconds=3000)
    assert case.actions == ["appeal"]
    assert case.waits_for == set()


def test_an_overdue_decision_is_raised_again_and_again() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATION_DUE, after_s=700)
    assert (case.status, case.facts.escalations) == ("in_arbitration", 1)
    assert case.due_in("arbitration_due") == 70
    case.when(T.ARBITRATION_DUE, after_s=70)
    assert (case.due_in("arbitration_due"), case.facts.escalations) == (70, 2)


def test_silence_without_a_contract_goes_to_a_person() -> None:
    case = silent(asked_of_merchant())
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "merchant_silent")
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (case.status, case.holds) == ("refund_approved", [("refund", 12_800, "reserved")])


def test_silence_refunds_where_all_four_conditions_hold() -> None:
    case = signed()
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    silent(case)
    assert (case.status, case.facts.decision_rule) == ("refund_approved", "contract_silence")
    assert (case.facts.payer, case.holds) == (Payer.MERCHANT, [("refund", 10_000, "reserved")])
    assert case.waits_for == {"bank:refund:1", "refund_due"}


@pytest.mark.parametrize(
    ("missing", "changes"),
    [
        ("no contract", {"merchant_id": "m-plain"}),
        ("a contract without such terms", {"merchant_id": "m-unsigned"}),
        ("an amount above the cap", {"requested_minor": 10_001}),
        ("no amount, and a capture above the cap", {"requested_minor": None}),
        ("another currency", {"currency": "USD"}),
    ],
)
def test_silence_refunds_nothing_when_a_condition_is_missing(
    missing: str, changes: dict[str, object]
) -> None:
    case = signed(**changes)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    silent(case)
    assert (case.status, case.facts.arbitration_cause) == (
        "in_arbitration",
        "merchant_silent",
    ), missing


def test_silence_refunds_nothing_when_delivery_is_not_proven() -> None:
    case = silent(signed())
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "merchant_silent")


def test_silence_refunds_nothing_when_other_refunds_leave_no_room() -> None:
    case = signed()
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.money = MoneyView(others_minor=2_801)
    silent(case)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "merchant_silent")


def test_a_contract_in_another_currency_than_the_capture_refunds_nothing() -> None:
    bank = transaction(merchant_id="m-signed", currency="USD")
    case = found(Kind.REFUND_REQUEST, bank, currency=None, requested_minor=100)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    assert silent(case).status == "in_arbitration"


@pytest.mark.parametrize("answer", [T.MERCHANT_REFUSED, T.MERCHANT_ACCEPTED])
def test_an_answer_after_silence_was_refunded_stops_nothing_and_pays_nothing_twice(
    answer: T,
) -> None:
    case = signed()
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    silent(case)
    case.when(answer, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.waits_for) == ("refund_approved", {"bank:refund:1", "refund_due"})
    assert case.holds == [("refund", 10_000, "reserved")]


def test_late_consent_makes_a_pending_decision_needless() -> None:
    case = silent(asked_of_merchant())
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert case.legs["arbitration"] == "superseded"
    assert (case.status, case.waits_for) == ("refund_approved", {"bank:refund:1", "refund_due"})


def test_a_merchant_may_change_a_refusal_into_consent() -> None:
    case = in_arbitration()
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.decision_rule) == ("refund_approved", "merchant_consent")


def test_a_refusal_after_silence_leaves_the_decision_pending() -> None:
    case = silent(asked_of_merchant())
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1, "used"), actor=Actor.MERCHANT)
    assert (case.status, case.facts.arbitration_n) == ("in_arbitration", 1)
    assert (case.facts.merchant_reason, case.legs["consent"]) == ("used", "refused")


def test_consent_before_the_proof_of_delivery_counts() -> None:
    case = found(Kind.REFUND_REQUEST)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.legs["consent"]) == ("refund_approved", "accepted")


def test_a_merchants_word_after_the_decision_does_not_reopen_it() -> None:
    case = silent(asked_of_merchant())
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1, "used"), actor=Actor.MERCHANT)
    assert (case.status, case.legs["arbitration"]) == ("refund_approved", "decided")
    assert case.waits_for == {"bank:refund:1", "refund_due"}


def test_consent_to_more_than_is_left_goes_to_a_person() -> None:
    case = asked_of_merchant()
    case.money = MoneyView(others_minor=1)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "above_captured")
    assert case.holds == []


def test_consent_in_another_currency_goes_to_a_person() -> None:
    case = asked_of_merchant(currency="USD")
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "above_captured")


@pytest.mark.parametrize(("others", "left"), [(0, 12_800), (800, 12_000)])
def test_an_arbitrator_grants_what_other_refunds_leave_and_no_more(others: int, left: int) -> None:
    case = in_arbitration()
    case.money = MoneyView(others_minor=others)
    above = case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=left + 1), actor=Actor.OPS)
    assert (above.result, above.field, case.status) == ("invalid", "amount", "in_arbitration")
    assert str(left) in above.reason
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=left), actor=Actor.OPS)
    assert case.holds == [("refund", left, "reserved")]


def test_where_other_refunds_leave_nothing_only_a_denial_is_possible() -> None:
    case = in_arbitration()
    case.money = MoneyView(others_minor=12_800)
    answer = case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=1), actor=Actor.OPS)
    assert (answer.result, answer.field, case.holds) == ("illegal", "remedy", [])
    assert answer.reason == (
        "nothing of this transaction is left to refund; possible now: remedy none"
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payer": None}, "payer"),
        ({"amount_minor": None}, "amount"),
        ({"amount_minor": 0}, "amount"),
        ({"amount_minor": -1}, "amount"),
    ],
)
def test_an_approval_lacks_nothing(changes: dict[str, Any], field: str) -> None:
    case = in_arbitration()
    answer = case.when(T.ARBITRATOR_DECIDED, decision(**changes), actor=Actor.OPS)
    assert (answer.result, answer.field) == ("invalid", field)
    assert (case.status, answer.effects) == ("in_arbitration", ())


def test_without_a_merchant_the_merchant_cannot_be_named_as_payer() -> None:
    case = found(Kind.REFUND_REQUEST, transaction(merchant_id=None), merchant_id=None)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "no_merchant")
    answer = case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (answer.result, answer.field) == ("invalid", "payer")
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.WALLET_ADVANCE), actor=Actor.OPS)
    assert case.status == "refund_approved"


def test_outside_the_window_it_is_declined_by_a_rule_with_appeal_and_an_offer() -> None:
    case = declined()
    assert (case.status, case.next_actor) == ("declined", "nobody")
    assert (case.facts.decision_rule, case.facts.decision_reason) == ("outside_window",) * 2
    assert case.facts.appeal_until == START + timedelta(seconds=3000)
    assert case.actions == ["request_merchant_consent", "appeal"]
    assert case.waits_for == set()


@pytest.mark.parametrize(("hours", "status"), [(23, "waiting_for_merchant"), (25, "declined")])
def test_the_window_counts_from_the_purchase(hours: int, status: str) -> None:
    case = found(Kind.REFUND_REQUEST, occurred_at=START - timedelta(hours=hours))
    assert case.status == status


@pytest.mark.parametrize(
    ("minutes", "status"),
    [(1, "waiting_for_merchant"), (0, "waiting_for_merchant"), (-1, "declined")],
)
def test_after_the_profiles_window_the_merchants_own_date_counts(minutes: int, status: str) -> None:
    until = START + timedelta(minutes=minutes)
    case = found(
        Kind.REFUND_REQUEST, refundable_until=until, occurred_at=START - timedelta(days=30)
    )
    assert case.status == status


@pytest.mark.parametrize(("hours", "status"), [(23, "waiting_for_merchant"), (25, "declined")])
def test_a_shorter_date_of_the_merchants_takes_nothing_from_the_profiles_window(
    hours: int, status: str
) -> None:
    bought = START - timedelta(hours=hours)
    ended = bought + timedelta(hours=1)
    case = found(Kind.REFUND_REQUEST, refundable_until=ended, occurred_at=bought)
    assert case.status == status


def test_without_any_date_the_window_is_not_held_against_the_customer() -> None:
    case = found(Kind.REFUND_REQUEST, occurred_at=None)
    assert case.status == "waiting_for_merchant"


def test_the_window_is_about_refund_requests_only() -> None:
    case = found(Kind.PAYMENT_FAILED, occurred_at=START - timedelta(days=30))
    assert case.status == "waiting_for_merchant"


def test_the_merchant_may_be_asked_for_its_late_consent() -> None:
    case = declined()
    case.when(T.LATE_CONSENT_REQUESTED, WISH, after_s=10, actor=Actor.CUSTOMER)
    assert (case.status, case.next_actor) == ("waiting_for_merchant", "merchant")
    assert case.waits_for == {"merchant:consent:1", "merchant_reminder", "merchant_due"}
    assert case.promised_in is not None
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.decision_rule) == ("refund_approved", "merchant_consent")


def test_late_consent_is_asked_for_once() -> None:
    case = declined()
    case.when(T.LATE_CONSENT_REQUESTED, WISH, actor=Actor.CUSTOMER)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1, "outside_policy"), actor=Actor.MERCHANT)
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert case.actions == ["appeal"]


def test_late_consent_is_no_offer_where_there_is_no_merchant() -> None:
    case = found(
        Kind.REFUND_REQUEST,
        transaction(merchant_id=None),
        merchant_id=None,
        occurred_at=START - timedelta(days=2),
    )
    assert (case.status, case.actions) == ("declined", ["appeal"])


def test_the_appeal_window_ends() -> None:
    case = declined()
    case.now += timedelta(seconds=3000)
    assert case.actions == ["request_merchant_consent"]
    answer = case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert (answer.result, case.status) == ("illegal", "declined")


def test_an_appeal_against_a_rule_is_heard_by_a_person_once() -> None:
    case = declined()
    case.when(T.APPEALED, WISH, after_s=10, actor=Actor.CUSTOMER)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "appeal")
    assert case.waits_for == {"arbitration_due"}
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert (case.status, case.actions, case.facts.appeal_until) == ("declined", [], None)


def test_an_appeal_is_decided_by_somebody_else() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    same = case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (same.result, same.field, case.status) == ("invalid", "decided_by", "in_arbitration")
    case.when(T.ARBITRATOR_DECIDED, decision(decided_by="ops-2"), actor=Actor.OPS)
    assert (case.status, case.holds) == ("refund_approved", [("refund", 12_800, "reserved")])


def test_nobody_who_decided_before_hears_the_appeal_also_not_of_an_earlier_attempt() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_FAILED, refund(reason="account_frozen"))
    denial = decision(Remedy.NONE, decided_by="ops-2")
    case.when(T.ARBITRATOR_DECIDED, denial, actor=Actor.OPS)
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    for by in ("ops-1", "ops-2"):
        again = case.when(T.ARBITRATOR_DECIDED, decision(decided_by=by), actor=Actor.OPS)
        assert (again.result, again.field) == ("invalid", "decided_by")
    case.when(T.ARBITRATOR_DECIDED, decision(decided_by="ops-3"), actor=Actor.OPS)
    assert case.status == "refund_approved"


def test_a_dispute_without_a_transaction_asks_for_it_and_goes_to_a_person() -> None:
    case = opened(Kind.REFUND_REQUEST, transaction_id=None)
    assert (case.status, case.next_actor) == ("needs_details", "customer")
    assert (case.waits_for, case.actions) == ({"details_due"}, ["withdraw", "give_details"])
    case.when(T.DETAILS_DUE, after_s=810)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "no_transaction")
    assert case.waits_for == {"arbitration_due"}
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert case.status == "declined"


def test_money_is_not_granted_before_the_bank_has_confirmed_the_transaction() -> None:
    case = opened(Kind.REFUND_REQUEST, transaction_id=None)
    case.when(T.DETAILS_DUE, after_s=810)
    answer = case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (answer.result, answer.field) == ("illegal", "remedy")
    assert "the bank has not confirmed the transaction" in answer.reason


def test_a_second_dispute_of_the_same_transaction_is_closed_as_a_duplicate() -> None:
    case = opened(Kind.REFUND_REQUEST, duplicate_of="998877665544")
    assert (case.status, case.facts.duplicate_of) == ("duplicate", "998877665544")
    assert (case.waits_for, case.holds, case.actions) == (set(), [], [])


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda: opened(Kind.REFUND_REQUEST), "checking"),
        (asked_of_merchant, "waiting_for_merchant"),
        (in_arbitration, "in_arbitration"),
    ],
)
def test_a_customer_may_withdraw_while_no_money_moves(
    make: Callable[[], Case], status: str
) -> None:
    case = make()
    assert (case.status, case.actions) == (status, ["withdraw"])
    case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER)
    assert (case.status, case.next_actor, case.waits_for) == ("withdrawn", "nobody", set())


@pytest.mark.parametrize("make", [approved, in_flight])
def test_a_customer_cannot_withdraw_once_money_moves(make: Callable[[], Case]) -> None:
    case = make()
    before = case.dispute
    answer = case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER)
    assert (answer.result, case.actions) == ("illegal", [])
    assert case.dispute == before


def test_somebody_elses_transaction_is_declined_with_an_appeal() -> None:
    case = opened(Kind.REFUND_REQUEST)
    case.answered("bank:inquiry:1", T.TRANSACTION_FOREIGN)
    assert (case.status, case.facts.decision_rule) == ("declined", "not_your_transaction")
    assert case.actions == ["appeal"]


def test_a_declined_purchase_is_explained_not_refunded() -> None:
    bank = transaction(TransactionState.DECLINED, captured_minor=0, cause="card_declined")
    case = found(Kind.REFUND_REQUEST, bank)
    assert (case.status, case.facts.cause) == ("explained", "card_declined")
