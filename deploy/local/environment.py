"""Brings `.venv` up to date with the hashed requirement files: `environment.py run|dev|mutants`.

Run by whatever Python the machine has, so it uses the standard library only. Everything it has
to say goes to standard error: a command's own output stays clean.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "pip.log"
FREE_BYTES_NEEDED = 1_000_000_000
OFFLINE = (
    "Failed to establish a new connection",
    "NameResolutionError",
    "name resolution",
    "ConnectTimeout",
    "Read timed out",
    "Connection refused",
    "Connection reset",
    "ProxyError",
    "Network is unreachable",
    "SSLError",
)
# kind → the kinds whose packages it holds
HOLDS = {"run": ("run",), "dev": ("dev", "run"), "mutants": ("mutants",)}


class Unusable(Exception):
    """The environment cannot be made; the message says why and what to do."""


def main(kind: str) -> None:
    """Make or renew the environment, if its requirement file or its Python changed."""
    try:
        if not up_to_date(kind):
            renew(kind)
    except PermissionError as reason:
        sys.exit(f"{reason.filename or CHECKOUT} cannot be written: clone Redress where you may.")
    except Unusable as reason:
        sys.exit(str(reason))


def up_to_date(kind: str) -> bool:
    """Whether the last complete install was of the same file, path and Python."""
    stamp = VENV / f"{kind}.stamp"
    return stamp.exists() and stamp.read_text() == fingerprint(kind) and works()


def renew(kind: str) -> None:
    """Create it, unless it is there and works; install; note it in the stamps."""
    began = time.monotonic()  # noqa: TID251  # runs before shared can be imported
    first = not works()
    say(
        "Creating the environment (first run, about a minute) …" if first else "Updating packages …"
    )
    if first:
        create()
    install(kind)
    for held in HOLDS[kind]:
        (VENV / f"{held}.stamp").write_text(fingerprint(held))
    say(f"Environment ready after {time.monotonic() - began:.0f} s.")  # noqa: TID251


def fingerprint(kind: str) -> str:
    """The programs in an environment hold its path, so a moved one is no longer usable."""
    content = (CHECKOUT / "requirements" / f"{kind}.txt").read_bytes()
    return f"{hashlib.sha256(content).hexdigest()} {VENV}\n"


def works() -> bool:
    """Whether its interpreter still starts, and lies where it was made."""
    home = VENV / "home"
    if not PYTHON.exists() or not home.exists() or home.read_text() != str(VENV):
        return False
    return subprocess.run([PYTHON, "-c", ""], capture_output=True, check=False).returncode == 0


def create() -> None:
    """An empty environment with pip."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Unusable(
            f"{sys.executable} comes without venv: install it (Debian, Ubuntu: python3-venv)."
        )
    if shutil.disk_usage(CHECKOUT).free < FREE_BYTES_NEEDED:
        raise Unusable(f"The disk of {CHECKOUT} is full: Redress needs about 1 GB there.")
    if not os.access(CHECKOUT, os.W_OK):
        raise PermissionError(13, "", str(CHECKOUT))
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        raise Unusable(f"Python's venv failed: {last_line(made.stdout + made.stderr)}")
    (VENV / "home").write_text(str(VENV))


def install(kind: str) -> None:
    """Exactly the pinned packages, each with the pinned hash."""
    requirements = CHECKOUT / "requirements" / f"{kind}.txt"
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "-r", str(requirements)]
    options = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--retries=3"]
    done = subprocess.run(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    LOG.write_text(done.stdout)
    if done.returncode != 0:
        raise Unusable(explain(done.stdout))


def explain(output: str) -> str:
    """One sentence for what pip said."""
    if "No space left on device" in output:
        return f"The disk of {CHECKOUT} is full: Redress needs about 1 GB there."
    if "DO NOT MATCH THE HASHES" in output:
        return f"A package is not the one that was pinned, nothing was installed: see {LOG}."
    if any(sign in output for sign in OFFLINE):
        return "The packages could not be fetched: the first run needs a network; run it again."
    return f"pip could not install the packages ({last_line(output)}): see {LOG}."


def last_line(text: str) -> str:
    """What a program said last, for a sentence about its failure."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "no output"


def say(text: str) -> None:
    """To standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
