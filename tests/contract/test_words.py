"""Codes that one service invents and another puts into words; neither imports the other."""

import pytest

from services.notifier import templates
from services.tracker.domain.routes import PATHS
from services.tracker.domain.self_custody import PATHS_OF_KEYS
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Reopening

ROUTES = {
    route for path in (*PATHS.values(), *PATHS_OF_KEYS.values()) for route in path if route.cause
}
TO_A_PERSON = (T.OPEN_ARBITRATION, T.GATHER_EVIDENCE)
NEUTRAL = {"held_by_law"}  # the text that goes with it names no reason


def causes(*, to_a_person: bool) -> set[str]:
    return {route.cause for route in ROUTES if (route.trigger in TO_A_PERSON) == to_a_person}


@pytest.mark.parametrize("locale", templates.LOCALES)
def test_every_cause_of_the_trackers_routes_has_words_in_the_notifier(locale: str) -> None:
    words = templates.language(locale).raw["words"]
    assert causes(to_a_person=True) <= words["why"].keys()
    assert causes(to_a_person=False) - NEUTRAL <= words["rule"].keys()


@pytest.mark.parametrize("locale", templates.LOCALES)
def test_a_rule_that_stands_for_a_reason_has_words_as_a_reason(locale: str) -> None:
    words = templates.language(locale).raw["words"]
    assert causes(to_a_person=False) - NEUTRAL <= words["reason"].keys()


@pytest.mark.parametrize("locale", templates.LOCALES)
def test_what_a_court_or_a_regulator_ordered_is_not_told_by_us(locale: str) -> None:
    why = templates.language(locale).raw["words"]["why"]
    assert {Reopening.COURT_ORDER, Reopening.REGULATOR} & why.keys() == set()
