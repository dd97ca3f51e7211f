"""The bank's statement against our journals, each difference provoked at the sandbox's bank."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.tracker import reconcile
from services.tracker.domain.reconciliation import Line, Match, Movement, Page, match
from services.tracker.domain.triggers import T
from services.tracker.ports import NoAnswer, NotSent
from services.tracker.store import cases, statements
from shared import clock, ids
from shared.contracts.vocabulary import Kind, TransactionState
from tests.integration.tracker.stage import (
    CAPTURED,
    Stage,
    found,
    opened,
    opening,
    refund,
    refund_key,
)
from tests.integration.tracker.town import (
    DAY,
    LAST_SECOND,
    NEXT_MORNING,
    NOON,
    Town,
    founded,
    lost,
)

NEXT_DAY = DAY + timedelta(days=1)
DEBITED: dict[str, Any] = {"state": "debited_not_captured", "reversal": {"after_s": 0}}


@pytest.fixture
async def town(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Town]:
    async with founded(stage, tmp_path, monkeypatch) as one:
        yield one


def summary(lines: int, matched: int, here: int = 0, there: int = 0, amount: int = 0) -> str:
    return (
        f"{DAY}: {lines} lines, {matched} matched, {here} missing here, {there} missing there,"
        f" {amount} of another amount"
    )


async def test_what_both_have_is_matched_and_stays_so(town: Town) -> None:
    await town.paid()
    await town.paid()
    for _ in range(2):
        told, explained = await town.reconciled()
        assert told == [summary(2, 2) + "; 0 unexplained"]
        assert explained
    assert await town.cases() == []


async def test_a_refund_outside_our_knowledge_under_a_key_of_ours(town: Town) -> None:
    event = await town.paid()
    other = await town.reserved()
    await town.elsewhere(other, refund_key(event, 2))
    told, explained = await town.reconciled()
    case = await town.case()
    about = f"{other.transaction_id} {refund_key(event, 2)} ours - theirs 12800 CNY [{case['id']}]"
    assert told == [summary(2, 1, here=1) + "; 1 unexplained", f"missing_here {about} open"]
    assert not explained
    assert (case["difference"], case["ours_minor"], case["theirs_minor"]) == (
        "missing_here",
        None,
        CAPTURED,
    )


async def test_an_answer_that_was_lost_is_a_case_until_the_late_credit_is_heard(town: Town) -> None:
    event = await town.reserved(refund={"drop_answer": True})
    with pytest.raises(NoAnswer):
        await town.bank.refund(
            refund_key(event), event.transaction_id or "", CAPTURED, "CNY", "merchant"
        )
    await town.hear(event, lost())
    credit = await town.credited(event)
    _, explained = await town.reconciled()
    assert not explained
    assert (await town.case())["difference"] == "missing_here"
    await town.hear(event, credit)
    assert not await town.reconciler(hour=23).tick()  # no day is due; the case is looked at again
    case = await town.case()
    assert case["closed_at"] == NEXT_MORNING
    assert (
        case["explanation"] == f"step 5 of dispute {event.dispute_id} at {NEXT_MORNING.isoformat()}"
    )
    told, explained = await town.reconciled()
    assert told[0] == summary(1, 1, here=1) + "; 0 unexplained"
    assert explained


async def test_another_amount_than_was_ordered(town: Town) -> None:
    event = await town.reserved()
    await town.elsewhere(event, refund_key(event), 12_000)
    with pytest.raises(NoAnswer, match="409"):
        await town.bank.refund(
            refund_key(event), event.transaction_id or "", CAPTURED, "CNY", "merchant"
        )
    await town.hear(event, lost())
    told, explained = await town.reconciled()
    assert told[0] == summary(1, 0, amount=1) + "; 1 unexplained"
    case = await town.case()
    assert (case["ours_minor"], case["theirs_minor"], case["journal_id"]) == (12_800, 12_000, None)
    assert not explained


async def test_another_amount_than_was_booked(town: Town) -> None:
    event = await town.reserved()
    await town.elsewhere(event, refund_key(event), 12_000)
    await town.stage.each(refund(event, T.REFUND_CREDITED))
    for _ in range(2):
        told, explained = await town.reconciled()
        assert told[0] == summary(1, 0, amount=1) + "; 1 unexplained"
        assert not explained
    case = await town.case()
    assert (case["ours_minor"], case["theirs_minor"]) == (12_800, 12_000)
    assert case["journal_id"] is not None


async def test_another_amount_that_is_booked_only_later_joins_the_case(town: Town) -> None:
    event = await town.reserved()
    await town.elsewhere(event, refund_key(event, 1), 12_000)
    await town.reconciled()
    await town.stage.each(refund(event, T.REFUND_CREDITED))
    await town.reconciled(NEXT_DAY)
    case = await town.case()
    assert (case["day"], case["difference"]) == (DAY, "amount_differs")
    assert case["journal_id"] is not None


async def test_paid_twice_under_one_key(town: Town) -> None:
    event = await town.sent(refund={"expire_keys_s": 0})
    await town.elsewhere(event, refund_key(event))
    await town.hear(event, await town.credited(event))
    told, _ = await town.reconciled()
    assert told[0] == summary(2, 1, here=1) + "; 1 unexplained"


async def test_a_credit_that_no_statement_tells_of_until_it_is_taken_back(town: Town) -> None:
    event = await town.reserved()
    await town.stage.each(refund(event, T.REFUND_CREDITED))
    told, explained = await town.reconciled()
    case = await town.case()
    about = f"{event.transaction_id} {refund_key(event)} ours 12800 theirs - CNY [{case['id']}]"
    assert told == [summary(0, 0, there=1) + "; 1 unexplained", f"missing_there {about} open"]
    assert not explained
    await town.stage.each(refund(event, T.REFUND_BOUNCED))
    _, explained = await town.reconciled()
    assert explained
    assert (await town.case())["explanation"].startswith("taken back: step 5 of dispute")


async def test_heard_of_after_midnight_it_is_no_case(town: Town) -> None:
    town.now = LAST_SECOND
    event = await town.sent()
    town.now = LAST_SECOND + timedelta(seconds=4)
    await town.hear(event, await town.credited(event))
    assert (await town.reconciled())[0] == [summary(1, 1) + "; 0 unexplained"]
    assert (await town.reconciled(NEXT_DAY))[1]
    assert await town.cases() == []


async def test_heard_of_after_the_run_it_is_no_lasting_case(town: Town) -> None:
    town.now = LAST_SECOND
    event = await town.sent()
    await town.reconciled()
    assert (await town.case())["closed_at"] is None
    await town.hear(event, await town.credited(event))
    assert (await town.reconciled(NEXT_DAY))[1]
    assert (await town.case())["closed_at"] is not None


async def test_booked_before_midnight_and_told_of_after_it_is_no_case(town: Town) -> None:
    event = await town.reserved()
    town.now = LAST_SECOND
    await town.stage.each(refund(event, T.REFUND_CREDITED))
    town.now = LAST_SECOND + timedelta(seconds=2)
    await town.elsewhere(event, refund_key(event))
    assert (await town.reconciled())[0] == [summary(0, 0) + "; 0 unexplained"]
    assert (await town.reconciled(NEXT_DAY))[1]
    assert await town.cases() == []


async def test_the_next_days_statement_explains_what_was_missing_there(town: Town) -> None:
    event = await town.reserved()
    await town.stage.each(refund(event, T.REFUND_CREDITED))
    town.now = LAST_SECOND + timedelta(hours=1)
    await town.elsewhere(event, refund_key(event))
    assert not (await town.reconciled())[1]
    assert (await town.reconciled(NEXT_DAY))[1]
    case = await town.case()
    assert case["explanation"] == f"line 3 of the statement of {NEXT_DAY}"


async def test_what_never_came_is_missed_although_it_was_booked_just_before_midnight(
    town: Town,
) -> None:
    event = await town.reserved()
    town.now = LAST_SECOND
    await town.stage.each(refund(event, T.REFUND_CREDITED))
    assert (await town.reconciled())[1]
    assert not (await town.reconciled(NEXT_DAY))[1]
    assert (await town.case())["day"] == NEXT_DAY


async def test_a_reversal_that_two_disputes_heard_of_is_one(town: Town) -> None:
    first = await town.known(opened(Kind.PAYMENT_FAILED), **DEBITED)
    second = opened(Kind.REFUND_REQUEST, first.transaction_id)
    for event in (first, second):
        pending = found(event, state=TransactionState.DEBITED_NOT_CAPTURED, reversal_minor=CAPTURED)
        await town.stage.each(opening(event), pending)
    for event in (first, second):
        await town.hear(event, await town.bank.reversal(event.transaction_id or ""))
    assert len(await town.stage.rows("SELECT * FROM journals")) == 1  # one of them books it
    assert (await town.reconciled())[0] == [summary(1, 1) + "; 0 unexplained"]


async def test_money_that_came_back_unheard_is_a_case_only_where_it_is_in_dispute(
    town: Town,
) -> None:
    disputed = opened()
    await town.stage.each(opening(disputed))
    await town.known(disputed, **DEBITED)
    await town.known(**DEBITED)
    await town.sandbox.get("/health")  # the bank's loop had its turn
    told, _ = await town.reconciled()
    assert told[0] == summary(2, 0, here=1) + "; 1 unexplained"
    assert (await town.case())["transaction_id"] == disputed.transaction_id


async def test_what_others_refund_is_none_of_ours(town: Town) -> None:
    event = await town.reserved()
    await town.elsewhere(event, "shop-77")
    assert (await town.reconciled())[0] == [summary(1, 0) + "; 0 unexplained"]


async def test_more_than_a_page(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.tracker.bank.client._LINES_AT_ONCE", 2)
    monkeypatch.setattr(reconcile, "_PAGE", 2)
    for _ in range(3):
        await town.paid()
    for _ in range(3):
        await town.sent()
    for _ in range(3):
        await town.stage.each(refund(await town.reserved(), T.REFUND_CREDITED))
    told, _ = await town.reconciled()
    assert told[0] == summary(6, 3, here=3, there=3) + "; 6 unexplained"
    assert len(told) == 7


async def test_what_has_no_transaction_is_compared_with_its_own_reference_only(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it shares the empty name; each page read every such line of all days."""
    lines = [
        Line(DAY, n, NOON, f"{ids.new()}:credit:1", "", "credit", 100, "CNY") for n in range(1, 8)
    ]
    async with town.stage.engine.begin() as tx:
        await statements.keep(tx, lines)
    most = 0

    def compared(lines: list[Line], movements: list[Movement]) -> Match:
        nonlocal most
        most = max(most, len(lines))
        return match(lines, movements)

    monkeypatch.setattr(reconcile, "match", compared)
    monkeypatch.setattr(reconcile, "_PAGE", 2)
    told, _ = await town.reconciled()
    assert told[0] == summary(0, 0, here=7) + "; 7 unexplained"
    assert most == 2


async def test_a_day_that_is_not_over_is_not_reconciled(town: Town) -> None:
    with pytest.raises(reconcile.DayNotOver):
        await reconcile.reconcile(town.stage.engine, town.bank, DAY)
    assert await town.stage.rows("SELECT * FROM reconciliations") == []


@dataclass(frozen=True, slots=True)
class Watched:
    """Looks into the database while the bank is asked."""

    town: Town

    async def statement(self, day: date, after: int) -> Page:
        (row,) = await self.town.stage.rows(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%'"
        )
        assert row["n"] == 0
        return await self.town.bank.statement(day, after)


async def test_the_bank_is_asked_outside_of_transactions(town: Town) -> None:
    await town.paid()
    town.now = NEXT_MORNING
    await reconcile.reconcile(town.stage.engine, Watched(town), DAY)
    assert (await reconcile.report(town.stage.engine, DAY))[1]


async def test_the_worker_reconciles_each_day_once_from_its_hour(town: Town) -> None:
    worker = town.reconciler(hour=3)
    await town.paid()
    town.now = NEXT_MORNING - timedelta(seconds=1)
    assert await worker.tick()  # the day before, of which nothing is known
    assert not await worker.tick()
    assert await _days(town) == [DAY - timedelta(days=1)]
    town.now = NEXT_MORNING
    assert await worker.tick()
    assert not await worker.tick()
    town.now = NEXT_MORNING + timedelta(days=2)
    assert [await worker.tick() for _ in range(3)] == [True, True, False]
    assert await _days(town) == [DAY + timedelta(days=n) for n in range(-1, 3)]


async def test_an_old_day_makes_only_the_last_month_due(town: Town) -> None:
    async with town.stage.engine.begin() as tx:
        await cases.sum_up(tx, date(1999, 1, 1), 0, town.now)
        assert await cases.next_day(tx, DAY) == DAY - timedelta(days=30)
        assert await cases.next_day(tx, date(1999, 1, 3)) == date(1999, 1, 2)


async def test_one_instance_at_a_time(town: Town) -> None:
    town.now = NEXT_MORNING
    async with reconcile.alone(town.dsn):
        with pytest.raises(reconcile.Busy):
            await town.reconciler().tick()
    assert await town.reconciler().tick()


@dataclass(frozen=True, slots=True)
class Away:
    """A bank that cannot be reached."""

    async def statement(self, day: date, after: int) -> Page:
        raise NotSent(f"{day} {after}")


async def test_the_worker_outlives_a_bank_that_is_away(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.now = NEXT_MORNING
    slept: list[float] = []

    class Enough(BaseException):
        pass

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        raise Enough

    monkeypatch.setattr(clock, "sleep", sleep)
    worker = reconcile.Reconciler(town.stage.engine, town.dsn, Away(), 3)
    with pytest.raises(Enough):
        await worker.run()
    assert slept == [60.0]
    assert await _days(town) == []


async def test_news_close_cases_also_while_the_bank_is_away(town: Town) -> None:
    event = await town.sent()
    await town.reconciled()
    await town.hear(event, await town.credited(event))
    town.now = NEXT_MORNING + timedelta(days=1)
    worker = reconcile.Reconciler(town.stage.engine, town.dsn, Away(), 3)
    with pytest.raises(NotSent):
        await worker.tick()
    assert (await town.case())["closed_at"] == town.now


async def test_open_cases_are_counted(town: Town) -> None:
    await town.sent()
    town.now = NEXT_MORNING
    await town.reconciler().tick()
    counted = {
        sample.labels["difference"]: sample.value
        for metric in reconcile.open_cases.collect()
        for sample in metric.samples
    }
    assert counted == {"missing_here": 1, "missing_there": 0, "amount_differs": 0}


async def test_a_statement_keeps_what_it_told_first(town: Town) -> None:
    await town.paid()
    await town.reconciled()

    @dataclass(frozen=True, slots=True)
    class Rewriting:
        async def statement(self, day: date, after: int) -> Page:
            page = await town.bank.statement(day, after)
            return replace(page, lines=tuple(replace(x, amount_minor=1) for x in page.lines))

    await reconcile.reconcile(town.stage.engine, Rewriting(), DAY)
    (line,) = await town.stage.rows("SELECT amount_minor FROM statement_lines")
    assert line["amount_minor"] == CAPTURED


async def test_the_command(town: Town) -> None:
    event = await town.sent()
    town.now = NEXT_MORNING
    done = await _command(town, DAY)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == summary(1, 0, here=1) + "; 1 unexplained"
    assert len(done.stdout.splitlines()) == 2
    await town.hear(event, await town.credited(event))
    done = await _command(town, DAY)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == summary(1, 1, here=1) + "; 0 unexplained"
    done = await _command(town, NEXT_DAY)
    assert (done.returncode, done.stdout) == (2, "")
    assert "2026-03-03 is not over" in done.stderr


async def _command(town: Town, day: date) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "services.tracker", "reconcile", "--date", str(day)],
        env={
            "PATH": os.environ["PATH"],
            "TRACKER_DATABASE_URL": town.dsn,
            "BANK_URL": town.sandbox.url,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def _days(town: Town) -> list[date]:
    rows = await town.stage.rows("SELECT day FROM reconciliations ORDER BY day")
    return [row["day"] for row in rows]
