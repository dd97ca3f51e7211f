"""What can happen to a dispute: a name and a typed input, stored in history as it came."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.contracts.vocabulary import (
    Actor,
    Fault,
    Funding,
    Payer,
    Remedy,
    Reopening,
    TransactionKind,
    TransactionState,
)


class T(StrEnum):
    """Every trigger. Those under 'routes' are the machine's own next steps."""

    OPENED = "opened"
    # the bank's answers
    TRANSACTION_FOUND = "transaction_found"
    TRANSACTION_MISSING = "transaction_missing"
    TRANSACTION_FOREIGN = "transaction_foreign"
    RECORDS_PENDING = "records_pending"
    RECORDS_AGREES = "records_agrees"
    RECORDS_DIFFERS = "records_differs"
    RECORDS_EXPLAINED = "records_explained"
    RECORDS_AUTHORISED_ONLY = "records_authorised_only"
    RECORDS_SAME_ORDER = "records_same_order"
    RECORDS_TWO_ORDERS = "records_two_orders"
    RECORDS_UNMATCHED = "records_unmatched"
    RECORDS_UNSENT = "records_unsent"
    RECORDS_ON_ITS_WAY = "records_on_its_way"
    RECORDS_UNFUNDED = "records_unfunded"
    RECORDS_BOUNCED = "records_bounced"
    RECORDS_ARRIVED = "records_arrived"
    RECORDS_OUR_ERROR = "records_our_error"
    RECORDS_UNKNOWN_DEBITS = "records_unknown_debits"
    RECORDS_HELD = "records_held"
    TRACE_IN_TRANSIT = "trace_in_transit"
    TRACE_DELIVERED = "trace_delivered"
    TRACE_REJECTED = "trace_rejected"
    TRACE_WRONG_ACCOUNT = "trace_wrong_account"
    TRACE_NOT_FOUND = "trace_not_found"
    REVERSAL_PENDING = "reversal_pending"
    REVERSAL_CREDITED = "reversal_credited"
    REVERSAL_ABSENT = "reversal_absent"
    RECALL_PENDING = "recall_pending"
    RECALL_AGREED = "recall_agreed"
    RECALL_REFUSED = "recall_refused"
    RECALL_RETURNED = "recall_returned"
    REFUND_ACCEPTED = "refund_accepted"
    REFUND_CREDITED = "refund_credited"
    REFUND_BOUNCED = "refund_bounced"
    REFUND_UNFUNDED = "refund_unfunded"
    REFUND_FAILED = "refund_failed"
    REFUND_NO_ANSWER = "refund_no_answer"
    REFUND_WITHHELD = "refund_withheld"
    REFUND_NOT_FOUND = "refund_not_found"
    # the card network's
    CHARGEBACK_APPEARED = "chargeback_appeared"
    CHARGEBACK_PENDING = "chargeback_pending"
    CHARGEBACK_REPRESENTED = "chargeback_represented"
    CHARGEBACK_WON = "chargeback_won"
    CHARGEBACK_LOST = "chargeback_lost"
    CHARGEBACK_WITHDRAWN = "chargeback_withdrawn"
    # the wallet's ledger's and account service's
    CREDIT_POSTED = "credit_posted"
    CREDIT_REFUSED = "credit_refused"
    CREDIT_REVERSED = "credit_reversed"
    CREDIT_REVERSAL_REFUSED = "credit_reversal_refused"
    CORRECTION_POSTED = "correction_posted"
    CORRECTION_REFUSED = "correction_refused"
    COMPENSATION_POSTED = "compensation_posted"
    COMPENSATION_REFUSED = "compensation_refused"
    HOLD_PLACED = "hold_placed"
    HOLD_FROZEN = "hold_frozen"
    HOLD_RELEASED = "hold_released"
    HOLD_REFUSED = "hold_refused"
    HOLD_EXPIRED = "hold_expired"
    IDENTITY_PENDING = "identity_pending"
    IDENTITY_VERIFIED = "identity_verified"
    IDENTITY_FAILED = "identity_failed"
    RESET_PENDING = "reset_pending"
    RESET_DONE = "reset_done"
    RESET_REFUSED = "reset_refused"
    # the merchant's
    CONSENT_DELIVERED = "consent_delivered"
    MERCHANT_ACCEPTED = "merchant_accepted"
    MERCHANT_REFUSED = "merchant_refused"
    MERCHANT_OFFERED = "merchant_offered"
    MERCHANT_WANTS_RETURN = "merchant_wants_return"
    MERCHANT_FULFILLED = "merchant_fulfilled"
    MERCHANT_SENT_EVIDENCE = "merchant_sent_evidence"
    GOODS_RECEIVED = "goods_received"
    GOODS_CONTESTED = "goods_contested"
    # the customer's
    WITHDRAWN = "withdrawn"
    LATE_CONSENT_REQUESTED = "late_consent_requested"
    APPEALED = "appealed"
    DETAILS_GIVEN = "details_given"
    OFFER_ACCEPTED = "offer_accepted"
    OFFER_REFUSED = "offer_refused"
    GOODS_SHIPPED = "goods_shipped"
    CUSTOMER_SENT_EVIDENCE = "customer_sent_evidence"
    ACCOUNT_CHOSEN = "account_chosen"
    # the operator's
    ARBITRATOR_DECIDED = "arbitrator_decided"
    DECISION_CONFIRMED = "decision_confirmed"
    DECISION_REJECTED = "decision_rejected"
    REFUND_DECLARED_FAILED = "refund_declared_failed"
    ACCOUNT_CONFIRMED = "account_confirmed"
    ACCOUNT_REJECTED = "account_rejected"
    CHARGEBACK_ORDERED = "chargeback_ordered"
    PRE_ARBITRATION_ORDERED = "pre_arbitration_ordered"
    NETWORK_ARBITRATION_ORDERED = "network_arbitration_ordered"
    REPRESENTMENT_ACCEPTED = "representment_accepted"
    WITHDRAWAL_ORDERED = "withdrawal_ordered"
    CREDIT_ORDERED = "credit_ordered"
    COMPENSATION_ORDERED = "compensation_ordered"
    DOCUMENTS_ACCEPTED = "documents_accepted"
    DOCUMENTS_REJECTED = "documents_rejected"
    LEGAL_HOLD_PLACED = "legal_hold_placed"
    LEGAL_HOLD_LIFTED = "legal_hold_lifted"
    CASE_REOPENED = "case_reopened"
    COMPLAINT_ANSWERED = "complaint_answered"
    # timers
    DETAILS_DUE = "details_due"
    INQUIRY_DUE = "inquiry_due"
    RECORDS_RECHECK = "records_recheck"
    RECORDS_DUE = "records_due"
    TRACE_RECHECK = "trace_recheck"
    TRACE_DUE = "trace_due"
    REVERSAL_RECHECK = "reversal_recheck"
    REVERSAL_DUE = "reversal_due"
    RECALL_RECHECK = "recall_recheck"
    RECALL_DUE = "recall_due"
    MERCHANT_REMINDER = "merchant_reminder"
    MERCHANT_DUE = "merchant_due"
    OFFER_DUE = "offer_due"
    GOODS_DUE = "goods_due"
    EVIDENCE_DUE = "evidence_due"
    ARBITRATION_DUE = "arbitration_due"
    REFUND_RECHECK = "refund_recheck"
    REFUND_DUE = "refund_due"
    FUNDING_DUE = "funding_due"
    DESTINATION_DUE = "destination_due"
    CHARGEBACK_WINDOW = "chargeback_window"
    CHARGEBACK_RECHECK = "chargeback_recheck"
    CHARGEBACK_DUE = "chargeback_due"
    CREDIT_DUE = "credit_due"
    CREDIT_NOTICE_DUE = "credit_notice_due"
    HOLD_DUE = "hold_due"
    IDENTITY_RECHECK = "identity_recheck"
    IDENTITY_DUE = "identity_due"
    DOCUMENTS_DUE = "documents_due"
    RESET_RECHECK = "reset_recheck"
    LEGAL_DUE = "legal_due"
    COMPLAINT_DUE = "complaint_due"
    PROMISE_DUE = "promise_due"
    PROMISE_NEAR = "promise_near"
    DATES_MOVED = "dates_moved"
    # routes
    ASK_DETAILS = "ask_details"
    ASK_BANK = "ask_bank"
    ASK_RECORDS = "ask_records"
    ASK_TRACE = "ask_trace"
    WATCH_REVERSAL = "watch_reversal"
    ASK_RECALL = "ask_recall"
    ASK_MERCHANT = "ask_merchant"
    AWAIT_GOODS = "await_goods"
    GATHER_EVIDENCE = "gather_evidence"
    OPEN_ARBITRATION = "open_arbitration"
    SUPERSEDE_ARBITRATION = "supersede_arbitration"
    SEAL = "seal"
    APPROVE = "approve"
    RELEASE_REFUND = "release_refund"
    ASK_DESTINATION = "ask_destination"
    USE_DESTINATION = "use_destination"
    GIVE_UP_BOUNCED = "give_up_bounced"
    FILE_CHARGEBACK = "file_chargeback"
    WITHDRAW_CHARGEBACK = "withdraw_chargeback"
    SETTLE_CREDIT = "settle_credit"
    RESTORE_CREDIT = "restore_credit"
    STOP_REFUND = "stop_refund"
    MAKE_CREDIT_FINAL = "make_credit_final"
    GIVE_NOTICE = "give_notice"
    CORRECT = "correct"
    COMPENSATE_LATENESS = "compensate_lateness"
    ASK_HOLD = "ask_hold"
    ASK_FREEZE = "ask_freeze"
    ASK_RELEASE = "ask_release"
    ASK_IDENTITY = "ask_identity"
    ASK_RESET = "ask_reset"
    TAKE_COMPLAINT = "take_complaint"
    LIFT_VERDICT = "lift_verdict"
    DECLINE = "decline"
    EXPLAIN = "explain"
    FULFIL = "fulfil"
    REFER = "refer"
    SECURE = "secure"
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
    kind: TransactionKind | None = None
    funding: Funding | None = None
    tender: tuple[tuple[str, int], ...] = ()  # cash, coupon, points; nothing: all cash
    clawback_minor: int = 0  # rewards that a full refund takes back
    chargeback_until: datetime | None = None
    chargeback_minor: int | None = None  # one is open that did not come from here
    recipient_kind: str | None = None  # on a chain
    pending: bool = False  # on a chain: no block has taken it up
    chargeback_won: bool = False  # such a one had brought its money before, see `refunded_minor`


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison of the records gave beside its finding."""

    n: int
    amount_minor: int | None = None
    currency: str | None = None
    twin: str | None = None
    explanation: str | None = None
    expected_at: datetime | None = None
    destination_kind: str | None = None
    destination_bank: str | None = None
    destination_tail: str | None = None


@dataclass(frozen=True, slots=True)
class RecallReport:
    """The answer to recall `n`: how much comes or came back."""

    n: int
    amount_minor: int | None = None
    reason: str | None = None
    expected_at: datetime | None = None
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChargebackReport:
    """How a chargeback stands; `n` is None for one that did not come from here."""

    n: int | None
    amount_minor: int | None = None
    reason: str | None = None
    answer_by: datetime | None = None
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """What the wallet's ledger did with posting `n`."""

    n: int
    amount_minor: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AccountReport:
    """What the wallet's account or identity service did; `others` are holds beside ours."""

    n: int = 1
    reason: str | None = None
    others: tuple[str, ...] = ()


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
    known_at: datetime | None = None  # since when the bank knows it, by its own clock
    charged_back_minor: int | None = None  # what somebody else's chargeback takes instead


@dataclass(frozen=True, slots=True)
class MerchantAnswer:
    """The merchant's answer to request `n`; the note is sealed."""

    n: int
    reason: str | None = None
    note: str | None = None
    offer_minor: int | None = None
    offer_currency: str | None = None
    proof: str | None = None


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
    rate_bearer: Payer | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer asked, or what an operator states, by whom; their words are sealed.

    `amount_minor`: of an offer, the one that they took; None takes whatever stands.
    """

    requested_by: str
    statement: str | None = None
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """What the customer adds to an incomplete claim."""

    requested_by: str
    transaction_id: str
    amount_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A tracking number of goods sent back, or another account for a refund."""

    requested_by: str
    code: str


@dataclass(frozen=True, slots=True)
class Grant:
    """An amount that an operator grants beside any refund; reason required."""

    requested_by: str
    amount_minor: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an operator does something that needs a named cause; the note is sealed."""

    requested_by: str
    cause: Reopening | str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """Dates that move because a calendar or a rule has changed.

    Timers as (leg, trigger, new due date, the rule and when that began to run). `rules_version`
    is what the dispute is decided by from now on.
    """

    requested_by: str
    rules_version: int
    promised_at: datetime | None
    timers: tuple[tuple[str, str, datetime, str, datetime], ...] = ()


Payload = (
    BankTransaction
    | Comparison
    | TraceReport
    | RecallReport
    | RefundReport
    | ChargebackReport
    | Posting
    | AccountReport
    | MerchantAnswer
    | ArbitratorDecision
    | Wish
    | Details
    | Choice
    | Grant
    | Cause
    | Rescheduled
    | None
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One thing that happened, who did it, and what came with it."""

    name: T
    actor: Actor = Actor.REDRESS
    payload: Payload = None
