"""Actions that say something: which transaction, which parcel, which account."""

import asyncio
from typing import Any

import pytest

from services.intake.handlers import feed
from shared.contracts.vocabulary import Action
from tests.integration.intake.test_actions import commands
from tests.integration.intake.test_every_kind import THEFT, about, opened, recorded, told
from tests.integration.intake.world import Instance, World, payment, status

DETAILS = {"action": "give_details", "transaction_id": "t-1"}


async def asked_for_details(instance: Instance, body: Any, **options: Any) -> str:
    """A dispute that may do everything now; the path of its actions."""
    receipt = await opened(instance, body, **options)
    news = status(receipt["dispute_id"], 1, status="needs_details", actions=tuple(Action)[-8:])
    await told(instance, news)
    path: str = receipt["links"]["actions"]
    return path


@pytest.mark.parametrize(
    ("body", "travels"),
    [
        ({"action": "accept_offer"}, {}),
        ({"action": "refuse_offer"}, {}),
        ({"action": "send_evidence"}, {}),
        ({"action": "ship_return", "tracking": "SF1029384756"}, {"tracking": "SF1029384756"}),
        ({"action": "choose_account", "account_id": "acc-2"}, {"account_id": "acc-2"}),
        (DETAILS, {"transaction_id": "t-1"}),
        (
            DETAILS | {"amount": {"amount_minor": "12800", "currency": "CNY"}},
            {"transaction_id": "t-1", "amount": {"amount_minor": "12800", "currency": "CNY"}},
        ),
    ],
)
async def test_what_comes_with_an_action_travels_to_the_tracker(
    world: World, body: dict[str, Any], travels: dict[str, Any]
) -> None:
    async with world.instance() as instance:
        await recorded(instance, payment("t-1"))
        path = await asked_for_details(instance, about("goods_or_service"))
        answer = await instance.post(path, body, key="k")
        again = await instance.post(path, body, key="k")
    assert (answer.status, again.text) == (202, answer.text)
    ((_, _, event),) = await commands(world)
    assert event.action == body["action"]
    said = event.model_dump(mode="json", exclude_none=True)
    fixed = {"action_id", "dispute_id", "action", "requested_by", "requested_at"}
    assert {name: value for name, value in said.items() if name not in fixed} == travels


@pytest.mark.parametrize(
    ("body", "status_code", "field"),
    [
        ({"action": "give_details"}, 422, "transaction_id"),
        ({"action": "ship_return"}, 422, "tracking"),
        ({"action": "ship_return", "tracking": "SF 1"}, 422, "tracking"),
        ({"action": "choose_account"}, 422, "account_id"),
        ({"action": "accept_offer", "tracking": "SF1"}, 422, "tracking"),
        ({"action": "withdraw", "transaction_id": "t-1"}, 422, "transaction_id"),
        (DETAILS | {"account_id": "acc-2"}, 422, "account_id"),
        (DETAILS | {"transaction_id": "hers"}, 404, None),
        (
            DETAILS | {"amount": {"amount_minor": "12801", "currency": "CNY"}},
            422,
            "amount.amount_minor",
        ),
        (DETAILS | {"amount": {"amount_minor": "1", "currency": "USD"}}, 422, "amount.currency"),
        (
            DETAILS | {"amount": {"amount_minor": "0", "currency": "CNY"}},
            422,
            "amount.amount_minor",
        ),
    ],
)
async def test_a_wrong_word_names_its_field_and_changes_nothing(
    world: World, body: dict[str, Any], status_code: int, field: str | None
) -> None:
    async with world.instance() as instance:
        await recorded(instance, payment("t-1"), payment("hers", customer_id="bo"))
        path = await asked_for_details(instance, about("goods_or_service"))
        answer = await instance.post(path, body, key="k")
        assert answer.status == status_code, answer.text
        errors = answer.json().get("errors", [{"field": None, "remedy": "-"}])
        assert (errors[0]["field"], bool(errors[0]["remedy"])) == (field, True)
        assert (await instance.post(path, {"action": "send_evidence"}, key="k")).status == 202
    assert len(await commands(world)) == 1
    (row,) = await world.query("SELECT transaction_id FROM disputes")
    assert row["transaction_id"] is None


async def test_what_is_not_possible_now_is_said_first(world: World) -> None:
    async with world.instance() as instance:
        receipt = await opened(instance, about("goods_or_service"))
        answer = await instance.post(receipt["links"]["actions"], DETAILS)
    assert (answer.status, answer.json()["possible"]) == (409, ["withdraw"])
    assert answer.json()["status_now"] == "received"


async def test_another_dispute_about_the_transaction_is_named_to_its_owner_only(
    world: World,
) -> None:
    async with world.instance() as instance:
        mine = await opened(instance, about("goods_or_service", "t-1"))
        await opened(instance, about("goods_or_service", "t-2"), token="customer:bo")
        path = await asked_for_details(instance, about("goods_or_service"))
        own = await instance.post(path, DETAILS)
        hers = await instance.post(path, DETAILS | {"transaction_id": "t-2"})
        other_group = await asked_for_details(instance, about("wrong_amount"))
        beside = await instance.post(other_group, DETAILS)
    assert (own.status, own.json()["reference"]) == (409, mine["reference"])
    assert own.json()["errors"][0]["field"] == "transaction_id"
    assert (hers.status, "reference" in hers.json()) == (409, False)
    for refused in (own.json(), hers.json()):  # of the dispute that was asked
        assert refused["status_now"] == "needs_details"
        assert "give_details" in refused["possible"]
    assert beside.status == 202


async def test_a_transaction_that_was_named_is_disputed_once(world: World) -> None:
    async with world.instance() as instance:
        path = await asked_for_details(instance, about("goods_or_service"))
        assert (await instance.post(path, DETAILS)).status == 202
        opening = await instance.open(about("refund_request", "t-1"))
        assert (await instance.post(path, DETAILS)).status == 202  # said once more
        still = await instance.open(about("refund_request", "t-1"))
    assert (opening.status, still.status) == (409, 409)


async def test_a_transaction_that_was_named_stays_the_disputes(world: World) -> None:
    """The tracker keeps the first as well."""
    async with world.instance() as instance:
        path = await asked_for_details(instance, about("goods_or_service"))
        assert (await instance.post(path, DETAILS)).status == 202
        changed = await instance.post(path, DETAILS | {"transaction_id": "t-2"}, key="k")
        begun = await asked_for_details(instance, about("goods_or_service", "t-3"))
        other = await instance.post(begun, DETAILS | {"transaction_id": "t-4"})
        assert (await instance.open(about("refund_request", "t-2"))).status == 202
        assert (await instance.post(path, {"action": "send_evidence"}, key="k")).status == 202
    assert (changed.status, other.status) == (409, 409)
    told = changed.json()
    assert told["errors"][0]["field"] == "transaction_id"
    assert "t-1" in told["errors"][0]["problem"]
    assert (told["status_now"], "give_details" in told["possible"]) == ("needs_details", True)
    assert len(await commands(world)) == 2


async def test_a_theft_that_names_its_transaction_makes_room_for_another_report(
    world: World,
) -> None:
    async with world.instance() as instance:
        path = await asked_for_details(instance, THEFT)
        assert (await instance.open(THEFT)).status == 409
        assert (await instance.post(path, DETAILS)).status == 202
        assert (await instance.open(THEFT)).status == 202
        assert (await instance.open(about("unauthorized", "t-1"))).status == 409


async def test_ten_disputes_at_once_name_one_transaction(world: World) -> None:
    async with world.instance() as one, world.instance() as two:
        paths = [await asked_for_details(one, about("wrong_amount")) for _ in range(10)]
        answers = await asyncio.gather(
            *(each.post(path, DETAILS) for each, path in zip([one, two] * 5, paths, strict=True)),
            *(each.open(about("wrong_amount", "t-1")) for each in [one, two] * 3),
        )
    assert sorted(a.status for a in answers) == [202] + [409] * 15
    rows = await world.query("SELECT count(*) FROM disputes WHERE transaction_id = 't-1'")
    assert rows[0][0] == 1
    assert await world.count("idempotency") == 11


async def test_the_feed_does_not_care_which_transaction_was_named(world: World) -> None:
    async with world.instance() as instance:
        path = await asked_for_details(instance, about("goods_or_service"))
        await instance.post(path, DETAILS)
        dispute_id = path.split("/")[3]
        news = status(dispute_id, 2, status="waiting_for_merchant", transaction_id="t-1")
        async with instance.intake.parts.engine.begin() as tx:
            await feed.apply_statuses(tx, [news])
        shown = (await instance.get(f"/v1/disputes/{dispute_id}")).json()
    assert (shown["transaction_id"], shown["status"]) == ("t-1", "waiting_for_merchant")
