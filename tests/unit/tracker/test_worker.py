"""What the worker does around the core: timers in their order, calls as soon as they are there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.local import ports
from services.tracker import measuring, worker
from services.tracker.domain.triggers import T, Trigger
from services.tracker.handlers import Outcome, Signal
from services.tracker.measuring import Measuring
from services.tracker.worker import Calls, Counts, Housekeeping, Timers
from shared import clock, db, ids, tasks
from shared.contracts.vocabulary import Actor
from shared.observe import Progress
from tests.unit.tracker.case import START


class Commit:
    """A group commit that keeps what it is given."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []

    async def submit(self, signal: Signal) -> Outcome:
        self.signals.append(signal)
        return Outcome("applied")


@asynccontextmanager
async def _begin() -> AsyncIterator[None]:
    yield


ENGINE: Any = SimpleNamespace(begin=_begin)


def _task(kind: str, queue: str = tasks.TIMER, due_at: datetime = START) -> tasks.Claimed:
    key = tasks.Key(ids.new(), "trace", kind, 0)
    return tasks.Claimed(ids.new(), key, queue, due_at, {}, 1, due_at, None, None, START)


async def _fired(monkeypatch: pytest.MonkeyPatch, *due: tasks.Claimed) -> list[Signal]:
    async def found(*_: object) -> tasks.Given:
        return tasks.Given(list(due), more=False)

    monkeypatch.setattr(tasks, "due", found)
    commit: Any = Commit()
    assert await Timers(ENGINE, commit)._fire() == len(due)  # noqa: SLF001 - one round
    signals: list[Signal] = commit.signals
    return signals


async def test_due_at_the_same_moment_a_recheck_goes_before_the_promise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Asking keeps the promise to look again; the other way round it would count as missed."""
    promise, recheck = _task(T.PROMISE_DUE), _task(T.TRACE_RECHECK)
    earlier = _task(T.PROMISE_DUE, due_at=START - timedelta(seconds=1))
    signals = await _fired(monkeypatch, promise, recheck, earlier)
    wanted = [earlier, recheck, promise]
    assert [signal.dispute_id for signal in signals] == [task.key.dispute_id for task in wanted]


async def test_a_timer_fires_as_one_whose_row_is_looked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = _task(T.TRACE_RECHECK)
    (signal,) = await _fired(monkeypatch, task)
    assert (signal.task, signal.is_timer) == ((task.id, task.lease), True)


async def test_relay_and_callers_are_woken_once_and_after_the_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[object] = []

    @asynccontextmanager
    async def begin() -> AsyncIterator[None]:
        yield
        steps.append("commit")

    async def advance(_: object, signals: Sequence[Signal], __: object) -> list[Outcome]:
        parties = [frozenset({"bank"}), frozenset({"merchant"})]
        return [Outcome("applied", calls=calls) for calls in parties[: len(signals)]]

    monkeypatch.setattr(worker, "advance", advance)
    engine: Any = SimpleNamespace(begin=begin)
    signal = Signal(ids.new(), Trigger(T.REFUND_RECHECK))
    await worker.flusher(engine, steps.append)([signal, signal])
    assert steps == ["commit", {"bank", "merchant"}]


async def test_a_call_committed_while_others_are_claimed_does_not_wait_for_the_next_poll(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "_CALL_POLL_S", 3600.0)
    made = asyncio.Event()
    rounds = [[], [_task("inquiry", "bank")]]

    async def claim(*_: object) -> tasks.Given:
        found = rounds.pop(0) if rounds else []
        if rounds:
            calls.wake()  # its commit, a moment after this query
        return tasks.Given(found, more=False)

    async def make(_: tasks.Claimed) -> Trigger:
        made.set()
        return Trigger(T.TRANSACTION_MISSING, Actor.BANK)

    monkeypatch.setattr(tasks, "claim", claim)
    commit: Any = Commit()
    calls = Calls(ENGINE, commit, "bank", make)
    running = asyncio.create_task(calls.run())
    try:
        async with asyncio.timeout(5):
            await made.wait()
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_as_long_as_more_has_fallen_due_timers_and_calls_ask_again_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task, more = _task("inquiry"), [True, True, False] * 2

    async def ask(*_: object) -> tasks.Given:
        is_more = more.pop(0)
        return tasks.Given([] if is_more else [task], more=is_more)

    monkeypatch.setattr(tasks, "due", ask)
    monkeypatch.setattr(tasks, "claim", ask)
    commit: Any = Commit()
    assert await Timers(ENGINE, commit)._due() == [task]  # noqa: SLF001 - one round
    assert len(more) == 3
    calls = Calls(ENGINE, commit, "bank", _never)
    assert await calls._take_due(1) == [task]  # noqa: SLF001 - one round
    assert more == []


async def _never(_: tasks.Claimed) -> Trigger:
    raise AssertionError("nothing is called here")


def test_times_are_in_the_order_that_keeps_a_call_under_its_lease() -> None:
    """Else another taker sends it while its answer is under way or being committed."""
    longest = worker._CALL_TIMEOUT_S * 2  # noqa: SLF001 - compared
    assert longest <= worker._LEASE_S  # noqa: SLF001 - compared


@dataclass(slots=True)
class Rounds(Progress):
    """Counts how often a loop went round."""

    count: int = 0

    def beat(self) -> None:
        self.count += 1


@pytest.mark.parametrize("loop", [Counts, Housekeeping, Measuring])
async def test_a_database_that_is_away_is_waited_for(
    loop: type[Counts | Housekeeping | Measuring], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens there; the loop goes round and does not end."""
    for module, every in ((worker, "_FOLD_EVERY_S"), (worker, "_PURGE_EVERY_S")):
        monkeypatch.setattr(module, every, 0.01)
    monkeypatch.setattr(measuring, "EVERY_S", 0.01)
    (port,) = ports.free(1)
    engine = db.engine(f"postgresql://nobody:x@127.0.0.1:{port}/none", "test", 1)
    away = loop(engine)
    away.progress = rounds = Rounds("test")
    running = asyncio.create_task(away.run())
    try:
        async with asyncio.timeout(5):
            while rounds.count < 2 and not running.done():
                await clock.sleep(0.01)
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.wait([running])
        await engine.dispose()
