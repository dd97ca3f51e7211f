from dataclasses import replace
from datetime import UTC, datetime

from deploy.demo.played import Item, Moment
from deploy.demo.wallet import Told, View
from deploy.demo.watch import Watch
from shared import clock
from tests.unit.demo.people import CASE

AT = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
ASKED = View(
    status="waiting_for_merchant",
    status_text="We have asked the merchant.",
    next_actor_text="The merchant",
    promised_at=AT,
    changed_at=AT,
    timeline=(Told("received", "We received it.", AT),),
)
SENT = replace(
    ASKED,
    status="refund_sent",
    status_text="Sent.",
    next_actor_text="The bank",
    timeline=(
        *ASKED.timeline,
        Told("merchant_accepted", "The merchant agreed.", AT),
        Told("refund_accepted", "The refund was sent.", AT),
    ),
)


def watched(*views: View) -> tuple[Watch, list[Item]]:
    watch, told = Watch(CASE, "d-1", "402188530174", clock.monotonic()), list[Item]()
    for view in views:
        watch.notice(view, told.append)
    return watch, told


def test_what_stays_the_same_is_told_once() -> None:
    watch, told = watched(ASKED, ASKED)
    assert told == [Moment(CASE, AT, "We have asked the merchant.", "The merchant", AT)]
    assert watch.statuses == ["waiting_for_merchant"]


def test_the_reason_of_a_change_is_told_before_it() -> None:
    watch, told = watched(ASKED, SENT)
    assert told[1:] == [
        Moment(CASE, AT, "The merchant agreed."),
        Moment(CASE, AT, "Sent.", "The bank", AT),
    ]
    assert watch.steps == ("received", "merchant_accepted", "refund_accepted")


def test_a_moved_promise_is_told_without_a_new_status() -> None:
    watch, told = watched(ASKED, replace(ASKED, promised_at=None))
    assert len(told) == 2
    assert watch.statuses == ["waiting_for_merchant"]


async def test_a_status_seen_before_it_was_waited_for_counts() -> None:
    watch, _ = watched(ASKED, SENT)
    assert await watch.reach("refund_sent", 0)


async def test_a_status_already_waited_for_must_come_again() -> None:
    watch, told = watched(ASKED, SENT)
    assert await watch.reach("refund_sent", 0)
    assert not await watch.reach("refund_sent", 0)
    watch.notice(ASKED, told.append)
    watch.notice(SENT, told.append)
    assert await watch.reach("refund_sent", 0)


def test_the_end_is_timed_once_it_is_seen() -> None:
    assert watched(ASKED)[0].reached_at is None
    assert watched(ASKED, replace(ASKED, status="credited"))[0].reached_at is not None
