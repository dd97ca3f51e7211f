"""balance_anomaly: explained, corrected by two people, referred, or treated as theft."""

from shared.contracts.vocabulary import Kind
from tests.integration.machine.world import Json, World, cny

KIND = Kind.BALANCE_ANOMALY
OFF = 4_200


def found(finding: str, **more: object) -> Json:
    return {"records": {"balance_anomaly": {"finding": finding} | more}}


async def explained_line_by_line(world: World) -> None:
    customer = found("explained", explanation="monthly_fee")
    case = await world.claims(KIND, named=False, customer=customer)
    await case.ends("explained", back_minor=0)


async def held_by_law(world: World) -> None:
    case = await world.claims(KIND, named=False, customer=found("held"))
    await case.ends("referred", back_minor=0)


async def our_error_corrected_by_two(world: World) -> None:
    wrong = found("our_error", amount_minor=str(OFF))
    away = {"postings": {"fail_times": 1000}}
    case = await world.claims(KIND, named=False, customer=wrong | away)
    await case.waits("in_arbitration", "ops")
    await case.grants(OFF, remedy="correction", fault="neither", reason="our_error")
    await case.waits("in_arbitration", "ops")
    await case.orders("decision/confirmation", "ops-2", outcome="confirmed")
    await case.waits("correcting", "redress")
    await case.customer_will()
    await world.passes(minutes=10)
    await case.ends("corrected", back_minor=OFF)


async def withdrawn_before_anybody_decides(world: World) -> None:
    wrong = found("our_error", amount_minor=str(OFF))
    case = await world.claims(KIND, named=False, customer=wrong)
    await case.waits("in_arbitration", "ops")
    await case.asks("withdraw")
    await case.ends("withdrawn", back_minor=0)


async def somebody_else_uses_the_account(world: World) -> None:
    case = await world.claims(KIND, named=False, customer=found("unknown_debits"))
    await case.ends("account_secured", back_minor=0)


async def somebody_else_asks(world: World) -> None:
    account = {"identity": "failed"}
    debits = found("unknown_debits")
    case = await world.claims(KIND, named=False, customer=debits, account=account)
    await case.waits("under_review", "ops")
    await case.orders("identity-review", outcome="rejected")
    await case.ends("declined", back_minor=0)


async def held_for_a_court_and_denied_on_appeal_too(world: World) -> None:
    wrong = found("our_error", amount_minor=str(OFF))
    case = await world.claims(KIND, named=False, customer=wrong)
    await case.orders("legal-hold", step="place", cause="court_order")
    await case.waits("under_review", "ops")
    await case.orders("legal-hold", step="lift", cause="court_order")
    await case.orders("compensation", amount=cny(500), reason="late")
    await case.denies(by="ops-1")
    await case.ends("declined", back_minor=500)
    await case.asks("appeal")
    await case.denies(by="ops-2")
    await case.ends("declined", back_minor=500)


STORIES = (
    held_for_a_court_and_denied_on_appeal_too,
    explained_line_by_line,
    held_by_law,
    our_error_corrected_by_two,
    withdrawn_before_anybody_decides,
    somebody_else_uses_the_account,
    somebody_else_asks,
)
