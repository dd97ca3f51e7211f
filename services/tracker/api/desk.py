"""What the routes need: where signals go, whose signatures count, what seals free text."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.tracker.domain.guards import merchant_of
from services.tracker.handlers import Outcome, Signal
from services.tracker.store import views
from services.tracker.store.rows import dispute_of
from shared import signatures
from shared.batch import GroupCommit
from shared.contracts.events import Amount
from shared.http import invalid
from shared.seal import KeyRing


class Desk:
    """One for all routes."""

    def __init__(
        self,
        commit: GroupCommit[Signal, Outcome],
        engine: AsyncEngine,
        secrets: signatures.Secrets,
        keys: KeyRing,
    ) -> None:
        self.commit = commit
        self.engine = engine
        self.secrets = secrets
        self.keys = keys

    def seal(self, note: str | None, dispute_id: UUID) -> str | None:
        """What a partner or an operator wrote; nothing stays nothing."""
        return self.keys.seal(note, f"note:{dispute_id}") if note else None

    async def is_of_merchant(self, dispute_id: UUID, merchant_id: str) -> bool:
        """Whether there is such a dispute, and it is with this merchant."""
        async with self.engine.connect() as connection:
            found = await views.one(connection, dispute_id)
        return found is not None and merchant_of(dispute_of(found)) == merchant_id

    async def check_currency(self, field: str, dispute_id: UUID, amount: Amount) -> None:
        """A 422 for money in another currency than the dispute's; one not known yet is any."""
        async with self.engine.connect() as connection:
            found = await views.one(connection, dispute_id)
        currency = found and (found["facts"].get("currency") or found["currency"])
        if currency and currency != amount.currency:
            problem = f"the capture was in {currency}"
            raise invalid(f"{field}.currency", problem, f"Use {currency}")
