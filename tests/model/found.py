"""What the bank may say when it is asked for the transaction, as far as the scope is about it."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Final

from services.tracker.domain.dispute import Dispute
from services.tracker.domain.records import replace
from services.tracker.domain.triggers import BankTransaction, T
from shared.contracts.vocabulary import Funding, Kind, TransactionKind, TransactionState
from tests.model.plain import NOW
from tests.model.scope import Scope
from tests.model.world import CAPTURED, TRANSFERS, Heard, Truth

_BY_CARD: Final = (Kind.UNAUTHORIZED, Kind.GOODS_OR_SERVICE)
_DEBITED: Final = TransactionState.DEBITED_NOT_CAPTURED
WINDOW_CLOSES: Final = NOW + timedelta(days=1)


def answers(scope: Scope, truth: Truth, dispute: Dispute) -> Iterator[Heard]:
    """Found in one of the shapes, not known, or somebody else's."""
    for state, moves, funding in _shapes(scope):
        bank = _bank(dispute, scope, state, moves, funding)
        if state is not _DEBITED:
            yield Heard(T.TRANSACTION_FOUND, bank, truth)
            if scope.self_custody and state is TransactionState.CAPTURED:
                yield Heard(T.TRANSACTION_FOUND, replace(bank, pending=True), truth)
            continue
        yield Heard(T.TRANSACTION_FOUND, bank, truth.now("reversal", "pending"))
        back = replace(bank, reversal_state="credited")
        yield Heard(T.TRANSACTION_FOUND, back, truth.now("reversal", "credited"))
    if scope.chargebacks and not truth.of("network"):
        bank = _bank(dispute, scope, *_shapes(scope)[0])
        told = replace(bank, chargeback_minor=CAPTURED)
        yield Heard(T.TRANSACTION_FOUND, told, truth.now("network", "filed"))
    if not scope.brisk:
        yield Heard(T.TRANSACTION_MISSING, None, truth)
        if not scope.self_custody:  # a node knows no people
            yield Heard(T.TRANSACTION_FOREIGN, None, truth)


def _shapes(scope: Scope) -> list[tuple[TransactionState, TransactionKind, Funding]]:
    moved = TransactionKind.TRANSFER if scope.kind in TRANSFERS else TransactionKind.PAYMENT
    usual = [(moved, Funding.BALANCE)]
    if scope.kind in _BY_CARD:
        usual.append((moved, Funding.CARD))
    if scope.kind is Kind.UNAUTHORIZED:
        usual.append((TransactionKind.TRANSFER, Funding.BALANCE))
    about = [
        (moves, funding)
        for moves, funding in usual
        if scope.moves in (None, moves) and scope.funding in (None, funding)
    ]
    if not about:
        about = [(scope.moves or moved, scope.funding or Funding.BALANCE)]
    states = scope.states or _states(scope.kind)
    return [(state, *how) for state, how in product(states, about)]


def _states(kind: Kind) -> tuple[TransactionState, ...]:
    if kind is Kind.PAYMENT_FAILED:
        return tuple(TransactionState)
    return (TransactionState.CAPTURED,)


def _bank(
    dispute: Dispute,
    scope: Scope,
    state: TransactionState,
    kind: TransactionKind,
    funding: Funding,
) -> BankTransaction:
    captured = 0 if state is TransactionState.DECLINED else CAPTURED
    return BankTransaction(
        transaction_id=dispute.claim.transaction_id or "",
        state=state,
        customer_id=dispute.claim.customer_id,
        payer_id=None,
        merchant_id=dispute.claim.merchant_id,
        captured_minor=captured,
        refunded_minor=0,
        currency="CNY",
        reversal_minor=CAPTURED if state is _DEBITED else None,
        kind=kind,
        funding=funding,
        chargeback_until=WINDOW_CLOSES if scope.window else None,
    )
