"""What each kind can be about, and what the copy of a transaction proves about it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.contracts.vocabulary import GROUPS, Kind, TransactionKind, TransactionState
from shared.money import Money

_ANY: Final = frozenset(TransactionKind)

# The transactions that the app offers a kind for. A claim about another is heard all the same
# (domain rule 1), except where there is none to take.
FITS: Final[Mapping[Kind, frozenset[TransactionKind]]] = {
    Kind.PAYMENT_FAILED: frozenset({TransactionKind.PAYMENT, TransactionKind.TOP_UP}),
    Kind.WRONG_AMOUNT: _ANY,
    Kind.DUPLICATE_CHARGE: frozenset({TransactionKind.PAYMENT, TransactionKind.TOP_UP}),
    Kind.MISSING_FUNDS: _ANY - {TransactionKind.PAYMENT},
    Kind.REFUND_REQUEST: frozenset({TransactionKind.PAYMENT}),
    Kind.REFUND_NOT_RECEIVED: frozenset({TransactionKind.PAYMENT}),
    Kind.GOODS_OR_SERVICE: frozenset({TransactionKind.PAYMENT}),
    Kind.UNAUTHORIZED: _ANY,
    Kind.WRONG_OR_SCAM_TRANSFER: frozenset(
        {TransactionKind.TRANSFER, TransactionKind.WITHDRAWAL, TransactionKind.ON_CHAIN}
    ),
    Kind.BALANCE_ANOMALY: _ANY,
    Kind.ACCESS_LOST: frozenset(),
    Kind.COMPLAINT: frozenset(),
}

# How many one customer may have open without a transaction, by group; the others are not counted.
MOST_OPEN: Final[Mapping[str, int]] = {
    GROUPS[Kind.UNAUTHORIZED]: 1,
    GROUPS[Kind.ACCESS_LOST]: 1,
    GROUPS[Kind.COMPLAINT]: 5,
}

_DECLINED: Final = frozenset({TransactionState.DECLINED})
_UNCAPTURED: Final = _DECLINED | {TransactionState.DEBITED_NOT_CAPTURED}

# In these states nothing was paid that the kind could be about. A hold that remains (debited, not
# captured) can be a wrong amount or a second charge; a thief's declined try is a theft as well.
_NOTHING_PAID: Final[Mapping[Kind, frozenset[TransactionState]]] = {
    Kind.WRONG_AMOUNT: _DECLINED,
    Kind.DUPLICATE_CHARGE: _DECLINED,
    Kind.REFUND_REQUEST: _UNCAPTURED,
    Kind.REFUND_NOT_RECEIVED: _UNCAPTURED,
    Kind.GOODS_OR_SERVICE: _DECLINED,
    Kind.WRONG_OR_SCAM_TRANSFER: _DECLINED,
}

# What was given back according to the books is no end of these: it is what a missing refund is
# about, theft stays theft, and goods can harm after the refund.
_WHATEVER_IS_LEFT: Final = frozenset(
    {
        Kind.REFUND_NOT_RECEIVED,
        Kind.GOODS_OR_SERVICE,
        Kind.UNAUTHORIZED,
        Kind.BALANCE_ANOMALY,
    }
)

# Here a part is meant; which, only the customer can say.
_A_PART_IS_MEANT: Final = frozenset({Kind.WRONG_AMOUNT, Kind.BALANCE_ANOMALY})


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


def obstacle(kind: Kind, transaction: Transaction) -> str | None:
    """Why the copy proves that there is nothing to ask for: a code, or None."""
    if transaction.state in _NOTHING_PAID.get(kind, frozenset()):
        return "not_captured"
    if kind not in _WHATEVER_IS_LEFT and transaction.remaining.amount_minor == 0:
        return "already_refunded"
    return None


def most(kind: Kind, transaction: Transaction) -> Money:
    """The most that can be asked for: what was captured, less what the kind counts as returned."""
    if kind in _WHATEVER_IS_LEFT:
        return Money(transaction.amount_minor, transaction.currency)
    return transaction.remaining


def meant(kind: Kind, transaction: Transaction) -> Money | None:
    """What is asked for where no amount is named; None where nobody can know."""
    if kind in _A_PART_IS_MEANT:
        return None
    if transaction.state is TransactionState.DECLINED and kind is not Kind.REFUND_REQUEST:
        return None  # nothing moved
    if kind is Kind.REFUND_NOT_RECEIVED and transaction.refunded_minor:
        refunded = min(transaction.refunded_minor, transaction.amount_minor)
        return Money(refunded, transaction.currency)
    return transaction.remaining if transaction.remaining.amount_minor else None
