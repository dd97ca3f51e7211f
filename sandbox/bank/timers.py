"""Acts that are due later, while the bank is open."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from shared import clock

_TICK_S: Final = 0.001  # the loop rounds to milliseconds, and nothing may happen too early


class Timers:
    """Nothing here needs saving: after a restart each room arms what has begun and not ended."""

    def __init__(self) -> None:
        """Nothing is armed yet."""
        self._open = True

    def close(self) -> None:
        """Let nothing happen any more."""
        self._open = False

    def at(self, due_at: datetime, act: Callable[[], None]) -> None:
        """Act once `due_at` has come; at the loop's next turn if it has."""
        wait_s = (due_at - clock.utcnow()).total_seconds()
        if wait_s > 0:
            wait_s += _TICK_S
        clock.later(max(0.0, wait_s), self._act, act)

    def _act(self, act: Callable[[], None]) -> None:
        if self._open:
            act()
