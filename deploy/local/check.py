"""`python -m deploy.local.check`: every gate that a change must pass, one line each."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local.files import CHECKOUT
from shared import clock

TIMEOUT_S: Final = 600
PARALLEL: Final = 2


@dataclass(frozen=True, slots=True)
class Gate:
    """A command that exits 0 when all is well."""

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """How a gate ended, with its output."""

    gate: Gate
    passed: bool
    output: str
    took_s: float


PYTHON: Final = sys.executable
LINT_IMPORTS: Final = str(Path(sys.executable).with_name("lint-imports"))

GATES: Final = (
    Gate("format", (PYTHON, "-m", "ruff", "format", "--check", ".")),
    Gate("lint", (PYTHON, "-m", "ruff", "check", ".")),
    Gate("types", (PYTHON, "-m", "mypy", ".")),
    Gate("imports", (LINT_IMPORTS,)),
    Gate("event schemas", (PYTHON, "-m", "shared.contracts", "check")),
    Gate("intake OpenAPI", (PYTHON, "-m", "services.intake", "openapi", "--check")),
    Gate("tracker OpenAPI", (PYTHON, "-m", "services.tracker", "openapi", "--check")),
    Gate("notifier OpenAPI", (PYTHON, "-m", "services.notifier", "openapi", "--check")),
    Gate("diagrams", (PYTHON, "-m", "services.tracker.domain.diagrams", "check")),
    Gate("model", (PYTHON, "-m", "tests.model")),
    Gate("guards", (PYTHON, "-m", "tests.model", "--guards")),
    Gate("migrations", (PYTHON, "-m", "deploy.local.schemas")),
)


def main() -> int:
    """Run all of them and show the output of those that failed; 1 when one did."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        results = list(pool.map(_run, GATES))
    failed = [result for result in results if not result.passed]
    for result in failed:
        print(f"\n--- {result.gate.name} ---\n{result.output.strip()}")
    print(f"\n{len(results) - len(failed)} of {len(results)} gates passed")
    return 1 if failed else 0


def _run(gate: Gate) -> Result:
    began = clock.monotonic()
    done = subprocess.run(
        gate.argv,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    took_s = clock.monotonic() - began
    print(
        f"{'ok  ' if done.returncode == 0 else 'FAIL'} {gate.name:<16}{took_s:6.1f} s", flush=True
    )
    return Result(gate, done.returncode == 0, done.stdout + done.stderr, took_s)


if __name__ == "__main__":
    sys.exit(main())
