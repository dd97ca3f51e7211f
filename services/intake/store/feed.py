"""What arrives from Kafka: status snapshots and the copy of the transactions, in batches."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import Envelope
from shared.contracts.events import StatusChanged, TransactionRecorded

_LOCK: Final = text(
    "SELECT id, version FROM disputes WHERE id = ANY(CAST(:ids AS uuid[])) "
    "ORDER BY id FOR NO KEY UPDATE"
)
_SAVE: Final = text(
    "UPDATE disputes d SET version = s.version, status = s.status, open = s.open,"
    " holds = d.holds AND s.open, changed_at = s.at, snapshot = s.snapshot "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS integer[]), CAST(:statuses AS text[]),"
    " CAST(:opens AS boolean[]), CAST(:ats AS timestamptz[]), CAST(:snapshots AS json[])) "
    "AS s (id, version, status, open, at, snapshot) WHERE d.id = s.id"
)
_STEPS: Final = text(
    "INSERT INTO timeline (dispute_id, version, code, at, actor, params) SELECT * FROM unnest("
    "CAST(:ids AS uuid[]), CAST(:versions AS integer[]), CAST(:codes AS text[]),"
    " CAST(:ats AS timestamptz[]), CAST(:actors AS text[]), CAST(:params AS json[])) "
    "ON CONFLICT DO NOTHING"
)
_UPSERT: Final = text(
    "INSERT INTO transactions AS t (transaction_id, sequence, customer_id, payer_id, kind, state,"
    " amount_minor, refunded_minor, currency, merchant_id, merchant_name, occurred_at,"
    " refundable_until) SELECT * FROM unnest("
    "CAST(:ids AS text[]), CAST(:sequences AS bigint[]), CAST(:customers AS text[]),"
    " CAST(:payers AS text[]), CAST(:kinds AS text[]), CAST(:states AS text[]),"
    " CAST(:amounts AS numeric[]), CAST(:refunds AS numeric[]), CAST(:currencies AS text[]),"
    " CAST(:merchants AS text[]), CAST(:names AS text[]), CAST(:ats AS timestamptz[]),"
    " CAST(:untils AS timestamptz[])) "
    "ON CONFLICT (transaction_id) DO UPDATE SET sequence = excluded.sequence,"
    " customer_id = excluded.customer_id, payer_id = excluded.payer_id, kind = excluded.kind,"
    " state = excluded.state, amount_minor = excluded.amount_minor,"
    " refunded_minor = excluded.refunded_minor, currency = excluded.currency,"
    " merchant_id = excluded.merchant_id, merchant_name = excluded.merchant_name,"
    " occurred_at = excluded.occurred_at, refundable_until = excluded.refundable_until "
    "WHERE t.sequence < excluded.sequence"
)


async def lock_versions(tx: AsyncConnection, disputes: Collection[UUID]) -> dict[UUID, int]:
    """Lock these disputes and answer the version each has; unknown ones are left out."""
    rows = await tx.execute(_LOCK, {"ids": sorted(disputes)})
    return {dispute_id: version for dispute_id, version in rows}  # noqa: C416 - rows are no pairs


async def save_snapshots(tx: AsyncConnection, changes: Sequence[StatusChanged]) -> None:
    """Store the newest status of each dispute, locked before; one change per dispute."""
    if not changes:
        return
    await tx.execute(
        _SAVE,
        {
            "ids": [c.dispute_id for c in changes],
            "versions": [c.version for c in changes],
            "statuses": [c.status.value for c in changes],
            "opens": [c.open for c in changes],
            "ats": [c.changed_at for c in changes],
            "snapshots": [c.model_dump_json(exclude_none=True) for c in changes],
        },
    )


async def add_steps(tx: AsyncConnection, changes: Sequence[StatusChanged]) -> None:
    """Add timeline rows; one that stands already is left as it is."""
    if not changes:
        return
    await tx.execute(
        _STEPS,
        {
            "ids": [c.dispute_id for c in changes],
            "versions": [c.version for c in changes],
            "codes": [c.step.code for c in changes],
            "ats": [c.step.at for c in changes],
            "actors": [c.step.actor.value for c in changes],
            "params": [to_json(c.step.params).decode() for c in changes],
        },
    )


async def upsert_transactions(
    tx: AsyncConnection, newest: Sequence[tuple[Envelope, TransactionRecorded]]
) -> None:
    """Store newer states; one per transaction, sorted by its id."""
    if not newest:
        return
    rows = [recorded for _, recorded in newest]
    await tx.execute(
        _UPSERT,
        {
            "ids": [r.transaction_id for r in rows],
            "sequences": [envelope.sequence for envelope, _ in newest],
            "customers": [r.customer_id for r in rows],
            "payers": [r.payer_id for r in rows],
            "kinds": [r.kind.value for r in rows],
            "states": [r.state.value for r in rows],
            "amounts": [r.amount.amount_minor for r in rows],
            "refunds": [r.refunded_minor for r in rows],
            "currencies": [r.amount.currency for r in rows],
            "merchants": [r.merchant_id for r in rows],
            "names": [r.merchant_name for r in rows],
            "ats": [r.occurred_at for r in rows],
            "untils": [r.refundable_until for r in rows],
        },
    )
