"""Signed callbacks: whose they are, what they must hold, and that each counts once."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from services.tracker.domain.triggers import T
from shared import clock, ids
from shared.contracts.events import DisputeOpened
from tests.integration.tracker.desk import SECRETS
from tests.integration.tracker.stage import MERCHANT, Stage, opened
from tests.unit.shared.serving import Answer, Api

BANK = "/v1/callbacks/banks/bank"


async def test_a_merchants_answer_moves_the_dispute_once_however_often_it_comes(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_merchant(event)
    answers = [await _answer(api, event, "msg-1") for _ in range(3)]
    assert [answer.status for answer in answers] == [204] * 3
    assert (await common.history(event))[2:] == [(T.MERCHANT_ACCEPTED, "applied")]
    again = await _answer(api, event, "msg-2")
    assert again.status == 204
    assert (await common.history(event))[3:] == [(T.MERCHANT_ACCEPTED, "late")]


async def test_a_merchant_cannot_answer_for_anothers_dispute(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    stranger = await _answer(api, event, "msg-1", merchant_id="m-other")
    unknown = await _answer(api, opened(), "msg-2", merchant_id="m-other")
    assert stranger.status == unknown.status == 404
    assert stranger.text == unknown.text
    assert (await common.dispute(event))["status"] == "waiting_for_merchant"
    assert len(await common.history(event)) == 2


async def test_what_was_not_found_is_not_found_when_it_is_sent_again(
    api: Api, common: Stage
) -> None:
    event = opened()
    statuses = [(await _answer(api, event, "msg-1")).status for _ in range(2)]
    await common.to_merchant(event)
    statuses.append((await _answer(api, event, "msg-1")).status)
    assert statuses == [404, 404, 204]
    assert (await common.dispute(event))["status"] == "refund_approved"


async def test_one_merchants_secret_does_not_open_anothers_door(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    answer = await _answer(api, event, "msg-1", signed_by="m-other")
    assert answer.status == 401
    assert (await common.dispute(event))["status"] == "waiting_for_merchant"


@pytest.mark.parametrize("bank_id", [MERCHANT, "m-other", "no-such-bank"])
async def test_a_merchant_cannot_speak_as_a_bank(api: Api, common: Stage, bank_id: str) -> None:
    """Else whoever has a merchant's secret could declare refunds credited."""
    event = opened()
    await common.to_reserved(event)
    body = _body("refund.updated", _refund(event, "credited"))
    answer = await _post(api, f"/v1/callbacks/banks/{bank_id}", body, "msg-1", bank_id)
    assert answer.status == 404
    assert (await common.dispute(event))["status"] == "refund_approved"


async def test_the_bank_is_not_a_merchant(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    answer = await _answer(api, event, "msg-1", merchant_id="bank")
    assert answer.status == 404


@pytest.mark.parametrize(
    "age", [timedelta(minutes=6), timedelta(minutes=-6)], ids=["too old", "from the future"]
)
async def test_an_old_signature_is_refused(api: Api, common: Stage, age: timedelta) -> None:
    event = opened()
    await common.to_merchant(event)
    answer = await _answer(api, event, "msg-1", at=clock.utcnow() - age)
    assert answer.status == 401
    assert "webhook-timestamp" in answer.json()["detail"]
    assert len(await common.history(event)) == 2


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", "v1,AAAA", "1e9", "\u00b2\u00fc", "9" * 5000])
async def test_a_signature_that_is_missing_or_wrong_is_refused(
    api: Api, common: Stage, name: str, value: str | None
) -> None:
    event = opened()
    await common.to_merchant(event)
    body = _body("consent.accepted", _consent(event))
    headers = _signed(MERCHANT, "msg-1", body, clock.utcnow())
    headers = {k: v for k, v in headers.items() if k != name or value is not None}
    if value is not None:
        headers[name] = value
    answer = await api.post(_door(MERCHANT), data=body, headers=headers)
    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_that_was_changed_on_the_way_is_refused(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    headers = _signed(MERCHANT, "msg-1", _body("consent.refused", _consent(event)), clock.utcnow())
    changed = _body("consent.accepted", _consent(event))
    assert (await api.post(_door(MERCHANT), data=changed, headers=headers)).status == 401


@pytest.mark.parametrize(
    ("type_", "changes", "field"),
    [
        ("consent.accepted", {"request_id": None}, "data.request_id"),
        ("consent.accepted", {"request_id": "nonsense"}, "data.request_id"),
        ("consent.accepted", {"request_id": f"{ids.new()}:consent:²"}, "data.request_id"),
        ("consent.accepted", {"request_id": f"{ids.new()}:consent:-1"}, "data.request_id"),
        ("consent.accepted", {"request_id": f"{ids.new()}:refund:1"}, "data.request_id"),
        ("consent.accepted", {"request_id": 7}, "data.request_id"),
        ("consent.refused", {"reason_code": "x" * 65}, "data.reason_code"),
        ("consent.refused", {"reason_text": "x" * 2001}, "data.reason_text"),
        ("consent.maybe", {}, "type"),
        ("refund.updated", {}, "type"),
    ],
)
async def test_a_merchants_callback_that_cannot_be_read_names_the_field(
    api: Api, type_: str, changes: dict[str, Any], field: str
) -> None:
    body = _body(type_, _consent(opened()) | changes)
    answer = await _post(api, _door(MERCHANT), body, "msg-1", MERCHANT)
    assert (answer.status, _fields(answer)) == (422, [field])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"state": "lost"}, "data.state"),
        ({"amount": {"amount_minor": "1.5", "currency": "CNY"}}, "data.amount.amount_minor"),
        ({"amount": None}, "data.amount"),
        ({"reference": "x"}, "data.reference"),
        ({"reference": f"{ids.new()}:refund:٣"}, "data.reference"),
        ({"reference": f"{ids.new()}:refund:{'9' * 5000}"}, "data.reference"),
        ({"expected_at": "tomorrow"}, "data.expected_at"),
        ({"expected_at": "2026-01-01T00:00:00"}, "data.expected_at"),
    ],
)
async def test_a_banks_callback_that_cannot_be_read_names_the_field(
    api: Api, changes: dict[str, Any], field: str
) -> None:
    body = _body("refund.updated", _refund(opened(), "credited") | changes)
    answer = await _post(api, BANK, body, "msg-1", "bank")
    assert (answer.status, _fields(answer)) == (422, [field])


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"type": "refund.updated"}', b"null"])
async def test_what_is_no_callback_at_all_is_refused(api: Api, body: bytes) -> None:
    answer = await _post(api, BANK, body, "msg-1", "bank")
    assert answer.status == 422
    assert _fields(answer)


async def test_a_reversal_without_the_dispute_in_its_address_names_what_is_missing(
    api: Api,
) -> None:
    answer = await _post(api, BANK, _body("reversal.updated", {}), "msg-1", "bank")
    assert (answer.status, _fields(answer)) == (422, ["dispute_id"])


async def test_a_callback_above_the_limit_is_refused(api: Api) -> None:
    body = _body("refund.updated", {"padding": "x" * 262_144})
    assert (await _post(api, BANK, body, "msg-1", "bank")).status == 413


async def test_the_banks_news_counts_once_for_each_id(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_reserved(event)
    for state in ("in_flight", "in_flight", "credited"):
        body = _body("refund.updated", _refund(event, state))
        assert (await _post(api, BANK, body, f"msg-{state}", "bank")).status == 204
    assert (await common.history(event))[3:] == [
        (T.REFUND_ACCEPTED, "applied"),
        (T.REFUND_CREDITED, "applied"),
    ]


async def test_partners_number_their_news_each_for_themselves(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    assert (await _answer(api, event, "1")).status == 204
    body = _body("refund.updated", _refund(event, "in_flight"))
    assert (await _post(api, BANK, body, "1", "bank")).status == 204
    assert (await common.history(event))[2:] == [
        (T.MERCHANT_ACCEPTED, "applied"),
        (T.REFUND_ACCEPTED, "applied"),
    ]


async def test_a_reason_in_the_merchants_own_words_is_kept_sealed(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    said = {"reason_code": "used", "reason_text": "card 4111 1111 1111 1111 was used"}
    body = _body("consent.refused", _consent(event) | said)
    assert (await _post(api, _door(MERCHANT), body, "msg-1", MERCHANT)).status == 204
    row = await common.one(
        "SELECT CAST(d AS text) || CAST(h AS text) AS all_of_it FROM disputes d"
        " JOIN history h ON h.dispute_id = d.id AND trigger = 'merchant_refused'"
        " WHERE d.id = :id",
        id=event.dispute_id,
    )
    assert "4111" not in row["all_of_it"]
    (*_, told) = await common.published(event)
    assert told["merchant_note"].startswith("k1.")
    assert told["detail"]["merchant_reason"] == "used"


async def test_a_reason_code_cannot_carry_what_a_person_wrote(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    for code in ("4111111111111111", "call 13800138000", "wang@example.com"):
        body = _body("consent.refused", _consent(event) | {"reason_code": code})
        answer = await _post(api, _door(MERCHANT), body, f"msg-{code[:4]}", MERCHANT)
        assert answer.status == 422
    assert (await common.dispute(event))["status"] == "waiting_for_merchant"


async def test_of_a_card_number_only_the_last_four_digits_are_taken(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_reserved(event)
    whole = {"kind": "card", "bank": "Bank", "tail": "4111111111110042"}
    body = _body("refund.updated", _refund(event, "in_flight") | {"destination": whole})
    assert (await _post(api, BANK, body, "msg-1", "bank")).status == 204
    (*_, told) = await common.published(event)
    assert told["detail"]["destination_tail"] == "0042"
    assert "41111111" not in str(told)


def _door(merchant_id: str) -> str:
    return f"/v1/callbacks/merchants/{merchant_id}"


def _consent(event: DisputeOpened) -> dict[str, Any]:
    return {"request_id": f"{event.dispute_id}:consent:1", "transaction_id": event.transaction_id}


def _refund(event: DisputeOpened, state: str) -> dict[str, Any]:
    return {
        "reference": f"{event.dispute_id}:refund:1",
        "refund_id": "RF-1",
        "transaction_id": event.transaction_id,
        "state": state,
        "amount": {"amount_minor": "12800", "currency": "CNY"},
        "reason": None,
        "destination": {"kind": "card", "bank": "Bank", "tail": "0042"},
        "expected_at": None,
        "credited_at": None,
    }


def _body(type_: str, data: dict[str, Any]) -> bytes:
    at = clock.utcnow().isoformat()
    return json.dumps({"type": type_, "timestamp": at, "data": data}).encode()


async def _answer(
    api: Api,
    event: DisputeOpened,
    webhook_id: str,
    *,
    merchant_id: str = MERCHANT,
    signed_by: str | None = None,
    at: datetime | None = None,
) -> Answer:
    body = _body("consent.accepted", _consent(event))
    return await _post(api, _door(merchant_id), body, webhook_id, signed_by or merchant_id, at)


async def _post(
    api: Api, path: str, body: bytes, webhook_id: str, partner: str, at: datetime | None = None
) -> Answer:
    headers = _signed(partner, webhook_id, body, at or clock.utcnow())
    return await api.post(path, data=body, headers=headers)


def _signed(partner: str, webhook_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """Signed by the reference library, not by ours."""
    secret = base64.b64encode(SECRETS.of(partner)).decode()
    signature = Webhook(secret).sign(webhook_id, at, body.decode())
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
        "content-type": "application/json",
    }


def _fields(answer: Answer) -> list[str]:
    return [error["field"] for error in answer.json()["errors"]]
