"""What callers ask of the bank: each order becomes records, committed before it is answered."""

from collections.abc import Sequence
from typing import Final, Literal

from sandbox.bank import notices
from sandbox.bank.book import DEBITED, Book
from sandbox.bank.diary import Diary
from sandbox.bank.inputs import RefundOrder, TraceOrder, TransactionOrder, WatchOrder
from sandbox.bank.keys import MAX_PER_TRANSACTION, FullError, Keys, check_room
from sandbox.bank.mishaps import Commit, InternalError, Mishaps, hold_back
from sandbox.bank.models import Answer, Refund, Transaction
from sandbox.bank.records import Recorded, Refunded, StepReached, Traced, Watched
from shared import clock, ids

MAX_TRANSACTIONS: Final = 1_000_000

Verdict = tuple[Literal["in_flight", "unfunded", "failed"], str | None]


class ConflictingFactsError(Exception):
    """transaction_id: it is known with another owner, amount or outcome; use another id."""


class UnknownTransactionError(Exception):
    """transaction_id: the bank does not know it; record it first."""


class Orders:
    """Takes orders on a book; `commit` writes, applies and sends, `diary` does what comes later."""

    def __init__(
        self, book: Book, commit: Commit, diary: Diary, keys: Keys, mishaps: Mishaps
    ) -> None:
        """No order is running yet."""
        self._book = book
        self._commit = commit
        self._diary = diary
        self._keys = keys
        self._mishaps = mishaps

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
        if self._mishaps.spend(known, "lookup.fail_times", lookup.fail_times):
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
            return await self._keys.once("refund:" + key, order, self._execute)
        return await self._mishaps.around(
            known,
            "refund",
            known.order.bank.refund,
            lambda: self._keys.once("refund:" + key, order, self._execute),
        )

    async def trace(self, key: str, order: TraceOrder) -> Answer:
        """Start a trace once per key. Raises KeyReusedError, FullError."""
        return await self._keys.once("trace:" + key, order, self._start_trace)

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

    async def _execute(self, key: str, digest: str, order: RefundOrder) -> None:
        known = self._book.transactions.get(order.transaction_id)
        if known:
            await hold_back(known.order.bank.refund)
        check_room(len(self._book.refunds), known.refunds if known else ())
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
        amount_minor = order.amount.amount_minor
        paid = position.paid_minor + amount_minor - order.settled_minor
        return max(paid, position.recovered_minor + amount_minor) > position.captured_minor

    async def _start_trace(self, key: str, digest: str, order: TraceOrder) -> None:
        known = self._book.transactions.get(order.transaction_id)
        check_room(len(self._book.traces), known.traces if known else ())
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


def _facts(order: TransactionOrder) -> tuple[object, ...]:
    return order.kind, order.customer_id, order.payer_id, order.merchant_id, order.amount
