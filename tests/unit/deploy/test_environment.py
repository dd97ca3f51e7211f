import subprocess
from pathlib import Path

import pytest

from deploy.local.environment import explain
from deploy.local.files import CHECKOUT


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "is full"),
        ("NewConnectionError: Failed to establish a new connection", "needs a network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE", "not the one that was pinned"),
        ("noise\nERROR: something new\n", "(ERROR: something new)"),
    ],
)
def test_pip_failures_are_told_in_one_sentence(output: str, sentence: str) -> None:
    assert sentence in explain(output)
    assert "\n" not in explain(output)


@pytest.mark.parametrize("program", ["exit 0", "echo Python 2.7", "echo False", "exit 1"])
def test_a_program_that_is_no_new_enough_python_is_refused(tmp_path: Path, program: str) -> None:
    candidate = tmp_path / "python"
    candidate.write_text(f"#!/bin/sh\n{program}\n")
    candidate.chmod(0o755)
    done = subprocess.run(
        ["sh", "deploy/local/environment.sh", "run"],
        env={"PYTHON": str(candidate), "PATH": "/usr/bin:/bin"},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"PYTHON={candidate} is not a Python 3.11 or newer.\n"
