"""Which dates other rules move, whose loss that is, and which of them need a person."""

from dataclasses import replace
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from services.tracker.__main__ import app
from services.tracker.domain.reschedule import Dated, Move, moves, trigger
from services.tracker.domain.states import Leg
from services.tracker.domain.triggers import MerchantAnswer, Rescheduled, T
from shared.contracts.vocabulary import Actor, Kind
from shared.rules import Profile
from tests.unit.tracker.case import (
    PROFILE,
    START,
    Case,
    approved,
    asked_of_merchant,
    found,
    refund,
)


def ruled(basis: str = "own", /, **seconds: int) -> Profile:
    """The next version, in which these rules have other values."""
    changed = {
        name: replace(PROFILE.rules[name], value=value, basis=basis)
        for name, value in seconds.items()
    }
    return replace(PROFILE, version=2, rules=PROFILE.rules | changed)


def without(name: str) -> Profile:
    rest = {key: rule for key, rule in PROFILE.rules.items() if key != name}
    return replace(PROFILE, version=2, rules=rest)


def timer(case: Case, leg: Leg, name: T, rule: str) -> Dated:
    """As it stands since now."""
    due_at = case.now + timedelta(seconds=PROFILE.rules[rule].value)
    return Dated(leg, name, due_at, rule, case.now)


def seconds(found: list[Move]) -> list[tuple[str, float, float, bool]]:
    """What moves, from when to when (in seconds since the opening), and whether against people."""
    return [
        (m.what, (m.was - START).total_seconds(), (m.becomes - START).total_seconds(), m.against)
        for m in found
    ]


def arbitrated() -> tuple[Case, Dated]:
    """Refused by the merchant 100 seconds after the opening: decided within 700 from then on."""
    case = asked_of_merchant()
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), after_s=100, actor=Actor.MERCHANT)
    return case, timer(case, Leg.ARBITRATION, T.ARBITRATION_DUE, "arbitration_due")


@pytest.mark.parametrize(("value", "against"), [(900, True), (600, False)])
def test_what_comes_later_is_against_the_customer(value: int, *, against: bool) -> None:
    case, due = arbitrated()
    after = ruled(arbitration_due=value)
    assert seconds(moves(case.dispute, [due], PROFILE, after, case.now)) == [
        ("promise", 800, 100 + value, against),
        ("arbitration_due", 800, 100 + value, against),
    ]


@pytest.mark.parametrize(("value", "against"), [(150, True), (300, False)])
def test_of_the_customers_own_time_less_is_against_them(value: int, *, against: bool) -> None:
    case = found(Kind.GOODS_OR_SERVICE)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1), actor=Actor.MERCHANT)
    due = timer(case, Leg.ARBITRATION, T.EVIDENCE_DUE, "evidence_due")
    after = ruled(evidence_due=value)
    assert seconds(moves(case.dispute, [due], PROFILE, after, case.now)) == [
        ("evidence_due", 210, value, against)
    ]


def test_where_nothing_differs_nothing_moves() -> None:
    case, due = arbitrated()
    assert moves(case.dispute, [due], PROFILE, ruled(refund_due=1), case.now) == []


LAW, OWN = ruled("law", arbitration_due=700), PROFILE
LATER, SOONER = {"arbitration_due": 900}, {"arbitration_due": 600}


@pytest.mark.parametrize(
    ("before", "after", "needed"),
    [
        (OWN, ruled(**LATER), False),
        (OWN, ruled("contract", **LATER), False),
        (LAW, ruled("law", **LATER), True),
        (LAW, ruled("law", **SOONER), False),  # nobody loses
        (LAW, ruled("own", **LATER), True),  # it was the law when it was promised
        (OWN, ruled("law", **LATER), True),
    ],
    ids=["ours", "a contract", "law", "law, for them", "no law any more", "law from now on"],
)
def test_a_person_has_to_confirm_what_the_law_takes_from_the_customer(
    before: Profile, after: Profile, *, needed: bool
) -> None:
    case, due = arbitrated()
    told = moves(case.dispute, [due], before, after, case.now)
    assert [move.needs_confirmation for move in told] == [needed, needed]


def test_a_rule_that_was_not_there_before_counts_by_what_it_is_now() -> None:
    case, due = arbitrated()
    before, after = without("arbitration_due"), ruled("law", **LATER)
    told = moves(case.dispute, [due], before, after, case.now)
    assert [move.needs_confirmation for move in told] == [True, True]


def test_a_rule_that_is_gone_leaves_its_dates() -> None:
    case, due = arbitrated()
    assert moves(case.dispute, [due], PROFILE, without("arbitration_due"), case.now) == []


def test_a_date_of_the_banks_own_stays() -> None:
    case = approved()
    accepted = refund(expected_at=START + timedelta(seconds=300))
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, accepted)
    assert case.facts.promise_rule == "expected_by_bank"
    named = replace(PROFILE.rules["refund_due"], id="expected_by_bank")
    after = replace(PROFILE, rules=PROFILE.rules | {"expected_by_bank": named})  # a row so called
    assert moves(case.dispute, [], PROFILE, after, case.now) == []


def test_a_date_whose_start_is_not_on_record_stays() -> None:
    case, _ = arbitrated()
    old = replace(case.dispute, facts=replace(case.dispute.facts, promise_from=None))
    assert moves(old, [], PROFILE, ruled(**LATER), case.now) == []


def test_a_timer_that_means_nothing_any_more_stays() -> None:
    case, _ = arbitrated()
    asked = timer(case, Leg.CONSENT, T.MERCHANT_DUE, "merchant_answer")
    assert moves(case.dispute, [asked], PROFILE, ruled(merchant_answer=900), case.now) == []


def test_what_is_or_would_be_past_stays() -> None:
    case, due = arbitrated()
    later = case.now + timedelta(seconds=700)  # it is due at this moment
    assert moves(case.dispute, [due], PROFILE, ruled(**LATER), later) == []
    before = case.now + timedelta(seconds=699)
    assert len(moves(case.dispute, [due], PROFILE, ruled(**LATER), before)) == 2
    would = case.now + timedelta(seconds=600)
    assert moves(case.dispute, [due], PROFILE, ruled(**SOONER), would) == []


def test_what_is_recorded_names_the_new_dates_with_their_rules() -> None:
    case, due = arbitrated()
    found_ = moves(case.dispute, [due], PROFILE, ruled(**LATER), case.now)
    becomes = START + timedelta(seconds=1000)
    moved = ("arbitration", "arbitration_due", becomes, "arbitration_due", case.now)
    assert trigger("ops-7", 2, found_) == Rescheduled("ops-7", 2, becomes, (moved,))
    assert trigger("ops-7", 2, found_[1:]) == Rescheduled("ops-7", 2, None, (moved,))


def test_an_environment_without_the_database_is_not_run() -> None:
    """Exit status 1 would say that some dates move."""
    asked = ["reschedule", "--rules", "default"]
    done = CliRunner().invoke(app, asked, env={"TRACKER_DATABASE_URL": None})
    assert (done.exit_code, done.stdout) == (2, "")
    assert "TRACKER_DATABASE_URL" in done.stderr
