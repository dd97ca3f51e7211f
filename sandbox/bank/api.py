"""The bank's HTTP interface to the wallet: transactions, refunds, traces, watches."""

from typing import Final

from aiohttp import web

from sandbox import web as http
from sandbox.bank import orders, views
from sandbox.bank.bank import Bank
from sandbox.bank.inputs import RefundOrder, TraceOrder, WatchOrder
from sandbox.bank.publisher import PublishFailedError
from shared import clock

STATUS: Final[dict[type[Exception], int]] = {
    orders.KeyReusedError: 409,
    orders.ConflictingFactsError: 409,
    orders.FullError: 503,
    orders.UnknownTransactionError: 404,
    orders.InternalError: 500,
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
        key = _idempotency_key(request)
        order = http.parse(RefundOrder, await http.read_body(request))
        try:
            answer = await self._bank.orders.refund(key, order)
        except orders.DroppedError:
            return _cut(request)
        return http.encoded(answer.status, answer.body)

    async def refund(self, request: web.Request) -> web.Response:
        known = self._book.refund_of.get(request.match_info["reference"])
        if known is None:
            raise http.RefusedError(404, "reference: no refund was executed under it")
        return http.answer(200, views.refund(known))

    async def post_trace(self, request: web.Request) -> web.Response:
        key = _idempotency_key(request)
        order = http.parse(TraceOrder, await http.read_body(request))
        answer = await self._bank.orders.trace(key, order)
        return http.encoded(answer.status, answer.body)

    async def trace(self, request: web.Request) -> web.Response:
        known = self._book.traces.get(request.match_info["reference"])
        if known is None:
            raise http.RefusedError(404, "reference: no trace was started under it")
        return http.answer(200, views.trace(known, clock.utcnow()))

    async def post_watch(self, request: web.Request) -> web.Response:
        self._bank.orders.watch(http.parse(WatchOrder, await http.read_body(request)))
        return web.Response(status=204)


def _idempotency_key(request: web.Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise http.RefusedError(400, f"Idempotency-Key: send 1 to {MAX_KEY} ASCII characters")
    return key


def _cut(request: web.Request) -> web.Response:
    """Break the connection: the caller sees neither status nor body."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
