"""The session's system, visited by each test; afterwards all histories are replayed."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.system import System
from tests.e2e.world import World, visiting
from tests.replaying import replayed_in


@pytest.fixture
async def world(system: System) -> AsyncIterator[World]:
    async with visiting(system) as visitor:
        yield visitor
    await replayed_in(system)
