"""A database of the tracker's for each test."""

from collections.abc import AsyncIterator, Callable

import pytest

from shared import db
from tests.integration.tracker.stage import Stage


@pytest.fixture
async def stage(database: Callable[[str], str]) -> AsyncIterator[Stage]:
    """Sixteen connections, so that transactions are really side by side."""
    engine = db.engine(database("tracker"), "test", pool_size=16)
    yield Stage(engine)
    await engine.dispose()
