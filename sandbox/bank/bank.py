"""The bank put together: journal, book, callbacks, and the rooms that take orders."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from sandbox.bank.book import Book
from sandbox.bank.chargebacks import Chargebacks
from sandbox.bank.comparison import Comparison
from sandbox.bank.diary import Diary
from sandbox.bank.inputs import CustomerOrder
from sandbox.bank.keys import Keys, check_room
from sandbox.bank.mishaps import Mishaps
from sandbox.bank.orders import Orders
from sandbox.bank.postings import Postings
from sandbox.bank.publisher import Publication, Publisher
from sandbox.bank.recalls import Recalls
from sandbox.bank.records import RECORDS, AnyRecord, CustomerSet
from sandbox.bank.timers import Timers
from sandbox.callbacks import CallbackEnded, CallbackQueued, Callbacks, Policy
from sandbox.journal import Journal
from sandbox.signatures import Secrets
from shared import clock

log = structlog.get_logger(__name__)

JOURNAL = "bank.jsonl"


class Bank:
    """One bank over one data directory."""

    def __init__(
        self, data_dir: Path, secrets: Secrets, publisher: Publisher, policy: Policy | None = None
    ) -> None:
        """Replays the journal.

        Raises:
            JournalLockedError, JournalCorruptError: the directory cannot be used.

        """
        self.book = Book()
        self.publisher = publisher
        self._journal = Journal(data_dir / JOURNAL, RECORDS)
        self._callbacks = Callbacks(self._journal, secrets, policy)
        self._timers = Timers()
        self._diary = Diary(self.book, self._commit, self._timers)
        keys, mishaps = Keys(self.book.answers), Mishaps(self._commit)
        self.orders = Orders(self.book, self._commit, self._diary, keys, mishaps)
        self.recalls = Recalls(self.book, self._commit, self._timers, keys, mishaps)
        self.chargebacks = Chargebacks(self.book, self._commit, self._timers, keys, mishaps)
        self.postings = Postings(self.book, self._commit, keys, mishaps)
        self.comparison = Comparison(self.book, mishaps)
        self._replay()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Time passes and callbacks go out while inside."""
        async with self._callbacks.running():
            self._diary.arm_everything()
            self.recalls.arm_everything()
            self.chargebacks.arm_everything()
            try:
                yield
            finally:
                self._timers.close()
                await self.publisher.close()
        self._journal.close()

    def behave(self, order: CustomerOrder) -> None:
        """Behave so about a customer's account from now on. Raises FullError."""
        check_room(len(self.book.recourse.customers))
        self._commit([CustomerSet(order, clock.utcnow())])

    def publications(self, transaction_ids: Sequence[str]) -> list[Publication]:
        """What Kafka is to be told of these transactions."""
        known = [self.book.transactions[transaction_id] for transaction_id in transaction_ids]
        return [Publication(one.order.facts(), one.versions) for one in known]

    def _commit(self, records: Sequence[AnyRecord]) -> None:
        """Write first: what is not in the journal has not happened."""
        self._journal.append(*records)
        for record in records:
            if isinstance(record, CallbackQueued):
                self._callbacks.send(record)
            elif not isinstance(record, CallbackEnded):
                self.book.apply(record)

    def _replay(self) -> None:
        for count, record in enumerate(self._journal.replay(), start=1):
            if isinstance(record, CallbackQueued | CallbackEnded):
                self._callbacks.restore(record)
            else:
                self.book.apply(record)
            if count % 100_000 == 0:
                log.info("replaying the journal", records=count)
