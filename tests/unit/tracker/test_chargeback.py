"""A card's chargeback: filed, represented, up to arbitration; and one from outside."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.ledger import position
from services.tracker.domain.triggers import ChargebackReport, Choice, MerchantAnswer, T, Wish
from shared.contracts.vocabulary import Actor, Funding, Kind, Remedy
from tests.unit.tracker.case import (
    START,
    Case,
    approved,
    decision,
    found,
    refund,
    transaction,
)

CARD = transaction(funding=Funding.CARD)
OPS = Wish("ops-1")


def arbitrated() -> Case:
    """A refund request over a card's payment that the merchant refused."""
    case = found(Kind.REFUND_REQUEST, CARD)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    return case


def filed() -> Case:
    case = arbitrated()
    case.when(T.CHARGEBACK_ORDERED, OPS, actor=Actor.OPS)
    return case


def represented() -> Case:
    case = filed()
    case.answered("bank:chargeback:1", T.CHARGEBACK_REPRESENTED, ChargebackReport(1))
    return case


def appeared(minor: int | None = None, case: Case | None = None) -> Case:
    """The issuer charged back by itself."""
    case = case or arbitrated()
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, minor))
    return case


def test_the_network_decides_alone() -> None:
    case = filed()
    assert (case.status, case.next_actor) == ("chargeback_filed", "bank")
    assert case.waits_for == {
        "bank:chargeback_watch:1",
        "bank:chargeback:1",
        "chargeback_recheck",
        "chargeback_due",
    }
    assert (case.due_in("chargeback_recheck"), case.due_in("chargeback_due")) == (65, 870)
    assert (case.holds, case.legs["arbitration"]) == (
        [("chargeback", 12_800, "reserved")],
        "superseded",
    )


def test_one_that_is_won_is_an_end() -> None:
    case = filed()
    case.answered("bank:chargeback:1", T.CHARGEBACK_WON, ChargebackReport(1))
    assert (case.status, case.holds) == ("charged_back", [("chargeback", 12_800, "settled")])
    assert (case.waits_for, case.actions) == (set(), [])


def test_one_that_is_lost_goes_to_a_person_and_holds_nothing() -> None:
    case = filed()
    case.answered("bank:chargeback:1", T.CHARGEBACK_LOST, ChargebackReport(1))
    assert case.status == "in_arbitration"
    assert case.holds == [("chargeback", 12_800, "released")]
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert case.status == "refund_approved"


def test_a_representment_is_answered_by_an_operator() -> None:
    case = represented()
    assert (case.status, case.next_actor) == ("chargeback_filed", "ops")
    case.when(T.PRE_ARBITRATION_ORDERED, OPS, actor=Actor.OPS)
    assert "bank:pre_arbitration:1" in case.waits_for
    case.when(T.NETWORK_ARBITRATION_ORDERED, OPS, actor=Actor.OPS)
    assert "bank:network_arbitration:1" in case.waits_for
    case.when(T.CHARGEBACK_WON, ChargebackReport(1))
    assert case.status == "charged_back"


def test_an_accepted_representment_withdraws_it() -> None:
    case = represented()
    case.when(T.REPRESENTMENT_ACCEPTED, OPS, actor=Actor.OPS)
    assert "bank:chargeback_withdrawal:1" in case.waits_for
    assert case.holds == [("chargeback", 12_800, "reserved")]
    case.answered("bank:chargeback_withdrawal:1", T.CHARGEBACK_WITHDRAWN, ChargebackReport(1))
    assert case.status == "in_arbitration"
    assert case.holds == [("chargeback", 12_800, "released")]


def test_a_network_that_is_slow_is_raised() -> None:
    case = filed()
    case.when(T.CHARGEBACK_DUE, after_s=870)
    assert (case.facts.escalations, case.due_in("chargeback_due")) == (1, 70)


def test_a_merchant_that_agrees_after_all_pays_once_it_is_withdrawn() -> None:
    case = filed()
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert "bank:chargeback_withdrawal:1" in case.waits_for
    assert "refund" not in case.legs
    case.answered("bank:chargeback_withdrawal:1", T.CHARGEBACK_WITHDRAWN, ChargebackReport(1))
    assert case.holds == [("refund", 12_800, "reserved"), ("chargeback", 12_800, "released")]


def test_only_a_card_is_charged_back_and_only_in_time() -> None:
    for bank in (transaction(funding=Funding.BALANCE), _closed()):
        case = found(Kind.REFUND_REQUEST, bank)
        assert case.when(T.CHARGEBACK_ORDERED, OPS, actor=Actor.OPS).result == "illegal"


def _closed() -> Any:
    return transaction(funding=Funding.CARD, chargeback_until=START - timedelta(seconds=1))


def test_nothing_is_charged_back_beside_a_refund() -> None:
    case = approved()
    assert case.when(T.CHARGEBACK_ORDERED, OPS, actor=Actor.OPS).result == "illegal"
    case = arbitrated()
    case.money = MoneyView(others_minor=12_800)
    assert case.when(T.CHARGEBACK_ORDERED, OPS, actor=Actor.OPS).result == "illegal"


def test_no_refund_is_granted_beside_it() -> None:
    case = appeared(5_000)
    assert (case.status, case.holds) == ("chargeback_filed", [("chargeback", 5_000, "reserved")])
    answer = case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert answer.result == "illegal"


def test_one_from_outside_that_is_lost_leaves_the_case_to_a_person() -> None:
    case = appeared(12_800)
    case.when(T.CHARGEBACK_LOST, ChargebackReport(None))
    assert (case.status, case.holds) == ("in_arbitration", [("chargeback", 12_800, "released")])


@pytest.mark.parametrize("order", [T.WITHDRAWAL_ORDERED, T.REPRESENTMENT_ACCEPTED])
def test_one_from_outside_is_not_ours_to_withdraw(order: T) -> None:
    case = appeared(12_800)
    assert case.when(order, OPS, actor=Actor.OPS).result == "illegal"


def consented() -> Case:
    """The merchant agreed: the refund of a card's payment is being sent."""
    case = found(Kind.REFUND_REQUEST, CARD)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    return case


def test_one_that_appears_while_a_refund_flies_is_over_recovered_and_shown() -> None:
    case = appeared(12_800, consented())
    assert case.holds == [("refund", 12_800, "reserved"), ("chargeback", 0, "reserved")]
    assert case.facts.over_recovered
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    assert case.status == "chargeback_filed"  # its money may still come: that is told first
    case.when(T.CHARGEBACK_LOST, ChargebackReport(None))
    assert case.status == "credited"


def withheld(case: Case, minor: int = 12_800) -> Case:
    """The bank was asked right before the refund was sent, and told of somebody's chargeback."""
    report = refund(reason="charged_back", charged_back_minor=minor)
    case.answered("bank:refund:1", T.REFUND_WITHHELD, report)
    return case


def test_a_card_may_be_charged_back_by_others_so_we_ask_to_hear_of_it() -> None:
    assert "bank:chargeback_watch:1" in found(Kind.REFUND_REQUEST, CARD).waits_for
    assert "bank:chargeback_watch:1" not in found(Kind.REFUND_REQUEST).waits_for


def test_a_refund_is_not_sent_beside_a_chargeback_that_nobody_told_of() -> None:
    case = withheld(consented())
    assert (case.status, case.next_actor) == ("chargeback_filed", "bank")
    assert case.holds == [("refund", 0, "reserved"), ("chargeback", 12_800, "reserved")]
    assert not case.facts.over_recovered
    case.when(T.CHARGEBACK_WON, ChargebackReport(None))
    assert (case.status, case.holds) == (
        "charged_back",
        [("refund", 0, "released"), ("chargeback", 12_800, "settled")],
    )


def test_what_is_not_sent_goes_to_a_person_once_the_chargeback_is_lost() -> None:
    case = withheld(consented())
    case.when(T.CHARGEBACK_LOST, ChargebackReport(None))
    assert (case.status, case.holds[1]) == ("in_arbitration", ("chargeback", 12_800, "released"))
    case.when(T.ARBITRATOR_DECIDED, decision(), actor=Actor.OPS)
    assert (case.status, case.holds[0]) == ("refund_approved", ("refund", 12_800, "reserved"))
    assert "bank:refund:2" in case.waits_for


def test_what_a_chargeback_leaves_of_the_refund_is_for_a_person() -> None:
    case = withheld(consented(), 5_000)
    case.when(T.CHARGEBACK_WON, ChargebackReport(None))
    assert case.status == "in_arbitration"
    rest = decision(Remedy.PARTIAL_REFUND, amount_minor=7_800)
    case.when(T.ARBITRATOR_DECIDED, rest, actor=Actor.OPS)
    assert case.holds == [("refund", 7_800, "reserved"), ("chargeback", 5_000, "settled")]


def test_one_that_was_told_of_in_time_has_the_refunds_room() -> None:
    case = appeared(12_800, consented())
    assert case.facts.over_recovered  # the refund may have left
    withheld(case)
    assert case.holds == [("refund", 0, "reserved"), ("chargeback", 12_800, "reserved")]
    assert not case.facts.over_recovered


def test_one_that_was_won_before_the_refund_left_has_its_room_too() -> None:
    case = appeared(4_000, consented())
    case.when(T.CHARGEBACK_WON, ChargebackReport(None, 4_000))
    withheld(case, 4_000)
    assert (case.status, case.facts.over_recovered) == ("in_arbitration", False)
    assert case.holds == [("refund", 8_800, "reserved"), ("chargeback", 4_000, "settled")]


def test_the_issuer_may_file_after_ours_was_lost() -> None:
    case = filed()
    case.answered("bank:chargeback:1", T.CHARGEBACK_LOST, ChargebackReport(1))
    appeared(5_000, case)
    assert (case.status, case.holds) == ("chargeback_filed", [("chargeback", 5_000, "reserved")])
    case.when(T.CHARGEBACK_WON, ChargebackReport(None))
    assert (case.status, case.holds) == ("charged_back", [("chargeback", 5_000, "settled")])


def test_the_banks_answer_tells_of_one_that_was_there_before() -> None:
    case = found(Kind.GOODS_OR_SERVICE, transaction(funding=Funding.CARD, chargeback_minor=12_800))
    assert (case.status, case.holds) == ("chargeback_filed", [("chargeback", 12_800, "reserved")])
    assert not case.facts.over_recovered


def test_before_that_answer_news_of_one_says_nothing() -> None:
    case = found(Kind.REFUND_REQUEST, CARD)
    denied = decision(Remedy.NONE)
    assert case.when(T.ARBITRATOR_DECIDED, denied, actor=Actor.OPS).result == "illegal"
    assert appeared(100, case).holds == [("chargeback", 100, "reserved")]


def at(stage: str) -> Case:
    """A chargeback of ours that has come so far."""
    case = filed() if stage == "filed" else represented()
    for order in {
        "pre_arbitration": [T.PRE_ARBITRATION_ORDERED],
        "arbitration": [T.PRE_ARBITRATION_ORDERED, T.NETWORK_ARBITRATION_ORDERED],
        "withdrawing": [T.WITHDRAWAL_ORDERED],
    }.get(stage, []):
        case.when(order, OPS, actor=Actor.OPS)
    assert case.legs["chargeback"] == stage
    return case


STAGES = ("filed", "represented", "pre_arbitration", "arbitration", "withdrawing")


@pytest.mark.parametrize("stage", STAGES)
def test_the_network_may_end_it_at_every_stage(stage: str) -> None:
    won, lost, over = at(stage), at(stage), at(stage)
    won.when(T.CHARGEBACK_WON, ChargebackReport(1))
    assert (won.status, won.holds) == ("charged_back", [("chargeback", 12_800, "settled")])
    lost.when(T.CHARGEBACK_LOST, ChargebackReport(1))
    assert (lost.status, lost.holds) == ("in_arbitration", [("chargeback", 12_800, "released")])
    over.when(T.CHARGEBACK_WITHDRAWN, ChargebackReport(1))
    assert (over.status, over.holds) == ("in_arbitration", [("chargeback", 12_800, "released")])


@pytest.mark.parametrize("stage", STAGES)
def test_until_then_it_is_asked_how_it_stands(stage: str) -> None:
    case = at(stage)
    case.when(T.CHARGEBACK_RECHECK, after_s=65)
    assert "bank:chargeback_query:1" in case.waits_for
    case.answered("bank:chargeback_query:1", T.CHARGEBACK_PENDING, ChargebackReport(1))
    assert (case.legs["chargeback"], case.due_in("chargeback_recheck")) == (stage, 65)


@pytest.mark.parametrize("stage", STAGES[:4])
def test_a_slow_stage_is_raised(stage: str) -> None:
    case = at(stage)
    case.when(T.CHARGEBACK_DUE, after_s=870)
    assert (case.facts.escalations, case.due_in("chargeback_due")) == (1, 70)


@pytest.mark.parametrize("stage", STAGES[:3])
def test_we_may_withdraw_it_until_the_network_arbitrates(stage: str) -> None:
    case = at(stage)
    case.when(T.WITHDRAWAL_ORDERED, OPS, actor=Actor.OPS)
    assert "bank:chargeback_withdrawal:1" in case.waits_for
    later = at("arbitration").when(T.WITHDRAWAL_ORDERED, OPS, actor=Actor.OPS)
    assert later.result == "illegal"


def test_consent_withdraws_a_represented_one_too() -> None:
    case = represented()
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert "bank:chargeback_withdrawal:1" in case.waits_for


@pytest.mark.parametrize("end", [T.CHARGEBACK_LOST, T.CHARGEBACK_WITHDRAWN])
def test_one_that_had_been_given_up_and_is_won_counts(end: T) -> None:
    case = filed()
    case.when(end, ChargebackReport(1))
    case.when(T.CHARGEBACK_WON, ChargebackReport(1))
    assert (case.status, case.holds) == ("charged_back", [("chargeback", 12_800, "settled")])


def test_what_was_won_may_be_taken_back() -> None:
    case = filed()
    case.when(T.CHARGEBACK_WON, ChargebackReport(1))
    case.when(T.CHARGEBACK_REPRESENTED, ChargebackReport(1))
    assert (case.status, case.holds) == (
        "chargeback_filed",
        [("chargeback", 12_800, "reserved")],
    )
    lost = filed()
    lost.when(T.CHARGEBACK_WON, ChargebackReport(1))
    lost.when(T.CHARGEBACK_LOST, ChargebackReport(1))
    assert lost.status == "in_arbitration"


def test_a_lost_one_in_a_case_that_nobody_else_settles_goes_to_a_person() -> None:
    case = found(Kind.PAYMENT_FAILED, CARD)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.CHARGEBACK_ORDERED, OPS, actor=Actor.OPS)
    case.when(T.CHARGEBACK_LOST, ChargebackReport(1))
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "chargeback_failed")


def test_one_from_outside_is_held_and_booked_by_one_dispute() -> None:
    case = arbitrated()
    case.money = MoneyView(others_minor=12_800, elsewhere=("chargeback",))
    appeared(12_800, case)
    assert (case.status, case.holds) == ("chargeback_filed", [("chargeback", 0, "released")])
    case.when(T.CHARGEBACK_WON, ChargebackReport(None, 12_800))
    assert (case.status, case.facts.over_recovered) == ("charged_back", False)
    assert position(case.dispute) == {}


def test_old_news_of_our_own_says_nothing_of_the_one_from_outside() -> None:
    case = filed()
    case.answered("bank:chargeback:1", T.CHARGEBACK_LOST, ChargebackReport(1))
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 12_800))
    assert (case.status, case.holds) == ("chargeback_filed", [("chargeback", 12_800, "reserved")])
    assert case.when(T.CHARGEBACK_LOST, ChargebackReport(1)).result == "late"
    assert case.holds == [("chargeback", 12_800, "reserved")]
    case.when(T.CHARGEBACK_WON, ChargebackReport(None))
    assert (case.status, case.holds) == ("charged_back", [("chargeback", 12_800, "settled")])


def test_one_from_outside_that_comes_beside_ours_is_taken_up_once_ours_is_over() -> None:
    case = filed()
    assert appeared(12_800, case).status == "chargeback_filed"
    assert case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 12_800)).result == "late"
    assert case.when(T.CHARGEBACK_WON, ChargebackReport(None, 12_800)).result == "late"
    case.answered("bank:chargeback:1", T.CHARGEBACK_LOST, ChargebackReport(1))
    assert (case.status, case.facts.chargeback_outside) == ("chargeback_filed", True)
    case.when(T.CHARGEBACK_WON, ChargebackReport(None, 12_800))
    assert (case.status, case.holds) == ("charged_back", [("chargeback", 12_800, "settled")])
    assert not case.facts.over_recovered


def test_the_same_from_outside_is_heard_once_and_another_after_its_end_again() -> None:
    case = appeared(12_800)
    assert case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 12_800)).result == "late"
    case.when(T.CHARGEBACK_LOST, ChargebackReport(None))
    assert appeared(4_000, case).holds == [("chargeback", 4_000, "reserved")]


def test_one_that_comes_beside_ours_without_an_amount_is_about_the_whole_payment() -> None:
    case = appeared(None, filed())
    assert case.facts.chargeback_found_minor == 12_800
    assert appeared(5_000, filed()).facts.chargeback_found_minor == 5_000


def test_why_a_refund_is_withheld_is_known() -> None:
    assert withheld(consented()).facts.refund_reason == "charged_back"


def test_one_that_was_won_before_anybody_asked_is_not_counted_once_more() -> None:
    bank = transaction(funding=Funding.CARD, refunded_minor=4_000, chargeback_won=True)
    case = found(Kind.REFUND_REQUEST, bank)
    for name in (T.CHARGEBACK_APPEARED, T.CHARGEBACK_WON):
        assert case.when(name, ChargebackReport(None, 4_000)).result == "late"
    assert (case.holds, case.facts.over_recovered) == ([], False)


@pytest.mark.parametrize("first", ["bounce", "chargeback"])
def test_what_is_owed_gives_way_to_an_issuers_chargeback(first: str) -> None:
    case = consented()
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    if first == "chargeback":
        appeared(4_000, case)
        assert case.facts.over_recovered
    case.when(T.REFUND_BOUNCED, refund())
    if first == "bounce":
        assert not appeared(4_000, case).facts.over_recovered
    assert case.holds == [("refund", 8_800, "reserved"), ("chargeback", 4_000, "reserved")]
    case.when(T.CHARGEBACK_WON, ChargebackReport(None, 4_000))
    case.when(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"), actor=Actor.CUSTOMER)
    for person in ("ops-1", "ops-2"):
        case.when(T.ACCOUNT_CONFIRMED, Wish(person), actor=Actor.OPS)
    assert case.status == "in_arbitration"  # all of it no longer fits
    rest = decision(Remedy.PARTIAL_REFUND, amount_minor=8_801, decided_by="ops-3")
    assert case.when(T.ARBITRATOR_DECIDED, rest, actor=Actor.OPS).result == "invalid"
    case.when(T.ARBITRATOR_DECIDED, replace(rest, amount_minor=8_800), actor=Actor.OPS)
    assert case.holds == [("refund", 8_800, "reserved"), ("chargeback", 4_000, "settled")]
