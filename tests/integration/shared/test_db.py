import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import clock, db, dead_letters
from tests.integration.shared.support import kill_connections

CANARY = "13800138000"

# what the server must end by itself, so that a stopped process holds no lock for long
TIMEOUTS = {
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "statement_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "TimeZone": "UTC",
}


@pytest.mark.parametrize(("name", "value"), TIMEOUTS.items())
async def test_sessions_of_the_pool_have_the_timeouts(
    engine: AsyncEngine, name: str, value: str
) -> None:
    async with engine.connect() as tx:
        assert (await tx.execute(text(f"SHOW {name}"))).scalar_one() == value


async def test_a_session_of_ones_own_has_the_timeouts_and_a_name(dsn: str) -> None:
    connection = await db.unpooled(dsn, "own-name")
    try:
        found = {name: await connection.fetchval(f"SHOW {name}") for name in TIMEOUTS}
        assert found == TIMEOUTS
        assert await connection.fetchval("SHOW application_name") == "own-name"
    finally:
        await connection.close()


async def failure(engine: AsyncEngine, statement: str, **values: object) -> DBAPIError:
    with pytest.raises(DBAPIError) as failed:
        async with engine.begin() as tx:
            await tx.execute(text(statement), values)
    return failed.value


NEW = "INSERT INTO inbox (event_id) VALUES "


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("SELECT CAST(:x AS integer)", {"x": 2**40}),
        ("SELECT CAST(:x AS bigint)", {"x": 2**80}),
        ("SELECT CAST(:x AS uuid)", {"x": CANARY}),
        ("SELECT CAST(:x AS text)", {"x": CANARY + "\0"}),
        ("SELECT CAST(:x AS text)", {"x": "\ud800"}),
        (NEW + "(NULL)", {}),
        (NEW + "(CAST(:x AS uuid)), (CAST(:x AS uuid))", {"x": "0" * 32}),
        ("INSERT INTO outbox (shard, topic, key, headers, value) VALUES (9,'','','[]','')", {}),
        (
            NEW + "(CAST(:x AS uuid)), (CAST(:x AS uuid)) ON CONFLICT (event_id)"
            " DO UPDATE SET received_at = now()",
            {"x": "0" * 32},
        ),
        ("SELECT 1 / 0", {}),
        ("DO $$ BEGIN RAISE EXCEPTION 'no'; END $$", {}),
    ],
)
async def test_what_no_retry_changes_is_no_outage_and_shows_no_values(
    engine: AsyncEngine, statement: str, values: dict[str, object]
) -> None:
    error = await failure(engine, statement, **values)
    assert not db.is_outage(error)
    assert not db.is_contention(error)
    assert CANARY not in dead_letters.safe_reason(error)


@pytest.mark.parametrize(
    "statement",
    ["SELECT * FROM nowhere", "SELECT nothing FROM inbox", "SELECT unheard_of(1)"],
)
async def test_a_database_that_is_not_migrated_is_an_outage(
    engine: AsyncEngine, statement: str
) -> None:
    error = await failure(engine, statement)
    assert db.is_outage(error)
    assert not db.is_contention(error)


async def test_a_service_is_ready_once_its_database_is_migrated(
    database: Callable[[str], str], empty_database: str
) -> None:
    migrated, empty = (db.engine(dsn, "test") for dsn in (database("tracker"), empty_database))
    await db.check_ready(migrated, "tracker")
    with pytest.raises(DBAPIError, match="alembic_version"):
        await db.check_ready(empty, "tracker")
    for revision, fine in (("9999", True), ("0000", False)):
        async with migrated.begin() as tx:
            await tx.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
        with contextlib.nullcontext() if fine else pytest.raises(db.Unmigrated, match="migrate"):
            await db.check_ready(migrated, "tracker")
    await migrated.dispose()
    await empty.dispose()


async def test_a_lost_connection_is_an_outage_and_the_pool_recovers(
    dsn: str, engine: AsyncEngine
) -> None:
    with pytest.raises(DBAPIError) as failed:  # noqa: PT012 - one transaction
        async with engine.begin() as tx:
            await tx.execute(text("SELECT 1"))
            assert await kill_connections(dsn, "test") == 1
            await tx.execute(text("SELECT 1"))
    assert db.is_outage(failed.value)
    async with engine.begin() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1


async def test_an_absent_server_and_an_exhausted_pool_are_outages(dsn: str) -> None:
    absent = db.engine("postgresql://nobody:x@127.0.0.1:1/none", "test")
    with pytest.raises(OSError) as refused:  # noqa: PT011 - any of them
        async with absent.begin():
            pass
    assert db.is_outage(refused.value)
    small = db.engine(dsn, "test", pool_size=1)
    small.pool._timeout = 0.05  # type: ignore[attr-defined]  # noqa: SLF001 - 10 s otherwise
    with pytest.raises(Exception, match="QueuePool limit") as full:
        async with small.connect(), small.connect():
            pass
    assert db.is_outage(full.value)
    await small.dispose()


async def test_waiting_for_a_lock_too_long_is_an_outage(engine: AsyncEngine) -> None:
    async with engine.begin() as holder:
        await holder.execute(text("LOCK TABLE inbox"))
        with pytest.raises(DBAPIError) as late:  # noqa: PT012 - one transaction
            async with engine.begin() as tx:
                await tx.execute(text("SET LOCAL lock_timeout = 50"))
                await tx.execute(text(NEW + "(gen_random_uuid())"))
        assert db.is_outage(late.value)


async def test_a_deadlock_is_contention(engine: AsyncEngine) -> None:
    both = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> BaseException | None:
        try:
            async with engine.begin() as tx:
                await tx.execute(text(f"SELECT pg_advisory_xact_lock({first})"))
                await both.wait()
                await tx.execute(text(f"SELECT pg_advisory_xact_lock({second})"))
        except DBAPIError as error:
            return error
        return None

    results = await asyncio.gather(lock(1, 2), lock(2, 1))
    (error,) = [r for r in results if r]
    assert db.is_contention(error)
    assert db.is_outage(error)


@contextlib.asynccontextmanager
async def freezable(dsn: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """The same database behind a line that passes nothing on while the event is clear."""
    place = urlsplit(dsn)
    flowing = asyncio.Event()
    flowing.set()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                await flowing.wait()
                sink.write(data)
                await sink.drain()
        sink.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        above, below = await asyncio.open_connection(place.hostname, place.port)
        await asyncio.gather(pump(reader, below), pump(above, writer))

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield dsn.replace(f":{place.port}/", f":{port}/"), flowing
        flowing.set()


async def test_a_server_that_stops_answering_is_given_up(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_COMMAND_TIMEOUT_S", 0.3)
    async with freezable(dsn) as (address, flowing):
        engine = db.engine(address, "test")
        started = clock.monotonic()
        with pytest.raises((TimeoutError, DBAPIError, OSError)) as stalled:  # noqa: PT012 - one transaction
            async with engine.begin() as tx:
                await tx.execute(text("SELECT 1"))
                flowing.clear()
                await tx.execute(text("SELECT 1"))
        assert db.is_outage(stalled.value)
        assert clock.monotonic() - started < 10
        flowing.set()
        async with engine.begin() as tx:
            assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
        await engine.dispose()


async def test_the_clock_after_locks_is_later_than_the_wait(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        begun = (await tx.execute(text("SELECT now()"))).scalar_one()
        await tx.execute(text("SELECT pg_sleep(0.2)"))
        assert ((await clock.after_locks(tx)) - begun).total_seconds() >= 0.2
