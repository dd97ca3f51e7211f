"""A million disputes cost what a thousand do: the same plans, and at most twice the buffers.

Time is no measure on a shared machine; what a query touches is. `python -m tests.bench.scale`
measures the time, with ten times as many.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from pydantic_core import from_json
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import db
from tests.backing import Databases
from tests.bench.scale.fill import fill, fresh
from tests.bench.scale.measure import WORK, Ground

CLOSED, OPEN = 900_000, 100_000
FEW: Final = 500
LEVELS: Final = 8
"""Buffers that depth alone may add to a statement: an index of a million rows has two levels more
than one of a thousand, and a statement goes down four indexes at most."""
NOT_REPEATED: Final = ("BEGIN", "COMMIT", "ROLLBACK", "SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one statement: the tables it reads row by row, its indexes, the buffers it touches."""

    statement: str
    scanned: frozenset[str]
    indexes: frozenset[str]
    buffers: int
    rows: int


@pytest.fixture(scope="module")
def grounds(databases: Databases) -> Iterator[tuple[str, str]]:
    made = databases.clone("tracker"), databases.clone("tracker")
    yield made
    for dsn in made:
        databases.drop(dsn)


async def costs(ground: Ground, name: str) -> list[Cost]:
    """What each statement of one kind of work costs; nothing is kept."""
    said: list[tuple[str, Any]] = []

    def hear(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        said.append((statement, values))

    work: Callable[[AsyncConnection], Awaitable[Any]] = WORK[name](ground, 1)
    async with ground.engine.connect() as connection:
        for _ in range(2):  # the first brings pages in and sets hints
            said.clear()
            sync = ground.engine.sync_engine
            event.listen(sync, "before_cursor_execute", hear)
            async with connection.begin() as transaction:
                await work(connection)
                await transaction.rollback()
            event.remove(sync, "before_cursor_execute", hear)
        found = []
        for statement, values in said:
            if statement.lstrip().startswith(NOT_REPEATED):
                continue
            async with connection.begin() as transaction:
                found.append(await _explained(connection, statement, values))
                await transaction.rollback()
    return found


async def _explained(connection: AsyncConnection, statement: str, values: Any) -> Cost:
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
    row = (await connection.exec_driver_sql(explain, values)).scalar_one()
    (plan,) = from_json(row) if isinstance(row, str) else row
    nodes = list(_nodes(plan["Plan"]))
    top = plan["Plan"]
    return Cost(
        statement,
        frozenset(n["Relation Name"] for n in nodes if n["Node Type"] == "Seq Scan"),
        frozenset(n["Index Name"] for n in nodes if "Index Name" in n),
        top["Shared Hit Blocks"] + top["Shared Read Blocks"],
        round(top["Actual Rows"]),
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)


async def _ground(dsn: str, closed: int, still_open: int) -> Ground:
    engine: AsyncEngine = db.engine(dsn, "scale", 2)
    await fill(engine, closed, still_open, wide=False)
    answers = await fresh(engine, 3)
    async with engine.begin() as tx:
        await tx.execute(text("ANALYZE"))
    return Ground(engine, still_open, closed, answers)


SMALL: Final = frozenset({"status_counts", "status_deltas", "waiting", "compensations"})
"""Tables of a page or two, which no index makes cheaper."""


@pytest.mark.timeout(300)
async def test_a_million_disputes_cost_what_a_thousand_do(grounds: tuple[str, str]) -> None:
    few = await _ground(grounds[0], FEW, FEW)
    many = await _ground(grounds[1], CLOSED, OPEN)
    wrong: list[str] = []
    try:
        for name in WORK:
            small, large = await costs(few, name), await costs(many, name)
            assert len(small) == len(large) > 0, name
            for little, much in zip(small, large, strict=True):
                if much.scanned - SMALL:
                    wrong.append(f"{name}: reads all of {set(much.scanned)}: {much.statement}")
                apart = much.rows  # of few rows several lie on one page, of many each on its own
                if much.buffers > 2 * little.buffers + LEVELS + apart:
                    said = f"{little.buffers} buffers, then {much.buffers} by {set(much.indexes)}"
                    wrong.append(f"{name}: {said}: {much.statement}")
    finally:
        for ground in (few, many):
            await ground.engine.dispose()
    assert not wrong, "\n".join(wrong)
