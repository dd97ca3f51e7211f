"""Timers against what takes them back, and the clock that decides."""

import asyncio
from collections.abc import Sequence

import pytest

from services.tracker import worker
from services.tracker.domain.triggers import T
from services.tracker.handlers import Outcome, Signal, advance
from shared import clock
from shared.batch import GroupCommit
from shared.contracts.events import DisputeOpened
from tests.integration.tracker.stage import (
    Row,
    Stage,
    found,
    hold_dispute,
    merchant,
    opened,
    opening,
    refund,
    results,
    timer,
)

ROUNDS = 10


async def test_a_timer_taken_back_while_it_fires_counts_for_nothing(common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    due = await _made_due(common, (await common.tasks(event))["merchant_due"])
    async with common.engine.connect() as accepting:
        await advance(accepting, [merchant(event)])
        firing = asyncio.create_task(common.send(timer(event, T.MERCHANT_DUE, due)))
        await common.until_blocked()
        await accepting.commit()
    assert results(await firing) == ["cancelled"]
    assert (T.MERCHANT_DUE, "applied") not in await common.history(event)
    assert (await common.dispute(event))["status"] == "refund_approved"


async def test_an_answer_that_comes_while_the_timer_fires_is_heard_after_it(common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    due = await _made_due(common, (await common.tasks(event))["merchant_due"])
    async with common.engine.connect() as firing:
        await advance(firing, [timer(event, T.MERCHANT_DUE, due)])
        accepting = asyncio.create_task(common.send(merchant(event)))
        await common.until_blocked()
        await firing.commit()
    assert results(await accepting) == ["applied"]
    assert [name for name, _ in await common.history(event)][-2:] == [
        T.MERCHANT_DUE,
        T.MERCHANT_ACCEPTED,
    ]
    assert (await common.dispute(event))["status"] == "refund_approved"


async def test_side_by_side_either_order_comes_to_the_same_end(common: Stage) -> None:
    events = [opened() for _ in range(ROUNDS)]
    for event in events:
        await common.to_merchant(event)
    rows = [await _made_due(common, (await common.tasks(e))["merchant_due"]) for e in events]
    fired = (timer(event, T.MERCHANT_DUE, row) for event, row in zip(events, rows, strict=True))
    both: list[Signal] = [*fired, *map(merchant, events)]
    await asyncio.gather(*(common.send(signal) for signal in both))
    for event in events:
        assert (await common.dispute(event))["status"] == "refund_approved"
        kinds = await common.tasks(event)
        assert "refund" in kinds
        assert not {"merchant_due", "arbitration_due"} & set(kinds)


async def test_two_instances_fire_a_timer_once(common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    due = await _made_due(common, (await common.tasks(event))["merchant_due"])
    signal = timer(event, T.MERCHANT_DUE, due)
    outcomes = await asyncio.gather(*(common.send(signal) for _ in range(4)))
    assert sorted(results([one for (one,) in outcomes])) == ["applied", *["cancelled"] * 3]


async def test_a_timer_that_was_put_off_after_it_was_read_does_not_fire(common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    row = (await common.tasks(event))["merchant_due"]  # still in the future
    assert results(await common.send(timer(event, T.MERCHANT_DUE, row))) == ["cancelled"]
    assert "merchant_due" in await common.tasks(event)


async def test_the_clock_is_read_after_the_locks_are_held(common: Stage) -> None:
    """The start of the transaction is before the wait: `now()` would be older than the lock."""
    event = opened()
    await common.to_merchant(event)
    async with common.engine.connect() as slow:
        await hold_dispute(slow, event)
        waiting = asyncio.create_task(common.send(merchant(event)))
        blocked_at = await common.until_blocked()
        await slow.commit()
    await waiting
    row = await common.one(
        "SELECT at FROM history WHERE dispute_id = :id AND trigger = 'merchant_accepted'",
        id=event.dispute_id,
    )
    assert row["at"] > blocked_at


async def test_the_promise_is_renewed_when_its_day_comes(common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    await common.forge(
        event,
        "UPDATE disputes SET facts = jsonb_set(facts::jsonb, '{promised_at}', to_jsonb("
        "clock_timestamp() - interval '1 second'))::json WHERE id = :id",
    )
    due = await _made_due(common, (await common.tasks(event))["promise_due"])
    await common.send(timer(event, T.PROMISE_DUE, due))
    row = await common.dispute(event)
    assert row["promised_at"] > clock.utcnow()
    assert row["facts"]["promises_missed"] == 1
    assert (await common.published(event))[-1]["detail"]["promises_missed"] == "1"


async def test_a_dispute_that_ended_has_no_timer_left(common: Stage) -> None:
    event = opened()
    await common.each(*_to_the_end(event))
    assert await common.tasks(event) == {}


def _to_the_end(event: DisputeOpened) -> list[Signal]:
    return [opening(event), found(event), merchant(event), refund(event, T.REFUND_CREDITED)]


async def test_a_timer_that_fails_for_a_reason_of_its_own_stops_no_other_and_is_put_off(
    stage: Stage,
) -> None:
    good, bad = opened(), opened()
    for event in (good, bad):
        await stage.to_merchant(event)
        await _made_due(stage, (await stage.tasks(event))["merchant_due"])

    async def flush(signals: Sequence[Signal]) -> list[Outcome]:
        if bad.dispute_id in {signal.dispute_id for signal in signals}:
            raise ArithmeticError
        return await stage.send(*signals)

    commit: GroupCommit[Signal, Outcome] = GroupCommit("test", flush)
    running = asyncio.create_task(commit.run())
    try:
        await worker.Timers(stage.engine, commit)._fire()  # noqa: SLF001 - one round of its loop
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert (await stage.dispute(good))["status"] == "in_arbitration"
    left = (await stage.tasks(bad))["merchant_due"]
    assert left["attempts"] == 1
    assert left["due_at"] > (await stage.one("SELECT clock_timestamp() AS now"))["now"]


async def test_timers_wait_for_a_database_that_is_away(stage: Stage) -> None:
    event = opened()
    await stage.to_merchant(event)
    await _made_due(stage, (await stage.tasks(event))["merchant_due"])
    due = (await stage.tasks(event))["merchant_due"]

    async def flush(_: Sequence[Signal]) -> list[Outcome]:
        raise ConnectionRefusedError

    commit: GroupCommit[Signal, Outcome] = GroupCommit("test", flush)
    running = asyncio.create_task(commit.run())
    try:
        with pytest.raises(ConnectionRefusedError):
            await worker.Timers(stage.engine, commit)._fire()  # noqa: SLF001 - the same
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert (await stage.tasks(event))["merchant_due"] == due | {"ready": True}


async def _made_due(common: Stage, row: Row) -> Row:
    """As if its time had come."""
    await common.write("UPDATE tasks SET due_at = clock_timestamp() WHERE id = :id", id=row["id"])
    return row
