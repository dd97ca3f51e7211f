"""Refunds: executed once per key, observable by reference, honest about what happened."""

import asyncio
import re

import aiohttp
import pytest

from shared import clock
from tests.unit.sandbox.world import BANK_SECRET, BankClient, Receiver

URL = "http://127.0.0.1:9/callbacks"  # nobody listens: the callback is not looked at


async def test_accepted_in_flight_then_credited_by_a_signed_callback(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1")
    answer = await bank.refund("t1", receiver.url)
    assert answer.status == 202
    assert answer.content["state"] == "in_flight"
    assert answer.content["amount"] == {"amount_minor": "12800", "currency": "CNY"}
    assert answer.content["credited_at"] is None
    content = (await receiver.next()).verified(BANK_SECRET)
    assert content["type"] == "refund.updated"
    assert content["data"]["state"] == "credited"
    assert content["data"] == (await bank.get("/v1/refunds/d1:refund:1")).content
    found = (await bank.get("/v1/transactions/t1")).content
    assert found["captured"] == found["refunded"] == {"amount_minor": "12800", "currency": "CNY"}


async def test_in_flight_until_its_time(bank: BankClient) -> None:
    await bank.record("t1", {"refund": {"credit_after_s": 3600, "expected_in_s": 7200}})
    answer = await bank.refund("t1", URL)
    assert (await bank.get("/v1/refunds/d1:refund:1")).body == answer.body
    audit = await bank.audit()
    assert audit["refunds_in_flight"] == 1
    assert audit["refunds_settled"] == 0
    assert audit["in_flight_minor"] == {"CNY": "12800"}
    assert (await bank.get("/v1/transactions/t1")).content["refunded"]["amount_minor"] == "12800"


async def test_same_key_and_body_gets_the_stored_answer(bank: BankClient) -> None:
    await bank.record("t1")
    answers = [await bank.refund("t1", URL) for _ in range(3)]
    assert {answer.body for answer in answers} == {answers[0].body}
    assert len((await bank.get("/sandbox/refunds", transaction_id="t1")).content["refunds"]) == 1


async def test_same_key_with_another_body_is_a_conflict(bank: BankClient) -> None:
    await bank.record("t1")
    await bank.refund("t1", URL)
    answer = await bank.refund("t1", URL, amount_minor="100")
    assert answer.status == 409
    assert "Idempotency-Key" in answer.content["error"]


async def test_a_concurrent_duplicate_waits_for_the_first(bank: BankClient) -> None:
    await bank.record("t1", {"refund": {"delay_s": 0.2}})
    answers = await asyncio.gather(*(bank.refund("t1", URL) for _ in range(8)))
    other = await bank.refund("t1", URL, amount_minor="1")
    assert {(answer.status, answer.body) for answer in answers} == {(202, answers[0].body)}
    assert other.status == 409
    assert (await bank.kinds("t1")).count("refund_sent") == 1


async def test_a_concurrent_request_with_another_body_is_refused_at_once(bank: BankClient) -> None:
    await bank.record("t1", {"refund": {"delay_s": 0.3}})
    first = asyncio.create_task(bank.refund("t1", URL))
    await clock.sleep(0.1)  # nothing tells when the first has begun
    assert (await bank.refund("t1", URL, amount_minor="1")).status == 409
    assert (await first).status == 202


async def test_connection_cut_after_the_commit(bank: BankClient) -> None:
    await bank.record("t1", {"refund": {"drop_answer": 1}})
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await bank.refund("t1", URL)
    found = await bank.get("/v1/refunds/d1:refund:1")
    assert found.status == 200
    assert (await bank.refund("t1", URL)).status == 202
    assert (await bank.kinds("t1")).count("refund_sent") == 1


async def test_every_answer_cut_when_true(bank: BankClient) -> None:
    await bank.record("t1", {"refund": {"drop_answer": True}})
    for _ in range(2):
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await bank.refund("t1", URL)
    assert (await bank.kinds("t1")).count("refund_sent") == 1


async def test_500_after_the_commit(bank: BankClient) -> None:
    await bank.record("t1", {"refund": {"error_after_commit": 2}})
    statuses = [(await bank.refund("t1", URL)).status for _ in range(3)]
    assert statuses == [500, 500, 202]
    assert (await bank.kinds("t1")).count("refund_sent") == 1


async def test_500_before_the_commit(bank: BankClient) -> None:
    await bank.record("t1", {"refund": {"fail_times": 1}})
    assert (await bank.refund("t1", URL)).status == 500
    assert (await bank.get("/v1/refunds/d1:refund:1")).status == 404
    assert (await bank.refund("t1", URL)).status == 202


async def test_refused_for_good(bank: BankClient) -> None:
    await bank.record("t1", {"refund": {"refuse": "account_frozen"}})
    answer = await bank.refund("t1", URL)
    assert answer.status == 422
    assert answer.content["state"] == "failed"
    assert answer.content["reason"] == "account_frozen"
    assert (await bank.refund("t1", URL)).body == answer.body
    assert await bank.kinds("t1") == ["captured"]
    assert (await bank.get("/sandbox/refunds", transaction_id="t1")).content == {"refunds": []}


@pytest.mark.parametrize(
    ("transaction_id", "currency", "reason"),
    [("unheard-of", "CNY", "unknown_transaction"), ("t1", "EUR", "currency_mismatch")],
)
async def test_what_no_bank_can_execute(
    bank: BankClient, transaction_id: str, currency: str, reason: str
) -> None:
    await bank.record("t1")
    answer = await bank.refund(transaction_id, URL, currency=currency)
    assert (answer.status, answer.content["reason"]) == (422, reason)


async def test_bounced_money_goes_back_to_the_payer(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1", {"refund": {"bounce": "card_closed"}})
    await bank.refund("t1", receiver.url)
    data = (await receiver.next()).content["data"]
    assert (data["state"], data["reason"]) == ("bounced", "card_closed")
    assert data["credited_at"] is None
    assert await bank.kinds("t1") == ["captured", "refund_sent", "refund_bounced"]
    audit = await bank.audit()
    assert audit["in_flight_minor"] == audit["settled_minor"] == {"CNY": "0"}
    assert audit["refunds_bounced"] == 1


async def test_a_new_key_after_a_bounce_pays_once(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1", {"refund": {"bounce": "card_closed"}})
    await bank.refund("t1", receiver.url)
    await receiver.next()
    await bank.record("t1")
    await bank.refund("t1", receiver.url, reference="d1:refund:2")
    assert (await receiver.next()).content["data"]["state"] == "credited"
    audit = await bank.audit()
    assert audit["paid_twice"] == audit["above_captured"] == []


async def test_a_payer_without_funds_moves_no_money(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1", {"refund": {"unfunded": True}})
    answer = await bank.refund("t1", receiver.url)
    assert (answer.status, answer.content["state"]) == (202, "unfunded")
    assert answer.content["reason"] == "payer_short"
    assert (await receiver.next()).content["data"] == answer.content
    assert await bank.kinds("t1") == ["captured"]


async def test_answer_twice_repeats_the_id_and_sends_another(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1", {"refund": {"answer_twice": True}})
    await bank.refund("t1", receiver.url)
    ids = [(await receiver.next()).id for _ in range(3)]
    assert sorted(ids.count(one) for one in set(ids)) == [1, 2]


async def test_late_answer_and_late_callback(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1", {"refund": {"answer_late_s": 0.3}})
    answer = asyncio.create_task(bank.refund("t1", receiver.url))
    while (await bank.get("/v1/refunds/d1:refund:1")).status == 404:
        pass
    assert not answer.done()
    assert receiver.received.empty()
    assert (await answer).status == 202
    assert (await receiver.next()).content["data"]["state"] == "credited"


async def test_no_callback_when_told_so(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1", {"refund": {"callback": False}})
    await bank.record("t2")
    await bank.refund("t1", receiver.url)
    await bank.refund("t2", receiver.url, reference="d2:refund:1")
    assert (await receiver.next()).content["data"]["transaction_id"] == "t2"
    assert receiver.received.empty()


async def test_an_expired_key_pays_again_and_the_audit_sees_it(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1", {"refund": {"expire_keys_s": 0}})
    for _ in range(2):
        await bank.refund("t1", receiver.url)
        await receiver.next()
    audit = await bank.audit()
    assert audit["paid_twice"] == audit["above_captured"] == ["t1"]
    assert audit["balanced"] is True
    assert len((await bank.get("/sandbox/refunds", transaction_id="t1")).content["refunds"]) == 2


async def test_the_same_partial_refund_twice_is_paid_twice_though_below_captured(
    bank: BankClient,
) -> None:
    await bank.record("t1", {"refund": {"expire_keys_s": 0}})
    for _ in range(2):
        await bank.refund("t1", URL, amount_minor="100")
    audit = await bank.audit()
    assert audit["paid_twice"] == ["t1"]
    assert audit["above_captured"] == []


async def test_two_partial_refunds_within_captured_are_fine(bank: BankClient) -> None:
    await bank.record("t1")
    for n in (1, 2):
        await bank.refund("t1", URL, reference=f"d1:refund:{n}", amount_minor="6400")
    audit = await bank.audit()
    assert audit["paid_twice"] == audit["above_captured"] == []


async def test_above_captured_is_paid_unless_strict(bank: BankClient) -> None:
    await bank.record("t1")
    await bank.record("t2", {"strict": True})
    assert (await bank.refund("t1", URL, amount_minor="12801")).status == 202
    answer = await bank.refund("t2", URL, reference="d2:refund:1", amount_minor="12801")
    assert (answer.status, answer.content["reason"]) == (422, "above_captured")
    audit = await bank.audit()
    assert audit["above_captured"] == ["t1"]
    assert audit["paid_twice"] == []


async def test_money_goes_to_who_paid(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1", payer_id="wang")
    await bank.refund("t1", receiver.url)
    await receiver.next()
    journals = (await bank.get("/sandbox/ledger", transaction_id="t1")).content["journals"]
    accounts = [[posting["account"] for posting in journal["postings"]] for journal in journals]
    assert accounts == [
        ["customer:wang", "merchant:shop"],
        ["merchant:shop", "clearing:in-flight"],
        ["clearing:in-flight", "customer:wang"],
    ]


@pytest.mark.parametrize(
    ("payer", "account"),
    [
        ("merchant", "merchant:shop"),
        ("bank", "bank:losses"),
        ("wallet_advance", "wallet:advances"),
        ("insurer", "insurer:claims"),
    ],
)
async def test_the_named_payer_pays(bank: BankClient, payer: str, account: str) -> None:
    await bank.record("t1")
    await bank.refund("t1", URL, payer=payer)
    journals = (await bank.get("/sandbox/ledger", transaction_id="t1")).content["journals"]
    assert journals[1]["postings"][0] == {"account": account, "amount_minor": "-12800"}


async def test_page_escapes_and_shows_the_refund(bank: BankClient) -> None:
    await bank.record("t1")
    await bank.refund("t1", URL)
    text = (await bank.get("/")).body.decode()
    assert re.search(r"<td>d1:refund:1", text)
    assert "merchant:shop" in text
