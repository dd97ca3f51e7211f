"""Words where the keys are the customer's: a chain is read, and no bank takes part. zh-CN, English.

They promise nothing that comes back, and say what can be done.
"""

from typing import Final

from shared.contracts.vocabulary import Status

STATUSES: Final[dict[Status, tuple[str, str]]] = {
    Status.CHECKING: ("正在链上核对这笔交易。", "We are checking this transaction on the chain."),
    Status.TRACING: ("正在链上查这笔转账。", "We are looking for this transfer on the chain."),
    Status.IN_TRANSIT: (
        "转账已发出，正在等链上确认，到期我们会再查。",
        "The transfer was sent and waits to be confirmed on the chain. We check again when due.",
    ),
    Status.DELIVERED: (
        "链上已确认，资产已到对方地址。",
        "Confirmed on the chain: the assets are at the other address.",
    ),
    Status.DECLINED: (
        "这次不能办理，原因和复核办法请看结果。",
        "Not possible. The decision gives the reason and how to ask for a review.",
    ),
}
BY_RULE: Final[dict[str, tuple[str, str]]] = {
    "irreversible_on_chain": (
        "链上转账不可逆转，没有人能撤回。您还能做什么，请看下面的说明。",
        "A transfer on a chain is irreversible; nobody can take it back. See what you can do.",
    ),
    "pending_on_chain": (
        "查询时还没有上链：如果是您发出的，请马上在钱包里取消它（同一序号、更高网络费）。",
        "Not on the chain when we looked: if you sent it, cancel it in the wallet at once.",
    ),
    "reverted_on_chain": (
        "这笔交易在链上失败，没有转出资产；网络费不能退还。",
        "This transaction failed on the chain: no assets moved. The network fee is spent.",
    ),
    "keys_are_yours": (
        "助记词只在您手里，没有人能重置或找回。请用您自己的备份恢复。",
        "The recovery phrase is yours alone; nobody can reset it. Restore it from your backup.",
    ),
    "keys_exposed": (
        "请马上撤销授权，把剩下的资产转到新建的钱包。已转走的不可逆转。",
        "Revoke approvals now; move what is left to a new wallet. What was moved is gone.",
    ),
}
"""How an explanation reads, by the rule that it rests on."""

STEPS: Final[dict[str, tuple[str, str]]] = {
    "transaction_found": ("节点查到了这笔交易。", "The node knows this transaction."),
    "transaction_missing": ("链上没有查到这笔交易。", "The chain has no such transaction."),
    "inquiry_due": ("节点没有按时答复。", "The node did not answer in time."),
    "ask_bank": ("正在链上核对。", "We are looking at the chain."),
    "ask_trace": ("正在链上查这笔转账。", "We are looking for the transfer on the chain."),
    "trace_in_transit": ("正在等链上确认。", "It waits to be confirmed on the chain."),
    "trace_delivered": ("链上已确认。", "It is confirmed on the chain."),
    "trace_rejected": ("这笔交易在链上失败了。", "The transaction failed on the chain."),
    "trace_not_found": ("链上暂时没有查到。", "The chain does not show it yet."),
    "trace_due": (
        "一直没有得到链上确认，已转专人。",
        "Not confirmed in time; one of our people goes on.",
    ),
    "decline": ("这次不能办理。", "Not possible this time."),
}
