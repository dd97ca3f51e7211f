"""CloudEvents 1.0 in Kafka's binary mode: attributes as `ce_*` headers, the data as the value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from shared.contracts.events import BY_TYPE, Event

Headers = list[tuple[str, bytes]]
_CONTENT_TYPE: Final = ("content-type", b"application/json")
_SPEC: Final = ("ce_specversion", b"1.0")


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


def decode(headers: Sequence[tuple[str, bytes]], value: bytes | None) -> Envelope:
    """Read a record back.

    Raises:
        UnknownType: a well-formed event of a type that this version does not know.
        Unreadable: anything else that is no event of ours, with the reason.

    """
    attributes = {name.lower(): raw for name, raw in headers}
    model = BY_TYPE.get(_attribute(attributes, "ce_type"))
    if model is None:
        raise UnknownType(f"unknown event type {_attribute(attributes, 'ce_type')[:80]!r}")
    if value is None:
        raise Unreadable("the record has no value")
    try:
        return Envelope(
            id=UUID(_attribute(attributes, "ce_id")),
            source=_attribute(attributes, "ce_source"),
            subject=_attribute(attributes, "ce_subject"),
            sequence=int(_attribute(attributes, "ce_sequence")),
            time=datetime.fromisoformat(_attribute(attributes, "ce_time")),
            data=model.model_validate_json(value),
            traceparent=attributes.get("ce_traceparent", b"").decode() or None,
        )
    except ValidationError as error:
        raise Unreadable(_explain(error)) from None
    except ValueError as error:
        raise Unreadable(f"a CloudEvents attribute does not parse: {error}"[:300]) from None


def _attribute(attributes: dict[str, bytes], name: str) -> str:
    try:
        return attributes[name].decode()
    except KeyError:
        raise Unreadable(f"the CloudEvents attribute {name} is missing") from None
    except UnicodeDecodeError:
        raise Unreadable(f"the CloudEvents attribute {name} is not UTF-8") from None


def _explain(error: ValidationError) -> str:
    """Where and why, without the input: it may hold personal data."""
    parts = (
        f"{'.'.join(map(str, part['loc'])) or 'data'}: {part['msg']}"
        for part in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return "; ".join(parts)[:500]
