"""What can become of a refund: the same for every kind that pays one."""

from collections.abc import Awaitable, Callable
from typing import Final

from tests.integration.machine.world import CAPTURED, Case

_LATE: Final = {
    "drop_answer": 1,
    "credit_after_s": 10 * 86_400,
    "expected_in_s": 3_600,
    "bounce": "card_closed",
}


async def goes_wrong_in_every_way(
    case: Case, approve: Callable[[], Awaitable[None]], amount_minor: int = CAPTURED
) -> None:
    """`approve` orders it. It is credited in the end, once, after all that may happen before."""
    await _nobody_listens(case, approve)
    await _answer_lost_and_late(case)
    await _bounced(case)
    await _unfunded(case)
    await case.grants(amount_minor, by="ops-3")
    await case.ends("credited", back_minor=amount_minor)


async def _nobody_listens(case: Case, approve: Callable[[], Awaitable[None]]) -> None:
    """Not one order reaches the bank in the days that a refund may take."""
    await case.bank_will(refund=_LATE)
    async with case.world.town.without_bank():
        await approve()
        await case.waits("refund_approved", "bank")
        await case.world.passes(days=8)
        await case.waits("refund_approved", "ops")


async def _answer_lost_and_late(case: Case) -> None:
    """The answer is cut off; asked by our key, the bank has it under way, for too long."""
    await case.world.passes(minutes=1)
    await case.waits("refund_sent", "bank")
    await case.world.passes(days=8)
    await case.waits("refund_unconfirmed", "ops")


async def _bounced(case: Case) -> None:
    """The card is closed: two people confirm another account."""
    await case.world.passes(days=3)
    await case.waits("refund_bounced", "customer")
    await case.asks("choose_account", account_id="acc-2")
    await case.waits("under_review", "ops")
    await case.bank_will(refund={"unfunded": True, "drop_answer": True, "callback": False})
    await case.orders("account-check", "ops-1", outcome="confirmed")
    await case.waits("under_review", "ops")
    await case.orders("account-check", "ops-2", outcome="confirmed")


async def _unfunded(case: Case) -> None:
    """The answer is lost again; nobody funds it in time, and the bank says that it never paid."""
    await case.waits("refund_unfunded", "merchant")
    await case.world.passes(days=6)
    await case.waits("refund_unconfirmed", "ops")
    await case.bank_will(refund={})
    await case.orders("refund-outcome", outcome="failed")
    await case.waits("in_arbitration", "ops")
