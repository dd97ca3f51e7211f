"""wrong_or_scam_transfer: the recipient gives it back, keeps it, or does not answer."""

from typing import Any

from shared.contracts.vocabulary import Kind
from tests.integration.machine import anything
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, Case, World, cny

KIND = Kind.WRONG_OR_SCAM_TRANSFER
DAY_S = 86_400
TROUBLE = 500


async def given_back_in_part(world: World) -> None:
    recall = {"amount_minor": "10000", "after_s": DAY_S, "return_after_s": DAY_S}
    case = await world.claims(KIND, bank={"recall": recall})
    await case.waits("recalling", "bank")
    await world.passes(days=2, hours=1)
    await case.ends("recalled", back_minor=10_000)


async def kept_by_the_recipient(world: World) -> None:
    case = await world.claims(KIND, bank={"recall": {"answer": "refuse"}})
    await case.ends("explained", back_minor=0)


async def withdrawn_while_the_bank_looks(world: World) -> None:
    case = await world.claims(KIND, bank={"lookup": {"fail_times": 1000}})
    await case.waits("checking", "bank")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def no_word_from_the_recipient_and_denied(world: World) -> None:
    """What may still come is waited for: nobody is told an end before."""
    late = {"answer": "refuse", "after_s": 20 * DAY_S}
    case = await world.claims(KIND, bank={"recall": late})
    await world.passes(days=15)
    await case.waits("in_arbitration", "ops")
    await case.denies()
    await case.waits("recalling", "bank")
    await world.passes(days=6)
    await case.ends("declined", back_minor=0)


async def given_back_before_the_trouble_is_paid_for(world: World) -> None:
    case = await world.claims(KIND, bank={"recall": {"after_s": 60}}, customer=anything.AWAY)
    await case.orders("compensation", amount=cny(TROUBLE), reason="late")
    await world.passes(minutes=2)
    await case.waits("correcting", "redress")
    await case.customer_will()
    await world.passes(minutes=10)
    await case.ends("recalled", back_minor=CAPTURED + TROUBLE)


async def no_word_from_the_recipient_and_granted(world: World) -> None:
    case = await _silent(world)
    await goes_wrong_in_every_way(case, lambda: case.grants(CAPTURED, payer="bank"))


async def _silent(world: World, **bank: Any) -> Case:
    """No word from the recipient in time, and then a no."""
    late = {"answer": "refuse", "after_s": 16 * DAY_S}
    case = await world.claims(KIND, bank={"recall": late} | bank)
    await world.passes(days=17)
    await case.waits("in_arbitration", "ops")
    return case


async def _reopened(world: World, **bank: Any) -> Case:
    """The recipient kept it; there is new evidence."""
    case = await world.claims(KIND, bank={"recall": {"answer": "refuse"}} | bank)
    await case.ends("explained", back_minor=0)
    await case.orders("reopening", "ops-9", cause="new_evidence")
    await case.waits("in_arbitration", "ops")
    return case


STORIES = (
    given_back_in_part,
    kept_by_the_recipient,
    withdrawn_while_the_bank_looks,
    no_word_from_the_recipient_and_denied,
    given_back_before_the_trouble_is_paid_for,
    no_word_from_the_recipient_and_granted,
    *anything.stories(_reopened),
    anything.at_the_network(_silent),
    anything.without_a_transaction(KIND),
    *anything.at_the_bank(KIND),
)
