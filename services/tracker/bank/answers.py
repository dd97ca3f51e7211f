"""What the bank says, in its bodies, and what that is to the core."""

from collections.abc import Container
from typing import Final, Literal

from pydantic import AwareDatetime, Field

from services.tracker.calling import Answer
from services.tracker.domain.triggers import (
    BankTransaction,
    Comparison,
    RefundReport,
    T,
    TraceReport,
    Trigger,
)
from services.tracker.ports import NoAnswer
from shared.contracts.events import Amount, Code
from shared.contracts.vocabulary import Actor, Funding, Kind, TransactionKind, TransactionState
from shared.money import MinorUnits

_TAIL_DIGITS: Final = 4  # whatever a bank sends, no whole card number goes on
_LIVE: Final = ("filed", "represented", "pre_arbitration", "arbitration")


class Movement(Answer):
    """A return or reversal as the bank tells it."""

    reference: str | None = None
    state: Literal["pending", "credited"]
    amount: Amount
    expected_at: AwareDatetime | None = None


class Tender(Answer):
    """A part of what was paid with."""

    kind: Literal["cash", "coupon", "points"]
    amount_minor: MinorUnits


ChargebackState = Literal[
    "filed", "represented", "pre_arbitration", "arbitration", "won", "lost", "withdrawn", "refused"
]


class KnownChargeback(Answer):
    """The chargeback of a transaction; without a reference it did not come from here."""

    reference: str | None = None
    state: ChargebackState
    amount: Amount


class TransactionBody(Answer):
    """The bank's transaction."""

    transaction_id: str
    state: TransactionState
    customer_id: str
    payer_id: str | None = None
    merchant_id: str | None = None
    captured: Amount
    refunded: Amount
    cause: str | None = None
    reversal: Movement | None = None
    kind: TransactionKind | None = None
    funding: Funding | None = None
    chargeback_until: AwareDatetime | None = None
    tender: tuple[Tender, ...] = ()
    clawback_minor: MinorUnits = 0
    chargeback: KnownChargeback | None = None


class TraceBody(Answer):
    """The bank's trace."""

    reference: str
    transaction_id: str
    state: Literal["in_transit", "delivered", "rejected", "returned", "wrong_account", "not_found"]
    at_bank: str | None = None
    expected_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None
    proof: str | None = None
    reject_reason: str | None = None
    returned: Movement | None = Field(None, alias="return")


class Destination(Answer):
    """Where a refund goes."""

    kind: str
    bank: str | None = None
    tail: str | None = None

    @property
    def shown_tail(self) -> str | None:
        """The last digits at most."""
        return self.tail[-_TAIL_DIGITS:] if self.tail else None


class RefundBody(Answer):
    """The bank's refund."""

    reference: str
    transaction_id: str
    state: Literal["in_flight", "credited", "bounced", "unfunded", "failed"]
    amount: Amount
    reason: str | None = None
    destination: Destination | None = None
    expected_at: AwareDatetime | None = None


class RecordsBody(Answer):
    """What a comparison of the records found."""

    finding: Code
    amount: Amount | None = None
    twin: Code | None = None
    explanation: Code | None = None
    expected_at: AwareDatetime | None = None
    destination: Destination | None = None


_REFUNDS: Final = {
    "in_flight": T.REFUND_ACCEPTED,
    "credited": T.REFUND_CREDITED,
    "bounced": T.REFUND_BOUNCED,
    "unfunded": T.REFUND_UNFUNDED,
    "failed": T.REFUND_FAILED,
}
_TRACES: Final = {
    "in_transit": T.TRACE_IN_TRANSIT,
    "delivered": T.TRACE_DELIVERED,
    "rejected": T.TRACE_REJECTED,
    "returned": T.TRACE_REJECTED,
    "wrong_account": T.TRACE_WRONG_ACCOUNT,
    "not_found": T.TRACE_NOT_FOUND,
}
_FINDINGS: Final[dict[str, dict[str, T]]] = {
    Kind.WRONG_AMOUNT: {
        "pending": T.RECORDS_PENDING,
        "agrees": T.RECORDS_AGREES,
        "differs": T.RECORDS_DIFFERS,
        "explained": T.RECORDS_EXPLAINED,
    },
    Kind.DUPLICATE_CHARGE: {
        "authorised_only": T.RECORDS_AUTHORISED_ONLY,
        "same_order": T.RECORDS_SAME_ORDER,
        "two_orders": T.RECORDS_TWO_ORDERS,
        "unmatched": T.RECORDS_UNMATCHED,
    },
    Kind.REFUND_NOT_RECEIVED: {
        "unsent": T.RECORDS_UNSENT,
        "on_its_way": T.RECORDS_ON_ITS_WAY,
        "arrived": T.RECORDS_ARRIVED,
        "bounced": T.RECORDS_BOUNCED,
        "unfunded": T.RECORDS_UNFUNDED,
    },
    Kind.BALANCE_ANOMALY: {
        "explained": T.RECORDS_EXPLAINED,
        "our_error": T.RECORDS_OUR_ERROR,
        "unknown_debits": T.RECORDS_UNKNOWN_DEBITS,
        "held": T.RECORDS_HELD,
    },
}


def of_transaction(body: TransactionBody) -> Trigger:
    """The bank knows the transaction."""
    return Trigger(T.TRANSACTION_FOUND, Actor.BANK, _bank_transaction(body))


def of_reversal(body: TransactionBody) -> Trigger:
    """How a transaction's reversal stands."""
    names = {"pending": T.REVERSAL_PENDING, "credited": T.REVERSAL_CREDITED}
    name = names[body.reversal.state] if body.reversal else T.REVERSAL_ABSENT
    return Trigger(name, Actor.BANK, _bank_transaction(body))


def of_trace(body: TraceBody) -> Trigger:
    """Where traced money is."""
    back = body.returned
    report = TraceReport(
        n=attempt(body.reference),
        at_bank=body.at_bank,
        expected_at=body.expected_at,
        delivered_at=body.delivered_at,
        proof=body.proof,
        reject_reason=body.reject_reason,
        return_minor=back.amount.amount_minor if back else None,
        return_expected_at=back.expected_at if back else None,
        return_reference=back.reference if back else None,
        return_credited=bool(back and back.state == "credited"),
    )
    return Trigger(_TRACES[body.state], Actor.BANK, report)


def of_callback_trace(body: TraceBody) -> Trigger:
    """News of a trace: of its return once that is what changed, else of where the money is."""
    credited = body.returned is not None and body.returned.state == "credited"
    return of_return(body) if credited else of_trace(body)


def of_return(body: TraceBody) -> Trigger:
    """How the return of a rejected transfer stands."""
    back = body.returned
    if back is None:
        return Trigger(T.REVERSAL_ABSENT, Actor.BANK)
    is_credited = back.state == "credited"
    report = TraceReport(
        n=attempt(body.reference),
        return_minor=back.amount.amount_minor,
        return_expected_at=back.expected_at,
        return_reference=back.reference,
        return_credited=is_credited,
    )
    name = T.REVERSAL_CREDITED if is_credited else T.REVERSAL_PENDING
    return Trigger(name, Actor.BANK, report)


def of_refund(body: RefundBody) -> Trigger:
    """What became of a refund."""
    where = body.destination
    report = RefundReport(
        n=attempt(body.reference),
        reason=body.reason,
        expected_at=body.expected_at,
        destination_kind=where.kind if where else None,
        destination_bank=where.bank if where else None,
        destination_tail=where.shown_tail if where else None,
        transaction_id=body.transaction_id,
        amount_minor=body.amount.amount_minor,
        currency=body.amount.currency,
    )
    return Trigger(_REFUNDS[body.state], Actor.BANK, report)


def of_records(body: RecordsBody, kind: str, n: int) -> Trigger:
    """What comparison `n` found; a finding of another kind of dispute is none."""
    name = _FINDINGS.get(kind, {}).get(body.finding)
    if name is None:
        raise NoAnswer(f"{body.finding} is no finding about {kind}")
    amount, where = body.amount, body.destination
    found = Comparison(
        n=n,
        amount_minor=amount.amount_minor if amount else None,
        currency=amount.currency if amount else None,
        twin=body.twin,
        explanation=body.explanation,
        expected_at=body.expected_at,
        destination_kind=where.kind if where else None,
        destination_bank=where.bank if where else None,
        destination_tail=where.shown_tail if where else None,
    )
    return Trigger(name, Actor.BANK, found)


def attempt(key: str) -> int:
    """The number at the end of `dispute:leg:n`."""
    return int(key.rsplit(":", 1)[1])


def _bank_transaction(body: TransactionBody) -> BankTransaction:
    back = body.reversal
    return BankTransaction(
        transaction_id=body.transaction_id,
        state=body.state,
        customer_id=body.customer_id,
        payer_id=body.payer_id,
        merchant_id=body.merchant_id,
        captured_minor=body.captured.amount_minor,
        refunded_minor=body.refunded.amount_minor,
        currency=body.captured.currency,
        cause=body.cause,
        reversal_state=back.state if back else None,
        reversal_minor=back.amount.amount_minor if back else None,
        reversal_expected_at=back.expected_at if back else None,
        reversal_reference=back.reference if back else None,
        kind=body.kind,
        funding=body.funding,
        tender=_tender(body),
        clawback_minor=body.clawback_minor,
        chargeback_until=body.chargeback_until,
        chargeback_minor=_outside_minor(body),
        chargeback_won=is_charged_back_outside(body, ("won",)),
    )


def _tender(body: TransactionBody) -> tuple[tuple[str, int], ...]:
    """Parts that are not the capture say nothing about it."""
    parts = tuple((part.kind, part.amount_minor) for part in body.tender)
    return parts if sum(minor for _, minor in parts) == body.captured.amount_minor else ()


def is_charged_back_outside(body: TransactionBody, states: Container[str]) -> bool:
    """Whether there is a chargeback in one of these states that did not come from here."""
    there = body.chargeback
    return there is not None and there.reference is None and there.state in states


def _outside_minor(body: TransactionBody) -> int | None:
    live = is_charged_back_outside(body, _LIVE)
    return body.chargeback.amount.amount_minor if body.chargeback and live else None
