"""Journals: one for each step that moved money, and the database keeps them as they are."""

import pytest
from sqlalchemy.exc import DBAPIError

from services.tracker.domain.triggers import (
    ArbitratorDecision,
    Comparison,
    Posting,
    T,
    Trigger,
    Wish,
)
from services.tracker.handlers import Signal
from shared import ids
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Actor, Fault, Kind, Payer, Remedy
from tests.integration.tracker.stage import (
    CAPTURED,
    Row,
    Stage,
    bank,
    decision,
    merchant,
    opened,
    opening,
    refund,
    refund_key,
)

OUR_ERROR = {
    "kind": Kind.BALANCE_ANOMALY,
    "transaction_id": None,
    "requested": None,
    "merchant_id": None,
}
CORRECTED = ArbitratorDecision(
    Fault.NEITHER, Remedy.CORRECTION, "our_error", "ops-1", 4_200, Payer.WALLET_ADVANCE
)


async def journals(stage: Stage, event: DisputeOpened) -> list[Row]:
    return await stage.rows(
        "SELECT h.trigger, j.step, j.reference, j.currency, j.accounts, j.amounts FROM journals j"
        " JOIN history h USING (dispute_id, step) WHERE dispute_id = :id ORDER BY step",
        id=event.dispute_id,
    )


async def test_a_credit_and_its_bounce_are_two_journals(stage: Stage) -> None:
    event = opened()
    await stage.to_reserved(event)
    await stage.each(refund(event, T.REFUND_ACCEPTED))
    assert await journals(stage, event) == []
    await stage.each(refund(event, T.REFUND_CREDITED), refund(event, T.REFUND_CREDITED))
    await stage.each(refund(event, T.REFUND_BOUNCED))
    common = {"reference": refund_key(event), "currency": "CNY"}
    assert await journals(stage, event) == [
        common
        | {
            "trigger": "refund_credited",
            "step": 5,
            "accounts": ["customer", "merchant"],
            "amounts": [CAPTURED, -CAPTURED],
        },
        common
        | {
            "trigger": "refund_bounced",
            "step": 7,
            "accounts": ["customer", "merchant"],
            "amounts": [-CAPTURED, CAPTURED],
        },
    ]


async def test_several_steps_of_a_batch_are_booked_each(stage: Stage) -> None:
    first, second = opened(), opened()
    for event in (first, second):
        await stage.to_reserved(event)
    await stage.send(
        refund(first, T.REFUND_CREDITED),
        refund(second, T.REFUND_CREDITED),
        refund(first, T.REFUND_BOUNCED),
        merchant(second),
    )
    assert [row["step"] for row in await journals(stage, first)] == [4, 5]
    assert [row["step"] for row in await journals(stage, second)] == [4]


async def test_a_late_credit_beside_a_second_attempt_is_booked_too(stage: Stage) -> None:
    event = opened()
    await stage.to_second_attempt(event)
    await stage.each(refund(event, T.REFUND_CREDITED, 1), refund(event, T.REFUND_CREDITED, 2))
    assert [row["reference"] for row in await journals(stage, event)] == [
        refund_key(event, 1),
        refund_key(event, 2),
    ]
    (paid,) = await stage.rows(
        "SELECT sum(amount_minor) AS minor FROM postings WHERE account = 'customer'"
    )
    assert paid["minor"] == 2 * CAPTURED


async def test_a_declined_dispute_books_nothing(stage: Stage) -> None:
    event = opened()
    await stage.to_arbitration(event)
    await stage.each(decision(event, None), bank(event, T.REFUND_NOT_FOUND))
    assert await journals(stage, event) == []


_WRONG = {
    "unbalanced": ("{customer,merchant}", "{5,-4}"),
    "empty": ("{}", "{}"),
    "of one account": ("{customer}", "{0}"),
    "with an amount too many": ("{customer,merchant}", "{5,-4,-1}"),
    "with a zero": ("{customer,merchant,bank}", "{5,-5,0}"),
    "with an unknown amount": ("{customer,merchant,bank}", "{5,-5,NULL}"),
    "with an unnamed account": ("{customer,NULL}", "{5,-5}"),
    "with no number": ("{customer,merchant}", "{NaN,-5}"),
    "of two dimensions": ("{{customer,merchant}}", "{{5,-5}}"),
}


@pytest.mark.parametrize("wrong", _WRONG)
async def test_the_database_refuses_a_journal(common: Stage, wrong: str) -> None:
    event = opened()
    await common.to_merchant(event)
    accounts, amounts = _WRONG[wrong]
    with pytest.raises(DBAPIError, match=r"journals_(balanced|shape|no_zero)"):
        await _write(common, event, accounts, amounts)


async def test_the_database_refuses_a_second_journal_of_a_step(common: Stage) -> None:
    event = opened()
    await common.to_reserved(event)
    await common.each(refund(event, T.REFUND_CREDITED))
    with pytest.raises(DBAPIError, match="journals_once"):
        await _write(common, event, "{customer,merchant}", "{5,-5}", step=4)


async def test_the_database_refuses_a_journal_without_its_step(common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    with pytest.raises(DBAPIError, match="journals_step"):
        await _write(common, event, "{customer,merchant}", "{5,-5}", step=99)


@pytest.mark.parametrize(
    "rewrite",
    [
        "UPDATE journals SET amounts = '{1,-1}'",
        "UPDATE journals SET at = at",
        "DELETE FROM journals",
        "TRUNCATE journals",
    ],
)
async def test_the_database_refuses_to_rewrite_a_journal(common: Stage, rewrite: str) -> None:
    event = opened()
    await common.to_reserved(event)
    await common.each(refund(event, T.REFUND_CREDITED))
    with pytest.raises(DBAPIError, match=r"journals is append-only|referenced in a foreign key"):
        await common.write(rewrite)
    assert len(await journals(common, event)) == 1


async def _write(
    stage: Stage, event: DisputeOpened, accounts: str, amounts: str, step: int = 1
) -> None:
    await stage.write(
        "INSERT INTO journals (id, dispute_id, step, at, transaction_id, currency, accounts,"
        " amounts) VALUES (:id, :dispute, :step, clock_timestamp(), 't-1', 'CNY',"
        " CAST(CAST(:accounts AS text) AS text[]), CAST(CAST(:amounts AS text) AS numeric[]))",
        id=ids.new(),
        dispute=event.dispute_id,
        step=step,
        accounts=accounts,
        amounts=amounts,
    )


async def test_a_correction_of_the_books_is_booked_without_a_transaction(stage: Stage) -> None:
    event = opened().model_copy(update=OUR_ERROR)
    await stage.each(
        opening(event),
        bank(event, T.RECORDS_OUR_ERROR, Comparison(1, 4_200, "CNY")),
        Signal(event.dispute_id, Trigger(T.ARBITRATOR_DECIDED, Actor.OPS, CORRECTED)),
        Signal(event.dispute_id, Trigger(T.DECISION_CONFIRMED, Actor.OPS, Wish("ops-2"))),
        bank(event, T.CORRECTION_POSTED, Posting(1, 4_200)),
    )
    assert (await stage.dispute(event))["status"] == "corrected"
    (booked,) = await journals(stage, event)
    assert booked["accounts"] == ["customer", "wallet:correction"]
    assert booked["amounts"] == [4_200, -4_200]
