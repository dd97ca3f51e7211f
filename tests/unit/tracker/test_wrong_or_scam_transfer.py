"""Sent to the wrong person or to a fraudster: asked back, with the recipient's consent."""

from datetime import timedelta

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.triggers import RecallReport, T, TraceReport
from shared.contracts.vocabulary import Actor, Kind, Payer, Remedy, TransactionKind
from tests.unit.tracker.case import START, Case, decision, found, opened, transaction

TRANSFER = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)


def recalled(**changes: object) -> Case:
    return found(Kind.WRONG_OR_SCAM_TRANSFER, TRANSFER, merchant_id=None, **changes)


def test_the_recipient_is_asked_and_the_money_held() -> None:
    case = recalled()
    assert (case.status, case.next_actor) == ("recalling", "bank")
    assert case.waits_for == {"bank:recall:1", "recall_recheck", "recall_due"}
    assert (case.due_in("recall_recheck"), case.due_in("recall_due")) == (45, 830)
    assert case.holds == [("recall", 12_800, "reserved")]


def test_a_recipient_who_agrees_gives_it_back() -> None:
    case = recalled()
    when = START + timedelta(seconds=300)
    case.answered("bank:recall:1", T.RECALL_AGREED, RecallReport(1, expected_at=when))
    assert (case.status, case.due_in("recall_recheck")) == ("recalling", 300)
    assert case.promised_in == 330
    case.when(T.RECALL_RETURNED, RecallReport(1), after_s=200)
    assert (case.status, case.holds) == ("recalled", [("recall", 12_800, "settled")])
    assert (case.waits_for, case.actions) == (set(), [])


def test_a_part_that_comes_back_frees_the_rest() -> None:
    case = recalled()
    case.answered("bank:recall:1", T.RECALL_RETURNED, RecallReport(1, 5_000))
    assert (case.status, case.holds) == ("recalled", [("recall", 5_000, "settled")])
    assert case.actions == ["appeal"]


def test_a_refusal_is_told_with_what_remains() -> None:
    case = recalled()
    case.answered("bank:recall:1", T.RECALL_REFUSED, RecallReport(1, reason="keeps_it"))
    assert (case.status, case.facts.decision_rule) == ("explained", "recall_refused")
    assert (case.holds, case.actions) == ([("recall", 12_800, "released")], ["appeal"])


def test_silence_is_for_a_person_and_the_money_stays_held() -> None:
    case = recalled()
    case.when(T.RECALL_DUE, after_s=830)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "recall_silent")
    paid = decision(payer=Payer.WALLET_ADVANCE)
    assert case.when(T.ARBITRATOR_DECIDED, paid, actor=Actor.OPS).result == "illegal"
    case.when(T.RECALL_REFUSED, RecallReport(1))
    case.when(T.ARBITRATOR_DECIDED, paid, actor=Actor.OPS)
    assert case.status == "refund_approved"


def test_a_denial_waits_for_the_recipient() -> None:
    case = recalled()
    case.when(T.RECALL_DUE, after_s=830)
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert case.status == "recalling"
    case.when(T.RECALL_RETURNED, RecallReport(1))
    assert case.status == "recalled"


def test_no_more_is_asked_back_than_others_have_left() -> None:
    case = opened(Kind.WRONG_OR_SCAM_TRANSFER, merchant_id=None)
    case.money = MoneyView(others_minor=4_000)
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, TRANSFER)
    assert (case.facts.recall_minor, case.holds) == (8_800, [("recall", 8_800, "reserved")])


@pytest.mark.parametrize("kind", [Kind.WRONG_OR_SCAM_TRANSFER, Kind.MISSING_FUNDS])
def test_where_others_have_it_all_back_nobody_is_asked_for_it(kind: Kind) -> None:
    case = opened(kind, merchant_id=None)
    case.money = MoneyView(others_minor=12_800)
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, TRANSFER)
    if kind is Kind.MISSING_FUNDS:
        case.answered("bank:trace:1", T.TRACE_WRONG_ACCOUNT, TraceReport(1))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "above_captured")
    assert "recall" not in case.legs


def agreed() -> Case:
    case = recalled()
    case.answered("bank:recall:1", T.RECALL_AGREED, RecallReport(1))
    return case


def overdue() -> Case:
    case = recalled()
    case.when(T.RECALL_DUE, after_s=830)
    return case


def test_the_recipient_is_asked_again_how_it_stands() -> None:
    for case in (recalled(), agreed(), overdue()):
        before = case.legs["recall"]
        case.when(T.RECALL_RECHECK, after_s=45)
        assert (case.due_in("recall_recheck"), case.legs["recall"]) == (45, before)
        assert "bank:recall_query:1" in case.waits_for


def test_that_nothing_is_known_yet_changes_nothing() -> None:
    case = recalled()
    case.answered("bank:recall:1", T.RECALL_PENDING, RecallReport(1))
    assert (case.status, case.holds) == ("recalling", [("recall", 12_800, "reserved")])


def test_who_agreed_may_name_another_date_or_change_their_mind() -> None:
    case = agreed()
    case.when(T.RECALL_AGREED, RecallReport(1, expected_at=START + timedelta(seconds=700)))
    assert case.due_in("recall_recheck") == 700
    case.when(T.RECALL_REFUSED, RecallReport(1))
    assert (case.status, case.holds) == ("explained", [("recall", 12_800, "released")])


def test_agreed_money_that_does_not_come_is_for_a_person() -> None:
    case = agreed()
    case.when(T.RECALL_DUE, after_s=830)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "recall_silent")


def test_consent_after_silence_counts() -> None:
    case = overdue()
    case.when(T.RECALL_AGREED, RecallReport(1))
    assert (case.legs["recall"], case.holds) == ("agreed", [("recall", 12_800, "reserved")])


def test_money_that_comes_back_after_a_refusal_is_told() -> None:
    case = recalled()
    case.answered("bank:recall:1", T.RECALL_REFUSED, RecallReport(1))
    case.when(T.RECALL_RETURNED, RecallReport(1))
    assert (case.status, case.holds) == ("recalled", [("recall", 12_800, "settled")])
