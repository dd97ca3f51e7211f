import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import ids, tasks
from shared.tasks import Claimed, Key, Task
from tests.integration.shared.support import count

PAST = datetime(2020, 1, 1, tzinfo=UTC)
FUTURE = datetime(2100, 1, 1, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def task(
    n: int = 1, *, dispute: UUID | None = None, due: datetime = PAST, kind: str = "ask"
) -> Task:
    return Task(Key(dispute or ids.new(), "bank", kind, n), "bank", due, {"n": n}, TRACE)


async def add(engine: AsyncEngine, *new: Task) -> None:
    async with engine.begin() as tx:
        await tasks.add(tx, new)


async def claim(engine: AsyncEngine, limit: int = 10, lease_s: float = 60) -> list[Claimed]:
    async with engine.begin() as tx:
        return (await tasks.claim(tx, "bank", limit, lease_s)).tasks


async def done(engine: AsyncEngine, *claimed: Claimed) -> set[UUID]:
    async with engine.begin() as tx:
        return await tasks.done(tx, [(c.id, c.lease) for c in claimed])


async def expire(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        await tx.execute(text("UPDATE tasks SET due_at = now() - interval '1 second'"))


async def test_a_task_comes_back_as_it_was_given(engine: AsyncEngine) -> None:
    given = task(3)
    await add(engine, given)
    (got,) = await claim(engine)
    assert (got.key, got.queue, got.payload) == (given.key, "bank", {"n": 3})
    assert got.traceparent == TRACE
    assert got.attempts == 1
    assert got.first_claimed_at is not None
    assert got.lease is not None


async def test_only_what_is_due_in_the_asked_queue_is_taken_oldest_first(
    engine: AsyncEngine,
) -> None:
    old, older = task(1), task(2, due=PAST - timedelta(days=1))
    await add(engine, old, older, task(3, due=FUTURE), replace(task(4), queue="merchant"))
    assert [c.key.n for c in await claim(engine, limit=1)] == [2]
    assert [c.key.n for c in await claim(engine)] == [1]
    assert await claim(engine) == []


async def test_the_same_key_is_one_task_with_the_newest_due_time(engine: AsyncEngine) -> None:
    dispute = ids.new()
    await add(engine, task(1, dispute=dispute))
    await claim(engine)
    await add(engine, task(1, dispute=dispute, due=FUTURE), task(2, dispute=dispute))
    async with engine.connect() as tx:
        rows = await tx.execute(
            text("SELECT n, due_at, attempts, lease, first_claimed_at FROM tasks ORDER BY n")
        )
        assert [tuple(row) for row in rows] == [
            (1, FUTURE, 0, None, None),
            (2, PAST, 0, None, None),
        ]


async def test_the_same_key_twice_in_one_call_keeps_the_last(engine: AsyncEngine) -> None:
    first = task(1, due=FUTURE)
    await add(engine, first, replace(first, due_at=PAST, payload={"n": 9}))
    (got,) = await claim(engine)
    assert got.payload == {"n": 9}


async def test_the_database_refuses_a_second_task_of_a_key(engine: AsyncEngine) -> None:
    await add(engine, task(1))
    with pytest.raises(IntegrityError, match="tasks_once"):
        async with engine.begin() as tx:
            await tx.execute(
                text(
                    "INSERT INTO tasks SELECT gen_random_uuid(), dispute_id, leg, kind, n, queue,"
                    " due_at, payload FROM tasks"
                )
            )


async def test_nothing_is_added_when_the_decision_is_rolled_back(engine: AsyncEngine) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - one transaction
        async with engine.begin() as tx:
            await tasks.add(tx, [task(1)])
            raise ZeroDivisionError
    assert await count(engine, "tasks") == 0


async def test_two_takers_at_once_share_the_tasks_without_waiting(engine: AsyncEngine) -> None:
    await add(engine, *(task(n) for n in range(10)))
    async with engine.connect() as first, engine.connect() as second:
        mine = (await tasks.claim(first, "bank", 4, 60)).tasks
        async with asyncio.timeout(2):  # below the lock timeout
            others = (await tasks.claim(second, "bank", 100, 60)).tasks
        await first.commit()
        await second.commit()
    assert len(mine) == 4
    assert len(others) == 6
    assert {c.id for c in mine} & {c.id for c in others} == set()


async def test_a_taken_task_is_not_given_again_before_its_lease_is_over(
    engine: AsyncEngine,
) -> None:
    await add(engine, task(1))
    (first,) = await claim(engine)
    assert await claim(engine) == []
    await expire(engine)
    (second,) = await claim(engine)
    assert second.attempts == 2
    assert second.lease != first.lease
    assert second.first_claimed_at == first.first_claimed_at


async def test_who_lost_the_lease_completes_nothing(engine: AsyncEngine) -> None:
    await add(engine, task(1))
    (slow,) = await claim(engine)
    await expire(engine)
    (fast,) = await claim(engine)
    assert await done(engine, slow) == set()
    async with engine.begin() as tx:
        await tasks.later(tx, slow, PAST, attempts=0)
    assert await claim(engine) == []  # the slow one moved nothing
    assert await done(engine, fast) == {fast.id}
    assert await done(engine, fast) == set()


@pytest.mark.parametrize(("counted", "next_one"), [(1, 2), (0, 1)])
async def test_a_task_is_given_again_when_its_taker_says_so_and_counts_what_he_says(
    engine: AsyncEngine, counted: int, next_one: int
) -> None:
    await add(engine, task(1))
    (first,) = await claim(engine)
    async with engine.begin() as tx:
        await tasks.later(tx, first, PAST, attempts=counted)
    (again,) = await claim(engine)
    assert again.attempts == next_one


async def test_a_task_asked_anew_while_it_runs_is_not_completed_by_the_old_run(
    engine: AsyncEngine,
) -> None:
    asked = task(1)
    await add(engine, asked)
    (running,) = await claim(engine)
    await add(engine, asked)
    assert await done(engine, running) == set()
    assert len(await claim(engine)) == 1


async def due(engine: AsyncEngine) -> list[Claimed]:
    async with engine.begin() as tx:
        return (await tasks.due(tx, "bank", 10)).tasks


async def test_a_timer_stays_until_it_is_done(engine: AsyncEngine) -> None:
    await add(engine, task(1), task(2, due=FUTURE))
    (first,) = await due(engine)
    assert first.lease is None
    (again,) = await due(engine)
    assert again == first
    assert await done(engine, again) == {again.id}
    assert await due(engine) == []


async def test_a_timer_set_anew_while_it_fires_stays(engine: AsyncEngine) -> None:
    # A worker read it as due and waited for the dispute's lock; meanwhile a decision moved it.
    asked = task(1)
    await add(engine, asked)
    (fired,) = await due(engine)
    await add(engine, replace(asked, due_at=FUTURE))
    assert await done(engine, fired) == set()
    async with engine.begin() as tx:
        await tasks.later(tx, fired, PAST, attempts=0)
    assert await due(engine) == []
    assert await count(engine, "tasks") == 1


async def test_cancelling_takes_back_every_n_of_a_kind_and_nothing_else(
    engine: AsyncEngine,
) -> None:
    dispute, other = ids.new(), ids.new()
    await add(
        engine,
        task(1, dispute=dispute),
        task(2, dispute=dispute),
        task(3, dispute=dispute, kind="remind"),
        task(4, dispute=other),
    )
    async with engine.begin() as tx:
        await tasks.cancel(tx, [(dispute, "bank", "ask")])
    assert sorted(c.key.n for c in await due(engine)) == [3, 4]
    async with engine.begin() as tx:
        await tasks.cancel(tx, ended=[dispute])
        await tasks.cancel(tx)
    assert [c.key.n for c in await due(engine)] == [4]


async def test_cancelling_leaves_the_same_kind_of_another_leg(engine: AsyncEngine) -> None:
    here = task(1)
    there = replace(here, key=replace(here.key, leg="merchant", n=2))
    await add(engine, here, there)
    async with engine.begin() as tx:
        await tasks.cancel(tx, [(here.key.dispute_id, "bank", "ask")])
    assert [c.key.leg for c in await due(engine)] == ["merchant"]


async def test_what_is_cancelled_may_belong_to_a_dispute_that_ended(engine: AsyncEngine) -> None:
    ended, other = ids.new(), ids.new()
    await add(engine, task(1, dispute=ended), task(2, dispute=other), task(3, dispute=ids.new()))
    async with engine.begin() as tx:
        await tasks.cancel(tx, {(ended, "bank", "ask"), (other, "bank", "ask")}, {ended})
    assert [c.key.n for c in await due(engine)] == [3]


async def test_a_cancelled_task_that_was_running_completes_nothing(engine: AsyncEngine) -> None:
    await add(engine, task(1))
    (running,) = await claim(engine)
    async with engine.begin() as tx:
        await tasks.cancel(tx, ended=[running.key.dispute_id])
    assert await done(engine, running) == set()


async def test_batches_of_the_same_keys_in_any_order_do_not_deadlock(engine: AsyncEngine) -> None:
    same = [task(n) for n in range(100)]

    async def batch(seed: int) -> None:
        await add(engine, *random.Random(seed).sample(same, len(same)))

    await asyncio.gather(*(batch(seed) for seed in range(8)))
    assert await count(engine, "tasks") == 100
