import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import ids, inbox
from tests.integration.shared.support import count, until

_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


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
        assert await inbox.claim(first, [event]) == {event}
        second = asyncio.create_task(claim(engine, event))
        await asyncio.wait([second], timeout=0.05)
        assert not second.done()
        await first.rollback()
    assert await second == {event}


async def test_a_claim_that_is_given_back_goes_to_the_next_one(engine: AsyncEngine) -> None:
    kept, returned = ids.new(), ids.new()
    async with engine.begin() as first:
        assert await inbox.claim(first, [kept, returned]) == {kept, returned}
        second = asyncio.create_task(claim(engine, kept, returned))
        await asyncio.wait([second], timeout=0.05)
        await inbox.release(first, [returned])
        await inbox.release(first, [])
    assert await second == {returned}


async def test_the_same_id_twice_in_a_batch_counts_once(engine: AsyncEngine) -> None:
    a, b = ids.new(), ids.new()
    assert await claim(engine, a, b, a) == {a, b}
    assert await claim(engine) == set()


async def test_batches_in_opposite_order_do_not_deadlock(engine: AsyncEngine) -> None:
    low, middle, high = sorted(ids.new() for _ in range(3))

    async def both_wait() -> bool:
        async with engine.connect() as tx:
            return int((await tx.execute(_WAITING)).scalar_one()) == 2

    async with engine.connect() as holder:
        await inbox.claim(holder, [middle])  # so that each batch stops half-way
        upwards = asyncio.create_task(claim(engine, low, middle, high))
        downwards = asyncio.create_task(claim(engine, high, middle, low))
        await until(both_wait)
        await holder.rollback()
        won = await asyncio.gather(upwards, downwards)
    assert sorted(won, key=len) == [set(), {low, middle, high}]


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
