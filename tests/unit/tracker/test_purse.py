"""What a transaction's reservations leave, by the bank's figures and by what disputes hold."""

from uuid import UUID

from services.tracker.domain.guards import awaits_transaction
from services.tracker.domain.holds import Held
from services.tracker.domain.triggers import T, Trigger
from services.tracker.store.money import Purse
from shared.contracts.vocabulary import Actor, Kind, TransactionState
from tests.unit.tracker.case import opened, transaction

ONE, TWO = UUID(int=1), UUID(int=2)


def purse() -> Purse:
    return Purse("t-1", None, 0)


def reversed_() -> Purse:
    """The bank counts a reversal, credited before anybody asked, as paid back."""
    known = purse()
    known.learn(
        transaction(
            TransactionState.DEBITED_NOT_CAPTURED,
            refunded_minor=12_800,
            reversal_state="credited",
            reversal_minor=12_800,
        )
    )
    return known


def test_what_the_bank_counts_and_we_do_not_was_paid_elsewhere() -> None:
    known = purse()
    known.learn(transaction(refunded_minor=5_000))
    assert (known.captured_minor, known.others_minor(ONE)) == (12_800, 5_000)


def test_what_our_disputes_hold_leaves_the_rest_at_most_to_what_was_paid_elsewhere() -> None:
    known = purse()
    known.hold(ONE, Held("refund", 10_000, "reserved"))
    known.learn(transaction(refunded_minor=5_000))
    assert (known.others_minor(ONE), known.others_minor(TWO)) == (2_800, 12_800)


def test_what_a_dispute_of_ours_has_paid_was_not() -> None:
    known = purse()
    known.hold(ONE, Held("refund", 5_000, "settled"))
    known.learn(transaction(refunded_minor=5_000))
    assert (known.others_minor(ONE), known.others_minor(TWO)) == (0, 5_000)


def test_a_reversal_is_not_paid_elsewhere_whoever_watches_it_holds_it() -> None:
    known = reversed_()
    assert known.others_minor(ONE) == 0
    known.hold(ONE, Held("reversal", 12_800, "settled"))
    assert known.others_minor(TWO) == 12_800


def test_a_reversal_that_a_dispute_holds_already_is_counted_once() -> None:
    known = purse()
    known.hold(ONE, Held("reversal", 12_800, "settled"))
    known.learn(
        transaction(
            TransactionState.DEBITED_NOT_CAPTURED,
            refunded_minor=12_800,
            reversal_state="credited",
            reversal_minor=12_800,
        )
    )
    assert (known.others_minor(ONE), known.others_minor(TWO)) == (0, 12_800)


def test_a_released_authorisation_that_nobody_watches_was_paid_elsewhere() -> None:
    known = purse()
    known.learn(
        transaction(refunded_minor=12_800, reversal_state="credited", reversal_minor=12_800)
    )
    assert known.others_minor(ONE) == 12_800


def test_an_answer_that_is_heard_again_says_nothing_new_of_the_money() -> None:
    case = opened(Kind.REFUND_REQUEST)
    answer = Trigger(T.TRANSACTION_FOUND, Actor.BANK, transaction(refunded_minor=5_000))
    assert awaits_transaction(case.dispute, answer)
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, answer.payload)
    assert not awaits_transaction(case.dispute, answer)


def test_one_that_comes_after_a_person_was_asked_does() -> None:
    case = opened(Kind.REFUND_REQUEST)
    case.when(T.INQUIRY_DUE, after_s=20)
    answer = Trigger(T.TRANSACTION_FOUND, Actor.BANK, transaction())
    assert awaits_transaction(case.dispute, answer)
