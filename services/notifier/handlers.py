"""The steps of each transaction: statuses become messages, outcomes become states and events."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier import templates
from services.notifier.domain import wording
from services.notifier.domain.notices import notice
from services.notifier.domain.sending import PUBLISHED, Channel, Outcome, State, after
from services.notifier.ports import Email, Receipt, Sms
from services.notifier.settings import Settings
from services.notifier.store import contacts, heard, messages, outcomes
from services.notifier.store.heard import Heard
from services.notifier.store.messages import Claimed, Settled, Wanted
from services.notifier.store.outcomes import Told
from shared import clock, ids, outbox
from shared.contracts.envelope import Envelope
from shared.contracts.events import DeliveryRecorded, StatusChanged
from shared.contracts.topics import Topic
from shared.outbox import Outgoing
from shared.seal import KeyRing

SOURCE: Final = "/redress/notifier"
_UNDETERMINED: Final = "und"  # BCP 47, where no reader is known yet

stale = Counter("redress_status_stale_total", "Statuses older than one heard of, dropped")
gaps = Counter("redress_status_gaps_total", "Versions of disputes that never came")
counted = Counter("redress_messages_total", "Outcomes of messages", ["channel", "outcome"])
receipts_lost = Counter("redress_receipts_unmatched_total", "Receipts for no known message")


async def hear(tx: AsyncConnection, envelopes: Sequence[Envelope]) -> None:
    """Turn a batch of statuses into messages. Safe to call twice with the same batch."""
    statuses = [e for e in envelopes if isinstance(e.data, StatusChanged)]
    if not statuses:
        return
    before = await heard.lock(tx, {_status(e).dispute_id for e in statuses})
    news, wanted = fold(before, statuses)
    await heard.save(tx, news)
    await messages.add(tx, wanted)


def fold(
    before: Mapping[UUID, Heard], envelopes: Iterable[Envelope]
) -> tuple[dict[UUID, Heard], list[Wanted]]:
    """Return what was heard afterwards and the messages it calls for; newer counts, older not."""
    ordered = sorted(envelopes, key=lambda e: (_status(e).dispute_id, _status(e).version))
    news: dict[UUID, Heard] = {}
    wanted: list[Wanted] = []
    for dispute, group in groupby(ordered, key=lambda e: _status(e).dispute_id):
        known = before[dispute]
        for envelope in group:
            known = _hear_one(known, envelope, wanted)
        if known != before[dispute]:
            news[dispute] = known
    return news, wanted


def _hear_one(known: Heard, envelope: Envelope, wanted: list[Wanted]) -> Heard:
    status = _status(envelope)
    if status.version <= known.version:
        stale.inc()
        return known
    gaps.inc(status.version - known.version - 1)
    spoken = notice(status, known.said)
    if spoken is None:
        return Heard(status.version, known.said)
    wanted.append(
        Wanted(
            event_id=envelope.id,
            dispute_id=status.dispute_id,
            version=status.version,
            recipient=status.customer_id,
            notice=spoken,
            traceparent=envelope.traceparent,
        )
    )
    return Heard(status.version, spoken.said)


def compose(message: Claimed, keys: KeyRing, settings: Settings) -> Sms | Email | None:
    """Write a message in its recipient's language; None without an address on its channel.

    Raises:
        CannotOpen: the contact was sealed with a key that is not on the ring.

    """
    if message.sealed is None:
        return None
    contact = contacts.opened(keys, message.recipient, message.sealed)
    language, reader = templates.language(contact.locale), contact.reader
    brand = settings.brand(contact.locale)
    if message.channel is Channel.SMS:
        if contact.phone is None:
            return None
        text = wording.sms(language, message.notice, reader, brand)
        return Sms(message.id, contact.phone, text, contact.locale)
    if contact.email is None:
        return None
    letter = wording.letter(language, message.notice, reader, brand)
    return Email(message.id, contact.email, letter, message.resend)


def settled(
    message: Claimed, outcome: Outcome, locale: str | None, jitter: float, wait_s: float
) -> Settled:
    """Return what an attempt's outcome means for its message."""
    following = after(outcome, message.attempts, jitter, wait_s)
    told = (message.channel, following.state) in PUBLISHED
    return Settled(message, outcome, following, locale, told)


async def record(tx: AsyncConnection, outcomes_: Sequence[Settled]) -> None:
    """Store outcomes and tell of those that are final or in doubt."""
    found = await messages.settle(tx, outcomes_)
    known = [(s, found[s.message.id]) for s in outcomes_ if s.message.id in found]
    for s, _ in known:
        counted.labels(s.message.channel, s.next.state).inc()
    await _tell(tx, [_told(s, published) for s, published in known if s.published])


async def receive(tx: AsyncConnection, receipts: Sequence[Receipt]) -> list[Receipt]:
    """Apply receipts; return those whose message is not known (yet)."""
    spellings = {receipt: spelled(receipt.provider_id) for receipt in receipts}
    known = await outcomes.parts(tx, {s for every in spellings.values() for s in every})
    matched: dict[str, tuple[UUID, bool]] = {}
    unmatched: list[Receipt] = []
    for receipt, every in spellings.items():
        found = next((s for s in every if s in known), None)
        if found is None:
            unmatched.append(receipt)
        else:
            matched[found] = known[found], receipt.delivered
    await _confirm(tx, matched)
    return unmatched


async def receive_marked(tx: AsyncConnection, keys: KeyRing, receipt: Receipt) -> bool:
    """Apply a receipt whose id nobody was ever told, by our own mark and the phone it is about.

    That is how an ambiguous send gets cleared up: its answer, and the id in it, never came.
    """
    if receipt.reference is None or receipt.phone is None:
        receipts_lost.inc()
        return False
    for candidate in await outcomes.marked(tx, receipt.reference):
        contact = contacts.opened(keys, candidate.recipient, candidate.sealed)
        if contact.phone == receipt.phone:
            state = State.DELIVERED if receipt.delivered else State.UNDELIVERED
            await _confirmed(tx, {candidate.id: state})
            return True
    receipts_lost.inc()
    return False


async def sweep(tx: AsyncConnection, wait_s: float) -> None:
    """Do what time alone brings: leases that ran out, waits that are over."""
    expired = await outcomes.expire_leases(tx, wait_s)
    for one in expired:
        counted.labels(one.channel, one.state).inc()
    await _tell(tx, expired)
    again, given_up = await outcomes.end_silence(tx)
    counted.labels("any", "resent").inc(again)
    counted.labels("any", State.UNKNOWN).inc(given_up)
    await outcomes.find_contacts(tx)


def spelled(provider_id: str) -> tuple[str, ...]:
    """Return an id as it came and in the other base: some gateways answer hex, receipt decimal."""
    other: list[str] = []
    if provider_id.isascii() and provider_id.isalnum():
        if provider_id.isdigit():
            other += [f"{int(provider_id):x}", f"{int(provider_id):X}"]
        with suppress(ValueError):
            other.append(str(int(provider_id, 16)))
    return (provider_id, *other)


async def _confirm(tx: AsyncConnection, matched: Mapping[str, tuple[UUID, bool]]) -> None:
    """A message is delivered with its last part, and undelivered with any part that is not."""
    if not matched:
        return
    owners = {message for message, _ in matched.values()}
    still_open = await outcomes.take_parts(tx, matched, owners)
    states = dict.fromkeys(owners - still_open, State.DELIVERED)
    states |= {
        message: State.UNDELIVERED for message, delivered in matched.values() if not delivered
    }
    await _confirmed(tx, states)


async def _confirmed(tx: AsyncConnection, states: Mapping[UUID, State]) -> None:
    confirmed = await outcomes.confirm(tx, states)
    for one in confirmed:
        counted.labels(one.channel, one.state).inc()
    await _tell(tx, confirmed)


async def _tell(tx: AsyncConnection, news: Sequence[Told]) -> None:
    if news:
        at = await clock.after_locks(tx)
        await outbox.add(tx, [Outgoing(Topic.DELIVERIES, _envelope(one, at)) for one in news])


def _envelope(told: Told, at: datetime) -> Envelope:
    """Every message is a source of its own, so that its outcomes count 1, 2, 3."""
    source = f"{SOURCE}/{told.id}"
    event = DeliveryRecorded.model_construct(  # all of it comes from typed values of ours
        message_id=told.id,
        event_id=told.event_id,
        dispute_id=told.dispute_id,
        channel=told.channel.value,
        template=told.template,
        locale=told.locale or _UNDETERMINED,
        outcome=PUBLISHED[told.channel, told.state],
        attempts=told.attempts,
        recorded_at=at,
    )
    return Envelope(
        id=ids.event_id(source, told.dispute_id, told.published),
        source=source,
        subject=str(told.dispute_id),
        sequence=told.published,
        time=at,
        data=event,
        traceparent=told.traceparent,
    )


def _told(settled: Settled, published: int) -> Told:
    message = settled.message
    return Told(
        id=message.id,
        event_id=message.event_id,
        dispute_id=message.dispute_id,
        channel=message.channel,
        template=message.notice.template.value,
        locale=settled.locale,
        state=settled.next.state,
        attempts=message.attempts,
        published=published,
        traceparent=message.traceparent,
    )


def _status(envelope: Envelope) -> StatusChanged:
    assert isinstance(envelope.data, StatusChanged)
    return envelope.data
