"""Character sets of SMS: the GSM 7-bit default alphabet (3GPP TS 23.038) and UCS-2."""

from codecs import charmap_decode
from typing import Final

GSM7: Final = 0
UCS2: Final = 8
NAMES: Final = {GSM7: "gsm7", 1: "ascii", 3: "latin1", UCS2: "ucs2"}

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = {
    "\n": "\f",
    "Λ": "^",
    "(": "{",
    ")": "}",
    "/": "\\",
    "<": "[",
    "=": "~",
    ">": "]",
    "¡": "|",
    "e": "€",
}
_ESCAPE: Final = "\x1b"


class UnknownCoding(Exception):
    """A data_coding this gateway does not show as text."""


def decode(octets: bytes, data_coding: int) -> str:
    """Return the text of a message, its parts already joined; UnknownCoding for binary ones."""
    if data_coding == UCS2:
        return octets.decode("utf-16-be", "replace")
    if data_coding == GSM7:
        return _gsm7(octets)
    if data_coding in NAMES:
        return octets.decode("latin-1")
    raise UnknownCoding(data_coding)


def _gsm7(octets: bytes) -> str:
    text = charmap_decode(octets, "replace", _BASIC)[0]
    if _ESCAPE not in text:
        return text
    first, *escaped = text.split(_ESCAPE)
    return first + "".join(_EXTENSION.get(piece[:1], " ") + piece[1:] for piece in escaped)
