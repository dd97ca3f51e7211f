"""A tracker's workers over a stage, with the sandbox's real bank, merchants and account service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sandbox.bank.publisher import Publisher
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


@dataclass(slots=True)
class BankHouse:
    """Where the bank is: shut and opened again, it has its books and its address."""

    folder: Path
    publisher: Publisher | None = None
    port: int = 0
    inside: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self) -> BankClient:
        there = bank_open(self.folder, self.publisher, self.port)
        client = await self.inside.enter_async_context(there)
        self.port = urlsplit(client.url).port or 0
        return client

    async def shut(self) -> None:
        await self.inside.aclose()


@dataclass(slots=True)
class Town:
    """Everybody who takes part in a dispute but the customer.

    `wake` lets calls that have fallen due be made at once.
    """

    stage: Stage
    api: Api
    house: BankHouse
    bank: BankClient
    merchants: Client
    accounts: AccountsClient
    callbacks: str
    wake: Callable[[], None]

    @asynccontextmanager
    async def without_bank(self) -> AsyncIterator[None]:
        """Nobody listens at the bank's address while inside."""
        await self.house.shut()
        yield
        self.bank = await self.house.open()

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
async def town(
    stage: Stage, folder: Path, publisher: Publisher | None = None
) -> AsyncIterator[Town]:
    """Open for business while inside; `publisher` tells the wallet's transactions."""
    loops: dict[str, Calls] = {}

    def wake(parties: frozenset[str]) -> None:
        for party in parties:
            loops[party].wake()

    async def siblings(claim_id: UUID, dispute_id: UUID) -> bool:
        async with stage.engine.connect() as connection:
            return await disputes.is_hold_needed(connection, claim_id, dispute_id)

    async with AsyncExitStack() as open_:
        api = await open_.enter_async_context(serving(stage, wake))
        session = http.client(total_s=5.0, limit=16)
        open_.push_async_callback(session.close)
        commit: GroupCommit[Signal, Outcome] = GroupCommit("town", flusher(stage.engine, wake))
        base = str(api.session._base_url).rstrip("/")  # noqa: SLF001 - it has no public name
        here = f"{base}/v1/callbacks"
        house = BankHouse(folder / "bank", publisher)
        open_.push_async_callback(house.shut)
        found = Town(
            stage,
            api,
            house,
            await house.open(),
            await open_.enter_async_context(merchants_open(folder / "merchants")),
            await open_.enter_async_context(accounts_open(folder / "accounts")),
            here,
            lambda: wake(frozenset(loops)),
        )
        bank = HttpBank(session, found.bank.url, f"{here}/banks/bank")
        merchant = HttpMerchant(session, found.merchants.url, SECRETS, f"{here}/merchants")
        accounts = HttpAccounts(session, found.accounts.url, f"{here}/accounts")
        made = {
            "bank": calls.bank_calls(bank),
            "merchant": calls.merchant_calls(merchant),
            "accounts": calls.accounts_calls(accounts, siblings),
        }
        loops |= {party: Calls(stage.engine, commit, party, make) for party, make in made.items()}
        timers = Timers(stage.engine, commit)
        running = [
            asyncio.create_task(run())
            for run in (commit.run, timers.run, *(each.run for each in loops.values()))
        ]
        try:
            yield found
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)
