"""The state list and one dispute whole, for operators."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from services.tracker.api.amounts import spelled
from services.tracker.api.desk import Desk
from services.tracker.domain.commands import actions, ops_commands
from services.tracker.store import views
from services.tracker.store.rows import dispute_of
from services.tracker.store.said import said
from shared.auth import Principal, Role
from shared.contracts.vocabulary import Status
from shared.http import NotFound, allow


def add(router: APIRouter, desk: Desk) -> None:
    """The routes that read."""

    @router.get("/v1/disputes", tags=["state list"])
    async def listed(
        caller: Principal = allow(Role.OPS),
        *,
        status: Status | None = None,
        open_only: Annotated[bool, Query(alias="open")] = True,
        after: Annotated[str | None, Query(max_length=128)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Counts by status, and disputes by the time that is left."""
        del caller
        async with desk.engine.connect() as connection:
            return await views.state_list(
                connection, status=status, open_only=open_only, after=after, limit=limit
            )

    @router.get("/v1/disputes/{dispute_id}", tags=["state list"])
    async def one(dispute_id: UUID, caller: Principal = allow(Role.OPS)) -> dict[str, Any]:
        """One dispute: legs, facts, what was said and is possible, history, holds, tasks.

        Amounts are integer minor units, written as strings.
        """
        del caller
        async with desk.engine.connect() as connection:
            found = await views.whole(connection, dispute_id)
        if found is None:
            raise NotFound("No dispute has this id.")
        dispute = dispute_of(found)
        possible = [*actions(dispute, found.pop("read_at")), *ops_commands(dispute)]
        return spelled(found) | {"said": said(found, desk.keys), "possible": possible}
