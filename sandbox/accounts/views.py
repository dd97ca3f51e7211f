"""What callers, tests and people read of an account."""

from datetime import datetime
from typing import Any

from sandbox.accounts.inputs import CheckOrder, ResetOrder
from sandbox.accounts.models import UNKNOWN_CUSTOMER, Account, Hold, Inquiry
from sandbox.accounts.records import Ended


def hold(known: Hold, account: Account, now: datetime) -> dict[str, Any]:
    """The answer about one of the customer's own holds."""
    return {
        "reference": known.order.reference if known.order else None,
        "state": known.state(now),
        "reason": UNKNOWN_CUSTOMER if known.refused else None,
        "others": account.others(known, now),
    }


def inquiry(known: Inquiry) -> dict[str, Any]:
    """The answer about a check or a reset."""
    if known.ended:
        return ending(known.ended)
    return {"reference": known.order.reference, "state": "asked", "reason": None}


def ending(ended: Ended) -> dict[str, Any]:
    """The same once it is settled; also the data of the callback."""
    return {"reference": ended.reference, "state": ended.state, "reason": ended.reason}


def account(known: Account, now: datetime) -> dict[str, Any]:
    """GET /v1/accounts/{customer_id}."""
    return {"customer_id": known.customer_id, "standing": known.standing(now)}


def everything(known: Account, now: datetime) -> dict[str, Any]:
    """GET /sandbox/accounts/{customer_id}: also what has ended, oldest first."""
    inquiries = known.inquiries
    return account(known, now) | {
        "holds": [_hold(each, now) for each in known.holds],
        "checks": [_inquiry(each) for each in inquiries if each.topic == "identity"],
        "resets": [_inquiry(each) for each in inquiries if each.topic == "reset"],
    }


def account_row(known: Account, now: datetime) -> tuple[object, ...]:
    """A line of the page for people."""
    held = [f"{hold.kind} ({hold.scope})" for hold in known.holds if hold.stands(now)]
    return known.customer_id, known.standing(now), ", ".join(held) or "–"


def hold_row(known: Hold, now: datetime) -> tuple[object, ...]:
    """A line of the page for people."""
    reference = known.order.reference if known.order else "–"
    told = (known.since, known.customer_id, reference, known.scope)
    return *told, known.state(now), known.ended_at(now) or "–"


def inquiry_row(known: Inquiry) -> tuple[object, ...]:
    """A line of the page for people."""
    order, ended = known.order, known.ended
    told = (known.at, order.customer_id, order.reference, _asked_for(order), known.state)
    return *told, (ended and ended.reason) or "–"


def _hold(known: Hold, now: datetime) -> dict[str, Any]:
    order = known.order
    return {
        "kind": known.kind,
        "scope": known.scope,
        "reference": order.reference if order else None,
        "state": known.state(now),
        "since": known.since,
        "expires_at": order.expires_at if order and not known.frozen_at else None,
        "ended": known.ended_at(now),
    }


def _inquiry(known: Inquiry) -> dict[str, Any]:
    return inquiry(known) | {
        "asked_for": _asked_for(known.order),
        "since": known.at,
        "ended": known.ended and known.ended.at,
    }


def _asked_for(order: CheckOrder | ResetOrder) -> str:
    return f"{order.factors} factors" if isinstance(order, CheckOrder) else order.scope
