"""complaint: about the service; answered, and once more by somebody else."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine.world import World

KIND = Kind.COMPLAINT


async def answered_and_on_appeal_by_somebody_else(world: World) -> None:
    case = await world.claims(KIND, named=False)
    await case.waits("complaint_open", "ops")
    await case.orders("complaint-answer", "ops-1", reason="goodwill")
    await case.ends("answered", back_minor=0)
    await case.asks("appeal")
    await case.waits("complaint_open", "ops")
    await case.orders("complaint-answer", "ops-2", reason="goodwill")
    await case.ends("answered", back_minor=0)


async def held_for_a_court_and_withdrawn(world: World) -> None:
    case = await world.claims(KIND, named=False)
    await case.orders("legal-hold", step="place", cause="court_order")
    await case.waits("under_review", "ops")
    await case.orders("legal-hold", step="lift", cause="court_order")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


STORIES = (answered_and_on_appeal_by_somebody_else, held_for_a_court_and_withdrawn)
