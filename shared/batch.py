"""Group commit: many callers, one transaction, each gets its own answer after the commit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared import clock, db
from shared.observe import Progress, log, metrics

Item = TypeVar("Item")
Result = TypeVar("Result")


class QueueFull(Exception):
    """More is waiting than can be done in time; come back after `retry_after_s`."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class GroupCommit(Generic[Item, Result]):
    """Collects items while a flush is under way and flushes them together.

    One flush begins at most every `gather_s`: a transaction has a price of its own, so fewer and
    larger ones carry more. `flush` runs one transaction for its items and answers each in order;
    an item's own refusal is an answer, not an exception. Where a whole flush fails for another
    reason than contention, the items are tried one by one, so that one bad item fails alone.
    """

    def __init__(
        self,
        name: str,
        flush: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        max_batch: int = 500,
        max_queue: int = 5000,
        gather_s: float = 0.0,
    ) -> None:
        self._name = name
        self._flush = flush
        self._max_batch = max_batch
        self._queue: asyncio.Queue[tuple[Item, asyncio.Future[Result]]] = asyncio.Queue(max_queue)
        self._pace = clock.Pace(gather_s)
        self.progress = Progress(f"{name}-batch")

    async def submit(self, item: Item) -> Result:
        """Wait for the commit that holds this item.

        Raises:
            QueueFull: the bounded queue has no place; nothing was done.

        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((item, future))
        except asyncio.QueueFull:
            metrics.refused.labels(self._name).inc()
            raise QueueFull(retry_after_s=2) from None
        return await future

    async def run(self) -> None:
        """Until cancelled; give it a task of its own."""
        while True:
            batch = await self._gather()
            if not batch:
                self.progress.beat()
                continue
            metrics.batch_size.labels(self._name).observe(len(batch))
            metrics.queue_depth.labels(self._name).set(self._queue.qsize())
            await self._settle(batch)
            self.progress.beat()

    async def _gather(self) -> list[tuple[Item, "asyncio.Future[Result]"]]:
        """What waits when the next flush may begin; empty if nothing comes."""
        try:
            async with asyncio.timeout(5):
                first = await self._queue.get()
        except TimeoutError:
            return []
        if self._queue.qsize() < self._max_batch - 1:
            await self._pace.wait()
        return [first, *self._waiting()]

    def _waiting(self) -> list[tuple[Item, "asyncio.Future[Result]"]]:
        count = min(self._queue.qsize(), self._max_batch - 1)
        return [self._queue.get_nowait() for _ in range(count)]

    async def _settle(self, batch: list[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        batch = [entry for entry in batch if not entry[1].done()]  # a caller may have gone
        if not batch:
            return
        try:
            results = await self._flush_with_retry([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - every caller gets the error or its own result
            await self._settle_apart(batch, error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)

    async def _settle_apart(
        self, batch: list[tuple[Item, "asyncio.Future[Result]"]], error: Exception
    ) -> None:
        if len(batch) > 1 and not db.is_outage(error):
            log.warning("batch.split", batch=self._name, error=type(error).__name__)
            for entry in batch:
                await self._settle([entry])
            return
        for _, future in batch:
            if not future.done():
                future.set_exception(error)

    async def _flush_with_retry(self, items: Sequence[Item]) -> Sequence[Result]:
        for attempt in range(3):
            try:
                return await self._flush(items)
            except Exception as error:
                if not db.is_contention(error):
                    raise
                await db.pause_between(attempt)
        return await self._flush(items)
