"""`make bench`: how many disputes a second go all the way on this machine.

The refund path, open loop: disputes arrive at a fixed rate whatever the answers do, so a slow
answer delays nobody behind it. One dispute is complete when its last SMS stands in the gateway
and its last e-mail in the catcher. Everything runs on this machine, the load generator too.
"""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import uvloop

from deploy.local.keys import Keys
from deploy.local.layout import fresh
from deploy.local.system import Given, System
from tests.bench import load, outcome, report
from tests.bench.cpu import Clocks

DEFAULT_RATE = 200


def main(
    rate: Annotated[int, typer.Option(help="disputes that arrive each second")] = DEFAULT_RATE,
    seconds: Annotated[int, typer.Option(help="measured time; at least 60 counts")] = 60,
    warm_up: Annotated[int, typer.Option(help="seconds before the measured time")] = 15,
) -> None:
    """Drive, drain, audit against the bank's ledger, print."""
    with TemporaryDirectory(prefix="redress-bench-") as work:
        layout = fresh(Path(work) / "run")
        with System(layout, Given.from_environment()) as system:
            plan = load.Plan(rate, seconds, warm_up, system.endpoints, Keys(layout.secrets).issuer)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                ok = runner.run(_run(plan, Clocks(layout.pids)))
    sys.exit(0 if ok else 1)


async def _run(plan: load.Plan, clocks: Clocks) -> bool:
    await load.prepare(plan)
    clocks.start()
    arrivals = await load.drive(plan)
    found = await outcome.drain(plan, arrivals, clocks)
    return report.show(plan, arrivals, found, clocks)


if __name__ == "__main__":
    typer.run(main)
