"""What wallet and bank have on record, compared (GET /v1/records)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeVar

from sandbox.bank import views
from sandbox.bank.book import Book
from sandbox.bank.cases import Customer
from sandbox.bank.findings import (
    BalanceAnomaly,
    DuplicateCharge,
    Finding,
    RefundNotReceived,
    WrongAmount,
)
from sandbox.bank.inputs import RecordsQuestion
from sandbox.bank.mishaps import InternalError, Mishaps, Owner
from sandbox.bank.models import Refund, RefundState, Transaction
from sandbox.bank.orders import UnknownTransactionError
from shared.contracts.vocabulary import TransactionState

AnyFinding = WrongAmount | DuplicateCharge | RefundNotReceived | BalanceAnomaly
Chained = TypeVar("Chained", WrongAmount, DuplicateCharge, RefundNotReceived, BalanceAnomaly)
REFUNDS: Final[
    Mapping[RefundState, Literal["unsent", "on_its_way", "arrived", "bounced", "unfunded"]]
] = {
    "in_flight": "on_its_way",
    "credited": "arrived",
    "bounced": "bounced",
    "unfunded": "unfunded",
    "failed": "unsent",
}


@dataclass(frozen=True, slots=True)
class _Found:
    finding: AnyFinding
    currency: str
    amount_minor: int | None
    expected_at: datetime | None


class Comparison:
    """Answers from behaviours, and without one from the bank's own books."""

    def __init__(self, book: Book, mishaps: Mishaps) -> None:
        """`mishaps` counts what is found so many times only."""
        self._book = book
        self._mishaps = mishaps

    def find(self, asked: RecordsQuestion) -> views.View:
        """Compare.

        Raises:
            UnknownTransactionError: not known, or another customer's.
            InternalError: told to.

        """
        known = self._known(asked)
        if asked.kind == "balance_anomaly":
            return _view(self._of_account(asked.customer_id))
        assert known is not None, "the question of this kind names a transaction"
        self._fail(known, known.order.bank.records.fail_times)
        return _view(self._of_transaction(asked, known))

    def _known(self, asked: RecordsQuestion) -> Transaction | None:
        if asked.transaction_id is None:
            return None
        known = self._book.transactions.get(asked.transaction_id)
        if known is None or asked.customer_id not in {
            known.order.customer_id,
            known.order.payer_id,
        }:
            raise UnknownTransactionError
        return known

    def _of_account(self, customer_id: str) -> _Found:
        customer = self._book.recourse.customers.get(customer_id)
        if customer is not None:
            self._fail(customer, customer.order.records.fail_times)
        told = customer.order.records.balance_anomaly if customer else None
        if customer is None or told is None:
            nothing = BalanceAnomaly(finding="explained", explanation="no_difference")
            return _Found(nothing, nothing.currency, None, None)
        finding = self._current(customer, "balance_anomaly", told)
        expected_at = _expected(finding, customer)
        return _Found(finding, finding.currency, finding.amount_minor, expected_at)

    def _of_transaction(self, asked: RecordsQuestion, known: Transaction) -> _Found:
        currency, records = known.order.amount.currency, known.order.bank.records
        if asked.kind == "refund_not_received":
            return self._of_refund(known)
        finding: WrongAmount | DuplicateCharge
        if asked.kind == "wrong_amount":
            finding = self._current(known, asked.kind, records.wrong_amount or _amounts(known))
        else:
            finding = self._current(known, asked.kind, records.duplicate_charge or _captures(known))
        amount_minor = finding.amount_minor
        if finding.finding == "agrees" and amount_minor is None:
            amount_minor = asked.claimed_minor
        return _Found(finding, currency, amount_minor, _expected(finding, known))

    def _of_refund(self, known: Transaction) -> _Found:
        last = next(reversed(known.refunds), None)
        told = known.order.bank.records.refund_not_received or _refunds(known, last)
        finding = self._current(known, "refund_not_received", told)
        amount_minor = finding.amount_minor
        if amount_minor is None and last is not None:
            amount_minor = last.asked.order.amount.amount_minor
        if finding.destination is None and finding.finding in {"on_its_way", "arrived", "bounced"}:
            where = views.destination(last) if last else known.order.bank.refund.destination
            finding = finding.model_copy(update={"destination": where})
        expected_at = _expected(finding, known)
        if expected_at is None and last is not None and last.state == "in_flight":
            expected_at = last.expected_at
        return _Found(finding, known.order.amount.currency, amount_minor, expected_at)

    def _current(self, owner: Owner, kind: str, finding: Chained) -> Chained:
        """The finding of this read, which is counted while another is to come."""
        reads = owner.used[f"records.{kind}"]
        while finding.then is not None and reads >= finding.after_times:
            reads -= finding.after_times
            finding = finding.then
        if finding.then is not None:
            self._mishaps.count(owner, f"records.{kind}")
        return finding

    def _fail(self, owner: Owner, times: int) -> None:
        if self._mishaps.spend(owner, "records.fail_times", times):
            raise InternalError


def _amounts(known: Transaction) -> WrongAmount:
    """Nothing but the capture is known here: what else is right is for the merchant to say."""
    unknown = known.order.bank_state is TransactionState.UNKNOWN
    return WrongAmount(finding="pending" if unknown else "differs")


def _captures(known: Transaction) -> DuplicateCharge:
    captured = known.order.bank_state is TransactionState.CAPTURED
    return DuplicateCharge(finding="unmatched" if captured else "authorised_only")


def _refunds(known: Transaction, last: Refund | None) -> RefundNotReceived:
    """The newest refund, or what was refunded before these books began."""
    if last is not None:
        return RefundNotReceived(finding=REFUNDS[last.state])
    earlier = known.order.refunded_minor
    if earlier:
        return RefundNotReceived(finding="arrived", amount_minor=earlier)
    return RefundNotReceived(finding="unsent")


def _expected(finding: Finding, owner: Transaction | Customer) -> datetime | None:
    if finding.expected_in_s is None:
        return None
    since = owner.recorded_at if isinstance(owner, Transaction) else owner.set_at
    return since + timedelta(seconds=finding.expected_in_s)


def _view(found: _Found) -> views.View:
    finding = found.finding
    amount_minor = found.amount_minor
    return {
        "finding": finding.finding,
        "amount": None if amount_minor is None else views.money(amount_minor, found.currency),
        "twin": finding.twin,
        "explanation": finding.explanation,
        "lines": [
            {"code": line.code, "amount_minor": str(line.amount_minor)} for line in finding.lines
        ],
        "expected_at": found.expected_at,
        "destination": finding.destination,
    }
