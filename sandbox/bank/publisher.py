"""The wallet's ledger on Kafka: the newest state of each transaction, compacted by its id."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared import clock, ids, kafka
from shared.contracts.envelope import Envelope, encode
from shared.contracts.events import TransactionRecorded
from shared.contracts.topics import Topic

SOURCE: Final = "sandbox.bank"
TIMEOUT_S: Final = 20


class PublishFailedError(Exception):
    """Kafka did not take the transactions; the same order may be sent again."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A transaction and how often the bank has recorded it."""

    facts: TransactionRecorded
    version: int


class Publisher(Protocol):
    """Where transactions are told."""

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Returns once all are safe. Raises PublishFailedError."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Silent:
    """Without Kafka nothing can be published."""

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Raises PublishFailedError when there is anything to publish."""
        if publications:
            raise PublishFailedError('set KAFKA_BOOTSTRAP_SERVERS or send "publish": false')

    async def close(self) -> None:
        """Nothing to let go of."""


class KafkaPublisher:
    """Connects at the first publication, and again after a failure."""

    def __init__(self, settings: kafka.Settings) -> None:
        self._settings = settings
        self._topic = Topic.TRANSACTIONS.full(settings.topic_prefix)
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Returns after the acknowledgement of all. Raises PublishFailedError."""
        if not publications:
            return
        try:
            async with asyncio.timeout(TIMEOUT_S):
                producer = await self._connected()
                acks = [await self._send(producer, one) for one in publications]
                await asyncio.gather(*acks)
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close()
            raise PublishFailedError(
                "Kafka did not acknowledge: see that it runs, then send the same again"
            ) from error

    async def close(self) -> None:
        """Stop the producer; the next publication makes another."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await kafka.stop_quietly(producer)

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            if self._producer is None:
                self._producer = await kafka.start_producer(self._settings, "sandbox-bank")
            return self._producer

    async def _send(
        self, producer: AIOKafkaProducer, publication: Publication
    ) -> "asyncio.Future[object]":
        """Hand one over; the future is its acknowledgement."""
        subject = publication.facts.transaction_id
        version = publication.version
        event_id = ids.event_id(SOURCE, subject, version)
        envelope = Envelope(event_id, SOURCE, subject, version, clock.utcnow(), publication.facts)
        headers, value = encode(envelope)
        acknowledged: asyncio.Future[object] = await producer.send(
            self._topic, key=subject.encode(), value=value, headers=headers
        )
        return acknowledged
