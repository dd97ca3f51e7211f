"""Asking the recipient of a transaction's money to give it back."""

from copy import copy
from typing import Literal

from sandbox.bank import notices
from sandbox.bank.book import Book
from sandbox.bank.cases import Recall
from sandbox.bank.inputs import RecallOrder
from sandbox.bank.keys import Keys, check_room
from sandbox.bank.mishaps import Commit, Mishaps, hold_back
from sandbox.bank.models import Answer, Transaction
from sandbox.bank.records import Recalled, RecallMoved
from sandbox.bank.timers import Timers
from shared import clock, ids

Verdict = tuple[Literal["asked", "refused"], str | None]


class Recalls:
    """Takes recalls on a book; the recipient answers when the behaviour says."""

    def __init__(
        self, book: Book, commit: Commit, timers: Timers, keys: Keys, mishaps: Mishaps
    ) -> None:
        """Nothing is armed yet."""
        self._book = book
        self._commit = commit
        self._timers = timers
        self._keys = keys
        self._mishaps = mishaps

    def arm_everything(self) -> None:
        """After a replay: whatever has been asked and not ended."""
        for recall in self._book.recourse.recalls.values():
            self._arm(recall)

    async def ask(self, key: str, order: RecallOrder) -> Answer:
        """Ask once per key, or answer what was answered.

        Raises:
            KeyReusedError: the key belongs to another body.
            FullError: too many.
            InternalError, DroppedError: told to.

        """
        known = self._book.transactions.get(order.transaction_id)
        if known is None:
            return await self._keys.once("recall:" + key, order, self._execute)
        return await self._mishaps.around(
            known,
            "recall",
            known.order.bank.recall,
            lambda: self._keys.once("recall:" + key, order, self._execute),
        )

    async def _execute(self, key: str, digest: str, order: RecallOrder) -> None:
        known = self._book.transactions.get(order.transaction_id)
        if known:
            await hold_back(known.order.bank.recall)
        check_room(len(self._book.recourse.recalls), known.recalls if known else ())
        state, reason = _decide(known, order)
        recall_id, now = f"RC-{ids.new().hex}", clock.utcnow()
        self._commit([Recalled(recall_id, key, digest, order, state, reason, now)])
        self._arm(self._book.recourse.recalls[recall_id])

    def _arm(self, recall: Recall) -> None:
        if following := recall.next():
            self._timers.at(following[0], lambda: self._move(recall, following[1]))

    def _move(self, recall: Recall, state: Literal["agreed", "refused", "returned"]) -> None:
        now = clock.utcnow()
        moved = RecallMoved(recall.asked.recall_id, state, now)
        after = copy(recall)
        after.move(moved)
        self._commit([moved, *notices.recall_updated(after, now)])
        self._arm(recall)


def _decide(known: Transaction | None, order: RecallOrder) -> Verdict:
    if known is None:
        return "refused", "unknown_transaction"
    if order.amount.currency != known.order.amount.currency:
        return "refused", "currency_mismatch"
    return "asked", None
