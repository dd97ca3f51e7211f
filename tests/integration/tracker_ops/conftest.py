"""The pages over a migrated database, behind the real server."""

from collections.abc import AsyncIterator, Callable

import pytest

from services.tracker import ops
from shared import db, http
from tests.integration.tracker.desk import KEYS, Believing
from tests.integration.tracker.stage import Stage
from tests.unit.shared.serving import Api, served


@pytest.fixture
async def stage(database: Callable[[str], str]) -> AsyncIterator[Stage]:
    """Nothing in it but what this test does."""
    engine = db.engine(database("tracker"), "test", 4)
    yield Stage(engine)
    await engine.dispose()


@pytest.fixture
async def pages(stage: Stage) -> AsyncIterator[Api]:
    """The pages, and whoever calls is believed."""
    verifier = Believing()
    app = http.create_app("tracker", version="test", verifier=verifier)
    app.include_router(ops.pages(stage.engine, verifier, KEYS))
    async with served(app) as client:
        yield client
