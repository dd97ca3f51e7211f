"""missing_funds: the bank follows the money, and gets it back from where it went."""

from typing import Any

from shared.contracts.vocabulary import Kind
from tests.integration.machine import anything
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, Case, Json, World

KIND = Kind.MISSING_FUNDS
DAY_S = 86_400


def traced(*script: Json, **more: Json) -> Json:
    return {"trace": {"script": script}} | more


async def on_its_way_and_delivered(world: World) -> None:
    under_way = {"state": "in_transit", "at_bank": "Bank of Far", "expected_in_s": DAY_S}
    delivered = {"after_s": DAY_S, "state": "delivered", "proof": "R-1"}
    case = await world.claims(KIND, bank=traced(under_way, delivered))
    await case.waits("in_transit", "bank")
    await world.passes(days=1, hours=1)
    await case.ends("delivered", back_minor=0)


async def rejected_and_sent_back(world: World) -> None:
    rejected = {"state": "rejected", "reject_reason": "account_closed", "return_after_s": DAY_S}
    case = await world.claims(KIND, bank=traced(rejected))
    await case.waits("returning", "bank")
    await world.passes(days=1, hours=1)
    await case.ends("returned", back_minor=CAPTURED)


async def given_back_from_a_wrong_account(world: World) -> None:
    recall = {"after_s": DAY_S, "return_after_s": DAY_S}
    case = await world.claims(KIND, bank=traced({"state": "wrong_account"}, recall=recall))
    await case.waits("recalling", "bank")
    await world.passes(days=2, hours=1)
    await case.ends("recalled", back_minor=CAPTURED)


async def withdrawn_while_nobody_finds_it(world: World) -> None:
    case = await world.claims(KIND, bank=traced({"state": "not_found"}))
    await case.waits("tracing", "bank")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def kept_by_the_recipient_and_granted(world: World) -> None:
    case = await _kept(world)
    await goes_wrong_in_every_way(case, lambda: case.grants(CAPTURED, payer="bank"))


async def _kept(world: World, **bank: Any) -> Case:
    """It went to a wrong account, whose owner keeps it."""
    kept = traced({"state": "wrong_account"}, recall={"answer": "refuse"})
    case = await world.claims(KIND, bank=kept | bank)
    await case.waits("in_arbitration", "ops")
    return case


STORIES = (
    on_its_way_and_delivered,
    rejected_and_sent_back,
    given_back_from_a_wrong_account,
    withdrawn_while_nobody_finds_it,
    kept_by_the_recipient_and_granted,
    *anything.stories(_kept),
    anything.at_the_network(_kept),
    anything.without_a_transaction(KIND),
    anything.on_appeal(_kept),
    *anything.at_the_bank(KIND, end="returned"),
)
