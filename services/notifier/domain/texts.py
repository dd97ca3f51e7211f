"""Every text there is, and what kind of text each one is."""

from enum import StrEnum
from typing import Final


class Urgency(StrEnum):
    """What an unknown outcome of sending means for a message, and whether it may wait."""

    SECURITY = "security"  # of the account: never kept back for the night; better twice than never
    DECISION = "decision"  # decisions and money: better twice than never
    PROGRESS = "progress"  # the next message says more anyway


class Template(StrEnum):
    """Every text there is."""

    RECEIVED = "received"
    DETAILS_WANTED = "details_wanted"
    IN_TRANSIT = "in_transit"
    RETURNING = "returning"
    REVERSAL_WATCHED = "reversal_watched"
    RELEASE_WATCHED = "release_watched"
    RECALLING = "recalling"
    RECALL_AGREED = "recall_agreed"
    OFFER_MADE = "offer_made"
    RETURN_AWAITED = "return_awaited"
    EVIDENCE_WANTED = "evidence_wanted"
    ARBITRATION = "arbitration"
    ARBITRATION_REFUSED = "arbitration_refused"
    ARBITRATION_SILENT = "arbitration_silent"
    ARBITRATION_APPEAL = "arbitration_appeal"
    REOPENED = "reopened"
    CHARGEBACK_FILED = "chargeback_filed"
    ACCOUNT_PAUSED = "account_paused"
    ACCOUNT_PAUSED_VERIFY = "account_paused_verify"
    IDENTITY_WANTED = "identity_wanted"
    IDENTITY_REVIEW = "identity_review"
    UNDER_REVIEW = "under_review"
    LATE_MONEY = "late_money"
    COMPLAINT_TAKEN = "complaint_taken"
    PROVISIONAL = "provisional"
    CREDIT_ENDING = "credit_ending"
    COMPENSATED = "compensated"
    APPROVED = "approved"
    APPROVED_PARTIAL = "approved_partial"
    REFUND_SENT = "refund_sent"
    BOUNCED = "bounced"
    ACCOUNT_WANTED = "account_wanted"
    ACCOUNT_REFUSED = "account_refused"
    UNFUNDED = "unfunded"
    CREDITED = "credited"
    CREDIT_FINAL = "credit_final"
    DELIVERED = "delivered"
    REFUND_ARRIVED = "refund_arrived"
    RETURNED = "returned"
    REVERSED = "reversed"
    RELEASED = "released"
    RECALLED = "recalled"
    CHARGED_BACK = "charged_back"
    FULFILLED = "fulfilled"
    CORRECTED = "corrected"
    ACCESS_RESTORED = "access_restored"
    ACCOUNT_SECURED = "account_secured"
    REFERRED = "referred"
    ANSWERED = "answered"
    EXPLAINED = "explained"
    EXPLAINED_OTHER = "explained_other"
    EXPLAINED_RECALL = "explained_recall"
    DECLINED = "declined"
    DECLINED_OFFER = "declined_offer"
    DECLINED_OTHER = "declined_other"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    IN_TRANSIT_ON_CHAIN = "in_transit_on_chain"
    DELIVERED_ON_CHAIN = "delivered_on_chain"
    EXPLAINED_ON_CHAIN = "explained_on_chain"
    EXPLAINED_PENDING = "explained_pending"
    EXPLAINED_REVERTED = "explained_reverted"
    EXPLAINED_KEYS = "explained_keys"
    EXPLAINED_EXPOSED = "explained_exposed"
    DELAYED = "delayed"
    REMINDER = "reminder"
    DATE_MOVED = "date_moved"


PROGRESS: Final = frozenset(
    {
        Template.RECEIVED,
        Template.IN_TRANSIT,
        Template.IN_TRANSIT_ON_CHAIN,
        Template.REVERSAL_WATCHED,
        Template.RELEASE_WATCHED,
        Template.RECALLING,
        Template.RECALL_AGREED,
        Template.ARBITRATION,
        Template.ARBITRATION_REFUSED,
        Template.ARBITRATION_SILENT,
        Template.ARBITRATION_APPEAL,
        Template.REOPENED,
        Template.CHARGEBACK_FILED,
        Template.IDENTITY_REVIEW,
        Template.UNDER_REVIEW,
        Template.COMPLAINT_TAKEN,
        Template.WITHDRAWN,
        Template.DUPLICATE,
        Template.DELAYED,
        Template.DATE_MOVED,
    }
)
SECURITY: Final = frozenset(
    {
        Template.ACCOUNT_PAUSED,
        Template.ACCOUNT_PAUSED_VERIFY,
        Template.IDENTITY_WANTED,
        Template.ACCESS_RESTORED,
        Template.ACCOUNT_SECURED,
    }
)
"""The rest are decisions and money."""

ASKING: Final = frozenset(
    {
        Template.DETAILS_WANTED,
        Template.OFFER_MADE,
        Template.RETURN_AWAITED,
        Template.EVIDENCE_WANTED,
        Template.ACCOUNT_PAUSED_VERIFY,
        Template.IDENTITY_WANTED,
        Template.ACCOUNT_WANTED,
        Template.ACCOUNT_REFUSED,
        Template.REMINDER,
        Template.DATE_MOVED,
    }
)
"""The customer has something to do, mostly by a date."""

ENDS: Final = frozenset(
    {
        Template.CREDITED,
        Template.CREDIT_FINAL,
        Template.DELIVERED,
        Template.DELIVERED_ON_CHAIN,
        Template.REFUND_ARRIVED,
        Template.RETURNED,
        Template.REVERSED,
        Template.RELEASED,
        Template.RECALLED,
        Template.CHARGED_BACK,
        Template.FULFILLED,
        Template.CORRECTED,
        Template.ACCESS_RESTORED,
        Template.ACCOUNT_SECURED,
        Template.REFERRED,
        Template.ANSWERED,
        Template.EXPLAINED,
        Template.EXPLAINED_OTHER,
        Template.EXPLAINED_RECALL,
        Template.EXPLAINED_ON_CHAIN,
        Template.EXPLAINED_PENDING,
        Template.EXPLAINED_REVERTED,
        Template.EXPLAINED_KEYS,
        Template.EXPLAINED_EXPOSED,
        Template.DECLINED,
        Template.DECLINED_OFFER,
        Template.DECLINED_OTHER,
        Template.WITHDRAWN,
        Template.DUPLICATE,
    }
)
WITHOUT_MONEY: Final = frozenset(
    {
        Template.DETAILS_WANTED,
        Template.RETURN_AWAITED,
        Template.ACCOUNT_PAUSED,
        Template.ACCOUNT_PAUSED_VERIFY,
        Template.IDENTITY_WANTED,
        Template.IDENTITY_REVIEW,
        Template.UNDER_REVIEW,
        Template.COMPLAINT_TAKEN,
        Template.REFUND_ARRIVED,
        Template.ACCESS_RESTORED,
        Template.ACCOUNT_SECURED,
        Template.REFERRED,
        Template.ANSWERED,
        Template.DECLINED_OTHER,
        Template.EXPLAINED_KEYS,
        Template.EXPLAINED_EXPOSED,
        Template.REMINDER,
        Template.DATE_MOVED,
    }
)
"""Texts about no sum, or about one that no snapshot holds: none is named rather than a wrong one.
"""
