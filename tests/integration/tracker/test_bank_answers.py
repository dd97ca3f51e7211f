"""The bank's answer to a refund counts only if it is about what was ordered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from aiohttp import web

from services.tracker.bank import HttpBank
from services.tracker.domain.triggers import RefundReport, T
from services.tracker.ports import NoAnswer
from shared import http

KEY: Final = "01900000-0000-7000-8000-000000000001:refund:1"
ANSWER: Final = {
    "reference": KEY,
    "transaction_id": "t-1",
    "state": "credited",
    "amount": {"amount_minor": "500", "currency": "CNY"},
}


@asynccontextmanager
async def _bank(**changes: Any) -> AsyncIterator[HttpBank]:
    """A bank that answers every refund with this."""

    async def answer(request: web.Request) -> web.Response:
        del request
        return web.json_response(ANSWER | changes)

    app = web.Application()
    app.router.add_post("/v1/refunds", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    session = http.client(total_s=5.0, limit=2)
    try:
        yield HttpBank(session, f"http://{host}:{port}", "http://callback")
    finally:
        await session.close()
        await runner.cleanup()


async def test_the_answer_says_what_it_is_about() -> None:
    async with _bank() as bank:
        told = await bank.refund(KEY, "t-1", 500, "CNY", "merchant")
    report = RefundReport(1, transaction_id="t-1", amount_minor=500, currency="CNY")
    assert (told.name, told.payload) == (T.REFUND_CREDITED, report)


@pytest.mark.parametrize(
    "other",
    [
        {"reference": KEY[:-1] + "2"},
        {"transaction_id": "t-2"},
        {"amount": {"amount_minor": "499", "currency": "CNY"}},
        {"amount": {"amount_minor": "500", "currency": "USD"}},
    ],
)
async def test_an_answer_about_another_refund_leaves_the_outcome_unknown(
    other: dict[str, Any],
) -> None:
    async with _bank(**other) as bank:
        with pytest.raises(NoAnswer, match="another reference"):
            await bank.refund(KEY, "t-1", 500, "CNY", "merchant")
