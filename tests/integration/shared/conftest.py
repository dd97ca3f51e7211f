import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import db, pipes, tasks
from shared.kafka import Settings
from shared.seal import KeyRing
from tests.backing import Backing, Databases


@pytest.fixture(scope="session")
def shared_dsn(databases: Databases) -> str:
    """A database with the shared tables, made once; each test finds them empty."""
    dsn = databases.empty("shared")
    asyncio.run(_create_tables(dsn))
    return dsn


async def _create_tables(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(pipes.ddl("0001"))
    await connection.execute("CREATE TABLE handled (event_id uuid, subject text, sequence bigint)")
    await connection.close()
    metadata = MetaData()
    tasks.declare(metadata)
    engine = db.engine(dsn, "test")
    async with engine.begin() as tx:
        await tx.run_sync(metadata.create_all)
    await engine.dispose()


@pytest.fixture
async def dsn(shared_dsn: str) -> str:
    connection = await asyncpg.connect(shared_dsn)
    await connection.execute("TRUNCATE outbox, inbox, dead_letters, handled, tasks")
    await connection.close()
    return shared_dsn


@pytest.fixture
async def engine(dsn: str) -> AsyncIterator[AsyncEngine]:
    made = db.engine(dsn, "test", pool_size=12)
    yield made
    await made.dispose()


@pytest.fixture
def keys() -> KeyRing:
    return KeyRing("k1", {"k1": AESGCM(b"k" * 32)})


@pytest.fixture
def settings(backing: Backing, topic_prefix: str) -> Settings:
    return Settings(backing.bootstrap, topic_prefix)
