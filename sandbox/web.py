"""What the sandbox's HTTP servers share: bounded bodies, JSON, errors with a remedy, a page."""

import asyncio
import html
import signal
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import pydantic_core
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ValidationError

MAX_BODY: Final = 1 << 20
SMALL_BODY: Final = 64 << 10
SHUTDOWN_S: Final = 3.0

Model = TypeVar("Model", bound=BaseModel)


class RefusedError(Exception):
    """The request cannot be served; carries the HTTP status and a sentence with the remedy."""

    def __init__(self, status: int, remedy: str) -> None:
        """`remedy` names the field and says what to do; it never repeats the caller's values."""
        super().__init__(remedy)
        self.status = status


def application(status_of: Mapping[type[Exception], int]) -> web.Application:
    """An application with bounded bodies, errors as JSON and `GET /health`.

    `status_of` says how a handler's own errors are answered; their text, or else their
    docstring, is the sentence that the caller reads.
    """
    middleware = _errors_as_json(status_of)
    app = web.Application(client_max_size=MAX_BODY, middlewares=[middleware])
    app.router.add_get("/health", _health)
    return app


def answer(status: int, content: object) -> web.Response:
    """A JSON response."""
    return encoded(status, pydantic_core.to_json(content))


def encoded(status: int, body: bytes) -> web.Response:
    """A response of JSON that is encoded already."""
    return web.Response(status=status, body=body, content_type="application/json")


async def read_body(request: web.Request, limit: int = SMALL_BODY) -> bytes:
    """The body, at most `limit` bytes. Raises RefusedError 413."""
    body = await request.read()
    if len(body) > limit:
        raise RefusedError(413, f"body: send at most {limit} bytes")
    return body


def parse(model: type[Model], body: bytes) -> Model:
    """The body as `model`. Raises RefusedError 400 that names the first wrong field."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise RefusedError(400, explain(error)) from error


def explain(error: ValidationError) -> str:
    """The first three wrong fields and what each must be, without their values."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{_field(d['loc'])}: {d['msg']}" for d in details[:3])


def bounded_int(request: web.Request, name: str, default: int, most: int) -> int:
    """The query parameter `name` from 0 to `most`. Raises RefusedError 400."""
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):  # noqa: PLR2004 - fits 64 bits
        raise RefusedError(400, f"{name}: send a whole number from 0 to {most}")
    return int(text)


Table = tuple[str, Sequence[str], Iterable[Sequence[object]]]


def page(title: str, *tables: Table) -> web.Response:
    """A plain page of tables, (caption, columns, rows) each; every value is escaped."""
    body = "".join(_table(*table) for table in tables)
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        "<style>body{font:14px system-ui;margin:2rem}table{border-collapse:collapse;margin:1rem 0}"
        "td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left}"
        "caption{text-align:left;font-weight:600}</style>"
        f"<h1>{html.escape(title)}</h1>{body}</html>"
    )
    return web.Response(text=text, content_type="text/html", charset="utf-8")


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve `app` inside the context; yields its URL. Port 0 takes a free one."""
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=75, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        bound = runner.addresses[0][1]
        yield f"http://{host}:{bound}"
    finally:
        await runner.cleanup()


async def until_stopped() -> None:
    """Returns on SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_, stopped.set)
    await stopped.wait()


def _errors_as_json(status_of: Mapping[type[Exception], int]) -> Middleware:
    expected = tuple(status_of)

    @web.middleware
    async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except RefusedError as error:
            return answer(error.status, {"error": str(error)})
        except expected as error:
            sentence = str(error) or (type(error).__doc__ or "")
            return answer(status_of[type(error)], {"error": sentence})
        except web.HTTPException as error:
            sentence = f"{error.reason}: {request.method} {request.path}"
            return answer(error.status, {"error": sentence})

    return errors_as_json


async def _health(_: web.Request) -> web.Response:
    return answer(200, {"status": "ok"})


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "body"


def _table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{html.escape(column)}" for column in columns)
    lines = "".join(f"<tr>{''.join(f'<td>{html.escape(str(v))}' for v in row)}" for row in rows)
    return f"<table><caption>{html.escape(caption)}</caption><tr>{head}{lines}</table>"
