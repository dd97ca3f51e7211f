"""Opaque places in a list. A cursor that is not one of ours is the caller's mistake."""

import base64
import binascii
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.store.transactions import Place
from shared.http import Invalid, invalid

_UUID_BYTES: Final = 16
_YEARS: Final = range(1970, 9000)


def dispute(dispute_id: UUID) -> str:
    """The place after this dispute."""
    return _pack(dispute_id.bytes)


def after_dispute(cursor: str | None) -> UUID | None:
    """The dispute that the page before ended with."""
    if cursor is None:
        return None
    raw = _unpack(cursor)
    if len(raw) != _UUID_BYTES:
        raise _unknown()
    return UUID(bytes=raw)


def transaction(place: Place) -> str:
    """The place after this transaction."""
    return _pack(f"{place.at.isoformat()} {place.transaction_id}".encode())


def after_transaction(cursor: str | None) -> Place | None:
    """The transaction that the page before ended with."""
    if cursor is None:
        return None
    try:
        at, _, transaction_id = _unpack(cursor).decode("ascii").partition(" ")
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise _unknown() from None
    # At the ends of the calendar a change of zone overflows.
    if moment.tzinfo is None or moment.year not in _YEARS or not transaction_id.isprintable():
        raise _unknown()
    return Place(moment, transaction_id)


def _pack(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpack(cursor: str) -> bytes:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _unknown() from None


def _unknown() -> Invalid:
    return invalid(
        "cursor",
        "this is not a cursor of this list",
        "Send `next_cursor` of the page before as it was, or leave it out for the first page",
    )
