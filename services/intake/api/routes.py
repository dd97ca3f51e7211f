"""The routes, each with its rule. Opening and asking answer after the commit."""

from contextlib import AbstractAsyncContextManager
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.api import callers, cursors, problems, render, telling, views
from services.intake.api.callers import Anybody, Opener, Reader
from services.intake.api.direct import DirectRoute
from services.intake.api.documented import KEYED, SPOKEN, may
from services.intake.api.parts import Parts
from services.intake.api.requests import (
    ActionIn,
    AmountIn,
    ClaimIn,
    DisputesQuery,
    TransactionsQuery,
)
from services.intake.domain import actions, words
from services.intake.domain.actions import Details
from services.intake.domain.claims import Claim, Wanted, check
from services.intake.domain.options import options
from services.intake.domain.words import Language
from services.intake.handlers import command
from services.intake.handlers.accept import Submission
from services.intake.handlers.answers import Accepted, digest
from services.intake.handlers.command import Command
from services.intake.store import claims, disputes, transactions
from services.intake.store.disputes import Filters
from services.intake.store.transactions import Place
from shared import clock, ids
from shared.auth import Principal, Role
from shared.contracts.vocabulary import Actor
from shared.http import invalid, public
from shared.money import Money
from shared.observe import log, traceparent
from shared.rules import Profile
from shared.seal import CannotOpen, KeyRing

busiest: Final = APIRouter(route_class=DirectRoute)
others: Final = APIRouter()


@busiest.post(
    "/v1/disputes",
    status_code=202,
    response_model=views.ClaimAccepted,
    responses=may(404, 409, 413, 429),
    openapi_extra=KEYED,
)
async def open_disputes(request: Request, body: ClaimIn, caller: Opener) -> Response:
    """Open a dispute for each transaction named. All are accepted, or none."""
    key = callers.idempotency_key(request, caller)
    parts: Parts = request.app.state.parts
    claim = _claim(body, caller)
    if found := check(claim, parts.profile.reasons, parts.wallet.kinds):
        raise problems.wrong(found)
    # Defaults are left out, so that a field that a later version adds does not change the digest.
    asked = digest("open", body.__pydantic_serializer__.to_json(body, exclude_defaults=True))
    answer = await parts.desk.submit(Submission(key, asked, claim, traceparent.get()))
    return _accepted(problems.accepted_or_raise(answer))


@others.get(
    "/v1/disputes",
    response_model=views.DisputePage,
    responses=may(),
    openapi_extra=SPOKEN,
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
    language, reasons = _language(request, response), _profile(request).reasons
    shown = found[: query.limit]
    more = len(found) > query.limit
    return views.DisputePage(
        items=[render.summary(dispute, language, reasons) for dispute in shown],
        next_cursor=cursors.dispute(shown[-1].opening.dispute_id) if more else None,
    )


@others.get(
    "/v1/disputes/by-reference/{reference}",
    response_model=views.DisputeView,
    responses=may(404),
    openapi_extra=SPOKEN,
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
    responses=may(404),
    openapi_extra=SPOKEN,
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
    responses=may(404, 409, 413),
    openapi_extra=KEYED,
)
async def ask(request: Request, dispute_id: UUID, body: ActionIn, caller: Opener) -> Response:
    """Ask for one of the dispute's `actions`, with the fields it needs; the tracker decides."""
    key = callers.idempotency_key(request, caller)
    details = _details(body)
    if found := actions.check(body.action, details):
        raise problems.wrong(found)
    parts: Parts = request.app.state.parts
    payload = body.__pydantic_serializer__.to_json(body, exclude_defaults=True)
    wanted = Command(
        key=key,
        digest=digest(f"ask {dispute_id}", payload),
        dispute_id=dispute_id,
        action=body.action,
        statement=spoken_words(body.statement),
        requested_by=callers.pseudonym(caller),
        owned_by=caller.subject if caller.role is Role.CUSTOMER else None,
        traceparent=traceparent.get(),
        details=details,
    )
    async with parts.engine.begin() as tx:
        answer = await command.request(tx, wanted, parts.key_ring)
    parts.wake()
    return _accepted(problems.accepted_or_raise(answer))


@others.get(
    "/v1/transactions",
    response_model=views.TransactionPage,
    responses=may(),
    openapi_extra=SPOKEN,
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
        standing = (await claims.about(tx, [t.transaction_id for t in found])).open
    shown = found[: query.limit]
    last = shown[-1] if len(found) > query.limit else None
    language = _language(request, response)
    parts: Parts = request.app.state.parts
    terms = (parts.profile, parts.wallet.kinds, clock.utcnow())
    return views.TransactionPage(
        items=[render.transaction(t, options(t, standing, *terms), language) for t in shown],
        next_cursor=last and cursors.transaction(Place(last.occurred_at, last.transaction_id)),
    )


@others.get("/v1/kinds", response_model=views.Kinds, responses=may())
async def list_kinds(request: Request, caller: Anybody) -> views.Kinds:
    """What can be submitted now, with the reasons of each kind, in Chinese and English."""
    del caller
    parts: Parts = request.app.state.parts
    return render.kinds(parts.profile.reasons, parts.wallet.kinds)


@others.get("/v1/wallet", response_model=views.WalletView, responses=may())
@public
async def read_wallet(request: Request) -> views.WalletView:
    """Whose wallet this is, who pays, and what can and cannot be promised, in every language.

    Needs no token: all of it is public, and whoever cannot log in needs the hotline.
    """
    parts: Parts = request.app.state.parts
    return telling.wallet(parts.wallet)


def _claim(body: ClaimIn, caller: Principal) -> Claim:
    return Claim(
        customer_id=callers.customer_of(caller, body.customer_id),
        kind=body.kind,
        reason=body.reason,
        wanted=tuple(Wanted(t.transaction_id, _money(t.amount)) for t in body.transactions),
        statement=spoken_words(body.statement),
        channel=body.channel.value,
        opened_by=Actor.CUSTOMER if caller.role is Role.CUSTOMER else Actor.OPS,
        about_reference=body.about_reference,
    )


def _details(body: ActionIn) -> Details:
    return Details(body.transaction_id, _money(body.amount), body.tracking, body.account_id)


def _money(amount: AmountIn | None) -> Money | None:
    return Money(amount.amount_minor, amount.currency) if amount else None


def spoken_words(statement: str | None) -> str | None:
    """The customer's words, where there are any."""
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
    reasons = _profile(request).reasons
    language = _language(request, response)
    terms = telling.terms(found.opening, _parts(request).wallet, language)
    return render.detail(found, steps, note, language, reasons, clock.utcnow(), terms)


def _merchant_note(found: disputes.Stored, key_ring: KeyRing) -> str | None:
    """The merchant's words, opened; a key that was taken off the ring hides no status."""
    if found.snapshot is None or found.snapshot.merchant_note is None:
        return None
    try:
        return key_ring.open(found.snapshot.merchant_note, f"note:{found.opening.dispute_id}")
    except CannotOpen:
        log.warning("intake.note_unreadable", dispute_id=str(found.opening.dispute_id))
        return None


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def _profile(request: Request) -> Profile:
    return _parts(request).profile


def _language(request: Request, response: Response) -> Language:
    ours = words.Language(_parts(request).wallet.locales[0])
    language = words.preferred(request.headers.get("accept-language"), ours)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return language


def _reading(request: Request) -> AbstractAsyncContextManager[AsyncConnection]:
    engine: AsyncEngine = request.app.state.parts.engine
    return engine.begin()
