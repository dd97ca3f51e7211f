"""Whoever is away, a claim is accepted, and goes on when they are back."""

import pytest

from tests.e2e.world import until
from tests.faults.ground import Ground

pytestmark = pytest.mark.timeout(300)


async def test_with_tracker_and_notifier_away(ground: Ground) -> None:
    transactions = await ground.purchases(3)
    async with ground.down("tracker", "notifier"):
        opened = [await ground.opened(transaction_id) for transaction_id in transactions]
        for receipt in opened:
            assert (await ground.world.shown(receipt))["status"] == "received"
    await ground.all_credited(opened)
    await ground.check()


async def test_with_bank_and_merchant_away(ground: Ground) -> None:
    """The tracker asks again by itself; the refund is still sent once."""
    transactions = await ground.purchases(3)
    async with ground.down("bank", "merchant"):
        opened = [await ground.opened(transaction_id) for transaction_id in transactions]
        for receipt in opened:
            await ground.world.until(receipt, "checking")
    await ground.all_credited(opened)
    for receipt in opened:
        assert len(await ground.world.refunds(receipt.transaction_id)) == 1
    await ground.check()


async def test_with_a_bank_that_stands_still_in_the_middle_of_a_refund(ground: Ground) -> None:
    """It neither answers nor cuts: after the timeout the outcome is asked for."""
    receipt = await ground.in_arbitration(bank={"refund": {"callback": False}})
    async with ground.paused("bank"):
        await ground.decide(receipt)
        await ground.world.until(receipt, "refund_unconfirmed")
    await ground.all_credited([receipt])
    assert len(await ground.world.refunds(receipt.transaction_id)) == 1
    await ground.check()


async def test_a_service_whose_database_is_away_says_so_and_comes_back(ground: Ground) -> None:
    async with ground.down("postgres"):
        await until(lambda: _not_ready(ground))
    (transaction_id,) = await ground.purchases(1)
    receipt = await ground.persuaded(transaction_id)
    await ground.all_credited([receipt])
    await ground.check()


async def _not_ready(ground: Ground) -> bool:
    async with ground.world.session.get(f"{ground.world.url('intake')}/health/ready") as answer:
        return bool(answer.status == 503)
