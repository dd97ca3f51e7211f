"""A system whose parts can be killed, paused and brought back, and that remembers its disputes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from deploy.local.health import answers
from deploy.local.system import System
from shared import clock, ids
from shared.auth import Role
from tests.e2e.world import Receipt, World, receipts, until
from tests.faults.evidence import check

ENDS_WITHIN_S: Final = 120.0
BACK_WITHIN_S: Final = 60.0
PATIENCE_S: Final = 90.0
SERVICES: Final = ("intake", "tracker", "notifier")
BACKING: Final = ("kafka", "postgres")


@dataclass(slots=True)
class Ground:
    """`accepted` holds every dispute that was ever answered 202 in this system."""

    world: World
    accepted: list[Receipt]
    refused: list[int | str] = field(default_factory=list)

    @property
    def system(self) -> System:
        """The system under test."""
        return self.world.system

    async def kill(self, *names: str) -> None:
        """SIGKILL, all at nearly the same moment; they stay down until `bring_back`."""
        for name in names:
            await asyncio.to_thread(self.system.supervisor.hold, name)

    async def kill_tracker(self) -> None:
        """SIGKILL, and as if the leases of the calls that it was making had run out since."""
        await self.kill("tracker")
        await self.expire_leases()

    async def bring_back(self, *names: str) -> None:
        """Start them again, Kafka and PostgreSQL first, and wait until all answer."""
        first = [name for name in names if name in BACKING]
        for group in (first, [name for name in names if name not in BACKING]):
            for name in group:
                await asyncio.to_thread(self.system.supervisor.release, name)
            for name in group:
                await self.wait_for(name)

    def pause(self, name: str) -> None:
        """SIGSTOP: connections stay, nobody answers."""
        os.kill(self.system.supervisor.pids()[name], signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """SIGCONT."""
        os.kill(self.system.supervisor.pids()[name], signal.SIGCONT)

    @asynccontextmanager
    async def down(self, *names: str) -> AsyncIterator[None]:
        """Killed while inside."""
        await self.kill(*names)
        try:
            yield
        finally:
            await self.bring_back(*names)

    @asynccontextmanager
    async def paused(self, name: str) -> AsyncIterator[None]:
        """Stopped while inside."""
        self.pause(name)
        try:
            yield
        finally:
            self.resume(name)

    async def restore(self) -> None:
        """Whatever a test left down or stopped."""
        running = self.system.supervisor.pids()
        for pid in running.values():
            os.kill(pid, signal.SIGCONT)
        down = [name for name in self.system.supervisor.names if name not in running]
        await self.bring_back(*down)

    async def opened(self, *transactions: str, **fields: Any) -> Receipt:
        """A dispute that is accepted at the first try."""
        receipt = await self.world.opened(*transactions, **fields)
        self.accepted.append(receipt)
        return receipt

    async def persuaded(self, transaction_id: str) -> Receipt:
        """Send the same request with the same key until it is accepted, as a wallet does."""
        key = ids.token()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                status = await self.tried(transaction_id, key)
                if isinstance(status, Receipt):
                    return status
                self.refused.append(status)
                await clock.sleep(0.25)

    async def tried(
        self, transaction_id: str, key: str, through: str = "intake"
    ) -> Receipt | int | str:
        """One try: the dispute, or the status or error that came instead."""
        try:
            answer = await self.world.claim(transaction_id, key=key, through=through)
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__
        if answer.status != 202:
            return answer.status
        (receipt,) = receipts(answer, "c-li")
        self.accepted.append(receipt)
        return receipt

    async def traffic(self, transactions: Sequence[str], every_s: float) -> list[Receipt]:
        """A claim about each, one every so often, whatever becomes of those before it."""
        async with asyncio.TaskGroup() as group:
            claims = []
            for transaction_id in transactions:
                claims.append(group.create_task(self.persuaded(transaction_id)))
                await clock.sleep(every_s)
        return [claim.result() for claim in claims]

    async def purchases(self, count: int, **fields: Any) -> list[str]:
        """That many transactions, published and known to the bank."""
        return [await self.world.record(**fields) for _ in range(count)]

    async def in_arbitration(self, **fields: Any) -> Receipt:
        """A dispute that waits for nobody but an arbitrator."""
        merchant = {"answer": "refuse", "reason_code": "used"}
        receipt = await self.opened(await self.world.record(merchant=merchant, **fields))
        await self.world.until(receipt, "in_arbitration")
        return receipt

    async def decide(self, receipt: Receipt) -> None:
        """The arbitrator grants all of it; once this returns it is committed."""
        decision = {
            "fault": "merchant",
            "remedy": "full_refund",
            "amount": {"amount_minor": "12800", "currency": "CNY"},
            "payer": "merchant",
            "reason": "not_as_described",
        }
        path = f"/v1/disputes/{receipt.dispute_id}/decision"
        caller = (Role.OPS, "ops-1")
        answer = await self.world.call("POST", "tracker", path, decision, caller)
        assert answer.status == 200, answer

    async def all_credited(self, those: Sequence[Receipt]) -> None:
        """Each of them ends with its money back."""
        for receipt in those:
            seen = await self.world.until_ended(receipt, ENDS_WITHIN_S)
            assert seen["status"] == "credited", seen

    async def check(self) -> None:
        """The judge's word on all that was ever accepted here."""
        await check(self.world, self.accepted)

    async def expire_leases(self) -> None:
        """As if a minute had passed since whoever was making calls was killed."""
        connection = await self.world.connect("tracker")
        try:
            await connection.execute(
                "UPDATE tasks SET due_at = clock_timestamp() WHERE lease IS NOT NULL"
            )
        finally:
            await connection.close()

    async def wait_for(self, name: str) -> None:
        """Until it answers."""
        system = self.system
        if name == "kafka" and system.broker:
            await asyncio.to_thread(system.broker.wait_ready)
        elif name == "postgres" and system.postgres:
            await asyncio.to_thread(system.postgres.wait_ready)
        else:
            path = "/health/ready" if name.partition("-")[0] in SERVICES else "/health"
            url = self.world.url(name) + path
            await until(lambda: asyncio.to_thread(answers, url), BACK_WITHIN_S)
