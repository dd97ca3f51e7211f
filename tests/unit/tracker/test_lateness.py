"""What a rule gives for each day that money comes back late: RBI/2019-20/67, 100 rupees a day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.tracker.domain import lateness, ledger, public, standing
from services.tracker.domain.decide import Decision, Result, decide
from services.tracker.domain.dispute import Attempt, Dispute, Facts, MoneyView
from services.tracker.domain.effects import Call, Timer
from services.tracker.domain.snapshot import status_changed
from services.tracker.domain.states import Compensation, Inquiry, Legs, Refund, Reversal, Trace
from services.tracker.domain.triggers import (
    Cause,
    Grant,
    Payload,
    Posting,
    RefundReport,
    T,
    Trigger,
)
from shared import rules
from shared.contracts.events import Amount
from shared.contracts.vocabulary import (
    Actor,
    Kind,
    Payer,
    Status,
    TransactionKind,
    TransactionState,
)
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


def paid_instead() -> Dispute:
    """It did not come back, and the wallet's own refund is on its way."""
    overdue = watched(
        reversal=Reversal.OVERDUE,
        refund_n=1,
        attempts=(Attempt(50_000, Payer.WALLET_ADVANCE),),
        approved_minor=50_000,
        payer=Payer.WALLET_ADVANCE,
        reversal_held_minor=0,
    )
    return replace(overdue, legs=replace(overdue.legs, refund=Refund.IN_FLIGHT))


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


def test_days_that_a_court_holds_the_case_after_the_money_is_back_are_not_paid() -> None:
    court = Cause("ops-1", "court")
    placed = Trigger(T.LEGAL_HOLD_PLACED, Actor.OPS, court)
    held = decide(watched(), placed, PAID + timedelta(days=1), UPI, MoneyView()).dispute
    back = credited(held, MIDNIGHT + timedelta(hours=1))
    assert back.legs.compensation is Compensation.NONE
    lifted = Trigger(T.LEGAL_HOLD_LIFTED, Actor.OPS, court)
    after = decide(back, lifted, MIDNIGHT + timedelta(days=5), UPI, MoneyView()).dispute
    assert (after.legs.compensation, after.facts.compensation_minor) == (
        Compensation.ORDERED,
        10_000,
    )


def test_money_that_somebody_paid_because_it_did_not_come_back_was_late_too() -> None:
    overdue = paid_instead()
    asked = Trigger(T.REVERSAL_RECHECK)
    sent = decide(overdue, asked, MIDNIGHT + timedelta(hours=1), UPI, MoneyView()).dispute
    assert (sent.legs.compensation, sent.facts.money_back_at) == (Compensation.NONE, None)
    paid = Trigger(T.REFUND_CREDITED, Actor.BANK, RefundReport(1))
    after = decide(sent, paid, MIDNIGHT + timedelta(days=2), UPI, MoneyView()).dispute
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
    assert after.facts.money_back_at is None  # the other dispute's


def test_a_transfer_that_the_other_bank_rejected_was_late_too() -> None:
    """Its one day is Tuesday the 3rd; it is back on Sunday the 8th."""
    booked = watched(TransactionKind.TRANSFER, transaction_state=TransactionState.CAPTURED)
    rejected = replace(booked, legs=replace(booked.legs, trace=Trace.REJECTED))
    assert credited(rejected, MIDNIGHT).facts.compensation_minor == 50_000


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
    assert after.facts.money_back_at is None  # nobody counts by it


def test_the_banks_time_runs_from_the_transaction() -> None:
    """Asked on Friday, it is still due when Saturday ends."""
    asked = watched(reversal=Reversal.NONE)
    at = MIDNIGHT - timedelta(days=1, hours=12)
    answer = decide(asked, Trigger(T.OPENED), at, UPI, MoneyView())
    timers = {e.trigger: e.due_at for e in answer.effects if isinstance(e, Timer)}
    assert timers[T.REVERSAL_DUE] == MIDNIGHT


GOODWILL = Grant("ops-1", 20_000, "delay")


def told(dispute: Dispute, name: T, at: datetime, payload: Payload | None = None) -> Decision:
    actor = Actor.OPS if name is T.COMPENSATION_ORDERED else Actor.BANK
    return decide(dispute, Trigger(name, actor, payload), at, UPI, MoneyView())


def posted(dispute: Dispute, at: datetime, name: T = T.COMPENSATION_POSTED) -> Decision:
    n, minor = dispute.facts.compensation_n, dispute.facts.compensation_minor
    return told(dispute, name, at, Posting(n, minor))


def test_what_a_person_gave_before_stays_and_the_rules_money_comes_beside_it() -> None:
    early, late = MIDNIGHT - timedelta(days=1), MIDNIGHT + timedelta(days=2)
    ordered = told(watched(), T.COMPENSATION_ORDERED, early, GOODWILL).dispute
    given = posted(ordered, early).dispute
    back = told(given, T.REVERSAL_CREDITED, late)
    keys = [(e.kind, e.n) for e in back.effects if isinstance(e, Call)]
    assert ("compensation", 2) in keys
    after = posted(back.dispute, late).dispute
    assert ledger.booked(given, back.dispute).get("wallet:compensation", 0) == 0
    assert ledger.booked(back.dispute, after) == {
        "customer": 30_000,
        "wallet:compensation": -30_000,
    }
    assert public.status(after) is Status.REVERSED
    shown = status_changed(after, Trigger(T.COMPENSATION_POSTED, Actor.BANK), late)
    assert shown.compensated == Amount(amount_minor=50_000, currency="INR")
    assert shown.detail["compensation_minor"] == "30000"


def test_what_a_person_gives_while_the_money_comes_back_is_paid_first() -> None:
    late = MIDNIGHT + timedelta(days=2)
    ordered = told(watched(), T.COMPENSATION_ORDERED, late, GOODWILL).dispute
    back = credited(ordered, late)
    assert (back.facts.compensation_n, back.facts.compensation_minor) == (1, 20_000)
    then = posted(back, late).dispute
    assert (then.facts.compensation_n, then.facts.compensation_minor) == (2, 30_000)
    paid = posted(then, late).dispute
    assert paid.legs.compensation is Compensation.PAID
    assert public.status(paid) is Status.REVERSED
    again = told(paid, T.REVERSAL_CREDITED, late + timedelta(days=9)).dispute
    assert again.facts.compensation_n == 2


def test_what_the_ledger_refuses_is_open_until_a_person_has_ordered_all_of_it() -> None:
    at = MIDNIGHT + timedelta(days=29, hours=1)  # 3,000 rupees, above the profile's cap of 2,500
    refused = posted(credited(watched(), at), at, T.COMPENSATION_REFUSED).dispute
    assert public.status(refused) is Status.UNDER_REVIEW
    assert public.next_actor(refused) is Actor.OPS
    assert refused.facts.promised_at is not None
    part = told(refused, T.COMPENSATION_ORDERED, at, Grant("ops-1", 100_000, "late"))
    assert (part.result, part.field) == (Result.INVALID, "amount")
    assert "300000" in part.reason
    more = told(refused, T.COMPENSATION_ORDERED, at, Grant("ops-1", 550_001, "late"))
    assert (more.result, more.field) == (Result.INVALID, "amount")
    whole = told(refused, T.COMPENSATION_ORDERED, at, Grant("ops-1", 300_000, "late")).dispute
    paid = posted(whole, at).dispute
    assert (public.status(paid), paid.facts.compensation_n) == (Status.REVERSED, 2)


def test_one_of_a_persons_that_was_refused_does_not_stand_in_the_way() -> None:
    at = MIDNIGHT + timedelta(days=1)
    ordered = told(watched(), T.COMPENSATION_ORDERED, at, GOODWILL).dispute
    refused = posted(ordered, at, T.COMPENSATION_REFUSED).dispute
    assert refused.facts.compensation_n == 1
    paid = posted(credited(refused, at), at).dispute
    assert standing.compensated_minor(paid) == 20_000  # two days, nothing of the first order


def test_a_delay_that_older_code_has_paid_for_is_not_paid_twice() -> None:
    old = watched(
        reversal=Reversal.CREDITED,
        compensation_n=1,
        compensation_minor=10_000,
        compensation_reason="late_return",
        reversal_held_minor=0,
        money_back_at=MIDNIGHT + timedelta(hours=1),
        reversal_credited=True,
    )
    old = replace(old, legs=replace(old.legs, compensation=Compensation.PAID))
    again = told(old, T.REVERSAL_CREDITED, MIDNIGHT + timedelta(days=9)).dispute
    assert (again.facts.compensation_n, again.legs.compensation) == (1, Compensation.PAID)


def test_a_person_gives_no_more_beside_it_than_the_cap_leaves() -> None:
    early, at = MIDNIGHT - timedelta(days=1), MIDNIGHT + timedelta(hours=1)
    most = Grant("ops-1", 240_000, "goodwill")  # of the profile's 2,500 rupees
    given = posted(told(watched(), T.COMPENSATION_ORDERED, early, most).dispute, early).dispute
    refused = posted(credited(given, at), at, T.COMPENSATION_REFUSED).dispute
    too_much = told(refused, T.COMPENSATION_ORDERED, at, Grant("ops-1", 20_001, "late"))
    assert (too_much.result, too_much.field) == (Result.INVALID, "amount")
    whole = told(refused, T.COMPENSATION_ORDERED, at, Grant("ops-1", 20_000, "late")).dispute
    assert standing.compensated_minor(posted(whole, at).dispute) == 260_000


def test_the_rules_own_reason_is_nobody_elses() -> None:
    early = MIDNIGHT - timedelta(days=1)
    answer = told(watched(), T.COMPENSATION_ORDERED, early, Grant("ops-1", 100, "late_return"))
    assert (answer.result, answer.field) == (Result.INVALID, "reason")


def test_what_is_owed_goes_before_a_reversal_that_nobody_needs_any_more() -> None:
    overdue = paid_instead()
    at = MIDNIGHT + timedelta(days=2)
    paid = told(overdue, T.REFUND_CREDITED, at, RefundReport(1)).dispute
    refused = posted(paid, at, T.COMPENSATION_REFUSED).dispute
    assert public.status(refused) is Status.UNDER_REVIEW
    assert public.next_actor(refused) is Actor.OPS
    assert public.detail(refused)["late_unpaid_minor"] == "30000"


def test_money_that_went_away_again_is_late_until_it_is_back_for_good() -> None:
    at = MIDNIGHT + timedelta(hours=1)
    ordered = told(watched(), T.COMPENSATION_ORDERED, at, GOODWILL).dispute
    overdue = replace(ordered, legs=replace(ordered.legs, reversal=Reversal.OVERDUE))
    gone = replace(overdue, facts=replace(overdue.facts, money_back_at=at))
    later = lateness.noted(gone, at + timedelta(days=3), UPI)
    assert later.facts.money_back_at is None


def first_look(at: datetime, kind: TransactionKind = TransactionKind.PAYMENT) -> Facts:
    """Nothing was promised yet beside intake's date, which is over."""
    asked = watched(kind, Reversal.NONE, promised_at=None, promise_rule=None)
    return decide(asked, Trigger(T.OPENED), at, UPI, MoneyView()).dispute.facts


@pytest.mark.parametrize(
    ("kind", "rule", "due"),
    [
        (TransactionKind.PAYMENT, "reversal_due", MIDNIGHT),
        # T+1 is Tuesday the 3rd; it ends at 18:30 UTC
        (
            TransactionKind.TRANSFER,
            "reversal_due_transfer",
            datetime(2026, 3, 3, 18, 30, tzinfo=UTC),
        ),
    ],
)
def test_the_customer_is_promised_what_the_statute_says_from_the_transaction(
    kind: TransactionKind, rule: str, due: datetime
) -> None:
    facts = first_look(due - timedelta(seconds=1), kind)
    assert (facts.promise_rule, facts.promised_at, facts.promise_from) == (rule, due, PAID)


def test_once_the_statutes_date_is_over_the_promise_is_our_own() -> None:
    """Sunday 8 March, 00:00 in Kolkata: Monday, Tuesday and Wednesday are three business days."""
    facts = first_look(MIDNIGHT)
    assert (facts.promise_rule, facts.promise_from) == ("promise_payment_failed", MIDNIGHT)
    assert facts.promised_at == datetime(2026, 3, 11, 18, 30, tzinfo=UTC)


def test_a_date_from_before_transfers_had_a_rule_of_their_own_stands() -> None:
    before = watched(TransactionKind.TRANSFER)
    at = PAID + timedelta(minutes=1)
    answer = decide(before, Trigger(T.REVERSAL_RECHECK), at, UPI, MoneyView())
    assert answer.result == "applied"
    facts = answer.dispute.facts
    assert facts.promise_rule == "reversal_due"
    assert facts.promised_at == MIDNIGHT + timedelta(days=60)
