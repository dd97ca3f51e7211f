"""Messages from being wanted to being settled: one row each, claimed with a lease."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.domain.notices import Notice
from services.notifier.domain.sending import Channel, Next, Outcome, State
from services.notifier.domain.texts import Template
from shared import ids

_ADD: Final = text(
    "INSERT INTO messages (id, event_id, dispute_id, version, recipient, channel, template,"
    " urgency, facts, traceparent) SELECT * FROM unnest(CAST(:ids AS uuid[]),"
    " CAST(:events AS uuid[]), CAST(:disputes AS uuid[]), CAST(:versions AS integer[]),"
    " CAST(:recipients AS text[]), CAST(:channels AS text[]), CAST(:templates AS text[]),"
    " CAST(:urgencies AS text[]), CAST(:facts AS json[]), CAST(:traces AS text[])) "
    "ON CONFLICT DO NOTHING"
)
# What was said earlier about the same dispute goes first, or "arrived" could overtake "sent".
# `e` is asked for in words that do not imply the predicate of messages_due: without statistics
# the planner walked that whole index for every candidate (300 ms a claim; now 1 ms). The clock
# stands in a sub-select because a volatile function is no index condition.
_CLAIM: Final = text(
    "WITH due AS (SELECT m.id, (SELECT c.sealed FROM contacts c WHERE c.person = m.recipient)"
    " AS sealed FROM messages m WHERE m.channel = :channel AND m.state = 'waiting'"
    " AND m.due_at <= (SELECT clock_timestamp()) AND NOT EXISTS (SELECT 1 FROM messages e"
    " WHERE e.dispute_id = m.dispute_id AND e.channel = m.channel AND e.version < m.version"
    " AND e.due_at IS NOT NULL AND e.state <> 'ambiguous') "
    "ORDER BY m.due_at LIMIT :limit FOR UPDATE OF m SKIP LOCKED) "
    "UPDATE messages m SET state = 'sending', lease = gen_random_uuid(),"
    " attempts = m.attempts + 1, changed_at = clock_timestamp(),"
    " due_at = clock_timestamp() + make_interval(secs => :lease_s) "
    "FROM due WHERE m.id = due.id RETURNING m.id, m.event_id, m.dispute_id, m.recipient,"
    " m.template, m.urgency, m.facts, m.traceparent, m.lease, m.attempts, m.resend, due.sealed"
)
_SETTLE: Final = text(
    "UPDATE messages m SET state = s.state, code = s.code, locale = coalesce(s.locale, m.locale),"
    " attempts = m.attempts - s.uncounted, published = m.published + s.published,"
    " due_at = clock_timestamp() + make_interval(secs => s.delay_s),"
    " changed_at = clock_timestamp() "
    "FROM (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:leases AS uuid[]),"
    " CAST(:states AS text[]), CAST(:codes AS text[]), CAST(:locales AS text[]),"
    " CAST(:uncounted AS integer[]), CAST(:published AS integer[]), CAST(:delays AS float[]))"
    " AS s (id, lease, state, code, locale, uncounted, published, delay_s)) s "
    "WHERE m.id = s.id AND m.lease = s.lease AND m.state IN ('sending', 'ambiguous') "
    "RETURNING m.id, m.published"
)
# Of a version that comes or that was: an instance that knows its text will send it.
_PUT_BACK: Final = text(
    "UPDATE messages SET state = 'waiting', lease = NULL, attempts = attempts - 1,"
    " code = 'unknown_template', changed_at = clock_timestamp(),"
    " due_at = clock_timestamp() + interval '1 minute' WHERE id = ANY(CAST(:ids AS uuid[]))"
)
_TEMPLATES: Final = frozenset(template.value for template in Template)
_PARTS: Final = text(
    "INSERT INTO sms_parts (provider_id, message_id) SELECT * FROM unnest("
    "CAST(:providers AS text[]), CAST(:messages AS uuid[])) "
    "ON CONFLICT (provider_id) DO UPDATE SET message_id = excluded.message_id,"
    " sent_at = excluded.sent_at"
)
_LIST: Final = text(
    "SELECT id, event_id, dispute_id, version, channel, template, urgency, state, attempts,"
    " resend, code, locale, created_at, changed_at, due_at FROM messages "
    "WHERE (CAST(:dispute AS uuid) IS NULL OR dispute_id = :dispute)"
    " AND (CAST(:state AS text) IS NULL OR state = :state) "
    "ORDER BY created_at DESC, channel LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A notice to one person about one event; it goes out once on every channel."""

    event_id: UUID
    dispute_id: UUID
    version: int
    recipient: str
    notice: Notice
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message to send now, under a lease; `sealed` is the recipient's contact, if any."""

    id: UUID
    event_id: UUID
    dispute_id: UUID
    recipient: str
    channel: Channel
    notice: Notice
    traceparent: str | None
    lease: UUID
    attempts: int
    resend: bool
    sealed: str | None


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of a claimed message; `published` says whether an event tells of it."""

    message: Claimed
    outcome: Outcome
    next: Next
    locale: str | None
    published: bool


async def add(tx: AsyncConnection, wanted: Sequence[Wanted]) -> None:
    """Add messages; one that is there already stays as it is."""
    if not wanted:
        return
    rows = [(one, channel) for one in wanted for channel in Channel]
    await tx.execute(
        _ADD,
        {
            "ids": [_id(one, channel) for one, channel in rows],
            "events": [one.event_id for one, _ in rows],
            "disputes": [one.dispute_id for one, _ in rows],
            "versions": [one.version for one, _ in rows],
            "recipients": [one.recipient for one, _ in rows],
            "channels": [channel.value for _, channel in rows],
            "templates": [one.notice.template.value for one, _ in rows],
            "urgencies": [one.notice.urgency.value for one, _ in rows],
            "facts": [to_json(one.notice.facts).decode() for one, _ in rows],
            "traces": [one.traceparent for one, _ in rows],
        },
    )


async def claim(tx: AsyncConnection, channel: Channel, limit: int, lease_s: float) -> list[Claimed]:
    """Take due messages; take no more than there are free slots."""
    if limit <= 0:
        return []
    asked = {"channel": channel.value, "limit": limit, "lease_s": lease_s}
    rows = (await tx.execute(_CLAIM, asked)).all()
    strange = [row.id for row in rows if row.template not in _TEMPLATES]
    if strange:
        await tx.execute(_PUT_BACK, {"ids": strange})
    return [_claimed(row, channel) for row in rows if row.template in _TEMPLATES]


async def settle(tx: AsyncConnection, settled: Sequence[Settled]) -> dict[UUID, int]:
    """Record outcomes whose lease still stands; return those ids with their events so far."""
    if not settled:
        return {}
    ordered = sorted(settled, key=lambda s: s.message.id)
    rows = await tx.execute(
        _SETTLE,
        {
            "ids": [s.message.id for s in ordered],
            "leases": [s.message.lease for s in ordered],
            "states": [s.next.state.value for s in ordered],
            "codes": [s.outcome.code[:64] or None for s in ordered],
            "locales": [s.locale for s in ordered],
            "uncounted": [0 if s.next.counts else 1 for s in ordered],
            "published": [int(s.published) for s in ordered],
            "delays": [s.next.delay_s for s in ordered],
        },
    )
    found = {row.id: row.published for row in rows}
    await _add_parts(tx, [s for s in ordered if s.message.id in found])
    return found


async def listed(
    tx: AsyncConnection, dispute: UUID | None, state: State | None, limit: int
) -> list[dict[str, Any]]:
    """Newest first, codes only."""
    asked = {"dispute": dispute, "state": state and state.value, "limit": limit}
    return [dict(row) for row in (await tx.execute(_LIST, asked)).mappings()]


async def _add_parts(tx: AsyncConnection, settled: Sequence[Settled]) -> None:
    parts = sorted(
        (provider_id, s.message.id) for s in settled for provider_id in s.outcome.provider_ids
    )
    if parts:
        # A gateway that repeats an id within a batch must not break the statement.
        unique = dict(parts)
        asked = {"providers": list(unique), "messages": list(unique.values())}
        await tx.execute(_PARTS, asked)


def _id(wanted: Wanted, channel: Channel) -> UUID:
    """The same message always has the same id: it is what a provider may recognise it by."""
    return ids.event_id(f"message:{channel}", wanted.event_id, wanted.recipient)


def _claimed(row: Any, channel: Channel) -> Claimed:
    facts = from_json(row.facts) if isinstance(row.facts, str) else row.facts
    notice = Notice(Template(row.template), facts)
    return Claimed(
        id=row.id,
        event_id=row.event_id,
        dispute_id=row.dispute_id,
        recipient=row.recipient,
        channel=channel,
        notice=notice,
        traceparent=row.traceparent,
        lease=row.lease,
        attempts=row.attempts,
        resend=row.resend,
        sealed=row.sealed,
    )
