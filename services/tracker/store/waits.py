"""Waits, as steps begin and end them, and as they are measured."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.domain.estimates import Wait
from services.tracker.domain.states import Leg
from services.tracker.domain.waits import LEGS, Begun, Ended

KEPT: Final = timedelta(days=30)
_END = text(
    "UPDATE waits w SET ended_at = :now, cut = u.cut FROM unnest(CAST(:ids AS uuid[]),"
    " CAST(:legs AS text[]), CAST(:cut AS boolean[])) AS u(id, leg, cut)"
    " WHERE w.leg = u.leg AND w.dispute_id = u.id AND w.ended_at IS NULL"
)
_BEGIN = text(
    "INSERT INTO waits (dispute_id, leg, step, party, due_at, began_at, ended_at, cut, low_at,"
    " high_at, model_low_s, model_high_s) SELECT * FROM unnest(CAST(:dispute_id AS uuid[]),"
    " CAST(:leg AS text[]), CAST(:step AS integer[]), CAST(:party AS text[]),"
    " CAST(:due_at AS timestamptz[]), CAST(:began_at AS timestamptz[]),"
    " CAST(:ended_at AS timestamptz[]), CAST(:cut AS boolean[]), CAST(:low_at AS timestamptz[]),"
    " CAST(:high_at AS timestamptz[]), CAST(:low_s AS real[]), CAST(:high_s AS real[]))"
    # one that code from before `waits` has ended without a word does not stand in the way
    " ON CONFLICT (leg, dispute_id) WHERE ended_at IS NULL DO UPDATE SET step = excluded.step,"
    " party = excluded.party, due_at = excluded.due_at, began_at = excluded.began_at,"
    " ended_at = excluded.ended_at, cut = excluded.cut, low_at = excluded.low_at,"
    " high_at = excluded.high_at, model_low_s = excluded.model_low_s,"
    " model_high_s = excluded.model_high_s"
)
# fmt: off
_AS_THEY_ARE: Final = ("dispute_id", "step", "party", "due_at", "began_at", "ended_at", "cut",
                       "low_s", "high_s")
# fmt: on
_FORGET = text(
    "DELETE FROM waits WHERE ctid = ANY(ARRAY(SELECT ctid FROM waits WHERE leg = :leg"
    " AND ended_at < (SELECT clock_timestamp()) - CAST(:kept AS interval) LIMIT 5000))"
)
_SEEN: Final = (
    "extract(epoch FROM began_at)::float8 AS began, extract(epoch FROM ended_at)::float8 AS ended,"
    " cut, party, extract(epoch FROM due_at)::float8 AS due, model_low_s, model_high_s"
)
_COUNT = text(
    "SELECT count(*) FROM waits WHERE leg = :leg AND ended_at >= :start AND ended_at < :stop"
)
_ENDED = text(  # the pieces are constants
    f"SELECT {_SEEN} FROM waits WHERE leg = :leg AND ended_at >= :start AND ended_at < :stop"  # noqa: S608
    " ORDER BY ended_at DESC LIMIT :limit"
)
# Ids end in random bits, so a part of them is a sample.
_RUNNING = text(  # the pieces are constants
    f"SELECT {_SEEN} FROM waits WHERE leg = :leg AND ended_at IS NULL"  # noqa: S608
    " AND get_byte(uuid_send(dispute_id), 15) < :below LIMIT :limit"
)
_LASTING = text("SELECT count(*) FROM waits WHERE leg = :leg AND ended_at IS NULL")


async def end(tx: AsyncConnection, ended: Sequence[Ended], now: datetime) -> None:
    """Mark what ended; what never began (under a legal hold) is not there."""
    if ended:
        await tx.execute(
            _END,
            {
                "now": now,
                "ids": [each.dispute_id for each in ended],
                "legs": [each.leg.value for each in ended],
                "cut": [each.cut for each in ended],
            },
        )


async def begin(tx: AsyncConnection, begun: Sequence[Begun]) -> None:
    """Write what began, also what is over already."""
    if not begun:
        return
    columns: dict[str, list[object]] = {
        name: [getattr(each, name) for each in begun] for name in _AS_THEY_ARE
    }
    columns["leg"] = [each.leg.value for each in begun]
    columns["low_at"] = [each.told and each.told.low_at for each in begun]
    columns["high_at"] = [each.told and each.told.high_at for each in begun]
    await tx.execute(_BEGIN, columns)


async def forget_old(tx: AsyncConnection) -> int:
    """Drop a bounded number of waits that ended long ago; call it now and then."""
    values = [{"leg": leg.value, "kept": KEPT} for leg in LEGS]
    return sum([(await tx.execute(_FORGET, each)).rowcount for each in values])


async def ended_in(
    tx: AsyncConnection, leg: Leg, start: datetime, stop: datetime, limit: int
) -> tuple[int, list[Wait]]:
    """How many ended in [start, stop), and the newest of them, oldest first."""
    span = {"leg": leg.value, "start": start, "stop": stop}
    count: int = (await tx.execute(_COUNT, span)).scalar_one()
    if not count:
        return 0, []
    rows = await tx.execute(_ENDED, span | {"limit": limit})
    return count, [_wait(row) for row in rows][::-1]


async def running(tx: AsyncConnection, leg: Leg, limit: int) -> tuple[float, list[Wait]]:
    """A sample of about `limit` that last, and for how many each of them stands."""
    count: int = (await tx.execute(_LASTING, {"leg": leg.value})).scalar_one()
    below = 256 if count <= limit else max(1, round(256 * limit / count))
    rows = await tx.execute(_RUNNING, {"leg": leg.value, "below": below, "limit": 4 * limit})
    found = [_wait(row) for row in rows]
    return (count / len(found) if found else 1.0), found


def _wait(row: Row[Any]) -> Wait:
    return Wait(
        row.began,
        row.ended,
        cut=row.cut is True,
        party=row.party,
        due=row.due,
        low_s=row.model_low_s,
        high_s=row.model_high_s,
    )
