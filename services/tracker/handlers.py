"""The order of one transaction: claim, lock, decide, save. One signal is a batch of one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.domain import public
from services.tracker.domain.decide import Decision, Result, decide
from services.tracker.domain.dispute import Dispute, MoneyView
from services.tracker.domain.effects import Call, Cancel, Recall, Timer
from services.tracker.domain.records import replace
from services.tracker.domain.snapshot import seen, status_changed
from services.tracker.domain.states import Leg
from services.tracker.domain.triggers import (
    BankTransaction,
    T,
    Trigger,
    Wish,
)
from services.tracker.store import disputes as store
from services.tracker.store import money
from services.tracker.store.money import Purse
from services.tracker.store.rows import legs_text, payload_json
from shared import clock, ids, inbox, outbox, tasks
from shared.contracts.envelope import Envelope, encode
from shared.contracts.events import ActionRequested, DisputeOpened
from shared.contracts.topics import Topic
from shared.contracts.vocabulary import GROUPS, Action, Actor, Kind
from shared.rules import Profile, load

SOURCE: Final = "/redress/tracker"
CODE_VERSION: Final = "0.1.0"

_OF_ACTION: Final = {
    Action.WITHDRAW: T.WITHDRAWN,
    Action.REQUEST_MERCHANT_CONSENT: T.LATE_CONSENT_REQUESTED,
    Action.APPEAL: T.APPEALED,
}


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that happened to a dispute, from whichever side.

    `inbox_id` deduplicates what may be delivered twice. `task` is (id, lease) of the task that
    this completes; a timer (`is_timer`) whose row is gone was cancelled and counts for nothing.
    `merchant_id` is who signed, and must be the dispute's merchant.
    """

    dispute_id: UUID
    trigger: Trigger
    opened: DisputeOpened | None = None
    inbox_id: UUID | None = None
    task: tuple[UUID, UUID | None] | None = None
    is_timer: bool = False
    merchant_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a signal: a core result, or `repeated`, `unknown`, `waiting`, `cancelled`."""

    result: str
    reason: str = ""
    field: str = ""
    status: str = ""
    actions: tuple[str, ...] = ()
    calls: frozenset[str] = frozenset()  # parties that are to be called now


@dataclass(slots=True)
class _Batch:
    """What one transaction gathers before it writes."""

    now: datetime
    disputes: dict[UUID, Dispute]
    purses: dict[str, Purse]
    duplicates: dict[UUID, str]
    changed: dict[UUID, store.Changed] = field(default_factory=dict)
    history: list[store.HistoryRow] = field(default_factory=list)
    puts: list[tuple[UUID, str, public.Held]] = field(default_factory=list)
    events: list[outbox.Raw] = field(default_factory=list)
    add: dict[tasks.Key, tasks.Task] = field(default_factory=dict)
    cancel: set[tuple[UUID, str, str]] = field(default_factory=set)
    ended: set[UUID] = field(default_factory=set)


async def advance(tx: AsyncConnection, signals: Sequence[Signal]) -> list[Outcome]:
    """Move each dispute as far as its signals take it. Safe to call twice with the same signals.

    Lock order: inbox, disputes by id, money by transaction, tasks. Outcomes are in the order of
    the signals. Nothing is sent from here: calls are tasks, events wait in the outbox.
    """
    fresh = await inbox.claim(tx, [s.inbox_id for s in signals if s.inbox_id])
    opened = [s.opened for s in signals if s.opened and s.inbox_id in fresh]
    await store.insert(tx, opened)
    locked = await store.lock(tx, list({s.dispute_id for s in signals}))
    transactions = [d.claim.transaction_id for d in locked.values() if d.claim.transaction_id]
    new = [event.transaction_id for event in opened if event.transaction_id]
    purses = await money.lock(tx, transactions, new)
    duplicates = await _duplicates(tx, opened)
    early = await store.arrived(tx, [event.dispute_id for event in opened])
    batch = _Batch(await clock.after_locks(tx), locked, purses, duplicates)
    live = await tasks.done(tx, [s.task for s in signals if s.task])
    outcomes = _each(batch, signals, fresh, live)
    for command in early:
        _apply(batch, _of_early(command))
    await store.wait(tx, _to_wait(signals, outcomes))
    await _forget_unknown(tx, signals, outcomes)
    await _save(tx, batch)
    return outcomes


async def apply_waiting(tx: AsyncConnection, only: Sequence[UUID] | None = None) -> int:
    """Apply commands (or these alone) that still wait although their dispute is open; how many.

    A command and an opening in transactions side by side do not see each other's rows.
    """
    left = await store.left_waiting(tx, await store.ready_to_apply(tx) if only is None else only)
    if left:
        await advance(tx, [_of_early(command) for command in left])
    return len(left)


def signal_of(envelope: Envelope) -> Signal | None:
    """What an event on the tracker's topics means to it."""
    data = envelope.data
    if isinstance(data, DisputeOpened):
        trigger = Trigger(T.OPENED, data.opened_by)
        return Signal(data.dispute_id, trigger, data, envelope.id, traceparent=envelope.traceparent)
    if isinstance(data, ActionRequested):
        return Signal(
            data.dispute_id,
            Trigger(_OF_ACTION[data.action], Actor.CUSTOMER, Wish(data.requested_by)),
            inbox_id=envelope.id,
            traceparent=envelope.traceparent,
        )
    return None


async def _duplicates(tx: AsyncConnection, opened: Sequence[DisputeOpened]) -> dict[UUID, str]:
    """Reference of the open dispute that came first, for those that slipped past intake."""
    named = [event for event in opened if event.transaction_id]
    others = await store.open_on(tx, [e.transaction_id for e in named if e.transaction_id])
    new = {event.dispute_id for event in named}
    found: dict[UUID, str] = {}
    for event in named:
        for other, kind, reference in others.get(event.transaction_id or "", []):
            first = other not in new or other < event.dispute_id
            same = GROUPS.get(Kind(kind)) == GROUPS.get(event.kind)
            if other != event.dispute_id and first and same:
                found.setdefault(event.dispute_id, reference)
    return found


def _each(
    batch: _Batch, signals: Sequence[Signal], fresh: set[UUID], live: set[UUID]
) -> list[Outcome]:
    """Openings first: what a batch holds for a dispute counts once that is open."""
    openings_first = sorted(range(len(signals)), key=lambda n: signals[n].opened is None)
    outcomes = {n: _one(batch, signals[n], fresh, live) for n in openings_first}
    return [outcomes[n] for n in range(len(signals))]


def _one(batch: _Batch, signal: Signal, fresh: set[UUID], live: set[UUID]) -> Outcome:
    if signal.inbox_id:
        if signal.inbox_id not in fresh:
            return Outcome("repeated", "this event was handled before")
        fresh.remove(signal.inbox_id)  # the same event may stand in a batch twice
    if signal.is_timer and signal.task and signal.task[0] not in live:
        return Outcome("cancelled", "the timer was taken back")
    dispute = batch.disputes.get(signal.dispute_id)
    if dispute is None:
        waits = isinstance(signal.trigger.payload, Wish) and signal.inbox_id is not None
        return Outcome("waiting" if waits else "unknown", "no dispute has this id")
    if signal.opened and dispute.steps:
        return Outcome("repeated", "this dispute was opened before")
    if signal.merchant_id and signal.merchant_id != _merchant(dispute):
        return Outcome("unknown", "this merchant has no such request")
    return _apply(batch, signal)


def _apply(batch: _Batch, signal: Signal) -> Outcome:
    dispute = batch.disputes[signal.dispute_id]
    rules = load(dispute.claim.profile)
    purse = batch.purses.get(dispute.claim.transaction_id or "")
    trigger = _checked(dispute, signal.trigger)
    bank = trigger.payload
    if purse and trigger.name is T.TRANSACTION_FOUND and isinstance(bank, BankTransaction):
        purse.learn(bank)
    view = MoneyView(
        others_minor=purse.others_minor(signal.dispute_id) if purse else 0,
        duplicate_of=batch.duplicates.get(signal.dispute_id),
    )
    decision = decide(dispute, trigger, batch.now, rules, view)
    if decision.result is not Result.INVALID:
        _note(batch, dispute, trigger, decision, rules, signal.traceparent)
    after = batch.disputes[signal.dispute_id]
    return Outcome(
        decision.result.value,
        decision.reason,
        decision.field,
        public.status(after).value,
        tuple(public.actions(after, batch.now)),
        frozenset(e.party for e in decision.effects if isinstance(e, Call)),
    )


def _checked(dispute: Dispute, trigger: Trigger) -> Trigger:
    """The bank's transaction belongs to the customer, as owner or payer, or it is foreign."""
    bank = trigger.payload
    if trigger.name is not T.TRANSACTION_FOUND or not isinstance(bank, BankTransaction):
        return trigger
    if bank.transaction_id != dispute.claim.transaction_id:
        return trigger  # the core answers
    if dispute.claim.customer_id in (bank.customer_id, bank.payer_id):
        return trigger
    return Trigger(T.TRANSACTION_FOREIGN, trigger.actor)


def _note(
    batch: _Batch,
    before: Dispute,
    trigger: Trigger,
    decision: Decision,
    rules: Profile,
    traceparent: str | None,
) -> None:
    """Take a decision's consequences into the batch."""
    after = replace(decision.dispute, steps=before.steps + 1)
    snapshot = None
    if decision.applied:
        after, snapshot = _event(batch, before, after, trigger, traceparent)
        _hold(batch, after)
        _work(batch, after, decision, rules, traceparent)
    dispute_id = after.claim.dispute_id
    shown = public.status(after).value
    earlier = batch.changed.get(dispute_id)
    batch.disputes[dispute_id] = after
    batch.changed[dispute_id] = store.Changed(
        after,
        shown,
        public.is_open(after),
        snapshot or (earlier.snapshot if earlier else None),
        batch.now,
    )
    batch.history.append(
        store.HistoryRow(
            dispute_id=dispute_id,
            step=after.steps,
            at=batch.now,
            trigger=trigger.name,
            actor=trigger.actor,
            input=payload_json(trigger.payload),
            result=decision.result,
            reason=decision.reason,
            legs=legs_text(after.legs),
            status=shown,
            versions=f"{rules.name}@{rules.version} {rules.calendar_version} code@{CODE_VERSION}",
        )
    )


def _event(
    batch: _Batch,
    before: Dispute,
    after: Dispute,
    trigger: Trigger,
    traceparent: str | None,
) -> tuple[Dispute, str | None]:
    """The next status event as JSON, if people see a difference."""
    if before.version and seen(before, batch.now) == seen(after, batch.now):
        return after, None
    told = replace(after, version=before.version + 1)
    key = str(after.claim.dispute_id)
    envelope = Envelope(
        id=ids.event_id(SOURCE, key, told.version),
        source=SOURCE,
        subject=key,
        sequence=told.version,
        time=batch.now,
        data=status_changed(told, trigger, batch.now),
        traceparent=traceparent,
    )
    headers, value = encode(envelope)
    batch.events.append(outbox.Raw(Topic.DISPUTE_STATUS.value, key, headers, value))
    return told, value.decode()


def _hold(batch: _Batch, dispute: Dispute) -> None:
    purse = batch.purses.get(dispute.claim.transaction_id or "")
    if purse is None:
        return
    for held in public.holds(dispute):
        if purse.hold(dispute.claim.dispute_id, held):
            batch.puts.append((dispute.claim.dispute_id, purse.transaction_id, held))


def _work(
    batch: _Batch,
    dispute: Dispute,
    decision: Decision,
    rules: Profile,
    traceparent: str | None,
) -> None:
    """Tasks to add and to take back, in the order the core gave them."""
    dispute_id = dispute.claim.dispute_id
    if not public.is_open(dispute):
        batch.ended.add(dispute_id)
        batch.add = {k: t for k, t in batch.add.items() if k.dispute_id != dispute_id}
        return
    batch.ended.discard(dispute_id)
    for effect in decision.effects:
        match effect:
            case Cancel(leg, trigger):
                batch.cancel.add((dispute_id, leg.value, trigger.value))
                batch.add.pop(tasks.Key(dispute_id, leg.value, trigger.value, 0), None)
            case Recall(leg, kind, n):
                batch.cancel.add((dispute_id, leg.value, kind))
                batch.add.pop(tasks.Key(dispute_id, leg.value, kind, n), None)
            case Timer(leg, trigger, due_at):
                key = tasks.Key(dispute_id, leg.value, trigger.value, 0)
                batch.add[key] = tasks.Task(key, tasks.TIMER, due_at, {}, traceparent)
            case Call(party, leg, kind, n, at):
                key = tasks.Key(dispute_id, leg.value, kind, n)
                payload = _call_payload(dispute, effect, rules, batch.now)
                batch.add[key] = tasks.Task(key, party, at, payload, traceparent)


def _call_payload(dispute: Dispute, call: Call, rules: Profile, now: datetime) -> dict[str, Any]:
    """All that the call needs, so that whoever makes it reads nothing else."""
    claim, facts = dispute.claim, dispute.facts
    payload: dict[str, Any] = {
        "key": f"{claim.dispute_id}:{call.leg.value}:{call.n}",
        "transaction_id": claim.transaction_id,
    }
    if call.kind == "refund":
        payload["amount_minor"] = str(facts.approved_minor)
        payload["currency"] = facts.currency
        payload["payer"] = facts.payer
        first = facts.refund_first_sent_at
        if first and facts.refund_last_sent_at != first:  # it may have left before
            until = first + rules.delay("refund_key_lifetime")
            payload["not_after"] = until.isoformat()
    if call.kind == "return_query":
        payload["key"] = f"{claim.dispute_id}:{Leg.TRACE.value}:{facts.trace_n}"
        payload["trace_n"] = facts.trace_n
    if call.party == "merchant":
        amount = claim.requested_minor
        payload["amount_minor"] = str(amount if amount is not None else facts.captured_minor)
        payload["currency"] = claim.currency or facts.currency
        payload["merchant_id"] = _merchant(dispute)
        payload["reference"] = claim.reference
        payload["kind"] = claim.kind
        payload["reason"] = claim.reason
        payload["answer_by"] = rules.due("merchant_answer", now).isoformat()
    return payload


def _merchant(dispute: Dispute) -> str | None:
    return dispute.facts.bank_merchant_id or dispute.claim.merchant_id


def _of_early(early: store.Early) -> Signal:
    wish = Trigger(T(early.trigger), Actor.CUSTOMER, Wish(early.requested_by))
    return Signal(early.dispute_id, wish)


def _to_wait(signals: Sequence[Signal], outcomes: Sequence[Outcome]) -> list[store.Early]:
    return [
        store.Early(s.inbox_id, s.dispute_id, s.trigger.name.value, s.trigger.payload.requested_by)
        for s, outcome in zip(signals, outcomes, strict=True)
        if outcome.result == "waiting" and s.inbox_id and isinstance(s.trigger.payload, Wish)
    ]


async def _forget_unknown(
    tx: AsyncConnection, signals: Sequence[Signal], outcomes: Sequence[Outcome]
) -> None:
    """What found no dispute was not handled: sent again, it is looked at again."""
    pairs = zip(signals, outcomes, strict=True)
    await inbox.release(tx, [s.inbox_id for s, o in pairs if s.inbox_id and o.result == "unknown"])


async def _save(tx: AsyncConnection, batch: _Batch) -> None:
    await store.save(tx, list(batch.changed.values()), batch.history)
    await money.save(tx, list(batch.purses.values()), batch.puts)
    await tasks.cancel(tx, batch.cancel, batch.ended)
    await tasks.add(tx, list(batch.add.values()))
    await outbox.add_raw(tx, batch.events)
