import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import uvicorn
from fastapi import FastAPI

from services.notifier import api, handlers
from shared import db
from shared.auth import Principal, Role
from shared.seal import KeyRing
from tests.integration.notifier.world import World, dispute, free_port, status, until

CONTACT = {"phone": "+86 138 0013 8000", "email": "wang@example.com", "name": "王小明"}


class Tokens:
    """A token's text is its role."""

    async def verify(self, token: str) -> Principal:
        return Principal("somebody", Role(token))


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    kind: str
    body: Any


@dataclass(slots=True)
class Client:
    http: aiohttp.ClientSession
    released: list[bool]

    async def call(
        self, role: str | None, method: str, path: str, body: dict[str, Any] | None = None
    ) -> Answer:
        headers = {"Authorization": f"Bearer {role}"} if role else {}
        async with self.http.request(method, path, headers=headers, json=body) as answer:
            content = None if answer.status == 204 else await answer.json(content_type=None)
            return Answer(answer.status, answer.content_type, content)


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    engine = db.engine(world.dsn, "test")
    keys = KeyRing.load(world.settings().redress_key_ring)
    released: list[bool] = []
    parts = api.Parts(engine, keys, lambda: released.append(True), "zh-CN")
    app = api.build(Tokens(), parts, [])  # type: ignore[arg-type]
    async with served(app) as url, aiohttp.ClientSession(url) as http:
        yield Client(http, released)
    await engine.dispose()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    running = asyncio.ensure_future(server.serve())
    await until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


async def test_a_partner_stores_reads_and_deletes_a_contact(client: Client) -> None:
    stored = await client.call("partner", "PUT", "/v1/contacts/c-1", body=CONTACT)
    assert (stored.status, stored.body) == (200, {"person": "c-1", "released": 0})
    read = (await client.call("partner", "GET", "/v1/contacts/c-1")).body
    assert read == {
        "person": "c-1",
        "phone": "+8613800138000",
        "email": "wang@example.com",
        "locale": "zh-CN",
        "time_zone": "Asia/Shanghai",
        "name": "王小明",
        "masked": False,
    }
    assert (await client.call("partner", "DELETE", "/v1/contacts/c-1")).status == 204
    assert (await client.call("partner", "GET", "/v1/contacts/c-1")).status == 404
    assert (await client.call("partner", "DELETE", "/v1/contacts/c-1")).status == 404


async def test_operators_read_a_contact_masked_and_cannot_write(client: Client) -> None:
    await client.call("partner", "PUT", "/v1/contacts/c-1", body=CONTACT)
    read = (await client.call("ops", "GET", "/v1/contacts/c-1")).body
    assert read["masked"] is True
    assert (read["phone"], read["email"], read["name"]) == (
        "+86****8000",
        "w***@example.com",
        "王*",
    )
    assert (await client.call("ops", "PUT", "/v1/contacts/c-1", body=CONTACT)).status == 403


@pytest.mark.parametrize("role", ["customer", "agent", "merchant"])
async def test_nobody_else_gets_in(client: Client, role: str) -> None:
    for method, path in (
        ("PUT", "/v1/contacts/c-1"),
        ("GET", "/v1/contacts/c-1"),
        ("DELETE", "/v1/contacts/c-1"),
        ("GET", "/v1/messages"),
    ):
        body = CONTACT if method == "PUT" else None
        assert (await client.call(role, method, path, body)).status == 403
        assert (await client.call(None, method, path, body)).status == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phone": "13800138000"}, "phone"),
        ({"email": "wang"}, "email"),
        ({"locale": "fr"}, "locale"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"phone": None, "email": None}, "phone"),
        ({"nick": "x"}, "nick"),
    ],
)
async def test_a_problem_names_the_field_and_the_remedy(
    client: Client, change: dict[str, Any], field: str
) -> None:
    answer = await client.call("partner", "PUT", "/v1/contacts/c-1", body=CONTACT | change)
    assert answer.status == 422
    assert answer.kind == "application/problem+json"
    (error,) = answer.body["errors"]
    assert error["field"] == field
    assert error["remedy"]


async def test_a_contact_releases_what_waited_for_it(client: Client, world: World) -> None:
    engine = db.engine(world.dsn, "test")
    async with engine.begin() as tx:
        await handlers.hear(tx, [status("1", 1, "checking")])
    await engine.dispose()
    await world.rows("UPDATE messages SET state = 'no_contact', due_at = NULL")
    await world.rows(
        "UPDATE messages SET created_at = now() - interval '2 days' WHERE channel = 'sms'"
    )
    stored = await client.call("partner", "PUT", "/v1/contacts/c-1", body=CONTACT)
    assert stored.body["released"] == 1  # progress of two days ago helps nobody
    assert client.released == [True]


async def test_operators_see_what_became_of_messages_and_nothing_personal(
    client: Client, world: World
) -> None:
    engine = db.engine(world.dsn, "test")
    async with engine.begin() as tx:
        await handlers.hear(tx, [status("1", 1, "checking"), status("2", 1, "checking")])
    await engine.dispose()
    path = f"/v1/messages?dispute_id={dispute('1')}"
    found = (await client.call("ops", "GET", path)).body
    assert {row["channel"] for row in found} == {"sms", "email"}
    assert {row["template"] for row in found} == {"received"}
    assert not {"recipient", "facts", "text"} & found[0].keys()
    assert len((await client.call("ops", "GET", "/v1/messages?state=waiting")).body) == 4
    assert (await client.call("ops", "GET", "/v1/messages?state=unknown")).body == []
    assert (await client.call("ops", "GET", "/v1/messages?limit=0")).status == 422
