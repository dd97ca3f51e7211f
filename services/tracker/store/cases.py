"""Cases of what differs between the bank's books and ours, and the figures of each day."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.domain.reconciliation import Difference

_JOIN = text(  # what one side had opened becomes a case of both
    "UPDATE reconciliation_cases c SET difference = 'amount_differs', ours_minor = :ours_minor,"
    " theirs_minor = :theirs_minor, line_day = :line_day, line_position = :line_position,"
    " journal_id = :journal_id WHERE c.closed_at IS NULL"
    " AND ((c.line_day = :line_day AND c.line_position = :line_position AND c.journal_id IS NULL)"
    " OR (c.journal_id = :journal_id AND c.line_day IS NULL))"
    " AND NOT EXISTS (SELECT FROM reconciliation_cases o WHERE o.id <> c.id AND"
    " (o.journal_id = :journal_id"
    " OR (o.line_day = :line_day AND o.line_position = :line_position)))"
)
_CLOSE = text(
    "UPDATE reconciliation_cases c SET closed_at = :now, explanation = coalesce(l.explanation,"
    " r.explanation) FROM reconciliation_cases o LEFT JOIN statement_lines l ON l.day = o.line_day"
    " AND l.position = o.line_position LEFT JOIN reconciled_journals r USING (journal_id)"
    " WHERE o.id = c.id AND o.closed_at IS NULL AND c.closed_at IS NULL"
    " AND (o.line_day IS NULL OR l.explanation IS NOT NULL)"
    " AND (o.journal_id IS NULL OR r.explanation IS NOT NULL) RETURNING c.day"
)
_EXPLAIN = text(
    "UPDATE reconciliation_cases SET closed_at = :now, closed_by = :closed_by, reason = :reason,"
    " explanation = 'explained by a person' WHERE id = :id AND closed_at IS NULL RETURNING *"
)
_SUM = text(
    "INSERT INTO reconciliations AS s (day, lines, matched, missing_here, missing_there,"
    " amount_differs, at) SELECT :day, coalesce(CAST(:lines AS bigint), 0), l.matched, c.here,"
    " c.there, c.amount, :now FROM (SELECT count(explanation) AS matched FROM statement_lines"
    " WHERE day = :day) l, (SELECT count(*) FILTER (WHERE difference = 'missing_here') AS here,"
    " count(*) FILTER (WHERE difference = 'missing_there') AS there,"
    " count(*) FILTER (WHERE difference = 'amount_differs') AS amount FROM reconciliation_cases"
    " WHERE day = :day) c WHERE CAST(:lines AS bigint) IS NOT NULL OR EXISTS (SELECT FROM"
    " reconciliations WHERE day = :day) ON CONFLICT (day) DO UPDATE SET"
    " lines = coalesce(CAST(:lines AS bigint), s.lines), matched = excluded.matched,"
    " missing_here = excluded.missing_here, missing_there = excluded.missing_there,"
    " amount_differs = excluded.amount_differs, at = excluded.at"
)
_OPEN_BY_DIFFERENCE = text(
    "SELECT difference, count(*) AS n FROM reconciliation_cases WHERE closed_at IS NULL"
    " GROUP BY difference"
)
_PAGE = text(
    "SELECT * FROM reconciliation_cases WHERE id > :after AND (NOT :open_only OR closed_at IS NULL)"
    " AND (CAST(:day AS date) IS NULL OR day = :day) ORDER BY id LIMIT :limit"
)
_FIGURES = text(
    "SELECT *, (SELECT count(*) FROM reconciliation_cases c WHERE c.day = r.day"
    " AND c.closed_at IS NULL) AS unexplained FROM reconciliations r WHERE day = :day"
)
_ONE = text("SELECT * FROM reconciliation_cases WHERE id = :id")
_NEXT_DAY = text(
    "SELECT CAST(d AS date) FROM generate_series(greatest(coalesce((SELECT min(day)"
    " FROM reconciliations), CAST(:last AS date)), CAST(:first AS date)), CAST(:last AS date),"
    " interval '1 day') AS d WHERE NOT EXISTS (SELECT"
    " FROM reconciliations r WHERE r.day = CAST(d AS date)) ORDER BY d LIMIT 1"
)


_LOOKED_BACK: Final = timedelta(days=30)
BEGINNING: Final = UUID(int=0)  # before every id


@dataclass(frozen=True, slots=True)
class Case:
    """A difference as it is opened. Amounts in minor units; None: that side has nothing."""

    id: UUID
    day: date
    transaction_id: str
    reference: str | None
    difference: Difference
    ours_minor: int | None
    theirs_minor: int | None
    currency: str
    line_day: date | None
    line_position: int | None
    journal_id: UUID | None
    opened_at: datetime


_COLUMNS: Final = tuple(field.name for field in fields(Case))
# fmt: off
_TYPES: Final = ("uuid", "date", "text", "text", "text", "numeric", "numeric", "text", "date",
                 "bigint", "uuid", "timestamptz")
# fmt: on
_OPEN = text(  # the pieces are constants
    f"INSERT INTO reconciliation_cases ({', '.join(_COLUMNS)}) SELECT * FROM unnest("  # noqa: S608
    + ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in zip(_COLUMNS, _TYPES, strict=True))
    + ") ON CONFLICT DO NOTHING"
)


async def open_(tx: AsyncConnection, cases: Sequence[Case]) -> None:
    """Open what is not a case yet; whatever was closed stays so."""
    if not cases:
        return
    for case in cases:
        if case.line_day and case.journal_id:
            known = {name: getattr(case, name) for name in _COLUMNS}
            await tx.execute(_JOIN, known)
    await tx.execute(_OPEN, {name: [getattr(c, name) for c in cases] for name in _COLUMNS})


async def close(tx: AsyncConnection, now: datetime) -> None:
    """Close every case that has been explained, and renew the figures of its day."""
    days = set((await tx.execute(_CLOSE, {"now": now})).scalars())
    for day in sorted(days):
        await sum_up(tx, day, None, now)


async def sum_up(tx: AsyncConnection, day: date, lines: int | None, now: datetime) -> None:
    """Write a day's figures; `lines` is how many the bank told.

    None renews the figures of a day that was reconciled, and leaves another alone.
    """
    await tx.execute(_SUM, {"day": day, "lines": lines, "now": now})


async def by_difference(tx: AsyncConnection) -> dict[Difference, int]:
    """How many cases are open."""
    found = {row.difference: row.n for row in await tx.execute(_OPEN_BY_DIFFERENCE)}
    return {difference: found.get(difference, 0) for difference in Difference}


async def page(
    tx: AsyncConnection,
    *,
    limit: int,
    open_only: bool,
    after: UUID = BEGINNING,
    day: date | None = None,
) -> list[dict[str, Any]]:
    """Cases by id, which is by age."""
    wanted = {"after": after, "limit": limit, "open_only": open_only, "day": day}
    return [dict(row) for row in (await tx.execute(_PAGE, wanted)).mappings()]


async def figures(tx: AsyncConnection, day: date) -> dict[str, Any] | None:
    """A day's figures, once it was reconciled, and how many of its cases are open."""
    row = (await tx.execute(_FIGURES, {"day": day})).mappings().one_or_none()
    return dict(row) if row else None


async def one(tx: AsyncConnection, case_id: UUID) -> dict[str, Any] | None:
    """One case."""
    row = (await tx.execute(_ONE, {"id": case_id})).mappings().one_or_none()
    return dict(row) if row else None


async def explain(
    tx: AsyncConnection, case_id: UUID, *, closed_by: str, reason: str, now: datetime
) -> dict[str, Any] | None:
    """Close an open case for a (sealed) reason; None if there is no open one of this id."""
    values = {"id": case_id, "closed_by": closed_by, "reason": reason, "now": now}
    row = (await tx.execute(_EXPLAIN, values)).mappings().one_or_none()
    return dict(row) if row else None


async def next_day(tx: AsyncConnection, last: date) -> date | None:
    """The oldest of the 31 days up to `last` that was not reconciled; the first of all is `last`.

    A day that somebody reconciles out of turn, of an old year, does not make all since then due.
    """
    days = {"first": last - _LOOKED_BACK, "last": last}
    found: date | None = (await tx.execute(_NEXT_DAY, days)).scalar_one_or_none()
    return found
