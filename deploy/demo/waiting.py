"""Asking until the answer is yes, for what cannot be subscribed to."""

from collections.abc import Awaitable, Callable
from typing import Final

from shared import clock

POLL_S: Final = 0.15


async def until(done: Callable[[], Awaitable[bool]], within_s: float) -> bool:
    """Whether the answer was yes in time."""
    deadline = clock.monotonic() + within_s
    while not await done():
        if clock.monotonic() > deadline:
            return False
        await clock.sleep(POLL_S)
    return True
