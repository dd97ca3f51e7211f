"""Every route has an explicit rule, and the committed document is what the service answers."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

import shared
from services.intake import api
from services.intake.api.app import build
from shared import docs
from shared.auth import Role
from shared.http import Allow

EVERYBODY = set(Role)
RULES = {
    "POST /v1/disputes": {Role.CUSTOMER, Role.AGENT},
    "GET /v1/disputes": {Role.CUSTOMER, Role.AGENT, Role.OPS},
    "GET /v1/disputes/by-reference/{reference}": {Role.CUSTOMER, Role.AGENT, Role.OPS},
    "GET /v1/disputes/{dispute_id}": {Role.CUSTOMER, Role.AGENT, Role.OPS},
    "POST /v1/disputes/{dispute_id}/actions": {Role.CUSTOMER, Role.AGENT},
    "GET /v1/transactions": {Role.CUSTOMER, Role.AGENT},
    "GET /v1/kinds": EVERYBODY,
    "POST /v1/access-reports": "public",
    "GET /health/live": "public",
    "GET /health/ready": "public",
    "GET /metrics": "public",
    "GET /v1/wallet": "public",
    "GET /docs": "public",
    "GET /docs/{name}": "public",
}


def rule(route: APIRoute) -> object:
    """The roles of a route, `public`, or None where nothing was said."""
    roles = [set(d.call.roles) for d in _dependants(route.dependant) if isinstance(d.call, Allow)]
    return roles[0] if roles else getattr(route.endpoint, "rule", None)


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield each
        yield from _dependants(each)


def rules(app: FastAPI) -> dict[str, object]:
    return {
        f"{method} {route.path}": rule(route)
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


@pytest.fixture
def app() -> FastAPI:
    return build(None, None, [])


def test_every_route_has_the_rule_that_people_agreed_on(app: FastAPI) -> None:
    assert rules(app) == RULES


def test_a_route_without_a_rule_is_found(app: FastAPI) -> None:
    @app.get("/v1/forgotten")
    async def forgotten() -> None: ...

    assert rules(app)["GET /v1/forgotten"] is None


def test_what_is_no_route_of_ours_is_the_document_only(app: FastAPI) -> None:
    others = [getattr(r, "path", r) for r in app.routes if not isinstance(r, APIRoute)]
    assert others == ["/openapi.json"]


def test_the_committed_document_is_the_generated_one(app: FastAPI) -> None:
    committed = Path(api.__file__).parents[1] / "openapi.json"
    assert committed.read_text(encoding="utf-8") == docs.text(app)


def test_every_refusal_is_documented_as_a_problem(app: FastAPI) -> None:
    for path in app.openapi()["paths"].values():
        for operation in path.values():
            assert {"400", "401", "403", "422", "503"} <= set(operation["responses"])
            for status, answer in operation["responses"].items():
                kind = "application/json" if int(status) < 400 else "application/problem+json"
                assert list(answer["content"]) == [kind]


def test_the_vendored_page_is_what_was_published() -> None:
    folder = Path(shared.__file__).parent / "static" / "swagger-ui"
    sums = [line.split() for line in (folder / "SHA256SUMS").read_text().splitlines()]
    assert {name for _, name in sums} == {f.name for f in folder.iterdir()} - {
        "SHA256SUMS",
        "start.js",
    }
    for expected, name in sums:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected
