"""Reading the copy of the wallet's transactions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.kinds import Transaction
from services.intake.store.claims import COPY, transaction

_FIRST: Final = (
    f"SELECT {COPY} FROM transactions t WHERE customer_id = :customer_id {{where}}"  # noqa: S608 - constants
    "ORDER BY occurred_at DESC, transaction_id DESC LIMIT :limit"
)
_PAGE: Final = text(_FIRST.format(where=""))
_PAGE_AFTER: Final = text(
    _FIRST.format(where="AND (occurred_at, transaction_id) < (:at, :transaction_id) ")
)


@dataclass(frozen=True, slots=True)
class Place:
    """The last row of a page."""

    at: datetime
    transaction_id: str


async def page(
    tx: AsyncConnection, customer_id: str, after: Place | None, limit: int
) -> list[Transaction]:
    """A customer's transactions, newest first."""
    given: dict[str, object] = {"customer_id": customer_id, "limit": limit}
    if after is None:
        rows = await tx.execute(_PAGE, given)
    else:
        place = {"at": after.at, "transaction_id": after.transaction_id}
        rows = await tx.execute(_PAGE_AFTER, given | place)
    return [transaction(row) for row in rows]
