"""What each service's Alembic environment does: one database, one history, SQLAlchemy metadata."""

import asyncio
from pathlib import Path

from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import Connection, MetaData, pool
from sqlalchemy.ext.asyncio import create_async_engine


def config(service: str, dsn: str) -> Config:
    """Alembic's settings for a service, without an ini file."""
    here = Path(__file__).parents[1] / "services" / service / "migrations"
    settings = Config()
    settings.set_main_option("script_location", str(here).replace("%", "%%"))
    settings.attributes["dsn"] = dsn
    return settings


def upgrade(service: str, dsn: str) -> None:
    """Bring the database to the newest revision; safe to run at each start and side by side."""
    command.upgrade(config(service, dsn), "head")


def run(metadata: MetaData) -> None:
    """The body of a service's `env.py`."""
    asyncio.run(_run(metadata, context.config.attributes["dsn"]))


async def _run(metadata: MetaData, dsn: str) -> None:
    address = dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(address, poolclass=pool.NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate, metadata)
    finally:
        await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    # Two instances that start together must not migrate together.
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(782110)")
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def execute(sql: str) -> None:
    """Run a frozen script of several statements inside the migration's transaction.

    asyncpg prepares what SQLAlchemy sends, and one prepared statement holds one command.
    """
    connection = op.get_bind().connection.dbapi_connection
    connection.run_async(lambda raw: raw.execute(sql))  # type: ignore[union-attr]
