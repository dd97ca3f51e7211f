"""A running bank, running merchants, and somebody who receives their callbacks."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import pydantic_core
from aiohttp import web
from standardwebhooks import Webhook

from sandbox import web as http
from sandbox.accounts.api import application as accounts_application
from sandbox.accounts.office import Office
from sandbox.bank.__main__ import application as bank_application
from sandbox.bank.bank import Bank
from sandbox.bank.publisher import Publication, Publisher, Silent
from sandbox.callbacks import Policy
from sandbox.merchant.api import application as merchant_application
from sandbox.merchant.desk import Desk
from sandbox.signatures import Secrets, decode_secret

BANK_SECRET: Final = "whsec_" + base64.b64encode(b"bank-bank-bank-bank-bank").decode()
SHOP_SECRET: Final = "whsec_" + base64.b64encode(b"shop-shop-shop-shop-shop").decode()
ACCOUNTS_SECRET: Final = "whsec_" + base64.b64encode(b"accounts-accounts-accoun").decode()
ANY_SECRET: Final = "whsec_" + base64.b64encode(b"any--any--any--any--any-").decode()
SECRETS: Final = Secrets(
    {
        "bank": decode_secret(BANK_SECRET),
        "shop": decode_secret(SHOP_SECRET),
        "accounts": decode_secret(ACCOUNTS_SECRET),
        "*": decode_secret(ANY_SECRET),
    }
)
NOWHERE: Final = "http://127.0.0.1:9/callbacks"
NEVER: Final = "2100-01-01T00:00:00Z"
QUICK: Final = Policy(first_s=0.01, longest_s=0.02)


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback as it came in."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def content(self) -> Any:
        return pydantic_core.from_json(self.body)

    def verified(self, secret: str) -> Any:
        """The content, if the reference library finds the signature right."""
        return Webhook(secret).verify(self.body, dict(self.headers))


@dataclass(slots=True)
class Receiver:
    """Answers callbacks with the statuses of `script`, then 204, and hands them over."""

    url: str = ""
    script: list[int] = field(default_factory=list)
    received: asyncio.Queue[Callback] = field(default_factory=asyncio.Queue)

    async def next(self, within_s: float = 5) -> Callback:
        async with asyncio.timeout(within_s):
            return await self.received.get()

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.put_nowait(Callback(headers, body))
        return web.Response(status=self.script.pop(0) if self.script else 204)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/callbacks", receiver.handle)
    async with http.serving(app, "127.0.0.1", 0) as url:
        receiver.url = f"{url}/callbacks"
        yield receiver


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an HTTP answer."""

    status: int
    body: bytes

    @property
    def content(self) -> Any:
        return pydantic_core.from_json(self.body)


@dataclass(frozen=True, slots=True)
class Client:
    """Calls a server of the sandbox."""

    session: aiohttp.ClientSession
    url: str

    async def get(self, path: str, **query: str) -> Answer:
        async with self.session.get(self.url + path, params=query) as response:
            return Answer(response.status, await response.read())

    async def post(
        self, path: str, content: object, headers: Mapping[str, str] | None = None
    ) -> Answer:
        raw = isinstance(content, bytes | io.BytesIO)
        body = content if raw else pydantic_core.to_json(content)
        async with self.session.post(self.url + path, data=body, headers=headers) as response:
            return Answer(response.status, await response.read())


@asynccontextmanager
async def bank_open(
    data_dir: Path, publisher: Publisher | None = None, port: int = 0
) -> AsyncIterator["BankClient"]:
    """A bank over `data_dir`, on a free port unless one is named."""
    bank = Bank(data_dir, SECRETS, publisher or Silent(), QUICK)
    app = bank_application(bank)
    async with (
        bank.open(),
        http.serving(app, "127.0.0.1", port) as url,
        aiohttp.ClientSession() as session,
    ):
        yield BankClient(session, url)


@asynccontextmanager
async def merchants_open(data_dir: Path) -> AsyncIterator[Client]:
    """The merchants over `data_dir` on a free port."""
    desk = Desk(data_dir, SECRETS, QUICK)
    app = merchant_application(desk, SECRETS)
    async with (
        desk.open(),
        http.serving(app, "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as session,
    ):
        yield Client(session, url)


@asynccontextmanager
async def accounts_open(data_dir: Path) -> AsyncIterator["AccountsClient"]:
    """The account service over `data_dir` on a free port."""
    office = Office(data_dir, SECRETS, QUICK)
    app = accounts_application(office)
    async with (
        office.open(),
        http.serving(app, "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as session,
    ):
        yield AccountsClient(session, url)


class AccountsClient(Client):
    """What a wallet and a tester ask of the account service, about Li."""

    async def behave(self, **behaviour: object) -> Answer:
        return await self.post("/sandbox/accounts", {"customer_id": "li"} | behaviour)

    async def hold(self, reference: str = "c1:hold:1", **change: object) -> Answer:
        order = {"kind": "customer", "scope": "outgoing", "expires_at": None} | change
        return await self._order("/v1/holds", reference, order)

    async def check(
        self, callback_url: str, reference: str = "c1:identity:1", **change: object
    ) -> Answer:
        order = {"factors": 2, "expires_at": NEVER, "callback_url": callback_url} | change
        return await self._order("/v1/identity-checks", reference, order)

    async def reset(
        self, callback_url: str, reference: str = "c1:reset:1", **change: object
    ) -> Answer:
        order = {"scope": "credentials", "callback_url": callback_url} | change
        return await self._order("/v1/resets", reference, order)

    async def seen(self, customer_id: str = "li") -> Any:
        return (await self.get(f"/sandbox/accounts/{customer_id}")).content

    async def _order(self, path: str, reference: str, order: Mapping[str, object]) -> Answer:
        told = {"reference": reference, "customer_id": "li", "callback_url": NOWHERE}
        return await self.post(path, {**told, **order}, {"Idempotency-Key": reference})


class BankClient(Client):
    """What a wallet and a tester ask of the bank."""

    async def record(
        self, transaction_id: str, bank: Mapping[str, object] | None = None, **facts: object
    ) -> Answer:
        order = transaction(transaction_id, **facts) | {"bank": bank or {}}
        return await self.post("/sandbox/transactions", order)

    async def refund(
        self,
        transaction_id: str,
        callback_url: str,
        reference: str = "d1:refund:1",
        amount_minor: str = "12800",
        currency: str = "CNY",
        payer: str = "merchant",
        **more: object,
    ) -> Answer:
        order = more | {
            "reference": reference,
            "transaction_id": transaction_id,
            "amount": {"amount_minor": amount_minor, "currency": currency},
            "payer": payer,
            "callback_url": callback_url,
        }
        return await self.post("/v1/refunds", order, {"Idempotency-Key": reference})

    async def trace(
        self, transaction_id: str, callback_url: str, reference: str = "d1:trace:1"
    ) -> Answer:
        order = {
            "reference": reference,
            "transaction_id": transaction_id,
            "callback_url": callback_url,
        }
        return await self.post("/v1/traces", order, {"Idempotency-Key": reference})

    async def recall(
        self,
        transaction_id: str,
        callback_url: str,
        reference: str = "d1:recall:1",
        amount_minor: str = "12800",
    ) -> Answer:
        return await self._recourse(
            "recalls", transaction_id, callback_url, reference, amount_minor
        )

    async def charge_back(
        self,
        transaction_id: str,
        callback_url: str,
        reference: str = "d1:chargeback:1",
        amount_minor: str = "12800",
    ) -> Answer:
        return await self._recourse(
            "chargebacks", transaction_id, callback_url, reference, amount_minor
        )

    async def step(self, step: str, reference: str = "d1:chargeback:1") -> Answer:
        key = {"Idempotency-Key": f"{reference}:{step}"}
        return await self.post(f"/v1/chargebacks/{reference}/steps", {"step": step}, key)

    async def post_money(
        self,
        kind: str,
        transaction_id: str | None = "t1",
        reference: str | None = None,
        amount_minor: str = "12800",
        currency: str = "CNY",
    ) -> Answer:
        order = {
            "reference": reference or f"d1:{kind}:1",
            "kind": kind,
            "customer_id": "li",
            "transaction_id": transaction_id,
            "amount": {"amount_minor": amount_minor, "currency": currency},
        }
        key = {"Idempotency-Key": str(order["reference"])}
        return await self.post("/v1/postings", order, key)

    async def compare(self, kind: str, **query: str) -> Answer:
        return await self.get("/v1/records", kind=kind, **({"customer_id": "li"} | query))

    async def _recourse(
        self,
        what: str,
        transaction_id: str,
        callback_url: str,
        reference: str,
        amount_minor: str,
    ) -> Answer:
        order = {
            "reference": reference,
            "transaction_id": transaction_id,
            "amount": {"amount_minor": amount_minor, "currency": "CNY"},
            "reason": "wrong_payee",
            "callback_url": callback_url,
        }
        return await self.post(f"/v1/{what}", order, {"Idempotency-Key": reference})

    async def audit(self) -> Any:
        return (await self.get("/sandbox/audit")).content

    async def kinds(self, transaction_id: str) -> list[str]:
        """Of the transaction's journals, oldest first."""
        answer = await self.get("/sandbox/ledger", transaction_id=transaction_id)
        return [journal["kind"] for journal in answer.content["journals"]]


def transaction(transaction_id: str, **facts: object) -> dict[str, object]:
    """A captured payment of 128.00 yuan by Li to the shop, not to be published."""
    return {
        "transaction_id": transaction_id,
        "customer_id": "li",
        "kind": "payment",
        "amount": {"amount_minor": "12800", "currency": "CNY"},
        "merchant_id": "shop",
        "occurred_at": "2026-01-02T03:04:05Z",
        "publish": False,
    } | facts


@dataclass(slots=True)
class Published:
    """A publisher that keeps what it is given."""

    publications: list[Publication] = field(default_factory=list)

    async def publish(self, publications: Sequence[Publication]) -> None:
        self.publications.extend(publications)

    async def close(self) -> None:
        pass
