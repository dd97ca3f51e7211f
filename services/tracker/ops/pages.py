"""The state list and one dispute as pages, rendered here, read only."""

from typing import Annotated, Final
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from services.tracker.domain.states import Leg
from services.tracker.ops.access import AllowOnPage, forget, remember
from services.tracker.ops.machine_labels import FACT
from services.tracker.ops.render import FOLDER, HEADERS, page
from services.tracker.ops.requests import orders, possible
from services.tracker.store import views
from services.tracker.store.said import said
from shared.auth import Role, Verifier
from shared.contracts.vocabulary import Action, Status
from shared.http import Forbidden, Unauthenticated, public
from shared.seal import KeyRing

PAGE_SIZE: Final = 50
REFRESH_S: Final = 5
OPS: Final = Depends(AllowOnPage(Role.OPS))


def pages(engine: AsyncEngine, verifier: Verifier, keys: KeyRing) -> APIRouter:
    """Routes of the pages; none is part of the REST interface."""
    router = APIRouter(include_in_schema=False)
    _add_login(router, verifier)
    _add_list(router, engine)
    _add_dispute(router, engine, keys)
    return router


def _add_login(router: APIRouter, verifier: Verifier) -> None:
    @router.get("/login")
    @public
    async def form(request: Request) -> Response:
        """Where a token is pasted."""
        return page(request, "login.html", problem=None)

    @router.post("/login")
    @public
    async def log_in(request: Request) -> Response:
        """Check the token and keep it in a cookie; a wrong one gets the form with the reason."""
        fields = parse_qs((await request.body()).decode("ascii", "replace"), max_num_fields=4)
        try:
            return await remember(request, verifier, fields.get("token", [""])[0].strip())
        except (Unauthenticated, Forbidden) as error:
            why = error.detail.removeprefix("The token was not accepted: ")  # the page's own words
            return page(request, "login.html", error.status, problem=why)

    @router.post("/logout")
    @public
    async def log_out() -> Response:
        """Forget the token."""
        return forget()

    @router.get("/pages.css")
    @public
    async def style() -> Response:
        """The pages' one style sheet."""
        headers = HEADERS | {"Cache-Control": "max-age=3600"}
        return FileResponse(FOLDER / "static" / "pages.css", headers=headers)


def _add_list(router: APIRouter, engine: AsyncEngine) -> None:
    @router.get("/", dependencies=[OPS])
    async def listed(
        request: Request,
        *,
        status: Status | None = None,
        open_only: Annotated[bool, Query(alias="open")] = True,
        after: Annotated[str | None, Query(max_length=128)] = None,
        refresh: bool = True,
    ) -> Response:
        """Open disputes by time left, with counts by status."""
        async with engine.connect() as connection:
            found = await views.state_list(
                connection, status=status, open_only=open_only, after=after, limit=PAGE_SIZE
            )
        return page(
            request,
            "list.html",
            found=found,
            chosen=status,
            open_only=open_only,
            refresh_s=REFRESH_S if refresh else None,
        )


def _add_dispute(router: APIRouter, engine: AsyncEngine, keys: KeyRing) -> None:
    @router.get("/disputes/{dispute_id}", dependencies=[OPS])
    async def shown(request: Request, dispute_id: UUID) -> Response:
        """One dispute: legs, money, what is possible, and everything that happened."""
        async with engine.connect() as connection:
            found = await views.whole(connection, dispute_id)
        if found is None:
            return page(request, "missing.html", 404)
        facts = found["facts"]
        currency = facts.get("currency") or found["currency"]
        may = possible(found)
        return page(
            request,
            "dispute.html",
            dispute=found,
            currency=currency,
            legs=[(leg.value, found.get(leg.value, "none")) for leg in Leg],
            said=said(found, keys),
            known={name: facts[name] for name in FACT if facts.get(name)},
            promise=(found["snapshot"] or {}).get("promise"),
            told=found["told"] or [],
            next_actor=(found["snapshot"] or {}).get("next_actor", "redress"),
            actions=[name for name in may if name in tuple(Action)],
            orders=orders(may, currency),
            proposal=facts.get("proposal"),
            address=str(request.base_url).rstrip("/"),
        )
