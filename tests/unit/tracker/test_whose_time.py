"""Whose time each rule counts: to take some of the customer's is against them, as is to wait."""

from services.tracker.domain.reschedule import TIME_OF_THE_CUSTOMER
from shared import rules

# By hand, from what each rule gives time for. A new rule has to be put on one side.
CUSTOMER = {
    "bounce_choice",
    "credit_notice",
    "details_due",
    "evidence_due",
    "goods_due",
    "identity_due",
    "offer_choice",
}
NO_STANDING_DATE = {"appeal_window", "refund_window"}  # looked at once, when somebody asks
OTHERS = {
    "arbitration_due",
    "bank_date_horizon",
    "chargeback_due",
    "chargeback_margin",
    "chargeback_recheck",
    "complaint_due",
    "confirmation_due",
    "documents_due",
    "escalation",
    "funding_due",
    "goods_receipt",
    "hold_length",
    "identity_recheck",
    "inquiry_due",
    "legal_review",
    "merchant_answer",
    "merchant_confirm",
    "news_grace",
    "promise_reminder",
    "provisional_credit",
    "recall_due",
    "recall_recheck",
    "records_due",
    "records_recheck",
    "refund_due",
    "refund_key_lifetime",
    "refund_recheck",
    "refund_settling",
    "reset_limit",
    "reset_recheck",
    "reversal_due",
    "reversal_due_transfer",
    "reversal_recheck",
    "trace_due",
    "trace_recheck",
}


def test_every_rule_counts_somebodys_time() -> None:
    known = {name for name in rules.load("default").rules if not name.startswith("promise_")}
    known |= {"promise_reminder"}  # the others are promises: by then the customer hears
    assert known == CUSTOMER | NO_STANDING_DATE | OTHERS
    assert not OTHERS & CUSTOMER
    assert TIME_OF_THE_CUSTOMER == CUSTOMER
