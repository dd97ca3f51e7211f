"""`python -m tests.bench.scale --closed 10000000 --open 1000000`: cost with much and with little.

Starts an embedded PostgreSQL, fills one database, leaves another with a thousand disputes, works in
both by turns, and exits 1 when anything costs more than twice as much in the large one, where
100,000 calls and as many timers are due and wait.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.ports import free
from deploy.local.postgres import Postgres
from shared import db
from tests.backing import Databases
from tests.bench.scale.fill import Crowd, fill, fresh
from tests.bench.scale.measure import MOST, WARM_UP, Figure, Ground, figures, table

FEW: Final = Crowd(500, 500, due=500)
BACKLOG: Final = 100_000


def main(
    closed: Annotated[int, typer.Option(help="ended disputes")] = 10_000_000,
    still_open: Annotated[int, typer.Option("--open", help="open disputes")] = 1_000_000,
    repeats: Annotated[int, typer.Option(help="of each kind of work")] = 200,
) -> None:
    """Fill, measure, print."""
    with TemporaryDirectory(prefix="redress-scale-") as work:
        server = Postgres(Path(work), free(1)[0])
        server.prepare()
        server.start()
        try:
            server.wait_ready()
            crowds = FEW, Crowd(closed, still_open, due=BACKLOG)
            found = asyncio.run(_run(Databases(server.admin_dsn), crowds, repeats))
        finally:
            server.stop()
            server.remove()
    typer.echo(table(found))
    sys.exit(0 if all(figure.ratio <= MOST for figure in found) else 1)


async def _run(databases: Databases, crowds: Sequence[Crowd], repeats: int) -> list[Figure]:
    grounds = []
    for crowd in crowds:
        engine = db.engine(databases.clone("tracker"), "scale", 2)
        began = time.perf_counter()
        await fill(engine, crowd)
        answers = await fresh(engine, repeats + WARM_UP)
        took = time.perf_counter() - began
        typer.echo(f"{crowd}: {took:.0f} s, {await _size(engine) / 1e9:.1f} GB")
        grounds.append(Ground(engine, crowd, answers))
    return await figures(grounds[0], grounds[1], repeats)


async def _size(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        size = text("SELECT pg_database_size(current_database())")
        return int((await connection.execute(size)).scalar_one())


if __name__ == "__main__":
    typer.run(main)
