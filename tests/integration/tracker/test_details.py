"""Claims that the customer completes later, and commands with all that they say."""

import asyncio
from typing import Any

import pytest

from services.tracker.domain.triggers import Choice, Details, T, Trigger, Wish
from services.tracker.handlers import Incomplete, Signal, advance, signal_of
from shared import clock, ids
from shared.contracts.envelope import Envelope
from shared.contracts.events import ActionRequested, Amount, DisputeOpened
from shared.contracts.vocabulary import Action, Actor
from tests.integration.tracker.stage import (
    CAPTURED,
    Stage,
    found,
    merchant,
    opened,
    opening,
    results,
)


def details(
    event: DisputeOpened, transaction_id: str, amount_minor: int | None = None, sequence: int = 2
) -> Signal:
    """The customer says which transaction it is about, and perhaps how much."""
    inbox_id = ids.event_id("/redress/intake", event.dispute_id, sequence)
    said = Details("c-1", transaction_id, amount_minor, "CNY" if amount_minor else None)
    trigger = Trigger(T.DETAILS_GIVEN, Actor.CUSTOMER, said)
    return Signal(event.dispute_id, trigger, inbox_id=inbox_id)


def known(event: DisputeOpened, transaction_id: str) -> Signal:
    """The bank knows that transaction."""
    return found(event.model_copy(update={"transaction_id": transaction_id}))


async def test_what_was_added_stands_in_the_row_and_its_money_is_held(common: Stage) -> None:
    event, named = opened(transaction_id=None), f"tx-{ids.new()}"
    await common.send(opening(event))
    row = await common.dispute(event)
    assert (row["status"], row["transaction_id"]) == ("needs_details", None)
    await common.each(details(event, named, 5_000))
    row = await common.dispute(event)
    assert (row["transaction_id"], row["requested_minor"], row["currency"]) == (named, 5_000, "CNY")
    assert row["facts"]["details_given"] == ["transaction", "amount"]
    assert (await common.tasks(event))["inquiry"]["payload"]["transaction_id"] == named
    await common.each(known(event, named), merchant(event))
    assert await common.holds(event) == {"refund": (5_000, "reserved")}
    assert await common.money(named) == (5_000, 0)


async def test_what_was_said_first_stays_as_it_was_said(common: Stage) -> None:
    event, named = opened(transaction_id=None), f"tx-{ids.new()}"
    await common.send(opening(event))
    outcomes = await common.each(details(event, named), details(event, "tx-other", sequence=3))
    assert results(outcomes) == ["applied", "illegal"]
    assert (await common.dispute(event))["transaction_id"] == named
    whole = opened()
    await common.send(opening(whole))
    assert results(await common.each(details(whole, "tx-other"))) == ["illegal"]
    assert (await common.dispute(whole))["transaction_id"] == whole.transaction_id


async def test_one_that_names_a_transaction_of_an_open_dispute_is_its_duplicate(
    common: Stage,
) -> None:
    first, event = opened(), opened(transaction_id=None)
    await common.send(opening(first), opening(event))
    await common.each(details(event, first.transaction_id or ""))
    row = await common.dispute(event)
    assert row["status"] == "duplicate"
    assert row["facts"]["duplicate_of"] == first.reference


async def test_two_that_name_one_transaction_at_once_are_not_both_pursued(common: Stage) -> None:
    events, named = [opened(transaction_id=None) for _ in range(2)], f"tx-{ids.new()}"
    await common.send(*map(opening, events))
    await common.send(*(details(event, named) for event in events))
    statuses = sorted([(await common.dispute(event))["status"] for event in events])
    assert statuses == ["checking", "duplicate"]


async def test_two_that_name_one_transaction_side_by_side_are_not_both_pursued(
    common: Stage,
) -> None:
    """The second waits for the transaction's money row, and sees the first behind it."""
    events, named = [opened(transaction_id=None) for _ in range(2)], f"tx-{ids.new()}"
    await common.send(*map(opening, events))
    async with common.engine.connect() as slow:
        await advance(slow, [details(events[0], named)])
        second = asyncio.create_task(common.send(details(events[1], named)))
        await common.until_blocked()
        await slow.commit()
        assert results(await second) == ["applied"]
    assert (await common.dispute(events[1]))["status"] == "duplicate"
    assert await common.money(named) == (0, 0)


async def test_in_one_batch_with_its_opening_it_counts(common: Stage) -> None:
    event, named = opened(transaction_id=None), f"tx-{ids.new()}"
    await common.send(details(event, named), opening(event))
    row = await common.dispute(event)
    assert (row["status"], row["transaction_id"]) == ("checking", named)


async def test_before_its_opening_it_waits_with_all_that_it_says(common: Stage) -> None:
    event, named = opened(transaction_id=None), f"tx-{ids.new()}"
    assert results(await common.send(details(event, named, 700))) == ["waiting"]
    await common.send(opening(event))
    row = await common.dispute(event)
    assert (row["status"], row["transaction_id"]) == ("checking", named)
    assert row["requested_minor"] == 700
    assert await common.money(named) == (0, 0)  # its row is there, so the cap sees a refund


async def test_an_appeals_words_wait_with_it(common: Stage) -> None:
    event = opened()
    trigger = Trigger(T.APPEALED, Actor.CUSTOMER, Wish("c-1", "k1.sealed"))
    await common.send(Signal(event.dispute_id, trigger, inbox_id=ids.new()))
    await common.send(opening(event))
    row = await common.one(
        "SELECT CAST(input AS text) AS input FROM history"
        " WHERE dispute_id = :id AND trigger = 'appealed'",
        id=event.dispute_id,
    )
    assert "k1.sealed" in row["input"]


async def test_without_its_amount_the_whole_capture_is_asked_for(common: Stage) -> None:
    event, named = opened(transaction_id=None), f"tx-{ids.new()}"
    await common.each(opening(event), details(event, named), known(event, named))
    await common.each(merchant(event))
    assert await common.holds(event) == {"refund": (CAPTURED, "reserved")}


@pytest.mark.parametrize(
    ("action", "says", "name", "payload"),
    [
        (Action.WITHDRAW, {}, T.WITHDRAWN, Wish("c-1")),
        (Action.APPEAL, {"statement": "k1.x"}, T.APPEALED, Wish("c-1", "k1.x")),
        (
            Action.GIVE_DETAILS,
            {"transaction_id": "t-1", "amount": Amount(amount_minor=5, currency="CNY")},
            T.DETAILS_GIVEN,
            Details("c-1", "t-1", 5, "CNY"),
        ),
        (Action.GIVE_DETAILS, {"transaction_id": "t-1"}, T.DETAILS_GIVEN, Details("c-1", "t-1")),
        (Action.SHIP_RETURN, {"tracking": "SF-1"}, T.GOODS_SHIPPED, Choice("c-1", "SF-1")),
        (Action.CHOOSE_ACCOUNT, {"account_id": "a-1"}, T.ACCOUNT_CHOSEN, Choice("c-1", "a-1")),
        (Action.ACCEPT_OFFER, {}, T.OFFER_ACCEPTED, Wish("c-1")),
        (
            Action.ACCEPT_OFFER,
            {"amount": Amount(amount_minor=5, currency="CNY")},
            T.OFFER_ACCEPTED,
            Wish("c-1", amount_minor=5),
        ),
        (Action.REFUSE_OFFER, {}, T.OFFER_REFUSED, Wish("c-1")),
        (Action.SEND_EVIDENCE, {}, T.CUSTOMER_SENT_EVIDENCE, Wish("c-1")),
        (Action.REQUEST_MERCHANT_CONSENT, {}, T.LATE_CONSENT_REQUESTED, Wish("c-1")),
    ],
)
def test_every_action_is_a_trigger_with_what_it_says(
    action: Action, says: dict[str, Any], name: T, payload: object
) -> None:
    signal = signal_of(_envelope(action, **says))
    assert signal is not None
    assert (signal.trigger.name, signal.trigger.payload) == (name, payload)


@pytest.mark.parametrize("action", [Action.GIVE_DETAILS, Action.SHIP_RETURN, Action.CHOOSE_ACCOUNT])
def test_what_lacks_what_its_action_needs_is_no_command(action: Action) -> None:
    with pytest.raises(Incomplete, match=action):
        signal_of(_envelope(action))


def _envelope(action: Action, **says: Any) -> Envelope:
    now = clock.utcnow()
    dispute_id = ids.new()
    data = ActionRequested(
        action_id=ids.new(),
        dispute_id=dispute_id,
        action=action,
        requested_by="c-1",
        requested_at=now,
        **says,
    )
    return Envelope(
        id=ids.new(),
        source="/redress/intake",
        subject=str(dispute_id),
        sequence=2,
        time=now,
        data=data,
    )
