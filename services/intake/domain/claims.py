"""What a claim may be: decided from the request and the copy of the transactions. Pure.

Only what these two prove is refused here. Windows and policies are decisions of the tracker, with
a rule and an appeal (domain rule 1: listening comes first).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.intake.domain.kinds import (
    FITS,
    MOST_OPEN,
    Transaction,
    meant,
    most,
    obstacle,
)
from shared.contracts.vocabulary import GROUPS, Action, Actor, Kind, Status
from shared.money import Money
from shared.rules import Reasons

MAX_TRANSACTIONS: Final = 50
MAX_STATEMENT: Final = 2000
AT_FIRST: Final = (Action.WITHDRAW,)
"""What may be asked of a dispute before the tracker has said what is possible."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A transaction complained about; `amount` is None for all that was captured."""

    transaction_id: str
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a customer, or an agent for a customer, submits.

    `about_reference` leads to the dispute that a complaint is about. `unauthenticated`: it came
    without a token, so that nobody proved to be this customer.
    """

    customer_id: str
    kind: Kind
    reason: str
    wanted: tuple[Wanted, ...] = ()
    statement: str | None = None
    channel: str = "app"
    opened_by: Actor = Actor.CUSTOMER
    about_reference: str | None = None
    unauthenticated: bool = False


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """An open dispute that stands in the way of another; the `slot` it holds, if any.

    `status` and what is `possible` as the read model has them.
    """

    customer_id: str
    reference: str
    slot: int | None = None
    status: Status = Status.RECEIVED
    possible: tuple[Action, ...] = AT_FIRST


@dataclass(frozen=True, slots=True)
class Named:
    """A dispute that a reference leads to, by its own reference or by one that stands in for it.

    `reference` is its own.
    """

    customer_id: str
    reference: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What the copy and the disputes say about what some claims name.

    `open` is keyed by (transaction id, kind group); `counted`, the open disputes without a
    transaction of the groups in `MOST_OPEN`, by (customer id, kind group); `named`, the disputes
    that claims say they are about, by the reference that was given.
    """

    transactions: Mapping[str, Transaction]
    open: Mapping[tuple[str, str], OpenDispute]
    counted: Mapping[tuple[str, str], Sequence[OpenDispute]] = field(default_factory=dict)
    named: Mapping[str, Named] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """One dispute to open. `transaction` is None where it is not in the copy.

    `slot` numbers the disputes of a customer and group that may be open at once, from 1; None
    where they are not counted. `about_reference` is the own reference of the dispute that it is
    about.
    """

    transaction_id: str | None
    transaction: Transaction | None
    requested: Money | None
    slot: int | None = None
    about_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """The request contradicts itself or the copy: which field, why, and what to do."""

    field: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class NotTheirs:
    """A transaction or dispute of somebody else: answered as if nothing were there."""


@dataclass(frozen=True, slots=True)
class AlreadyOpen:
    """What `field` names has an open dispute; the rest is told only where it is the caller's own.

    An opening is answered with the `status` of that dispute and what is `possible` there; who asked
    something of a dispute, with those of the dispute that was asked.
    """

    field: str
    reference: str | None
    status: Status | None = None
    possible: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class TooManyOpen:
    """The customer has as many of this kind open as may be at once: these."""

    limit: int
    standing: tuple[OpenDispute, ...]


Refusal = Wrong | NotTheirs | AlreadyOpen | TooManyOpen


def check(claim: Claim, reasons: Reasons, kinds: Collection[Kind]) -> list[Wrong]:
    """What is wrong with the claim by itself; empty when nothing is. `kinds`: the wallet's."""
    if claim.kind not in kinds:
        return [_not_taken(claim.kind, kinds)]
    wrong = [] if claim.reason in reasons[claim.kind] else [_unknown_reason(claim, reasons)]
    if claim.wanted and not FITS[claim.kind]:
        wrong.append(_takes_none(claim.kind))
    if claim.about_reference and claim.kind is not Kind.COMPLAINT:
        wrong.append(_NO_COMPLAINT)
    seen: set[str] = set()
    for n, wanted in enumerate(claim.wanted):
        if wanted.transaction_id in seen:
            wrong.append(_twice(n))
        if wanted.amount and wanted.amount.amount_minor == 0:
            wrong.append(zero(f"{_at(n)}.amount.amount_minor"))
        seen.add(wanted.transaction_id)
    return wrong


def decide(claim: Claim, situation: Situation) -> tuple[Item, ...] | Refusal:
    """One item per transaction (one without a transaction where none is named), or a refusal.

    The refusal of one transaction refuses the claim. A transaction that is not in the copy is
    accepted: the tracker asks the bank whose it is.
    """
    about = situation.named.get(claim.about_reference or "")
    if claim.about_reference and (about is None or about.customer_id != claim.customer_id):
        return NotTheirs()
    if not claim.wanted:
        return _without_transaction(claim, situation, about.reference if about else None)
    known = [situation.transactions.get(w.transaction_id) for w in claim.wanted]
    if any(t and t.customer_id != claim.customer_id for t in known):
        return NotTheirs()
    pairs = list(zip(claim.wanted, known, strict=True))
    for n, (wanted, transaction) in enumerate(pairs):
        if transaction and (wrong := _contradicts(n, claim.kind, wanted, transaction)):
            return wrong
    for n, wanted in enumerate(claim.wanted):
        if standing := situation.open.get((wanted.transaction_id, GROUPS[claim.kind])):
            return _already_open(_at(n), standing, claim.customer_id)
    return tuple(Item(w.transaction_id, t, _requested(claim.kind, w, t)) for w, t in pairs)


def _without_transaction(
    claim: Claim, situation: Situation, about: str | None
) -> tuple[Item, ...] | Refusal:
    group = GROUPS[claim.kind]
    if group not in MOST_OPEN:
        return (Item(None, None, None, about_reference=about),)
    limit, standing = MOST_OPEN[group], situation.counted.get((claim.customer_id, group), ())
    if len(standing) >= limit:
        if limit == 1:
            return _already_open("kind", standing[0], claim.customer_id)
        return TooManyOpen(limit, tuple(standing))
    taken = {dispute.slot for dispute in standing}
    return (Item(None, None, None, min(set(range(1, limit + 1)) - taken), about),)


def _already_open(field: str, standing: OpenDispute, customer_id: str) -> AlreadyOpen:
    if standing.customer_id != customer_id:
        return AlreadyOpen(field, None)
    return AlreadyOpen(field, standing.reference, standing.status, standing.possible)


def _requested(kind: Kind, wanted: Wanted, transaction: Transaction | None) -> Money | None:
    """The amount named, else what the kind means."""
    if wanted.amount or transaction is None:
        return wanted.amount
    return meant(kind, transaction)


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
    left = most(kind, transaction).amount_minor
    if wanted.amount.amount_minor > left:
        returned = "" if left == transaction.amount_minor else " and not refunded"
        return Wrong(
            f"{_at(n)}.amount.amount_minor",
            f"more than the {left} minor units that were captured{returned}",
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
        "Leave this transaction out, or name another",
    ),
}


def _at(n: int) -> str:
    return f"transactions.{n}"


def _unknown_reason(claim: Claim, reasons: Reasons) -> Wrong:
    known = ", ".join(reasons[claim.kind])
    return Wrong("reason", f"this is no reason of {claim.kind}", f"Use one of: {known}")


def _not_taken(kind: Kind, kinds: Collection[Kind]) -> Wrong:
    remedy = f"Use one of: {', '.join(sorted(kinds))}; GET /v1/wallet tells what else can be done"
    return Wrong("kind", f"this wallet has nothing that could decide {kind}", remedy)


_NO_COMPLAINT: Final = Wrong(
    "about_reference",
    "only a complaint is about another dispute",
    "Leave this field out, or use the kind complaint",
)


def _takes_none(kind: Kind) -> Wrong:
    remedy = "Leave this field out; for a transaction use another kind, see GET /v1/kinds"
    return Wrong("transactions", f"{kind} is about no transaction", remedy)


def _twice(n: int) -> Wrong:
    return Wrong(
        f"{_at(n)}.transaction_id", "this transaction is in the list already", "Name it once"
    )


def zero(field: str) -> Wrong:
    """An amount of nothing."""
    return Wrong(
        field,
        "the amount is zero",
        "Ask for more than zero, or leave the amount out to ask for all of it",
    )
