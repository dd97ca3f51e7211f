"""How a gateway is told to misbehave towards one recipient, for stories and tests."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["ok", "refuse", "busy", "delay", "drop_after_accept", "undeliverable"]
MAX_RECIPIENTS: Final = 100_000


class BehaviourIn(BaseModel):
    """Towards `to`, the next `times` messages (for ever when absent) meet `mode`.

    refuse: a final refusal; busy: "try later"; delay: answered after `delay_s`; drop_after_accept:
    taken on, then the connection is cut instead of an answer; undeliverable: taken on, and the
    receipt says it never arrived (SMS only). `ok` forgets what was set before.
    """

    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, Field(min_length=1, max_length=320)]
    mode: Mode
    delay_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    times: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class BehavioursIn(BaseModel):
    """Several at once."""

    model_config = ConfigDict(extra="forbid")

    behaviours: Annotated[list[BehaviourIn], Field(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What one message meets."""

    mode: Mode
    delay_s: float = 0.0
    times: int | None = None


ORDINARY: Final = Behaviour("ok")


class Behaviours:
    """The queue of behaviours per recipient; oldest recipients are forgotten beyond the bound."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Behaviour]] = {}

    def set(self, to: str, wanted: BehaviourIn) -> None:
        """Queue a behaviour towards `to`; `ok` without `times` clears its queue."""
        if wanted.mode == "ok" and wanted.times is None:
            self._queues.pop(to, None)
            return
        if len(self._queues) >= MAX_RECIPIENTS:
            self._queues.pop(next(iter(self._queues)))
        queue = self._queues.setdefault(to, deque(maxlen=100))
        queue.append(Behaviour(wanted.mode, wanted.delay_s, wanted.times))

    def take(self, to: str) -> Behaviour:
        """Return what the next message to this recipient meets, and use it up."""
        queue = self._queues.get(to)
        if not queue:
            return ORDINARY
        current = queue[0]
        if current.times is None:
            return current
        if current.times == 1:
            queue.popleft()
        else:
            queue[0] = replace(current, times=current.times - 1)
        return current
