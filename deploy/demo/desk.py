"""The phone desk's own system: it puts openings on the queue, past intake."""

from datetime import timedelta
from typing import Final

from deploy.demo.stories import Case
from deploy.demo.stream import Outgoing, Stream
from shared import clock, ids
from shared.contracts.envelope import Envelope, encode
from shared.contracts.events import DisputeOpened, opening_topic
from shared.contracts.vocabulary import Actor

SOURCE: Final = "/anpay/phone-desk"
PROMISED: Final = timedelta(seconds=90)


def opening(case: Case, transaction_id: str | None) -> DisputeOpened:
    """What the desk was told; which other cases there are it does not know."""
    now, asked = clock.utcnow(), case.request
    return DisputeOpened(
        dispute_id=ids.new(),
        claim_id=ids.new(),
        reference=ids.reference(),
        kind=asked.kind,
        reason=asked.reason,
        customer_id=case.customer.id,
        transaction_id=transaction_id,
        verified=False,
        profile="demo",
        profile_version=1,
        calendar="CN",
        calendar_version="desk",
        promised_at=now + PROMISED,
        promise_rule=f"promise_{asked.kind}",
        opened_at=now,
        channel="phone",
        opened_by=Actor.OPS,
    )


async def publish(stream: Stream, event: DisputeOpened) -> None:
    """Put it on the queue, under the dispute's key."""
    subject = str(event.dispute_id)
    headers, value = encode(Envelope(ids.new(), SOURCE, subject, 1, event.opened_at, event))
    record = Outgoing(subject.encode(), headers, value)
    await stream.send(opening_topic(event.kind), None, [record])
