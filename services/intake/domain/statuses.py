"""What each status means for the customer: (zh-CN, English), without jargon or blame."""

from typing import Final

from shared.contracts.vocabulary import WITHOUT_TRANSACTION, Kind, Status

STATUSES: Final[dict[Status, tuple[str, str]]] = {
    Status.RECEIVED: (
        "已收到您的申请，马上开始处理。",
        "We have your request and are starting on it.",
    ),
    Status.NEEDS_DETAILS: (
        "请补充是哪笔交易、多少金额；没有补充的，我们按已有材料处理。",
        "Please tell us which transaction, and how much. Without it we go on with what we have.",
    ),
    Status.CHECKING: ("正在向银行核对这笔交易。", "We are checking this transaction at the bank."),
    Status.COMPARING: (
        "正在比对扣款、订单和您所说的金额。",
        "We are comparing the charges, the order and what you told us.",
    ),
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
    Status.RECALLING: (
        "正在征求收款方同意，请对方退回这笔钱。",
        "We are asking the recipient to agree to give the money back.",
    ),
    Status.WAITING_FOR_MERCHANT: (
        "已请商家答复，正在等商家处理。",
        "We have asked the merchant and are waiting for the answer.",
    ),
    Status.OFFER_MADE: (
        "商家提出了方案，请您选择接受或不接受。",
        "The merchant has made an offer. Please accept or refuse it.",
    ),
    Status.RETURN_AWAITED: (
        "请寄回商品，并填写运单号。",
        "Please send the goods back and tell us the tracking number.",
    ),
    Status.RETURN_SHIPPED: (
        "退货已寄出，正在等商家签收。",
        "The goods are on their way back. We are waiting for the merchant to receive them.",
    ),
    Status.GATHERING_EVIDENCE: (
        "双方正在提交证据，您交齐后请告诉我们。",
        "Both sides are sending evidence. Please tell us when you have sent all of yours.",
    ),
    Status.IN_ARBITRATION: (
        "正由我们的工作人员审理。",
        "One of our people is deciding on this.",
    ),
    Status.CHARGEBACK_FILED: (
        "已向发卡行提出拒付，正在等结果。",
        "We have asked the card's bank to take the payment back and wait for its answer.",
    ),
    Status.SECURING_ACCOUNT: (
        "正在保护您的账户。付款可能暂停，收款不受影响。",
        "We are securing your account. Payments may be paused; money can still come in.",
    ),
    Status.VERIFYING_IDENTITY: (
        "请先核实身份，我们再继续处理。",
        "Please prove who you are, so that we can go on.",
    ),
    Status.RESTORING_ACCESS: ("正在为您恢复登录。", "We are restoring your access."),
    Status.CORRECTING: (
        "查明是我们的差错，正在更正。",
        "The error was ours. We are correcting it.",
    ),
    Status.CREDIT_ENDING: (
        "先行垫付的钱将会收回，原因和日期请看说明。",
        "The provisional credit will be taken back. Please see why and when.",
    ),
    Status.UNDER_REVIEW: (
        "正由我们的工作人员核查。",
        "One of our people is looking into this.",
    ),
    Status.COMPLAINT_OPEN: (
        "已收到您的投诉，正由专人处理。",
        "We have your complaint. One of our people is dealing with it.",
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
        "退款没有退成功，钱没有丢。请选择您本人的其他账户，我们改退到那里。",
        "The refund could not reach you. It is not lost. Choose another account of yours for it.",
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
    Status.RECALLED: (
        "收款方已同意，这笔钱已退回您的账户。",
        "The recipient agreed. The money is back in your account.",
    ),
    Status.CHARGED_BACK: (
        "发卡行已办理拒付，这笔钱已退还给您。",
        "The card's bank took the payment back. The money is yours again.",
    ),
    Status.FULFILLED: (
        "商家已确认收款并履行。",
        "The merchant confirmed the payment and provided what you paid for.",
    ),
    Status.CORRECTED: ("差错已更正。", "The error has been corrected."),
    Status.ACCESS_RESTORED: ("您可以重新登录了。", "You can log in again."),
    Status.ACCOUNT_SECURED: ("您的账户已受到保护。", "Your account is secured."),
    Status.REFERRED: (
        "按规定，我们目前不能继续办理这项申请。想了解可以怎么做，请联系客服。",
        "Under the rules we cannot go on with this for now. To learn what you can do, call us.",
    ),
    Status.ANSWERED: (
        "已答复您的投诉，请看答复。",
        "Your complaint has been answered. Please see the answer.",
    ),
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

_NOT_ABOUT_A_TRANSACTION: Final[dict[Status, tuple[str, str]]] = {
    Status.CHECKING: ("正在核对。", "We are checking."),
    Status.DECLINED: (
        "这次不能按您的申请办理，原因和复核办法请看结果。",
        "Not possible this time. The decision gives the reason and how to ask for a review.",
    ),
    Status.DUPLICATE: (
        "已有另一个同样的申请，已合并处理。",
        "There is another request about the same. We go on with that one.",
    ),
}

# Where a kind needs other words: nobody who cannot log in asked for a refund.
OF_KIND: Final[dict[tuple[Kind, Status], tuple[str, str]]] = {
    (kind, status): pair
    for kind in sorted(WITHOUT_TRANSACTION)
    for status, pair in _NOT_ABOUT_A_TRANSACTION.items()
}
