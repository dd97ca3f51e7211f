"""The exhaustive search itself: it must miss what nothing needs, and find what must not be."""

import pytest

from services.tracker.domain import guards, routes
from services.tracker.domain.route import Route
from services.tracker.domain.routes import PATHS
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Kind
from tests.model.explore import Found, explore
from tests.model.graph import Graph
from tests.model.removal import catch_by
from tests.model.routed import watching
from tests.model.scope import Scope

COMPLAINT = PATHS[Kind.COMPLAINT]


def search(scope: Scope) -> Found:
    with watching() as routed:
        return explore(Graph(scope, routed))


def test_each_route_of_a_path_is_caught_when_it_is_taken_away() -> None:
    caught = {one.route: one.how for one in catch_by(Kind.COMPLAINT)}
    assert caught["complaint", "complaint"] == "dead end"
    assert ("complaint", "answered once, asked again") in caught


def test_a_route_that_another_one_stands_in_for_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = Route("complaint, too", guards.is_complaint, T.TAKE_COMPLAINT)
    monkeypatch.setitem(PATHS, Kind.COMPLAINT, (twice, *COMPLAINT))
    caught = {one.route for one in catch_by(Kind.COMPLAINT)}
    assert not caught & {("complaint", "complaint, too"), ("complaint", "complaint")}


def test_a_dispute_that_waits_for_nobody_is_a_dead_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PATHS, Kind.COMPLAINT, COMPLAINT[1:])
    assert search(Scope(Kind.COMPLAINT)).dead_ends


def test_an_appeal_that_stays_open_at_the_end_breaks_a_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = tuple(route for route in routes.ALWAYS if route.name != "appeal heard")
    monkeypatch.setattr(routes, "ALWAYS", kept)
    found = search(Scope(Kind.COMPLAINT, appeals=True))
    assert found.double_pay[0].endswith("an end with an appeal that is not over (rule 20)")


def test_the_path_as_it_is_has_neither() -> None:
    found = search(Scope(Kind.COMPLAINT, appeals=True))
    assert (found.is_bad, found.ends) == (False, {"answered", "withdrawn"})
