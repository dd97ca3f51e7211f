"""duplicate_charge: a second authorisation goes by itself, a second capture is paid back."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine import anything
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, Json, World

KIND = Kind.DUPLICATE_CHARGE


def found(finding: str) -> Json:
    return {"records": {"duplicate_charge": {"finding": finding, "twin": "tx-first"}}}


async def one_order_charged_twice(world: World) -> None:
    case = await world.claims(KIND, bank=found("same_order"))
    await case.ends("credited", back_minor=CAPTURED)


async def withdrawn_before_the_merchant_answers(world: World) -> None:
    case = await world.claims(KIND, bank=found("unmatched"), merchant={"answer": "silent"})
    await case.waits("waiting_for_merchant", "merchant")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def refused_and_granted(world: World) -> None:
    case = await world.claims(KIND, bank=found("two_orders"), merchant={"answer": "refuse"})
    await goes_wrong_in_every_way(case, lambda: case.grants(CAPTURED))


STORIES = (
    one_order_charged_twice,
    withdrawn_before_the_merchant_answers,
    refused_and_granted,
    *anything.stories(anything.refused(KIND)),
    anything.at_the_network(anything.refused(KIND)),
    anything.without_a_transaction(KIND),
    anything.on_appeal(anything.refused(KIND)),
    *anything.at_the_merchant(KIND),
    *anything.at_the_bank(KIND),
)
