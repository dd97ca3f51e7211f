"""Which postings each movement of money is made of: pure, one function for each."""

from datetime import datetime
from typing import Final, assert_never

from sandbox.bank.inputs import PostingKind, RefundOrder
from sandbox.bank.ledger import (
    ADVANCES,
    CLEARING,
    CUSTOMER,
    SETTLING,
    SUSPENSE,
    TRANSIT,
    Entry,
    EntryKind,
    Posting,
    moved,
)
from sandbox.bank.models import Refund, Transaction
from shared.contracts.vocabulary import Payer, TransactionKind, TransactionState

COUPONS: Final = "+coupons"
POINTS: Final = "+points"
REWARDS: Final = "wallet:rewards"
_TENDER: Final = {"cash": "", "coupon": COUPONS, "points": POINTS}

Postings = tuple[Posting, ...]


def entry(
    known: Transaction, kind: EntryKind, ids: tuple[str, str], postings: Postings, at: datetime
) -> Entry:
    """An entry about a transaction; `ids` are payment and reference."""
    payment_id, reference = ids
    order = known.order
    return Entry(
        order.transaction_id, kind, payment_id, reference, order.amount.currency, postings, at
    )


def capture(known: Transaction) -> Postings:
    """The customer paid, in cash unless the tender says otherwise."""
    total = known.order.amount.amount_minor
    tender = known.order.bank.tender
    parts = [(_TENDER[part.kind], part.amount_minor) for part in tender or ()] or [("", total)]
    paid = (Posting(known.customer_account + account, -minor) for account, minor in parts)
    return _without_zeros(*paid, Posting(counterparty(known), total))


def refund(known: Transaction, refund: Refund, kind: EntryKind) -> Postings:
    """A refund that is sent, credited or bounced; what settles an advance goes beside the rest."""
    order = refund.asked.order
    total, settled = order.amount.amount_minor, order.settled_minor
    payer = payer_account(known, order.payer)
    under_way = (Posting(CLEARING, total - settled), Posting(SETTLING, settled))
    back = tuple(Posting(each.account, -each.amount_minor) for each in under_way)
    if kind is EntryKind.REFUND_SENT:
        return _without_zeros(Posting(payer, -total), *under_way)
    if kind is EntryKind.REFUND_BOUNCED:
        return _without_zeros(*back, Posting(payer, total))
    return _without_zeros(*back, *_shares(known, order), Posting(ADVANCES, settled))


def clawback(known: Transaction, order: RefundOrder) -> Postings:
    """The rewards that a refund takes back from the customer's points; empty: none."""
    minor = order.parts.clawback_minor
    return _without_zeros(*moved(known.customer_account + POINTS, REWARDS, minor))


def wallet(kind: PostingKind, customer_id: str, minor: int) -> Postings:
    """A posting of the wallet's own ledger."""
    customer = CUSTOMER + customer_id
    match kind:
        case "provisional_credit":
            return moved(ADVANCES, customer, minor)
        case "credit_reversal":
            return moved(customer, ADVANCES, minor)
        case "correction":
            return moved("wallet:corrections", customer, minor)
        case "compensation":
            return moved("wallet:compensation", customer, minor)
        case _:
            assert_never(kind)


def counterparty(known: Transaction) -> str:
    """The account that the customer's money went to."""
    if known.order.bank_state == TransactionState.DEBITED_NOT_CAPTURED:
        return SUSPENSE
    if known.order.kind == TransactionKind.PAYMENT:
        return f"merchant:{known.order.merchant_id or 'unnamed'}"
    return TRANSIT


def payer_account(known: Transaction, payer: Payer) -> str:
    """The account of who pays a refund."""
    match payer:
        case Payer.MERCHANT:
            return f"merchant:{known.order.merchant_id or 'unnamed'}"
        case Payer.BANK:
            return "bank:losses"
        case Payer.WALLET_ADVANCE:
            return ADVANCES
        case Payer.INSURER:
            return "insurer:claims"
        case _:
            assert_never(payer)


def _shares(known: Transaction, order: RefundOrder) -> tuple[Posting, ...]:
    """What the customer gets: a claw-back that is withheld pays what the points owe."""
    parts, owner = order.parts, known.customer_account
    withheld = order.amount.amount_minor - parts.given_minor
    cash = owner if order.destination_account is None else f"{owner}/{order.destination_account}"
    return (
        Posting(cash, parts.cash_minor - order.settled_minor),
        Posting(owner + COUPONS, parts.coupon_minor),
        Posting(owner + POINTS, parts.points_minor + withheld),
    )


def _without_zeros(*postings: Posting) -> Postings:
    return tuple(posting for posting in postings if posting.amount_minor)
