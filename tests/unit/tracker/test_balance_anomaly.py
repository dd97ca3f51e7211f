"""A balance that is not what it should be: the books are compared, and corrected by two."""

from typing import Any

import pytest

from services.tracker.domain.ledger import position
from services.tracker.domain.triggers import AccountReport, Cause, Comparison, Posting, T, Wish
from shared.contracts.vocabulary import Actor, Fault, Kind, Payer, Remedy, Reopening
from tests.unit.tracker.case import Case, decision, opened

CORRECTION: Any = {
    "remedy": Remedy.CORRECTION,
    "fault": Fault.NEITHER,
    "amount_minor": 700,
    "payer": Payer.WALLET_ADVANCE,
}


def compared(name: T | None = None, minor: int | None = None) -> Case:
    case = opened(
        Kind.BALANCE_ANOMALY,
        transaction_id=None,
        merchant_id=None,
        requested_minor=None,
        currency=None,
    )
    if name:
        case.answered("bank:records:1", name, Comparison(1, minor, "CNY"))
    return case


def proposed() -> Case:
    case = compared(T.RECORDS_OUR_ERROR, 700)
    case.when(T.ARBITRATOR_DECIDED, decision(**CORRECTION), actor=Actor.OPS)
    return case


def test_the_books_are_compared_at_once() -> None:
    case = compared()
    assert (case.status, case.next_actor) == ("comparing", "redress")
    assert (case.waits_for, case.due_in("records_due")) == ({"bank:records:1", "records_due"}, 820)


def test_what_has_a_reason_is_explained() -> None:
    case = compared(T.RECORDS_EXPLAINED)
    assert (case.status, case.actions) == ("explained", ["appeal"])


def test_our_error_goes_to_a_person() -> None:
    case = compared(T.RECORDS_OUR_ERROR, 700)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "our_error")
    assert case.facts.records_minor == 700


def test_a_correction_of_any_amount_takes_two_people() -> None:
    case = proposed()
    assert (case.status, case.legs["arbitration"]) == ("in_arbitration", "proposed")
    assert case.due_in("arbitration_due") == 220
    assert case.when(T.DECISION_CONFIRMED, Wish("ops-1"), actor=Actor.OPS).result == "invalid"
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert case.status == "correcting"
    case.answered("bank:correction:1", T.CORRECTION_POSTED, Posting(1))
    assert (case.status, case.waits_for) == ("corrected", set())


def test_a_correction_that_the_ledger_refuses_is_looked_at_again() -> None:
    case = proposed()
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    case.answered("bank:correction:1", T.CORRECTION_REFUSED, Posting(1, reason="closed"))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "correction_refused")
    case.when(T.ARBITRATOR_DECIDED, decision(**CORRECTION), actor=Actor.OPS)
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert case.waits_for == {"bank:correction:2"}


def test_only_the_wallet_pays_for_its_own_error() -> None:
    case = compared(T.RECORDS_OUR_ERROR, 700)
    made = decision(**(CORRECTION | {"payer": Payer.MERCHANT}))
    answer = case.when(T.ARBITRATOR_DECIDED, made, actor=Actor.OPS)
    assert (answer.result, answer.field) == ("invalid", "payer")


def test_unknown_debits_are_treated_as_theft() -> None:
    case = compared(T.RECORDS_UNKNOWN_DEBITS)
    assert "accounts:hold:1" in case.waits_for
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    assert case.status == "verifying_identity"
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    assert "accounts:freeze:1" in case.waits_for


def test_what_the_law_holds_gets_a_neutral_answer() -> None:
    case = compared(T.RECORDS_HELD)
    assert (case.status, case.facts.decision_rule) == ("referred", "held_by_law")
    assert case.actions == ["appeal"]


def test_books_that_nobody_compared_in_time() -> None:
    case = compared()
    case.when(T.RECORDS_DUE, after_s=820)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "records_silent")


def test_nothing_is_corrected_before_the_records_tell_the_currency() -> None:
    case = compared()
    case.when(T.RECORDS_DUE, after_s=820)
    answer = case.when(T.ARBITRATOR_DECIDED, decision(**CORRECTION), actor=Actor.OPS)
    assert (answer.result, answer.field, case.status) == ("illegal", "remedy", "in_arbitration")
    case.answered("bank:records:1", T.RECORDS_OUR_ERROR, Comparison(1, 700, "CNY"))
    case.when(T.ARBITRATOR_DECIDED, decision(**CORRECTION), actor=Actor.OPS)
    assert case.legs["arbitration"] == "proposed"


@pytest.mark.parametrize(
    ("late", "state"),
    [(T.RECORDS_EXPLAINED, "explained"), (T.RECORDS_HELD, "held")],
)
def test_records_that_come_late_are_there_for_the_person_who_decides(late: T, state: str) -> None:
    case = compared()
    case.when(T.RECORDS_DUE, after_s=820)
    case.answered("bank:records:1", late, Comparison(1))
    assert (case.status, case.legs["records"]) == ("in_arbitration", state)


def test_unknown_debits_that_are_found_late_hold_the_account_all_the_same() -> None:
    case = compared()
    case.when(T.RECORDS_DUE, after_s=820)
    case.answered("bank:records:1", T.RECORDS_UNKNOWN_DEBITS, Comparison(1))
    assert "accounts:hold:1" in case.waits_for


def test_a_correction_is_appealed_also_where_the_claim_named_no_amount() -> None:
    case = proposed()
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    case.answered("bank:correction:1", T.CORRECTION_POSTED, Posting(1))
    assert (case.status, case.actions) == ("corrected", ["appeal"])
    case.when(T.APPEALED, Wish("c-1"), actor=Actor.CUSTOMER)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "appeal")


@pytest.mark.parametrize("finding", [T.RECORDS_EXPLAINED, T.RECORDS_HELD])
def test_an_explanation_and_a_referral_are_appealed(finding: T) -> None:
    case = compared(finding)
    case.when(T.APPEALED, Wish("c-1"), actor=Actor.CUSTOMER)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "appeal")


def test_a_correction_granted_on_appeal_is_posted_before_the_end_is_told() -> None:
    """Who asked did not prove who they are, and was declined for it: that is no reason again."""
    case = compared(T.RECORDS_UNKNOWN_DEBITS)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.answered("accounts:identity:1", T.IDENTITY_FAILED, AccountReport(1))
    case.when(T.DOCUMENTS_REJECTED, Wish("ops-1"), actor=Actor.OPS)
    case.answered("accounts:release:1", T.HOLD_RELEASED, AccountReport(1))
    assert case.status == "declined"
    case.when(T.APPEALED, Wish("c-1"), actor=Actor.CUSTOMER)
    case.when(T.ARBITRATOR_DECIDED, decision(**CORRECTION, decided_by="ops-2"), actor=Actor.OPS)
    case.when(T.DECISION_CONFIRMED, Wish("ops-3"), actor=Actor.OPS)
    assert (case.status, case.waits_for) == ("correcting", {"bank:correction:1"})
    case.answered("bank:correction:1", T.CORRECTION_POSTED, Posting(1))
    assert (case.status, case.waits_for) == ("corrected", set())


def reopened_after_securing() -> Case:
    """Debits nobody knew were taken for a theft; a court wants the books looked at again."""
    case = compared(T.RECORDS_UNKNOWN_DEBITS)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    case.answered("accounts:freeze:1", T.HOLD_FROZEN, AccountReport(1))
    case.answered("accounts:reset:1", T.RESET_DONE, AccountReport(1))
    case.answered("accounts:release:1", T.HOLD_RELEASED, AccountReport(1))
    assert case.status == "account_secured"
    case.when(T.CASE_REOPENED, Cause("ops-3", Reopening.COURT_ORDER), actor=Actor.OPS)
    case.when(T.ARBITRATOR_DECIDED, decision(**CORRECTION), actor=Actor.OPS)
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    return case


def test_a_correction_is_posted_also_where_the_account_was_secured_before() -> None:
    case = reopened_after_securing()
    assert (case.status, case.waits_for) == ("correcting", {"bank:correction:1"})
    case.answered("bank:correction:1", T.CORRECTION_POSTED, Posting(1))
    assert (case.status, case.waits_for) == ("corrected", set())


def test_one_that_is_refused_then_is_looked_at_again_too() -> None:
    case = reopened_after_securing()
    case.answered("bank:correction:1", T.CORRECTION_REFUSED, Posting(1, reason="closed"))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "correction_refused")
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert (case.status, case.waits_for) == ("declined", set())


def test_a_correction_stays_what_it_was_when_its_appeal_is_denied() -> None:
    case = proposed()
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    case.answered("bank:correction:1", T.CORRECTION_POSTED, Posting(1))
    case.when(T.APPEALED, Wish("c-1"), actor=Actor.CUSTOMER)
    denied = decision(Remedy.NONE, decided_by="ops-3")
    case.when(T.ARBITRATOR_DECIDED, denied, actor=Actor.OPS)
    assert (case.status, case.facts.correction_minor) == ("corrected", 700)
    assert position(case.dispute) == {"customer": 700, "wallet:correction": -700}
