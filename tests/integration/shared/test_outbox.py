import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import ids, outbox
from shared.contracts.envelope import decode, encode
from shared.contracts.topics import Topic
from shared.kafka import Settings
from shared.outbox import Outgoing, Raw, Relay
from tests.integration.shared.support import (
    count,
    emptied,
    ended,
    event,
    kill_connections,
    on_topic,
    order,
    outgoing,
    running,
    until,
)

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def relay(dsn: str, settings: Settings) -> Relay:
    return Relay(dsn, settings, "first")


async def add(engine: AsyncEngine, *events: Outgoing) -> None:
    async with engine.begin() as tx:
        await outbox.add(tx, events)


async def positions(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as tx:
        return list((await tx.execute(text("SELECT pos FROM outbox ORDER BY pos"))).scalars())


async def test_an_event_arrives_as_it_was_written_and_leaves_the_outbox(
    engine: AsyncEngine, relay: Relay, settings: Settings
) -> None:
    dispute = ids.new()
    sent = event(dispute, 1, traceparent=TRACE)
    await add(engine, Outgoing(Topic.DELIVERIES, sent))
    async with running(relay.run):
        await emptied(engine)
    (record,) = await on_topic(settings)
    assert record.key == str(dispute).encode()
    assert (list(record.headers), record.value) == encode(sent)
    assert decode(record.headers, record.value) == sent
    assert dict(record.headers)["ce_traceparent"] == TRACE.encode()


async def test_nothing_of_a_rolled_back_transaction_is_published(
    engine: AsyncEngine, relay: Relay, settings: Settings
) -> None:
    lost, kept = ids.new(), ids.new()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - one transaction
        async with engine.begin() as tx:
            await outbox.add(tx, outgoing(lost, 1))
            raise ZeroDivisionError
    await add(engine, *outgoing(kept, 1))
    async with running(relay.run):
        await emptied(engine)
    assert order(await on_topic(settings)) == {str(kept): [1]}


async def test_each_key_keeps_its_order_over_many_pages(
    engine: AsyncEngine, relay: Relay, settings: Settings
) -> None:
    disputes = [ids.new() for _ in range(60)]
    mixed = [o for n in range(1, 51) for d in disputes for o in outgoing(d, n)]
    assert len(mixed) == 3000  # three pages
    await add(engine, *mixed)
    async with running(relay.run):
        await emptied(engine)
    assert order(await on_topic(settings)) == {str(d): list(range(1, 51)) for d in disputes}


async def test_a_row_that_commits_late_with_an_older_position_is_not_lost(
    engine: AsyncEngine, relay: Relay, settings: Settings
) -> None:
    slow, fast = ids.new(), ids.new()
    async with engine.connect() as late, running(relay.run):
        await outbox.add(late, outgoing(slow, 1))
        await add(engine, *outgoing(fast, 1))
        await emptied(engine)  # the younger position is published; the older is not yet committed
        await late.commit()
        relay.wake()
        await emptied(engine)
    assert order(await on_topic(settings)) == {str(slow): [1], str(fast): [1]}


async def test_the_largest_event_goes_out_and_a_larger_one_is_refused_where_it_is_made(
    engine: AsyncEngine, relay: Relay, settings: Settings
) -> None:
    def raw(size: int) -> Raw:
        return Raw(Topic.DELIVERIES.value, "k", [("ce_sequence", b"1")], b"x" * size)

    async with engine.begin() as tx:
        await outbox.add_raw(tx, [raw(262_144), raw(262_144), raw(1)])
    with pytest.raises(IntegrityError, match="outbox_size"):
        async with engine.begin() as tx:
            await outbox.add_raw(tx, [raw(262_145)])
    async with running(relay.run):
        await emptied(engine)
    assert [len(r.value) for r in await on_topic(settings)] == [262_144, 262_144, 1]


async def test_waking_the_relay_publishes_without_waiting_for_the_next_poll(
    engine: AsyncEngine, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_IDLE_S", 3600.0)
    async with running(relay.run):
        for _ in range(3):
            await add(engine, *outgoing(ids.new(), 1))
            relay.wake()
            await emptied(engine)


async def test_what_is_committed_while_a_page_is_read_does_not_wait_for_the_next_poll(
    engine: AsyncEngine, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_IDLE_S", 3600.0)
    publish = Relay._publish_page  # noqa: SLF001 - watched
    read = asyncio.Event()

    async def committed_meanwhile(self: Relay, *args: object) -> int:
        moved = await publish(self, *args)  # type: ignore[arg-type]
        if not read.is_set():
            await add(engine, *outgoing(ids.new(), 1))
            self.wake()
            read.set()
        return moved

    monkeypatch.setattr(Relay, "_publish_page", committed_meanwhile)
    async with running(relay.run):
        await read.wait()
        await emptied(engine)


async def lock_holders(dsn: str) -> dict[str, int]:
    """How many shards each application holds."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT application_name, count(*) FROM pg_locks l JOIN pg_stat_activity USING (pid)"
            " WHERE l.locktype = 'advisory' AND l.database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY 1"
        )
        return {row[0]: row[1] for row in rows}
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def counted(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, int]]:
    """Records sent, by the relay that sent them."""
    sent: dict[str, int] = {}
    send = Relay._send  # noqa: SLF001 - watched

    async def watched(self: Relay, *args: object) -> object:
        name = self.progress.name
        sent[name] = sent.get(name, 0) + 1
        return await send(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Relay, "_send", watched)
    yield sent


async def test_of_two_relays_only_one_serves_a_shard_and_the_other_takes_over(
    engine: AsyncEngine, dsn: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_LOCK_EVERY_S", 0.05)
    first, second = Relay(dsn, settings, "first"), Relay(dsn, settings, "second")
    disputes = [ids.new() for _ in range(40)]
    async with counted(monkeypatch) as sent, running(first.run) as (leading,):
        await add(engine, *outgoing(ids.new(), 1))
        await emptied(engine)
        async with running(second.run):
            for n in range(1, 6):
                await add(engine, *(o for d in disputes for o in outgoing(d, n)))
                await emptied(engine)
            assert await lock_holders(dsn) == {"first-relay": 4}
            assert sent == {"first-relay": 201}
            await ended(leading)
            await add(engine, *(o for d in disputes for o in outgoing(d, 6)))
            await emptied(engine)
            assert await lock_holders(dsn) == {"second-relay": 4}
            assert sent == {"first-relay": 201, "second-relay": 40}
    found = order(await on_topic(settings))
    assert all(found[str(d)] == [1, 2, 3, 4, 5, 6] for d in disputes)


def without_repeats(sequences: list[int]) -> list[int]:
    return list(dict.fromkeys(sequences))


async def test_a_relay_whose_connection_is_cut_goes_on_without_loss(
    engine: AsyncEngine, dsn: str, settings: Settings, relay: Relay
) -> None:
    disputes = [ids.new() for _ in range(20)]
    async with running(relay.run):
        for n in range(1, 11):
            await add(engine, *(o for d in disputes for o in outgoing(d, n)))
            relay.wake()
            if n in {3, 7}:
                await kill_connections(dsn, "first-relay")
        await emptied(engine)
        assert await lock_holders(dsn) == {"first-relay": 4}
    found = order(await on_topic(settings))
    assert {key: without_repeats(seen) for key, seen in found.items()} == {
        str(d): list(range(1, 11)) for d in disputes
    }


async def test_a_connection_lost_before_the_delete_repeats_but_does_not_lose(
    engine: AsyncEngine, dsn: str, settings: Settings, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst moment: Kafka has it, the outbox does not know."""
    dispute = ids.new()
    await add(engine, *outgoing(dispute, 1, 2, 3))
    killed: list[int] = []
    execute = asyncpg.Connection.execute

    async def cut_first(self: asyncpg.Connection, query: str, *args: object) -> str:
        if not killed and query.startswith("DELETE FROM outbox"):
            killed.append(await kill_connections(dsn, "first-relay"))
        return await execute(self, query, *args)

    monkeypatch.setattr(asyncpg.Connection, "execute", cut_first)
    async with running(relay.run):
        await emptied(engine)
    assert killed == [1]
    assert order(await on_topic(settings)) == {str(dispute): [1, 2, 3, 1, 2, 3]}


async def has_fewer(engine: AsyncEngine, before: int) -> bool:
    return before == 0 or await count(engine, "outbox") < before


async def test_a_relay_that_is_stopped_in_the_middle_is_resumed_without_loss(
    engine: AsyncEngine, dsn: str, settings: Settings
) -> None:
    disputes = [ids.new() for _ in range(30)]
    await add(engine, *(o for n in range(1, 51) for d in disputes for o in outgoing(d, n)))
    for _ in range(3):
        relay = Relay(dsn, settings, "first")
        before = await count(engine, "outbox")
        async with running(relay.run):
            await until(partial(has_fewer, engine, before))
    async with running(Relay(dsn, settings, "first").run):
        await emptied(engine)
    found = order(await on_topic(settings))
    assert {key: sorted(set(seen)) for key, seen in found.items()} == {
        str(d): list(range(1, 51)) for d in disputes
    }


async def test_a_failed_page_rebuilds_the_producer_and_publishes_the_rest(
    engine: AsyncEngine, settings: Settings, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = ids.new(), ids.new()
    await add(engine, *outgoing(bad, 1), *outgoing(good, 1), *outgoing(bad, 2))
    producers: set[int] = set()
    send = AIOKafkaProducer.send

    async def once_broken(
        self: AIOKafkaProducer, *args: object, **options: object
    ) -> "asyncio.Future[object]":
        first_one = not producers or producers == {id(self)}
        producers.add(id(self))
        if first_one and options["key"] == str(bad).encode():
            future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
            future.set_exception(OSError("OutOfOrderSequenceNumber"))
            return future
        return await send(self, *args, **options)  # type: ignore[no-any-return]

    monkeypatch.setattr(AIOKafkaProducer, "send", once_broken)
    async with running(relay.run):
        await emptied(engine)
    assert len(producers) == 2
    assert order(await on_topic(settings)) == {str(good): [1], str(bad): [1, 2]}


async def test_a_page_never_deletes_what_was_added_meanwhile(
    engine: AsyncEngine, settings: Settings, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispute, other = ids.new(), ids.new()
    await add(engine, *outgoing(dispute, 1))
    execute = asyncpg.Connection.execute
    seen: list[list[int]] = []

    async def adding(self: asyncpg.Connection, query: str, *args: object) -> str:
        if query.startswith("DELETE FROM outbox") and not seen:
            await add(engine, *outgoing(other, 1))
            seen.append(await positions(engine))
        return await execute(self, query, *args)

    monkeypatch.setattr(asyncpg.Connection, "execute", adding)
    async with running(relay.run):
        await emptied(engine)
    assert [len(p) for p in seen] == [2]
    assert order(await on_topic(settings)) == {str(dispute): [1], str(other): [1]}


async def test_what_waits_is_counted_also_while_kafka_is_away(
    engine: AsyncEngine, dsn: str, settings: Settings
) -> None:
    await add(engine, *outgoing(ids.new(), 1, 2, 3))
    nowhere = Settings("127.0.0.1:9", settings.topic_prefix)
    async with running(Relay(dsn, nowhere, "counted").run):
        await until(partial(_counted, 3))
    async with running(Relay(dsn, settings, "counted").run):
        await until(partial(_counted, 0))


async def _counted(rows: int) -> bool:
    return REGISTRY.get_sample_value("redress_outbox_rows", {"service": "counted"}) == rows
