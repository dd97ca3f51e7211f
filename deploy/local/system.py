"""The whole of Redress on this machine, from empty folders to answering services."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self

from deploy.local import kafka, ports, postgres
from deploy.local.errors import ProcessEndedError, StartError
from deploy.local.files import locked, write_private
from deploy.local.health import answers
from deploy.local.keys import Keys
from deploy.local.layout import KAFKA_JARS, Layout
from deploy.local.migrations import migrate
from deploy.local.ports import LOOPBACK
from deploy.local.programs import (
    SANDBOX,
    SERVICES,
    Backing,
    Program,
    service,
    service_env,
    stand_in,
)
from deploy.local.supervisor import Supervisor
from deploy.local.topics import create_topics
from deploy.local.waiting import until

READY_TIMEOUT_S: Final = 180
STARTS: Final = 3  # a program that ended that often will not get ready by waiting
BACKING_PORTS: Final = ("kafka", "kafka_controller", "postgres")


@dataclass(frozen=True, slots=True)
class Given:
    """Addresses of servers that run already; what is missing is started here."""

    kafka: str | None = None
    databases: Mapping[str, str] | None = None

    @classmethod
    def from_environment(cls) -> Self:
        """KAFKA_BOOTSTRAP_SERVERS, and all or none of the *_DATABASE_URL. Raises StartError."""
        names = {each: f"{each.upper()}_DATABASE_URL" for each in SERVICES}
        found = {each: os.environ[name] for each, name in names.items() if os.environ.get(name)}
        if found and len(found) < len(names):
            raise StartError(f"Set all of {', '.join(names.values())}, or none.")
        return cls(os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or None, found or None)


class System:
    """Starts and stops everything. `tell` hears one line for each step.

    `broker` and `postgres` are None where servers were given. `endpoints` has the content of
    endpoints.json once `start` has returned.
    """

    def __init__(
        self, layout: Layout, given: Given | None = None, tell: Callable[[str], None] = print
    ) -> None:
        self.layout = layout
        self.supervisor = Supervisor(layout.pids, tell)
        self.broker: kafka.Broker | None = None
        self.postgres: postgres.Postgres | None = None
        self.endpoints: dict[str, object] = {}
        self._given = Given.from_environment() if given is None else given
        self._tell = tell
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Return once every process answers.

        Raises StartError with what to do, after stopping what had been started.
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop every process, the services first; delete fresh data."""
        for group in (SERVICES, SANDBOX):
            self.supervisor.stop_some([name for name in self.supervisor.names if _of(name, group)])
        self.supervisor.stop()
        self._undo.close()

    def add_instance(self, name: str) -> Program:
        """One more instance of a service on a port of its own, once it answers."""
        number = 1 + sum(_of(each, (name,)) for each in self.supervisor.names)
        (port,) = ports.free(1)
        layout = replace(self.layout, ports={**self.layout.ports, name: port})
        program = service(name, layout, self._backing, number)
        self.supervisor.watch([program.process])
        self._await([program])
        return program

    def _start(self) -> None:
        self._take_work_folder()
        Keys(self.layout.secrets).write_missing()
        self._backing = self._start_backing()
        self._create_and_migrate()
        programs = [stand_in(name, self.layout, self._backing) for name in SANDBOX]
        programs += [service(name, self.layout, self._backing) for name in SERVICES]
        self._tell(f"starting {', '.join(each.name for each in programs)}")
        self.supervisor.watch([each.process for each in programs])
        self._await(programs)
        self._write_endpoints(programs)

    def _take_work_folder(self) -> None:
        layout = self.layout
        self._undo.enter_context(locked(layout.work))
        given = {"kafka": self._given.kafka, "kafka_controller": self._given.kafka}
        given["postgres"] = "given" if self._given.databases else None
        ports.check({name: port for name, port in layout.ports.items() if not given.get(name)})
        if layout.fresh:
            layout.remove_data()
            self._undo.callback(layout.remove_data)
        layout.endpoints.unlink(missing_ok=True)
        layout.data.mkdir(parents=True, exist_ok=True)

    def _start_backing(self) -> Backing:
        """Kafka and PostgreSQL beside each other."""
        with ThreadPoolExecutor(2) as pool:
            brokers = pool.submit(self._start_kafka)
            databases = pool.submit(self._start_postgres)
            try:
                return Backing(brokers.result(), databases.result())
            except BaseException:
                self.supervisor.stop()  # so that the other one is not waited for
                raise

    def _start_kafka(self) -> str:
        if self._given.kafka:
            return self._given.kafka
        port, controller = self.layout.ports["kafka"], self.layout.ports["kafka_controller"]
        self.broker = kafka.single(self.layout.work / "kafka", KAFKA_JARS, port, controller)
        self.broker.prepare(self._tell)
        self.supervisor.watch([self.broker.process])
        self.broker.wait_ready()
        self._tell(f"Kafka answers at {self.broker.address}")
        return self.broker.address

    def _start_postgres(self) -> Mapping[str, str]:
        if self._given.databases:
            return self._given.databases
        self.postgres = postgres.Postgres(self.layout.work, self.layout.ports["postgres"])
        self.postgres.prepare()
        self.supervisor.watch([self.postgres.process])
        self.postgres.wait_ready()
        self._tell(f"PostgreSQL answers at {LOOPBACK}:{self.postgres.port}")
        return self.postgres.create_databases(SERVICES)

    def _create_and_migrate(self) -> None:
        """Topics and the databases of all services, beside each other."""
        self._tell("creating topics, migrating databases")
        with ThreadPoolExecutor(1 + len(SERVICES)) as pool:
            work = [pool.submit(create_topics, self._backing.kafka, self.layout.prefix)]
            for name in SERVICES:
                env = service_env(name, self.layout, self._backing)
                work.append(pool.submit(migrate, name, env))
            for each in work:
                each.result()

    def _await(self, programs: Sequence[Program]) -> None:
        for program in programs:
            until(
                lambda program=program: self._is_ready(program),  # type: ignore[misc]
                READY_TIMEOUT_S,
                lambda program=program: StartError(_unready(program)),  # type: ignore[misc]
            )
            self._tell(f"{program.process.command.name} answers at {program.url}")

    def _is_ready(self, program: Program) -> bool:
        if self.supervisor.failures(program.process.command.name) >= STARTS:
            raise ProcessEndedError(_unready(program))
        return answers(program.health)

    def _write_endpoints(self, programs: Sequence[Program]) -> None:
        self.endpoints = {
            **{program.name: program.url for program in programs},
            "smpp": f"{LOOPBACK}:{self.layout.ports['smpp']}",
            "smtp": f"{LOOPBACK}:{self.layout.ports['smtp']}",
            "kafka": self._backing.kafka,
            "postgres": dict(self._backing.databases),
        }
        write_private(self.layout.endpoints, json.dumps(self.endpoints, indent=2) + "\n")
        self._undo.callback(self.layout.endpoints.unlink, missing_ok=True)


def _of(process: str, group: Sequence[str]) -> bool:
    """Whether this is a process of the group: `tracker`, or `tracker-2`."""
    return process.partition("-")[0] in group


def _unready(program: Program) -> str:
    name, log = program.process.command.name, program.process.command.log
    return f"{name} does not get ready, see {log}:\n{program.process.log_tail()}"
