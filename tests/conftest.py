"""Fixtures for every level, and the count of tests by level."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from deploy.local import layout
from deploy.local.programs import SERVICES
from deploy.local.system import Given, System
from shared import clock
from tests import levels
from tests.backing import Backing, Databases, backing, topics

DEFAULT_PARTITIONS = 3
BEGAN = pytest.StashKey[float]()


@pytest.fixture(scope="session", name="backing")
def _backing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backing]:
    """Kafka and PostgreSQL for the session."""
    with backing(tmp_path_factory.mktemp("backing")) as started:
        yield started


@pytest.fixture(scope="session")
def databases(backing: Backing) -> Iterator[Databases]:
    made = Databases(backing.admin_dsn)
    yield made
    made.close()


@pytest.fixture
def database(databases: Databases) -> Iterator[Callable[[str], str]]:
    """`database("intake")` → DSN of a migrated database of this test's own."""
    with ExitStack() as undo:

        def clone(service: str) -> str:
            dsn = databases.clone(service)
            undo.callback(databases.drop, dsn)
            return dsn

        yield clone


@pytest.fixture
def empty_database(databases: Databases) -> Iterator[str]:
    """The DSN of a database without any table."""
    dsn = databases.empty("empty")
    yield dsn
    databases.drop(dsn)


@pytest.fixture
def fresh_topics(backing: Backing) -> Iterator[Callable[[int], str]]:
    """`fresh_topics(12)` → a prefix whose topics exist with that many partitions."""
    with ExitStack() as undo:
        yield lambda partitions: undo.enter_context(topics(backing.bootstrap, partitions))


@pytest.fixture
def topic_prefix(fresh_topics: Callable[[int], str]) -> str:
    """A prefix of this test's own; its topics have three partitions."""
    return fresh_topics(DEFAULT_PARTITIONS)


@pytest.fixture(scope="session")
def system(
    backing: Backing, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """All services and the sandbox on free ports, on the session's Kafka and PostgreSQL."""
    place = layout.fresh(tmp_path_factory.mktemp("system"), prefix=f"system-{secrets.token_hex(4)}")
    given = Given(backing.bootstrap, {each: databases.empty(each) for each in SERVICES})
    with System(place, given) as started:
        yield started


@pytest.fixture
def private_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], System]]:
    """`private_system()` → a whole system with a Kafka and a PostgreSQL that may be killed."""
    with ExitStack() as undo:

        def start() -> System:
            place = layout.fresh(tmp_path_factory.mktemp("private"))
            return undo.enter_context(System(place, Given()))

        yield start


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[BEGAN] = clock.monotonic()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The counts by level and the time, before pytest's own last line."""
    reported = {
        outcome: [report.nodeid for report in terminalreporter.getreports(outcome)]
        for outcome in levels.OUTCOMES
    }
    for line in levels.summary(reported, clock.monotonic() - config.stash[BEGAN]):
        terminalreporter.write_line(line)
