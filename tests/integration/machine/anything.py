"""What may happen to a dispute of any kind that is about a transaction.

`Disputed` says how one of the kind comes before a person, with the money captured and nobody else
about to move; the stories here go on from there, or begin where every kind does.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from shared.contracts.vocabulary import Kind
from tests.integration.machine.world import CAPTURED, Case, World, cny

DAY_S: Final = 86_400
REVERSED: Final = {"state": "debited_not_captured", "reversal": {"after_s": DAY_S}}
REPRESENTED: Final = {
    "filed": {"outcome": "represented", "after_s": DAY_S},
    "pre_arbitration": {"outcome": "won", "after_s": DAY_S},
}
AWAY: Final = {"postings": {"fail_times": 1000}}
TROUBLE: Final = 500

Disputed = Callable[..., Awaitable[Case]]
Story = Callable[[World], Awaitable[None]]


def stories(disputed: Disputed) -> tuple[Story, ...]:
    """Those that end alike whatever the kind."""

    async def held_for_a_court(world: World) -> None:
        case = await disputed(world)
        await case.orders("legal-hold", step="place", cause="court_order")
        await case.waits("under_review", "ops")
        await case.orders("legal-hold", step="lift", cause="court_order")
        await case.waits("in_arbitration", "ops")
        await case.denies()
        await case.ends("declined", back_minor=0)

    async def credited_for_now_and_denied(world: World) -> None:
        case = await disputed(world)
        await case.customer_will(**AWAY)
        await case.orders("provisional-credit", amount=cny(CAPTURED), basis="goodwill")
        await case.denies()
        await case.waits("correcting", "redress")
        await case.customer_will()
        await world.passes(minutes=10)
        await case.waits("credit_ending", "redress")
        assert await case.back_minor() == CAPTURED
        await world.passes(days=8)
        await case.ends("declined", back_minor=0)

    async def denied_and_paid_for_the_trouble(world: World) -> None:
        case = await disputed(world)
        await case.customer_will(**AWAY)
        await case.orders("compensation", amount=cny(TROUBLE), reason="late")
        await case.denies()
        await case.waits("correcting", "redress")
        await case.customer_will()
        await world.passes(minutes=10)
        await case.ends("declined", back_minor=TROUBLE)

    return (
        held_for_a_court,
        credited_for_now_and_denied,
        denied_and_paid_for_the_trouble,
    )


def without_a_transaction(kind: Kind) -> Story:
    """It is asked for."""

    async def nobody_knows_which_transaction(world: World) -> None:
        case = await world.claims(kind, named=False)
        await case.waits("needs_details", "customer")
        await case.asks("withdraw")
        await case.ends("withdrawn", back_minor=0)

    return nobody_knows_which_transaction


def on_appeal(disputed: Disputed) -> Story:
    """Denied, and once more by somebody else."""

    async def denied_and_on_appeal_by_somebody_else(world: World) -> None:
        case = await disputed(world)
        await case.denies(by="ops-1")
        await case.ends("declined", back_minor=0)
        await case.asks("appeal")
        await case.waits("in_arbitration", "ops")
        await case.denies(by="ops-2")
        await case.ends("declined", back_minor=0)

    return denied_and_on_appeal_by_somebody_else


def at_the_network(disputed: Disputed) -> Story:
    """A card paid, and an operator has it charged back."""

    async def charged_back(world: World) -> None:
        case = await disputed(world, funding="card", chargeback=REPRESENTED)
        await case.orders("chargeback", step="file")
        await won_against_a_representment(case)

    return charged_back


async def won_against_a_representment(case: Case) -> None:
    await case.waits("chargeback_filed", "bank")
    await case.world.passes(days=1, hours=1)
    await case.waits("chargeback_filed", "ops")
    await case.orders("chargeback", step="pre_arbitration")
    await case.waits("chargeback_filed", "bank")
    await case.world.passes(days=1, hours=1)
    await case.ends("charged_back", back_minor=CAPTURED)


def at_the_merchant(kind: Kind) -> tuple[Story, ...]:
    """Where the merchant is asked: it may offer a part, or want its goods back first."""

    async def an_offer_is_taken(world: World) -> None:
        case = await world.claims(kind, merchant={"answer": "offer", "offer_minor": "5000"})
        await case.waits("offer_made", "customer")
        await case.asks("accept_offer")
        await case.ends("credited", back_minor=5_000)

    async def the_goods_go_back_first(world: World) -> None:
        silent = {"answer": "want_return", "on_return": "silent"}
        case = await world.claims(kind, merchant=silent)
        await case.waits("return_awaited", "customer")
        await case.asks("ship_return", tracking="SF-1")
        await case.waits("return_shipped", "merchant")
        await case.merchant_will(answer="want_return", on_return="receive")
        await case.ends("credited", back_minor=CAPTURED)

    return an_offer_is_taken, the_goods_go_back_first


def at_the_bank(kind: Kind, end: str = "reversed") -> tuple[Story, ...]:
    """What the bank says of a transaction that was not captured."""

    async def the_rail_reverses_it(world: World) -> None:
        case = await world.claims(kind, bank=REVERSED)
        await case.waits("reversal_watched", "bank")
        await world.passes(days=1, hours=1)
        await case.ends(end, back_minor=CAPTURED)

    async def declined_at_the_bank(world: World) -> None:
        case = await world.claims(kind, bank={"state": "declined", "cause": "over_limit"})
        if kind is Kind.UNAUTHORIZED:
            await world.passes(hours=3)  # the hold of who has not proven anything ends by itself
        await case.ends("explained", back_minor=0)

    return the_rail_reverses_it, declined_at_the_bank


def refused(kind: Kind) -> Disputed:
    """The merchant refused."""

    async def disputed(world: World, **bank: Any) -> Case:
        case = await world.claims(kind, bank=bank, merchant={"answer": "refuse"})
        await case.waits("in_arbitration", "ops")
        return case

    return disputed
