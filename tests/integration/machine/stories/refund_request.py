"""refund_request: the merchant agrees, offers, wants its goods, refuses, or says nothing."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, World, cny

KIND = Kind.REFUND_REQUEST


async def named_later_and_agreed(world: World) -> None:
    case = await world.claims(KIND, bank={}, named=False)
    await case.waits("needs_details", "customer")
    await case.asks("give_details", transaction_id=case.transaction)
    await case.ends("credited", back_minor=CAPTURED)


async def an_offer_is_taken(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "offer", "offer_minor": "5000"})
    await case.waits("offer_made", "customer")
    await case.asks("accept_offer")
    await case.ends("credited", back_minor=5_000)


async def the_goods_go_back_first(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "want_return", "on_return": "silent"})
    await case.waits("return_awaited", "customer")
    await case.asks("ship_return", tracking="SF-1")
    await case.waits("return_shipped", "merchant")
    await case.merchant_will(answer="want_return", on_return="receive")
    await case.ends("credited", back_minor=CAPTURED)


async def withdrawn_before_the_merchant_answers(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "silent"})
    await case.waits("waiting_for_merchant", "merchant")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def denied_and_denied_on_appeal_by_somebody_else(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "silent"})
    await world.passes(days=2, hours=1)
    await case.waits("in_arbitration", "ops")
    await case.denies(by="ops-1")
    await case.ends("declined", back_minor=0)
    await case.asks("appeal")
    await case.waits("in_arbitration", "ops")
    await case.denies(by="ops-2")
    await case.ends("declined", back_minor=0)


async def held_for_a_court(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "silent"})
    await case.orders("legal-hold", step="place", cause="court_order")
    await case.waits("under_review", "ops")
    await case.orders("legal-hold", step="lift", cause="court_order")
    await case.waits("waiting_for_merchant", "merchant")
    await case.merchant_will(answer="accept")
    await case.ends("credited", back_minor=CAPTURED)


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
    an_offer_is_taken,
    the_goods_go_back_first,
    withdrawn_before_the_merchant_answers,
    denied_and_denied_on_appeal_by_somebody_else,
    held_for_a_court,
    a_final_credit_leaves_nothing_to_decide_again,
    agreed_at_last,
)
