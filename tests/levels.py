"""How many tests of each level ran, for the end of `make test`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

LEVELS: Final = ("unit", "integration", "contract", "e2e", "faults")
OUTCOMES: Final = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")


def summary(reported: Mapping[str, Iterable[str]], took_s: float) -> list[str]:
    """Lines to print; `reported` holds the node ids of each outcome."""
    counts = {outcome: Counter(_level(node) for node in reported[outcome]) for outcome in reported}
    lines = [_line(level, counts) for level in (*LEVELS, "other")]
    return [*filter(None, lines), f"{'time taken':<12} {took_s:.0f} s"]


def _line(level: str, counts: Mapping[str, Counter[str]]) -> str:
    found = {outcome: counter[level] for outcome, counter in counts.items() if counter[level]}
    parts = ", ".join(f"{count} {outcome}" for outcome, count in found.items())
    return f"{level:<12} {parts}" if parts else ""


def _level(node: str) -> str:
    parts: Sequence[str] = node.split("/")
    return parts[1] if len(parts) > 1 and parts[1] in LEVELS else "other"
