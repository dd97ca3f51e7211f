"""What can happen to a dispute: a name and a typed input, stored in history as it came."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.contracts.vocabulary import Actor, Fault, Payer, Remedy, TransactionState


class T(StrEnum):
    """Every trigger. Those under 'routes' are the machine's own next steps."""

    OPENED = "opened"
    # the bank's answers
    TRANSACTION_FOUND = "transaction_found"
    TRANSACTION_MISSING = "transaction_missing"
    TRANSACTION_FOREIGN = "transaction_foreign"
    TRACE_IN_TRANSIT = "trace_in_transit"
    TRACE_DELIVERED = "trace_delivered"
    TRACE_REJECTED = "trace_rejected"
    TRACE_WRONG_ACCOUNT = "trace_wrong_account"
    TRACE_NOT_FOUND = "trace_not_found"
    REVERSAL_PENDING = "reversal_pending"
    REVERSAL_CREDITED = "reversal_credited"
    REVERSAL_ABSENT = "reversal_absent"
    REFUND_ACCEPTED = "refund_accepted"
    REFUND_CREDITED = "refund_credited"
    REFUND_BOUNCED = "refund_bounced"
    REFUND_UNFUNDED = "refund_unfunded"
    REFUND_FAILED = "refund_failed"
    REFUND_NO_ANSWER = "refund_no_answer"
    REFUND_NOT_FOUND = "refund_not_found"
    # the merchant's
    CONSENT_DELIVERED = "consent_delivered"
    MERCHANT_ACCEPTED = "merchant_accepted"
    MERCHANT_REFUSED = "merchant_refused"
    # people's
    ARBITRATOR_DECIDED = "arbitrator_decided"
    REFUND_DECLARED_FAILED = "refund_declared_failed"
    WITHDRAWN = "withdrawn"
    LATE_CONSENT_REQUESTED = "late_consent_requested"
    APPEALED = "appealed"
    # timers
    INQUIRY_DUE = "inquiry_due"
    TRACE_RECHECK = "trace_recheck"
    TRACE_DUE = "trace_due"
    REVERSAL_RECHECK = "reversal_recheck"
    REVERSAL_DUE = "reversal_due"
    MERCHANT_DUE = "merchant_due"
    ARBITRATION_DUE = "arbitration_due"
    REFUND_RECHECK = "refund_recheck"
    REFUND_DUE = "refund_due"
    BOUNCE_DUE = "bounce_due"
    FUNDING_DUE = "funding_due"
    PROMISE_DUE = "promise_due"
    # routes
    ASK_BANK = "ask_bank"
    ASK_TRACE = "ask_trace"
    WATCH_REVERSAL = "watch_reversal"
    ASK_MERCHANT = "ask_merchant"
    OPEN_ARBITRATION = "open_arbitration"
    SUPERSEDE_ARBITRATION = "supersede_arbitration"
    APPROVE = "approve"
    RELEASE_REFUND = "release_refund"
    DECLINE = "decline"
    EXPLAIN = "explain"
    CLOSE_AS_DUPLICATE = "close_as_duplicate"


@dataclass(frozen=True, slots=True)
class BankTransaction:
    """The bank's view of a transaction."""

    transaction_id: str
    state: TransactionState
    customer_id: str
    payer_id: str | None
    merchant_id: str | None
    captured_minor: int
    refunded_minor: int
    currency: str
    cause: str | None = None
    reversal_state: str | None = None
    reversal_minor: int | None = None
    reversal_expected_at: datetime | None = None
    reversal_reference: str | None = None


@dataclass(frozen=True, slots=True)
class TraceReport:
    """The bank's answer to trace number `n`."""

    n: int
    at_bank: str | None = None
    expected_at: datetime | None = None
    delivered_at: datetime | None = None
    proof: str | None = None
    reject_reason: str | None = None
    return_minor: int | None = None
    return_expected_at: datetime | None = None
    return_reference: str | None = None
    return_credited: bool = False


@dataclass(frozen=True, slots=True)
class RefundReport:
    """The bank's answer to refund attempt `n`; what it was for, where the bank knows it."""

    n: int
    reason: str | None = None
    expected_at: datetime | None = None
    destination_kind: str | None = None
    destination_bank: str | None = None
    destination_tail: str | None = None
    transaction_id: str | None = None
    amount_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class MerchantAnswer:
    """The merchant's answer to request `n`; the note is sealed."""

    n: int
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ArbitratorDecision:
    """Fault, remedy, who pays and who bears the loss; reason required, note sealed."""

    fault: Fault
    remedy: Remedy
    reason: str
    decided_by: str
    amount_minor: int | None = None
    payer: Payer | None = None
    loss_bearer: Payer | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer asked, or what an operator states, by whom."""

    requested_by: str


Payload = (
    BankTransaction | TraceReport | RefundReport | MerchantAnswer | ArbitratorDecision | Wish | None
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One thing that happened, who did it, and what came with it."""

    name: T
    actor: Actor = Actor.REDRESS
    payload: Payload = None
