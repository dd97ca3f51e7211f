"""What waits for what: a denial for its credit, a grant for its room, a person for the network."""

from datetime import timedelta

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.triggers import (
    AccountReport,
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
    found,
    in_arbitration,
    opened,
    refund,
    transaction,
)

TRANSFER = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)


def credit_ordered() -> Case:
    case = in_arbitration()
    case.when(T.CREDIT_ORDERED, Grant("ops-1", 5_000, "goodwill"), actor=Actor.OPS)
    return case


def test_a_denial_is_no_verdict_before_the_credit_has_gone_back() -> None:
    case = credit_ordered()
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert ("verdict" in case.legs, case.facts.approved_minor) == (False, None)
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    assert "verdict" not in case.legs
    case.answered("bank:credit_reversal:1", T.CREDIT_REVERSED, Posting(1))
    assert case.legs["verdict"] == "declined"


def test_nor_while_a_recall_may_bring_the_money() -> None:
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, TRANSFER, merchant_id=None)
    case.when(T.RECALL_DUE, after_s=830)
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert "verdict" not in case.legs
    case.when(T.RECALL_REFUSED, RecallReport(1))
    assert case.legs["verdict"] == "declined"


def test_a_grant_that_waits_for_a_posting_is_looked_at_again_if_it_fits_no_more() -> None:
    case = credit_ordered()
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert case.holds == [("credit", 5_000, "reserved")]
    case.money = MoneyView(others_minor=1)
    case.when(T.COMPENSATION_ORDERED, Grant("ops-1", 100, "late"), actor=Actor.OPS)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "above_captured")
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    assert "refund" not in case.legs


def test_both_are_heard_once_and_not_again_after_the_network() -> None:
    case = found(Kind.GOODS_OR_SERVICE)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    case.when(T.EVIDENCE_DUE, after_s=210)
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 5_000))
    assert (case.status, case.legs["arbitration"]) == ("chargeback_filed", "superseded")
    case.when(T.CHARGEBACK_LOST, ChargebackReport(None))
    assert (case.status, case.legs["arbitration"]) == ("in_arbitration", "open")


@pytest.mark.parametrize(
    ("closes_in_s", "status"), [(1, "chargeback_filed"), (0, "in_arbitration")]
)
def test_a_stolen_card_is_charged_back_while_its_window_is_open(
    closes_in_s: int, status: str
) -> None:
    until = START + timedelta(seconds=100 + closes_in_s)
    case = opened(Kind.UNAUTHORIZED)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    bank = transaction(funding=Funding.CARD, chargeback_until=until)
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, bank)
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1), after_s=100)
    assert case.status == status


def test_a_single_minor_unit_is_money() -> None:
    assert approved(requested_minor=1).holds == [("refund", 1, "reserved")]
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, TRANSFER, merchant_id=None, requested_minor=1)
    assert case.holds == [("recall", 1, "reserved")]


def test_nothing_is_none() -> None:
    case = asked_of_merchant(requested_minor=0)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "above_captured")


def test_the_last_date_within_the_horizon_counts() -> None:
    horizon = START + timedelta(seconds=20_000)
    for date, counts in ((horizon, horizon), (horizon + timedelta(seconds=1), None)):
        case = approved()
        case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund(expected_at=date))
        assert case.facts.expected_at == counts


def test_a_decision_leaves_nothing_of_another_kind_behind() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (case.facts.correction_minor, case.facts.proposal) == (None, None)
    large = found(Kind.REFUND_REQUEST, transaction(captured_minor=900_000), requested_minor=900_000)
    large.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    large.when(T.ARBITRATOR_DECIDED, decision(amount_minor=600_000), actor=Actor.OPS)
    large.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert large.facts.proposal is None


def test_a_denied_appeal_leaves_the_part_that_was_paid_and_its_payer() -> None:
    case = in_arbitration()
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=5_000, payer=Payer.BANK)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    against = decision(Remedy.NONE, decided_by="ops-2")
    case.when(T.ARBITRATOR_DECIDED, against, actor=Actor.OPS)
    assert (case.facts.approved_minor, case.facts.payer) == (5_000, Payer.BANK)


def test_a_denied_appeals_question_is_closed_also_where_a_part_stays_paid() -> None:
    case = in_arbitration()
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=5_000)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    against = decision(Remedy.NONE, decided_by="ops-2")
    case.when(T.ARBITRATOR_DECIDED, against, actor=Actor.OPS)
    assert (case.status, case.facts.arbitration_cause) == ("credited", None)


def test_an_explanation_that_came_late_leaves_no_question() -> None:
    case = opened(Kind.PAYMENT_FAILED)
    case.when(T.INQUIRY_DUE, after_s=20)
    assert case.facts.arbitration_cause == "bank_silent"
    case.when(T.TRANSACTION_FOUND, transaction(TransactionState.DECLINED, cause="over_limit"))
    assert (case.status, case.facts.arbitration_cause) == ("explained", None)


def test_one_from_outside_is_not_filed_once_more() -> None:
    case = in_arbitration()
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 5_000))
    assert case.waits_for == {"chargeback_recheck", "chargeback_due"}


def awaited(case: Case, by: str) -> Case:
    """A person grants it for the goods."""
    made = decision(Remedy.RETURN_THEN_REFUND, decided_by=by)
    case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS)
    assert case.status == "return_awaited"
    return case


def test_goods_that_a_person_asked_back_and_that_are_kept_are_a_denial() -> None:
    case = awaited(in_arbitration(), "ops-1")
    case.when(T.GOODS_DUE, after_s=850)
    facts = case.facts
    assert (case.status, facts.remedy, facts.approved_minor) == ("declined", Remedy.NONE, None)


def test_in_a_reopened_case_a_new_question_has_its_own_cause() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    case.when(T.CASE_REOPENED, Cause("ops-9", Reopening.REGULATOR), actor=Actor.OPS)
    awaited(case, "ops-2")
    case.when(T.GOODS_SHIPPED, Choice("c-1", "SF1"), actor=Actor.CUSTOMER)
    case.when(T.GOODS_CONTESTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "goods_contested")
