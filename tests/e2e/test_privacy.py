"""Canaries: personal data put in wherever a person can put it, and found nowhere it must not be."""

import asyncio
import json
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import aiokafka
import pytest

from deploy.local.programs import SERVICES
from shared import ids
from shared.auth import Role
from shared.contracts.topics import Topic
from tests.e2e.topics import read_all
from tests.e2e.world import Receipt, World, until

NAME: Final = "欧阳金丝雀"
PHONE: Final = "13912340717"
EMAIL: Final = "canary.ouyang@example.net"
WORDS: Final = "my sister Zephyrine was in hospital"
CARD: Final = "6222020717000111222"
CARD_SPACED: Final = "4111 1111 0717 1118"
CANARIES: Final = (NAME, PHONE, EMAIL, WORDS, "Zephyrine", CARD, CARD_SPACED, "4111111107171118")
CUSTOMER: Final = "c-canary"


@dataclass(frozen=True, slots=True)
class Found:
    """A canary and where it was found."""

    canary: str
    place: str


def search(place: str, content: bytes | str) -> Iterator[Found]:
    """Canaries in plain, JSON-escaped, percent-encoded or hexadecimal form."""
    raw = content.encode() if isinstance(content, str) else content
    lowered = raw.lower()
    for canary in CANARIES:
        plain = canary.encode()
        escaped = json.dumps(canary)[1:-1].encode()
        quoted = urllib.parse.quote(canary).encode()
        forms = {plain, escaped, quoted, plain.hex().encode()}
        if any(form.lower() in lowered for form in forms):
            yield Found(canary, place)


@pytest.fixture(scope="module", name="told")
def _told() -> list[Receipt]:
    """The disputes that hold the canaries, once they have been put in."""
    return []


@pytest.fixture(autouse=True)
async def _canaries_are_put_in(world: World, told: list[Receipt]) -> None:
    if not told:
        await _introduce(world)
        told += [await _refused_with_words(world), await _credited(world), await _withdrawn(world)]
        await _send_what_cannot_be_read(world)
        await _send_what_is_refused(world)
        await until(lambda: _everything_went_out(world))


async def test_the_search_finds_what_is_there() -> None:
    for content in (NAME, json.dumps(NAME), NAME.encode().hex(), urllib.parse.quote(NAME)):
        assert [found.canary for found in search("here", f"x{content}y")] == [NAME]
    assert not list(search("here", "nothing personal"))


async def test_what_people_said_reached_whom_it_was_for(world: World, told: list[Receipt]) -> None:
    """Else the other tests would search where nothing was ever put in."""
    assert NAME in json.dumps(await world.mails(EMAIL), ensure_ascii=False)
    assert await world.texts(f"+86{PHONE}")
    asked = await world.rows(
        "tracker", "SELECT statement FROM disputes WHERE id = $1", told[0].dispute_id
    )
    assert asked[0]["statement"].startswith("k1.")
    contact = await world.call(
        "GET", "notifier", f"/v1/contacts/{CUSTOMER}", caller=(Role.PARTNER, "wallet")
    )
    assert contact.body["name"] == NAME


async def test_no_topic_holds_any_of_it(world: World) -> None:
    bootstrap = str(world.system.endpoints["kafka"])
    records = await asyncio.to_thread(read_all, bootstrap, world.system.layout.prefix)
    ours = [record for record in records if record.key != _BROKEN_KEY]
    assert {record.topic for record in ours} == set(Topic)
    found = [f for r in ours for f in search(f"{r.topic}@{r.partition}:{r.offset}", r.all_bytes)]
    assert found == []


@pytest.mark.parametrize("service", SERVICES)
async def test_no_table_holds_any_of_it_in_the_clear(world: World, service: str) -> None:
    """Outbox, dead letters, history, contacts, messages: every column of every table."""
    tables = await world.rows(
        service, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    found: list[Found] = []
    for name in (row["table_name"] for row in tables):
        rows = await world.rows(service, f'SELECT CAST(t AS text) AS row FROM "{name}" t')  # noqa: S608
        found += [f for row in rows for f in search(f"{service}.{name}", row["row"])]
    assert found == []


async def test_the_broken_record_was_parked_and_its_reason_says_nothing_of_it(
    world: World,
) -> None:
    rows = await world.rows("tracker", "SELECT reason, key, sealed FROM dead_letters")
    mine = [row for row in rows if "opened_by" in row["reason"]]
    assert mine
    assert not [f for row in mine for f in search("dead letters", json.dumps(row))]


async def test_no_log_holds_any_of_it(world: World) -> None:
    """Of the services and of everything else that runs; warnings and errors included."""
    logs = list(world.system.layout.logs.glob("*.log*"))
    assert {"intake.log", "tracker.log", "notifier.log"} <= {log.name for log in logs}
    found = [f for log in logs for f in search(log.name, log.read_bytes())]
    assert found == []


@pytest.mark.parametrize("service", SERVICES)
async def test_no_metric_holds_any_of_it(world: World, service: str) -> None:
    async with world.session.get(f"{world.url(service)}/metrics") as answer:
        page = await answer.text()
    assert "redress_" in page
    assert list(search(f"{service}/metrics", page)) == []


async def test_what_ops_are_shown_holds_none_of_it(world: World, told: list[Receipt]) -> None:
    """But for what was said, which whoever decides must read; card numbers not even there."""
    for receipt in told:
        seen = await world.tracked(receipt)
        words = json.dumps(seen.pop("said"), ensure_ascii=False)
        assert list(search("ops", json.dumps(seen))) == []
        assert WORDS in words
        assert CARD not in words
        assert CARD_SPACED not in words
    messages = await world.call("GET", "notifier", "/v1/messages", caller=(Role.OPS, "ops-1"))
    contact = await world.call(
        "GET", "notifier", f"/v1/contacts/{CUSTOMER}", caller=(Role.OPS, "ops-1")
    )
    for answer in (messages, contact):
        assert answer.status == 200
        assert list(search("ops", json.dumps(answer.body))) == []


async def _introduce(world: World) -> None:
    contact = {"phone": f"+86 {PHONE}", "email": EMAIL, "name": NAME, "locale": "zh-CN"}
    caller = (Role.PARTNER, "wallet")
    answer = await world.call("PUT", "notifier", f"/v1/contacts/{CUSTOMER}", contact, caller)
    assert answer.status == 200


async def _refused_with_words(world: World) -> Receipt:
    """The merchant refuses in words of its own, after a customer spoke in theirs."""
    refusal = {
        "answer": "refuse",
        "reason_code": "used",
        "reason_text": f"{NAME} paid with {CARD} and {CARD_SPACED}, call {PHONE}",
    }
    transaction_id = await world.record(customer_id=CUSTOMER, merchant=refusal)
    said = f"{WORDS}, card {CARD}, write to {EMAIL}"
    receipt = await world.opened(transaction_id, customer_id=CUSTOMER, statement=said)
    await world.until(receipt, "in_arbitration")
    decided = {
        "fault": "customer",
        "remedy": "none",
        "reason": "used",
        "note": f"spoke to {NAME} on {PHONE}: {WORDS}",
    }
    path = f"/v1/disputes/{receipt.dispute_id}/decision"
    answer = await world.call("POST", "tracker", path, decided, (Role.OPS, "ops-1"))
    assert answer.status == 200, answer
    await world.until(receipt, "declined")
    await _ask(world, receipt, {"action": "appeal", "statement": f"{WORDS}; {CARD_SPACED}"})
    await world.until(receipt, "in_arbitration")
    return receipt


async def _credited(world: World) -> Receipt:
    transaction_id = await world.record(customer_id=CUSTOMER)
    receipt = await world.opened(transaction_id, customer_id=CUSTOMER, statement=WORDS)
    await world.until(receipt, "credited")
    return receipt


async def _withdrawn(world: World) -> Receipt:
    bank = {"trace": {"script": [{"state": "in_transit", "expected_in_s": 600}]}}
    moved = await world.record(customer_id=CUSTOMER, kind="transfer", bank=bank)
    claim = {"kind": "missing_funds", "reason": "transfer", "statement": WORDS}
    receipt = await world.opened(moved, customer_id=CUSTOMER, **claim)
    await world.until(receipt, "in_transit")
    await _ask(world, receipt, {"action": "withdraw", "statement": f"{NAME} {PHONE}"})
    await world.until_ended(receipt)
    return receipt


async def _ask(world: World, receipt: Receipt, body: dict[str, Any]) -> None:
    path = f"/v1/disputes/{receipt.dispute_id}/actions"
    caller = (Role.CUSTOMER, CUSTOMER)
    answer = await world.call("POST", "intake", path, body, caller, ids.token())
    assert answer.status == 202, answer


_BROKEN_KEY: Final = b"canary-of-a-foreign-sender"


async def _send_what_cannot_be_read(world: World) -> None:
    """A foreign sender's mistake: personal data in a record that the tracker must park."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": str(ids.new()),
        "ce_source": "/foreign",
        "ce_type": "redress.dispute.opened.v1",
        "ce_subject": PHONE,
        "ce_time": "2026-01-01T00:00:00Z",
        "ce_sequence": "1",
    }
    value = {"opened_by": NAME, CARD: WORDS, "customer_id": EMAIL}
    bootstrap = str(world.system.endpoints["kafka"])
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(
            Topic.DISPUTES.full(world.system.layout.prefix),
            json.dumps(value, ensure_ascii=False).encode(),
            key=_BROKEN_KEY,
            headers=[(name, text.encode()) for name, text in attributes.items()],
        )


async def _send_what_is_refused(world: World) -> None:
    """Requests with a mistake in them: the answer may repeat nothing, and no log either."""
    customer, partner = (Role.CUSTOMER, CUSTOMER), (Role.PARTNER, "wallet")
    contact = {"phone": f"call {PHONE}", "email": f"{NAME}@@", "name": NAME}
    door = f"/v1/contacts/{CUSTOMER}-2"
    wrong = [
        await world.call("PUT", "notifier", door, contact, partner),
        await world.call("PUT", "notifier", door, contact | {CARD: NAME}, partner),
        await world.claim(CARD_SPACED, customer_id=CUSTOMER, statement=[WORDS]),
        await world.claim(customer_id=CUSTOMER, reason=WORDS, statement=WORDS * 100),
        await world.call("POST", "intake", f"/v1/disputes?{PHONE}", {NAME: WORDS}, customer, "k"),
    ]
    for answer in wrong:
        assert answer.status == 422
        detail = {k: v for k, v in answer.body.items() if k != "errors"}
        assert not [f for f in search("problem", json.dumps(detail)) if f.canary != CARD]


async def _everything_went_out(world: World) -> bool:
    """The last word at both gateways, nothing left to send, the broken record parked."""
    for service in SERVICES:
        if await world.rows(service, "SELECT 1 FROM outbox LIMIT 1"):
            return False
    said = "SELECT template, state FROM messages WHERE recipient = $1"
    messages = await world.rows("notifier", said, CUSTOMER)
    arrived = [m["template"] for m in messages if m["state"] in {"sent", "delivered"}]
    parked = await world.rows(
        "tracker", "SELECT 1 FROM dead_letters WHERE reason LIKE '%opened_by%'"
    )
    under_way = [m for m in messages if m["state"] in {"waiting", "sending"}]
    both = (arrived.count("credited"), arrived.count("withdrawn"))
    return bool(parked) and both == (2, 2) and not under_way
