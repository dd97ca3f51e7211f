"""Each step of a timeline, by the trigger that the tracker names: (zh-CN, English)."""

from typing import Final

# What would tell customers and agents that a court or sanctions hold a case (domain rule 16), and
# what is shown in its place. Operators see why, at the tracker.
NEUTRAL: Final = {
    "legal_hold_placed": "news",
    "legal_hold_lifted": "news",
    "legal_due": "news",
    "records_held": "records_compared",
}

ANY_STEP: Final = ("处理有了新进展。", "There is news about your request.")

# By the trigger that the tracker names in each step; what is not here gets `ANY_STEP`: rechecks,
# which are no news, and legal holds, about which nothing may be told.
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
    "dates_moved": (
        "节假日安排或规则有调整，日期随之改变。",
        "A calendar or rule has changed, and the date with it.",
    ),
    "promise_near": ("提醒您：期限快到了。", "A reminder: the date is near."),
    "promise_due": (
        "没能按时答复您，很抱歉，已给出新的时间。",
        "We did not answer in time. We are sorry; there is a new date.",
    ),
    "trace_due": (
        "追查超时，已转专人。",
        "Tracing took too long; one of our people goes on.",
    ),
    "reversal_due": (
        "退回超时，已转专人。",
        "The money is late in coming back; one of our people goes on.",
    ),
    "details_given": ("您补充了交易信息。", "You named the transaction."),
    "details_due": (
        "补充信息的期限已过，按已有材料处理。",
        "The time for details is over; we go on with what we have.",
    ),
    "inquiry_due": ("银行没有按时答复。", "The bank did not answer in time."),
    "records_pending": (
        "核对了记录：金额还没有最后确定。",
        "We compared the records: the amount is not final yet.",
    ),
    "records_agrees": (
        "核对了记录：与您说的一致。",
        "We compared the records: they agree with you.",
    ),
    "records_differs": (
        "核对了记录：说法不一，要问商家。",
        "We compared the records: they differ, so the merchant is asked.",
    ),
    "records_explained": (
        "核对了记录：每一项都有来历。",
        "We compared the records: each item is explained.",
    ),
    "records_authorised_only": (
        "核对了记录：第二笔只是预授权。",
        "We compared the records: the second charge is only a reservation.",
    ),
    "records_same_order": (
        "核对了记录：同一订单扣了两次。",
        "We compared the records: one order was charged twice.",
    ),
    "records_two_orders": (
        "核对了记录：是两个不同的订单。",
        "We compared the records: these are two orders.",
    ),
    "records_unmatched": (
        "核对了记录：没有查到重复的一笔。",
        "We compared the records: no second charge is on record.",
    ),
    "records_unsent": (
        "核对了记录：这笔退款还没有发出。",
        "We compared the records: the refund has not been sent.",
    ),
    "records_on_its_way": (
        "核对了记录：退款还在路上。",
        "We compared the records: the refund is on its way.",
    ),
    "records_unfunded": (
        "核对了记录：商家的资金还没有到位。",
        "We compared the records: the merchant has not provided the money yet.",
    ),
    "records_bounced": (
        "核对了记录：商家的退款被退了回来，钱没有丢。",
        "We compared the records: the merchant's refund came back. It is not lost.",
    ),
    "records_arrived": (
        "核对了记录：退款已经到账。",
        "We compared the records: the refund has arrived.",
    ),
    "records_our_error": (
        "核对了记录：可能是我们的差错。",
        "We compared the records: the mistake may be ours.",
    ),
    "records_unknown_debits": (
        "核对了记录：有来历不明的扣款，先保护账户。",
        "We compared the records: there are unknown debits, so the account is secured first.",
    ),
    "records_held": ("已核对记录。", "We compared the records."),
    "records_due": (
        "核对记录超时，已转专人。",
        "Comparing the records took too long; one of our people goes on.",
    ),
    "recall_pending": ("已请收款人退回。", "The recipient has been asked to give it back."),
    "recall_agreed": ("收款人同意退回。", "The recipient agreed to give it back."),
    "recall_refused": ("收款人不同意退回。", "The recipient did not agree to give it back."),
    "recall_returned": ("收款人退回的钱已到账。", "The money from the recipient has arrived."),
    "recall_due": ("收款人没有按时答复。", "The recipient did not answer in time."),
    "chargeback_appeared": ("查到发卡行已提出拒付。", "Your card's bank has begun a chargeback."),
    "chargeback_pending": ("拒付正在处理。", "The chargeback is under way."),
    "chargeback_represented": (
        "商家的银行提出了异议。",
        "The merchant's bank objected to the chargeback.",
    ),
    "chargeback_won": ("拒付成立，钱已退回。", "The chargeback was won; the money is back."),
    "chargeback_lost": ("拒付没有成立。", "The chargeback was not won."),
    "chargeback_withdrawn": ("拒付已撤回。", "The chargeback was withdrawn."),
    "chargeback_ordered": (
        "已通过发卡行提出拒付。",
        "A chargeback was filed through your card's bank.",
    ),
    "chargeback_window": (
        "赶在期限前提出了拒付。",
        "A chargeback was filed before its time ran out.",
    ),
    "chargeback_due": (
        "卡组织还没有答复，已加急。",
        "The card network has not answered; it has been raised.",
    ),
    "pre_arbitration_ordered": (
        "已进入卡组织的预仲裁。",
        "The case went on to the card network's pre-arbitration.",
    ),
    "network_arbitration_ordered": ("已请卡组织仲裁。", "The card network was asked to arbitrate."),
    "representment_accepted": (
        "接受了商家银行的异议。",
        "The objection of the merchant's bank was accepted.",
    ),
    "withdrawal_ordered": ("正在撤回拒付。", "The chargeback is being withdrawn."),
    "credit_due": ("按规定先垫付给您。", "By law you are credited for the time being."),
    "credit_ordered": ("已决定先垫付给您。", "It was decided to credit you for the time being."),
    "credit_posted": (
        "已先垫付给您，还不是最后结果。",
        "You were credited for the time being; it is not final.",
    ),
    "credit_refused": ("垫付没有办成。", "The credit for the time being could not be posted."),
    "credit_notice_due": (
        "垫付的钱正在收回，先前已通知您。",
        "The credit is being taken back, as you were told before.",
    ),
    "credit_reversed": ("垫付的钱已收回。", "The credit for the time being was taken back."),
    "credit_reversal_refused": (
        "垫付的钱没有收回。",
        "The credit for the time being was not taken back.",
    ),
    "correction_posted": ("账目已更正。", "The books are corrected."),
    "correction_refused": (
        "更正没有办成，由专人再看。",
        "The correction could not be posted; a person looks again.",
    ),
    "compensation_ordered": ("决定给您补偿。", "A compensation was decided."),
    "compensation_posted": ("补偿已付到您的账户。", "The compensation was paid to your account."),
    "compensation_refused": ("补偿没有付成。", "The compensation could not be paid."),
    "hold_placed": ("付款已暂停，收款不受影响。", "Payments are paused; money can still come in."),
    "hold_frozen": ("账户已冻结，等待重置。", "The account is frozen until it is set anew."),
    "hold_released": ("账户已恢复使用。", "The account is open again."),
    "hold_refused": (
        "付款没有暂停成，我们继续核实。",
        "Payments could not be paused; we go on to check who you are.",
    ),
    "hold_expired": ("付款暂停已到期解除。", "The pause of payments has ended by itself."),
    "hold_due": ("付款暂停已到期解除。", "The pause of payments has ended by itself."),
    "identity_pending": ("等待您证明是本人。", "We wait for you to prove that it is you."),
    "identity_verified": ("已确认是您本人。", "We know that it is you."),
    "identity_failed": ("没能确认是您本人。", "We could not confirm that it is you."),
    "identity_due": ("核验身份的期限已过。", "The time to prove who you are is over."),
    "documents_accepted": ("您的证件已通过审核。", "Your documents were accepted."),
    "documents_rejected": ("您的证件没有通过审核。", "Your documents were not accepted."),
    "documents_due": (
        "证件审核超时，已加急。",
        "The check of your documents is late; it has been raised.",
    ),
    "reset_pending": ("正在重置登录方式。", "The ways to log in are being set anew."),
    "reset_done": ("登录方式已重置。", "The ways to log in are set anew."),
    "reset_refused": ("暂时不能重置登录方式。", "The ways to log in cannot be set anew for now."),
    "merchant_offered": ("商家提出退一部分。", "The merchant offers a part."),
    "merchant_wants_return": (
        "商家同意退货退款。",
        "The merchant agreed, once the goods are back.",
    ),
    "merchant_fulfilled": (
        "商家确认已收款并履行。",
        "The merchant confirmed the payment and what it was for.",
    ),
    "merchant_sent_evidence": ("商家已提交凭证。", "The merchant sent its evidence."),
    "offer_accepted": ("您接受了商家的方案。", "You took the merchant's offer."),
    "offer_refused": ("您没有接受商家的方案。", "You did not take the merchant's offer."),
    "offer_due": ("答复商家方案的期限已过。", "The time to answer the offer is over."),
    "goods_shipped": ("您已寄回商品。", "You sent the goods back."),
    "goods_received": ("商家已收到退货。", "The merchant has the goods back."),
    "goods_contested": ("商家对退货有异议。", "The merchant contests the returned goods."),
    "goods_due": ("退货的期限已过。", "The time for the goods to be back is over."),
    "customer_sent_evidence": ("您已提交凭证。", "You sent your evidence."),
    "evidence_due": ("举证的期限已过。", "The time for evidence is over."),
    "decision_confirmed": ("第二位专员已确认裁定。", "A second person confirmed the decision."),
    "decision_rejected": (
        "第二位专员没有确认，重新审理。",
        "A second person did not confirm the decision; it is taken anew.",
    ),
    "refund_declared_failed": (
        "银行确认这笔退款没有付出。",
        "The bank confirmed that the refund was not paid.",
    ),
    "refund_withheld": (
        "发卡行正在为同一笔钱拒付，这笔退款暂未发出。",
        "The card issuer is charging the same money back, so the refund was not sent.",
    ),
    "refund_due": ("退款超时，已转专人。", "The refund is late; one of our people goes on."),
    "funding_due": (
        "付款方的资金没有按时到位。",
        "Whoever pays did not provide the money in time.",
    ),
    "account_chosen": ("您选择了另一个账户。", "You chose another account."),
    "account_confirmed": ("已确认该账户是您本人的。", "The account was confirmed to be yours."),
    "account_rejected": (
        "没能确认该账户是您本人的。",
        "The account could not be confirmed to be yours.",
    ),
    "destination_due": (
        "选择或核实账户的期限已过。",
        "The time to choose or check an account is over.",
    ),
    "case_reopened": ("您的事项已重新打开。", "Your case is open again."),
    "complaint_answered": ("您的投诉已答复。", "Your complaint is answered."),
    "complaint_due": (
        "投诉答复超时，已加急。",
        "The answer to your complaint is late; it has been raised.",
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
