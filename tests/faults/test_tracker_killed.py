"""The tracker is killed with SIGKILL at the moments where a careless one loses or doubles."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared import clock
from shared.contracts.topics import PARTITIONS, Topic
from tests.e2e.topics import read_all
from tests.e2e.world import Receipt, World, only, until
from tests.faults.ground import Ground

pytestmark = pytest.mark.timeout(300)
LOADS_WITHIN_S: Final = 30.0


async def test_between_its_commit_and_the_relay(ground: Ground) -> None:
    """Without Kafka, what is committed stays in the outbox until the kill."""
    receipt = await ground.in_arbitration()
    await ground.kill("kafka")  # one that only stands still would read what was sent to it
    await ground.decide(receipt)
    await until(lambda: _waits_in_outbox(ground.world, receipt))
    await ground.kill_tracker()
    assert (await ground.world.shown(receipt))["status"] == "in_arbitration"
    await ground.bring_back("kafka", "tracker")
    await ground.all_credited([receipt])
    await _timeline_is_whole(ground.world, receipt)
    await ground.check()


async def test_between_publishing_and_deleting_from_the_outbox(ground: Ground) -> None:
    """Published, and still in the outbox: after the restart it is published again."""
    receipt = await ground.in_arbitration()
    async with _transaction(ground.world, "tracker") as holder:
        async with ground.paused("kafka"):
            await ground.decide(receipt)
            await until(lambda: _waits_in_outbox(ground.world, receipt))
            await holder.execute("SELECT pos FROM outbox FOR UPDATE")
        await ground.world.until(receipt, "refund_approved", "refund_sent", "credited")
        await ground.kill_tracker()
        await holder.fetch(_END_WHO_WAITS)  # else the server would delete for the dead
        assert await _waits_in_outbox(ground.world, receipt)
    before = await _status_events(ground.world, receipt)
    await ground.bring_back("tracker")
    await ground.all_credited([receipt])
    await ground.check()
    after = await _status_events(ground.world, receipt)
    assert max(after.values()) > max(before.values())
    await _timeline_is_whole(ground.world, receipt)


async def test_between_its_commit_and_the_commit_of_the_offset(ground: Ground) -> None:
    """The batch is in the database and not in the group's offsets: it is delivered again."""
    earlier, transaction_id = await ground.purchases(2)
    await ground.all_credited([await ground.opened(earlier)])
    await until(lambda: _has_no_lag(ground.world))
    async with _transaction(ground.world, "tracker") as holder:
        await holder.execute("LOCK TABLE inbox IN SHARE MODE")
        receipt = await ground.opened(transaction_id)
        await until(lambda: _somebody_waits(holder))
        await ground.kill("kafka")
    await until(lambda: _is_tracked(ground.world, receipt))
    await ground.kill_tracker()
    await ground.bring_back("kafka")
    assert await _lag(ground.world) > 0
    await ground.bring_back("tracker")
    await ground.all_credited([receipt])
    await until(lambda: _has_no_lag(ground.world))
    triggers = [row["trigger"] for row in (await ground.world.tracked(receipt))["history"]]
    assert triggers.count("opened") == 1
    await _timeline_is_whole(ground.world, receipt)
    await ground.check()


async def test_between_the_banks_commit_and_the_reading_of_its_answer(ground: Ground) -> None:
    """Both that the bank has paid, and that it is just about to, while nobody listens."""
    answers_late = {"refund": {"answer_late_s": 30, "callback": False}}
    pays_late = {"refund": {"delay_s": 6, "callback": False}}
    paid = await ground.opened(await ground.world.record(bank=answers_late))
    unpaid = await ground.opened(await ground.world.record(bank=pays_late))
    await until(lambda: _has_paid(ground.world, paid))
    await until(lambda: _is_calling(ground.world, unpaid))
    assert await ground.world.refunds(unpaid.transaction_id) == []
    await ground.kill_tracker()
    await ground.bring_back("tracker")
    await ground.all_credited([paid, unpaid])
    for receipt in (paid, unpaid):
        only(await ground.world.refunds(receipt.transaction_id))
        history = (await ground.world.tracked(receipt))["history"]
        assert "refund_no_answer" in [row["trigger"] for row in history]
    await ground.check()


async def test_anywhere_under_traffic(ground: Ground) -> None:
    transactions = await ground.purchases(60)
    claims = asyncio.create_task(ground.traffic(transactions, every_s=0.05))
    await until(lambda: _some_in_flight(ground.world))
    await ground.kill_tracker()
    await ground.bring_back("tracker")
    opened = await claims
    assert ground.refused == []
    await ground.all_credited(opened)
    await ground.check()


@asynccontextmanager
async def _transaction(world: World, service: str) -> AsyncIterator[asyncpg.Connection]:
    """Locks that somebody else's slow transaction holds, while inside."""
    connection = await world.connect(service)
    held = connection.transaction()
    await held.start()
    try:
        yield connection
    finally:
        await held.rollback()
        await connection.close()


async def _waits_in_outbox(world: World, receipt: Receipt) -> bool:
    statement = "SELECT 1 FROM outbox WHERE key = $1"
    return bool(await world.rows("tracker", statement, str(receipt.dispute_id)))


_WHO_WAITS: Final = "FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
_END_WHO_WAITS: Final = f"SELECT pg_terminate_backend(pid) {_WHO_WAITS}"


async def _somebody_waits(holder: asyncpg.Connection) -> bool:
    """For the lock that this connection holds."""
    return bool(await holder.fetchval(f"SELECT count(*) {_WHO_WAITS}"))


async def _is_tracked(world: World, receipt: Receipt) -> bool:
    statement = "SELECT 1 FROM disputes WHERE id = $1 AND version > 0"
    return bool(await world.rows("tracker", statement, receipt.dispute_id))


async def _has_paid(world: World, receipt: Receipt) -> bool:
    return bool(await world.refunds(receipt.transaction_id))


async def _is_calling(world: World, receipt: Receipt) -> bool:
    statement = (
        "SELECT 1 FROM tasks WHERE dispute_id = $1 AND kind = 'refund' AND lease IS NOT NULL"
    )
    return bool(await world.rows("tracker", statement, receipt.dispute_id))


async def _some_in_flight(world: World) -> bool:
    statement = "SELECT 1 FROM disputes WHERE open AND refund <> 'none'"
    return bool(await world.rows("tracker", statement))


async def _timeline_is_whole(world: World, receipt: Receipt) -> None:
    """Every version was heard, each once."""
    seen = await world.shown(receipt)
    versions = [step["version"] for step in seen["timeline"]]
    assert versions == list(range(seen["version"] + 1))


async def _lag(world: World) -> int:
    """Records of disputes.v1 that the tracker's group has not committed."""
    bootstrap: Any = world.system.endpoints["kafka"]
    prefix = world.system.layout.prefix
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        committed = await _committed(admin, f"{prefix}.tracker")
    finally:
        await admin.close()
    ends = await _ends(bootstrap, Topic.DISPUTES.full(prefix))
    return sum(end - (committed[p].offset if p in committed else 0) for p, end in ends.items())


async def _committed(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, Any]:
    """The group's offsets; a broker that is still loading them answers that there are none."""
    async with asyncio.timeout(LOADS_WITHIN_S):
        while not (committed := await admin.list_consumer_group_offsets(group)):
            await clock.sleep(0.2)
    return dict(committed)


async def _ends(bootstrap: str, topic: str) -> dict[TopicPartition, int]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        partitions = [TopicPartition(topic, each) for each in range(PARTITIONS)]
        return dict(await consumer.end_offsets(partitions))


async def _has_no_lag(world: World) -> bool:
    return await _lag(world) == 0


async def _status_events(world: World, receipt: Receipt) -> Counter[str]:
    """How often each of its status events stands on Kafka."""
    bootstrap: Any = world.system.endpoints["kafka"]
    records = await asyncio.to_thread(read_all, bootstrap, world.system.layout.prefix)
    mine = str(receipt.dispute_id).encode()
    status = (r for r in records if r.topic is Topic.DISPUTE_STATUS and r.key == mine)
    return Counter(record.event().get_id() for record in status)
