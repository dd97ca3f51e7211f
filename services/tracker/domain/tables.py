"""The specification: (state, trigger) → state for each leg. Diagrams of these are committed.

`LATE` names what an answer means that comes when the leg has moved on: recorded, nothing changes.
Anything in neither table is illegal: recorded and answered with what is possible.
"""

from typing import Final

from services.tracker.domain.states import (
    Arbitration,
    Consent,
    Inquiry,
    Leg,
    Refund,
    Reversal,
    State,
    Trace,
    Verdict,
)
from services.tracker.domain.triggers import T

INQUIRY: Final[dict[tuple[Inquiry, T], Inquiry]] = {
    (Inquiry.NONE, T.ASK_BANK): Inquiry.ASKED,
    (Inquiry.ASKED, T.TRANSACTION_FOUND): Inquiry.FOUND,
    (Inquiry.ASKED, T.TRANSACTION_MISSING): Inquiry.MISSING,
    (Inquiry.ASKED, T.TRANSACTION_FOREIGN): Inquiry.FOREIGN,
    (Inquiry.ASKED, T.INQUIRY_DUE): Inquiry.STALLED,
    (Inquiry.STALLED, T.TRANSACTION_FOUND): Inquiry.FOUND,
    (Inquiry.STALLED, T.TRANSACTION_MISSING): Inquiry.MISSING,
    (Inquiry.STALLED, T.TRANSACTION_FOREIGN): Inquiry.FOREIGN,
}

TRACE: Final[dict[tuple[Trace, T], Trace]] = {
    (Trace.NONE, T.ASK_TRACE): Trace.ASKED,
    (Trace.ASKED, T.TRACE_IN_TRANSIT): Trace.IN_TRANSIT,
    (Trace.ASKED, T.TRACE_DELIVERED): Trace.DELIVERED,
    (Trace.ASKED, T.TRACE_REJECTED): Trace.REJECTED,
    (Trace.ASKED, T.TRACE_WRONG_ACCOUNT): Trace.WRONG_ACCOUNT,
    (Trace.ASKED, T.TRACE_NOT_FOUND): Trace.ASKED,
    (Trace.ASKED, T.TRACE_RECHECK): Trace.ASKED,
    (Trace.ASKED, T.TRACE_DUE): Trace.UNTRACED,
    (Trace.IN_TRANSIT, T.TRACE_IN_TRANSIT): Trace.IN_TRANSIT,
    (Trace.IN_TRANSIT, T.TRACE_RECHECK): Trace.IN_TRANSIT,
    (Trace.IN_TRANSIT, T.TRACE_DELIVERED): Trace.DELIVERED,
    (Trace.IN_TRANSIT, T.TRACE_REJECTED): Trace.REJECTED,
    (Trace.IN_TRANSIT, T.TRACE_WRONG_ACCOUNT): Trace.WRONG_ACCOUNT,
    (Trace.IN_TRANSIT, T.TRACE_DUE): Trace.UNTRACED,
    (Trace.UNTRACED, T.TRACE_DELIVERED): Trace.DELIVERED,
    (Trace.UNTRACED, T.TRACE_REJECTED): Trace.REJECTED,
}

REVERSAL: Final[dict[tuple[Reversal, T], Reversal]] = {
    (Reversal.NONE, T.WATCH_REVERSAL): Reversal.WATCHED,
    (Reversal.WATCHED, T.REVERSAL_PENDING): Reversal.WATCHED,
    (Reversal.WATCHED, T.REVERSAL_RECHECK): Reversal.WATCHED,
    (Reversal.WATCHED, T.REVERSAL_CREDITED): Reversal.CREDITED,
    (Reversal.WATCHED, T.REVERSAL_ABSENT): Reversal.ABSENT,
    (Reversal.WATCHED, T.REVERSAL_DUE): Reversal.OVERDUE,
    (Reversal.OVERDUE, T.REVERSAL_PENDING): Reversal.OVERDUE,
    (Reversal.OVERDUE, T.REVERSAL_RECHECK): Reversal.OVERDUE,
    (Reversal.OVERDUE, T.REVERSAL_CREDITED): Reversal.CREDITED,
    (Reversal.OVERDUE, T.REVERSAL_ABSENT): Reversal.ABSENT,
    (Reversal.ABSENT, T.REVERSAL_PENDING): Reversal.WATCHED,
    (Reversal.ABSENT, T.REVERSAL_CREDITED): Reversal.CREDITED,
}

CONSENT: Final[dict[tuple[Consent, T], Consent]] = {
    (Consent.NONE, T.ASK_MERCHANT): Consent.ASKED,
    (Consent.ASKED, T.CONSENT_DELIVERED): Consent.DELIVERED,
    (Consent.ASKED, T.MERCHANT_ACCEPTED): Consent.ACCEPTED,
    (Consent.ASKED, T.MERCHANT_REFUSED): Consent.REFUSED,
    (Consent.ASKED, T.MERCHANT_DUE): Consent.SILENT,
    (Consent.DELIVERED, T.MERCHANT_ACCEPTED): Consent.ACCEPTED,
    (Consent.DELIVERED, T.MERCHANT_REFUSED): Consent.REFUSED,
    (Consent.DELIVERED, T.MERCHANT_DUE): Consent.SILENT,
    (Consent.SILENT, T.MERCHANT_ACCEPTED): Consent.ACCEPTED,
    (Consent.SILENT, T.MERCHANT_REFUSED): Consent.REFUSED,
    (Consent.REFUSED, T.MERCHANT_ACCEPTED): Consent.ACCEPTED,
}

ARBITRATION: Final[dict[tuple[Arbitration, T], Arbitration]] = {
    (Arbitration.NONE, T.OPEN_ARBITRATION): Arbitration.OPEN,
    (Arbitration.SUPERSEDED, T.OPEN_ARBITRATION): Arbitration.OPEN,
    (Arbitration.DECIDED, T.OPEN_ARBITRATION): Arbitration.OPEN,
    (Arbitration.OPEN, T.ARBITRATOR_DECIDED): Arbitration.DECIDED,
    (Arbitration.OPEN, T.ARBITRATION_DUE): Arbitration.OPEN,
    (Arbitration.OPEN, T.SUPERSEDE_ARBITRATION): Arbitration.SUPERSEDED,
}

REFUND: Final[dict[tuple[Refund, T], Refund]] = {
    (Refund.NONE, T.APPROVE): Refund.RESERVED,
    (Refund.NONE, T.REFUND_CREDITED): Refund.CREDITED,  # an attempt that had been given up
    (Refund.RESERVED, T.REFUND_ACCEPTED): Refund.IN_FLIGHT,
    (Refund.RESERVED, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.RESERVED, T.REFUND_BOUNCED): Refund.BOUNCED,
    (Refund.RESERVED, T.REFUND_UNFUNDED): Refund.UNFUNDED,
    (Refund.RESERVED, T.REFUND_FAILED): Refund.FAILED,
    (Refund.RESERVED, T.REFUND_NO_ANSWER): Refund.UNKNOWN,
    (Refund.RESERVED, T.REFUND_DUE): Refund.RESERVED,  # a person looks; it may still be sent
    (Refund.UNKNOWN, T.REFUND_ACCEPTED): Refund.IN_FLIGHT,
    (Refund.UNKNOWN, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.UNKNOWN, T.REFUND_BOUNCED): Refund.BOUNCED,
    (Refund.UNKNOWN, T.REFUND_UNFUNDED): Refund.UNFUNDED,
    (Refund.UNKNOWN, T.REFUND_FAILED): Refund.FAILED,
    (Refund.UNKNOWN, T.REFUND_NOT_FOUND): Refund.RESERVED,
    (Refund.UNKNOWN, T.REFUND_DUE): Refund.STUCK,
    (Refund.STUCK, T.REFUND_ACCEPTED): Refund.IN_FLIGHT,
    (Refund.STUCK, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.STUCK, T.REFUND_BOUNCED): Refund.BOUNCED,
    (Refund.STUCK, T.REFUND_FAILED): Refund.FAILED,
    (Refund.STUCK, T.REFUND_DECLARED_FAILED): Refund.FAILED,
    (Refund.STUCK, T.REFUND_RECHECK): Refund.STUCK,
    (Refund.IN_FLIGHT, T.REFUND_ACCEPTED): Refund.IN_FLIGHT,  # with another date
    (Refund.IN_FLIGHT, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.IN_FLIGHT, T.REFUND_BOUNCED): Refund.BOUNCED,
    (Refund.IN_FLIGHT, T.REFUND_UNFUNDED): Refund.UNFUNDED,
    (Refund.IN_FLIGHT, T.REFUND_FAILED): Refund.FAILED,
    (Refund.IN_FLIGHT, T.REFUND_RECHECK): Refund.IN_FLIGHT,
    (Refund.IN_FLIGHT, T.REFUND_DUE): Refund.STUCK,
    (Refund.BOUNCED, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.BOUNCED, T.BOUNCE_DUE): Refund.FAILED,
    (Refund.UNFUNDED, T.REFUND_ACCEPTED): Refund.IN_FLIGHT,
    (Refund.UNFUNDED, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.UNFUNDED, T.REFUND_BOUNCED): Refund.BOUNCED,
    (Refund.UNFUNDED, T.REFUND_FAILED): Refund.FAILED,
    # not the bank's final no: a new key could pay twice, so a person settles it with the bank
    (Refund.UNFUNDED, T.FUNDING_DUE): Refund.STUCK,
    (Refund.FAILED, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.FAILED, T.APPROVE): Refund.RESERVED,
    (Refund.FAILED, T.RELEASE_REFUND): Refund.NONE,
    (Refund.CREDITED, T.REFUND_CREDITED): Refund.CREDITED,  # another attempt's
    (Refund.CREDITED, T.REFUND_BOUNCED): Refund.BOUNCED,
}

VERDICT: Final[dict[tuple[Verdict, T], Verdict]] = {
    (Verdict.NONE, T.DECLINE): Verdict.DECLINED,
    (Verdict.NONE, T.EXPLAIN): Verdict.EXPLAINED,
    (Verdict.NONE, T.WITHDRAWN): Verdict.WITHDRAWN,
    (Verdict.NONE, T.CLOSE_AS_DUPLICATE): Verdict.DUPLICATE,
    (Verdict.DECLINED, T.LATE_CONSENT_REQUESTED): Verdict.NONE,
    (Verdict.DECLINED, T.APPEALED): Verdict.NONE,
}

TABLES: Final[dict[Leg, dict[tuple[State, T], State]]] = {
    Leg.INQUIRY: INQUIRY,  # type: ignore[dict-item] # each leg keeps its own state type above
    Leg.TRACE: TRACE,  # type: ignore[dict-item]
    Leg.REVERSAL: REVERSAL,  # type: ignore[dict-item]
    Leg.CONSENT: CONSENT,  # type: ignore[dict-item]
    Leg.ARBITRATION: ARBITRATION,  # type: ignore[dict-item]
    Leg.REFUND: REFUND,  # type: ignore[dict-item]
    Leg.VERDICT: VERDICT,  # type: ignore[dict-item]
}

# Rows with other ends on named conditions, of which `decide` takes the first that holds.
EXCEPT: Final[dict[tuple[State, T], dict[str, State]]] = {
    (Refund.UNKNOWN, T.REFUND_NOT_FOUND): {
        "still settling": Refund.UNKNOWN,
        "key expired": Refund.STUCK,
    },
    (Refund.STUCK, T.REFUND_ACCEPTED): {
        "overdue": Refund.STUCK,
        "another attempt is credited": Refund.STUCK,
    },
    # paid after all, while a later attempt may pay too: a person settles that with the bank
    **{
        (state, T.REFUND_CREDITED): {"of an earlier attempt": Refund.STUCK}
        for state in (
            Refund.RESERVED,
            Refund.UNKNOWN,
            Refund.STUCK,
            Refund.IN_FLIGHT,
            Refund.UNFUNDED,
        )
    },
    (Refund.STUCK, T.REFUND_BOUNCED): {
        "of an earlier attempt": Refund.STUCK,
        "another attempt is credited": Refund.CREDITED,
    },
    (Refund.STUCK, T.REFUND_FAILED): {"another attempt is credited": Refund.CREDITED},
    (Refund.STUCK, T.REFUND_DECLARED_FAILED): {"another attempt is credited": Refund.CREDITED},
    (Refund.CREDITED, T.REFUND_BOUNCED): {
        "another attempt is credited": Refund.CREDITED,
        "given up before": Refund.NONE,
    },
}

LEG_OF: Final[dict[T, Leg]] = {
    trigger: leg for leg, table in TABLES.items() for (_, trigger) in table
}

# Ordinary late and repeated answers, by what they find.
LATE: Final[dict[tuple[State, T], str]] = {
    **{
        (state, trigger): "the bank had answered before"
        for state in (Inquiry.FOUND, Inquiry.MISSING, Inquiry.FOREIGN)
        for trigger in (
            T.TRANSACTION_FOUND,
            T.TRANSACTION_MISSING,
            T.TRANSACTION_FOREIGN,
            T.INQUIRY_DUE,
        )
    },
    **{
        (state, trigger): "the trace had ended before"
        for state in (Trace.DELIVERED, Trace.REJECTED, Trace.WRONG_ACCOUNT, Trace.UNTRACED)
        for trigger in T
        if trigger.startswith("trace_") and (state, trigger) not in TRACE
    },
    (Trace.IN_TRANSIT, T.TRACE_NOT_FOUND): "the bank had found it before",
    **{
        (state, trigger): "the watch had ended before"
        for state in (Reversal.CREDITED, Reversal.ABSENT)
        for trigger in T
        if trigger.startswith("reversal_") and (state, trigger) not in REVERSAL
    },
    (Reversal.OVERDUE, T.REVERSAL_DUE): "already overdue",
    **{
        (state, T.CONSENT_DELIVERED): "the merchant had answered before its receipt was known"
        for state in (Consent.DELIVERED, Consent.ACCEPTED, Consent.REFUSED, Consent.SILENT)
    },
    **{
        (Consent.ACCEPTED, trigger): "the merchant had accepted; an acceptance stands"
        for trigger in (T.MERCHANT_ACCEPTED, T.MERCHANT_REFUSED, T.MERCHANT_DUE)
    },
    (Consent.REFUSED, T.MERCHANT_REFUSED): "the merchant had refused before",
    (Consent.REFUSED, T.MERCHANT_DUE): "the merchant had answered in time",
    (Consent.SILENT, T.MERCHANT_DUE): "the silence was noted before",
    **{
        (Refund.CREDITED, trigger): "the refund had been credited before"
        for trigger in T
        if trigger.startswith("refund_") and (Refund.CREDITED, trigger) not in REFUND
    },
    (Refund.RESERVED, T.REFUND_NOT_FOUND): "the refund is being sent again",
    (Refund.RESERVED, T.REFUND_RECHECK): "the refund is being sent",
    (Refund.UNKNOWN, T.REFUND_NO_ANSWER): "the outcome is already being asked for",
    (Refund.UNKNOWN, T.REFUND_RECHECK): "the outcome is already being asked for",
    (Refund.STUCK, T.REFUND_UNFUNDED): "the bank still waits for the money; a person goes on",
    (Refund.STUCK, T.REFUND_NOT_FOUND): "past the key's lifetime only a person may go on",
    (Refund.STUCK, T.REFUND_NO_ANSWER): "past the key's lifetime only a person may go on",
    (Refund.IN_FLIGHT, T.REFUND_NO_ANSWER): "the bank had accepted it before",
    (Refund.IN_FLIGHT, T.REFUND_NOT_FOUND): "the bank had accepted it before",
    **{
        (state, trigger): "this attempt had failed before"
        for state in (Refund.BOUNCED, Refund.UNFUNDED, Refund.FAILED)
        for trigger in T
        if trigger.startswith("refund_") and (state, trigger) not in REFUND
    },
    **{
        (Arbitration.DECIDED, trigger): "it had been decided before"
        for trigger in (T.ARBITRATION_DUE, T.SUPERSEDE_ARBITRATION)
    },
    (Arbitration.SUPERSEDED, T.ARBITRATION_DUE): "no decision is needed any more",
}
