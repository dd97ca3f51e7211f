import asyncio
import json
from typing import Any

from services.intake.handlers import feed
from shared import ids
from shared.contracts.envelope import decode
from shared.contracts.events import ActionRequested
from tests.integration.intake.world import Instance, World, refund, status


async def opened(instance: Instance, transaction: str = "t-1") -> str:
    answer = await instance.open(refund(transaction))
    found: str = answer.json()["disputes"][0]["dispute_id"]
    return found


async def told(instance: Instance, *statuses: Any) -> None:
    async with instance.intake.parts.engine.begin() as tx:
        await feed.apply_statuses(tx, statuses)


async def commands(world: World) -> list[tuple[str, dict[str, str], ActionRequested]]:
    rows = await world.query("SELECT topic, headers, value FROM outbox ORDER BY pos")
    found = []
    for row in rows:
        headers = dict(json.loads(row["headers"]))
        data = decode([(k, v.encode()) for k, v in headers.items()], row["value"]).data
        if isinstance(data, ActionRequested):
            found.append((row["topic"], headers, data))
    return found


async def test_a_withdrawal_is_handed_to_the_tracker(world: World) -> None:
    async with world.instance() as instance:
        dispute_id = await opened(instance)
        path = f"/v1/disputes/{dispute_id}/actions"
        answer = await instance.post(path, {"action": "withdraw", "statement": "算了"}, key="w")
        again = await instance.post(path, {"action": "withdraw", "statement": "算了"}, key="w")
        ring = instance.intake.parts.key_ring
    assert (answer.status, answer.headers["Location"]) == (202, f"/v1/disputes/{dispute_id}")
    assert (again.status, again.text) == (202, answer.text)
    ((topic, headers, event),) = await commands(world)
    assert topic == "disputes.v1"
    assert (headers["ce_sequence"], headers["ce_subject"]) == ("2", dispute_id)
    assert headers["ce_id"] == str(ids.event_id("/redress/intake", dispute_id, 2))
    assert (event.action, event.requested_by) == ("withdraw", "ana")
    assert str(event.action_id) == answer.json()["action_id"]
    assert event.statement
    assert ring.open(event.statement, f"statement:{dispute_id}") == "算了"


async def test_commands_about_missing_funds_follow_the_topic_of_their_opening(
    world: World,
) -> None:
    async with world.instance() as instance:
        answer = await instance.open({"kind": "missing_funds", "reason": "transfer"})
        dispute_id = answer.json()["disputes"][0]["dispute_id"]
        await instance.post(f"/v1/disputes/{dispute_id}/actions", {"action": "withdraw"})
    ((topic, _, _),) = await commands(world)
    assert topic == "missing-funds.v1"


async def test_what_the_newest_status_does_not_allow_is_refused_with_what_it_does(
    world: World,
) -> None:
    async with world.instance() as instance:
        dispute_id = await opened(instance)
        path = f"/v1/disputes/{dispute_id}/actions"
        early = await instance.post(path, {"action": "appeal"})
        declined = status(
            dispute_id,
            1,
            status="declined",
            open=False,
            actions=("request_merchant_consent", "appeal"),
        )
        await told(instance, declined)
        late = await instance.post(path, {"action": "withdraw"})
        fine = await instance.post(path, {"action": "appeal"})
        unknown = await instance.post(path, {"action": "shout"})
        await told(instance, status(dispute_id, 2, status="credited", open=False))
        over = await instance.post(path, {"action": "appeal"})
    assert (early.status, early.json()["possible"]) == (409, ["withdraw"])
    assert late.status == 409
    assert late.json()["possible"] == ["request_merchant_consent", "appeal"]
    assert "request_merchant_consent, appeal" in late.json()["detail"]
    assert fine.status == 202
    assert (unknown.status, unknown.json()["errors"][0]["field"]) == (422, "action")
    assert (over.status, over.json()["possible"]) == (409, [])


async def test_commands_at_once_are_numbered_without_a_gap(world: World) -> None:
    async with world.instance() as one, world.instance() as two:
        dispute_id = await opened(one)
        path = f"/v1/disputes/{dispute_id}/actions"
        answers = await asyncio.gather(
            *(each.post(path, {"action": "withdraw"}) for each in [one, two] * 5)
        )
    assert {a.status for a in answers} == {202}
    numbers = [int(headers["ce_sequence"]) for _, headers, _ in await commands(world)]
    assert numbers == list(range(2, 12))


async def test_ten_at_once_with_one_key_ask_once(world: World) -> None:
    async with world.instance() as one, world.instance() as two:
        dispute_id = await opened(one)
        path = f"/v1/disputes/{dispute_id}/actions"
        answers = await asyncio.gather(
            *(each.post(path, {"action": "withdraw"}, key="w") for each in [one, two] * 5)
        )
    assert {a.status for a in answers} == {202}
    assert len({a.text for a in answers}) == 1
    assert len(await commands(world)) == 1


async def test_one_key_for_two_disputes_at_once_asks_one_of_them(world: World) -> None:
    async with world.instance() as one, world.instance() as two:
        first, second = await opened(one), await opened(one, "t-2")
        answers = await asyncio.gather(
            *(
                each.post(f"/v1/disputes/{dispute}/actions", {"action": "withdraw"}, key="w")
                for each, dispute in ((one, first), (two, second))
            )
        )
    assert sorted(a.status for a in answers) == [202, 422]
    assert len(await commands(world)) == 1


async def test_a_key_that_was_used_for_one_dispute_is_refused_for_another(world: World) -> None:
    async with world.instance() as instance:
        first, second = await opened(instance), await opened(instance, "t-2")
        answers = [
            await instance.post(f"/v1/disputes/{each}/actions", {"action": "withdraw"}, key="w")
            for each in (first, second)
        ]
    assert [a.status for a in answers] == [202, 422]
    assert len(await commands(world)) == 1


async def test_an_agent_asks_for_a_customer(world: World) -> None:
    async with world.instance() as instance:
        dispute_id = await opened(instance)
        path = f"/v1/disputes/{dispute_id}/actions"
        agents = await instance.post(path, {"action": "withdraw"}, token="agent:a-7")
        ops = await instance.post(path, {"action": "withdraw"}, token="ops:o-1")
    assert (agents.status, ops.status) == (202, 403)
    ((_, _, event),) = await commands(world)
    assert event.requested_by == "a-7"
