"""Recorded history: pages of disputes, and a window of their steps at a time. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.domain.dispute import Claim, Dispute
from services.tracker.domain.records import replace
from services.tracker.store.rows import dispute_of

PAGE: Final = 200
WINDOW: Final = 32
_DISPUTES = text(
    "SELECT *, CAST(facts AS text) AS facts_text FROM disputes "
    "WHERE opened_at >= :since AND opened_at < :until AND id > :after ORDER BY id LIMIT :page"
)
_STEPS = text(
    "SELECT dispute_id, step, at, trigger, actor, CAST(input AS text) AS input,"
    " CAST(money AS text) AS money, result, legs, status, versions FROM history "
    "WHERE dispute_id = ANY(CAST(:ids AS uuid[])) AND step > :after AND step <= :last "
    "ORDER BY dispute_id, step"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A dispute as its row has it, and what people saw."""

    dispute: Dispute
    status: str
    open: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded trigger: what the core was given, as text, and what it came to."""

    dispute_id: UUID
    step: int
    at: datetime
    trigger: str
    actor: str
    input: str | None
    money: str | None
    result: str
    legs: str
    status: str
    versions: str


async def disputes(
    tx: AsyncConnection, since: datetime, until: datetime, after: UUID, page: int
) -> list[Kept]:
    """The next `page` of those opened in [since, until) after that id, in the order of ids."""
    found = await tx.execute(
        _DISPUTES, {"since": since, "until": until, "after": after, "page": page}
    )
    return [
        Kept(dispute_of({**row, "facts": row["facts_text"]}), row["status"], row["open"])
        for row in found.mappings()
    ]


async def steps(tx: AsyncConnection, ids: Sequence[UUID], after: int) -> list[Step]:
    """These disputes' next `WINDOW` steps after number `after`, each dispute's in order."""
    values = {"ids": sorted(ids), "after": after, "last": after + WINDOW}
    return [Step(**row) for row in (await tx.execute(_STEPS, values)).mappings()]


def as_opened(kept: Kept) -> Claim:
    """The claim with which the dispute began: without what the customer added to it later."""
    claim, added = kept.dispute.claim, kept.dispute.facts.details_given
    if "transaction" in added:
        claim = replace(claim, transaction_id=None)
    if "amount" in added:
        claim = replace(claim, requested_minor=None, currency=None)
    return claim
