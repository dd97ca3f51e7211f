"""Chargebacks: filed, represented, taken further, won or lost, and opened from outside."""

from datetime import datetime

import aiohttp
import pytest

from shared import clock
from tests.unit.sandbox.world import BANK_SECRET, BankClient, Receiver

URL = "http://127.0.0.1:9/callbacks"
ALL = {"amount_minor": "12800", "currency": "CNY"}
REPRESENTED = {"filed": {"outcome": "represented", "reason": "goods_delivered"}}


async def opened(bank: BankClient, transaction_id: str = "t1", **more: object) -> int:
    order = {"transaction_id": transaction_id, "amount": ALL} | more
    return (await bank.post("/sandbox/chargebacks", order)).status


async def state(bank: BankClient) -> str:
    found: str = (await bank.get("/v1/chargebacks/d1:chargeback:1")).content["state"]
    return found


async def test_nobody_represents_and_the_issuer_wins(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1", {"funding": "card"})
    answer = await bank.charge_back("t1", receiver.url)
    assert (answer.status, answer.content["state"]) == (202, "filed")
    assert answer.content["answer_by"] is not None
    content = (await receiver.next()).verified(BANK_SECRET)
    assert (content["type"], content["data"]["state"]) == ("chargeback.updated", "won")
    assert content["data"] == (await bank.get("/v1/chargebacks/d1:chargeback:1")).content
    assert content["data"]["answer_by"] is None
    assert await bank.kinds("t1") == ["captured", "chargeback_won"]
    found = (await bank.get("/v1/transactions/t1")).content
    assert found["refunded"] == ALL
    expected = {"reference": "d1:chargeback:1", "state": "won", "amount": ALL}
    assert found["chargeback"] == expected


async def test_represented_then_pre_arbitration_then_arbitration(
    bank: BankClient, receiver: Receiver
) -> None:
    behaviour = REPRESENTED | {
        "pre_arbitration": {"outcome": "open"},
        "arbitration": {"outcome": "lost", "after_s": 0.1, "reason": "no_error_found"},
    }
    await bank.record("t1", {"funding": "card", "chargeback": behaviour})
    await bank.charge_back("t1", receiver.url)
    data = (await receiver.next()).content["data"]
    assert (data["state"], data["reason"]) == ("represented", "goods_delivered")
    first = await bank.step("pre_arbitration")
    assert (first.status, first.content["state"]) == (202, "pre_arbitration")
    assert (await bank.step("arbitration")).content["state"] == "arbitration"
    assert (await bank.step("pre_arbitration")).body == first.body
    data = (await receiver.next()).content["data"]
    assert (data["state"], data["reason"]) == ("lost", "no_error_found")
    assert await bank.kinds("t1") == ["captured"]


async def test_a_part_may_be_won_at_pre_arbitration(bank: BankClient, receiver: Receiver) -> None:
    behaviour = REPRESENTED | {"pre_arbitration": {"outcome": "won", "amount_minor": "6400"}}
    await bank.record("t1", {"chargeback": behaviour})
    await bank.charge_back("t1", receiver.url)
    await receiver.next()
    await bank.step("pre_arbitration")
    data = (await receiver.next()).content["data"]
    assert (data["state"], data["amount"]["amount_minor"]) == ("won", "6400")
    assert (await bank.audit())["settled_minor"] == {"CNY": "6400"}


async def test_a_representment_that_is_let_lapse_is_lost(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1", {"chargeback": REPRESENTED | {"answer_in_s": 0.05}})
    await bank.charge_back("t1", receiver.url)
    told = [(await receiver.next()).content["data"] for _ in range(2)]
    assert [one["state"] for one in told] == ["represented", "lost"]
    assert told[1]["reason"] == "no_answer"


async def test_withdrawn_ends_before_it_is_won(bank: BankClient) -> None:
    await bank.record("t1", {"chargeback": {"filed": {"after_s": 0.2}}})
    await bank.charge_back("t1", URL)
    assert (await bank.step("withdraw")).content["state"] == "withdrawn"
    await clock.sleep(0.3)  # nothing tells that nothing happened
    assert await state(bank) == "withdrawn"
    assert await bank.kinds("t1") == ["captured"]
    assert (await bank.get("/v1/transactions/t1")).content["chargeback"]["state"] == "withdrawn"


async def test_a_step_too_early_is_not_remembered(bank: BankClient, receiver: Receiver) -> None:
    late = {"filed": {"outcome": "represented", "after_s": 0.2}, "pre_arbitration": {"after_s": 9}}
    await bank.record("t1", {"chargeback": late})
    await bank.charge_back("t1", receiver.url)
    answer = await bank.step("pre_arbitration")
    assert answer.status == 409
    assert "step" in answer.content["error"]
    await receiver.next()
    assert (await bank.step("pre_arbitration")).content["state"] == "pre_arbitration"


async def test_a_step_on_what_has_ended_answers_how_it_ended(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1")
    await bank.charge_back("t1", receiver.url)
    await receiver.next()
    answer = await bank.step("withdraw")
    assert (answer.status, answer.content["state"]) == (202, "won")


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"funding": "balance"}, "not_a_card"),
        ({"funding": "card", "chargeback": {"until_in_s": 0}}, "window_closed"),
        ({"chargeback": {"refuse": "invalid_reason"}}, "invalid_reason"),
        ({"strict": True, "state": "declined"}, "above_captured"),
    ],
)
async def test_refused_at_once(bank: BankClient, behaviour: dict[str, object], reason: str) -> None:
    await bank.record("t1", behaviour, state=behaviour.get("state", "captured"))
    answer = await bank.charge_back("t1", URL)
    assert (answer.status, answer.content["state"]) == (202, "refused")
    assert answer.content["reason"] == reason
    assert "chargeback" not in (await bank.get("/v1/transactions/t1")).content


async def test_unknown_and_foreign_money_are_refused(bank: BankClient) -> None:
    answer = await bank.charge_back("unheard-of", URL)
    assert answer.content["reason"] == "unknown_transaction"
    assert (await bank.step("withdraw")).content["state"] == "refused"
    await bank.record("t1", amount={"amount_minor": "1", "currency": "EUR"})
    answer = await bank.charge_back("t1", URL, "d2:chargeback:1")
    assert answer.content["reason"] == "currency_mismatch"
    assert (await bank.get("/v1/chargebacks/none")).status == 404
    assert (await bank.step("withdraw", "none")).status == 404
    assert await opened(bank, "unheard-of") == 404
    assert await opened(bank) == 409


async def test_the_window_is_told_for_cards_only(bank: BankClient) -> None:
    await bank.record("t1", {"funding": "card", "chargeback": {"until_in_s": 3600}})
    await bank.record("t2", {"funding": "account"})
    card = (await bank.get("/v1/transactions/t1")).content
    account = (await bank.get("/v1/transactions/t2")).content
    left_s = (datetime.fromisoformat(card["chargeback_until"]) - clock.utcnow()).total_seconds()
    assert 3500 < left_s <= 3600
    assert (card["funding"], account["funding"]) == ("card", "account")
    assert "chargeback_until" not in account


async def test_one_opened_outside_is_told_where_was_asked_last(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1", {"refund": {"callback": False, "refuse": "account_frozen"}})
    await bank.refund("t1", f"{receiver.url}?task=7")
    win = {"filed": {"after_s": 0.05}}
    assert await opened(bank, reason="fraud", chargeback=win) == 201
    told = [(await receiver.next()).verified(BANK_SECRET) for _ in range(2)]
    assert [one["type"] for one in told] == ["chargeback.updated"] * 2
    assert [one["data"]["state"] for one in told] == ["filed", "won"]
    assert {one["data"]["reference"] for one in told} == {None}
    assert told[0]["data"]["transaction_id"] == "t1"
    found = (await bank.get("/v1/transactions/t1")).content["chargeback"]
    assert (found["reference"], found["state"]) == (None, "won")


async def test_one_opened_outside_where_nobody_asked_is_only_seen(bank: BankClient) -> None:
    await bank.record("t1", {"chargeback": {"filed": {"outcome": "open"}}})
    assert await opened(bank) == 201
    found = (await bank.get("/v1/transactions/t1")).content
    assert found["chargeback"] == {"reference": None, "state": "filed", "amount": ALL}


async def test_won_beside_a_refund_is_seen_by_the_audit(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1")
    await bank.record("t2", {"strict": True})
    for n, transaction_id in ((1, "t1"), (2, "t2")):
        await bank.refund(transaction_id, receiver.url, f"d{n}:refund:1")
        await receiver.next()
    await bank.charge_back("t1", receiver.url)
    await receiver.next()
    answer = await bank.charge_back("t2", URL, "d2:chargeback:1")
    assert answer.content["reason"] == "above_captured"
    audit = await bank.audit()
    assert audit["paid_twice"] == audit["above_captured"] == ["t1"]


async def test_a_second_one_is_refused_when_strict(bank: BankClient) -> None:
    await bank.record("t1", {"strict": True, "chargeback": {"filed": {"outcome": "open"}}})
    await bank.charge_back("t1", URL)
    answer = await bank.charge_back("t1", URL, "d2:chargeback:1")
    assert answer.content["reason"] == "chargeback_exists"


async def test_the_same_key_files_once(bank: BankClient) -> None:
    waiting = {"filed": {"outcome": "open"}, "drop_answer": 1}
    await bank.record("t1", {"chargeback": waiting})
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await bank.charge_back("t1", URL)
    assert (await bank.charge_back("t1", URL)).content["state"] == "filed"
    assert (await bank.charge_back("t1", URL, amount_minor="1")).status == 409
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await bank.step("withdraw")
    assert (await bank.step("withdraw")).content["state"] == "withdrawn"
