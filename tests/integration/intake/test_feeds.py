"""What Kafka brings, applied to the database in whatever order."""

import asyncio
import random
from datetime import timedelta

from services.intake.handlers import feed
from shared.contracts.envelope import Envelope
from shared.contracts.events import Amount
from tests.integration.intake.world import AT, Instance, World, payment, refund, status


async def told(instance: Instance, *statuses: Envelope) -> None:
    async with instance.intake.parts.engine.begin() as tx:
        await feed.apply_statuses(tx, statuses)


async def recorded(instance: Instance, *transactions: Envelope) -> None:
    async with instance.intake.parts.engine.begin() as tx:
        await feed.copy_transactions(tx, transactions)


async def opened(instance: Instance, *transactions: str) -> list[str]:
    answer = await instance.open(refund(*transactions))
    return [dispute["dispute_id"] for dispute in answer.json()["disputes"]]


async def test_newer_replaces_older_and_late_ones_fill_the_timeline(world: World) -> None:
    async with world.instance() as instance:
        (dispute_id,) = await opened(instance, "t-1")
        path = f"/v1/disputes/{dispute_id}"
        await told(instance, status(dispute_id, 3, status="credited", open=False))
        after_newest = (await instance.get(path)).json()
        await told(instance, status(dispute_id, 1, status="checking"))
        await told(instance, *[status(dispute_id, 2, status="refund_sent")] * 3)
        await told(instance, status(dispute_id, 3, status="tracing"))
        after_all = (await instance.get(path)).json()
    assert [s["version"] for s in after_newest["timeline"]] == [0, 3]
    assert [s["version"] for s in after_all["timeline"]] == [0, 1, 2, 3]
    for shown in (after_newest, after_all):
        assert (shown["status"], shown["version"], shown["open"]) == ("credited", 3, False)


async def test_a_status_of_a_dispute_that_is_not_here_changes_nothing(world: World) -> None:
    stranger = "01900000-0000-7000-8000-000000000001"
    async with world.instance() as instance:
        (dispute_id,) = await opened(instance, "t-1")
        await told(instance, status(stranger, 1), status(dispute_id, 1))
        assert (await instance.get(f"/v1/disputes/{stranger}")).status == 404
        assert (await instance.get(f"/v1/disputes/{dispute_id}")).json()["version"] == 1
    assert await world.count("timeline") == 1


async def test_shuffled_batches_from_two_consumers_end_the_same(world: World) -> None:
    shuffler = random.Random(7)
    async with world.instance() as one, world.instance() as two:
        disputes = await opened(one, *(f"t-{n}" for n in range(12)))
        events = [status(d, v) for d in disputes for v in range(1, 9)] * 2
        shuffler.shuffle(events)
        batches = [events[n : n + 20] for n in range(0, len(events), 20)]
        await asyncio.gather(*(told((one, two)[n % 2], *batch) for n, batch in enumerate(batches)))
    rows = await world.query("SELECT DISTINCT version FROM disputes")
    assert [row["version"] for row in rows] == [8]
    assert await world.count("timeline") == 12 * 8


async def test_a_closed_dispute_makes_room_for_another(world: World) -> None:
    async with world.instance() as instance:
        (first,) = await opened(instance, "t-1")
        assert (await instance.open(refund("t-1"))).status == 409
        await told(instance, status(first, 1, status="withdrawn", open=False))
        assert (await instance.open(refund("t-1"))).status == 202


async def test_a_dispute_that_opens_again_always_applies_and_is_seen(world: World) -> None:
    async with world.instance() as instance:
        (first,) = await opened(instance, "t-1")
        await told(instance, status(first, 1, status="declined", open=False))
        (second,) = await opened(instance, "t-1")
        await told(instance, status(first, 2, status="in_arbitration", open=True))
        assert (await instance.get(f"/v1/disputes/{first}")).json()["open"]
        await told(instance, status(second, 1, status="withdrawn", open=False))
        refused = await instance.open(refund("t-1"))
    assert refused.status == 409


async def test_a_newer_state_of_a_transaction_replaces_an_older_one(world: World) -> None:
    def refunded(sequence: int, minor: int) -> Envelope:
        return payment("t-1", sequence=sequence, refunded_minor=minor)

    async with world.instance() as instance:
        await recorded(instance, refunded(3, 300), payment("t-2"), refunded(5, 500), refunded(4, 1))
        await recorded(instance, refunded(4, 400), refunded(2, 200))
        (_, shown) = (await instance.get("/v1/transactions")).json()["items"]
        assert shown["refunded"] == {"amount_minor": "500", "currency": "CNY"}
        assert (await instance.open(refund("t-1", amount="12301"))).status == 422
        assert (await instance.open(refund("t-1", amount="12300"))).status == 202


async def test_an_amount_of_38_digits_passes_through(world: World) -> None:
    huge = 10**38 - 1
    async with world.instance() as instance:
        amount = Amount(amount_minor=huge, currency="CNY")
        await recorded(instance, payment("t-1", amount=amount))
        (dispute_id,) = await opened(instance, "t-1")
        shown = (await instance.get(f"/v1/disputes/{dispute_id}")).json()
    assert shown["money"]["requested"]["amount_minor"] == str(huge)
    (row,) = await world.query("SELECT requested_minor FROM disputes")
    assert int(row["requested_minor"]) == huge


async def test_transactions_of_two_batches_at_once(world: World) -> None:
    shuffler = random.Random(11)
    async with world.instance() as one, world.instance() as two:
        events = [
            payment(f"t-{n:02}", sequence=s, occurred_at=AT + timedelta(minutes=s))
            for n in range(15)
            for s in range(1, 6)
        ]
        shuffler.shuffle(events)
        batches = [events[n : n + 15] for n in range(0, len(events), 15)]
        await asyncio.gather(
            *(recorded((one, two)[n % 2], *batch) for n, batch in enumerate(batches))
        )
    rows = await world.query("SELECT DISTINCT sequence FROM transactions")
    assert [row["sequence"] for row in rows] == [5]
