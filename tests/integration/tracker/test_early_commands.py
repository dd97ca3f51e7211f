"""A command that comes before its dispute was opened waits for it."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker import handlers, worker
from services.tracker.domain.estimates import Measured
from services.tracker.domain.triggers import T
from services.tracker.handlers import Outcome, Signal, advance, apply_waiting
from services.tracker.store.disputes import forget_waiting
from shared import inbox
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Kind
from tests.integration.tracker.stage import Stage, found, opened, opening, results, wish


async def test_it_waits_and_is_applied_with_the_opening(stage: Stage) -> None:
    event = opened()
    assert results(await stage.send(wish(event))) == ["waiting"]
    waiting = await stage.rows("SELECT dispute_id, trigger, requested_by FROM waiting")
    assert waiting == [
        {"dispute_id": event.dispute_id, "trigger": "withdrawn", "requested_by": "c-1"}
    ]
    assert not await stage.rows("SELECT 1 FROM disputes")
    await stage.send(opening(event))
    assert (await stage.dispute(event))["status"] == "withdrawn"
    assert await stage.history(event) == [("opened", "applied"), ("withdrawn", "applied")]
    assert not await stage.rows("SELECT 1 FROM waiting")
    assert await stage.tasks(event) == {}


async def test_redelivered_it_waits_once(stage: Stage) -> None:
    event = opened()
    outcomes = await stage.each(wish(event), wish(event))
    assert results(outcomes) == ["waiting", "repeated"]
    assert len(await stage.rows("SELECT 1 FROM waiting")) == 1


async def test_commands_that_waited_are_applied_in_the_order_they_were_given(
    stage: Stage,
) -> None:
    event = _with_ids_against_their_order()
    await stage.each(wish(event), wish(event, T.APPEALED, sequence=3))
    await stage.send(opening(event))
    assert await stage.history(event) == [
        ("opened", "applied"),
        ("withdrawn", "applied"),
        ("appealed", "illegal"),
    ]


async def test_before_the_opening_in_one_batch_it_does_not_keep_the_dispute_from_being_opened(
    stage: Stage,
) -> None:
    event = opened()
    outcomes = await stage.send(wish(event, T.APPEALED), opening(event))
    assert results(outcomes) == ["illegal", "applied"]
    row = await stage.dispute(event)
    assert (row["status"], row["open"]) == ("checking", True)
    assert "inquiry" in await stage.tasks(event)


async def test_beside_the_opening_in_another_transaction_it_is_applied_all_the_same(
    stage: Stage,
) -> None:
    """Neither transaction sees the other's rows: the opening takes nothing, the command waits."""
    event = opened(Kind.MISSING_FUNDS)
    async with stage.engine.connect() as slow:
        await advance(slow, [opening(event)])
        assert results(await stage.send(wish(event))) == ["waiting"]
        await slow.commit()
    async with stage.engine.begin() as tx:
        assert await apply_waiting(tx) == 1
    assert (await stage.dispute(event))["status"] == "withdrawn"
    assert not await stage.rows("SELECT 1 FROM waiting")


async def test_one_that_cannot_be_applied_keeps_no_other_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = opened(), opened()
    await stage.send(opening(good), opening(bad))
    for event in (good, bad):
        await stage.write(
            "INSERT INTO waiting (id, dispute_id, trigger, requested_by)"
            " VALUES (gen_random_uuid(), :dispute, 'withdrawn', 'c-1')",
            dispute=event.dispute_id,
        )

    async def sound(
        tx: AsyncConnection, signals: Sequence[Signal], measured: Measured
    ) -> list[Outcome]:
        if bad.dispute_id in {signal.dispute_id for signal in signals}:
            raise ArithmeticError
        return await advance(tx, signals, measured)

    monkeypatch.setattr(handlers, "advance", sound)
    await worker.Housekeeping(stage.engine)._apply_waiting()  # noqa: SLF001 - a step of its loop
    assert (await stage.dispute(good))["status"] == "withdrawn"
    assert await stage.rows("SELECT dispute_id FROM waiting") == [{"dispute_id": bad.dispute_id}]


async def test_what_waits_for_an_unopened_dispute_goes_on_waiting(stage: Stage) -> None:
    await stage.send(wish(opened()))
    async with stage.engine.begin() as tx:
        assert await apply_waiting(tx) == 0
    assert len(await stage.rows("SELECT 1 FROM waiting")) == 1


async def test_a_bank_answer_for_a_dispute_that_is_not_there_is_answered_as_unknown(
    stage: Stage,
) -> None:
    assert results(await stage.send(found(opened()))) == ["unknown"]
    await asyncio.gather(*(stage.send(found(opened())) for _ in range(4)))
    assert not await stage.rows("SELECT 1 FROM waiting")


def _with_ids_against_their_order() -> DisputeOpened:
    """The ids of events are hashes: here the later command has the smaller one."""
    while True:
        event = opened()
        if str(wish(event).inbox_id) > str(wish(event, sequence=3).inbox_id):
            return event


async def test_a_command_is_forgotten_when_its_dispute_never_comes(stage: Stage) -> None:
    old, young = opened(), opened()
    await stage.each(wish(old), wish(young))
    await stage.write(
        "UPDATE waiting SET received_at = clock_timestamp() - interval '46 days'"
        " WHERE dispute_id = :d",
        d=old.dispute_id,
    )
    async with stage.engine.begin() as tx:
        assert await forget_waiting(tx, inbox.KEPT) == 1
    left = await stage.rows("SELECT dispute_id FROM waiting")
    assert left == [{"dispute_id": young.dispute_id}]
