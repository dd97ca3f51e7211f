"""Reconciles the bank's statement of a day with the journals: by the clock, or as a command.

A run may be repeated, and may end anywhere: lines are kept as they come, what explains what is
written in the transaction that found it, and a difference has one case.
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.tracker.bank import HttpBank
from services.tracker.domain.reconciliation import Difference, Line, Match, Movement, judged, match
from services.tracker.ports import NoAnswer, NotSent, Statements
from services.tracker.store import cases, statements
from services.tracker.store.cases import Case
from shared import clock, db, http, ids
from shared.observe import Progress, log

_LOCK_CLASS: Final = 0x0B0D  # advisory lock namespace of reconciliation
_PAGE: Final = 500
_SHOWN: Final = 1000
_TICK_S: Final = 60.0
_EDGE: Final = timedelta(minutes=10)  # what we booked so late may be on the bank's next day
_DAY: Final = timedelta(days=1)

open_cases = Gauge(
    "redress_tracker_reconciliation_cases_open",
    "Differences between the bank's books and ours that nothing explains",
    ["difference"],
)


class Inconclusive(Exception):
    """Nothing was found out; says why."""


class DayNotOver(Inconclusive):
    """The bank's day is not over: its statement may still grow."""


class Busy(Inconclusive):
    """Another instance is reconciling."""


class Reconciler:
    """Reconciles each day once, from `hour` (UTC) of the next, and closes cases as news come."""

    def __init__(self, engine: AsyncEngine, dsn: str, bank: Statements, hour: int) -> None:
        self._engine = engine
        self._dsn = dsn
        self._bank = bank
        self._after_midnight = timedelta(hours=hour)
        self.progress = Progress("tracker-reconciliation", stale_after_s=600)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            more = False
            try:
                more = await self.tick()
            except (NoAnswer, NotSent, Inconclusive) as error:
                log.warning("reconcile.later", error=type(error).__name__, reason=str(error))
            except Exception as error:  # noqa: BLE001 - this loop owns the retry
                log.error("reconcile.failed", error=type(error).__name__)
            self.progress.beat()
            if not more:
                await clock.sleep(_TICK_S)

    async def tick(self) -> bool:
        """Reconcile a day that is due, or look at the open cases again; whether a day was done."""
        day, waiting = await self._due()
        if day is None and not waiting:
            return False
        async with alone(self._dsn):
            if waiting:
                await look_again(self._engine)
            day, _ = await self._due()  # another instance may have been faster
            if day:
                await reconcile(self._engine, self._bank, day, self.progress.beat)
        await self._due()
        return day is not None

    async def _due(self) -> tuple[date | None, int]:
        """The oldest day that is due, and how many cases are open, which is shown."""
        async with self._engine.begin() as tx:
            now = await clock.after_locks(tx)
            last = (now.astimezone(UTC) - self._after_midnight).date() - _DAY
            day = await cases.next_day(tx, last)
            found = await cases.by_difference(tx)
        for difference, count in found.items():
            open_cases.labels(difference.value).set(count)
        return day, sum(found.values())


@asynccontextmanager
async def alone(dsn: str) -> AsyncIterator[None]:
    """One reconciliation at a time, on whatever machine. Raises Busy."""
    connection = await db.unpooled(dsn, "tracker-reconciliation")
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1, 0)", _LOCK_CLASS):
            raise Busy("another instance is reconciling")
        yield
    finally:
        with contextlib.suppress(Exception):
            await connection.close(timeout=2)


async def reconcile(
    engine: AsyncEngine, bank: Statements, day: date, beat: Callable[[], None] = lambda: None
) -> None:
    """Compare the bank's statement of a day with what we booked, and open or close cases.

    Raises:
        DayNotOver: come back when it is.
        NoAnswer, NotSent: the bank could not be asked.

    """
    lines = await _fetch(engine, bank, day, beat)
    await _compare_journals(engine, day, beat)
    await _compare_lines(engine, day, beat)
    async with engine.begin() as tx:
        await cases.sum_up(tx, day, lines, await clock.after_locks(tx))
    await look_again(engine)


async def look_again(engine: AsyncEngine) -> None:
    """Close the cases that something has explained since."""
    after = cases.BEGINNING
    while True:
        async with engine.begin() as tx:
            page = await cases.page(tx, after=after, limit=_PAGE, open_only=True)
            await _settle(tx, {(case["transaction_id"], case["reference"]) for case in page})
        if len(page) < _PAGE:
            break
        after = page[-1]["id"]
    async with engine.begin() as tx:
        await cases.close(tx, await clock.after_locks(tx))


async def report(engine: AsyncEngine, day: date) -> tuple[list[str], bool]:
    """A summary and a line for each difference of the day; whether all of them are explained.

    Those that nothing explains come first; above a thousand the rest is left to the interface.
    """
    async with engine.connect() as connection:
        figures = await cases.figures(connection, day)
        found = await cases.page(connection, limit=_SHOWN, open_only=True, day=day)
        every = await cases.page(connection, limit=_SHOWN, open_only=False, day=day)
    if figures is None:
        return [f"{day}: not reconciled"], False
    found += [case for case in every if case["closed_at"] is not None]
    summary = (
        f"{day}: {figures['lines']} lines, {figures['matched']} matched,"
        f" {figures['missing_here']} missing here, {figures['missing_there']} missing there,"
        f" {figures['amount_differs']} of another amount; {figures['unexplained']} unexplained"
    )
    return [summary, *map(_described, found[:_SHOWN])], figures["unexplained"] == 0


async def command(dsn: str, bank_url: str, day: date) -> tuple[list[str], bool]:
    """Reconcile a day now; what `report` says of it. Raises Inconclusive."""
    engine = db.engine(dsn, "tracker-reconcile", 2)
    try:
        async with http.client() as session, alone(dsn):
            await reconcile(engine, HttpBank(session, bank_url, ""), day)
        return await report(engine, day)
    except (NoAnswer, NotSent) as error:
        raise Inconclusive(f"the bank did not answer: {error}") from None
    finally:
        await engine.dispose()


async def _fetch(engine: AsyncEngine, bank: Statements, day: date, beat: Callable[[], None]) -> int:
    """Keep the day's lines, page by page, and take out what is booked; how many there are."""
    after: int | None = 0
    count = 0
    while after is not None:
        page = await bank.statement(day, after)
        if not page.closed:
            raise DayNotOver(f"the bank's {day} is not over")
        known = [line for line in page.lines if line.known]
        async with engine.begin() as tx:
            if changed := await statements.keep(tx, known):
                log.error("reconcile.statement_changed", day=str(day), lines=changed)
            await _settle(tx, {(line.transaction_id, line.reference) for line in known})
        count, after = count + len(page.lines), page.after
        beat()
    return count


async def _compare_journals(engine: AsyncEngine, day: date, beat: Callable[[], None]) -> None:
    """Cases of what we booked that day and no statement so far tells of."""
    start = datetime.combine(day, time(), UTC) - _EDGE
    after = (start, cases.BEGINNING)
    while True:
        async with engine.begin() as tx:
            page = await statements.movements_in(tx, start, start + _DAY, after, _PAGE)
            left = await _settle(tx, {(each.transaction_id, each.reference) for each in page})
            ours = {movement.journal_id for movement in page}
            now = await clock.after_locks(tx)
            await cases.open_(tx, _of_movements(left, ours, day, now))
        beat()
        if len(page) < _PAGE:
            return
        after = (page[-1].at, page[-1].journal_id)


async def _compare_lines(engine: AsyncEngine, day: date, beat: Callable[[], None]) -> None:
    """Cases of what the bank told of that day and we did not book."""
    after = 0
    while True:
        async with engine.begin() as tx:
            page = await statements.left_of(tx, day, after, _PAGE)
            left = await _settle(tx, {about for _, about in page})
            theirs = {position for position, _ in page}
            await cases.open_(tx, await _of_lines(tx, left, theirs, day))
        beat()
        if len(page) < _PAGE:
            return
        after = page[-1][0]


async def _settle(tx: AsyncConnection, about: set[statements.About]) -> Match:
    """Write down what explains what in these; what is left of them."""
    if not about:
        return Match()
    lines = await statements.lines_of(tx, about)
    found = match(lines, await statements.movements_of(tx, about))
    await statements.explain(tx, found)
    return found


def _of_movements(left: Match, ours: set[UUID], day: date, now: datetime) -> list[Case]:
    differing = [
        _case(day, now, Difference.AMOUNT_DIFFERS, line, movement)
        for line, movement in left.differing
        if movement.journal_id in ours
    ]
    missing = [
        _case(day, now, Difference.MISSING_THERE, None, movement)
        for movement in left.only_here
        if movement.journal_id in ours
    ]
    return [*differing, *missing]


async def _of_lines(tx: AsyncConnection, left: Match, theirs: set[int], day: date) -> list[Case]:
    def is_asked(line: Line) -> bool:
        return line.day == day and line.position in theirs

    now = await clock.after_locks(tx)
    missing = [line for line in left.only_there if is_asked(line)]
    by_themselves = [line for line in missing if line.reference is None]
    ours = await statements.disputed(tx, by_themselves) if by_themselves else set()
    references = [line.reference for line in missing if line.reference]
    ordered = await statements.ordered(tx, references) if references else {}
    found = [
        _case(day, now, Difference.AMOUNT_DIFFERS, line, movement)
        for line, movement in left.differing
        if is_asked(line)
    ]
    for line in missing:
        if line.reference or (line.day, line.position) in ours:
            difference, ours_minor = judged(line, ordered.get(line.reference or ""))
            found.append(_case(day, now, difference, line, None, ours_minor))
    return found


def _case(
    day: date,
    now: datetime,
    difference: Difference,
    line: Line | None,
    movement: Movement | None,
    ours_minor: int | None = None,
) -> Case:
    about = line or movement
    assert about is not None, "a case is about a line, a journal or both"
    return Case(
        id=ids.new(),
        day=day,
        transaction_id=about.transaction_id,
        reference=about.reference,
        difference=difference,
        ours_minor=movement.amount_minor if movement else ours_minor,
        theirs_minor=line.amount_minor if line else None,
        currency=about.currency,
        line_day=line.day if line else None,
        line_position=line.position if line else None,
        journal_id=movement.journal_id if movement else None,
        opened_at=now,
    )


def _described(case: dict[str, Any]) -> str:
    sides = " ".join(
        f"{name} {'-' if case[column] is None else int(case[column])}"
        for name, column in (("ours", "ours_minor"), ("theirs", "theirs_minor"))
    )
    about = case["reference"] or "no reference"
    end = "open" if case["closed_at"] is None else f"closed: {case['explanation']}"
    return (
        f"{case['difference']} {case['transaction_id']} {about} {sides} {case['currency']}"
        f" [{case['id']}] {end}"
    )
