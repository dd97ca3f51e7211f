"""What the merchants answer, and how it is told: pure, from request, behaviour and time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, assert_never

import pydantic_core

from sandbox.callbacks import CallbackQueued
from sandbox.merchant.inputs import (
    Behaviour,
    ConsentRequest,
    EvidenceRequest,
    Request,
    ReturnRequest,
)
from sandbox.merchant.records import Answer, Answered, AnyRecord, Topic
from shared import ids
from shared.contracts.events import Amount

TYPES: Final[Mapping[Answer, str]] = {
    "accept": "consent.accepted",
    "refuse": "consent.refused",
    "offer": "consent.offered",
    "want_return": "consent.return_wanted",
    "fulfilled": "consent.fulfilled",
    "receive": "return.received",
    "contest": "return.contested",
    "send": "evidence.sent",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, its data beside the request's ids, and how long it takes."""

    answer: Answer
    after_s: float
    data: Mapping[str, object]


def topic(request: Request) -> Topic:
    """What is asked."""
    match request:
        case ConsentRequest():
            return "consent"
        case ReturnRequest():
            return "return"
        case EvidenceRequest():
            return "evidence"
        case _:
            assert_never(request)


def answers(
    request: Request, behaviour: Behaviour, now: datetime, *, reminded: bool = False
) -> list[AnyRecord]:
    """What the behaviour makes of a request: nothing, or an answer and its callbacks."""
    reply = _reply(request, behaviour, reminded=reminded)
    if reply is None:
        return []
    due_at = now + timedelta(seconds=reply.after_s)
    about = topic(request)
    answered = Answered(request.merchant_id, request.request_id, reply.answer, due_at, about)
    body = _body(request, reply, due_at)
    callbacks = [
        CallbackQueued(
            f"msg_{ids.new().hex}", request.merchant_id, request.callback_url, body, due_at
        )
        for _ in range(behaviour.times)
    ]
    return [answered, *callbacks]


def _reply(request: Request, behaviour: Behaviour, *, reminded: bool) -> Reply | None:
    match request:
        case ConsentRequest():
            return _to_consent(request, behaviour, reminded=reminded)
        case ReturnRequest():
            return _to_return(behaviour)
        case EvidenceRequest():
            return _to_evidence(behaviour)
        case _:
            assert_never(request)


def _to_consent(request: ConsentRequest, behaviour: Behaviour, *, reminded: bool) -> Reply | None:
    answer = behaviour.answer
    if behaviour.answer_on_reminder:
        if not reminded:
            return None
        answer = "accept" if answer == "silent" else answer
    if answer == "silent":
        return None
    return Reply(answer, behaviour.after_s, _consent_data(answer, request, behaviour))


def _consent_data(
    answer: Answer, request: ConsentRequest, behaviour: Behaviour
) -> dict[str, object]:
    reasons: dict[str, object] = {
        "reason_code": behaviour.reason_code,
        "reason_text": behaviour.reason_text,
    }
    match answer:
        case "refuse":
            return reasons | {"reason_code": behaviour.reason_code or "other"}
        case "offer":
            currency = request.requested.currency
            amount = Amount(amount_minor=behaviour.offer_minor or 0, currency=currency)
            return {"amount": amount, **reasons}
        case "want_return":
            return {"reason_text": behaviour.reason_text}
        case "fulfilled":
            return {"proof": behaviour.proof}
        case _:
            return dict.fromkeys(reasons)


def _to_return(behaviour: Behaviour) -> Reply | None:
    if behaviour.on_return == "silent":
        return None
    code, text = behaviour.reason_code or "other", behaviour.reason_text
    contested = {"reason_code": code, "reason_text": text}
    data = contested if behaviour.on_return == "contest" else {}
    return Reply(behaviour.on_return, behaviour.return_after_s, data)


def _to_evidence(behaviour: Behaviour) -> Reply | None:
    if behaviour.evidence == "silent":
        return None
    data = {"statement_text": behaviour.evidence_text}
    return Reply(behaviour.evidence, behaviour.evidence_after_s, data)


def _body(request: Request, reply: Reply, due_at: datetime) -> str:
    about = {"request_id": request.request_id, "transaction_id": request.transaction_id}
    content = {
        "type": TYPES[reply.answer],
        "timestamp": due_at,
        "data": about | dict(reply.data),
    }
    return pydantic_core.to_json(content).decode()
