"""Which version of each dispute was heard of, and what was said last."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_BEGIN: Final = text(
    "INSERT INTO heard (dispute_id, version) SELECT unnest(CAST(:ids AS uuid[])), 0 "
    "ON CONFLICT DO NOTHING"
)
_LOCK: Final = text(
    "SELECT dispute_id, version, said FROM heard WHERE dispute_id = ANY(CAST(:ids AS uuid[])) "
    "ORDER BY dispute_id FOR UPDATE"
)
_SAVE: Final = text(
    "UPDATE heard h SET version = n.version, said = n.said, heard_at = clock_timestamp() "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS integer[]), CAST(:said AS text[])) "
    "AS n (dispute_id, version, said) WHERE h.dispute_id = n.dispute_id"
)


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest version heard of (0: none) and `Notice.said` of what was said last."""

    version: int = 0
    said: str | None = None


async def lock(tx: AsyncConnection, disputes: Collection[UUID]) -> dict[UUID, Heard]:
    """Lock what is known of these disputes, in the order of their ids."""
    ids = {"ids": sorted(disputes)}
    await tx.execute(_BEGIN, ids)
    rows = await tx.execute(_LOCK, ids)
    return {row.dispute_id: Heard(row.version, row.said) for row in rows}


async def save(tx: AsyncConnection, news: Mapping[UUID, Heard]) -> None:
    """Store what was heard now."""
    if news:
        ordered = sorted(news)
        await tx.execute(
            _SAVE,
            {
                "ids": ordered,
                "versions": [news[dispute].version for dispute in ordered],
                "said": [news[dispute].said for dispute in ordered],
            },
        )
