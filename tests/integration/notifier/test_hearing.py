import asyncio
from collections.abc import Callable
from typing import Any

from services.notifier import handlers
from shared import db
from shared.contracts.envelope import Envelope
from tests.integration.notifier.world import World, status


async def test_ten_concurrent_redeliveries_make_one_message_on_each_channel(
    world: World,
) -> None:
    batch = [status(f"d{n}", v, "checking") for n in range(20) for v in (1, 2)]
    engine = db.engine(world.dsn, "test", pool_size=10)

    async def deliver(order: Callable[[Envelope], Any]) -> None:
        async with engine.begin() as tx:
            await handlers.hear(tx, sorted(batch, key=order))

    orders: list[Callable[[Envelope], Any]] = [
        lambda e: e.id,
        lambda e: e.subject,
        lambda e: -e.sequence,
    ]
    try:
        await asyncio.gather(*(deliver(orders[n % 3]) for n in range(10)))
    finally:
        await engine.dispose()
    rows = await world.rows("SELECT channel, count(*) AS n FROM messages GROUP BY 1 ORDER BY 1")
    assert rows == [{"channel": "email", "n": 20}, {"channel": "sms", "n": 20}]
