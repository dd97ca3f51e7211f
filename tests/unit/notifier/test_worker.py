"""What the loops keep when the database is away, and when a courier does not say what it did."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from services.notifier import handlers
from services.notifier.domain.sending import Channel, Result
from services.notifier.ports import Receipt
from services.notifier.sms import Arrived
from services.notifier.store import messages
from services.notifier.worker import Receipts, Sender
from shared import clock, ids


class Engine:
    """Begins as many transactions as it is asked for, after its outages."""

    def __init__(self, *outages: Exception) -> None:
        self.outages = list(outages)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[None]:
        if self.outages:
            raise self.outages.pop()
        yield


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(_: float) -> None:
        pass

    monkeypatch.setattr(clock, "sleep", sleep)


def _nothing() -> None:
    """Nobody is to be woken."""


def _sender(engine: Any, send: Callable[..., Any] | None = None) -> Sender:
    courier: Any = SimpleNamespace(ready=True, send=send)
    settings: Any = SimpleNamespace(sends_at_once=1, sending_lease_s=1.0, ambiguous_wait_s=1.0)
    keys: Any = None
    return Sender(Channel.SMS, engine, courier, keys, settings, _nothing)


async def test_an_outcome_that_could_not_be_recorded_is_recorded_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else its lease would run out, and a decision would go to its reader twice."""
    recorded: list[list[object]] = []

    async def record(_: object, outcomes: list[object]) -> None:
        recorded.append(outcomes)

    async def claim(*_: object) -> list[object]:
        return []

    monkeypatch.setattr(handlers, "record", record)
    monkeypatch.setattr(messages, "claim", claim)
    sender = _sender(Engine(ConnectionRefusedError()))
    outcome: Any = object()
    sender._finished.append(outcome)  # noqa: SLF001 - as `_send` does
    for _ in range(3):
        await sender._round(claim=False)  # noqa: SLF001 - one round of its loop
    assert recorded == [[outcome]]


async def test_what_fails_in_the_courier_may_have_been_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fails(_: object) -> None:
        raise RuntimeError

    written = SimpleNamespace(locale="en")
    monkeypatch.setattr(handlers, "compose", lambda *_: written)
    message: Any = SimpleNamespace(id=ids.new())
    outcome, _ = await _sender(Engine(), fails)._attempt(message)  # noqa: SLF001 - one attempt
    assert outcome.result is Result.AMBIGUOUS


async def test_a_receipt_is_acknowledged_when_it_is_stored_and_kept_until_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def receive(*_: object) -> list[Receipt]:
        return []

    monkeypatch.setattr(handlers, "receive", receive)
    engine: Any = Engine(ConnectionRefusedError())
    keys: Any = None
    receipts, acknowledged = Receipts(engine, keys, _nothing), 0

    def acknowledge() -> None:
        nonlocal acknowledged
        acknowledged += 1

    receipts.arrived(Arrived(Receipt("1a2b", delivered=True), acknowledge))
    counts = [acknowledged]
    for _ in range(2):
        await receipts._store(await receipts._batch())  # noqa: SLF001 - one round of its loop
        counts.append(acknowledged)
    assert counts == [0, 0, 1]
