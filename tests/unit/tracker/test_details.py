"""An incomplete claim is accepted; what is missing is asked for, and counts whenever it comes."""

from services.tracker.domain.triggers import Details, T, Wish
from shared.contracts.vocabulary import Actor, Kind
from tests.unit.tracker.case import WISH, Case, decision, opened

NAMED = Details("c-1", "t-1", 4_000, "CNY")


def incomplete(kind: Kind = Kind.REFUND_REQUEST) -> Case:
    return opened(kind, transaction_id=None, merchant_id=None, requested_minor=None, currency=None)


def lapsed() -> Case:
    case = incomplete()
    case.when(T.DETAILS_DUE, after_s=810)
    return case


def test_the_customer_is_asked_which_transaction() -> None:
    case = incomplete()
    assert (case.status, case.next_actor) == ("needs_details", "customer")
    assert (case.waits_for, case.due_in("details_due")) == ({"details_due"}, 810)
    assert case.actions == ["withdraw", "give_details"]


def test_what_they_name_is_looked_up() -> None:
    case = incomplete()
    case.when(T.DETAILS_GIVEN, NAMED, actor=Actor.CUSTOMER)
    assert (case.status, case.waits_for) == ("checking", {"bank:inquiry:1", "inquiry_due"})
    claim = case.dispute.claim
    assert (claim.transaction_id, claim.requested_minor) == ("t-1", 4_000)
    assert case.facts.details_given == ("transaction", "amount")


def test_silence_is_no_end_a_person_finds_it_with_them() -> None:
    case = lapsed()
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "no_transaction")
    assert "give_details" in case.actions


def test_a_transaction_that_is_named_late_needs_no_person() -> None:
    case = lapsed()
    case.when(T.DETAILS_GIVEN, NAMED, actor=Actor.CUSTOMER)
    assert (case.legs["arbitration"], case.status) == ("superseded", "checking")


def test_nothing_is_paid_before_a_transaction_is_known() -> None:
    case = lapsed()
    assert case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS).result == "illegal"


def test_a_theft_may_be_about_a_transaction_that_is_named_before_anybody_asks() -> None:
    case = incomplete(Kind.UNAUTHORIZED)
    assert "give_details" in case.actions
    case.when(T.DETAILS_GIVEN, NAMED, actor=Actor.CUSTOMER)
    assert {"accounts:hold:1", "bank:inquiry:1"} <= case.waits_for


def test_what_was_said_once_stays() -> None:
    case = incomplete()
    case.when(T.DETAILS_GIVEN, NAMED, actor=Actor.CUSTOMER)
    other = Details("c-1", "t-2", 9_000, "CNY")
    assert case.when(T.DETAILS_GIVEN, other, actor=Actor.CUSTOMER).result == "illegal"
    assert case.dispute.claim.transaction_id == "t-1"


def test_an_incomplete_claim_may_be_withdrawn() -> None:
    case = incomplete()
    case.when(T.WITHDRAWN, Wish("c-1"), actor=Actor.CUSTOMER)
    assert (case.status, WISH.requested_by) == ("withdrawn", "c-1")
