"""What Kafka brings: one batch, one transaction; safe to apply twice and in any order."""

from collections.abc import Sequence
from typing import Final

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.feed import fold
from services.intake.store import feed
from shared.contracts.envelope import Envelope
from shared.contracts.events import StatusChanged, TransactionRecorded

_STATUS: Final = Counter(
    "redress_intake_status_events_total",
    "Status events by what became of them: applied, late, gap (versions that were missing when a "
    "newer one came), unknown (no such dispute here)",
    ["outcome"],
)


async def apply_statuses(tx: AsyncConnection, envelopes: Sequence[Envelope]) -> None:
    """Newer snapshots replace older ones; every version adds its timeline row once."""
    changes = [e.data for e in envelopes if isinstance(e.data, StatusChanged)]
    versions = await feed.lock_versions(tx, {c.dispute_id for c in changes})
    result = fold(versions, changes)
    await feed.save_snapshots(tx, result.newest)
    await feed.add_steps(tx, result.steps)
    _STATUS.labels("applied").inc(len(result.newest))
    _STATUS.labels("late").inc(result.late)
    _STATUS.labels("gap").inc(result.gaps)
    _STATUS.labels("unknown").inc(result.unknown)


async def copy_transactions(tx: AsyncConnection, envelopes: Sequence[Envelope]) -> None:
    """Keep the newest state of each transaction, by the ledger's own sequence."""
    newest: dict[str, tuple[Envelope, TransactionRecorded]] = {}
    for envelope in sorted(envelopes, key=lambda e: e.sequence):
        if isinstance(envelope.data, TransactionRecorded):
            newest[envelope.data.transaction_id] = (envelope, envelope.data)
    await feed.upsert_transactions(tx, [newest[key] for key in sorted(newest)])
