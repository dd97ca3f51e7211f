"""HTTP as every service speaks it: problems that name the field, roles on each route, bounds."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, Final

import aiohttp
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import db
from shared.auth import BadToken, NoKeys, Principal, Role, Verifier
from shared.batch import QueueFull
from shared.observe import Progress, continued_trace, log, metrics, traceparent

MAX_BODY_BYTES: Final = 262_144
_PROBLEM_JSON: Final = "application/problem+json"
_READY_TIMEOUT_S: Final = 3


class FieldProblem(BaseModel):
    """One thing wrong with the request: where, what, and what to do about it."""

    field: str
    problem: str
    remedy: str


class ProblemDocument(BaseModel):
    """RFC 9457 problem details; `errors` names each field."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None


class Problem(Exception):
    """An answer that is not 2xx. Subclasses set `status`, `slug` and `title`."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something broke on our side"

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)
        self.headers = headers
        self.extra = extra

    def response(self) -> Response:
        """The problem document; for pages a subclass answers with a page."""
        body: dict[str, Any] = {
            "type": f"urn:redress:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [error.model_dump() for error in self.errors]
        return JSONResponse(
            body | self.extra, self.status, headers=self.headers, media_type=_PROBLEM_JSON
        )


class BadRequest(Problem):
    """The request cannot be read."""

    status, slug, title = 400, "bad-request", "The request cannot be read"


class Unauthenticated(Problem):
    """No valid token."""

    status, slug, title = 401, "unauthenticated", "A valid token is needed"


class Forbidden(Problem):
    """The caller's role may not do this."""

    status, slug, title = 403, "forbidden", "Your role may not do this"


class NotFound(Problem):
    """Nothing here that the caller may see."""

    status, slug, title = 404, "not-found", "There is nothing here for you"


class Conflict(Problem):
    """The state does not allow it; the answer says what is possible."""

    status, slug, title = 409, "conflict", "This is not possible now"


class TooLarge(Problem):
    """The body is above the limit."""

    status, slug, title = 413, "too-large", "The request is too large"


class Invalid(Problem):
    """The request is understood and wrong."""

    status, slug, title = 422, "invalid", "The request has something wrong in it"


class TooMany(Problem):
    """Too much at once; `Retry-After` says when to come back."""

    status, slug, title = 429, "too-many", "Too much at once"


class Unavailable(Problem):
    """Something this service needs is away; nothing was lost, try again."""

    status, slug, title = 503, "unavailable", "Try again in a moment"


class _Other(Problem):
    """A status of the framework's own, such as 405."""

    slug, title = "http", "The request is not possible"


def invalid(field: str, problem: str, remedy: str) -> Invalid:
    """A 422 about one field."""
    return Invalid(
        f"{field}: {problem}. {remedy}.",
        errors=[FieldProblem(field=field, problem=problem, remedy=remedy)],
    )


_bearer = HTTPBearer(auto_error=False, description="ES256 token of the wallet's issuer")


class Allow:
    """The explicit rule of a route: which roles may call it."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    async def __call__(
        self,
        request: Request,
        credentials: HTTPAuthorizationCredentials | None = Depends(_bearer),
    ) -> Principal:
        """The verified caller."""
        if credentials is None:
            raise Unauthenticated(
                "Send the header 'Authorization: Bearer <token>'.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return await self.admit(request.app.state.verifier, credentials.credentials)

    async def admit(self, verifier: Verifier, token: str) -> Principal:
        """The caller of this token, wherever the request carried it.

        Raises:
            Unauthenticated: the token does not count.
            Forbidden: its role may not do this.

        """
        try:
            principal = await verifier.verify(token)
        except BadToken as error:
            raise Unauthenticated(
                f"The token was not accepted: {error}. Get a new one from the issuer.",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            ) from None
        if principal.role not in self.roles:
            wanted = ", ".join(sorted(self.roles))
            raise Forbidden(f"This needs one of the roles: {wanted}. Yours is {principal.role}.")
        return principal


def allow(*roles: Role) -> Any:
    """The explicit rule of a route, used as the default of its `caller` parameter."""
    return Depends(Allow(*roles))


def public(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a route that anybody may call (health, documentation)."""
    endpoint.rule = "public"  # type: ignore[attr-defined]
    return endpoint


def signed(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a route that checks a partner's signature itself."""
    endpoint.rule = "signed"  # type: ignore[attr-defined]
    return endpoint


def create_app(
    service: str,
    *,
    version: str,
    verifier: Verifier | None,
    progress: Sequence[Progress] = (),
    ready: Callable[[], Awaitable[None]] | None = None,
    description: str = "",
    lifespan: Any = None,
) -> FastAPI:
    """A FastAPI application with health, metrics, problems, trace context and body bounds.

    `ready` raises while the service cannot do its work. The documentation's pages load nothing
    from elsewhere, so FastAPI's own are off; the OpenAPI document stays at `/openapi.json`.
    """
    app = FastAPI(
        title=f"Redress {service}",
        version=version,
        description=description,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={
            code: {"model": ProblemDocument, "description": text}
            for code, text in ((400, "Unreadable"), (401, "No valid token"), (403, "Not your role"))
        },
    )
    app.state.verifier = verifier
    app.add_middleware(_Edge, service=service)
    _add_problem_handlers(app)
    _add_health(app, progress, ready)
    return app


def client(*, total_s: float = 10.0, limit: int = 64) -> aiohttp.ClientSession:
    """One session for outside calls, with bounded connections and time. The caller closes it."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=total_s, connect=3.0),
        connector=aiohttp.TCPConnector(limit=limit, keepalive_timeout=30),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def _add_health(
    app: FastAPI,
    progress: Sequence[Progress],
    ready: Callable[[], Awaitable[None]] | None,
) -> None:
    @app.get("/health/live", include_in_schema=False)
    @public
    async def live() -> Response:
        """Whether every worker still gets round its loop."""
        stalled = [p.name for p in progress if not p.alive]
        if stalled:
            return PlainTextResponse(f"stalled: {', '.join(stalled)}", 503)
        return PlainTextResponse("ok")

    @app.get("/health/ready", include_in_schema=False)
    @public
    async def is_ready() -> Response:
        """Whether requests can be answered."""
        try:
            if ready:
                async with asyncio.timeout(_READY_TIMEOUT_S):
                    await ready()
        except db.Unmigrated as error:  # its text is ours, and says what to do
            return PlainTextResponse(f"not ready: {error}", 503)
        except Exception as error:  # noqa: BLE001 - any failure means not ready
            return PlainTextResponse(f"not ready: {type(error).__name__}", 503)
        return PlainTextResponse("ok")

    @app.get("/metrics", include_in_schema=False)
    @public
    async def scrape() -> Response:
        """Prometheus metrics."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _add_problem_handlers(app: FastAPI) -> None:
    async def problem(_: Request, error: Exception) -> Response:
        return _as_problem(error).response()

    for kind in (Problem, RequestValidationError, HTTPException, QueueFull):
        app.add_exception_handler(kind, problem)


def _as_problem(error: Exception) -> Problem:
    """The one table from errors to problems."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _validation(error)
    if isinstance(error, QueueFull):
        return TooMany(
            f"Too many requests are waiting. Try again in {error.retry_after_s} s.",
            headers={"Retry-After": str(error.retry_after_s)},
        )
    if isinstance(error, HTTPException):
        return _framework(error)
    if isinstance(error, NoKeys):
        return Unavailable(
            "Tokens cannot be checked yet: the issuer's keys are away. Send it again.",
            headers={"Retry-After": "5"},
        )
    if db.is_outage(error):
        if state := db.sqlstate(error):
            log.warning("http.outage", error=type(error).__name__, sqlstate=state)
        return Unavailable(
            "The database is away, perhaps after it stored this. Send the same request again.",
            headers={"Retry-After": "2"},
        )
    log.error("http.unexpected", error=type(error).__name__, exc_info=error)
    return Problem("An error of ours; it was logged. Send the same request again later.")


def _framework(error: HTTPException) -> Problem:
    if error.status_code == NotFound.status:
        return NotFound("No such address.")
    if error.status_code == TooLarge.status:
        return _too_large()
    problem = _Other(str(error.detail), headers=dict(error.headers or {}))
    problem.status = error.status_code  # type: ignore[misc]
    return problem


def _validation(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return BadRequest("The body is not valid JSON. Send a JSON object.")
    errors = [
        FieldProblem(
            field=".".join(str(part) for part in item["loc"] if part != "body") or "body",
            problem=_problem_text(item),
            remedy=_REMEDIES.get(item["type"], "Correct this field and send the request again"),
        )
        for item in found[:20]
    ]
    first = errors[0]
    return Invalid(f"{first.field}: {first.problem}. {first.remedy}.", errors=errors)


_REMEDIES: Final = {
    "missing": "Add this field",
    "extra_forbidden": "Remove this field; it is not known here",
    "string_too_long": "Shorten it",
    "uuid_parsing": "Use a UUID",
    "timezone_aware": "Add the offset from UTC, such as +08:00 or Z",
}


def _problem_text(item: dict[str, Any]) -> str:
    """Pydantic's sentence, which does not repeat the input."""
    text = str(item["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


class _Edge:
    """Around every request: trace context, time, and a bound on the body."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        incoming = next((v for k, v in scope["headers"] if k == b"traceparent"), b"")
        trace = continued_trace(incoming.decode("latin-1"))
        traceparent.set(trace)
        started = time.perf_counter()
        status, begun = 500, False

        async def sending(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                message["headers"] = [*message["headers"], (b"traceparent", trace.encode())]
            await send(message)

        if _declared_length(scope) > MAX_BODY_BYTES:
            await _too_large().response()(scope, receive, sending)
            return
        try:
            await self._app(scope, _bounded(receive), sending)
        except Exception as error:  # noqa: BLE001 - the server's log would show its text
            problem = _as_problem(error)
            if not begun:  # else the server cuts the connection
                await problem.response()(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            metrics.http.labels(self._service, route, status).observe(time.perf_counter() - started)


def _declared_length(scope: Scope) -> int:
    raw = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
    return int(raw) if raw.isdigit() else 0


def _too_large() -> TooLarge:
    return TooLarge(f"The body may have {MAX_BODY_BYTES} bytes. Send less at once.")


def _bounded(receive: Receive) -> Receive:
    """Count what really arrives: a length may be missing or false."""
    total = 0

    async def receiving() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > MAX_BODY_BYTES:
            # FastAPI makes a 400 of any other error that it meets while it reads the body
            raise HTTPException(TooLarge.status)
        return message

    return receiving
