"""goods_or_service: both are heard before anybody decides, here or at the card network."""

from typing import Any

from shared.contracts.vocabulary import Kind
from tests.integration.machine import anything
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, Case, World

KIND = Kind.GOODS_OR_SERVICE


async def both_are_heard_and_it_is_denied(world: World) -> None:
    case = await world.claims(KIND, merchant={"answer": "refuse", "evidence": "silent"})
    await case.waits("gathering_evidence", "customer")
    await case.asks("send_evidence")
    await case.waits("gathering_evidence", "customer")
    await case.merchant_will(evidence="send")
    await case.waits("in_arbitration", "ops")
    await case.denies()
    await case.ends("declined", back_minor=0)


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


async def _heard(world: World, **bank: Any) -> Case:
    """The merchant refused, and both have sent what they have."""
    case = await world.claims(KIND, bank=bank, merchant={"answer": "refuse"})
    await case.asks("send_evidence")
    await case.waits("in_arbitration", "ops")
    return case


STORIES = (
    both_are_heard_and_it_is_denied,
    withdrawn_before_the_merchant_answers,
    nobody_says_a_word_and_it_is_granted,
    *anything.stories(_heard),
    anything.at_the_network(_heard),
    anything.without_a_transaction(KIND),
    anything.on_appeal(_heard),
    *anything.at_the_merchant(KIND),
    *anything.at_the_bank(KIND),
)
