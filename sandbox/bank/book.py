"""The bank's memory: it changes only by applying records, so a replay rebuilds it exactly."""

from datetime import datetime, timedelta
from typing import Final

import pydantic_core

from sandbox.bank import movements, views
from sandbox.bank.behaviours import ORDINARY
from sandbox.bank.ledger import CLEARING, SUSPENSE, EntryKind, Ledger, moved
from sandbox.bank.models import Answer, Refund, Trace, TraceCourse, Transaction
from sandbox.bank.records import (
    BankRecord,
    CounterUsed,
    Recorded,
    Refunded,
    RefundEnded,
    ReturnCredited,
    ReversalCredited,
    StepReached,
    Traced,
    Watched,
)
from sandbox.bank.recourse import Recourse
from shared.contracts.vocabulary import TransactionState

DEBITED: Final = frozenset({TransactionState.CAPTURED, TransactionState.DEBITED_NOT_CAPTURED})


class Book:
    """Transactions, refunds and traces by their keys, and the ledger of what moved."""

    def __init__(self) -> None:
        """An empty book."""
        self.ledger = Ledger()
        self.transactions: dict[str, Transaction] = {}
        self.refunds: dict[str, Refund] = {}
        """By the bank's own refund id, oldest first."""
        self.refund_of: dict[str, Refund] = {}
        """The latest by the caller's reference."""
        self.traces: dict[str, Trace] = {}
        """By the caller's reference."""
        self.answers: dict[str, Answer] = {}
        """What was answered under which idempotency key."""
        self.recourse = Recourse(self.ledger, self.transactions, self.answers)

    def apply(self, record: BankRecord) -> None:
        """Take over what happened. Never refuses: that was decided before the record."""
        match record:
            case Refunded():
                self._refunded(record)
            case RefundEnded():
                self._refund_ended(record)
            case Recorded():
                self._recorded(record)
            case Traced():
                self._traced(record)
            case StepReached():
                self._step_reached(record)
            case ReturnCredited():
                self._return_credited(record)
            case ReversalCredited():
                self._reversal_credited(record)
            case Watched():
                known = self.transactions[record.order.transaction_id]
                known.watches.append(record.order)
                known.heard_from(record.order.callback_url)
            case CounterUsed():
                self.transactions[record.transaction_id].used[record.counter] += 1
            case _:
                self.recourse.apply(record)

    def _recorded(self, record: Recorded) -> None:
        order = record.order
        known = self.transactions.get(order.transaction_id)
        if known is None:
            known = self.transactions[order.transaction_id] = Transaction(order, record.at)
        known.order, known.recorded_at = order, record.at
        known.versions += 1
        known.used.clear()
        if order.bank_state in DEBITED and not self.ledger.of(order.transaction_id):
            self._capture(known, record.at)

    def _capture(self, known: Transaction, at: datetime) -> None:
        order = known.order
        ids = (f"CP-{order.transaction_id}", "")
        self._post(known, EntryKind.CAPTURED, ids, movements.capture(known), at)
        if order.refunded_minor:
            ids = (f"EARLIER-{order.transaction_id}", "before the bank's books began")
            merchant = movements.counterparty(known)
            route = moved(merchant, known.customer_account, order.refunded_minor)
            self._post(known, EntryKind.REFUNDED_EARLIER, ids, route, at)

    def _refunded(self, record: Refunded) -> None:
        order = record.order
        known = self.transactions.get(order.transaction_id)
        behaviour = known.order.bank.refund if known else ORDINARY.refund
        refund = Refund(record, behaviour, record.state, record.reason)
        self.refunds[record.refund_id] = self.refund_of[order.reference] = refund
        if known:
            known.refunds.append(refund)
            known.heard_from(order.callback_url)
            if record.state == "in_flight":
                self._move(known, refund, EntryKind.REFUND_SENT, record.at)
        status = 422 if record.state == "failed" else 202
        self._remember(record, status, views.refund(refund), behaviour.expire_keys_s)

    def _refund_ended(self, record: RefundEnded) -> None:
        refund = self.refunds[record.refund_id]
        refund.end(record)
        known = self.transactions[refund.asked.order.transaction_id]
        self._move(known, refund, EntryKind(f"refund_{record.state}"), record.at)

    def _move(self, known: Transaction, refund: Refund, kind: EntryKind, at: datetime) -> None:
        order = refund.asked.order
        ids = (refund.asked.refund_id, order.reference)
        self._post(known, kind, ids, movements.refund(known, refund, kind), at)
        rewards = movements.clawback(known, order)
        if rewards and kind is EntryKind.REFUND_CREDITED:
            self._post(known, EntryKind.CLAWED_BACK, ids, rewards, at)

    def _traced(self, record: Traced) -> None:
        order = record.order
        known = self.transactions.get(order.transaction_id)
        trace = self.traces[order.reference] = Trace(record, known)
        expire_s = None
        if known:
            known.traces.append(trace)
            known.heard_from(order.callback_url)
            known.course = known.course or TraceCourse(record.at, known.order.bank.trace)
            expire_s = known.order.bank.refund.expire_keys_s
        self._remember(record, 202, views.trace(trace, record.at), expire_s)

    def _step_reached(self, record: StepReached) -> None:
        known = self.transactions[record.transaction_id]
        assert known.course is not None, "a step follows a trace"
        step = known.course.behaviour.script[known.course.steps_reached]
        known.course.steps_reached += 1
        if step is known.course.returning() and self._captured(known):
            self._move_return(known, EntryKind.RETURN_SENT, record.at)

    def _return_credited(self, record: ReturnCredited) -> None:
        known = self.transactions[record.transaction_id]
        assert known.course is not None, "a return follows a trace"
        known.course.return_credited_at = record.at
        self._move_return(known, EntryKind.RETURN_CREDITED, record.at)

    def _move_return(self, known: Transaction, kind: EntryKind, at: datetime) -> None:
        sent = kind is EntryKind.RETURN_SENT
        source = movements.counterparty(known) if sent else CLEARING
        target = CLEARING if sent else known.customer_account
        reference = views.return_reference(known.order.transaction_id)
        route = moved(source, target, self._captured(known))
        self._post(known, kind, (reference, reference), route, at)

    def _reversal_credited(self, record: ReversalCredited) -> None:
        known = self.transactions[record.transaction_id]
        known.reversal_credited_at = record.at
        reference = views.reversal_reference(record.transaction_id)
        route = moved(SUSPENSE, known.customer_account, self._captured(known))
        ids = (reference, reference)
        self._post(known, EntryKind.REVERSAL_CREDITED, ids, route, record.at)

    def _captured(self, known: Transaction) -> int:
        return self.ledger.position(known.order.transaction_id).captured_minor

    def _post(
        self,
        known: Transaction,
        kind: EntryKind,
        ids: tuple[str, str],
        postings: movements.Postings,
        at: datetime,
    ) -> None:
        self.ledger.post(movements.entry(known, kind, ids, postings, at))

    def _remember(
        self, record: Refunded | Traced, status: int, view: views.View, expire_s: float | None
    ) -> None:
        forget_at = None if expire_s is None else record.at + timedelta(seconds=expire_s)
        body = pydantic_core.to_json(view)
        self.answers[record.key] = Answer(record.digest, status, body, forget_at)
