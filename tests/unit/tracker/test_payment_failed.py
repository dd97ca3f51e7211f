"""A payment that failed: explained, watched until its reversal is credited, or asked about."""

from datetime import timedelta

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.ledger import position
from services.tracker.domain.triggers import BankTransaction, T
from shared.contracts.vocabulary import Actor, Kind, Remedy, TransactionState
from tests.unit.tracker.case import START, WISH, Case, decision, found, opened, refund, transaction


def debited(**changes: object) -> BankTransaction:
    return transaction(TransactionState.DEBITED_NOT_CAPTURED, **changes)


def watched(**changes: object) -> Case:
    pending = {
        "reversal_state": "pending",
        "reversal_minor": 12_800,
        "reversal_expected_at": START + timedelta(seconds=300),
    }
    return found(Kind.PAYMENT_FAILED, debited(**(pending | changes)))


def absent() -> Case:
    case = found(Kind.PAYMENT_FAILED, debited())
    case.answered("bank:watch:1", T.REVERSAL_ABSENT, debited())
    return case


def test_after_a_withdrawal_nothing_is_held_for_a_reversal_that_may_come() -> None:
    case = absent()
    case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER)
    answer = case.when(T.REVERSAL_PENDING, debited(reversal_state="pending"))
    assert (answer.result, answer.reason) == ("late", "the dispute ended as withdrawn")
    assert (case.legs["reversal"], case.holds) == ("absent", [("reversal", 12_800, "released")])
    case.when(T.REVERSAL_CREDITED, debited(reversal_state="credited"))
    assert (case.status, case.holds) == ("reversed", [("reversal", 12_800, "settled")])


@pytest.mark.parametrize(
    "cause", ["over_limit", "card_declined", "insufficient_funds", "network", None]
)
def test_when_no_money_moved_the_cause_is_named(cause: str | None) -> None:
    bank = transaction(TransactionState.DECLINED, captured_minor=0, cause=cause)
    case = found(Kind.PAYMENT_FAILED, bank)
    assert (case.status, case.next_actor) == ("explained", "nobody")
    assert case.facts.cause == cause
    assert (case.waits_for, case.holds, case.actions) == (set(), [], ["appeal"])


def test_a_debit_without_capture_is_watched_and_held() -> None:
    case = watched()
    assert (case.status, case.next_actor) == ("reversal_watched", "bank")
    assert case.waits_for == {"bank:watch:1", "reversal_recheck", "reversal_due"}
    assert (case.due_in("reversal_recheck"), case.due_in("reversal_due")) == (300, 500)
    assert (case.promised_in, case.facts.promise_rule) == (330, "expected_by_bank")
    assert case.holds == [("reversal", 12_800, "reserved")]
    assert case.actions == []


def test_the_reversal_is_credited() -> None:
    case = watched()
    case.answered("bank:watch:1", T.REVERSAL_PENDING, debited())
    assert case.status == "reversal_watched"
    case.when(T.REVERSAL_CREDITED, debited(reversal_state="credited"), after_s=300)
    assert (case.status, case.holds) == ("reversed", [("reversal", 12_800, "settled")])
    assert case.waits_for == set()


def test_a_reversal_credited_before_the_dispute_closes_it_at_once() -> None:
    case = watched(reversal_state="credited")
    assert (case.status, case.holds) == ("reversed", [("reversal", 12_800, "settled")])


def test_a_reversal_without_news_is_asked_for() -> None:
    case = found(Kind.PAYMENT_FAILED, debited())
    assert case.due_in("reversal_recheck") == 40
    case.when(T.REVERSAL_RECHECK, after_s=40)
    assert {"bank:reversal_query:1", "reversal_recheck"} <= case.waits_for
    assert case.due_in("reversal_recheck") == 40


def test_a_late_reversal_goes_to_a_person_and_is_still_held_and_asked_for() -> None:
    case = watched()
    case.answered("bank:watch:1", T.REVERSAL_PENDING, debited())
    case.when(T.REVERSAL_DUE, after_s=500)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "reversal_late")
    assert case.holds == [("reversal", 12_800, "reserved")]
    assert case.waits_for == {"reversal_recheck", "arbitration_due"}
    case.when(T.REVERSAL_RECHECK)
    assert "bank:reversal_query:1" in case.waits_for


def test_without_any_reversal_a_person_may_refund() -> None:
    case = absent()
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "reversal_late")
    assert case.waits_for == {"arbitration_due"}
    assert case.holds == [("reversal", 12_800, "released")]
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (case.status, case.legs["arbitration"]) == ("refund_approved", "decided")
    assert ("refund", 12_800, "reserved") in case.holds


def test_a_reversal_that_appears_after_all_is_held_again() -> None:
    case = absent()
    case.when(T.REVERSAL_PENDING, debited(reversal_expected_at=START + timedelta(seconds=90)))
    assert case.holds == [("reversal", 12_800, "reserved")]
    answer = case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (answer.result, answer.field) == ("illegal", "remedy")
    case.when(T.REVERSAL_CREDITED, debited())
    assert (case.status, case.legs["arbitration"]) == ("reversed", "superseded")


def test_a_reversal_credited_beside_a_refund_is_shown_as_over_recovered() -> None:
    case = absent()
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=10_000), actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, refund())
    case.when(T.REVERSAL_CREDITED, debited())
    assert case.status == "refund_sent"
    assert case.facts.over_recovered
    assert case.holds == [("refund", 10_000, "in_flight"), ("reversal", 2_800, "settled")]


def test_a_captured_payment_is_asked_of_the_merchant() -> None:
    case = found(Kind.PAYMENT_FAILED)
    assert (case.status, case.next_actor) == ("waiting_for_merchant", "merchant")


@pytest.mark.parametrize(
    ("answer", "bank", "cause"),
    [
        (T.TRANSACTION_FOUND, transaction(TransactionState.UNKNOWN), "bank_cannot_tell"),
        (T.TRANSACTION_MISSING, None, "unknown_at_bank"),
    ],
)
def test_what_the_bank_cannot_tell_is_looked_at_by_a_person(
    answer: T, bank: BankTransaction | None, cause: str
) -> None:
    case = opened(Kind.PAYMENT_FAILED)
    case.answered("bank:inquiry:1", answer, bank)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", cause)


def test_a_silent_bank_is_asked_on_while_a_person_looks() -> None:
    case = opened(Kind.PAYMENT_FAILED)
    case.when(T.INQUIRY_DUE, after_s=20)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "bank_silent")
    assert case.waits_for == {"bank:inquiry:1", "arbitration_due"}


def test_the_banks_late_answer_makes_the_decision_needless() -> None:
    case = opened(Kind.PAYMENT_FAILED)
    case.when(T.INQUIRY_DUE, after_s=20)
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, transaction())
    assert case.legs["arbitration"] == "superseded"
    assert case.status == "waiting_for_merchant"
    assert case.waits_for == {"merchant:consent:1", "merchant_reminder", "merchant_due"}


@pytest.mark.parametrize(
    ("answer", "status", "cause"),
    [
        (T.TRANSACTION_MISSING, "in_arbitration", "unknown_at_bank"),
        (T.TRANSACTION_FOREIGN, "declined", None),
    ],
)
def test_other_late_answers_of_the_bank_count_too(
    answer: T, status: str, cause: str | None
) -> None:
    case = opened(Kind.PAYMENT_FAILED)
    case.when(T.INQUIRY_DUE, after_s=20)
    case.answered("bank:inquiry:1", answer)
    assert (case.status, case.facts.arbitration_cause) == (status, cause)
    assert case.facts.arbitration_n == (1 if status == "declined" else 2)


def test_an_appeal_against_a_decision_without_the_bank_asks_the_bank_again() -> None:
    case = opened(Kind.PAYMENT_FAILED)
    case.when(T.INQUIRY_DUE, after_s=20)
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert (case.status, case.waits_for) == ("declined", set())
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert case.waits_for == {"bank:inquiry:1", "arbitration_due"}
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, transaction())
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "appeal")
    case.when(T.ARBITRATOR_DECIDED, decision(decided_by="ops-2"), actor=Actor.OPS)
    assert case.status == "refund_approved"


def test_a_reversal_credited_while_a_failed_refund_is_decided_leaves_that_to_the_person() -> None:
    case = absent()
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=10_000), actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_FAILED, refund())
    case.when(T.REVERSAL_CREDITED, debited())
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_failed")
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert (case.status, case.actions) == ("reversed", [])
    assert ("refund", 0, "released") in case.holds


def test_a_refund_beside_a_late_reversal_ends_once_that_has_come_too() -> None:
    case = watched(reversal_minor=2_800)
    case.when(T.REVERSAL_DUE, after_s=500)
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=10_000), actor=Actor.OPS)
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, case.waits_for) == (
        "reversal_watched",
        {"bank:watch:1", "reversal_recheck"},
    )
    case.when(T.REFUND_BOUNCED, refund())
    assert case.waits_for == {
        "bank:refund_query:1",
        "destination_due",
        "bank:watch:1",
        "reversal_recheck",
    }


def overdue() -> Case:
    case = watched()
    case.answered("bank:watch:1", T.REVERSAL_PENDING, debited())
    case.when(T.REVERSAL_DUE, after_s=500)
    return case


def test_a_late_reversal_that_is_still_pending_stays_late() -> None:
    case = overdue()
    case.when(T.REVERSAL_PENDING, debited())
    assert (case.status, case.legs["reversal"]) == ("in_arbitration", "overdue")
    assert case.holds == [("reversal", 12_800, "reserved")]


def test_while_a_late_reversal_may_still_come_no_refund_is_granted_beside_it() -> None:
    case = overdue()
    answer = case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (answer.result, answer.field) == ("illegal", "remedy")
    assert answer.reason == (
        "a reversal may still bring the money back, until the bank says that it will not;"
        " possible now: remedy none"
    )
    assert case.holds == [("reversal", 12_800, "reserved")]


def test_once_no_reversal_will_come_the_customer_may_withdraw() -> None:
    case = watched()
    assert case.actions == []
    case.when(T.REVERSAL_ABSENT, debited())
    assert (case.status, case.actions) == ("in_arbitration", ["withdraw"])
    case.when(T.WITHDRAWN, WISH, actor=Actor.CUSTOMER)
    assert case.status == "withdrawn"


def test_a_late_reversal_that_will_not_come_frees_its_money_for_a_refund() -> None:
    case = overdue()
    case.when(T.REVERSAL_ABSENT, debited())
    assert (case.legs["reversal"], case.waits_for) == ("absent", {"arbitration_due"})
    assert case.holds == [("reversal", 12_800, "released")]
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert case.status == "refund_approved"


def test_two_that_watch_one_reversal_hold_and_book_it_once() -> None:
    second = found(Kind.PAYMENT_FAILED, debited(reversal_state="pending", reversal_minor=12_800))
    assert second.holds == [("reversal", 12_800, "reserved")]
    case = opened(Kind.PAYMENT_FAILED)
    case.money = MoneyView(others_minor=12_800, elsewhere=("reversal",))
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, debited(reversal_minor=12_800))
    assert (case.status, case.holds) == ("reversal_watched", [("reversal", 0, "released")])
    credited = debited(reversal_state="credited", reversal_minor=12_800)
    before = case.dispute
    case.when(T.REVERSAL_CREDITED, credited)
    assert (case.status, case.facts.over_recovered) == ("reversed", False)
    assert position(case.dispute) == {}
    case.dispute, case.money = before, MoneyView()  # the other one has let go of it
    case.when(T.REVERSAL_CREDITED, credited)
    assert position(case.dispute) == {"clearing:bank": -12_800, "customer": 12_800}


def test_an_old_word_of_a_reversal_that_does_not_come_marks_nothing() -> None:
    case = absent()
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    case.when(T.REVERSAL_PENDING, debited(reversal_state="pending"))
    assert (case.legs["reversal"], case.facts.over_recovered) == ("watched", False)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.answered("bank:watch:1", T.REVERSAL_ABSENT, debited())
    assert (case.status, case.facts.over_recovered) == ("credited", False)


def test_a_reversal_that_does_come_beside_a_refund_is_shown() -> None:
    case = absent()
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    case.when(T.REVERSAL_CREDITED, debited(reversal_state="credited"))
    assert case.facts.over_recovered
    assert case.holds == [("refund", 12_800, "reserved"), ("reversal", 0, "settled")]
