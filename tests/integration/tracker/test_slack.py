"""Work and lists by slack: by when a dispute must have been served, not by when it came."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.domain.triggers import T, Trigger
from services.tracker.handlers import Signal
from services.tracker.store import views
from services.tracker.worker import Counts
from shared import clock, tasks
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Actor, Funding
from tests.integration.tracker.explained import costs
from tests.integration.tracker.stage import Stage, found, merchant, opened, opening, wish

SURGE = 100_000
OLD = 1_000
AT_ONCE = 50


def promised_in(seconds: float) -> DisputeOpened:
    event = opened()
    return event.model_copy(update={"promised_at": event.opened_at + timedelta(seconds=seconds)})


async def claimed(stage: Stage, limit: int, queue: str = "bank") -> list[tasks.Claimed]:
    while True:
        async with stage.engine.begin() as tx:
            given = await tasks.claim(tx, queue, limit, 60.0)
        if not given.more:
            return given.tasks


async def slack(stage: Stage, event: DisputeOpened) -> datetime:
    at: datetime = (await stage.dispute(event))["slack_at"]
    return at


async def test_the_call_with_the_least_slack_is_made_first(stage: Stage) -> None:
    events = [promised_in(seconds) for seconds in (300, 100, 200)]
    await stage.each(*map(opening, events))
    first = [task.key.dispute_id for task in await claimed(stage, 2)]
    (last,) = await claimed(stage, 2)
    assert set(first) == {events[1].dispute_id, events[2].dispute_id}
    assert last.key.dispute_id == events[0].dispute_id


async def test_timers_that_are_due_come_by_slack_too(stage: Stage) -> None:
    events = [promised_in(seconds) for seconds in (300, 100, 200)]
    await stage.each(*map(opening, events))
    await stage.write(
        "UPDATE tasks SET due_at = clock_timestamp() - interval '1 s' WHERE kind = 'inquiry_due'"
    )
    async with stage.engine.begin() as tx:
        due = (await tasks.due(tx, tasks.TIMER, 2)).tasks
    assert [task.key.dispute_id for task in due] == [events[1].dispute_id, events[2].dispute_id]


async def test_what_was_asked_before_becomes_as_urgent_as_the_dispute_is_now(stage: Stage) -> None:
    event = promised_in(8_000)
    await stage.each(opening(event), found(event), merchant(event, T.MERCHANT_REFUSED))
    row = await stage.dispute(event)
    assert row["slack_at"] == row["promised_at"] != event.promised_at  # arbitration's own date
    slacks = {task["slack_at"] for task in (await stage.tasks(event)).values()}
    assert slacks == {row["slack_at"]}


async def test_a_dispute_that_is_late_stays_ahead_of_those_in_time(stage: Stage) -> None:
    late, soon, later = promised_in(-5), promised_in(20), promised_in(600)
    await stage.each(opening(late), opening(soon), opening(later))
    await stage.each(found(late), found(soon))
    assert await slack(stage, late) == late.promised_at
    assert (await stage.dispute(late))["promised_at"] > soon.promised_at
    async with stage.engine.connect() as connection:
        page = await views.state_list(connection, status=None, open_only=True, after=None, limit=10)
    by_slack = [late.dispute_id, soon.dispute_id, later.dispute_id]
    assert [row["id"] for row in page["disputes"]] == by_slack
    assert page["overdue"] == 1


async def test_a_chargeback_that_may_still_be_filed_counts_where_it_ends_sooner(
    stage: Stage,
) -> None:
    event = promised_in(80)
    until = clock.utcnow() + timedelta(seconds=30)
    await stage.each(opening(event), found(event, funding=Funding.CARD, chargeback_until=until))
    assert await slack(stage, event) == until


async def test_a_time_for_a_chargeback_that_ran_out_no_longer_hurries_the_work(
    stage: Stage,
) -> None:
    event = promised_in(80)
    until = clock.utcnow() + timedelta(seconds=1)
    await stage.each(opening(event), found(event, funding=Funding.CARD, chargeback_until=until))
    assert {task["slack_at"] for task in (await stage.tasks(event)).values()} == {until}
    while clock.utcnow() <= until:
        await clock.sleep(0.05)
    await stage.each(Signal(event.dispute_id, Trigger(T.CONSENT_DELIVERED, Actor.MERCHANT)))
    assert await slack(stage, event) == event.promised_at
    kept = {task["slack_at"] for task in (await stage.tasks(event)).values()}
    assert kept == {event.promised_at}


async def test_at_its_end_a_dispute_has_no_slack(stage: Stage) -> None:
    event = opened()
    await stage.each(opening(event), wish(event))
    assert (await stage.dispute(event))["slack_at"] is None


async def test_counts_are_those_of_the_rows_whatever_happened(stage: Stage) -> None:
    events = [opened() for _ in range(6)]
    await stage.send(*map(opening, events))
    await stage.send(*map(found, events[:4]))
    async with stage.engine.begin() as tx:
        await views.fold_counts(tx)
    await stage.send(wish(events[0]), merchant(events[1], T.MERCHANT_REFUSED))
    for _ in range(2):
        async with stage.engine.begin() as tx:
            page = await views.state_list(tx, status=None, open_only=True, after=None, limit=10)
            await views.fold_counts(tx)
        assert page["counts"] == {"checking": 2, "in_arbitration": 1, "waiting_for_merchant": 2}
        assert page["open"] == 5
    left = await stage.one("SELECT count(*) AS n FROM status_deltas")
    assert left["n"] == 0


async def test_what_was_added_to_the_counts_is_folded_in_again_and_again(stage: Stage) -> None:
    event = opened()
    running = asyncio.create_task(Counts(stage.engine).run())
    try:
        for signal in (opening(event), found(event)):
            await stage.send(signal)
            async with asyncio.timeout(10):
                while (await stage.one("SELECT count(*) AS n FROM status_deltas"))["n"]:
                    await clock.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.wait([running])
    sums = await stage.rows("SELECT status, n FROM status_counts WHERE n <> 0")
    assert sums == [{"status": "waiting_for_merchant", "n": 1}]


@pytest.mark.parametrize("queue", ["bank", tasks.TIMER])
async def test_a_surge_of_new_disputes_does_not_stand_in_front_of_old_ones(
    stage: Stage, queue: str
) -> None:
    """100,000 that were due before, with days of time; 1,000 due just now that have an hour."""
    await surge(stage, queue, OLD, timedelta(days=3), ready=True)
    await stage.write("ANALYZE tasks")
    (before,) = await costs(stage.engine, lambda tx: asked(tx, queue))
    await surge(stage, queue, SURGE - OLD, timedelta(days=3), ready=True)
    await surge(stage, queue, OLD, timedelta(hours=1), ready=False)
    horizon = clock.utcnow() + timedelta(days=1)
    served = [task for _ in range(OLD // AT_ONCE) for task in await taken(stage, queue)]
    assert len({task.id for task in served}) == OLD
    assert max(task.slack_at for task in served) < horizon
    assert served == sorted(served, key=lambda task: task.slack_at)
    (after,) = await costs(stage.engine, lambda tx: asked(tx, queue))
    assert (after.scanned, after.is_twice(before)) == (frozenset(), False)


async def surge(stage: Stage, queue: str, count: int, left: timedelta, *, ready: bool) -> None:
    fill = text(
        "INSERT INTO tasks (id, dispute_id, leg, kind, n, queue, due_at, payload, slack_at, ready)"
        " SELECT gen_random_uuid(), gen_random_uuid(), 'inquiry', 'inquiry', 1, :queue,"
        " clock_timestamp() - interval '1 minute', '{}', clock_timestamp() + CAST(:left AS"
        " interval) + n * interval '1 ms', :ready FROM generate_series(1, :count) n"
    )
    async with stage.engine.begin() as tx:
        values = {"queue": queue, "count": count, "left": left, "ready": ready}
        await tx.execute(fill, values)


async def asked(tx: AsyncConnection, queue: str) -> tasks.Given:
    if queue == tasks.TIMER:
        return await tasks.due(tx, queue, AT_ONCE)
    return await tasks.claim(tx, queue, AT_ONCE, 60.0)


async def taken(stage: Stage, queue: str) -> list[tasks.Claimed]:
    """Claimed; a timer, which nobody claims, is done with."""
    while True:
        async with stage.engine.begin() as tx:
            given = await asked(tx, queue)
            if queue == tasks.TIMER:
                await tasks.done(tx, [(task.id, task.lease) for task in given.tasks])
        if not given.more:
            return given.tasks


async def test_a_taker_that_died_leaves_its_work_to_others(stage: Stage) -> None:
    event = promised_in(100)
    await stage.send(opening(event))
    assert len(await claimed(stage, 5)) == 1
    assert await claimed(stage, 5) == []
    await stage.write(
        "UPDATE tasks SET due_at = clock_timestamp() - interval '1 s' WHERE lease IS NOT NULL"
    )
    (again,) = await claimed(stage, 5)
    assert (again.key.dispute_id, again.attempts) == (event.dispute_id, 2)
