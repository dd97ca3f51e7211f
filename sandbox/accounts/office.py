"""The office of the account service: takes orders on the book and ends what is due."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from sandbox.accounts.book import Book
from sandbox.accounts.inputs import Behaviour, CheckOrder, HoldOrder, ResetOrder
from sandbox.accounts.models import Account, Hold, Inquiry
from sandbox.accounts.outcomes import callbacks, outcome
from sandbox.accounts.records import (
    RECORDS,
    AccountTold,
    AnyRecord,
    AskedAlso,
    CheckAsked,
    HoldFrozen,
    HoldPlaced,
    HoldReleased,
    ResetAsked,
    Topic,
    Unreached,
)
from sandbox.callbacks import CallbackEnded, CallbackQueued, Callbacks, Policy
from sandbox.journal import Journal
from sandbox.signatures import Secrets
from shared import clock

JOURNAL: Final = "accounts.jsonl"
MAX_ACCOUNTS: Final = 1_000_000
MAX_HELD: Final = 1_000_000
MAX_PER_ACCOUNT: Final = 1000
MAX_URLS: Final = 100
_TICK_S: Final = 0.001  # the loop rounds to milliseconds, and nothing may happen too early

Order = HoldOrder | CheckOrder | ResetOrder


class KeyReusedError(Exception):
    """reference: it stands for something else; ask for the same, or use another reference."""


class UnknownReferenceError(Exception):
    """reference: nothing was asked under it; POST it first."""


class FullError(Exception):
    """The sandbox holds all it can in memory; start it with an empty DATA_DIR."""


class UnreachableError(Exception):
    """The service was told to be unreachable for this customer_id."""


class Office:
    """All accounts over one data directory."""

    def __init__(self, data_dir: Path, secrets: Secrets, policy: Policy | None = None) -> None:
        """Replays the journal.

        Raises:
            JournalLockedError, JournalCorruptError: the directory cannot be used.

        """
        self.book = Book()
        self._journal = Journal(data_dir / JOURNAL, RECORDS)
        self._callbacks = Callbacks(self._journal, secrets, policy)
        self._timers: dict[tuple[Topic, str], asyncio.TimerHandle] = {}
        self._replay()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Time passes and callbacks go out while inside."""
        async with self._callbacks.running():
            for inquiries in self.book.inquiries.values():
                self._arm(list(inquiries.values()))
            try:
                yield
            finally:
                for timer in self._timers.values():
                    timer.cancel()
        self._journal.close()

    def place(self, order: HoldOrder) -> Hold:
        """Put the customer's hold on the account; the same again changes nothing.

        Raises:
            UnreachableError: told to.
            KeyReusedError: the reference stands for another hold.
            FullError: too many.

        """
        account = self.reach(order.customer_id)
        known = self.book.holds.get(order.reference)
        if known is not None:
            _check_same(known.order, order)
            return known
        self._check_room(account, len(self.book.holds), len(account.holds))
        self._commit([HoldPlaced(order, clock.utcnow())])
        return self.book.holds[order.reference]

    def hold(self, reference: str) -> Hold:
        """What was placed. Raises UnknownReferenceError, UnreachableError."""
        known = self.book.holds.get(reference)
        if known is None:
            raise UnknownReferenceError
        self.reach(known.customer_id)
        return known

    def freeze(self, reference: str) -> Hold:
        """Hold everything, without an end, even if the hold has ended by itself meanwhile.

        A released one stays released. Raises UnknownReferenceError, UnreachableError.
        """
        known = self.hold(reference)
        if not (known.frozen_at or known.released_at or known.refused):
            self._commit([HoldFrozen(reference, clock.utcnow())])
        return known

    def release(self, reference: str) -> Hold:
        """Take this hold off, and no other. Raises UnknownReferenceError, UnreachableError."""
        known = self.hold(reference)
        now = clock.utcnow()
        if known.stands(now):
            self._commit([HoldReleased(reference, now)])
        return known

    def ask(self, order: CheckOrder | ResetOrder) -> Inquiry:
        """Start a check or a reset; the same again is told what becomes of the first.

        Raises:
            UnreachableError: told to.
            KeyReusedError: the reference stands for another one.
            FullError: too many.

        """
        account = self.reach(order.customer_id)
        inquiries = self.book.inquiries["identity" if isinstance(order, CheckOrder) else "reset"]
        known = inquiries.get(order.reference)
        if known is not None:
            _check_same(known.order, order)
            self._tell_also(known, order.callback_url)
            return known
        self._check_room(account, len(inquiries), len(account.inquiries))
        now = clock.utcnow()
        asked = CheckAsked(order, now) if isinstance(order, CheckOrder) else ResetAsked(order, now)
        self._commit([asked])
        self._arm([inquiries[order.reference]])
        return inquiries[order.reference]

    def inquiry(self, topic: Topic, reference: str) -> Inquiry:
        """What was asked. Raises UnknownReferenceError, UnreachableError."""
        known = self.book.inquiries[topic].get(reference)
        if known is None:
            raise UnknownReferenceError
        self.reach(known.order.customer_id)
        return known

    def reach(self, customer_id: str) -> Account:
        """The account. Raises UnreachableError when told to."""
        account = self.book.account(customer_id)
        unreachable = account.behaviour.unreachable
        if unreachable is True:
            raise UnreachableError
        if account.unreached < unreachable:
            self._commit([Unreached(customer_id)])
            raise UnreachableError
        return account

    def behave(self, behaviour: Behaviour) -> None:
        """Behave so from now on, also about what is still open. Raises FullError."""
        account = self.book.account(behaviour.customer_id)
        self._check_room(account, 0, len(account.holds))
        self._commit([AccountTold(behaviour, clock.utcnow())])
        self._arm(account.inquiries)

    def _check_room(self, account: Account, held: int, of_account: int) -> None:
        new = account.customer_id not in self.book.accounts
        if new and len(self.book.accounts) >= MAX_ACCOUNTS:
            raise FullError
        if held >= MAX_HELD or of_account >= MAX_PER_ACCOUNT:
            raise FullError

    def _tell_also(self, known: Inquiry, url: str) -> None:
        if known.ended or url in known.callback_urls:
            return
        if len(known.callback_urls) >= MAX_URLS:
            raise FullError
        self._commit([AskedAlso(known.topic, known.order.reference, url)])

    def _arm(self, inquiries: Sequence[Inquiry]) -> None:
        """Let each end when it is due; one that is armed already is armed anew."""
        for inquiry in inquiries:
            key = inquiry.topic, inquiry.order.reference
            if timer := self._timers.pop(key, None):
                timer.cancel()
            ended = outcome(inquiry, self.book.account(inquiry.order.customer_id))
            if inquiry.ended or ended is None:
                continue
            wait_s = (ended.at - clock.utcnow()).total_seconds()
            wait_s = wait_s + _TICK_S if wait_s > 0 else 0
            self._timers[key] = clock.later(wait_s, self._end, inquiry)

    def _end(self, inquiry: Inquiry) -> None:
        del self._timers[inquiry.topic, inquiry.order.reference]
        account = self.book.account(inquiry.order.customer_id)
        ended = outcome(inquiry, account)
        if ended is not None:
            self._commit([ended, *callbacks(inquiry, ended, account.behaviour)])

    def _commit(self, records: Sequence[AnyRecord]) -> None:
        """Write first: what is not in the journal has not happened."""
        self._journal.append(*records)
        for record in records:
            if isinstance(record, CallbackQueued):
                self._callbacks.send(record)
            elif not isinstance(record, CallbackEnded):
                self.book.apply(record)

    def _replay(self) -> None:
        for record in self._journal.replay():
            if isinstance(record, CallbackQueued | CallbackEnded):
                self._callbacks.restore(record)
            else:
                self.book.apply(record)


def _check_same(known: Order | None, order: Order) -> None:
    """Another dispute of the same claim asks with times and a URL of its own."""
    own = {"expires_at", "callback_url"}
    if known is None or known.model_dump(exclude=own) != order.model_dump(exclude=own):
        raise KeyReusedError
