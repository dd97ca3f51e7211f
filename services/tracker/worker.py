"""Kafka, timers and outside calls: each turns what happened into signals for the handlers."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.tracker.domain.estimates import NOTHING_MEASURED, Measured
from services.tracker.domain.triggers import RefundReport, T, Trigger
from services.tracker.handlers import Outcome, Signal, advance, apply_waiting, signal_of
from services.tracker.ports import NoAnswer, NotSent, Refused
from services.tracker.store import disputes as store
from services.tracker.store import views, waits
from shared import clock, db, inbox, tasks
from shared.batch import GroupCommit, QueueFull
from shared.contracts.envelope import Envelope
from shared.contracts.vocabulary import Actor
from shared.observe import Progress, continued_trace, log, traceparent

Commit = GroupCommit[Signal, Outcome]

_TIMERS_AT_ONCE: Final = 500
_TIMER_POLL_S: Final = 0.2
_ANSWERS_PER_SLOT: Final = 8
_CALL_POLL_S: Final = 0.2
_CALL_GATHER_S: Final = 0.01
_LEASE_S: Final = 60.0
_CALL_TIMEOUT_S: Final = 15.0
_LONGEST_PAUSE_S: Final = 300.0
_LONGEST_UNSENT_PAUSE_S: Final = 15.0
_PURGE_EVERY_S: Final = 60.0
_FOLD_EVERY_S: Final = 2.0

signals = Counter("redress_tracker_signals_total", "Signals by trigger and result", ["t", "result"])
calls = Counter("redress_tracker_calls_total", "Outside calls", ["kind", "outcome"])
calls_open = Gauge("redress_tracker_calls_open", "Outside calls under way", ["party"])


def nothing_measured() -> Measured:
    """Where no waits are measured: nothing is told of them."""
    return NOTHING_MEASURED


def flusher(
    engine: AsyncEngine,
    committed: Callable[[frozenset[str]], None],
    measured: Callable[[], Measured] = nothing_measured,
) -> Callable[[Sequence[Signal]], Awaitable[list[Outcome]]]:
    """One transaction for a batch of signals; `committed` wakes the relay and those who call.

    `measured` says what is to be told of waits that begin.
    """

    async def flush(batch: Sequence[Signal]) -> list[Outcome]:
        async with engine.begin() as tx:
            outcomes = await advance(tx, batch, measured())
        for signal, outcome in zip(batch, outcomes, strict=True):
            signals.labels(signal.trigger.name.value, outcome.result).inc()
        committed(frozenset().union(*(outcome.calls for outcome in outcomes)))
        return outcomes

    return flush


def event_handler(
    measured: Callable[[], Measured],
) -> Callable[[AsyncConnection, list[Envelope]], Awaitable[None]]:
    """What a consumer does with a batch, inside its transaction."""

    async def handle(tx: AsyncConnection, envelopes: list[Envelope]) -> None:
        await handle_events(tx, envelopes, measured())

    return handle


async def handle_events(
    tx: AsyncConnection, envelopes: list[Envelope], measured: Measured = NOTHING_MEASURED
) -> None:
    """A batch from Kafka, inside the consumer's transaction."""
    batch = [signal for e in envelopes if (signal := signal_of(e)) is not None]
    for signal, outcome in zip(batch, await advance(tx, batch, measured), strict=True):
        signals.labels(signal.trigger.name.value, outcome.result).inc()


class Timers:
    """Fires what is due. The row is checked again under its dispute's lock."""

    def __init__(self, engine: AsyncEngine, commit: Commit) -> None:
        self._engine = engine
        self._commit = commit
        self.progress = Progress("tracker-timers")

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            fired = 0
            try:
                fired = await self._fire()
            except Exception as error:  # noqa: BLE001 - this loop owns the retry
                log.warning("timers.retry", error=type(error).__name__)
                await clock.sleep(1.0)
            self.progress.beat()
            if fired < _TIMERS_AT_ONCE:
                await clock.sleep(_TIMER_POLL_S)

    async def _fire(self) -> int:
        due = await self._due()
        # Due at the same moment, a recheck goes first: asking keeps the promise to look again.
        due.sort(key=lambda task: (task.slack_at, task.due_at, task.key.kind == T.PROMISE_DUE))
        fired = (self._commit.submit(_of_timer(task)) for task in due)
        results = await asyncio.gather(*fired, return_exceptions=True)
        for task, result in zip(due, results, strict=True):
            if isinstance(result, BaseException):
                await self._failed(task, result)
        return len(due)

    async def _due(self) -> list[tasks.Claimed]:
        while True:
            async with self._engine.begin() as tx:
                given = await tasks.due(tx, tasks.TIMER, _TIMERS_AT_ONCE)
            if not given.more:
                return given.tasks
            self.progress.beat()

    async def _failed(self, task: tasks.Claimed, error: BaseException) -> None:
        """One that fails for a reason of its own is tried less and less often."""
        if isinstance(error, QueueFull) or db.is_outage(error):
            raise error
        kind, why = task.key.kind, type(error).__name__
        log.error("timer.failed", kind=kind, dispute=str(task.key.dispute_id), error=why)
        async with self._engine.begin() as tx:
            now = await clock.after_locks(tx)
            due_at = now + timedelta(seconds=_pause(task, now))
            await tasks.later(tx, task, due_at, task.attempts + 1)


def _of_timer(task: tasks.Claimed) -> Signal:
    return Signal(
        task.key.dispute_id,
        Trigger(T(task.key.kind)),
        task=(task.id, task.lease),
        is_timer=True,
        traceparent=task.traceparent,
    )


class Calls:
    """Makes outside calls, never more at once than there are slots, each under a lease.

    A slot is free again with the answer; answers that wait for their commit are bounded too.
    What comes back is a signal that completes the task in the same transaction. A refund whose
    earlier attempt may have left this machine is not sent again: its outcome is asked for.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        commit: Commit,
        party: str,
        make: Callable[[tasks.Claimed], Awaitable[Trigger | None]],
        slots: int = 64,
    ) -> None:
        self._engine = engine
        self._commit = commit
        self._party = party
        self._make = make
        self._slots = self._free = slots
        self._most = slots * _ANSWERS_PER_SLOT
        self._freed = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._pace = clock.Pace(_CALL_GATHER_S)
        self.progress = Progress(f"tracker-calls-{party}")

    def wake(self) -> None:
        """Something was committed that may hold calls."""
        self._freed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._freed.clear()
            claimed = 0
            try:
                claimed = await self._claim()
            except Exception as error:  # noqa: BLE001 - this loop owns the retry
                log.warning("calls.retry", party=self._party, error=type(error).__name__)
                await clock.sleep(1.0)
            self.progress.beat()
            if not claimed or not self._free or len(self._running) >= self._most:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_CALL_POLL_S):
                        await self._freed.wait()
                await self._pace.wait()

    async def _claim(self) -> int:
        room = min(self._free, self._most - len(self._running))
        if not room:
            return 0
        claimed = await self._take_due(room)
        for task in claimed:
            self._take(1)
            running = asyncio.create_task(self._carry_out(task))
            self._running.add(running)
            running.add_done_callback(self._done)
        return len(claimed)

    async def _take_due(self, room: int) -> list[tasks.Claimed]:
        while True:
            async with self._engine.begin() as tx:
                given = await tasks.claim(tx, self._party, room, _LEASE_S)
            if not given.more:
                return given.tasks
            self.progress.beat()

    def _take(self, slots: int) -> None:
        """Occupy slots, or give them back where negative."""
        self._free -= slots
        calls_open.labels(self._party).set(self._slots - self._free)

    def _done(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        self._freed.set()
        if not running.cancelled() and (error := running.exception()):
            log.error("calls.failed", party=self._party, error=type(error).__name__)

    async def _carry_out(self, task: tasks.Claimed) -> None:
        traceparent.set(continued_trace(task.traceparent))
        try:
            trigger = await self._call(task)
        finally:
            self._take(-1)
            self._freed.set()
        if trigger is not None:
            await self._submit(task, trigger)

    async def _call(self, task: tasks.Claimed) -> Trigger | None:
        """What the answer means; None where it means nothing, and the task is put off or done."""
        kind = task.key.kind
        try:
            trigger = await self._answer(task)
        except NotSent:
            calls.labels(kind, "not_sent").inc()
            await self._later(task, task.attempts - 1, _pause_by_age)
            return None
        except (NoAnswer, TimeoutError):
            calls.labels(kind, "no_answer").inc()
            if kind == "refund":
                return _no_answer(task)
            await self._later(task, task.attempts, _pause)
            return None
        except Refused as error:
            calls.labels(kind, "refused").inc()
            log.warning("calls.refused", kind=kind, reason=str(error))
            trigger = None
        else:
            calls.labels(kind, "answered").inc()
        if trigger is None:
            await self._finish(task)
        return trigger

    async def _answer(self, task: tasks.Claimed) -> Trigger | None:
        if task.key.kind == "refund" and (task.attempts > 1 or _is_too_late(task)):
            return _no_answer(task)
        async with asyncio.timeout(_CALL_TIMEOUT_S):
            return await self._make(task)

    async def _submit(self, task: tasks.Claimed, trigger: Trigger) -> Outcome:
        return await self._commit.submit(
            Signal(
                task.key.dispute_id,
                trigger,
                task=(task.id, task.lease),
                traceparent=traceparent.get(),
            )
        )

    async def _later(
        self, task: tasks.Claimed, attempts: int, pause: Callable[[tasks.Claimed, datetime], float]
    ) -> None:
        async with self._engine.begin() as tx:
            now = await clock.after_locks(tx)
            due = now + timedelta(seconds=pause(task, now))
            await tasks.later(tx, task, due, attempts)

    async def _finish(self, task: tasks.Claimed) -> None:
        async with self._engine.begin() as tx:
            await tasks.done(tx, [(task.id, task.lease)])


def _pause(task: tasks.Claimed, now: datetime) -> float:
    """Seconds before the next try: doubling with jitter, at most five minutes."""
    del now
    doubled = 0.5 * float(1 << min(task.attempts, 10))
    return min(_LONGEST_PAUSE_S, doubled) * _jitter()


def _pause_by_age(task: tasks.Claimed, now: datetime) -> float:
    """The same where nothing left this machine, which counts as no attempt: half the age so far.

    Shorter at the most, because a party that is back should be asked soon.
    """
    age_s = (now - (task.first_claimed_at or now)).total_seconds()
    return min(_LONGEST_UNSENT_PAUSE_S, max(0.5, age_s / 2)) * _jitter()


def _jitter() -> float:
    return random.uniform(0.7, 1.3)  # noqa: S311 - not for secrets


def _no_answer(task: tasks.Claimed) -> Trigger:
    return Trigger(T.REFUND_NO_ANSWER, Actor.BANK, RefundReport(task.key.n))


def _is_too_late(task: tasks.Claimed) -> bool:
    """Whether a refund that is sent again would reach the bank after its key's lifetime."""
    until = task.payload.get("not_after")
    return until is not None and clock.utcnow() >= datetime.fromisoformat(until)


class Counts:
    """Keeps the list's counts short: what changed since is added to the sums."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.progress = Progress("tracker-counts", stale_after_s=600)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with self._engine.begin() as tx:
                    await views.fold_counts(tx)
            except Exception as error:
                if not db.is_outage(error):
                    raise
            self.progress.beat()
            await clock.sleep(_FOLD_EVERY_S)


class Housekeeping:
    """Purges what has served its time and applies what was left waiting, in bounded steps."""

    def __init__(
        self, engine: AsyncEngine, measured: Callable[[], Measured] = nothing_measured
    ) -> None:
        self._engine = engine
        self._measured = measured
        self.progress = Progress("tracker-housekeeping", stale_after_s=600)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with self._engine.begin() as tx:
                    await inbox.forget_old(tx)
                    await store.forget_waiting(tx, inbox.KEPT)
                    await waits.forget_old(tx)
                await self._apply_waiting()
            except Exception as error:
                if not db.is_outage(error):
                    raise
            self.progress.beat()
            await clock.sleep(_PURGE_EVERY_S)

    async def _apply_waiting(self) -> None:
        """All together; where that fails, each alone, so that one bad command stops no other."""
        try:
            async with self._engine.begin() as tx:
                await apply_waiting(tx, None, self._measured())
        except Exception as error:
            if db.is_outage(error):
                raise
            await self._apply_each()

    async def _apply_each(self) -> None:
        async with self._engine.begin() as tx:
            waiting = await store.ready_to_apply(tx)
        for command_id in waiting:
            try:
                async with self._engine.begin() as tx:
                    await apply_waiting(tx, [command_id], self._measured())
            except Exception as error:
                if db.is_outage(error):
                    raise
                why = type(error).__name__
                log.error("waiting.failed", command=str(command_id), error=why)
