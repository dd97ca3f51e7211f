"""What arrived, newest kept: in memory for the page, in a journal for the next start."""

import os
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from sandbox.journal import Journal

KEEP: Final = 200_000
KEEP_BYTES: Final = 512 * 1024 * 1024
_SLACK: Final = 10
"""A tenth more than the bound may pile up before a trim, so that trimming costs next to nothing."""


class Arrival(Protocol):
    """What every kept message has; positions count from 1 and never repeat."""

    @property
    def position(self) -> int:
        """Where it stands among all messages ever taken on."""

    @property
    def to(self) -> str:
        """The recipient's address in its kept form."""

    @property
    def received_at(self) -> datetime:
        """When it was taken on."""

    @property
    def size(self) -> int:
        """Roughly what it takes in memory, in bytes."""


T = TypeVar("T", bound=Arrival)


@dataclass(frozen=True, slots=True)
class Query:
    """Which messages to show: to whom, received after when, after which position, how many."""

    to: str | None = None
    since: datetime | None = None
    after: int = 0
    limit: int = 1000


class Arrivals(Generic[T]):
    """The newest messages within `keep` pieces and `keep_bytes`; the total goes on counting."""

    def __init__(self, journal: Journal, *, keep: int = KEEP, keep_bytes: int = KEEP_BYTES) -> None:
        self._journal = journal
        self._keep, self._keep_bytes = keep, keep_bytes
        self._unwritten: list[T] = []
        self._kept: list[T] = []
        self._bytes = 0
        self._by_recipient: dict[str, deque[T]] = {}
        self.total = 0
        for message in journal.replay():
            self._keep_one(message)

    def add(self, message: T) -> None:
        """Keep a message; `flush` makes it outlive this process."""
        self._unwritten.append(message)
        self._keep_one(message)

    def flush(self) -> None:
        """Write what was added, in one go; call it before the sender is answered."""
        if self._unwritten:
            self._journal.append(*self._unwritten)
            self._unwritten.clear()

    def find(self, query: Query) -> list[T]:
        """Return matching messages, oldest first; without since or after, the newest `limit`."""
        if query.to is None:
            start = bisect_right(self._kept, query.after, key=lambda m: m.position)
            found: list[T] = self._kept[start:]
        else:
            kept = self._by_recipient.get(query.to, ())
            found = [message for message in kept if message.position > query.after]
        if query.since is not None:
            since = query.since
            found = found[bisect_right(found, since, key=lambda m: m.received_at) :]
        forward = query.after or query.since is not None
        return found[: query.limit] if forward else found[-query.limit :]

    def at(self, position: int) -> T | None:
        """Return the message at a position, or None when it is not kept."""
        index = bisect_right(self._kept, position, key=lambda m: m.position) - 1
        if index < 0 or self._kept[index].position != position:
            return None
        return self._kept[index]

    def _keep_one(self, message: T) -> None:
        self.total = message.position
        self._bytes += message.size
        self._kept.append(message)
        self._by_recipient.setdefault(message.to, deque()).append(message)
        if len(self._kept) > self._keep + self._keep // _SLACK or self._bytes > self._keep_bytes:
            self._trim()

    def _trim(self) -> None:
        surplus = max(len(self._kept) - self._keep, len(self._kept) // _SLACK, 1)
        for message in self._kept[:surplus]:
            self._bytes -= message.size
            mine = self._by_recipient[message.to]
            mine.popleft()
            if not mine:
                del self._by_recipient[message.to]
        del self._kept[:surplus]


def shorten(path: Path, keep_bytes: int = KEEP_BYTES) -> None:
    """Cut a journal that outgrew its bound down to its newest whole lines, at once or not at all.

    Call it before the journal is opened.
    """
    if not path.exists() or path.stat().st_size <= keep_bytes:
        return
    fresh = path.with_suffix(".new")
    with path.open("rb") as old, fresh.open("wb") as new:
        old.seek(-keep_bytes, os.SEEK_END)
        old.readline()
        while chunk := old.read(1024 * 1024):
            new.write(chunk)
    fresh.replace(path)
