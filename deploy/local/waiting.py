"""Waiting for something that can only be asked, not subscribed to."""

import threading
from collections.abc import Callable
from typing import Final

from shared import clock

POLL_S: Final = 0.05


def until(done: Callable[[], bool], timeout_s: float, otherwise: Callable[[], Exception]) -> None:
    """Ask until the answer is yes; raise what `otherwise` makes when the time is over."""
    deadline = clock.monotonic() + timeout_s
    while not done():
        if clock.monotonic() > deadline:
            raise otherwise()
        pause(POLL_S)


def pause(seconds: float) -> None:
    """Wait in this thread."""
    threading.Event().wait(seconds)
