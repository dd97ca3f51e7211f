"""The wallet's own ledger: credits and their end, corrections and compensation."""

from typing import Any

import aiohttp
import pytest

from tests.unit.sandbox.world import BankClient, Receiver

URL = "http://127.0.0.1:9/callbacks"


async def balances(bank: BankClient) -> dict[str, int]:
    """By account, summed from every posting."""
    sums: dict[str, int] = {}
    for journal in (await bank.get("/sandbox/ledger")).content["journals"]:
        for posting in journal["postings"]:
            minor = int(posting["amount_minor"])
            sums[posting["account"]] = sums.get(posting["account"], 0) + minor
    return sums


async def clean(bank: BankClient) -> bool:
    audit: dict[str, Any] = await bank.audit()
    lists = (audit["paid_twice"], audit["above_captured"], audit["over_settled"])
    return not any(lists) and bool(audit["balanced"])


async def test_a_credit_is_posted_at_once_and_is_no_refund(bank: BankClient) -> None:
    await bank.record("t1")
    answer = await bank.post_money("provisional_credit")
    assert answer.status == 200
    assert answer.content == {
        "reference": "d1:provisional_credit:1",
        "kind": "provisional_credit",
        "state": "posted",
        "reason": None,
        "amount": {"amount_minor": "12800", "currency": "CNY"},
    }
    assert (await bank.get("/v1/postings/d1:provisional_credit:1")).content == answer.content
    assert (await bank.get("/v1/transactions/t1")).content["refunded"]["amount_minor"] == "0"
    audit = await bank.audit()
    assert audit["settled_minor"] == audit["credited_minor"] == {"CNY": "12800"}
    assert await clean(bank)


async def test_a_refund_beside_a_standing_credit_settles_it(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1")
    await bank.post_money("provisional_credit")
    await bank.refund("t1", receiver.url)
    assert await clean(bank)
    await receiver.next()
    found = await balances(bank)
    assert (found["customer:li"], found["wallet:advances"], found["merchant:shop"]) == (0, 0, 0)
    assert (await bank.kinds("t1"))[-1] == "credit_settled"
    assert await clean(bank)


async def test_a_refund_that_settles_the_credit_pays_the_wallet(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1")
    await bank.post_money("provisional_credit")
    await bank.refund("t1", receiver.url, settles_advance_minor="12800")
    assert await clean(bank)
    await receiver.next()
    found = await balances(bank)
    assert (found["customer:li"], found["wallet:advances"]) == (0, 0)
    assert found["merchant:shop"] == found["clearing:to-advances"] == 0
    assert (await bank.get("/v1/transactions/t1")).content["refunded"]["amount_minor"] == "12800"
    assert await clean(bank)


async def test_a_refund_may_settle_a_part(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1")
    await bank.post_money("provisional_credit", amount_minor="5000")
    await bank.refund("t1", receiver.url, settles_advance_minor="5000")
    await receiver.next()
    found = await balances(bank)
    assert (found["customer:li"], found["wallet:advances"]) == (0, 0)
    assert await clean(bank)


async def test_what_bounces_settles_nothing(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1", {"refund": {"bounce": "card_closed"}})
    await bank.post_money("provisional_credit", amount_minor="5000")
    await bank.refund("t1", receiver.url, settles_advance_minor="5000")
    await receiver.next()
    found = await balances(bank)
    assert (found["wallet:advances"], found["merchant:shop"]) == (-5000, 12800)
    assert await clean(bank)


async def test_settling_what_was_never_advanced_is_seen(bank: BankClient) -> None:
    await bank.record("t1")
    await bank.refund("t1", URL, settles_advance_minor="100")
    audit = await bank.audit()
    assert audit["over_settled"] == ["t1"]
    assert audit["above_captured"] == []


async def test_two_refunds_that_both_settle_take_too_much_from_the_payer(bank: BankClient) -> None:
    await bank.record("t1", {"refund": {"expire_keys_s": 0}})
    await bank.post_money("provisional_credit")
    for _ in range(2):
        await bank.refund("t1", URL, settles_advance_minor="12800")
    audit = await bank.audit()
    assert audit["paid_twice"] == audit["above_captured"] == audit["over_settled"] == ["t1"]


async def test_a_reversal_takes_credits_back_and_no_more(bank: BankClient) -> None:
    await bank.record("t1")
    for n, amount_minor in ((1, "5000"), (2, "3000")):
        reference = f"d{n}:provisional_credit:1"
        await bank.post_money("provisional_credit", "t1", reference, amount_minor)
    over = await bank.post_money("credit_reversal", "t1", "d1:credit_reversal:1", "8001")
    assert (over.status, over.content["state"]) == (200, "refused")
    assert over.content["reason"] == "above_credit"
    await bank.post_money("credit_reversal", "t1", "d1:credit_reversal:2", "8000")
    assert await bank.kinds("t1") == ["captured", *["credit_given"] * 2, *["credit_reversed"] * 2]
    assert (await balances(bank))["customer:li"] == -12800
    await bank.refund("t1", URL)
    audit = await bank.audit()
    assert audit["credited_minor"] == {"CNY": "0"}
    assert await clean(bank)


async def test_correction_and_compensation_stand_apart(bank: BankClient) -> None:
    await bank.record("t1")
    await bank.refund("t1", URL)
    await bank.post_money("compensation", amount_minor="500")
    await bank.post_money("correction", None, amount_minor="700")
    audit = await bank.audit()
    assert audit["compensated_minor"] == {"CNY": "500"}
    assert audit["corrected_minor"] == {"CNY": "700"}
    assert await clean(bank)
    journals = (await bank.get("/sandbox/ledger")).content["journals"]
    assert [one["transaction_id"] for one in journals if one["kind"] == "corrected"] == [None]


async def test_a_credit_without_a_transaction_can_be_reversed(bank: BankClient) -> None:
    await bank.post_money("provisional_credit", None)
    assert (await bank.post_money("credit_reversal", None)).content["state"] == "posted"
    assert (await balances(bank))["customer:li"] == 0


async def test_what_no_ledger_takes(bank: BankClient) -> None:
    await bank.record("t1")
    unknown = await bank.post_money("compensation", "unheard-of")
    assert unknown.content["reason"] == "unknown_transaction"
    foreign = await bank.post_money("correction", "t1", currency="EUR")
    assert foreign.content["reason"] == "currency_mismatch"
    assert (await bank.get("/v1/postings/none")).status == 404


async def test_the_same_key_posts_once(bank: BankClient) -> None:
    await bank.record("t1")
    answers = [await bank.post_money("compensation") for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert (await bank.post_money("compensation", amount_minor="1")).status == 409
    assert (await bank.kinds("t1")).count("compensated") == 1


async def test_a_customer_whose_account_takes_nothing(bank: BankClient) -> None:
    await bank.record("t1")
    behaviour = {"customer_id": "li", "postings": {"refuse": "account_closed"}}
    assert (await bank.post("/sandbox/customers", behaviour)).status == 201
    answer = await bank.post_money("provisional_credit")
    assert (answer.content["state"], answer.content["reason"]) == ("refused", "account_closed")
    assert await bank.kinds("t1") == ["captured"]


async def test_a_posting_may_be_lost_before_and_after_the_commit(bank: BankClient) -> None:
    await bank.record("t1")
    faults = {"fail_times": 1, "error_after_commit": 1, "drop_answer": 1}
    await bank.post("/sandbox/customers", {"customer_id": "li", "postings": faults})
    assert (await bank.post_money("compensation")).status == 500
    assert (await bank.get("/v1/postings/d1:compensation:1")).status == 404
    assert (await bank.post_money("compensation")).status == 500
    assert (await bank.get("/v1/postings/d1:compensation:1")).status == 200
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await bank.post_money("compensation")
    assert (await bank.post_money("compensation")).status == 200
    assert (await bank.kinds("t1")).count("compensated") == 1
