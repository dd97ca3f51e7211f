"""unauthorized: the account is secured, then the money is recalled, charged back, or credited."""

from typing import Any

from shared.contracts.vocabulary import Kind
from tests.integration.machine import anything
from tests.integration.machine.refunds import goes_wrong_in_every_way
from tests.integration.machine.world import CAPTURED, Case, World, cny

KIND = Kind.UNAUTHORIZED
DAY_S = 86_400


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
    card = {"funding": "card", "chargeback": anything.REPRESENTED}
    case = await world.claims(KIND, bank=card)
    await anything.won_against_a_representment(case)


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
    case = await world.claims(KIND, bank={"funding": "balance"}, customer=anything.AWAY)
    await case.orders("provisional-credit", amount=cny(CAPTURED), basis="goodwill")
    await case.grants(CAPTURED)
    await case.waits("correcting", "redress")
    await case.customer_will()
    await world.passes(minutes=10)
    await case.ends("credited", back_minor=CAPTURED)


async def a_theft_without_a_transaction_finds_its_transaction(world: World) -> None:
    case = await world.claims(KIND, bank={}, named=False, account={"identity": "silent"})
    await case.waits("verifying_identity", "customer")
    await case.asks("give_details", transaction_id=case.transaction)
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def granted_once_the_goods_are_back(world: World) -> None:
    case = await _proven(world)
    await case.merchant_will(on_return="silent")
    await case.grants(CAPTURED, remedy="return_then_refund")
    await case.waits("return_awaited", "customer")
    await case.asks("ship_return", tracking="SF-1")
    await case.waits("return_shipped", "merchant")
    await case.merchant_will(on_return="receive")
    await case.ends("credited", back_minor=CAPTURED)


async def granted(world: World) -> None:
    case = await _proven(world)
    await goes_wrong_in_every_way(case, lambda: case.grants(CAPTURED))


async def _proven(world: World, **bank: Any) -> Case:
    """Paid from the balance by somebody else: a person finds who is liable."""
    case = await world.claims(KIND, bank={"funding": "balance"} | bank)
    await case.waits("in_arbitration", "ops")
    return case


STORIES = (
    a_login_and_nothing_taken,
    who_they_are_is_not_proven,
    withdrawn_before_they_have_proven_who_they_are,
    a_transfer_is_recalled,
    a_card_payment_is_charged_back_against_a_representment,
    credited_by_statute_and_denied,
    granted_while_the_ledger_is_slow_to_credit,
    a_theft_without_a_transaction_finds_its_transaction,
    granted_once_the_goods_are_back,
    granted,
    *anything.stories(_proven),
    anything.on_appeal(_proven),
    *anything.at_the_bank(KIND),
)
