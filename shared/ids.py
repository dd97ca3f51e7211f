"""Identifiers: UUIDv7 rows, uuid5 events, reference numbers that can be read aloud."""

import os
import secrets
import time
from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("7a0c6f0e-6d1a-5d55-9a6f-0f2b7a1c9e10")

# Damm's quasigroup of order 10 (H. M. Damm, 2004): finds every single wrong digit and every swap
# of neighbours, the two mistakes people make when they read a number out.
_DAMM: Final = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
REFERENCE_DIGITS: Final = 12


def new() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by time of making, so that indexes stay dense."""
    ms = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10), "big")
    value = (ms << 80) | (0x7 << 76) | ((tail >> 4) & 0xFFF) << 64 | (0b10 << 62)
    return UUID(int=value | (tail >> 16) & 0x3FFFFFFFFFFFFFFF)


def token() -> str:
    """43 URL-safe characters of randomness, for leases and nonces."""
    return secrets.token_urlsafe(32)


def event_id(source: str, subject: UUID | str, sequence: int | str) -> UUID:
    """The same event always gets the same id, so that a redelivery is recognised."""
    return uuid5(NAMESPACE, f"{source}\n{subject}\n{sequence}")


def reference() -> str:
    """Eleven random digits and a Damm check digit, without blanks: `"402188530174"`."""
    body = f"{secrets.randbelow(10 ** (REFERENCE_DIGITS - 1)):0{REFERENCE_DIGITS - 1}d}"
    return body + str(_damm(body))


def valid_reference(text: str) -> bool:
    """Whether the digits (without blanks) carry a right check digit."""
    return len(text) == REFERENCE_DIGITS and text.isascii() and text.isdigit() and not _damm(text)


def spoken(reference_digits: str) -> str:
    """Grouped 4-4-4 as people read it: `4021 8853 0174`."""
    return " ".join(reference_digits[i : i + 4] for i in range(0, REFERENCE_DIGITS, 4))


def _damm(digits: str) -> int:
    state = 0
    for digit in digits:
        state = _DAMM[state][int(digit)]
    return state
