"""Money for each late day, from the news that the money is back to the books."""

from datetime import timedelta

from services.tracker.domain.triggers import Grant, Posting, T, Trigger
from services.tracker.handlers import Signal
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Actor, Kind, TransactionState
from tests.integration.tracker.stage import Stage, bank, found, opened, opening

DAYS = 40  # since the payment; T+5 passed 34 or 35 days ago, by the clock in Kolkata


def ordered(event: DisputeOpened, grant: Grant) -> Signal:
    return Signal(event.dispute_id, Trigger(T.COMPENSATION_ORDERED, Actor.OPS, grant))


def paid_long_ago() -> DisputeOpened:
    event = opened(Kind.PAYMENT_FAILED)
    occurred = event.opened_at - timedelta(days=DAYS)
    changes = {"profile": "in-upi", "calendar": "IN", "occurred_at": occurred}
    return event.model_copy(update=changes)


def debited(event: DisputeOpened) -> Signal:
    return found(
        event,
        50_000,
        state=TransactionState.DEBITED_NOT_CAPTURED,
        currency="INR",
        reversal_state="pending",
        reversal_minor=50_000,
    )


async def test_it_is_ordered_once_booked_apart_and_above_our_own_cap(stage: Stage) -> None:
    event = paid_long_ago()
    await stage.each(opening(event), debited(event))
    await stage.each(bank(event, T.REVERSAL_CREDITED), bank(event, T.REVERSAL_CREDITED))
    owed = (await stage.dispute(event))["facts"]["compensation_minor"]
    assert owed == 100_00 * (DAYS - 5)  # 3,500 rupees; ours would end at 2,500
    cap = await stage.one(
        "SELECT amount_minor, cap_minor, currency FROM compensations WHERE dispute_id = :id",
        id=event.dispute_id,
    )
    assert (int(cap["amount_minor"]), cap["currency"]) == (owed, "INR")
    assert int(cap["cap_minor"]) == owed + 250_000  # beside what a person may have given
    assert [kind for kind in await stage.tasks(event) if kind == "compensation"] == ["compensation"]
    posted = bank(event, T.COMPENSATION_POSTED, Posting(1, owed))
    await stage.each(posted, posted)
    booked = await stage.rows(
        "SELECT amount_minor FROM postings WHERE dispute_id = :id"
        " AND account = 'wallet:compensation'",
        id=event.dispute_id,
    )
    assert [abs(int(row["amount_minor"])) for row in booked] == [owed]
    row = await stage.dispute(event)
    assert (row["status"], row["open"], row["compensation"]) == ("reversed", False, "paid")
    status = (await stage.published(event))[-1]
    assert status["compensated"] == {"amount_minor": str(owed), "currency": "INR"}


async def test_it_fits_beside_all_that_a_person_may_give_and_is_ordered_again_when_refused(
    stage: Stage,
) -> None:
    event = paid_long_ago()
    await stage.each(opening(event), debited(event))
    most = Grant("ops-1", 250_000, "goodwill")
    await stage.each(ordered(event, most), bank(event, T.COMPENSATION_POSTED, Posting(1, 250_000)))
    await stage.each(bank(event, T.REVERSAL_CREDITED))
    owed = 100_00 * (DAYS - 5)
    await stage.each(bank(event, T.COMPENSATION_REFUSED, Posting(2, owed)))
    row = await stage.dispute(event)
    assert (row["status"], row["open"]) == ("under_review", True)
    assert (await stage.published(event))[-1]["next_actor"] == "ops"
    again = Grant("ops-1", owed, "late")
    await stage.each(ordered(event, again), bank(event, T.COMPENSATION_POSTED, Posting(3, owed)))
    kept = await stage.one(
        "SELECT amount_minor, cap_minor FROM compensations WHERE dispute_id = :id",
        id=event.dispute_id,
    )
    assert int(kept["amount_minor"]) == int(kept["cap_minor"]) == 250_000 + owed
    booked = await stage.rows(
        "SELECT sum(amount_minor) AS minor FROM postings WHERE dispute_id = :id"
        " AND account = 'customer'",
        id=event.dispute_id,
    )
    assert int(booked[0]["minor"]) == 50_000 + 250_000 + owed
    assert (await stage.dispute(event))["status"] == "reversed"
