"""With a real Kafka: what goes out, what comes in, and what happens without it."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from structlog.testing import capture_logs

from services.intake.store import disputes
from shared import kafka
from shared.contracts.envelope import Envelope, decode, encode
from shared.contracts.topics import Topic
from tests.integration.intake.world import (
    NOWHERE,
    World,
    payment,
    refund,
    running,
    status,
    until,
)


async def published(world: World, topic: Topic, count: int) -> list[Envelope]:
    """The first records of a topic, decoded; keyed by their subject."""
    found: list[Envelope] = []
    async with (
        asyncio.timeout(60),
        AIOKafkaConsumer(
            topic.full(world.prefix),
            bootstrap_servers=world.bootstrap,
            auto_offset_reset="earliest",
        ) as consumer,
    ):
        while len(found) < count:
            record = await consumer.getone()
            found.append(decode(record.headers, record.value))
            assert record.key == found[-1].subject.encode()
    return found


async def publish(world: World, topic: Topic, envelopes: Sequence[Envelope]) -> None:
    settings = kafka.Settings(world.bootstrap, world.prefix)
    producer = await kafka.start_producer(settings, "test")
    try:
        for envelope in envelopes:
            headers, value = encode(envelope)
            await producer.send_and_wait(
                topic.full(world.prefix),
                value,
                key=envelope.subject.encode(),
                headers=headers,
            )
    finally:
        await kafka.stop_quietly(producer)


async def test_openings_and_commands_reach_their_topics_in_order(connected: World) -> None:
    async with connected.instance("relay") as instance:
        answer = await instance.open(refund("t-1"))
        dispute_id = answer.json()["disputes"][0]["dispute_id"]
        await instance.open({"kind": "missing_funds", "reason": "transfer"})
        await instance.post(f"/v1/disputes/{dispute_id}/actions", {"action": "withdraw"})
        opened, asked = await published(connected, Topic.DISPUTES, 2)
        (missing,) = await published(connected, Topic.MISSING_FUNDS, 1)

        async def empty() -> bool:
            return await connected.count("outbox") == 0

        await until(empty)
    assert (opened.subject, opened.sequence) == (dispute_id, 1)
    assert opened.type == "redress.dispute.opened.v1"
    assert (asked.subject, asked.sequence) == (dispute_id, 2)
    assert asked.type == "redress.dispute.action-requested.v1"
    assert missing.type == "redress.dispute.opened.v1"


async def test_statuses_and_transactions_come_in(connected: World) -> None:
    async with connected.instance("statuses", "transactions") as instance:
        await publish(connected, Topic.TRANSACTIONS, [payment("t-1"), payment("t-2")])

        async def copied() -> Any:
            return len((await instance.get("/v1/transactions")).json()["items"]) == 2

        await until(copied, 60)
        answer = await instance.open(refund("t-1"))
        receipt = answer.json()["disputes"][0]
        assert receipt["verified"]
        path = f"/v1/disputes/{receipt['dispute_id']}"
        events = [
            status(receipt["dispute_id"], 1),
            status(receipt["dispute_id"], 2, status="credited", open=False),
        ]
        await publish(connected, Topic.DISPUTE_STATUS, [*events, events[0], events[1]])

        async def credited() -> Any:
            return (await instance.get(path)).json()["status"] == "credited"

        await until(credited, 60)
        timeline = (await instance.get(path)).json()["timeline"]
    assert [step["version"] for step in timeline] == [0, 1, 2]


async def test_accepting_goes_on_without_kafka_and_the_events_follow(connected: World) -> None:
    with capture_logs():
        async with connected.instance(
            "relay", "statuses", kafka_bootstrap_servers=NOWHERE
        ) as alone:
            answers = await asyncio.gather(*(alone.open(refund(f"t-{n}")) for n in range(20)))
            assert (await alone.api.get("/health/ready")).status == 200
    assert {a.status for a in answers} == {202}
    assert await connected.count("outbox") == 20
    async with connected.instance("relay"):
        events = await published(connected, Topic.DISPUTES, 20)
    accepted = {a.json()["disputes"][0]["dispute_id"] for a in answers}
    assert {event.subject for event in events} == accepted


async def _emptied(world: World) -> None:
    await world.query("DELETE FROM outbox")


async def test_an_opening_without_a_status_is_published_again(world: World) -> None:
    async with world.instance(intake_reemit_after_s=300) as instance:
        answers = [await instance.open(refund(f"t-{n}")) for n in range(3)]
        lost, answered, young = (a.json()["disputes"][0]["dispute_id"] for a in answers)
        (first,) = await world.query("SELECT headers, value FROM outbox WHERE key = $1", lost)
        await _emptied(world)
        await world.query(
            "UPDATE disputes SET emitted_at = emitted_at - interval '301 s' WHERE id <> $1", young
        )
        await world.query(
            "UPDATE disputes SET version = 1, snapshot = '{}' WHERE id = $1", answered
        )
        upkeep = instance.intake.upkeep
        with capture_logs() as logged:
            assert await upkeep.reemit() == 1
        assert await upkeep.reemit() == 0
    assert logged == [{"event": "intake.reemitted", "log_level": "warning", "count": 1}]
    (again,) = await world.query("SELECT key, headers, value FROM outbox")
    assert (again["key"], again["value"]) == (lost, first["value"])

    def plain(row: Any) -> list[str]:
        return [value for name, value in json.loads(row["headers"]) if name != "ce_traceparent"]

    assert plain(again) == plain(first)


async def test_openings_are_published_again_a_bounded_number_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.worker._REEMIT_BATCH", 2)
    monkeypatch.setattr("services.intake.worker._BACKLOG", 4)
    async with world.instance() as one, world.instance() as two:
        await one.open(refund(*(f"t-{n}" for n in range(7))))
        await _emptied(world)
        await world.query("UPDATE disputes SET emitted_at = emitted_at - interval '1 h'")
        with capture_logs():
            found = await asyncio.gather(one.intake.upkeep.reemit(), two.intake.upkeep.reemit())
            assert list(found) == [2, 2]
            assert await one.intake.upkeep.reemit() == 0  # four wait in the outbox: enough
            await _emptied(world)
            assert await one.intake.upkeep.reemit() == 2
    keys = await world.query("SELECT count(DISTINCT key) FROM outbox")
    assert keys[0][0] == 2


async def test_both_upkeep_loops_run_by_themselves(world: World) -> None:
    async with world.instance(intake_reemit_after_s=1) as instance:
        await instance.open(refund("t-1"))
        await _emptied(world)
        await world.query("UPDATE disputes SET emitted_at = emitted_at - interval '1 h'")
        await world.query("UPDATE idempotency SET created_at = created_at - interval '8 days'")
        upkeep = instance.intake.upkeep

        async def done() -> bool:
            emitted, keys = await world.count("outbox"), await world.count("idempotency")
            return emitted > 0 and keys == 0

        with capture_logs():
            async with running(upkeep.reemit_for_ever, upkeep.purge_for_ever):
                await until(done)


async def test_upkeep_outlives_an_absent_database(world: World) -> None:
    broken = World(world.dsn.rpartition("/")[0] + "/nowhere", world.work)
    async with broken.instance(intake_reemit_after_s=1) as instance:
        upkeep = instance.intake.upkeep
        with capture_logs() as logged:
            async with running(upkeep.reemit_for_ever, upkeep.purge_for_ever):

                async def complained() -> bool:
                    return {"reemit", "purge"} <= {entry.get("work") for entry in logged}

                await until(complained)
    assert upkeep.reemission.alive


async def test_keys_are_forgotten_after_their_time(world: World) -> None:
    async with world.instance(intake_keys_kept_days=7) as instance:
        first = await instance.open(refund("t-1"), key="old")
        await instance.open(refund("t-2"), key="young")
        await world.query(
            "UPDATE idempotency SET created_at = created_at - interval '7 days' WHERE key = 'old'"
        )
        assert await instance.intake.upkeep.forget_keys() == 1
        assert await instance.intake.upkeep.forget_keys() == 0
        again = await instance.open(refund("t-1"), key="old")
    assert (again.status, again.json()["reference"]) == (
        409,
        first.json()["disputes"][0]["reference"],
    )


async def test_a_row_that_the_tracker_never_saw_reads_back_as_it_was_written(world: World) -> None:
    async with world.instance() as instance:
        answer = await instance.open(refund("t-1", statement="x"))
        dispute_id = answer.json()["disputes"][0]["dispute_id"]
        async with instance.intake.parts.engine.begin() as tx:
            (row,) = await disputes.page(
                tx, disputes.Filters(None, None, None, open=None, before=None), 5
            )
    assert str(row.opening.dispute_id) == dispute_id
    (stored,) = await world.query("SELECT value FROM outbox")
    assert row.opening.model_dump_json(exclude_none=True).encode() == stored["value"]
