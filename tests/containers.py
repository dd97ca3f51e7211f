"""Kafka and PostgreSQL in containers, for `BACKING=docker`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from testcontainers.core.container import DockerContainer

from deploy.local import kafka, postgres
from deploy.local.errors import ProcessEndedError, StartError
from deploy.local.ports import LOOPBACK, free
from deploy.local.waiting import until

KAFKA_IMAGE: Final = "apache/kafka:4.3.1"
POSTGRES_IMAGE: Final = "postgres:17"
PASSWORD: Final = "containers-are-thrown-away"
READY_TIMEOUT_S: Final = 60
LOG_LINES: Final = 30


@contextmanager
def started() -> Iterator[tuple[str, str]]:
    """Kafka's bootstrap servers and the DSN of PostgreSQL's superuser."""
    port, postgres_port = free(2)
    dsn = f"postgresql://postgres:{PASSWORD}@{LOOPBACK}:{postgres_port}/postgres"
    with kafka_container(port) as broker, postgres_container(postgres_port) as server:
        _wait(broker, lambda: kafka.known_brokers(port) == 1)
        _wait(server, lambda: _answers(dsn))
        yield f"{LOOPBACK}:{port}", dsn


def kafka_container(port: int) -> DockerContainer:
    """The broker tells clients its address on this machine, so the port is chosen before."""
    node = kafka.Node(1, port, 9093)
    values = kafka.settings(node, [node], Path("/tmp/kafka-logs")) | {  # noqa: S108  # inside it
        "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093"
    }
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port)
    for name, value in values.items():
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    return container.with_env("CLUSTER_ID", kafka.CLUSTER_ID)


def postgres_container(port: int) -> DockerContainer:
    container = DockerContainer(POSTGRES_IMAGE).with_bind_ports(5432, port)
    return container.with_env("POSTGRES_PASSWORD", PASSWORD)


def _wait(container: DockerContainer, answers: Callable[[], bool]) -> None:
    """Raise StartError with the end of its log when it stays silent, at once when it ended."""

    def ready() -> bool:
        container.reload()
        if container.status == "exited":
            raise ProcessEndedError(f"{container.image} ended:\n{_tail(container)}")
        return answers()

    until(
        ready,
        READY_TIMEOUT_S,
        lambda: StartError(f"{container.image} did not answer:\n{_tail(container)}"),
    )


def _tail(container: DockerContainer) -> str:
    lines = b"".join(container.get_logs()).decode(errors="replace").splitlines()
    return "\n".join(lines[-LOG_LINES:])


def _answers(dsn: str) -> bool:
    try:
        return postgres.query(dsn, "SELECT 1") == "1"
    except StartError:
        return False
