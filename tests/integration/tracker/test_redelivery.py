import asyncio
from dataclasses import replace

from services.tracker.domain.triggers import T
from services.tracker.handlers import advance
from shared import ids
from shared.contracts.events import DisputeOpened
from tests.integration.tracker.stage import Stage, found, opened, opening, results, wish


async def test_ten_concurrent_redeliveries_open_one_dispute_and_tell_of_it_once(
    stage: Stage,
) -> None:
    event = opened()
    outcomes = await asyncio.gather(*(stage.send(opening(event)) for _ in range(10)))
    assert sorted(results([outcome for (outcome,) in outcomes])) == ["applied", *["repeated"] * 9]
    assert await stage.history(event) == [("opened", "applied")]
    assert [status["version"] for status in await stage.published(event)] == [1]
    assert sorted(await stage.tasks(event)) == [
        "inquiry",
        "inquiry_due",
        "promise_due",
        "promise_near",
    ]


async def test_the_same_opening_ten_times_in_one_batch_counts_once(stage: Stage) -> None:
    event = opened()
    outcomes = await stage.send(*(opening(event) for _ in range(10)))
    assert results(outcomes) == ["applied", *["repeated"] * 9]
    assert len(await stage.published(event)) == 1


async def test_a_command_redelivered_ten_times_is_recorded_once(stage: Stage) -> None:
    event = opened()
    await stage.send(opening(event))
    outcomes = await asyncio.gather(*(stage.send(wish(event)) for _ in range(10)))
    assert sorted(results([outcome for (outcome,) in outcomes])) == ["applied", *["repeated"] * 9]
    assert await stage.history(event) == [("opened", "applied"), (T.WITHDRAWN, "applied")]
    assert len(await stage.published(event)) == 2


async def test_a_command_that_stands_twice_in_one_batch_is_recorded_once(stage: Stage) -> None:
    event = opened()
    outcomes = await stage.send(opening(event), wish(event), wish(event))
    assert results(outcomes) == ["applied", "applied", "repeated"]
    assert len(await stage.history(event)) == 2


async def test_what_found_no_dispute_may_come_again(stage: Stage) -> None:
    event = opened()
    answer = replace(found(event), inbox_id=ids.new())
    assert results(await stage.send(answer)) == ["unknown"]
    await stage.send(opening(event))
    assert results(await stage.each(answer, answer)) == ["applied", "repeated"]


async def test_a_transaction_that_is_rolled_back_leaves_nothing_and_may_be_repeated(
    stage: Stage,
) -> None:
    event = opened()
    await _roll_back(stage, event)
    assert not await stage.rows("SELECT 1 FROM inbox")
    assert not await stage.rows("SELECT 1 FROM outbox")
    assert results(await stage.send(opening(event), found(event))) == ["applied", "applied"]


async def _roll_back(stage: Stage, event: DisputeOpened) -> None:
    async with stage.engine.connect() as connection:
        await advance(connection, [opening(event)])
        await connection.rollback()
