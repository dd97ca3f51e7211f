"""Ports: fixed and documented for `make up`, free ones for the demonstration and the tests."""

import contextlib
import os
import secrets
import socket
from pathlib import Path
from typing import Final

from deploy.local.errors import PortInUseError, SharedPortError, StartError

LOOPBACK: Final = "127.0.0.1"
LOWEST_FREE_PORT: Final = 15_000
ATTEMPTS: Final = 200

# name → port; each can be moved with REDRESS_<NAME>_PORT
FIXED: Final[dict[str, int]] = {
    "intake": 8081,
    "tracker": 8082,
    "notifier": 8083,
    "bank": 8091,
    "merchant": 8092,
    "sms": 8093,
    "mail": 8094,
    "accounts": 8095,
    "node": 8096,
    "smpp": 12775,
    "smtp": 12525,
    "kafka": 19092,
    "kafka_controller": 19093,
    "postgres": 15432,
}


def setting(name: str) -> str:
    """The environment variable that moves this port."""
    return f"REDRESS_{name.upper()}_PORT"


def fixed() -> dict[str, int]:
    """The documented ports with their overrides. Raises StartError for one that is no port."""
    return {name: _number(setting(name), default) for name, default in FIXED.items()}


def _number(variable: str, default: int) -> int:
    text = os.environ.get(variable, str(default))
    if not text.isdigit() or not 0 < int(text) < 2**16:
        raise StartError(f"{variable} must be a port number between 1 and 65535, not {text!r}.")
    return int(text)


def check(wanted: dict[str, int]) -> None:
    """Raise StartError for two programs on one port, or a port that something listens on."""
    owners: dict[int, str] = {}
    for name, port in wanted.items():
        first = owners.setdefault(port, name)
        if first != name:
            moved = name if FIXED[first] == port else first
            raise SharedPortError(port, first, name, setting(moved))
    for name, port in wanted.items():
        if not is_free(port):
            raise PortInUseError(port, name, setting(name))


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return True
    return False


def free(count: int) -> list[int]:
    """Different free ports below the range that outgoing connections take theirs from.

    A port out of that range could be taken by a client while its server is being restarted.
    Raises StartError when none is left.
    """
    low, high = LOWEST_FREE_PORT, _first_ephemeral_port()
    found: set[int] = set()
    for _ in range(count * ATTEMPTS):
        port = low + secrets.randbelow(high - low)
        if port not in found and port not in FIXED.values() and is_free(port):
            found.add(port)
        if len(found) == count:
            return list(found)
    raise StartError(f"No {count} free ports between {low} and {high}.")


def _first_ephemeral_port() -> int:
    with contextlib.suppress(OSError, ValueError):
        first = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]
        return max(int(first), LOWEST_FREE_PORT + 2_000)
    return 32_768
