"""Reading topics as a stranger does: librdkafka (kcat's engine), and the CloudEvents SDK."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from shared import clock, ids
from shared.contracts.topics import Topic

WITHIN_S: Final = 30.0
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic, as bytes; `topic` is the short name."""

    topic: Topic
    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None

    @property
    def all_bytes(self) -> bytes:
        """Everything in it."""
        parts = [
            self.key,
            self.value,
            *(part for h in self.headers for part in (h[0].encode(), h[1])),
        ]
        return b"\n".join(part for part in parts if part)

    def event(self) -> BaseCloudEvent:
        """What the SDK makes of it. Raises whatever it raises."""
        message = KafkaMessage(dict(self.headers), self.key, self.value or b"")
        return from_binary(message, JSONFormat())


def read_all(bootstrap: str, prefix: str) -> list[Record]:
    """Every record that is in the topics at this moment."""
    names = {topic.full(prefix): topic for topic in Topic}
    with _consumer(bootstrap) as consumer:
        left = _partitions(consumer, names)
        consumer.assign([TopicPartition(name, each, OFFSET_BEGINNING) for name, each in left])
        return list(_until_read(consumer, names, left))


def _until_read(
    consumer: Consumer, names: Mapping[str, Topic], left: set[tuple[str, int]]
) -> Iterator[Record]:
    deadline = clock.monotonic() + WITHIN_S
    while left:
        assert clock.monotonic() < deadline, f"not read to their end: {left}"
        for message in consumer.consume(AT_ONCE, timeout=0.5):
            error = message.error()
            if error is None:
                yield _record(names[str(message.topic())], message)
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error  # noqa: SLF001 - its name
                left.discard((message.topic(), message.partition()))


def _partitions(consumer: Consumer, names: Iterable[str]) -> set[tuple[str, int]]:
    known = consumer.list_topics(timeout=WITHIN_S).topics
    return {(name, partition) for name in names for partition in known[name].partitions}


def _record(topic: Topic, message: Any) -> Record:
    return Record(
        topic,
        message.partition(),
        message.offset(),
        message.key(),
        tuple((name, value or b"") for name, value in message.headers() or []),
        message.value(),
    )


@contextmanager
def _consumer(bootstrap: str) -> Iterator[Consumer]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"stranger-{ids.new()}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()
