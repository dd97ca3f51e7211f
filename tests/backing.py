"""Kafka and PostgreSQL for tests: given addresses, containers (`BACKING=docker`), or embedded."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import kafka, postgres
from deploy.local.layout import KAFKA_JARS
from deploy.local.migrations import migrate
from deploy.local.ports import free
from deploy.local.topics import create_topics, delete_topics
from tests import containers


@dataclass(frozen=True, slots=True)
class Backing:
    """`bootstrap`: Kafka's `host:port`. `admin_dsn`: a role that may create roles and databases."""

    bootstrap: str
    admin_dsn: str


@contextmanager
def backing(work: Path) -> Iterator[Backing]:
    """Both servers, for a session."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS"), os.environ.get("POSTGRES_ADMIN_URL")
    if given[0] and given[1]:
        yield Backing(given[0], given[1])
    elif os.environ.get("BACKING") == "docker":
        with containers.started() as (bootstrap, admin_dsn):
            yield Backing(bootstrap, admin_dsn)
    else:
        with embedded(work) as started:
            yield started


@contextmanager
def embedded(work: Path) -> Iterator[Backing]:
    """Started from this process, with fresh data that is deleted afterwards."""
    port, controller_port, postgres_port = free(3)
    broker = kafka.single(work / "kafka", KAFKA_JARS, port, controller_port)
    server = postgres.Postgres(work, postgres_port)
    with ExitStack() as undo:
        broker.prepare()
        undo.callback(server.remove)
        server.prepare()
        for each in (broker, server):
            undo.callback(each.stop)
            each.start()
        server.wait_ready()
        broker.wait_ready()
        yield Backing(broker.address, server.admin_dsn)


@dataclass(slots=True)
class Databases:
    """Databases of the services: cloned from a template that was migrated once per session."""

    admin_dsn: str
    _token: str = field(default_factory=lambda: secrets.token_hex(4))
    _made: set[str] = field(default_factory=set)

    def clone(self, service: str) -> str:
        """The DSN of a fresh, migrated database of this service."""
        template = f"template_{service}_{self._token}"
        if template not in self._made:
            dsn = self._make(template)
            migrate(service, {**os.environ, f"{service.upper()}_DATABASE_URL": dsn})
        return self._make(f"{service}_{secrets.token_hex(6)}", template)

    def empty(self, name: str) -> str:
        """The DSN of a fresh database without any table."""
        return self._make(f"{name}_{secrets.token_hex(6)}")

    def drop(self, dsn: str) -> None:
        """Drop one of them and cut the connections to it."""
        name = dsn.rpartition("/")[2]
        postgres.drop_database(self.admin_dsn, name)
        self._made.remove(name)

    def close(self) -> None:
        """Drop everything that was made."""
        for name in self._made:
            postgres.drop_database(self.admin_dsn, name)
        postgres.drop_role(self.admin_dsn, self._role)

    @property
    def _role(self) -> str:
        return f"test_{self._token}"

    def _make(self, name: str, template: str = "template1") -> str:
        if not self._made:
            postgres.ensure_role(self.admin_dsn, self._role, self._token)
        postgres.ensure_database(self.admin_dsn, name, self._role, template)
        self._made.add(name)
        return postgres.sibling_dsn(self.admin_dsn, self._role, self._token, name)


@contextmanager
def topics(bootstrap: str, partitions: int) -> Iterator[str]:
    """A fresh prefix whose topics exist, deleted afterwards."""
    prefix = f"test-{secrets.token_hex(6)}"
    create_topics(bootstrap, prefix, partitions)
    yield prefix
    delete_topics(bootstrap, prefix)
