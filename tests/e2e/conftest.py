"""The session's system, visited by each test."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.system import System
from tests.e2e.world import World, visiting


@pytest.fixture
async def world(system: System) -> AsyncIterator[World]:
    async with visiting(system) as visitor:
        yield visitor
