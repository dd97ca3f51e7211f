"""Keeps a set of processes running: starts again what ends, stops everything in order."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.local.errors import StartError
from deploy.local.files import write_private
from deploy.local.processes import Process, shorten
from shared import clock

WATCH_S: Final = 0.1
SHORTEN_EVERY_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a start; a process that ran for `healthy_s` begins anew."""

    first_s: float = 1.0
    limit_s: float = 30.0
    healthy_s: float = 30.0

    def delay_s(self, failures: int) -> float:
        """After so many starts in a row that did not last: 1, 2, 4 … 30 s."""
        doublings = min(failures, 30)
        return min(self.limit_s, self.first_s * 2.0**doublings)


@dataclass(slots=True)
class Watched:
    """A process and what its watcher knows about it. Times are on the monotonic clock."""

    process: Process
    failures: int = 0
    started_at: float = 0.0
    start_at: float | None = None
    held: bool = False


@dataclass(slots=True)
class Supervisor:
    """Watches from one thread. `tell` hears of every end and every new start."""

    pids_file: Path
    tell: Callable[[str], None]
    backoff: Backoff = field(default_factory=Backoff)
    _watched: dict[str, Watched] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _written: str = ""

    def watch(self, processes: Sequence[Process]) -> None:
        """Start these, unless they run, and watch them from now on.

        Raises OSError when one cannot be run, StartError once all is being stopped.
        """
        with self._lock:
            if self._stopping.is_set():
                raise StartError("Redress is being stopped.")
            for process in processes:
                process.start()
                name = process.command.name
                self._watched[name] = Watched(process, started_at=clock.monotonic())
            self._write_pids()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
            self._thread.start()

    def pids(self) -> dict[str, int]:
        """Name → process id of what runs at this moment."""
        with self._lock:
            found = {name: each.process.pid for name, each in self._watched.items()}
        return {name: pid for name, pid in found.items() if pid is not None}

    @property
    def names(self) -> list[str]:
        """Everything that is watched, in the order of its start."""
        with self._lock:
            return list(self._watched)

    def failures(self, name: str) -> int:
        """How often it ended in a row without having lasted."""
        with self._lock:
            return self._watched[name].failures

    def hold(self, name: str) -> None:
        """Kill one as a crash would (SIGKILL) and leave it down until `release`."""
        with self._lock:
            self._watched[name].held = True
            self._watched[name].process.kill()
            self._write_pids()

    def release(self, name: str) -> None:
        """Start one that was held."""
        with self._lock:
            watched = self._watched[name]
            watched.held, watched.start_at = False, None
            watched.process.start()
            watched.started_at = clock.monotonic()
            self._write_pids()

    def stop(self) -> None:
        """Stop all together, and the watching: each gets its signal, then its grace time."""
        with self._lock:
            self._stopping.set()
        if self._thread:
            self._thread.join()
        self._stop([each.process for each in self._watched.values()])
        self._watched.clear()
        if self._written:
            self.pids_file.unlink(missing_ok=True)

    def stop_some(self, names: Sequence[str]) -> None:
        """Stop these together, for good."""
        with self._lock:
            gone = [self._watched.pop(name).process for name in names if name in self._watched]
            self._stop(gone)
            if gone:
                self._write_pids()

    @staticmethod
    def _stop(processes: Sequence[Process]) -> None:
        for process in processes:
            process.signal(process.command.stop_signal)
        for process in processes:
            process.await_end()

    def _run(self) -> None:
        shortened_at = clock.monotonic()
        while not self._stopping.wait(WATCH_S):
            with self._lock:
                for watched in self._watched.values():
                    self._look_after(watched, clock.monotonic())
                self._write_pids()
            if clock.monotonic() - shortened_at > SHORTEN_EVERY_S:
                shortened_at = clock.monotonic()
                self._shorten_logs()

    def _look_after(self, watched: Watched, now: float) -> None:
        if watched.process.running or watched.held:
            return
        if watched.start_at is None:
            self._note_end(watched, now)
        elif now >= watched.start_at:
            self._start_again(watched, now)

    def _note_end(self, watched: Watched, now: float) -> None:
        if now - watched.started_at >= self.backoff.healthy_s:
            watched.failures = 0
        delay_s = self.backoff.delay_s(watched.failures)
        watched.failures += 1
        watched.start_at = now + delay_s
        process = watched.process
        ended = f"{process.command.name} ended with {process.exit_code}"
        self.tell(f"{ended}, starts again in {delay_s:.0f} s")

    def _start_again(self, watched: Watched, now: float) -> None:
        watched.start_at, watched.started_at = None, now
        try:
            watched.process.start()
        except OSError as reason:
            self.tell(f"{watched.process.command.name} cannot be started: {reason}")

    def _shorten_logs(self) -> None:
        for watched in list(self._watched.values()):
            shorten(watched.process.command.log)

    def _write_pids(self) -> None:
        text = json.dumps(self.pids(), indent=2, sort_keys=True)
        if text != self._written:
            write_private(self.pids_file, text + "\n")
            self._written = text
