"""An intake instance with its database, and helpers to speak to it."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from services.intake.api.app import build
from services.intake.settings import Settings
from services.intake.wiring import Intake, assemble
from shared import clock, ids
from shared.auth import BadToken, Principal, Role
from shared.contracts.envelope import Envelope
from shared.contracts.events import Amount, StatusChanged, Step, TransactionRecorded
from shared.contracts.vocabulary import Action, Actor, Kind, Status
from tests.unit.shared.serving import Answer, Api, served

NAMES = UUID("00000000-0000-4000-8000-000000000001")
AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ANA = "customer:ana"
NOWHERE = "127.0.0.1:9"
WAIT_S = 30.0


class Tokens:
    """The token is `role:subject`."""

    async def verify(self, token: str) -> Principal:
        role, _, subject = token.partition(":")
        try:
            return Principal(subject, Role(role))
        except ValueError:
            raise BadToken("no such role") from None


@dataclass(frozen=True, slots=True)
class Instance:
    """A running intake. `api` speaks to it over HTTP."""

    intake: Intake
    api: Api

    async def open(self, body: Any, *, key: str = "", token: str = ANA) -> Answer:
        return await self.post("/v1/disputes", body, key=key, token=token)

    async def post(self, path: str, body: Any, *, key: str = "", token: str = ANA) -> Answer:
        headers = bearer(token) | {"Idempotency-Key": key or ids.token()}
        return await self.api.post(path, json=body, headers=headers)

    async def get(self, path: str, *, token: str = ANA, **headers: str) -> Answer:
        english = {"Accept-Language": "en"}
        return await self.api.get(path, headers=bearer(token) | english | headers)


@dataclass(frozen=True, slots=True)
class World:
    dsn: str
    work: Path
    bootstrap: str = NOWHERE
    prefix: str = "none"

    def settings(self, **changes: Any) -> Settings:
        ring = self.work / "ring.json"
        key = base64.b64encode(b"k" * 32).decode()
        ring.write_text(json.dumps({"active": "k1", "keys": {"k1": key}}))
        given: dict[str, Any] = {
            "kafka_bootstrap_servers": self.bootstrap,
            "redress_topic_prefix": self.prefix,
            "redress_wallet": "demo",
            "redress_profile": "default",
            "redress_key_ring": str(ring),
            "token_issuer": "urn:test",
            "intake_database_url": self.dsn,
            "port": 0,
        }
        return Settings(**(given | changes))

    @asynccontextmanager
    async def instance(self, *workers: str, **settings: Any) -> AsyncIterator[Instance]:
        """An instance; of its loops only the group commit runs, and those named."""
        intake = assemble(self.settings(**settings))
        app = build(Tokens(), intake.parts, [])  # type: ignore[arg-type]
        loops = [intake.parts.desk.batch.run, *(getattr(intake, w).run for w in workers)]
        async with running(*loops), served(app) as api:
            yield Instance(intake, api)
        await intake.close()

    async def query(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()

    async def count(self, table: str) -> int:
        return int((await self.query(f"SELECT count(*) FROM {table}"))[0][0])  # noqa: S608


@asynccontextmanager
async def running(*loops: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(loop()) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


async def until(probe: Callable[[], Awaitable[Any]], timeout_s: float = WAIT_S) -> Any:
    """The first true answer of `probe`."""
    async with asyncio.timeout(timeout_s):
        while not (found := await probe()):
            await clock.sleep(0.05)
    return found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def refund(*transactions: str, amount: str | None = None, **more: Any) -> dict[str, Any]:
    """A refund request for these transactions."""
    money = {"amount": {"amount_minor": amount, "currency": "CNY"}} if amount else {}
    named = [{"transaction_id": t} | money for t in transactions]
    return {"kind": "refund_request", "reason": "changed_mind", "transactions": named} | more


def payment(transaction_id: str, *, sequence: int = 1, **changes: Any) -> Envelope:
    """The ledger's record of a payment of 128.00 yuan by ana."""
    given = {
        "transaction_id": transaction_id,
        "customer_id": "ana",
        "kind": "payment",
        "amount": Amount(amount_minor=12800, currency="CNY"),
        "merchant_id": "m-1",
        "merchant_name": "小茶馆",
        "occurred_at": AT,
    }
    data = TransactionRecorded.model_validate(given | changes)
    return envelope("/bank", transaction_id, sequence, data)


def status(
    dispute_id: str,
    version: int,
    *,
    status: str = "checking",
    open: bool = True,  # noqa: A002 - the field's name
    actions: tuple[str, ...] = (),
    **changes: Any,
) -> Envelope:
    """A status event of the tracker."""
    data = StatusChanged(
        dispute_id=UUID(dispute_id),
        claim_id=UUID(dispute_id),
        reference="402188530174",
        version=version,
        kind=Kind.REFUND_REQUEST,
        reason="changed_mind",
        customer_id="ana",
        status=Status(status),
        open=open,
        next_actor=Actor.BANK,
        step=Step(code="ask_bank", at=AT, actor=Actor.REDRESS, params={"n": str(version)}),
        actions=[Action(action) for action in actions],
        changed_at=AT,
    ).model_copy(update=changes)
    return envelope("/redress/tracker", dispute_id, version, data)


def envelope(source: str, subject: str, sequence: int, data: Any) -> Envelope:
    made = uuid5(NAMES, f"{source} {subject} {sequence}")
    return Envelope(made, source, subject, sequence, AT, data)
