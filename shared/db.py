"""PostgreSQL through SQLAlchemy Core and asyncpg, with the timeouts that keep a stall local."""

from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared import clock

# A process stopped in mid-transaction holds its locks: the server ends such a session.
_SERVER_SETTINGS: Final = {
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "10000",
    "statement_timeout": "30000",
    # a machine that lost power keeps its locks until the server misses it: 25 s, not 2 hours
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "timezone": "UTC",
}
_CONNECT_TIMEOUT_S: Final = 5
_COMMAND_TIMEOUT_S: Final = 35  # for a server that does not answer, so above statement_timeout
# SQLSTATE classes that no retry will change: unsupported, cardinality, data, integrity, functions,
# views, limits of a statement, and what the database's own code raises. Not 42: an unknown table or
# column, or a right that is missing, is the fault of no record and ends when somebody migrates.
_FINAL_CLASSES: Final = ("0A", "21", "22", "23", "2F", "38", "39", "44", "54", "P0")
_RETRIED_AT_ONCE: Final = ("40P01", "40001")  # deadlock, serialisation
_SERVICES: Final = Path(__file__).parents[1] / "services"
_REVISION: Final = text("SELECT max(version_num) FROM alembic_version")


class Unmigrated(Exception):
    """The database is older than this code; says which revision is missing and what to run."""


def engine(dsn: str, name: str, pool_size: int = 8) -> AsyncEngine:
    """A bounded pool on a `postgresql://` address; `name` shows in pg_stat_activity."""
    return create_async_engine(
        dsn.replace("postgresql://", "postgresql+asyncpg://", 1),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        hide_parameters=True,  # an error's text must not hold a row's values
        connect_args={
            "server_settings": _SERVER_SETTINGS | {"application_name": name},
            "timeout": _CONNECT_TIMEOUT_S,
            "command_timeout": _COMMAND_TIMEOUT_S,
        },
    )


async def unpooled(dsn: str, name: str) -> asyncpg.Connection:
    """A connection of one's own, for locks that live as long as the session."""
    return await asyncpg.connect(
        dsn,
        timeout=_CONNECT_TIMEOUT_S,
        command_timeout=_COMMAND_TIMEOUT_S,
        server_settings=_SERVER_SETTINGS | {"application_name": name},
    )


async def check_ready(engine: AsyncEngine, service: str) -> None:
    """Whether the service's database answers and has what this code needs; newer is fine.

    Raises:
        Unmigrated: a revision is missing.
        DBAPIError, OSError, TimeoutError: the server is away, or no table is there at all.

    """
    async with engine.connect() as connection:
        found = (await connection.execute(_REVISION)).scalar_one()
    newest = max(path.name[:4] for path in (_SERVICES / service).glob("migrations/versions/0*.py"))
    if (found or "") < newest:
        raise Unmigrated(f"{found} and not {newest}: run python -m services.{service} migrate")


def is_outage(error: BaseException) -> bool:
    """Whether waiting may help: the server is away, full, unmigrated, or a session in the way."""
    if isinstance(error, (InterfaceError, PoolTimeout, OSError, TimeoutError)):
        return True
    if isinstance(error, DBAPIError):
        state = sqlstate(error)
        return state is None or not state.startswith(_FINAL_CLASSES)
    if isinstance(error, asyncpg.PostgresError):
        return not (error.sqlstate or "").startswith(_FINAL_CLASSES)
    return isinstance(error, asyncpg.InterfaceError)


def sqlstate(error: BaseException) -> str | None:
    """The five-character code of the server, where it gave one."""
    return getattr(getattr(error, "orig", error), "sqlstate", None)


def is_contention(error: BaseException) -> bool:
    """A deadlock or a serialisation failure: the same transaction may succeed at once."""
    return isinstance(error, DBAPIError) and sqlstate(error) in _RETRIED_AT_ONCE


async def pause_between(attempt: int) -> None:
    """Wait a little longer after each attempt, up to 2 s."""
    await clock.sleep(min(2.0, 0.05 * 2**attempt))
