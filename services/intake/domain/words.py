"""Codes in plain words, zh-CN and English, without jargon or blame. Pure."""

from enum import StrEnum
from typing import Final

from services.intake.domain import of_keys
from services.intake.domain.statuses import OF_KIND, STATUSES
from services.intake.domain.steps import ANY_STEP, NEUTRAL, STEPS
from shared.contracts.vocabulary import REASONS, Action, Actor, Kind, Status
from shared.rules import Reasons

_HEADER_READ: Final = 200  # characters of Accept-Language that are looked at


class Language(StrEnum):
    """What a person may read."""

    CHINESE = "zh-CN"
    ENGLISH = "en"


_COLUMN: Final = {Language.CHINESE: 0, Language.ENGLISH: 1}


def preferred(accept_language: str | None, ours: Language) -> Language:
    """The reader's first choice (RFC 9110, 12.5.4); the wallet's own where none fits."""
    best, weight = ours, 0.0
    for part in (accept_language or "")[:_HEADER_READ].split(","):
        tag, _, parameter = part.strip().partition(";")
        language = _BY_PREFIX.get(tag.lower().partition("-")[0])
        if language and (quality := _quality(parameter)) > weight:
            best, weight = language, quality
    return best


def of_status(status: Status, kind: Kind, language: Language) -> str:
    """What a status means for the customer."""
    return OF_KIND.get((kind, status), STATUSES[status])[_COLUMN[language]]


def of_status_of_keys(status: Status, kind: Kind, rule: str | None, language: Language) -> str:
    """The same where the keys are the customer's; an explanation by the `rule` it rests on."""
    explained = of_keys.BY_RULE.get(rule or "") if status is Status.EXPLAINED else None
    pair = explained or of_keys.STATUSES.get(status)
    return pair[_COLUMN[language]] if pair else of_status(status, kind, language)


def of_reason(reasons: Reasons, kind: Kind, code: str, language: Language) -> str:
    """A reason; one that a profile hid keeps its words, one that is gone stands for itself."""
    pair = reasons[kind].get(code) or REASONS[kind].get(code)
    return pair[_COLUMN[language]] if pair else code


def of_action(action: Action, language: Language) -> str:
    """What a customer may ask for now."""
    return ACTIONS[action][_COLUMN[language]]


def of_actor(actor: Actor, language: Language) -> str:
    """Who must act next."""
    return ACTORS[actor][_COLUMN[language]]


def of_step(code: str, language: Language) -> str:
    """One step of the timeline; a code of a newer tracker gets a sentence that is always true."""
    return STEPS.get(code, ANY_STEP)[_COLUMN[language]]


def of_step_of_keys(code: str, language: Language) -> str:
    """The same where the keys are the customer's."""
    pair = of_keys.STEPS.get(code)
    return pair[_COLUMN[language]] if pair else of_step(code, language)


def shown_step(code: str) -> str:
    """A step's code as everybody may see it."""
    return NEUTRAL.get(code, code)


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
    Kind.WRONG_AMOUNT: ("金额不对", "Wrong amount"),
    Kind.DUPLICATE_CHARGE: ("重复扣款", "Charged twice"),
    Kind.MISSING_FUNDS: ("资金未到账", "Money has not arrived"),
    Kind.REFUND_REQUEST: ("申请退款", "Refund request"),
    Kind.REFUND_NOT_RECEIVED: ("退款未收到", "Refund has not arrived"),
    Kind.GOODS_OR_SERVICE: ("商品或服务有问题", "Problem with goods or service"),
    Kind.UNAUTHORIZED: ("非本人操作", "Payment or login that was not me"),
    Kind.WRONG_OR_SCAM_TRANSFER: ("转错或被骗", "Wrong transfer or scam"),
    Kind.BALANCE_ANOMALY: ("余额异常", "Balance looks wrong"),
    Kind.ACCESS_LOST: ("无法登录", "Cannot log in"),
    Kind.COMPLAINT: ("投诉我们的服务", "Complaint about our service"),
}

ACTIONS: Final[dict[Action, tuple[str, str]]] = {
    Action.WITHDRAW: ("撤回申请", "Withdraw the request"),
    Action.REQUEST_MERCHANT_CONSENT: ("请再问商家是否同意", "Ask for the merchant's late consent"),
    Action.APPEAL: ("申请复核", "Ask for a review"),
    Action.GIVE_DETAILS: ("补充交易和金额", "Say which transaction, and how much"),
    Action.ACCEPT_OFFER: ("接受方案", "Accept the offer"),
    Action.REFUSE_OFFER: ("不接受方案", "Refuse the offer"),
    Action.SHIP_RETURN: ("填写退货运单号", "Give the tracking number of the return"),
    Action.SEND_EVIDENCE: ("证据已交齐", "Say that all evidence has been sent"),
    Action.CHOOSE_ACCOUNT: ("选择您本人的其他账户", "Choose another account of yours"),
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
