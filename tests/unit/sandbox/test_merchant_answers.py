"""Merchants who offer less, want the goods back, answer late, contest returns, show evidence."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.sandbox.asking import announce, ask, ask_evidence, remind
from tests.unit.sandbox.world import (
    ANY_SECRET,
    SHOP_SECRET,
    Answer,
    Client,
    Receiver,
    merchants_open,
)


async def behave(merchants: Client, **behaviour: object) -> Answer:
    return await merchants.post("/sandbox/behaviours", {"transaction_id": "t1"} | behaviour)


async def seen(merchants: Client, what: str) -> list[dict[str, Any]]:
    answer = await merchants.get(f"/sandbox/{what}", transaction_id="t1")
    rows: list[dict[str, Any]] = answer.content[what]
    return rows


@pytest.mark.parametrize(
    ("behaviour", "type_", "data"),
    [
        (
            {"answer": "offer", "offer_minor": "6400", "reason_code": "used", "reason_text": "旧"},
            "consent.offered",
            {
                "amount": {"amount_minor": "6400", "currency": "CNY"},
                "reason_code": "used",
                "reason_text": "旧",
            },
        ),
        (
            {"answer": "offer", "offer_minor": "1"},
            "consent.offered",
            {
                "amount": {"amount_minor": "1", "currency": "CNY"},
                "reason_code": None,
                "reason_text": None,
            },
        ),
        (
            {"answer": "want_return", "reason_text": "unopened, please"},
            "consent.return_wanted",
            {"reason_text": "unopened, please"},
        ),
        (
            {"answer": "fulfilled", "proof": "signed for by Li"},
            "consent.fulfilled",
            {"proof": "signed for by Li"},
        ),
        ({"answer": "fulfilled"}, "consent.fulfilled", {"proof": None}),
    ],
)
async def test_answers_beside_yes_and_no(
    merchants: Client,
    receiver: Receiver,
    behaviour: dict[str, object],
    type_: str,
    data: dict[str, object],
) -> None:
    assert (await behave(merchants, **behaviour)).status == 201
    await ask(merchants, receiver.url)
    content = (await receiver.next()).verified(SHOP_SECRET)
    assert content["type"] == type_
    assert content["data"] == {"request_id": "q1", "transaction_id": "t1"} | data
    (request,) = await seen(merchants, "requests")
    assert request["answer"] == behaviour["answer"]


async def test_a_reminder_is_counted_and_changes_nothing(
    merchants: Client, receiver: Receiver
) -> None:
    await ask(merchants, receiver.url)
    await receiver.next()
    for _ in range(2):
        assert (await remind(merchants, receiver.url)).status == 202
    (request,) = await seen(merchants, "requests")
    assert (request["reminders"], request["answer"]) == (2, "accept")
    assert "reminder" not in request
    assert receiver.received.empty()


async def test_the_same_request_again_is_no_reminder(merchants: Client, receiver: Receiver) -> None:
    await behave(merchants, answer="silent")
    for _ in range(2):
        await ask(merchants, receiver.url)
    (request,) = await seen(merchants, "requests")
    assert request["reminders"] == 0


@pytest.mark.parametrize(
    ("answer", "type_"), [("silent", "consent.accepted"), ("refuse", "consent.refused")]
)
async def test_answers_only_at_the_reminder(
    merchants: Client, receiver: Receiver, answer: str, type_: str
) -> None:
    await behave(merchants, answer=answer, answer_on_reminder=True)
    for _ in range(2):
        await ask(merchants, receiver.url)
    assert receiver.received.empty()
    assert (await seen(merchants, "requests"))[0]["answer"] is None
    for _ in range(2):
        await remind(merchants, receiver.url)
    assert (await receiver.next()).content["type"] == type_
    assert receiver.received.empty()
    assert [request["reminders"] for request in await seen(merchants, "requests")] == [2]


async def test_silent_also_at_the_reminder(merchants: Client, receiver: Receiver) -> None:
    await behave(merchants, answer="silent")
    await ask(merchants, receiver.url)
    await remind(merchants, receiver.url)
    assert receiver.received.empty()
    await behave(merchants, answer="refuse", answer_on_reminder=True)
    assert (await receiver.next()).content["type"] == "consent.refused"


async def test_a_reminder_of_a_request_that_was_lost_is_that_request(
    merchants: Client, receiver: Receiver
) -> None:
    await behave(merchants, unreachable=1, answer_on_reminder=True)
    assert (await ask(merchants, receiver.url)).status == 500
    assert (await remind(merchants, receiver.url)).status == 202
    assert (await receiver.next()).content["data"]["request_id"] == "q1"
    assert [request["reminders"] for request in await seen(merchants, "requests")] == [1]


async def test_returned_goods_are_received_by_default(
    merchants: Client, receiver: Receiver
) -> None:
    for _ in range(2):
        answer = await announce(merchants, receiver.url)
        assert (answer.status, answer.content) == (202, {"request_id": "q1:return:1"})
    content = (await receiver.next()).verified(SHOP_SECRET)
    assert content["type"] == "return.received"
    assert content["data"] == {"request_id": "q1:return:1", "transaction_id": "t1"}
    assert receiver.received.empty()
    (row,) = await seen(merchants, "returns")
    assert (row["tracking"], row["answer"]) == ("SF1234567890", "receive")
    assert await seen(merchants, "requests") == []


@pytest.mark.parametrize(("given", "code"), [({}, "other"), ({"reason_code": "used"}, "used")])
async def test_a_return_is_contested(
    merchants: Client, receiver: Receiver, given: dict[str, str], code: str
) -> None:
    await behave(merchants, on_return="contest", reason_text="空盒", **given)
    await announce(merchants, receiver.url)
    content = (await receiver.next()).content
    assert content["type"] == "return.contested"
    assert (content["data"]["reason_code"], content["data"]["reason_text"]) == (code, "空盒")


async def test_evidence_is_sent_with_its_text(merchants: Client, receiver: Receiver) -> None:
    await behave(merchants, evidence_text="Parcel scanned at her door", times=2)
    assert (await ask_evidence(merchants, receiver.url)).status == 202
    contents = [(await receiver.next()).verified(SHOP_SECRET) for _ in range(2)]
    assert contents[0] == contents[1]
    assert contents[0]["type"] == "evidence.sent"
    assert contents[0]["data"] == {
        "request_id": "q1:arbitration:1",
        "transaction_id": "t1",
        "statement_text": "Parcel scanned at her door",
    }
    (row,) = await seen(merchants, "evidence")
    assert (row["answer"], row["request_id"]) == ("send", "q1:arbitration:1")


async def test_silent_until_told_otherwise(merchants: Client, receiver: Receiver) -> None:
    await behave(merchants, answer="silent", on_return="silent", evidence="silent")
    await ask(merchants, receiver.url)
    await announce(merchants, receiver.url)
    await ask_evidence(merchants, receiver.url)
    assert receiver.received.empty()
    await behave(merchants, answer="silent", on_return="receive", evidence="silent")
    assert (await receiver.next()).content["type"] == "return.received"
    await behave(merchants, answer="silent")
    assert (await receiver.next()).content["type"] == "evidence.sent"
    assert receiver.received.empty()


async def test_all_are_unreachable_together(merchants: Client, receiver: Receiver) -> None:
    await behave(merchants, unreachable=True)
    for send in (ask, announce, ask_evidence):
        assert (await send(merchants, receiver.url)).status == 500


async def test_only_authentic_ones_are_taken(merchants: Client, receiver: Receiver) -> None:
    assert (await announce(merchants, receiver.url, secret=ANY_SECRET)).status == 401
    assert (await ask_evidence(merchants, receiver.url, secret=ANY_SECRET)).status == 401
    assert (await merchants.get("/sandbox/returns")).content == {"returns": []}
    assert (await merchants.get("/sandbox/evidence")).content == {"evidence": []}


@pytest.mark.parametrize(
    ("behaviour", "field"),
    [
        ({"answer": "offer"}, "offer_minor"),
        ({"answer": "offer", "offer_minor": "0"}, "offer_minor"),
        ({"answer": "accept", "offer_minor": "100"}, "offer_minor"),
        ({"on_return": "burn"}, "on_return"),
        ({"return_after_s": -1}, "return_after_s"),
        ({"evidence": "later"}, "evidence"),
        ({"evidence_text": "x" * 2001}, "evidence_text"),
        ({"proof": 7}, "proof"),
    ],
)
async def test_bad_behaviours_name_the_field(
    merchants: Client, behaviour: dict[str, object], field: str
) -> None:
    answer = await behave(merchants, **behaviour)
    assert answer.status == 400
    assert field in answer.content["error"]


async def test_everything_is_there_after_the_restart(tmp_path: Path, receiver: Receiver) -> None:
    late = {"answer_on_reminder": True, "return_after_s": 0.6, "evidence": "silent"}
    async with merchants_open(tmp_path) as merchants:
        await behave(merchants, answer="offer", offer_minor="5000", **late)
        await ask(merchants, receiver.url)
        await ask(merchants, receiver.url, "q2")
        await remind(merchants, receiver.url, "q2")
        assert (await receiver.next()).content["type"] == "consent.offered"
        await announce(merchants, receiver.url)
        await ask_evidence(merchants, receiver.url)
        before = [await seen(merchants, what) for what in ("requests", "returns", "evidence")]
        assert receiver.received.empty()
    async with merchants_open(tmp_path) as merchants:
        after = [await seen(merchants, what) for what in ("requests", "returns", "evidence")]
        assert after == before
        assert [(row["answer"], row["reminders"]) for row in after[0]] == [(None, 0), ("offer", 1)]
        assert (await receiver.next()).content["type"] == "return.received"
        await remind(merchants, receiver.url)
        assert (await receiver.next()).content["data"]["amount"]["amount_minor"] == "5000"
        text = (await merchants.get("/")).body.decode()
    for shown in ("changed_mind, reminded", "SF1234567890", "by 2026-01-04"):
        assert shown in text
