"""The HTTP side of a gateway: a page for people, JSON for programs, behaviours for tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Final, Generic, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox import web as http
from sandbox.sms.arrivals import Arrival, Arrivals, Query
from sandbox.sms.behaviours import BehaviourIn, Behaviours, BehavioursIn

MAX_LIMIT: Final = 10_000
MAX_POSITION: Final = 10**18
_SHOWN: Final = 50
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;margin:2rem auto;max-width:60rem;"
    "padding:0 1rem;color:#1b1f24}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.5rem;border-bottom:1px solid #d8dee4}"
    "small{color:#57606a}input{font:inherit;padding:.2rem .5rem}"
)

T = TypeVar("T", bound=Arrival)


@dataclass(frozen=True, slots=True)
class View(Generic[T]):
    """How one gateway's messages look.

    `show(message, brief)` gives the JSON object of a message, `cells(message)` the escaped HTML of
    its table cells under `columns`; `address` brings a recipient's address into its kept form.
    """

    title: str
    columns: Sequence[str]
    show: Callable[[T, bool], dict[str, Any]]
    cells: Callable[[T], Sequence[str]]
    address: Callable[[str], str]


class Page(Generic[T]):
    """Routes over one gateway's arrivals."""

    def __init__(self, view: View[T], arrivals: Arrivals[T], behaviours: Behaviours) -> None:
        self._view, self._arrivals, self._behaviours = view, arrivals, behaviours

    def application(self, more: Sequence[tuple[str, Handler]] = ()) -> web.Application:
        """Return the aiohttp application; `more` are further GET routes."""
        app = http.application({})
        routes = [("/", self.index), ("/messages", self.messages), ("/count", self.count), *more]
        for path, handler in routes:
            app.router.add_get(path, handler)
        app.router.add_post("/sandbox/behaviours", self.set_behaviours)
        return app

    async def messages(self, request: web.Request) -> web.Response:
        """`GET /messages?to=&since=&after=&limit=&brief=`: oldest first; `after` is a position."""
        query = self._query(request, default_limit=1000)
        brief = request.query.get("brief") == "1"
        return http.answer(200, [self._view.show(m, brief) for m in self._arrivals.find(query)])

    async def count(self, _: web.Request) -> web.Response:
        """`GET /count`: every message ever taken on, also those no longer kept."""
        return http.answer(200, {"count": self._arrivals.total})

    async def set_behaviours(self, request: web.Request) -> web.Response:
        """`POST /sandbox/behaviours`: one, or {"behaviours": […]}; 204."""
        body = await http.read_body(request, http.MAX_BODY)
        several = b'"behaviours"' in body
        wanted = (
            http.parse(BehavioursIn, body).behaviours
            if several
            else [http.parse(BehaviourIn, body)]
        )
        for one in wanted:
            self._behaviours.set(self._view.address(one.to), one)
        return web.Response(status=204)

    async def index(self, request: web.Request) -> web.Response:
        """`GET /?to=`: the newest messages as a page."""
        query = self._query(request, default_limit=_SHOWN)
        found = reversed(self._arrivals.find(query))
        return page(self._view.title, self._table(list(found), query.to or ""))

    def _table(self, found: Sequence[T], to: str) -> str:
        head = "".join(f"<th>{escape(column)}</th>" for column in self._view.columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{cell}</td>" for cell in self._view.cells(message)) + "</tr>"
            for message in found
        )
        return (
            f"<h1>{escape(self._view.title)}</h1><p>{self._arrivals.total} received, "
            f"{len(found)} shown, newest first.</p>"
            f"<form><label>To <input name=to value='{escape(to)}'></label> "
            f"<button>Show</button></form><table><tr>{head}</tr>{rows}</table>"
        )

    def _query(self, request: web.Request, *, default_limit: int) -> Query:
        to = self._view.address(request.query["to"]) if request.query.get("to") else None
        after = http.bounded_int(request, "after", 0, MAX_POSITION)
        limit = http.bounded_int(request, "limit", default_limit, MAX_LIMIT)
        return Query(to, _since(request), after, limit)


def _since(request: web.Request) -> datetime | None:
    # A plus sign that was not escaped arrives as a blank.
    given = request.query.get("since", "").replace(" ", "+")
    if not given:
        return None
    try:
        since = datetime.fromisoformat(given)
    except ValueError:
        raise http.RefusedError(400, "since: send an ISO 8601 time") from None
    return since if since.tzinfo else since.replace(tzinfo=UTC)


def page(title: str, body: str) -> web.Response:
    """Return a whole HTML page around a body that is already escaped."""
    text = (
        f"<!doctype html><html><meta charset=utf-8><title>{escape(title)}</title>"
        f"<style>{_STYLE}</style><body>{body}</body></html>"
    )
    return web.Response(text=text, content_type="text/html", headers=_HEADERS)
