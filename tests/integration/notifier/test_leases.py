"""Whoever lost the lease of a message records nothing of it any more."""

from services.notifier import handlers
from services.notifier.domain.sending import Channel, Outcome, Result
from services.notifier.handlers import settled
from services.notifier.store import messages
from shared import db
from tests.integration.notifier.world import World, status

LEASE_S = 60.0


async def test_an_outcome_of_an_earlier_lease_does_not_end_the_one_that_runs(world: World) -> None:
    engine = db.engine(world.dsn, "test")
    try:
        async with engine.begin() as tx:
            await handlers.hear(tx, [status("a", 1, "checking")])
            (slow,) = await messages.claim(tx, Channel.SMS, 1, LEASE_S)
        await world.rows("UPDATE messages SET state = 'waiting', due_at = created_at RETURNING id")
        async with engine.begin() as tx:
            (fast,) = await messages.claim(tx, Channel.SMS, 1, LEASE_S)
            accepted = Outcome(Result.ACCEPTED, "", ("1a2b",))
            late, current = (settled(m, accepted, "en", 0.5, LEASE_S) for m in (slow, fast))
            assert await messages.settle(tx, [late]) == {}
            assert list(await messages.settle(tx, [current])) == [fast.id]
    finally:
        await engine.dispose()
