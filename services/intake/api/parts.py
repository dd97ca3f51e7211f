"""What the routes work with."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.api.throttle import Throttle
from services.intake.handlers.accept import Desk
from shared.rules import Profile
from shared.seal import KeyRing
from shared.wallets import Wallet


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with, as `app.state.parts`. `wake` tells the relay of a commit.

    `client_header` is where the proxy in front names the client's address, if there is one.
    """

    desk: Desk
    engine: AsyncEngine
    wallet: Wallet
    profile: Profile
    key_ring: KeyRing
    wake: Callable[[], None]
    throttle: Throttle
    client_header: str | None = None
