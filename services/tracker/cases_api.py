"""HTTP for the cases of reconciliation: what differs, and a person's explanation of it."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncEngine

from services.tracker.domain.reconciliation import Difference
from services.tracker.store import cases
from services.tracker.store.said import opened
from shared import clock
from shared.auth import Principal, Role
from shared.http import Conflict, NotFound, allow
from shared.seal import KeyRing

_REASON_CHARS: Final = 2000


class ExplanationRequest(BaseModel):
    """Why the bank's books and ours differ."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=_REASON_CHARS)]


class CaseShown(BaseModel):
    """A difference of one day. Amounts in minor units; null: that side has nothing."""

    id: UUID
    day: date
    transaction_id: str
    reference: Annotated[str | None, Field(description="our key, where the money has one")]
    difference: Difference
    ours_minor: str | None
    theirs_minor: str | None
    currency: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by: Annotated[str | None, Field(description="who explained it; null: later news did")]
    explanation: str | None
    reason: Annotated[str | None, Field(description="in that person's words")]


class CasePage(BaseModel):
    """Cases, oldest first; `next` is the `after` of the next page."""

    cases: list[CaseShown]
    next: UUID | None


def routes(engine: AsyncEngine, keys: KeyRing) -> APIRouter:
    """Every route under `/v1/reconciliation-cases`."""
    router = APIRouter(prefix="/v1/reconciliation-cases", tags=["reconciliation"])

    @router.get("")
    async def listed(
        caller: Principal = allow(Role.OPS),
        *,
        open_only: Annotated[bool, Query(alias="open")] = True,
        day: date | None = None,
        after: UUID = cases.BEGINNING,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> CasePage:
        """What differs between the bank's statements and our books."""
        del caller
        async with engine.connect() as connection:
            page = await cases.page(
                connection, after=after, limit=limit, open_only=open_only, day=day
            )
        last = page[-1]["id"] if len(page) == limit else None
        return CasePage(cases=[_shown(case, keys) for case in page], next=last)

    @router.post("/{case_id}/explanation")
    async def explain(
        case_id: UUID, body: ExplanationRequest, caller: Principal = allow(Role.OPS)
    ) -> CaseShown:
        """Close a case with a reason."""
        sealed = keys.seal(body.reason, _context(case_id))
        async with engine.begin() as tx:
            now = await clock.after_locks(tx)
            closed = await cases.explain(
                tx, case_id, closed_by=caller.subject, reason=sealed, now=now
            )
            known = closed or await cases.one(tx, case_id)
        if known is None:
            raise NotFound("No case has this id.")
        if closed is None:
            raise Conflict(f"The case was closed before: {known['explanation']}.", possible=[])
        return _shown(closed, keys)

    return router


def _shown(case: dict[str, Any], keys: KeyRing) -> CaseShown:
    reason = case["reason"]
    amounts = {
        name: None if case[name] is None else str(int(case[name]))
        for name in ("ours_minor", "theirs_minor")
    }
    told = opened(keys, reason, _context(case["id"])) if reason else None
    return CaseShown.model_validate(case | amounts | {"reason": told})


def _context(case_id: UUID) -> str:
    return f"reconciliation:{case_id}"
