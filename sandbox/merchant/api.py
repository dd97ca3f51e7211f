"""The merchants' HTTP interface: what they are asked, and how tests and stories drive them."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar, assert_never

import pydantic_core
from aiohttp import web

from sandbox import web as http
from sandbox.merchant.desk import Desk, FullError, UnreachableError
from sandbox.merchant.inputs import (
    Behaviour,
    Behaviours,
    ConsentRequest,
    EvidenceRequest,
    ReturnRequest,
)
from sandbox.merchant.pile import Matter
from sandbox.merchant.records import Topic
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

AnyRequest = TypeVar("AnyRequest", ConsentRequest, ReturnRequest, EvidenceRequest)


def application(desk: Desk, secrets: Secrets) -> web.Application:
    """Every route of the merchants."""
    api = _Api(desk, secrets)
    app = http.application(STATUS)
    app.add_routes(
        [
            web.post("/v1/consent-requests", api.ask_consent),
            web.post("/v1/returns", api.announce_return),
            web.post("/v1/evidence-requests", api.ask_evidence),
            web.post("/sandbox/behaviours", api.behave),
            web.get("/sandbox/requests", api.requests),
            web.get("/sandbox/returns", api.returns),
            web.get("/sandbox/evidence", api.evidence),
            web.get("/", api.page),
        ]
    )
    return app


class _Api:
    def __init__(self, desk: Desk, secrets: Secrets) -> None:
        self._desk = desk
        self._secrets = secrets

    async def ask_consent(self, request: web.Request) -> web.Response:
        return await self._ask(ConsentRequest, request)

    async def announce_return(self, request: web.Request) -> web.Response:
        return await self._ask(ReturnRequest, request)

    async def ask_evidence(self, request: web.Request) -> web.Response:
        return await self._ask(EvidenceRequest, request)

    async def behave(self, request: web.Request) -> web.Response:
        behaviours = _behaviours(await http.read_body(request, http.MAX_BODY))
        self._desk.behave(behaviours)
        return http.answer(201, {"behaviours": len(behaviours)})

    async def requests(self, request: web.Request) -> web.Response:
        matters = self._matters("consent", request)
        seen = [_view(matter) | {"reminders": matter.reminders} for matter in matters]
        return http.answer(200, {"requests": seen})

    async def returns(self, request: web.Request) -> web.Response:
        seen = [_view(matter) for matter in self._matters("return", request)]
        return http.answer(200, {"returns": seen})

    async def evidence(self, request: web.Request) -> web.Response:
        seen = [_view(matter) for matter in self._matters("evidence", request)]
        return http.answer(200, {"evidence": seen})

    async def page(self, _: web.Request) -> web.Response:
        columns = ("at", "merchant", "transaction", "reference", "asked", "answer")
        return http.page(
            "Sandbox merchants",
            ("Last consent requests", columns, self._rows("consent")),
            ("Last returns", columns, self._rows("return")),
            ("Last requests for evidence", columns, self._rows("evidence")),
        )

    async def _ask(self, model: type[AnyRequest], request: web.Request) -> web.Response:
        body = await http.read_body(request)
        asked = http.parse(model, body)
        key = self._secrets.key(asked.merchant_id)
        verify(key, request.headers, body, clock.utcnow().timestamp())
        self._desk.ask(asked)
        return http.answer(202, {"request_id": asked.request_id})

    def _matters(self, topic: Topic, request: web.Request) -> Sequence[Matter]:
        """Those of a transaction, or the last of all."""
        transaction_id = request.query.get("transaction_id")
        if transaction_id is not None:
            return self._desk.piles[topic].of_transaction(transaction_id)
        count = http.bounded_int(request, "limit", 1000, MAX_ROWS)
        return self._desk.piles[topic].last(max(1, count))

    def _rows(self, topic: Topic) -> list[tuple[object, ...]]:
        return [_row(matter) for matter in self._desk.piles[topic].last(PAGE_ROWS)][::-1]


def _row(matter: Matter) -> tuple[object, ...]:
    request = matter.request
    told = (matter.at, request.merchant_id, request.transaction_id, request.reference)
    return *told, _asked(matter), matter.answer or "silent"


def _asked(matter: Matter) -> str:
    """The reason, the parcel or the date, in the page's words."""
    match matter.request:
        case ConsentRequest(reason=reason):
            return f"{reason}, reminded" if matter.reminders else reason
        case ReturnRequest(tracking=tracking):
            return tracking or "–"
        case EvidenceRequest(answer_by=answer_by):
            return f"by {answer_by}"
        case _:
            assert_never(matter.request)


def _view(matter: Matter) -> dict[str, Any]:
    """One row of GET /sandbox/requests, /returns and /evidence."""
    return matter.request.model_dump(exclude={"reminder"}) | {
        "received_at": matter.at,
        "answer": matter.answer,
        "answer_at": matter.answer_at,
    }


def _behaviours(body: bytes) -> tuple[Behaviour, ...]:
    try:
        many = "behaviours" in pydantic_core.from_json(body)
    except (ValueError, TypeError) as error:
        raise http.RefusedError(400, "body: send a JSON object") from error
    if many:
        return http.parse(Behaviours, body).behaviours
    return (http.parse(Behaviour, body),)
