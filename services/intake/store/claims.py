"""Opening disputes: the situation before, and claims with their disputes in one statement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.claims import AT_FIRST, Claim, Named, OpenDispute, Situation
from services.intake.domain.kinds import MOST_OPEN, Transaction
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import (
    GROUPS,
    Action,
    Status,
    TransactionKind,
    TransactionState,
)

COPY: Final = (
    "t.transaction_id, t.customer_id, t.kind, t.state, t.amount_minor, t.refunded_minor,"
    " t.currency, t.merchant_id, t.merchant_name, t.occurred_at, t.refundable_until"
)
_COPIES: Final = text(
    f"SELECT {COPY} FROM transactions t WHERE transaction_id = ANY(CAST(:ids AS text[]))"  # noqa: S608 - constants
)
# What is possible now, as JSON; null until the tracker has spoken.
_POSSIBLE: Final = (
    "CASE WHEN snapshot IS NOT NULL THEN coalesce(CAST(snapshot->'actions' AS text), '[]') END"
)
_OPEN: Final = text(
    f"SELECT transaction_id, kind_group, customer_id, reference, status, {_POSSIBLE} AS possible "  # noqa: S608 - constants
    "FROM disputes WHERE open AND transaction_id = ANY(CAST(:ids AS text[]))"
)
# One that was opened again after its end no longer holds its slot, and counts all the same.
_COUNTED: Final = text(
    "SELECT customer_id, kind_group, reference, CASE WHEN holds THEN slot END AS slot, status,"  # noqa: S608 - constants
    f" {_POSSIBLE} AS possible FROM disputes "
    "WHERE open AND slot IS NOT NULL AND customer_id = ANY(CAST(:ids AS text[])) ORDER BY id"
)
# By its own reference, or by one that was told at the door without a token.
_NAMED: Final = text(
    "SELECT reference AS given, customer_id, reference FROM disputes "
    "WHERE reference = ANY(CAST(:references AS text[])) "
    "UNION ALL SELECT s.reference, d.customer_id, d.reference FROM stand_ins s "
    "JOIN disputes d ON d.reference = s.stands_for "
    "WHERE s.reference = ANY(CAST(:references AS text[]))"
)
_INSERT: Final = text(
    "WITH claim AS (INSERT INTO claims (id, customer_id, channel, opened_by, opened_at) "
    "SELECT * FROM unnest(CAST(:claims AS uuid[]), CAST(:claimants AS text[]),"
    " CAST(:channels AS text[]), CAST(:openers AS text[]), CAST(:moments AS timestamptz[]))) "
    "INSERT INTO disputes (id, claim_id, reference, customer_id, kind, kind_group, reason,"
    " transaction_id, slot, requested_minor, currency, opening, opened_at, emitted_at, changed_at) "
    "SELECT id, claim_id, reference, customer_id, kind, kind_group, reason, transaction_id, slot,"
    " requested_minor, currency, opening, at, at, at FROM unnest("
    "CAST(:ids AS uuid[]), CAST(:of_claims AS uuid[]), CAST(:references AS text[]),"
    " CAST(:customers AS text[]), CAST(:kinds AS text[]), CAST(:groups AS text[]),"
    " CAST(:reasons AS text[]), CAST(:transactions AS text[]), CAST(:slots AS smallint[]),"
    " CAST(:amounts AS numeric[]), CAST(:currencies AS text[]), CAST(:openings AS json[]),"
    " CAST(:ats AS timestamptz[])) "
    "AS d (id, claim_id, reference, customer_id, kind, kind_group, reason, transaction_id, slot,"
    " requested_minor, currency, opening, at) "
    "ON CONFLICT DO NOTHING RETURNING id"
)
_DISCARD_DISPUTES: Final = text(
    "DELETE FROM disputes WHERE claim_id = ANY(CAST(:claims AS uuid[]))"
)
_DISCARD_CLAIMS: Final = text("DELETE FROM claims WHERE id = ANY(CAST(:claims AS uuid[]))")


@dataclass(frozen=True, slots=True)
class Opening:
    """A dispute to insert: its event, the event's JSON as it is kept, and the slot it takes."""

    event: DisputeOpened
    document: str
    slot: int | None = None


async def situation(tx: AsyncConnection, claims: Collection[Claim]) -> Situation:
    """What these claims name, and the open disputes in their way, own writes included."""
    named = {wanted.transaction_id for claim in claims for wanted in claim.wanted}
    found = await about(tx, named)
    counting = {c.customer_id for c in claims if not c.wanted and GROUPS[c.kind] in MOST_OPEN}
    references = {claim.about_reference for claim in claims if claim.about_reference}
    if not counting and not references:
        return found
    return replace(found, counted=await _counted(tx, counting), named=await _named(tx, references))


async def about(tx: AsyncConnection, transactions: Collection[str]) -> Situation:
    """The copies of these transactions and the open disputes about them, own writes included."""
    if not transactions:
        return Situation({}, {})
    ids = {"ids": sorted(transactions)}
    copies = {row.transaction_id: transaction(row) for row in await tx.execute(_COPIES, ids)}
    standing = {
        (row.transaction_id, row.kind_group): _standing(row, None)
        for row in await tx.execute(_OPEN, ids)
    }
    return Situation(copies, standing)


async def insert(tx: AsyncConnection, claims: Sequence[Sequence[Opening]]) -> set[UUID]:
    """Insert claims with their disputes; the answer holds the claims that got in whole.

    Of a claim that did not, some rows may stand: `discard` it.
    """
    if not claims:
        return set()
    heads = [openings[0].event for openings in claims]
    disputes = sorted((o for openings in claims for o in openings), key=_lock_order)
    inserted = set((await tx.execute(_INSERT, _claims(heads) | _disputes(disputes))).scalars())
    return {
        openings[0].event.claim_id
        for openings in claims
        if all(o.event.dispute_id in inserted for o in openings)
    }


async def discard(tx: AsyncConnection, claims: Collection[UUID]) -> None:
    """Take back what `insert` put in for these claims."""
    await tx.execute(_DISCARD_DISPUTES, {"claims": sorted(claims)})
    await tx.execute(_DISCARD_CLAIMS, {"claims": sorted(claims)})


def transaction(row: Row[Any]) -> Transaction:
    """A row that begins with the columns of `COPY`."""
    return Transaction(
        transaction_id=row.transaction_id,
        customer_id=row.customer_id,
        kind=TransactionKind(row.kind),
        state=TransactionState(row.state),
        amount_minor=int(row.amount_minor),
        refunded_minor=int(row.refunded_minor),
        currency=row.currency,
        merchant_id=row.merchant_id,
        merchant_name=row.merchant_name,
        occurred_at=row.occurred_at,
        refundable_until=row.refundable_until,
    )


async def _counted(
    tx: AsyncConnection, customers: Collection[str]
) -> dict[tuple[str, str], list[OpenDispute]]:
    found: dict[tuple[str, str], list[OpenDispute]] = {}
    if customers:
        for row in await tx.execute(_COUNTED, {"ids": [*customers]}):
            place = (row.customer_id, row.kind_group)
            found.setdefault(place, []).append(_standing(row, row.slot))
    return found


def _standing(row: Row[Any], slot: int | None) -> OpenDispute:
    told = AT_FIRST if row.possible is None else from_json(row.possible)
    possible = tuple(Action(name) for name in told)
    return OpenDispute(row.customer_id, row.reference, slot, Status(row.status), possible)


async def _named(tx: AsyncConnection, references: Collection[str]) -> dict[str, Named]:
    if not references:
        return {}
    rows = await tx.execute(_NAMED, {"references": [*references]})
    return {given: Named(customer, reference) for given, customer, reference in rows}


def _lock_order(opening: Opening) -> tuple[str, str, str, int]:
    """Two batches that want the same wait for each other instead of deadlocking."""
    event = opening.event
    return event.transaction_id or "", GROUPS[event.kind], event.customer_id, opening.slot or 0


def _claims(heads: Sequence[DisputeOpened]) -> dict[str, list[Any]]:
    return {
        "claims": [e.claim_id for e in heads],
        "claimants": [e.customer_id for e in heads],
        "channels": [e.channel for e in heads],
        "openers": [e.opened_by.value for e in heads],
        "moments": [e.opened_at for e in heads],
    }


def _disputes(openings: Sequence[Opening]) -> dict[str, list[Any]]:
    events = [o.event for o in openings]
    return {
        "ids": [e.dispute_id for e in events],
        "of_claims": [e.claim_id for e in events],
        "references": [e.reference for e in events],
        "customers": [e.customer_id for e in events],
        "kinds": [e.kind.value for e in events],
        "groups": [GROUPS[e.kind] for e in events],
        "reasons": [e.reason for e in events],
        "transactions": [e.transaction_id for e in events],
        "slots": [o.slot for o in openings],
        "amounts": [e.requested.amount_minor if e.requested else None for e in events],
        "currencies": [e.requested.currency if e.requested else None for e in events],
        "openings": [o.document for o in openings],
        "ats": [e.opened_at for e in events],
    }
