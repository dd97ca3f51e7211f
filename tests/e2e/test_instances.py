"""Two instances of each service share the work, and nothing happens twice."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from deploy.local.programs import SERVICES
from deploy.local.system import System
from shared.auth import Role
from tests.e2e.world import Receipt, World, until

DISPUTES: Final = 40
PHONE: Final = "+8613900{:06d}"
EMAIL: Final = "double-{}@example.net"


@pytest.fixture(scope="module", name="seconds")
def _seconds(system: System) -> Iterator[dict[str, str]]:
    """Addresses of a second instance of each service, for as long as the module runs."""
    before = set(system.supervisor.names)
    yield {f"{name}-2": system.add_instance(name).url for name in SERVICES}
    system.supervisor.stop_some([n for n in system.supervisor.names if n not in before])


@pytest.fixture(autouse=True)
async def _take_part(world: World, seconds: dict[str, str]) -> None:
    """Let every second instance have been given partitions."""
    world.more |= seconds
    await until(lambda: _second_ones_have_work(world))


async def test_disputes_complete_and_nothing_is_doubled(world: World) -> None:
    customers = [f"c-double-{n}" for n in range(DISPUTES)]
    await asyncio.gather(*(_introduce(world, n, each) for n, each in enumerate(customers)))
    opened = await asyncio.gather(*(_opened(world, n, c) for n, c in enumerate(customers)))
    seen = await asyncio.gather(*(world.until_ended(receipt) for receipt in opened))
    assert {each["status"] for each in seen} == {"credited"}
    for receipt in opened:
        assert len(await world.refunds(receipt.transaction_id)) == 1
        asked = await world.call(
            "GET", "merchant", f"/sandbox/requests?transaction_id={receipt.transaction_id}"
        )
        assert len(asked.body["requests"]) == 1
    await until(lambda: _all_sent(world, opened))
    for n in range(DISPUTES):
        assert _repeated(await world.texts(PHONE.format(n))) == {}
        assert _repeated(await world.mails(EMAIL.format(n))) == {}


async def test_both_instances_take_part(world: World) -> None:
    names = [name for service in SERVICES for name in (service, f"{service}-2")]
    before = {name: await _consumed(world, name) for name in names}
    opened = await asyncio.gather(*(_opened(world, n, "c-li") for n in range(20)))
    await asyncio.gather(*(world.until_ended(receipt) for receipt in opened))
    await until(lambda: _all_consumed_more(world, before))


async def _all_consumed_more(world: World, before: dict[str, float]) -> bool:
    return all([await _consumed(world, name) > count for name, count in before.items()])


async def _second_ones_have_work(world: World) -> bool:
    """Each new dispute falls into a partition of one of the two."""
    await _opened(world, 0, "c-li")
    return all([await _consumed(world, f"{name}-2") > 0 for name in SERVICES])


async def _introduce(world: World, n: int, customer: str) -> None:
    contact = {"phone": PHONE.format(n), "email": EMAIL.format(n), "locale": "zh-CN"}
    caller = (Role.PARTNER, "wallet")
    answer = await world.call("PUT", "notifier", f"/v1/contacts/{customer}", contact, caller)
    assert answer.status == 200


async def _opened(world: World, n: int, customer: str) -> Receipt:
    """Through the first and the second instance of intake in turn."""
    transaction_id = await world.record(customer_id=customer)
    through = ("intake", "intake-2")[n % 2]
    return await world.opened(transaction_id, customer_id=customer, through=through)


async def _all_sent(world: World, opened: list[Receipt]) -> bool:
    """Each customer's last text and letter say that the money came."""
    statement = (
        "SELECT count(*) AS n FROM messages WHERE dispute_id = ANY($1)"
        " AND template = 'credited' AND state IN ('sent', 'delivered')"
    )
    (row,) = await world.rows("notifier", statement, [r.dispute_id for r in opened])
    return bool(row["n"] == 2 * len(opened))


def _repeated(texts: list[dict[str, object]]) -> dict[object, int]:
    return {text: n for text, n in Counter(each["text"] for each in texts).items() if n > 1}


async def _consumed(world: World, name: str) -> float:
    async with world.session.get(f"{world.url(name)}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    values = [line.split()[-1] for line in lines if line.startswith("redress_consumed_total")]
    return sum(map(float, values))
