"""What bank, network and ledger say of recalls, chargebacks and postings."""

from typing import Final, Literal

from pydantic import AwareDatetime

from services.tracker.bank.answers import ChargebackState, KnownChargeback, attempt
from services.tracker.calling import Answer
from services.tracker.domain.triggers import ChargebackReport, Posting, RecallReport, T, Trigger
from shared.contracts.events import Amount, Code
from shared.contracts.vocabulary import Actor


class RecallBody(Answer):
    """The bank's recall."""

    reference: str
    transaction_id: str
    state: Literal["asked", "agreed", "refused", "returned"]
    amount: Amount
    reason: Code | None = None
    expected_at: AwareDatetime | None = None


class ChargebackBody(Answer):
    """The network's chargeback; without a reference it did not come from here."""

    reference: str | None = None
    transaction_id: str
    state: ChargebackState
    amount: Amount
    reason: Code | None = None
    answer_by: AwareDatetime | None = None


class PostingBody(Answer):
    """What the wallet's ledger did."""

    reference: str
    kind: Literal["provisional_credit", "credit_reversal", "correction", "compensation"]
    state: Literal["posted", "refused"]
    amount: Amount
    reason: Code | None = None


WITHOUT_MONEY: Final = ("lost", "withdrawn", "refused")
"""How a chargeback is over that brought nothing."""

_RECALLS: Final = {
    "asked": T.RECALL_PENDING,
    "agreed": T.RECALL_AGREED,
    "refused": T.RECALL_REFUSED,
    "returned": T.RECALL_RETURNED,
}
_CHARGEBACKS: Final = {
    "filed": T.CHARGEBACK_PENDING,
    "represented": T.CHARGEBACK_REPRESENTED,
    "pre_arbitration": T.CHARGEBACK_PENDING,
    "arbitration": T.CHARGEBACK_PENDING,
    "won": T.CHARGEBACK_WON,
    "lost": T.CHARGEBACK_LOST,
    "withdrawn": T.CHARGEBACK_WITHDRAWN,
    "refused": T.CHARGEBACK_LOST,  # the network's final no; the reason says so
}
_POSTINGS: Final = {
    ("provisional_credit", "posted"): T.CREDIT_POSTED,
    ("provisional_credit", "refused"): T.CREDIT_REFUSED,
    ("credit_reversal", "posted"): T.CREDIT_REVERSED,
    ("credit_reversal", "refused"): T.CREDIT_REVERSAL_REFUSED,
    ("correction", "posted"): T.CORRECTION_POSTED,
    ("correction", "refused"): T.CORRECTION_REFUSED,
    ("compensation", "posted"): T.COMPENSATION_POSTED,
    ("compensation", "refused"): T.COMPENSATION_REFUSED,
}


def of_recall(body: RecallBody) -> Trigger:
    """How a recall stands."""
    report = RecallReport(
        n=attempt(body.reference),
        amount_minor=body.amount.amount_minor,
        reason=body.reason,
        expected_at=body.expected_at,
        transaction_id=body.transaction_id,
    )
    return Trigger(_RECALLS[body.state], Actor.BANK, report)


def of_chargeback(body: ChargebackBody) -> Trigger:
    """How a chargeback stands."""
    report = ChargebackReport(
        n=attempt(body.reference) if body.reference else None,
        amount_minor=body.amount.amount_minor,
        reason=body.reason,
        answer_by=body.answer_by,
        transaction_id=body.transaction_id,
    )
    return Trigger(_CHARGEBACKS[body.state], Actor.BANK, report)


def of_others(transaction_id: str, known: KnownChargeback | None) -> Trigger | None:
    """News of one that did not come from here, where it takes money or has taken it."""
    if known is None or known.reference is not None or known.state in WITHOUT_MONEY:
        return None
    return appeared(
        ChargebackBody(transaction_id=transaction_id, state=known.state, amount=known.amount)
    )


def of_outside(transaction_id: str, known: KnownChargeback | None) -> Trigger:
    """How one stands that did not come from here; what is not there any more is no news."""
    if known is None or known.reference is not None:
        return Trigger(
            T.CHARGEBACK_PENDING, Actor.BANK, ChargebackReport(None, transaction_id=transaction_id)
        )
    body = ChargebackBody(transaction_id=transaction_id, state=known.state, amount=known.amount)
    return of_chargeback(body)


def appeared(body: ChargebackBody) -> Trigger:
    """The first news of one that did not come from here."""
    told = of_chargeback(body)
    return Trigger(T.CHARGEBACK_APPEARED, told.actor, told.payload)


def of_posting(body: PostingBody) -> Trigger:
    """What became of a posting."""
    posting = Posting(attempt(body.reference), body.amount.amount_minor, body.reason)
    return Trigger(_POSTINGS[body.kind, body.state], Actor.BANK, posting)
