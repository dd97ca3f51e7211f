"""A refund that may have left before is never sent past the lifetime of the bank's key."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.tracker.domain.triggers import T, Trigger
from services.tracker.worker import Calls, _pause_by_age
from shared import clock, ids, tasks

ACCEPTED = Trigger(T.REFUND_ACCEPTED)


async def _accepted(_: tasks.Claimed) -> Trigger:
    return ACCEPTED


def _claimed(not_after: datetime | None, attempts: int = 1) -> tasks.Claimed:
    payload = {"not_after": not_after.isoformat()} if not_after else {}
    key = tasks.Key(ids.new(), "refund", "refund", 1)
    now = clock.utcnow()
    return tasks.Claimed(ids.new(), key, "bank", now, payload, attempts, now, ids.new(), None, now)


@pytest.mark.parametrize(
    ("not_after_s", "attempts", "wanted"),
    [
        (None, 1, T.REFUND_ACCEPTED),  # the first time, however late it leaves
        (60, 1, T.REFUND_ACCEPTED),  # sent again while the key lives
        (-1, 1, T.REFUND_NO_ANSWER),  # the key is gone: ask instead
        (None, 2, T.REFUND_NO_ANSWER),  # a taker died: it may have left
        (60, 2, T.REFUND_NO_ANSWER),
    ],
)
async def test_when_a_refund_may_be_sent(not_after_s: int | None, attempts: int, wanted: T) -> None:
    until = None if not_after_s is None else clock.utcnow() + timedelta(seconds=not_after_s)
    nobody: Any = SimpleNamespace()
    calls = Calls(nobody, nobody, "bank", _accepted)
    answer = await calls._answer(_claimed(until, attempts))  # noqa: SLF001 - the rule itself
    assert cast("Trigger", answer).name is wanted


@pytest.mark.parametrize(
    ("age_s", "shortest", "longest"),
    [(0, 0.35, 0.65), (10, 3.5, 6.5), (3600, 10.5, 19.5)],
)
def test_a_party_that_cannot_be_reached_is_asked_less_and_less_often(
    age_s: int, shortest: float, longest: float
) -> None:
    task = _claimed(None)
    now = cast("datetime", task.first_claimed_at) + timedelta(seconds=age_s)
    assert shortest <= _pause_by_age(task, now) <= longest
