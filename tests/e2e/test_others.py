"""A customer who reaches for what is somebody else's learns nothing, not even that it exists."""

from collections.abc import Awaitable, Callable

import pytest

from shared import ids
from shared.auth import Role
from tests.e2e.world import Answer, Receipt, World, receipts

OWNER, STRANGER = "c-owner", "c-stranger"
Reach = Callable[[World, Receipt], Awaitable[Answer]]


async def _read(world: World, receipt: Receipt) -> Answer:
    path = f"/v1/disputes/{receipt.dispute_id}"
    return await world.call("GET", "intake", path, caller=(Role.CUSTOMER, STRANGER))


async def _read_by_reference(world: World, receipt: Receipt) -> Answer:
    path = f"/v1/disputes/by-reference/{receipt.reference}"
    return await world.call("GET", "intake", path, caller=(Role.CUSTOMER, STRANGER))


async def _withdraw(world: World, receipt: Receipt) -> Answer:
    path = f"/v1/disputes/{receipt.dispute_id}/actions"
    body = {"action": "withdraw"}
    return await world.call("POST", "intake", path, body, (Role.CUSTOMER, STRANGER), ids.token())


@pytest.mark.parametrize("reach", [_read, _read_by_reference, _withdraw])
async def test_it_is_answered_as_what_does_not_exist(world: World, reach: Reach) -> None:
    theirs = await world.opened(await world.record(customer_id=OWNER), customer_id=OWNER)
    nothing = Receipt(ids.new(), ids.reference(), STRANGER, None)
    for_theirs, for_nothing = await reach(world, theirs), await reach(world, nothing)
    assert for_theirs.status == for_nothing.status == 404
    assert for_theirs.body == for_nothing.body
    assert _told(for_theirs) == _told(for_nothing)
    assert (await world.until_ended(theirs))["status"] == "credited"


async def test_a_published_transaction_of_somebody_else_cannot_be_disputed(world: World) -> None:
    theirs = await world.record(customer_id=OWNER)
    await world.until_ended(await world.opened(theirs, customer_id=OWNER))
    answer = await world.claim(theirs, customer_id=STRANGER)
    assert answer.status == 404
    assert theirs not in str(answer.body)


async def test_anothers_open_dispute_is_not_named(world: World) -> None:
    """Neither copy nor reference: only that it cannot be opened a second time."""
    unpublished = await world.record(
        customer_id=OWNER, publish=False, merchant={"answer": "silent"}
    )
    theirs = await world.opened(unpublished, customer_id=OWNER)
    answer = await world.claim(unpublished, customer_id=STRANGER)
    assert answer.status == 409
    assert theirs.reference not in str(answer.body)
    assert OWNER not in str(answer.body)


async def test_lists_hold_only_ones_own(world: World) -> None:
    mine, theirs = f"c-{ids.new()}", f"c-{ids.new()}"
    for customer in (mine, theirs):
        await world.opened(await world.record(customer_id=customer), customer_id=customer)
    for path in ("/v1/disputes", "/v1/transactions"):
        answer = await world.call("GET", "intake", path, caller=(Role.CUSTOMER, mine))
        assert len(answer.body["items"]) == 1
        assert theirs not in str(answer.body)
        named = f"{path}?customer_id={theirs}"
        asked = await world.call("GET", "intake", named, caller=(Role.CUSTOMER, mine))
        assert asked.status == 422


async def test_an_agent_opens_for_a_caller_and_the_customer_sees_it(world: World) -> None:
    transaction_id = await world.record()
    body = {
        "kind": "refund_request",
        "reason": "changed_mind",
        "transactions": [{"transaction_id": transaction_id}],
        "customer_id": "c-li",
        "channel": "phone",
    }
    agent = (Role.AGENT, "agent-7")
    answer = await world.call("POST", "intake", "/v1/disputes", body, agent, ids.token())
    (receipt,) = receipts(answer, "c-li")
    assert (await world.until_ended(receipt))["status"] == "credited"


def _told(answer: Answer) -> dict[str, str]:
    """Headers but those that differ with every answer."""
    every_time = {"date", "traceparent"}
    return {k: v for k, v in answer.headers.items() if k.lower() not in every_time}
