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
    COMPLAINT = "complaint"  # about the service itself: needs no dispute, has its own clock


OPEN_KINDS: Final = frozenset(Kind)  # what can be submitted now

# One open dispute for a transaction and group: two complaints about the same movement of money
# are one case, a complaint about the purchase is another.
GROUPS: Final = {
    Kind.PAYMENT_FAILED: "movement",
    Kind.WRONG_AMOUNT: "movement",
    Kind.DUPLICATE_CHARGE: "movement",
    Kind.MISSING_FUNDS: "movement",
    Kind.REFUND_REQUEST: "purchase",
    Kind.REFUND_NOT_RECEIVED: "refund",
    Kind.GOODS_OR_SERVICE: "purchase",
    Kind.UNAUTHORIZED: "theft",
    Kind.WRONG_OR_SCAM_TRANSFER: "movement",
    Kind.BALANCE_ANOMALY: "account",
    Kind.ACCESS_LOST: "access",
    Kind.COMPLAINT: "service",
}

# Kinds that are about the account or the service: a transaction is no part of them.
WITHOUT_TRANSACTION: Final = frozenset({Kind.BALANCE_ANOMALY, Kind.ACCESS_LOST, Kind.COMPLAINT})


class TransactionKind(StrEnum):
    """What moved the money."""

    PAYMENT = "payment"
    TRANSFER = "transfer"
    TOP_UP = "top_up"
    WITHDRAWAL = "withdrawal"
    ON_CHAIN = "on_chain"


class TransactionState(StrEnum):
    """How the wallet's ledger sees a transaction."""

    CAPTURED = "captured"
    DECLINED = "declined"
    DEBITED_NOT_CAPTURED = "debited_not_captured"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """The public status: a pure function of a dispute's legs."""

    RECEIVED = "received"
    NEEDS_DETAILS = "needs_details"
    CHECKING = "checking"
    COMPARING = "comparing"
    TRACING = "tracing"
    IN_TRANSIT = "in_transit"
    RETURNING = "returning"
    REVERSAL_WATCHED = "reversal_watched"
    RECALLING = "recalling"
    WAITING_FOR_MERCHANT = "waiting_for_merchant"
    OFFER_MADE = "offer_made"
    RETURN_AWAITED = "return_awaited"
    RETURN_SHIPPED = "return_shipped"
    GATHERING_EVIDENCE = "gathering_evidence"
    IN_ARBITRATION = "in_arbitration"
    CHARGEBACK_FILED = "chargeback_filed"
    SECURING_ACCOUNT = "securing_account"
    VERIFYING_IDENTITY = "verifying_identity"
    RESTORING_ACCESS = "restoring_access"
    CORRECTING = "correcting"
    CREDIT_ENDING = "credit_ending"
    UNDER_REVIEW = "under_review"
    COMPLAINT_OPEN = "complaint_open"
    REFUND_APPROVED = "refund_approved"
    REFUND_SENT = "refund_sent"
    REFUND_UNCONFIRMED = "refund_unconfirmed"
    REFUND_BOUNCED = "refund_bounced"
    REFUND_UNFUNDED = "refund_unfunded"
    CREDITED = "credited"
    DELIVERED = "delivered"
    RETURNED = "returned"
    REVERSED = "reversed"
    RECALLED = "recalled"
    CHARGED_BACK = "charged_back"
    FULFILLED = "fulfilled"
    CORRECTED = "corrected"
    ACCESS_RESTORED = "access_restored"
    ACCOUNT_SECURED = "account_secured"
    REFERRED = "referred"
    ANSWERED = "answered"
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
        Status.RECALLED,
        Status.CHARGED_BACK,
        Status.FULFILLED,
        Status.CORRECTED,
        Status.ACCESS_RESTORED,
        Status.ACCOUNT_SECURED,
        Status.REFERRED,
        Status.ANSWERED,
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
    GIVE_DETAILS = "give_details"  # which transaction, how much
    ACCEPT_OFFER = "accept_offer"
    REFUSE_OFFER = "refuse_offer"
    SHIP_RETURN = "ship_return"  # the goods are on their way back, with a tracking number
    SEND_EVIDENCE = "send_evidence"  # all that the customer wants to show has been sent
    CHOOSE_ACCOUNT = "choose_account"  # after a bounce: another account of the same person


class Reopening(StrEnum):
    """Why a sealed case is opened again; nothing else does (domain rule 20)."""

    NEW_EVIDENCE = "new_evidence"
    COURT_ORDER = "court_order"
    REGULATOR = "regulator"


class Funding(StrEnum):
    """Where the money of a transaction came from; a card brings a chargeback with it."""

    BALANCE = "balance"
    CARD = "card"
    ACCOUNT = "account"


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
    RETURN_THEN_REFUND = "return_then_refund"
    CORRECTION = "correction"  # of the wallet's own books; no capture stands behind it
    NONE = "none"


class DecisionReason(StrEnum):
    """Why an arbitrator grants or denies; the customer is told in these words."""

    NOT_AS_DESCRIBED = "not_as_described"
    NOT_RECEIVED = "not_received"
    PARTLY_USED = "partly_used"
    SHARED_FAULT = "shared_fault"
    MERCHANT_AT_FAULT = "merchant_at_fault"
    GOODWILL = "goodwill"
    NOT_AUTHORIZED = "not_authorized"
    CHARGED_TWICE = "charged_twice"
    WRONG_AMOUNT_CHARGED = "wrong_amount_charged"
    OUR_ERROR = "our_error"
    IDENTITY_VERIFIED = "identity_verified"
    USED = "used"
    SHIPPED = "shipped"
    DELIVERED_AS_AGREED = "delivered_as_agreed"
    OUTSIDE_POLICY = "outside_policy"
    CUSTOM_MADE = "custom_made"
    ALREADY_REFUNDED = "already_refunded"
    NOT_REFUNDABLE = "not_refundable"
    TRANSACTION_UNKNOWN = "transaction_unknown"
    AUTHORIZED = "authorized"
    AMOUNT_CORRECT = "amount_correct"
    IDENTITY_NOT_VERIFIED = "identity_not_verified"
    BOOKS_CORRECT = "books_correct"


GRANT_REASONS: Final = (
    DecisionReason.NOT_AS_DESCRIBED,
    DecisionReason.NOT_RECEIVED,
    DecisionReason.PARTLY_USED,
    DecisionReason.SHARED_FAULT,
    DecisionReason.MERCHANT_AT_FAULT,
    DecisionReason.GOODWILL,
    DecisionReason.NOT_AUTHORIZED,
    DecisionReason.CHARGED_TWICE,
    DecisionReason.WRONG_AMOUNT_CHARGED,
    DecisionReason.OUR_ERROR,
    DecisionReason.IDENTITY_VERIFIED,
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
    Kind.WRONG_AMOUNT: {
        "overcharged": ("多扣", "overcharged"),
        "mistyped": ("输错", "mistyped"),
        "discount_missed": ("优惠未用", "discount missed"),
        "fee": ("手续费", "fee"),
        "rate": ("汇率", "exchange rate"),
    },
    Kind.DUPLICATE_CHARGE: {
        "same_order_twice": ("同单两次", "same order twice"),
        "paid_another_way": ("换方式重付", "paid another way too"),
        "retry_charged": ("重试多扣", "retry charged"),
        "hold_remains": ("预授权未退", "authorisation hold remains"),
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
    Kind.REFUND_NOT_RECEIVED: {
        "shown_refunded": ("显示已退", "shown as refunded"),
        "merchant_says_so": ("商家说已退", "merchant says so"),
        "card_closed": ("卡已注销", "card closed"),
        "amount_short": ("金额少", "amount short"),
        "other_account": ("退错账户", "went to another account"),
    },
    Kind.GOODS_OR_SERVICE: {
        "not_received": ("未收到", "not received"),
        "not_as_described": ("不符", "not as described"),
        "defective": ("质量", "defective"),
        "counterfeit": ("假货", "counterfeit"),
        "not_provided": ("未履行", "not provided"),
        "returned_unpaid": ("已退货未退款", "returned, not refunded"),
    },
    Kind.UNAUTHORIZED: {
        "not_me": ("非本人付款", "not me"),
        "odd_login": ("异常登录", "odd login"),
        "phone_lost": ("手机丢失", "phone lost"),
        "code_leaked": ("验证码泄露", "code leaked"),
        "family_paid": ("家人付款", "family paid"),
    },
    Kind.WRONG_OR_SCAM_TRANSFER: {
        "wrong_payee": ("转错", "wrong payee"),
        "wrong_sum": ("金额错", "wrong amount"),
        "scam": ("被骗", "scam"),
    },
    Kind.BALANCE_ANOMALY: {
        "less": ("变少", "less than expected"),
        "more": ("变多", "more than expected"),
        "unknown_fee": ("陌生扣费", "unknown fee"),
        "frozen_amount": ("冻结不明", "frozen amount"),
    },
    Kind.ACCESS_LOST: {
        "forgot_password": ("忘记密码", "forgot password"),
        "wrong_tries": ("输错锁定", "locked after wrong tries"),
        "new_phone": ("换号", "new phone"),
        "no_code": ("收不到码", "no code arrives"),
        "court_order": ("司法冻结", "court order"),
    },
    Kind.COMPLAINT: {
        "slow": ("处理太慢", "too slow"),
        "unclear": ("说明不清", "unclear answer"),
        "rude": ("服务态度", "rude service"),
        "decision": ("不认可处理结果", "disagrees with a decision"),
        "other": ("其他", "something else"),
    },
}
