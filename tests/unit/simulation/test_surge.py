"""The holiday played again: what docs/surge.md says is so, and no estimate is won by width."""

import pytest

from deploy.local.files import CHECKOUT
from services.tracker.domain.states import Leg
from tests.simulation import world
from tests.simulation.holiday import LEGS, Play, figures, in_surge, worst
from tests.simulation.report import Found, found, written
from tests.simulation.slack import Case, by_arrival, by_slack

ENOUGH = 0.85


@pytest.fixture(scope="module", name="run")
def _run() -> Found:
    return found()


def test_figures_and_chart_are_those_of_the_docs(run: Found) -> None:
    assert run.plays
    for name, text in written().items():
        assert (CHECKOUT / "docs" / name).read_text(encoding="utf-8") == text


def test_of_all_that_is_told_more_than_that_holds(run: Found) -> None:
    assert figures(run.plays).share >= ENOUGH
    assert figures(in_surge(run.plays)).share >= ENOUGH
    assert worst(run.plays)[1] >= ENOUGH


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.value)
def test_of_each_leg_too_also_on_the_holiday(run: Found, leg: Leg) -> None:
    of_leg = [play for play in run.plays if play.leg is leg]
    assert figures(of_leg).share >= ENOUGH
    assert figures(in_surge(of_leg)).share >= ENOUGH


def test_nearly_everybody_is_told_something(run: Found) -> None:
    waits = [play for play in run.plays if play.began > world.WEEK_H]
    assert sum(play.told is not None for play in waits) >= 0.99 * len(waits)


def test_it_is_not_won_by_width(run: Found) -> None:
    """Where the naive ranges are about as wide, they hold far less often."""
    surge = in_surge(run.plays)
    ours, naive = figures(surge), figures(surge, naive=True)
    assert naive.share < 0.6
    assert ours.ratio < 1.5 * naive.ratio


def test_by_slack_no_date_is_missed_that_would_have_been_kept(run: Found) -> None:
    assert run.by_slack.extra == 0
    assert run.by_slack.with_surge.surge_late == 0
    assert run.by_arrival.extra > 50_000


def test_a_range_that_is_over_counts_although_the_wait_lasts() -> None:
    """One held, one was late, one still lasts past its range, and of the last nobody knows."""
    plays = [
        Play(Leg.TRACE, "", began, began, told=(1.0, 4.0), ended=ended)
        for began, ended in (
            (10.0, 12.0),
            (10.0, 15.0),
            (10.0, None),
            (world.END_H - 3.0, None),
        )
    ]
    known = figures(plays)
    assert (known.told, known.held, known.ratio) == (3, 1, 4.0)


def test_order_of_work_by_hand() -> None:
    """5,000 a day: one takes 0.0002 of it. The last to come is due first."""
    some = [Case(0.0, due, of_surge=False) for due in (3.0, 2.0)] + [Case(0.0001, 1.0, False)]  # noqa: FBT003 - as it is read
    assert [n for n, _ in by_arrival(some)] == [0, 1, 2]
    assert [n for n, _ in by_slack(some)] == [2, 1, 0]
    assert [round(at, 4) for _, at in by_slack(some)] == [0.0002, 0.0004, 0.0006]
