import asyncio
import random
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import ids, inbox
from tests.integration.shared.support import count


async def claim(engine: AsyncEngine, *wanted: UUID) -> set[UUID]:
    async with engine.begin() as tx:
        return await inbox.claim(tx, wanted)


async def test_of_ten_who_claim_at_once_exactly_one_wins(engine: AsyncEngine) -> None:
    event = ids.new()
    together = asyncio.Barrier(10)

    async def one() -> set[UUID]:
        async with engine.begin() as tx:
            await tx.execute(text("SELECT 1"))
            await together.wait()
            return await inbox.claim(tx, [event])

    won = await asyncio.gather(*(one() for _ in range(10)))
    assert sorted(won, key=len) == [set()] * 9 + [{event}]


async def test_a_claim_whose_transaction_fails_is_free_again(engine: AsyncEngine) -> None:
    event = ids.new()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - one transaction
        async with engine.begin() as tx:
            assert await inbox.claim(tx, [event]) == {event}
            raise ZeroDivisionError
    assert await claim(engine, event) == {event}
    assert await claim(engine, event) == set()


async def test_one_who_waits_for_a_claim_that_fails_wins_it(engine: AsyncEngine) -> None:
    event = ids.new()
    async with engine.connect() as first:
        await first.begin()
        assert await inbox.claim(first, [event]) == {event}
        second = asyncio.create_task(claim(engine, event))
        await asyncio.wait([second], timeout=0.05)
        assert not second.done()
        await first.rollback()
    assert await second == {event}


async def test_the_same_id_twice_in_a_batch_counts_once(engine: AsyncEngine) -> None:
    a, b = ids.new(), ids.new()
    assert await claim(engine, a, b, a) == {a, b}
    assert await claim(engine) == set()


async def test_shuffled_batches_never_deadlock_and_share_the_events(engine: AsyncEngine) -> None:
    events = [ids.new() for _ in range(200)]

    async def batch(seed: int) -> set[UUID]:
        shuffled = random.Random(seed).sample(events, len(events))
        return await claim(engine, *shuffled)

    won = await asyncio.gather(*(batch(seed) for seed in range(10)))
    assert sum(len(w) for w in won) == 200
    assert set().union(*won) == set(events)


async def test_only_claims_past_their_time_are_forgotten(engine: AsyncEngine) -> None:
    old, new = ids.new(), ids.new()
    await claim(engine, old, new)
    async with engine.begin() as tx:
        await tx.execute(
            text("UPDATE inbox SET received_at = now() - interval '46 days' WHERE event_id = :old"),
            {"old": old},
        )
        assert await inbox.forget_old(tx) == 1
    assert await count(engine, "inbox") == 1
    assert await claim(engine, new) == set()
