"""Events to send, ways to run a loop for a while, and what stands on a topic afterwards."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import clock, ids
from shared.contracts.envelope import Envelope, encode
from shared.contracts.events import DeliveryRecorded
from shared.contracts.topics import Topic
from shared.kafka import Settings
from shared.outbox import Outgoing

LONG_S = 30.0


def event(
    dispute: UUID, sequence: int, *, outcome: str = "sent", traceparent: str | None = None
) -> Envelope:
    """A small event of `dispute`; the tests do not care what it says."""
    return Envelope(
        id=ids.event_id("test", dispute, sequence),
        source="urn:test",
        subject=str(dispute),
        sequence=sequence,
        time=datetime(2026, 10, 8, tzinfo=UTC),
        data=DeliveryRecorded(
            message_id=dispute,
            event_id=dispute,
            dispute_id=dispute,
            channel="sms",
            template="received",
            locale="en",
            outcome=outcome,
            attempts=1,
            recorded_at=datetime(2026, 10, 8, tzinfo=UTC),
        ),
        traceparent=traceparent,
    )


def outgoing(dispute: UUID, *sequences: int) -> list[Outgoing]:
    return [Outgoing(Topic.DELIVERIES, event(dispute, n)) for n in sequences]


@contextlib.asynccontextmanager
async def running(*loops: Callable[[], Awaitable[None]]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Loops as tasks, cancelled and waited for afterwards; the body's time is bounded."""
    tasks = [asyncio.ensure_future(loop()) for loop in loops]
    try:
        async with asyncio.timeout(LONG_S):
            yield tasks
    finally:
        await ended(*tasks)


async def ended(*tasks: asyncio.Task[None]) -> None:
    """Cancelled, and really gone: a loop that swallows its cancellation fails the test."""
    for task in tasks:
        task.cancel()
    _, left = await asyncio.wait(tasks, timeout=10)
    assert not left


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something outside this process, which sends us no signal."""
    async with asyncio.timeout(LONG_S):
        while not await true():
            await clock.sleep(0.02)


async def count(engine: AsyncEngine, table: str) -> int:
    async with engine.connect() as tx:
        found = await tx.execute(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - a constant
        return int(found.scalar_one())


async def emptied(engine: AsyncEngine, table: str = "outbox") -> None:
    async def is_empty() -> bool:
        return await count(engine, table) == 0

    await until(is_empty)


async def kill_connections(dsn: str, name: str) -> int:
    """End the server's sessions of this application name, as a restart would."""
    connection = await asyncpg.connect(dsn)
    try:
        killed = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = $1 AND datname = current_database()"
            " AND pid <> pg_backend_pid()",
            name,
        )
        return len(killed)
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def reader(settings: Settings, topic: Topic) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        topic.full(settings.topic_prefix),
        bootstrap_servers=settings.bootstrap_servers,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def on_topic(settings: Settings, topic: Topic = Topic.DELIVERIES) -> list[ConsumerRecord]:
    """All that stands on a topic now, in the order of each partition."""
    async with reader(settings, topic) as consumer, asyncio.timeout(LONG_S):
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[ConsumerRecord] = []
        while len(found) < sum(ends.values()):
            batch = await consumer.getmany(timeout_ms=1000)
            found += [record for records in batch.values() for record in records]
        return found


def order(records: Sequence[ConsumerRecord]) -> dict[str, list[int]]:
    """Sequences by key, in the order in which a consumer sees them."""
    seen: dict[str, list[int]] = {}
    for record in records:
        sequence = int(dict(record.headers)["ce_sequence"])
        seen.setdefault(record.key.decode(), []).append(sequence)
    return seen


async def produce(settings: Settings, *records: tuple[bytes | None, Any, bytes | None]) -> None:
    """(key, headers, value) each, one after the other on partition 0 of the deliveries."""
    async with AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, acks="all", enable_idempotence=True
    ) as producer:
        topic = Topic.DELIVERIES.full(settings.topic_prefix)
        for key, headers, value in records:
            sent = {"key": key or b"", "value": value, "headers": headers, "partition": 0}
            await producer.send_and_wait(topic, **sent)


def encoded(one: Envelope) -> tuple[bytes, Any, bytes]:
    headers, value = encode(one)
    return one.subject.encode(), headers, value


class Seen:
    """A handler that remembers what it was given, and lets a test wait for it."""

    def __init__(self) -> None:
        self.calls: list[list[Envelope]] = []
        self.before: Callable[[AsyncConnection, list[Envelope]], Awaitable[None]] | None = None
        self._changed = asyncio.Condition()

    @property
    def sequences(self) -> list[int]:
        return [envelope.sequence for call in self.calls for envelope in call]

    async def __call__(self, tx: AsyncConnection, envelopes: list[Envelope]) -> None:
        self.calls.append(envelopes)
        async with self._changed:
            self._changed.notify_all()
        if self.before:
            await self.before(tx, envelopes)
        rows = [{"i": e.id, "s": e.subject, "n": e.sequence} for e in envelopes]
        await tx.execute(text("INSERT INTO handled VALUES (:i, :s, :n)"), rows)

    async def wait_for(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(LONG_S), self._changed:
            await self._changed.wait_for(true)
