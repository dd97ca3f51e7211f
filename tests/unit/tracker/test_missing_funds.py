"""Money that was sent: traced hop by hop until it is found, comes back, or a person decides."""

from datetime import timedelta
from typing import Any

from services.tracker.domain.triggers import RecallReport, T
from shared.contracts.vocabulary import Actor, Kind, Payer, Remedy, TransactionState
from tests.unit.tracker.case import (
    START,
    Case,
    decision,
    found,
    opened,
    refund,
    trace,
    transaction,
)


def traced() -> Case:
    return found(Kind.MISSING_FUNDS, merchant_id=None)


def in_transit(expected_in_s: float | None = 200) -> Case:
    case = traced()
    expected = None if expected_in_s is None else START + timedelta(seconds=expected_in_s)
    report = trace(at_bank="Harbour Bank", expected_at=expected)
    case.answered("bank:trace:1", T.TRACE_IN_TRANSIT, report)
    return case


def rejected(**changes: Any) -> Case:
    case = traced()
    report = trace(reject_reason="account_closed", **changes)
    case.answered("bank:trace:1", T.TRACE_REJECTED, report)
    return case


def untraced() -> Case:
    case = traced()
    case.when(T.TRACE_DUE, after_s=400)
    return case


def test_the_bank_is_asked_first() -> None:
    case = opened(Kind.MISSING_FUNDS, merchant_id=None)
    assert (case.status, case.next_actor) == ("checking", "bank")
    assert case.waits_for == {"bank:inquiry:1", "inquiry_due"}
    assert case.due_in("inquiry_due") == 20
    assert case.promised_in == 900


def test_a_captured_transfer_is_traced() -> None:
    case = traced()
    assert (case.status, case.next_actor) == ("tracing", "bank")
    assert case.waits_for == {"bank:trace:1", "trace_due", "trace_recheck"}
    assert (case.due_in("trace_due"), case.due_in("trace_recheck")) == (400, 30)


def test_money_in_transit_is_rechecked_at_the_banks_own_date_and_promised_for_it() -> None:
    case = in_transit(expected_in_s=200)
    assert (case.status, case.next_actor) == ("in_transit", "bank")
    assert case.waits_for == {"trace_due", "trace_recheck"}
    assert case.due_in("trace_recheck") == 200
    assert case.promised_in == 230  # and half a minute until its news has been told
    assert case.facts.promise_rule == "expected_by_bank"
    assert case.due_in("trace_due") > 200


def test_a_recheck_finds_it_delivered_and_the_proof_closes_the_dispute() -> None:
    case = in_transit(expected_in_s=200)
    case.when(T.TRACE_RECHECK, after_s=200)
    assert case.waits_for == {"bank:trace_query:1", "trace_due", "trace_recheck"}
    case.answered(
        "bank:trace_query:1", T.TRACE_DELIVERED, trace(proof="RCPT-1", delivered_at=START)
    )
    assert (case.status, case.next_actor) == ("delivered", "nobody")
    assert case.facts.proof == "RCPT-1"
    assert case.waits_for == set()
    assert case.promised_in is None


def test_without_a_date_money_in_transit_is_asked_about_now_and_then() -> None:
    case = in_transit(expected_in_s=None)
    assert case.due_in("trace_recheck") == 30
    assert case.promised_in == 900


def test_a_bank_whose_date_has_passed_is_not_asked_every_second() -> None:
    case = in_transit(expected_in_s=200)
    case.when(T.TRACE_RECHECK, after_s=200)
    late = trace(at_bank="Harbour Bank", expected_at=START + timedelta(seconds=200))
    case.answered("bank:trace_query:1", T.TRACE_IN_TRANSIT, late)
    assert case.due_in("trace_recheck") == 30


def test_a_trace_that_is_not_found_yet_is_asked_for_again() -> None:
    case = traced()
    case.answered("bank:trace:1", T.TRACE_NOT_FOUND, trace())
    assert case.status == "tracing"
    case.when(T.TRACE_RECHECK, after_s=30)
    assert case.waits_for == {"bank:trace_query:1", "trace_due", "trace_recheck"}
    assert case.due_in("trace_recheck") == 30


def test_a_rejected_transfer_comes_back_and_only_credit_closes_it() -> None:
    case = rejected(return_minor=12_800, return_expected_at=START + timedelta(seconds=300))
    assert (case.status, case.next_actor) == ("returning", "bank")
    assert case.promised_in == 330
    assert case.holds == [("reversal", 12_800, "reserved")]
    assert case.waits_for == {"bank:return_query:1", "reversal_recheck", "reversal_due"}
    case.answered("bank:return_query:1", T.REVERSAL_PENDING)
    assert case.status == "returning"
    case.when(T.REVERSAL_CREDITED, after_s=300)
    assert (case.status, case.holds) == ("returned", [("reversal", 12_800, "settled")])
    assert case.waits_for == set()


def test_a_return_is_looked_for_in_the_trace_not_in_the_transaction() -> None:
    case = rejected(return_minor=12_800)
    case.when(T.REVERSAL_RECHECK, after_s=40)
    assert "bank:return_query:1" in case.waits_for
    assert "bank:reversal_query:1" not in case.waits_for


def test_a_return_that_was_credited_before_the_trace_was_read_closes_at_once() -> None:
    case = rejected(return_minor=12_800, return_credited=True)
    assert (case.status, case.holds) == ("returned", [("reversal", 12_800, "settled")])
    assert case.waits_for == set()


def test_a_rejection_without_an_amount_holds_the_whole_capture() -> None:
    assert rejected().holds == [("reversal", 12_800, "reserved")]


def test_a_return_that_does_not_come_goes_to_a_person_and_is_still_asked_about() -> None:
    case = rejected(return_minor=12_800)
    del case.work["bank:return_query:1"]
    case.when(T.REVERSAL_DUE, after_s=500)
    assert (case.status, case.next_actor) == ("in_arbitration", "ops")
    assert case.facts.arbitration_cause == "reversal_late"
    assert case.waits_for == {"reversal_recheck", "arbitration_due"}


def test_money_that_turns_up_makes_the_decision_needless() -> None:
    case = rejected(return_minor=12_800)
    case.when(T.REVERSAL_DUE, after_s=500)
    case.when(T.REVERSAL_CREDITED)
    assert case.status == "returned"
    assert case.legs["arbitration"] == "superseded"


def test_money_in_a_wrong_account_is_recalled_from_it() -> None:
    case = traced()
    case.answered("bank:trace:1", T.TRACE_WRONG_ACCOUNT, trace(at_bank="Harbour Bank"))
    assert (case.status, case.holds) == ("recalling", [("recall", 12_800, "reserved")])
    assert case.waits_for == {"bank:recall:1", "recall_recheck", "recall_due"}
    case.answered("bank:recall:1", T.RECALL_RETURNED, RecallReport(1, 12_800))
    assert (case.status, case.holds) == ("recalled", [("recall", 12_800, "settled")])


def test_a_recipient_who_keeps_it_brings_in_a_person() -> None:
    case = traced()
    case.answered("bank:trace:1", T.TRACE_WRONG_ACCOUNT, trace())
    case.answered("bank:recall:1", T.RECALL_REFUSED, RecallReport(1, reason="no_consent"))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "recall_failed")
    assert (case.waits_for, case.holds) == ({"arbitration_due"}, [("recall", 12_800, "released")])


def test_a_grant_after_a_wrong_account_is_paid_and_not_asked_again() -> None:
    case = traced()
    case.answered("bank:trace:1", T.TRACE_WRONG_ACCOUNT, trace())
    case.answered("bank:recall:1", T.RECALL_REFUSED, RecallReport(1))
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.BANK), actor=Actor.OPS)
    assert case.status == "refund_approved"
    assert case.waits_for == {"bank:refund:1", "refund_due"}


def test_untraced_at_the_deadline_goes_to_a_person() -> None:
    case = untraced()
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "untraced")
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.BANK), actor=Actor.OPS)
    assert (case.status, case.facts.payer) == ("refund_approved", Payer.BANK)


def test_money_found_after_the_deadline_closes_with_the_proof() -> None:
    case = untraced()
    case.when(T.TRACE_DELIVERED, trace(proof="RCPT-1"))
    assert (case.status, case.legs["arbitration"]) == ("delivered", "superseded")


def test_money_rejected_after_the_deadline_is_held_so_that_nobody_pays_it_twice() -> None:
    case = untraced()
    case.when(T.TRACE_REJECTED, trace(return_minor=12_800))
    assert case.holds == [("reversal", 12_800, "reserved")]
    refused = case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.BANK), actor=Actor.OPS)
    assert (refused.result, refused.field) == ("illegal", "remedy")


def test_money_that_comes_back_after_a_refusal_is_told_as_returned() -> None:
    case = untraced()
    case.when(T.TRACE_REJECTED, trace(return_minor=12_800))
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert case.status == "returning"  # no end is told while money is on its way
    case.when(T.REVERSAL_CREDITED)
    assert (case.status, case.actions) == ("returned", [])
    assert case.holds == [("reversal", 12_800, "settled")]


def test_a_denial_is_told_once_no_money_is_on_its_way() -> None:
    case = untraced()
    case.when(T.TRACE_REJECTED, trace(return_minor=12_800))
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert case.waits_for >= {"bank:return_query:1", "reversal_recheck", "reversal_due"}
    case.answered("bank:return_query:1", T.REVERSAL_ABSENT)
    assert (case.status, case.actions, case.holds[0][2]) == ("declined", ["appeal"], "released")


def test_a_return_that_is_heard_of_before_the_rejection_counts() -> None:
    case = found(Kind.MISSING_FUNDS)
    case.when(T.REVERSAL_CREDITED, trace(return_minor=12_800, return_credited=True))
    assert (case.status, case.holds) == ("returned", [("reversal", 12_800, "settled")])


def test_news_of_a_return_changes_what_it_says_and_nothing_else() -> None:
    case = in_transit()
    soon, later = START + timedelta(seconds=300), START + timedelta(seconds=400)
    case.when(
        T.TRACE_REJECTED,
        trace(return_minor=12_800, return_expected_at=soon, return_reference="RET-1"),
    )
    case.when(T.REVERSAL_PENDING, trace())
    facts = case.facts
    assert (facts.reversal_minor, facts.expected_at, facts.reversal_reference) == (
        12_800,
        soon,
        "RET-1",
    )
    news = trace(return_minor=12_000, return_expected_at=later, return_reference="RET-2")
    case.when(T.REVERSAL_PENDING, news)
    facts = case.facts
    assert (facts.reversal_minor, facts.expected_at, facts.reversal_reference) == (
        12_000,
        later,
        "RET-2",
    )
    assert not facts.reversal_credited
    case.when(T.REVERSAL_CREDITED, trace(return_minor=12_000))
    assert (case.facts.reversal_credited, case.holds) == (
        True,
        [("reversal", 12_000, "settled")],
    )


def test_news_of_a_reversal_of_what_is_not_known_yet_waits_for_the_bank() -> None:
    case = opened(Kind.MISSING_FUNDS)
    assert case.when(T.REVERSAL_CREDITED, transaction()).result == "late"
    assert case.status == "checking"


def test_a_transfer_that_was_never_captured_is_watched_not_traced() -> None:
    bank = transaction(TransactionState.DEBITED_NOT_CAPTURED, merchant_id=None)
    case = found(Kind.MISSING_FUNDS, bank, merchant_id=None)
    assert case.status == "reversal_watched"
    assert "bank:watch:1" in case.waits_for
    case.when(T.REVERSAL_CREDITED, bank)
    assert case.status == "returned"


def test_money_found_while_a_failed_refund_is_decided_leaves_that_to_the_person() -> None:
    case = untraced()
    case.when(T.ARBITRATOR_DECIDED, decision(payer=Payer.BANK), actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_FAILED, refund())
    case.when(T.TRACE_DELIVERED, trace(proof="RCPT-1"))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_failed")
    assert "arbitration_due" in case.waits_for


def test_money_in_transit_may_be_rejected_too() -> None:
    case = in_transit()
    case.when(T.TRACE_REJECTED, trace(return_minor=12_800))
    assert (case.status, case.legs["trace"]) == ("returning", "rejected")
    assert case.waits_for == {"bank:return_query:1", "reversal_recheck", "reversal_due"}


def test_money_in_transit_may_reach_a_wrong_account() -> None:
    case = in_transit()
    case.when(T.TRACE_WRONG_ACCOUNT, trace())
    assert (case.status, case.legs["trace"]) == ("recalling", "wrong_account")


def test_money_in_transit_for_too_long_goes_to_a_person() -> None:
    case = in_transit()
    case.when(T.TRACE_DUE, after_s=500)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "untraced")
    assert (case.legs["trace"], case.waits_for) == ("untraced", {"arbitration_due"})
