"""Transactions, traces, returns and reversals as the bank tells them."""

import io
from pathlib import Path

import pytest

from tests.unit.sandbox.world import (
    BANK_SECRET,
    BankClient,
    Published,
    Receiver,
    bank_open,
    transaction,
)

URL = "http://127.0.0.1:9/callbacks"


async def test_default_trace_is_delivered_with_a_receipt(bank: BankClient) -> None:
    await bank.record("t1", kind="transfer")
    answer = await bank.trace("t1", URL)
    assert answer.status == 202
    assert answer.content["state"] == "delivered"
    assert answer.content["proof"].startswith("RCPT-")
    assert answer.content["delivered_at"] is not None
    assert (await bank.get("/v1/traces/d1:trace:1")).content == answer.content
    assert (await bank.trace("t1", URL)).body == answer.body


async def test_in_transit_with_a_date_then_delivered(bank: BankClient, receiver: Receiver) -> None:
    steps = [
        {"state": "in_transit", "at_bank": "中国银行", "expected_in_s": 3600},
        {"state": "delivered", "at_bank": "中国银行", "after_s": 0.2, "proof": "RC-7"},
    ]
    await bank.record("t1", {"trace": {"script": steps}}, kind="transfer")
    first = (await bank.trace("t1", receiver.url)).content
    assert (first["state"], first["at_bank"], first["proof"]) == ("in_transit", "中国银行", None)
    assert first["expected_at"] is not None
    content = (await receiver.next()).verified(BANK_SECRET)
    assert content["type"] == "trace.updated"
    assert (content["data"]["state"], content["data"]["proof"]) == ("delivered", "RC-7")
    again = (await bank.trace("t1", receiver.url, "d1:trace:2")).content
    assert again["state"] == "delivered"
    assert [hop["state"] for hop in again["hops"]] == ["in_transit", "delivered"]


async def test_rejected_then_returned_to_the_customer(bank: BankClient, receiver: Receiver) -> None:
    step = {"state": "rejected", "reject_reason": "account_closed", "return_after_s": 0.1}
    await bank.record("t1", {"trace": {"script": [step]}}, kind="transfer")
    first = (await bank.trace("t1", receiver.url)).content
    assert (first["state"], first["reject_reason"]) == ("rejected", "account_closed")
    assert first["return"]["state"] == "pending"
    data = (await receiver.next()).content["data"]
    assert data["return"]["state"] == "credited"
    assert data["return"]["amount"] == {"amount_minor": "12800", "currency": "CNY"}
    assert data == (await bank.get("/v1/traces/d1:trace:1")).content
    assert await bank.kinds("t1") == ["captured", "return_sent", "return_credited"]


async def test_a_refund_beside_a_return_is_seen_by_the_audit(
    bank: BankClient, receiver: Receiver
) -> None:
    step = {"state": "rejected", "reject_reason": "limit", "return_after_s": 0}
    await bank.record("t1", {"trace": {"script": [step]}}, kind="transfer")
    await bank.trace("t1", receiver.url)
    await receiver.next()
    await bank.refund("t1", URL)
    assert (await bank.audit())["paid_twice"] == ["t1"]


async def test_no_callback_of_a_trace_told_to_be_silent(
    bank: BankClient, receiver: Receiver
) -> None:
    early = [{"state": "in_transit"}, {"state": "delivered", "after_s": 0.05}]
    late = [{"state": "in_transit"}, {"state": "delivered", "after_s": 0.2}]
    await bank.record("t1", {"trace": {"script": early, "callback": False}})
    await bank.record("t2", {"trace": {"script": late}})
    await bank.trace("t1", receiver.url)
    await bank.trace("t2", receiver.url, "d2:trace:1")
    assert (await receiver.next()).content["data"]["transaction_id"] == "t2"
    assert receiver.received.empty()
    assert (await bank.get("/v1/traces/d1:trace:1")).content["state"] == "delivered"


async def test_trace_of_an_unknown_transaction_finds_nothing(bank: BankClient) -> None:
    answer = await bank.trace("unheard-of", URL)
    assert (answer.status, answer.content["state"]) == (202, "not_found")


async def test_declined_took_no_money_and_names_the_cause(bank: BankClient) -> None:
    await bank.record("t1", {"cause": "over_limit"}, state="declined")
    found = (await bank.get("/v1/transactions/t1")).content
    assert (found["state"], found["cause"]) == ("declined", "over_limit")
    assert found["captured"]["amount_minor"] == "0"
    assert found["reversal"] is None
    assert await bank.kinds("t1") == []


async def test_debited_and_not_captured_is_reversed_and_told(
    bank: BankClient, receiver: Receiver
) -> None:
    behaviour = {"state": "debited_not_captured", "reversal": {"after_s": 0.2}}
    await bank.record("t1", behaviour, state="unknown")
    found = (await bank.get("/v1/transactions/t1")).content
    assert found["state"] == "debited_not_captured"
    assert found["reversal"]["state"] == "pending"
    watch = {"transaction_id": "t1", "callback_url": receiver.url}
    assert (await bank.post("/v1/watches", watch)).status == 204
    content = (await receiver.next()).verified(BANK_SECRET)
    assert content["type"] == "reversal.updated"
    assert content["data"]["reversal"]["state"] == "credited"
    assert content["data"] == (await bank.get("/v1/transactions/t1")).content
    assert await bank.kinds("t1") == ["captured", "reversal_credited"]


async def test_who_watches_too_late_is_told_at_once(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1", {"state": "debited_not_captured", "reversal": {}})
    while (await bank.get("/v1/transactions/t1")).content["reversal"]["state"] == "pending":
        pass
    await bank.post("/v1/watches", {"transaction_id": "t1", "callback_url": receiver.url})
    assert (await receiver.next()).content["data"]["reversal"]["state"] == "credited"


async def test_look_up_fails_as_told_then_answers(bank: BankClient) -> None:
    await bank.record("t1", {"lookup": {"fail_times": 2, "delay_s": 0.01}})
    statuses = [(await bank.get("/v1/transactions/t1")).status for _ in range(3)]
    assert statuses == [500, 500, 200]


async def test_what_was_refunded_before_counts(bank: BankClient) -> None:
    await bank.record("t1", refunded_minor="800")
    found = (await bank.get("/v1/transactions/t1")).content
    assert found["refunded"]["amount_minor"] == "800"
    await bank.refund("t1", URL)
    assert (await bank.audit())["above_captured"] == ["t1"]


@pytest.mark.parametrize(
    "path", ["/v1/transactions/none", "/v1/refunds/none", "/v1/traces/none", "/nowhere"]
)
async def test_unknown_is_404_with_a_sentence(bank: BankClient, path: str) -> None:
    answer = await bank.get(path)
    assert answer.status == 404
    assert answer.content["error"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": {"amount_minor": 1.5, "currency": "CNY"}}, "amount.amount_minor"),
        ({"kind": "gift"}, "kind"),
        ({"bank": {"refund": {"refuse": "x", "unfunded": True}}}, "bank.refund"),
        ({"bank": {"trace": {"script": [{"state": "returned", "after_s": -1}]}}}, "after_s"),
        ({"surprise": 1}, "surprise"),
    ],
)
async def test_bad_orders_name_the_field(
    bank: BankClient, change: dict[str, object], field: str
) -> None:
    answer = await bank.post("/sandbox/transactions", transaction("t1") | change)
    assert answer.status == 400
    assert field in answer.content["error"]


async def test_bad_requests_are_refused(bank: BankClient) -> None:
    await bank.record("t1")
    assert (await bank.post("/v1/refunds", {})).status == 400
    assert (await bank.post("/v1/refunds", b"{", {"Idempotency-Key": "k"})).status == 400
    assert (await bank.post("/sandbox/transactions", b"[" * 10)).status == 400
    assert (await bank.post("/sandbox/transactions", io.BytesIO(b" " * (2 << 20)))).status == 413
    assert (await bank.refund("t1", "ftp://somewhere")).status == 400
    assert (await bank.refund("t1", URL, amount_minor="0")).status == 400
    assert (await bank.refund("t1", "http://127.0.0.1:99999/")).status == 400
    assert (await bank.get("/sandbox/ledger", limit="many")).status == 400
    assert (
        await bank.post("/v1/watches", {"transaction_id": "x", "callback_url": URL})
    ).status == 404


async def test_other_facts_under_a_known_id_are_a_conflict(bank: BankClient) -> None:
    await bank.record("t1")
    assert (await bank.record("t1", {"strict": True})).status == 201
    assert (await bank.record("t1", merchant_id="another")).status == 409
    assert (await bank.record("t1", state="declined")).status == 409


async def test_bulk_is_all_or_nothing_and_publishes_what_is_asked(tmp_path: Path) -> None:
    published = Published()
    async with bank_open(tmp_path, published) as bank:
        many = [transaction(f"t{n}", publish=n != 2) for n in range(4)]
        answer = await bank.post("/sandbox/transactions", {"transactions": many})
        assert answer.content == {"transactions": ["t0", "t1", "t2", "t3"], "published": 3}
        bad = [transaction("t9"), transaction("t0", customer_id="zhao")]
        assert (await bank.post("/sandbox/transactions", {"transactions": bad})).status == 409
        assert (await bank.get("/v1/transactions/t9")).status == 404
    told = [(one.facts.transaction_id, one.version) for one in published.publications]
    assert told == [("t0", 1), ("t1", 1), ("t3", 1)]


async def test_publishing_without_kafka_says_what_to_do(bank: BankClient) -> None:
    answer = await bank.record("t1", publish=True)
    assert answer.status == 503
    assert "KAFKA_BOOTSTRAP_SERVERS" in answer.content["error"]
    assert (await bank.record("t1")).status == 201
