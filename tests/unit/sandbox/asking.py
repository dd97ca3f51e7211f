"""What a wallet asks of merchants, signed by the reference library."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pydantic_core
from standardwebhooks import Webhook

from shared import clock
from tests.unit.sandbox.world import SHOP_SECRET, Answer, Client

ABOUT: Final[dict[str, object]] = {
    "reference": "402188530174",
    "merchant_id": "shop",
    "transaction_id": "t1",
}
CONSENT: Final[dict[str, object]] = {
    "kind": "refund_request",
    "reason": "changed_mind",
    "requested": {"amount_minor": "12800", "currency": "CNY"},
    "answer_by": datetime(2026, 1, 4, tzinfo=UTC),
}


async def ask(
    merchants: Client, url: str, request_id: str = "q1", secret: str = SHOP_SECRET, **change: Any
) -> Answer:
    """Send a consent request."""
    content = CONSENT | {"request_id": request_id, "callback_url": url} | change
    return await _send(merchants, "/v1/consent-requests", secret, content)


async def remind(merchants: Client, url: str, request_id: str = "q1") -> Answer:
    """Send the consent request again, as a reminder."""
    return await ask(merchants, url, request_id, reminder=True)


async def announce(
    merchants: Client, url: str, request_id: str = "q1:return:1", secret: str = SHOP_SECRET
) -> Answer:
    """Send goods back."""
    content = {"request_id": request_id, "tracking": "SF1234567890", "callback_url": url}
    return await _send(merchants, "/v1/returns", secret, content)


async def ask_evidence(
    merchants: Client, url: str, request_id: str = "q1:arbitration:1", secret: str = SHOP_SECRET
) -> Answer:
    """Send a request for evidence."""
    content = {"request_id": request_id, "callback_url": url, "answer_by": CONSENT["answer_by"]}
    return await _send(merchants, "/v1/evidence-requests", secret, content)


async def _send(merchants: Client, path: str, secret: str, content: Mapping[str, object]) -> Answer:
    body = pydantic_core.to_json({**ABOUT, **content})
    now, message_id = clock.utcnow(), f"msg_{content['request_id']}"
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body.decode()),
    }
    return await merchants.post(path, body, headers)
