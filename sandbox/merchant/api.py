"""The merchants' HTTP interface: consent requests, and how tests and stories drive them."""

from typing import Any, Final

import pydantic_core
from aiohttp import web

from sandbox import web as http
from sandbox.merchant.desk import Consent, Desk, FullError, UnreachableError
from sandbox.merchant.inputs import Behaviour, Behaviours, ConsentRequest
from sandbox.signatures import BadSignatureError, Secrets, UnknownPartnerError, verify
from shared import clock

STATUS: Final[dict[type[Exception], int]] = {
    BadSignatureError: 401,
    UnknownPartnerError: 401,
    UnreachableError: 500,
    FullError: 503,
}
PAGE_ROWS: Final = 50
MAX_ROWS: Final = 10_000


def application(desk: Desk, secrets: Secrets) -> web.Application:
    """Every route of the merchants."""
    api = _Api(desk, secrets)
    app = http.application(STATUS)
    app.add_routes(
        [
            web.post("/v1/consent-requests", api.ask),
            web.post("/sandbox/behaviours", api.behave),
            web.get("/sandbox/requests", api.requests),
            web.get("/", api.page),
        ]
    )
    return app


class _Api:
    def __init__(self, desk: Desk, secrets: Secrets) -> None:
        self._desk = desk
        self._secrets = secrets

    async def ask(self, request: web.Request) -> web.Response:
        body = await http.read_body(request)
        asked = http.parse(ConsentRequest, body)
        key = self._secrets.key(asked.merchant_id)
        verify(key, request.headers, body, clock.utcnow().timestamp())
        self._desk.ask(asked)
        return http.answer(202, {"request_id": asked.request_id})

    async def behave(self, request: web.Request) -> web.Response:
        behaviours = _behaviours(await http.read_body(request, http.MAX_BODY))
        self._desk.behave(behaviours)
        return http.answer(201, {"behaviours": len(behaviours)})

    async def requests(self, request: web.Request) -> web.Response:
        transaction_id = request.query.get("transaction_id")
        if transaction_id is None:
            count = http.bounded_int(request, "limit", 1000, MAX_ROWS)
            consents = self._desk.last(max(1, count))
        else:
            consents = self._desk.of_transaction(transaction_id)
        return http.answer(200, {"requests": [_view(consent) for consent in consents]})

    async def page(self, _: web.Request) -> web.Response:
        rows = [_row(consent) for consent in self._desk.last(PAGE_ROWS)]
        columns = ("at", "merchant", "transaction", "reference", "reason", "answer")
        return http.page("Sandbox merchants", ("Last consent requests", columns, rows[::-1]))


def _row(consent: Consent) -> tuple[object, ...]:
    request = consent.asked.request
    told = (consent.asked.at, request.merchant_id, request.transaction_id, request.reference)
    return *told, request.reason, consent.answer or "silent"


def _view(consent: Consent) -> dict[str, Any]:
    """One row of GET /sandbox/requests."""
    return consent.asked.request.model_dump() | {
        "received_at": consent.asked.at,
        "answer": consent.answer,
        "answer_at": consent.answer_at,
    }


def _behaviours(body: bytes) -> tuple[Behaviour, ...]:
    try:
        many = "behaviours" in pydantic_core.from_json(body)
    except (ValueError, TypeError) as error:
        raise http.RefusedError(400, "body: send a JSON object") from error
    if many:
        return http.parse(Behaviours, body).behaviours
    return (http.parse(Behaviour, body),)
