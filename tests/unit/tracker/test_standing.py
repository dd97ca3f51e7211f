"""When all is with the customer and nothing is left to ask for, and what a credit waits for."""

from typing import Any

from services.tracker.domain.snapshot import status_changed
from services.tracker.domain.triggers import (
    ChargebackReport,
    Grant,
    Posting,
    RecallReport,
    T,
    Trigger,
)
from shared.contracts.events import DecisionMade
from shared.contracts.vocabulary import Actor, Kind, Payer, Remedy, TransactionKind
from tests.unit.tracker.case import (
    WISH,
    Case,
    decision,
    found,
    in_arbitration,
    refund,
    transaction,
)

TRANSFER = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)


def recalled(minor: int, requested_minor: int | None) -> Case:
    case = found(
        Kind.WRONG_OR_SCAM_TRANSFER, TRANSFER, merchant_id=None, requested_minor=requested_minor
    )
    case.answered("bank:recall:1", T.RECALL_RETURNED, RecallReport(1, minor))
    assert case.status == "recalled"
    return case


def test_all_that_was_asked_for_leaves_nothing_to_appeal_and_less_does() -> None:
    assert recalled(5_000, requested_minor=5_000).actions == []
    assert recalled(4_999, requested_minor=5_000).actions == ["appeal"]


def test_where_no_amount_was_named_it_is_all_that_was_captured() -> None:
    assert recalled(12_800, requested_minor=None).actions == []
    assert recalled(12_799, requested_minor=None).actions == ["appeal"]


def credited(minor: int, **changes: Any) -> Case:
    """For the time being, while a person decides."""
    case = in_arbitration(**changes)
    case.when(T.CREDIT_ORDERED, Grant("ops-1", minor, "goodwill"), actor=Actor.OPS)
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    return case


def granted(case: Case, minor: int, payer: Payer = Payer.MERCHANT) -> Case:
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=minor, payer=payer)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    return case


def test_a_final_credit_counts_as_what_it_is() -> None:
    case = granted(credited(5_000, requested_minor=5_000), 5_000, Payer.WALLET_ADVANCE)
    assert (case.status, case.actions) == ("credited", [])
    case = granted(credited(4_999, requested_minor=5_000), 4_999, Payer.WALLET_ADVANCE)
    assert (case.status, case.actions) == ("credited", ["appeal"])


def test_one_that_went_back_does_not() -> None:
    case = granted(credited(12_800), 5_000)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.CREDIT_NOTICE_DUE, after_s=230)
    case.answered("bank:credit_reversal:1", T.CREDIT_REVERSED, Posting(1))
    assert (case.status, case.actions) == ("credited", ["appeal"])


def test_nor_does_a_chargeback_that_was_lost() -> None:
    case = in_arbitration()
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 12_800))
    case.when(T.CHARGEBACK_LOST, ChargebackReport(None))
    granted(case, 5_000)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.actions) == ("credited", ["appeal"])


def test_a_recall_that_succeeds_after_all_needs_no_person() -> None:
    case = found(Kind.WRONG_OR_SCAM_TRANSFER, TRANSFER, merchant_id=None)
    case.when(T.RECALL_DUE, after_s=830)
    assert case.legs["arbitration"] == "open"
    case.when(T.RECALL_RETURNED, RecallReport(1))
    assert (case.status, case.legs["arbitration"]) == ("recalled", "superseded")


def test_a_credit_is_not_taken_back_while_a_chargeback_may_settle_it() -> None:
    case = granted(credited(12_800), 5_000)
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 4_000))
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert case.legs["credit"] == "standing"
    case.when(T.CHARGEBACK_LOST, ChargebackReport(None))
    assert case.legs["credit"] == "noticed"


def told(case: Case) -> DecisionMade | None:
    return status_changed(case.dispute, Trigger(T.PROMISE_DUE), case.now).decision


def test_a_decision_that_was_appealed_is_no_longer_told_and_the_last_one_is() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert told(case) is None
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE, decided_by="ops-2"), actor=Actor.OPS)
    made = told(case)
    assert made
    assert (made.outcome, made.rule, made.appeal_until) == ("none", "arbitration", None)
