"""Codes in plain words, zh-CN and English, without jargon or blame. Pure."""

from enum import StrEnum
from typing import Final

from shared.contracts.vocabulary import Actor, Kind, Status

_HEADER_READ: Final = 200  # characters of Accept-Language that are looked at


class Language(StrEnum):
    """What a person may read."""

    CHINESE = "zh-CN"
    ENGLISH = "en"


_COLUMN: Final = {Language.CHINESE: 0, Language.ENGLISH: 1}


def preferred(accept_language: str | None) -> Language:
    """The reader's first choice among ours (RFC 9110, 12.5.4); English where none fits."""
    best, weight = Language.ENGLISH, 0.0
    for part in (accept_language or "")[:_HEADER_READ].split(","):
        tag, _, parameter = part.strip().partition(";")
        language = _BY_PREFIX.get(tag.lower().partition("-")[0])
        if language and (quality := _quality(parameter)) > weight:
            best, weight = language, quality
    return best


def of_status(status: Status, language: Language) -> str:
    """What a status means for the customer."""
    return STATUSES[status][_COLUMN[language]]


def of_actor(actor: Actor, language: Language) -> str:
    """Who must act next."""
    return ACTORS[actor][_COLUMN[language]]


def of_step(code: str, language: Language) -> str:
    """One step of the timeline; a code of a newer tracker gets a sentence that is always true."""
    return STEPS.get(code, _ANY_STEP)[_COLUMN[language]]


def of_obstacle(code: str, language: Language) -> str:
    """Why a kind of dispute is not possible for a transaction."""
    return OBSTACLES[code][_COLUMN[language]]


def of(pair: tuple[str, str], language: Language) -> str:
    """The text of a (zh-CN, English) pair."""
    return pair[_COLUMN[language]]


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    digits = value.strip().replace(".", "", 1)
    return float(value) if name == "q" and digits.isascii() and digits.isdigit() else 0.0


_BY_PREFIX: Final = {"zh": Language.CHINESE, "en": Language.ENGLISH}

KINDS: Final[dict[Kind, tuple[str, str]]] = {
    Kind.PAYMENT_FAILED: ("支付失败", "Payment failed"),
    Kind.MISSING_FUNDS: ("资金未到账", "Money has not arrived"),
    Kind.REFUND_REQUEST: ("申请退款", "Refund request"),
}

STATUSES: Final[dict[Status, tuple[str, str]]] = {
    Status.RECEIVED: (
        "已收到您的申请，马上开始处理。",
        "We have your request and are starting on it.",
    ),
    Status.CHECKING: ("正在向银行核对这笔交易。", "We are checking this transaction at the bank."),
    Status.TRACING: (
        "正在逐站查询这笔钱到了哪里。",
        "We are asking, stop by stop, where the money is.",
    ),
    Status.IN_TRANSIT: (
        "已查到这笔钱还在路上，到期我们会再查。",
        "The money is still on its way. We will check again when it is due.",
    ),
    Status.RETURNING: (
        "对方银行没有入账，钱正在退回给您。",
        "The receiving bank did not take the money. It is on its way back to you.",
    ),
    Status.REVERSAL_WATCHED: (
        "银行正在退回这笔扣款，我们会一直盯到到账。",
        "The bank is giving this charge back. We watch it until it has arrived.",
    ),
    Status.WAITING_FOR_MERCHANT: (
        "已请商家答复，正在等商家处理。",
        "We have asked the merchant and are waiting for the answer.",
    ),
    Status.IN_ARBITRATION: (
        "正由我们的工作人员审理。",
        "One of our people is deciding on this.",
    ),
    Status.REFUND_APPROVED: (
        "已同意退款，正在准备退出。",
        "The refund is approved. We are getting it ready to send.",
    ),
    Status.REFUND_SENT: (
        "退款已发出，还没有到账。",
        "The refund has been sent. It has not arrived yet.",
    ),
    Status.REFUND_UNCONFIRMED: (
        "退款已提交，正在向银行确认结果。",
        "The refund was handed to the bank. We are asking the bank what became of it.",
    ),
    Status.REFUND_BOUNCED: (
        "退款没有退成功，钱没有丢。我们会联系您改退到您本人的其他账户。",
        "The refund could not reach you. It is not lost. We contact you about another account.",
    ),
    Status.REFUND_UNFUNDED: (
        "已同意退款，付款方的资金还没有到位，我们在跟进。",
        "The refund is approved. Whoever pays it has not provided the money yet; we are on it.",
    ),
    Status.CREDITED: ("退款已到账。", "The refund has arrived."),
    Status.DELIVERED: (
        "这笔钱已到对方账户，有到账凭证。",
        "The money has reached the receiving account. There is a receipt.",
    ),
    Status.RETURNED: ("这笔钱已退回您的账户。", "The money is back in your account."),
    Status.REVERSED: ("这笔扣款已退回您的账户。", "The charge is back in your account."),
    Status.EXPLAINED: (
        "原因已查明，请看说明。",
        "We have found the cause. Please see the explanation.",
    ),
    Status.DECLINED: (
        "这次不能退款，原因和复核办法请看结果。",
        "No refund this time. The decision gives the reason and how to ask for a review.",
    ),
    Status.WITHDRAWN: ("您已撤回申请。", "You withdrew your request."),
    Status.DUPLICATE: (
        "这笔交易已有另一个申请，已合并处理。",
        "There is another request about this transaction. We go on with that one.",
    ),
}

ACTORS: Final[dict[Actor, tuple[str, str]]] = {
    Actor.CUSTOMER: ("等您操作", "You"),
    Actor.MERCHANT: ("等商家处理", "The merchant"),
    Actor.BANK: ("等银行处理", "The bank"),
    Actor.OPS: ("等我们的工作人员处理", "One of our people"),
    Actor.REDRESS: ("系统正在处理", "We"),
    Actor.NOBODY: ("无需操作", "Nobody"),
}

OBSTACLES: Final[dict[str, tuple[str, str]]] = {
    "already_open": (
        "这笔交易已有正在处理的申请。",
        "A request about this transaction is already open.",
    ),
    "other_transaction_kind": (
        "这类申请不适用于这种交易。",
        "This kind of request does not fit this kind of transaction.",
    ),
    "not_captured": (
        "这笔交易没有扣款成功，没有可退的钱。",
        "No money of this transaction was captured, so there is nothing to refund.",
    ),
    "already_refunded": ("这笔交易已全部退款。", "All of this transaction has been refunded."),
}

_ANY_STEP: Final = ("处理有了新进展。", "There is news about your request.")

# By the trigger that the tracker names in each step; what is not here gets `_ANY_STEP`.
STEPS: Final[dict[str, tuple[str, str]]] = {
    "received": ("已收到您的申请。", "We received your request."),
    "opened": ("开始处理您的申请。", "We started on your request."),
    "transaction_found": ("银行已确认这笔交易。", "The bank confirmed the transaction."),
    "transaction_missing": (
        "银行没有查到这笔交易。",
        "The bank does not find this transaction.",
    ),
    "transaction_foreign": (
        "这笔交易不在您的名下。",
        "This transaction is not one of yours.",
    ),
    "trace_in_transit": ("已查到这笔钱还在路上。", "We found the money on its way."),
    "trace_delivered": ("已查到这笔钱到了对方账户。", "We found that the money arrived."),
    "trace_rejected": (
        "对方银行没有入账，钱会退回。",
        "The receiving bank did not take the money; it comes back.",
    ),
    "trace_wrong_account": (
        "查到这笔钱进了别的账户。",
        "We found that the money went to another account.",
    ),
    "trace_not_found": ("银行暂时没有查到这笔钱。", "The bank has not found the money yet."),
    "reversal_pending": ("银行正在退回这笔钱。", "The bank is giving the money back."),
    "reversal_credited": ("这笔钱已退回您的账户。", "The money is back in your account."),
    "reversal_absent": ("银行没有安排自动退回。", "The bank has not planned to give it back."),
    "refund_accepted": ("退款已发出。", "The refund was sent."),
    "refund_credited": ("退款已到账。", "The refund has arrived."),
    "refund_bounced": (
        "退款没有退成功，钱没有丢。",
        "The refund could not reach its destination. It is not lost.",
    ),
    "refund_unfunded": (
        "付款方的资金还没有到位。",
        "Whoever pays the refund has not provided the money yet.",
    ),
    "refund_failed": ("银行没有办成这笔退款。", "The bank could not make this refund."),
    "refund_no_answer": (
        "银行还没有答复，我们在查结果。",
        "The bank has not answered; we are finding out what became of it.",
    ),
    "refund_not_found": ("银行没有查到这笔退款。", "The bank does not know this refund."),
    "consent_delivered": ("已请商家答复。", "The merchant has been asked."),
    "merchant_accepted": ("商家同意退款。", "The merchant agreed to the refund."),
    "merchant_refused": ("商家不同意退款。", "The merchant refused the refund."),
    "merchant_due": ("商家没有按时答复。", "The merchant did not answer in time."),
    "arbitrator_decided": ("已作出裁定。", "The case has been decided."),
    "withdrawn": ("您撤回了申请。", "You withdrew your request."),
    "late_consent_requested": (
        "您请我们再问商家是否同意。",
        "You asked us to seek the merchant's late consent.",
    ),
    "appealed": ("您申请了复核。", "You asked for a review."),
    "arbitration_due": ("裁定超时，已加急。", "The decision is late; it has been raised."),
    "promise_due": (
        "没能按时答复您，很抱歉，已给出新的时间。",
        "We did not answer in time. We are sorry; there is a new date.",
    ),
    "ask_bank": ("正在向银行核对。", "We are asking the bank."),
    "ask_trace": ("正在请银行查这笔钱。", "We are asking the bank to trace the money."),
    "watch_reversal": ("正在等银行退回这笔钱。", "We are watching for the money to come back."),
    "ask_merchant": ("正在联系商家。", "We are asking the merchant."),
    "open_arbitration": ("已转专人审理。", "One of our people takes the decision."),
    "approve": ("已同意退款。", "The refund is approved."),
    "decline": ("这次不能退款。", "No refund this time."),
    "explain": ("原因已查明。", "The cause has been found."),
    "close_as_duplicate": (
        "与另一个申请合并处理。",
        "Closed in favour of another request about the same transaction.",
    ),
}
