"""A partner with a client of their own and the CloudEvents SDK reads all that was published."""

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Final

import jsonschema_rs
import pytest
from cloudevents.core.base import BaseCloudEvent

from shared import ids
from shared.auth import Role
from shared.contracts.__main__ import SCHEMAS
from shared.contracts.topics import Topic
from tests.e2e.topics import Record, read_all
from tests.e2e.world import Receipt, World, until

OF_TOPIC: Final = {
    Topic.TRANSACTIONS: {"redress.transaction.recorded.v1"},
    Topic.DISPUTES: {"redress.dispute.opened.v1", "redress.dispute.action-requested.v1"},
    Topic.MISSING_FUNDS: {"redress.dispute.opened.v1", "redress.dispute.action-requested.v1"},
    Topic.DISPUTE_STATUS: {"redress.dispute.status-changed.v1"},
    Topic.DELIVERIES: {"redress.delivery.recorded.v1"},
}
SERVICES: Final = ("intake", "tracker", "notifier")


@pytest.fixture(scope="module", name="read")
def _read() -> list[Record]:
    """What `published` has read, once for the module."""
    return []


@pytest.fixture(name="published")
async def _published(world: World, read: list[Record]) -> list[Record]:
    """All records of the session, of which this fixture made sure that there is every type."""
    if not read:
        await _something_of_everything(world)
        await until(lambda: _all_relayed(world))
        bootstrap = str(world.system.endpoints["kafka"])
        read += await asyncio.to_thread(read_all, bootstrap, world.system.layout.prefix)
    broken = await _parked(world)
    return [r for r in read if (r.topic.value, r.partition, r.offset) not in broken]


async def test_every_record_is_a_cloudevent_to_the_sdk_and_fits_its_committed_schema(
    published: list[Record],
) -> None:
    seen: dict[Topic, set[str]] = {topic: set() for topic in Topic}
    validators = {path.stem: _validator(path.read_text()) for path in SCHEMAS.glob("*.json")}
    for record in published:
        event = record.event()
        seen[record.topic].add(event.get_type())
        _check_attributes(record, event)
        validators[event.get_type()].validate(event.get_data())
    assert seen == OF_TOPIC


async def test_sequences_of_a_source_and_subject_have_neither_gaps_nor_two_meanings(
    published: list[Record],
) -> None:
    status = [record for record in published if record.topic is Topic.DISPUTE_STATUS]
    assert status
    for key, records in groupby(sorted(status, key=_key), key=_key):
        by_sequence: dict[int, set[str]] = {}
        for record in records:
            event = record.event()
            by_sequence.setdefault(int(event.get_extension("sequence")), set()).add(event.get_id())
        assert sorted(by_sequence) == list(range(1, len(by_sequence) + 1)), key
        assert all(len(found) == 1 for found in by_sequence.values()), key


async def test_a_dispute_keeps_to_one_partition_and_to_the_order_of_its_versions(
    published: list[Record],
) -> None:
    for topic in (Topic.DISPUTES, Topic.MISSING_FUNDS, Topic.DISPUTE_STATUS):
        records = sorted((r for r in published if r.topic is topic), key=_key)
        for _, group in groupby(records, key=_key):
            mine = sorted(group, key=lambda r: (r.partition, r.offset))
            assert len({record.partition for record in mine}) == 1
            sequences = [int(record.event().get_extension("sequence")) for record in mine]
            assert _first_heard(sequences) == sorted(set(sequences))


def _first_heard(sequences: Iterable[int]) -> list[int]:
    """Without repeats, which a crash between publishing and deleting may make."""
    return list(dict.fromkeys(sequences))


def _check_attributes(record: Record, event: BaseCloudEvent) -> None:
    names = [name for name, _ in record.headers]
    assert len(names) == len(set(names))
    assert {"ce_specversion", "ce_id", "ce_source", "ce_type", "content-type"} <= set(names)
    assert event.get_specversion() == "1.0"
    assert event.get_datacontenttype() == "application/json"
    time = event.get_time()
    assert isinstance(time, datetime)
    assert time.tzinfo is not None
    assert (record.key or b"").decode() == event.get_subject()
    assert int(event.get_extension("sequence")) >= 1


def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(schema), validate_formats=True)


def _key(record: Record) -> bytes:
    return record.key or b""


async def _something_of_everything(world: World) -> None:
    paid = await world.opened(await world.record(customer_id="c-zhao"), customer_id="c-zhao")
    in_transit = {"trace": {"script": [{"state": "in_transit", "expected_in_s": 600}]}}
    moved = await world.record(kind="transfer", merchant_id=None, bank=in_transit)
    traced = await world.opened(moved, kind="missing_funds", reason="transfer")
    waiting = await world.opened(await world.record(merchant={"answer": "silent"}))
    await world.until(traced, "in_transit")
    await world.until(waiting, "waiting_for_merchant")
    for receipt in (traced, waiting):
        await _withdraw(world, receipt)
    for receipt in (paid, traced, waiting):
        await world.until_ended(receipt)


async def _withdraw(world: World, receipt: Receipt) -> None:
    path = f"/v1/disputes/{receipt.dispute_id}/actions"
    caller = (Role.CUSTOMER, receipt.customer_id)
    body = {"action": "withdraw"}
    answer = await world.call("POST", "intake", path, body, caller, ids.token())
    assert answer.status == 202


async def _all_relayed(world: World) -> bool:
    """Also of the notifier, whose deliveries come last."""
    counts = [await world.rows(each, "SELECT 1 FROM outbox LIMIT 1") for each in SERVICES]
    sends = "SELECT 1 FROM messages WHERE due_at IS NOT NULL AND state <> 'ambiguous' LIMIT 1"
    return not any(counts) and not await world.rows("notifier", sends)


async def _parked(world: World) -> set[tuple[str, int, int]]:
    """What a test of broken events has put there, and a service has refused."""
    found: set[tuple[str, int, int]] = set()
    for service in SERVICES:
        rows = await world.rows(service, 'SELECT topic, partition, "offset" FROM dead_letters')
        found |= {(row["topic"], row["partition"], row["offset"]) for row in rows}
    return found
