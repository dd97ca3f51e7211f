"""The sandbox's bank beside a stage, under one clock that a test sets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from services.tracker.bank import HttpBank
from services.tracker.domain.triggers import RefundReport, T, Trigger
from services.tracker.handlers import Signal
from services.tracker.reconcile import Reconciler, reconcile, report
from shared import clock
from shared.contracts.events import DisputeOpened
from tests.integration.tracker.stage import CAPTURED, MERCHANT, Row, Stage, opened, refund_key
from tests.unit.sandbox.world import BankClient, bank_open

DAY: Final = date(2026, 3, 2)
NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
LAST_SECOND: Final = datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)
NEXT_MORNING: Final = datetime(2026, 3, 3, 3, tzinfo=UTC)
NOBODY: Final = "http://127.0.0.1:9/callbacks"
SETTLED_WITHIN_S: Final = 5.0


@dataclass(slots=True)
class Town:
    """`now` is the time of bank, tracker and database."""

    stage: Stage
    sandbox: BankClient
    bank: HttpBank
    now: datetime = NOON

    async def known(self, event: DisputeOpened | None = None, **bank: Any) -> DisputeOpened:
        """A transaction of this dispute at the bank, which tells nobody of its refunds."""
        event = event or opened()
        behaviour = {"refund": {"callback": False} | bank.pop("refund", {})} | bank
        answer = await self.sandbox.record(
            event.transaction_id or "",
            behaviour,
            customer_id=event.customer_id,
            merchant_id=MERCHANT,
        )
        assert answer.status == 201
        return event

    async def reserved(self, **bank: Any) -> DisputeOpened:
        """A dispute whose refund is about to be sent."""
        event = await self.known(**bank)
        await self.stage.to_reserved(event)
        return event

    async def sent(self, **bank: Any) -> DisputeOpened:
        """A dispute whose refund the bank has taken and credits; the credit was not heard."""
        event = await self.reserved(**bank)
        trigger = await self.bank.refund(
            refund_key(event), event.transaction_id or "", CAPTURED, "CNY", "merchant"
        )
        await self.hear(event, trigger)
        await self.credited(event)
        return event

    async def paid(self, **bank: Any) -> DisputeOpened:
        """The same, and the credit was heard."""
        event = await self.sent(**bank)
        await self.hear(event, await self.credited(event))
        return event

    async def elsewhere(
        self, event: DisputeOpened, reference: str, amount_minor: int = CAPTURED
    ) -> None:
        """A refund that somebody else ordered at the bank."""
        answer = await self.sandbox.refund(
            event.transaction_id or "", NOBODY, reference, str(amount_minor)
        )
        assert answer.status == 202
        await self._until_credited(reference)

    async def hear(self, event: DisputeOpened, trigger: Trigger) -> None:
        """The bank's answer reaches the dispute."""
        (outcome,) = await self.stage.send(Signal(event.dispute_id, trigger))
        assert outcome.result == "applied"

    async def credited(self, event: DisputeOpened) -> Trigger:
        """What the bank says of the refund once it was credited."""
        await self._until_credited(refund_key(event))
        return await self.bank.refund_report(refund_key(event))

    async def _until_credited(self, reference: str) -> None:
        async with asyncio.timeout(SETTLED_WITHIN_S):
            while (await self.sandbox.get(f"/v1/refunds/{reference}")).content[
                "state"
            ] != "credited":
                await clock.sleep(0.005)

    async def reconciled(self, day: date = DAY) -> tuple[list[str], bool]:
        """The report of a run in the morning after the day."""
        self.now = max(self.now, NEXT_MORNING + (day - DAY))
        await reconcile(self.stage.engine, self.bank, day)
        return await report(self.stage.engine, day)

    def reconciler(self, hour: int = 3) -> Reconciler:
        return Reconciler(self.stage.engine, self.dsn, self.bank, hour)

    async def cases(self) -> list[Row]:
        return await self.stage.rows("SELECT * FROM reconciliation_cases ORDER BY id")

    async def case(self) -> Row:
        """The only one."""
        (case,) = await self.cases()
        return case

    @property
    def dsn(self) -> str:
        url = self.stage.engine.url.set(drivername="postgresql")
        return url.render_as_string(hide_password=False)


@asynccontextmanager
async def founded(
    stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Town]:
    async with bank_open(folder) as sandbox, aiohttp.ClientSession() as session:
        town = Town(stage, sandbox, HttpBank(session, sandbox.url, NOBODY))

        async def after_locks(_: object) -> datetime:
            return town.now

        monkeypatch.setattr(clock, "utcnow", lambda: town.now)
        monkeypatch.setattr(clock, "after_locks", after_locks)
        yield town


def lost(n: int = 1) -> Trigger:
    """No answer came to refund attempt `n`."""
    return Trigger(T.REFUND_NO_ANSWER, payload=RefundReport(n))
