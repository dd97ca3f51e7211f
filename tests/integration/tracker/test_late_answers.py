"""Banks and merchants that answer late, twice, or in the wrong order."""

from datetime import timedelta

import pytest

from services.tracker.domain.triggers import T, Trigger
from services.tracker.handlers import Signal
from shared import clock
from shared.contracts.vocabulary import Kind, TransactionState
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
    trace,
)


async def test_credited_before_accepted(common: Stage) -> None:
    event = opened()
    await common.to_reserved(event)
    outcomes = await common.each(refund(event, T.REFUND_CREDITED), refund(event, T.REFUND_ACCEPTED))
    assert results(outcomes) == ["applied", "late"]
    assert (await common.dispute(event))["status"] == "credited"
    assert await common.holds(event) == {"refund": (CAPTURED, "settled")}


async def test_the_answer_to_attempt_1_says_nothing_about_attempt_2(common: Stage) -> None:
    event = opened()
    await common.to_second_attempt(event)
    assert (await common.tasks(event))["refund"]["payload"]["key"].endswith(":refund:2")
    answers = (T.REFUND_BOUNCED, T.REFUND_ACCEPTED, T.REFUND_FAILED)
    late = await common.each(*(refund(event, name, n=1) for name in answers))
    assert results(late) == ["late"] * 3
    row = await common.dispute(event)
    assert (row["status"], row["refund"]) == ("refund_approved", "reserved")
    await common.each(refund(event, T.REFUND_CREDITED, n=2))
    assert (await common.dispute(event))["status"] == "credited"
    assert await common.money(event.transaction_id) == (0, CAPTURED)


async def test_a_credit_of_attempt_1_takes_attempt_2_back_before_it_is_sent(common: Stage) -> None:
    event = opened()
    await common.to_second_attempt(event)
    assert "refund" in await common.tasks(event)
    assert results(await common.each(refund(event, T.REFUND_CREDITED, n=1))) == ["applied"]
    row = await common.dispute(event)
    assert (row["status"], row["refund"]) == ("refund_unconfirmed", "stuck")
    assert "refund" not in await common.tasks(event)
    assert await common.money(event.transaction_id) == (CAPTURED, 0)
    await common.each(refund(event, T.REFUND_CREDITED, n=2))
    row = await common.dispute(event)
    assert (row["status"], row["facts"]["over_recovered"]) == ("credited", True)
    assert await common.money(event.transaction_id) == (0, CAPTURED)


async def test_a_credit_of_what_was_given_up_leaves_no_room_for_another_dispute(
    common: Stage,
) -> None:
    event = opened()
    other = opened(Kind.PAYMENT_FAILED, event.transaction_id)
    await common.to_second_attempt(event)
    await common.each(refund(event, T.REFUND_FAILED, n=2), decision(event, None))
    assert await common.money(event.transaction_id) == (0, 0)
    await common.each(opening(other), found(other))
    await common.each(refund(event, T.REFUND_CREDITED, n=1))
    assert (await common.dispute(event))["status"] == "credited"
    assert await common.money(event.transaction_id) == (0, CAPTURED)
    await common.each(merchant(other))
    assert (await common.dispute(other))["facts"]["arbitration_cause"] == "above_captured"


async def test_a_bounce_after_the_credit_reopens_and_holds_the_money_again(common: Stage) -> None:
    event = opened()
    await common.to_reserved(event)
    await common.each(refund(event, T.REFUND_CREDITED))
    outcomes = await common.each(refund(event, T.REFUND_BOUNCED))
    assert results(outcomes) == ["applied"]
    row = await common.dispute(event)
    assert (row["status"], row["open"]) == ("refund_bounced", True)
    assert row["promised_at"] > clock.utcnow()
    assert await common.money(event.transaction_id) == (CAPTURED, 0)
    assert {"destination_due", "promise_due"} <= set(await common.tasks(event))


async def test_a_trace_found_after_its_deadline_takes_the_case_from_the_arbitrator(
    common: Stage,
) -> None:
    event = opened(Kind.MISSING_FUNDS)
    await common.each(opening(event), found(event), Signal(event.dispute_id, Trigger(T.TRACE_DUE)))
    assert (await common.dispute(event))["status"] == "in_arbitration"
    delivered_at = clock.utcnow() - timedelta(minutes=5)
    await common.each(trace(event, T.TRACE_DELIVERED, proof="R-1", delivered_at=delivered_at))
    row = await common.dispute(event)
    assert (row["status"], row["arbitration"], row["open"]) == ("delivered", "superseded", False)
    assert await common.tasks(event) == {}
    assert results(await common.each(decision(event))) == ["illegal"]


async def test_a_consent_after_the_merchants_deadline_still_refunds(common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    await common.each(Signal(event.dispute_id, Trigger(T.MERCHANT_DUE)))
    assert (await common.dispute(event))["status"] == "in_arbitration"
    await common.each(merchant(event))
    row = await common.dispute(event)
    assert (row["status"], row["arbitration"]) == ("refund_approved", "superseded")
    assert results(await common.each(decision(event))) == ["illegal"]


async def test_an_acceptance_stands_whatever_the_merchant_says_after_it(common: Stage) -> None:
    event = opened()
    await common.to_reserved(event)
    outcomes = await common.each(merchant(event, T.MERCHANT_REFUSED), merchant(event))
    assert results(outcomes) == ["late", "late"]
    assert (await common.dispute(event))["status"] == "refund_approved"


async def test_a_bank_that_answers_after_its_deadline_takes_the_case_from_the_arbitrator(
    common: Stage,
) -> None:
    event = opened()
    await common.each(opening(event), Signal(event.dispute_id, Trigger(T.INQUIRY_DUE)))
    assert (await common.dispute(event))["status"] == "in_arbitration"
    await common.each(found(event))
    assert (await common.dispute(event))["status"] == "waiting_for_merchant"


async def test_a_reversal_credited_after_its_deadline_closes_the_dispute(common: Stage) -> None:
    event = opened(Kind.PAYMENT_FAILED)
    known = found(
        event,
        state=TransactionState.DEBITED_NOT_CAPTURED,
        reversal_state="pending",
        reversal_minor=CAPTURED,
    )
    await common.each(opening(event), known)
    await common.each(Signal(event.dispute_id, Trigger(T.REVERSAL_DUE)))
    assert (await common.dispute(event))["status"] == "in_arbitration"
    await common.each(bank(event, T.REVERSAL_CREDITED, known.trigger.payload))
    row = await common.dispute(event)
    assert (row["status"], row["open"]) == ("reversed", False)
    assert await common.holds(event) == {"reversal": (CAPTURED, "settled")}


@pytest.mark.parametrize(
    "name", [T.REFUND_ACCEPTED, T.REFUND_CREDITED, T.REFUND_BOUNCED, T.REFUND_NOT_FOUND]
)
async def test_a_refund_nobody_asked_for_changes_nothing(common: Stage, name: T) -> None:
    event = opened()
    await common.to_merchant(event)
    before = await common.dispute(event)
    assert results(await common.each(refund(event, name))) == ["late"]
    after = await common.dispute(event)
    assert (after["status"], after["version"]) == (before["status"], before["version"])
    assert await common.holds(event) == {}


async def test_late_answers_are_not_told_to_people_again(common: Stage) -> None:
    event = opened()
    await common.to_reserved(event)
    await common.each(refund(event, T.REFUND_CREDITED))
    told = await common.published(event)
    await common.each(refund(event, T.REFUND_ACCEPTED), refund(event, T.REFUND_CREDITED))
    assert await common.published(event) == told
