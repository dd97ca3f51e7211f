"""What a search lets happen, and the states that it goes through."""

from dataclasses import dataclass
from typing import Final

from services.tracker.domain.dispute import Dispute
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Funding, Kind, Remedy, TransactionKind, TransactionState
from tests.model.world import CAPTURED, Truth

MOST_ATTEMPTS: Final = 2
MOST_ARBITRATIONS: Final = 3
PLAIN_MERCHANT: Final = "m-plain"
SIGNED_MERCHANT: Final = "m-signed"  # whose silence refunds


@dataclass(frozen=True, slots=True)
class Scope:
    """What one search lets happen."""

    kind: Kind
    requested_minor: int | None = CAPTURED
    has_transaction: bool = True
    others: tuple[int, ...] = (0,)
    appeals: bool = False
    legal: bool = False
    credit: bool = False
    compensation: bool = False
    offers: bool = True
    attempts: int = MOST_ATTEMPTS
    remedies: tuple[Remedy, ...] | None = None  # only these; none: where a person is asked, it ends
    merchant: str | None = PLAIN_MERCHANT
    duplicate: bool = False  # another open dispute of the transaction came first
    is_late: bool = False  # claimed after the refund window
    states: tuple[TransactionState, ...] = ()  # only of transactions in these; none: in all
    funding: Funding | None = None  # only of transactions that were paid so
    moves: TransactionKind | None = None  # only of transactions of this kind
    chargebacks: bool = False  # issuers may charge back by themselves, and the bank tells
    window: bool = False  # the network's window for a chargeback closes at some time
    siblings: bool = False  # disputes of the same claim ask for the account's hold, too
    details: bool = True  # the customer may say later which transaction it is
    prompt: bool = False  # the account service answers before anything else happens
    brisk: bool = False  # so does the bank when it is asked for the transaction, which it knows
    self_custody: bool = False  # a node instead of a bank: nothing can be paid or taken back
    silent: frozenset[T] = frozenset()  # what is never said in this search


@dataclass(eq=False, slots=True)
class Point:
    """A dispute without what no decision reads; there is one object for each such dispute."""

    dispute: Dispute
    has_ended: bool
    status: str
    actor: str
    legs: frozenset[str]  # that have begun


@dataclass(frozen=True, slots=True)
class Node:
    """One state of everything."""

    point: Point
    work: frozenset[str]
    truth: Truth
    others_minor: int
    arbitrations: int = 0

    @property
    def dispute(self) -> Dispute:
        return self.point.dispute
