"""Merchants over HTTP: signed consent requests out; answers come to the callbacks."""

from typing import Any, Final

import aiohttp
from pydantic_core import to_json

from services.tracker.ports import NoAnswer, NotSent, Refused
from shared.signatures import Secrets, sign

_TRY_AGAIN: Final = frozenset({401, 403, 404, 408, 409, 425, 429})


class HttpMerchant:
    """`ports.Merchant` over HTTP with Standard Webhooks signatures."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, secrets: Secrets, callback_base: str
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._secrets = secrets
        self._callback_base = callback_base

    async def ask_consent(self, request: dict[str, Any]) -> None:
        """See `ports.Merchant`."""
        merchant_id = request["merchant_id"]
        body = to_json(
            {
                "request_id": request["key"],
                "merchant_id": merchant_id,
                "transaction_id": request["transaction_id"],
                "reference": request["reference"],
                "kind": request["kind"],
                "reason": request["reason"],
                "requested": {
                    "amount_minor": request["amount_minor"],
                    "currency": request["currency"],
                },
                "answer_by": request["answer_by"],
                "callback_url": f"{self._callback_base}/{merchant_id}",
            }
        )
        headers = sign(self._secrets.of(merchant_id), request["key"], body)
        try:
            async with self._session.post(
                f"{self._url}/v1/consent-requests", data=body, headers=headers
            ) as answer:
                status = answer.status
        except aiohttp.ClientConnectorError as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(type(error).__name__) from None
        if status in _TRY_AGAIN or status >= 500:  # noqa: PLR2004 - HTTP's own boundary
            raise NoAnswer(f"status {status}")
        if status >= 400:  # noqa: PLR2004 - HTTP's own boundary
            raise Refused(f"status {status}")
