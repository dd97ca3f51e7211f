"""What time and receipts do to messages that were handed over."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.domain.sending import Channel, State, after_silence
from services.notifier.domain.texts import Urgency

_PAGE: Final = 500
_COLUMNS: Final = (
    "m.id, m.event_id, m.dispute_id, m.channel, m.template, m.locale, m.state, m.attempts,"
    " m.published, m.traceparent"
)
# A lease ran out: whoever was sending died or could not record. Handed over or not, nobody knows.
_EXPIRE: Final = text(
    "UPDATE messages m SET state = 'ambiguous', code = 'lease_expired',"  # noqa: S608 - constants
    " published = published + 1, changed_at = clock_timestamp(),"
    " due_at = clock_timestamp() + make_interval(secs => :wait_s) "
    "WHERE m.id IN (SELECT id FROM messages WHERE state = 'sending'"
    f" AND due_at <= (SELECT clock_timestamp()) LIMIT {_PAGE} FOR UPDATE SKIP LOCKED)"
    f" RETURNING {_COLUMNS}"
)
_SILENT: Final = text(
    "SELECT id, urgency, resend, channel FROM messages WHERE state = 'ambiguous'"  # noqa: S608 - constants
    f" AND due_at <= (SELECT clock_timestamp()) ORDER BY id LIMIT {_PAGE} FOR UPDATE SKIP LOCKED"
)
_AGAIN: Final = text(
    "UPDATE messages SET state = 'waiting', resend = true, due_at = clock_timestamp(),"
    " changed_at = clock_timestamp() WHERE id = ANY(CAST(:ids AS uuid[]))"
)
_GIVE_UP: Final = text(
    "UPDATE messages SET state = 'unknown', due_at = NULL, changed_at = clock_timestamp() "
    "WHERE id = ANY(CAST(:ids AS uuid[]))"
)
# A contact that was stored while its message was being found without one.
_FOUND: Final = text(
    "UPDATE messages m SET state = 'waiting', due_at = clock_timestamp(),"  # noqa: S608 - constants
    " changed_at = clock_timestamp() FROM (SELECT w.id FROM messages w"
    " JOIN contacts c ON c.person = w.recipient WHERE w.state = 'no_contact'"
    " AND c.updated_at BETWEEN w.changed_at - interval '1 minute' AND w.changed_at"
    f" LIMIT {_PAGE}) f WHERE m.id = f.id AND m.state = 'no_contact'"
    " AND m.changed_at > clock_timestamp() - interval '2 minutes'"
)
_LAPSE: Final = text(
    "UPDATE messages SET state = 'lapsed', changed_at = clock_timestamp() WHERE id IN ("  # noqa: S608 - constants
    "SELECT id FROM messages WHERE state = 'no_contact'"
    f" AND created_at < clock_timestamp() - interval '7 days' LIMIT {_PAGE})"
)
# Longer than a topic keeps its records and a dead letter may wait: dedupe rests on these rows.
_FORGET: Final = (
    text(
        "DELETE FROM messages WHERE id IN (SELECT id FROM messages"
        " WHERE created_at < clock_timestamp() - interval '45 days' LIMIT 5000)"
    ),
    text(
        "DELETE FROM heard WHERE dispute_id IN (SELECT dispute_id FROM heard"
        " WHERE heard_at < clock_timestamp() - interval '400 days' LIMIT 5000)"
    ),
    text(
        "DELETE FROM sms_parts WHERE provider_id IN (SELECT provider_id FROM sms_parts"
        " WHERE sent_at < clock_timestamp() - interval '7 days' LIMIT 5000)"
    ),
)
_MATCH: Final = text(
    "SELECT provider_id, message_id FROM sms_parts "
    "WHERE provider_id = ANY(CAST(:ids AS text[])) ORDER BY message_id, provider_id"
)
_LOCK: Final = text(
    "SELECT id FROM messages WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"
)
_TAKE: Final = text("DELETE FROM sms_parts WHERE provider_id = ANY(CAST(:ids AS text[]))")
_OPEN: Final = text(
    "SELECT DISTINCT message_id FROM sms_parts WHERE message_id = ANY(CAST(:ids AS uuid[]))"
)
_CONFIRM: Final = text(
    "UPDATE messages m SET state = r.state, due_at = NULL, published = m.published + 1,"  # noqa: S608 - constants
    " changed_at = clock_timestamp() FROM (SELECT * FROM unnest(CAST(:ids AS uuid[]),"
    " CAST(:states AS text[])) AS r (id, state)) r WHERE m.id = r.id"
    f" AND m.state IN ('sending', 'ambiguous', 'sent', 'unknown') RETURNING {_COLUMNS}"
)
_MARKED: Final = text(
    "SELECT m.id, m.recipient, c.sealed FROM messages m JOIN contacts c ON c.person = m.recipient "
    "WHERE m.channel = 'sms' AND m.state IN ('sending', 'ambiguous')"
    " AND right(m.id::text, 4) = :mark LIMIT 20"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A message whose state an event now tells of; `published` numbers the event."""

    id: UUID
    event_id: UUID
    dispute_id: UUID
    channel: Channel
    template: str
    locale: str | None
    state: State
    attempts: int
    published: int
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message under way to somebody whose sealed contact tells whether a receipt is its own."""

    id: UUID
    recipient: str
    sealed: str


async def expire_leases(tx: AsyncConnection, wait_s: float) -> list[Told]:
    """Sends whose lease ran out become ambiguous for `wait_s` seconds."""
    return [told(row) for row in await tx.execute(_EXPIRE, {"wait_s": wait_s})]


async def end_silence(tx: AsyncConnection) -> tuple[int, int]:
    """Settle ambiguous sends whose wait is over; return how many go again and how many do not."""
    again: list[UUID] = []
    given_up: list[UUID] = []
    for row in await tx.execute(_SILENT):
        state = after_silence(Urgency(row.urgency), resend=row.resend)
        (again if state is State.WAITING else given_up).append(row.id)
    await tx.execute(_AGAIN, {"ids": again})
    await tx.execute(_GIVE_UP, {"ids": given_up})
    return len(again), len(given_up)


async def find_contacts(tx: AsyncConnection) -> int:
    """Release messages whose contact came in the very moment they were found without one."""
    return (await tx.execute(_FOUND)).rowcount


async def forget(tx: AsyncConnection) -> None:
    """Let go of what waited too long for a contact, and delete a bounded number of old rows."""
    await tx.execute(_LAPSE)
    for statement in _FORGET:
        await tx.execute(statement)


async def parts(tx: AsyncConnection, provider_ids: Collection[str]) -> dict[str, UUID]:
    """Return which messages these gateway ids belong to, their rows locked."""
    rows = list(await tx.execute(_MATCH, {"ids": sorted(provider_ids)}))
    await tx.execute(_LOCK, {"ids": sorted({row.message_id for row in rows})})
    return {row.provider_id: row.message_id for row in rows}


async def take_parts(
    tx: AsyncConnection, provider_ids: Collection[str], messages: Collection[UUID]
) -> set[UUID]:
    """Strike these parts off; return which of the messages still wait for others."""
    await tx.execute(_TAKE, {"ids": sorted(provider_ids)})
    return set((await tx.execute(_OPEN, {"ids": sorted(messages)})).scalars())


async def confirm(tx: AsyncConnection, states: Mapping[UUID, State]) -> list[Told]:
    """Record what receipts say, also of messages whose sending was ambiguous."""
    if not states:
        return []
    ordered = sorted(states)
    asked = {"ids": ordered, "states": [states[message].value for message in ordered]}
    return [told(row) for row in await tx.execute(_CONFIRM, asked)]


async def marked(tx: AsyncConnection, mark: int) -> list[Candidate]:
    """Return SMS under way whose id ends in this 16-bit mark."""
    rows = await tx.execute(_MARKED, {"mark": f"{mark:04x}"})
    return [Candidate(row.id, row.recipient, row.sealed) for row in rows]


def told(row: Any) -> Told:
    """Return a row of `_COLUMNS`."""
    return Told(
        id=row.id,
        event_id=row.event_id,
        dispute_id=row.dispute_id,
        channel=Channel(row.channel),
        template=row.template,
        locale=row.locale,
        state=State(row.state),
        attempts=row.attempts,
        published=row.published,
        traceparent=row.traceparent,
    )
