"""Every page has an explicit rule."""

from collections.abc import Iterator
from typing import Any, cast

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from services.tracker import ops
from shared.auth import Role
from shared.http import Allow


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield each
        yield from _dependants(each)


def _rule(route: APIRoute) -> object:
    found = [set(d.call.roles) for d in _dependants(route.dependant) if isinstance(d.call, Allow)]
    return found[0] if found else getattr(route.endpoint, "rule", None)


def test_every_page_has_the_rule_that_people_agreed_on() -> None:
    router: APIRouter = ops.pages(cast("Any", None), cast("Any", None), cast("Any", None))
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    assert {f"{m} {route.path}": _rule(route) for route in routes for m in route.methods or ()} == {
        "GET /": {Role.OPS},
        "GET /disputes/{dispute_id}": {Role.OPS},
        "GET /login": "public",
        "POST /login": "public",
        "POST /logout": "public",
        "GET /pages.css": "public",
    }
    assert not any(route.include_in_schema for route in routes)
