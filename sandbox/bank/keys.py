"""Idempotency: nothing but the key decides, and a concurrent duplicate waits."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, TypeVar

from pydantic import BaseModel

from sandbox.bank.models import Answer
from shared import clock

MAX_ORDERS: Final = 2_000_000
MAX_PER_TRANSACTION: Final = 1000
MAX_RUNNING: Final = 10_000

Order = TypeVar("Order", bound=BaseModel)
Execute = Callable[[str, str, Order], Awaitable[None]]
"""Takes key, digest and order, and leaves an answer under the key."""


class KeyReusedError(Exception):
    """Idempotency-Key: it was used with another body; send the same body or another key."""


class FullError(Exception):
    """The sandbox holds all it can in memory; start it with an empty DATA_DIR."""


@dataclass(frozen=True, slots=True)
class _Running:
    digest: str
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Keys:
    """Runs each order once over the answers that a book remembers."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        """No order is running yet."""
        self._answers = answers
        self._running: dict[str, _Running] = {}

    async def once(self, key: str, order: Order, execute: Execute[Order]) -> Answer:
        """Execute, or answer what was answered. Raises KeyReusedError, FullError."""
        digest = _digest(order)
        while running := self._running.get(key):
            if running.digest != digest:
                raise KeyReusedError
            await running.done.wait()
        if (answer := self._answer(key)) is not None:
            if answer.digest != digest:
                raise KeyReusedError
            return answer
        if len(self._running) >= MAX_RUNNING:
            raise FullError
        running = self._running[key] = _Running(digest)
        try:
            await execute(key, digest, order)
        finally:
            del self._running[key]
            running.done.set()
        return self._answers[key]

    def _answer(self, key: str) -> Answer | None:
        answer = self._answers.get(key)
        if answer and answer.forget_at and answer.forget_at <= clock.utcnow():
            return None
        return answer


def check_room(held: int, of_transaction: Sequence[object] = ()) -> None:
    """Raises FullError when there are too many of a thing, or too many for one transaction."""
    if held >= MAX_ORDERS or len(of_transaction) >= MAX_PER_TRANSACTION:
        raise FullError


def _digest(order: BaseModel) -> str:
    """Without what was not said, so that a new optional field changes no known digest."""
    said = order.model_dump_json(exclude_defaults=True)
    return blake2b(said.encode(), digest_size=16).hexdigest()
