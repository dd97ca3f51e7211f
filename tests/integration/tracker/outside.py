"""A tracker's workers over a stage, with the sandbox's real bank, merchants and account service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from services.tracker import calls
from services.tracker.accounts import HttpAccounts
from services.tracker.bank import HttpBank
from services.tracker.handlers import Outcome, Signal
from services.tracker.merchant import HttpMerchant
from services.tracker.store import disputes
from services.tracker.worker import Calls, Timers, flusher
from shared import clock, http
from shared.batch import GroupCommit
from shared.contracts.events import DisputeOpened
from tests.integration.tracker.desk import SECRETS, serving
from tests.integration.tracker.stage import CUSTOMER, Stage
from tests.unit.sandbox.world import (
    AccountsClient,
    BankClient,
    Client,
    accounts_open,
    bank_open,
    merchants_open,
)
from tests.unit.shared.serving import Api

WITHIN_S: Final = 20.0
SHOP: Final = "m-any"  # signs with the secret of merchants that have none of their own


@dataclass(frozen=True, slots=True)
class Town:
    """Everybody who takes part in a dispute but the customer."""

    stage: Stage
    api: Api
    bank: BankClient
    merchants: Client
    accounts: AccountsClient
    callbacks: str

    async def record(self, event: DisputeOpened, **behaviour: Any) -> None:
        """The bank knows the dispute's transaction: captured in full, paid to its merchant."""
        await self.bank.record(
            event.transaction_id or "",
            behaviour,
            customer_id=event.customer_id,
            merchant_id=event.merchant_id,
        )

    async def behave(self, event: DisputeOpened, **behaviour: Any) -> None:
        """How the merchant of this transaction answers."""
        told = {"transaction_id": event.transaction_id} | behaviour
        await self.merchants.post("/sandbox/behaviours", told)

    async def account(self) -> Any:
        """What the account service knows of the customer."""
        return await self.accounts.seen(CUSTOMER)

    async def until(self, event: DisputeOpened, **columns: str) -> dict[str, Any]:
        """The dispute's row, once these columns of it have these values."""
        row: dict[str, Any] = {}
        try:
            async with asyncio.timeout(WITHIN_S):
                while True:
                    row = await self.stage.dispute(event)
                    if all(row[name] == value for name, value in columns.items()):
                        return row
                    await clock.sleep(0.05)
        except TimeoutError:
            seen = {name: row.get(name) for name in columns}
            told = await self.stage.history(event)
            raise AssertionError(f"{seen} instead of {columns} after {told}") from None


@asynccontextmanager
async def town(stage: Stage, folder: Path) -> AsyncIterator[Town]:
    """Open for business while inside."""
    async with AsyncExitStack() as open_:
        api = await open_.enter_async_context(serving(stage))
        session = http.client(total_s=5.0, limit=16)
        open_.push_async_callback(session.close)
        commit: GroupCommit[Signal, Outcome] = GroupCommit(
            "town", flusher(stage.engine, lambda _: None)
        )
        base = str(api.session._base_url).rstrip("/")  # noqa: SLF001 - it has no public name
        here = f"{base}/v1/callbacks"
        found = Town(
            stage,
            api,
            await open_.enter_async_context(bank_open(folder / "bank")),
            await open_.enter_async_context(merchants_open(folder / "merchants")),
            await open_.enter_async_context(accounts_open(folder / "accounts")),
            here,
        )

        async def siblings(claim_id: UUID, dispute_id: UUID) -> bool:
            async with stage.engine.connect() as connection:
                return await disputes.is_hold_needed(connection, claim_id, dispute_id)

        bank = HttpBank(session, found.bank.url, f"{here}/banks/bank")
        merchant = HttpMerchant(session, found.merchants.url, SECRETS, f"{here}/merchants")
        accounts = HttpAccounts(session, found.accounts.url, f"{here}/accounts")
        loops = [
            commit.run(),
            Timers(stage.engine, commit).run(),
            Calls(stage.engine, commit, "bank", calls.bank_calls(bank)).run(),
            Calls(stage.engine, commit, "merchant", calls.merchant_calls(merchant)).run(),
            Calls(stage.engine, commit, "accounts", calls.accounts_calls(accounts, siblings)).run(),
        ]
        running = [asyncio.create_task(loop) for loop in loops]
        try:
            yield found
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)
