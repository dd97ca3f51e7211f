"""Kafka and PostgreSQL are killed with SIGKILL and started again while claims come in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.e2e.world import Receipt, until
from tests.faults.ground import Ground

pytestmark = pytest.mark.timeout(300)
CLAIMS = 60
EVERY_S = 0.1


async def test_kafka(ground: Ground) -> None:
    """Accepting depends on PostgreSQL alone: not one claim is refused."""
    async with _traffic_begun(ground) as claims:
        (transaction_id,) = await ground.purchases(1)
        async with ground.down("kafka"):
            meanwhile = await ground.opened(transaction_id)
            await _more_accepted(ground, 20)
            assert (await ground.world.shown(meanwhile))["status"] == "received"
        opened = await claims
    assert ground.refused == []
    await ground.all_credited([meanwhile, *opened])
    await ground.check()


async def test_postgresql(ground: Ground) -> None:
    """What is refused meanwhile is refused as something to repeat, and repeated it counts once."""
    async with _traffic_begun(ground) as claims:
        async with ground.down("postgres"):
            await until(lambda: _refused_some(ground))
        opened = await claims
    assert set(ground.refused) <= {503}
    await ground.expire_leases()
    await ground.all_credited(opened)
    await ground.check()


async def test_everything_at_once(ground: Ground) -> None:
    """A machine loses power."""
    async with _traffic_begun(ground) as claims:
        async with ground.down(*ground.system.supervisor.names):
            pass
        opened = await claims
    await ground.expire_leases()
    await ground.all_credited(opened)
    await ground.check()


@asynccontextmanager
async def _traffic_begun(ground: Ground) -> AsyncIterator["asyncio.Task[list[Receipt]]"]:
    """Claims that come in one by one, of which the first are under way already."""
    transactions = await ground.purchases(CLAIMS)
    claims = asyncio.create_task(ground.traffic(transactions, EVERY_S))
    try:
        await _more_accepted(ground, 15)
        yield claims
    finally:
        claims.cancel()
        await asyncio.wait([claims])


async def _more_accepted(ground: Ground, count: int) -> None:
    before = len(ground.accepted)

    async def are() -> bool:
        return len(ground.accepted) >= before + count

    await until(are)


async def _refused_some(ground: Ground) -> bool:
    return len(ground.refused) > 0
