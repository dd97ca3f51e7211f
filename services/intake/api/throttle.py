"""How often anybody may knock at the door without a token."""

import ipaddress
import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

WINDOW_S: Final = 600
_LONGEST: Final = 64
_SITE_PREFIX: Final = 64  # bits of an IPv6 address that one site has to itself
_NETWORK_PREFIX: Final = {4: 24, 6: 48}  # bits of an address that one holder has, as a rule


@dataclass(frozen=True, slots=True)
class Limits:
    """Reports that are let through in any ten minutes."""

    in_all: int
    per_network: int
    per_address: int
    per_customer: int


class Throttle:
    """Counts the reports of the last ten minutes: all, of a network, an address, about a customer.

    A network has a share, so that who holds many addresses does not use up what all have. In
    memory: each instance counts for itself and begins anew when it starts. Only what was let
    through is kept, so `in_all` bounds the memory too.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = {
            "all": limits.in_all,
            "network": limits.per_network,
            "address": limits.per_address,
            "customer": limits.per_customer,
        }
        self._let_through: deque[tuple[tuple[str, str], ...]] = deque()
        self._times: dict[tuple[str, str], deque[float]] = {}

    def wait_s(self, address: str, customer_id: str, now_s: float) -> int:
        """0 lets it through and counts it; else the seconds until it is worth trying again."""
        self._forget(now_s - WINDOW_S)
        counted = (
            ("all", ""),
            ("network", network_of(address)),
            ("address", address),
            ("customer", customer_id),
        )
        if longest := max(self._wait_of(each, now_s) for each in counted):
            return longest
        self._let_through.append(counted)
        for each in counted:
            self._times.setdefault(each, deque()).append(now_s)
        return 0

    def _wait_of(self, each: tuple[str, str], now_s: float) -> int:
        times = self._times.get(each)
        if times is None or len(times) < self._limits[each[0]]:
            return 0
        return max(1, math.ceil(times[0] + WINDOW_S - now_s))

    def _forget(self, until_s: float) -> None:
        while self._let_through and self._times[self._let_through[0][0]][0] <= until_s:
            for each in self._let_through.popleft():
                self._times[each].popleft()
                if not self._times[each]:
                    del self._times[each]


def client_address(request: Request, header: str | None) -> str:
    """Who sent it: the connection's other end, or whom the proxy in front names last in `header`.

    One site's IPv6 addresses count as one; an IPv4 address that is written as one of IPv6 counts
    as itself.
    """
    lines = request.headers.getlist(header) if header else []
    named = lines[-1].rpartition(",")[2].strip() if lines else ""
    raw = (named or (request.client.host if request.client else ""))[:_LONGEST]
    try:
        address = ipaddress.ip_address(raw)
    except ValueError:
        return raw
    if isinstance(address, ipaddress.IPv4Address):
        return raw
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _SITE_PREFIX), strict=False))


def network_of(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 site; what is neither stands for itself."""
    try:
        site = ipaddress.ip_network(address)
    except ValueError:
        return address
    return str(site.supernet(new_prefix=_NETWORK_PREFIX[site.version]))
