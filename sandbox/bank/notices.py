"""The callbacks that tell of a change.

They are made from the state after the change, before it is committed, so that the change and
its callbacks reach the journal in one write.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import pydantic_core

from sandbox.bank import views
from sandbox.bank.cases import Chargeback, Recall
from sandbox.bank.choices import Told
from sandbox.bank.ledger import Position
from sandbox.bank.models import Refund, Trace, Transaction
from sandbox.callbacks import CallbackQueued
from shared import ids

PARTNER: Final = "bank"


def refund_updated(refund: Refund, now: datetime) -> list[CallbackQueued]:
    """Tell of a refund's state; answered twice means the same id twice and another id once."""
    body = _body("refund.updated", views.refund(refund), now)
    return _told(refund.behaviour, refund.asked.order.callback_url, body, now)


def recall_updated(recall: Recall, now: datetime) -> list[CallbackQueued]:
    """Tell of a recall's state."""
    body = _body("recall.updated", views.recall(recall), now)
    return _told(recall.behaviour, recall.asked.order.callback_url, body, now)


def chargeback_updated(chargeback: Chargeback, now: datetime) -> list[CallbackQueued]:
    """Tell of a chargeback's state, if there is somebody to tell."""
    if chargeback.callback_url is None:
        return []
    body = _body("chargeback.updated", views.chargeback(chargeback), now)
    return _told(chargeback.behaviour, chargeback.callback_url, body, now)


def trace_updated(traces: Sequence[Trace], now: datetime) -> list[CallbackQueued]:
    """Tell everybody who traced the transaction."""
    return [
        _notice(
            trace.asked.order.callback_url,
            _body("trace.updated", views.trace(trace, now), now),
            now,
        )
        for trace in traces
    ]


def reversal_updated(
    known: Transaction, position: Position, urls: Sequence[str], now: datetime
) -> list[CallbackQueued]:
    """Tell those who watch the transaction that its debit went back."""
    body = _body("reversal.updated", views.transaction(known, position), now)
    return [_notice(url, body, now) for url in urls]


def _told(behaviour: Told, url: str, body: str, now: datetime) -> list[CallbackQueued]:
    if not behaviour.callback:
        return []
    due_at = now + timedelta(seconds=behaviour.answer_late_s)
    if not behaviour.answer_twice:
        return [_notice(url, body, due_at)]
    return [_notice(url, body, due_at, copies=2), _notice(url, body, due_at)]


def _body(type_: str, data: views.View, now: datetime) -> str:
    return pydantic_core.to_json({"type": type_, "timestamp": now, "data": data}).decode()


def _notice(url: str, body: str, due_at: datetime, copies: int = 1) -> CallbackQueued:
    return CallbackQueued(f"msg_{ids.new().hex}", PARTNER, url, body, due_at, copies)
