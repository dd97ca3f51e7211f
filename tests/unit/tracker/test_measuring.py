"""How often the waits are measured."""

import pytest

from services.tracker.measuring import pause_after


@pytest.mark.parametrize(("took_s", "pause_s"), [(0.1, 30), (0.6, 30), (2, 100), (60, 300)])
def test_a_long_measurement_is_made_less_often_and_never_too_seldom(
    took_s: float, pause_s: float
) -> None:
    assert pause_after(took_s) == pause_s
