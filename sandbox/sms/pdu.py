"""SMPP 3.4 protocol data units, as far as a message centre needs them: bytes in, values out."""

from dataclasses import dataclass
from struct import Struct
from typing import Final

HEADER: Final = Struct("!IIII")
HEADER_LENGTH: Final = 16
MAX_LENGTH: Final = 70_000
"""A PDU longer than a full message_payload (64 KiB) and its surroundings is an attack or noise."""

GENERIC_NACK: Final = 0x8000_0000
BIND_RECEIVER: Final = 0x0000_0001
BIND_TRANSMITTER: Final = 0x0000_0002
SUBMIT_SM: Final = 0x0000_0004
DELIVER_SM: Final = 0x0000_0005
UNBIND: Final = 0x0000_0006
BIND_TRANSCEIVER: Final = 0x0000_0009
ENQUIRE_LINK: Final = 0x0000_0015
RESPONSE: Final = 0x8000_0000
BINDS: Final = frozenset({BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER})

OK: Final = 0x00
INVALID_MESSAGE_LENGTH: Final = 0x01
INVALID_COMMAND_LENGTH: Final = 0x02
INVALID_COMMAND: Final = 0x03
INVALID_BIND_STATUS: Final = 0x04
ALREADY_BOUND: Final = 0x05
INVALID_SOURCE: Final = 0x0A
INVALID_DESTINATION: Final = 0x0B
BIND_FAILED: Final = 0x0D
INVALID_PASSWORD: Final = 0x0E
MESSAGE_QUEUE_FULL: Final = 0x14
SUBMIT_FAILED: Final = 0x45
THROTTLED: Final = 0x58
INVALID_TLV_LENGTH: Final = 0xC2

SHORT_MESSAGE_MAX: Final = 254
UDHI: Final = 0b0100_0000
RECEIPT: Final = 0b0000_0100
_RECEIPT_ASKED: Final = 0b0000_0011
_CONCAT_8: Final = 0x00
_CONCAT_16: Final = 0x08
_USER_MESSAGE_REFERENCE: Final = 0x0204
_SAR_REFERENCE: Final = 0x020C
_SAR_TOTAL: Final = 0x020E
_SAR_PART: Final = 0x020F
_RECEIPTED_MESSAGE_ID: Final = 0x001E
_MESSAGE_PAYLOAD: Final = 0x0424
_MESSAGE_STATE: Final = 0x0427
_TLV: Final = Struct("!HH")


class Malformed(Exception):
    """A PDU that cannot be read; `status` is the SMPP command status to answer with."""

    def __init__(self, status: int) -> None:
        super().__init__(f"SMPP command status 0x{status:02x}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Bind:
    """The credentials of a bind request."""

    system_id: str
    password: str


@dataclass(frozen=True, slots=True)
class Part:
    """Which piece of a concatenated message this is; `number` counts from 1."""

    reference: int
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class Submit:
    """One submit_sm; `octets` is the user data without its header."""

    source: str
    destination: str
    data_coding: int
    octets: bytes
    part: Part | None
    wants_receipt: bool
    user_reference: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a delivery receipt says; times as SMPP writes them (YYMMDDhhmm)."""

    source: str
    destination: str
    message_id: str
    delivered: bool
    at: str
    user_reference: int | None


def encode(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    """Return one PDU."""
    return HEADER.pack(HEADER_LENGTH + len(body), command, status, sequence) + body


def parse_bind(body: bytes) -> Bind:
    """Read system_id and password from a bind body; Malformed if they are not there."""
    system_id, index = _text(body, 0, 16)
    password, _ = _text(body, index, 9)
    return Bind(system_id, password)


def parse_submit(body: bytes) -> Submit:
    """Read a submit_sm body; Malformed when a length or a field is out of bounds."""
    try:
        return _submit(body)
    except IndexError:
        raise Malformed(INVALID_COMMAND_LENGTH) from None


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the body of a deliver_sm that carries a delivery receipt."""
    state, code, count = ("DELIVRD", 2, 1) if receipt.delivered else ("UNDELIV", 5, 0)
    text = (
        f"id:{receipt.message_id} sub:001 dlvrd:{count:03d} submit date:{receipt.at}"
        f" done date:{receipt.at} stat:{state} err:{0 if receipt.delivered else 1:03d} text:"
    ).encode()
    identifier = receipt.message_id.encode()
    tail = _TLV.pack(_RECEIPTED_MESSAGE_ID, len(identifier) + 1) + identifier + b"\0"
    tail += _TLV.pack(_MESSAGE_STATE, 1) + bytes((code,))
    if receipt.user_reference is not None:
        tail += _TLV.pack(_USER_MESSAGE_REFERENCE, 2) + receipt.user_reference.to_bytes(2, "big")
    # A receipt travels the other way round: from the phone that got the message to its sender.
    addresses = b"\0\1\1%b\0\0\0%b\0" % (receipt.destination.encode(), receipt.source.encode())
    flags = bytes((RECEIPT, 0, 0)) + b"\0\0" + bytes((0, 0, 0, 0, len(text)))
    return addresses + flags + text + tail


def _submit(body: bytes) -> Submit:
    _, index = _text(body, 0, 6)
    source, index = _text(body, index + 2, 21)
    destination, index = _text(body, index + 2, 21)
    esm_class = body[index]
    _, index = _text(body, index + 3, 17)
    _, index = _text(body, index, 17)
    asked, data_coding, length = body[index], body[index + 2], body[index + 4]
    index += 5
    if length > SHORT_MESSAGE_MAX or index + length > len(body):
        raise Malformed(INVALID_MESSAGE_LENGTH)
    octets, part = body[index : index + length], None
    tlvs = _tlvs(body, index + length) if index + length < len(body) else {}
    if not length:
        octets = tlvs.get(_MESSAGE_PAYLOAD, b"")
    if esm_class & UDHI:
        octets, part = _without_header(octets)
    return Submit(
        source,
        destination,
        data_coding,
        octets,
        part or _sar(tlvs),
        bool(asked & _RECEIPT_ASKED),
        _number(tlvs, _USER_MESSAGE_REFERENCE),
    )


def _text(body: bytes, start: int, limit: int) -> tuple[str, int]:
    """Read a C-octet string of at most `limit` octets, its NUL included."""
    end = body.find(0, start, start + limit)
    if end < 0:
        raise Malformed(INVALID_COMMAND_LENGTH)
    return body[start:end].decode("latin-1"), end + 1


def _tlvs(body: bytes, index: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while index < len(body):
        if index + _TLV.size > len(body):
            raise Malformed(INVALID_TLV_LENGTH)
        tag, length = _TLV.unpack_from(body, index)
        index += _TLV.size
        if index + length > len(body):
            raise Malformed(INVALID_TLV_LENGTH)
        found[tag] = body[index : index + length]
        index += length
    return found


def _sar(tlvs: dict[int, bytes]) -> Part | None:
    reference = _number(tlvs, _SAR_REFERENCE)
    total, number = _number(tlvs, _SAR_TOTAL), _number(tlvs, _SAR_PART)
    if reference is None or total is None or number is None:
        return None
    return _part(reference, total, number)


def _number(tlvs: dict[int, bytes], tag: int) -> int | None:
    octets = tlvs.get(tag)
    return None if octets is None else int.from_bytes(octets, "big")


def _without_header(octets: bytes) -> tuple[bytes, Part | None]:
    """Split the user data header (3GPP TS 23.040, 9.2.3.24) off the user data."""
    end = octets[0] + 1
    if end > len(octets):
        raise Malformed(INVALID_MESSAGE_LENGTH)
    index, part = 1, None
    while index + 1 < end:
        element, length = octets[index], octets[index + 1]
        value = octets[index + 2 : index + 2 + length]
        if element == _CONCAT_8 and len(value) == 3:  # noqa: PLR2004 -- reference, total, number
            part = _part(value[0], value[1], value[2])
        elif element == _CONCAT_16 and len(value) == 4:  # noqa: PLR2004 -- a longer reference
            part = _part(value[0] << 8 | value[1], value[2], value[3])
        index += 2 + length
    return octets[end:], part


def _part(reference: int, total: int, number: int) -> Part | None:
    if not 1 <= number <= total:
        raise Malformed(INVALID_MESSAGE_LENGTH)
    return None if total == 1 else Part(reference, total, number)
