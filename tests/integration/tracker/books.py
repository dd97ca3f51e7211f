"""What every test leaves behind: each dispute's journals sum to its position."""

from typing import Any, Final
from uuid import UUID

from services.tracker.domain import ledger
from services.tracker.store import disputes as store
from tests.integration.tracker.stage import Stage

_AT_ONCE: Final = 500


async def check_books(stage: Stage) -> None:
    """Journals against states, for every dispute of the database."""
    booked: dict[UUID, dict[str, int]] = {}
    for row in await stage.rows(
        "SELECT dispute_id, account, sum(amount_minor) AS minor FROM postings"
        " GROUP BY dispute_id, account HAVING sum(amount_minor) <> 0"
    ):
        booked.setdefault(row["dispute_id"], {})[row["account"]] = int(row["minor"])
    assert booked == await _positions(stage)
    balance: dict[str, Any] = await stage.one("SELECT sum(amount_minor) AS minor FROM postings")
    assert not balance["minor"]


async def _positions(stage: Stage) -> dict[UUID, dict[str, int]]:
    found = {}
    ids = [row["id"] for row in await stage.rows("SELECT id FROM disputes ORDER BY id")]
    async with stage.engine.begin() as tx:
        for start in range(0, len(ids), _AT_ONCE):
            for dispute in (await store.lock(tx, ids[start : start + _AT_ONCE])).values():
                if position := ledger.position(dispute):
                    found[dispute.claim.dispute_id] = position
    return found
