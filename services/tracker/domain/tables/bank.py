"""What banks tell: inquiry, compared records, trace, reversal, recall."""

from typing import Final

from services.tracker.domain.states import Details, Inquiry, Leg, Recall, Records, Reversal, Trace
from services.tracker.domain.tables.rows import Conditional, Row, Table, begun, late, named
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Kind

DETAILS: Final[dict[tuple[Details, T], Details]] = {
    (Details.NONE, T.ASK_DETAILS): Details.ASKED,
    (Details.NONE, T.DETAILS_GIVEN): Details.GIVEN,  # nobody had to ask
    (Details.ASKED, T.DETAILS_GIVEN): Details.GIVEN,
    (Details.ASKED, T.DETAILS_DUE): Details.LAPSED,
    (Details.LAPSED, T.DETAILS_GIVEN): Details.GIVEN,
}

INQUIRY: Final[dict[tuple[Inquiry, T], Inquiry]] = {
    (Inquiry.NONE, T.ASK_BANK): Inquiry.ASKED,
    (Inquiry.ASKED, T.TRANSACTION_FOUND): Inquiry.FOUND,
    (Inquiry.ASKED, T.TRANSACTION_MISSING): Inquiry.MISSING,
    (Inquiry.ASKED, T.TRANSACTION_FOREIGN): Inquiry.FOREIGN,
    (Inquiry.ASKED, T.INQUIRY_DUE): Inquiry.STALLED,
    (Inquiry.STALLED, T.TRANSACTION_FOUND): Inquiry.FOUND,
    (Inquiry.STALLED, T.TRANSACTION_MISSING): Inquiry.MISSING,
    (Inquiry.STALLED, T.TRANSACTION_FOREIGN): Inquiry.FOREIGN,
    (Inquiry.MISSING, T.TRANSACTION_FOUND): Inquiry.FOUND,  # booked later than it was asked for
    (Inquiry.FOUND, T.TRANSACTION_FOUND): Inquiry.FOUND,  # the outcome that it had not known
}

_FINDINGS: Final = {
    T.RECORDS_PENDING: Records.PENDING,
    T.RECORDS_AGREES: Records.AGREES,
    T.RECORDS_DIFFERS: Records.DIFFERS,
    T.RECORDS_EXPLAINED: Records.EXPLAINED,
    T.RECORDS_AUTHORISED_ONLY: Records.AUTHORISED_ONLY,
    T.RECORDS_SAME_ORDER: Records.SAME_ORDER,
    T.RECORDS_TWO_ORDERS: Records.TWO_ORDERS,
    T.RECORDS_UNMATCHED: Records.UNMATCHED,
    T.RECORDS_UNSENT: Records.UNSENT,
    T.RECORDS_ON_ITS_WAY: Records.ON_ITS_WAY,
    T.RECORDS_UNFUNDED: Records.UNFUNDED,
    T.RECORDS_BOUNCED: Records.BOUNCED,
    T.RECORDS_ARRIVED: Records.ARRIVED,
    T.RECORDS_OUR_ERROR: Records.OUR_ERROR,
    T.RECORDS_UNKNOWN_DEBITS: Records.UNKNOWN_DEBITS,
    T.RECORDS_HELD: Records.HELD,
}
# Which findings a comparison for this kind may have; any other is about something else.
FINDINGS_OF: Final = {
    Kind.WRONG_AMOUNT: frozenset(
        {T.RECORDS_PENDING, T.RECORDS_AGREES, T.RECORDS_DIFFERS, T.RECORDS_EXPLAINED}
    ),
    Kind.DUPLICATE_CHARGE: frozenset(
        {
            T.RECORDS_AUTHORISED_ONLY,
            T.RECORDS_SAME_ORDER,
            T.RECORDS_TWO_ORDERS,
            T.RECORDS_UNMATCHED,
        }
    ),
    Kind.REFUND_NOT_RECEIVED: frozenset(
        {
            T.RECORDS_UNSENT,
            T.RECORDS_ON_ITS_WAY,
            T.RECORDS_UNFUNDED,
            T.RECORDS_BOUNCED,
            T.RECORDS_ARRIVED,
        }
    ),
    Kind.BALANCE_ANOMALY: frozenset(
        {
            T.RECORDS_EXPLAINED,
            T.RECORDS_OUR_ERROR,
            T.RECORDS_UNKNOWN_DEBITS,
            T.RECORDS_HELD,
        }
    ),
}
# Of a refund somebody else sent: it may yet arrive, bounce, or be given up.
_MOVING: Final = (Records.ON_ITS_WAY, Records.UNFUNDED, Records.OVERDUE)
_REFUND_FINDINGS: Final = {
    trigger: found
    for trigger, found in _FINDINGS.items()
    if found in (Records.UNSENT, Records.BOUNCED, Records.ARRIVED)
}

RECORDS: Final[dict[tuple[Records, T], Records]] = {
    (Records.NONE, T.ASK_RECORDS): Records.ASKED,
    **{(Records.ASKED, trigger): found for trigger, found in _FINDINGS.items()},
    **{(Records.STALLED, trigger): found for trigger, found in _FINDINGS.items()},
    **{(state, trigger): found for state in _MOVING for trigger, found in _REFUND_FINDINGS.items()},
    (Records.ASKED, T.RECORDS_DUE): Records.STALLED,
    (Records.ON_ITS_WAY, T.RECORDS_ON_ITS_WAY): Records.ON_ITS_WAY,
    (Records.ON_ITS_WAY, T.RECORDS_UNFUNDED): Records.UNFUNDED,
    (Records.ON_ITS_WAY, T.RECORDS_RECHECK): Records.ON_ITS_WAY,
    (Records.ON_ITS_WAY, T.RECORDS_DUE): Records.OVERDUE,
    (Records.UNFUNDED, T.RECORDS_UNFUNDED): Records.UNFUNDED,
    (Records.UNFUNDED, T.RECORDS_ON_ITS_WAY): Records.ON_ITS_WAY,
    (Records.UNFUNDED, T.RECORDS_RECHECK): Records.UNFUNDED,
    (Records.UNFUNDED, T.RECORDS_DUE): Records.OVERDUE,
    (Records.OVERDUE, T.RECORDS_RECHECK): Records.OVERDUE,
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
    (Reversal.NONE, T.REVERSAL_CREDITED): Reversal.CREDITED,  # before anybody asked for it
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

# Until the bank says that nothing comes, something may, and its money stays held.
RECALL: Final[dict[tuple[Recall, T], Recall]] = {
    (Recall.NONE, T.ASK_RECALL): Recall.ASKED,
    (Recall.ASKED, T.RECALL_PENDING): Recall.ASKED,
    (Recall.ASKED, T.RECALL_RECHECK): Recall.ASKED,
    (Recall.ASKED, T.RECALL_AGREED): Recall.AGREED,
    (Recall.ASKED, T.RECALL_REFUSED): Recall.REFUSED,
    (Recall.ASKED, T.RECALL_RETURNED): Recall.RETURNED,
    (Recall.ASKED, T.RECALL_DUE): Recall.OVERDUE,
    (Recall.AGREED, T.RECALL_AGREED): Recall.AGREED,
    (Recall.AGREED, T.RECALL_RECHECK): Recall.AGREED,
    (Recall.AGREED, T.RECALL_REFUSED): Recall.REFUSED,
    (Recall.AGREED, T.RECALL_RETURNED): Recall.RETURNED,
    (Recall.AGREED, T.RECALL_DUE): Recall.OVERDUE,
    (Recall.OVERDUE, T.RECALL_AGREED): Recall.AGREED,
    (Recall.OVERDUE, T.RECALL_RECHECK): Recall.OVERDUE,
    (Recall.OVERDUE, T.RECALL_REFUSED): Recall.REFUSED,
    (Recall.OVERDUE, T.RECALL_RETURNED): Recall.RETURNED,
    (Recall.REFUSED, T.RECALL_RETURNED): Recall.RETURNED,
}

TABLES: Final[dict[Leg, Table]] = {
    Leg.DETAILS: DETAILS,  # type: ignore[dict-item] # each leg keeps its own state type above
    Leg.INQUIRY: INQUIRY,  # type: ignore[dict-item]
    Leg.RECORDS: RECORDS,  # type: ignore[dict-item]
    Leg.TRACE: TRACE,  # type: ignore[dict-item]
    Leg.REVERSAL: REVERSAL,  # type: ignore[dict-item]
    Leg.RECALL: RECALL,  # type: ignore[dict-item]
}

EXCEPT: Final[Conditional] = {}

LATE: Final[dict[Row, str]] = {
    **late(DETAILS, [Details.GIVEN], named("details_"), "the details had been given before"),
    (Details.LAPSED, T.DETAILS_DUE): "the silence was noted before",
    **late(
        INQUIRY,
        [Inquiry.FOUND, Inquiry.MISSING, Inquiry.FOREIGN],
        [*named("transaction_"), T.INQUIRY_DUE],
        "the bank had answered before",
    ),
    (Inquiry.STALLED, T.INQUIRY_DUE): "the silence was noted before",
    **late(RECORDS, begun(Records), named("records_"), "the records had been compared before"),
    **late(
        TRACE,
        [Trace.DELIVERED, Trace.REJECTED, Trace.WRONG_ACCOUNT, Trace.UNTRACED],
        named("trace_"),
        "the trace had ended before",
    ),
    (Trace.IN_TRANSIT, T.TRACE_NOT_FOUND): "the bank had found it before",
    **late(
        REVERSAL,
        [Reversal.CREDITED, Reversal.ABSENT],
        named("reversal_"),
        "the watch had ended before",
    ),
    (Reversal.OVERDUE, T.REVERSAL_DUE): "already overdue",
    **late(
        RECALL,
        [Recall.REFUSED, Recall.RETURNED],
        named("recall_"),
        "the recall had ended before",
    ),
    (Recall.AGREED, T.RECALL_PENDING): "the recipient had agreed before",
    (Recall.OVERDUE, T.RECALL_PENDING): "still waiting for the recipient",
    (Recall.OVERDUE, T.RECALL_DUE): "already overdue",
}
