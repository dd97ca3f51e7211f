from typing import Any

import pytest

from services.intake.domain.actions import Details, Disputed, check, refusal
from services.intake.domain.claims import AlreadyOpen, NotTheirs, OpenDispute, Situation, Wrong
from shared.contracts.vocabulary import Action, Kind, Status
from shared.money import Money
from tests.unit.intake.test_claims import BOUGHT

MINE = "402188530174"
DISPUTED = Disputed("ana", Kind.GOODS_OR_SERVICE, MINE)
FULL = Details("t-1", Money(1, "CNY"), "SF1029", "acc-2")


@pytest.mark.parametrize(
    ("action", "details", "fields"),
    [
        ("withdraw", Details(), []),
        ("accept_offer", Details(), []),
        ("accept_offer", Details(amount=Money(3_000, "CNY")), []),
        ("refuse_offer", Details(), []),
        ("send_evidence", Details(), []),
        ("give_details", Details(), ["transaction_id"]),
        ("give_details", Details(amount=Money(1, "CNY")), ["transaction_id"]),
        ("give_details", Details("t-1"), []),
        ("give_details", Details("t-1", Money(0, "CNY")), ["amount.amount_minor"]),
        ("give_details", FULL, ["account_id", "tracking"]),
        ("ship_return", Details(), ["tracking"]),
        ("ship_return", Details(tracking="SF1029"), []),
        ("ship_return", Details("t-1"), ["tracking", "transaction_id"]),
        ("choose_account", Details(), ["account_id"]),
        ("choose_account", Details(account_id="acc-2"), []),
        ("appeal", FULL, ["account_id", "amount", "tracking", "transaction_id"]),
    ],
)
def test_each_action_takes_its_own_fields(action: str, details: Details, fields: list[str]) -> None:
    assert [found.field for found in check(Action(action), details)] == fields


def test_a_field_in_the_wrong_place_is_sent_to_the_right_one() -> None:
    (found,) = check(Action.APPEAL, Details(tracking="SF1029"))
    assert found.remedy == "Leave this field out, or use the action ship_return"


def refused(details: Details, situation: Situation) -> object:
    return refusal(details, DISPUTED, situation)


COPIED = Situation({"t-1": BOUGHT}, {})


def test_a_transaction_that_fits_or_is_not_known_here_is_fine() -> None:
    assert refused(Details("t-1", Money(12800, "CNY")), COPIED) is None
    assert refused(Details("t-9", Money(1, "USD")), COPIED) is None
    assert refused(Details(tracking="SF1029"), COPIED) is None


def test_the_answers_are_those_of_an_opening_with_this_requests_fields() -> None:
    more = refused(Details("t-1", Money(12801, "CNY")), COPIED)
    dollars = refused(Details("t-1", Money(1, "USD")), COPIED)
    assert isinstance(more, Wrong)
    assert isinstance(dollars, Wrong)
    assert more.field == "amount.amount_minor"
    assert dollars.field == "amount.currency"
    hers = Disputed("bo", Kind.GOODS_OR_SERVICE, MINE)
    assert refusal(Details("t-1"), hers, COPIED) == NotTheirs()


@pytest.mark.parametrize(
    ("owner", "told"),
    [("ana", ("700000000000", Status.CHECKING, (Action.APPEAL,))), ("bo", (None,))],
)
def test_another_dispute_about_the_same_is_in_the_way(owner: str, told: tuple[Any, ...]) -> None:
    other = OpenDispute(owner, "700000000000", None, Status.CHECKING, (Action.APPEAL,))
    verdict = refused(Details("t-9"), Situation({}, {("t-9", "purchase"): other}))
    assert verdict == AlreadyOpen("transaction_id", *told)


def test_a_dispute_is_not_in_its_own_way() -> None:
    standing = {("t-1", "purchase"): OpenDispute("ana", MINE)}
    assert refused(Details("t-1"), Situation({"t-1": BOUGHT}, standing)) is None
