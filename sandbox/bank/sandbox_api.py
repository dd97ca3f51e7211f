"""How stories and tests drive the bank, and how it is audited."""

import pydantic_core
from aiohttp import web

from sandbox import web as http
from sandbox.bank import views
from sandbox.bank.bank import Bank
from sandbox.bank.inputs import (
    CustomerOrder,
    OutsideChargeback,
    TransactionOrder,
    TransactionOrders,
)
from sandbox.bank.models import Refund

PAGE_ROWS = 50
MAX_ROWS = 10_000


def routes(bank: Bank) -> list[web.RouteDef]:
    """The routes under /sandbox, and the page for people."""
    api = _SandboxApi(bank)
    return [
        web.post("/sandbox/transactions", api.post_transactions),
        web.post("/sandbox/customers", api.post_customer),
        web.post("/sandbox/chargebacks", api.post_chargeback),
        web.get("/sandbox/ledger", api.ledger),
        web.get("/sandbox/audit", api.audit),
        web.get("/sandbox/refunds", api.refunds),
        web.get("/", api.page),
    ]


class _SandboxApi:
    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._book = bank.book

    async def post_transactions(self, request: web.Request) -> web.Response:
        orders = _orders(await http.read_body(request, http.MAX_BODY))
        self._bank.orders.record(orders.transactions)
        wanted = {
            o.transaction_id: None for o in orders.transactions if orders.publish and o.publish
        }
        await self._bank.publisher.publish(self._bank.publications(list(wanted)))
        recorded = [order.transaction_id for order in orders.transactions]
        return http.answer(201, {"transactions": recorded, "published": len(wanted)})

    async def post_customer(self, request: web.Request) -> web.Response:
        order = http.parse(CustomerOrder, await http.read_body(request))
        self._bank.behave(order)
        return http.answer(201, {"customer_id": order.customer_id})

    async def post_chargeback(self, request: web.Request) -> web.Response:
        order = http.parse(OutsideChargeback, await http.read_body(request))
        opened = self._bank.chargebacks.open_outside(order)
        return http.answer(201, views.chargeback(opened))

    async def ledger(self, request: web.Request) -> web.Response:
        transaction_id = request.query.get("transaction_id")
        if transaction_id is not None:
            entries = self._book.ledger.of(transaction_id)
        else:
            after = http.bounded_int(request, "after", 0, 10**12)
            entries = self._book.ledger.slice(after, _limit(request))
        return http.answer(200, {"journals": [views.entry(entry) for entry in entries]})

    async def audit(self, _: web.Request) -> web.Response:
        return http.answer(200, views.audit(self._book.ledger.audit(len(self._book.transactions))))

    async def refunds(self, request: web.Request) -> web.Response:
        transaction_id = request.query.get("transaction_id")
        if transaction_id is None:
            refunds = list(self._book.refunds.values())[-_limit(request) :]
        else:
            known = self._book.transactions.get(transaction_id)
            refunds = known.refunds if known else []
        executed = [views.executed(refund) for refund in refunds if refund.executed]
        return http.answer(200, {"refunds": executed})

    async def page(self, _: web.Request) -> web.Response:
        balances = sorted(self._book.ledger.balances(), key=lambda row: -abs(row[2]))[:PAGE_ROWS]
        last = list(self._book.refunds.values())[: -PAGE_ROWS - 1 : -1]
        columns = ("at", "reference", "transaction", "state", "minor units", "currency")
        return http.page(
            "Sandbox bank",
            ("Largest balances", ("account", "currency", "minor units"), balances),
            ("Last refunds", columns, map(_row, last)),
        )


def _row(refund: Refund) -> tuple[object, ...]:
    order = refund.asked.order
    amount = order.amount
    told = (refund.asked.at, order.reference, order.transaction_id, refund.state)
    return *told, amount.amount_minor, amount.currency


def _limit(request: web.Request) -> int:
    return max(1, http.bounded_int(request, "limit", 1000, MAX_ROWS))


def _orders(body: bytes) -> TransactionOrders:
    try:
        many = "transactions" in pydantic_core.from_json(body)
    except (ValueError, TypeError) as error:
        raise http.RefusedError(400, "body: send a JSON object") from error
    if many:
        return http.parse(TransactionOrders, body)
    return TransactionOrders(transactions=(http.parse(TransactionOrder, body),))
