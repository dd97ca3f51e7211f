"""payment_failed: what the bank says of the transaction, then what the merchant does."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, World

KIND = Kind.PAYMENT_FAILED


async def declined_at_the_bank(world: World) -> None:
    case = await world.claims(KIND, bank={"state": "declined", "cause": "over_limit"})
    await case.ends("explained", back_minor=0)


async def the_rail_reverses_it(world: World) -> None:
    reversal = {"state": "debited_not_captured", "reversal": {"after_s": 86_400}}
    case = await world.claims(KIND, bank=reversal)
    await case.waits("reversal_watched", "bank")
    await world.passes(days=1, hours=1)
    await case.ends("reversed", back_minor=CAPTURED)


async def the_merchant_had_delivered(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "fulfilled", "proof": "order-7"})
    await case.ends("fulfilled", back_minor=0)


async def withdrawn_before_the_merchant_answers(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "silent"})
    await case.waits("waiting_for_merchant", "merchant")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def refused_and_denied(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "refuse"})
    await case.waits("in_arbitration", "ops")
    await case.denies()
    await case.ends("declined", back_minor=0)


async def refused_and_granted(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "refuse"})
    await goes_wrong_in_every_way(case, lambda: case.grants(CAPTURED))


STORIES = (
    declined_at_the_bank,
    the_rail_reverses_it,
    the_merchant_had_delivered,
    withdrawn_before_the_merchant_answers,
    refused_and_denied,
    refused_and_granted,
)
