"""Schemathesis asks everything the document allows, and what it does not: never a 5xx."""

import asyncio
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deploy.local import token
from deploy.local.keys import Keys
from deploy.local.ports import free
from services.intake.handlers import feed
from shared import clock, db
from shared.auth import Role
from tests.integration.intake.test_process import environment, served
from tests.integration.intake.world import World, payment

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    ("POST", "/v1/disputes"),
    ("GET", "/v1/disputes"),
    ("GET", "/v1/disputes/{dispute_id}"),
    ("GET", "/v1/disputes/by-reference/{reference}"),
    ("POST", "/v1/disputes/{dispute_id}/actions"),
    ("GET", "/v1/transactions"),
    ("GET", "/v1/kinds"),
    ("GET", "/v1/wallet"),
    ("POST", "/v1/access-reports"),
]


@pytest.fixture
def world(database: Callable[[str], str], tmp_path: Path) -> World:
    return World(database("intake"), tmp_path)


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """A process that serves, with two transactions in its copy and no Kafka."""
    asyncio.run(_recorded(world))
    (port,) = free(1)
    with served(environment(world, port), world.work / "intake.log"):
        address = f"http://127.0.0.1:{port}"
        _wait_ready(f"{address}/health/ready")
        yield address


def test_nothing_that_can_be_asked_breaks_the_service(world: World, address: str) -> None:
    document = schemathesis.openapi.from_url(f"{address}/openapi.json")
    described = document.raw_schema["paths"].items()
    assert {(m.upper(), path) for path, methods in described for m in methods} == set(OPERATIONS)
    for role in (Role.CUSTOMER, Role.AGENT):
        minted = token.mint(Keys(world.work).issuer, role, "ana", timedelta(minutes=10))
        for method, path in OPERATIONS:
            _attack(document[path][method], minted)


def _attack(operation: Any, bearer: str) -> None:
    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        headers = {"Authorization": f"Bearer {bearer}"}
        case.call_and_validate(headers=headers, checks=CHECKS, timeout=20)

    run()


async def _recorded(world: World) -> None:
    engine = db.engine(world.dsn, "test", pool_size=1)
    async with engine.begin() as tx:
        await feed.copy_transactions(tx, [payment("t-1"), payment("t-2")])
    await engine.dispose()


def _wait_ready(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback
                return
        except OSError:
            asyncio.run(clock.sleep(0.2))
    raise AssertionError(f"{url} never answered 200")
