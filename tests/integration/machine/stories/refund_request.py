"""refund_request: the merchant agrees, offers, wants its goods, refuses, or says nothing."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine import anything
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, World, cny

KIND = Kind.REFUND_REQUEST


async def named_later_and_agreed(world: World) -> None:
    case = await world.claims(KIND, bank={}, named=False)
    await case.waits("needs_details", "customer")
    await case.asks("give_details", transaction_id=case.transaction)
    await case.ends("credited", back_minor=CAPTURED)


async def withdrawn_before_the_merchant_answers(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "silent"})
    await case.waits("waiting_for_merchant", "merchant")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def a_final_credit_leaves_nothing_to_decide_again(world: World) -> None:
    case = await world.claims(KIND, facts={"merchant_id": None})
    await case.waits("in_arbitration", "ops")
    await case.orders("provisional-credit", amount=cny(CAPTURED), basis="goodwill")
    await case.grants(CAPTURED)
    await case.ends("credited", back_minor=CAPTURED)
    await case.orders("reopening", "ops-2", cause="court_order")
    await case.ends("credited", back_minor=CAPTURED)


async def agreed_at_last(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "silent"})
    await goes_wrong_in_every_way(case, lambda: case.merchant_will(answer="accept"))


STORIES = (
    named_later_and_agreed,
    withdrawn_before_the_merchant_answers,
    a_final_credit_leaves_nothing_to_decide_again,
    agreed_at_last,
    *anything.stories(anything.refused(KIND)),
    anything.at_the_network(anything.refused(KIND)),
    anything.without_a_transaction(KIND),
    anything.on_appeal(anything.refused(KIND)),
    *anything.at_the_merchant(KIND),
    *anything.at_the_bank(KIND),
)
