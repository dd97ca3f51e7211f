"""Run inside the mutated copy: tells which mutants the tests notice.

One pytest session. Its tests are collected and run once, to learn which functions each of them
calls; then every mutant gets a process forked from that session, which runs the tests that call the
mutated function and stops at the first that fails.

    python -m tests.mutants.field RESULT.json JOBS [PREFIX of mutants' names …]
"""

import inspect
import json
import os
import resource
import signal
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NoReturn

import pytest
from mutmut.configuration import config
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.file_utils import walk_mutatable_files

from shared import clock

# -s: a forked process has no part in the session's capturing; no plug-in may choose the order
QUIET: Final = ("-s", "-q", "-p", "no:randomly", "--no-header", "--tb=no")
_CPU_S: Final = 5  # and five times what the tests take
_SURVIVED, _KILLED = 0, 1
_TOLD_EVERY: Final = 100
UNTRIED: Final = "untried"


class Field:
    """The session's plug-in."""

    def __init__(self, prefixes: Sequence[str], jobs: int) -> None:
        self.at_import: set[str] = set()  # functions whose work is done before any test begins
        self.results: dict[str, str] = {}
        self._prefixes = tuple(prefixes) or ("",)
        self._jobs = jobs
        self._failed = False
        self._items: list[pytest.Item] = []
        self._is_plain: list[bool] = []
        self._took_s: dict[int, float] = {}
        self._calling: defaultdict[str, list[int]] = defaultdict(list)  # tests by function
        self._running: dict[int, tuple[str, str]] = {}
        self._told = os.pipe()
        os.set_blocking(self._told[0], False)
        self._heard: list[bytes] = []

    def pytest_configure(self) -> None:
        """The same examples for every mutant; which is the smallest does not matter."""
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants",
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
        )
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed |= report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.at_import = set(state()._stats)  # noqa: SLF001 - the trampolines' only record
        self._items = session.items
        self._watch()
        if self._failed or session.testsfailed:
            sys.exit("A test fails without any mutation.")
        for n, (mutant, function) in enumerate(self._mutants()):
            if n % _TOLD_EVERY == 0:
                sys.stderr.write(f"\n{n} mutants, {function}\n")
            if self._calling[function]:
                self._plant(mutant, function)
            else:
                self.results[mutant] = UNTRIED if function in self.at_import else "no test"
        while self._running:
            self._reap()
        return True

    def _watch(self) -> None:
        """Note which functions each test calls; first those of the quickest tests."""
        for n in range(len(self._items)):
            state()._stats.clear()  # noqa: SLF001
            began = clock.monotonic()
            self._run_with_fixtures(n, n + 1 if n + 1 < len(self._items) else None)
            self._took_s[n] = clock.monotonic() - began
            for function in state()._stats:  # noqa: SLF001
                self._calling[function].append(n)
        self._is_plain = [_is_plain(item) for item in self._items]
        for tests in self._calling.values():
            tests.sort(key=lambda n: self._took_s[n])

    def _mutants(self) -> Iterator[tuple[str, str]]:
        for mutants in names_by_file(Path("..")).values():
            for mutant in mutants:
                if mutant.startswith(self._prefixes):
                    yield mutant, mutant.partition("__mutmut_")[0]

    def _plant(self, mutant: str, function: str) -> None:
        while len(self._running) >= self._jobs:
            self._reap()
        if pid := os.fork():
            self._running[pid] = (mutant, function)
        else:
            self._try(mutant, self._calling[function])

    def _try(self, mutant: str, tests: list[int]) -> NoReturn:
        """In the forked process."""
        try:
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            cpu_s = _CPU_S + int(5 * sum(self._took_s[n] for n in tests))
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
            set_mutant_under_test(mutant)
            self._run(tests)
            os._exit(_KILLED if self._failed else _SURVIVED)
        except BaseException:  # noqa: BLE001 - the mutant has ended the session
            os._exit(_KILLED)

    def _run(self, tests: list[int]) -> None:
        """Until one fails; which one it was, the session is told."""
        for n, following in zip(tests, [*tests[1:], None], strict=True):
            if self._is_plain[n]:
                self._failed = not _holds(self._items[n])
            else:
                self._run_with_fixtures(n, following)
            if self._failed:
                os.write(self._told[1], f"{os.getpid()} {n}\n".encode())
                return

    def _run_with_fixtures(self, n: int, following: int | None) -> None:
        item, after = self._items[n], None if following is None else self._items[following]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)

    def _reap(self) -> None:
        pid, status = os.wait()
        mutant, function = self._running.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        self.results[mutant] = {_SURVIVED: "survived", _KILLED: "killed"}.get(code, "timeout")
        self._heard += self._hear()
        for line in self._heard:
            killer, n = map(int, line.split())
            if killer == pid:  # the next of this function are likely to fail the same test
                self._calling[function].remove(n)
                self._calling[function].insert(0, n)
        self._heard = [line for line in self._heard if int(line.split()[0]) in self._running]

    def _hear(self) -> list[bytes]:
        try:
            return os.read(self._told[0], 1 << 16).splitlines()
        except BlockingIOError:
            return []


def _is_plain(item: pytest.Item) -> bool:
    """Whether it is a function of its parameters alone; without pytest it takes a third."""
    if not isinstance(item, pytest.Function) or inspect.iscoroutinefunction(item.obj):
        return False
    wanted = set(inspect.signature(item.obj).parameters)
    return wanted <= set(_parameters(item)) and not hasattr(item.obj, "hypothesis")


def _parameters(item: pytest.Item) -> dict[str, object]:
    return item.callspec.params if hasattr(item, "callspec") else {}


def _holds(item: pytest.Item) -> bool:
    assert isinstance(item, pytest.Function)
    try:
        item.obj(**_parameters(item))
    except pytest.skip.Exception:
        return True
    except BaseException:  # noqa: BLE001 - whatever it is, the test does not hold
        return False
    return True


def names_by_file(root: Path) -> dict[str, list[str]]:
    """Every mutant's name, by the file it is in; `root` is the checkout."""
    here = Path.cwd()
    os.chdir(root)
    try:
        found = {}
        for path in sorted(walk_mutatable_files()):
            data = SourceFileMutationData(path=path)
            data.load()
            found[str(path)] = list(data.exit_code_by_key)
        return found
    finally:
        os.chdir(here)


def main(result: str, jobs: str, *prefixes: str) -> None:
    """Try the mutants and write what became of each."""
    set_mutant_under_test("stats")
    settings = config()
    arguments = [*settings.pytest_add_cli_args, *settings.pytest_add_cli_args_test_selection]
    field = Field(prefixes, int(jobs))
    code = pytest.main([*QUIET, *arguments], plugins=[field])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        sys.exit(f"pytest ended with {code!r}")
    Path(result).write_text(json.dumps(field.results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
