"""The account service's HTTP interface, and how tests and stories drive it."""

from collections.abc import Iterator
from itertools import islice
from typing import Final, TypeVar

from aiohttp import web

from sandbox import web as http
from sandbox.accounts import views
from sandbox.accounts.inputs import Behaviour, CheckOrder, HoldOrder, ResetOrder
from sandbox.accounts.models import Hold
from sandbox.accounts.office import (
    FullError,
    KeyReusedError,
    Office,
    Order,
    UnknownReferenceError,
    UnreachableError,
)
from sandbox.accounts.records import Topic
from shared import clock

STATUS: Final[dict[type[Exception], int]] = {
    KeyReusedError: 409,
    UnknownReferenceError: 404,
    FullError: 503,
    UnreachableError: 500,
}
PAGE_ROWS: Final = 50

Known = TypeVar("Known")


def application(office: Office) -> web.Application:
    """Every route of the account service."""
    api, control = _Api(office), _Control(office)
    app = http.application(STATUS)
    app.add_routes(
        [
            web.post("/v1/holds", api.place),
            web.get("/v1/holds/{reference}", api.hold),
            web.post("/v1/holds/{reference}/freeze", api.freeze),
            web.post("/v1/holds/{reference}/release", api.release),
            web.post("/v1/identity-checks", api.check),
            web.get("/v1/identity-checks/{reference}", api.checked),
            web.post("/v1/resets", api.reset),
            web.get("/v1/resets/{reference}", api.was_reset),
            web.get("/v1/accounts/{customer_id}", api.account),
            web.post("/sandbox/accounts", control.behave),
            web.get("/sandbox/accounts/{customer_id}", control.account),
            web.get("/", control.page),
        ]
    )
    return app


class _Api:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def place(self, request: web.Request) -> web.Response:
        order = http.parse(HoldOrder, await http.read_body(request))
        _check_key(request, order)
        return self._told(self._office.place(order))

    async def hold(self, request: web.Request) -> web.Response:
        return self._told(self._office.hold(request.match_info["reference"]))

    async def freeze(self, request: web.Request) -> web.Response:
        await http.read_body(request)
        return self._told(self._office.freeze(request.match_info["reference"]))

    async def release(self, request: web.Request) -> web.Response:
        await http.read_body(request)
        return self._told(self._office.release(request.match_info["reference"]))

    async def check(self, request: web.Request) -> web.Response:
        order = http.parse(CheckOrder, await http.read_body(request))
        return self._ask(request, order)

    async def checked(self, request: web.Request) -> web.Response:
        return self._asked("identity", request)

    async def reset(self, request: web.Request) -> web.Response:
        order = http.parse(ResetOrder, await http.read_body(request))
        return self._ask(request, order)

    async def was_reset(self, request: web.Request) -> web.Response:
        return self._asked("reset", request)

    async def account(self, request: web.Request) -> web.Response:
        known = self._office.reach(request.match_info["customer_id"])
        return http.answer(200, views.account(known, clock.utcnow()))

    def _ask(self, request: web.Request, order: CheckOrder | ResetOrder) -> web.Response:
        _check_key(request, order)
        return http.answer(202, views.inquiry(self._office.ask(order)))

    def _asked(self, topic: Topic, request: web.Request) -> web.Response:
        known = self._office.inquiry(topic, request.match_info["reference"])
        return http.answer(200, views.inquiry(known))

    def _told(self, known: Hold) -> web.Response:
        account = self._office.book.account(known.customer_id)
        return http.answer(200, views.hold(known, account, clock.utcnow()))


class _Control:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def behave(self, request: web.Request) -> web.Response:
        behaviour = http.parse(Behaviour, await http.read_body(request))
        self._office.behave(behaviour)
        return self._everything(201, behaviour.customer_id)

    async def account(self, request: web.Request) -> web.Response:
        return self._everything(200, request.match_info["customer_id"])

    async def page(self, _: web.Request) -> web.Response:
        now, book = clock.utcnow(), self._office.book
        accounts, holds = _last(book.accounts), _last(book.holds)
        checks, resets = _last(book.inquiries["identity"]), _last(book.inquiries["reset"])
        asked = ("at", "customer", "reference", "asked for", "state", "reason")
        held = ("at", "customer", "reference", "scope", "state", "ended")
        return http.page(
            "Sandbox accounts",
            (
                "Accounts",
                ("customer", "standing", "held by"),
                [views.account_row(each, now) for each in accounts],
            ),
            ("Last holds of customers", held, [views.hold_row(each, now) for each in holds]),
            ("Last identity checks", asked, map(views.inquiry_row, checks)),
            ("Last resets", asked, map(views.inquiry_row, resets)),
        )

    def _everything(self, status: int, customer_id: str) -> web.Response:
        known = self._office.book.account(customer_id)
        return http.answer(status, views.everything(known, clock.utcnow()))


def _check_key(request: web.Request, order: Order) -> None:
    if request.headers.get("Idempotency-Key") != order.reference:
        raise http.RefusedError(400, "Idempotency-Key: send the reference of the body")


def _last(known: dict[str, Known]) -> Iterator[Known]:
    """The newest first."""
    return islice(reversed(known.values()), PAGE_ROWS)
