"""A million disputes cost what a thousand do: the same plans, and at most twice the buffers.

`python -m tests.bench.scale` measures the time, with ten times as many.
"""

from collections.abc import Iterator
from typing import Final

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import db
from tests.backing import Databases
from tests.bench.scale.fill import Crowd, fill, fresh
from tests.bench.scale.measure import WORK, Ground
from tests.integration.tracker.explained import Cost, costs

FEW: Final = Crowd(500, 500, due=500, wide=False)
MANY: Final = Crowd(900_000, 100_000, due=50_000, wide=False)
SMALL: Final = frozenset({"status_counts", "status_deltas", "waiting", "compensations"})
"""Tables of a page or two, which no index makes cheaper."""
OF_TASKS: Final = {"tasks_later", "tasks_ready", "tasks_pkey"}
OF_COUNTS: Final = {"disputes_open_by_slack"}
INDEXES: Final[dict[str, set[str]]] = {
    "claim 64 calls": OF_TASKS,
    "look for 200 timers": OF_TASKS,
    "list, first page": OF_COUNTS,
    "list of one status": OF_COUNTS | {"disputes_open_status"},
    "list, a page far down": OF_COUNTS,
    "list of all by change": OF_COUNTS | {"disputes_updated"},
    "list of one end": OF_COUNTS | {"disputes_ended"},
    "read one whole": {
        "disputes_pkey",
        "disputes_reference_key",
        "history_pkey",
        "reservations_pkey",
        "tasks_once",
    },
    "lock one": {"disputes_pkey"},
    "a step": {
        "disputes_pkey",
        "transaction_money_pkey",
        "reservations_transaction",
        "waits_running",
        "tasks_once",
    },
}
COUNTED: Final = 1000
"""Overdue cases that are counted at most: each may lie on a page of its own. Ten of the thousand
are late, two thousand of the million."""


@pytest.fixture(scope="module")
def grounds(databases: Databases) -> Iterator[tuple[str, str]]:
    made = databases.clone("tracker"), databases.clone("tracker")
    yield made
    for dsn in made:
        databases.drop(dsn)


async def _ground(dsn: str, crowd: Crowd) -> Ground:
    engine: AsyncEngine = db.engine(dsn, "scale", 2)
    await fill(engine, crowd)
    answers = await fresh(engine, 3)
    async with engine.begin() as tx:
        await tx.execute(text("ANALYZE"))
    return Ground(engine, crowd, answers)


@pytest.mark.timeout(300)
async def test_a_million_disputes_cost_what_a_thousand_do(grounds: tuple[str, str]) -> None:
    few, many = await _ground(grounds[0], FEW), await _ground(grounds[1], MANY)
    wrong: list[str] = []
    try:
        for name in WORK:
            wrong += await _wrong(name, few, many)
    finally:
        for ground in (few, many):
            await ground.engine.dispose()
    assert not wrong, "\n".join(wrong)


async def _wrong(name: str, few: Ground, many: Ground) -> list[str]:
    small = await costs(few.engine, WORK[name](few, 1))
    large = await costs(many.engine, WORK[name](many, 1))
    assert len(small) == len(large) > 0, name
    used = frozenset[str]().union(*(much.indexes for much in large))
    wrong = [] if used == INDEXES[name] else [f"{name} goes by {sorted(used)}"]
    for little, much in zip(small, large, strict=True):
        if much.scanned - SMALL:
            wrong.append(f"{name}: reads all of {set(much.scanned)}: {much.statement}")
        if much.is_twice(little, allowed=_allowed(much)):
            said = f"{little.buffers} buffers, then {much.buffers} by {set(much.indexes)}"
            wrong.append(f"{name}: {said}: {much.statement}")
    return wrong


def _allowed(cost: Cost) -> int:
    return COUNTED if cost.statement.startswith("SELECT count(*) FROM (SELECT FROM disp") else 0
