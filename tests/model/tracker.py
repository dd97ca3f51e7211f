"""The tracker's shell without a database: inbox, purses, tasks with leases, status events.

As `services.tracker.handlers` and `worker` do it, one signal at a time; the purse is theirs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.tracker.domain import asks, public
from services.tracker.domain.decide import Decision, Result, decide
from services.tracker.domain.dispute import Claim, Dispute, MoneyView
from services.tracker.domain.effects import Call, Cancel, Timer, Unmake
from services.tracker.domain.guards import awaits_transaction
from services.tracker.domain.holds import given_back_minor, holds
from services.tracker.domain.records import replace
from services.tracker.domain.snapshot import numbered, status_changed
from services.tracker.domain.states import Hold, Inquiry, Refund, Verdict
from services.tracker.domain.triggers import (
    AccountReport,
    BankTransaction,
    ChargebackReport,
    Details,
    RefundReport,
    T,
    Trigger,
)
from services.tracker.store.money import Purse
from shared.contracts.events import StatusChanged
from shared.contracts.vocabulary import GROUPS, Actor
from shared.rules import Profile
from tests.model import calls
from tests.model.outside import Ask, News, Outside

LEASE: Final = timedelta(seconds=60)
PAUSE: Final = timedelta(seconds=5)
CALL_TIMEOUT: Final = timedelta(seconds=15)
_SAYS_NOTHING: Final = ("reminder", "goods", "evidence")
_NEEDS_HOLD: Final = (Hold.ASKED, Hold.HELD, Hold.EXPIRED, Hold.FREEZING, Hold.FROZEN)


@dataclass(slots=True)
class Task:
    """A timer, or a call to `party`; `lease` guards its completion."""

    name: str
    leg: str
    kind: str
    n: int
    due: datetime
    payload: dict[str, Any] | None = None  # None: a timer
    attempts: int = 0
    lease: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """On its way to the tracker. With `inbox` it is handled once; `call` is a task and its lease.

    The answer to a call that comes after `until` has timed out.
    """

    to: UUID
    trigger: Trigger
    inbox: int | None = None
    call: tuple[str, int] | None = None
    until: datetime | None = None
    also: tuple[Trigger, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One decision, with all that it was made of."""

    before: Dispute
    after: Dispute
    trigger: Trigger
    at: datetime
    money: MoneyView
    decision: Decision
    told: StatusChanged | None


@dataclass(slots=True)
class Tracker:
    """Disputes, their work, and what they hold; `checks` sees every step."""

    rules: Profile
    outside: Outside
    checks: Callable[[Step], None]
    disputes: dict[UUID, Dispute] = field(default_factory=dict)
    work: dict[UUID, dict[str, Task]] = field(default_factory=dict)
    purses: dict[str, Purse] = field(default_factory=dict)
    told: dict[UUID, StatusChanged] = field(default_factory=dict)
    handled: set[int] = field(default_factory=set)
    leases: int = 0
    ids: int = 0

    @property
    def now(self) -> datetime:
        return self.outside.now

    # --- what comes in

    def open(self, claim: Claim) -> None:
        self.disputes[claim.dispute_id] = Dispute(claim)
        self.work[claim.dispute_id] = {}
        self._apply(claim.dispute_id, Trigger(T.OPENED, Actor.CUSTOMER))

    def hear(self, message: Message) -> Decision | None:
        """Handle it; None where it was handled before or has timed out."""
        if message.inbox is not None:
            if message.inbox in self.handled:
                return None
            self.handled.add(message.inbox)
        trigger = message.trigger
        if message.call and message.until and self.now > message.until:
            if trigger.name not in _REFUND_NEWS or message.call[0].split(":")[1] != "refund":
                self._put_off(message.to, message.call)
                return None
            trigger = no_answer(trigger.payload)
        self._done(message)
        decision = self._apply(message.to, trigger)
        for more in message.also if decision.applied else ():
            self._apply(message.to, more)
        return decision

    def fire(self, dispute_id: UUID, name: str) -> Decision:
        """A timer that is due."""
        task = self.work[dispute_id].pop(name)
        assert task.due <= self.now, "timers fire late, never early"
        return self._apply(dispute_id, Trigger(T(task.kind)))

    def news(self, news: News) -> list[Message]:
        """A callback as messages to all whom it concerns; an id for each."""
        concerned = self._concerned(news)
        return [Message(to, first, self.new_id(), also=also) for to, first, also in concerned]

    def new_id(self) -> int:
        self.ids += 1
        return self.ids

    def _concerned(self, news: News) -> list[tuple[UUID, Trigger, tuple[Trigger, ...]]]:
        told = Trigger(news.name, Actor.BANK, news.payload)
        if isinstance(news.to, str):
            return [(d, *self._outside(d, told)) for d in self._charged_back(news.to, told)]
        if news.to in self.disputes:
            return [(news.to, told, ())]
        return [(d.claim.dispute_id, told, ()) for d in self.of_claim(news.to)]

    def of_claim(self, claim_id: UUID) -> list[Dispute]:
        return [d for d in self.disputes.values() if d.claim.claim_id == claim_id]

    def _charged_back(self, transaction_id: str, told: Trigger) -> list[UUID]:
        """Those that news of somebody else's chargeback concerns; one that brought nothing: few."""
        live = told.name in (T.CHARGEBACK_PENDING, T.CHARGEBACK_REPRESENTED, T.CHARGEBACK_WON)
        same = [d for d in self.disputes.values() if d.claim.transaction_id == transaction_id]
        same = [d for d in same if not _is_nobodys(d)]
        found = [d for d in same if public.is_open(d) or d.legs.chargeback.value != "none"]
        if not any(d.legs.inquiry is Inquiry.FOUND for d in found):
            ended = sorted((d for d in same if d not in found), key=_who_hears_of_it)[:1]
            found += [d for d in ended if d.legs.inquiry is Inquiry.FOUND or not found]
        return [d.claim.dispute_id for d in found if live or d.legs.chargeback.value != "none"]

    def _outside(self, dispute_id: UUID, told: Trigger) -> tuple[Trigger, tuple[Trigger, ...]]:
        dispute = self.disputes[dispute_id]
        first = Trigger(T.CHARGEBACK_APPEARED, told.actor, told.payload)
        if dispute.facts.chargeback_outside and dispute.legs.chargeback.value != "none":
            return told, ()
        if dispute.legs.chargeback.value != "none" or told.name is T.CHARGEBACK_PENDING:
            return first, ()
        return first, (told,)

    # --- calls

    def due_calls(self) -> list[tuple[UUID, Task]]:
        return [
            (dispute_id, task)
            for dispute_id, tasks in self.work.items()
            for task in tasks.values()
            if task.payload is not None and task.due <= self.now
        ]

    def timers(self) -> list[tuple[datetime, UUID, str]]:
        """When each is due, the next one first; the promise after all others."""
        found = [
            (task.due, task.kind == T.PROMISE_DUE, dispute_id.int, task.name)
            for dispute_id, tasks in self.work.items()
            for task in tasks.values()
            if task.payload is None
        ]
        return [(due, UUID(int=n), name) for due, _, n, name in sorted(found)]

    def call(self, dispute_id: UUID, task: Task, how: str, choice: int) -> list[Message]:
        """Make a due call: what comes of it, to be heard in its time."""
        if how == "not sent":
            task.due = self.now + PAUSE
            return []
        self.leases += 1
        task.attempts, task.lease, task.due = task.attempts + 1, self.leases, self.now + LEASE
        asked = (task.name, task.lease)
        until = self.now + CALL_TIMEOUT
        if task.kind == "refund" and (task.attempts > 1 or self._is_too_late(task)):
            report = RefundReport(task.n)
            return [Message(dispute_id, no_answer(report), call=asked)]
        answer = None if how == "lost before" else self._made(dispute_id, task, how, choice)
        if how == "crashed":
            return []
        if how in ("lost before", "lost after", "in the air") or answer is None:
            if task.kind == "refund":
                return [Message(dispute_id, no_answer(RefundReport(task.n)), call=asked)]
            return self._finish(dispute_id, task)
        message = Message(dispute_id, self._checked(dispute_id, answer), call=asked, until=until)
        message = replace(message, also=_also_told(answer))
        return [message, message] if how == "twice" else [message]

    def _made(self, dispute_id: UUID, task: Task, how: str, choice: int) -> Trigger | None:
        claim = self.disputes[dispute_id].claim
        ask = Ask(dispute_id, claim.claim_id, task.kind, task.n, task.payload or {}, choice)
        if how == "in the air" and task.kind == "refund":
            self.outside.in_air(ask)
            return None
        if task.kind == "release" and self._hold_needed(claim):
            return Trigger(T.HOLD_RELEASED, Actor.REDRESS, AccountReport(task.n))
        said = calls.make(self.outside, ask)
        return Trigger(said[0], Actor.BANK, said[1]) if said else None

    def _hold_needed(self, claim: Claim) -> bool:
        others = (
            d for d in self.of_claim(claim.claim_id) if d.claim.dispute_id != claim.dispute_id
        )
        return any(public.is_open(d) and d.legs.hold in _NEEDS_HOLD for d in others)

    def _is_too_late(self, task: Task) -> bool:
        until = (task.payload or {}).get("not_after")
        return until is not None and self.now >= datetime.fromisoformat(until)

    def _checked(self, dispute_id: UUID, answer: Trigger) -> Trigger:
        bank, claim = answer.payload, self.disputes[dispute_id].claim
        foreign = isinstance(bank, BankTransaction) and bank.customer_id != claim.customer_id
        if answer.name is T.TRANSACTION_FOUND and foreign:
            return Trigger(T.TRANSACTION_FOREIGN, answer.actor)
        return answer

    def _finish(self, dispute_id: UUID, task: Task) -> list[Message]:
        """What says nothing is done; what should have said something is asked again."""
        if task.kind in _SAYS_NOTHING:
            self.work[dispute_id].pop(task.name, None)
        else:
            task.due, task.lease = self.now + PAUSE, 0
        return []

    def _put_off(self, dispute_id: UUID, call: tuple[str, int]) -> None:
        task = self.work[dispute_id].get(call[0])
        if task and task.lease == call[1]:
            task.due, task.lease = self.now, 0

    def _done(self, message: Message) -> None:
        if message.call is None:
            return
        name, lease = message.call
        task = self.work[message.to].get(name)
        if task and task.lease == lease:
            del self.work[message.to][name]

    # --- one decision

    def purse(self, dispute: Dispute, trigger: Trigger) -> Purse | None:
        named = trigger.payload.transaction_id if isinstance(trigger.payload, Details) else None
        of = dispute.claim.transaction_id or named
        return self.purses.setdefault(of, Purse(of, None, 0)) if of else None

    def _apply(self, dispute_id: UUID, trigger: Trigger) -> Decision:
        before = self.disputes[dispute_id]
        purse = self.purse(before, trigger)
        bank = trigger.payload
        if purse and isinstance(bank, BankTransaction) and awaits_transaction(before, trigger):
            purse.learn(bank)
        money = MoneyView(
            others_minor=purse.others_minor(dispute_id) if purse else 0,
            duplicate_of=self._duplicate_of(before, trigger),
            elsewhere=purse.elsewhere(dispute_id) if purse else (),
        )
        decision = decide(before, trigger, self.now, self.rules, money)
        after, told = before, None
        if decision.result is not Result.INVALID:
            after = replace(decision.dispute, steps=before.steps + 1)
        if decision.applied:
            after, told = self._tell(before, after, trigger)
            if purse:
                purse.give_back(given_back_minor(before, after))
            for held in holds(after) if purse else ():
                assert purse
                purse.hold(dispute_id, held)
        self.disputes[dispute_id] = after
        if decision.applied:
            self._plan(after, decision)
        self.checks(Step(before, after, trigger, self.now, money, decision, told))
        return decision

    def _duplicate_of(self, dispute: Dispute, trigger: Trigger) -> str | None:
        """The open dispute of the same transaction and group that came first."""
        claim = dispute.claim
        named = trigger.payload.transaction_id if isinstance(trigger.payload, Details) else None
        if trigger.name is not T.OPENED and (named is None or claim.transaction_id):
            return None
        for other in self.disputes.values():
            same = other.claim.transaction_id == (claim.transaction_id or named) is not None
            group = GROUPS[other.claim.kind] == GROUPS[claim.kind]
            if other is not dispute and same and group and public.is_open(other):
                return other.claim.reference
        return None

    def _tell(
        self, before: Dispute, after: Dispute, trigger: Trigger
    ) -> tuple[Dispute, StatusChanged | None]:
        numbered_ = numbered(before, after, self.now)
        if numbered_.version == before.version:
            return numbered_, None
        told = status_changed(numbered_, trigger, self.now)
        self.told[after.claim.dispute_id] = told
        return numbered_, told

    def _plan(self, dispute: Dispute, decision: Decision) -> None:
        """Cancel, then add, as the store does; an end takes all of it back."""
        work = self.work[dispute.claim.dispute_id]
        if not public.is_open(dispute):
            work.clear()
            return
        add: dict[tuple[str, int], Task] = {}
        for effect in decision.effects:
            match effect:
                case Cancel(_, trigger):
                    _forget(work, trigger.value)
                    add.pop((trigger.value, 0), None)
                case Unmake(_, kind, n):
                    _forget(work, kind)
                    add.pop((kind, n), None)
                case Timer(leg, trigger, due_at):
                    name = trigger.value
                    add[name, 0] = Task(name, leg.value, name, 0, due_at)
                case Call(party, leg, kind, n, at):
                    body = asks.payload(dispute, effect, self.now, self.rules)
                    add[kind, n] = Task(f"{party}:{kind}:{n}", leg.value, kind, n, at, body)
        work.update({task.name: task for task in add.values()})


def _who_hears_of_it(dispute: Dispute) -> tuple[bool, bool]:
    legs = dispute.legs
    return legs.inquiry is not Inquiry.FOUND, legs.refund is not Refund.CREDITED


def _is_nobodys(dispute: Dispute) -> bool:
    """Closed as somebody else's, or as another dispute's."""
    legs = dispute.legs
    return legs.inquiry is Inquiry.FOREIGN or legs.verdict is Verdict.DUPLICATE


def _forget(work: dict[str, Task], kind: str) -> None:
    for name in [name for name, task in work.items() if task.kind == kind]:
        del work[name]


def no_answer(payload: object) -> Trigger:
    """The outcome of a refund's order is unknown."""
    assert isinstance(payload, RefundReport)
    return Trigger(T.REFUND_NO_ANSWER, Actor.BANK, RefundReport(payload.n))


def _also_told(answer: Trigger) -> tuple[Trigger, ...]:
    """The bank's transaction may tell of a chargeback that did not come from here."""
    bank = answer.payload
    if not isinstance(bank, BankTransaction) or bank.chargeback_minor is None:
        return ()
    report = ChargebackReport(None, bank.chargeback_minor, transaction_id=bank.transaction_id)
    return (Trigger(T.CHARGEBACK_APPEARED, answer.actor, report),)


_REFUND_NEWS: Final = tuple(name for name in T if name.startswith("refund_"))
