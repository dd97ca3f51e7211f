import socket

import pytest

from deploy.local import ports
from deploy.local.errors import PortInUseError, StartError


def test_a_taken_port_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError) as raised:
            ports.check({"kafka": port})
    assert str(raised.value) == (
        f"Port {port} for kafka is in use: stop what listens there,"
        " or set REDRESS_KAFKA_PORT to a free port."
    )


@pytest.mark.parametrize(
    ("wanted", "moved"),
    [
        ({"intake": 8082, "tracker": 8082}, "REDRESS_INTAKE_PORT"),
        ({"intake": 8081, "tracker": 8081}, "REDRESS_TRACKER_PORT"),
    ],
)
def test_two_programs_on_one_port_are_refused_and_the_moved_one_is_named(
    wanted: dict[str, int], moved: str
) -> None:
    with pytest.raises(StartError) as raised:
        ports.check(wanted)
    assert str(raised.value) == (
        f"Port {wanted['intake']} cannot be both for intake and for tracker:"
        f" set {moved} to another port."
    )


def test_a_free_port_passes() -> None:
    ports.check({"kafka": ports.free(1)[0]})


def test_free_ports_differ_and_lie_below_those_of_outgoing_connections() -> None:
    found = ports.free(12)
    assert len(set(found)) == 12
    assert all(port < 32_768 for port in found)


def test_a_port_is_moved_by_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDRESS_INTAKE_PORT", "7001")
    assert ports.fixed()["intake"] == 7001
    assert ports.fixed()["tracker"] == 8082


@pytest.mark.parametrize("text", ["", "http", "0", "65536", "-1"])
def test_a_setting_that_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("REDRESS_INTAKE_PORT", text)
    with pytest.raises(StartError, match="REDRESS_INTAKE_PORT must be a port number"):
        ports.fixed()
