"""The wallet's own ledger: credits, their reversals, corrections and compensation."""

from typing import Literal

from sandbox.bank.book import Book
from sandbox.bank.inputs import PostingOrder
from sandbox.bank.keys import Keys, check_room
from sandbox.bank.mishaps import Commit, Mishaps, hold_back
from sandbox.bank.models import Answer
from sandbox.bank.records import Posted
from shared import clock, ids

Verdict = tuple[Literal["posted", "refused"], str | None]


class Postings:
    """Takes postings on a book; they are done when they are answered."""

    def __init__(self, book: Book, commit: Commit, keys: Keys, mishaps: Mishaps) -> None:
        """`commit` writes and applies."""
        self._book = book
        self._commit = commit
        self._keys = keys
        self._mishaps = mishaps

    async def post(self, key: str, order: PostingOrder) -> Answer:
        """Post once per key for good, or answer what was answered.

        Raises:
            KeyReusedError: the key belongs to another body.
            FullError: too many.
            InternalError, DroppedError: told to.

        """
        customer = self._book.recourse.customers.get(order.customer_id)
        if customer is None:
            return await self._keys.once("posting:" + key, order, self._execute)
        return await self._mishaps.around(
            customer,
            "postings",
            customer.order.postings,
            lambda: self._keys.once("posting:" + key, order, self._execute),
        )

    async def _execute(self, key: str, digest: str, order: PostingOrder) -> None:
        if customer := self._book.recourse.customers.get(order.customer_id):
            await hold_back(customer.order.postings)
        check_room(len(self._book.recourse.posting_of))
        state, reason = self._decide(order)
        now = clock.utcnow()
        self._commit([Posted(f"WP-{ids.new().hex}", key, digest, order, state, reason, now)])

    def _decide(self, order: PostingOrder) -> Verdict:
        """A credit beside a refund is posted, for the audit to see; see the package."""
        if order.transaction_id is not None:
            known = self._book.transactions.get(order.transaction_id)
            if known is None:
                return "refused", "unknown_transaction"
            if known.order.amount.currency != order.amount.currency:
                return "refused", "currency_mismatch"
        customer = self._book.recourse.customers.get(order.customer_id)
        if customer and customer.order.postings.refuse:
            return "refused", customer.order.postings.refuse
        if order.kind == "credit_reversal" and (
            self._book.recourse.credit_left(order) < order.amount.amount_minor
        ):
            return "refused", "above_credit"
        return "posted", None
