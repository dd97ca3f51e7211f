import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import clock, db, ids, inbox, kafka
from shared.contracts.envelope import Envelope, encode
from shared.contracts.topics import Topic
from shared.kafka import Consumer, Settings
from shared.seal import KeyRing
from tests.integration.shared.support import (
    Seen,
    encoded,
    ended,
    event,
    kill_connections,
    produce,
    running,
    until,
)

CANARY = "13800138000"
Make = Callable[..., Consumer]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
async def make(
    settings: Settings, dsn: str, keys: KeyRing, seen: Seen
) -> AsyncIterator[Callable[..., Consumer]]:
    """Consumers with connections of their own, which a test may cut."""
    engine = db.engine(dsn, "handler", pool_size=10)

    def made(**options: Any) -> Consumer:
        given: dict[str, Any] = {"group": "test", "handle": seen} | options
        return Consumer(settings, engine, keys, topics=[Topic.DELIVERIES], **given)

    yield made
    await engine.dispose()


async def committed(settings: Settings, partition: int = 0) -> int | None:
    """The offset that the group has committed."""
    consumer = AIOKafkaConsumer(**kafka.consumer_options(settings, "test"))
    await consumer.start()
    try:
        place = TopicPartition(Topic.DELIVERIES.full(settings.topic_prefix), partition)
        offset: int | None = await consumer.committed(place)
        return offset
    finally:
        await consumer.stop()


async def handled(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as tx:
        rows = await tx.execute(text("SELECT sequence FROM handled ORDER BY sequence"))
        return list(rows.scalars())


async def letters(engine: AsyncEngine) -> list[dict[str, Any]]:
    async with engine.connect() as tx:
        rows = await tx.execute(text('SELECT * FROM dead_letters ORDER BY "offset"'))
        return [dict(row) for row in rows.mappings()]


def all_of(engine: AsyncEngine, expected: list[int]) -> Callable[[], Any]:
    async def there() -> bool:
        return await handled(engine) == expected

    return there


async def test_a_batch_is_handled_in_one_transaction_and_then_committed(
    make: Make, seen: Seen, settings: Settings, engine: AsyncEngine
) -> None:
    dispute = ids.new()
    await produce(settings, *(encoded(event(dispute, n)) for n in range(1, 21)))
    told = asyncio.Event()
    async with running(make(committed=told.set).run):
        await until(all_of(engine, list(range(1, 21))))
        await told.wait()
    assert seen.sequences == list(range(1, 21))
    assert len(seen.calls) < 20
    assert await committed(settings) == 20


async def test_batches_are_bounded(
    make: Make, seen: Seen, settings: Settings, engine: AsyncEngine
) -> None:
    await produce(settings, *(encoded(event(ids.new(), n)) for n in range(1, 8)))
    async with running(make(max_records=3).run):
        await until(all_of(engine, list(range(1, 8))))
    assert max(len(call) for call in seen.calls) <= 3


def unreadable() -> dict[str, tuple[bytes, Any, bytes | None]]:
    """Records that are no events of ours, each with a canary that must not show."""
    headers, value = encode(event(ids.new(), 1))
    broken = value.replace(b'"attempts":1', f'"attempts":"{CANARY}x"'.encode())
    return {
        "nothing at all": (b"", [], None),
        "no headers": (CANARY.encode(), [], CANARY.encode()),
        "a key and headers of bytes": (b"\x00\xff\x00", [("x", b"\x00\xff")], b"\x00\xff"),
        "header values that are null": (b"k", [(name, None) for name, _ in headers], value),
        "a null value": (b"k", headers, None),
        "broken json": (b"k", headers, b'{"phone": "' + CANARY.encode()),
        "a wrong field": (b"k", headers, broken),
        "a wrong id": (b"k", [*headers, ("ce_id", CANARY.encode())], value),
        "a wrong sequence": (b"k", [*headers, ("ce_sequence", b"many " + CANARY.encode())], value),
        "no text in an attribute": (b"k", [*headers, ("ce_source", b"\xff")], value),
    }


async def test_unreadable_records_are_parked_and_those_behind_them_move(
    make: Make, seen: Seen, settings: Settings, engine: AsyncEngine
) -> None:
    dispute = ids.new()
    bad = unreadable()
    records: list[tuple[bytes, Any, bytes | None]] = [encoded(event(dispute, 1))]
    for n, broken in enumerate(bad.values(), 2):
        records += [broken, encoded(event(dispute, n))]
    await produce(settings, *records)
    good = list(range(1, len(bad) + 2))
    async with running(make().run):
        await until(all_of(engine, good))
    assert seen.sequences == good
    parked = await letters(engine)
    places = [(letter["topic"], letter["partition"], letter["offset"]) for letter in parked]
    assert places == [("deliveries.v1", 0, 2 * n + 1) for n in range(len(bad))]
    assert all(letter["reason"] and letter["state"] == "parked" for letter in parked)
    assert CANARY not in json.dumps(parked, default=str)
    assert await committed(settings) == len(records)


async def test_a_type_from_the_future_is_skipped_not_parked(
    make: Make, settings: Settings, engine: AsyncEngine
) -> None:
    headers, value = encode(event(ids.new(), 1))
    future = [h for h in headers if h[0] != "ce_type"] + [("ce_type", b"redress.invented.v9")]
    await produce(settings, (b"k", future, value), encoded(event(ids.new(), 2)))
    async with running(make().run):
        await until(all_of(engine, [2]))
    assert await letters(engine) == []


async def test_a_record_that_always_fails_is_parked_alone_and_the_rest_of_its_batch_is_kept(
    make: Make, seen: Seen, settings: Settings, engine: AsyncEngine
) -> None:
    async def refuse_three(tx: AsyncConnection, envelopes: list[Envelope]) -> None:
        await tx.execute(text("INSERT INTO handled VALUES (NULL, 'rolled back', 0)"))
        if any(e.sequence == 3 for e in envelopes):
            raise ValueError(f"phone {CANARY}")
        await tx.execute(text("DELETE FROM handled WHERE subject = 'rolled back'"))

    seen.before = refuse_three
    dispute = ids.new()
    await produce(settings, *(encoded(event(dispute, n)) for n in range(1, 6)))
    async with running(make().run):
        await until(all_of(engine, [1, 2, 4, 5]))
    (letter,) = await letters(engine)
    assert letter["offset"] == 2
    assert letter["reason"].startswith("ValueError in refuse_three")
    assert letter["key"] == str(dispute)
    assert CANARY not in json.dumps(letter, default=str)
    assert await committed(settings) == 5


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT CAST('x' AS integer)",
        "INSERT INTO inbox VALUES (NULL)",
        "DO $$ BEGIN RAISE EXCEPTION '13800138000'; END $$",
        "INSERT INTO inbox SELECT CAST(x AS uuid) FROM unnest(ARRAY[repeat('0', 32),"  # noqa: ISC004
        " repeat('0', 32)]) x ON CONFLICT (event_id) DO UPDATE SET received_at = now()",
    ],
)
async def test_what_the_database_always_refuses_is_parked_too(
    statement: str, make: Make, seen: Seen, settings: Settings, engine: AsyncEngine
) -> None:
    async def refused(tx: AsyncConnection, envelopes: list[Envelope]) -> None:
        if envelopes[0].sequence == 1:
            await tx.execute(text(statement))

    seen.before = refused
    await produce(settings, encoded(event(ids.new(), 1)), encoded(event(ids.new(), 2)))
    async with running(make(max_records=1).run):
        await until(all_of(engine, [2]))
    (letter,) = await letters(engine)
    assert letter["reason"].startswith("the database refused it (")


async def test_a_record_that_fails_once_is_tried_again_before_it_is_parked(
    make: Make, seen: Seen, settings: Settings, engine: AsyncEngine
) -> None:
    async def lose_a_race_once(_: AsyncConnection, __: list[Envelope]) -> None:
        if len(seen.calls) == 1:
            raise KeyError("not yet")

    seen.before = lose_a_race_once
    await produce(settings, encoded(event(ids.new(), 1)))
    async with running(make().run):
        await until(all_of(engine, [1]))
    assert await letters(engine) == []


async def test_an_outage_of_the_database_holds_everything_back_and_skips_nothing(
    make: Make, seen: Seen, settings: Settings, engine: AsyncEngine, dsn: str
) -> None:
    async def cut(_: AsyncConnection, __: list[Envelope]) -> None:
        if len(seen.calls) < 4:
            assert await kill_connections(dsn, "handler") == 1

    seen.before = cut
    dispute = ids.new()
    await produce(settings, *(encoded(event(dispute, n)) for n in range(1, 6)))
    async with running(make().run):
        await seen.wait_for(lambda: len(seen.calls) == 2)
        assert await committed(settings) is None
        await until(all_of(engine, [1, 2, 3, 4, 5]))
    assert [len(call) for call in seen.calls] == [5, 5, 5, 5]
    assert await letters(engine) == []
    assert await committed(settings) == 5


async def test_a_database_that_is_not_migrated_holds_everything_back_until_it_is(
    make: Make, seen: Seen, settings: Settings, engine: AsyncEngine
) -> None:
    async def rename(old: str, new: str) -> None:
        async with engine.begin() as tx:
            await tx.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    await rename("handled", "not_yet")
    await produce(settings, *(encoded(event(ids.new(), n)) for n in range(1, 4)))
    try:
        async with running(make().run):
            await seen.wait_for(lambda: len(seen.calls) == 2)
            assert await letters(engine) == []
            await rename("not_yet", "handled")
            await until(all_of(engine, [1, 2, 3]))
    finally:
        async with engine.begin() as tx:
            await tx.execute(text("ALTER TABLE IF EXISTS not_yet RENAME TO handled"))
    assert await letters(engine) == []


async def test_a_batch_held_by_an_outage_longer_than_the_poll_interval_is_neither_lost_nor_stuck(
    make: Make,
    seen: Seen,
    settings: Settings,
    engine: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The group throws the consumer out meanwhile; it comes back and goes on."""
    options = kafka.consumer_options
    monkeypatch.setattr(
        kafka,
        "consumer_options",
        lambda *args: (
            options(*args) | {"max_poll_interval_ms": 1_000, "heartbeat_interval_ms": 200}
        ),
    )
    monkeypatch.setattr(kafka, "_DRAIN_S", 0.2)
    monkeypatch.setattr(kafka, "_PAUSE_S", (0.2,))
    back_at = clock.monotonic() + 3.0

    async def away(tx: AsyncConnection, envelopes: list[Envelope]) -> None:
        if clock.monotonic() < back_at:
            raise ConnectionRefusedError
        fresh = await inbox.claim(tx, [e.id for e in envelopes])
        envelopes[:] = [e for e in envelopes if e.id in fresh]

    async def handle(tx: AsyncConnection, envelopes: list[Envelope]) -> None:
        seen.calls.append(envelopes)
        await away(tx, envelopes)
        for e in envelopes:
            await tx.execute(
                text("INSERT INTO handled VALUES (:i, :s, :n)"),
                {"i": e.id, "s": e.subject, "n": e.sequence},
            )

    dispute = ids.new()
    await produce(settings, *(encoded(event(dispute, n)) for n in range(1, 4)))
    async with running(make(handle=handle).run):
        await until(all_of(engine, [1, 2, 3]))
        await produce(settings, *(encoded(event(dispute, n)) for n in range(4, 7)))
        await until(all_of(engine, [1, 2, 3, 4, 5, 6]))

        async def is_committed() -> bool:
            return await committed(settings) == 6

        await until(is_committed)
    assert await letters(engine) == []


async def test_offsets_are_committed_only_after_the_database_has_committed(
    make: Make, seen: Seen, settings: Settings, engine: AsyncEngine
) -> None:
    """Killed between the two, the records come again; the inbox would know them."""
    inside, gate = asyncio.Event(), asyncio.Event()

    async def hold(_: AsyncConnection, __: list[Envelope]) -> None:
        inside.set()
        await gate.wait()

    seen.before = hold
    await produce(settings, encoded(event(ids.new(), 1)))
    async with running(make().run) as (loop,):
        await inside.wait()
        assert await committed(settings) is None
        await ended(loop)  # in the middle of the transaction
    assert await handled(engine) == []
    assert await committed(settings) is None
    gate.set()
    async with running(make().run):
        await until(all_of(engine, [1]))


async def test_a_consumer_that_dies_before_the_offset_commit_gets_the_records_again(
    make: Make, seen: Seen, settings: Settings, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = asyncio.Event()

    async def never(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    await produce(settings, encoded(event(ids.new(), 1)))
    with monkeypatch.context() as patched:
        patched.setattr(Consumer, "_commit", never)
        async with running(make().run):
            await reached.wait()
    assert await handled(engine) == [1]
    async with running(make().run):
        await until(all_of(engine, [1, 1]))
    assert seen.sequences == [1, 1]
    assert await committed(settings) == 1


async def test_ten_redeliveries_at_once_take_effect_once(
    make: Make, settings: Settings, engine: AsyncEngine
) -> None:
    dispute = ids.new()
    one = event(dispute, 1)
    takers: list[int] = []
    together = asyncio.Barrier(10)

    async def once(tx: AsyncConnection, envelopes: list[Envelope]) -> None:
        await together.wait()
        fresh = await inbox.claim(tx, [e.id for e in envelopes])
        for e in envelopes:
            if e.id in fresh:
                await tx.execute(
                    text("INSERT INTO handled VALUES (:i, 's', :n)"), {"i": e.id, "n": e.sequence}
                )
        takers.append(len(fresh))

    await produce(settings, encoded(one))
    async with running(*(make(group=f"g{n}", handle=once).run for n in range(10))):

        async def all_were_asked() -> bool:
            return len(takers) == 10

        await until(all_were_asked)
    assert sorted(takers) == [0] * 9 + [1]
    assert await handled(engine) == [1]


async def test_rebalances_between_consumers_lose_nothing_and_each_gets_its_share(
    make: Make, settings: Settings, engine: AsyncEngine
) -> None:
    first, second, third = Seen(), Seen(), Seen()
    disputes = [ids.new() for _ in range(30)]
    sent = 0

    async def publish() -> None:
        nonlocal sent
        sent += 1
        await asyncio.gather(*(send(event(d, sent)) for d in disputes))

    async def publish_until_heard(by: Seen) -> bool:
        await publish()
        return bool(by.calls)

    async def complete() -> bool:
        async with engine.connect() as tx:
            rows = await tx.execute(text("SELECT DISTINCT subject, sequence FROM handled"))
            return len(rows.all()) == len(disputes) * sent

    async with sender(settings) as send, running(make(handle=first).run) as (one,):
        await until(partial(publish_until_heard, first))
        async with running(make(handle=second).run):
            await until(partial(publish_until_heard, second))
            async with running(make(handle=third).run):
                await publish()
                await ended(one)
                await until(partial(publish_until_heard, third))
                await until(complete)
    assert await letters(engine) == []


@contextlib.asynccontextmanager
async def sender(settings: Settings) -> AsyncIterator[Callable[[Envelope], Awaitable[None]]]:
    """Sends events to the deliveries by their key."""
    producer = await kafka.start_producer(settings, "test")
    topic = Topic.DELIVERIES.full(settings.topic_prefix)

    async def send(one: Envelope) -> None:
        key, headers, value = encoded(one)
        await producer.send_and_wait(topic, key=key, value=value, headers=headers)

    yield send
    await kafka.stop_quietly(producer)


async def test_a_revoked_batch_is_finished_before_another_consumer_gets_its_records(
    make: Make, settings: Settings, engine: AsyncEngine
) -> None:
    slow, quick = Seen(), Seen()
    gate = asyncio.Event()

    async def wait(_: AsyncConnection, __: list[Envelope]) -> None:
        await gate.wait()

    slow.before = wait
    await produce(settings, *(encoded(event(ids.new(), n)) for n in range(1, 4)))
    async with running(make(handle=slow).run):
        await slow.wait_for(lambda: bool(slow.calls))
        async with running(make(handle=quick).run):
            drained = asyncio.create_task(quick.wait_for(lambda: bool(quick.calls)))
            await asyncio.wait([drained], timeout=4)  # longer than a heartbeat
            assert not quick.calls
            gate.set()
            await until(all_of(engine, [1, 2, 3]))
            await produce(settings, encoded(event(ids.new(), 4)))
            await until(all_of(engine, [1, 2, 3, 4]))
            drained.cancel()
            await asyncio.wait([drained])
    assert sorted(slow.sequences + quick.sequences) == [1, 2, 3, 4]


async def test_a_consumer_started_before_its_topic_has_records_beats_while_it_waits(
    make: Make,
) -> None:
    consumer = make()
    before = consumer.progress._last  # noqa: SLF001 - its newest beat

    async def beaten() -> bool:
        return consumer.progress._last > before  # noqa: SLF001 - the same

    async with running(consumer.run):
        await until(beaten)
