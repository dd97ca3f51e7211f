"""wrong_amount: the records explain it, bear it out, or leave it to the merchant."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine import anything
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import Json, World

KIND = Kind.WRONG_AMOUNT
OVER = 300


def found(finding: str, **more: object) -> Json:
    return {"records": {"wrong_amount": {"finding": finding} | more}}


async def every_line_has_a_reason(world: World) -> None:
    case = await world.claims(KIND, bank=found("explained", explanation="fee"))
    await case.ends("explained", back_minor=0)


async def not_final_yet(world: World) -> None:
    case = await world.claims(KIND, bank=found("pending"))
    await case.ends("explained", back_minor=0)


async def borne_out_by_the_records(world: World) -> None:
    agrees = found("agrees", amount_minor=str(OVER))
    case = await world.claims(KIND, bank=agrees, requested_minor=OVER)
    await case.ends("credited", back_minor=OVER)


async def withdrawn_before_the_merchant_answers(world: World) -> None:
    case = await world.claims(KIND, bank=found("differs"), merchant={"answer": "silent"})
    await case.waits("waiting_for_merchant", "merchant")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def refused_and_granted(world: World) -> None:
    case = await world.claims(KIND, bank=found("differs"), merchant={"answer": "refuse"})
    await goes_wrong_in_every_way(case, lambda: case.grants(OVER), OVER)


STORIES = (
    every_line_has_a_reason,
    not_final_yet,
    borne_out_by_the_records,
    withdrawn_before_the_merchant_answers,
    refused_and_granted,
    *anything.stories(anything.refused(KIND)),
    anything.at_the_network(anything.refused(KIND)),
    anything.without_a_transaction(KIND),
    anything.on_appeal(anything.refused(KIND)),
    *anything.at_the_merchant(KIND),
    *anything.at_the_bank(KIND),
)
