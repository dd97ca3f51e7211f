"""Of what is due, the dispute with the least slack is served first, whatever happens meanwhile."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import ids, tasks
from shared.tasks import MARKED_AT_ONCE, Claimed, Given, Key, Task

PAST = datetime(2020, 1, 1, tzinfo=UTC)
FUTURE = datetime(2100, 1, 1, tzinfo=UTC)
SLACK = datetime(2030, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FALLEN_DUE = text(
    "INSERT INTO tasks (id, dispute_id, leg, kind, n, queue, due_at, payload, slack_at)"
    " SELECT gen_random_uuid(), gen_random_uuid(), 'bank', 'ask', n, 'bank',"
    " CAST(:due AS timestamptz) + make_interval(secs => n), '{}',"
    " CAST(:slack AS timestamptz) - make_interval(secs => n) FROM generate_series(1, :n) AS n"
)


def task(n: int, due: datetime = PAST) -> Task:
    return Task(Key(ids.new(), "bank", "ask", n), "bank", due)


async def add(engine: AsyncEngine, one: Task, slack: datetime) -> None:
    async with engine.begin() as tx:
        await tasks.add(tx, [replace(one, slack_at=slack)])


async def ask(engine: AsyncEngine, limit: int, *, timers: bool) -> Given:
    async with engine.begin() as tx:
        if timers:
            return await tasks.due(tx, "bank", limit)
        return await tasks.claim(tx, "bank", limit, 60)


async def given(engine: AsyncEngine, limit: int = 10, *, timers: bool = False) -> list[Claimed]:
    while (found := await ask(engine, limit, timers=timers)).more:
        assert found.tasks == []
    return found.tasks


def numbers(found: list[Claimed]) -> list[int]:
    return [one.key.n for one in found]


async def ready(engine: AsyncEngine) -> int:
    """How many stand in the index by slack, which is read from its beginning."""
    async with engine.connect() as tx:
        found = await tx.execute(text("SELECT count(*) FROM tasks WHERE ready"))
        n: int = found.scalar_one()
        return n


async def write(engine: AsyncEngine, statement: str) -> None:
    async with engine.begin() as tx:
        await tx.execute(text(statement))


async def fall_due(engine: AsyncEngine) -> None:
    await write(engine, "UPDATE tasks SET due_at = now() - interval '1 second'")


async def many_fall_due(engine: AsyncEngine, n: int) -> None:
    """Number n fell due last and has the least slack; nobody has looked since."""
    async with engine.begin() as tx:
        await tx.execute(FALLEN_DUE, {"due": PAST, "slack": SLACK, "n": n})


@pytest.mark.parametrize("timers", [False, True])
async def test_least_slack_first_whatever_was_due_first(engine: AsyncEngine, timers: bool) -> None:  # noqa: FBT001
    await add(engine, task(1, PAST - DAY), SLACK)
    await add(engine, task(2, PAST), SLACK - DAY)
    coming = task(3, FUTURE)
    await add(engine, coming, SLACK - 2 * DAY)
    assert numbers(await given(engine, 1, timers=timers)) == [2]
    await fall_due(engine)
    assert numbers(await given(engine, timers=timers)) == [3, 2, 1]


@pytest.mark.parametrize("timers", [False, True])
async def test_nothing_is_given_before_all_that_fell_due_is_in_order(
    engine: AsyncEngine,
    timers: bool,  # noqa: FBT001 - which of the two
) -> None:
    # The most urgent fell due last: whoever took the first thousand by time would miss it.
    await many_fall_due(engine, 2 * MARKED_AT_ONCE + 1)
    for _ in range(2):
        assert await ask(engine, 2, timers=timers) == Given([], more=True)
    last = await ask(engine, 2, timers=timers)
    assert (numbers(last.tasks), last.more) == ([2001, 2000], False)


async def test_a_question_marks_no_more_than_its_bound(engine: AsyncEngine) -> None:
    await many_fall_due(engine, 2 * MARKED_AT_ONCE)
    await ask(engine, 2, timers=True)
    assert await ready(engine) == 1000


async def test_what_a_dead_taker_held_comes_back_at_its_place(engine: AsyncEngine) -> None:
    await add(engine, task(1), SLACK)
    await given(engine)
    await add(engine, task(2), SLACK + DAY)
    await add(engine, task(3), SLACK - DAY)
    await write(engine, "UPDATE tasks SET due_at = now() - interval '1 s' WHERE n = 1")
    assert numbers(await given(engine)) == [3, 1, 2]


async def test_who_dies_while_taking_has_taken_nothing(engine: AsyncEngine) -> None:
    await many_fall_due(engine, 3)
    async with engine.connect() as dying:
        assert numbers((await tasks.claim(dying, "bank", 1, 60)).tasks) == [3]
        await dying.rollback()
    assert numbers(await given(engine)) == [3, 2, 1]


async def test_who_asks_beside_somebody_waits_for_nobody(engine: AsyncEngine) -> None:
    await many_fall_due(engine, 5)
    async with engine.connect() as first:
        await tasks.claim(first, "bank", 1, 60)
        async with asyncio.timeout(2):  # below the lock timeout
            assert await given(engine) == []  # all five are being marked
        await first.commit()
    assert numbers(await given(engine)) == [4, 3, 2, 1]


async def test_what_is_put_off_makes_room_for_the_next(engine: AsyncEngine) -> None:
    await add(engine, task(1), SLACK)
    await add(engine, task(2), SLACK + DAY)
    (failing,) = await given(engine, 1, timers=True)
    async with engine.begin() as tx:
        await tasks.later(tx, failing, FUTURE, attempts=1)
    assert numbers(await given(engine, 1, timers=True)) == [2]


async def test_set_anew_for_later_it_is_not_given_before(engine: AsyncEngine) -> None:
    asked = task(1)
    await add(engine, asked, SLACK)
    await add(engine, replace(asked, due_at=FUTURE), SLACK)
    assert await given(engine) == []
    await add(engine, asked, SLACK)
    assert numbers(await given(engine)) == [1]


async def test_what_older_code_put_off_is_not_given_before(engine: AsyncEngine) -> None:
    # It moves `due_at` and knows of no mark.
    await add(engine, task(1), SLACK)
    await write(engine, "UPDATE tasks SET due_at = now() + interval '1 hour'")
    assert await given(engine) == []
    await fall_due(engine)
    assert numbers(await given(engine)) == [1]


@pytest.mark.parametrize("due", [PAST, FUTURE])
async def test_tasks_move_with_their_dispute(engine: AsyncEngine, due: datetime) -> None:
    here, there = task(1, due), task(2, due)
    await add(engine, here, SLACK)
    await add(engine, there, SLACK + DAY)
    async with engine.begin() as tx:
        await tasks.moved(tx, {there.key.dispute_id: SLACK - DAY})
        await tasks.moved(tx, {})
    await fall_due(engine)
    assert numbers(await given(engine)) == [2, 1]


async def test_asked_anew_it_is_as_urgent_as_was_said_last(engine: AsyncEngine) -> None:
    asked = task(1)
    await add(engine, asked, SLACK + DAY)
    await add(engine, task(2), SLACK)
    await add(engine, asked, SLACK - DAY)
    assert numbers(await given(engine)) == [1, 2]


async def test_what_may_not_be_given_does_not_stand_in_front_of_what_may(
    engine: AsyncEngine,
) -> None:
    """It would be passed over by every question until it is due."""
    await add(engine, task(1, FUTURE), SLACK)
    assert await ready(engine) == 0
    moved = task(2)
    await add(engine, moved, SLACK)
    assert await ready(engine) == 1
    await add(engine, replace(moved, due_at=FUTURE), SLACK)
    assert await ready(engine) == 0
    await add(engine, task(3), SLACK)
    (put_off,) = await given(engine, timers=True)
    async with engine.begin() as tx:
        await tasks.later(tx, put_off, FUTURE, attempts=1)
    assert await ready(engine) == 0
    await add(engine, task(4), SLACK)
    await given(engine)  # under a lease
    assert await ready(engine) == 0
