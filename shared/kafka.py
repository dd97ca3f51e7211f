"""aiokafka with the settings that keep money safe, and a consumer that never loses its place."""

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiokafka import (
    AIOKafkaConsumer,
    AIOKafkaProducer,
    ConsumerRebalanceListener,
    ConsumerRecord,
    TopicPartition,
)
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, KafkaTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import clock, db, dead_letters
from shared.contracts.envelope import Envelope, UnknownType, Unreadable, decode
from shared.contracts.topics import Topic
from shared.observe import Progress, log, metrics
from shared.seal import KeyRing

Handler = Callable[[AsyncConnection, list[Envelope]], Awaitable[None]]


_STOP_TIMEOUT_S: Final = 5
_START_TIMEOUT_S: Final = 30
_POLL_MS: Final = 500
_GATHER_S: Final = 0.04  # from one batch to the next: each has a transaction and a commit to pay
_POLL_TIMEOUT_S: Final = 75  # above the rebalance timeout, below what counts as stalled
_STUCK_AFTER_S: Final = 30.0
_DRAIN_S: Final = 30
_PAUSE_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)  # between the tries of an outage, however long it is
_TRIES_ALONE: Final = 2  # a race may fail a record once; what fails it again is the record


class ConsumerStuck(Exception):
    """Records wait on the broker and none arrive: the process must be restarted."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where Kafka is and which environment's topics are meant."""

    bootstrap_servers: str
    topic_prefix: str = "redress"


def producer_options(settings: Settings, client_id: str) -> dict[str, object]:
    """The library's defaults lose or double records; a test asserts each of these."""
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "client_id": client_id,
        "acks": "all",
        "enable_idempotence": True,
        "linger_ms": 0,
        "max_batch_size": 262_144,
        "max_request_size": 1_048_576,
        "request_timeout_ms": 15_000,
        "compression_type": None,
    }


def consumer_options(settings: Settings, group: str) -> dict[str, object]:
    """Offsets are committed by hand after the database commit; nothing is skipped or repeated."""
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "group_id": f"{settings.topic_prefix}.{group}",
        "client_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "isolation_level": "read_committed",
        "session_timeout_ms": 15_000,
        "rebalance_timeout_ms": 60_000,
        "heartbeat_interval_ms": 3_000,
        "max_poll_interval_ms": 300_000,
        "max_partition_fetch_bytes": 1_048_576,
        "fetch_max_wait_ms": 200,
    }


async def start_producer(settings: Settings, client_id: str) -> AIOKafkaProducer:
    """A started idempotent producer, or the error within 30 s."""
    producer = AIOKafkaProducer(**producer_options(settings, client_id))
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            await producer.start()
    except BaseException:
        await stop_quietly(producer)
        raise
    return producer


_stopping: Final[set["asyncio.Task[None]"]] = set()


async def stop_quietly(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """Stop, waiting 5 s at most; with a dead broker `stop` hung over 20 s.

    What takes longer goes on by itself. Cancelling it would leave tasks of the library behind: a
    heartbeat that keeps partitions nobody reads, or a sender that retries for ever.
    """
    stopping = asyncio.create_task(_stop(client))
    _stopping.add(stopping)
    stopping.add_done_callback(_stopping.discard)
    try:
        await asyncio.wait([stopping], timeout=_STOP_TIMEOUT_S)
    finally:
        if not stopping.done() and isinstance(client, AIOKafkaProducer):
            _give_up(client)


async def _stop(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    try:
        await client.stop()
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - of its own tasks
        log.info("kafka.stop", error=type(error).__name__)
        producer = isinstance(client, AIOKafkaProducer)
        await (client.client if producer else client._client).close()  # noqa: SLF001 - nameless


def _give_up(producer: AIOKafkaProducer) -> None:
    """Drop what was not acknowledged; whoever sent it still has it.

    An idempotent producer never does so itself, and would publish old pages when Kafka is back.
    """
    left = producer._message_accumulator  # noqa: SLF001 - there is no public way
    queued, under_way = left._batches, left._pending_batches  # noqa: SLF001 - the same
    under_way.update(*queued.values())  # where the library looks for them when they end
    queued.clear()
    for batch in tuple(under_way):
        batch.drain_ready()
        batch.failure(KafkaTimeoutError())


class Consumer:
    """Feeds batches of events to a handler, each inside one transaction.

    What does not parse, or fails deterministically when handled alone, is parked as a dead letter
    in the same transaction; an outage holds everything back without a commit.
    """

    def __init__(
        self,
        settings: Settings,
        engine: AsyncEngine,
        keys: KeyRing,
        *,
        group: str,
        topics: Sequence[Topic],
        handle: Handler,
        committed: Callable[[], None] = lambda: None,
        max_records: int = 500,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._keys = keys
        self._group = group
        self._topics = [topic.full(settings.topic_prefix) for topic in topics]
        self._handle = handle
        self._committed = committed
        self._max_records = max_records
        self._busy = asyncio.Lock()
        self._quiet_since = clock.monotonic()
        self._behind_at: dict[TopicPartition, int] = {}
        self.progress = Progress(f"{group}-consumer")

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            ConsumerStuck: the broker holds records that this consumer does not receive.

        """
        while True:
            try:
                await self._session()
            except (KafkaError, IllegalStateError, OSError, TimeoutError) as error:
                log.warning("consumer.restart", group=self._group, error=type(error).__name__)
            self.progress.beat()
            await clock.sleep(1.0)

    async def _session(self) -> None:
        consumer = AIOKafkaConsumer(**consumer_options(self._settings, self._group))
        consumer.subscribe(self._topics, listener=_Drain(self._busy))
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                await consumer.start()
            self._heard()
            self.progress.beat()
            pace = clock.Pace(_GATHER_S)
            while True:
                full = await self._poll(consumer)
                self.progress.beat()
                if not full:
                    await pace.wait()
        finally:
            await stop_quietly(consumer)

    async def _poll(self, consumer: AIOKafkaConsumer) -> bool:
        """Whether there was as much as one batch may hold, so that more is waiting."""
        async with asyncio.timeout(_POLL_TIMEOUT_S):  # during a rebalance it ignores its own
            fetched = await consumer.getmany(timeout_ms=_POLL_MS, max_records=self._max_records)
        if not fetched:
            await self._check_stuck(consumer)
            return False
        self._heard()
        records = [record for batch in fetched.values() for record in batch]
        async with self._busy:
            await self._until_done(records)
            await self._commit(consumer, fetched)
        return len(records) == self._max_records

    async def _until_done(self, records: list[ConsumerRecord]) -> None:
        """Handle a batch; where it fails deterministically, each of its records alone."""
        for attempt in range(_TRIES_ALONE):
            try:
                await self._through_outages(partial(self._transact, records))
            except Exception as error:  # noqa: BLE001 - this loop owns the dead letters
                if len(records) > 1:
                    await self._one_by_one(records, error)
                    return
                if attempt + 1 == _TRIES_ALONE:
                    await self._through_outages(partial(self._dead_letter, records[0], error))
            else:
                return

    async def _through_outages(self, transaction: Callable[[], Awaitable[None]]) -> None:
        """Hold on as long as an outage lasts; any other error is the caller's."""
        for attempt in itertools.count():
            self.progress.beat()
            try:
                await transaction()
            except Exception as error:
                if not db.is_outage(error):
                    raise
                metrics.outages.labels(self._group).inc()
                reason = dead_letters.safe_reason(error)
                log.warning("consumer.outage", group=self._group, error=reason)
                await clock.sleep(_PAUSE_S[min(attempt, len(_PAUSE_S) - 1)])
            else:
                return

    async def _transact(self, records: list[ConsumerRecord]) -> None:
        good: list[Envelope] = []
        bad: list[tuple[ConsumerRecord, str]] = []
        for record in records:
            try:
                good.append(decode(record.headers, record.value))
            except UnknownType:
                metrics.unknown_types.labels(self._group).inc()
            except Unreadable as error:
                bad.append((record, str(error)))
        async with self._engine.begin() as tx:
            await self._park(tx, bad)
            if good:
                await self._handle(tx, good)
        self._committed()
        for topic, count in Counter(record.topic for record in records).items():
            metrics.consumed.labels(self._group, topic).inc(count)

    async def _one_by_one(self, records: list[ConsumerRecord], error: Exception) -> None:
        log.warning("consumer.split", group=self._group, error=type(error).__name__)
        for record in records:
            await self._until_done([record])

    async def _dead_letter(self, record: ConsumerRecord, error: Exception) -> None:
        async with self._engine.begin() as tx:
            await self._park(tx, [(record, dead_letters.safe_reason(error))])

    async def _park(self, tx: AsyncConnection, bad: list[tuple[ConsumerRecord, str]]) -> None:
        for record, reason in bad:
            await dead_letters.park(tx, self._keys, self._settings.topic_prefix, record, reason)
            metrics.dead_letters.labels(self._group, record.topic).inc()
            log.error(
                "consumer.parked",
                group=self._group,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                reason=reason,
            )

    async def _commit(
        self, consumer: AIOKafkaConsumer, fetched: Mapping[TopicPartition, list[ConsumerRecord]]
    ) -> None:
        """Explicit offsets; a bare commit may speak for partitions that were taken away."""
        offsets = {
            partition: records[-1].offset + 1
            for partition, records in fetched.items()
            if partition in consumer.assignment()
        }
        if not offsets:
            return
        try:
            async with asyncio.timeout(10):
                await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            log.info("consumer.commit_lost", group=self._group)  # redelivered, the inbox knows

    def _heard(self) -> None:
        self._quiet_since = clock.monotonic()
        self._behind_at = {}

    async def _check_stuck(self, consumer: AIOKafkaConsumer) -> None:
        """Behind at the same place in two checks: a record may arrive during the first one."""
        if clock.monotonic() - self._quiet_since < _STUCK_AFTER_S:
            return
        async with asyncio.timeout(10):
            behind = await _behind(consumer)
        if stuck := behind.items() & self._behind_at.items():
            raise ConsumerStuck(", ".join(f"{p.topic}[{p.partition}]" for p, _ in stuck))
        self._heard()
        self._behind_at = behind


async def _behind(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    """Positions of the partitions that hold more than was received."""
    assignment = list(consumer.assignment())
    ends = await consumer.end_offsets(assignment) if assignment else {}
    positions = {partition: await consumer.position(partition) for partition in ends}
    return {p: position for p, position in positions.items() if ends[p] > position}


class _Drain(ConsumerRebalanceListener):  # type: ignore[misc]
    """Lets the batch in hand finish and commit before its partitions are given away."""

    def __init__(self, busy: asyncio.Lock) -> None:
        self._busy = busy

    async def on_partitions_revoked(self, revoked: object) -> None:
        """Wait for the batch in hand, no longer than the rebalance allows."""
        del revoked
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S), self._busy:
                pass

    async def on_partitions_assigned(self, assigned: object) -> None:
        """Nothing to prepare."""
