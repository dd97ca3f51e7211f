"""Which events were already taken: the primary key of the inbox decides, also between instances."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# As long as a topic keeps its records and a dead letter may wait to be replayed.
KEPT: Final = timedelta(days=45)

_CLAIM = text(
    "INSERT INTO inbox (event_id) SELECT unnest(CAST(:ids AS uuid[])) "
    "ON CONFLICT DO NOTHING RETURNING event_id"
)
_RELEASE = text("DELETE FROM inbox WHERE event_id = ANY(CAST(:ids AS uuid[]))")
_FORGET = text(
    "DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox "
    "WHERE received_at < (SELECT clock_timestamp()) - CAST(:kept AS interval) LIMIT 5000)"
)


async def claim(tx: AsyncConnection, ids: Iterable[UUID]) -> set[UUID]:
    """Take these events; the answer holds those that nobody took before.

    A concurrent claim of the same id waits for the other transaction to end. Sorted, so that two
    batches with the same ids in another order cannot deadlock.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return set()
    return set((await tx.execute(_CLAIM, {"ids": wanted})).scalars())


async def release(tx: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Give claims of this transaction back: these events were not handled."""
    if ids:
        await tx.execute(_RELEASE, {"ids": sorted(ids)})


async def forget_old(tx: AsyncConnection) -> int:
    """Drop a bounded number of claims older than `KEPT`; call it now and then."""
    return (await tx.execute(_FORGET, {"kept": KEPT})).rowcount
