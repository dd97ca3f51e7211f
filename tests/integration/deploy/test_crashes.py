"""What fault tests rely on: servers that come back on the same port with the same data."""

from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local import kafka, postgres
from deploy.local.layout import KAFKA_JARS
from deploy.local.ports import free
from deploy.local.topics import create_topics
from shared.contracts.topics import Topic

TOPIC = Topic.DISPUTES.full("crash")


def test_postgres_keeps_what_was_committed_when_it_is_killed(tmp_path: Path) -> None:
    server = postgres.Postgres(tmp_path, free(1)[0])
    server.prepare()
    try:
        server.start()
        server.wait_ready()
        dsn = server.create_databases(["intake"])["intake"]
        postgres.query(dsn, "CREATE TABLE kept AS SELECT 42 AS value")
        server.kill()
        server.start()
        server.wait_ready()
        assert postgres.query(dsn, "SELECT value FROM kept") == "42"
    finally:
        server.stop()
        server.remove()


@pytest.mark.timeout(300)
async def test_a_cluster_of_three_serves_without_one_and_takes_it_back(tmp_path: Path) -> None:
    brokers = kafka.cluster(tmp_path, KAFKA_JARS, 3)
    bootstrap = ",".join(broker.address for broker in brokers)
    try:
        for broker in brokers:
            broker.prepare()
            broker.start()
        for broker in brokers:
            broker.wait_ready()
        create_topics(bootstrap, "crash", 3)
        await _send(bootstrap, b"before")
        brokers[0].kill()
        await _send(bootstrap, b"without")
        brokers[0].start()
        brokers[0].wait_ready()
        await _send(bootstrap, b"after")
        assert await _receive(bootstrap, 3) == {b"before", b"without", b"after"}
    finally:
        for broker in brokers:
            broker.kill()


async def _send(bootstrap: str, value: bytes) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, acks="all"
    ) as producer:
        await producer.send_and_wait(TOPIC, value)


async def _receive(bootstrap: str, count: int) -> set[bytes | None]:
    async with AIOKafkaConsumer(
        TOPIC, bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        return {(await consumer.getone()).value for _ in range(count)}
