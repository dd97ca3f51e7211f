"""A transaction's money: the core keeps to it, and the database does whoever writes."""

import asyncio
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.tracker.domain.triggers import T
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Kind
from tests.integration.tracker.stage import (
    CAPTURED,
    Stage,
    decision,
    found,
    merchant,
    opened,
    opening,
    refund,
    results,
)

RACES = 12
PUT = (
    "INSERT INTO reservations (dispute_id, purpose, transaction_id, amount_minor, state)"
    " VALUES (:dispute, 'refund', :transaction, :amount, :state)"
)


def _pair(requested_minor: int | None = None) -> tuple[DisputeOpened, DisputeOpened]:
    """Two disputes on one transaction: about the purchase, and about the movement of money."""
    first = opened(requested_minor=requested_minor)
    tx = first.transaction_id
    return first, opened(Kind.PAYMENT_FAILED, tx, requested_minor=requested_minor)


async def test_of_two_disputes_that_race_for_the_last_money_one_gets_it(stage: Stage) -> None:
    pairs = [_pair() for _ in range(RACES)]
    for pair in pairs:
        await stage.send(*map(opening, pair), *map(found, pair))
    await asyncio.gather(*(stage.send(merchant(event)) for pair in pairs for event in pair))
    for pair in pairs:
        statuses = sorted([(await stage.dispute(event))["status"] for event in pair])
        assert statuses == ["in_arbitration", "refund_approved"]
        assert await stage.money(pair[0].transaction_id) == (CAPTURED, 0)
    calls = await stage.one("SELECT count(*) AS n FROM tasks WHERE kind = 'refund'")
    assert calls["n"] == RACES


async def test_in_one_batch_the_second_sees_what_the_first_took(stage: Stage) -> None:
    pair = _pair(requested_minor=7_000)
    await stage.send(*map(opening, pair), *map(found, pair))
    await stage.send(*map(merchant, pair))
    assert [(await stage.dispute(event))["status"] for event in pair] == [
        "refund_approved",
        "in_arbitration",
    ]
    assert await stage.money(pair[0].transaction_id) == (7_000, 0)


async def test_two_that_fit_together_are_both_paid(stage: Stage) -> None:
    pair = _pair(requested_minor=6_000)
    await stage.send(*map(opening, pair), *map(found, pair))
    await asyncio.gather(*(stage.send(merchant(event)) for event in pair))
    await asyncio.gather(*(stage.send(refund(event, T.REFUND_CREDITED)) for event in pair))
    assert [(await stage.dispute(event))["status"] for event in pair] == ["credited"] * 2
    assert await stage.money(pair[0].transaction_id) == (0, 12_000)


async def test_what_was_refunded_elsewhere_is_no_longer_there(stage: Stage) -> None:
    event = opened()
    await stage.each(opening(event), found(event, refunded_minor=1), merchant(event))
    row = await stage.dispute(event)
    assert (row["status"], row["facts"]["arbitration_cause"]) == (
        "in_arbitration",
        "above_captured",
    )


async def test_two_arbitrators_cannot_grant_the_same_money(stage: Stage) -> None:
    pair = _pair()
    await stage.send(*map(opening, pair), *map(found, pair))
    await stage.send(*(merchant(event, T.MERCHANT_REFUSED) for event in pair))
    answers = await asyncio.gather(*(stage.send(decision(event)) for event in pair))
    outcomes = sorted(results([outcome for (outcome,) in answers]))
    assert outcomes == ["applied", "invalid"]
    assert await stage.money(pair[0].transaction_id) == (CAPTURED, 0)


async def test_given_back_money_can_be_had_by_the_other(stage: Stage) -> None:
    pair = _pair()
    await stage.send(*map(opening, pair), *map(found, pair))
    await stage.each(merchant(pair[0]), merchant(pair[1]), refund(pair[0], T.REFUND_FAILED))
    assert results(await stage.each(decision(pair[1]))) == ["invalid"]
    await stage.each(decision(pair[0], None))
    assert (await stage.holds(pair[0]))["refund"][1] == "released"
    assert results(await stage.each(decision(pair[1]))) == ["applied"]
    assert await stage.money(pair[0].transaction_id) == (CAPTURED, 0)


@pytest.mark.parametrize("state", ["reserved", "in_flight", "unknown", "settled"])
async def test_past_the_core_the_database_refuses_a_hold_above_the_capture(
    stage: Stage, state: str
) -> None:
    first, second = await _one_holds(stage, 10_000)
    over = {"dispute": second, "transaction": first.transaction_id, "amount": 2_801}
    with pytest.raises(IntegrityError) as refused:
        await stage.write(PUT, **over, state=state)
    _names(refused.value, "transaction_money_cap")
    await stage.write(PUT, **(over | {"amount": 2_800}), state=state)
    assert sum(await stage.money(first.transaction_id)) == CAPTURED


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reservations SET amount_minor = 12801 WHERE dispute_id = :id",
        "UPDATE transaction_money SET captured_minor = 9999",
        "UPDATE transaction_money SET external_minor = 2801",
        "UPDATE transaction_money SET held_minor = 12801",
    ],
)
async def test_past_the_core_the_database_refuses_every_change_above_the_capture(
    stage: Stage, change: str
) -> None:
    first, _ = await _one_holds(stage, 10_000)
    with pytest.raises(IntegrityError) as refused:
        await stage.write(change, **({"id": first.dispute_id} if ":id" in change else {}))
    _names(refused.value, "transaction_money_cap")


async def test_a_hold_that_was_released_cannot_be_taken_up_again_above_the_capture(
    stage: Stage,
) -> None:
    first, second = await _one_holds(stage, 10_000)
    over = {"dispute": second, "transaction": first.transaction_id, "amount": 10_000}
    await stage.write(PUT, **over, state="released")
    with pytest.raises(IntegrityError):
        await stage.write(
            "UPDATE reservations SET state = 'reserved' WHERE dispute_id = :d", d=second
        )


async def test_a_hold_cannot_move_to_another_transaction(stage: Stage) -> None:
    first, _ = await _one_holds(stage, 10_000)
    await stage.write("INSERT INTO transaction_money (transaction_id) VALUES ('elsewhere')")
    with pytest.raises(DBAPIError, match="keeps its transaction"):
        await stage.write(
            "UPDATE reservations SET transaction_id = 'elsewhere' WHERE dispute_id = :id",
            id=first.dispute_id,
        )


async def test_before_the_bank_confirmed_the_capture_nothing_can_be_held(stage: Stage) -> None:
    event = opened()
    await stage.send(opening(event))
    with pytest.raises(IntegrityError) as refused:
        await stage.write(
            PUT,
            dispute=event.dispute_id,
            transaction=event.transaction_id,
            amount=1,
            state="reserved",
        )
    _names(refused.value, "transaction_money_cap")


async def test_two_writers_past_the_core_cannot_both_have_the_last_money(stage: Stage) -> None:
    first, second = await _one_holds(stage, 10_000)
    third = opened(Kind.PAYMENT_FAILED)
    await stage.send(opening(third))
    values = {"transaction": first.transaction_id, "amount": 2_000, "state": "reserved"}
    written = await asyncio.gather(
        *(stage.write(PUT, dispute=other, **values) for other in (second, third.dispute_id)),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in written) == ["IntegrityError", "NoneType"]
    assert await stage.money(first.transaction_id) == (12_000, 0)


async def _one_holds(stage: Stage, amount_minor: int) -> tuple[DisputeOpened, UUID]:
    """A dispute that holds this much of its transaction, and another one's id on the same."""
    first, second = _pair(requested_minor=amount_minor)
    await stage.send(*map(opening, (first, second)), *map(found, (first, second)))
    await stage.send(merchant(first))
    return first, second.dispute_id


def _names(error: IntegrityError, constraint: str) -> None:
    cause = error.orig.__cause__ if error.orig else None
    assert isinstance(cause, asyncpg.CheckViolationError)
    assert cause.constraint_name == constraint
