"""The bank's answers as they come over the wire."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.tracker.bank import HttpBank
from services.tracker.domain.triggers import T
from services.tracker.ports import NoAnswer
from shared import clock, http

KEY = "0191a2b3-0000-7000-8000-000000000001:refund:2"
REFUND = {
    "reference": KEY,
    "transaction_id": "t-1",
    "state": "credited",
    "amount": {"amount_minor": "100", "currency": "CNY"},
}


@asynccontextmanager
async def answering(*parts: bytes) -> AsyncIterator[HttpBank]:
    """A bank that writes its answer's body in these parts, a moment apart."""

    async def serve(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for part in parts:
            await answer.write(part)
            await clock.sleep(0.02)
        return answer

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    async with TestServer(app) as server, http.client() as session, asyncio.timeout(10):
        yield HttpBank(session, str(server.make_url("")), "http://here")


def told(**changes: Any) -> bytes:
    return json.dumps(REFUND | changes).encode()


async def test_an_answer_in_parts_is_read_whole() -> None:
    body = told()
    async with answering(body[:7], body[7:40], body[40:]) as bank:
        assert (await bank.refund_report(KEY)).name is T.REFUND_CREDITED


async def test_an_answer_without_end_is_none() -> None:
    async with answering(*[b" " * 200_000] * 3) as bank:
        with pytest.raises(NoAnswer, match="262144"):
            await bank.refund_report(KEY)


@pytest.mark.parametrize("reference", ["", "x", f"{KEY}0", KEY.replace(":2", "")])
async def test_an_answer_about_something_else_is_none(reference: str) -> None:
    async with answering(told(reference=reference)) as bank:
        with pytest.raises(NoAnswer, match="another reference"):
            await bank.refund_report(KEY)
    async with answering(told(reference=reference)) as bank:
        with pytest.raises(NoAnswer, match="another reference"):
            await bank.refund(KEY, "t-1", 100, "CNY", "merchant")


async def test_another_transaction_is_not_the_one_that_was_asked_for() -> None:
    amount = {"amount_minor": "100", "currency": "CNY"}
    other = {"transaction_id": "t-2", "state": "captured", "customer_id": "c-1"}
    body = json.dumps(other | {"captured": amount, "refunded": amount}).encode()
    for ask in (HttpBank.transaction, HttpBank.reversal):
        async with answering(body) as bank:
            with pytest.raises(NoAnswer, match="another reference"):
                await ask(bank, "t-1")


LINE = {
    "position": 3,
    "at": "2026-03-02T12:00:00Z",
    "reference": KEY,
    "transaction_id": "t-1",
    "kind": "refund",
    "amount": {"amount_minor": "-100", "currency": "CNY"},
}


def stated(*lines: dict[str, Any], **changes: Any) -> bytes:
    page = {"day": "2026-03-02", "closed": True, "lines": lines, "next": None}
    return json.dumps(page | changes).encode()


async def test_a_page_of_a_statement() -> None:
    most = {"amount_minor": "9" * 38, "currency": "JPY"}
    second = LINE | {"position": 7, "reference": None, "amount": most}
    async with answering(stated(LINE, second, next=7)) as bank:
        page = await bank.statement(date(2026, 3, 2), 2)
    assert (page.after, page.closed) == (7, True)
    assert [line.position for line in page.lines] == [3, 7]
    assert [line.amount_minor for line in page.lines] == [-100, 10**38 - 1]
    assert [line.reference for line in page.lines] == [KEY, None]


@pytest.mark.parametrize(
    "body",
    [
        stated(day="2026-03-03"),
        stated(LINE | {"position": 2}),
        stated(LINE, LINE),
        stated(LINE, next=2),
        stated(next=3),
        stated(LINE | {"amount": {"amount_minor": "1" + "0" * 38, "currency": "CNY"}}),
        stated(LINE | {"amount": {"amount_minor": "0", "currency": "CNY"}}),
        stated(LINE | {"amount": {"amount_minor": "1.5", "currency": "CNY"}}),
        stated(LINE | {"amount": {"amount_minor": "1", "currency": "XXQ"}}),
        stated(LINE | {"transaction_id": "t\x00"}),
        stated(LINE | {"at": "2026-03-02T12:00:00"}),
        b'{"error": "day"}',
    ],
)
async def test_a_statement_that_cannot_be_right_is_none(body: bytes) -> None:
    async with answering(body) as bank:
        with pytest.raises(NoAnswer):
            await bank.statement(date(2026, 3, 2), 2)
