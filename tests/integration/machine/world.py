"""Intake, tracker and everybody outside, with the real interfaces between them but no Kafka.

What stands in an outbox is handed on as the bytes that Kafka would carry.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from sandbox.bank.publisher import SOURCE, Publication
from services.intake.handlers import feed
from services.tracker import worker
from shared import clock, ids
from shared.auth import Role
from shared.contracts.envelope import Envelope, decode, encode
from shared.contracts.events import StatusChanged
from shared.contracts.vocabulary import REASONS, Kind
from tests.integration.intake.world import Instance
from tests.integration.intake.world import World as IntakeWorld
from tests.integration.machine.cells import Cells
from tests.integration.machine.passing import Time, moving
from tests.integration.tracker.desk import Caller
from tests.integration.tracker.outside import SHOP, Town, town
from tests.integration.tracker.stage import Stage

WITHIN_S: Final = 20.0
CAPTURED: Final = 12_800
TRACKER, INTAKE = 0, 1
TRANSFERS: Final = (Kind.MISSING_FUNDS, Kind.WRONG_OR_SCAM_TRANSFER)
_BUSY: Final = frozenset({"Callbacks._attempt", "Calls._carry_out"})
_CALM: Final = 2
_TAKE: Final = "DELETE FROM outbox RETURNING pos, headers, value"
_DUE: Final = "SELECT kind FROM tasks WHERE due_at <= (SELECT clock_timestamp())"
_NEXT_TIMER: Final = "SELECT min(due_at) FROM tasks WHERE queue = 'timer'"
Json = dict[str, Any]


def cny(amount_minor: int) -> Json:
    return {"amount_minor": str(amount_minor), "currency": "CNY"}


@dataclass(slots=True)
class Ledger:
    """The wallet's ledger: the transactions that the bank publishes reach intake's copy."""

    intake: Instance | None = None

    async def publish(self, publications: Sequence[Publication]) -> None:
        sent = [self._record(publication) for publication in publications]
        assert self.intake is not None
        async with self.intake.intake.parts.engine.begin() as tx:
            await feed.copy_transactions(tx, [decode(*record) for record in sent])

    @staticmethod
    def _record(told: Publication) -> tuple[list[tuple[str, bytes]], bytes]:
        subject = told.facts.transaction_id
        made = ids.event_id(SOURCE, subject, told.version)
        return encode(Envelope(made, SOURCE, subject, told.version, clock.utcnow(), told.facts))

    async def close(self) -> None:
        pass


@dataclass(slots=True)
class World:
    """One of everything, under one clock; `reached` holds what its disputes went through."""

    stage: Stage
    intake: Instance
    town: Town
    time: Time
    reached: defaultdict[Kind, Cells] = field(default_factory=lambda: defaultdict(Cells))

    # --- what happens

    async def claims(
        self,
        kind: Kind,
        *,
        bank: Json | None = None,
        merchant: Json | None = None,
        account: Json | None = None,
        customer: Json | None = None,
        requested_minor: int | None = None,
        named: bool = True,
        facts: Json | None = None,
    ) -> "Case":
        """A customer of their own claims about a transaction of their own, and is heard.

        `bank` and `merchant` say how these behave about the transaction, `customer` how the bank
        does about the customer, `account` how the account service does; `facts` what is not
        ordinary about the transaction.
        """
        case = Case(self, kind, f"c-{ids.new()}", f"tx-{ids.new()}")
        if customer is not None:
            await case.customer_will(**customer)
        if account is not None:
            await case.account_will(**account)
        if merchant is not None:
            await case.merchant_will(**merchant)
        case.facts |= facts or {}
        if named or bank is not None:
            await case.bank_will(**(bank or {}))
        else:
            case.transaction = None
        await case.claim(requested_minor, named=named)
        return case

    async def passes(self, **span: float) -> None:
        """Days go by, and everything that falls due meanwhile happens when it does."""
        await self.time.passes(timedelta(**span), self._next_timer, self.settled)

    async def settled(self) -> None:
        """Once nothing moves any more before time passes."""
        calm, moving = 0, ""
        try:
            async with asyncio.timeout(WITHIN_S):
                while calm < _CALM:
                    moving = await self._moving()
                    calm = 0 if moving else calm + 1
                    await self.time.rest()
        except TimeoutError:
            raise AssertionError(f"still moving after {WITHIN_S} s: {moving}") from None

    # --- who moves

    async def _moving(self) -> str:
        """Who, by name; nobody when it is empty."""
        if await self._hand_on():
            return "events"
        if busy := _BUSY & {_coroutine(task) for task in asyncio.all_tasks()}:
            return ", ".join(busy)
        if self.time.is_anything_due():
            return "somebody outside"
        return ", ".join(await self._work_due())

    async def _work_due(self) -> list[str]:
        due = [row["kind"] for row in await self.time.databases[TRACKER].fetch(_DUE)]
        if due:
            self.town.wake()
        return due

    async def _next_timer(self) -> datetime | None:
        found: datetime | None = await self.time.databases[TRACKER].fetchval(_NEXT_TIMER)
        return found

    async def _hand_on(self) -> bool:
        """What Kafka would do; whether there was anything."""
        asked = await _taken(self.time.databases[INTAKE])
        if asked:
            async with self.stage.engine.begin() as tx:
                await worker.handle_events(tx, asked)
            self.town.wake()
        told = await _taken(self.time.databases[TRACKER])
        if told:
            for envelope in told:
                assert isinstance(envelope.data, StatusChanged)
                self.reached[envelope.data.kind].told(envelope.data)
            async with self.intake.intake.parts.engine.begin() as tx:
                await feed.apply_statuses(tx, told)
        return bool(asked or told)

    # --- the books of all that happened

    async def audited(self) -> None:
        """Nothing was paid twice or above what was captured, by the bank's own judgement."""
        audit = await self.town.bank.audit()
        assert audit["paid_twice"] == audit["above_captured"] == audit["over_settled"] == []
        assert audit["in_flight_minor"] in ({}, {"CNY": "0"})
        assert audit["balanced"]


def _coroutine(task: "asyncio.Task[Any]") -> str:
    return getattr(task.get_coro(), "__qualname__", "")


async def _taken(database: asyncpg.Connection) -> list[Envelope]:
    """What stood in the outbox, in its order, read back from the bytes."""
    return [
        decode([(name, value.encode()) for name, value in json.loads(row["headers"])], row["value"])
        for row in sorted(await database.fetch(_TAKE), key=itemgetter("pos"))
    ]


@dataclass(slots=True)
class Case:
    """A dispute, as those who take part in it see it."""

    world: World
    kind: Kind
    customer: str
    transaction: str | None
    id: str = ""
    facts: Json = field(default_factory=dict)
    behaviour: Json = field(default_factory=dict)

    # --- what people and providers do

    async def claim(self, requested_minor: int | None, *, named: bool) -> None:
        """At intake, by its REST interface."""
        about: Json = {"transaction_id": self.transaction}
        if requested_minor is not None:
            about["amount"] = cny(requested_minor)
        reason = next(iter(REASONS[self.kind]))
        body = {"kind": self.kind.value, "reason": reason, "transactions": [about] if named else []}
        answer = await self.world.intake.open(body, token=self._token)
        assert answer.status == 202, answer.text
        (receipt,) = answer.json()["disputes"]
        self.id = receipt["dispute_id"]
        await self.world.settled()

    async def asks(self, action: str, **given: Any) -> None:
        """The customer, at intake."""
        path = f"/v1/disputes/{self.id}/actions"
        body = {"action": action} | given
        answer = await self.world.intake.post(path, body, token=self._token)
        assert answer.status == 202, answer.text
        await self.world.settled()

    async def orders(self, path: str, by: str = "ops-1", **body: Any) -> None:
        """An operator, at the tracker."""
        answer = await self.world.town.api.post(
            f"/v1/disputes/{self.id}/{path}", json=body, headers=Caller(Role.OPS, by).headers
        )
        assert answer.status == 200, answer.text
        await self.world.settled()

    async def grants(
        self, amount_minor: int, payer: str = "wallet_advance", by: str = "ops-1", **more: Any
    ) -> None:
        """An arbitrator decides for the customer."""
        decision = {
            "fault": "merchant",
            "remedy": "partial_refund",
            "amount": cny(amount_minor),
            "payer": payer,
            "reason": "merchant_at_fault",
        }
        await self.orders("decision", by, **(decision | more))

    async def denies(self, by: str = "ops-1") -> None:
        """An arbitrator decides against the customer."""
        denial = {"fault": "neither", "remedy": "none", "reason": "not_refundable"}
        await self.orders("decision", by, **denial)

    async def bank_will(self, **behaviour: Any) -> None:
        """From now on, about this transaction; what is not named stays."""
        self.behaviour |= behaviour
        transfer = self.kind in TRANSFERS
        order = {
            "transaction_id": self.transaction,
            "customer_id": self.customer,
            "kind": "transfer" if transfer else "payment",
            "amount": cny(CAPTURED),
            "merchant_id": None if transfer else SHOP,
            "occurred_at": self.facts.setdefault("occurred_at", clock.utcnow()),
        }
        answer = await self.world.town.bank.post(
            "/sandbox/transactions", order | self.facts | {"bank": self.behaviour}
        )
        assert answer.status == 201, answer.body

    async def merchant_will(self, **behaviour: Any) -> None:
        """From now on, about this transaction."""
        told = {"transaction_id": self.transaction} | behaviour
        answer = await self.world.town.merchants.post("/sandbox/behaviours", told)
        assert answer.status in (200, 201), answer.body
        await self.world.settled()

    async def customer_will(self, **behaviour: Any) -> None:
        """How the bank behaves about this customer from now on."""
        told = {"customer_id": self.customer} | behaviour
        answer = await self.world.town.bank.post("/sandbox/customers", told)
        assert answer.status == 201, answer.body
        await self.world.settled()

    async def account_will(self, **behaviour: Any) -> None:
        """From now on, about this customer's account."""
        await self.world.town.accounts.behave(customer_id=self.customer, **behaviour)
        await self.world.settled()

    # --- what they see

    async def shown(self) -> Json:
        """By its customer, at intake."""
        answer = await self.world.intake.get(f"/v1/disputes/{self.id}", token=self._token)
        assert answer.status == 200, answer.text
        found: Json = answer.json()
        return found

    async def tracked(self) -> Json:
        """By an operator, at the tracker."""
        answer = await self.world.town.api.get(
            f"/v1/disputes/{self.id}", headers=Caller(Role.OPS).headers
        )
        assert answer.status == 200, answer.text
        found: Json = answer.json()
        return found

    async def waits(self, status: str, actor: str) -> Json:
        """The customer is told this."""
        seen = await self.shown()
        told = (seen["status"], seen["next_actor"])
        assert told == (status, actor), f"{told} instead; {await self._trail()}"
        return seen

    async def ends(self, status: str, back_minor: int) -> None:
        """The customer is told this, and has so much more than after the capture."""
        seen = await self.shown()
        assert (seen["status"], seen["open"]) == (status, False), await self._trail()
        assert await self.back_minor() == back_minor, await self._trail()
        tracked = await self.tracked()
        self.world.reached[self.kind].shown(step["legs"] for step in tracked["history"])

    async def back_minor(self) -> int:
        """What the bank's ledger gave the customer for the transaction, and did not take back."""
        answer = await self.world.town.bank.get("/sandbox/ledger", limit="10000")
        return sum(
            int(posting["amount_minor"])
            for journal in answer.content["journals"]
            for posting in journal["postings"]
            if journal["kind"] != "captured"
            and posting["account"].startswith(f"customer:{self.customer}")
        )

    async def _trail(self) -> str:
        tracked = await self.tracked()
        steps = [
            f"{step['at'][:19]} {step['trigger']} {step['result']} {step['reason']}: {step['legs']}"
            for step in reversed(tracked["history"])
        ]
        journals = await self.world.town.bank.kinds(self.transaction or "")
        return "\n".join([*steps, f"tasks {tracked['tasks']}", f"bank {journals}"])

    @property
    def _token(self) -> str:
        return f"customer:{self.customer}"


@asynccontextmanager
async def opened(
    stage: Stage, intake_dsn: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """Before anything else connects to these databases."""
    tracker_dsn = stage.engine.url.set(drivername="postgresql")
    dsns = (tracker_dsn.render_as_string(hide_password=False), intake_dsn)
    ledger = Ledger()
    async with AsyncExitStack() as inside:
        time = await inside.enter_async_context(moving(monkeypatch, *dsns))
        around = await inside.enter_async_context(town(stage, folder, ledger))
        instance = IntakeWorld(intake_dsn, folder).instance(redress_profile="default")
        ledger.intake = intake = await inside.enter_async_context(instance)
        world = World(stage, intake, around, time)
        yield world
        await world.audited()
