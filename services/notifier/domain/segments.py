"""How a text travels as SMS: alphabet, length in the alphabet's units, parts.

Sources: 3GPP TS 23.038 (alphabets), TS 23.040 section 9.2.3.24.1 (concatenation).
"""

from dataclasses import dataclass
from typing import Final

GSM7: Final = "gsm7"
UCS2: Final = "ucs2"
SINGLE_UNITS: Final = {GSM7: 160, UCS2: 70}
PART_UNITS: Final = {GSM7: 153, UCS2: 67}
MAX_PARTS: Final = 255
_HEADER: Final = b"\x05\x00\x03"

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_SEPTETS: Final[dict[str, bytes]] = {
    **{character: bytes((code,)) for code, character in enumerate(_BASIC) if character != "\x1b"},
    **{character: bytes((0x1B, code)) for character, code in _EXTENSION.items()},
}


@dataclass(frozen=True, slots=True)
class Length:
    """How long a text is: alphabet, its units (septets or UTF-16 units), and parts needed."""

    alphabet: str
    units: int
    parts: int


def is_gsm7(text: str) -> bool:
    """Say whether the default alphabet holds every character."""
    return set(text) <= _SEPTETS.keys()


def measure(text: str) -> Length:
    """Return how the text would travel."""
    alphabet, units = _units(text)
    total = sum(len(unit) for unit in units) // _octets_per_unit(alphabet)
    return Length(alphabet, total, len(_pack(alphabet, units)))


def parts(text: str, reference: int) -> tuple[str, list[bytes]]:
    """Return the alphabet and the user data of each part.

    Septets travel one to an octet, as SMPP carries them. Parts of a long text begin with a user
    data header that holds `reference` (0 to 255), the count and the number of the part. Neither an
    escape sequence nor a surrogate pair is torn apart.
    """
    alphabet, units = _units(text)
    packed = _pack(alphabet, units)
    if len(packed) == 1:
        return alphabet, packed
    head = _HEADER + bytes((reference & 0xFF, len(packed)))
    return alphabet, [
        head + bytes((number,)) + body for number, body in enumerate(packed[:MAX_PARTS], start=1)
    ]


def _units(text: str) -> tuple[str, list[bytes]]:
    """Return the alphabet and the indivisible pieces, one for each character."""
    if is_gsm7(text):
        return GSM7, [_SEPTETS[character] for character in text]
    return UCS2, [character.encode("utf-16-be") for character in text]


def _pack(alphabet: str, units: list[bytes]) -> list[bytes]:
    octets = _octets_per_unit(alphabet)
    whole = b"".join(units)
    if len(whole) <= SINGLE_UNITS[alphabet] * octets:
        return [whole]
    room, packed, current = PART_UNITS[alphabet] * octets, [], b""
    for unit in units:
        if len(current) + len(unit) > room:
            packed.append(current)
            current = b""
        current += unit
    return [*packed, current]


def _octets_per_unit(alphabet: str) -> int:
    return 1 if alphabet == GSM7 else 2
