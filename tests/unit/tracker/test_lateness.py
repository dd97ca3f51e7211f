"""What a rule gives for each day that money comes back late: RBI/2019-20/67, 100 rupees a day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.tracker.domain.decide import decide
from services.tracker.domain.dispute import Attempt, Dispute, Facts, MoneyView
from services.tracker.domain.effects import Call, Timer
from services.tracker.domain.states import Compensation, Inquiry, Legs, Refund, Reversal
from services.tracker.domain.triggers import RefundReport, T, Trigger
from shared import rules
from shared.contracts.vocabulary import Actor, Kind, Payer, TransactionKind, TransactionState
from tests.unit.tracker.case import claim as made

UPI = rules.load("in-upi")
# a payment on Monday 2 March 2026, 23:30 in Kolkata (UTC+5:30); T+5 is Saturday 7 March
PAID = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 7, 18, 30, tzinfo=UTC)  # 00:00 of Sunday the 8th in Kolkata


def watched(
    kind: TransactionKind = TransactionKind.PAYMENT,
    reversal: Reversal = Reversal.WATCHED,
    **known: object,
) -> Dispute:
    """A failed payment whose money should come back by itself."""
    claim = made(Kind.PAYMENT_FAILED, occurred_at=PAID, opened_at=PAID, profile="in-upi")
    facts = Facts(
        transaction_state=TransactionState.DEBITED_NOT_CAPTURED,
        transaction_kind=kind,
        captured_minor=50_000,
        currency="INR",
        reversal_minor=50_000,
        reversal_awaited_at=PAID,
        reversal_held_minor=50_000,
        promised_at=MIDNIGHT + timedelta(days=60),
        promise_rule="reversal_due",
    )
    legs = Legs(inquiry=Inquiry.FOUND, reversal=reversal)
    return Dispute(claim, legs, replace(facts, **known), version=3, steps=3)  # type: ignore[arg-type]


def credited(dispute: Dispute, at: datetime) -> Dispute:
    return decide(dispute, Trigger(T.REVERSAL_CREDITED, Actor.BANK), at, UPI, MoneyView()).dispute


@pytest.mark.parametrize(
    ("at", "rupees"),
    [
        (MIDNIGHT - timedelta(seconds=1), 0),  # the last second of T+5
        (MIDNIGHT, 100),  # the first of T+6
        (MIDNIGHT + timedelta(hours=23, minutes=59), 100),
        (MIDNIGHT + timedelta(days=1), 200),
        (MIDNIGHT + timedelta(days=29, hours=1), 3000),  # above our own cap of 2,500: a statute's
    ],
)
def test_a_payment_that_comes_back_after_t_plus_5_brings_100_rupees_a_day(
    at: datetime, rupees: int
) -> None:
    after = credited(watched(), at)
    assert after.facts.compensation_minor == rupees * 100
    assert after.legs.compensation is (Compensation.ORDERED if rupees else Compensation.NONE)
    assert after.facts.compensation_reason == ("late_return" if rupees else None)


def test_a_transfer_is_late_after_t_plus_1() -> None:
    # T+1 is Tuesday the 3rd; on Wednesday the 4th, 12:00 in Kolkata, a day
    at = datetime(2026, 3, 4, 6, 30, tzinfo=UTC)
    assert credited(watched(TransactionKind.TRANSFER), at).facts.compensation_minor == 10_000
    assert credited(watched(), at).facts.compensation_minor == 0


def test_it_is_posted_once_and_by_its_own_key() -> None:
    at = MIDNIGHT + timedelta(hours=1)
    answer = decide(watched(), Trigger(T.REVERSAL_CREDITED, Actor.BANK), at, UPI, MoneyView())
    calls = [(e.party, e.kind, e.n) for e in answer.effects if isinstance(e, Call)]
    assert ("bank", "compensation", 1) in calls
    posted = Trigger(T.COMPENSATION_POSTED, Actor.BANK)
    later = decide(answer.dispute, posted, at + timedelta(days=9), UPI, MoneyView()).dispute
    assert (later.legs.compensation, later.facts.compensation_minor) == (Compensation.PAID, 10_000)
    assert later.facts.compensation_n == 1


def test_money_that_somebody_paid_because_it_did_not_come_back_was_late_too() -> None:
    overdue = watched(
        reversal=Reversal.OVERDUE,
        refund_n=1,
        attempts=(Attempt(50_000, Payer.WALLET_ADVANCE),),
        approved_minor=50_000,
        payer=Payer.WALLET_ADVANCE,
        reversal_held_minor=0,
    )
    overdue = replace(overdue, legs=replace(overdue.legs, refund=Refund.IN_FLIGHT))
    paid = Trigger(T.REFUND_CREDITED, Actor.BANK, RefundReport(1))
    after = decide(overdue, paid, MIDNIGHT + timedelta(days=2), UPI, MoneyView()).dispute
    assert after.facts.compensation_minor == 30_000


@pytest.mark.parametrize(
    "dispute",
    [
        replace(watched(), claim=replace(watched().claim, occurred_at=None)),
        watched(currency="CNY"),
    ],
    ids=["when it was paid is not known", "not rupees"],
)
def test_nothing_is_owed_without(dispute: Dispute) -> None:
    assert credited(dispute, MIDNIGHT + timedelta(days=3)).facts.compensation_minor == 0


def test_the_dispute_that_books_the_reversal_is_the_one_that_is_compensated() -> None:
    elsewhere = MoneyView(others_minor=50_000, elsewhere=("reversal",))
    trigger = Trigger(T.REVERSAL_CREDITED, Actor.BANK)
    shared = watched(reversal_shared=True, reversal_held_minor=0)
    after = decide(shared, trigger, MIDNIGHT + timedelta(days=3), UPI, elsewhere).dispute
    assert (after.legs.reversal, after.legs.compensation) == (
        Reversal.CREDITED,
        Compensation.NONE,
    )


def test_money_that_may_have_come_back_in_time_brings_nothing() -> None:
    """The bank tells at the first look that it is back, and nobody when it was."""
    asked = replace(watched(reversal=Reversal.NONE, reversal_awaited_at=None))
    asked = replace(asked, facts=replace(asked.facts, reversal_credited=True))
    at = MIDNIGHT + timedelta(days=50)
    answer = decide(asked, Trigger(T.OPENED), at, UPI, MoneyView())
    after = decide(
        answer.dispute, Trigger(T.REVERSAL_CREDITED, Actor.BANK), at, UPI, MoneyView()
    ).dispute
    assert after.legs.reversal is Reversal.CREDITED
    assert after.legs.compensation is Compensation.NONE


def test_a_payment_that_went_through_was_not_late() -> None:
    captured = watched(transaction_state=TransactionState.CAPTURED)
    after = credited(captured, MIDNIGHT + timedelta(days=9))
    assert after.legs.compensation is Compensation.NONE


def test_a_payment_that_another_dispute_has_settled_brings_nothing_by_itself() -> None:
    settled = MoneyView(others_minor=50_000)
    trigger = Trigger(T.REVERSAL_CREDITED, Actor.BANK)
    at = MIDNIGHT + timedelta(days=3)
    after = decide(watched(reversal_held_minor=0), trigger, at, UPI, settled).dispute
    assert after.legs.reversal is Reversal.CREDITED
    assert after.legs.compensation is Compensation.NONE


def test_other_profiles_give_nothing() -> None:
    at = MIDNIGHT + timedelta(days=90)
    trigger = Trigger(T.REVERSAL_CREDITED, Actor.BANK)
    after = decide(watched(), trigger, at, rules.load("default"), MoneyView()).dispute
    assert after.legs.compensation is Compensation.NONE


def test_the_banks_time_runs_from_the_transaction() -> None:
    """Asked on Friday, it is still due when Saturday ends."""
    asked = watched(reversal=Reversal.NONE)
    at = MIDNIGHT - timedelta(days=1, hours=12)
    answer = decide(asked, Trigger(T.OPENED), at, UPI, MoneyView())
    timers = {e.trigger: e.due_at for e in answer.effects if isinstance(e, Timer)}
    assert timers[T.REVERSAL_DUE] == MIDNIGHT
