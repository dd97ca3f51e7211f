"""The order of one transaction: claim, lock, decide, save. One signal is a batch of one."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.domain import asks, ledger, public, waits
from services.tracker.domain.commands import OF_ACTION, ops_commands
from services.tracker.domain.decide import Decision, Result, decide
from services.tracker.domain.dispute import Claim, Dispute, MoneyView
from services.tracker.domain.effects import Call, Cancel, Timer, Unmake
from services.tracker.domain.estimates import NOTHING_MEASURED, Measured
from services.tracker.domain.guards import awaits_transaction, merchant_of
from services.tracker.domain.holds import Held, given_back_minor, holds
from services.tracker.domain.records import replace
from services.tracker.domain.snapshot import numbered, status_changed
from services.tracker.domain.states import Leg
from services.tracker.domain.triggers import (
    BankTransaction,
    Choice,
    Details,
    Payload,
    T,
    Trigger,
    Wish,
)
from services.tracker.store import disputes as store
from services.tracker.store import journals, money
from services.tracker.store import waits as waits_store
from services.tracker.store.money import Compensation, Purse
from services.tracker.store.rows import command_of, legs_text, money_json, payload_json
from shared import clock, ids, inbox, observe, outbox, tasks
from shared.contracts.envelope import Envelope, encode
from shared.contracts.events import ActionRequested, DisputeOpened, Promise
from shared.contracts.topics import Topic
from shared.contracts.vocabulary import GROUPS, Action, Actor, Kind
from shared.rules import BY_BANK, Profile, opened_under, promised

SOURCE: Final = "/redress/tracker"
CODE_VERSION: Final = "0.2.0"  # raised by what decides a recorded history otherwise
_COMMANDS: Final = (Wish, Details, Choice)


class Incomplete(ValueError):
    """A command that lacks what its action needs; sent again it lacks it again."""


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
    possible: tuple[str, ...] = ()  # where it was refused: what anybody may ask instead
    calls: frozenset[str] = frozenset()  # parties that are to be called now
    needs_second: bool = False  # one of two people was heard


@dataclass(slots=True)
class _Batch:
    """What one transaction gathers before it writes."""

    now: datetime
    disputes: dict[UUID, Dispute]
    purses: dict[str, Purse]
    duplicates: dict[UUID, str]
    measured: Measured
    changed: dict[UUID, store.Changed] = field(default_factory=dict)
    history: list[store.HistoryRow] = field(default_factory=list)
    booked: list[journals.Journal] = field(default_factory=list)
    completed: dict[UUID, Claim] = field(default_factory=dict)
    puts: list[tuple[UUID, str, Held]] = field(default_factory=list)
    compensations: dict[UUID, Compensation] = field(default_factory=dict)
    events: list[outbox.Raw] = field(default_factory=list)
    add: dict[tasks.Key, tasks.Task] = field(default_factory=dict)
    cancel: set[tuple[UUID, str, str]] = field(default_factory=set)
    ended: set[UUID] = field(default_factory=set)
    slacks: dict[UUID, datetime] = field(default_factory=dict)
    begun: dict[tuple[UUID, Leg], list[waits.Begun]] = field(default_factory=dict)
    over: list[waits.Ended] = field(default_factory=list)


async def advance(
    tx: AsyncConnection, signals: Sequence[Signal], measured: Measured = NOTHING_MEASURED
) -> list[Outcome]:
    """Move each dispute as far as its signals take it. Safe to call twice with the same signals.

    `measured` says what is told of the waits that begin.

    Lock order: inbox, disputes by id, money by transaction, tasks. Outcomes are in the order of
    the signals. Nothing is sent from here: calls are tasks, events wait in the outbox.
    """
    fresh = await inbox.claim(tx, [s.inbox_id for s in signals if s.inbox_id])
    opened = [s.opened for s in signals if s.opened and s.inbox_id in fresh]
    await store.insert(tx, opened)
    locked = await store.lock(tx, list({s.dispute_id for s in signals}))
    early = [_of_early(e) for e in await store.arrived(tx, [e.dispute_id for e in opened])]
    new = _named_now(locked, [e.dispute_id for e in opened], [*signals, *early])
    transactions = [d.claim.transaction_id for d in locked.values() if d.claim.transaction_id]
    named = [claim.transaction_id for claim in new if claim.transaction_id]
    purses = await money.lock(tx, [*transactions, *named], named)
    duplicates = await _duplicates(tx, new)
    batch = _Batch(await clock.after_locks(tx), locked, purses, duplicates, measured)
    live = await tasks.done(tx, [s.task for s in signals if s.task])
    outcomes = _each(batch, signals, fresh, live)
    for command in early:
        _apply(batch, command)
    await store.wait(tx, _to_wait(signals, outcomes))
    await _forget_unknown(tx, signals, outcomes)
    await _save(tx, batch)
    return outcomes


async def apply_waiting(
    tx: AsyncConnection,
    only: Sequence[UUID] | None = None,
    measured: Measured = NOTHING_MEASURED,
) -> int:
    """Apply commands (or these alone) that still wait although their dispute is open; how many.

    A command and an opening in transactions side by side do not see each other's rows.
    """
    left = await store.left_waiting(tx, await store.ready_to_apply(tx) if only is None else only)
    if left:
        await advance(tx, [_of_early(command) for command in left], measured)
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
            Trigger(OF_ACTION[data.action], Actor.CUSTOMER, _asked(data)),
            inbox_id=envelope.id,
            traceparent=envelope.traceparent,
        )
    return None


def rules_of(dispute: Dispute) -> Profile:
    """By which rules it is decided: those it was opened under, unless it was rescheduled since."""
    claim, since = dispute.claim, dispute.facts.rules_version
    version = claim.profile_version if since is None else since
    found = opened_under(claim.profile, version)
    if found.version != version:
        observe.not_kept(claim.profile, version, found.version)
    return found


def versions(rules: Profile) -> str:
    """By what a step is decided: `demo@1 holidays-0.109 code@0.2.0`."""
    return f"{rules.name}@{rules.version} {rules.calendar_version} code@{CODE_VERSION}"


def _asked(command: ActionRequested) -> Payload:
    """A customer's command with what its action needs; what they wrote stays sealed."""
    by = command.requested_by
    match command.action:
        case Action.GIVE_DETAILS:
            amount = command.amount
            return Details(
                by,
                _needed(command, "transaction_id"),
                amount.amount_minor if amount else None,
                amount.currency if amount else None,
            )
        case Action.SHIP_RETURN:
            return Choice(by, _needed(command, "tracking"))
        case Action.CHOOSE_ACCOUNT:
            return Choice(by, _needed(command, "account_id"))
        case Action.ACCEPT_OFFER:
            taken = command.amount
            return Wish(by, command.statement, taken.amount_minor if taken else None)
        case _:
            return Wish(by, command.statement)


def _needed(command: ActionRequested, name: str) -> str:
    value: str | None = getattr(command, name)
    if not value:
        raise Incomplete(f"{command.action} needs {name}")
    return value


def _named_now(
    locked: dict[UUID, Dispute], opened: Sequence[UUID], signals: Sequence[Signal]
) -> list[Claim]:
    """Claims as this batch opens or completes them: their transactions may never have been named.

    The first of several answers counts, as it does for the core.
    """
    new = [locked[dispute_id] for dispute_id in opened if dispute_id in locked]
    named = {dispute.claim.dispute_id: dispute.claim for dispute in new if not dispute.steps}
    for signal in signals:
        details, dispute = signal.trigger.payload, locked.get(signal.dispute_id)
        if not isinstance(details, Details) or dispute is None:
            continue
        claim = named.get(signal.dispute_id, dispute.claim)
        if claim.transaction_id is None:
            named[signal.dispute_id] = replace(claim, transaction_id=details.transaction_id)
    return [claim for claim in named.values() if claim.transaction_id]


async def _duplicates(tx: AsyncConnection, named: Sequence[Claim]) -> dict[UUID, str]:
    """Reference of the open dispute that came first, for those that slipped past intake."""
    others = await store.open_on(tx, [c.transaction_id for c in named if c.transaction_id])
    new = {claim.dispute_id for claim in named}
    for claim in named:  # what is completed now does not stand in its row yet
        coming = (claim.dispute_id, claim.kind.value, claim.reference)
        others.setdefault(claim.transaction_id or "", []).append(coming)
    found: dict[UUID, str] = {}
    for claim in named:
        for other, kind, reference in others[claim.transaction_id or ""]:
            first = other not in new or other < claim.dispute_id
            same = GROUPS.get(Kind(kind)) == GROUPS.get(claim.kind)
            if other != claim.dispute_id and first and same:
                found.setdefault(claim.dispute_id, reference)
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
        waits = isinstance(signal.trigger.payload, _COMMANDS) and signal.inbox_id is not None
        return Outcome("waiting" if waits else "unknown", "no dispute has this id")
    if signal.opened and dispute.steps:
        return Outcome("repeated", "this dispute was opened before")
    if signal.merchant_id and signal.merchant_id != merchant_of(dispute):
        return Outcome("unknown", "this merchant has no such request")
    return _apply(batch, signal)


def _apply(batch: _Batch, signal: Signal) -> Outcome:
    dispute = batch.disputes[signal.dispute_id]
    rules = rules_of(dispute)
    trigger = _checked(dispute, signal.trigger, rules)
    purse = batch.purses.get(_transaction(dispute, trigger))
    bank = trigger.payload
    if purse and isinstance(bank, BankTransaction) and awaits_transaction(dispute, trigger):
        purse.learn(bank)
    view = MoneyView(
        others_minor=purse.others_minor(signal.dispute_id) if purse else 0,
        duplicate_of=batch.duplicates.get(signal.dispute_id),
        elsewhere=purse.elsewhere(signal.dispute_id) if purse else (),
    )
    decision = decide(dispute, trigger, batch.now, rules, view)
    if decision.result is not Result.INVALID:
        _note(batch, dispute, trigger, view, decision, rules, signal.traceparent)
    after = batch.disputes[signal.dispute_id]
    actions = tuple(public.actions(after, batch.now))
    return Outcome(
        decision.result.value,
        decision.reason,
        decision.field,
        public.status(after).value,
        actions,
        () if decision.applied else (*actions, *ops_commands(after)),
        frozenset(e.party for e in decision.effects if isinstance(e, Call)),
        public.waits_for_second(after),
    )


def _transaction(dispute: Dispute, trigger: Trigger) -> str:
    """Whose money this is about: the transaction of the claim, also of one completed just now."""
    if dispute.claim.transaction_id:
        return dispute.claim.transaction_id
    return trigger.payload.transaction_id if isinstance(trigger.payload, Details) else ""


def _checked(dispute: Dispute, trigger: Trigger, rules: Profile) -> Trigger:
    """The bank's transaction belongs to the customer, as owner or payer, or it is foreign.

    A node knows addresses and no people.
    """
    if rules.self_custody:
        return trigger
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
    view: MoneyView,
    decision: Decision,
    rules: Profile,
    traceparent: str | None,
) -> None:
    """Take a decision's consequences into the batch."""
    after = replace(decision.dispute, steps=before.steps + 1)
    snapshot = None
    if decision.applied:
        after = _measure(batch, before, after)
        after, snapshot = _event(batch, before, after, trigger, traceparent)
        _hold(batch, before, after)
        _book(batch, before, after, trigger)
        _compensate(batch, before, after, rules)
        if after.claim is not before.claim:
            batch.completed[after.claim.dispute_id] = after.claim
        _work(batch, after, decision, rules, traceparent)
        _urge(batch, before, after)
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
            versions=versions(rules),
            money=money_json(view),
        )
    )


def _measure(batch: _Batch, before: Dispute, after: Dispute) -> Dispute:
    """Note the waits that the step ended and began, and keep what is told of those that last."""
    ended, begun = waits.moved(before, after, batch.now)
    if not ended and not begun:
        return after
    for wait in ended:
        of_batch = batch.begun.get((wait.dispute_id, wait.leg))
        if of_batch and of_batch[-1].ended_at is None:  # begun by an earlier signal of the batch
            of_batch[-1] = replace(of_batch[-1], ended_at=wait.ended_at, cut=wait.cut)
        else:
            batch.over.append(wait)
    told = [waits.with_range(wait, batch.measured) for wait in begun]
    for new in told:
        batch.begun.setdefault((new.dispute_id, new.leg), []).append(new)
    over = {wait.leg for wait in ended}
    kept = [known for known in before.told if known.leg not in over]
    return replace(after, told=(*kept, *(new.told for new in told if new.told)))


def _event(
    batch: _Batch,
    before: Dispute,
    after: Dispute,
    trigger: Trigger,
    traceparent: str | None,
) -> tuple[Dispute, str | None]:
    """The next status event as JSON, if people see a difference."""
    told = numbered(before, after, batch.now)
    if told.version == before.version:
        return after, None
    key, promise = str(after.claim.dispute_id), _explained(told)
    observe.promised(promise)
    envelope = Envelope(
        id=ids.event_id(SOURCE, key, told.version),
        source=SOURCE,
        subject=key,
        sequence=told.version,
        time=batch.now,
        data=status_changed(told, trigger, batch.now, promise),
        traceparent=traceparent,
    )
    headers, value = encode(envelope)
    batch.events.append(outbox.Raw(Topic.DISPUTE_STATUS.value, key, headers, value))
    return told, value.decode()


def _explained(dispute: Dispute) -> Promise | None:
    """Why the promised date is that date; what was promised before this was kept says nothing."""
    facts, rules = dispute.facts, rules_of(dispute)
    rule, start = facts.promise_rule, facts.promise_from
    if facts.promised_at is None or rule is None or start is None:
        return None
    if rule != BY_BANK and rule not in rules.rules:
        return None
    return promised(rules, rule, start, facts.promised_at)


def _hold(batch: _Batch, before: Dispute, dispute: Dispute) -> None:
    purse = batch.purses.get(dispute.claim.transaction_id or "")
    if purse is None:
        return
    purse.give_back(given_back_minor(before, dispute))
    for held in holds(dispute):
        if purse.hold(dispute.claim.dispute_id, held):
            batch.puts.append((dispute.claim.dispute_id, purse.transaction_id, held))


def _book(batch: _Batch, before: Dispute, after: Dispute, trigger: Trigger) -> None:
    """A journal of what the step moved, if it moved anything."""
    amounts = ledger.booked(before, after)
    if not amounts:
        return
    batch.booked.append(
        journals.Journal(
            id=ids.new(),
            dispute_id=after.claim.dispute_id,
            step=after.steps,
            at=batch.now,
            transaction_id=after.claim.transaction_id or journals.NONE,
            reference=ledger.reference(after, trigger),
            currency=after.facts.currency,
            amounts=amounts,
        )
    )


def _compensate(batch: _Batch, before: Dispute, after: Dispute, rules: Profile) -> None:
    facts = after.facts
    if facts.compensation_n == before.facts.compensation_n or facts.currency is None:
        return
    # a statute's money knows no cap of ours and stands beside what a person gave
    ours = max(rules.compensation_cap(facts.currency), facts.compensated_minor)
    cap = ours + facts.lateness_minor
    total = facts.compensated_minor + facts.compensation_minor
    ordered = Compensation(total, facts.currency, cap)
    batch.compensations[after.claim.dispute_id] = ordered


def _work(
    batch: _Batch,
    dispute: Dispute,
    decision: Decision,
    rules: Profile,
    traceparent: str | None,
) -> None:
    """Tasks to add and to take back, in the order the core gave them."""
    dispute_id, slack = dispute.claim.dispute_id, public.slack_at(dispute, batch.now)
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
            case Unmake(leg, kind, n):
                batch.cancel.add((dispute_id, leg.value, kind))
                batch.add.pop(tasks.Key(dispute_id, leg.value, kind, n), None)
            case Timer(leg, trigger, due_at, rule, start):
                key = tasks.Key(dispute_id, leg.value, trigger.value, 0)
                by = {"rule": rule, "from": start.isoformat()} if rule and start else {}
                batch.add[key] = tasks.Task(key, tasks.TIMER, due_at, by, traceparent, slack)
            case Call(party, leg, kind, n, at):
                key = tasks.Key(dispute_id, leg.value, kind, n)
                payload = asks.payload(dispute, effect, batch.now, rules)
                batch.add[key] = tasks.Task(key, party, at, payload, traceparent, slack)


def _urge(batch: _Batch, before: Dispute, after: Dispute) -> None:
    """What is asked of a dispute already is as urgent as it is now.

    A time for a chargeback that has run out since may be what its tasks still carry.
    """
    slack = public.slack_at(after, batch.now)
    was = public.slack_at(before, before.claim.opened_at)
    if slack is not None and before.steps and slack != was:
        batch.slacks[after.claim.dispute_id] = slack


def _urged(batch: _Batch, task: tasks.Task) -> tasks.Task:
    """What an earlier step of the batch asked for is as urgent as the last one made it."""
    slack = batch.slacks.get(task.key.dispute_id)
    return dataclasses.replace(task, slack_at=slack) if slack else task


def _of_early(early: store.Early) -> Signal:
    asked = command_of(early.payload, early.requested_by)
    return Signal(early.dispute_id, Trigger(T(early.trigger), Actor.CUSTOMER, asked))


def _to_wait(signals: Sequence[Signal], outcomes: Sequence[Outcome]) -> list[store.Early]:
    return [
        store.Early(
            s.inbox_id, s.dispute_id, s.trigger.name.value, asked.requested_by, payload_json(asked)
        )
        for s, outcome in zip(signals, outcomes, strict=True)
        if outcome.result == "waiting"
        and s.inbox_id
        and isinstance(asked := s.trigger.payload, _COMMANDS)
    ]


async def _forget_unknown(
    tx: AsyncConnection, signals: Sequence[Signal], outcomes: Sequence[Outcome]
) -> None:
    """What found no dispute was not handled: sent again, it is looked at again."""
    pairs = zip(signals, outcomes, strict=True)
    await inbox.release(tx, [s.inbox_id for s, o in pairs if s.inbox_id and o.result == "unknown"])


async def _save(tx: AsyncConnection, batch: _Batch) -> None:
    await store.complete(tx, list(batch.completed.values()))
    await store.save(tx, list(batch.changed.values()), batch.history)
    await journals.add(tx, batch.booked)
    await waits_store.end(tx, batch.over, batch.now)
    await waits_store.begin(tx, [wait for several in batch.begun.values() for wait in several])
    await money.save(tx, list(batch.purses.values()), batch.puts)
    await money.compensate(tx, batch.compensations)
    await tasks.cancel(tx, batch.cancel, batch.ended)
    await tasks.moved(tx, batch.slacks)
    await tasks.add(tx, [_urged(batch, task) for task in batch.add.values()])
    await outbox.add_raw(tx, batch.events)
