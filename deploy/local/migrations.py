"""Brings a service's database to the newest version of its tables."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from deploy.local.errors import StartError
from deploy.local.files import CHECKOUT

TIMEOUT_S: Final = 120


def migrate(service: str, env: Mapping[str, str]) -> None:
    """Run the service's own command, as an operator would. Raises StartError with its output."""
    done = subprocess.run(
        [sys.executable, "-m", f"services.{service}", "migrate"],
        cwd=CHECKOUT,
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        output = (done.stdout + done.stderr).strip()
        raise StartError(f"The database of {service} could not be migrated:\n{output}")
