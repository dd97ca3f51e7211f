"""The routes, each with its rule. Opening and asking answer after the commit."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.api import callers, cursors, problems, render, views
from services.intake.api.callers import Anybody, Opener, Reader
from services.intake.api.direct import DirectRoute
from services.intake.api.requests import ActionIn, ClaimIn, DisputesQuery, TransactionsQuery
from services.intake.domain import words
from services.intake.domain.claims import Claim, Wanted, check
from services.intake.domain.options import options
from services.intake.domain.words import Language
from services.intake.handlers import command
from services.intake.handlers.accept import Desk, Submission
from services.intake.handlers.answers import Accepted, digest
from services.intake.handlers.command import Command
from services.intake.store import claims, disputes, transactions
from services.intake.store.disputes import Filters
from services.intake.store.transactions import Place
from shared import clock, ids
from shared.auth import Principal, Role
from shared.contracts.vocabulary import Actor
from shared.http import ProblemDocument, invalid
from shared.money import Money
from shared.observe import log, traceparent
from shared.rules import Profile
from shared.seal import CannotOpen, KeyRing

busiest: Final = APIRouter(route_class=DirectRoute)
others: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with, as `app.state.parts`. `wake` tells the relay of a commit."""

    desk: Desk
    engine: AsyncEngine
    profile: Profile
    key_ring: KeyRing
    wake: Callable[[], None]


def _may(*statuses: int) -> dict[int | str, dict[str, Any]]:
    always = (400, 401, 403, 422, 503)
    return {s: {"model": ProblemDocument, "description": _WHY[s]} for s in (*always, *statuses)}


_WHY: Final = {
    400: "The request cannot be read",
    401: "A valid token is needed",
    403: "Your role may not do this",
    404: "Nothing here that you may see",
    409: "Not possible now",
    413: "The body is too large",
    422: "Something in the request is wrong; `errors` names each field",
    429: "Too much at once; see Retry-After",
    503: "Try again in a moment",
}
_KEYED: Final = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": "a new UUID for each new request, the same one when it is repeated",
            "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
        }
    ]
}
_SPOKEN: Final = {
    "parameters": [
        {
            "name": "Accept-Language",
            "in": "header",
            "required": False,
            "description": "language of the texts: zh-CN or en",
            "schema": {"type": "string", "examples": ["zh-CN", "en"]},
        }
    ]
}


@busiest.post(
    "/v1/disputes",
    status_code=202,
    response_model=views.ClaimAccepted,
    responses=_may(404, 409, 413, 429),
    openapi_extra=_KEYED,
)
async def open_disputes(request: Request, body: ClaimIn, caller: Opener) -> Response:
    """Open a dispute for each transaction named. All are accepted, or none."""
    key = callers.idempotency_key(request, caller)
    claim = _claim(body, caller)
    if found := check(claim):
        raise problems.wrong(found)
    parts: Parts = request.app.state.parts
    # Defaults are left out, so that a field that a later version adds does not change the digest.
    asked = digest("open", body.__pydantic_serializer__.to_json(body, exclude_defaults=True))
    answer = await parts.desk.submit(Submission(key, asked, claim, traceparent.get()))
    return _accepted(problems.accepted_or_raise(answer))


@others.get(
    "/v1/disputes",
    response_model=views.DisputePage,
    responses=_may(),
    openapi_extra=_SPOKEN,
)
async def list_disputes(
    request: Request, response: Response, query: Annotated[DisputesQuery, Query()], caller: Reader
) -> views.DisputePage:
    """Disputes, newest first: a customer's own; an agent names the customer; ops may see all."""
    filters = Filters(
        customer_id=callers.customers_seen(caller, query.customer_id),
        kind=query.kind,
        status=query.status,
        open=query.open,
        before=cursors.after_dispute(query.cursor),
    )
    async with _reading(request) as tx:
        found = await disputes.page(tx, filters, query.limit + 1)
    language = _language(request, response)
    shown = found[: query.limit]
    more = len(found) > query.limit
    return views.DisputePage(
        items=[render.summary(dispute, language) for dispute in shown],
        next_cursor=cursors.dispute(shown[-1].opening.dispute_id) if more else None,
    )


@others.get(
    "/v1/disputes/by-reference/{reference}",
    response_model=views.DisputeView,
    responses=_may(404),
    openapi_extra=_SPOKEN,
)
async def read_by_reference(
    request: Request, response: Response, reference: str, caller: Reader
) -> views.DisputeView:
    """One dispute by the number that people read out; blanks do not matter."""
    digits = "".join(reference.split())
    if not ids.valid_reference(digits):
        raise invalid(
            "reference",
            "this is no reference: twelve digits whose last one checks the others",
            "Ask for the number again; one digit is wrong or two are swapped",
        )
    async with _reading(request) as tx:
        found = await disputes.by_reference(tx, digits)
        return await _shown(tx, found, caller, request, response)


@others.get(
    "/v1/disputes/{dispute_id}",
    response_model=views.DisputeView,
    responses=_may(404),
    openapi_extra=_SPOKEN,
)
async def read_dispute(
    request: Request, response: Response, dispute_id: UUID, caller: Reader
) -> views.DisputeView:
    """One dispute: status in plain words, who acts next, by when, money, timeline."""
    async with _reading(request) as tx:
        found = await disputes.by_id(tx, dispute_id)
        return await _shown(tx, found, caller, request, response)


@others.post(
    "/v1/disputes/{dispute_id}/actions",
    status_code=202,
    response_model=views.ActionAccepted,
    responses=_may(404, 409, 413),
    openapi_extra=_KEYED,
)
async def ask(request: Request, dispute_id: UUID, body: ActionIn, caller: Opener) -> Response:
    """Withdraw, ask for the merchant's late consent, or appeal; the tracker decides."""
    key = callers.idempotency_key(request, caller)
    parts: Parts = request.app.state.parts
    payload = body.__pydantic_serializer__.to_json(body, exclude_defaults=True)
    wanted = Command(
        key=key,
        digest=digest(f"ask {dispute_id}", payload),
        dispute_id=dispute_id,
        action=body.action,
        statement=_spoken_words(body.statement),
        requested_by=callers.pseudonym(caller),
        owned_by=caller.subject if caller.role is Role.CUSTOMER else None,
        traceparent=traceparent.get(),
    )
    async with parts.engine.begin() as tx:
        answer = await command.request(tx, wanted, parts.key_ring)
    parts.wake()
    return _accepted(problems.accepted_or_raise(answer))


@others.get(
    "/v1/transactions",
    response_model=views.TransactionPage,
    responses=_may(),
    openapi_extra=_SPOKEN,
)
async def list_transactions(
    request: Request,
    response: Response,
    query: Annotated[TransactionsQuery, Query()],
    caller: Opener,
) -> views.TransactionPage:
    """Recent transactions and what can be disputed about each, until when, and why not."""
    customer_id = callers.customer_of(caller, query.customer_id)
    after = cursors.after_transaction(query.cursor)
    async with _reading(request) as tx:
        found = await transactions.page(tx, customer_id, after, query.limit + 1)
        standing = (await claims.situation(tx, [t.transaction_id for t in found])).open
    shown = found[: query.limit]
    last = shown[-1] if len(found) > query.limit else None
    language = _language(request, response)
    profile: Profile = request.app.state.parts.profile
    now = clock.utcnow()
    return views.TransactionPage(
        items=[render.transaction(t, options(t, standing, profile, now), language) for t in shown],
        next_cursor=last and cursors.transaction(Place(last.occurred_at, last.transaction_id)),
    )


@others.get("/v1/kinds", response_model=views.Kinds, responses=_may())
async def list_kinds(caller: Anybody) -> views.Kinds:
    """What can be submitted now, with the reasons of each kind, in Chinese and English."""
    del caller
    return render.kinds()


def _claim(body: ClaimIn, caller: Principal) -> Claim:
    return Claim(
        customer_id=callers.customer_of(caller, body.customer_id),
        kind=body.kind,
        reason=body.reason,
        wanted=tuple(
            Wanted(
                t.transaction_id,
                Money(t.amount.amount_minor, t.amount.currency) if t.amount else None,
            )
            for t in body.transactions
        ),
        statement=_spoken_words(body.statement),
        channel=body.channel.value,
        opened_by=Actor.CUSTOMER if caller.role is Role.CUSTOMER else Actor.OPS,
    )


def _spoken_words(statement: str | None) -> str | None:
    return (statement or "").strip() or None


def _accepted(answer: Accepted) -> Response:
    return Response(
        answer.body, 202, headers={"Location": answer.location}, media_type="application/json"
    )


async def _shown(
    tx: AsyncConnection,
    found: disputes.Stored | None,
    caller: Principal,
    request: Request,
    response: Response,
) -> views.DisputeView:
    if found is None or not callers.may_see(caller, found.opening.customer_id):
        raise problems.nothing_here()
    steps = await disputes.timeline(tx, found.opening.dispute_id)
    note = _merchant_note(found, request.app.state.parts.key_ring)
    return render.detail(found, steps, note, _language(request, response))


def _merchant_note(found: disputes.Stored, key_ring: KeyRing) -> str | None:
    """The merchant's words, opened; a key that was taken off the ring hides no status."""
    if found.snapshot is None or found.snapshot.merchant_note is None:
        return None
    try:
        return key_ring.open(found.snapshot.merchant_note, f"note:{found.opening.dispute_id}")
    except CannotOpen:
        log.warning("intake.note_unreadable", dispute_id=str(found.opening.dispute_id))
        return None


def _language(request: Request, response: Response) -> Language:
    language = words.preferred(request.headers.get("accept-language"))
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return language


def _reading(request: Request) -> AbstractAsyncContextManager[AsyncConnection]:
    engine: AsyncEngine = request.app.state.parts.engine
    return engine.begin()
