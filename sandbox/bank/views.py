"""What the bank shows: plain data for JSON, computed from its memory and the time."""

from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from sandbox.bank.behaviours import TraceStep
from sandbox.bank.cases import Chargeback, Recall
from sandbox.bank.choices import Destination
from sandbox.bank.ledger import Audit, Entry, Position
from sandbox.bank.models import Refund, Trace, TraceCourse, Transaction
from sandbox.bank.records import Posted

View = dict[str, Any]


def money(amount_minor: int, currency: str) -> dict[str, str]:
    """{"amount_minor": "12800", "currency": "CNY"}."""
    return {"amount_minor": str(amount_minor), "currency": currency}


def transaction(known: Transaction, position: Position) -> View:
    """GET /v1/transactions/{transaction_id}.

    `refunded` is all that went or is going back from the other side: a provisional credit is
    the wallet's own money and no part of it, what settles one is. What is not set is left out.
    """
    order = known.order
    currency = order.amount.currency
    return {
        "transaction_id": order.transaction_id,
        "kind": order.kind,
        "state": order.bank_state,
        "customer_id": order.customer_id,
        "payer_id": order.payer_id,
        "merchant_id": order.merchant_id,
        "captured": money(position.captured_minor, currency),
        "refunded": money(position.recovered_minor, currency),
        "occurred_at": order.occurred_at,
        "cause": order.bank.cause,
        "reversal": _reversal(known),
    } | _optional(known)


def refund(known: Refund) -> View:
    """GET /v1/refunds/{reference}."""
    order = known.asked.order
    moving = known.executed
    return {
        "reference": order.reference,
        "refund_id": known.asked.refund_id,
        "transaction_id": order.transaction_id,
        "state": known.state,
        "amount": money(order.amount.amount_minor, order.amount.currency),
        "reason": known.reason,
        "destination": destination(known) if moving else None,
        "expected_at": known.expected_at if moving else None,
        "credited_at": known.ended_at if known.state == "credited" else None,
    }


def destination(known: Refund) -> Destination:
    """Where a refund goes: another account shows the last of its digits, or made-up ones."""
    account = known.asked.order.destination_account
    if account is None:
        return known.behaviour.destination
    tail = account[-4:] if account[-4:].isdigit() else f"{crc32(account.encode()) % 10_000:04d}"
    return Destination(kind="account", bank=known.behaviour.destination.bank, tail=tail.zfill(4))


def recall(known: Recall) -> View:
    """GET /v1/recalls/{reference}."""
    order = known.asked.order
    return {
        "reference": order.reference,
        "transaction_id": order.transaction_id,
        "state": known.state,
        "amount": money(known.amount_minor, order.amount.currency),
        "reason": known.reason,
        "expected_at": known.expected_at,
    }


def chargeback(known: Chargeback) -> View:
    """GET /v1/chargebacks/{reference}."""
    return {
        "reference": known.reference,
        "transaction_id": known.transaction_id,
        "state": known.state,
        "amount": known.amount,
        "reason": known.reason,
        "answer_by": known.answer_by,
    }


def posting(known: Posted) -> View:
    """GET /v1/postings/{reference}."""
    return {
        "reference": known.order.reference,
        "kind": known.order.kind,
        "state": known.state,
        "reason": known.reason,
        "amount": known.order.amount,
    }


def trace(known: Trace, now: datetime) -> View:
    """GET /v1/traces/{reference}."""
    course = known.transaction.course if known.transaction else None
    view: View = {
        "reference": known.asked.order.reference,
        "trace_id": known.asked.trace_id,
        "transaction_id": known.asked.order.transaction_id,
        "state": "not_found" if course is None else "in_transit",
        "at_bank": None,
        "expected_at": None,
        "delivered_at": None,
        "proof": None,
        "reject_reason": None,
        "return": None,
        "hops": [],
    }
    if known.transaction and course and (passed := course.passed(now)):
        view |= _found(known.transaction, course, passed)
    return view


def executed(known: Refund) -> View:
    """One row of GET /sandbox/refunds."""
    return refund(known) | {
        "payer": known.asked.order.payer,
        "idempotency_key": known.asked.key,
        "executed_at": known.asked.at,
    }


def entry(posted: Entry) -> View:
    """One journal of GET /sandbox/ledger."""
    return {
        "transaction_id": posted.transaction_id,
        "kind": posted.kind,
        "payment_id": posted.payment_id,
        "reference": posted.reference,
        "currency": posted.currency,
        "at": posted.at,
        "postings": [
            {"account": posting.account, "amount_minor": str(posting.amount_minor)}
            for posting in posted.postings
        ],
    }


def audit(found: Audit) -> View:
    """GET /sandbox/audit; amounts by currency as strings of minor units."""
    return {
        "transactions": found.transactions,
        "captured_minor": _strings(found.captured_minor),
        "settled_minor": _strings(found.settled_minor),
        "in_flight_minor": _strings(found.in_flight_minor),
        "refunds_settled": found.refunds_settled,
        "refunds_in_flight": found.refunds_in_flight,
        "refunds_bounced": found.refunds_bounced,
        "paid_twice": found.paid_twice,
        "above_captured": found.above_captured,
        "over_settled": found.over_settled,
        "credited_minor": _strings(found.credited_minor),
        "corrected_minor": _strings(found.corrected_minor),
        "compensated_minor": _strings(found.compensated_minor),
        "balanced": found.balanced,
    }


def return_reference(transaction_id: str) -> str:
    """The reference of money that another bank sends back."""
    return f"RT-{transaction_id}"


def reversal_reference(transaction_id: str) -> str:
    """The reference of a reversal."""
    return f"RV-{transaction_id}"


def _found(known: Transaction, course: TraceCourse, passed: list[TraceStep]) -> View:
    step = passed[-1]
    delivered = step.state == "delivered"
    expected_in_s = step.expected_in_s
    reached_at = course.at(step)
    return {
        "state": step.state,
        "at_bank": step.at_bank,
        "expected_at": None
        if expected_in_s is None
        else reached_at + timedelta(seconds=expected_in_s),
        "delivered_at": reached_at if delivered else None,
        "proof": (step.proof or _receipt(known)) if delivered else None,
        "reject_reason": step.reject_reason,
        "return": _return(known, course, passed),
        "hops": [{"bank": s.at_bank, "at": course.at(s), "state": s.state} for s in passed],
    }


def _return(known: Transaction, course: TraceCourse, passed: list[TraceStep]) -> View | None:
    step = course.returning()
    if step is None or step not in passed:
        return None
    amount = known.order.amount
    return {
        "reference": return_reference(known.order.transaction_id),
        "state": "credited" if course.return_credited_at else "pending",
        "amount": money(amount.amount_minor, amount.currency),
        "expected_at": course.return_due_at(step),
        "credited_at": course.return_credited_at,
    }


def _reversal(known: Transaction) -> View | None:
    due_at = known.reversal_due_at
    if due_at is None:
        return None
    amount = known.order.amount
    return {
        "reference": reversal_reference(known.order.transaction_id),
        "state": "credited" if known.reversal_credited_at else "pending",
        "amount": money(amount.amount_minor, amount.currency),
        "expected_at": due_at,
        "credited_at": known.reversal_credited_at,
    }


def _optional(known: Transaction) -> View:
    bank, chargeback = known.order.bank, known.chargeback
    found = {
        "funding": bank.funding,
        "chargeback_until": known.chargeback_until,
        "tender": bank.tender,
        "clawback_minor": None if bank.clawback_minor is None else str(bank.clawback_minor),
        "chargeback": chargeback
        and {
            "reference": chargeback.reference,
            "state": chargeback.state,
            "amount": chargeback.amount,
        },
    }
    return {name: value for name, value in found.items() if value is not None}


def _receipt(known: Transaction) -> str:
    return f"RCPT-{crc32(known.order.transaction_id.encode()):010d}"


def _strings(amounts: dict[str, int]) -> dict[str, str]:
    return {currency: str(amount) for currency, amount in amounts.items()}
