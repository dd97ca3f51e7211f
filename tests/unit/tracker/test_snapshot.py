"""What a status event says: the whole of what people see, with approved apart from credited."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.tracker.domain.snapshot import numbered, status_changed
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
    Trigger,
    Wish,
)
from shared.contracts.events import StatusChanged
from shared.contracts.vocabulary import (
    Actor,
    Fault,
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
    decision,
    declined,
    found,
    in_arbitration,
    in_flight,
    opened,
    refund,
    trace,
    transaction,
)

AMOUNTS = (
    "requested",
    "approved",
    "in_flight",
    "credited",
    "offered",
    "provisional",
    "compensated",
)


def event(case: Case, name: T = T.PROMISE_DUE, actor: Actor = Actor.REDRESS) -> StatusChanged:
    """The event of the step that has just been made."""
    return status_changed(replace(case.dispute, version=7), Trigger(name, actor), case.now)


def after(seconds: float) -> Any:
    return START + timedelta(seconds=seconds)


def money(minor: int) -> dict[str, Any]:
    return {"amount_minor": minor, "currency": "CNY"}


def amounts(case: Case) -> dict[str, int]:
    """Every amount that the event names."""
    told = {name: getattr(event(case), name) for name in AMOUNTS}
    assert {amount.currency for amount in told.values() if amount} == {"CNY"}
    return {name: amount.amount_minor for name, amount in told.items() if amount}


def test_it_is_the_whole_of_what_people_see() -> None:
    case = found(Kind.REFUND_REQUEST, transaction(merchant_id="m-bank"))
    answer = MerchantAnswer(1, "shipped", "sealed words")
    case.when(T.MERCHANT_REFUSED, answer, after_s=7, actor=Actor.MERCHANT)
    told = event(case, T.MERCHANT_REFUSED, Actor.MERCHANT)
    assert told.model_dump() == {
        "dispute_id": UUID(int=1),
        "claim_id": UUID(int=2),
        "reference": "402188530174",
        "version": 7,
        "kind": "refund_request",
        "reason": "other",
        "customer_id": "c-1",
        "merchant_id": "m-bank",
        "transaction_id": "t-1",
        "status": "in_arbitration",
        "open": True,
        "next_actor": "ops",
        "promised_at": after(707),
        "promise_rule": "arbitration_due",
        "promise": None,
        "estimate": None,
        "requested": money(12_800),
        "approved": None,
        "in_flight": None,
        "credited": None,
        "offered": None,
        "provisional": None,
        "compensated": None,
        "step": {"code": "merchant_refused", "at": after(7), "actor": "merchant", "params": {}},
        "detail": {"merchant_reason": "shipped", "arbitration_cause": "merchant_refused"},
        "decision": None,
        "actions": ["withdraw"],
        "merchant_note": "sealed words",
        "changed_at": after(7),
        "wallet": None,
        "wallet_version": None,
    }


def test_before_the_bank_has_answered_the_merchant_is_the_claims() -> None:
    assert event(opened(Kind.REFUND_REQUEST)).merchant_id == "m-plain"


def test_a_claim_without_an_amount_names_none() -> None:
    incomplete = opened(Kind.REFUND_REQUEST, requested_minor=None, currency=None)
    assert event(incomplete).requested is None
    for missing in ({"requested_minor": None}, {"currency": None}):
        assert event(opened(Kind.REFUND_REQUEST, **missing)).requested is None


# --- money: promised, approved, in flight and credited are different things


def granted(minor: int, case: Case | None = None, **changes: Any) -> Case:
    """A person grants a part."""
    case = case or in_arbitration()
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=minor, **changes)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    return case


def credited(minor: int) -> Case:
    case = granted(minor)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    return case


def test_what_is_granted_on_paper_is_not_approved_before_it_is_ordered() -> None:
    case = in_arbitration()
    case.when(T.CREDIT_ORDERED, Grant("ops-1", 800, "goodwill"), actor=Actor.OPS)
    granted(5_000, case)  # and waits until the credit's own posting is known
    assert amounts(case) == {"requested": 12_800}


def test_approved_in_flight_and_credited_follow_each_other() -> None:
    case = granted(5_000)
    assert amounts(case) == {"requested": 12_800, "approved": 5_000}
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund())
    assert amounts(case) == {"requested": 12_800, "approved": 5_000, "in_flight": 5_000}
    case.when(T.REFUND_CREDITED, refund())
    assert amounts(case) == {"requested": 12_800, "approved": 5_000, "credited": 5_000}
    case.when(T.REFUND_BOUNCED, refund())
    assert amounts(case) == {"requested": 12_800, "approved": 5_000}


def test_a_reversal_is_credited_without_an_approval() -> None:
    debited = transaction(TransactionState.DEBITED_NOT_CAPTURED, reversal_minor=12_700)
    case = found(Kind.PAYMENT_FAILED, debited)
    assert amounts(case) == {"requested": 12_800}
    case.when(T.REVERSAL_CREDITED, replace(debited, reversal_state="credited"))
    assert amounts(case) == {"requested": 12_800, "credited": 12_700}


def test_recalled_money_is_credited_once_it_is_back() -> None:
    bank = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, bank, merchant_id=None)
    case.when(T.RECALL_AGREED, RecallReport(1, 4_000))
    assert amounts(case) == {"requested": 12_800}
    assert event(case).detail["recalled_minor"] == "4000"
    case.answered("bank:recall:1", T.RECALL_RETURNED, RecallReport(1, 4_000))
    assert amounts(case) == {"requested": 12_800, "credited": 4_000}


def test_an_offer_is_shown_for_as_long_as_it_is_open() -> None:
    case = found(Kind.REFUND_REQUEST)
    offer = MerchantAnswer(1, offer_minor=3_000, offer_currency="CNY")
    case.when(T.MERCHANT_OFFERED, offer, actor=Actor.MERCHANT)
    assert amounts(case) == {"requested": 12_800, "offered": 3_000}
    case.when(T.OFFER_REFUSED, WISH, actor=Actor.CUSTOMER)
    assert amounts(case) == {"requested": 12_800}


def standing(minor: int) -> Case:
    case = in_arbitration()
    case.when(T.CREDIT_ORDERED, Grant("ops-1", minor, "goodwill"), actor=Actor.OPS)
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    return case


def test_a_credit_is_provisional_from_its_posting_until_it_is_back() -> None:
    case = standing(5_000)
    assert amounts(case) == {"requested": 12_800, "provisional": 5_000}
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert amounts(case) == {"requested": 12_800, "provisional": 5_000}
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    assert amounts(case) == {"requested": 12_800, "provisional": 5_000}
    case.answered("bank:credit_reversal:1", T.CREDIT_REVERSED, Posting(1))
    assert amounts(case) == {"requested": 12_800}


def test_a_final_credit_is_credited_and_nothing_is_approved_beside_it() -> None:
    case = granted(5_000, standing(5_000), payer=Payer.WALLET_ADVANCE)
    assert amounts(case) == {"requested": 12_800, "credited": 5_000}
    told = event(case).decision
    assert told
    assert (told.outcome, told.rule, told.payer) == (
        "partial_refund",
        "arbitration",
        Payer.WALLET_ADVANCE,
    )


def test_money_beside_a_final_credit_settles_it_and_is_not_shown_on_top() -> None:
    case = granted(5_000, standing(5_000), payer=Payer.WALLET_ADVANCE)
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 4_000))
    case.when(T.CHARGEBACK_WON, ChargebackReport(None, 4_000))
    assert amounts(case)["credited"] == 5_000


def test_of_a_top_up_that_is_in_flight_only_the_rest_is_told() -> None:
    case = in_arbitration()
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=5_000)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    more = decision(Remedy.PARTIAL_REFUND, amount_minor=7_000, decided_by="ops-2")
    case.when(T.ARBITRATOR_DECIDED, more, actor=Actor.OPS)
    case.answered("bank:refund:2", T.REFUND_ACCEPTED, refund(2))
    told = {"requested": 12_800, "approved": 12_000, "in_flight": 7_000, "credited": 5_000}
    assert amounts(case) == told


def test_of_a_credit_only_what_nothing_else_has_settled_is_provisional() -> None:
    case = standing(5_000)
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 4_000))
    case.when(T.CHARGEBACK_WON, ChargebackReport(None, 4_000))
    assert (amounts(case)["provisional"], amounts(case)["credited"]) == (1_000, 4_000)


def test_a_settled_credit_says_how_much_of_what_came_it_was() -> None:
    case = granted(12_800, standing(5_000))
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert amounts(case) == {"requested": 12_800, "approved": 12_800, "credited": 12_800}
    assert event(case).detail["credit_settled_minor"] == "5000"


def test_a_compensation_is_shown_once_it_is_paid_apart_from_all_else() -> None:
    case = in_arbitration()
    case.when(T.COMPENSATION_ORDERED, Grant("ops-1", 900, "late"), actor=Actor.OPS)
    assert amounts(case) == {"requested": 12_800}
    case.answered("bank:compensation:1", T.COMPENSATION_POSTED, Posting(1))
    assert amounts(case) == {"requested": 12_800, "compensated": 900}


def corrected() -> Case:
    case = opened(
        Kind.BALANCE_ANOMALY,
        transaction_id=None,
        merchant_id=None,
        requested_minor=None,
        currency=None,
    )
    case.answered("bank:records:1", T.RECORDS_OUR_ERROR, Comparison(1, 700, "CNY"))
    made = decision(Remedy.CORRECTION, amount_minor=700, payer=Payer.WALLET_ADVANCE)
    case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS)
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    return case


def test_a_correction_is_credited_once_it_is_posted() -> None:
    case = corrected()
    assert event(case).credited is None
    case.answered("bank:correction:1", T.CORRECTION_POSTED, Posting(1))
    assert amounts(case) == {"credited": 700}


# --- the decision


def told_decision(case: Case) -> dict[str, Any] | None:
    made = event(case).decision
    return made.model_dump() if made else None


def test_a_decision_is_told_with_the_money_that_it_ordered() -> None:
    case = in_arbitration()
    grant = decision(
        amount_minor=5_000,
        payer=Payer.WALLET_ADVANCE,
        loss_bearer=Payer.MERCHANT,
        rate_bearer=Payer.BANK,
    )
    case.when(T.ARBITRATOR_DECIDED, grant, actor=Actor.OPS)
    assert told_decision(case) == {
        "outcome": "full_refund",
        "reason": "not_delivered",
        "rule": "arbitration",
        "fault": Fault.MERCHANT,
        "payer": Payer.WALLET_ADVANCE,
        "loss_bearer": Payer.MERCHANT,
        "rate_bearer": Payer.BANK,
        "appeal_until": None,
    }


def test_a_denial_is_told_with_its_appeal() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert told_decision(case) == {
        "outcome": "none",
        "reason": "not_delivered",
        "rule": "arbitration",
        "fault": Fault.CUSTOMER,
        "payer": None,
        "loss_bearer": None,
        "rate_bearer": None,
        "appeal_until": after(3_000),
    }


def test_a_rule_is_a_reason_too() -> None:
    made = event(declined()).decision
    assert made
    assert (made.outcome, made.reason, made.rule) == ("none", "outside_window", "outside_window")


def test_an_end_that_nobody_decided_is_its_own_reason_while_it_may_be_appealed() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    case.answered("bank:trace:1", T.TRACE_DELIVERED, trace())
    made = event(case).decision
    assert made
    assert (made.outcome, made.reason, made.rule) == ("none", "delivered", None)
    assert made.appeal_until == after(3_000)


def test_a_correction_is_a_decision() -> None:
    made = event(corrected()).decision
    assert made
    assert (made.outcome, made.rule) == ("correction", "arbitration")


def test_a_credit_that_ends_says_why() -> None:
    case = standing(5_000)
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert case.status == "credit_ending"
    made = event(case).decision
    assert made
    assert (made.outcome, made.reason) == ("none", "not_delivered")
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    assert event(case).decision == made


@pytest.mark.parametrize("make", [in_arbitration, lambda: found(Kind.REFUND_REQUEST)])
def test_nothing_is_decided_before_anybody_has(make: Any) -> None:
    assert told_decision(make()) is None


def test_to_withdraw_or_to_ask_twice_is_no_decision() -> None:
    case = found(Kind.REFUND_REQUEST)
    case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER)
    assert (case.status, told_decision(case)) == ("withdrawn", None)
    case = opened(Kind.REFUND_REQUEST, duplicate_of="402188530182")
    assert (case.status, told_decision(case)) == ("duplicate", None)


def test_a_refund_that_nobody_needed_to_decide_is_told_by_its_rule() -> None:
    made = event(approved()).decision
    assert made
    assert (made.outcome, made.reason, made.rule) == (
        "full_refund",
        "merchant_consent",
        "merchant_consent",
    )
    assert (made.fault, made.payer) == (None, Payer.MERCHANT)


# --- versions


def test_the_first_event_is_version_one_also_where_nothing_seems_new() -> None:
    case = opened(Kind.REFUND_REQUEST)
    assert numbered(case.dispute, case.dispute, case.now).version == 1


def test_each_one_that_is_seen_is_the_next() -> None:
    case = in_flight()
    before = replace(case.dispute, version=4)
    assert numbered(before, replace(before, steps=9), case.now).version == 4
    case.dispute = before
    case.when(T.REFUND_CREDITED, refund())
    assert numbered(before, case.dispute, case.now).version == 5


# --- the words behind the status


def test_a_cause_and_an_explanation_are_told_with_the_verdict_alone() -> None:
    case = found(
        Kind.PAYMENT_FAILED, transaction(TransactionState.DECLINED, cause="insufficient_funds")
    )
    assert event(case).detail == {"cause": "insufficient_funds"}
    unknown = transaction(TransactionState.UNKNOWN, cause="insufficient_funds")
    assert "cause" not in event(found(Kind.PAYMENT_FAILED, unknown)).detail
    case = found(Kind.WRONG_AMOUNT)
    answer = Comparison(1, explanation="tip", twin="t-9", amount_minor=0)
    case.answered("bank:records:1", T.RECORDS_EXPLAINED, answer)
    assert event(case).detail == {"explanation": "tip", "records_minor": "0"}


def test_a_refunds_place_and_date_are_told() -> None:
    case = approved()
    report = refund(
        expected_at=after(250),
        destination_kind="card",
        destination_bank="Harbour Bank",
        destination_tail="0042",
        reason="slow",
    )
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, report)
    assert event(case).detail == {
        "expected_at": after(250).isoformat(),
        "refund_reason": "slow",
        "destination_kind": "card",
        "destination_bank": "Harbour Bank",
        "destination_tail": "0042",
    }


def test_a_returns_reason_reference_and_amount_are_told() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    report = trace(
        at_bank="Harbour Bank",
        reject_reason="account_closed",
        return_minor=12_700,
        return_reference="RET-1",
        return_expected_at=after(100),
    )
    case.answered("bank:trace:1", T.TRACE_REJECTED, report)
    assert event(case).detail == {
        "at_bank": "Harbour Bank",
        "expected_at": after(100).isoformat(),
        "reject_reason": "account_closed",
        "return_reference": "RET-1",
        "returned_minor": "12700",
    }


def test_a_delivery_is_told_with_its_proof() -> None:
    case = found(Kind.MISSING_FUNDS, merchant_id=None)
    report = trace(proof="RCPT-1", delivered_at=after(-60), at_bank="Harbour Bank")
    case.answered("bank:trace:1", T.TRACE_DELIVERED, report)
    assert event(case).detail == {
        "at_bank": "Harbour Bank",
        "delivered_at": after(-60).isoformat(),
        "proof": "RCPT-1",
    }


def test_the_date_for_the_customers_part_and_its_missed_promises_are_told() -> None:
    case = found(Kind.GOODS_OR_SERVICE)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert event(case).detail["answer_by"] == after(210).isoformat()
    case = in_arbitration()
    case.when(T.ARBITRATION_DUE, after_s=700)
    assert event(case).detail["promises_missed"] == "1"
    assert event(case).detail["escalations"] == "1"
    assert event(case).step.params == {"missed": after(700).isoformat()}


def test_a_chargeback_is_told_by_its_stage_and_a_reopening_by_its_cause() -> None:
    case = found(Kind.REFUND_REQUEST, transaction(funding=Funding.CARD))
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 12_800))
    assert event(case).detail["chargeback"] == "filed"
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.COURT_ORDER), actor=Actor.OPS)
    assert event(case).detail["reopened_for"] == "court_order"
    assert event(case).detail["arbitration_cause"] == "court_order"


def test_a_duplicate_names_the_dispute_that_came_first() -> None:
    case = opened(Kind.REFUND_REQUEST, duplicate_of="402188530182")
    assert event(case).detail == {"duplicate_of": "402188530182"}


def test_goods_on_their_way_and_a_recalls_refusal_are_told() -> None:
    case = found(Kind.REFUND_REQUEST)
    case.when(T.MERCHANT_WANTS_RETURN, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.when(T.GOODS_SHIPPED, Choice("c-1", "SF1"), actor=Actor.CUSTOMER)
    assert event(case).detail == {"tracking": "SF1"}
    bank = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, bank, merchant_id=None)
    case.answered("bank:recall:1", T.RECALL_REFUSED, RecallReport(1, reason="account_empty"))
    assert event(case).detail == {"recall_reason": "account_empty"}


def test_a_refused_reset_and_a_failed_check_say_why() -> None:
    case = opened(Kind.ACCESS_LOST, transaction_id=None, requested_minor=None, currency=None)
    case.answered("accounts:identity:1", T.IDENTITY_FAILED, AccountReport(1, "wrong_factor"))
    assert event(case).detail == {"identity_reason": "wrong_factor"}
    case.when(T.DOCUMENTS_ACCEPTED, Wish("ops-1"), actor=Actor.OPS)
    case.answered("accounts:reset:1", T.RESET_REFUSED, AccountReport(1, "too_many_today"))
    assert event(case).detail == {
        "reset_reason": "too_many_today",
        "identity_reason": "wrong_factor",
    }


@pytest.mark.parametrize("law", ["court", "sanctions"])
def test_nobody_is_told_that_the_law_holds_an_account(law: str) -> None:
    case = opened(Kind.ACCESS_LOST, transaction_id=None, requested_minor=None, currency=None)
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    case.answered("accounts:reset:1", T.RESET_REFUSED, AccountReport(1, law))
    assert (case.status, case.facts.reset_reason) == ("referred", law)
    assert event(case).detail == {}
    assert law not in repr(event(case))


def test_nothing_is_returned_and_nothing_explained_before_it_is() -> None:
    captured = transaction(reversal_minor=12_800)
    assert "returned_minor" not in event(found(Kind.REFUND_REQUEST, captured)).detail
    case = found(Kind.WRONG_AMOUNT)
    case.answered("bank:records:1", T.RECORDS_DIFFERS, Comparison(1, explanation="tip"))
    assert "explanation" not in event(case).detail


def test_a_step_of_an_ended_case_that_nobody_sees_is_no_event() -> None:
    ended = replace(declined().dispute, version=3)
    assert numbered(ended, replace(ended, steps=9), after(10)).version == 3
