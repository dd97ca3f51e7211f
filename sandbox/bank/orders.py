"""What callers ask of the bank: each order becomes records, committed before it is answered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Literal, TypeVar

from sandbox.bank import notices
from sandbox.bank.book import DEBITED, Book
from sandbox.bank.diary import Commit, Diary
from sandbox.bank.inputs import RefundOrder, TraceOrder, TransactionOrder, WatchOrder
from sandbox.bank.models import Answer, Refund, Transaction
from sandbox.bank.records import CounterUsed, Recorded, Refunded, StepReached, Traced, Watched
from shared import clock, ids

MAX_TRANSACTIONS: Final = 1_000_000
MAX_REFUNDS: Final = 2_000_000
MAX_PER_TRANSACTION: Final = 1000
MAX_RUNNING: Final = 10_000

Verdict = tuple[Literal["in_flight", "unfunded", "failed"], str | None]


Order = TypeVar("Order", RefundOrder, TraceOrder)
Execute = Callable[[str, str, Order], Awaitable[None]]


class KeyReusedError(Exception):
    """Idempotency-Key: it was used with another body; send the same body or another key."""


class ConflictingFactsError(Exception):
    """transaction_id: it is known with another owner, amount or outcome; use another id."""


class FullError(Exception):
    """The sandbox holds all it can in memory; start it with an empty DATA_DIR."""


class UnknownTransactionError(Exception):
    """transaction_id: the bank does not know it; record it first."""


class InternalError(Exception):
    """The bank was told to answer 500 here."""


class DroppedError(Exception):
    """The bank was told to cut the connection here."""


@dataclass(frozen=True, slots=True)
class _Running:
    digest: str
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Orders:
    """Takes orders on a book; `commit` writes, applies and sends, `diary` does what comes later."""

    def __init__(self, book: Book, commit: Commit, diary: Diary) -> None:
        """No order is running yet."""
        self._book = book
        self._commit = commit
        self._diary = diary
        self._running: dict[str, _Running] = {}

    def record(self, orders: Sequence[TransactionOrder]) -> None:
        """Take over transactions, all or none.

        Raises:
            ConflictingFactsError: one is known with other facts.
            FullError: too many.

        """
        if len(self._book.transactions) + len(orders) > MAX_TRANSACTIONS:
            raise FullError
        for order in orders:
            self._check_facts(order)
        now = clock.utcnow()
        self._commit([Recorded(order, now) for order in orders])
        for transaction_id in {order.transaction_id for order in orders}:
            self._diary.arm_reversal(self._book.transactions[transaction_id])

    async def look_up(self, transaction_id: str) -> Transaction:
        """The transaction, as late or as broken as its behaviour says.

        Raises:
            UnknownTransactionError: not known.
            InternalError: told to.

        """
        known = self._book.transactions.get(transaction_id)
        if known is None:
            raise UnknownTransactionError
        lookup = known.order.bank.lookup
        if lookup.delay_s:
            await clock.sleep(lookup.delay_s)
        if self._spend(known, "lookup.fail_times", lookup.fail_times):
            raise InternalError
        return known

    async def refund(self, key: str, order: RefundOrder) -> Answer:
        """Execute a refund once per key, or answer what was answered.

        Raises:
            KeyReusedError: the key belongs to another body.
            FullError: too many.
            InternalError, DroppedError: told to; after the commit unless `fail_times`.

        """
        known = self._book.transactions.get(order.transaction_id)
        if known is None:
            return await self._once("refund:" + key, order, self._execute)
        behaviour = known.order.bank.refund
        if self._spend(known, "refund.fail_times", behaviour.fail_times):
            raise InternalError
        answer = await self._once("refund:" + key, order, self._execute)
        if behaviour.answer_late_s:
            await clock.sleep(behaviour.answer_late_s)
        if self._spend(known, "refund.error_after_commit", behaviour.error_after_commit):
            raise InternalError
        if self._spend(known, "refund.drop_answer", behaviour.drop_answer):
            raise DroppedError
        return answer

    async def trace(self, key: str, order: TraceOrder) -> Answer:
        """Start a trace once per key. Raises KeyReusedError, FullError."""
        return await self._once("trace:" + key, order, self._start_trace)

    def watch(self, order: WatchOrder) -> None:
        """Tell of the transaction's reversal; at once if it has happened.

        Raises:
            UnknownTransactionError: not known.
            FullError: too many watch it.

        """
        known = self._book.transactions.get(order.transaction_id)
        if known is None:
            raise UnknownTransactionError
        if order in known.watches:
            return
        if len(known.watches) >= MAX_PER_TRANSACTION:
            raise FullError
        told = []
        if known.reversal_credited_at:
            position = self._book.ledger.position(order.transaction_id)
            urls = [order.callback_url]
            told = notices.reversal_updated(known, position, urls, clock.utcnow())
        self._commit([Watched(order), *told])

    async def _once(self, key: str, order: Order, execute: Execute[Order]) -> Answer:
        """Idempotency: nothing but the key decides, and a concurrent duplicate waits."""
        digest = blake2b(order.model_dump_json().encode(), digest_size=16).hexdigest()
        while running := self._running.get(key):
            if running.digest != digest:
                raise KeyReusedError
            await running.done.wait()
        if (answer := self._answer(key)) is not None:
            if answer.digest != digest:
                raise KeyReusedError
            return answer
        if len(self._running) >= MAX_RUNNING:
            raise FullError
        running = self._running[key] = _Running(digest)
        try:
            await execute(key, digest, order)
        finally:
            del self._running[key]
            running.done.set()
        return self._book.answers[key]

    def _answer(self, key: str) -> Answer | None:
        answer = self._book.answers.get(key)
        if answer and answer.forget_at and answer.forget_at <= clock.utcnow():
            return None
        return answer

    async def _execute(self, key: str, digest: str, order: RefundOrder) -> None:
        known = self._book.transactions.get(order.transaction_id)
        if known and known.order.bank.refund.delay_s:
            await clock.sleep(known.order.bank.refund.delay_s)
        self._check_room(len(self._book.refunds), known.refunds if known else ())
        state, reason = self._decide(known, order)
        now = clock.utcnow()
        asked = Refunded(f"RF-{ids.new().hex}", key, digest, order, state, reason, now)
        told = []
        if known and state == "unfunded":
            refund = Refund(asked, known.order.bank.refund, state, reason)
            told = notices.refund_updated(refund, now)
        self._commit([asked, *told])
        self._diary.arm_refund(self._book.refunds[asked.refund_id])

    def _decide(self, known: Transaction | None, order: RefundOrder) -> Verdict:
        """What becomes of a refund. Above captured is paid unless strict: see the package."""
        if known is None:
            return "failed", "unknown_transaction"
        behaviour = known.order.bank.refund
        if order.amount.currency != known.order.amount.currency:
            return "failed", "currency_mismatch"
        if behaviour.refuse:
            return "failed", behaviour.refuse
        if known.order.bank.strict and self._above_captured(order):
            return "failed", "above_captured"
        return ("unfunded", "payer_short") if behaviour.unfunded else ("in_flight", None)

    def _above_captured(self, order: RefundOrder) -> bool:
        position = self._book.ledger.position(order.transaction_id)
        return position.paid_minor + order.amount.amount_minor > position.captured_minor

    async def _start_trace(self, key: str, digest: str, order: TraceOrder) -> None:
        known = self._book.transactions.get(order.transaction_id)
        self._check_room(len(self._book.traces), known.traces if known else ())
        now = clock.utcnow()
        asked = Traced(f"TR-{ids.new().hex}", key, digest, order, now)
        if known is None or known.course:
            self._commit([asked])
            return
        script = known.order.bank.trace.script
        begun = [StepReached(order.transaction_id, now) for step in script if step.after_s == 0]
        self._commit([asked, *begun])
        if course := known.course:
            self._diary.arm_step(known, course)
            self._diary.arm_return(known, course)

    def _check_facts(self, order: TransactionOrder) -> None:
        known = self._book.transactions.get(order.transaction_id)
        if known is None:
            return
        moved = known.order.bank_state in DEBITED
        if _facts(known.order) != _facts(order) or (
            moved and known.order.bank_state != order.bank_state
        ):
            raise ConflictingFactsError

    def _check_room(self, held: int, of_transaction: Sequence[object]) -> None:
        if held >= MAX_REFUNDS or len(of_transaction) >= MAX_PER_TRANSACTION:
            raise FullError

    def _spend(self, known: Transaction, counter: str, times: bool | int) -> bool:  # noqa: FBT001 - true means always
        """Is one of the "N times" left? If so it is used up."""
        if times is True:
            return True
        if known.used[counter] >= times:
            return False
        self._commit([CounterUsed(known.order.transaction_id, counter)])
        return True


def _facts(order: TransactionOrder) -> tuple[object, ...]:
    return order.kind, order.customer_id, order.payer_id, order.merchant_id, order.amount
