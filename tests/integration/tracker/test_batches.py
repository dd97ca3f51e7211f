"""Whole batches side by side: the lock order holds, and nothing is lost between them."""

import asyncio
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from services.tracker.domain.triggers import T
from services.tracker.handlers import Signal
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Kind
from tests.integration.tracker.stage import (
    Stage,
    bank,
    found,
    merchant,
    opened,
    opening,
    refund,
    results,
    wish,
)

Item = TypeVar("Item")
TRANSACTIONS = 20
BATCHES = 12


async def test_shuffled_batches_in_parallel_neither_deadlock_nor_lose_a_signal(
    stage: Stage,
) -> None:
    events = _two_disputes_on_each_transaction()
    await stage.send(*map(opening, events))
    batches = [_one_signal_each(events, seed) for seed in range(BATCHES)]
    await asyncio.gather(*(stage.send(*batch) for batch in batches))
    counts = await stage.rows("SELECT dispute_id, count(*) AS n FROM history GROUP BY dispute_id")
    assert [row["n"] for row in counts] == [1 + BATCHES] * len(events)
    rows = await stage.rows("SELECT id, steps, version FROM disputes")
    assert {row["steps"] for row in rows} == {1 + BATCHES}
    for event in events:
        versions = [status["version"] for status in await stage.published(event)]
        assert versions == list(range(1, len(versions) + 1))


async def test_redelivered_batches_in_another_order_open_every_dispute_once(stage: Stage) -> None:
    events = [opened() for _ in range(60)]
    batches = [_shuffled(list(map(opening, events)), seed) for seed in range(8)]
    outcomes = await asyncio.gather(*(stage.send(*batch) for batch in batches))
    applied = [result for batch in outcomes for result in results(batch) if result == "applied"]
    assert len(applied) == len(events)
    assert (await stage.one("SELECT count(*) AS n FROM outbox"))["n"] == len(events)


async def test_a_batch_goes_all_the_way_for_one_dispute_in_the_order_of_its_signals(
    stage: Stage,
) -> None:
    event = opened()
    outcomes = await stage.send(
        opening(event),
        found(event),
        merchant(event),
        refund(event, T.REFUND_ACCEPTED),
        refund(event, T.REFUND_CREDITED),
        wish(event),
    )
    assert results(outcomes) == [*["applied"] * 5, "illegal"]
    statuses = [status["status"] for status in await stage.published(event)]
    told = ["checking", "waiting_for_merchant", "refund_approved", "refund_sent", "credited"]
    assert statuses == told
    assert await stage.tasks(event) == {}
    assert await stage.holds(event) == {"refund": (12_800, "settled")}


async def test_a_timer_that_is_set_and_taken_back_in_one_batch_does_not_stay(
    stage: Stage,
) -> None:
    event = opened()
    await stage.send(opening(event), found(event), merchant(event))
    kinds = set(await stage.tasks(event))
    assert kinds == {"inquiry", "consent", "refund", "refund_due", "promise_due", "promise_near"}


async def test_a_late_signal_behind_an_applied_one_leaves_the_newest_snapshot(
    stage: Stage,
) -> None:
    event = opened()
    assert results(await stage.send(opening(event), found(event), found(event)))[2] == "late"
    row, (*_, told) = await stage.dispute(event), await stage.published(event)
    assert (row["snapshot"], told["status"]) == (told, "waiting_for_merchant")


async def test_the_events_of_a_dispute_leave_in_the_order_of_their_versions(stage: Stage) -> None:
    events = [opened() for _ in range(30)]
    await stage.send(*map(opening, events))
    await asyncio.gather(
        stage.send(*map(found, _shuffled(events, 1))),
        stage.send(*(wish(event) for event in _shuffled(events, 2))),
    )
    for event in events:
        sequences = [status["version"] for status in await stage.published(event)]
        assert all(later == earlier + 1 for earlier, later in pairwise(sequences))


def _two_disputes_on_each_transaction() -> list[DisputeOpened]:
    purchases = [opened() for _ in range(TRANSACTIONS)]
    movements = [opened(Kind.PAYMENT_FAILED, event.transaction_id) for event in purchases]
    return [*purchases, *movements]


def _one_signal_each(events: Sequence[DisputeOpened], seed: int) -> list[Signal]:
    """What a batch holds: the bank's finding or one of the answers that follow it."""
    chance = random.Random(seed)
    answers = (
        found,
        merchant,
        lambda event: refund(event, T.REFUND_ACCEPTED),
        lambda event: bank(event, T.TRANSACTION_MISSING),
    )
    return _shuffled([chance.choice(answers)(event) for event in events], seed)


def _shuffled(items: Sequence[Item], seed: int) -> list[Item]:
    shuffled = list(items)
    random.Random(seed).shuffle(shuffled)
    return shuffled
