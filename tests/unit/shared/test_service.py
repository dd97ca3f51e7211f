"""The runner in a process of its own, as it is in production."""

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from shared import clock

PROGRAM = """
import asyncio, sys
from shared import http, service
from shared import observe
from shared.observe import Progress

observe.configure("x")
how = sys.argv[1]
stalled = Progress("slow")


async def steady():
    try:
        await asyncio.Event().wait()
    finally:
        print("worker stopped", flush=True)


async def faulty():
    if how == "dies":
        raise ValueError("13800138000")
    if how == "ends":
        return
    if how == "cancelled":
        raise asyncio.CancelledError
    await asyncio.Event().wait()


async def closing():
    print("closed", flush=True)


@__import__("contextlib").asynccontextmanager
async def lifespan(app):
    if how == "never starts":
        raise ValueError("13800138000")
    print("started", flush=True)
    yield


service._CHECK_EVERY_S = 0.05
if how == "stalls":
    stalled.stale_after_s = -1
app = http.create_app("x", version="1", verifier=None, lifespan=lifespan)
service.run(app, host="127.0.0.1", port=int(sys.argv[2]), workers=[steady, faulty],
            progress=[stalled], closing=closing)
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def start(how: str, port: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, how, str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_workers_then_closes_and_is_a_success(number: signal.Signals) -> None:
    port = free_port()
    with start("works", port) as process:
        assert process.stdout
        assert process.stdout.readline() == "started\n"
        deadline = clock.monotonic() + 10
        while True:  # the lifespan is over shortly before the port listens
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live") as answer:
                    assert answer.status == 200
                break
            except OSError:
                assert clock.monotonic() < deadline
        process.send_signal(number)
        out, _ = process.communicate(timeout=20)
    assert out == "worker stopped\nclosed\n"
    assert process.returncode == 0


def test_a_lost_worker_ends_the_process_in_order_and_is_a_failure() -> None:
    lost = {how: start(how, free_port()) for how in ("dies", "ends", "cancelled", "stalls")}
    for how, process in lost.items():
        with process:
            out, err = process.communicate(timeout=30)
        assert out.endswith("worker stopped\nclosed\n"), how
        assert process.returncode == 1, how
        assert "service.worker_died" in err, how
        assert "13800138000" not in err


def test_a_start_that_fails_is_a_failure() -> None:
    with start("never starts", free_port()) as process:
        out, _ = process.communicate(timeout=20)
    assert "started" not in out
    assert process.returncode
