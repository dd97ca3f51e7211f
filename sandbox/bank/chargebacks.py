"""The card network: filing, the steps up to arbitration, and what the issuer opens by itself."""

from copy import copy
from datetime import datetime
from typing import Literal

from sandbox.bank import notices
from sandbox.bank.book import Book
from sandbox.bank.cases import ENDED, STEPS, Chargeback
from sandbox.bank.inputs import ChargebackOrder, OutsideChargeback, StepOrder
from sandbox.bank.keys import Keys, check_room
from sandbox.bank.mishaps import Commit, Mishaps, hold_back
from sandbox.bank.models import Answer, Transaction
from sandbox.bank.orders import UnknownTransactionError
from sandbox.bank.records import ChargebackMoved, ChargebackStepped, ChargedBack, OpenedOutside
from sandbox.bank.recourse import opened_outside
from sandbox.bank.timers import Timers
from shared import clock, ids
from shared.contracts.vocabulary import Funding

Verdict = tuple[Literal["filed", "refused"], str | None]


class UnknownChargebackError(Exception):
    """reference: no chargeback was filed under it."""


class StepNotPossibleError(Exception):
    """step: the other side has not answered; take it once the state allows."""


class WrongCurrencyError(Exception):
    """amount.currency: the transaction has another."""


class Chargebacks:
    """Takes chargebacks on a book; the other side acts when the behaviour says."""

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
        """After a replay: whatever was filed and has not ended."""
        for chargeback in self._book.recourse.chargebacks.values():
            self._arm(chargeback)

    async def file(self, key: str, order: ChargebackOrder) -> Answer:
        """File once per key, or answer what was answered.

        Raises:
            KeyReusedError: the key belongs to another body.
            FullError: too many.
            InternalError, DroppedError: told to.

        """
        known = self._book.transactions.get(order.transaction_id)
        if known is None:
            return await self._keys.once("chargeback:" + key, order, self._execute)
        return await self._mishaps.around(
            known,
            "chargeback",
            known.order.bank.chargeback,
            lambda: self._keys.once("chargeback:" + key, order, self._execute),
        )

    async def step(self, key: str, order: StepOrder) -> Answer:
        """Take a step once per key; one that has ended answers how it stands.

        Raises:
            UnknownChargebackError: nothing was filed under the reference.
            StepNotPossibleError: it is too early for this step; nothing is remembered.
            KeyReusedError: the key belongs to another step.
            InternalError, DroppedError: told to.

        """
        chargeback = self._book.recourse.chargeback_of.get(order.reference)
        if chargeback is None:
            raise UnknownChargebackError
        known = self._book.transactions.get(chargeback.transaction_id)
        if known is None:
            return await self._keys.once("step:" + key, order, self._take)
        return await self._mishaps.around(
            known,
            "step",
            known.order.bank.chargeback,
            lambda: self._keys.once("step:" + key, order, self._take),
        )

    def open_outside(self, order: OutsideChargeback) -> Chargeback:
        """The issuer files one by itself and tells who asked about the transaction last.

        Raises:
            UnknownTransactionError: not known.
            WrongCurrencyError: the transaction has another.
            FullError: too many.

        """
        known = self._book.transactions.get(order.transaction_id)
        if known is None:
            raise UnknownTransactionError
        if order.amount.currency != known.order.amount.currency:
            raise WrongCurrencyError
        check_room(len(self._book.recourse.chargebacks), known.chargebacks)
        now = clock.utcnow()
        opened = OpenedOutside(f"CB-{ids.new().hex}", order, now)
        told = notices.chargeback_updated(opened_outside(known, opened), now)
        self._commit([opened, *told])
        chargeback = self._book.recourse.chargebacks[opened.chargeback_id]
        self._arm(chargeback)
        return chargeback

    async def _execute(self, key: str, digest: str, order: ChargebackOrder) -> None:
        known = self._book.transactions.get(order.transaction_id)
        if known:
            await hold_back(known.order.bank.chargeback)
        check_room(len(self._book.recourse.chargebacks), known.chargebacks if known else ())
        now = clock.utcnow()
        state, reason = self._decide(known, order, now)
        chargeback_id = f"CB-{ids.new().hex}"
        self._commit([ChargedBack(chargeback_id, key, digest, order, state, reason, now)])
        self._arm(self._book.recourse.chargebacks[chargeback_id])

    async def _take(self, key: str, digest: str, order: StepOrder) -> None:
        chargeback = self._book.recourse.chargeback_of[order.reference]
        possible, _ = STEPS[order.step]
        if chargeback.state not in possible | ENDED:
            raise StepNotPossibleError
        now = clock.utcnow()
        self._commit([ChargebackStepped(chargeback.chargeback_id, key, digest, order, now)])
        self._arm(chargeback)

    def _decide(self, known: Transaction | None, order: ChargebackOrder, now: datetime) -> Verdict:
        """What becomes of a chargeback. A second one is taken unless strict: see the package."""
        if known is None:
            return "refused", "unknown_transaction"
        bank = known.order.bank
        if order.amount.currency != known.order.amount.currency:
            return "refused", "currency_mismatch"
        if bank.funding not in {None, Funding.CARD}:
            return "refused", "not_a_card"
        if known.chargeback_until and known.chargeback_until < now:
            return "refused", "window_closed"
        if bank.chargeback.refuse:
            return "refused", bank.chargeback.refuse
        if bank.strict and (reason := self._strictly(known, order)):
            return "refused", reason
        return "filed", None

    def _strictly(self, known: Transaction, order: ChargebackOrder) -> str | None:
        if known.chargeback and known.chargeback.state != "withdrawn":
            return "chargeback_exists"
        position = self._book.ledger.position(order.transaction_id)
        back = max(position.paid_minor, position.recovered_minor) + order.amount.amount_minor
        return "above_captured" if back > position.captured_minor else None

    def _arm(self, chargeback: Chargeback) -> None:
        if following := chargeback.next():
            entered_at = chargeback.entered_at
            self._timers.at(following[0], lambda: self._move(chargeback, entered_at))

    def _move(self, chargeback: Chargeback, entered_at: datetime) -> None:
        following = chargeback.next()
        if following is None or chargeback.entered_at != entered_at:
            return  # a step was taken after this was armed, and armed what comes next
        _, state, reason = following
        now = clock.utcnow()
        minor = chargeback.amount_after(state)
        moved = ChargebackMoved(chargeback.chargeback_id, state, reason, minor, now)
        after = copy(chargeback)
        after.move(moved)
        self._commit([moved, *notices.chargeback_updated(after, now)])
        self._arm(chargeback)
