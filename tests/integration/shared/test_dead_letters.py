import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from typer.testing import CliRunner

from shared import db, dead_letters, ids, inbox
from shared.contracts.envelope import Envelope, Unreadable, encode
from shared.contracts.topics import Topic
from shared.dead_letters import NotParked
from shared.kafka import Consumer, Settings
from shared.outbox import Relay
from shared.seal import KeyRing
from tests.integration.shared.support import (
    Seen,
    count,
    encoded,
    event,
    on_topic,
    produce,
    running,
    until,
)

CANARY = "13800138000"


def record(
    offset: int,
    key: bytes | None,
    headers: Any,
    value: bytes | None,
    topic: str = "p.deliveries.v1",
) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(topic, 0, offset, 0, 0, key, value, None, 0, 0, tuple(headers))


@pytest.fixture
def park(engine: AsyncEngine, keys: KeyRing) -> Callable[..., Any]:
    async def parked(one: ConsumerRecord[bytes, bytes], reason: str = "because") -> UUID:
        async with engine.begin() as tx:
            await dead_letters.park(tx, keys, "p", one, reason)
            found = await tx.execute(
                text('SELECT id FROM dead_letters WHERE "offset" = :o'), {"o": one.offset}
            )
            return UUID(str(found.scalar_one()))

    return parked


async def raw_outbox(engine: AsyncEngine) -> list[tuple[str, str, list[list[str]], bytes]]:
    async with engine.connect() as tx:
        rows = await tx.execute(text("SELECT topic, key, headers, value FROM outbox ORDER BY pos"))
        return [(r.topic, r.key, r.headers, r.value) for r in rows]


async def test_a_parked_record_shows_nothing_of_its_contents_in_the_table(
    engine: AsyncEngine, keys: KeyRing, park: Callable[..., Any]
) -> None:
    secret = CANARY.encode()
    await park(record(1, secret, [("phone", secret), ("none", None)], b"call " + secret))
    async with engine.connect() as tx:
        row = (
            await tx.execute(text("SELECT CAST(dead_letters AS text) FROM dead_letters"))
        ).scalar_one()
        (listed,) = await dead_letters.listed(tx)
        shown = await dead_letters.show(tx, keys, listed["id"])
    assert CANARY not in row
    assert CANARY not in str(listed)
    assert shown["headers"] == {"phone": CANARY, "none": ""}
    assert shown["value"] == f"call {CANARY}"
    assert shown["key"] == CANARY


async def test_only_the_ring_that_sealed_it_opens_it(
    engine: AsyncEngine, park: Callable[..., Any]
) -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    letter = await park(record(1, b"k", [], b"v"))
    async with engine.connect() as tx:
        with pytest.raises(ValueError, match="sealed with key"):
            await dead_letters.show(tx, KeyRing("k1", {"k1": AESGCM(b"x" * 32)}), letter)


async def test_a_record_that_comes_again_is_parked_once(
    engine: AsyncEngine, park: Callable[..., Any]
) -> None:
    first = await park(record(1, b"k", [], b"v"))
    assert await park(record(1, b"k", [], b"v")) == first
    await park(record(2, b"k", [], b"v"))
    assert await count(engine, "dead_letters") == 2


async def test_the_database_keeps_one_letter_for_a_place_and_only_known_states(
    engine: AsyncEngine, park: Callable[..., Any]
) -> None:
    await park(record(1, b"k", [], b"v"))
    for change in (
        "state = 'lost', settled_at = now()",
        "state = 'replayed'",
        "settled_at = now()",
    ):
        with pytest.raises(IntegrityError):
            async with engine.begin() as tx:
                await tx.execute(text(f"UPDATE dead_letters SET {change}"))  # noqa: S608 - a constant


async def test_a_replay_as_it_was_is_the_same_bytes(
    engine: AsyncEngine, keys: KeyRing, park: Callable[..., Any]
) -> None:
    one = event(ids.new(), 7)
    headers, value = encode(one)
    odd = value.replace(b'"attempts":1', b' "attempts" : 1 , "x":12345678901234567890.50')
    letter = await park(record(1, b"k", headers, odd))
    async with engine.begin() as tx:
        await dead_letters.replay(tx, keys, letter)
    (out,) = await raw_outbox(engine)
    assert out[:2] == ("deliveries.v1", one.subject)
    assert [(name, raw.encode()) for name, raw in out[2]] == headers
    assert out[3] == odd


async def test_a_replay_leaves_out_headers_that_are_no_text(
    engine: AsyncEngine, keys: KeyRing, park: Callable[..., Any]
) -> None:
    headers, value = encode(event(ids.new(), 7))
    odd: Any = [*headers, ("x-binary", b"\xff\x00"), ("x-null", None), ("x-nul", b"\0")]
    letter = await park(record(1, b"k", odd, value))
    async with engine.begin() as tx:
        await dead_letters.replay(tx, keys, letter)
    (out,) = await raw_outbox(engine)
    assert [(name, raw.encode()) for name, raw in out[2]] == headers


@pytest.mark.parametrize("settled", ["replayed", "dropped"])
async def test_a_letter_is_settled_once(
    engine: AsyncEngine, keys: KeyRing, park: Callable[..., Any], settled: str
) -> None:
    headers, value = encode(event(ids.new(), 7))
    letter = await park(record(1, b"k", headers, value))
    async with engine.begin() as tx:
        if settled == "dropped":
            await dead_letters.settle(tx, letter, "dropped")
        else:
            await dead_letters.replay(tx, keys, letter)
    with pytest.raises(NotParked):
        async with engine.begin() as tx:
            await dead_letters.replay(tx, keys, letter)
    with pytest.raises(NotParked):
        async with engine.begin() as tx:
            await dead_letters.settle(tx, letter, "dropped")
    assert await count(engine, "outbox") == (settled == "replayed")


async def test_of_two_who_replay_at_once_one_is_refused(
    engine: AsyncEngine, keys: KeyRing, park: Callable[..., Any]
) -> None:
    headers, value = encode(event(ids.new(), 7))
    letter = await park(record(1, b"k", headers, value))

    async def replay() -> None:
        async with engine.begin() as tx:
            await dead_letters.replay(tx, keys, letter)

    results = await asyncio.gather(replay(), replay(), return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["NoneType", "NotParked"]
    assert await count(engine, "outbox") == 1


@pytest.mark.parametrize(
    "repaired",
    [None, {}, {"value": {}}, {"headers": {}, "value": "x"}, {"headers": [], "value": {}}, []],
    ids=repr,
)
async def test_what_is_still_no_event_changes_nothing(
    engine: AsyncEngine, keys: KeyRing, park: Callable[..., Any], repaired: Any
) -> None:
    good = encode(event(ids.new(), 7))  # which {} must not send as it is
    headers, value = good if repaired is not None else ([], b"junk")
    letter = await park(record(1, b"k", headers, value))
    with pytest.raises(Unreadable):
        async with engine.begin() as tx:
            await dead_letters.replay(tx, keys, letter, repaired)
    assert await count(engine, "outbox") == 0
    async with engine.connect() as tx:
        assert len(await dead_letters.listed(tx)) == 1


async def test_a_repaired_header_is_sent_in_the_place_of_the_broken_one(
    engine: AsyncEngine, keys: KeyRing, park: Callable[..., Any]
) -> None:
    headers, value = encode(event(ids.new(), 7))
    broken = [(name, b"many" if name == "ce_sequence" else raw) for name, raw in headers]
    letter = await park(record(1, b"k", broken, value))
    async with engine.begin() as tx:
        document = await dead_letters.show(tx, keys, letter)
        document["headers"]["ce_sequence"] = "7"
        await dead_letters.replay(tx, keys, letter, document)
    (out,) = await raw_outbox(engine)
    assert [(name, raw.encode()) for name, raw in out[2]] == headers


async def test_a_dead_letter_is_repaired_replayed_and_handled(
    settings: Settings, engine: AsyncEngine, dsn: str, keys: KeyRing
) -> None:
    """From a broken record on Kafka, over the table, the outbox and the relay, to the handler."""
    seen = Seen()
    dispute = ids.new()
    key, headers, value = encoded(event(dispute, 1))
    await produce(settings, (key, headers, value.replace(b'"sent"', b"7")))
    handler = Consumer(settings, engine, keys, group="test", topics=[Topic.DELIVERIES], handle=seen)
    async with running(handler.run, Relay(dsn, settings, "test").run):

        async def is_parked() -> bool:
            return await count(engine, "dead_letters") == 1

        await until(is_parked)
        async with engine.begin() as tx:
            (letter,) = await dead_letters.listed(tx)
            document = await dead_letters.show(tx, keys, letter["id"])
            document["value"]["outcome"] = "delivered"
            await dead_letters.replay(tx, keys, letter["id"], document)
        await seen.wait_for(lambda: bool(seen.calls))
    assert seen.calls[0][0] == event(dispute, 1, outcome="delivered")
    again = (await on_topic(settings))[1]
    assert again.key == str(dispute).encode()


async def test_a_letter_that_failed_in_its_handler_can_be_replayed_as_it_is(
    settings: Settings, engine: AsyncEngine, dsn: str, keys: KeyRing
) -> None:
    """Its claim was rolled back with the failure, so the inbox does not stop the replay."""
    broken = True
    handled: list[int] = []
    done = asyncio.Event()

    async def handle(tx: AsyncConnection, envelopes: list[Envelope]) -> None:
        fresh = await inbox.claim(tx, [e.id for e in envelopes])
        if broken:
            raise LookupError
        handled.extend(e.sequence for e in envelopes if e.id in fresh)
        done.set()

    await produce(settings, encoded(event(ids.new(), 1)))
    handler = Consumer(
        settings, engine, keys, group="test", topics=[Topic.DELIVERIES], handle=handle
    )
    async with running(handler.run, Relay(dsn, settings, "test").run):

        async def is_parked() -> bool:
            return await count(engine, "dead_letters") == 1

        await until(is_parked)
        broken = False
        async with engine.begin() as tx:
            (letter,) = await dead_letters.listed(tx)
            await dead_letters.replay(tx, keys, letter["id"])
        await done.wait()
    assert handled == [1]


@pytest.fixture
def cli(dsn: str, keys: KeyRing) -> Callable[..., Any]:
    app = dead_letters.commands(lambda: (db.engine(dsn, "cli"), keys))

    async def invoke(*arguments: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))

    return invoke


async def test_the_command_line_lists_shows_replays_and_drops(
    engine: AsyncEngine, cli: Callable[..., Any], park: Callable[..., Any], tmp_path: Path
) -> None:
    headers, value = encode(event(ids.new(), 7))
    broken = await park(record(1, b"k", headers, b"{}"), "outcome: Field required")
    useless = await park(record(2, CANARY.encode(), [], CANARY.encode()), "no headers")
    listed = (await cli("list")).output
    assert f"{broken}  parked    deliveries.v1[0]@1  outcome: Field required" in listed
    assert str(useless) in listed
    assert CANARY not in listed

    document = json.loads((await cli("show", str(broken))).output)
    refused = await cli("replay", str(broken))
    assert (refused.exit_code, "refused" in refused.output) == (1, True)
    document["value"] = json.loads(value)
    file = tmp_path / "repaired.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    assert (await cli("replay", str(broken), "--file", str(file))).exit_code == 0
    assert (await cli("drop", str(useless))).exit_code == 0
    assert (await cli("drop", str(useless))).exit_code == 1
    assert (await cli("show", str(ids.new()))).exit_code == 1

    assert (await cli("list")).output == ""
    everything = (await cli("list", "--all")).output
    assert "replayed" in everything
    assert "dropped" in everything
    (out,) = await raw_outbox(engine)
    assert json.loads(out[3]) == json.loads(value)
