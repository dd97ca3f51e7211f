"""A refund in two parts: what one of them says of the other, when it bounces, fails or is late."""

from services.tracker.domain.triggers import Choice, T, Wish
from shared.contracts.vocabulary import Actor, Remedy
from tests.unit.tracker.case import WISH, Case, decision, in_arbitration, refund

PART, MORE = 5_000, 3_000


def granted(case: Case, minor: int, by: str) -> Case:
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=minor, decided_by=by)
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    return case


def second(minor: int = PART) -> Case:
    """A part was credited, and an appeal granted more: the second attempt is being sent."""
    case = granted(in_arbitration(), minor, "ops-1")
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    granted(case, MORE, "ops-2")
    assert case.holds == [("refund", minor + MORE, "reserved")]
    return case


def second_stuck() -> Case:
    case = second()
    case.answered("bank:refund:2", T.REFUND_ACCEPTED, refund(2))
    case.when(T.REFUND_DUE, after_s=600)
    assert (case.legs["refund"], case.next_actor) == ("stuck", "ops")
    return case


def test_a_failed_rest_is_not_paid_by_the_part_that_was() -> None:
    for name, payload in (
        (T.REFUND_FAILED, refund(2)),
        (T.REFUND_DECLARED_FAILED, Wish("ops-1")),
    ):
        case = second_stuck()
        case.when(name, payload, actor=Actor.OPS)
        assert (case.legs["refund"], case.status) == ("failed", "in_arbitration")
        assert case.facts.arbitration_cause == "refund_failed"


def test_decided_against_another_attempt_the_part_stays_paid_and_held() -> None:
    never_sent, overdue = second(), second_stuck()
    never_sent.answered("bank:refund:2", T.REFUND_FAILED, refund(2))
    overdue.when(T.REFUND_FAILED, refund(2))
    for case in (never_sent, overdue):
        against = decision(Remedy.NONE, decided_by="ops-3")
        case.when(T.ARBITRATOR_DECIDED, against, actor=Actor.OPS)
        assert (case.status, case.waits_for) == ("credited", set())
        assert (case.holds, case.facts.credited_minor) == ([("refund", PART, "settled")], PART)


def test_a_part_that_bounces_while_the_rest_is_under_way_is_paid_after_it() -> None:
    case = second()
    case.answered("bank:refund:2", T.REFUND_ACCEPTED, refund(2))
    case.when(T.REFUND_BOUNCED, refund(1))
    assert case.status == "refund_sent"
    case.when(T.REFUND_CREDITED, refund(2))
    assert (case.status, case.facts.credited_minor) == ("refund_bounced", MORE)
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    case.when(T.ACCOUNT_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert case.facts.attempt(3).amount_minor == PART
    case.answered("bank:refund:3", T.REFUND_CREDITED, refund(3))
    assert (case.status, case.holds) == ("credited", [("refund", PART + MORE, "settled")])


def test_a_bounce_of_either_part_leaves_the_other_paid() -> None:
    for bounced, stays in ((1, MORE), (2, PART)):
        case = second()
        case.answered("bank:refund:2", T.REFUND_CREDITED, refund(2))
        assert (case.status, case.facts.credited_minor) == ("credited", PART + MORE)
        case.when(T.REFUND_BOUNCED, refund(bounced))
        assert (case.status, case.facts.credited_minor) == ("refund_bounced", stays)


def test_while_one_minor_unit_of_another_attempt_is_paid_a_person_settles_it() -> None:
    case = granted(in_arbitration(), 1, "ops-1")
    case.answered("bank:refund:1", T.REFUND_FAILED, refund())
    granted(case, MORE, "ops-1")
    case.when(T.REFUND_CREDITED, refund(1))
    assert case.legs["refund"] == "stuck"
    case.when(T.REFUND_ACCEPTED, refund(2))
    assert (case.legs["refund"], case.next_actor) == ("stuck", "ops")
