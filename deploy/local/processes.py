"""Child processes that never outlive the process that started them.

On Linux the kernel signals a child when the *thread* that started it ends, so every child is
started by one thread that lives as long as this process. Elsewhere a child of a launcher that
was killed with SIGKILL may stay behind; every ordinary end stops it.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

LOG_LIMIT_BYTES: Final = 32 * 1024 * 1024
PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system to run a process as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Command:
    """How to run one process. `env` is its whole environment."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    grace_s: float = 15.0


@dataclass(slots=True)
class Process:
    """One named process: started, signalled, stopped, started again; its output is its log."""

    command: Command
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """Its process id, or None while it does not run."""
        return self._child.pid if self._child and self.running else None

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The last exit code (negative: ended by that signal), or None before the first exit."""
        return self._child.poll() if self._child else None

    def start(self) -> None:
        """Start it, unless it runs already. Raises OSError when the program cannot be run."""
        if not self.running:
            rotate(self.command.log)
            self._child = _starter().submit(_popen, self.command).result()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; does nothing when it has ended."""
        if self._child:
            self._child.send_signal(number)

    def kill(self) -> None:
        """End it at once, as a crash would, and wait until it is gone."""
        if self._child:
            self._child.kill()
            self._child.wait()

    def stop(self) -> None:
        """Ask it to end; after its grace time, end it."""
        self.signal(self.command.stop_signal)
        self.await_end()

    def await_end(self) -> None:
        """Wait for its grace time, then kill it."""
        if not self._child:
            return
        try:
            self._child.wait(self.command.grace_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log, for an error message."""
        with contextlib.suppress(OSError):
            text = self.command.log.read_text(errors="replace")
            return "\n".join(text.splitlines()[-lines:])
        return ""


def rotate(log: Path, limit_bytes: int = 0) -> None:
    """Move a log longer than the limit to `<name>.1`, so that two generations exist at most."""
    if log.exists() and log.stat().st_size > limit_bytes:
        log.replace(log.with_name(log.name + ".1"))


def shorten(log: Path, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
    """Keep the end of a log that its process still writes to (it appends, so cutting is safe)."""
    if not log.exists() or log.stat().st_size <= limit_bytes:
        return
    with log.open("rb") as source, log.with_name(log.name + ".1").open("wb") as kept:
        source.seek(-limit_bytes // 2, os.SEEK_END)
        kept.write(source.read())
    os.truncate(log, 0)


def _popen(command: Command) -> subprocess.Popen[bytes]:
    command.log.parent.mkdir(parents=True, exist_ok=True)
    account = command.account
    with command.log.open("ab") as log:
        # A session of its own: Ctrl-C in the terminal reaches the launcher only, which stops
        # its children in order.
        return subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=dict(command.env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            # One call of an already loaded C function, which takes no lock of this process.
            preexec_fn=_die_with_parent(command.orphan_signal),  # noqa: PLW1509
        )


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl, parent, getppid, leave = _libc().prctl, os.getpid(), os.getppid, os._exit

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if getppid() != parent:  # the parent died in between: nobody will signal us
            leave(1)

    return ask_kernel


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


@cache
def _starter() -> ThreadPoolExecutor:
    """The one thread that starts children; it ends with this process."""
    return ThreadPoolExecutor(1, thread_name_prefix="starts-children")
