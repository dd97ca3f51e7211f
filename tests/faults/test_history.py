"""The judge itself: each planted violation is found, by its name, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.faults.history import Accepted, Books, History, Paid, Tracked, violations

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
PAID, OPEN, STRANGER = UUID(int=1), UUID(int=2), UUID(int=3)


def good() -> History:
    """One dispute that was credited, one that waits for its merchant."""
    return History(
        now=NOW,
        accepted=[Accepted(PAID, "credited", 5), Accepted(OPEN, "waiting_for_merchant", 2)],
        tracked={
            PAID: Tracked(PAID, "credited", 5, False, "credited", 900, None, None),  # noqa: FBT003
            OPEN: _open(),
        },
        books=Books(
            paid=[Paid(f"{PAID}:refund:1", "tx-1", 900, "credited")],
            captured={"tx-1": 1000, "tx-2": 1000},
            given_back={"tx-1": 900},
            complaints=[],
        ),
    )


def _open(**changes: Any) -> Tracked:
    soon = NOW + timedelta(seconds=5)
    waiting = Tracked(OPEN, "waiting_for_merchant", 2, True, "none", None, soon, soon)  # noqa: FBT003
    return replace(waiting, **changes)


def _tracked(history: History, each: Tracked) -> History:
    return replace(history, tracked={**history.tracked, each.dispute_id: each})


def _books(history: History, **changes: Any) -> History:
    return replace(history, books=replace(history.books, **changes))


def _paid_too(history: History, *more: Paid) -> History:
    return _books(history, paid=[*history.books.paid, *more])


def _ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_a_good_history_has_no_violations() -> None:
    assert violations(good()) == []


def test_a_minute_late_is_still_in_time() -> None:
    late = _open(promised_at=_ago(59), wakes_at=_ago(59))
    assert violations(_tracked(good(), late)) == []


def test_a_refund_that_bounced_and_was_paid_once_more_is_one_refund() -> None:
    history = good()
    bounced = Paid(f"{PAID}:refund:1", "tx-1", 900, "bounced")
    again = Paid(f"{PAID}:refund:2", "tx-1", 900, "credited")
    assert violations(_books(history, paid=[bounced, again])) == []


PLANTED = {
    "lost": replace(good(), tracked={PAID: good().tracked[PAID]}),
    "invented": _tracked(good(), _open(dispute_id=STRANGER)),
    "overdue": _tracked(good(), _open(promised_at=_ago(61))),
    "overdue without a date": _tracked(good(), _open(promised_at=None)),
    "asleep": _tracked(good(), _open(wakes_at=None)),
    "asleep past its time": _tracked(good(), _open(wakes_at=_ago(61))),
    "misled by an older version": replace(
        good(), accepted=[Accepted(PAID, "credited", 5), Accepted(OPEN, "checking", 1)]
    ),
    "misled by another status": replace(
        good(), accepted=[Accepted(PAID, "refund_sent", 5), good().accepted[1]]
    ),
    "unpaid": _books(good(), paid=[]),
    "unpaid as it is under way": _books(
        good(), paid=[replace(good().books.paid[0], state="in_flight")]
    ),
    "untold": replace(
        _tracked(good(), replace(good().tracked[PAID], status="declined", refund="none")),
        accepted=[Accepted(PAID, "declined", 5), good().accepted[1]],
    ),
    "unasked": _paid_too(good(), Paid(f"{STRANGER}:refund:1", "tx-2", 1, "credited")),
    "amount": _books(good(), paid=[replace(good().books.paid[0], amount_minor=901)]),
    "paid twice": _paid_too(good(), Paid(f"{PAID}:refund:2", "tx-1", 900, "in_flight")),
    "above captured": _books(good(), given_back={"tx-1": 1001}),
    "above captured of nothing": _books(good(), given_back={"tx-9": 1}),
    "audit": _books(good(), complaints=["not balanced"]),
}


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_violation_is_found_and_nothing_else(name: str) -> None:
    found = violations(PLANTED[name])
    assert len(found) == 1, found
    assert name.startswith(found[0].partition(":")[0])


def test_the_same_reference_paid_twice_is_found_twice_over() -> None:
    """Also as a credited dispute with more than one settled refund."""
    found = violations(_paid_too(good(), good().books.paid[0]))
    assert sorted(each.partition(":")[0] for each in found) == ["paid twice", "unpaid"]
