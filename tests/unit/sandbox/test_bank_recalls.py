"""Recalls: the recipient is asked, agrees to all or a part, refuses, or says nothing."""

import aiohttp
import pytest

from tests.unit.sandbox.world import BANK_SECRET, BankClient, Receiver

URL = "http://127.0.0.1:9/callbacks"  # nobody listens: the callback is not looked at


def yuan(amount_minor: str) -> dict[str, str]:
    return {"amount_minor": amount_minor, "currency": "CNY"}


async def test_agreed_and_returned_are_told_and_move_money(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1", kind="transfer")
    answer = await bank.recall("t1", receiver.url)
    assert (answer.status, answer.content["state"]) == (202, "asked")
    assert answer.content["amount"] == yuan("12800")
    agreed, returned = [(await receiver.next()).verified(BANK_SECRET) for _ in range(2)]
    assert agreed["type"] == returned["type"] == "recall.updated"
    assert [agreed["data"]["state"], returned["data"]["state"]] == ["agreed", "returned"]
    assert returned["data"] == (await bank.get("/v1/recalls/d1:recall:1")).content
    assert await bank.kinds("t1") == ["captured", "recall_agreed", "recall_returned"]
    assert (await bank.get("/v1/transactions/t1")).content["refunded"] == yuan("12800")


async def test_a_part_that_was_agreed_is_under_way(bank: BankClient, receiver: Receiver) -> None:
    part = {"amount_minor": "5000", "return_after_s": 3600}
    await bank.record("t1", {"recall": part}, kind="transfer")
    asked = (await bank.recall("t1", receiver.url)).content
    data = (await receiver.next()).content["data"]
    assert (asked["amount"], data["amount"]) == (yuan("12800"), yuan("5000"))
    assert data["state"] == "agreed"
    assert data["expected_at"] > asked["expected_at"]
    assert (await bank.audit())["in_flight_minor"] == {"CNY": "5000"}


async def test_refused_names_a_reason(bank: BankClient, receiver: Receiver) -> None:
    refusal = {"answer": "refuse", "reason": "recipient_disputes"}
    await bank.record("t1", {"recall": refusal}, kind="transfer")
    await bank.recall("t1", receiver.url)
    data = (await receiver.next()).content["data"]
    assert (data["state"], data["reason"]) == ("refused", "recipient_disputes")
    assert data["expected_at"] is None
    assert await bank.kinds("t1") == ["captured"]


async def test_silence_tells_nothing_and_promises_what_it_is_told(bank: BankClient) -> None:
    await bank.record("t1", {"recall": {"answer": "silent"}}, kind="transfer")
    await bank.record("t2", {"recall": {"answer": "silent", "expected_in_s": 60}})
    assert (await bank.recall("t1", URL)).content["expected_at"] is None
    assert (await bank.recall("t2", URL, "d2:recall:1")).content["expected_at"] is not None
    assert (await bank.get("/v1/recalls/d1:recall:1")).content["state"] == "asked"


async def test_the_same_key_asks_once(bank: BankClient) -> None:
    await bank.record("t1", {"recall": {"after_s": 3600}}, kind="transfer")
    answers = [await bank.recall("t1", URL) for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert (await bank.recall("t1", URL, amount_minor="1")).status == 409


async def test_an_answer_may_be_lost_after_the_commit(bank: BankClient) -> None:
    await bank.record("t1", {"recall": {"drop_answer": 1, "answer": "silent"}})
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await bank.recall("t1", URL)
    assert (await bank.get("/v1/recalls/d1:recall:1")).content["state"] == "asked"
    assert (await bank.recall("t1", URL)).status == 202


async def test_what_no_bank_can_ask_for(bank: BankClient) -> None:
    answer = await bank.recall("unheard-of", URL)
    assert (answer.status, answer.content["state"]) == (202, "refused")
    assert answer.content["reason"] == "unknown_transaction"
    await bank.record("t1", amount={"amount_minor": "100", "currency": "EUR"})
    answer = await bank.recall("t1", URL, "d2:recall:1")
    assert (answer.content["state"], answer.content["reason"]) == ("refused", "currency_mismatch")
    assert (await bank.get("/v1/recalls/none")).status == 404


async def test_news_twice_and_no_news(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1", {"recall": {"callback": False}})
    await bank.record("t2", {"recall": {"answer": "refuse", "answer_twice": True}})
    await bank.recall("t1", receiver.url)
    await bank.recall("t2", receiver.url, "d2:recall:1")
    told = [await receiver.next() for _ in range(3)]
    assert {one.content["data"]["transaction_id"] for one in told} == {"t2"}
    assert len({one.id for one in told}) == 2
    assert receiver.received.empty()


async def test_a_refund_beside_a_recall_is_seen_by_the_audit(bank: BankClient) -> None:
    await bank.record("t1", {"recall": {"return_after_s": 3600}}, kind="transfer")
    await bank.recall("t1", URL)
    while "recall_agreed" not in await bank.kinds("t1"):
        pass
    await bank.refund("t1", URL, amount_minor="1")
    audit = await bank.audit()
    assert audit["paid_twice"] == audit["above_captured"] == ["t1"]
