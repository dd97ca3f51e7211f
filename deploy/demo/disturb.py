"""Disturbing the queue: copies of an event, and in the middle one that nobody can read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from deploy.demo.stories import Disturb
from deploy.demo.stream import Outgoing, Stream
from shared import clock, ids
from shared.contracts.envelope import Envelope, encode
from shared.contracts.events import ActionRequested
from shared.contracts.topics import Topic

SOURCE: Final = "/anpay/phone-desk"
TOPIC: Final = Topic.DISPUTES


@dataclass(frozen=True, slots=True)
class Disturbance:
    """Where the unreadable event lies, and what repairs it: `field` must be `good`."""

    partition: int
    offset: int
    last_offset: int
    field: str
    bad: str
    good: str
    sent: tuple[str, ...]
    topic: Topic = TOPIC

    @property
    def partition_name(self) -> str:
        """`disputes.v1[3]`."""
        return f"{self.topic}[{self.partition}]"

    @property
    def place(self) -> str:
        """`disputes.v1[3]@17`, as the list of dead letters names it."""
        return f"{self.partition_name}@{self.offset}"


async def disturb(
    stream: Stream, step: Disturb, disputes: tuple[str, str], customer_id: str, since: datetime
) -> Disturbance:
    """Send copy, unreadable event, copy into the partition of the first of `disputes`.

    The copies are byte for byte the event that opened it; the other is about the second dispute.
    Raises NotInKafka.
    """
    opened = await stream.first_of(TOPIC, disputes[0], since)
    copy = Outgoing(opened.key, opened.headers, opened.value)
    broken, good = _broken(step, UUID(disputes[1]), customer_id)
    offsets = await stream.send(TOPIC, opened.partition, [copy, broken, copy])
    told = (
        f"@{offsets[0]}  {step.case}: opened, a second time",
        f"@{offsets[1]}  {step.broken}: {step.action}, {step.field} = {step.value!r}",
        f"@{offsets[2]}  {step.case}: opened, a third time",
    )
    where = (opened.partition, offsets[1], offsets[2])
    return Disturbance(*where, step.field, step.value, good, told)


def repaired(document: Mapping[str, Any], found: Disturbance) -> dict[str, Any]:
    """The record as `show` prints it, with the field put right."""
    return {**document, "value": {**document["value"], found.field: found.good}}


def _broken(step: Disturb, dispute_id: UUID, customer_id: str) -> tuple[Outgoing, str]:
    """The event that cannot be read, and what its field should have held."""
    event = ActionRequested(
        action_id=ids.new(),
        dispute_id=dispute_id,
        action=step.action,
        requested_by=customer_id,
        requested_at=clock.utcnow(),
    )
    subject = str(dispute_id)
    headers, value = encode(Envelope(ids.new(), SOURCE, subject, 1, event.requested_at, event))
    body = json.loads(value)
    good = str(body[step.field])
    spoilt = json.dumps({**body, step.field: step.value}).encode()
    return Outgoing(subject.encode(), headers, spoilt), good
