"""What the bank knows survives its death; what is due happens after the restart."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from sandbox.journal import JournalLockedError
from tests.unit.sandbox.asking import ask
from tests.unit.sandbox.world import ANY_SECRET, BankClient, Receiver, bank_open

URL = "http://127.0.0.1:9/callbacks"


async def test_everything_is_there_again(tmp_path: Path, receiver: Receiver) -> None:
    step = {"state": "rejected", "reject_reason": "limit", "return_after_s": 3600}
    async with bank_open(tmp_path) as bank:
        await bank.record("t1", {"refund": {"error_after_commit": 2}})
        await bank.record("t2", {"trace": {"script": [step]}}, kind="transfer")
        await bank.refund("t1", receiver.url)
        await receiver.next()
        traced = await bank.trace("t2", URL)
        before = [await bank.get(path) for path in _everything()]
    async with bank_open(tmp_path) as bank:
        assert [await bank.get(path) for path in _everything()] == before
        assert (await bank.trace("t2", URL)).body == traced.body
        assert (await bank.refund("t1", receiver.url)).status == 500
        stored = await bank.refund("t1", receiver.url)
        assert (stored.status, stored.content["state"]) == (202, "in_flight")
        assert [await bank.get(path) for path in _everything()] == before


async def test_what_was_due_happens_after_the_restart(tmp_path: Path, receiver: Receiver) -> None:
    late = {"state": "delivered", "after_s": 0.3}
    returned = {"state": "rejected", "reject_reason": "limit", "return_after_s": 0.3}
    async with bank_open(tmp_path) as bank:
        await bank.record("t1", {"refund": {"credit_after_s": 0.3}})
        await bank.record("t2", {"trace": {"script": [{"state": "in_transit"}, late]}})
        await bank.record("t3", {"trace": {"script": [returned]}})
        await bank.record("t4", {"state": "debited_not_captured", "reversal": {"after_s": 0.3}})
        await bank.refund("t1", receiver.url)
        await bank.trace("t2", receiver.url, "d2:trace:1")
        await bank.trace("t3", receiver.url, "d3:trace:1")
        await bank.post("/v1/watches", {"transaction_id": "t4", "callback_url": receiver.url})
        assert receiver.received.empty()
    async with bank_open(tmp_path) as bank:
        contents = [(await receiver.next()).content for _ in range(4)]
        assert sorted(content["data"]["transaction_id"] for content in contents) == [
            "t1",
            "t2",
            "t3",
            "t4",
        ]
        assert await bank.kinds("t1") == ["captured", "refund_sent", "refund_credited"]
        assert await bank.kinds("t3") == ["captured", "return_sent", "return_credited"]
        assert await bank.kinds("t4") == ["captured", "reversal_credited"]


async def test_recourse_is_there_again(tmp_path: Path, receiver: Receiver) -> None:
    anomaly = {"finding": "held", "then": {"finding": "explained"}}
    customer = {
        "customer_id": "li",
        "records": {"balance_anomaly": anomaly},
        "postings": {"fail_times": 1},
    }
    represented = {"filed": {"outcome": "represented"}, "pre_arbitration": {"outcome": "open"}}
    async with bank_open(tmp_path) as bank:
        await bank.record("t1", {"recall": {"amount_minor": "100"}}, kind="transfer")
        await bank.record("t2", {"funding": "card", "chargeback": represented})
        await bank.post("/sandbox/customers", customer)
        assert (await bank.post_money("provisional_credit", "t2")).status == 500
        await bank.post_money("provisional_credit", "t2")
        await bank.post_money("credit_reversal", "t2", amount_minor="5000")
        await bank.recall("t1", receiver.url)
        await bank.charge_back("t2", receiver.url)
        for _ in range(3):
            await receiver.next()
        stepped = await bank.step("pre_arbitration")
        assert (await bank.compare("balance_anomaly")).content["finding"] == "held"
        before = [await bank.get(path) for path in _recourse()]
    async with bank_open(tmp_path) as bank:
        assert [await bank.get(path) for path in _recourse()] == before
        assert (await bank.step("pre_arbitration")).body == stepped.body
        assert (await bank.post_money("provisional_credit", "t2")).status == 200
        assert (await bank.compare("balance_anomaly")).content["finding"] == "explained"
        over = await bank.post_money("credit_reversal", "t2", "d9:credit_reversal:1", "7801")
        assert over.content["reason"] == "above_credit"


async def test_recourse_that_was_due_happens_after_the_restart(
    tmp_path: Path, receiver: Receiver
) -> None:
    outside = {"transaction_id": "t3", "amount": {"amount_minor": "1", "currency": "CNY"}}
    win = {"chargeback": {"filed": {"after_s": 0.3}}}
    async with bank_open(tmp_path) as bank:
        await bank.record("t1", {"recall": {"after_s": 0.3}}, kind="transfer")
        await bank.record("t2", win)
        await bank.record("t3", win | {"trace": {"callback": False}})
        await bank.trace("t3", f"{receiver.url}?n=1")
        await bank.recall("t1", receiver.url)
        await bank.charge_back("t2", receiver.url)
        await bank.post("/sandbox/chargebacks", outside)
        assert (await receiver.next()).content["data"]["state"] == "filed"
    async with bank_open(tmp_path) as bank:
        data = [(await receiver.next()).content["data"] for _ in range(4)]
        told = sorted((one["transaction_id"], one["state"]) for one in data)
        assert told == [("t1", "agreed"), ("t1", "returned"), ("t2", "won"), ("t3", "won")]
        assert await bank.kinds("t1") == ["captured", "recall_agreed", "recall_returned"]
        assert await bank.kinds("t3") == ["captured", "chargeback_won"]


async def test_an_undelivered_callback_is_sent_after_the_restart(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.script = [500] * 1000
    async with bank_open(tmp_path) as bank:
        await bank.record("t1")
        await bank.refund("t1", receiver.url)
        first = await receiver.next()
    while not receiver.received.empty():
        receiver.received.get_nowait()
    receiver.script = []
    async with bank_open(tmp_path):
        again = await receiver.next()
    assert (again.id, again.body) == (first.id, first.body)
    async with bank_open(tmp_path) as bank:
        await bank.get("/health")
        assert receiver.received.empty()


async def test_a_torn_last_line_is_dropped(tmp_path: Path) -> None:
    async with bank_open(tmp_path) as bank:
        await bank.record("t1")
        await bank.record("t2")
    journal = tmp_path / "bank.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    async with bank_open(tmp_path) as bank:
        assert (await bank.get("/v1/transactions/t1")).status == 200
        assert (await bank.get("/v1/transactions/t2")).status == 404
        assert (await bank.record("t2")).status == 201
    async with bank_open(tmp_path) as bank:
        assert (await bank.get("/v1/transactions/t2")).status == 200


async def test_two_banks_never_share_a_directory(tmp_path: Path) -> None:
    async with bank_open(tmp_path):
        with pytest.raises(JournalLockedError):
            async with bank_open(tmp_path):
                pass


async def test_the_real_process_survives_kill_9(tmp_path: Path) -> None:
    async with process(tmp_path) as (bank, pid):
        await bank.record("t1", {"refund": {"drop_answer": True}})
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await bank.refund("t1", URL)
        os.kill(pid, signal.SIGKILL)
    async with process(tmp_path) as (bank, pid):
        found = await bank.get("/v1/refunds/d1:refund:1")
        assert found.content["transaction_id"] == "t1"
        assert (await bank.audit())["paid_twice"] == []
        os.kill(pid, signal.SIGTERM)


async def test_the_merchants_process_survives_kill_9(tmp_path: Path) -> None:
    behaviour = {"transaction_id": "t1", "unreachable": True}
    async with process(tmp_path, "sandbox.merchant") as (merchants, pid):
        assert (await merchants.post("/sandbox/behaviours", behaviour)).status == 201
        os.kill(pid, signal.SIGKILL)
    async with process(tmp_path, "sandbox.merchant") as (merchants, pid):
        assert (await ask(merchants, URL, secret=ANY_SECRET)).status == 500
        os.kill(pid, signal.SIGTERM)


async def test_the_process_names_what_its_environment_lacks(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PORT": "0", "DATA_DIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox.bank"),
        env=environment,
        cwd=Path(__file__).parents[3],
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await process.communicate()
    assert process.returncode == 2
    assert "partner_secrets: Field required" in stderr.decode()


def _everything() -> list[str]:
    return [
        "/v1/transactions/t1",
        "/v1/transactions/t2",
        "/v1/refunds/d1:refund:1",
        "/v1/traces/d1:trace:1",
        "/sandbox/ledger",
        "/sandbox/audit",
        "/sandbox/refunds",
        "/",
    ]


def _recourse() -> list[str]:
    return [
        "/v1/transactions/t1",
        "/v1/transactions/t2",
        "/v1/recalls/d1:recall:1",
        "/v1/chargebacks/d1:chargeback:1",
        "/v1/postings/d1:provisional_credit:1",
        "/sandbox/ledger",
        "/sandbox/audit",
    ]


@asynccontextmanager
async def process(
    data_dir: Path, module: str = "sandbox.bank"
) -> AsyncIterator[tuple[BankClient, int]]:
    """`python -m module` on a free port; the test ends it."""
    secrets = data_dir / "secrets.json"
    secrets.write_text(json.dumps({"*": ANY_SECRET}))
    environment = os.environ | {
        "PORT": "0",
        "DATA_DIR": str(data_dir / "data"),
        "PARTNER_SECRETS": str(secrets),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        env=environment,
        cwd=Path(__file__).parents[3],
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30), aiohttp.ClientSession() as session:
            ready = json.loads(await process.stderr.readline())
            yield BankClient(session, ready["url"]), process.pid
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
