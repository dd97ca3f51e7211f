"""What goes wrong on purpose, as often as a behaviour says."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from sandbox.bank.choices import Faults
from sandbox.bank.models import Answer
from sandbox.bank.records import AnyRecord, CounterUsed, CustomerCounterUsed
from shared import clock

Commit = Callable[[Sequence[AnyRecord]], None]


class InternalError(Exception):
    """The bank was told to answer 500 here."""


class DroppedError(Exception):
    """The bank was told to cut the connection here."""


class Owner(Protocol):
    """Whose behaviour it is: a transaction or a customer."""

    used: Counter[str]

    def counted(self, counter: str) -> CounterUsed | CustomerCounterUsed:
        """The record of one more use."""
        ...


class Mishaps:
    """Each use of an "N times" is committed, so it outlives a restart."""

    def __init__(self, commit: Commit) -> None:
        """`commit` writes and applies."""
        self._commit = commit

    def spend(self, owner: Owner, counter: str, times: bool | int) -> bool:  # noqa: FBT001 - true means always
        """Is one of the "N times" left? If so it is used up."""
        if times is True:
            return True
        if owner.used[counter] >= times:
            return False
        self.count(owner, counter)
        return True

    def count(self, owner: Owner, counter: str) -> None:
        """One more use."""
        self._commit([owner.counted(counter)])

    async def around(
        self, owner: Owner, name: str, faults: Faults, order: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Take the order as late or as broken as told.

        Raises:
            InternalError, DroppedError: told to; after the commit unless `fail_times`.

        """
        if self.spend(owner, f"{name}.fail_times", faults.fail_times):
            raise InternalError
        answer = await order()
        if faults.answer_late_s:
            await clock.sleep(faults.answer_late_s)
        if self.spend(owner, f"{name}.error_after_commit", faults.error_after_commit):
            raise InternalError
        if self.spend(owner, f"{name}.drop_answer", faults.drop_answer):
            raise DroppedError
        return answer


async def hold_back(faults: Faults) -> None:
    """Before the commit, as long as told."""
    if faults.delay_s:
        await clock.sleep(faults.delay_s)
