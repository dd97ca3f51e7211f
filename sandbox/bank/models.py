"""What the bank remembers of a transaction and of all that was asked about it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from sandbox.bank.behaviours import RefundBehaviour, TraceBehaviour, TraceStep
from sandbox.bank.cases import Chargeback, Recall
from sandbox.bank.inputs import TransactionOrder, WatchOrder
from sandbox.bank.ledger import CUSTOMER
from sandbox.bank.records import CounterUsed, Refunded, RefundEnded, Traced
from shared.contracts.vocabulary import Funding

RefundState = Literal["in_flight", "credited", "bounced", "unfunded", "failed"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered under an idempotency key, until the bank forgets the key."""

    digest: str
    status: int
    body: bytes
    forget_at: datetime | None


@dataclass(slots=True)
class Refund:
    """One executed or refused request for a refund, with the behaviour of that moment."""

    asked: Refunded
    behaviour: RefundBehaviour
    state: RefundState
    reason: str | None
    ended_at: datetime | None = None

    def end(self, ended: RefundEnded) -> None:
        """Take over that the money arrived or bounced."""
        self.state, self.ended_at = ended.state, ended.at
        self.reason = self.behaviour.bounce if ended.state == "bounced" else None

    @property
    def end_state(self) -> Literal["credited", "bounced"]:
        """Whether the money will have arrived or come back."""
        elsewhere = self.asked.order.destination_account is not None
        spared = elsewhere and not self.behaviour.bounce_everywhere
        return "credited" if self.behaviour.bounce is None or spared else "bounced"

    @property
    def executed(self) -> bool:
        """Whether money moved."""
        return self.asked.state == "in_flight"

    @property
    def due_at(self) -> datetime:
        """When the money arrives or bounces."""
        return self.asked.at + timedelta(seconds=self.behaviour.credit_after_s)

    @property
    def expected_at(self) -> datetime:
        """What the bank promises."""
        expected_in_s = self.behaviour.expected_in_s
        if expected_in_s is None:
            return self.due_at
        return self.asked.at + timedelta(seconds=expected_in_s)


@dataclass(slots=True)
class TraceCourse:
    """What the traces of one transaction find, from the first trace on."""

    started_at: datetime
    behaviour: TraceBehaviour
    steps_reached: int = 0
    return_sent: bool = False
    return_credited_at: datetime | None = None

    def at(self, step: TraceStep) -> datetime:
        """When the money gets to `step`."""
        return self.started_at + timedelta(seconds=step.after_s)

    def passed(self, now: datetime) -> list[TraceStep]:
        """The steps that the money has got to."""
        return [step for step in self.behaviour.script if self.at(step) <= now]

    def next_step_at(self) -> datetime | None:
        """When the next step not yet applied is due."""
        if self.steps_reached >= len(self.behaviour.script):
            return None
        return self.at(self.behaviour.script[self.steps_reached])

    def returning(self) -> TraceStep | None:
        """The step at which another bank sends the money back."""
        steps = self.behaviour.script
        return next((step for step in steps if step.return_after_s is not None), None)

    def return_due_at(self, step: TraceStep) -> datetime:
        """When the money sent back at `step` reaches the customer."""
        return self.at(step) + timedelta(seconds=step.return_after_s or 0)


@dataclass(slots=True)
class Transaction:
    """A transaction with everything asked about it."""

    order: TransactionOrder
    recorded_at: datetime
    versions: int = 0
    used: Counter[str] = field(default_factory=Counter)
    refunds: list[Refund] = field(default_factory=list)
    traces: "list[Trace]" = field(default_factory=list)
    course: TraceCourse | None = None
    watches: list[WatchOrder] = field(default_factory=list)
    recalls: list[Recall] = field(default_factory=list)
    chargebacks: list[Chargeback] = field(default_factory=list)
    callback_url: str | None = None
    """Of the last order about it, without its query."""
    reversal_credited_at: datetime | None = None

    @property
    def customer_account(self) -> str:
        """Who paid gets the money back; the owner may be somebody else."""
        return CUSTOMER + (self.order.payer_id or self.order.customer_id)

    @property
    def chargeback_until(self) -> datetime | None:
        """When the window closes; None: no card paid."""
        if self.order.bank.funding is not Funding.CARD:
            return None
        return self.recorded_at + timedelta(seconds=self.order.bank.chargeback.until_in_s)

    @property
    def chargeback(self) -> Chargeback | None:
        """The newest that lives or was won or lost; a refused one never existed."""
        there = [one for one in self.chargebacks if one.state != "refused"]
        standing = [one for one in there if one.state != "withdrawn"]
        return next(reversed(standing or there), None)

    def heard_from(self, callback_url: str) -> None:
        """Somebody who asks about it hears there of what nobody asked for."""
        self.callback_url = urlsplit(callback_url)._replace(query="", fragment="").geturl()

    def counted(self, counter: str) -> CounterUsed:
        """The record of one more use."""
        return CounterUsed(self.order.transaction_id, counter)

    @property
    def reversal_due_at(self) -> datetime | None:
        """When a debit without capture goes back; None: it does not."""
        reversal = self.order.bank.reversal
        if reversal is None or self.order.bank_state != "debited_not_captured":
            return None
        return self.recorded_at + timedelta(seconds=reversal.after_s)


@dataclass(frozen=True, slots=True)
class Trace:
    """One request to trace; a transaction the bank does not know has no course."""

    asked: Traced
    transaction: Transaction | None
