"""By when a dispute must be served: the order in which due work is given."""

from dataclasses import replace
from datetime import timedelta

from services.tracker.domain import public
from services.tracker.domain.triggers import ChargebackReport, MerchantAnswer, T
from shared.contracts.vocabulary import Actor, Funding, Kind
from tests.unit.tracker.case import (
    START,
    Case,
    asked_of_merchant,
    found,
    in_arbitration,
    in_flight,
    refund,
    transaction,
)


def slack_in(case: Case) -> float | None:
    """Seconds after the opening."""
    moment = public.slack_at(case.dispute, case.now)
    return (moment - START).total_seconds() if moment else None


def by_card(window_s: int) -> Case:
    """The merchant has been asked; the network's window closes so long after the opening."""
    until = START + timedelta(seconds=window_s)
    paid = transaction(funding=Funding.CARD, chargeback_until=until)
    case = found(Kind.REFUND_REQUEST, paid)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    return case


def test_it_is_the_promised_date() -> None:
    assert slack_in(in_arbitration()) == 700


def test_at_the_end_there_is_none() -> None:
    case = in_flight()
    case.when(T.REFUND_CREDITED, refund())
    assert (case.status, slack_in(case)) == ("credited", None)


def test_the_networks_window_counts_where_it_closes_before_the_promised_date() -> None:
    assert slack_in(by_card(300)) == 300
    assert slack_in(by_card(1001)) == 1000


def test_a_window_that_has_closed_is_no_reason_to_hurry() -> None:
    case = by_card(300)
    case.now = START + timedelta(seconds=299)
    assert slack_in(case) == 300
    case.now = START + timedelta(seconds=300)
    assert slack_in(case) == 1000


def test_nor_is_one_in_which_the_money_was_charged_back() -> None:
    case = by_card(300)
    case.when(T.CHARGEBACK_APPEARED, ChargebackReport(None, 12_800))
    assert case.legs["chargeback"] == "filed"
    assert slack_in(case) == 1000


def test_nor_where_one_was_won_before_anybody_asked() -> None:
    case = by_card(300)
    facts = replace(case.dispute.facts, chargeback_before=True)
    case.dispute = replace(case.dispute, facts=facts)
    assert slack_in(case) == 1000


def test_the_first_date_that_was_broken_stays_whatever_is_promised_later() -> None:
    case = asked_of_merchant()
    case.when(T.PROMISE_DUE, after_s=1000, actor=Actor.REDRESS)
    assert (slack_in(case), case.promised_in) == (1000, 1000)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1, "shipped"), actor=Actor.MERCHANT)
    assert (slack_in(case), case.status) == (1000, "in_arbitration")
    case.when(T.PROMISE_DUE, after_s=1000, actor=Actor.REDRESS)
    assert (case.facts.promises_missed, slack_in(case)) == (2, 1000)


def test_a_date_that_another_step_finds_broken_counts_too() -> None:
    case = asked_of_merchant()
    answer = MerchantAnswer(1, "shipped")
    case.when(T.MERCHANT_REFUSED, answer, after_s=1500, actor=Actor.MERCHANT)
    assert (case.facts.promises_missed, slack_in(case)) == (1, 1000)


def test_of_one_that_older_code_saw_broken_the_date_of_the_opening_counts() -> None:
    case = in_arbitration()
    facts = replace(case.dispute.facts, promises_missed=2)
    case.dispute = replace(case.dispute, facts=facts)
    case.when(T.PROMISE_DUE, after_s=1400, actor=Actor.REDRESS)
    assert (case.facts.promises_missed, slack_in(case)) == (3, 1000)
