"""The bank's HTTP interface to the wallet: transactions, refunds, traces, watches."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from sandbox import web as http
from sandbox.bank import chargebacks, keys, mishaps, orders, views
from sandbox.bank.bank import Bank
from sandbox.bank.inputs import RefundOrder, TraceOrder, WatchOrder
from sandbox.bank.keys import Order
from sandbox.bank.models import Answer
from sandbox.bank.publisher import PublishFailedError
from shared import clock

STATUS: Final[dict[type[Exception], int]] = {
    keys.KeyReusedError: 409,
    keys.FullError: 503,
    orders.ConflictingFactsError: 409,
    orders.UnknownTransactionError: 404,
    chargebacks.UnknownChargebackError: 404,
    chargebacks.StepNotPossibleError: 409,
    chargebacks.WrongCurrencyError: 409,
    mishaps.InternalError: 500,
    PublishFailedError: 503,
}
MAX_KEY: Final = 128


def routes(bank: Bank) -> list[web.RouteDef]:
    """The routes under /v1."""
    api = _Api(bank)
    return [
        web.get("/v1/transactions/{transaction_id}", api.transaction),
        web.post("/v1/refunds", api.post_refund),
        web.get("/v1/refunds/{reference}", api.refund),
        web.post("/v1/traces", api.post_trace),
        web.get("/v1/traces/{reference}", api.trace),
        web.post("/v1/watches", api.post_watch),
    ]


class _Api:
    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._book = bank.book

    async def transaction(self, request: web.Request) -> web.Response:
        known = await self._bank.orders.look_up(request.match_info["transaction_id"])
        position = self._book.ledger.position(known.order.transaction_id)
        return http.answer(200, views.transaction(known, position))

    async def post_refund(self, request: web.Request) -> web.Response:
        return await ordered(request, RefundOrder, self._bank.orders.refund)

    async def refund(self, request: web.Request) -> web.Response:
        known = self._book.refund_of.get(request.match_info["reference"])
        if known is None:
            raise http.RefusedError(404, "reference: no refund was executed under it")
        return http.answer(200, views.refund(known))

    async def post_trace(self, request: web.Request) -> web.Response:
        return await ordered(request, TraceOrder, self._bank.orders.trace)

    async def trace(self, request: web.Request) -> web.Response:
        known = self._book.traces.get(request.match_info["reference"])
        if known is None:
            raise http.RefusedError(404, "reference: no trace was started under it")
        return http.answer(200, views.trace(known, clock.utcnow()))

    async def post_watch(self, request: web.Request) -> web.Response:
        self._bank.orders.watch(http.parse(WatchOrder, await http.read_body(request)))
        return web.Response(status=204)


async def ordered(
    request: web.Request, model: type[Order], order: Callable[[str, Order], Awaitable[Answer]]
) -> web.Response:
    """Give the body as an order under its key, and answer as the bank did, or cut."""
    key = idempotency_key(request)
    body = http.parse(model, await http.read_body(request))
    return await answered(request, order(key, body))


async def answered(request: web.Request, answer: Awaitable[Answer]) -> web.Response:
    """What the bank answers, or no answer at all."""
    try:
        given = await answer
    except mishaps.DroppedError:
        return _cut(request)
    return http.encoded(given.status, given.body)


def idempotency_key(request: web.Request) -> str:
    """Raises RefusedError 400 when there is none."""
    key = request.headers.get("Idempotency-Key", "")
    if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise http.RefusedError(400, f"Idempotency-Key: send 1 to {MAX_KEY} ASCII characters")
    return key


def _cut(request: web.Request) -> web.Response:
    """Break the connection: the caller sees neither status nor body."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
