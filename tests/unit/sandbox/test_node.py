"""The stand-in node over HTTP, and the tracker's adapter that reads it: what each answer means."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.web import Request, Response

from sandbox import web
from sandbox.node.api import application
from sandbox.node.chain import Chain, opened
from services.tracker.domain.triggers import BankTransaction, T, TraceReport, Trigger
from services.tracker.node import HttpNode, Pace
from services.tracker.ports import NoAnswer
from shared import clock
from shared.contracts.vocabulary import TransactionKind, TransactionState

HASH = "0x" + "5f" * 32
OTHER = "0x" + "6e" * 32
SHOP = "0x" + "a1" * 20
KEY = "00000000-0000-7000-8000-000000000001:trace:3"
PACE = Pace(confirmations=12, block_s=12.0, pending_s=86_400.0)


@dataclass(frozen=True, slots=True)
class World:
    chain: Chain
    session: aiohttp.ClientSession
    url: str

    @property
    def node(self) -> HttpNode:
        return HttpNode(self.session, self.url, PACE)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        async with self.session.post(self.url + path, json=body) as answer:
            return await answer.json()

    async def place(self, **changes: Any) -> None:
        await self.post("/sandbox/transactions", {"hash": HASH, "state": "confirmed"} | changes)

    async def call(self, method: str, *params: str) -> Any:
        request = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
        answer = await self.post("/", request)
        assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
        return answer


@asynccontextmanager
async def running(folder: Path, block_s: float = 0) -> AsyncIterator[World]:
    chain = opened(folder, block_s)
    serving = web.serving(application(chain), "127.0.0.1", 0)
    async with serving as url, aiohttp.ClientSession() as session:
        yield World(chain, session, url)
    chain.journal.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path) as found:
        yield found


def found(trigger: Trigger) -> BankTransaction:
    assert trigger.name is T.TRANSACTION_FOUND
    assert isinstance(trigger.payload, BankTransaction)
    return trigger.payload


def traced(trigger: Trigger) -> tuple[T, TraceReport]:
    assert isinstance(trigger.payload, TraceReport)
    return trigger.name, trigger.payload


async def test_a_confirmed_transfer_is_delivered_with_its_hash_as_proof(world: World) -> None:
    await world.place(amount_minor="1500000000000000000", to=SHOP, blocks_ago=11)
    bank = found(await world.node.transaction(HASH))
    assert (bank.state, bank.kind) == (TransactionState.CAPTURED, TransactionKind.ON_CHAIN)
    assert (bank.captured_minor, bank.currency) == (1_500_000_000_000_000_000, "ETH")
    assert (bank.recipient_kind, bank.merchant_id) == ("account", None)
    name, report = traced(await world.node.trace(KEY, HASH))  # its block and 11 after it
    assert (name, report.n, report.proof) == (T.TRACE_DELIVERED, 3, HASH)


async def test_too_few_confirmations_are_in_transit_with_a_date(world: World) -> None:
    await world.place(blocks_ago=10)  # 11 of 12
    name, report = traced(await world.node.trace(KEY, HASH))
    assert (name, report.proof) == (T.TRACE_IN_TRANSIT, None)
    assert report.expected_at
    left_s = (report.expected_at - clock.utcnow()).total_seconds()
    assert 12 - 5 < left_s <= 12 + 144  # a block, rounded up to whole steps of twelve
    again = traced(await world.node.trace(KEY, HASH))[1].expected_at
    assert again
    assert (again - report.expected_at).total_seconds() in (0, 144)  # it does not creep
    await world.post("/sandbox/blocks", {"count": 1})
    assert traced(await world.node.trace(KEY, HASH))[0] is T.TRACE_DELIVERED


async def test_one_that_waits_is_in_transit_until_it_is_taken_up(world: World) -> None:
    await world.place(state="pending", in_blocks=2)
    bank = found(await world.node.transaction(HASH))
    assert (bank.state, bank.pending) == (TransactionState.CAPTURED, True)
    name, report = traced(await world.node.trace(KEY, HASH))
    assert name is T.TRACE_IN_TRANSIT
    assert report.expected_at
    assert report.expected_at.timestamp() % 86_400 == 0
    await world.post("/sandbox/blocks", {"count": 2})
    assert not found(await world.node.transaction(HASH)).pending  # two of twelve blocks
    await world.post("/sandbox/blocks", {"count": 11})
    assert traced(await world.node.trace(KEY, HASH))[0] is T.TRACE_DELIVERED


async def test_a_failed_one_moved_nothing(world: World) -> None:
    await world.place(state="reverted", amount_minor="5")
    bank = found(await world.node.transaction(HASH))
    assert (bank.state, bank.captured_minor) == (TransactionState.DECLINED, 0)
    name, report = traced(await world.node.trace(KEY, HASH))
    assert (name, report.reject_reason, report.return_minor) == (T.TRACE_REJECTED, "reverted", None)


async def test_a_token_is_read_from_the_input_with_whoever_received_it(world: World) -> None:
    await world.place(asset="USDT", amount_minor="2500000", to=SHOP, contract=True)
    bank = found(await world.node.transaction(HASH))
    assert (bank.captured_minor, bank.currency) == (2_500_000, "USDT")
    assert bank.recipient_kind == "contract"
    await world.place(hash=OTHER, asset="USDC", amount_minor="7", to="0x" + "b2" * 20)
    bank = found(await world.node.transaction(OTHER))
    assert (bank.captured_minor, bank.currency) == (7, "USDC")
    assert bank.recipient_kind == "account"  # not the token's own contract


@pytest.mark.parametrize("unknown", ["0x" + "00" * 32, "T-1", "0x12"])
async def test_what_is_not_there_is_unknown(world: World, unknown: str) -> None:
    assert (await world.node.transaction(unknown)).name is T.TRANSACTION_MISSING
    assert (await world.node.trace(KEY, unknown)).name is T.TRACE_NOT_FOUND


async def test_a_hash_is_found_however_it_is_written(world: World) -> None:
    await world.place()
    written = "0x" + HASH[2:].upper()
    assert found(await world.node.transaction(written)).transaction_id == written


async def test_a_silent_node_is_an_unknown_outcome(world: World) -> None:
    await world.place()
    await world.post("/sandbox/silence", {"requests": 1})
    with pytest.raises(NoAnswer):
        await world.node.transaction(HASH)
    assert found(await world.node.transaction(HASH)).state is TransactionState.CAPTURED


@pytest.mark.parametrize(
    "method", ["eth_sendRawTransaction", "eth_sendTransaction", "personal_sign", "debug_setHead"]
)
async def test_the_node_takes_no_order(world: World, method: str) -> None:
    answer = await world.call(method, "0x00")
    assert answer["error"] == {"code": -32601, "message": "this node only reads"}


async def test_its_answers_are_those_of_the_interface(world: World) -> None:
    await world.place(to=SHOP, amount_minor="255", blocks_ago=1)
    assert (await world.call("eth_blockNumber"))["result"] == "0x3e8"
    seen = (await world.call("eth_getTransactionByHash", HASH))["result"]
    assert (seen["value"], seen["blockNumber"], seen["to"]) == ("0xff", "0x3e7", SHOP)
    receipt = (await world.call("eth_getTransactionReceipt", HASH))["result"]
    assert (receipt["status"], receipt["blockNumber"]) == ("0x1", "0x3e7")
    assert (await world.call("eth_getCode", SHOP, "latest"))["result"] == "0x"
    assert (await world.call("eth_getTransactionReceipt", "0x0"))["result"] is None
    assert (await world.call("eth_getCode"))["error"]["code"] == -32602


async def test_the_chain_outlives_its_process(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        await world.place(state="pending", in_blocks=3)
        await world.post("/sandbox/blocks", {"count": 2})
    async with running(tmp_path) as world:
        assert (await world.call("eth_blockNumber"))["result"] == hex(1002)
        assert traced(await world.node.trace(KEY, HASH))[0] is T.TRACE_IN_TRANSIT
        await world.post("/sandbox/blocks", {"count": 1})
        receipt = (await world.call("eth_getTransactionReceipt", HASH))["result"]
        assert receipt["blockNumber"] == hex(1003)


async def test_by_the_clock_a_date_is_when_its_own_blocks_have_passed(tmp_path: Path) -> None:
    async with running(tmp_path, block_s=12) as world:
        await world.place(blocks_ago=3)  # 36 s ago: 4 of 12
        name, report = traced(await world.node.trace(KEY, HASH))
        first = int(world.chain.began.timestamp())
        assert name is T.TRACE_IN_TRANSIT
        assert report.expected_at
        assert report.expected_at.timestamp() == first - 36 + 144
        slow = HttpNode(world.session, world.url, Pace(12, block_s=1.0, pending_s=86_400.0))
        late = traced(await slow.trace(KEY, HASH))[1].expected_at
        assert late
        assert late > clock.utcnow()  # twelve seconds from its block are over, and it still waits
        await world.place(blocks_ago=20)
        name, report = traced(await world.node.trace(KEY, HASH))
        assert name is T.TRACE_DELIVERED
        assert report.delivered_at
        assert report.delivered_at.timestamp() == first - 240


async def test_the_chain_grows_by_the_clock_and_one_that_reverts_fails_then(tmp_path: Path) -> None:
    async with running(tmp_path, block_s=0.2) as world:
        await world.place(state="pending", in_blocks=2, reverts=True)
        assert traced(await world.node.trace(KEY, HASH))[0] is T.TRACE_IN_TRANSIT
        async with asyncio.timeout(5):
            while traced(await world.node.trace(KEY, HASH))[0] is T.TRACE_IN_TRANSIT:
                await clock.sleep(0.05)
        assert traced(await world.node.trace(KEY, HASH))[0] is T.TRACE_REJECTED
        assert (await world.call("eth_getTransactionReceipt", HASH))["result"]["status"] == "0x0"


async def test_a_failure_is_told_from_its_first_block_on(world: World) -> None:
    await world.place(state="reverted", blocks_ago=0)
    assert traced(await world.node.trace(KEY, HASH))[0] is T.TRACE_REJECTED


USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"  # as explorers write it
PADDED = "0" * 24 + SHOP[2:]
SEEN = {"hash": HASH, "to": SHOP, "value": "0x5", "input": "0x", "blockNumber": "0x20"}
RECEIPT = {
    "transactionHash": HASH.upper().replace("X", "x"),
    "status": "0x1",
    "blockNumber": "0x20",
}
ANSWERS: dict[str, Any] = {
    "eth_getTransactionByHash": SEEN,
    "eth_getTransactionReceipt": RECEIPT,
    "eth_blockNumber": "0x40",
    "eth_getCode": "0x",
}


@asynccontextmanager
async def another(error: str | None = None, **changes: Any) -> AsyncIterator[HttpNode]:
    """A node of another make, which answers like this whatever the parameters are."""

    async def call(request: Request) -> Response:
        asked = await request.json()
        told = {"jsonrpc": "2.0", "id": asked["id"]}
        if asked["method"] == error:
            return web.answer(200, told | {"error": {"code": -32000, "message": "no state"}})
        return web.answer(200, told | {"result": (ANSWERS | changes)[asked["method"]]})

    app = web.application({})
    app.router.add_post("/", call)
    serving = web.serving(app, "127.0.0.1", 0)
    async with serving as url, aiohttp.ClientSession() as session:
        yield HttpNode(session, url, PACE)


@pytest.mark.parametrize("method", ANSWERS)
async def test_an_error_is_no_answer_and_not_an_absence(method: str) -> None:
    async with another(error=method) as node:
        with pytest.raises(NoAnswer):
            await node.trace(KEY, HASH)


async def test_an_answer_about_another_hash_says_nothing() -> None:
    seen = SEEN | {"hash": OTHER}
    async with another(eth_getTransactionByHash=seen) as node:
        with pytest.raises(NoAnswer):
            await node.transaction(HASH)
    other = RECEIPT | {"transactionHash": OTHER, "status": "0x0"}
    async with another(eth_getTransactionReceipt=other) as node:
        with pytest.raises(NoAnswer):
            await node.trace(KEY, HASH)


@pytest.mark.parametrize("written", [HASH + "00", HASH[:-1], HASH[2:], " " + HASH])
async def test_what_is_no_hash_is_not_asked_about(written: str) -> None:
    """Whatever a node makes of it."""
    async with another(eth_getTransactionByHash=SEEN | {"hash": written}) as node:
        assert (await node.transaction(written)).name is T.TRANSACTION_MISSING


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "account"),
        ({"eth_getCode": "0x0"}, "account"),
        ({"eth_getCode": "0x60"}, "contract"),
        ({"eth_getTransactionByHash": SEEN | {"to": None}}, "contract"),  # it made one
    ],
)
async def test_what_kind_of_address_received_it(changes: dict[str, Any], kind: str) -> None:
    async with another(**changes) as node:
        assert found(await node.transaction(HASH)).recipient_kind == kind


@pytest.mark.parametrize(
    ("called", "amount", "told"),
    [
        ("0xa9059cbb", 7, ("USDT", 7)),  # transfer
        ("0x095ea7b3", 7, ("ETH", 0)),  # approve: nothing moved yet
        ("0xa9059cbb", 2**256 - 1, ("ETH", 0)),  # more than an amount can be: only the hash is
    ],
)
async def test_a_tokens_amount_is_what_its_transfer_says(
    called: str, amount: int, told: tuple[str, int]
) -> None:
    data = f"{called}{PADDED}{amount:064x}"
    seen = SEEN | {"to": USDT, "value": "0x0", "input": data}
    async with another(eth_getTransactionByHash=seen) as node:
        bank = found(await node.transaction(HASH))
    assert (bank.currency, bank.captured_minor) == told


@pytest.mark.parametrize(
    "changes",
    [
        {"eth_getTransactionReceipt": None},  # not there yet, though the block is
        {"eth_blockNumber": "0x5"},  # this one of several nodes is behind
        {"eth_blockNumber": "0x2a"},  # 11 of 12
    ],
)
async def test_what_is_not_confirmed_by_all_answers_is_in_transit(changes: dict[str, Any]) -> None:
    async with another(**changes) as node:
        assert traced(await node.trace(KEY, HASH))[0] is T.TRACE_IN_TRANSIT
