"""What becomes of a check or a reset, and how it is told: pure, from behaviour and times."""

from datetime import datetime, timedelta
from typing import Final

import pydantic_core

from sandbox.accounts import views
from sandbox.accounts.inputs import Behaviour, CheckOrder
from sandbox.accounts.models import UNKNOWN_CUSTOMER, Account, Inquiry
from sandbox.accounts.records import Ended, Ending
from sandbox.callbacks import CallbackQueued
from shared import ids

PARTNER: Final = "accounts"
"""Whose secret signs the callbacks."""


def outcome(inquiry: Inquiry, account: Account) -> Ended | None:
    """How the inquiry will end, and when; None: not before the behaviour changes.

    The behaviour's seconds count from the asking, or from when the behaviour was told if that
    was later. A check that expires first is not answered any more.
    """
    if not account.behaviour.exists:
        end: Ending = "failed" if isinstance(inquiry.order, CheckOrder) else "refused"
        return _ended(inquiry, end, UNKNOWN_CUSTOMER, inquiry.at)
    begins = max(inquiry.at, account.told_at or inquiry.at)
    if isinstance(inquiry.order, CheckOrder):
        answered, expires_at = (
            _checked(inquiry, account.behaviour, begins),
            inquiry.order.expires_at,
        )
        if answered is None or expires_at < answered.at:
            return _ended(inquiry, "expired", None, expires_at)
        return answered
    return _reset(inquiry, account.behaviour, begins)


def callbacks(inquiry: Inquiry, ended: Ended, behaviour: Behaviour) -> list[CallbackQueued]:
    """One message for each URL that asked, as often as the behaviour says."""
    if not behaviour.callback:
        return []
    content = {
        "type": f"{ended.topic}.updated",
        "timestamp": ended.at,
        "data": views.ending(ended),
    }
    body = pydantic_core.to_json(content).decode()
    return [
        CallbackQueued(f"msg_{ids.new().hex}", PARTNER, url, body, ended.at)
        for url in inquiry.callback_urls
        for _ in range(behaviour.callback_times)
    ]


def _checked(inquiry: Inquiry, behaviour: Behaviour, begins: datetime) -> Ended | None:
    if behaviour.identity == "silent":
        return None
    reason = behaviour.identity_fail_reason if behaviour.identity == "failed" else None
    at = begins + timedelta(seconds=behaviour.identity_after_s)
    return _ended(inquiry, behaviour.identity, reason, at)


def _reset(inquiry: Inquiry, behaviour: Behaviour, begins: datetime) -> Ended | None:
    if behaviour.reset == "silent":
        return None
    reason = behaviour.reset_reason if behaviour.reset == "refused" else None
    at = begins + timedelta(seconds=behaviour.reset_after_s)
    return _ended(inquiry, behaviour.reset, reason, at)


def _ended(inquiry: Inquiry, state: Ending, reason: str | None, at: datetime) -> Ended:
    return Ended(inquiry.topic, inquiry.order.reference, state, reason, at)
