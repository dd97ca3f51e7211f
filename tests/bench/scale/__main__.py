"""`python -m tests.bench.scale --closed 10000000 --open 1000000`: cost with much and with little.

Starts an embedded PostgreSQL, fills one database, leaves another with a thousand disputes, works in
both by turns, and exits 1 when anything costs more than twice as much in the large one.
"""

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from deploy.local.ports import free
from deploy.local.postgres import Postgres
from shared import db
from tests.backing import Databases
from tests.bench.scale.fill import fill, fresh
from tests.bench.scale.measure import MOST, Figure, Ground, figures, table


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
            found = asyncio.run(_run(Databases(server.admin_dsn), closed, still_open, repeats))
        finally:
            server.stop()
            server.remove()
    typer.echo(table(found))
    sys.exit(0 if all(figure.ratio <= MOST for figure in found) else 1)


async def _run(databases: Databases, closed: int, still_open: int, repeats: int) -> list[Figure]:
    grounds = []
    for ended, standing in ((500, 500), (closed, still_open)):
        engine = db.engine(databases.clone("tracker"), "scale", 2)
        began = time.perf_counter()
        await fill(engine, ended, standing)
        answers = await fresh(engine, repeats + 5)
        typer.echo(f"{ended} ended and {standing} open: {time.perf_counter() - began:.0f} s")
        grounds.append(Ground(engine, standing, ended, answers))
    return await figures(grounds[0], grounds[1], repeats)


if __name__ == "__main__":
    typer.run(main)
