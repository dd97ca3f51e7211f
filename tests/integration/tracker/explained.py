"""What statements touch: their plans, and the buffers that they read.

Time is no measure on a shared machine.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import from_json
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Work = Callable[[AsyncConnection], Awaitable[Any]]
LEVELS: Final = 8
"""Buffers that depth alone may add to a statement: an index of a million rows has two levels more
than one of a thousand, and a statement goes down four indexes at most."""
NOT_EXPLAINED: Final = ("BEGIN", "COMMIT", "ROLLBACK", "SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one statement: the tables it reads row by row, its indexes, the buffers it touches."""

    statement: str
    scanned: frozenset[str]
    indexes: frozenset[str]
    buffers: int
    rows: int

    def is_twice(self, little: "Cost", allowed: int = 0) -> bool:
        """Whether it touches more than twice as much as `little`, its depth and rows aside.

        Of few rows several lie on one page; of many each may lie on its own.
        """
        return self.buffers > 2 * little.buffers + LEVELS + self.rows + allowed


async def costs(engine: AsyncEngine, work: Work) -> list[Cost]:
    """What each statement of this work costs; nothing is kept."""
    async with engine.connect() as connection:
        await _said(engine, connection, work)  # brings pages in and sets hints
        said = await _said(engine, connection, work)
        found = []
        for statement, values in said:
            if statement.lstrip().startswith(NOT_EXPLAINED):
                continue
            async with connection.begin() as transaction:
                found.append(await _explained(connection, statement, values))
                await transaction.rollback()
    return found


async def _said(
    engine: AsyncEngine, connection: AsyncConnection, work: Work
) -> list[tuple[str, Any]]:
    said: list[tuple[str, Any]] = []

    def hear(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        said.append((statement, values))

    event.listen(engine.sync_engine, "before_cursor_execute", hear)
    async with connection.begin() as transaction:
        await work(connection)
        await transaction.rollback()
    event.remove(engine.sync_engine, "before_cursor_execute", hear)
    return said


async def _explained(connection: AsyncConnection, statement: str, values: Any) -> Cost:
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
    row = (await connection.exec_driver_sql(explain, values)).scalar_one()
    (plan,) = from_json(row) if isinstance(row, str) else row
    top = plan["Plan"]
    nodes = list(_nodes(top))
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
