"""Signed callbacks: kept in the journal, sent until a 2xx, a bounded number of times."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog

from sandbox.journal import Journal
from sandbox.posting import NoAnswerError, Poster
from sandbox.signatures import Secrets, sign
from shared import clock

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CallbackQueued:
    """A message to `url`, signed with `partner`'s secret; posted until `copies` answers are 2xx."""

    callback_id: str
    partner: str
    url: str
    body: str
    due_at: datetime
    copies: int = 1
    type: Literal["callback_queued"] = "callback_queued"


@dataclass(frozen=True, slots=True)
class CallbackEnded:
    """The callback needs no more sending: delivered, or given up after the last attempt."""

    callback_id: str
    delivered: bool
    type: Literal["callback_ended"] = "callback_ended"


@dataclass(frozen=True, slots=True)
class Policy:
    """Bounds of sending: quick tries with growing pauses first, then one every `slow_s`."""

    first_s: float = 0.25
    longest_s: float = 30.0
    quick_tries: int = 12
    slow_s: float = 3600.0
    slow_tries: int = 24
    timeout_s: float = 10.0
    at_once: int = 256
    most_pending: int = 500_000

    def pause_s(self, failed: int, spread: float) -> float | None:
        """Seconds to wait after the `failed`-th failure; None: give up. `spread` is in 0..1."""
        if failed >= self.quick_tries + self.slow_tries:
            return None
        quick = min(self.longest_s, self.first_s * 2.0 ** min(failed - 1, 30))
        return (quick if failed < self.quick_tries else self.slow_s) * (0.75 + spread / 2)


@dataclass(slots=True)
class _Sending:
    queued: CallbackQueued
    failed: int = 0
    delivered: int = 0


class Callbacks:
    """Everything not yet delivered, and the loop that sends it once `running`."""

    def __init__(self, journal: Journal, secrets: Secrets, policy: Policy | None = None) -> None:
        """`secrets` signs; `journal` remembers what is still to send."""
        self._journal = journal
        self._secrets = secrets
        self._policy = policy or Policy()
        self._pending: dict[str, _Sending] = {}
        self._ready: deque[_Sending] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._poster: Poster | None = None

    def __len__(self) -> int:
        """How many callbacks are still to be delivered."""
        return len(self._pending)

    def restore(self, record: CallbackQueued | CallbackEnded) -> None:
        """Replay one record; nothing is sent before `running`."""
        if isinstance(record, CallbackEnded):
            self._pending.pop(record.callback_id, None)
        elif len(self._pending) < self._policy.most_pending:
            self._pending[record.callback_id] = _Sending(record)

    def send(self, queued: CallbackQueued) -> None:
        """Send when due. The caller has written `queued` to the journal."""
        if len(self._pending) >= self._policy.most_pending:
            log.warning("callback dropped, too many are pending", callback_id=queued.callback_id)
            return
        sending = self._pending[queued.callback_id] = _Sending(queued)
        self._arm(sending)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send what is pending, and what `send` adds, while inside."""
        self._poster = Poster(self._policy.timeout_s)
        for sending in self._pending.values():
            self._arm(sending)
        try:
            yield
        finally:
            await self._stop()

    def _arm(self, sending: _Sending) -> None:
        wait_s = (sending.queued.due_at - clock.utcnow()).total_seconds()
        if wait_s > 0:
            clock.later(wait_s, self._enqueue, sending)
        else:
            self._enqueue(sending)

    def _enqueue(self, sending: _Sending) -> None:
        self._ready.append(sending)
        self._pump()

    def _pump(self) -> None:
        while self._ready and self._poster and len(self._tasks) < self._policy.at_once:
            attempt = self._attempt(self._poster, self._ready.popleft())
            task = asyncio.get_running_loop().create_task(attempt)
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()  # a bug must be loud: the loop's handler reports what this raises
        self._pump()

    async def _attempt(self, poster: Poster, sending: _Sending) -> None:
        if not await self._post(poster, sending.queued):
            self._retry(sending)
            return
        sending.delivered += 1
        if sending.delivered < sending.queued.copies:
            self._ready.append(sending)
        else:
            self._end(sending, delivered=True)

    async def _post(self, poster: Poster, queued: CallbackQueued) -> bool:
        body = queued.body.encode()
        now_s = int(clock.utcnow().timestamp())
        signed = sign(self._secrets.key(queued.partner), queued.callback_id, now_s, body)
        try:
            status = await poster.post(queued.url, signed, body)
        except NoAnswerError:
            return False
        return 200 <= status < 300  # noqa: PLR2004 - 2xx

    def _retry(self, sending: _Sending) -> None:
        sending.failed += 1
        pause_s = self._policy.pause_s(sending.failed, random.random())  # noqa: S311 - jitter
        if pause_s is None:
            log.warning("callback given up", callback_id=sending.queued.callback_id)
            self._end(sending, delivered=False)
        else:
            clock.later(pause_s, self._enqueue, sending)

    def _end(self, sending: _Sending, *, delivered: bool) -> None:
        callback_id = sending.queued.callback_id
        self._journal.append(CallbackEnded(callback_id, delivered))
        self._pending.pop(callback_id, None)

    async def _stop(self) -> None:
        poster, self._poster = self._poster, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if poster:
            poster.close()
