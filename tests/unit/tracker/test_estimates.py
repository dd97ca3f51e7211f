"""Estimates, by small cases that were counted on paper."""

import math

import pytest

from services.tracker.domain.estimates import (
    _AS_IT_IS,
    DAY_S,
    Estimate,
    Seen,
    Wait,
    _Pool,
    _Scale,
    estimate,
    friendly,
)
from services.tracker.domain.queueing import HOUR_S, Line, paces
from services.tracker.domain.states import Leg
from services.tracker.domain.survival import Spell, quantiles
from services.tracker.domain.waits import Begun, with_range
from shared import ids
from tests.unit.tracker.case import START

NOW = 1_000 * DAY_S + 12 * HOUR_S


def ended(*ages: float) -> list[Spell]:
    return [(0.0, age, True, 1.0) for age in ages]


def lasting(*ages: float) -> list[Spell]:
    return [(0.0, age, False, 1.0) for age in ages]


def test_the_k_th_of_n_ends_has_the_level_k_of_n_and_one() -> None:
    assert quantiles(ended(4, 1, 3, 2), [0.2, 0.4, 0.6, 0.8]) == [1, 2, 3, 4]


def test_what_still_lasts_counts_as_lasting_at_least_so_long() -> None:
    """At 1, five are at risk and the one who asks: 5/6. At 3, only three and that one: 5/6 x 3/4.

    A quarter has not ended at 1 and has at 3: 1 - 15/24 = 0.375.
    """
    some = [*ended(1, 3, 4), *lasting(2, 5)]
    assert quantiles(some, [0.16, 0.25, 0.37]) == [1, 3, 3]
    assert quantiles(ended(1, 3, 4), [0.25]) == [1]


def test_who_was_not_seen_young_is_not_at_risk_young() -> None:
    """The second was first looked at when it was 2: at 1 there is one at risk, and the asker."""
    assert quantiles([(0, 1, True, 1), (2, 3, True, 1)], [0.5, 0.75]) == [1, 3]
    assert quantiles([(0, 1, True, 1), (0, 3, True, 1)], [0.5]) == [3]


def test_one_that_stands_for_three_counts_three_times() -> None:
    """At risk 3 + 1 and the asker: 1 - 3/5 = 0.4 lasts longer."""
    assert quantiles([(0, 1, True, 3.0), (0, 2, True, 1.0)], [0.6, 0.61]) == [1, 2]


def test_beyond_the_oldest_the_mean_rate_goes_on() -> None:
    """Two ends in 3 hours of waiting; a third lasts longer than 2: 2 + ln((1/3) / 0.1) / (2/3)."""
    (high,) = quantiles(ended(1, 2), [0.9])
    assert high == pytest.approx(2 + 1.5 * math.log(10 / 3))
    assert quantiles(lasting(1, 2), [0.5]) == [math.inf]
    assert quantiles([], [0.5]) == [math.inf]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((7_300.0, 17_000.0), (7_200.0, 18_000.0)),  # 2 to 5 hours
        ((7_200.0, 18_000.0), (7_200.0, 18_000.0)),
        ((700.0, 3_601.0), (600.0, 5_400.0)),  # 10 minutes to 1.5 hours
        ((59.0, 61.0), (55.0, 120.0)),
        ((0.2, 0.3), (1.0, 2.0)),
        ((5.0, 5.0), (5.0, 6.0)),
        ((200_000.0, 500_000.0), (172_800.0, 518_400.0)),  # 2 to 6 days
    ],
)
def test_a_range_is_rounded_outwards_and_never_empty(
    given: tuple[float, float], told: tuple[float, float]
) -> None:
    assert friendly(*given) == told


def test_no_rounding_narrows_a_range() -> None:
    for n in range(1, 4_000):
        low, high = n * 97.3, n * 131.9
        told_low, told_high = friendly(low, high)
        assert told_low <= low < high <= told_high


def line(*dues: float, leads: tuple[float, ...] = (), per_hour: float = 2.0) -> Line:
    pace = [per_hour * (n + 1) for n in range(2_160)]
    return Line(int(NOW // HOUR_S), dues, 1.0, leads, [pace])


def test_a_queue_takes_as_long_as_those_ahead_take() -> None:
    """Three are due before; with one's own that is four at two an hour: two hours."""
    queue = line(10, 20, 30, 50)
    assert queue.ahead(40) == 3
    assert queue.expected_s(40, NOW) == (7_200, 7_200)
    assert queue.expected_s(5, NOW) == (1_800, 1_800)


def test_half_of_the_hour_that_runs_is_over() -> None:
    """From half past, four at two an hour still take two hours."""
    assert line(1, 2, 3).expected_s(4, NOW + 1_800) == (7_200, 7_200)


def test_those_who_come_and_are_due_before_count_at_the_latest() -> None:
    """23 ahead and oneself, served at two an hour, while one an hour comes and is due before.

    Each hour brings one more, so that it takes 24 hours instead of 12.
    """
    queue = line(*range(23), leads=(HOUR_S,) * 24)
    first, last = queue.expected_s(NOW + 30 * DAY_S, NOW)
    assert first == 12 * HOUR_S
    assert last == pytest.approx(24 * HOUR_S, rel=0.02)
    assert queue.expected_s(NOW, NOW)[1] == 12 * HOUR_S  # nobody is due before one due now


def test_where_nothing_was_served_nobody_knows() -> None:
    assert line(1, per_hour=0).expected_s(2, NOW) == (math.inf, math.inf)


def served(*per_day: float) -> dict[int, float]:
    """Ends at nine to noon of each day up to now, today's (the last 24 hours) first."""
    hour = int(NOW // HOUR_S)
    return {
        hour - 24 * day - back: total / 3 for day, total in enumerate(per_day) for back in (1, 2, 3)
    }


def test_people_who_sleep_serve_nobody_at_night() -> None:
    """Thirty a day, all from nine to noon: from noon on nothing for 21 hours, then ten an hour."""
    today, _ = paces(served(*[30] * 7), [0.0] * 8, NOW)
    assert [today[n] for n in (0, 20, 21, 22, 23, 24)] == [0, 0, 10, 20, 30, 30]


def test_today_goes_on_or_the_week_does() -> None:
    """Sixty were served today and thirty on other days."""
    today, week = paces(served(60, *[30] * 6), [0.0] * 8, NOW)
    assert (today[23], today[47], week[23], week[7 * 24 - 1]) == (60, 120, 30, 240)


def test_a_day_without_a_queue_does_not_say_what_can_be_done() -> None:
    """Today and yesterday many waited: 90 and 70 are the pace. The other five only saw 30 come.

    The week from now on: five days of their mean of 80, then yesterday's 70 and today's 90.
    """
    waiting = [500.0, 400.0, 300.0, 0, 0, 0, 0, 0]
    today, week = paces(served(90, 70, 30, 30, 30, 30, 30), waiting, NOW)
    assert today[23] == 90
    assert week[23] == pytest.approx(80)
    assert week[7 * 24 - 1] == pytest.approx(5 * 80 + 70 + 90)


def waits(count: int, lasted: float, ago: float = HOUR_S, **fields: object) -> list[Wait]:
    """As many that ended within an hour, that long ago."""
    found = []
    for n in range(count):
        end = NOW - ago - HOUR_S * (1 - n / count)
        found.append(Wait(end - lasted, end, **fields))  # type: ignore[arg-type]
    return found


def measured(some: list[Wait], running: tuple[Wait, ...] = (), leg: Leg = Leg.CONSENT) -> Estimate:
    known = estimate(leg, seen(some, running), NOW)
    assert known is not None
    return known


def seen(some: list[Wait], running: tuple[Wait, ...] = ()) -> Seen:
    hours: dict[int, float] = {}
    for wait in some:
        hour = int((wait.ended or 0) // HOUR_S)
        hours[hour] = hours.get(hour, 0) + 1
    by_end = sorted(some, key=lambda wait: wait.ended or 0)
    return Seen([(wait, 1.0) for wait in by_end], running, 1.0, hours)


def told(known: Estimate, party: str = "", due: float = NOW) -> tuple[float, float]:
    found = known.tell(party, due, NOW)
    assert found is not None
    return found.low_s, found.high_s


def test_below_thirty_ends_nothing_is_told() -> None:
    assert estimate(Leg.CONSENT, seen(waits(29, 7_200)), NOW) is None
    assert estimate(Leg.CONSENT, seen(waits(30, 7_200)), NOW) is not None
    assert estimate(Leg.CONSENT, seen(waits(40, 7_200, cut=True)), NOW) is None
    assert estimate(Leg.CONSENT, seen(waits(40, 7_200, ago=8 * DAY_S)), NOW) is None


def test_all_that_took_two_hours_take_two_hours() -> None:
    known = measured(waits(200, 7_200))
    assert told(known) == (7_200, 9_000)  # high rounded up one step, so that it is a range
    found = known.tell("", NOW, NOW)
    assert found is not None
    assert (found.measured, found.ahead) == (200, None)


def test_a_merchant_that_answered_enough_is_measured_alone() -> None:
    others = waits(200, 7_200)
    assert told(measured(others + waits(60, 36_000, party="m-slow")), "m-slow") == (36_000, 39_600)
    few = measured(others + waits(59, 36_000, party="m-slow"))
    assert told(few, "m-slow") == told(few) == told(few, "m-unknown")


def test_a_surge_is_noticed_before_the_slow_ones_end() -> None:
    """Those that ended took two hours, but as many began ten hours ago and still last."""
    slow = tuple(Wait(NOW - 36_000, None) for _ in range(200))
    high = told(measured(waits(200, 7_200), slow))[1]
    assert high > 36_000
    assert told(measured(waits(200, 7_200)))[1] == 9_000


def test_more_that_come_than_it_was_measured_on_widen_the_range() -> None:
    """200 came within a day, then 600 in the last three hours: 200 an hour where 33 were."""
    new = tuple(Wait(NOW - 60, None) for _ in range(600))
    calm, busy = waits(200, 7_200, ago=6 * HOUR_S), seen(waits(200, 7_200, ago=6 * HOUR_S), new)
    known = estimate(Leg.CONSENT, busy, NOW)
    assert known is not None
    assert told(known)[1] > 1.5 * told(measured(calm))[1]


def test_what_was_told_too_low_is_told_higher() -> None:
    """All said one to two hours and took six: three times the high, six times the low."""
    record = waits(200, 21_600, low_s=3_600.0, high_s=7_200.0)
    known = measured(record)
    assert known.pools[""].scale == pytest.approx((6.0, 3.0))


def test_what_was_told_too_wide_is_told_narrower_but_not_for_a_queue() -> None:
    record = waits(200, 7_200, low_s=3_600.0, high_s=14_400.0)
    assert measured(record).pools[""].scale == pytest.approx((2.0, 0.5))
    queue = measured(waits(200, 7_200), leg=Leg.TRACE)
    assert told(measured(record, leg=Leg.TRACE)) == told(queue)


def test_the_least_slack_is_told_the_shorter_wait() -> None:
    queue = tuple(Wait(NOW - DAY_S, None, due=NOW + n * HOUR_S) for n in range(200))
    known = measured(waits(100, 3_600), queue, Leg.ARBITRATION)
    soon, late = known.tell("", NOW + HOUR_S, NOW), known.tell("", NOW + 300 * HOUR_S, NOW)
    assert soon is not None
    assert late is not None
    assert (soon.ahead, late.ahead) == (2, 200)
    assert soon.high_s < late.high_s


def spread(count: int, each_s: float, **fields: object) -> list[Wait]:
    """The k-th took k times as long, and all ended five hours ago or before, one a minute."""
    some = []
    for n in range(1, count + 1):
        end = NOW - 5 * HOUR_S - n * 60
        some.append(Wait(end - n * each_s, end, **fields))  # type: ignore[arg-type]
    return some


def test_one_in_twenty_is_below_the_range_and_one_above() -> None:
    """Of 199, the 10th took 500 s, and the 190th 9500."""
    assert told(measured(spread(199, 50.0))) == (480, 10_800)


def test_a_day_that_holds_enough_says_it_alone() -> None:
    before = waits(500, 36_000, ago=2 * DAY_S)
    assert told(measured(waits(100, 7_200) + before)) == (7_200, 9_000)
    assert told(measured(waits(99, 7_200) + before))[1] >= 36_000


def test_what_was_broken_off_lasted_at_least_so_long_and_is_no_end() -> None:
    ago = 6 * HOUR_S
    known = measured(waits(200, 7_200, ago) + waits(200, 3_600, ago, cut=True))
    assert told(known) == (7_200, 9_000)
    found = known.tell("", NOW, NOW)
    assert found is not None
    assert (found.measured, found.over_s) == (200, 7 * HOUR_S)


def test_one_that_was_not_seen_young_says_nothing_of_the_young() -> None:
    """They began five days ago; what they were like on their first day is not of today."""
    old = tuple(Wait(NOW - 5 * DAY_S, None) for _ in range(200))
    assert told(measured(waits(200, 7_200), old)) == (7_200, 9_000)


def test_a_merchants_own_that_still_last_count_for_it_alone() -> None:
    some = waits(200, 7_200) + waits(60, 7_200, party="m-slow")
    slow = tuple(Wait(NOW - 36_000, None, party="m-slow") for _ in range(60))
    known = measured(some, slow)
    assert told(known, "m-slow")[1] > 36_000
    assert known.pools["m-slow"].high_s > 2 * known.pools[""].high_s


def test_what_the_model_said_is_kept_as_it_said_it() -> None:
    found = measured(waits(200, 21_600, low_s=3_600.0, high_s=7_200.0)).tell("", NOW, NOW)
    assert found is not None
    assert (found.model_low_s, found.model_high_s) == (21_600, 21_600)
    assert found.low_s > 100_000  # six times as much is told


def test_nothing_is_stretched_more_than_eightfold() -> None:
    record = waits(200, 36_000, low_s=60.0, high_s=600_000.0)
    assert measured(record).pools[""].scale == (8.0, 0.2)


def test_a_queues_range_is_from_under_half_to_half_as_much_again() -> None:
    """Two hours by its length; a record that fared well narrows nothing."""
    for scale in (_AS_IT_IS, _Scale(2.0, 0.5)):
        pool = _Pool(1.0, 1.0, scale, 40, HOUR_S)
        found = Estimate({"": pool}, line(1, 2, 3)).tell("", 4, NOW)
        assert found is not None
        assert (found.model_low_s, found.model_high_s) == (0.45 * 7_200, 1.5 * 7_200)
        assert (found.low_s, found.high_s, found.ahead) == (3_000, 10_800, 3)


def test_who_overtakes_is_counted_by_who_came_within_the_day() -> None:
    queue = (
        Wait(NOW - HOUR_S, None, due=NOW + 4 * HOUR_S),
        Wait(NOW - 25 * HOUR_S, None, due=NOW + HOUR_S),
    )
    line = measured(waits(100, 3_600), queue, Leg.ARBITRATION).line
    assert line is not None
    assert list(line.leads) == [5 * HOUR_S]
    assert list(line.dues) == [NOW + HOUR_S, NOW + 4 * HOUR_S]


def test_one_of_a_sample_stands_for_more() -> None:
    """Two ahead, each for three, and oneself: seven at two an hour; 24 that came stand for 72."""
    pace = [2.0 * (n + 1) for n in range(2_160)]
    some = Line(int(NOW // HOUR_S), (1, 2), 3.0, (), [pace])
    assert (some.ahead(3), some.ahead(1)) == (6, 3)
    assert some.expected_s(3, NOW) == (3.5 * HOUR_S, 3.5 * HOUR_S)
    busy = Line(int(NOW // HOUR_S), range(23), 1.0, (HOUR_S,) * 8, [pace])
    for_three = Line(int(NOW // HOUR_S), range(23), 3.0, (HOUR_S,) * 8, [pace])
    due = NOW + 30 * DAY_S
    assert busy.expected_s(due, NOW)[1] == pytest.approx(24 / (2 - 1 / 3) * HOUR_S, rel=0.02)
    assert for_three.expected_s(due, NOW)[1] == pytest.approx(70 * HOUR_S, rel=0.02)


def test_where_nothing_was_served_of_late_no_queue_is_told() -> None:
    """Thirty ended in a week, none of them within an hour that counts as served."""
    unserved = Seen([(wait, 1.0) for wait in waits(30, 600)], (), 1.0, {})
    known = estimate(Leg.TRACE, unserved, NOW)
    assert known is not None
    assert known.tell("", NOW, NOW) is None


def test_a_day_shows_what_can_be_done_by_who_waited_through_it() -> None:
    """Sixty were served today while a hundred waited, and still do; yesterday thirty came."""
    queue = tuple(Wait(NOW - 30 * HOUR_S, None, due=NOW) for _ in range(100))
    some = waits(60, 600, ago=HOUR_S) + waits(30, 600, ago=30 * HOUR_S)
    line = measured(some, queue, Leg.TRACE).line
    assert line is not None
    today, week = line.paces
    assert today[23] == pytest.approx(60)
    assert week[6 * 24 - 1] == pytest.approx(6 * 60)  # the other days could have done the same


def test_a_range_beyond_a_quarter_of_a_year_is_not_told() -> None:
    begun = Begun(ids.new(), Leg.CONSENT, 1, "", None, START)
    for high_s, is_told in ((90 * DAY_S, True), (91 * DAY_S, False)):
        pool = _Pool(DAY_S, high_s, _AS_IT_IS, 40, HOUR_S)
        wait = with_range(begun, {Leg.CONSENT: Estimate({"": pool})})
        assert (wait.told is not None) == is_told


def test_half_as_many_again_is_a_busy_hour_and_widens_nothing() -> None:
    """Ten an hour all day, then twenty more in the last three hours: 17 an hour where 11 were."""
    day = [Wait(NOW - 360 * n - 600, NOW - 360 * n) for n in range(1, 237)]
    new = tuple(Wait(NOW - 60, None) for _ in range(20))
    assert measured(day, new).pools[""].high_s == 600


def test_who_is_first_seen_at_an_age_is_not_at_risk_at_it() -> None:
    """At 1 there is one, and the asker. Both ends were seen within two hours of looking."""
    assert quantiles([(0, 1, True, 1), (1, 3, True, 1)], [0.5]) == [1]
    (high,) = quantiles([(0, 1, True, 1), (4, 5, True, 1)], [0.9])
    assert high == pytest.approx(5 + math.log(0.25 / 0.1))


def test_at_the_earliest_by_the_faster_pace_at_the_latest_by_the_slower() -> None:
    both = [[per_hour * (n + 1) for n in range(2_160)] for per_hour in (2.0, 4.0)]
    assert Line(int(NOW // HOUR_S), (1, 2, 3), 1.0, (), both).expected_s(4, NOW) == (3_600, 7_200)


def test_a_quiet_today_stays_what_it_was_and_other_quiet_days_are_taken_for_busy_ones() -> None:
    """Only yesterday many waited: 90. Today 30 came, and so many are expected if it goes on."""
    waiting = [0.0, 400.0, 400.0, 0, 0, 0, 0, 0]
    today, week = paces(served(30, 90, *[30] * 5), waiting, NOW)
    assert today[23] == pytest.approx(30)
    assert week[7 * 24 - 1] == pytest.approx(6 * 90 + 30)
