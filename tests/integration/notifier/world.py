"""The notifier with its gateway and mail server, all real, and helpers to speak to it."""

import asyncio
import base64
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import asyncpg
from aiokafka import AIOKafkaConsumer

from sandbox.mail import server as mail
from sandbox.mail.settings import Settings as MailSettings
from sandbox.sms import server as sms
from sandbox.sms.settings import Settings as SmsSettings
from services.notifier.domain.contacts import Contact
from services.notifier.settings import Settings
from services.notifier.store import contacts
from services.notifier.wiring import Notifier, assemble
from shared import clock, ids, kafka
from shared.contracts.envelope import Envelope, decode, encode
from shared.contracts.events import DeliveryRecorded, StatusChanged
from shared.contracts.topics import Topic
from tests.backing import Backing

NAMES = UUID("00000000-0000-4000-8000-000000000000")
PHONE, EMAIL = "+8613800138000", "canary-wang@example.com"
WAIT_S = 20.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class World:
    backing: Backing
    prefix: str
    dsn: str
    work: Path
    smpp_port: int
    smtp_port: int
    decimal_receipts: bool = False
    ambiguous_wait_s: float = 1.0
    sending_lease_s: float = 60.0
    answer_timeout_s: float = 5.0

    def settings(self) -> Settings:
        ring = self.work / "ring.json"
        key = base64.b64encode(b"k" * 32).decode()
        ring.write_text(json.dumps({"active": "k1", "keys": {"k1": key}}))
        return Settings(
            kafka_bootstrap_servers=self.backing.bootstrap,
            redress_topic_prefix=self.prefix,
            redress_wallet="demo",
            redress_key_ring=str(ring),
            token_issuer="urn:test",
            notifier_database_url=self.dsn,
            port=0,
            smpp_port=self.smpp_port,
            smtp_port=self.smtp_port,
            ambiguous_wait_s=self.ambiguous_wait_s,
            sending_lease_s=self.sending_lease_s,
            answer_timeout_s=self.answer_timeout_s,
        )

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[sms.Running]:
        settings = SmsSettings(
            port=0,
            smpp_port=self.smpp_port,
            data_dir=self.work / "sms",
            decimal_receipts=self.decimal_receipts,
        )
        async with sms.running(settings) as running:
            yield running

    @asynccontextmanager
    async def catcher(self) -> AsyncIterator[mail.Running]:
        settings = MailSettings(port=0, smtp_port=self.smtp_port, data_dir=self.work / "mail")
        async with mail.running(settings) as running:
            yield running

    @asynccontextmanager
    async def notifier(self) -> AsyncIterator[Notifier]:
        made = assemble(self.settings())
        tasks = [asyncio.ensure_future(worker()) for worker in made.workers]
        try:
            yield made
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await made.close()
            assert [r for r in results if not isinstance(r, asyncio.CancelledError)] == []

    async def know(self, notifier: Notifier, person: str, **fields: Any) -> int:
        async with notifier.engine.begin() as tx:
            count = await contacts.put(tx, notifier.keys, person, Contact(**fields))
        notifier.due()
        return count

    async def publish(self, *envelopes: Envelope) -> None:
        producer = await kafka.start_producer(
            kafka.Settings(self.backing.bootstrap, self.prefix), "test"
        )
        try:
            for envelope in envelopes:
                headers, value = encode(envelope)
                topic = Topic.DISPUTE_STATUS.full(self.prefix)
                key = envelope.subject.encode()
                await producer.send_and_wait(topic, value=value, key=key, headers=headers)
        finally:
            await kafka.stop_quietly(producer)

    async def rows(self, query: str) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return [dict(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    async def deliveries(self, count: int) -> list[DeliveryRecorded]:
        found: list[DeliveryRecorded] = []
        async with (
            asyncio.timeout(WAIT_S),
            AIOKafkaConsumer(
                Topic.DELIVERIES.full(self.prefix),
                bootstrap_servers=self.backing.bootstrap,
                auto_offset_reset="earliest",
            ) as consumer,
        ):
            while len(found) < count:
                record = await consumer.getone()
                event = decode(record.headers, record.value).data
                assert isinstance(event, DeliveryRecorded)
                found.append(event)
        return found


def dispute(name: str) -> UUID:
    return uuid5(NAMES, name)


def status(name: str, version: int, status_: str, **fields: Any) -> Envelope:
    """A status event about the dispute of that name."""
    body = {
        "dispute_id": str(dispute(name)),
        "claim_id": str(dispute(name)),
        "reference": "402188530170",
        "version": version,
        "kind": "refund_request",
        "reason": "changed_mind",
        "customer_id": f"c-{name}",
        "status": status_,
        "open": True,
        "next_actor": "bank",
        "promised_at": "2026-10-13T16:00:00Z",
        "requested": {"amount_minor": "12800", "currency": "CNY"},
        "step": {"code": "opened", "at": "2026-10-10T08:00:00Z", "actor": "redress"},
        "changed_at": "2026-10-10T08:00:00Z",
    } | fields
    source = "/redress/tracker"
    return Envelope(
        id=ids.event_id(source, dispute(name), version),
        source=source,
        subject=str(dispute(name)),
        sequence=version,
        time=clock.utcnow(),
        data=StatusChanged.model_validate(body),
    )


async def until(found: Callable[[], Awaitable[bool]] | Callable[[], bool]) -> None:
    """Wait until something holds, at most `WAIT_S`."""
    async with asyncio.timeout(WAIT_S):
        while True:
            answer = found()
            if await answer if asyncio.iscoroutine(answer) else answer:
                return
            await clock.sleep(0.02)


async def settled(world: World, count: int) -> list[dict[str, Any]]:
    """Wait until that many messages rest, and return every message."""

    async def enough() -> bool:
        resting = await world.rows("SELECT 1 FROM messages WHERE due_at IS NULL")
        return len(resting) >= count

    with contextlib.suppress(TimeoutError):
        await until(enough)
    return await world.rows("SELECT * FROM messages ORDER BY dispute_id, version, channel")
