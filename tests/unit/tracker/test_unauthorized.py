"""Theft: the account is held at once, then who asks is proven, and the money is followed."""

from datetime import timedelta
from typing import Any

import pytest

from services.tracker.domain import asks
from services.tracker.domain.effects import Call
from services.tracker.domain.triggers import (
    AccountReport,
    BankTransaction,
    Cause,
    ChargebackReport,
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
from tests.unit.tracker.case import PROFILE, START, Case, decision, opened, transaction

TRANSFER = transaction(merchant_id=None, kind=TransactionKind.TRANSFER)
CARD = transaction(kind=TransactionKind.PAYMENT, funding=Funding.CARD)
BALANCE = transaction(kind=TransactionKind.PAYMENT, funding=Funding.BALANCE)


def held(bank: BankTransaction | None = BALANCE, **changes: Any) -> Case:
    """The account is held; the bank has answered."""
    case = opened(Kind.UNAUTHORIZED, **changes)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    if bank:
        case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, bank)
    return case


def proven(bank: BankTransaction | None = BALANCE, **changes: Any) -> Case:
    """And the person has proven who they are."""
    case = held(bank, **changes)
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    return case


def secured(case: Case) -> Case:
    """Frozen, keys made new, released."""
    case.answered("accounts:freeze:1", T.HOLD_FROZEN, AccountReport(1))
    case.answered("accounts:reset:1", T.RESET_DONE, AccountReport(1))
    case.answered("accounts:release:1", T.HOLD_RELEASED, AccountReport(1))
    return case


def test_payments_are_held_before_anything_is_asked() -> None:
    case = opened(Kind.UNAUTHORIZED)
    assert case.waits_for == {"accounts:hold:1", "bank:inquiry:1", "inquiry_due"}


def test_who_asks_proves_it_while_the_hold_lasts() -> None:
    case = held()
    assert (case.status, case.next_actor) == ("verifying_identity", "customer")
    assert (case.due_in("hold_due"), case.due_in("identity_due")) == (240, 250)
    assert case.facts.answer_by == START + timedelta(seconds=250)


def test_an_unverified_hold_ends_by_itself() -> None:
    case = held()
    case.when(T.HOLD_DUE, after_s=240)
    assert (case.legs["hold"], case.status) == ("expired", "verifying_identity")


NO_MONEY = transaction(TransactionState.DECLINED, cause="over_limit")


def test_a_hold_outlives_the_moneys_end_while_nobody_has_proven_who_they_are() -> None:
    case = held(NO_MONEY)
    assert (case.legs["verdict"], case.legs["hold"]) == ("explained", "held")
    assert (case.status, case.due_in("hold_due")) == ("verifying_identity", 240)
    case.when(T.HOLD_DUE, after_s=240)
    assert (case.status, case.legs["hold"], case.waits_for) == ("explained", "expired", set())


def test_and_whoever_proves_it_meanwhile_gets_the_account_frozen_and_new_keys() -> None:
    case = held(NO_MONEY)
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    assert case.legs["hold"] == "freezing"
    assert secured(case).status == "explained"


@pytest.mark.parametrize("answer", [T.TRANSACTION_FOREIGN, T.WITHDRAWN])
def test_who_does_not_claim_it_or_may_not_needs_no_proof(answer: T) -> None:
    case = held(None)
    case.when(answer, Wish("c-1") if answer is T.WITHDRAWN else None)
    assert "accounts:release:1" in case.waits_for


def test_the_freeze_follows_proof_also_after_the_hold_has_ended() -> None:
    case = held()
    case.when(T.HOLD_DUE, after_s=240)
    case.when(T.IDENTITY_VERIFIED, AccountReport(1))
    assert "accounts:freeze:1" in case.waits_for


def test_a_frozen_account_is_opened_by_new_keys_alone() -> None:
    case = proven()
    assert {"accounts:freeze:1", "credit_due"} <= case.waits_for
    case.answered("accounts:freeze:1", T.HOLD_FROZEN, AccountReport(1))
    assert "accounts:reset:1" in case.waits_for
    assert "accounts:release:1" not in case.waits_for
    case.answered("accounts:reset:1", T.RESET_DONE, AccountReport(1))
    assert "accounts:release:1" in case.waits_for
    case.answered("accounts:release:1", T.HOLD_RELEASED, AccountReport(1, others=("court",)))
    assert (case.legs["hold"], case.facts.holds_beside) == ("released", ("court",))


def test_stolen_by_transfer_is_recalled() -> None:
    case = secured(proven(TRANSFER, merchant_id=None))
    assert (case.status, case.holds) == ("recalling", [("recall", 12_800, "reserved")])
    case.answered("bank:recall:1", T.RECALL_RETURNED, RecallReport(1))
    assert (case.status, case.waits_for) == ("recalled", set())


def test_stolen_by_card_is_charged_back() -> None:
    case = secured(proven(CARD))
    assert (case.status, case.holds) == ("chargeback_filed", [("chargeback", 12_800, "reserved")])
    case.answered("bank:chargeback:1", T.CHARGEBACK_WON, ChargebackReport(1))
    assert (case.status, case.waits_for) == ("charged_back", set())


@pytest.mark.parametrize("answer", [T.RECALL_REFUSED, T.RECALL_DUE])
def test_what_cannot_be_recalled_is_a_question_of_who_is_liable(answer: T) -> None:
    case = secured(proven(TRANSFER, merchant_id=None))
    case.when(answer, RecallReport(1) if answer is T.RECALL_REFUSED else None, after_s=830)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "unauthorized")


def test_a_lost_chargeback_too() -> None:
    case = secured(proven(CARD))
    case.answered("bank:chargeback:1", T.CHARGEBACK_LOST, ChargebackReport(1))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "unauthorized")


def test_stolen_from_the_balance_is_for_a_person_who_may_deny_with_evidence() -> None:
    case = secured(proven())
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "unauthorized")
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert (case.status, case.actions) == ("declined", ["appeal"])


def test_a_denial_is_told_when_the_account_is_open_again() -> None:
    case = proven()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert case.status == "securing_account"
    assert secured(case).status == "declined"


def test_statute_credits_what_was_claimed_for_the_time_being() -> None:
    case = secured(proven(requested_minor=9_000))
    assert case.due_in("credit_due") == 880
    case.when(T.CREDIT_DUE, after_s=880)
    assert (case.facts.credit_minor, case.facts.credit_basis) == (9_000, "statute")
    case.answered("bank:credit:1", T.CREDIT_POSTED, Posting(1))
    assert case.holds == [("credit", 9_000, "settled")]
    assert case.status == "in_arbitration"


def test_wrong_factors_leave_the_documents() -> None:
    case = held()
    case.answered("accounts:identity:1", T.IDENTITY_FAILED, AccountReport(1, "wrong_factor"))
    assert (case.status, case.next_actor, case.due_in("documents_due")) == (
        "under_review",
        "ops",
        260,
    )
    case.when(T.DOCUMENTS_ACCEPTED, Wish("ops-1"), actor=Actor.OPS)
    assert "accounts:freeze:1" in case.waits_for


def test_so_does_a_check_that_nobody_came_to() -> None:
    case = held()
    case.when(T.IDENTITY_DUE, after_s=250)
    assert case.status == "under_review"
    case.when(T.DOCUMENTS_DUE, after_s=260)
    assert (case.facts.escalations, case.due_in("documents_due")) == (1, 70)


def test_who_proves_nothing_is_refused_and_the_account_released() -> None:
    case = held()
    case.answered("accounts:identity:1", T.IDENTITY_FAILED, AccountReport(1))
    case.when(T.DOCUMENTS_REJECTED, Wish("ops-1"), actor=Actor.OPS)
    assert "accounts:release:1" in case.waits_for
    case.answered("accounts:release:1", T.HOLD_RELEASED, AccountReport(1))
    assert (case.status, case.facts.decision_rule) == ("declined", "identity_not_verified")
    assert case.actions == ["appeal"]


def test_without_a_transaction_the_account_is_all_there_is_to_secure() -> None:
    case = opened(
        Kind.UNAUTHORIZED,
        transaction_id=None,
        merchant_id=None,
        requested_minor=None,
        currency=None,
    )
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    assert secured(case).status == "account_secured"
    assert (case.holds, case.actions) == ([], [])


def test_a_refund_at_the_wallets_cost_is_possible_once_proven() -> None:
    case = secured(proven())
    grant = decision(payer=Payer.WALLET_ADVANCE, loss_bearer=Payer.BANK)
    case.when(T.ARBITRATOR_DECIDED, grant, actor=Actor.OPS)
    assert (case.facts.payer, case.facts.loss_bearer) == (Payer.WALLET_ADVANCE, Payer.BANK)
    assert case.holds == [("refund", 12_800, "reserved")]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (T.HOLD_EXPIRED, "expired"),
        (T.HOLD_FROZEN, "frozen"),
        (T.HOLD_RELEASED, "released"),
        (T.HOLD_REFUSED, "refused"),
    ],
)
def test_the_hold_of_a_claim_may_have_been_moved_by_another_of_its_disputes(
    answer: T, state: str
) -> None:
    case = opened(Kind.UNAUTHORIZED)
    case.answered("accounts:hold:1", answer, AccountReport(1))
    assert (case.legs["hold"], case.status) == (state, "verifying_identity")


def test_an_account_that_cannot_be_held_ends_like_any_other() -> None:
    case = opened(Kind.UNAUTHORIZED, transaction_id=None)
    case.answered("accounts:hold:1", T.HOLD_REFUSED, AccountReport(1, "unknown_customer"))
    case.answered("accounts:identity:1", T.IDENTITY_FAILED, AccountReport(1, "unknown_customer"))
    assert case.next_actor == "ops"
    case.when(T.DOCUMENTS_REJECTED, Wish("ops-1"), actor=Actor.OPS)
    assert (case.status, case.waits_for) == ("declined", set())


def test_who_is_proven_gets_new_keys_though_the_account_could_not_be_held() -> None:
    case = opened(Kind.UNAUTHORIZED, transaction_id=None)
    case.answered("accounts:hold:1", T.HOLD_REFUSED, AccountReport(1))
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    case.answered("accounts:reset:1", T.RESET_DONE, AccountReport(1))
    assert (case.status, case.waits_for) == ("account_secured", set())


@pytest.mark.parametrize(
    ("answer", "state"), [(T.HOLD_REFUSED, "refused"), (T.HOLD_FROZEN, "frozen")]
)
def test_a_freeze_that_is_refused_does_not_stop_the_new_keys(answer: T, state: str) -> None:
    case = proven()
    case.answered("accounts:freeze:1", answer, AccountReport(1))
    assert case.legs["hold"] == state
    assert "accounts:reset:1" in case.waits_for


def test_another_dispute_of_the_claim_may_have_released_what_this_one_freezes() -> None:
    case = proven()
    case.answered("accounts:freeze:1", T.HOLD_RELEASED, AccountReport(1))
    assert case.legs["hold"] == "released"
    assert "accounts:reset:1" in case.waits_for


def test_a_hold_that_ended_before_it_could_be_released_is_gone() -> None:
    case = held()
    case.answered("accounts:identity:1", T.IDENTITY_FAILED, AccountReport(1))
    case.when(T.DOCUMENTS_REJECTED, Wish("ops-1"), actor=Actor.OPS)
    case.answered("accounts:release:1", T.HOLD_EXPIRED, AccountReport(1))
    assert (case.legs["hold"], case.status) == ("released", "declined")


def test_the_check_is_looked_after_while_it_lasts() -> None:
    case = held()
    case.answered("accounts:identity:1", T.IDENTITY_PENDING, AccountReport(1))
    case.when(T.IDENTITY_RECHECK, after_s=75)
    assert "accounts:identity_query:1" in case.waits_for
    assert case.due_in("identity_recheck") == 75


def test_factors_that_succeed_after_all_need_no_documents() -> None:
    case = held()
    case.answered("accounts:identity:1", T.IDENTITY_FAILED, AccountReport(1))
    case.when(T.DOCUMENTS_DUE, after_s=260)
    assert (case.facts.escalations, case.due_in("documents_due")) == (1, 70)
    case.when(T.IDENTITY_VERIFIED, AccountReport(1))
    assert "accounts:freeze:1" in case.waits_for


def test_documents_count_also_where_nobody_came_to_the_check() -> None:
    case = held()
    case.when(T.IDENTITY_DUE, after_s=250)
    case.when(T.DOCUMENTS_ACCEPTED, Wish("ops-1"), actor=Actor.OPS)
    assert case.legs["identity"] == "verified"


def test_a_secured_account_may_be_reopened() -> None:
    case = opened(
        Kind.UNAUTHORIZED,
        transaction_id=None,
        merchant_id=None,
        requested_minor=None,
        currency=None,
    )
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    secured(case)
    case.when(T.CASE_REOPENED, Cause("ops-1", Reopening.NEW_EVIDENCE), actor=Actor.OPS)
    assert case.status == "in_arbitration"


def test_new_keys_that_a_court_forbids_are_raised_each_time() -> None:
    case = proven()
    case.answered("accounts:freeze:1", T.HOLD_FROZEN, AccountReport(1))
    case.answered("accounts:reset:1", T.RESET_REFUSED, AccountReport(1, "court"))
    before = case.facts.escalations
    case.when(T.RESET_RECHECK, after_s=case.due_in("reset_recheck"))
    assert case.facts.escalations == before + 1


def test_a_credit_goes_to_whoever_had_paid() -> None:
    case = proven(transaction(funding=Funding.BALANCE, payer_id="c-2"))
    given = case.when(T.CREDIT_DUE, after_s=case.due_in("credit_due"))
    (call,) = (e for e in given.effects if isinstance(e, Call) and e.kind == "credit")
    assert asks.payload(case.dispute, call, case.now, PROFILE)["customer_id"] == "c-2"


@pytest.mark.parametrize("bank", ["pending", "credited"])
def test_money_that_comes_back_by_itself_does_so_whoever_reported_it(bank: str) -> None:
    case = held(None)
    case.when(T.INQUIRY_DUE, after_s=20)
    case.answered("accounts:identity:1", T.IDENTITY_FAILED, AccountReport(1))
    case.when(T.DOCUMENTS_REJECTED, Wish("ops-1"), actor=Actor.OPS)
    assert case.status == "in_arbitration"
    back = transaction(
        TransactionState.DEBITED_NOT_CAPTURED, reversal_state=bank, reversal_minor=12_800
    )
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, back)
    if bank == "pending":
        assert "bank:watch:1" in case.waits_for
        case.answered("bank:watch:1", T.REVERSAL_CREDITED, back)
    case.answered("accounts:release:1", T.HOLD_RELEASED, AccountReport(1))
    assert (case.status, case.waits_for) == ("reversed", set())
