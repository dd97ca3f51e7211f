"""What money did for a dispute, in double entry; amounts worked out by hand."""

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
from pydantic import TypeAdapter

from services.tracker.domain import ledger
from services.tracker.domain.decide import Decision
from services.tracker.domain.dispute import Attempt, Dispute
from services.tracker.domain.states import (
    Chargeback,
    Compensation,
    Correction,
    Recall,
    Reversal,
)
from services.tracker.domain.triggers import (
    ArbitratorDecision,
    Choice,
    MerchantAnswer,
    Payload,
    T,
    Trigger,
    Wish,
)
from shared.contracts.vocabulary import Actor, Kind, Payer, Remedy, TransactionState
from tests.unit.tracker.case import (
    WISH,
    Case,
    approved,
    decision,
    found,
    in_arbitration,
    in_flight,
    refund,
    trace,
    transaction,
)
from tests.unit.tracker.test_walk import SEED, WALKS, Walk


def booked(case: Case, name: T, payload: Payload = None, **how: Any) -> dict[str, int]:
    before = case.dispute
    answer: Decision = case.when(name, payload, **how)
    return ledger.booked(before, answer.dispute)


def granted(payer: Payer, loss_bearer: Payer | None = None) -> Case:
    """An arbitrator grants all 12 800 fen; the bank has the refund."""
    case = in_arbitration()
    made = decision(payer=payer, loss_bearer=loss_bearer)
    case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS)
    case.when(T.REFUND_ACCEPTED, refund())
    return case


def test_nothing_is_booked_before_the_credit() -> None:
    case = approved()
    assert booked(case, T.REFUND_ACCEPTED, refund()) == {}
    assert ledger.position(case.dispute) == {}


def test_a_credited_refund_moves_from_its_payer_to_the_customer() -> None:
    case = in_flight()
    assert booked(case, T.REFUND_CREDITED, refund()) == {"customer": 12_800, "merchant": -12_800}
    assert ledger.position(case.dispute) == {"customer": 12_800, "merchant": -12_800}


def test_each_payer_has_an_account() -> None:
    accounts = {Payer.MERCHANT: "merchant", Payer.BANK: "bank", Payer.INSURER: "insurer"}
    for payer, account in accounts.items():
        case = granted(payer)
        assert booked(case, T.REFUND_CREDITED, refund()) == {account: -12_800, "customer": 12_800}


def test_an_advance_makes_a_receivable_from_whoever_bears_the_loss() -> None:
    case = granted(Payer.WALLET_ADVANCE, Payer.MERCHANT)
    assert booked(case, T.REFUND_CREDITED, refund()) == {
        "customer": 12_800,
        "merchant": -12_800,
        "receivable:merchant": 12_800,
        "wallet:advance": -12_800,
    }


def test_an_advance_that_the_wallet_bears_itself_makes_none() -> None:
    for bearer in (None, Payer.WALLET_ADVANCE):
        case = granted(Payer.WALLET_ADVANCE, bearer)
        assert booked(case, T.REFUND_CREDITED, refund()) == {
            "customer": 12_800,
            "wallet:advance": -12_800,
        }


def advanced(minor: int = 5_000) -> Case:
    """A part was advanced at the merchant's cost, and has been credited."""
    case = in_arbitration()
    part: Any = {"remedy": Remedy.PARTIAL_REFUND, "amount_minor": minor}
    at_merchant = decision(**part, payer=Payer.WALLET_ADVANCE, loss_bearer=Payer.MERCHANT)
    case.when(T.ARBITRATOR_DECIDED, at_merchant, actor=Actor.OPS)
    case.when(T.REFUND_CREDITED, refund())
    return case


@pytest.mark.parametrize(
    "later",
    [
        decision(Remedy.NONE, decided_by="ops-2"),
        decision(amount_minor=7_800, payer=Payer.BANK, decided_by="ops-2"),
    ],
)
def test_what_is_decided_later_changes_no_receivable(later: ArbitratorDecision) -> None:
    case = advanced()
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert booked(case, T.ARBITRATOR_DECIDED, later, actor=Actor.OPS) == {}
    assert ledger.position(case.dispute)["receivable:merchant"] == 5_000


def test_what_goes_to_another_account_is_borne_by_the_same() -> None:
    case = advanced()
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    case.when(T.REFUND_BOUNCED, refund())
    denied = decision(Remedy.NONE, decided_by="ops-2")
    assert booked(case, T.ARBITRATOR_DECIDED, denied, actor=Actor.OPS) == {}
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    for by in ("ops-1", "ops-2"):
        case.when(T.ACCOUNT_CONFIRMED, Wish(by), actor=Actor.OPS)
    case.when(T.REFUND_CREDITED, refund(2))
    assert ledger.position(case.dispute) == {
        "customer": 5_000,
        "merchant": -5_000,
        "receivable:merchant": 5_000,
        "wallet:advance": -5_000,
    }


def test_an_attempt_that_was_recorded_without_a_bearer_is_borne_as_the_dispute_says() -> None:
    case = advanced()
    old = TypeAdapter(Attempt).validate_python({"amount_minor": 5_000, "payer": "wallet_advance"})
    known = replace(case.dispute.facts, attempts=(old,))
    before = replace(case.dispute, facts=known)
    assert ledger.position(before)["receivable:merchant"] == 5_000


def test_a_bounce_after_the_credit_takes_it_back() -> None:
    case = in_flight()
    case.when(T.REFUND_CREDITED, refund())
    assert booked(case, T.REFUND_BOUNCED, refund()) == {"customer": -12_800, "merchant": 12_800}
    assert ledger.position(case.dispute) == {}


def test_a_late_credit_of_an_earlier_attempt_is_paid_by_that_attempts_payer() -> None:
    case = in_flight()
    case.when(T.REFUND_FAILED, refund())
    made = decision(payer=Payer.BANK, amount_minor=5_000)
    case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS)
    case.when(T.REFUND_ACCEPTED, refund(2))
    assert booked(case, T.REFUND_CREDITED, refund(1)) == {"customer": 12_800, "merchant": -12_800}
    assert booked(case, T.REFUND_CREDITED, refund(2)) == {"bank": -5_000, "customer": 5_000}
    assert ledger.position(case.dispute) == {
        "bank": -5_000,
        "customer": 17_800,
        "merchant": -12_800,
    }


def test_a_credit_that_was_heard_before_books_nothing() -> None:
    case = in_flight()
    case.when(T.REFUND_CREDITED, refund())
    assert booked(case, T.REFUND_CREDITED, refund()) == {}


def test_a_reversal_comes_through_clearing() -> None:
    debited = transaction(
        TransactionState.DEBITED_NOT_CAPTURED, reversal_state="pending", reversal_minor=12_000
    )
    case = found(Kind.PAYMENT_FAILED, debited)
    assert ledger.position(case.dispute) == {}
    credited = replace(debited, reversal_state="credited")
    assert booked(case, T.REVERSAL_CREDITED, credited) == {
        "clearing:bank": -12_000,
        "customer": 12_000,
    }


def test_a_return_that_the_trace_found_credited_is_booked_with_it() -> None:
    case = found(Kind.MISSING_FUNDS)
    told = trace(return_minor=12_800, return_credited=True)
    assert booked(case, T.TRACE_REJECTED, told) == {"clearing:bank": -12_800, "customer": 12_800}
    assert ledger.reference(case.dispute, Trigger(T.TRACE_REJECTED, payload=told)) is None


def test_a_refund_is_known_by_the_key_of_its_attempt() -> None:
    case = in_flight()
    of = ledger.reference(case.dispute, Trigger(T.REFUND_CREDITED, payload=refund(2)))
    assert of == f"{case.dispute.claim.dispute_id}:refund:2"
    assert ledger.reference(case.dispute, Trigger(T.MERCHANT_DUE)) is None
    answer = Trigger(T.MERCHANT_ACCEPTED, payload=MerchantAnswer(1))
    assert ledger.reference(case.dispute, answer) is None


@dataclass
class BookedWalk(Walk):
    """A walk whose steps are booked as the shell books them."""

    books: dict[int, Counter[str]] = field(default_factory=dict)
    journals: int = 0

    def _step(self, case: Case, name: T, payload: Payload) -> None:
        before = case.dispute
        super()._step(case, name, payload)
        amounts = ledger.booked(before, case.dispute)
        assert sum(amounts.values()) == 0
        assert len(amounts) != 1
        assert 0 not in amounts.values()
        self.journals += bool(amounts)
        book = self.books.setdefault(case.dispute.claim.dispute_id.int, Counter())
        book.update(amounts)
        standing = {account: minor for account, minor in book.items() if minor}
        assert standing == ledger.position(case.dispute)
        assert standing.get("customer", 0) == self._received(case.dispute)
        assert not standing or case.dispute.facts.currency == "CNY"

    def _check_all(self) -> None:
        """Timers and calls are the other walk's matter."""

    def _received(self, dispute: Dispute) -> int:
        """By what the bank told last, and what was sent under each key; by hand for each leg."""
        legs, facts = dispute.legs, dispute.facts
        refunds = sum(
            self.sent[key][0] or 0 for key in self.paid if key[0] == dispute.claim.dispute_id
        )
        came = refunds
        came += (facts.reversal_minor or 0) if legs.reversal is Reversal.CREDITED else 0
        came += facts.recall_minor if legs.recall is Recall.RETURNED else 0
        came += facts.chargeback_minor if legs.chargeback is Chargeback.WON else 0
        given = legs.credit.value in {
            "standing",
            "settled",
            "noticed",
            "reversing",
            "reversed",  # less what was taken back
            "final",
            "unrecovered",
        }
        came = max(came, facts.credit_minor) if given else came
        came += (facts.correction_minor or 0) if legs.correction is Correction.POSTED else 0
        paid = legs.compensation is Compensation.PAID
        return came + (facts.compensation_minor if paid else 0)


def test_the_journals_of_random_lives_sum_to_the_position() -> None:
    journals = 0
    for number in range(WALKS):
        walk = BookedWalk(Random(SEED + number))
        try:
            walk.go()
        except Exception as error:
            error.add_note(f"WALK_SEED={SEED + number} WALKS=1\n" + "\n".join(walk.trail))
            raise
        journals += walk.journals
    assert journals > 0
