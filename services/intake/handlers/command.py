"""What a customer asks of a dispute that exists: checked on the read model, decided elsewhere."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.actions import Details, Disputed, refusal
from services.intake.domain.claims import AT_FIRST, AlreadyOpen, Refusal
from services.intake.handlers.accept import SOURCE
from services.intake.handlers.answers import (
    Accepted,
    AlreadyNamed,
    Key,
    KeyReused,
    NotFound,
    NotPossible,
    OfferChanged,
    recall,
)
from services.intake.store import claims, disputes, keys
from shared import clock, ids, outbox
from shared.contracts.envelope import Envelope
from shared.contracts.events import ActionRequested, Amount, opening_topic
from shared.contracts.vocabulary import Action
from shared.outbox import Outgoing
from shared.seal import KeyRing

_LOOKS: Final = 2

CommandAnswer = (
    Accepted | AlreadyNamed | KeyReused | NotFound | NotPossible | OfferChanged | Refusal
)


@dataclass(frozen=True, slots=True)
class Command:
    """An action wanted of a dispute. `owned_by` is the customer whose it must be, if any."""

    key: Key
    digest: bytes
    dispute_id: UUID
    action: Action
    statement: str | None
    requested_by: str
    owned_by: str | None
    details: Details
    traceparent: str | None = None


def possible(dispute: disputes.Stored) -> tuple[Action, ...]:
    """The actions that the newest status allows."""
    return tuple(dispute.snapshot.actions) if dispute.snapshot else AT_FIRST


async def request(tx: AsyncConnection, command: Command, key_ring: KeyRing) -> CommandAnswer:
    """Hand an action to the tracker, which decides; the answer is true once `tx` commits."""
    dispute = await disputes.lock(tx, command.dispute_id)
    if dispute is None or command.owned_by not in {None, dispute.opening.customer_id}:
        return NotFound()
    if stored := (await keys.read(tx, [command.key])).get(command.key):
        return recall(stored, command.digest)
    if command.action not in possible(dispute):
        return NotPossible(dispute.status, possible(dispute))
    if (offered := _other_offer(command, dispute)) is not None:
        return OfferChanged(offered, dispute.status, possible(dispute))
    return await _hand_over(tx, command, dispute, key_ring)


def _other_offer(command: Command, dispute: disputes.Stored) -> Amount | None:
    """What the merchant offers by now, where the customer has said that they take another."""
    taken = command.details.amount
    offered = dispute.snapshot and dispute.snapshot.offered
    if command.action is not Action.ACCEPT_OFFER or taken is None or not offered:
        return None
    same = (taken.amount_minor, taken.currency) == (offered.amount_minor, offered.currency)
    return None if same else offered


async def _hand_over(
    tx: AsyncConnection, command: Command, dispute: disputes.Stored, key_ring: KeyRing
) -> Accepted | AlreadyNamed | KeyReused | Refusal:
    event = await _event(tx, command, key_ring)
    answer = _answer(event)
    entry = keys.Stored(command.key, command.digest, answer.body, answer.location)
    if not await keys.claim(tx, [entry]):
        # The same key won meanwhile for another dispute: this one was locked by us.
        return KeyReused()
    if refused := await _name_transaction(tx, command, dispute):
        await keys.release(tx, [command.key])
        return refused
    sequence = await disputes.next_sequence(tx, command.dispute_id)
    envelope = Envelope(
        id=ids.event_id(SOURCE, command.dispute_id, sequence),
        source=SOURCE,
        subject=str(command.dispute_id),
        sequence=sequence,
        time=event.requested_at,
        data=event,
        traceparent=command.traceparent,
    )
    await outbox.add(tx, [Outgoing(opening_topic(dispute.opening.kind), envelope)])
    return answer


async def _name_transaction(
    tx: AsyncConnection, command: Command, dispute: disputes.Stored
) -> AlreadyNamed | Refusal | None:
    """Note the transaction that is named, so that nobody opens another dispute about it.

    The tracker keeps the first that it hears of: another one later would be free here, and in
    dispute there.
    """
    named, opening = command.details.transaction_id, dispute.opening
    if named is None:
        return None
    if (first := dispute.transaction_id) and first != named:
        return AlreadyNamed(first, dispute.status, possible(dispute))
    disputed = Disputed(opening.customer_id, opening.kind, opening.reference)
    for _ in range(_LOOKS):
        situation = await claims.about(tx, [named])
        if refused := refusal(command.details, disputed, situation):
            return _of(dispute, refused)
        if await disputes.name_transaction(tx, opening.dispute_id, named):
            return None
    # opened and closed again while we looked
    return _of(dispute, AlreadyOpen("transaction_id", None))


def _of(dispute: disputes.Stored, refused: Refusal) -> Refusal:
    """Whatever is in its way: the state that is told is that of the dispute that was asked."""
    if not isinstance(refused, AlreadyOpen):
        return refused
    return replace(refused, status=dispute.status, possible=possible(dispute))


async def _event(tx: AsyncConnection, command: Command, key_ring: KeyRing) -> ActionRequested:
    action_id, details = ids.new(), command.details
    money = details.amount
    sealed = command.statement and key_ring.seal(
        command.statement, f"statement:{command.dispute_id}"
    )
    return ActionRequested(
        action_id=action_id,
        dispute_id=command.dispute_id,
        action=command.action,
        requested_by=command.requested_by,
        requested_at=await clock.after_locks(tx),
        statement=sealed,
        transaction_id=details.transaction_id,
        amount=Amount(amount_minor=money.amount_minor, currency=money.currency) if money else None,
        tracking=details.tracking,
        account_id=details.account_id,
    )


def _answer(event: ActionRequested) -> Accepted:
    here = f"/v1/disputes/{event.dispute_id}"
    body = {
        "action_id": event.action_id,
        "dispute_id": event.dispute_id,
        "action": event.action,
        "requested_at": event.requested_at,
        "links": {"dispute": here},
    }
    return Accepted(to_json(body).decode(), here)
