"""CPU seconds of every process of the system, from Linux's /proc."""

import json
import os
from pathlib import Path

from shared import clock

_TICKS = os.sysconf("SC_CLK_TCK")


class Clocks:
    """Reads how much CPU each named process (with its children) has used."""

    def __init__(self, pids: Path) -> None:
        self._pids = pids
        self.before: dict[str, float] = {}
        self.after: dict[str, float] = {}
        self.elapsed_s = 0.0

    def start(self) -> None:
        """The load begins."""
        self.before = self._read()
        self.elapsed_s = -clock.monotonic()

    def stop(self) -> None:
        """The last message has arrived."""
        self.after = self._read()
        self.elapsed_s += clock.monotonic()

    def used(self) -> dict[str, float]:
        """CPU seconds by name between start and stop, most first."""
        spent = {name: self.after[name] - self.before.get(name, 0.0) for name in self.after}
        return dict(sorted(spent.items(), key=lambda item: -item[1]))

    def _read(self) -> dict[str, float]:
        named = json.loads(self._pids.read_text(encoding="utf-8"))
        family = _children()
        found = {name: sum(map(_cpu_s, _tree(pid, family))) for name, pid in named.items()}
        found["load generator"] = _cpu_s(os.getpid())
        return found


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _children() -> dict[int, list[int]]:
    family: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(encoding="utf-8")
            except OSError:
                continue
            family.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    return family


def _tree(pid: int, family: dict[int, list[int]]) -> list[int]:
    return [pid, *(below for child in family.get(pid, []) for below in _tree(child, family))]
