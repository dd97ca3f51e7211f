"""goods_or_service: both are heard before anybody decides, here or at the card network."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, World

KIND = Kind.GOODS_OR_SERVICE
DAY_S = 86_400


async def both_are_heard_and_it_is_denied(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "refuse", "evidence": "silent"})
    await case.waits("gathering_evidence", "customer")
    await case.asks("send_evidence")
    await case.waits("gathering_evidence", "customer")
    await case.merchant_will(evidence="send")
    await case.waits("in_arbitration", "ops")
    await case.denies()
    await case.ends("declined", back_minor=0)


async def charged_back_against_a_representment(world: World) -> None:
    network = {
        "filed": {"outcome": "represented", "after_s": DAY_S},
        "pre_arbitration": {"outcome": "won", "after_s": DAY_S},
    }
    card = {"funding": "card", "chargeback": network}
    case = await world.claims(KIND, bank=card, merchant={"answer": "refuse"})
    await case.asks("send_evidence")
    await case.waits("in_arbitration", "ops")
    await case.orders("chargeback", step="file")
    await case.waits("chargeback_filed", "bank")
    await world.passes(days=1, hours=1)
    await case.waits("chargeback_filed", "ops")
    await case.orders("chargeback", step="pre_arbitration")
    await case.waits("chargeback_filed", "bank")
    await world.passes(days=1, hours=1)
    await case.ends("charged_back", back_minor=CAPTURED)


async def withdrawn_before_the_merchant_answers(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "silent"})
    await case.waits("waiting_for_merchant", "merchant")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def nobody_says_a_word_and_it_is_granted(world: World) -> None:
    silent = {"answer": "silent", "evidence": "silent"}
    case = await world.claims(KIND, merchant=silent)
    await world.passes(days=6)
    await case.waits("in_arbitration", "ops")
    await goes_wrong_in_every_way(case, lambda: case.grants(CAPTURED))


STORIES = (
    both_are_heard_and_it_is_denied,
    charged_back_against_a_representment,
    withdrawn_before_the_merchant_answers,
    nobody_says_a_word_and_it_is_granted,
)
