"""Provisional credit: granted, final, settled by what else comes, or taken back after a notice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracker.domain import asks
from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.effects import Call
from services.tracker.domain.ledger import position
from services.tracker.domain.triggers import (
    Cause,
    ChargebackReport,
    Choice,
    Grant,
    MerchantAnswer,
    Posting,
    RecallReport,
    T,
    Wish,
)
from shared.contracts.vocabulary import (
    Actor,
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
    decision,
    found,
    in_arbitration,
    refund,
    transaction,
)


def ordered(minor: int = 12_800, case: Case | None = None) -> Case:
    """An operator grants it while a person decides."""
    case = case or in_arbitration()
    case.when(T.CREDIT_ORDERED, Grant("ops-1", minor, "goodwill"), actor=Actor.OPS)
    return case


def standing(minor: int = 12_800, case: Case | None = None) -> Case:
    case = ordered(minor, case)
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    return case


def noticed() -> Case:
    """It was decided against the customer."""
    case = standing()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    return case


def test_it_is_posted_and_the_case_goes_on() -> None:
    case = ordered()
    assert {"bank:credit:1", "arbitration_due"} <= case.waits_for
    assert case.holds == [("credit", 12_800, "reserved")]
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    assert (case.status, case.holds) == ("in_arbitration", [("credit", 12_800, "settled")])


@pytest.mark.parametrize("minor", [0, 12_801])
def test_it_is_above_zero_and_within_the_capture(minor: int) -> None:
    case = in_arbitration()
    answer = case.when(T.CREDIT_ORDERED, Grant("ops-1", minor, "goodwill"), actor=Actor.OPS)
    assert (answer.result, answer.field) == ("invalid", "amount")


def test_it_leaves_others_their_room() -> None:
    case = in_arbitration()
    case.money = MoneyView(others_minor=800)
    grant = Grant("ops-1", 12_001, "goodwill")
    assert case.when(T.CREDIT_ORDERED, grant, actor=Actor.OPS).result == "invalid"


def test_there_is_one() -> None:
    case = standing(5_000)
    again = case.when(T.CREDIT_ORDERED, Grant("ops-1", 100, "goodwill"), actor=Actor.OPS)
    assert again.result == "illegal"


def test_one_that_the_ledger_refuses_holds_nothing() -> None:
    case = ordered()
    case.answered("bank:credit:1", T.CREDIT_REFUSED, Posting(1, reason="closed"))
    assert (case.status, case.holds) == ("in_arbitration", [("credit", 0, "released")])


def test_granted_at_the_wallets_cost_it_becomes_final_and_nothing_is_paid_beside_it() -> None:
    case = standing()
    grant = decision(payer=Payer.WALLET_ADVANCE)
    case.when(T.ARBITRATOR_DECIDED, grant, actor=Actor.OPS)
    assert (case.status, case.legs["credit"]) == ("credited", "final")
    assert (case.holds, case.waits_for) == ([("credit", 12_800, "settled")], set())


def test_a_refund_that_is_won_settles_it_and_is_not_paid_again() -> None:
    case = standing()
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.MERCHANT), actor=Actor.OPS)
    assert case.holds == [("refund", 12_800, "reserved"), ("credit", 0, "settled")]
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.legs["credit"]) == ("credited", "settled")


def test_consent_settles_it_too() -> None:
    case = standing()
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.legs["credit"]) == ("credited", "settled")


def test_recalled_money_settles_it() -> None:
    bank = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, bank, merchant_id=None)
    ordered(12_800, case)
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    case.answered("bank:recall:1", T.RECALL_RETURNED, RecallReport(1))
    assert (case.status, case.legs["credit"]) == ("recalled", "settled")


def test_a_bounce_brings_it_back() -> None:
    case = standing()
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.MERCHANT), actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.REFUND_BOUNCED, refund())
    assert (case.status, case.legs["credit"]) == ("refund_bounced", "standing")


def test_it_is_taken_back_after_a_notice_and_only_then_is_the_end_told() -> None:
    case = noticed()
    assert (case.status, case.legs["credit"]) == ("credit_ending", "noticed")
    assert (case.due_in("credit_notice_due"), case.promised_in) == (230, 230)
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    assert "bank:credit_reversal:1" in case.waits_for
    case.answered("bank:credit_reversal:1", T.CREDIT_REVERSED, Posting(1))
    assert (case.status, case.holds) == ("declined", [("credit", 0, "released")])
    assert case.facts.appeal_until == START + timedelta(seconds=230 + 3_000)


def test_what_cannot_be_taken_back_is_the_wallets_loss() -> None:
    case = noticed()
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    case.answered("bank:credit_reversal:1", T.CREDIT_REVERSAL_REFUSED, Posting(1))
    assert (case.status, case.legs["credit"]) == ("declined", "unrecovered")
    assert case.holds == [("credit", 12_800, "settled")]


def test_nothing_is_credited_beside_a_refund() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=5_000), actor=Actor.OPS)
    answer = case.when(T.CREDIT_ORDERED, Grant("ops-1", 100, "goodwill"), actor=Actor.OPS)
    assert answer.result == "illegal"


def test_a_grant_waits_until_it_is_known_whether_the_credit_was_posted() -> None:
    case = ordered()
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.WALLET_ADVANCE), actor=Actor.OPS)
    assert "refund" not in case.legs
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    assert (case.status, case.legs["credit"]) == ("credited", "final")


@pytest.mark.parametrize("said", [T.CREDIT_POSTED, T.CREDIT_REFUSED])
def test_consent_waits_for_that_too_and_the_refund_settles_it(said: T) -> None:
    case = ordered(5_000)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert "bank:refund:1" not in case.waits_for
    known = case.answered("bank:credit:1", said, Posting(1))
    (call,) = (e for e in known.effects if isinstance(e, Call) and e.kind == "refund")
    settles = asks.payload(case.dispute, call, case.now, PROFILE).get("settles_advance_minor")
    assert settles == ("5000" if said is T.CREDIT_POSTED else None)


def test_a_part_of_it_that_was_settled_is_not_taken_back() -> None:
    case = standing(12_800)
    part = replace(decision(Remedy.PARTIAL_REFUND), amount_minor=5_000)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.legs["credit"]) == ("credit_ending", "noticed")
    assert case.holds == [("refund", 5_000, "settled"), ("credit", 7_800, "settled")]


def test_it_is_not_taken_back_while_a_refund_that_settles_it_is_under_way() -> None:
    case = standing(12_800)
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=5_000)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.REFUND_BOUNCED, refund())
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    for by in ("ops-1", "ops-2"):
        case.when(T.ACCOUNT_CONFIRMED, Wish(by), actor=Actor.OPS)
    assert (case.status, case.legs["credit"]) == ("refund_approved", "noticed")
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    assert (case.legs["credit"], case.due_in("credit_notice_due")) == ("noticed", 230)
    assert "bank:credit_reversal:1" not in case.waits_for
    case.answered("bank:refund:2", T.REFUND_CREDITED, refund(2))
    assert (case.status, case.due_in("credit_notice_due")) == ("credit_ending", 230)
    due = case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    (call,) = (e for e in due.effects if isinstance(e, Call))
    assert asks.payload(case.dispute, call, case.now, PROFILE)["amount_minor"] == "7800"


def test_it_is_taken_back_once_that_refund_has_failed() -> None:
    case = standing(12_800)
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=5_000)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.REFUND_BOUNCED, refund())
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    assert (case.status, case.legs["credit"]) == ("refund_bounced", "noticed")
    case.when(T.DESTINATION_DUE, after_s=570)
    assert (case.status, case.legs["refund"]) == ("in_arbitration", "failed")
    case.when(T.CREDIT_NOTICE_DUE)
    assert case.legs["credit"] == "reversing"


def test_money_that_comes_during_the_notice_settles_it() -> None:
    case = noticed()
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 12_800))
    case.when(T.CHARGEBACK_WON, ChargebackReport(None, 12_800))
    assert (case.status, case.legs["credit"]) == ("charged_back", "settled")
    assert case.waits_for == set()


def test_what_is_granted_beside_a_final_credit_is_under_way_until_it_is_credited() -> None:
    case = standing(5_000)
    grant = decision(Remedy.PARTIAL_REFUND, amount_minor=5_000, payer=Payer.WALLET_ADVANCE)
    case.when(T.ARBITRATOR_DECIDED, grant, actor=Actor.OPS)
    assert (case.status, case.legs["credit"]) == ("credited", "final")
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.NEW_EVIDENCE), actor=Actor.OPS)
    more = decision(Remedy.PARTIAL_REFUND, amount_minor=1_000, decided_by="ops-2")
    case.when(T.ARBITRATOR_DECIDED, more, actor=Actor.OPS)
    assert case.status == "refund_approved"
    assert "bank:refund:1" in case.waits_for
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert case.status == "credited"


def test_a_refund_beside_a_final_credit_takes_room_of_its_own() -> None:
    case = standing(5_000)
    grant = decision(Remedy.PARTIAL_REFUND, amount_minor=5_000, payer=Payer.WALLET_ADVANCE)
    case.when(T.ARBITRATOR_DECIDED, grant, actor=Actor.OPS)
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.NEW_EVIDENCE), actor=Actor.OPS)
    too_much = decision(Remedy.PARTIAL_REFUND, amount_minor=7_801, decided_by="ops-2")
    answer = case.when(T.ARBITRATOR_DECIDED, too_much, actor=Actor.OPS)
    assert (answer.result, answer.reason) == (
        "invalid",
        "at most 7800 minor units are left to refund",
    )
    rest = replace(too_much, amount_minor=7_800)
    case.when(T.ARBITRATOR_DECIDED, rest, actor=Actor.OPS)
    assert case.holds == [("refund", 7_800, "reserved"), ("credit", 5_000, "settled")]
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert position(case.dispute) == {
        "customer": 12_800,
        "merchant": -7_800,
        "wallet:loss": -5_000,
    }
    assert case.actions == []  # nothing is left to appeal for


def test_what_comes_by_itself_settles_a_final_credit_too() -> None:
    case = standing(12_800)
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.WALLET_ADVANCE), actor=Actor.OPS)
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 5_000))
    case.when(T.CHARGEBACK_WON, ChargebackReport(None, 5_000))
    assert case.holds == [("chargeback", 5_000, "settled"), ("credit", 7_800, "settled")]
    assert position(case.dispute)["customer"] == 12_800


def test_a_credit_that_could_not_be_taken_back_is_settled_by_what_is_granted_later() -> None:
    case = noticed()
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    case.answered("bank:credit_reversal:1", T.CREDIT_REVERSAL_REFUSED, Posting(1))
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    granted = case.when(T.ARBITRATOR_DECIDED, decision(decided_by="ops-2"), actor=Actor.OPS)
    (call,) = (e for e in granted.effects if isinstance(e, Call) and e.kind == "refund")
    ordered = asks.payload(case.dispute, call, case.now, PROFILE)
    assert (ordered["amount_minor"], ordered["settles_advance_minor"]) == ("12800", "12800")
    assert case.holds == [("refund", 12_800, "reserved"), ("credit", 0, "settled")]


@pytest.mark.parametrize("state", [TransactionState.CAPTURED, TransactionState.UNKNOWN])
def test_a_case_that_a_final_credit_ended_comes_to_rest_when_it_is_reopened(
    state: TransactionState,
) -> None:
    """Nobody was asked but a person: once more nothing is left for anybody to decide."""
    case = found(Kind.REFUND_REQUEST, transaction(state, merchant_id=None), merchant_id=None)
    case = standing(12_800, case)
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.WALLET_ADVANCE), actor=Actor.OPS)
    assert (case.status, case.legs["credit"]) == ("credited", "final")
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.COURT_ORDER), actor=Actor.OPS)
    assert (case.status, case.legs["appeal"]) == ("credited", "sealed")


def test_a_bounce_after_the_rest_was_taken_back_leaves_what_it_had_settled() -> None:
    case = standing(12_800)
    part = replace(decision(Remedy.PARTIAL_REFUND), amount_minor=5_000)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    case.when(T.REFUND_BOUNCED, refund())
    case.answered("bank:credit_reversal:1", T.CREDIT_REVERSED, Posting(1, 7_800))
    assert (case.status, case.legs["credit"]) == ("refund_bounced", "unrecovered")
    assert position(case.dispute) == {"customer": 5_000, "wallet:loss": -5_000}
    assert case.holds == [("refund", 5_000, "reserved"), ("credit", 0, "settled")]
