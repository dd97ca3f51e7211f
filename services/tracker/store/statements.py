"""The bank's lines and our movements, and which explains which. Batched."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.domain.reconciliation import Line, Match, Movement, Ordered, key
from services.tracker.domain.states import Leg

# fmt: off
_TOLD: Final = ("day", "position", "at", "reference", "transaction_id", "kind", "amount_minor",
                "currency")
# fmt: on
_KEEP = text(  # the pieces are constants; the count sees the rows as they were before
    f"WITH told({', '.join(_TOLD)}) AS (SELECT * FROM unnest(CAST(:day AS date[]),"  # noqa: S608
    " CAST(:position AS bigint[]), CAST(:at AS timestamptz[]), CAST(:reference AS text[]),"
    " CAST(:transaction_id AS text[]), CAST(:kind AS text[]), CAST(:amount_minor AS numeric[]),"
    " CAST(:currency AS text[]))), kept AS (INSERT INTO statement_lines"
    f" ({', '.join(_TOLD)}) SELECT * FROM told ON CONFLICT DO NOTHING)"
    " SELECT count(*) FROM told t JOIN statement_lines s USING (day, position) WHERE"
    " (s.reference, s.transaction_id, s.amount_minor, s.currency) IS DISTINCT FROM"
    " (t.reference, t.transaction_id, t.amount_minor, t.currency)"
)
# What has no transaction shares '' with everything else that has none, so its reference says what
# it belongs to; of a transaction all is wanted.
_ABOUT: Final = (
    " (transaction_id = ANY(CAST(:transactions AS text[])) OR (transaction_id = ''"
    " AND (reference = ANY(CAST(:references AS text[]))"
    " OR (CAST(:without AS boolean) AND reference IS NULL))))"
)
_LINES_OF = text(  # the pieces are constants
    "SELECT day, position, at, reference, transaction_id, kind, amount_minor, currency,"  # noqa: S608
    f" explanation, dispute_id FROM statement_lines WHERE{_ABOUT} ORDER BY day, position"
)
_MOVEMENT: Final = (
    "SELECT id, dispute_id, step, at, reference, transaction_id,"
    " amounts[array_position(accounts, 'customer')] AS amount_minor, currency FROM journals j"
    " WHERE 'customer' = ANY(accounts)"
    " AND NOT EXISTS (SELECT FROM reconciled_journals r WHERE r.journal_id = j.id)"
)
_MOVEMENTS_OF = text(f"{_MOVEMENT} AND{_ABOUT} ORDER BY at, id")
_MOVEMENTS_IN = text(
    _MOVEMENT + " AND at >= :start AND at < :end"
    " AND (at, id) > (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid))"
    " ORDER BY at, id LIMIT :limit"
)
_LEFT_OF = text(
    "SELECT position, transaction_id, reference FROM statement_lines WHERE day = :day"
    " AND position > :after AND explanation IS NULL ORDER BY position LIMIT :limit"
)
_EXPLAIN_LINES = text(
    "UPDATE statement_lines s SET explanation = u.explanation, dispute_id = u.dispute_id FROM"
    " unnest(CAST(:days AS date[]), CAST(:positions AS bigint[]), CAST(:explanations AS text[]),"
    " CAST(:disputes AS uuid[])) AS u(day, position, explanation, dispute_id)"
    " WHERE s.day = u.day AND s.position = u.position"
)
_EXPLAIN_JOURNALS = text(
    "INSERT INTO reconciled_journals (journal_id, explanation) SELECT * FROM"
    " unnest(CAST(:journals AS uuid[]), CAST(:explanations AS text[])) ON CONFLICT DO NOTHING"
)
_ORDERED = text(
    "SELECT k.id, k.n, d.transaction_id, d.facts->>'currency' AS currency,"
    " d.facts->'attempts'->(k.n - 1)->>'amount_minor' AS amount_minor"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:ns AS integer[])) AS k(id, n)"
    " JOIN disputes d ON d.id = k.id"
)
_DISPUTED = text(
    "SELECT l.day, l.position FROM unnest(CAST(:days AS date[]), CAST(:positions AS bigint[]),"
    " CAST(:transactions AS text[]), CAST(:ats AS timestamptz[]))"
    " AS l(day, position, transaction_id, at)"
    " WHERE EXISTS (SELECT FROM disputes d WHERE d.open AND d.transaction_id = l.transaction_id"
    " AND d.opened_at <= l.at) OR EXISTS (SELECT FROM reservations r JOIN disputes d"
    " ON d.id = r.dispute_id WHERE r.transaction_id = l.transaction_id AND d.opened_at <= l.at)"
)


About = tuple[str, str | None]
"""A transaction ('' where there is none) and a reference, which what answers each other shares."""


async def keep(tx: AsyncConnection, lines: Sequence[Line]) -> int:
    """Keep lines as they were told first; how many of them say something else than before."""
    if not lines:
        return 0
    columns = {name: [getattr(line, name) for line in lines] for name in _TOLD}
    return int((await tx.execute(_KEEP, columns)).scalar_one())


async def lines_of(tx: AsyncConnection, about: Collection[About]) -> list[Line]:
    """Every line of these, of whatever day, oldest first."""
    rows = await tx.execute(_LINES_OF, _values(about))
    return [
        Line(
            day=row.day,
            position=row.position,
            at=row.at,
            reference=row.reference,
            transaction_id=row.transaction_id,
            kind=row.kind,
            amount_minor=int(row.amount_minor),
            currency=row.currency,
            explanation=row.explanation,
            dispute_id=row.dispute_id,
        )
        for row in rows
    ]


async def movements_of(tx: AsyncConnection, about: Collection[About]) -> list[Movement]:
    """What we booked of these for their customers and no statement explains yet."""
    rows = await tx.execute(_MOVEMENTS_OF, _values(about))
    return [_movement(row) for row in rows]


async def movements_in(
    tx: AsyncConnection,
    start: datetime,
    end: datetime,
    after: tuple[datetime, UUID],
    limit: int,
) -> list[Movement]:
    """A page of the same between two moments, behind the one that `after` names."""
    rows = await tx.execute(
        _MOVEMENTS_IN,
        {"start": start, "end": end, "after_at": after[0], "after_id": after[1], "limit": limit},
    )
    return [_movement(row) for row in rows]


async def left_of(
    tx: AsyncConnection, day: date, after: int, limit: int
) -> list[tuple[int, About]]:
    """A page of the day's lines that nothing explains: position, and what each is about."""
    rows = await tx.execute(_LEFT_OF, {"day": day, "after": after, "limit": limit})
    return [(row.position, (row.transaction_id, row.reference)) for row in rows]


async def explain(tx: AsyncConnection, found: Match) -> None:
    """Write down what explains what."""
    if found.lines:
        await tx.execute(
            _EXPLAIN_LINES,
            {
                "days": [line.day for line, _, _ in found.lines],
                "positions": [line.position for line, _, _ in found.lines],
                "explanations": [explanation for _, explanation, _ in found.lines],
                "disputes": [dispute_id for _, _, dispute_id in found.lines],
            },
        )
    if found.movements:
        await tx.execute(
            _EXPLAIN_JOURNALS,
            {
                "journals": [movement.journal_id for movement, _ in found.movements],
                "explanations": [explanation for _, explanation in found.movements],
            },
        )


async def ordered(tx: AsyncConnection, references: Sequence[str]) -> dict[str, Ordered]:
    """What was ordered under these references; one that nothing was ordered under is left out."""
    keys = {found: ref for ref in references if (found := key(ref)) and found[1] == Leg.REFUND}
    rows = await tx.execute(
        _ORDERED, {"ids": [each[0] for each in keys], "ns": [each[2] for each in keys]}
    )
    return {
        keys[row.id, Leg.REFUND.value, row.n]: Ordered(
            row.transaction_id, int(row.amount_minor), row.currency
        )
        for row in rows
        if row.amount_minor is not None
    }


async def disputed(tx: AsyncConnection, lines: Sequence[Line]) -> set[tuple[date, int]]:
    """Those of them whose transaction was in dispute when the money moved: (day, position)."""
    rows = await tx.execute(
        _DISPUTED,
        {
            "days": [line.day for line in lines],
            "positions": [line.position for line in lines],
            "transactions": [line.transaction_id for line in lines],
            "ats": [line.at for line in lines],
        },
    )
    return {(row.day, row.position) for row in rows}


def _values(about: Collection[About]) -> dict[str, object]:
    """All of a transaction; without one, what has the same reference, or none either."""
    alone = {reference for transaction_id, reference in about if not transaction_id}
    return {
        "transactions": sorted({transaction_id for transaction_id, _ in about if transaction_id}),
        "references": sorted(reference for reference in alone if reference is not None),
        "without": None in alone,
    }


def _movement(row: Row[tuple[object, ...]]) -> Movement:
    return Movement(
        journal_id=row.id,
        dispute_id=row.dispute_id,
        step=row.step,
        at=row.at,
        reference=row.reference,
        transaction_id=row.transaction_id,
        amount_minor=int(row.amount_minor),
        currency=row.currency,
    )
