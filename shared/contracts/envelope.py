"""CloudEvents 1.0 in Kafka's binary mode: attributes as `ce_*` headers, the data as the value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from shared.contracts.events import BY_TYPE, FIELDS, Event

Headers = list[tuple[str, bytes]]
_CONTENT_TYPE: Final = ("content-type", b"application/json")
_SPEC: Final = ("ce_specversion", b"1.0")
_LONGEST_ATTRIBUTE: Final = 256
_TRACEPARENT: Final = re.compile(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Unreadable(Exception):
    """The message is not an event of ours; no retry will change that."""


class UnknownType(Unreadable):
    """The message is a CloudEvent of a type that this version does not know: counted, skipped."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event with its CloudEvents attributes.

    `sequence` counts within (source, subject) from 1. `traceparent` is the W3C trace context.
    """

    id: UUID
    source: str
    subject: str
    sequence: int
    time: datetime
    data: Event
    traceparent: str | None = None

    @property
    def type(self) -> str:
        """The CloudEvents type."""
        return self.data.type_name


def encode(envelope: Envelope) -> tuple[Headers, bytes]:
    """Headers and value for Kafka. The record's key is `envelope.subject`."""
    headers = [
        _SPEC,
        ("ce_id", str(envelope.id).encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_subject", envelope.subject.encode()),
        ("ce_time", envelope.time.isoformat().encode()),
        ("ce_sequence", str(envelope.sequence).encode()),
        _CONTENT_TYPE,
    ]
    if envelope.traceparent:
        headers.append(("ce_traceparent", envelope.traceparent.encode()))
    return headers, envelope.data.model_dump_json(exclude_none=True).encode()


def decode(headers: Sequence[tuple[str, bytes | None]], value: bytes | None) -> Envelope:
    """Read a record back. A trace context that is none is dropped, not a reason to refuse.

    Raises:
        UnknownType: a well-formed event of a type that this version does not know.
        Unreadable: anything else that is no event of ours, with the reason.

    """
    attributes = {name.lower(): raw for name, raw in headers}
    model = BY_TYPE.get(_attribute(attributes, "ce_type"))
    if model is None:
        raise UnknownType("the event's type is not known here")
    if value is None:
        raise Unreadable("the record has no value")
    try:
        return Envelope(
            id=UUID(_attribute(attributes, "ce_id")),
            source=_attribute(attributes, "ce_source"),
            subject=_attribute(attributes, "ce_subject"),
            sequence=_positive(_attribute(attributes, "ce_sequence")),
            time=_moment(_attribute(attributes, "ce_time")),
            data=model.model_validate_json(value),
            traceparent=_trace(attributes.get("ce_traceparent")),
        )
    except ValidationError as error:
        raise Unreadable(_explain(error)) from None
    except ValueError:
        raise Unreadable("ce_id, ce_sequence or ce_time does not parse") from None


def _attribute(attributes: Mapping[str, bytes | None], name: str) -> str:
    raw = attributes.get(name)
    if not raw:
        raise Unreadable(f"the CloudEvents attribute {name} is missing")
    if len(raw) > _LONGEST_ATTRIBUTE:
        raise Unreadable(f"the CloudEvents attribute {name} is too long")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Unreadable(f"the CloudEvents attribute {name} is not UTF-8") from None


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) < 2**63):
        raise ValueError(text)
    return int(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _trace(raw: bytes | None) -> str | None:
    return raw.decode() if raw and _TRACEPARENT.fullmatch(raw) else None


def _explain(error: ValidationError) -> str:
    """Where and why, without the input, nor keys that came with it: both may be personal data."""
    parts = (
        f"{'.'.join(map(_place, part['loc'])) or 'data'}: {part['msg']}"
        for part in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return "; ".join(parts)[:500]


def _place(part: str | int) -> str:
    return str(part) if isinstance(part, int) or part in FIELDS else "*"
