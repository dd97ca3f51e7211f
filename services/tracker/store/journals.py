"""Journals: what each step moved, written once and never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_ADD = text(
    "INSERT INTO journals (id, dispute_id, step, at, transaction_id, reference, currency,"
    " accounts, amounts) SELECT j.*, p.accounts, p.amounts FROM unnest(CAST(:id AS uuid[]),"
    " CAST(:dispute_id AS uuid[]), CAST(:step AS integer[]), CAST(:at AS timestamptz[]),"
    " CAST(:transaction_id AS text[]), CAST(:reference AS text[]), CAST(:currency AS text[]))"
    " AS j(id, dispute_id, step, at, transaction_id, reference, currency) JOIN (SELECT id,"
    " array_agg(account ORDER BY account) AS accounts, array_agg(minor ORDER BY account) AS amounts"
    " FROM unnest(CAST(:p_id AS uuid[]), CAST(:p_account AS text[]), CAST(:p_minor AS numeric[]))"
    " AS p(id, account, minor) GROUP BY id) AS p USING (id)"
)
NONE: Final = ""
"""In place of a transaction where there is none, as in the bank's statements."""
_COLUMNS = ("id", "dispute_id", "step", "at", "transaction_id", "reference", "currency")


@dataclass(frozen=True, slots=True)
class Journal:
    """What one step booked: minor units by account, which sum to zero."""

    id: UUID
    dispute_id: UUID
    step: int
    at: datetime
    transaction_id: str  # or NONE
    reference: str | None  # key of our call that the money went under
    currency: str | None
    amounts: Mapping[str, int]


async def add(tx: AsyncConnection, journals: Sequence[Journal]) -> None:
    """Write them, after the history of their steps. The database refuses what does not balance."""
    if not journals:
        return
    columns: dict[str, list[object]] = {
        name: [getattr(journal, name) for journal in journals] for name in _COLUMNS
    }
    postings = [(j.id, account, minor) for j in journals for account, minor in j.amounts.items()]
    columns["p_id"] = [posting[0] for posting in postings]
    columns["p_account"] = [posting[1] for posting in postings]
    columns["p_minor"] = [posting[2] for posting in postings]
    await tx.execute(_ADD, columns)
