"""Databases of the tracker's: for each test, or for a module that keeps to its own disputes.

After each test every history in its database is replayed and must decide the same.
"""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from shared import clock, db
from tests.backing import Databases
from tests.integration.tracker.books import check_books
from tests.integration.tracker.desk import serving
from tests.integration.tracker.stage import Stage
from tests.replaying import replayed
from tests.unit.shared.serving import Api

CONNECTIONS = 16  # so that transactions are really side by side


@pytest.fixture
async def stage(database: Callable[[str], str]) -> AsyncIterator[Stage]:
    """Nothing in it but what this test does."""
    engine = db.engine(database("tracker"), "test", CONNECTIONS)
    try:
        yield Stage(engine)
        await replayed(engine)
        await check_books(Stage(engine))
    finally:
        await engine.dispose()


@pytest.fixture(scope="module", name="module_dsn")
def _module_dsn(databases: Databases) -> Iterator[str]:
    dsn = databases.clone("tracker")
    yield dsn
    databases.drop(dsn)


@pytest.fixture
async def common(module_dsn: str) -> AsyncIterator[Stage]:
    """Disputes of the module's other tests are in it too."""
    engine = db.engine(module_dsn, "test", CONNECTIONS)
    began = clock.utcnow()
    try:
        yield Stage(engine)
        await replayed(engine, began)
        await check_books(Stage(engine))
    finally:
        await engine.dispose()


@pytest.fixture
async def api(common: Stage) -> AsyncIterator[Api]:
    """The HTTP interface over `common`."""
    async with serving(common) as client:
        yield client
