import asyncio

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.local.topics import create_topics
from shared.contracts.topics import Topic
from tests.backing import Backing, Databases


async def test_an_idempotent_producer_and_a_group_work(backing: Backing, topic_prefix: str) -> None:
    topic = Topic.DISPUTES.full(topic_prefix)
    async with AIOKafkaProducer(
        bootstrap_servers=backing.bootstrap, enable_idempotence=True, acks="all"
    ) as producer:
        await asyncio.gather(*(producer.send_and_wait(topic, b"%d" % n) for n in range(50)))
    async with AIOKafkaConsumer(
        topic,
        bootstrap_servers=backing.bootstrap,
        group_id=topic_prefix,
        auto_offset_reset="earliest",
    ) as consumer:
        values = {(await consumer.getone()).value for _ in range(50)}
    assert values == {b"%d" % n for n in range(50)}


async def test_topics_have_the_documented_settings(backing: Backing, topic_prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=backing.bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics([t.full(topic_prefix) for t in Topic])
        transactions = await _settings(admin, Topic.TRANSACTIONS.full(topic_prefix))
        disputes = await _settings(admin, Topic.DISPUTES.full(topic_prefix))
    finally:
        await admin.close()
    assert {len(topic["partitions"]) for topic in described} == {3}
    assert transactions["cleanup.policy"] == "compact"
    assert disputes["cleanup.policy"] == "delete"
    assert disputes["retention.ms"] == "1209600000"


def test_creating_topics_again_changes_nothing(backing: Backing, topic_prefix: str) -> None:
    create_topics(backing.bootstrap, topic_prefix, 3)


async def _settings(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    (answer,) = await admin.describe_configs([resource])
    return {row[0]: row[1] for row in answer.resources[0][4]}


async def test_a_database_lets_only_its_owner_in(empty_database: str) -> None:
    connection = await asyncpg.connect(empty_database)
    try:
        await connection.execute("CREATE TABLE things (id int)")
        acl = await connection.fetchval(
            "SELECT has_database_privilege('public', current_database(), 'CONNECT')"
        )
        fsync = await connection.fetchval("SHOW fsync")
    finally:
        await connection.close()
    assert (acl, fsync) == (False, "on")


async def test_a_database_is_dropped_under_an_open_connection(databases: Databases) -> None:
    dsn = databases.empty("dropped")
    connection = await asyncpg.connect(dsn)
    await asyncio.to_thread(databases.drop, dsn)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(dsn)
    await connection.close()
