"""JSON-RPC at `/`, read only; `/sandbox` is for tests and stories."""

from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from sandbox import web as http
from sandbox.node.chain import Chain, Placed
from sandbox.node.inputs import Mine, NewTransaction, Request, Silence

_NO_SUCH_METHOD: Final = -32601
_BAD_PARAMS: Final = -32602


def application(chain: Chain) -> web.Application:
    """Every route of the node."""
    node, control = _Node(chain), _Control(chain)
    app = http.application({})
    app.add_routes(
        [
            web.post("/", node.call),
            web.get("/", control.page),
            web.post("/sandbox/transactions", control.place),
            web.post("/sandbox/blocks", control.mine),
            web.post("/sandbox/silence", control.silence),
            web.get("/sandbox/asked", control.asked),
        ]
    )
    return app


class _Node:
    """The node's four methods; it takes no other, least of all one that writes."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._methods: dict[str, Callable[[list[str]], Any]] = {
            "eth_blockNumber": lambda _: hex(chain.height),
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getCode": self._code,
        }

    async def call(self, request: web.Request) -> web.Response:
        asked = http.parse(Request, await http.read_body(request))
        self._chain.asked[asked.method] += 1
        if self._chain.silent:
            self._chain.silent -= 1
            return http.answer(503, {"error": "the node is catching up"})
        method = self._methods.get(asked.method)
        if method is None:
            return _answered(asked, error=(_NO_SUCH_METHOD, "this node only reads"))
        try:
            return _answered(asked, method(asked.params))
        except IndexError:
            return _answered(asked, error=(_BAD_PARAMS, "a parameter is missing"))

    def _transaction(self, params: list[str]) -> dict[str, Any] | None:
        placed = self._chain.transactions.get(params[0].lower())
        if placed is None:
            return None
        block = hex(placed.block or 0) if self._chain.taken_up(placed) else None
        at = self._chain.time_of(placed.block or 0) if block else None
        return {
            "hash": placed.hash,
            "from": placed.sender,
            "to": placed.to,
            "value": hex(placed.value),
            "input": placed.data,
            "nonce": "0x0",
            "blockNumber": block,
            "blockTimestamp": None if at is None else hex(at),
        }

    def _receipt(self, params: list[str]) -> dict[str, Any] | None:
        placed = self._chain.transactions.get(params[0].lower())
        if placed is None or not self._chain.taken_up(placed):
            return None
        return {
            "transactionHash": placed.hash,
            "from": placed.sender,
            "to": placed.to,
            "blockNumber": hex(placed.block or 0),
            "status": "0x0" if placed.reverts else "0x1",
        }

    def _code(self, params: list[str]) -> str:
        return "0x6080604052" if self._chain.is_contract(params[0]) else "0x"


class _Control:
    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    async def place(self, request: web.Request) -> web.Response:
        new = http.parse(NewTransaction, await http.read_body(request))
        placed = self._chain.place(new)
        return http.answer(201, {"hash": placed.hash, "block": placed.block})

    async def mine(self, request: web.Request) -> web.Response:
        self._chain.mine(http.parse(Mine, await http.read_body(request)).count)
        return http.answer(200, {"height": self._chain.height})

    async def silence(self, request: web.Request) -> web.Response:
        self._chain.silent = http.parse(Silence, await http.read_body(request)).requests
        return http.answer(200, {"requests": self._chain.silent})

    async def asked(self, _: web.Request) -> web.Response:
        """How often each method was called: a wallet of keys only reads."""
        return http.answer(200, {"asked": dict(self._chain.asked), "height": self._chain.height})

    async def page(self, _: web.Request) -> web.Response:
        rows = [self._row(placed) for placed in self._chain.transactions.values()]
        columns = ("hash", "to", "block", "state")
        return http.page("Node", (f"height {self._chain.height}", columns, rows))

    def _row(self, placed: Placed) -> tuple[str, str, str, str]:
        state = "reverted" if placed.reverts else "confirmed"
        taken_up = self._chain.taken_up(placed)
        return placed.hash, placed.to, str(placed.block), state if taken_up else "pending"


def _answered(
    asked: Request, result: Any = None, error: tuple[int, str] | None = None
) -> web.Response:
    body: dict[str, Any] = {"jsonrpc": "2.0", "id": asked.id}
    if error:
        return http.answer(200, body | {"error": {"code": error[0], "message": error[1]}})
    return http.answer(200, body | {"result": result})
