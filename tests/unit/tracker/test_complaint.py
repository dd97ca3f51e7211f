"""A complaint about the service: an answer by a person, once more by another one."""

import pytest

from services.tracker.domain.triggers import Cause, T, Wish
from shared.contracts.vocabulary import Actor, Kind, Reopening
from tests.unit.tracker.case import Case, opened


def complained() -> Case:
    return opened(
        Kind.COMPLAINT, transaction_id=None, merchant_id=None, requested_minor=None, currency=None
    )


def answered() -> Case:
    case = complained()
    case.when(T.COMPLAINT_ANSWERED, Cause("ops-1", "explained", "sealed"), actor=Actor.OPS)
    return case


def test_it_has_a_clock_of_its_own() -> None:
    case = complained()
    assert (case.status, case.next_actor) == ("complaint_open", "ops")
    assert (case.waits_for, case.due_in("complaint_due")) == ({"complaint_due"}, 910)
    case.when(T.COMPLAINT_DUE, after_s=910)
    assert (case.facts.escalations, case.due_in("complaint_due")) == (1, 70)


def test_an_answer_ends_it_with_one_appeal() -> None:
    case = answered()
    assert (case.status, case.next_actor, case.waits_for) == ("answered", "nobody", set())
    assert (case.facts.decision_reason, case.facts.decision_note) == ("explained", "sealed")
    assert case.actions == ["appeal"]


def test_somebody_else_answers_the_appeal_and_then_it_is_sealed() -> None:
    case = answered()
    case.when(T.APPEALED, Wish("c-1"), actor=Actor.CUSTOMER)
    assert (case.status, case.due_in("complaint_due")) == ("complaint_open", 910)
    same = case.when(T.COMPLAINT_ANSWERED, Cause("ops-1", "explained"), actor=Actor.OPS)
    assert same.result == "invalid"
    case.when(T.COMPLAINT_ANSWERED, Cause("ops-2", "apology"), actor=Actor.OPS)
    assert (case.status, case.legs["appeal"], case.actions) == ("answered", "sealed", [])


@pytest.mark.parametrize("cause", list(Reopening))
def test_a_sealed_one_is_reopened_for_a_named_cause(cause: Reopening) -> None:
    case = answered()
    case.when(T.CASE_REOPENED, Cause("ops-3", cause), actor=Actor.OPS)
    assert (case.status, case.facts.reopened_for) == ("complaint_open", cause)


def test_an_appeal_that_is_withdrawn_is_over_and_a_court_may_still_reopen_it() -> None:
    case = answered()
    case.when(T.APPEALED, Wish("c-1"), actor=Actor.CUSTOMER)
    case.when(T.WITHDRAWN, Wish("c-1"), actor=Actor.CUSTOMER)
    assert (case.status, case.legs["appeal"], case.actions) == ("withdrawn", "sealed", [])
    case.when(T.CASE_REOPENED, Cause("ops-3", Reopening.COURT_ORDER), actor=Actor.OPS)
    assert (case.status, case.waits_for) == ("complaint_open", {"complaint_due"})
