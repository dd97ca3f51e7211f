"""A running system seen from outside: its HTTP interfaces, the sandbox's, and what people got."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import aiohttp
import asyncpg

from deploy.local.keys import Keys
from deploy.local.system import System
from deploy.local.token import mint
from shared import clock, ids
from shared.auth import Role

WITHIN_S: Final = 45.0
ASK_EVERY_S: Final = 0.1
LIFETIME: Final = timedelta(hours=2)
ANSWER_WITHIN_S: Final = 20.0
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `body` is its JSON, or None."""

    status: int
    body: Any
    headers: Json


@dataclass(frozen=True, slots=True)
class Receipt:
    """A dispute that was answered 202."""

    dispute_id: UUID
    reference: str
    customer_id: str
    transaction_id: str | None


@dataclass(slots=True)
class World:
    """One system; whoever asks for something gets the answer, whatever its status.

    `more` holds the addresses of instances beyond the first: `intake-2`; `tokens` those in use.
    """

    system: System
    session: aiohttp.ClientSession
    more: dict[str, str] = field(default_factory=dict)
    tokens: dict[tuple[Role, str], str] = field(default_factory=dict)

    def url(self, name: str) -> str:
        """The base address of a service or of a part of the sandbox."""
        return self.more.get(name) or str(self.system.endpoints[name])

    def token(self, role: Role, subject: str) -> str:
        """A token of the development issuer."""
        if (role, subject) not in self.tokens:
            issuer = Keys(self.system.layout.secrets).issuer
            self.tokens[role, subject] = mint(issuer, role, subject, LIFETIME)
        return self.tokens[role, subject]

    async def call(
        self,
        method: str,
        name: str,
        path: str,
        body: object = None,
        caller: tuple[Role, str] | None = None,
        key: str | None = None,
    ) -> Answer:
        """One request to a service, as `caller`, with an Idempotency-Key where one is given."""
        headers = {"Authorization": f"Bearer {self.token(*caller)}"} if caller else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        async with self.session.request(
            method, self.url(name) + path, json=body, headers=headers
        ) as answer:
            text = await answer.text()
            parsed = json.loads(text) if text.startswith(("{", "[")) else None
            return Answer(answer.status, parsed, dict(answer.headers))

    async def record(self, **fields: Any) -> str:
        """Let a transaction have happened; its id. A payment of 128.00 CNY, unless said otherwise.

        `merchant` holds the merchant's behaviour about it, `bank` the bank's.
        """
        transaction_id = str(fields.pop("transaction_id", f"tx-{ids.new()}"))
        if merchant := fields.pop("merchant", None):
            behaviour = {"transaction_id": transaction_id} | merchant
            assert (
                await self.call("POST", "merchant", "/sandbox/behaviours", behaviour)
            ).status == 201
        happened = {
            "transaction_id": transaction_id,
            "customer_id": "c-li",
            "kind": "payment",
            "amount": {"amount_minor": "12800", "currency": "CNY"},
            "merchant_id": "m-tea",
            "merchant_name": "Tea House",
            "occurred_at": clock.utcnow().isoformat(),
        }
        answer = await self.call("POST", "bank", "/sandbox/transactions", happened | fields)
        assert answer.status == 201, answer
        return transaction_id

    async def claim(
        self,
        *transactions: str,
        customer_id: str = "c-li",
        kind: str = "refund_request",
        reason: str = "changed_mind",
        key: str | None = None,
        through: str = "intake",
        **fields: Any,
    ) -> Answer:
        """Ask an instance of intake for disputes about these transactions."""
        body = {
            "kind": kind,
            "reason": reason,
            "transactions": [{"transaction_id": each} for each in transactions],
        }
        caller = (Role.CUSTOMER, customer_id)
        return await self.call(
            "POST", through, "/v1/disputes", body | fields, caller, key or ids.token()
        )

    async def opened(self, *transactions: str, customer_id: str = "c-li", **fields: Any) -> Receipt:
        """The first dispute of a claim that is accepted."""
        answer = await self.claim(*transactions, customer_id=customer_id, **fields)
        assert answer.status == 202, answer
        return receipts(answer, customer_id)[0]

    async def shown(self, receipt: Receipt) -> Json:
        """The dispute as its customer sees it."""
        path = f"/v1/disputes/{receipt.dispute_id}"
        answer = await self.call("GET", "intake", path, caller=(Role.CUSTOMER, receipt.customer_id))
        assert answer.status == 200, answer
        return dict(answer.body)

    async def tracked(self, receipt: Receipt) -> Json:
        """The dispute as ops see it, with history, holds and tasks."""
        path = f"/v1/disputes/{receipt.dispute_id}"
        answer = await self.call("GET", "tracker", path, caller=(Role.OPS, "ops-1"))
        assert answer.status == 200, answer
        return dict(answer.body)

    async def until(self, receipt: Receipt, *statuses: str, within_s: float = WITHIN_S) -> Json:
        """Once its customer sees one of these statuses."""
        return await self._until_shown(receipt, lambda seen: seen["status"] in statuses, within_s)

    async def until_ended(self, receipt: Receipt, within_s: float = WITHIN_S) -> Json:
        """Once it is over."""
        return await self._until_shown(receipt, lambda seen: not seen["open"], within_s)

    async def refunds(self, transaction_id: str | None) -> list[Json]:
        """What the bank really paid back for a transaction, or has under way."""
        path = f"/sandbox/refunds?transaction_id={transaction_id}"
        answer = await self.call("GET", "bank", path)
        return list(answer.body["refunds"])

    async def texts(self, phone: str) -> list[Json]:
        """What arrived at the SMS gateway for a number."""
        answer = await self.call("GET", "sms", f"/messages?to={phone.replace('+', '%2B')}")
        return list(answer.body)

    async def mails(self, address: str) -> list[Json]:
        """What arrived at the mail catcher for an address."""
        return list((await self.call("GET", "mail", f"/messages?to={address}")).body)

    async def rows(self, service: str, statement: str, *values: object) -> list[Json]:
        """What a query finds in a service's database."""
        connection = await self.connect(service)
        try:
            return [dict(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    async def connect(self, service: str) -> asyncpg.Connection:
        """A connection to a service's database; the caller closes it."""
        databases: Any = self.system.endpoints["postgres"]
        return await asyncpg.connect(databases[service], timeout=ANSWER_WITHIN_S)

    async def _until_shown(
        self, receipt: Receipt, is_so: Callable[[Json], bool], within_s: float
    ) -> Json:
        seen: Json = {}

        async def is_shown() -> bool:
            nonlocal seen
            seen = await self.shown(receipt)
            return is_so(seen)

        try:
            await until(is_shown, within_s)
        except TimeoutError:
            tracked = await self.tracked(receipt)
            steps = [(h["trigger"], h["result"], h["reason"]) for h in tracked["history"]]
            raise AssertionError(
                f"still {seen['status']} after {within_s} s; {steps}; tasks {tracked['tasks']}"
            ) from None
        return seen


def receipts(answer: Answer, customer_id: str) -> list[Receipt]:
    """The disputes of an accepted claim."""
    return [
        Receipt(UUID(each["dispute_id"]), each["reference"], customer_id, each["transaction_id"])
        for each in answer.body["disputes"]
    ]


async def until(is_so: Callable[[], Awaitable[bool]], within_s: float = WITHIN_S) -> None:
    """Ask again and again. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not await is_so():
            await clock.sleep(ASK_EVERY_S)


@asynccontextmanager
async def visiting(system: System) -> AsyncIterator[World]:
    """Connections of this loop's own."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield World(system, session)


def only(found: Collection[Json]) -> Json:
    """The one that there is."""
    (one,) = found
    return one
