"""An appeal against a part: what was credited stays, and what is granted comes on top of it."""

from datetime import timedelta

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.snapshot import status_changed
from services.tracker.domain.triggers import T, Trigger
from shared.contracts.events import Amount
from shared.contracts.vocabulary import Actor, Payer, Remedy
from tests.unit.tracker.case import START, WISH, Case, decision, in_arbitration, refund

PART = decision(Remedy.PARTIAL_REFUND, amount_minor=5_000, payer=Payer.WALLET_ADVANCE)
MORE = decision(Remedy.PARTIAL_REFUND, amount_minor=7_800, decided_by="ops-2")
NO_MORE = decision(Remedy.NONE, decided_by="ops-2")


def part_granted() -> Case:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, PART, actor=Actor.OPS)
    return case


def part_credited() -> Case:
    case = part_granted()
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    return case


def appealed() -> Case:
    case = part_credited()
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    return case


def more_granted() -> Case:
    case = appealed()
    case.when(T.ARBITRATOR_DECIDED, MORE, actor=Actor.OPS)
    return case


def test_a_part_can_be_appealed_once_it_is_credited() -> None:
    case = part_granted()
    assert (case.facts.appeal_until, case.actions) == (START + timedelta(seconds=3000), [])
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.status, case.actions) == ("credited", ["appeal"])
    case.now += timedelta(seconds=3000)
    assert case.actions == []


def test_the_whole_leaves_nothing_to_appeal_for() -> None:
    case = in_arbitration()
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert (case.facts.appeal_until, case.actions) == (None, [])
    answer = case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    assert (answer.result, case.status) == ("illegal", "credited")


def test_an_appeal_against_a_part_goes_to_a_person_and_keeps_the_money_settled() -> None:
    case = appealed()
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "appeal")
    assert (case.holds, case.waits_for) == ([("refund", 5_000, "settled")], {"arbitration_due"})
    same = case.when(T.ARBITRATOR_DECIDED, PART, actor=Actor.OPS)
    assert (same.result, same.field) == ("invalid", "decided_by")


def test_more_is_granted_on_top_under_a_key_of_its_own() -> None:
    case = more_granted()
    assert (case.status, case.waits_for) == ("refund_approved", {"bank:refund:2"})
    assert case.facts.approved_minor == 7_800  # what is sent now
    assert case.holds == [("refund", 12_800, "reserved")]
    case.answered("bank:refund:2", T.REFUND_CREDITED, refund(2))
    assert (case.status, case.actions) == ("credited", [])
    assert case.holds == [("refund", 12_800, "settled")]
    told = status_changed(case.dispute, Trigger(T.REFUND_CREDITED), case.now)
    whole = Amount.model_construct(amount_minor=12_800, currency="CNY")
    assert (told.credited, told.approved) == (whole, whole)


@pytest.mark.parametrize(("others", "left"), [(0, 7_800), (7_000, 800)])
def test_no_more_is_granted_than_the_first_part_leaves(others: int, left: int) -> None:
    case = appealed()
    case.money = MoneyView(others_minor=others)
    above = decision(amount_minor=left + 1, decided_by="ops-2")
    answer = case.when(T.ARBITRATOR_DECIDED, above, actor=Actor.OPS)
    assert (answer.result, answer.field) == ("invalid", "amount")
    assert case.holds == [("refund", 5_000, "settled")]


def test_a_denied_appeal_leaves_the_part_as_it_was() -> None:
    case = appealed()
    case.when(T.ARBITRATOR_DECIDED, NO_MORE, actor=Actor.OPS)
    assert (case.status, case.actions, case.waits_for) == ("credited", [], set())
    assert case.holds == [("refund", 5_000, "settled")]
    assert case.facts.payer is Payer.WALLET_ADVANCE


def test_where_the_second_refund_fails_for_good_the_first_part_stays() -> None:
    case = more_granted()
    case.answered("bank:refund:2", T.REFUND_FAILED, refund(2))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "refund_failed")
    case.when(T.ARBITRATOR_DECIDED, NO_MORE, actor=Actor.OPS)
    assert (case.status, case.holds) == ("credited", [("refund", 5_000, "settled")])
    late = case.when(T.REFUND_BOUNCED, refund(2))
    assert (late.result, case.status) == ("late", "credited")


def test_a_part_that_bounces_during_the_appeal_is_settled_before_it_is_decided() -> None:
    case = appealed()
    case.when(T.REFUND_BOUNCED, refund(reason="card_closed"))
    assert case.holds == [("refund", 5_000, "reserved")]
    for wanted in (MORE, NO_MORE):
        early = case.when(T.ARBITRATOR_DECIDED, wanted, actor=Actor.OPS)
        assert (early.result, case.holds) == ("illegal", [("refund", 5_000, "reserved")])
    case.answered("bank:refund_query:1", T.REFUND_CREDITED, refund())  # heard in the wrong order
    assert (case.status, case.holds) == ("in_arbitration", [("refund", 5_000, "settled")])
    case.when(T.ARBITRATOR_DECIDED, MORE, actor=Actor.OPS)
    assert (case.waits_for, case.holds) == ({"bank:refund:2"}, [("refund", 12_800, "reserved")])
