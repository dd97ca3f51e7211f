"""Runs a service: HTTP and workers in one process that exits when any of them dies or stalls."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

import uvicorn
from fastapi import FastAPI

from shared import clock
from shared.observe import Progress, log

_CHECK_EVERY_S: Final = 5.0
_GRACE_S: Final = 10
_GC_THRESHOLDS: Final = (20_000, 20, 20)  # batches make thousands of objects that soon die


class Stalled(Exception):
    """A worker has not got round its loop for too long."""


def run(
    app: FastAPI,
    *,
    host: str,
    port: int,
    workers: Sequence[Callable[[], Awaitable[None]]],
    progress: Sequence[Progress],
    closing: Callable[[], Awaitable[None]],
) -> None:
    """Serve until a signal (exit 0) or until a part dies or stalls (exit 1).

    Whoever runs the process starts it again.
    """
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            loop="uvloop",
            http="httptools",
            timeout_graceful_shutdown=_GRACE_S,
            backlog=2048,
        )
    )
    gc.collect()
    gc.freeze()  # what stands now stays, so no collection need look at it again
    gc.set_threshold(*_GC_THRESHOLDS)
    with asyncio.Runner(loop_factory=_uvloop) as runner:
        failed = runner.run(_run(server, workers, progress, closing))
    sys.stderr.flush()
    os._exit(1 if failed else 0)  # a client library's stuck thread must not keep us alive


class _Server(uvicorn.Server):
    """Leaves signals to us: its own handling kills the process before the workers have stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """A signal ends the serving, and with it everything else."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def _uvloop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


async def _run(
    server: uvicorn.Server,
    workers: Sequence[Callable[[], Awaitable[None]]],
    progress: Sequence[Progress],
    closing: Callable[[], Awaitable[None]],
) -> bool:
    """Whether it ended because something failed."""
    tasks = [asyncio.ensure_future(worker()) for worker in workers]
    tasks.append(asyncio.ensure_future(_watch(progress)))
    serving = asyncio.ensure_future(server.serve())
    await asyncio.wait([serving, *tasks], return_when=asyncio.FIRST_COMPLETED)
    died = [task for task in tasks if task.done()]
    for task in died:
        failure = None if task.cancelled() else task.exception()
        log.error("service.worker_died", error=type(failure).__name__, exc_info=failure)
    server.should_exit = True
    await asyncio.wait([serving], timeout=_GRACE_S + 2)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=_GRACE_S)
    try:
        async with asyncio.timeout(5):
            await closing()
    except (OSError, TimeoutError) as error:
        log.warning("service.closing", error=type(error).__name__)
    return bool(died)


async def _watch(progress: Sequence[Progress]) -> None:
    while True:
        await clock.sleep(_CHECK_EVERY_S)
        stalled = [p.name for p in progress if not p.alive]
        if stalled:
            raise Stalled(", ".join(stalled))
