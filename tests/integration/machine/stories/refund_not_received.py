"""refund_not_received: where somebody else's refund is, and what becomes of one never sent."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine import anything
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, Json, World

KIND = Kind.REFUND_NOT_RECEIVED


def found(finding: str, **more: object) -> Json:
    return {"records": {"refund_not_received": {"finding": finding} | more}}


async def on_its_way_and_arrived(world: World) -> None:
    arrived = {"finding": "arrived", "amount_minor": str(CAPTURED)}
    case = await world.claims(KIND, bank=found("on_its_way", then=arrived))
    await case.waits("refund_sent", "bank")
    await world.passes(days=1, hours=1)
    await case.ends("delivered", back_minor=0)


async def not_funded_in_time_and_denied(world: World) -> None:
    case = await world.claims(KIND, bank=found("unfunded"))
    await case.waits("refund_unfunded", "merchant")
    await world.passes(days=6)
    await case.waits("in_arbitration", "ops")
    await case.denies()
    await case.ends("declined", back_minor=0)


async def bounced_and_sent_to_another_account(world: World) -> None:
    case = await world.claims(KIND, bank=found("bounced", amount_minor=str(CAPTURED)))
    await case.waits("refund_bounced", "customer")
    await case.asks("choose_account", account_id="acc-2")
    await case.waits("under_review", "ops")
    for operator in ("ops-1", "ops-2"):
        await case.orders("account-check", operator, outcome="confirmed")
    await case.ends("credited", back_minor=CAPTURED)


async def withdrawn_before_the_merchant_answers(world: World) -> None:
    case = await world.claims(KIND, bank=found("unsent"), merchant={"answer": "silent"})
    await case.waits("waiting_for_merchant", "merchant")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def never_sent_and_granted(world: World) -> None:
    case = await world.claims(KIND, bank=found("unsent"), merchant={"answer": "refuse"})
    await case.waits("in_arbitration", "ops")
    await goes_wrong_in_every_way(case, lambda: case.grants(CAPTURED))


STORIES = (
    on_its_way_and_arrived,
    not_funded_in_time_and_denied,
    bounced_and_sent_to_another_account,
    withdrawn_before_the_merchant_answers,
    never_sent_and_granted,
    *anything.stories(anything.refused(KIND)),
    anything.at_the_network(anything.refused(KIND)),
    anything.without_a_transaction(KIND),
    anything.on_appeal(anything.refused(KIND)),
    *anything.at_the_merchant(KIND),
    *anything.at_the_bank(KIND),
)
