"""Merchants over HTTP: signed requests out; answers come to the callbacks."""

from collections.abc import Mapping
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

    async def ask_consent(self, request: Mapping[str, Any]) -> None:
        """See `ports.Merchant`."""
        more: dict[str, Any] = {
            "kind": request["kind"],
            "reason": request["reason"],
            "requested": {
                "amount_minor": request["amount_minor"],
                "currency": request["currency"],
            },
            "answer_by": request["answer_by"],
        }
        if not request.get("reminder"):
            return await self._post("/v1/consent-requests", request["key"], request, more)
        # under an id of its own, or whoever has seen the request would not look at it again
        webhook_id = f"{request['key']}:reminder"
        more["reminder"] = True
        return await self._post("/v1/consent-requests", webhook_id, request, more)

    async def announce_return(self, request: Mapping[str, Any]) -> None:
        """See `ports.Merchant`."""
        more = {"tracking": request["tracking"]}
        await self._post("/v1/returns", request["key"], request, more)

    async def ask_evidence(self, request: Mapping[str, Any]) -> None:
        """See `ports.Merchant`."""
        more = {"answer_by": request["answer_by"]}
        await self._post("/v1/evidence-requests", request["key"], request, more)

    async def _post(
        self, path: str, webhook_id: str, request: Mapping[str, Any], more: Mapping[str, Any]
    ) -> None:
        body = to_json(self._common(request) | dict(more))
        headers = sign(self._secrets.of(request["merchant_id"]), webhook_id, body)
        try:
            async with self._session.post(self._url + path, data=body, headers=headers) as answer:
                status = answer.status
        except aiohttp.ClientConnectorError as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(type(error).__name__) from None
        if status in _TRY_AGAIN or status >= 500:  # noqa: PLR2004 - HTTP's own boundary
            raise NoAnswer(f"status {status}")
        if status >= 400:  # noqa: PLR2004 - HTTP's own boundary
            raise Refused(f"status {status}")

    def _common(self, request: Mapping[str, Any]) -> dict[str, Any]:
        merchant_id = request["merchant_id"]
        return {
            "request_id": request["key"],
            "merchant_id": merchant_id,
            "transaction_id": request["transaction_id"],
            "reference": request["reference"],
            "callback_url": f"{self._callback_base}/{merchant_id}",
        }
