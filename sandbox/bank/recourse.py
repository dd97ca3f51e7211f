"""The part of the book beside refunds and traces: recalls, chargebacks, postings, customers."""

from datetime import datetime
from typing import Final, assert_never

import pydantic_core

from sandbox.bank import movements, views
from sandbox.bank.behaviours import ORDINARY
from sandbox.bank.cases import Chargeback, Credit, Customer, Recall
from sandbox.bank.inputs import PostingKind, PostingOrder
from sandbox.bank.ledger import CLEARING, Entry, EntryKind, Ledger, moved
from sandbox.bank.models import Answer, Transaction
from sandbox.bank.records import (
    ChargebackMoved,
    ChargebackStepped,
    ChargedBack,
    CustomerCounterUsed,
    CustomerSet,
    OpenedOutside,
    Posted,
    Recalled,
    RecallMoved,
    RecourseRecord,
)

POSTED: Final[dict[PostingKind, EntryKind]] = {
    "provisional_credit": EntryKind.CREDIT_GIVEN,
    "credit_reversal": EntryKind.CREDIT_REVERSED,
    "correction": EntryKind.CORRECTED,
    "compensation": EntryKind.COMPENSATED,
}


class Recourse:
    """Shares ledger, transactions and answers with the book that it belongs to."""

    def __init__(
        self,
        ledger: Ledger,
        transactions: dict[str, Transaction],
        answers: dict[str, Answer],
    ) -> None:
        """Nothing has been asked."""
        self._ledger = ledger
        self._transactions = transactions
        self._answers = answers
        self.recalls: dict[str, Recall] = {}
        """By the bank's own id, oldest first, as all of these."""
        self.recall_of: dict[str, Recall] = {}
        """The latest by the caller's reference, as all of these."""
        self.chargebacks: dict[str, Chargeback] = {}
        self.chargeback_of: dict[str, Chargeback] = {}
        self.posting_of: dict[str, Posted] = {}
        self.customers: dict[str, Customer] = {}
        self._credits: dict[tuple[str, str | None, str], list[Credit]] = {}

    def apply(self, record: RecourseRecord) -> None:
        """Take over what happened. Never refuses: that was decided before the record."""
        match record:
            case Recalled():
                self._recalled(record)
            case RecallMoved():
                self._recall_moved(record)
            case ChargedBack():
                self._charged_back(record)
            case OpenedOutside():
                self._opened_outside(record)
            case ChargebackMoved():
                self._chargeback_moved(record)
            case ChargebackStepped():
                self._stepped(record)
            case Posted():
                self._posted(record)
            case CustomerSet():
                self.customers[record.order.customer_id] = Customer(record.order, record.at)
            case CustomerCounterUsed():
                self.customers[record.customer_id].used[record.counter] += 1
            case _:
                assert_never(record)

    def credit_left(self, order: PostingOrder) -> int:
        """Minor units of provisional credits that an order could still reverse."""
        return sum(credit.left_minor for credit in self._credits.get(_place(order), ()))

    def _recalled(self, record: Recalled) -> None:
        order = record.order
        known = self._transactions.get(order.transaction_id)
        behaviour = (known.order.bank if known else ORDINARY).recall
        recall = Recall(record, behaviour, record.state, record.reason, record.at)
        self.recalls[record.recall_id] = self.recall_of[order.reference] = recall
        if known:
            known.recalls.append(recall)
            known.heard_from(order.callback_url)
        self._remember(record, views.recall(recall))

    def _recall_moved(self, record: RecallMoved) -> None:
        recall = self.recalls[record.recall_id]
        recall.move(record)
        known = self._transactions[recall.asked.order.transaction_id]
        ids = (record.recall_id, recall.asked.order.reference)
        source, minor = movements.counterparty(known), recall.amount_minor
        if record.state == "agreed":
            route = moved(source, CLEARING, minor)
            self._post(known, EntryKind.RECALL_AGREED, ids, route, record.at)
        elif record.state == "returned":
            route = moved(CLEARING, known.customer_account, minor)
            self._post(known, EntryKind.RECALL_RETURNED, ids, route, record.at)

    def _charged_back(self, record: ChargedBack) -> None:
        order = record.order
        known = self._transactions.get(order.transaction_id)
        chargeback = Chargeback(
            chargeback_id=record.chargeback_id,
            reference=order.reference,
            transaction_id=order.transaction_id,
            amount=order.amount,
            reason=record.reason or order.reason,
            callback_url=order.callback_url,
            behaviour=(known.order.bank if known else ORDINARY).chargeback,
            state=record.state,
            entered_at=record.at,
        )
        self.chargebacks[record.chargeback_id] = self.chargeback_of[order.reference] = chargeback
        if known:
            known.chargebacks.append(chargeback)
            known.heard_from(order.callback_url)
        self._remember(record, views.chargeback(chargeback))

    def _opened_outside(self, record: OpenedOutside) -> None:
        chargeback = opened_outside(self._transactions[record.order.transaction_id], record)
        self.chargebacks[record.chargeback_id] = chargeback
        self._transactions[record.order.transaction_id].chargebacks.append(chargeback)

    def _chargeback_moved(self, record: ChargebackMoved) -> None:
        chargeback = self.chargebacks[record.chargeback_id]
        chargeback.move(record)
        if record.state == "won":
            known = self._transactions[chargeback.transaction_id]
            ids = (record.chargeback_id, chargeback.reference or record.chargeback_id)
            route = moved(
                movements.counterparty(known), known.customer_account, record.amount_minor
            )
            self._post(known, EntryKind.CHARGEBACK_WON, ids, route, record.at)

    def _stepped(self, record: ChargebackStepped) -> None:
        chargeback = self.chargebacks[record.chargeback_id]
        chargeback.step(record.order.step, record.at)
        self._remember(record, views.chargeback(chargeback))

    def _posted(self, record: Posted) -> None:
        order = record.order
        self.posting_of[order.reference] = record
        if record.state == "posted":
            for payment_id, minor in self._payments(record):
                self._ledger.post(_entry(record, payment_id, minor))
        self._remember(record, views.posting(record))

    def _payments(self, record: Posted) -> list[tuple[str, int]]:
        """(payment, minor units): a reversal belongs to the credits that it takes back."""
        order, credits_ = record.order, self._credits.setdefault(_place(record.order), [])
        if order.kind != "credit_reversal":
            if order.kind == "provisional_credit":
                credits_.append(Credit(record, order.amount.amount_minor))
            return [(record.posting_id, order.amount.amount_minor)]
        return _taken(credits_, order.amount.amount_minor)

    def _post(
        self,
        known: Transaction,
        kind: EntryKind,
        ids: tuple[str, str],
        postings: movements.Postings,
        at: datetime,
    ) -> None:
        self._ledger.post(movements.entry(known, kind, ids, postings, at))

    def _remember(
        self, record: Recalled | ChargedBack | ChargebackStepped | Posted, view: views.View
    ) -> None:
        """For good: these keys never expire."""
        status = 200 if isinstance(record, Posted) else 202
        answer = Answer(record.digest, status, pydantic_core.to_json(view), None)
        self._answers[record.key] = answer


def opened_outside(known: Transaction, record: OpenedOutside) -> Chargeback:
    """A chargeback of the issuer's own; it has no reference."""
    order = record.order
    return Chargeback(
        chargeback_id=record.chargeback_id,
        reference=None,
        transaction_id=order.transaction_id,
        amount=order.amount,
        reason=order.reason,
        callback_url=known.callback_url,
        behaviour=order.chargeback or known.order.bank.chargeback,
        state="filed",
        entered_at=record.at,
    )


def _taken(credits_: list[Credit], minor: int) -> list[tuple[str, int]]:
    """Take an amount from the credits, oldest first: (payment, minor units) of each."""
    taken = []
    for credit in credits_:
        part = min(credit.left_minor, minor)
        if part:
            credit.left_minor -= part
            minor -= part
            taken.append((credit.posted.posting_id, part))
    return taken


def _entry(record: Posted, payment_id: str, minor: int) -> Entry:
    order = record.order
    return Entry(
        order.transaction_id,
        POSTED[order.kind],
        payment_id,
        order.reference,
        order.amount.currency,
        movements.wallet(order.kind, order.customer_id, minor),
        record.at,
    )


def _place(order: PostingOrder) -> tuple[str, str | None, str]:
    return order.customer_id, order.transaction_id, order.amount.currency
