"""Idempotency keys with the answers they were given."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Sorted by the caller; a concurrent claim of the same key waits for the other transaction.
_CLAIM: Final = text(
    "INSERT INTO idempotency (owner, key, digest, answer, location) SELECT * FROM unnest("
    "CAST(:owners AS text[]), CAST(:keys AS text[]), CAST(:digests AS bytea[]),"
    " CAST(:answers AS text[]), CAST(:locations AS text[])) "
    "ON CONFLICT DO NOTHING RETURNING owner, key"
)
_READ: Final = text(
    "SELECT owner, key, digest, answer, location FROM idempotency WHERE (owner, key) IN "
    "(SELECT * FROM unnest(CAST(:owners AS text[]), CAST(:keys AS text[])))"
)
_RELEASE: Final = text(
    "DELETE FROM idempotency WHERE (owner, key) IN "
    "(SELECT * FROM unnest(CAST(:owners AS text[]), CAST(:keys AS text[])))"
)
_FORGET: Final = text(
    "DELETE FROM idempotency WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency "
    "WHERE created_at < (SELECT clock_timestamp()) - CAST(:kept AS interval) LIMIT :limit))"
)


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A caller's key; `owner` is role and subject, so that nobody meets another's keys."""

    owner: str
    key: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A key with the SHA-256 of what was asked, and what was answered (a JSON body)."""

    key: Key
    digest: bytes
    answer: str
    location: str


async def claim(tx: AsyncConnection, entries: Collection[Stored]) -> set[Key]:
    """Store those whose key is new; the answer holds their keys."""
    if not entries:
        return set()
    ordered = sorted(entries, key=lambda entry: entry.key)
    rows = await tx.execute(
        _CLAIM,
        {
            "owners": [e.key.owner for e in ordered],
            "keys": [e.key.key for e in ordered],
            "digests": [e.digest for e in ordered],
            "answers": [e.answer for e in ordered],
            "locations": [e.location for e in ordered],
        },
    )
    return {Key(owner, key) for owner, key in rows}


async def read(tx: AsyncConnection, keys: Sequence[Key]) -> dict[Key, Stored]:
    """What is stored under these keys."""
    if not keys:
        return {}
    rows = await tx.execute(_READ, _columns(keys))
    return {
        Key(owner, key): Stored(Key(owner, key), digest, answer, location)
        for owner, key, digest, answer, location in rows
    }


async def release(tx: AsyncConnection, keys: Sequence[Key]) -> None:
    """Give keys back whose work was not done."""
    await tx.execute(_RELEASE, _columns(keys))


async def forget_old(tx: AsyncConnection, kept: timedelta, limit: int) -> int:
    """Drop at most `limit` keys older than `kept`; how many it were."""
    return (await tx.execute(_FORGET, {"kept": kept, "limit": limit})).rowcount


def _columns(keys: Sequence[Key]) -> dict[str, list[str]]:
    return {"owners": [k.owner for k in keys], "keys": [k.key for k in keys]}
