"""Merchants: only authentic requests, answered as told, remembered."""

from pathlib import Path

import pytest

from tests.unit.sandbox.asking import ask
from tests.unit.sandbox.world import (
    ANY_SECRET,
    SHOP_SECRET,
    Client,
    Receiver,
    merchants_open,
)


async def test_accepts_at_once_by_default(merchants: Client, receiver: Receiver) -> None:
    assert (await ask(merchants, receiver.url)).status == 202
    content = (await receiver.next()).verified(SHOP_SECRET)
    assert content["type"] == "consent.accepted"
    assert content["data"] == {
        "request_id": "q1",
        "transaction_id": "t1",
        "reason_code": None,
        "reason_text": None,
    }


async def test_refuses_with_a_reason_signed_by_the_common_secret(
    merchants: Client, receiver: Receiver
) -> None:
    refusal = {"answer": "refuse", "reason_code": "shipped", "reason_text": "已发货"}
    await merchants.post("/sandbox/behaviours", {"transaction_id": "t1"} | refusal)
    await ask(merchants, receiver.url, secret=ANY_SECRET, merchant_id="other-shop")
    content = (await receiver.next()).verified(ANY_SECRET)
    assert content["type"] == "consent.refused"
    assert content["data"]["reason_code"] == "shipped"
    assert content["data"]["reason_text"] == "已发货"


async def test_the_same_request_again_is_not_asked_twice(
    merchants: Client, receiver: Receiver
) -> None:
    for _ in range(2):
        assert (await ask(merchants, receiver.url)).status == 202
    await ask(merchants, receiver.url, "q2")
    answered = [(await receiver.next()).content["data"]["request_id"] for _ in range(2)]
    assert answered == ["q1", "q2"]
    assert receiver.received.empty()


async def test_silent_until_told_to_answer(merchants: Client, receiver: Receiver) -> None:
    await merchants.post("/sandbox/behaviours", {"transaction_id": "t1", "answer": "silent"})
    assert (await ask(merchants, receiver.url)).status == 202
    (request,) = (await merchants.get("/sandbox/requests", transaction_id="t1")).content["requests"]
    assert (request["request_id"], request["answer"]) == ("q1", None)
    assert receiver.received.empty()
    await merchants.post("/sandbox/behaviours", {"transaction_id": "t1", "answer": "refuse"})
    assert (await receiver.next()).content["data"]["reason_code"] == "other"


async def test_answers_twice_under_two_ids(merchants: Client, receiver: Receiver) -> None:
    await merchants.post("/sandbox/behaviours", {"transaction_id": "t1", "times": 2})
    await ask(merchants, receiver.url)
    first, second = await receiver.next(), await receiver.next()
    assert first.id != second.id
    assert first.body == second.body


async def test_unreachable_as_often_as_told(merchants: Client, receiver: Receiver) -> None:
    behaviours = [
        {"transaction_id": "t1", "unreachable": 2},
        {"transaction_id": "t2", "unreachable": True},
    ]
    await merchants.post("/sandbox/behaviours", {"behaviours": behaviours})
    assert [(await ask(merchants, receiver.url)).status for _ in range(3)] == [500, 500, 202]
    assert (await ask(merchants, receiver.url, "q2", transaction_id="t2")).status == 500
    assert len((await merchants.get("/sandbox/requests")).content["requests"]) == 1


async def test_the_wrong_secret_or_none_is_401(merchants: Client, receiver: Receiver) -> None:
    wrong = await ask(merchants, receiver.url, secret=ANY_SECRET)
    assert wrong.status == 401
    assert "secret" in wrong.content["error"]
    assert (await merchants.get("/sandbox/requests")).content == {"requests": []}


@pytest.mark.parametrize(
    ("behaviour", "field"),
    [
        ({"answer": "perhaps"}, "answer"),
        ({"times": 99}, "times"),
        ({"reason_code": "mood"}, "reason_code"),
    ],
)
async def test_bad_behaviours_name_the_field(
    merchants: Client, behaviour: dict[str, object], field: str
) -> None:
    order = {"transaction_id": "t1"} | behaviour
    answer = await merchants.post("/sandbox/behaviours", order)
    assert answer.status == 400
    assert field in answer.content["error"]


async def test_a_pending_answer_survives_the_restart(tmp_path: Path, receiver: Receiver) -> None:
    async with merchants_open(tmp_path) as merchants:
        await merchants.post("/sandbox/behaviours", {"transaction_id": "t1", "after_s": 0.3})
        await ask(merchants, receiver.url)
        assert receiver.received.empty()
    async with merchants_open(tmp_path) as merchants:
        assert (await receiver.next()).content["type"] == "consent.accepted"
        assert (await ask(merchants, receiver.url)).status == 202
        (request,) = (await merchants.get("/sandbox/requests")).content["requests"]
        assert request["answer"] == "accept"
        assert "402188530174" in (await merchants.get("/")).body.decode()
