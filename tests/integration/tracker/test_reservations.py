"""A transaction's money: the core keeps to it, and the database does whoever writes."""

import asyncio
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.tracker.domain.triggers import Choice, Comparison, T, Trigger, Wish
from services.tracker.handlers import Signal
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Actor, Kind
from tests.integration.tracker.stage import (
    CAPTURED,
    Stage,
    bank,
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


async def test_of_two_disputes_that_race_for_the_last_money_one_gets_it(common: Stage) -> None:
    pairs = [_pair() for _ in range(RACES)]
    for pair in pairs:
        await common.send(*map(opening, pair), *map(found, pair))
    await asyncio.gather(*(common.send(merchant(event)) for pair in pairs for event in pair))
    for pair in pairs:
        statuses = sorted([(await common.dispute(event))["status"] for event in pair])
        assert statuses == ["in_arbitration", "refund_approved"]
        assert await common.money(pair[0].transaction_id) == (CAPTURED, 0)
    kinds = [await common.tasks(event) for pair in pairs for event in pair]
    assert sum("refund" in each for each in kinds) == RACES


async def test_in_one_batch_the_second_sees_what_the_first_took(common: Stage) -> None:
    pair = _pair(requested_minor=7_000)
    await common.send(*map(opening, pair), *map(found, pair))
    await common.send(*map(merchant, pair))
    assert [(await common.dispute(event))["status"] for event in pair] == [
        "refund_approved",
        "in_arbitration",
    ]
    assert await common.money(pair[0].transaction_id) == (7_000, 0)


async def test_two_that_fit_together_are_both_paid(common: Stage) -> None:
    pair = _pair(requested_minor=6_000)
    await common.send(*map(opening, pair), *map(found, pair))
    await asyncio.gather(*(common.send(merchant(event)) for event in pair))
    await asyncio.gather(*(common.send(refund(event, T.REFUND_CREDITED)) for event in pair))
    assert [(await common.dispute(event))["status"] for event in pair] == ["credited"] * 2
    assert await common.money(pair[0].transaction_id) == (0, 12_000)


async def test_what_was_refunded_elsewhere_is_no_longer_there(common: Stage) -> None:
    event = opened()
    await common.each(opening(event), found(event, refunded_minor=1), merchant(event))
    row = await common.dispute(event)
    assert (row["status"], row["facts"]["arbitration_cause"]) == (
        "in_arbitration",
        "above_captured",
    )


async def test_what_the_bank_says_of_another_transaction_is_not_learnt(common: Stage) -> None:
    event = opened()
    await common.each(opening(event))
    other = found(event, transaction_id="elsewhere", customer_id="somebody-else")
    assert results(await common.each(other)) == ["illegal"]
    await common.each(found(event, captured_minor=100))
    row = await common.dispute(event)
    assert (row["facts"]["captured_minor"], row["status"]) == (100, "waiting_for_merchant")


async def test_a_refund_that_may_be_at_the_bank_is_not_taken_off_what_the_bank_counts(
    common: Stage,
) -> None:
    """Too little room brings in a person; too much would pay twice."""
    unsure, other = _pair(requested_minor=6_000)
    await common.each(opening(unsure), found(unsure), merchant(unsure))
    await common.each(refund(unsure, T.REFUND_NO_ANSWER))
    await common.each(opening(other), found(other, refunded_minor=6_000), merchant(other))
    row = await common.dispute(other)
    assert row["facts"]["arbitration_cause"] == "above_captured"


async def test_a_capture_that_the_bank_now_names_smaller_takes_nothing_back(common: Stage) -> None:
    holding, other = _pair()
    await common.send(*map(opening, (holding, other)), found(holding), merchant(holding))
    outcomes = await common.each(found(other, captured_minor=CAPTURED - 1))
    assert results(outcomes) == ["applied"]
    assert await common.money(holding.transaction_id) == (CAPTURED, 0)


async def test_the_banks_answer_heard_again_takes_our_own_refund_for_nobody_elses(
    common: Stage,
) -> None:
    event = opened(requested_minor=6_000)
    await common.to_reserved(event)
    assert results(await common.send(found(event, refunded_minor=6_000))) == ["late"]
    row = await common.one(
        "SELECT external_minor FROM transaction_money WHERE transaction_id = :id",
        id=event.transaction_id,
    )
    assert row["external_minor"] == 0


async def test_two_arbitrators_cannot_grant_the_same_money(common: Stage) -> None:
    pair = _pair()
    await common.send(*map(opening, pair), *map(found, pair))
    await common.send(*(merchant(event, T.MERCHANT_REFUSED) for event in pair))
    answers = await asyncio.gather(*(common.send(decision(event)) for event in pair))
    outcomes = sorted(results([outcome for (outcome,) in answers]))
    assert outcomes == ["applied", "illegal"]
    assert await common.money(pair[0].transaction_id) == (CAPTURED, 0)


async def test_given_back_money_can_be_had_by_the_other(common: Stage) -> None:
    pair = _pair()
    await common.send(*map(opening, pair), *map(found, pair))
    await common.each(merchant(pair[0]), merchant(pair[1]), refund(pair[0], T.REFUND_FAILED))
    assert results(await common.each(decision(pair[1]))) == ["illegal"]
    await common.each(decision(pair[0], None))
    assert (await common.holds(pair[0]))["refund"][1] == "released"
    assert results(await common.each(decision(pair[1]))) == ["applied"]
    assert await common.money(pair[0].transaction_id) == (CAPTURED, 0)


async def test_in_one_batch_a_smaller_grant_leaves_its_rest_to_another_dispute(
    common: Stage,
) -> None:
    first, second = sorted(_pair(), key=lambda event: event.dispute_id)
    await common.send(*map(opening, (first, second)), *map(found, (first, second)))
    await common.each(merchant(second), refund(second, T.REFUND_FAILED))
    await common.each(merchant(first, T.MERCHANT_REFUSED))
    assert results(await common.send(decision(second, 2_000), decision(first, 10_000))) == [
        "applied",
        "applied",
    ]
    assert await common.money(first.transaction_id) == (12_000, 0)


async def test_in_one_batch_money_is_given_back_before_it_is_taken(common: Stage) -> None:
    """The one that takes has the smaller id, and its row would be written first."""
    taking, giving = sorted(_pair(), key=lambda event: event.dispute_id)
    await common.send(*map(opening, (taking, giving)), *map(found, (taking, giving)))
    await common.each(merchant(giving), merchant(taking), refund(giving, T.REFUND_FAILED))
    outcomes = await common.send(decision(giving, None), decision(taking))
    assert results(outcomes) == ["applied", "applied"]
    assert (await common.holds(giving))["refund"][1] == "released"
    assert await common.money(taking.transaction_id) == (CAPTURED, 0)


@pytest.mark.parametrize("state", ["reserved", "in_flight", "unknown", "settled"])
async def test_past_the_core_the_database_refuses_a_hold_above_the_capture(
    common: Stage, state: str
) -> None:
    first, second = await _one_holds(common, 10_000)
    over = {"dispute": second, "transaction": first.transaction_id, "amount": 2_801}
    with pytest.raises(IntegrityError) as refused:
        await common.write(PUT, **over, state=state)
    _names(refused.value, "transaction_money_cap")
    await common.write(PUT, **(over | {"amount": 2_800}), state=state)
    assert sum(await common.money(first.transaction_id)) == CAPTURED


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reservations SET amount_minor = 12801 WHERE transaction_id = :tx",
        "UPDATE transaction_money SET captured_minor = 9999 WHERE transaction_id = :tx",
        "UPDATE transaction_money SET external_minor = 2801 WHERE transaction_id = :tx",
        "UPDATE transaction_money SET held_minor = 12801 WHERE transaction_id = :tx",
    ],
)
async def test_past_the_core_the_database_refuses_every_change_above_the_capture(
    common: Stage, change: str
) -> None:
    first, _ = await _one_holds(common, 10_000)
    with pytest.raises(IntegrityError) as refused:
        await common.write(change, tx=first.transaction_id)
    _names(refused.value, "transaction_money_cap")


async def test_a_hold_that_was_released_cannot_be_taken_up_again_above_the_capture(
    common: Stage,
) -> None:
    first, second = await _one_holds(common, 10_000)
    over = {"dispute": second, "transaction": first.transaction_id, "amount": 10_000}
    await common.write(PUT, **over, state="released")
    with pytest.raises(IntegrityError):
        await common.write(
            "UPDATE reservations SET state = 'reserved' WHERE dispute_id = :d", d=second
        )


async def test_a_hold_cannot_move_to_another_transaction(common: Stage) -> None:
    first, _ = await _one_holds(common, 10_000)
    await common.write("INSERT INTO transaction_money (transaction_id) VALUES ('elsewhere')")
    with pytest.raises(DBAPIError, match="keeps its transaction"):
        await common.write(
            "UPDATE reservations SET transaction_id = 'elsewhere' WHERE dispute_id = :id",
            id=first.dispute_id,
        )


async def test_before_the_bank_confirmed_the_capture_nothing_can_be_held(common: Stage) -> None:
    event = opened()
    await common.send(opening(event))
    with pytest.raises(IntegrityError) as refused:
        await common.write(
            PUT,
            dispute=event.dispute_id,
            transaction=event.transaction_id,
            amount=1,
            state="reserved",
        )
    _names(refused.value, "transaction_money_cap")


async def test_two_writers_past_the_core_cannot_both_have_the_last_money(common: Stage) -> None:
    first, second = await _one_holds(common, 10_000)
    third = opened(Kind.PAYMENT_FAILED)
    await common.send(opening(third))
    values = {"transaction": first.transaction_id, "amount": 2_000, "state": "reserved"}
    written = await asyncio.gather(
        *(common.write(PUT, dispute=other, **values) for other in (second, third.dispute_id)),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in written) == ["IntegrityError", "NoneType"]
    assert await common.money(first.transaction_id) == (12_000, 0)


async def _one_holds(common: Stage, amount_minor: int) -> tuple[DisputeOpened, UUID]:
    """A dispute that holds this much of its transaction, and another one's id on the same."""
    first, second = _pair(requested_minor=amount_minor)
    await common.send(*map(opening, (first, second)), *map(found, (first, second)))
    await common.send(merchant(first))
    return first, second.dispute_id


def _names(error: IntegrityError, constraint: str) -> None:
    cause = error.orig.__cause__ if error.orig else None
    assert isinstance(cause, asyncpg.CheckViolationError)
    assert cause.constraint_name == constraint


async def test_money_whose_row_is_gone_is_not_granted_past_the_cap(stage: Stage) -> None:
    event = opened()
    await stage.to_merchant(event)
    await stage.write("DELETE FROM transaction_money")
    with pytest.raises(IntegrityError):
        await stage.send(merchant(event))
    assert (await stage.dispute(event))["status"] == "waiting_for_merchant"
    assert "refund" not in await stage.tasks(event)


async def test_what_a_merchant_sent_and_bounced_leaves_room_to_send_it_anew(common: Stage) -> None:
    event = opened(Kind.REFUND_NOT_RECEIVED)
    on_its_way = bank(event, T.RECORDS_ON_ITS_WAY, Comparison(1, CAPTURED, "CNY"))
    await common.send(opening(event), found(event, refunded_minor=CAPTURED), on_its_way)
    bounced = bank(event, T.RECORDS_BOUNCED, Comparison(1, CAPTURED, "CNY"))
    await common.send(bounced, bounced)  # told twice, it gives back once
    chosen = Trigger(T.ACCOUNT_CHOSEN, Actor.CUSTOMER, Choice(event.customer_id, "acc-2"))
    await common.send(Signal(event.dispute_id, chosen))
    for person in ("ops-1", "ops-2"):
        checked = Trigger(T.ACCOUNT_CONFIRMED, Actor.OPS, Wish(person))
        await common.send(Signal(event.dispute_id, checked))
    assert (await common.dispute(event))["status"] == "refund_approved"
    assert await common.money(event.transaction_id) == (CAPTURED, 0)
