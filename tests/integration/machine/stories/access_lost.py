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


async def a_court_has_closed_the_account(world: World) -> None:
    court = {"reset": "refused", "reset_reason": "court"}
    case = await world.claims(KIND, named=False, account=court)
    await case.ends("referred", back_minor=0)


async def held_for_a_court_and_denied_on_appeal_too(world: World) -> None:
    case = await world.claims(KIND, named=False, account={"identity": "failed"})
    await case.orders("legal-hold", step="place", cause="court_order")
    await case.waits("under_review", "ops")
    await case.orders("legal-hold", step="lift", cause="court_order")
    await case.orders("identity-review", "ops-1", outcome="rejected")
    await case.asks("appeal")
    await case.waits("in_arbitration", "ops")
    await case.denies(by="ops-2")
    await case.ends("declined", back_minor=0)


STORIES = (
    proven_by_two_factors,
    proven_by_nothing,
    withdrawn_before_it_is_proven,
    a_court_has_closed_the_account,
    held_for_a_court_and_denied_on_appeal_too,
)
