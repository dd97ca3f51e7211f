"""Lost access: the identity service proves who asks and resets, never an operator."""

from services.tracker.domain.commands import ops_commands
from services.tracker.domain.triggers import AccountReport, T, Wish
from shared.contracts.vocabulary import Actor, Kind
from tests.unit.tracker.case import WISH, Case, opened


def asked() -> Case:
    return opened(
        Kind.ACCESS_LOST, transaction_id=None, merchant_id=None, requested_minor=None, currency=None
    )


def proven() -> Case:
    case = asked()
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    return case


def refused(reason: str) -> Case:
    case = proven()
    case.answered("accounts:reset:1", T.RESET_REFUSED, AccountReport(1, reason))
    return case


def test_two_factors_come_first() -> None:
    case = asked()
    assert (case.status, case.next_actor) == ("verifying_identity", "customer")
    assert case.waits_for == {"accounts:identity:1", "identity_recheck", "identity_due"}
    assert (case.due_in("identity_recheck"), case.due_in("identity_due")) == (75, 250)


def test_the_identity_service_makes_new_keys() -> None:
    case = proven()
    assert (case.status, case.next_actor) == ("restoring_access", "redress")
    assert case.waits_for == {"accounts:reset:1", "reset_recheck"}
    case.answered("accounts:reset:1", T.RESET_PENDING, AccountReport(1))
    case.when(T.RESET_RECHECK, after_s=85)
    case.answered("accounts:reset_query:1", T.RESET_DONE, AccountReport(1))
    assert (case.status, case.waits_for, case.actions) == ("access_restored", set(), [])


def test_failed_factors_leave_the_documents() -> None:
    case = asked()
    case.answered("accounts:identity:1", T.IDENTITY_FAILED, AccountReport(1))
    assert (case.status, case.due_in("documents_due")) == ("under_review", 260)
    case.when(T.DOCUMENTS_ACCEPTED, Wish("ops-1"), actor=Actor.OPS)
    assert case.status == "restoring_access"


def test_documents_that_prove_nothing_are_an_end_with_an_appeal() -> None:
    case = asked()
    case.when(T.IDENTITY_DUE, after_s=250)
    case.when(T.DOCUMENTS_REJECTED, Wish("ops-1"), actor=Actor.OPS)
    assert (case.status, case.facts.decision_rule) == ("declined", "identity_not_verified")
    assert case.actions == ["appeal"]


def test_factors_count_also_after_their_time() -> None:
    case = asked()
    case.when(T.IDENTITY_DUE, after_s=250)
    case.when(T.IDENTITY_VERIFIED, AccountReport(1))
    assert case.status == "restoring_access"


def test_a_limit_ends_by_itself_and_the_reset_is_asked_anew() -> None:
    case = refused("limit")
    assert (case.status, case.due_in("reset_recheck")) == ("restoring_access", 270)
    case.when(T.RESET_RECHECK, after_s=270)
    assert "accounts:reset:2" in case.waits_for
    case.answered("accounts:reset:2", T.RESET_DONE, AccountReport(2))
    assert case.status == "access_restored"


def test_a_new_reset_whose_answer_was_lost_keeps_its_number() -> None:
    case = refused("limit")
    case.when(T.RESET_RECHECK, after_s=270)
    case.when(T.RESET_RECHECK, after_s=85)
    assert "accounts:reset_query:2" in case.waits_for
    case.when(T.RESET_DONE, AccountReport(2))
    assert case.status == "access_restored"


def test_a_court_is_named_where_that_is_lawful() -> None:
    case = refused("court")
    assert (case.status, case.facts.decision_rule) == ("referred", "held_by_law")
    assert case.actions == ["appeal"]


def test_the_customer_may_let_it_be() -> None:
    case = asked()
    case.when(T.WITHDRAWN, Wish("c-1"), actor=Actor.CUSTOMER)
    assert (case.status, case.waits_for) == ("withdrawn", set())


def test_a_reset_that_was_refused_and_is_done_after_all() -> None:
    case = refused("limit")
    case.when(T.RESET_DONE, AccountReport(1))
    assert case.status == "access_restored"


def test_on_appeal_somebody_else_may_accept_the_documents() -> None:
    case = asked()
    case.when(T.IDENTITY_DUE, after_s=250)
    case.when(T.DOCUMENTS_REJECTED, Wish("ops-1"), actor=Actor.OPS)
    accepted = case.when(T.DOCUMENTS_ACCEPTED, Wish("ops-2"), actor=Actor.OPS)
    assert accepted.result == "illegal"  # nobody appealed
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert (case.status, "accept_documents" in ops_commands(case.dispute)) == (
        "in_arbitration",
        True,
    )
    again = case.when(T.DOCUMENTS_ACCEPTED, Wish("ops-1"), actor=Actor.OPS)
    assert (again.result, again.field) == ("invalid", "decided_by")
    case.when(T.DOCUMENTS_ACCEPTED, Wish("ops-2"), actor=Actor.OPS)
    assert (case.status, case.legs["appeal"]) == ("restoring_access", "sealed")
    case.answered("accounts:reset:1", T.RESET_DONE, AccountReport(1))
    assert (case.status, case.waits_for) == ("access_restored", set())
