"""The words for what is shared with others, as (zh-CN, English): one table per kind of word."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from shared.contracts.vocabulary import (
    REASONS,
    Actor,
    DecisionReason,
    Fault,
    Funding,
    Kind,
    Payer,
    Remedy,
    Reopening,
    Status,
    TransactionState,
)

Both = tuple[str, str]


class Language(StrEnum):
    """What the pages are written in; the value is the BCP 47 tag."""

    ZH = "zh-CN"
    EN = "en"


def word(table: Mapping[str, Both], code: str, language: Language) -> str:
    """The word for a code; a code that is not in the table stands for itself."""
    return table[code][language is Language.EN] if code in table else code


STATUS: Final[dict[str, Both]] = {
    Status.RECEIVED: ("已受理", "received"),
    Status.CHECKING: ("向银行核实", "checking with the bank"),
    Status.TRACING: ("追踪中", "tracing"),
    Status.IN_TRANSIT: ("在途", "in transit"),
    Status.RETURNING: ("退回途中", "being returned"),
    Status.REVERSAL_WATCHED: ("等待冲正", "reversal watched"),
    Status.WAITING_FOR_MERCHANT: ("等待商家答复", "waiting for the merchant"),
    Status.IN_ARBITRATION: ("待裁决", "in arbitration"),
    Status.REFUND_APPROVED: ("退款已批准", "refund approved"),
    Status.REFUND_SENT: ("退款已发出", "refund sent"),
    Status.REFUND_UNCONFIRMED: ("退款结果待确认", "refund unconfirmed"),
    Status.REFUND_BOUNCED: ("退款被退回", "refund bounced"),
    Status.REFUND_UNFUNDED: ("等待付款方出资", "refund unfunded"),
    Status.CREDITED: ("退款已到账", "credited"),
    Status.DELIVERED: ("已送达收款方", "delivered"),
    Status.RETURNED: ("已退回", "returned"),
    Status.REVERSED: ("已冲正", "reversed"),
    Status.NEEDS_DETAILS: ("待补充信息", "details needed"),
    Status.COMPARING: ("核对记录中", "comparing the records"),
    Status.RECALLING: ("请收款人退回", "recalling"),
    Status.OFFER_MADE: ("商家提出部分退款", "offer made"),
    Status.RETURN_AWAITED: ("等待寄回商品", "goods awaited"),
    Status.RETURN_SHIPPED: ("商品寄回途中", "goods on their way back"),
    Status.GATHERING_EVIDENCE: ("收集凭证", "gathering evidence"),
    Status.CHARGEBACK_FILED: ("拒付处理中", "chargeback filed"),
    Status.SECURING_ACCOUNT: ("保护账户中", "securing the account"),
    Status.VERIFYING_IDENTITY: ("核实身份中", "verifying identity"),
    Status.RESTORING_ACCESS: ("恢复登录中", "restoring access"),
    Status.CORRECTING: ("入账中", "posting"),
    Status.CREDIT_ENDING: ("垫付将收回", "credit ending"),
    Status.UNDER_REVIEW: ("审核中", "under review"),
    Status.COMPLAINT_OPEN: ("投诉待答复", "complaint open"),
    Status.RECALLED: ("收款人已退回", "recalled"),
    Status.CHARGED_BACK: ("已拒付追回", "charged back"),
    Status.FULFILLED: ("商家已履行", "fulfilled"),
    Status.CORRECTED: ("账目已更正", "corrected"),
    Status.ACCESS_RESTORED: ("已恢复登录", "access restored"),
    Status.ACCOUNT_SECURED: ("账户已保护", "account secured"),
    Status.REFERRED: ("已转有关机关", "referred"),
    Status.ANSWERED: ("投诉已答复", "answered"),
    Status.EXPLAINED: ("已说明", "explained"),
    Status.DECLINED: ("不予退款", "declined"),
    Status.WITHDRAWN: ("已撤回", "withdrawn"),
    Status.DUPLICATE: ("重复申请", "duplicate"),
}
KIND: Final[dict[str, Both]] = {
    Kind.PAYMENT_FAILED: ("支付失败", "payment failed"),
    Kind.WRONG_AMOUNT: ("支付金额错误", "wrong amount"),
    Kind.DUPLICATE_CHARGE: ("重复扣款", "duplicate charge"),
    Kind.MISSING_FUNDS: ("资金未到账", "missing funds"),
    Kind.REFUND_REQUEST: ("申请退款", "refund request"),
    Kind.REFUND_NOT_RECEIVED: ("退款未到账", "refund not received"),
    Kind.GOODS_OR_SERVICE: ("商品/服务问题", "goods or service"),
    Kind.UNAUTHORIZED: ("账户被盗", "unauthorised payment"),
    Kind.WRONG_OR_SCAM_TRANSFER: ("转错/被骗", "wrong or scam transfer"),
    Kind.BALANCE_ANOMALY: ("余额异常", "balance anomaly"),
    Kind.ACCESS_LOST: ("账户被锁/忘记密码", "access lost"),
    Kind.COMPLAINT: ("投诉", "complaint"),
}
REASON: Final[dict[str, Both]] = {
    code: both for reasons in REASONS.values() for code, both in reasons.items()
}
ACTOR: Final[dict[str, Both]] = {
    Actor.CUSTOMER: ("客户", "customer"),
    Actor.MERCHANT: ("商家", "merchant"),
    Actor.BANK: ("银行", "bank"),
    Actor.OPS: ("运营", "ops"),
    Actor.REDRESS: ("系统", "Redress"),
    Actor.NOBODY: ("无", "nobody"),
    "accounts": ("账户服务", "account service"),  # the queue of the calls to it
}
DECISION_REASON: Final[dict[str, Both]] = {
    DecisionReason.NOT_AS_DESCRIBED: ("与描述不符", "not as described"),
    DecisionReason.NOT_RECEIVED: ("没有收到", "not received"),
    DecisionReason.PARTLY_USED: ("已部分使用", "partly used"),
    DecisionReason.SHARED_FAULT: ("双方都有责任", "shared fault"),
    DecisionReason.MERCHANT_AT_FAULT: ("商家责任", "merchant at fault"),
    DecisionReason.GOODWILL: ("友好协商", "goodwill"),
    DecisionReason.NOT_AUTHORIZED: ("非本人付款", "not authorised"),
    DecisionReason.CHARGED_TWICE: ("重复扣款", "charged twice"),
    DecisionReason.WRONG_AMOUNT_CHARGED: ("扣错金额", "wrong amount charged"),
    DecisionReason.OUR_ERROR: ("我们的差错", "our error"),
    DecisionReason.IDENTITY_VERIFIED: ("身份已核实", "identity verified"),
    DecisionReason.USED: ("已使用", "used"),
    DecisionReason.SHIPPED: ("已发货", "shipped"),
    DecisionReason.DELIVERED_AS_AGREED: ("已按约定交付", "delivered as agreed"),
    DecisionReason.OUTSIDE_POLICY: ("超出退款政策", "outside the policy"),
    DecisionReason.CUSTOM_MADE: ("定制商品", "custom made"),
    DecisionReason.ALREADY_REFUNDED: ("已退过", "already refunded"),
    DecisionReason.NOT_REFUNDABLE: ("不能退款", "not refundable"),
    DecisionReason.TRANSACTION_UNKNOWN: ("银行没有这笔交易", "transaction unknown"),
    DecisionReason.AUTHORIZED: ("付款经账户验证", "authorised"),
    DecisionReason.AMOUNT_CORRECT: ("金额无误", "amount correct"),
    DecisionReason.IDENTITY_NOT_VERIFIED: ("身份未能核实", "identity not verified"),
    DecisionReason.BOOKS_CORRECT: ("账目无误", "books correct"),
}
FAULT: Final[dict[str, Both]] = {
    Fault.MERCHANT: ("商家", "the merchant"),
    Fault.CUSTOMER: ("客户", "the customer"),
    Fault.BOTH: ("双方", "both"),
    Fault.NEITHER: ("都没有", "neither"),
}
REMEDY: Final[dict[str, Both]] = {
    Remedy.FULL_REFUND: ("全额退款", "full refund"),
    Remedy.PARTIAL_REFUND: ("部分退款", "partial refund"),
    Remedy.RETURN_THEN_REFUND: ("退货后退款", "return, then refund"),
    Remedy.CORRECTION: ("更正账目", "correction of the books"),
    Remedy.NONE: ("不予退款", "none"),
}
PAYER: Final[dict[str, Both]] = {
    Payer.MERCHANT: ("商家", "merchant"),
    Payer.BANK: ("银行", "bank"),
    Payer.WALLET_ADVANCE: ("钱包垫付", "wallet's advance"),
    Payer.INSURER: ("保险公司", "insurer"),
}
FUNDING: Final[dict[str, Both]] = {
    Funding.BALANCE: ("余额", "balance"),
    Funding.CARD: ("银行卡", "card"),
    Funding.ACCOUNT: ("银行账户", "account"),
}
BASIS: Final[dict[str, Both]] = {  # of a credit that is given for the time being
    "statute": ("法定", "statute"),
    "goodwill": ("通融", "goodwill"),
}
HOLDER: Final[dict[str, Both]] = {  # who else put a hold on an account
    "customer": ("客户", "customer"),
    "risk": ("风控", "risk"),
    "court": ("法院", "court"),
    "sanctions": ("制裁名单", "sanctions"),
}
TRANSACTION_STATE: Final[dict[str, Both]] = {
    TransactionState.CAPTURED: ("已扣款", "captured"),
    TransactionState.DECLINED: ("被拒绝", "declined"),
    TransactionState.DEBITED_NOT_CAPTURED: ("已扣未入账", "debited, not captured"),
    TransactionState.UNKNOWN: ("未知", "unknown"),
}
REOPENING: Final[dict[str, Both]] = {
    Reopening.NEW_EVIDENCE: ("新证据", "new evidence"),
    Reopening.COURT_ORDER: ("法院命令", "court order"),
    Reopening.REGULATOR: ("监管要求", "regulator"),
}
CAUSE: Final[dict[str, Both]] = {  # of a route, or why a case was opened again
    "appeal": ("客户申请复核", "appeal"),
    "no_transaction": ("没有指明交易", "no transaction was named"),
    "bank_silent": ("银行未答复", "the bank is silent"),
    "node_silent": ("节点未答复", "the node is silent"),
    "not_on_chain": ("链上查无此交易", "not on the chain"),
    "chain_unclear": ("链上结果不明", "unclear on the chain"),
    "unconfirmed_on_chain": ("一直未获链上确认", "unconfirmed on the chain"),
    "irreversible_on_chain": ("链上不可逆转", "irreversible on the chain"),
    "pending_on_chain": ("尚未上链，可用新交易取代", "not on the chain yet, may be replaced"),
    "reverted_on_chain": ("链上失败，未转出", "failed on the chain, nothing moved"),
    "keys_are_yours": ("助记词只在客户手里", "the keys are the customer's"),
    "keys_exposed": ("钱包可能被他人动用", "the wallet may be exposed"),
    "unknown_at_bank": ("银行查无此交易", "unknown at the bank"),
    "bank_cannot_tell": ("银行不知道结果", "the bank cannot tell"),
    "records_silent": ("记录没有核对出结果", "the records were not compared"),
    "reversal_late": ("冲正逾期", "the reversal is late"),
    "no_merchant": ("没有商家可问", "there is no merchant"),
    "above_captured": ("超过可退余额", "above what is left"),
    "merchant_refused": ("商家没有同意", "the merchant did not agree"),
    "merchant_silent": ("商家未答复", "the merchant is silent"),
    "recall_failed": ("请回未成", "the recall failed"),
    "recall_silent": ("收款人未答复", "the recipient is silent"),
    "goods_contested": ("退货有争议", "the goods are contested"),
    "refund_failed": ("退款失败", "the refund failed"),
    "refund_overdue": ("退款逾期", "the refund is overdue"),
    "no_account": ("没有可退的账户", "no account to refund to"),
    "correction_refused": ("更正未入账", "the correction was refused"),
    "chargeback_failed": ("拒付未成", "the chargeback failed"),
    "untraced": ("未查到资金", "untraced"),
    "unauthorized": ("须查明责任", "who is liable"),
    "our_error": ("我们的差错", "our error"),
    "arbitration": ("裁决", "arbitration"),
    "merchant_consent": ("商家同意", "the merchant's consent"),
    "contract_silence": ("约定：不答复即退款", "silence under contract"),
    "records_agree": ("记录相符", "the records agree"),
    "same_order": ("同一订单", "the same order"),
    "merchant_refunded": ("商家已退款", "the merchant refunded it"),
    "other_account": ("改退其他账户", "to the other account"),
    "outside_window": ("超过退款期限", "outside the window"),
    "not_your_transaction": ("交易不在名下", "somebody else's transaction"),
    "goods_not_returned": ("没有退货", "the goods were not returned"),
    "identity_not_verified": ("身份未能核实", "identity not verified"),
    "no_money_moved": ("没有扣款", "no money moved"),
    "amount_pending": ("金额未最后确定", "the amount is not final"),
    "records_explain": ("记录已说明", "the records explain it"),
    "recall_refused": ("收款人不同意退回", "the recipient refused"),
    "merchant_fulfilled": ("商家已履行", "the merchant fulfilled it"),
    "account_secured": ("账户已保护", "the account is secured"),
    "held_by_law": ("依法冻结", "held by law"),
    **REOPENING,
}
