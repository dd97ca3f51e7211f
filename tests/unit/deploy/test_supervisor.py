import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.files import CHECKOUT
from deploy.local.processes import Command, Process
from deploy.local.supervisor import Backoff, Supervisor
from deploy.local.waiting import until

SLEEPER = "import signal, time\nprint('started', flush=True)\ntime.sleep(600)\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEPER
WAIT_S = 20


def _process(folder: Path, name: str, source: str, grace_s: float = 10) -> Process:
    argv = (sys.executable, "-c", source)
    log = folder / "logs" / f"{name}.log"
    return Process(Command(name, argv, dict(os.environ), CHECKOUT, log, grace_s=grace_s))


def _until(done: Callable[[], bool]) -> None:
    until(done, WAIT_S, lambda: AssertionError("it did not happen in time"))


def _alive(pid: int) -> bool:
    """Whether it runs; one that ended and was not collected yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    quick = Backoff(first_s=0.05, limit_s=0.2, healthy_s=600)
    made = Supervisor(tmp_path / "pids.json", said.append, quick)
    yield made
    made.stop()


def test_it_starts_again_what_is_killed_and_leaves_the_others(
    supervisor: Supervisor, tmp_path: Path, said: list[str]
) -> None:
    supervisor.watch([_process(tmp_path, name, SLEEPER) for name in ("one", "two")])
    before = supervisor.pids()
    os.kill(before["one"], signal.SIGKILL)
    _until(lambda: supervisor.pids().get("one", before["one"]) != before["one"])
    after = supervisor.pids()
    assert after["two"] == before["two"]
    assert said == ["one ended with -9, starts again in 0 s"]
    _until(lambda: json.loads((tmp_path / "pids.json").read_text()) == after)


def test_what_ends_again_and_again_waits_longer(
    supervisor: Supervisor, tmp_path: Path, said: list[str]
) -> None:
    supervisor.watch([_process(tmp_path, "broken", "raise SystemExit(3)")])
    _until(lambda: supervisor.failures("broken") >= 3)
    assert said[0] == "broken ended with 3, starts again in 0 s"


def test_backoff_doubles_from_one_second_to_thirty() -> None:
    delays = [Backoff().delay_s(failures) for failures in range(7)]
    assert delays == [1, 2, 4, 8, 16, 30, 30]


def test_a_held_process_stays_down_until_it_is_released(
    supervisor: Supervisor, tmp_path: Path, said: list[str]
) -> None:
    supervisor.watch([_process(tmp_path, "held", SLEEPER)])
    supervisor.hold("held")
    assert supervisor.pids() == {}
    supervisor.release("held")
    assert list(supervisor.pids()) == ["held"]
    assert said == []


def test_stopping_ends_all_even_one_that_ignores_the_request(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "pids.json", print)
    processes = [
        _process(tmp_path, "willing", SLEEPER),
        _process(tmp_path, "stubborn", STUBBORN, grace_s=0.5),
    ]
    supervisor.watch(processes)
    _until(lambda: all("started" in each.log_tail() for each in processes))
    supervisor.stop()
    assert [each.exit_code for each in processes] == [-signal.SIGTERM, -signal.SIGKILL]
    assert not (tmp_path / "pids.json").exists()


def test_logs_keep_two_generations(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.watch([_process(tmp_path, "writer", SLEEPER)])
    log = tmp_path / "logs" / "writer.log"
    _until(lambda: log.read_text() == "started\n")
    supervisor.hold("writer")
    supervisor.release("writer")
    _until(lambda: log.read_text() == "started\n")
    assert sorted(path.name for path in log.parent.iterdir()) == ["writer.log", "writer.log.1"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs the kernel's parent-death signal")
def test_a_killed_supervisor_leaves_no_orphans(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.deploy.starts_two", str(tmp_path)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pids = json.loads(parent.stdout.readline())
        assert all(_alive(pid) for pid in pids.values())
        parent.kill()
    assert len(pids) == 2
    _until(lambda: not any(_alive(pid) for pid in pids.values()))
