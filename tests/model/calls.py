"""What each call does to the books of whoever is asked, once for each key."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from services.tracker.domain.triggers import (
    AccountReport,
    ChargebackReport,
    Comparison,
    Payload,
    Posting,
    RefundReport,
    T,
    TraceReport,
)
from shared.contracts.vocabulary import Kind
from tests.model.outside import LIVE_CHARGEBACKS, TRACED, Ask, Outside
from tests.model.world import FINDINGS, SAID

Answer = tuple[T, Payload]


def make(out: Outside, ask: Ask) -> Answer | None:
    """Do what is asked, and say how it stands; None: nothing is known, or nothing is said."""
    return _CALLS[ask.kind](out, ask)


def _inquiry(out: Outside, ask: Ask) -> Answer:
    money = out.money.get(str(ask.payload["transaction_id"]))
    if money is None or not money.is_known:
        return T.TRANSACTION_MISSING, None
    if money.theirs and money.theirs_counted is None:
        money.theirs_counted = money.theirs.state in ("on_its_way", "arrived")
    return T.TRANSACTION_FOUND, out.view(money)


def _records(out: Outside, ask: Ask) -> Answer:
    item = out.keyed.get(ask.key)
    if item is None:
        item = out.order("records", ask, "")
        item.reason = _finding(out, ask)
    money = out.money.get(item.transaction_id)
    if item.reason == "theirs" and money and money.theirs:
        name = SAID["records"][money.theirs.state][-1]
        return name, Comparison(ask.n, money.theirs.amount_minor, "CNY")
    name = T(item.reason or T.RECORDS_UNSENT)
    if name is T.RECORDS_AUTHORISED_ONLY and money and money.reversal is None:
        money.reversal = out.reversal(money)
    amount = 4_000 if name in (T.RECORDS_AGREES, T.RECORDS_OUR_ERROR) else None
    return name, Comparison(ask.n, amount, "CNY")


def _finding(out: Outside, ask: Ask) -> str:
    kind = Kind(ask.payload["kind"])
    money = out.money.get(str(ask.payload["transaction_id"]))
    if kind is Kind.REFUND_NOT_RECEIVED and money and money.theirs:
        return "theirs"
    findings = FINDINGS.get(kind, (T.RECORDS_UNSENT,))
    found = findings[ask.choice % len(findings)]
    if found is T.RECORDS_AUTHORISED_ONLY and not out.is_only_authorised(money):
        found = T.RECORDS_TWO_ORDERS
    return found.value


def _trace(out: Outside, ask: Ask) -> Answer:
    item = out.keyed.get(ask.key)
    if item is None and ask.kind == "trace_query":
        return T.TRACE_NOT_FOUND, TraceReport(ask.n)
    if item is None:
        item = out.order("trace", ask, "in_transit")
        item.amount_minor = out.money[item.transaction_id].captured_minor
        out.traced(item, ("in_transit", *TRACED)[ask.choice % 4])
    return out.said(item)


def _watch(out: Outside, ask: Ask) -> Answer:
    money = out.money[str(ask.payload["transaction_id"])]
    if ask.dispute_id not in money.watchers:
        money.watchers.append(ask.dispute_id)
    if money.reversal is None:
        return T.REVERSAL_ABSENT, out.view(money)
    return out.said(money.reversal)


def _returned(out: Outside, ask: Ask) -> Answer:
    return out.said(out.keyed[f"{ask.dispute_id}:return"])


def _recall(out: Outside, ask: Ask) -> Answer | None:
    item = out.keyed.get(ask.key)
    if item is None:
        item = None if ask.kind == "recall_query" else out.order("recall", ask, "asked")
    return out.said(item) if item else None


def _refund(out: Outside, ask: Ask) -> Answer:
    item = out.alive(ask.key)
    theirs = out.live_outside(str(ask.payload["transaction_id"]))
    if item is None and theirs and ask.payload.get("unless_charged_back"):
        report = RefundReport(ask.n, "charged_back", charged_back_minor=theirs.amount_minor)
        return T.REFUND_WITHHELD, report
    if item is None:
        item = out.order("refund", ask, _PAID[ask.choice % len(_PAID)])
    elif item.state == "in_air":
        item.now("moving", out.now)
    return out.said(item)


def _refund_query(out: Outside, ask: Ask) -> Answer:
    item = out.keyed.get(ask.key)
    if item is None or item.state == "in_air":
        return T.REFUND_NOT_FOUND, RefundReport(ask.n)
    return out.said(item)


def _chargeback(out: Outside, ask: Ask) -> Answer | None:
    if ask.payload.get("outside"):
        return _outside_chargeback(out, ask)
    item = out.keyed.get(ask.key)
    if item is None and ask.kind == "chargeback":
        item = out.order("chargeback", ask, "filed")
        if out.is_charged_back(item):
            item.now("lost", out.now)  # the network takes one of a transaction
    return out.said(item) if item else None


def _watch_chargebacks(out: Outside, ask: Ask) -> Answer | None:
    transaction_id = str(ask.payload["transaction_id"])
    theirs = out.live_outside(transaction_id)
    if theirs is None:
        return None
    report = ChargebackReport(None, theirs.amount_minor, transaction_id=transaction_id)
    return T.CHARGEBACK_APPEARED, report


def _outside_chargeback(out: Outside, ask: Ask) -> Answer:
    found = out.outside_chargeback(str(ask.payload["transaction_id"]))
    if found is None:
        return T.CHARGEBACK_PENDING, ChargebackReport(None)
    return out.said(found)


def _step(out: Outside, ask: Ask) -> Answer | None:
    item = out.keyed.get(ask.key)
    if item is None:
        return None
    possible, state = _STEPS[ask.kind]
    if item.state in possible:
        item.now(state, out.now)
    return out.said(item)


def _posting(out: Outside, ask: Ask) -> Answer:
    item = out.keyed.get(ask.key)
    if item is None:
        state = "refused" if ask.choice % 4 == 3 else "posted"
        item = out.order(ask.kind, ask, state)
    leg = "credit" if item.leg == "credit_reversal" else item.leg
    return _POSTED[item.leg, item.state], Posting(ask.n, item.amount_minor, leg)


def _hold(out: Outside, ask: Ask) -> Answer:
    item = out.keyed.get(ask.key)
    if item is None:
        item = out.order("hold", ask, "refused" if ask.choice % 8 == 7 else "placed")
        item.since = datetime.fromisoformat(ask.payload["expires_at"])
    return _HOLDS[item.state], AccountReport(ask.n)


def _freeze(out: Outside, ask: Ask) -> Answer:
    item = out.keyed[ask.key]
    if item.state in ("placed", "expired"):
        item.now("frozen", out.now)
    return _HOLDS[item.state], AccountReport(ask.n)


def _release(out: Outside, ask: Ask) -> Answer:
    item = out.keyed[ask.key]
    if item.state not in ("expired", "refused"):
        item.now("released", out.now)
    return _HOLDS[item.state], AccountReport(ask.n)


def _identity(out: Outside, ask: Ask) -> Answer | None:
    item = out.keyed.get(ask.key)
    if item is None:
        if ask.kind == "identity_query":
            return None
        item = out.order("identity", ask, "asked")
        item.told_to = ask.claim_id
    return out.said(item)


def _reset(out: Outside, ask: Ask) -> Answer | None:
    item = out.keyed.get(ask.key)
    if item is None:
        if ask.kind == "reset_query":
            return None
        item = out.order("access", ask, "asked")
        item.told_to, item.reason = ask.claim_id, ("limit", "court")[ask.choice % 2]
    return out.said(item)


def _consent(out: Outside, ask: Ask) -> Answer:
    out.requests.setdefault((ask.dispute_id, "consent", ask.n), None)
    return T.CONSENT_DELIVERED, None


def _merchant(out: Outside, ask: Ask) -> None:
    if ask.kind != "reminder":
        out.requests.setdefault((ask.dispute_id, ask.kind, ask.n), None)


_PAID: Final = ("moving", "moving", "credited", "unfunded", "failed")
_STEPS: Final = {
    "pre_arbitration": (("represented",), "pre_arbitration"),
    "network_arbitration": (("pre_arbitration",), "arbitration"),
    "chargeback_withdrawal": (LIVE_CHARGEBACKS, "withdrawn"),
}
_POSTED: Final = {
    ("credit", "posted"): T.CREDIT_POSTED,
    ("credit", "refused"): T.CREDIT_REFUSED,
    ("credit_reversal", "posted"): T.CREDIT_REVERSED,
    ("credit_reversal", "refused"): T.CREDIT_REVERSAL_REFUSED,
    ("correction", "posted"): T.CORRECTION_POSTED,
    ("correction", "refused"): T.CORRECTION_REFUSED,
    ("compensation", "posted"): T.COMPENSATION_POSTED,
    ("compensation", "refused"): T.COMPENSATION_REFUSED,
}
_HOLDS: Final = {
    "placed": T.HOLD_PLACED,
    "frozen": T.HOLD_FROZEN,
    "released": T.HOLD_RELEASED,
    "expired": T.HOLD_EXPIRED,
    "refused": T.HOLD_REFUSED,
}
_Made = Callable[[Outside, Ask], Answer | None]
_CALLS: Final[dict[str, _Made]] = {
    "inquiry": _inquiry,
    "records": _records,
    "trace": _trace,
    "trace_query": _trace,
    "watch": _watch,
    "reversal_query": _watch,
    "return_query": _returned,
    "recall": _recall,
    "recall_query": _recall,
    "refund": _refund,
    "refund_query": _refund_query,
    "chargeback": _chargeback,
    "chargeback_query": _chargeback,
    "chargeback_watch": _watch_chargebacks,
    **dict.fromkeys(_STEPS, _step),
    **dict.fromkeys(("credit", "credit_reversal", "correction", "compensation"), _posting),
    "hold": _hold,
    "freeze": _freeze,
    "release": _release,
    "identity": _identity,
    "identity_query": _identity,
    "reset": _reset,
    "reset_query": _reset,
    "consent": _consent,
    "reminder": _merchant,
    "goods": _merchant,
    "evidence": _merchant,
}
