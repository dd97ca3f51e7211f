"""What the intake does besides answering: relay, status and transaction feeds, upkeep."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.handlers import feed
from services.intake.handlers.accept import announce
from services.intake.settings import Settings
from services.intake.store import disputes, keys
from shared import clock, kafka, outbox
from shared.contracts.topics import Topic
from shared.observe import Progress, log
from shared.seal import KeyRing

_REEMIT_BATCH: Final = 200
_BACKLOG: Final = 1000
_FULL_BATCH_S: Final = 1.0
_PURGE_BATCH: Final = 5000
_PURGE_EVERY_S: Final = 60.0


def status_feed(settings: kafka.Settings, engine: AsyncEngine, keys_: KeyRing) -> kafka.Consumer:
    """Keeps the read model at the tracker's newest word."""
    return kafka.Consumer(
        settings,
        engine,
        keys_,
        group="intake-status",
        topics=[Topic.DISPUTE_STATUS],
        handle=feed.apply_statuses,
    )


def transaction_feed(
    settings: kafka.Settings, engine: AsyncEngine, keys_: KeyRing
) -> kafka.Consumer:
    """Keeps the copy of the wallet's transactions."""
    return kafka.Consumer(
        settings,
        engine,
        keys_,
        group="intake-transactions",
        topics=[Topic.TRANSACTIONS],
        handle=feed.copy_transactions,
    )


class Upkeep:
    """Publishes unanswered openings again and drops old keys, a bounded number at a time.

    Kafka does not fsync and a published outbox row is gone: an opening whose dispute has no
    status after a while may be lost. The tracker knows the event id and takes it once.
    """

    def __init__(
        self, engine: AsyncEngine, settings: Settings, committed: Callable[[], None]
    ) -> None:
        self._engine = engine
        self._after = timedelta(seconds=settings.intake_reemit_after_s)
        self._keys_kept = timedelta(days=settings.intake_keys_kept_days)
        self._committed = committed
        self.reemission = Progress("intake-reemission")
        self.purge = Progress("intake-purge", stale_after_s=4 * _PURGE_EVERY_S)

    async def reemit_for_ever(self) -> None:
        """Until cancelled."""
        pause_s = min(30.0, self._after.total_seconds() / 4)
        while True:
            again = await _tried("reemit", self.reemit)
            self.reemission.beat()
            await clock.sleep(_FULL_BATCH_S if again == _REEMIT_BATCH else pause_s)

    async def purge_for_ever(self) -> None:
        """Until cancelled."""
        while True:
            dropped = await _tried("purge", self.forget_keys)
            self.purge.beat()
            await clock.sleep(_FULL_BATCH_S if dropped == _PURGE_BATCH else _PURGE_EVERY_S)

    async def reemit(self) -> int:
        """One batch; how many openings were put into the outbox again."""
        async with self._engine.begin() as tx:
            if await disputes.backlog(tx, _BACKLOG) == _BACKLOG:
                return 0  # the relay cannot get rid of what it has: more would not help
            openings = await disputes.unanswered(tx, self._after, _REEMIT_BATCH)
            await outbox.add(tx, [announce(opening, None) for opening in openings])
        if openings:
            log.warning("intake.reemitted", count=len(openings))
            self._committed()
        return len(openings)

    async def forget_keys(self) -> int:
        """One bounded step; how many keys were dropped."""
        async with self._engine.begin() as tx:
            return await keys.forget_old(tx, self._keys_kept, _PURGE_BATCH)


async def _tried(what: str, work: Callable[[], Awaitable[int]]) -> int:
    try:
        return await work()
    except Exception as error:  # noqa: BLE001 - this loop owns the retry
        log.warning("intake.upkeep", work=what, error=type(error).__name__)
        return 0
