"""unauthorized: the account is secured, then the money is recalled, charged back, or credited."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, World, cny

KIND = Kind.UNAUTHORIZED
DAY_S = 86_400
AWAY = {"postings": {"fail_times": 1000}}


async def a_login_and_nothing_taken(world: World) -> None:
    case = await world.claims(KIND, named=False)
    await case.ends("account_secured", back_minor=0)


async def who_they_are_is_not_proven(world: World) -> None:
    case = await world.claims(KIND, account={"identity": "failed"})
    await case.waits("under_review", "ops")
    await case.orders("identity-review", outcome="rejected")
    await case.ends("declined", back_minor=0)


async def withdrawn_before_they_have_proven_who_they_are(world: World) -> None:
    case = await world.claims(KIND, account={"identity": "silent"})
    await case.waits("verifying_identity", "customer")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def a_transfer_is_recalled(world: World) -> None:
    recall = {"after_s": DAY_S, "return_after_s": DAY_S}
    transfer = {"kind": "transfer", "merchant_id": None}
    case = await world.claims(KIND, bank={"recall": recall}, facts=transfer)
    await case.waits("recalling", "bank")
    await world.passes(days=2, hours=1)
    await case.ends("recalled", back_minor=CAPTURED)


async def a_card_payment_is_charged_back_against_a_representment(world: World) -> None:
    network = {
        "filed": {"outcome": "represented", "after_s": DAY_S},
        "pre_arbitration": {"outcome": "won", "after_s": DAY_S},
    }
    case = await world.claims(KIND, bank={"funding": "card", "chargeback": network})
    await case.waits("chargeback_filed", "bank")
    await world.passes(days=1, hours=1)
    await case.waits("chargeback_filed", "ops")
    await case.orders("chargeback", step="pre_arbitration")
    await world.passes(days=1, hours=1)
    await case.ends("charged_back", back_minor=CAPTURED)


async def credited_by_statute_and_denied(world: World) -> None:
    case = await world.claims(KIND, bank={"funding": "balance"})
    await case.waits("in_arbitration", "ops")
    await world.passes(days=15)
    assert await case.back_minor() == CAPTURED
    await case.denies()
    await case.waits("credit_ending", "redress")
    await world.passes(days=8)
    await case.ends("declined", back_minor=0)


async def granted_while_the_ledger_is_slow_to_credit(world: World) -> None:
    case = await world.claims(KIND, bank={"funding": "balance"}, customer=AWAY)
    await case.orders("provisional-credit", amount=cny(CAPTURED), basis="goodwill")
    await case.grants(CAPTURED)
    await case.waits("correcting", "redress")
    await case.customer_will()
    await world.passes(minutes=10)
    await case.ends("credited", back_minor=CAPTURED)


async def granted(world: World) -> None:
    case = await world.claims(KIND, bank={"funding": "balance"})
    await case.waits("in_arbitration", "ops")
    await goes_wrong_in_every_way(case, lambda: case.grants(CAPTURED))


STORIES = (
    a_login_and_nothing_taken,
    who_they_are_is_not_proven,
    withdrawn_before_they_have_proven_who_they_are,
    a_transfer_is_recalled,
    a_card_payment_is_charged_back_against_a_representment,
    credited_by_statute_and_denied,
    granted_while_the_ledger_is_slow_to_credit,
    granted,
)
