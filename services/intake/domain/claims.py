"""What a claim may be: decided from the request and the copy of the transactions. Pure.

Only what these two prove is refused here. Windows and policies are decisions of the tracker, with
a rule and an appeal (domain rule 1: listening comes first).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.contracts.vocabulary import (
    GROUPS,
    OPEN_KINDS,
    REASONS,
    Actor,
    Kind,
    TransactionKind,
    TransactionState,
)
from shared.money import Money

MAX_TRANSACTIONS: Final = 50
MAX_STATEMENT: Final = 2000

_NOTHING_CAPTURED: Final = frozenset(
    {TransactionState.DECLINED, TransactionState.DEBITED_NOT_CAPTURED}
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A transaction complained about; `amount` is None for all that was captured."""

    transaction_id: str
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a customer, or an agent for a customer, submits."""

    customer_id: str
    kind: Kind
    reason: str
    wanted: tuple[Wanted, ...] = ()
    statement: str | None = None
    channel: str = "app"
    opened_by: Actor = Actor.CUSTOMER


@dataclass(frozen=True, slots=True)
class Transaction:
    """The wallet's transaction as intake's copy has it; amounts in minor units."""

    transaction_id: str
    customer_id: str
    kind: TransactionKind
    state: TransactionState
    amount_minor: int
    refunded_minor: int
    currency: str
    merchant_id: str | None
    merchant_name: str | None
    occurred_at: datetime
    refundable_until: datetime | None

    @property
    def remaining(self) -> Money:
        """Captured and not given back yet."""
        return Money(max(0, self.amount_minor - self.refunded_minor), self.currency)


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """An open dispute that stands in the way of another about the same thing."""

    customer_id: str
    reference: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What the copy and the open disputes say about the transactions of some claims.

    `open` is keyed by (transaction id, kind group).
    """

    transactions: Mapping[str, Transaction]
    open: Mapping[tuple[str, str], OpenDispute]


@dataclass(frozen=True, slots=True)
class Item:
    """One dispute to open. `transaction` is None where it is not in the copy."""

    transaction_id: str | None
    transaction: Transaction | None
    requested: Money | None


@dataclass(frozen=True, slots=True)
class Wrong:
    """The request contradicts itself or the copy: which field, why, and what to do."""

    field: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class NotTheirs:
    """A transaction of somebody else: answered as if nothing were there."""


@dataclass(frozen=True, slots=True)
class AlreadyOpen:
    """This transaction has an open dispute; `reference` only where it is the caller's own."""

    field: str
    reference: str | None


Refusal = Wrong | NotTheirs | AlreadyOpen


def check(claim: Claim) -> list[Wrong]:
    """What is wrong with the claim by itself; empty when nothing is."""
    if claim.kind not in OPEN_KINDS:
        return [_kind_not_open(claim.kind)]
    wrong = [] if claim.reason in REASONS[claim.kind] else [_unknown_reason(claim)]
    seen: set[str] = set()
    for n, wanted in enumerate(claim.wanted):
        if wanted.transaction_id in seen:
            wrong.append(_twice(n))
        if wanted.amount and wanted.amount.amount_minor == 0:
            wrong.append(_zero(n))
        seen.add(wanted.transaction_id)
    return wrong


def decide(claim: Claim, situation: Situation) -> tuple[Item, ...] | Refusal:
    """One item per transaction (one without a transaction where none is named), or a refusal.

    The refusal of one transaction refuses the claim. A transaction that is not in the copy is
    accepted: the tracker asks the bank whose it is.
    """
    if not claim.wanted:
        return (Item(None, None, None),)
    known = [situation.transactions.get(w.transaction_id) for w in claim.wanted]
    if any(t and t.customer_id != claim.customer_id for t in known):
        return NotTheirs()
    pairs = list(zip(claim.wanted, known, strict=True))
    for n, (wanted, transaction) in enumerate(pairs):
        if transaction and (wrong := _contradicts(n, claim.kind, wanted, transaction)):
            return wrong
    for n, wanted in enumerate(claim.wanted):
        if standing := situation.open.get((wanted.transaction_id, GROUPS[claim.kind])):
            mine = standing.customer_id == claim.customer_id
            return AlreadyOpen(_at(n), standing.reference if mine else None)
    return tuple(Item(w.transaction_id, t, _requested(claim.kind, w, t)) for w, t in pairs)


def obstacle(kind: Kind, transaction: Transaction) -> str | None:
    """Why the copy proves that there is nothing to ask for: a code, or None."""
    if kind is Kind.REFUND_REQUEST and transaction.state in _NOTHING_CAPTURED:
        return "not_captured"
    if transaction.remaining.amount_minor == 0:
        return "already_refunded"
    return None


def _requested(kind: Kind, wanted: Wanted, transaction: Transaction | None) -> Money | None:
    """The amount named, else all that is left of what moved; nothing moved when declined."""
    if wanted.amount or transaction is None:
        return wanted.amount
    if transaction.state is TransactionState.DECLINED and kind is not Kind.REFUND_REQUEST:
        return None
    return transaction.remaining


def _contradicts(n: int, kind: Kind, wanted: Wanted, transaction: Transaction) -> Wrong | None:
    if reason := obstacle(kind, transaction):
        return Wrong(_at(n), *_OBSTACLES[reason])
    if wanted.amount is None:
        return None
    if wanted.amount.currency != transaction.currency:
        return Wrong(
            f"{_at(n)}.amount.currency",
            f"this transaction is in {transaction.currency}",
            f"Name the amount in {transaction.currency}, or leave it out to ask for all of it",
        )
    left = transaction.remaining.amount_minor
    if wanted.amount.amount_minor > left:
        return Wrong(
            f"{_at(n)}.amount.amount_minor",
            f"more than the {left} minor units that were captured and not refunded",
            f"Ask for at most {left}, or leave the amount out to ask for all of it",
        )
    return None


_OBSTACLES: Final = {
    "not_captured": (
        "no money of this transaction was captured, so there is nothing to refund",
        "If money left the account, use the kind payment_failed",
    ),
    "already_refunded": (
        "all of this transaction has been refunded",
        "Leave this transaction out",
    ),
}


def _at(n: int) -> str:
    return f"transactions.{n}"


def _kind_not_open(kind: Kind) -> Wrong:
    kinds = ", ".join(sorted(OPEN_KINDS))
    return Wrong("kind", f"{kind} cannot be submitted yet", f"Use one of: {kinds}")


def _unknown_reason(claim: Claim) -> Wrong:
    reasons = ", ".join(REASONS[claim.kind])
    return Wrong("reason", f"this is no reason of {claim.kind}", f"Use one of: {reasons}")


def _twice(n: int) -> Wrong:
    return Wrong(
        f"{_at(n)}.transaction_id", "this transaction is in the list already", "Name it once"
    )


def _zero(n: int) -> Wrong:
    return Wrong(
        f"{_at(n)}.amount.amount_minor",
        "the amount is zero",
        "Ask for more than zero, or leave the amount out to ask for all of it",
    )
