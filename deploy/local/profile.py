"""The launcher signs tokens itself, which the services accept with rules in seconds only.

Which wallet they run for is REDRESS_WALLET's; each has its rules in seconds.
"""

import os
from pathlib import Path
from typing import Final

from deploy.local.errors import StartError
from shared import rules, wallets
from shared.wallets import Role

WALLET: Final = "demo"
_IN_SECONDS: Final = {Role.SELF_CUSTODY: "demo-self-custody"}
_OF_THE_OTHERS: Final = "demo"


def wallet_named() -> str:
    """The wallet that REDRESS_WALLET asks for."""
    return os.environ.get("REDRESS_WALLET", WALLET)


def of(wallet: str) -> str:
    """The rules in seconds that fit the wallet. Raises BadProfile."""
    return _IN_SECONDS.get(wallets.load(wallet).role, _OF_THE_OTHERS)


def check(wallet: str) -> None:
    """Raise StartError for a wallet that is none, or when REDRESS_PROFILE asks for other rules."""
    folder = os.environ.get("REDRESS_PROFILES")
    try:
        rules.look_in(Path(folder) if folder else None)
        only = of(wallet)
        name = os.environ.get("REDRESS_PROFILE", only)
        rules.load(name)
    except rules.BadProfile as reason:
        raise StartError(f"{reason}; `make up` runs rules in seconds only.") from reason
    if name != only:
        raise StartError(
            f"`make up` signs tokens with a development key and runs {wallet} by the rules {only} "
            f"only, not {name}: unset REDRESS_PROFILE."
        )
