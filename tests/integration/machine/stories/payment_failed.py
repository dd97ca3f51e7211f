"""payment_failed: what the bank says of the transaction, then what the merchant does."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine import anything
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, World

KIND = Kind.PAYMENT_FAILED


async def the_merchant_had_delivered(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "fulfilled", "proof": "order-7"})
    await case.ends("fulfilled", back_minor=0)


async def withdrawn_before_the_merchant_answers(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "silent"})
    await case.waits("waiting_for_merchant", "merchant")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def refused_and_granted(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "refuse"})
    await goes_wrong_in_every_way(case, lambda: case.grants(CAPTURED))


STORIES = (
    the_merchant_had_delivered,
    withdrawn_before_the_merchant_answers,
    refused_and_granted,
    *anything.stories(anything.refused(KIND)),
    anything.at_the_network(anything.refused(KIND)),
    anything.without_a_transaction(KIND),
    anything.on_appeal(anything.refused(KIND)),
    *anything.at_the_merchant(KIND),
    *anything.at_the_bank(KIND),
)
