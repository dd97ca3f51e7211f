"""`python -m tests.mutants [PREFIX …]`: every mutant of the tracker's core, and who notices it.

mutmut writes the mutants into a copy of the project (`mutants/`, where `mutmut show NAME` finds
them); `tests.mutants.field` tries them there. What a function did while modules were imported is
no longer to be changed in a forked process: its mutants get an interpreter of their own.

Exit code 1 when fewer are noticed than must be, or when one survives that docs/mutants.md does not
explain; `--write` puts the survivors into that table, where a person says why.
"""

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from mutmut.__main__ import create_mutants
from mutmut.configuration import config
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir

from tests.mutants.field import QUIET, UNTRIED, names_by_file

COPY: Final = Path("mutants")
DOCUMENT: Final = Path("docs/mutants.md")
WANTED_PERCENT: Final = 90
_LONGEST_S: Final = 300
_HEAD: Final = "| module | function | mutation | why |\n|---|---|---|---|\n"


def main() -> int:
    """Make the mutants, try them, tell."""
    asked = _asked()
    _sow(asked.jobs)
    results = _try(asked.prefixes, asked.jobs)
    _try_afresh(results, asked.jobs)
    sys.stdout.write(_figures(results) + "\n")
    survivors = _survivors(results)
    why = _explained()
    if asked.write:
        _write(survivors, why)
    unexplained = [row for row in survivors.values() if not why.get(row)]
    for row in unexplained:
        sys.stdout.write(f"not explained: {' | '.join(row)}\n")
    percent = 100 * _noticed(results.values()) / len(results)
    return int(bool(unexplained) or percent < WANTED_PERCENT)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("prefixes", nargs="*", help="only mutants whose names begin so")
    parser.add_argument("--jobs", type=int, default=2, help="how many side by side")
    parser.add_argument("--write", action="store_true", help=f"renew the table in {DOCUMENT}")
    asked = parser.parse_args()
    if asked.write and asked.prefixes:
        parser.error("the table is of all mutants: --write takes no prefixes")
    return asked


def _sow(jobs: int) -> None:
    """Copy the project and write the mutants into the copy."""
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir()
    set_mutant_under_test("mutant_generation")
    with contextlib.redirect_stdout(io.StringIO()):
        copy_src_dir()
        copy_also_copy_files()
        create_mutants(jobs)


def _try(prefixes: list[str], jobs: int) -> dict[str, str]:
    told = COPY.absolute() / "result.json"
    command = [sys.executable, "-m", "tests.mutants.field", str(told), str(jobs), *prefixes]
    subprocess.run(command, cwd=COPY, env=_environment("stats"), check=True)
    found: dict[str, str] = json.loads(told.read_text(encoding="utf-8"))
    return found


def _environment(mutant: str) -> dict[str, str]:
    return os.environ | {"MUTANT_UNDER_TEST": mutant, "PYTHONPATH": ""}


def _try_afresh(results: dict[str, str], jobs: int) -> None:
    """Those of functions that had done their work before the session was forked."""
    late = [mutant for mutant, outcome in results.items() if outcome == UNTRIED]
    with ThreadPoolExecutor(jobs) as pool:
        results.update(zip(late, pool.map(_in_its_own_interpreter, late), strict=True))


def _in_its_own_interpreter(mutant: str) -> str:
    settings = config()
    arguments = [*settings.pytest_add_cli_args, *settings.pytest_add_cli_args_test_selection]
    command = [sys.executable, "-m", "pytest", "-x", *QUIET, *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=COPY,
            env=_environment(mutant),
            capture_output=True,
            timeout=_LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "timeout"
    return "killed" if done.returncode else "survived"


def _noticed(outcomes: Iterable[str]) -> int:
    return sum(outcome in ("killed", "timeout") for outcome in outcomes)


def _figures(results: Mapping[str, str]) -> str:
    """A table by module: mutants, noticed, and how many of a hundred that is."""
    lines = ["| module | mutants | noticed | % |", "|---|--:|--:|--:|"]
    for path, names in names_by_file(Path()).items():
        outcomes = [results[name] for name in names if name in results]
        if outcomes:
            lines.append(_figure(Path(path).stem, outcomes))
    return "\n".join([*lines, _figure("all", list(results.values()))])


def _figure(name: str, outcomes: list[str]) -> str:
    noticed = _noticed(outcomes)
    return f"| {name} | {len(outcomes)} | {noticed} | {100 * noticed / len(outcomes):.1f} |"


def _survivors(results: Mapping[str, str]) -> dict[str, tuple[str, str, str]]:
    """(module, function, what was changed) of each that nobody noticed."""
    found = {}
    for path, names in names_by_file(Path()).items():
        for name in names:
            if results.get(name, "killed") not in ("killed", "timeout"):
                found[name] = (Path(path).stem, _function(name), _change(name, Path(path)))
    return found


def _function(mutant: str) -> str:
    mangled = mutant.rpartition(".")[2].partition("__mutmut_")[0]
    return mangled.removeprefix("x").replace("ǁ", ".").removeprefix("_").removeprefix(".")


def _change(mutant: str, path: Path) -> str:
    """The lines that differ, as `before → after`, with what both have left out."""
    lines = str(get_diff_for_mutant(mutant, path=path)).splitlines()[2:]
    before = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    after = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    return re.sub(r"\s+", " ", f"{before} → {after}").replace("|", "∣")


def _explained() -> dict[tuple[str, ...], str]:
    """By module, function and change: what the document says of it."""
    if not DOCUMENT.exists():
        return {}
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rows = [[cell.strip("`") for cell in row] for row in cells if len(row) == 4]
    return {tuple(row[:3]): row[3] for row in rows}


def _write(survivors: Mapping[str, tuple[str, str, str]], why: dict[tuple[str, ...], str]) -> None:
    rows = sorted(set(survivors.values()))
    table = "".join(f"| {m} | `{f}` | `{c}` | {why.get((m, f, c), '')} |\n" for m, f, c in rows)
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else _HEAD
    DOCUMENT.write_text(text.partition(_HEAD)[0] + _HEAD + table, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
