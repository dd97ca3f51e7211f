"""The launcher signs tokens itself, which the services accept in the profile `demo` only."""

import os
from typing import Final

from deploy.local.errors import StartError
from shared import rules

ONLY: Final = "demo"


def check() -> None:
    """Raise StartError when REDRESS_PROFILE asks for another profile, or for one that is none."""
    name = os.environ.get("REDRESS_PROFILE", ONLY)
    try:
        rules.load(name)
    except rules.BadProfile as reason:
        raise StartError(f"{reason}; `make up` runs {ONLY} only.") from reason
    if name != ONLY:
        raise StartError(
            f"`make up` signs tokens with a development key and runs the profile {ONLY} only,"
            f" not {name}: unset REDRESS_PROFILE."
        )
