"""The loops: sending what is due, storing receipts, sweeping up what time brings."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from secrets import SystemRandom
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier import handlers
from services.notifier.domain.sending import Channel, Outcome, Result
from services.notifier.ports import Courier, Receipt
from services.notifier.settings import Settings
from services.notifier.sms import Arrived
from services.notifier.store import messages, outcomes
from services.notifier.store.messages import Claimed, Settled
from shared import clock, db
from shared.observe import Progress, log
from shared.seal import CannotOpen, KeyRing

_POLL_S: Final = 0.25
_GATHER_S: Final = 0.02
"""A moment for more outcomes to come in: fewer commits, each worth more."""
_DRAIN_S: Final = 5.0
_RECEIPTS_AT_ONCE: Final = 500
_RECEIPTS_WAITING: Final = 20_000
_RECEIPT_GATHER_S: Final = 0.1
_RECEIPT_RETRY_S: Final = 1.0
_RECEIPT_TRIES: Final = 4
_SWEEP_S: Final = 1.0
_FORGET_EVERY: Final = 600


class Sender:
    """Sends one channel's messages: claim, hand over, record; one commit for many of each."""

    def __init__(
        self,
        channel: Channel,
        engine: AsyncEngine,
        courier: Courier,
        keys: KeyRing,
        settings: Settings,
        committed: Callable[[], None],
    ) -> None:
        self._channel, self._engine, self._courier = channel, engine, courier
        self._keys, self._settings, self._committed = keys, settings, committed
        self._news = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._finished: list[Settled] = []
        self._random = SystemRandom()
        self.progress = Progress(f"notifier-{channel}-sender")

    def wake(self) -> None:
        """Something may be due now."""
        self._news.set()

    async def run(self) -> None:
        """Until cancelled; then what is under way may finish and is recorded."""
        try:
            while True:
                await self._rest()
                await self._round(claim=True)
                self.progress.beat()
        finally:
            await self._drain()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POLL_S):
                await self._news.wait()
        await clock.sleep(_GATHER_S)
        self._news.clear()

    async def _round(self, *, claim: bool) -> None:
        """Record what has finished and take what is due, in one transaction."""
        finished, self._finished = self._finished, []
        free = self._settings.sends_at_once - len(self._running)
        wanted = free if claim and self._courier.ready else 0
        if not finished and not wanted:
            return
        try:
            async with self._engine.begin() as tx:
                await handlers.record(tx, finished)
                claimed = await messages.claim(
                    tx, self._channel, wanted, self._settings.sending_lease_s
                )
        except Exception as error:
            self._finished = finished + self._finished
            if not db.is_outage(error) and not db.is_contention(error):
                raise
            log.warning("sender.outage", channel=self._channel, error=type(error).__name__)
            await clock.sleep(1.0)
            return
        if finished:
            self._committed()
        for message in claimed:
            self._start(message)

    def _start(self, message: Claimed) -> None:
        task = asyncio.create_task(self._send(message))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _send(self, message: Claimed) -> None:
        outcome, locale = await self._attempt(message)
        self._finished.append(
            handlers.settled(
                message, outcome, locale, self._random.random(), self._settings.ambiguous_wait_s
            )
        )
        self._news.set()

    async def _attempt(self, message: Claimed) -> tuple[Outcome, str | None]:
        try:
            written = handlers.compose(message, self._keys, self._settings)
        except (CannotOpen, LookupError, ValueError) as error:
            # A key or a text that is missing may be put right; the attempts are bounded anyhow.
            log.error("message.not_written", message=str(message.id), error=type(error).__name__)
            return Outcome(Result.BUSY, type(error).__name__), None
        if written is None:
            return Outcome(Result.NO_CONTACT), None
        try:
            return await self._courier.send(written), written.locale
        except Exception as error:  # noqa: BLE001 - this loop owns the retry
            # How far it got is not known, so it may have been handed over.
            log.error("courier.failed", channel=self._channel, error=type(error).__name__)
            return Outcome(Result.AMBIGUOUS, type(error).__name__), written.locale

    async def _drain(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=_DRAIN_S)
        for task in self._running:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await self._round(claim=False)


@dataclass(slots=True)
class _Waiting:
    """A receipt not yet stored, and how often it was looked for."""

    arrived: Arrived
    tries: int = 0


class Receipts:
    """Stores receipts in batches and acknowledges them after the commit."""

    def __init__(self, engine: AsyncEngine, keys: KeyRing, committed: Callable[[], None]) -> None:
        self._engine, self._keys, self._committed = engine, keys, committed
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(_RECEIPTS_WAITING)
        self.progress = Progress("notifier-receipts")

    def arrived(self, arrived: Arrived) -> None:
        """Take a receipt; beyond the bound it stays unacknowledged and the gateway repeats it."""
        self._put(_Waiting(arrived))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            batch = await self._batch()
            if batch:
                await self._store(batch)
            self.progress.beat()

    def _put(self, waiting: _Waiting) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(waiting)

    async def _batch(self) -> list[_Waiting]:
        try:
            async with asyncio.timeout(5):
                first = await self._queue.get()
        except TimeoutError:
            return []
        # The send's own outcome is usually being committed just now.
        await clock.sleep(_RECEIPT_GATHER_S)
        rest = min(self._queue.qsize(), _RECEIPTS_AT_ONCE - 1)
        return [first, *(self._queue.get_nowait() for _ in range(rest))]

    async def _store(self, batch: list[_Waiting]) -> None:
        try:
            unmatched = await self._transact(batch)
        except Exception as error:
            if not db.is_outage(error) and not db.is_contention(error):
                raise
            log.warning("receipts.outage", error=type(error).__name__)
            for waiting in batch:
                self._put(waiting)
            await clock.sleep(1.0)
            return
        self._committed()
        for waiting in batch:
            if waiting.arrived.receipt in unmatched and waiting.tries < _RECEIPT_TRIES:
                waiting.tries += 1
                loop = asyncio.get_running_loop()
                loop.call_later(_RECEIPT_RETRY_S, self._put, waiting)
            else:
                waiting.arrived.acknowledge()

    async def _transact(self, batch: list[_Waiting]) -> set[Receipt]:
        async with self._engine.begin() as tx:
            found = await handlers.receive(tx, [w.arrived.receipt for w in batch])
            unmatched = set(found)
            for waiting in batch:
                receipt = waiting.arrived.receipt
                if receipt in unmatched and waiting.tries == _RECEIPT_TRIES:
                    await handlers.receive_marked(tx, self._keys, receipt)
        return unmatched


class Sweeper:
    """Every second: leases that ran out, silences that are over; now and then: what is old."""

    def __init__(
        self, engine: AsyncEngine, settings: Settings, committed: Callable[[], None]
    ) -> None:
        self._engine, self._settings, self._committed = engine, settings, committed
        self.progress = Progress("notifier-sweeper")

    async def run(self) -> None:
        """Until cancelled."""
        rounds = 0
        while True:
            await clock.sleep(_SWEEP_S)
            rounds += 1
            try:
                await self._sweep(forget=rounds % _FORGET_EVERY == 0)
            except Exception as error:
                if not db.is_outage(error) and not db.is_contention(error):
                    raise
                log.warning("sweeper.outage", error=type(error).__name__)
            self.progress.beat()

    async def _sweep(self, *, forget: bool) -> None:
        async with self._engine.begin() as tx:
            await handlers.sweep(tx, self._settings.ambiguous_wait_s)
            if forget:
                await outcomes.forget(tx)
        self._committed()
