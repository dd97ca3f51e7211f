"""What a decision asks the shell to do, and what entering each state asks for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.tracker.domain import lateness
from services.tracker.domain.dispute import Dispute
from services.tracker.domain.standing import LIVE_CHARGEBACKS, may_be_charged_back
from services.tracker.domain.states import (
    Access,
    Arbitration,
    Chargeback,
    Compensation,
    Complaint,
    Consent,
    Correction,
    Credit,
    Destination,
    Details,
    Goods,
    Hold,
    Identity,
    Inquiry,
    Leg,
    Legal,
    Recall,
    Records,
    Refund,
    Reversal,
    State,
    Trace,
)
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Kind, TransactionState
from shared.rules import Profile


@dataclass(frozen=True, slots=True)
class Call:
    """Ask an outside party. The key of the call is `dispute:leg:n`, on every retry the same."""

    party: str  # bank, merchant or accounts
    leg: Leg
    kind: str
    n: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Timer:
    """Wake the dispute with `trigger` at that time.

    `rule` and `start` say where the time comes from, so that it can be worked out again.
    """

    leg: Leg
    trigger: T
    due_at: datetime
    rule: str | None = field(default=None, compare=False)
    start: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take back a timer."""

    leg: Leg
    trigger: T


@dataclass(frozen=True, slots=True)
class Unmake:
    """Take back a call that was not made yet."""

    leg: Leg
    kind: str
    n: int


Effect = Call | Timer | Cancel | Unmake
_Make = Callable[[Dispute, datetime, Profile], tuple[Effect, ...]]


def _timer(leg: Leg, trigger: T, rule: str, now: datetime, rules: Profile) -> Timer:
    """What a rule gives from now on."""
    return Timer(leg, trigger, rules.due(rule, now), rule, now)


def _due(leg: Leg, trigger: T, rule: str) -> _Make:
    """One timer by a rule."""

    def make(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
        del dispute
        return (_timer(leg, trigger, rule, now, rules),)

    return make


def _call(party: str, leg: Leg, kind: str, counter: str) -> _Make:
    """One call, numbered by a counter of the facts."""

    def make(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
        del rules
        return (Call(party, leg, kind, getattr(dispute.facts, counter), now),)

    return make


def _pause(leg: Leg, trigger: T, rule: str) -> _Make:
    """One timer after a span, or at the date that the other side gave if that is later."""

    def make(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
        soon = now + rules.delay(rule)
        return (Timer(leg, trigger, max(soon, dispute.facts.expected_at or soon)),)

    return make


def _all(*makers: _Make) -> _Make:
    def make(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
        return tuple(effect for each in makers for effect in each(dispute, now, rules))

    return make


def _ask_bank(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    del dispute
    return (
        Call("bank", Leg.INQUIRY, "inquiry", 1, now),
        _timer(Leg.INQUIRY, T.INQUIRY_DUE, "inquiry_due", now, rules),
    )


def _ask_bank_again(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    return _ask_bank(dispute, now, rules)[:1]


def _found(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """What a card paid for, others may charge back: we want to hear of it.

    Our own chargeback is filed before its window closes, whatever else goes on.
    """
    watch = (Call("bank", Leg.CHARGEBACK, "chargeback_watch", 1, now),)
    watched = watch if may_be_charged_back(dispute) else ()
    until = dispute.facts.chargeback_until
    if until is None or until <= now:
        return watched
    file_at = max(now, until - rules.delay("chargeback_margin"))
    return (*watched, Timer(Leg.CHARGEBACK, T.CHARGEBACK_WINDOW, file_at))


def _found_again(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """On reopening: whatever the bank could not tell is asked again, its chargebacks heard of."""
    unknown = dispute.facts.transaction_state is TransactionState.UNKNOWN
    asked = _ask_bank_again(dispute, now, rules) if unknown else ()
    watched = _found(dispute, now, rules)
    if dispute.legs.chargeback is not Chargeback.NONE:  # no window is left to meet
        watched = tuple(effect for effect in watched if isinstance(effect, Call))
    return (*asked, *watched)


def _in_transit(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """Recheck at the bank's own date, never give up before it; without one, now and then."""
    pause, expected = rules.delay("trace_recheck"), dispute.facts.expected_at
    recheck = expected if expected and expected > now else now + pause
    return (
        Timer(Leg.TRACE, T.TRACE_RECHECK, recheck),
        Timer(Leg.TRACE, T.TRACE_DUE, recheck + pause * 10),
    )


def _ask_trace(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    return (
        Call("bank", Leg.TRACE, "trace", dispute.facts.trace_n, now),
        _timer(Leg.TRACE, T.TRACE_DUE, "trace_due", now, rules),
        Timer(Leg.TRACE, T.TRACE_RECHECK, now + rules.delay("trace_recheck")),
    )


def _recheck_trace(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    return (
        Call("bank", Leg.TRACE, "trace_query", dispute.facts.trace_n, now),
        Timer(Leg.TRACE, T.TRACE_RECHECK, now + rules.delay("trace_recheck")),
    )


def _watch(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """News of a return comes with its trace; a reversal has to be watched for."""
    rule, start = lateness.reversal_rule(dispute), lateness.reversal_start(dispute, now, rules)
    return (
        Call("bank", Leg.REVERSAL, "return_query" if _is_return(dispute) else "watch", 1, now),
        *_pause(Leg.REVERSAL, T.REVERSAL_RECHECK, "reversal_recheck")(dispute, now, rules),
        _timer(Leg.REVERSAL, T.REVERSAL_DUE, rule, start, rules),
    )


def _recheck_reversal(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    query = "return_query" if _is_return(dispute) else "reversal_query"
    return (
        Call("bank", Leg.REVERSAL, query, 1, now),
        Timer(Leg.REVERSAL, T.REVERSAL_RECHECK, now + rules.delay("reversal_recheck")),
    )


def _is_return(dispute: Dispute) -> bool:
    """A return belongs to a trace, a reversal to the transaction itself."""
    return dispute.legs.trace is Trace.REJECTED


def _agreed(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """Consented money has its own time to come."""
    recheck = _pause(Leg.RECALL, T.RECALL_RECHECK, "recall_recheck")(dispute, now, rules)
    due = max(rules.due("recall_due", now), dispute.facts.expected_at or now)
    return (*recheck, Timer(Leg.RECALL, T.RECALL_DUE, due))


def _ask_merchant(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    due = rules.due(answer_rule(dispute), now)
    return (
        Call("merchant", Leg.CONSENT, "consent", dispute.facts.consent_n, now),
        Timer(Leg.CONSENT, T.MERCHANT_REMINDER, now + (due - now) / 2),
        Timer(Leg.CONSENT, T.MERCHANT_DUE, due),
    )


def _wait_for_merchant(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    return _ask_merchant(dispute, now, rules)[1:]


def answer_rule(dispute: Dispute) -> str:
    """The rule of the merchant's answer: a confirmation is a quicker thing than a refund."""
    return "merchant_answer" if dispute.claim.kind is Kind.REFUND_REQUEST else "merchant_confirm"


def _gather(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    asked = (Call("merchant", Leg.ARBITRATION, "evidence", dispute.facts.arbitration_n, now),)
    has_merchant = dispute.facts.bank_merchant_id or dispute.claim.merchant_id
    due = _timer(Leg.ARBITRATION, T.EVIDENCE_DUE, "evidence_due", now, rules)
    return (*(asked if has_merchant else ()), due)


def _send_refund(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    return (
        Call("bank", Leg.REFUND, "refund", dispute.facts.refund_n, now),
        _timer(Leg.REFUND, T.REFUND_DUE, "refund_due", now, rules),
    )


def _unknown(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """A bank that never tells is a case for a person, too."""
    return (
        *_ask_outcome(dispute, now, rules),
        _timer(Leg.REFUND, T.REFUND_DUE, "refund_due", now, rules),
    )


def _ask_outcome(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    del rules
    return (Call("bank", Leg.REFUND, "refund_query", dispute.facts.refund_n, now),)


def _ask_outcome_when_settled(
    dispute: Dispute, now: datetime, rules: Profile
) -> tuple[Effect, ...]:
    settled = (dispute.facts.refund_last_sent_at or now) + rules.delay("refund_settling")
    return (Call("bank", Leg.REFUND, "refund_query", dispute.facts.refund_n, settled),)


def _stuck(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """Nothing is sent any more, also what waits to be sent; the outcome is still asked for."""
    unsent = Unmake(Leg.REFUND, "refund", dispute.facts.refund_n)
    return (unsent, *_ask_outcome_slowly(dispute, now, rules))


def _sent_no_more(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """The news came before the call: what it would say is known."""
    del now, rules
    return (Unmake(Leg.REFUND, "refund", dispute.facts.refund_n),)


def _ask_outcome_slowly(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    del dispute
    return (Timer(Leg.REFUND, T.REFUND_RECHECK, now + rules.delay("refund_recheck")),)


def _fly(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """Recheck after the bank's own date; a person is asked no sooner."""
    recheck = max(dispute.facts.expected_at or now, now) + rules.delay("refund_recheck")
    return (
        Timer(Leg.REFUND, T.REFUND_RECHECK, recheck),
        Timer(Leg.REFUND, T.REFUND_DUE, max(rules.due("refund_due", now), recheck)),
    )


def _recheck_refund(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    return (*_ask_outcome(dispute, now, rules), *_ask_outcome_slowly(dispute, now, rules))


def _file(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """One that appeared from outside is known to the bank already."""
    ours = (Call("bank", Leg.CHARGEBACK, "chargeback", dispute.facts.chargeback_n, now),)
    watched = _watch_network(dispute, now, rules)
    window = Cancel(Leg.CHARGEBACK, T.CHARGEBACK_WINDOW)
    return (window, *(() if dispute.facts.chargeback_outside else ours), *watched)


def _step(kind: str) -> _Make:
    """Tell the network the next step of a chargeback."""

    def make(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
        number = dispute.facts.chargeback_n
        told = (Call("bank", Leg.CHARGEBACK, kind, number, now),)
        return (*told, *_watch_network(dispute, now, rules))

    return make


def _watch_network(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    del dispute
    return (
        Timer(Leg.CHARGEBACK, T.CHARGEBACK_RECHECK, now + rules.delay("chargeback_recheck")),
        _timer(Leg.CHARGEBACK, T.CHARGEBACK_DUE, "chargeback_due", now, rules),
    )


def _credit_by_statute(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """A proven theft is credited for the time being, unless it is settled before."""
    if dispute.claim.kind is not Kind.UNAUTHORIZED:
        return ()
    return (_timer(Leg.CREDIT, T.CREDIT_DUE, "provisional_credit", now, rules),)


def _postings(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """The wallet's own money that was ordered: its keys never expire, so each is made again."""
    ordered = (state for leg, *_, state in _PAYING if state and dispute.legs.of(leg) is state)
    return tuple(effect for state in ordered for effect in ENTER[state](dispute, now, rules))


def _stop_paying(dispute: Dispute, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """No call that moves money is made, also not one that was answered and is made once more."""
    del now, rules
    counted = ((leg, kind, getattr(dispute.facts, counter)) for leg, kind, counter, _ in _PAYING)
    return tuple(Unmake(leg, kind, n) for leg, kind, n in counted if n)


_PAYING: Final[tuple[tuple[Leg, str, str, State | None], ...]] = (
    (Leg.REFUND, "refund", "refund_n", None),  # a person sends it again, once the bank has told
    (Leg.CREDIT, "credit", "credit_n", Credit.ORDERED),
    (Leg.CREDIT, "credit_reversal", "credit_n", Credit.REVERSING),
    (Leg.CORRECTION, "correction", "correction_n", Correction.ORDERED),
    (Leg.COMPENSATION, "compensation", "compensation_n", Compensation.ORDERED),
)
"""The calls that move money, what numbers them, and where each is made again after a hold."""
_ASK_NETWORK: Final = _all(
    _call("bank", Leg.CHARGEBACK, "chargeback_query", "chargeback_n"),
    _pause(Leg.CHARGEBACK, T.CHARGEBACK_RECHECK, "chargeback_recheck"),
)
_ESCALATE: Final = _due(Leg.ARBITRATION, T.ARBITRATION_DUE, "escalation")
_DECIDE: Final = _due(Leg.ARBITRATION, T.ARBITRATION_DUE, "arbitration_due")
_CONFIRM: Final = _due(Leg.ARBITRATION, T.ARBITRATION_DUE, "confirmation_due")
_REVIEW: Final = _due(Leg.IDENTITY, T.DOCUMENTS_DUE, "documents_due")
_RAISE_CHARGEBACK: Final = _due(Leg.CHARGEBACK, T.CHARGEBACK_DUE, "escalation")
_RECHECK_RECORDS: Final = _all(
    _call("bank", Leg.RECORDS, "records", "records_n"),
    _pause(Leg.RECORDS, T.RECORDS_RECHECK, "records_recheck"),
)
_RECHECK_RECALL: Final = _all(
    _call("bank", Leg.RECALL, "recall_query", "recall_n"),
    _pause(Leg.RECALL, T.RECALL_RECHECK, "recall_recheck"),
)
_NOTICE: Final = _due(Leg.CREDIT, T.CREDIT_NOTICE_DUE, "credit_notice")
_COME_LATER: Final = _pause(Leg.RECORDS, T.RECORDS_RECHECK, "records_recheck")


ENTER: Final[dict[State, _Make]] = {
    Details.ASKED: _due(Leg.DETAILS, T.DETAILS_DUE, "details_due"),
    Inquiry.ASKED: _ask_bank,
    Inquiry.FOUND: _found,
    Records.ASKED: _all(
        _call("bank", Leg.RECORDS, "records", "records_n"),
        _due(Leg.RECORDS, T.RECORDS_DUE, "records_due"),
    ),
    Records.ON_ITS_WAY: _all(_COME_LATER, _due(Leg.RECORDS, T.RECORDS_DUE, "refund_due")),
    Records.UNFUNDED: _all(_COME_LATER, _due(Leg.RECORDS, T.RECORDS_DUE, "funding_due")),
    Records.OVERDUE: _COME_LATER,
    Trace.ASKED: _ask_trace,
    Trace.IN_TRANSIT: _in_transit,
    Reversal.WATCHED: _watch,
    Recall.ASKED: _all(
        _call("bank", Leg.RECALL, "recall", "recall_n"),
        _pause(Leg.RECALL, T.RECALL_RECHECK, "recall_recheck"),
        _due(Leg.RECALL, T.RECALL_DUE, "recall_due"),
    ),
    Recall.AGREED: _agreed,
    Consent.ASKED: _ask_merchant,
    Consent.OFFERED: _due(Leg.CONSENT, T.OFFER_DUE, "offer_choice"),
    Goods.AWAITED: _due(Leg.GOODS, T.GOODS_DUE, "goods_due"),
    Goods.SHIPPED: _all(
        _call("merchant", Leg.GOODS, "goods", "goods_n"),
        _due(Leg.GOODS, T.GOODS_DUE, "goods_receipt"),
    ),
    Arbitration.GATHERING: _gather,
    Arbitration.OPEN: _DECIDE,
    Arbitration.PROPOSED: _CONFIRM,
    Refund.RESERVED: _send_refund,
    Refund.UNKNOWN: _unknown,
    Refund.STUCK: _stuck,
    Refund.IN_FLIGHT: _fly,
    Refund.CREDITED: _sent_no_more,
    Refund.BOUNCED: _ask_outcome,  # a bank that credits after a bounce may be heard too early
    Refund.UNFUNDED: _due(Leg.REFUND, T.FUNDING_DUE, "funding_due"),
    Destination.ASKED: _due(Leg.DESTINATION, T.DESTINATION_DUE, "bounce_choice"),
    Destination.CHOSEN: _due(Leg.DESTINATION, T.DESTINATION_DUE, "confirmation_due"),
    Chargeback.FILED: _file,
    Chargeback.REPRESENTED: _watch_network,
    Chargeback.PRE_ARBITRATION: _step("pre_arbitration"),
    Chargeback.ARBITRATION: _step("network_arbitration"),
    Chargeback.WITHDRAWING: _step("chargeback_withdrawal"),
    Credit.ORDERED: _call("bank", Leg.CREDIT, "credit", "credit_n"),
    Credit.NOTICED: _NOTICE,
    Credit.REVERSING: _call("bank", Leg.CREDIT, "credit_reversal", "credit_n"),
    Correction.ORDERED: _call("bank", Leg.CORRECTION, "correction", "correction_n"),
    Compensation.ORDERED: _call("bank", Leg.COMPENSATION, "compensation", "compensation_n"),
    Hold.ASKED: _call("accounts", Leg.HOLD, "hold", "identity_n"),
    Hold.HELD: _due(Leg.HOLD, T.HOLD_DUE, "hold_length"),
    Hold.FREEZING: _call("accounts", Leg.HOLD, "freeze", "identity_n"),
    Hold.RELEASING: _call("accounts", Leg.HOLD, "release", "identity_n"),
    Identity.ASKED: _all(
        _call("accounts", Leg.IDENTITY, "identity", "identity_n"),
        _pause(Leg.IDENTITY, T.IDENTITY_RECHECK, "identity_recheck"),
        _due(Leg.IDENTITY, T.IDENTITY_DUE, "identity_due"),
    ),
    Identity.FAILED: _REVIEW,
    Identity.EXPIRED: _REVIEW,
    Identity.VERIFIED: _credit_by_statute,
    Access.ASKED: _all(
        _call("accounts", Leg.ACCESS, "reset", "reset_n"),
        _pause(Leg.ACCESS, T.RESET_RECHECK, "reset_recheck"),
    ),
    Access.REFUSED: _pause(Leg.ACCESS, T.RESET_RECHECK, "reset_limit"),
    Legal.HELD: _all(_due(Leg.LEGAL, T.LEGAL_DUE, "legal_review"), _stop_paying),
    Legal.LIFTED: _postings,
    Complaint.OPEN: _due(Leg.COMPLAINT, T.COMPLAINT_DUE, "complaint_due"),
}

# What a trigger asks for that leaves its leg where it was.
AGAIN: Final[dict[tuple[State, T], _Make]] = {
    (Inquiry.FOUND, T.TRANSACTION_FOUND): _found,
    (Records.OVERDUE, T.RECORDS_RECHECK): _RECHECK_RECORDS,
    (Records.ON_ITS_WAY, T.RECORDS_RECHECK): _RECHECK_RECORDS,
    (Records.UNFUNDED, T.RECORDS_RECHECK): _RECHECK_RECORDS,
    (Trace.ASKED, T.TRACE_RECHECK): _recheck_trace,
    (Trace.IN_TRANSIT, T.TRACE_RECHECK): _recheck_trace,
    (Trace.IN_TRANSIT, T.TRACE_IN_TRANSIT): _in_transit,
    (Reversal.WATCHED, T.REVERSAL_RECHECK): _recheck_reversal,
    (Reversal.OVERDUE, T.REVERSAL_RECHECK): _recheck_reversal,
    (Recall.ASKED, T.RECALL_RECHECK): _RECHECK_RECALL,
    (Recall.AGREED, T.RECALL_RECHECK): _RECHECK_RECALL,
    (Recall.AGREED, T.RECALL_AGREED): _agreed,
    (Recall.OVERDUE, T.RECALL_RECHECK): _RECHECK_RECALL,
    (Consent.ASKED, T.MERCHANT_REMINDER): _call("merchant", Leg.CONSENT, "reminder", "consent_n"),
    (Consent.DELIVERED, T.MERCHANT_REMINDER): _call(
        "merchant", Leg.CONSENT, "reminder", "consent_n"
    ),
    (Consent.OFFERED, T.MERCHANT_OFFERED): _due(Leg.CONSENT, T.OFFER_DUE, "offer_choice"),
    (Arbitration.OPEN, T.ARBITRATION_DUE): _ESCALATE,
    (Arbitration.PROPOSED, T.ARBITRATION_DUE): _ESCALATE,
    (Refund.RESERVED, T.REFUND_DUE): _due(Leg.REFUND, T.REFUND_DUE, "escalation"),
    (Refund.UNKNOWN, T.REFUND_NOT_FOUND): _ask_outcome_when_settled,
    (Refund.IN_FLIGHT, T.REFUND_ACCEPTED): _fly,
    (Refund.IN_FLIGHT, T.REFUND_RECHECK): _recheck_refund,
    (Refund.STUCK, T.REFUND_RECHECK): _recheck_refund,
    (Destination.CHOSEN, T.DESTINATION_DUE): _due(Leg.DESTINATION, T.DESTINATION_DUE, "escalation"),
    (Credit.NOTICED, T.CREDIT_NOTICE_DUE): _NOTICE,
    **{
        (state, T.CHARGEBACK_RECHECK): _ASK_NETWORK
        for state in (
            Chargeback.FILED,
            Chargeback.REPRESENTED,
            Chargeback.PRE_ARBITRATION,
            Chargeback.ARBITRATION,
            Chargeback.WITHDRAWING,
        )
    },
    **{
        (state, T.CHARGEBACK_DUE): _RAISE_CHARGEBACK
        for state in (
            Chargeback.FILED,
            Chargeback.REPRESENTED,
            Chargeback.PRE_ARBITRATION,
            Chargeback.ARBITRATION,
            Chargeback.WITHDRAWING,
        )
    },
    (Identity.ASKED, T.IDENTITY_RECHECK): _all(
        _call("accounts", Leg.IDENTITY, "identity_query", "identity_n"),
        _pause(Leg.IDENTITY, T.IDENTITY_RECHECK, "identity_recheck"),
    ),
    (Identity.FAILED, T.DOCUMENTS_DUE): _due(Leg.IDENTITY, T.DOCUMENTS_DUE, "escalation"),
    (Identity.EXPIRED, T.DOCUMENTS_DUE): _due(Leg.IDENTITY, T.DOCUMENTS_DUE, "escalation"),
    (Access.ASKED, T.RESET_RECHECK): _all(
        _call("accounts", Leg.ACCESS, "reset_query", "reset_n"),
        _pause(Leg.ACCESS, T.RESET_RECHECK, "reset_recheck"),
    ),
    (Legal.HELD, T.LEGAL_DUE): _due(Leg.LEGAL, T.LEGAL_DUE, "legal_review"),
    (Complaint.OPEN, T.COMPLAINT_DUE): _due(Leg.COMPLAINT, T.COMPLAINT_DUE, "escalation"),
}

# Timers that mean nothing once a leg has left these states.
_TIMERS: Final[dict[State, tuple[T, ...]]] = {
    Details.ASKED: (T.DETAILS_DUE,),
    Inquiry.ASKED: (T.INQUIRY_DUE,),
    Records.ASKED: (T.RECORDS_DUE,),
    Records.ON_ITS_WAY: (T.RECORDS_RECHECK, T.RECORDS_DUE),
    Records.UNFUNDED: (T.RECORDS_RECHECK, T.RECORDS_DUE),
    Records.OVERDUE: (T.RECORDS_RECHECK,),
    Trace.ASKED: (T.TRACE_RECHECK, T.TRACE_DUE),
    Trace.IN_TRANSIT: (T.TRACE_RECHECK, T.TRACE_DUE),
    Reversal.WATCHED: (T.REVERSAL_RECHECK, T.REVERSAL_DUE),
    Reversal.OVERDUE: (T.REVERSAL_RECHECK,),
    Recall.ASKED: (T.RECALL_RECHECK, T.RECALL_DUE),
    Recall.AGREED: (T.RECALL_RECHECK, T.RECALL_DUE),
    Recall.OVERDUE: (T.RECALL_RECHECK,),
    Consent.ASKED: (T.MERCHANT_REMINDER, T.MERCHANT_DUE),
    Consent.DELIVERED: (T.MERCHANT_REMINDER, T.MERCHANT_DUE),
    Consent.OFFERED: (T.OFFER_DUE,),
    Goods.AWAITED: (T.GOODS_DUE,),
    Goods.SHIPPED: (T.GOODS_DUE,),
    Arbitration.GATHERING: (T.EVIDENCE_DUE,),
    Arbitration.OPEN: (T.ARBITRATION_DUE,),
    Arbitration.PROPOSED: (T.ARBITRATION_DUE,),
    Refund.RESERVED: (T.REFUND_DUE,),
    Refund.UNKNOWN: (T.REFUND_DUE,),
    Refund.STUCK: (T.REFUND_RECHECK,),
    Refund.IN_FLIGHT: (T.REFUND_RECHECK, T.REFUND_DUE),
    Refund.UNFUNDED: (T.FUNDING_DUE,),
    Destination.ASKED: (T.DESTINATION_DUE,),
    Destination.CHOSEN: (T.DESTINATION_DUE,),
    **dict.fromkeys(LIVE_CHARGEBACKS, (T.CHARGEBACK_RECHECK, T.CHARGEBACK_DUE)),
    Credit.NOTICED: (T.CREDIT_NOTICE_DUE,),
    Hold.HELD: (T.HOLD_DUE,),
    Identity.ASKED: (T.IDENTITY_RECHECK, T.IDENTITY_DUE),
    Identity.FAILED: (T.DOCUMENTS_DUE,),
    Identity.EXPIRED: (T.DOCUMENTS_DUE,),
    Access.ASKED: (T.RESET_RECHECK,),
    Access.REFUSED: (T.RESET_RECHECK,),
    Legal.HELD: (T.LEGAL_DUE,),
    Complaint.OPEN: (T.COMPLAINT_DUE,),
}


def of_move(
    dispute: Dispute, leg: Leg, old: State, trigger: T, now: datetime, rules: Profile
) -> tuple[Effect, ...]:
    """What moving `leg` of `dispute` (already moved) from `old` by `trigger` asks for."""
    new = dispute.legs.of(leg)
    if old is new:
        make = AGAIN.get((old, trigger))
        return make(dispute, now, rules) if make else ()
    make = ENTER.get(new)
    wanted = make(dispute, now, rules) if make else ()
    kept = {timer.trigger for timer in wanted if isinstance(timer, Timer)}
    kept |= set(_TIMERS.get(new, ()))
    stale = (name for name in _TIMERS.get(old, ()) if name not in kept)
    return (*(Cancel(leg, name) for name in stale), *wanted)


def standing_timers(dispute: Dispute) -> set[tuple[Leg, T]]:
    """The timers that mean something where the legs are."""
    named = ((leg, name) for leg in Leg for name in _TIMERS.get(dispute.legs.of(leg), ()))
    return {*named, (Leg.CREDIT, T.CREDIT_DUE)}


_RESUME: Final[dict[State, _Make]] = {
    Inquiry.STALLED: _ask_bank_again,
    Inquiry.MISSING: _ask_bank_again,
    Inquiry.FOUND: _found_again,
    Reversal.OVERDUE: _recheck_reversal,
    Recall.OVERDUE: _RECHECK_RECALL,
    Consent.DELIVERED: _wait_for_merchant,
}


def resume(dispute: Dispute, moved: Leg, now: datetime, rules: Profile) -> tuple[Effect, ...]:
    """What a dispute asks again when it is reopened: its end had silenced all timers and calls.

    A refund is not among them: no dispute ends while one is under way.
    """
    wanted: list[Effect] = []
    for leg in Leg:
        state = dispute.legs.of(leg)
        make = _RESUME.get(state) or (ENTER.get(state) if state in _TIMERS else None)
        if make and leg not in (moved, Leg.REFUND):
            wanted += make(dispute, now, rules)
    return tuple(wanted)
