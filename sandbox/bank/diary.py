"""What is due later: refunds that arrive or bounce, traced money that moves on, reversals.

Nothing here needs saving: after a restart `arm_everything` finds in the book what has begun and
not ended, and what fell due in the meantime happens at once.
"""

from copy import copy
from dataclasses import replace

from sandbox.bank import notices
from sandbox.bank.book import Book
from sandbox.bank.ledger import EntryKind
from sandbox.bank.mishaps import Commit
from sandbox.bank.models import Refund, TraceCourse, Transaction
from sandbox.bank.records import RefundEnded, ReturnCredited, ReversalCredited, StepReached
from sandbox.bank.timers import Timers
from shared import clock


class Diary:
    """Timers over a book. Every change goes through `commit`, as any other record."""

    def __init__(self, book: Book, commit: Commit, timers: Timers) -> None:
        """Nothing is armed yet."""
        self._book = book
        self._commit = commit
        self._timers = timers

    def arm_everything(self) -> None:
        """After a replay: whatever has begun and not ended."""
        for refund in self._book.refunds.values():
            self.arm_refund(refund)
        for known in self._book.transactions.values():
            self.arm_reversal(known)
            if known.course is not None:
                self.arm_step(known, known.course)
                self.arm_return(known, known.course)

    def arm_refund(self, refund: Refund) -> None:
        """Let a refund in flight arrive, or bounce."""
        if refund.state == "in_flight":
            self._timers.at(refund.due_at, lambda: self._end_refund(refund))

    def arm_step(self, known: Transaction, course: TraceCourse) -> None:
        """Let traced money take its next step."""
        if (due_at := course.next_step_at()) is not None:
            self._timers.at(due_at, lambda: self._step(known, course))

    def arm_return(self, known: Transaction, course: TraceCourse) -> None:
        """Let money that another bank has sent back arrive."""
        step = course.returning()
        if step and self._returning(known):
            self._timers.at(course.return_due_at(step), lambda: self._credit_return(known, course))

    def arm_reversal(self, known: Transaction) -> None:
        """Let a debit without capture go back."""
        due_at = known.reversal_due_at
        if due_at is not None and known.reversal_credited_at is None:
            self._timers.at(due_at, lambda: self._credit_reversal(known))

    def _end_refund(self, refund: Refund) -> None:
        now = clock.utcnow()
        ended = RefundEnded(refund.asked.refund_id, refund.end_state, now)
        after = copy(refund)
        after.end(ended)
        self._commit([ended, *notices.refund_updated(after, now)])

    def _step(self, known: Transaction, course: TraceCourse) -> None:
        now = clock.utcnow()
        told = notices.trace_updated(known.traces, now) if course.behaviour.callback else []
        self._commit([StepReached(known.order.transaction_id, now), *told])
        self.arm_step(known, course)
        self.arm_return(known, course)

    def _credit_return(self, known: Transaction, course: TraceCourse) -> None:
        if not self._returning(known):
            return
        now = clock.utcnow()
        after = replace(known, course=replace(course, return_credited_at=now))
        traces = [replace(trace, transaction=after) for trace in known.traces]
        told = notices.trace_updated(traces, now) if course.behaviour.callback else []
        self._commit([ReturnCredited(known.order.transaction_id, now), *told])

    def _credit_reversal(self, known: Transaction) -> None:
        due_at, now = known.reversal_due_at, clock.utcnow()
        if due_at is None or due_at > now or known.reversal_credited_at:
            return  # the behaviour was changed, and armed again, after this was armed
        after = replace(known, reversal_credited_at=now)
        before = self._book.ledger.position(known.order.transaction_id)
        position = replace(before, settled_minor=before.settled_minor + before.captured_minor)
        urls = [watch.callback_url for watch in known.watches]
        told = notices.reversal_updated(after, position, urls, now)
        self._commit([ReversalCredited(known.order.transaction_id, now), *told])

    def _returning(self, known: Transaction) -> bool:
        """Whether money was sent back and has not arrived."""
        kinds = [entry.kind for entry in self._book.ledger.of(known.order.transaction_id)]
        return EntryKind.RETURN_SENT in kinds and EntryKind.RETURN_CREDITED not in kinds
