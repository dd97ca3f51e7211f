"""The words that services, partners and people share: kinds, reasons, statuses, actors."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a dispute can be about."""

    PAYMENT_FAILED = "payment_failed"
    WRONG_AMOUNT = "wrong_amount"
    DUPLICATE_CHARGE = "duplicate_charge"
    MISSING_FUNDS = "missing_funds"
    REFUND_REQUEST = "refund_request"
    REFUND_NOT_RECEIVED = "refund_not_received"
    GOODS_OR_SERVICE = "goods_or_service"
    UNAUTHORIZED = "unauthorized"
    WRONG_OR_SCAM_TRANSFER = "wrong_or_scam_transfer"
    BALANCE_ANOMALY = "balance_anomaly"
    ACCESS_LOST = "access_lost"


OPEN_KINDS: Final = frozenset({Kind.MISSING_FUNDS, Kind.REFUND_REQUEST, Kind.PAYMENT_FAILED})

# One open dispute for a transaction and group: two complaints about the same movement of money
# are one case, a complaint about the purchase is another.
GROUPS: Final = {
    Kind.PAYMENT_FAILED: "movement",
    Kind.MISSING_FUNDS: "movement",
    Kind.REFUND_REQUEST: "purchase",
}


class TransactionKind(StrEnum):
    """What moved the money."""

    PAYMENT = "payment"
    TRANSFER = "transfer"
    TOP_UP = "top_up"
    WITHDRAWAL = "withdrawal"


class TransactionState(StrEnum):
    """How the wallet's ledger sees a transaction."""

    CAPTURED = "captured"
    DECLINED = "declined"
    DEBITED_NOT_CAPTURED = "debited_not_captured"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """The public status: a pure function of a dispute's legs."""

    RECEIVED = "received"
    CHECKING = "checking"
    TRACING = "tracing"
    IN_TRANSIT = "in_transit"
    RETURNING = "returning"
    REVERSAL_WATCHED = "reversal_watched"
    WAITING_FOR_MERCHANT = "waiting_for_merchant"
    IN_ARBITRATION = "in_arbitration"
    REFUND_APPROVED = "refund_approved"
    REFUND_SENT = "refund_sent"
    REFUND_UNCONFIRMED = "refund_unconfirmed"
    REFUND_BOUNCED = "refund_bounced"
    REFUND_UNFUNDED = "refund_unfunded"
    CREDITED = "credited"
    DELIVERED = "delivered"
    RETURNED = "returned"
    REVERSED = "reversed"
    EXPLAINED = "explained"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"


ENDS: Final = frozenset(
    {
        Status.CREDITED,
        Status.DELIVERED,
        Status.RETURNED,
        Status.REVERSED,
        Status.EXPLAINED,
        Status.DECLINED,
        Status.WITHDRAWN,
        Status.DUPLICATE,
    }
)


class Actor(StrEnum):
    """Who must act next, or who acted."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"
    BANK = "bank"
    OPS = "ops"
    REDRESS = "redress"
    NOBODY = "nobody"


class Action(StrEnum):
    """What a customer may ask of an existing dispute."""

    WITHDRAW = "withdraw"
    REQUEST_MERCHANT_CONSENT = "request_merchant_consent"
    APPEAL = "appeal"


class Payer(StrEnum):
    """Who pays a refund; every approval names one."""

    MERCHANT = "merchant"
    BANK = "bank"
    WALLET_ADVANCE = "wallet_advance"
    INSURER = "insurer"


class Fault(StrEnum):
    """Whose fault an arbitrator finds it to be."""

    MERCHANT = "merchant"
    CUSTOMER = "customer"
    BOTH = "both"
    NEITHER = "neither"


class Remedy(StrEnum):
    """What an arbitrator grants."""

    FULL_REFUND = "full_refund"
    PARTIAL_REFUND = "partial_refund"
    NONE = "none"


class DecisionReason(StrEnum):
    """Why an arbitrator grants or denies; the customer is told in these words."""

    NOT_AS_DESCRIBED = "not_as_described"
    NOT_RECEIVED = "not_received"
    PARTLY_USED = "partly_used"
    SHARED_FAULT = "shared_fault"
    MERCHANT_AT_FAULT = "merchant_at_fault"
    GOODWILL = "goodwill"
    USED = "used"
    SHIPPED = "shipped"
    DELIVERED_AS_AGREED = "delivered_as_agreed"
    OUTSIDE_POLICY = "outside_policy"
    CUSTOM_MADE = "custom_made"
    ALREADY_REFUNDED = "already_refunded"
    NOT_REFUNDABLE = "not_refundable"
    TRANSACTION_UNKNOWN = "transaction_unknown"


GRANT_REASONS: Final = (
    DecisionReason.NOT_AS_DESCRIBED,
    DecisionReason.NOT_RECEIVED,
    DecisionReason.PARTLY_USED,
    DecisionReason.SHARED_FAULT,
    DecisionReason.MERCHANT_AT_FAULT,
    DecisionReason.GOODWILL,
)
DENIAL_REASONS: Final = tuple(reason for reason in DecisionReason if reason not in GRANT_REASONS)


# code: (zh-CN, English), from the domain's list of reasons
REASONS: Final[dict[Kind, dict[str, tuple[str, str]]]] = {
    Kind.PAYMENT_FAILED: {
        "charged_but_failed": ("扣款却显示失败", "charged but shown failed"),
        "cannot_pay": ("付不出去", "cannot pay"),
        "over_limit": ("超限", "over limit"),
        "card_declined": ("卡被拒", "card declined"),
        "merchant_says_unpaid": ("商家称未收", "merchant says unpaid"),
    },
    Kind.MISSING_FUNDS: {
        "transfer": ("转账未到", "transfer has not arrived"),
        "top_up": ("充值未到", "top-up has not arrived"),
        "withdrawal": ("提现未到", "withdrawal has not arrived"),
        "payee_lacks_it": ("对方未收", "payee has not received it"),
        "on_chain": ("链上", "on chain"),
    },
    Kind.REFUND_REQUEST: {
        "changed_mind": ("七天无理由", "changed my mind"),
        "cancelled": ("取消未发货", "cancelled before dispatch"),
        "ordered_twice": ("重复下单", "ordered twice"),
        "merchant_agreed": ("商家已同意", "merchant agreed"),
        "minor": ("未成年人", "bought by a minor"),
        "renewal": ("续费", "unwanted renewal"),
        "fee": ("手续费", "fee"),
    },
}
