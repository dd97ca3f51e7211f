"""An arbitrator's decision over HTTP: what it must name, and what is answered when it cannot be."""

from typing import Any

import pytest

from services.tracker.domain.triggers import MerchantAnswer, T, Trigger
from services.tracker.handlers import Signal
from shared.auth import Role
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Actor, Kind
from tests.integration.tracker.desk import KEYS, Caller
from tests.integration.tracker.stage import (
    CAPTURED,
    Stage,
    decision,
    found,
    merchant,
    no_such_dispute,
    opened,
    opening,
    refund,
    wish,
)
from tests.unit.shared.serving import Answer, Api

OPS = Caller(Role.OPS)


def granted(**changes: Any) -> dict[str, Any]:
    """Half of the capture, paid by the merchant; a change to None leaves the field out."""
    body = {
        "fault": "merchant",
        "remedy": "partial_refund",
        "amount": {"amount_minor": "6400", "currency": "CNY"},
        "payer": "merchant",
        "reason": "not_as_described",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


async def test_a_decision_reserves_what_it_grants_and_says_who_pays(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_arbitration(event)
    answer = await _decide(api, event, granted(loss_bearer="wallet_advance"))
    moved = {"status": "refund_approved", "actions": [], "needs_second": False}
    assert (answer.status, answer.json()) == (200, moved)
    assert await common.holds(event) == {"refund": (6_400, "reserved")}
    (*_, told) = await common.published(event)
    assert told["decision"]["payer"] == "merchant"
    assert told["decision"]["loss_bearer"] == "wallet_advance"
    assert (await common.tasks(event))["refund"]["payload"]["payer"] == "merchant"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payer": None}, "payer"),
        ({"amount": None}, "amount"),
        ({"reason": None}, "reason"),
        ({"reason": "xyz"}, "reason"),
        ({"reason": "used"}, "reason"),
        ({"remedy": "none", "reason": "goodwill"}, "reason"),
        ({"fault": None}, "fault"),
        ({"payer": "customer"}, "payer"),
        ({"remedy": "store_credit"}, "remedy"),
        ({"surprise": 1}, "surprise"),
        ({"amount": {"amount_minor": "0", "currency": "CNY"}}, "amount"),
        ({"amount": {"amount_minor": "12801", "currency": "CNY"}}, "amount"),
        ({"amount": {"amount_minor": "-1", "currency": "CNY"}}, "amount.amount_minor"),
        ({"amount": {"amount_minor": "6400", "currency": "USD"}}, "amount.currency"),
        ({"amount": {"amount_minor": "6400", "currency": "XXQ"}}, "amount.currency"),
    ],
)
async def test_what_is_missing_or_wrong_is_named(
    api: Api, common: Stage, changes: dict[str, Any], field: str
) -> None:
    event = opened()
    await common.to_arbitration(event)
    answer = await _decide(api, event, granted(**changes))
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await common.dispute(event))["status"] == "in_arbitration"
    assert await common.holds(event) == {}


async def test_more_than_other_refunds_leave_is_refused_with_what_is_left(
    api: Api, common: Stage
) -> None:
    event = opened(requested_minor=10_000)
    other = opened(Kind.PAYMENT_FAILED, event.transaction_id, requested_minor=10_000)
    await common.send(opening(event), opening(other), found(event), found(other))
    await common.each(merchant(event), merchant(other, T.MERCHANT_REFUSED))
    refused = await _decide(api, other, granted())
    assert refused.status == 422
    assert "at most 2800 minor units" in refused.json()["detail"]
    fits = granted(amount={"amount_minor": "2800", "currency": "CNY"})
    assert (await _decide(api, other, fits)).status == 200
    assert await common.money(event.transaction_id) == (CAPTURED, 0)


async def test_the_second_decision_is_answered_with_the_state_and_what_is_possible(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_arbitration(event)
    denied = granted(remedy="none", amount=None, payer=None, reason="used")
    answer = await _decide(api, event, denied)
    assert answer.json() == {"status": "declined", "actions": ["appeal"], "needs_second": False}
    again = await _decide(api, event, granted())
    assert again.status == 409
    problem = again.json()
    assert (problem["status_now"], problem["possible"]) == ("declined", ["appeal", "reopen"])
    assert problem["status"] == 409
    assert await common.holds(event) == {}


async def test_before_it_is_asked_for_a_decision_is_not_possible(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    answer = await _decide(api, event, granted())
    assert answer.status == 409
    assert answer.json()["status_now"] == "waiting_for_merchant"
    assert answer.json()["possible"] == [
        "withdraw",
        "grant_credit",
        "compensate",
        "place_legal_hold",
    ]


async def test_an_appeal_is_not_decided_by_who_decided_first(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_arbitration(event)
    await _decide(api, event, granted(remedy="none", amount=None, payer=None, reason="used"))
    await common.each(wish(event, T.APPEALED))
    same = await _decide(api, event, granted())
    assert (same.status, same.json()["errors"][0]["field"]) == (422, "decided_by")
    assert same.json()["errors"][0]["remedy"] == "Another person must do this"
    other = await _decide(api, event, granted(), Caller(Role.OPS, "ops-2"))
    assert (other.status, other.json()["status"]) == (200, "refund_approved")


async def test_a_dispute_without_a_transaction_cannot_be_granted_money_and_can_be_declined(
    api: Api, common: Stage
) -> None:
    event = opened(transaction_id=None)
    await common.each(opening(event), Signal(event.dispute_id, Trigger(T.DETAILS_DUE)))
    assert (await common.dispute(event))["status"] == "in_arbitration"
    refused = await _decide(api, event, granted())
    assert (refused.status, refused.json()["possible"]) == (409, ["remedy:none"])
    assert "the bank has not confirmed the transaction" in refused.json()["detail"]
    denied = granted(remedy="none", amount=None, payer=None, reason="used")
    assert (await _decide(api, event, denied)).json()["status"] == "declined"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPS])
async def test_only_ops_decide_and_look(api: Api, common: Stage, role: Role) -> None:
    event = opened()
    await common.to_arbitration(event)
    caller = Caller(role)
    assert (await _decide(api, event, granted(), caller)).status == 403
    for path in (f"/v1/disputes/{event.dispute_id}", "/v1/disputes"):
        assert (await api.get(path, headers=caller.headers)).status == 403
        assert (await api.get(path)).status == 401


async def test_of_an_unknown_dispute_nothing_is_decided(api: Api) -> None:
    path = f"/v1/disputes/{no_such_dispute()}"
    assert (await api.post(f"{path}/decision", json=granted(), headers=OPS.headers)).status == 404
    assert (await api.get(path, headers=OPS.headers)).status == 404


async def test_a_refund_nobody_knows_of_is_declared_failed_by_a_person_alone(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_reserved(event)
    path = f"/v1/disputes/{event.dispute_id}/refund-outcome"
    body = {"outcome": "failed"}
    assert (await api.post(path, json=body, headers=OPS.headers)).status == 409
    await common.forge(event, "UPDATE disputes SET refund = 'stuck' WHERE id = :id")
    answer = await api.post(path, json=body, headers=OPS.headers)
    assert (answer.status, answer.json()["status"]) == (200, "in_arbitration")


async def test_one_dispute_is_shown_whole(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_reserved(event)
    await common.each(refund(event, T.REFUND_ACCEPTED), refund(event, T.REFUND_ACCEPTED))
    shown = (await api.get(f"/v1/disputes/{event.dispute_id}", headers=OPS.headers)).json()
    assert shown["refund"] == "in_flight"
    assert [row["result"] for row in shown["history"]] == ["late", *["applied"] * 4]
    assert shown["holds"][0]["state"] == "in_flight"
    assert {"refund_recheck", "refund_due", "promise_due"} <= {t["kind"] for t in shown["tasks"]}


async def test_a_decision_made_twice_at_once_counts_once(common: Stage) -> None:
    event = opened()
    await common.to_arbitration(event)
    await common.send(
        decision(event), decision(event), Signal(event.dispute_id, Trigger(T.WITHDRAWN))
    )
    assert await common.holds(event) == {"refund": (CAPTURED, "reserved")}
    assert (await common.history(event))[3:] == [
        (T.ARBITRATOR_DECIDED, "applied"),
        (T.ARBITRATOR_DECIDED, "illegal"),
        (T.WITHDRAWN, "illegal"),
    ]


async def _decide(
    api: Api, event: DisputeOpened, body: dict[str, Any], caller: Caller = OPS
) -> Answer:
    path = f"/v1/disputes/{event.dispute_id}/decision"
    return await api.post(path, json=body, headers=caller.headers)


async def test_who_decides_reads_what_both_sides_said(api: Api, common: Stage) -> None:
    event = opened()
    words = "没有声音, card 4111-1111 1111 1111, call 13800138000"
    own = KEYS.seal(words, f"statement:{event.dispute_id}")
    event = event.model_copy(update={"statement": own})
    note = KEYS.seal("worn", f"note:{event.dispute_id}")
    await common.send(opening(event), found(event))
    answer = Trigger(T.MERCHANT_REFUSED, Actor.MERCHANT, MerchantAnswer(1, "used", note))
    await common.send(Signal(event.dispute_id, answer))
    shown = "没有声音, card •••• 1111, call 13800138000"
    assert await _said(api, event) == {"customer": shown, "merchant": "worn"}
    await common.write(
        "UPDATE disputes SET statement = 'k9.AAAA' WHERE id = :id", id=event.dispute_id
    )
    assert (await _said(api, event))["customer"] == "(cannot be opened)"


async def _said(api: Api, event: DisputeOpened) -> dict[str, str]:
    seen = await api.get(f"/v1/disputes/{event.dispute_id}", headers=OPS.headers)
    found_words: dict[str, str] = seen.json()["said"]
    return found_words
