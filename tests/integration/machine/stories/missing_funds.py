"""missing_funds: the bank follows the money, and gets it back from where it went."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, Json, World

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


async def never_found_and_denied(world: World) -> None:
    case = await world.claims(KIND, bank=traced({"state": "not_found"}))
    await world.passes(days=15)
    await case.waits("in_arbitration", "ops")
    await case.denies()
    await case.ends("declined", back_minor=0)


async def kept_by_the_recipient_and_granted(world: World) -> None:
    refused = {"answer": "refuse"}
    case = await world.claims(KIND, bank=traced({"state": "wrong_account"}, recall=refused))
    await case.waits("in_arbitration", "ops")
    await goes_wrong_in_every_way(case, lambda: case.grants(CAPTURED, payer="bank"))


STORIES = (
    on_its_way_and_delivered,
    rejected_and_sent_back,
    given_back_from_a_wrong_account,
    withdrawn_while_nobody_finds_it,
    never_found_and_denied,
    kept_by_the_recipient_and_granted,
)
