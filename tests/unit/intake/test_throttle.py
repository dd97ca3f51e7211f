from typing import Any

import pytest
from starlette.requests import Request

from services.intake.api.throttle import Limits, Throttle, client_address


def request(address: str, **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "headers": raw, "client": (address, 4711)}
    return Request(scope)


def test_of_several_lines_the_last_one_is_the_proxys() -> None:
    """A proxy may add a line of its own below those that the client made up."""
    lines = [b"6.6.6.6", b"7.7.7.7, 203.0.113.9"]
    raw = [(b"x-forwarded-for", line) for line in lines]
    scope: dict[str, Any] = {"type": "http", "headers": raw, "client": ("198.51.100.1", 4711)}
    assert client_address(Request(scope), "x-forwarded-for") == "203.0.113.9"


def test_an_address_waits_until_its_oldest_report_is_ten_minutes_old() -> None:
    throttle = Throttle(Limits(in_all=100, per_network=100, per_address=2, per_customer=100))
    assert throttle.wait_s("a", "ana", 0.0) == 0
    assert throttle.wait_s("a", "bo", 100.0) == 0
    assert throttle.wait_s("a", "cleo", 200.0) == 400
    assert throttle.wait_s("b", "cleo", 200.0) == 0
    assert throttle.wait_s("a", "cleo", 599.5) == 1
    assert throttle.wait_s("a", "cleo", 600.0) == 0
    assert throttle.wait_s("a", "cleo", 600.0) == 100


def test_reports_about_one_customer_are_bounded_wherever_they_come_from() -> None:
    throttle = Throttle(Limits(in_all=100, per_network=100, per_address=100, per_customer=2))
    assert [throttle.wait_s(f"a-{n}", "ana", 0.0) for n in range(4)] == [0, 0, 600, 600]
    assert throttle.wait_s("a-0", "bo", 0.0) == 0


def test_reports_are_bounded_in_all() -> None:
    throttle = Throttle(Limits(in_all=3, per_network=100, per_address=100, per_customer=100))
    assert [throttle.wait_s(f"a-{n}", f"c-{n}", 0.0) for n in range(4)] == [0, 0, 0, 600]
    assert throttle.wait_s("a-9", "c-9", 600.0) == 0


@pytest.mark.parametrize(
    ("sender", "neighbour", "elsewhere"),
    [
        ("203.0.113.{}", "203.0.113.250", "203.0.112.1"),
        ("2001:db8:1:{}::/64", "2001:db8:1:ffff::/64", "2001:db8:2::/64"),
        ("nonsense", "nonsense", "other"),
    ],
)
def test_one_network_cannot_shut_the_door_for_others(
    sender: str, neighbour: str, elsewhere: str
) -> None:
    throttle = Throttle(Limits(in_all=100, per_network=10, per_address=100, per_customer=100))
    sent = [throttle.wait_s(sender.format(n), f"c-{n}", 0.0) for n in range(200)]
    assert sent == [0] * 10 + [600] * 190
    assert throttle.wait_s(neighbour, "ana", 1.0) == 599
    assert throttle.wait_s(elsewhere, "ana", 1.0) == 0


def test_what_was_refused_counts_for_nobody() -> None:
    throttle = Throttle(Limits(in_all=100, per_network=100, per_address=1, per_customer=2))
    assert throttle.wait_s("a", "ana", 0.0) == 0
    assert [throttle.wait_s("a", "ana", 1.0) for _ in range(9)] == [599] * 9
    assert throttle.wait_s("b", "ana", 2.0) == 0


def test_only_what_was_let_through_within_ten_minutes_is_kept() -> None:
    throttle = Throttle(Limits(in_all=5, per_network=1, per_address=1, per_customer=1))
    for n in range(500):
        throttle.wait_s(f"a-{n}", f"c-{n}", float(n))
    assert len(throttle._times) <= 16  # noqa: SLF001 - five of each, and all
    assert throttle.wait_s("a-0", "c-0", 5000.0) == 0
    assert len(throttle._times) == 4  # noqa: SLF001


@pytest.mark.parametrize(
    ("header", "sent", "address"),
    [
        (None, "203.0.113.9", "198.51.100.1"),
        ("x-forwarded-for", "203.0.113.9", "203.0.113.9"),
        ("x-forwarded-for", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("x-forwarded-for", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("x-forwarded-for", "::ffff:203.0.113.9", "203.0.113.9"),
        ("x-forwarded-for", "fe80::1%eth0", "fe80::/64"),
        ("x-forwarded-for", "", "198.51.100.1"),
        ("x-forwarded-for", "x" * 99, "x" * 64),
    ],
)
def test_the_address_is_what_the_proxy_in_front_says_last(
    header: str | None, sent: str, address: str
) -> None:
    assert client_address(request("198.51.100.1", x_forwarded_for=sent), header) == address
