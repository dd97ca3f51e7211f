"""Creates Redress's topics."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, for_code

from deploy.local.errors import StartError
from shared import clock
from shared.contracts.topics import PARTITIONS, RETENTION_DAYS, Topic

REQUEST_TIMEOUT_MS: Final = 30_000
POLL_S: Final = 0.05
MOST_COPIES: Final = 3
DAY_MS: Final = 24 * 60 * 60 * 1000
T = TypeVar("T")


def create_topics(bootstrap: str, prefix: str, partitions: int = PARTITIONS) -> None:
    """Create the topics that do not exist yet, with up to three copies, one per broker.

    Raises StartError when Kafka cannot be reached or refuses one.
    """
    _run(_create(bootstrap, prefix, partitions))


def delete_topics(bootstrap: str, prefix: str) -> None:
    """Delete them with everything in them. Raises StartError when Kafka cannot be reached."""
    _run(_delete(bootstrap, [topic.full(prefix) for topic in Topic]))


def _topic(topic: Topic, prefix: str, partitions: int, copies: int) -> NewTopic:
    kept = {"cleanup.policy": "delete", "retention.ms": str(RETENTION_DAYS * DAY_MS)}
    configs = {"cleanup.policy": "compact"} if topic is Topic.TRANSACTIONS else kept
    return NewTopic(topic.full(prefix), partitions, copies, topic_configs=configs)


async def _create(bootstrap: str, prefix: str, partitions: int) -> None:
    async with _admin(bootstrap) as admin:
        copies = min(MOST_COPIES, len((await admin.describe_cluster())["brokers"]))
        topics = [_topic(topic, prefix, partitions, copies) for topic in Topic]
        answer = await admin.create_topics(topics, timeout_ms=REQUEST_TIMEOUT_MS)
        for name, code, message in answer.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise StartError(
                    f"Kafka did not create the topic {name}: {message or for_code(code)}"
                )
        await _wait_known(admin, [topic.name for topic in topics])


async def _wait_known(admin: AIOKafkaAdminClient, names: list[str]) -> None:
    """Brokers learn of new topics a moment after the controller has made them."""
    deadline = clock.monotonic() + REQUEST_TIMEOUT_MS / 1000
    while any(topic["error_code"] for topic in await admin.describe_topics(names)):
        if clock.monotonic() > deadline:
            raise StartError("Kafka created the topics, but its brokers do not know them.")
        await clock.sleep(POLL_S)


async def _delete(bootstrap: str, names: list[str]) -> None:
    async with _admin(bootstrap) as admin:
        await admin.delete_topics(names, timeout_ms=REQUEST_TIMEOUT_MS)


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await admin.start()
        yield admin
    except KafkaConnectionError as reason:
        raise StartError(f"Kafka cannot be reached at {bootstrap}.") from reason
    finally:
        await admin.close()


def _run(work: Coroutine[None, None, T]) -> T:
    """Run it in a loop of its own thread, so that a caller inside a running loop may wait too."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
