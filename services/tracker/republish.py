"""Sends the newest status again, for a consumer that lost what Kafka did not keep."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.handlers import SOURCE
from shared import db, ids, outbox
from shared.contracts.envelope import Envelope
from shared.contracts.events import StatusChanged
from shared.contracts.topics import Topic

_PAGE: Final = 500
_CHANGED = text(
    "SELECT id, version, CAST(snapshot AS text) AS snapshot FROM disputes "
    "WHERE updated_at >= :since AND id > :after AND snapshot IS NOT NULL "
    "ORDER BY id LIMIT :page FOR UPDATE"
)


async def republish(dsn: str, since: datetime) -> int:
    """Put the newest status event of each changed dispute into the outbox; how many.

    The events keep their ids and sequences, so whoever has them drops them.
    """
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    engine = db.engine(dsn, "tracker-republish", 1)
    count, after = 0, UUID(int=0)
    try:
        while True:
            async with engine.begin() as tx:
                page = await _page(tx, since, after)
                await outbox.add(tx, page)
            if not page:
                return count
            count, after = count + len(page), UUID(page[-1].envelope.subject)
    finally:
        await engine.dispose()


async def _page(tx: AsyncConnection, since: datetime, after: UUID) -> list[outbox.Outgoing]:
    rows = await tx.execute(_CHANGED, {"since": since, "after": after, "page": _PAGE})
    return [_event(StatusChanged.model_validate_json(row.snapshot)) for row in rows]


def _event(status: StatusChanged) -> outbox.Outgoing:
    key = str(status.dispute_id)
    envelope = Envelope(
        id=ids.event_id(SOURCE, key, status.version),
        source=SOURCE,
        subject=key,
        sequence=status.version,
        time=status.changed_at,
        data=status,
    )
    return outbox.Outgoing(Topic.DISPUTE_STATUS, envelope)
