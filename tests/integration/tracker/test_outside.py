"""Disputes that go their way by themselves, with the sandbox's real servers around them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.tracker.domain.triggers import Choice, T, Trigger
from services.tracker.handlers import Signal
from shared import ids
from shared.auth import Role
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Actor, Kind
from tests.integration.tracker.desk import Caller
from tests.integration.tracker.outside import SHOP, Town, town
from tests.integration.tracker.stage import CUSTOMER, Stage, opened, opening

OPS = Caller(Role.OPS)


@pytest.fixture(name="town")
async def _town(stage: Stage, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(stage, tmp_path) as found:
        yield found


async def test_two_disputes_of_one_theft_share_one_hold_one_check_and_one_reset(
    town: Town,
) -> None:
    claim = ids.new()
    events = [opened(Kind.UNAUTHORIZED, merchant_id=SHOP, claim_id=claim) for _ in range(2)]
    for event in events:
        await town.record(event)
    await town.accounts.behave(customer_id=CUSTOMER, identity_after_s=0.3)
    await town.stage.send(*map(opening, events))
    for event in events:
        await town.until(event, hold="released", identity="verified", access="restored")
    account = await town.account()
    assert [hold["reference"] for hold in account["holds"]] == [f"{claim}:hold:1"]
    assert account["holds"][0]["state"] == "released"
    assert [check["reference"] for check in account["checks"]] == [f"{claim}:identity:1"]
    assert [reset["reference"] for reset in account["resets"]] == [f"{claim}:access:1"]
    for event in events:
        steps = [name for name, _ in await town.stage.history(event)]
        assert T.HOLD_FROZEN in steps


async def test_a_dispute_that_ends_leaves_the_hold_to_those_that_still_need_it(
    town: Town,
) -> None:
    claim = ids.new()
    ending, staying = (
        opened(Kind.UNAUTHORIZED, merchant_id=SHOP, claim_id=claim) for _ in range(2)
    )
    for event in (ending, staying):
        await town.record(event)
    await town.accounts.behave(customer_id=CUSTOMER, identity="silent")
    await town.stage.send(opening(ending), opening(staying))
    for event in (ending, staying):
        await town.until(event, hold="held", identity="asked")
    await town.stage.send(Signal(ending.dispute_id, Trigger(T.WITHDRAWN, Actor.CUSTOMER)))
    await town.until(ending, hold="released", status="withdrawn")
    assert (await town.account())["holds"][0]["state"] == "placed"
    await town.stage.send(Signal(staying.dispute_id, Trigger(T.WITHDRAWN, Actor.CUSTOMER)))
    await town.until(staying, hold="released", status="withdrawn")
    assert (await town.account())["holds"][0]["state"] == "released"


async def test_a_posting_whose_answers_were_lost_is_posted_once(town: Town) -> None:
    event = opened(merchant_id=SHOP)
    lost = {"drop_answer": 2, "error_after_commit": 1}
    await town.bank.post("/sandbox/customers", {"customer_id": CUSTOMER, "postings": lost})
    await town.record(event)
    await town.behave(event, answer="silent")
    await town.stage.send(opening(event))
    await town.until(event, status="waiting_for_merchant")
    path = f"/v1/disputes/{event.dispute_id}/provisional-credit"
    body = {"amount": {"amount_minor": "5000", "currency": "CNY"}, "basis": "goodwill"}
    assert (await town.api.post(path, json=body, headers=OPS.headers)).status == 200
    await town.until(event, credit="standing")
    assert (await town.bank.audit())["credited_minor"] == {"CNY": "5000"}
    assert (await town.stage.holds(event))["credit"] == (5_000, "settled")


async def test_what_was_credited_before_is_not_paid_again_by_the_refund(town: Town) -> None:
    event = opened(merchant_id=SHOP)
    await town.record(event)
    await town.behave(event, answer_on_reminder=True, answer="silent")
    await town.stage.send(opening(event))
    await town.until(event, status="waiting_for_merchant")
    path = f"/v1/disputes/{event.dispute_id}/provisional-credit"
    body = {"amount": {"amount_minor": "5000", "currency": "CNY"}, "basis": "statute"}
    assert (await town.api.post(path, json=body, headers=OPS.headers)).status == 200
    row = await town.until(event, refund="credited")
    assert row["credit"] in ("standing", "settled")
    await town.until(event, credit="settled", status="credited")
    audit = await town.bank.audit()
    assert audit["paid_twice"] == audit["above_captured"] == []
    (asked,) = (await town.merchants.get("/sandbox/requests")).content["requests"]
    assert asked["reminders"] == 1


async def test_goods_go_back_before_the_refund_is_paid(town: Town) -> None:
    event = opened(merchant_id=SHOP)
    await town.record(event, tender=[{"kind": "points", "amount_minor": "12800"}])
    await town.behave(event, answer="want_return")
    await town.stage.send(opening(event))
    await town.until(event, status="return_awaited")
    shipped = Trigger(T.GOODS_SHIPPED, Actor.CUSTOMER, Choice(CUSTOMER, "SF-1"))
    await town.stage.send(Signal(event.dispute_id, shipped))
    await town.until(event, goods="received", status="credited")
    (sent,) = (await town.merchants.get("/sandbox/returns")).content["returns"]
    assert sent["request_id"] == f"{event.dispute_id}:return:1"
    assert sent["tracking"] == "SF-1"


async def test_both_sides_are_asked_for_evidence(town: Town) -> None:
    event = opened(Kind.GOODS_OR_SERVICE, merchant_id=SHOP)
    await town.record(event)
    await town.behave(event, answer="refuse", evidence_text="signed for at the door")
    await town.stage.send(opening(event))
    row = await town.until(event, status="gathering_evidence")
    sent = Trigger(T.CUSTOMER_SENT_EVIDENCE, Actor.CUSTOMER)
    await town.stage.send(Signal(event.dispute_id, sent))
    row = await town.until(event, arbitration="open")
    assert row["facts"]["evidence_of"] == ["customer", "merchant"]
    (asked,) = (await town.merchants.get("/sandbox/evidence")).content["evidence"]
    assert asked["request_id"] == f"{event.dispute_id}:arbitration:1"


async def test_a_chargeback_from_outside_ends_a_dispute_that_waits_for_its_merchant(
    town: Town,
) -> None:
    event = opened(merchant_id=SHOP)
    await town.record(event, funding="card")
    await town.behave(event, answer="silent")
    await town.stage.send(opening(event))
    await town.until(event, status="waiting_for_merchant")
    await _issuer_charges_back(town, event)
    row = await town.until(event, chargeback="won", status="charged_back")
    assert row["facts"]["chargeback_outside"] is True
    assert await town.stage.holds(event) == {"chargeback": (12_800, "settled")}


async def test_a_refund_is_not_sent_where_the_issuer_charges_back_without_a_word(
    town: Town,
) -> None:
    event = opened(merchant_id=SHOP)
    await town.record(event, funding="card")
    await town.behave(event, answer="refuse")
    await town.stage.send(opening(event))
    await town.until(event, status="in_arbitration")
    silent = {"callback": False, "filed": {"outcome": "open"}}
    await _issuer_charges_back(town, event, chargeback=silent)
    path = f"/v1/disputes/{event.dispute_id}/decision"
    granted = {
        "fault": "merchant",
        "remedy": "full_refund",
        "reason": "not_received",
        "amount": {"amount_minor": "12800", "currency": "CNY"},
        "payer": "merchant",
    }
    assert (await town.api.post(path, json=granted, headers=OPS.headers)).status == 200
    row = await town.until(event, refund="failed", chargeback="filed", status="chargeback_filed")
    assert row["facts"]["refund_reason"] == "charged_back"
    assert "over_recovered" not in row["facts"]
    assert await town.stage.holds(event) == {
        "refund": (0, "reserved"),
        "chargeback": (12_800, "reserved"),
    }
    audit = await town.bank.audit()
    assert audit["paid_twice"] == audit["above_captured"] == []
    assert audit["refunds_settled"] == audit["refunds_in_flight"] == 0


async def test_a_chargeback_after_the_end_is_heard_by_the_dispute_that_was_refunded(
    town: Town,
) -> None:
    event = opened(merchant_id=SHOP)
    await town.record(event, funding="card")
    await town.behave(event, answer="accept")
    await town.stage.send(opening(event))
    await town.until(event, status="credited")
    await _issuer_charges_back(town, event, chargeback={"filed": {"outcome": "open"}})
    row = await town.until(event, chargeback="filed", status="chargeback_filed")
    assert row["facts"]["over_recovered"] is True  # both may stand: a person has to see it


async def _issuer_charges_back(town: Town, event: DisputeOpened, **how: Any) -> None:
    amount = {"amount_minor": "12800", "currency": "CNY"}
    told = {"transaction_id": event.transaction_id, "amount": amount} | how
    await town.bank.post("/sandbox/chargebacks", told)


async def test_a_wrong_transfer_is_recalled(town: Town) -> None:
    event = opened(Kind.WRONG_OR_SCAM_TRANSFER, merchant_id=None)
    await town.record(event, recall={"amount_minor": "10000", "return_after_s": 0.1})
    await town.stage.send(opening(event))
    await town.until(event, status="recalled")
    assert await town.stage.holds(event) == {"recall": (10_000, "settled")}


async def test_a_lost_password_is_reset_once_the_person_is_proven(town: Town) -> None:
    event = opened(Kind.ACCESS_LOST, None, merchant_id=None)
    await town.stage.send(opening(event))
    await town.until(event, status="access_restored")
    assert (await town.account())["resets"][0]["asked_for"] == "credentials"
