import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from shared import clock
from shared.batch import GroupCommit, QueueFull
from shared.observe import Progress

Flush = Callable[[Sequence[int]], Awaitable[Sequence[int]]]


class SqlError(Exception):
    """What asyncpg puts behind a SQLAlchemy error."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("made up")
        self.sqlstate = sqlstate


def database_error(sqlstate: str) -> DBAPIError:
    return IntegrityError("INSERT", {}, SqlError(sqlstate))


class Recorder:
    """A flush that answers ten times the item, keeps every batch, and fails as told."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.fail: Callable[[list[int]], Exception | None] = lambda _: None
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        self.entered.set()
        await self.gate.wait()
        if error := self.fail(list(items)):
            raise error
        return [item * 10 for item in items]


@contextlib.asynccontextmanager
async def running(commit: GroupCommit[int, int]) -> AsyncIterator[None]:
    task = asyncio.create_task(commit.run())
    try:
        async with asyncio.timeout(10):
            yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def flush() -> Recorder:
    return Recorder()


async def submitted(commit: GroupCommit[int, int], *items: int) -> list[asyncio.Task[int]]:
    """Tasks that have put their items into the queue."""
    tasks = [asyncio.create_task(commit.submit(item)) for item in items]
    await clock.sleep(0)
    return tasks


async def test_what_comes_during_a_flush_is_flushed_together(flush: Recorder) -> None:
    commit = GroupCommit[int, int]("test", flush)
    async with running(commit):
        flush.gate.clear()
        first = await submitted(commit, 1)
        await flush.entered.wait()
        rest = await submitted(commit, *range(2, 102))
        flush.gate.set()
        assert await asyncio.gather(*first, *rest) == [n * 10 for n in range(1, 102)]
    assert flush.batches == [[1], list(range(2, 102))]


async def test_a_batch_is_bounded(flush: Recorder) -> None:
    commit = GroupCommit[int, int]("test", flush, max_batch=3)
    tasks = await submitted(commit, *range(7))
    async with running(commit):
        await asyncio.gather(*tasks)
    assert [len(batch) for batch in flush.batches] == [3, 3, 1]


async def test_nobody_is_answered_before_the_flush_is_over(flush: Recorder) -> None:
    commit = GroupCommit[int, int]("test", flush)
    async with running(commit):
        flush.gate.clear()
        (task,) = await submitted(commit, 1)
        await flush.entered.wait()
        await clock.sleep(0)
        assert not task.done()
        flush.gate.set()
        assert await task == 10


async def test_one_bad_item_fails_alone(flush: Recorder) -> None:
    flush.fail = lambda items: database_error("23514") if 3 in items else None
    commit = GroupCommit[int, int]("test", flush)
    tasks = await submitted(commit, 1, 2, 3, 4)
    async with running(commit):
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [a for a in answers if isinstance(a, int)] == [10, 20, 40]
    assert isinstance(answers[2], IntegrityError)
    assert flush.batches == [[1, 2, 3, 4], [1], [2], [3], [4]]


async def test_an_outage_is_told_to_all_at_once_and_nothing_is_tried_apart(
    flush: Recorder,
) -> None:
    flush.fail = lambda _: ConnectionRefusedError()
    commit = GroupCommit[int, int]("test", flush)
    tasks = await submitted(commit, 1, 2, 3)
    async with running(commit):
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(a) for a in answers] == [ConnectionRefusedError] * 3
        assert flush.batches == [[1, 2, 3]]
        flush.fail = lambda _: None
        assert await commit.submit(5) == 50


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
async def test_a_deadlock_is_tried_again_as_a_whole(flush: Recorder, sqlstate: str) -> None:
    flush.fail = lambda _: database_error(sqlstate) if len(flush.batches) < 3 else None
    commit = GroupCommit[int, int]("test", flush)
    tasks = await submitted(commit, 1, 2)
    async with running(commit):
        assert await asyncio.gather(*tasks) == [10, 20]
    assert flush.batches == [[1, 2]] * 3


async def test_deadlocks_are_not_tried_for_ever(flush: Recorder) -> None:
    flush.fail = lambda _: database_error("40P01")
    commit = GroupCommit[int, int]("test", flush)
    tasks = await submitted(commit, 1, 2)
    async with running(commit):
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(a, DBAPIError) for a in answers)
    assert flush.batches == [[1, 2]] * 4


async def test_a_full_queue_refuses_at_once_and_does_nothing(flush: Recorder) -> None:
    commit = GroupCommit[int, int]("test", flush, max_queue=2)
    tasks = await submitted(commit, 1, 2)
    with pytest.raises(QueueFull) as refused:
        await commit.submit(3)
    assert refused.value.retry_after_s > 0
    async with running(commit):
        assert await asyncio.gather(*tasks) == [10, 20]
    assert flush.batches == [[1, 2]]


async def test_callers_who_left_are_not_flushed_and_disturb_nobody(flush: Recorder) -> None:
    commit = GroupCommit[int, int]("test", flush)
    tasks = await submitted(commit, 1, 2, 3)
    tasks[1].cancel()
    await asyncio.wait([tasks[1]])
    async with running(commit):
        assert list(await asyncio.gather(tasks[0], tasks[2])) == [10, 30]
    assert flush.batches == [[1, 3]]


async def test_when_every_caller_has_left_nothing_is_flushed(flush: Recorder) -> None:
    commit = GroupCommit[int, int]("test", flush)
    tasks = await submitted(commit, 1, 2)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    async with running(commit):
        while commit._queue.qsize():  # noqa: SLF001 - until the worker has met them
            await clock.sleep(0)
        assert await commit.submit(3) == 30
    assert flush.batches == [[3]]


async def test_a_caller_who_leaves_during_the_flush_disturbs_nobody(flush: Recorder) -> None:
    commit = GroupCommit[int, int]("test", flush)
    async with running(commit):
        flush.gate.clear()
        tasks = await submitted(commit, 1, 2)
        await flush.entered.wait()
        tasks[0].cancel()
        await asyncio.wait([tasks[0]])
        flush.gate.set()
        assert await tasks[1] == 20
        assert await commit.submit(3) == 30


async def test_flushes_are_apart_and_what_comes_between_goes_together(flush: Recorder) -> None:
    commit = GroupCommit[int, int]("test", flush, gather_s=0.2)
    async with running(commit):
        began = clock.monotonic()
        assert await commit.submit(1) == 10
        assert clock.monotonic() - began < 0.15  # nobody waits where nothing was flushed lately
        second = await submitted(commit, 2)
        await clock.sleep(0.05)
        third = await submitted(commit, 3)
        assert await asyncio.gather(*second, *third) == [20, 30]
        assert clock.monotonic() - began >= 0.2
    assert flush.batches == [[1], [2, 3]]


async def test_a_full_batch_waits_for_nothing(flush: Recorder) -> None:
    commit = GroupCommit[int, int]("test", flush, max_batch=2, gather_s=60.0)
    async with running(commit):
        assert await commit.submit(0) == 0
        tasks = await submitted(commit, 1, 2)
        assert await asyncio.gather(*tasks) == [10, 20]
    assert flush.batches == [[0], [1, 2]]


async def test_an_idle_worker_shows_progress(
    flush: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = GroupCommit[int, int]("test", flush)
    beaten = asyncio.Event()
    monkeypatch.setattr(Progress, "beat", lambda _: beaten.set())
    started, real = asyncio.timeout(10), asyncio.timeout
    async with started:
        monkeypatch.setattr("shared.batch.asyncio.timeout", lambda _: real(0.01))
        task = asyncio.create_task(commit.run())
        await beaten.wait()
        task.cancel()
        await asyncio.wait([task])
    assert flush.batches == []
