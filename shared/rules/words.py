"""What the codes of rules and calendars are called, in zh-CN and English."""

from collections.abc import Mapping
from typing import Final

from shared.rules.calendars import Words

STARTS: Final[Mapping[str, Words]] = {
    "claim": ("收到申请", "the claim is received"),
    "transaction": ("交易发生", "the transaction is made"),
    "statement": ("寄出账单", "the statement that shows it is sent"),
    "account_opened": ("开户", "the account is opened"),
    "step": ("这一步开始", "the step begins"),
    "asked": ("向对方提出", "the other side is asked"),
    "merchant_asked": ("通知商家", "the merchant is told"),
    "merchant_refused": ("商家拒绝", "the merchant refuses"),
    "complaint": ("收到投诉", "the complaint is received"),
    "decision": ("作出决定", "the decision is made"),
    "credit_given": ("临时入账", "the provisional credit is given"),
    "credit_ended": ("收回临时入账", "the provisional credit is debited"),
    "filed": ("提交拒付", "the chargeback is filed"),
    "responded": ("对方申辩", "the other side has responded"),
    "sent": ("款项发出", "it is sent"),
    "identity_proven": ("核实身份", "the identity is proven"),
    "news": ("消息应到", "the news was due"),
    "due": ("到期", "the date itself comes"),
}
STOPS: Final[Mapping[str, Words]] = {
    "told": ("告知结果或进展", "the customer is told a result or an update"),
    "answered": ("对方答复", "the other side answers"),
    "asked_again": ("再次询问", "it is asked again"),
    "decided": ("作出决定", "it is decided"),
    "credited": ("款项到账", "the money is credited"),
    "returned": ("款项退回", "the money comes back"),
    "reported": ("客户告知", "the customer gives notice"),
    "given": ("客户提供", "the customer gives it"),
    "chosen": ("客户选择", "the customer chooses"),
    "notified": ("发出通知", "the notice is sent"),
    "filed": ("提交拒付", "the chargeback is filed"),
    "responded": ("对方申辩", "the other side responds"),
    "confirmed": ("第二人确认", "a second person confirms"),
    "funded": ("付款方备足资金", "the payer funds it"),
    "received": ("商家收到货物", "the merchant has the goods"),
    "released": ("解除限制", "the hold is released"),
    "investigated": ("查明结果", "the investigation is concluded"),
    "honoured": ("不再垫付", "items are no longer honoured"),
    "lapsed": ("期限已过", "the time is over"),
    "joined": ("平台介入", "the platform steps in"),
}
STANDINGS: Final[Mapping[str, Words]] = {
    "read": ("已核对原文", "read in the source"),
    "secondary": ("二手来源", "from a secondary source"),
    "unconfirmed": ("未经确认，请法务核对", "unconfirmed: have a lawyer confirm it"),
    "default": ("我方自定", "our own rule"),
}
BASES: Final[Mapping[str, Words]] = {
    "law": ("法定", "law"),
    "contract": ("平台或卡组织规则", "the platform's or network's terms"),
    "own": ("我方承诺", "our own promise"),
}
UNITS: Final[Mapping[str, tuple[str, str, str]]] = {  # zh, English for one, for more
    "second": ("秒", "second", "seconds"),
    "hour": ("小时", "hour", "hours"),
    "calendar_day": ("天", "day", "days"),
    "business_day": ("个工作日", "business day", "business days"),
}
