"""Kafka as an outsider uses it: read a record, send records, ask how far a group has come."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared import clock, kafka
from shared.contracts.topics import PARTITIONS, Topic

FOUND_WITHIN_S: Final = 30
POLL_MS: Final = 500


class NotInKafka(Exception):
    """A record that must be in a topic is not there."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to send as it stands."""

    key: bytes
    headers: Sequence[tuple[str, bytes]]
    value: bytes


@dataclass(frozen=True, slots=True)
class Stream:
    """The Kafka of `settings`."""

    settings: kafka.Settings

    async def first_of(self, topic: Topic, key: str, since: datetime) -> ConsumerRecord:
        """The first record with this key from then on. Raises NotInKafka after half a minute."""
        async with self._reading(topic, since) as consumer:
            deadline = clock.monotonic() + FOUND_WITHIN_S
            while clock.monotonic() < deadline:
                batches = await consumer.getmany(timeout_ms=POLL_MS)
                for record in (record for batch in batches.values() for record in batch):
                    if record.key == key.encode():
                        return record
        raise NotInKafka(f"{topic.full(self.settings.topic_prefix)} holds no record of {key}")

    @asynccontextmanager
    async def _reading(self, topic: Topic, since: datetime) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer without a group, on every partition, from that time on."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.settings.bootstrap_servers, enable_auto_commit=False
        )
        await consumer.start()
        try:
            await _seek(consumer, topic.full(self.settings.topic_prefix), since)
            yield consumer
        finally:
            await kafka.stop_quietly(consumer)

    async def send(
        self, topic: Topic, partition: int | None, records: Sequence[Outgoing]
    ) -> list[int]:
        """Send these one after the other into one partition, by default the key's; offsets."""
        producer = await kafka.start_producer(self.settings, "demo")
        name = topic.full(self.settings.topic_prefix)
        try:
            return [
                (
                    await producer.send_and_wait(
                        name, each.value, each.key, partition, headers=list(each.headers)
                    )
                ).offset
                for each in records
            ]
        finally:
            await kafka.stop_quietly(producer)

    async def committed(self, group: str, topic: Topic, partition: int) -> int:
        """The offset up to which a group has handled a partition; 0 before the first."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.bootstrap_servers)
        place = TopicPartition(topic.full(self.settings.topic_prefix), partition)
        await admin.start()
        try:
            name = f"{self.settings.topic_prefix}.{group}"
            found = await admin.list_consumer_group_offsets(name, partitions=[place])
            return max(0, int(found[place].offset))
        finally:
            await admin.close()


async def _seek(consumer: AIOKafkaConsumer, topic: str, since: datetime) -> None:
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer.assign(places)
    moment_ms = int(since.timestamp() * 1000)
    starts = await consumer.offsets_for_times(dict.fromkeys(places, moment_ms))
    for place, start in starts.items():
        if start is None:
            await consumer.seek_to_end(place)
        else:
            consumer.seek(place, start.offset)
