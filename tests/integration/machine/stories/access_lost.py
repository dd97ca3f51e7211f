"""access_lost: proven by two factors or documents, then the identity service resets."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine.world import World

KIND = Kind.ACCESS_LOST


async def proven_by_two_factors(world: World) -> None:
    case = await world.claims(KIND, named=False)
    await case.ends("access_restored", back_minor=0)


async def proven_by_nothing(world: World) -> None:
    case = await world.claims(KIND, named=False, account={"identity": "failed"})
    await case.waits("under_review", "ops")
    await case.orders("identity-review", outcome="rejected")
    await case.ends("declined", back_minor=0)


async def withdrawn_before_it_is_proven(world: World) -> None:
    case = await world.claims(KIND, named=False, account={"identity": "silent"})
    await case.waits("verifying_identity", "customer")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


STORIES = (proven_by_two_factors, proven_by_nothing, withdrawn_before_it_is_proven)
