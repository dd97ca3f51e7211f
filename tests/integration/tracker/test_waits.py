"""Waits are recorded in the step's own transaction, and a measured range is told of each."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from services.tracker.domain.estimates import Measured, Wait
from services.tracker.domain.states import Leg
from services.tracker.domain.triggers import Cause, T, Trigger
from services.tracker.handlers import Outcome, Signal, advance
from services.tracker.measuring import Measuring
from services.tracker.store import waits
from services.tracker.worker import Housekeeping
from shared import clock
from shared.contracts.events import DisputeOpened, StatusChanged
from shared.contracts.vocabulary import Actor, Kind
from tests.integration.tracker.stage import (
    MERCHANT,
    Row,
    Stage,
    decision,
    found,
    merchant,
    opened,
    opening,
    refund,
    results,
    trace,
    wish,
)


async def recorded(stage: Stage, event: DisputeOpened) -> list[tuple[Any, ...]]:
    """(leg, step, party, whether it has ended, cut) in the order in which they began."""
    rows = await stage.rows(
        "SELECT leg, step, party, ended_at IS NOT NULL AS over, cut FROM waits"
        " WHERE dispute_id = :id ORDER BY step",
        id=event.dispute_id,
    )
    return [tuple(row.values()) for row in rows]


async def of_leg(stage: Stage, event: DisputeOpened, leg: Leg) -> Row:
    return await stage.one(
        "SELECT * FROM waits WHERE dispute_id = :id AND leg = :leg",
        id=event.dispute_id,
        leg=leg.value,
    )


async def test_merchant_and_refund_are_waits_one_after_the_other(stage: Stage) -> None:
    event = opened()
    await stage.to_merchant(event)
    assert await recorded(stage, event) == [("consent", 2, MERCHANT, False, None)]
    await stage.each(merchant(event))
    assert await recorded(stage, event) == [("consent", 2, MERCHANT, True, False)]
    await stage.each(refund(event, T.REFUND_ACCEPTED), refund(event, T.REFUND_CREDITED))
    assert await recorded(stage, event) == [
        ("consent", 2, MERCHANT, True, False),
        ("refund", 4, "", True, False),
    ]
    steps = await stage.rows("SELECT step, at FROM history ORDER BY step")
    at = {row["step"]: row["at"] for row in steps}
    consent = await of_leg(stage, event, Leg.CONSENT)
    assert (consent["began_at"], consent["ended_at"]) == (at[2], at[3])


async def test_a_refund_whose_answer_was_lost_still_waits_and_a_bounce_is_no_end(
    stage: Stage,
) -> None:
    event = opened()
    await stage.to_reserved(event)
    await stage.each(refund(event, T.REFUND_NO_ANSWER), refund(event, T.REFUND_ACCEPTED))
    assert (await recorded(stage, event))[1:] == [("refund", 4, "", False, None)]
    await stage.each(refund(event, T.REFUND_BOUNCED))
    assert (await recorded(stage, event))[1:] == [("refund", 4, "", True, True)]


async def test_a_trace_is_one_wait_however_often_the_bank_answers(stage: Stage) -> None:
    event = opened(Kind.MISSING_FUNDS, merchant_id=None)
    await stage.each(
        opening(event),
        found(event, merchant_id=None),
        trace(event, T.TRACE_IN_TRANSIT),
        trace(event, T.TRACE_IN_TRANSIT),
    )
    assert await recorded(stage, event) == [("trace", 2, "", False, None)]
    await stage.each(trace(event, T.TRACE_DELIVERED))
    assert (await recorded(stage, event))[0] == ("trace", 2, "", True, False)


async def test_what_is_delivered_twice_is_recorded_once(stage: Stage) -> None:
    event = opened()
    for _ in range(2):
        await stage.each(opening(event), found(event), merchant(event, T.MERCHANT_REFUSED))
    assert await recorded(stage, event) == [
        ("consent", 2, MERCHANT, True, False),
        ("arbitration", 3, "", False, None),
    ]


async def test_a_wait_that_begins_and_ends_in_one_batch_is_one_row(stage: Stage) -> None:
    event = opened()
    assert results(await stage.send(opening(event), found(event), merchant(event))) == [
        "applied",
        "applied",
        "applied",
    ]
    assert await recorded(stage, event) == [("consent", 2, MERCHANT, True, False)]


async def test_a_dispute_that_is_withdrawn_says_nothing_of_the_merchant(stage: Stage) -> None:
    event = opened()
    await stage.to_merchant(event)
    await stage.each(wish(event))
    assert await recorded(stage, event) == [("consent", 2, MERCHANT, True, True)]


async def test_a_decision_that_news_overtook_says_nothing_of_how_fast_decisions_are(
    stage: Stage,
) -> None:
    event = opened()
    await stage.each(opening(event), Signal(event.dispute_id, Trigger(T.INQUIRY_DUE)))
    assert await recorded(stage, event) == [("arbitration", 2, "", False, None)]
    await stage.each(found(event))  # the bank answered late
    assert (await recorded(stage, event))[0] == ("arbitration", 2, "", True, True)


async def test_a_reopened_case_waits_anew(stage: Stage) -> None:
    event = opened()
    await stage.to_arbitration(event)
    await stage.each(decision(event, None))
    await stage.each(wish(event, T.APPEALED))
    waited = [row for row in await recorded(stage, event) if row[0] == "arbitration"]
    assert [row[3:] for row in waited] == [(True, False), (False, None)]
    ends = "SELECT ended_at FROM waits WHERE dispute_id = :id AND leg = 'arbitration' ORDER BY step"
    first, _ = await stage.rows(ends, id=event.dispute_id)
    await stage.each(wish(event, sequence=3))
    again, second = await stage.rows(ends, id=event.dispute_id)
    assert again == first  # what ended before has ended then
    assert second["ended_at"] > first["ended_at"]


async def test_a_wait_that_older_code_left_open_gives_way_to_the_one_that_begins(
    stage: Stage,
) -> None:
    event = opened()
    await stage.write(
        "INSERT INTO waits (dispute_id, leg, step, party, began_at)"
        " VALUES (:id, 'consent', 1, 'm-before', clock_timestamp() - interval '9 days')",
        id=event.dispute_id,
    )
    await stage.to_merchant(event)
    assert await recorded(stage, event) == [("consent", 2, MERCHANT, False, None)]
    wait, steps = await of_leg(stage, event, Leg.CONSENT), "SELECT at FROM history WHERE step = 2"
    assert wait["began_at"] == (await stage.one(steps))["at"]


async def test_a_legal_hold_cuts_the_wait_and_its_lifting_begins_none(stage: Stage) -> None:
    event = opened()
    await stage.to_merchant(event)
    held = Trigger(T.LEGAL_HOLD_PLACED, Actor.OPS, Cause("ops-1", "court_order"))
    await stage.each(Signal(event.dispute_id, held))
    assert await recorded(stage, event) == [("consent", 2, MERCHANT, True, True)]
    lifted = Trigger(T.LEGAL_HOLD_LIFTED, Actor.OPS, Cause("ops-1", "court_order"))
    await stage.each(Signal(event.dispute_id, lifted))
    assert await recorded(stage, event) == [("consent", 2, MERCHANT, True, True)]


async def test_the_database_refuses_a_leg_that_waits_twice_at_once(stage: Stage) -> None:
    event = opened()
    await stage.to_merchant(event)
    with pytest.raises(IntegrityError, match="waits_running"):
        await stage.write(
            "INSERT INTO waits (dispute_id, leg, step, party, began_at)"
            " VALUES (:id, 'consent', 3, '', now())",
            id=event.dispute_id,
        )


PAST = """
INSERT INTO waits (dispute_id, leg, step, party, due_at, began_at, ended_at, cut)
SELECT gen_random_uuid(), :leg, 1, :party, began, began,
    began + :lasted * interval '1 second', false
FROM (SELECT clock_timestamp() - n * interval '1 minute' - interval '6 hours' AS began
      FROM generate_series(1, :count) AS n) AS past
"""


async def past(stage: Stage, leg: Leg, count: int, lasted_s: int, party: str = "") -> None:
    await stage.write(PAST, leg=leg.value, count=count, lasted=lasted_s, party=party)


async def measured(stage: Stage) -> Measured:
    measuring = Measuring(stage.engine)
    for _ in range(8):  # a week, a day at a time
        await measuring.measure()
    return measuring.measured()


async def tell(stage: Stage, known: Measured, *signals: Signal) -> list[Outcome]:
    found_all = []
    for signal in signals:
        async with stage.engine.begin() as tx:
            found_all += await advance(tx, [signal], known)
    return found_all


async def test_a_range_is_told_while_the_wait_lasts_and_no_longer(stage: Stage) -> None:
    await past(stage, Leg.CONSENT, 120, 7_200, MERCHANT)
    event = opened()
    known = await measured(stage)
    await tell(stage, known, opening(event), found(event))
    await tell(stage, known, Signal(event.dispute_id, Trigger(T.CONSENT_DELIVERED)))
    asked, *_ = [e for e in await stage.published(event) if e["status"] == "waiting_for_merchant"]
    told = StatusChanged.model_validate(asked).estimate
    assert told is not None
    wait = await of_leg(stage, event, Leg.CONSENT)
    assert (told.leg, told.from_at) == ("consent", wait["began_at"])
    assert (told.low_at, told.high_at) == (wait["low_at"], wait["high_at"])
    assert told.high_at - told.from_at == timedelta(hours=2, minutes=30)  # one step above 2 h
    assert told.measured == 120
    assert timedelta(0) < told.from_at - told.since <= timedelta(days=1)
    assert told.ahead is None
    await tell(stage, known, merchant(event))
    assert "estimate" not in (await stage.published(event))[-1]
    assert (await stage.dispute(event))["told"] is None


async def test_a_refund_on_its_way_says_how_long_that_takes(stage: Stage) -> None:
    await past(stage, Leg.REFUND, 120, 7_200)
    event, known = opened(), await measured(stage)
    await stage.to_reserved(event)
    await tell(stage, known, refund(event, T.REFUND_NO_ANSWER))
    unknown = (await stage.published(event))[-1]
    await tell(stage, known, refund(event, T.REFUND_ACCEPTED))
    sent = (await stage.published(event))[-1]
    assert (unknown["status"], sent["status"]) == ("refund_unconfirmed", "refund_sent")
    wait = await of_leg(stage, event, Leg.REFUND)
    for told in (unknown["estimate"], sent["estimate"]):
        assert (told["leg"], told["measured"]) == ("refund", 120)
        assert datetime.fromisoformat(told["high_at"]) == wait["high_at"]
    assert (wait["model_low_s"], wait["model_high_s"]) == (7_200, 7_200)  # before rounding


async def test_twenty_nine_ends_are_too_few_and_thirty_are_enough(stage: Stage) -> None:
    await past(stage, Leg.CONSENT, 29, 7_200)
    assert Leg.CONSENT not in await measured(stage)
    await past(stage, Leg.CONSENT, 1, 7_200)
    assert Leg.CONSENT in await measured(stage)


async def test_the_queue_of_arbitration_says_how_many_are_ahead(stage: Stage) -> None:
    await past(stage, Leg.ARBITRATION, 60, 600)
    for _ in range(3):
        await stage.to_arbitration(opened())
    event, known = opened(), await measured(stage)
    await tell(stage, known, opening(event), found(event), merchant(event, T.MERCHANT_REFUSED))
    told = (await stage.published(event))[-1]["estimate"]
    assert (told["leg"], told["ahead"], told["measured"]) == ("arbitration", 3, 60)


async def test_what_ended_a_month_ago_is_forgotten(stage: Stage) -> None:
    event = opened()
    await stage.to_merchant(event)
    await past(stage, Leg.CONSENT, 5, 60)
    await past(stage, Leg.REFUND, 1, 60)
    await stage.write(
        "UPDATE waits SET ended_at = clock_timestamp()"
        " - interval '1 day' * CASE leg WHEN 'refund' THEN 29 ELSE 31 END WHERE step = 1"
    )
    async with stage.engine.begin() as tx:
        assert await waits.forget_old(tx) == 5
    assert await recorded(stage, event) == [("consent", 2, MERCHANT, False, None)]
    left = await stage.rows("SELECT leg FROM waits WHERE step = 1")
    assert left == [{"leg": "refund"}]


async def test_the_tracker_itself_forgets_them(stage: Stage) -> None:
    await past(stage, Leg.CONSENT, 1, 60)
    await stage.write("UPDATE waits SET ended_at = clock_timestamp() - interval '31 days'")
    running = asyncio.create_task(Housekeeping(stage.engine).run())
    try:
        async with asyncio.timeout(5):
            while await stage.rows("SELECT 1 FROM waits"):
                await clock.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_of_many_that_last_a_part_stands_for_all(stage: Stage) -> None:
    await stage.write(
        "INSERT INTO waits (dispute_id, leg, step, party, began_at) SELECT gen_random_uuid(),"
        " leg, 1, '', clock_timestamp() FROM unnest(ARRAY['trace', 'consent']) AS leg,"
        " generate_series(1, 2000)"
    )
    async with stage.engine.connect() as connection:
        each, some = await waits.running(connection, Leg.TRACE, 500)
    assert 300 < len(some) < 700
    assert each * len(some) == pytest.approx(2000)


HOUR = datetime(2026, 3, 2, 9, tzinfo=UTC)
NEXT = HOUR + timedelta(hours=1)
ONE = """
INSERT INTO waits (dispute_id, leg, step, party, due_at, began_at, ended_at, cut, low_at, high_at,
    model_low_s, model_high_s)
VALUES (gen_random_uuid(), 'consent', 1, :party, :due_at, :began_at, :ended_at, :cut, :began_at,
    :due_at, 60, 600)
"""


async def one(stage: Stage, ended_at: datetime, party: str = "", *, cut: bool = False) -> None:
    began, due = ended_at - timedelta(minutes=5), ended_at + timedelta(minutes=1)
    values = {"began_at": began, "ended_at": ended_at, "due_at": due}
    await stage.write(ONE, party=party, cut=cut, **values)


async def test_of_an_hour_all_are_counted_and_the_newest_are_read(stage: Stage) -> None:
    for party, ended_at in (("a", HOUR), ("d", NEXT), ("z", HOUR - timedelta(seconds=1))):
        await one(stage, ended_at, party)
    await one(stage, NEXT - timedelta(seconds=1), "c", cut=True)
    await one(stage, HOUR + timedelta(minutes=1), "b")
    async with stage.engine.connect() as connection:
        count, newest = await waits.ended_in(connection, Leg.CONSENT, HOUR, NEXT, 2)
    at = HOUR.timestamp()
    assert count == 3  # of a, b and c: d ended in the next hour
    assert newest == [
        Wait(at - 240, at + 60, cut=False, party="b", due=at + 120, low_s=60, high_s=600),
        Wait(at + 3_299, at + 3_599, cut=True, party="c", due=at + 3_659, low_s=60, high_s=600),
    ]


async def many(stage: Stage, leg: Leg, count: int, ended_at: datetime) -> None:
    """All took ten minutes."""
    await stage.write(
        "INSERT INTO waits (dispute_id, leg, step, party, due_at, began_at, ended_at, cut)"
        " SELECT gen_random_uuid(), :leg, 1, '', NULL, :began_at, :ended_at, false"
        " FROM generate_series(1, :count)",
        leg=leg.value,
        count=count,
        began_at=ended_at - timedelta(minutes=10),
        ended_at=ended_at,
    )


async def test_a_cycle_is_enough_for_the_last_day_and_a_sample_stands_for_all(stage: Stage) -> None:
    """240 ended in one hour, of which a hundred are read."""
    now = clock.utcnow()
    await many(stage, Leg.CONSENT, 240, now - timedelta(hours=20))
    await many(stage, Leg.ARBITRATION, 240, now - timedelta(hours=20))
    measuring = Measuring(stage.engine)
    await measuring.measure()
    known = measuring.measured()
    told = known[Leg.CONSENT].tell("", now.timestamp(), now.timestamp())
    assert told is not None
    assert told.measured == 240
    line = known[Leg.ARBITRATION].line
    assert line is not None
    assert line.paces[0][23] == pytest.approx(240)  # as many within the next day


async def test_a_sample_of_those_that_wait_stands_for_all(stage: Stage) -> None:
    now = clock.utcnow()
    await many(stage, Leg.TRACE, 60, now - timedelta(hours=2))
    await stage.write(
        "INSERT INTO waits (dispute_id, leg, step, party, began_at) SELECT gen_random_uuid(),"
        " 'trace', 1, '', clock_timestamp() FROM generate_series(1, 3000)"
    )
    measuring = Measuring(stage.engine)
    await measuring.measure()
    line = measuring.measured()[Leg.TRACE].line
    assert line is not None
    assert len(line.dues) < 2_000
    assert line.ahead(clock.utcnow().timestamp()) == 3_000


async def test_what_was_measured_is_measured_anew(stage: Stage) -> None:
    measuring, now = Measuring(stage.engine), clock.utcnow()
    told = []
    for count in (30, 5):
        await many(stage, Leg.CONSENT, count, now)
        await measuring.measure()
        found = measuring.measured()[Leg.CONSENT].tell("", now.timestamp(), now.timestamp())
        told.append(found and found.measured)
    assert told == [30, 35]
    await stage.write("DELETE FROM waits")
    await measuring.measure()
    assert measuring.measured() == {}


async def test_an_hour_is_read_once_more_for_two_minutes_and_dropped_after_a_week(
    stage: Stage,
) -> None:
    measuring, hour = Measuring(stage.engine), int(HOUR.timestamp() // 3600)

    async def read(at: datetime) -> dict[int, int]:
        async with stage.engine.connect() as connection:
            await measuring._read(connection, Leg.CONSENT, at)  # noqa: SLF001 - at a time of ours
        hours = measuring._hours[Leg.CONSENT]  # noqa: SLF001 - what is known then
        return {each: n for each, (n, _) in hours.items()}

    await read(NEXT + timedelta(seconds=5))
    await one(stage, NEXT - timedelta(seconds=1))  # its transaction took so long
    assert (await read(NEXT + timedelta(seconds=110)))[hour] == 1
    await one(stage, NEXT - timedelta(seconds=1))
    assert (await read(NEXT + timedelta(seconds=130)))[hour] == 1
    kept = await read(NEXT + timedelta(days=7, hours=2))
    assert hour not in kept
    assert min(kept) >= hour + 3  # a week before the one that runs
