"""News of partners by signed callbacks: whom it concerns, what it must say, that it counts once."""

import base64
import json
from typing import Any

import pytest
from standardwebhooks import Webhook

from services.tracker.domain.triggers import Choice, T, Trigger
from services.tracker.handlers import Signal
from shared import clock, ids
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Actor, Funding, Kind
from tests.integration.tracker.desk import SECRETS, serving
from tests.integration.tracker.stage import (
    CAPTURED,
    CUSTOMER,
    MERCHANT,
    Stage,
    found,
    merchant,
    opened,
    opening,
    refund,
    wish,
)
from tests.unit.shared.serving import Answer, Api

BANK = "/v1/callbacks/banks/bank"
ACCOUNTS = "/v1/callbacks/accounts"
TEA = f"/v1/callbacks/merchants/{MERCHANT}"


def amount(minor: int = CAPTURED, currency: str = "CNY") -> dict[str, str]:
    return {"amount_minor": str(minor), "currency": currency}


def chargeback(event: DisputeOpened, state: str, **changes: Any) -> dict[str, Any]:
    told = {
        "reference": None,
        "transaction_id": event.transaction_id,
        "state": state,
        "amount": amount(),
        "reason": "fraud",
        "answer_by": None,
    }
    return told | changes


async def test_a_recall_is_told_until_the_money_is_back(api: Api, common: Stage) -> None:
    event = opened(Kind.WRONG_OR_SCAM_TRANSFER, merchant_id=None)
    await common.each(opening(event), found(event))
    key = f"{event.dispute_id}:recall:1"
    assert (await common.tasks(event))["recall"]["payload"]["key"] == key
    news = {"reference": key, "transaction_id": event.transaction_id, "amount": amount(9_000)}
    for state, leg in (("asked", "asked"), ("agreed", "agreed"), ("returned", "returned")):
        for _ in range(2):
            told = await _post(api, BANK, "recall.updated", news | {"state": state}, f"r-{state}")
            assert told.status == 204
        assert (await common.dispute(event))["recall"] == leg
    assert await common.holds(event) == {"recall": (9_000, "settled")}
    assert len(await common.history(event)) == 5


async def test_money_in_another_currency_is_not_this_disputes(api: Api, common: Stage) -> None:
    event = opened(Kind.WRONG_OR_SCAM_TRANSFER, merchant_id=None)
    await common.each(opening(event), found(event))
    news = {
        "reference": f"{event.dispute_id}:recall:1",
        "transaction_id": event.transaction_id,
        "amount": amount(1, "USD"),
        "state": "returned",
    }
    refused = await _post(api, BANK, "recall.updated", news)
    assert (refused.status, _fields(refused)) == (422, ["data.amount.currency"])
    outside = await _post(
        api, BANK, "chargeback.updated", chargeback(event, "filed", amount=amount(1, "USD"))
    )
    assert (outside.status, _fields(outside)) == (422, ["data.amount.currency"])


async def test_a_chargeback_of_ours_is_told_by_its_reference(api: Api, common: Stage) -> None:
    event = opened()
    await common.each(opening(event), found(event, funding=Funding.CARD))
    await common.send(Signal(event.dispute_id, Trigger(T.CHARGEBACK_ORDERED, Actor.OPS)))
    news = chargeback(event, "represented", reference=f"{event.dispute_id}:chargeback:1")
    assert (await _post(api, BANK, "chargeback.updated", news)).status == 204
    assert (await common.dispute(event))["chargeback"] == "represented"
    unknown = chargeback(event, "won", reference=f"{ids.new()}:chargeback:1")
    assert (await _post(api, BANK, "chargeback.updated", unknown)).status == 404
    other = chargeback(event, "won", reference=f"{event.dispute_id}:refund:1")
    wrong = await _post(api, BANK, "chargeback.updated", other)
    assert (wrong.status, _fields(wrong)) == (422, ["data.reference"])


async def test_one_from_outside_concerns_every_dispute_of_the_transaction(
    api: Api, common: Stage
) -> None:
    first = opened()
    second = opened(Kind.PAYMENT_FAILED, first.transaction_id)
    await common.send(opening(first), opening(second), found(first), found(second))
    for _ in range(3):
        news = chargeback(first, "filed", amount=amount(10_000))
        assert (await _post(api, BANK, "chargeback.updated", news, "cb-1")).status == 204
    for event in (first, second):
        row = await common.dispute(event)
        assert (row["chargeback"], row["facts"]["chargeback_outside"]) == ("filed", True)
        told = [name for name, _ in await common.history(event)]
        assert told.count(T.CHARGEBACK_APPEARED) == 1
    assert await common.money(first.transaction_id) == (10_000, 0)  # one of them holds it
    news = chargeback(first, "lost", amount=amount(10_000))
    assert (await _post(api, BANK, "chargeback.updated", news, "cb-2")).status == 204
    for event in (first, second):
        assert (await common.dispute(event))["chargeback"] == "lost"
    assert await common.money(first.transaction_id) == (0, 0)


async def test_one_from_outside_that_was_won_before_we_heard_of_it_is_settled(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_merchant(event)
    assert (await _post(api, BANK, "chargeback.updated", chargeback(event, "won"))).status == 204
    assert (await common.dispute(event))["status"] == "charged_back"
    assert await common.holds(event) == {"chargeback": (CAPTURED, "settled")}
    assert (await common.history(event))[2:] == [
        (T.CHARGEBACK_APPEARED, "applied"),
        (T.CHARGEBACK_WON, "applied"),
    ]


async def test_one_from_outside_is_won_also_after_a_crash_between_its_two_steps(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_merchant(event)
    news = chargeback(event, "won")

    def crashed(_: frozenset[str]) -> None:
        raise ConnectionError

    async with serving(common, crashed) as dying:
        assert (await _post(dying, BANK, "chargeback.updated", news, "cb-won")).status == 503
    assert (await common.dispute(event))["chargeback"] == "filed"
    for _ in range(3):
        assert (await _post(api, BANK, "chargeback.updated", news, "cb-won")).status == 204
    assert (await common.history(event))[2:] == [
        (T.CHARGEBACK_APPEARED, "applied"),
        (T.CHARGEBACK_WON, "applied"),
    ]


@pytest.mark.parametrize("state", ["lost", "withdrawn", "refused"])
async def test_one_from_outside_that_came_to_nothing_is_no_news(
    api: Api, common: Stage, state: str
) -> None:
    event = opened()
    await common.to_merchant(event)
    assert (await _post(api, BANK, "chargeback.updated", chargeback(event, state))).status == 204
    assert len(await common.history(event)) == 2
    nobodys = chargeback(opened(), "won")
    assert (await _post(api, BANK, "chargeback.updated", nobodys)).status == 204


async def test_one_from_outside_is_not_taken_for_ours(api: Api, common: Stage) -> None:
    event = opened()
    await common.each(opening(event), found(event, funding=Funding.CARD))
    await common.send(Signal(event.dispute_id, Trigger(T.CHARGEBACK_ORDERED, Actor.OPS)))
    assert (await _post(api, BANK, "chargeback.updated", chargeback(event, "won"))).status == 204
    assert (await common.dispute(event))["chargeback"] == "filed"
    assert (await common.history(event))[-1] == (T.CHARGEBACK_APPEARED, "applied")


async def test_after_every_end_one_from_outside_is_told_to_the_one_that_was_refunded(
    api: Api, common: Stage
) -> None:
    both = opened(), opened(Kind.PAYMENT_FAILED)
    ended, refunded = sorted(both, key=lambda event: event.dispute_id)
    refunded = refunded.model_copy(update={"transaction_id": ended.transaction_id})
    await common.send(opening(ended), opening(refunded), found(ended), found(refunded))
    await common.each(wish(ended), merchant(refunded), refund(refunded, T.REFUND_CREDITED))
    news = chargeback(ended, "filed")
    assert (await _post(api, BANK, "chargeback.updated", news)).status == 204
    chargebacks = [(await common.dispute(event))["chargeback"] for event in (ended, refunded)]
    assert chargebacks == ["none", "filed"]
    assert (await common.dispute(refunded))["facts"]["over_recovered"] is True


async def test_one_from_outside_is_not_told_to_who_named_somebody_elses_transaction(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.each(opening(event), found(event, customer_id="c-2"))
    before = await common.history(event)
    assert (await common.dispute(event))["inquiry"] == "foreign"
    news = chargeback(event, "filed")
    assert (await _post(api, BANK, "chargeback.updated", news)).status == 204
    assert await common.history(event) == before


async def test_the_banks_transaction_tells_of_one_that_was_opened_before_the_dispute(
    common: Stage,
) -> None:
    event = opened()
    await common.each(opening(event), found(event, chargeback_minor=5_000))
    assert (await common.dispute(event))["chargeback"] == "filed"
    assert (await common.holds(event))["chargeback"] == (5_000, "reserved")
    task = await common.tasks(event)
    assert "chargeback" not in task
    assert "chargeback_recheck" in task


async def test_a_check_is_told_to_every_dispute_of_its_claim(api: Api, common: Stage) -> None:
    claim = ids.new()
    events = [opened(Kind.ACCESS_LOST, None, claim_id=claim) for _ in range(2)]
    stranger = opened(Kind.ACCESS_LOST, None)
    await common.send(*map(opening, (*events, stranger)))
    keys = {(await common.tasks(e))["identity"]["payload"]["key"] for e in events}
    assert keys == {f"{claim}:identity:1"}
    news = {"reference": f"{claim}:identity:1", "state": "verified", "reason": None}
    for _ in range(2):
        assert (await _post(api, ACCOUNTS, "identity.updated", news, "id-1")).status == 204
    for event in events:
        assert (await common.dispute(event))["identity"] == "verified"
        told = [name for name, _ in await common.history(event)]
        assert told.count(T.IDENTITY_VERIFIED) == 1
    assert (await common.dispute(stranger))["identity"] == "asked"
    reset = {"reference": f"{claim}:access:1", "state": "refused", "reason": "court"}
    assert (await _post(api, ACCOUNTS, "reset.updated", reset, "rs-1")).status == 204
    for event in events:
        assert (await common.dispute(event))["status"] == "referred"


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("identity.updated", {"state": "verified"}, "data.reference"),
        ("identity.updated", {"reference": "x", "state": "verified"}, "data.reference"),
        (
            "identity.updated",
            {"reference": f"{ids.new()}:access:1", "state": "verified"},
            "data.reference",
        ),
        ("reset.updated", {"reference": f"{ids.new()}:access:1", "state": "maybe"}, "data.state"),
        ("hold.updated", {}, "type"),
    ],
)
async def test_account_news_that_cannot_be_read_names_the_field(
    api: Api, kind: str, data: dict[str, Any], field: str
) -> None:
    answer = await _post(api, ACCOUNTS, kind, data)
    assert (answer.status, _fields(answer)) == (422, [field])


async def test_of_an_unknown_claim_nothing_is_heard(api: Api) -> None:
    news = {"reference": f"{ids.new()}:identity:1", "state": "verified"}
    assert (await _post(api, ACCOUNTS, "identity.updated", news)).status == 404


async def test_a_merchants_secret_vouches_for_nobody(api: Api) -> None:
    news = {"reference": f"{ids.new()}:identity:1", "state": "verified"}
    for signer in (MERCHANT, "m-other", "bank"):
        answer = await _post(api, ACCOUNTS, "identity.updated", news, signed_by=signer)
        assert answer.status == 401


async def test_without_a_secret_of_its_own_the_account_service_is_not_believed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(SECRETS.by_partner, "accounts")
    news = {"reference": f"{ids.new()}:identity:1", "state": "verified"}
    answer = await _post(api, ACCOUNTS, "identity.updated", news, signed_by="*")
    assert answer.status == 401
    assert "of its own" in answer.json()["detail"]


async def test_a_merchant_offers_less(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    news = _consent(event) | {"amount": amount(5_000), "reason_text": "call 13800138000"}
    assert (await _post(api, TEA, "consent.offered", news)).status == 204
    row = await common.dispute(event)
    assert (row["status"], row["facts"]["offer_minor"]) == ("offer_made", 5_000)
    assert "13800138000" not in str(row)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": None}, "data.amount"),
        ({"amount": amount(0)}, "data.amount.amount_minor"),
        ({"amount": amount(5, "USD")}, "data.amount.currency"),
    ],
)
async def test_an_offer_is_an_amount_in_the_captures_currency(
    api: Api, common: Stage, changes: dict[str, Any], field: str
) -> None:
    event = opened()
    await common.to_merchant(event)
    answer = await _post(api, TEA, "consent.offered", _consent(event) | changes)
    assert (answer.status, _fields(answer)) == (422, [field])
    assert (await common.dispute(event))["consent"] == "asked"


@pytest.mark.parametrize("minor", [5, 0])
async def test_whose_request_it_is_counts_before_what_is_offered(
    api: Api, common: Stage, minor: int
) -> None:
    """The answer to somebody else's request is the same in every currency."""
    event = opened()
    await common.to_merchant(event)
    news = _consent(event) | {"amount": amount(minor, "USD")}
    path = "/v1/callbacks/merchants/m-other"
    answer = await _post(api, path, "consent.offered", news, signed_by="m-other")
    assert answer.status == 404
    assert (await common.dispute(event))["consent"] == "asked"


@pytest.mark.parametrize(
    ("proof", "shown"),
    [("RCPT-0042", "RCPT-0042"), ("signed by Mr Wang", None), ("4111111111111111", None)],
)
async def test_what_proves_fulfilment_is_shown_only_where_it_is_a_number_of_a_receipt(
    api: Api, common: Stage, proof: str, shown: str | None
) -> None:
    event = opened(Kind.PAYMENT_FAILED)
    await common.to_merchant(event)
    news = _consent(event) | {"proof": proof}
    assert (await _post(api, TEA, "consent.fulfilled", news)).status == 204
    row = await common.dispute(event)
    assert (row["consent"], row["facts"].get("proof")) == ("fulfilled", shown)
    assert ("merchant_note" in row["facts"]) is (shown is None)
    assert (proof in str(row)) is (shown is not None)


@pytest.mark.parametrize(
    ("kind", "leg"), [("return.received", "received"), ("return.contested", "contested")]
)
async def test_goods_sent_back_are_received_or_contested(
    api: Api, common: Stage, kind: str, leg: str
) -> None:
    event = opened()
    await common.to_merchant(event)
    await _post(api, TEA, "consent.return_wanted", _consent(event), "want")
    shipped = Trigger(T.GOODS_SHIPPED, Actor.CUSTOMER, Choice(CUSTOMER, "SF-1"))
    await common.send(Signal(event.dispute_id, shipped))
    task = (await common.tasks(event))["goods"]["payload"]
    assert (task["key"], task["tracking"]) == (f"{event.dispute_id}:return:1", "SF-1")
    news = {"request_id": task["key"], "reason_code": "other"}
    assert (await _post(api, TEA, kind, news, "goods")).status == 204
    assert (await common.dispute(event))["goods"] == leg


async def test_evidence_of_a_merchant_is_kept_sealed(api: Api, common: Stage) -> None:
    event = opened(Kind.GOODS_OR_SERVICE)
    await common.to_merchant(event)
    await common.send(merchant(event, T.MERCHANT_REFUSED))
    task = (await common.tasks(event))["evidence"]["payload"]
    news = {"request_id": task["key"], "statement_text": "card 4111 1111 1111 1111"}
    stranger = await _post(
        api, "/v1/callbacks/merchants/m-other", "evidence.sent", news, signed_by="m-other"
    )
    assert stranger.status == 404
    assert (await _post(api, TEA, "evidence.sent", news)).status == 204
    row = await common.dispute(event)
    assert row["facts"]["evidence_of"] == ["merchant"]
    assert "4111" not in str(row)


def _consent(event: DisputeOpened) -> dict[str, Any]:
    return {"request_id": f"{event.dispute_id}:consent:1", "transaction_id": event.transaction_id}


async def _post(
    api: Api,
    path: str,
    kind: str,
    data: dict[str, Any],
    webhook_id: str | None = None,
    signed_by: str | None = None,
) -> Answer:
    now = clock.utcnow()
    body = json.dumps({"type": kind, "timestamp": now.isoformat(), "data": data})
    partner = signed_by or {BANK: "bank", ACCOUNTS: "accounts", TEA: MERCHANT}[path]
    webhook_id = webhook_id or str(ids.new())
    secret = base64.b64encode(SECRETS.of(partner)).decode()
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, body),
        "content-type": "application/json",
    }
    return await api.post(path, data=body, headers=headers)


def _fields(answer: Answer) -> list[str]:
    return [error["field"] for error in answer.json()["errors"]]
