"""Events leave through a table: written with the state they tell of, published by the relay."""

import asyncio
import contextlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import clock, db, kafka
from shared.contracts.envelope import Envelope, Headers, encode
from shared.contracts.topics import Topic
from shared.observe import Progress, log, metrics

SHARDS: Final = 4
_LOCK_CLASS: Final = 0x0B0C  # advisory lock namespace of relays
_PAGE: Final = 1000
_BUSY_S: Final = 0.01
_IDLE_S: Final = 0.2
_GATHER_S: Final = 0.015  # between two pages: a produce request has a price of its own
_LOCK_EVERY_S: Final = 3.0
_PUBLISH_TIMEOUT_S: Final = 20.0

_ADD = text(
    "INSERT INTO outbox (shard, topic, key, headers, value) SELECT * FROM unnest("
    "CAST(:shards AS smallint[]), CAST(:topics AS text[]), CAST(:keys AS text[]),"
    " CAST(:headers AS json[]), CAST(:bodies AS bytea[]))"
)
_READ: Final = (
    "SELECT pos, topic, key, headers, value FROM outbox WHERE shard = ANY($1::smallint[]) "
    "ORDER BY pos LIMIT $2"
)
_COUNT_EVERY_S: Final = 5.0
_COUNT: Final = "SELECT count(*) FROM (SELECT FROM outbox LIMIT 10000) AS waiting"
_DELETE: Final = "DELETE FROM outbox WHERE pos = ANY($1::bigint[])"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event and where it goes; its subject is the record's key."""

    topic: Topic
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Raw:
    """A record that is already encoded, such as a dead letter on its way back."""

    topic: str
    key: str
    headers: Headers
    value: bytes


async def add(tx: AsyncConnection, events: Sequence[Outgoing]) -> None:
    """Write events next to the state they tell of, under the lock of their disputes.

    The order of the sequence is the order of the events of a key, because whoever writes holds
    that dispute's row lock.
    """
    await add_raw(tx, [_raw(event) for event in events])


async def add_raw(tx: AsyncConnection, records: Sequence[Raw]) -> None:
    """The same for records that are already encoded."""
    if not records:
        return
    await tx.execute(
        _ADD,
        {
            "shards": [zlib.crc32(r.key.encode()) % SHARDS for r in records],
            "topics": [r.topic for r in records],
            "keys": [r.key for r in records],
            "headers": [json.dumps([(k, v.decode()) for k, v in r.headers]) for r in records],
            "bodies": [r.value for r in records],
        },
    )


def _raw(event: Outgoing) -> Raw:
    headers, value = encode(event.envelope)
    return Raw(event.topic.value, event.envelope.subject, headers, value)


class NotPublished(Exception):
    """Kafka did not acknowledge everything in time; what is left is published again."""


class Relay:
    """Publishes what stands in the outbox, oldest first, and deletes what Kafka acknowledged.

    One relay at a time serves a shard: a session advisory lock on a connection of its own, which
    also does the reading and deleting, so that whoever loses the lock can delete nothing more.
    """

    def __init__(self, dsn: str, settings: kafka.Settings, service: str) -> None:
        self._dsn = dsn
        self._settings = settings
        self._service = service
        self._wake = asyncio.Event()
        self._shards: list[int] = []
        self._lock_again = 0.0
        self._count_again = 0.0
        self.progress = Progress(f"{service}-relay")

    def wake(self) -> None:
        """Something was committed: do not wait for the next poll."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled. Any failure drops connection and producer and begins again."""
        while True:
            try:
                await self._session()
            except Exception as error:  # noqa: BLE001 - this loop owns the retry
                why = str(error) if isinstance(error, NotPublished) else type(error).__name__
                log.warning("relay.restart", service=self._service, error=why)
                metrics.relay_restarts.labels(self._service).inc()
            self.progress.beat()
            await clock.sleep(1.0)

    async def _session(self) -> None:
        connection = await db.unpooled(self._dsn, f"{self._service}-relay")
        try:
            await self._count(connection)  # above all while Kafka is away
            producer = await kafka.start_producer(self._settings, f"{self._service}-relay")
            try:
                await self._publish_for_ever(connection, producer)
            finally:
                await kafka.stop_quietly(producer)
        finally:
            self._shards, self._lock_again = [], 0.0
            with contextlib.suppress(Exception):
                await connection.close(timeout=2)

    async def _publish_for_ever(
        self, connection: asyncpg.Connection, producer: AIOKafkaProducer
    ) -> None:
        pace = clock.Pace(_GATHER_S)
        while True:
            await self._take_locks(connection)
            await self._count(connection)
            self._wake.clear()
            moved = await self._publish_page(connection, producer)
            self.progress.beat()
            if moved < _PAGE:
                await self._rest(_BUSY_S if moved else _IDLE_S)
                await pace.wait()

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _take_locks(self, connection: asyncpg.Connection) -> None:
        if len(self._shards) == SHARDS or clock.monotonic() < self._lock_again:
            return
        self._lock_again = clock.monotonic() + _LOCK_EVERY_S
        for shard in set(range(SHARDS)) - set(self._shards):
            taken = await connection.fetchval(
                "SELECT pg_try_advisory_lock($1, $2)", _LOCK_CLASS, shard
            )
            if taken:
                self._shards.append(shard)

    async def _count(self, connection: asyncpg.Connection) -> None:
        if clock.monotonic() >= self._count_again:
            self._count_again = clock.monotonic() + _COUNT_EVERY_S
            metrics.outbox_rows.labels(self._service).set(await connection.fetchval(_COUNT))

    async def _publish_page(
        self, connection: asyncpg.Connection, producer: AIOKafkaProducer
    ) -> int:
        rows = await connection.fetch(_READ, self._shards, _PAGE)
        if not rows:
            return 0
        sent = await self._send_all(producer, rows)
        done = _acknowledged(rows, sent)
        if done:
            await connection.execute(_DELETE, done)
            metrics.relayed.labels(self._service).inc(len(done))
        if len(done) < len(rows):
            raise NotPublished(_first_error(sent))
        return len(rows)

    async def _send_all(
        self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]
    ) -> list["asyncio.Future[object]"]:
        """Futures of the rows that were sent, in their order; some may have no answer yet."""
        sent: list[asyncio.Future[object]] = []
        try:
            async with asyncio.timeout(_PUBLISH_TIMEOUT_S):
                for row in rows:  # one after the other: tasks would lose the order of a key
                    sent.append(await self._send(producer, row))  # noqa: PERF401 - kept on failure
                await asyncio.wait(sent)
        except (KafkaError, TimeoutError) as error:
            log.warning("relay.unsent", service=self._service, error=type(error).__name__)
        return sent

    async def _send(
        self, producer: AIOKafkaProducer, row: asyncpg.Record
    ) -> "asyncio.Future[object]":
        headers = [(name, value.encode()) for name, value in json.loads(row["headers"])]
        return await producer.send(  # type: ignore[no-any-return]
            f"{self._settings.topic_prefix}.{row['topic']}",
            value=row["value"],
            key=row["key"].encode(),
            headers=headers,
        )


def _acknowledged(
    rows: Sequence[asyncpg.Record | Mapping[str, Any]], sent: Sequence["asyncio.Future[object]"]
) -> list[int]:
    """Positions to delete: acknowledged, and behind no failed record of the same key.

    `sent` answers the first rows; those behind them were not sent.
    """
    failed: set[str] = set()
    done: list[int] = []
    for row, future in zip(rows, sent, strict=False):
        if not future.done() or future.cancelled() or future.exception():
            future.cancel()  # nobody waits for it any more
            failed.add(row["key"])
        elif row["key"] not in failed:
            done.append(row["pos"])
    return done


def _first_error(sent: Sequence["asyncio.Future[object]"]) -> str:
    errors = (future.exception() for future in sent if future.done() and not future.cancelled())
    return next((type(error).__name__ for error in errors if error), "no answer in time")
