"""Batched statements on disputes, history, money and waiting commands. Keys arrive sorted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.domain import public
from services.tracker.domain.dispute import Claim, Dispute
from services.tracker.store.rows import (
    LEG_COLUMNS,
    dispute_of,
    facts_json,
    told_json,
)
from shared.contracts.events import DisputeOpened

_INSERT = text(
    "INSERT INTO disputes (id, claim_id, reference, kind, reason, customer_id, merchant_id,"
    " transaction_id, requested_minor, currency, refundable_until, occurred_at, profile,"
    " profile_version, calendar, calendar_version, opened_at, first_promised_at,"
    " first_promise_rule, statement, unauthenticated, about_reference, wallet, wallet_version)"
    " SELECT * FROM unnest(CAST(:id AS uuid[]),"
    " CAST(:claim_id AS uuid[]), CAST(:reference AS text[]), CAST(:kind AS text[]),"
    " CAST(:reason AS text[]), CAST(:customer_id AS text[]), CAST(:merchant_id AS text[]),"
    " CAST(:transaction_id AS text[]), CAST(:requested_minor AS numeric[]),"
    " CAST(:currency AS text[]), CAST(:refundable_until AS timestamptz[]),"
    " CAST(:occurred_at AS timestamptz[]), CAST(:profile AS text[]),"
    " CAST(:profile_version AS integer[]), CAST(:calendar AS text[]),"
    " CAST(:calendar_version AS text[]), CAST(:opened_at AS timestamptz[]),"
    " CAST(:first_promised_at AS timestamptz[]), CAST(:first_promise_rule AS text[]),"
    " CAST(:statement AS text[]), CAST(:unauthenticated AS boolean[]),"
    " CAST(:about_reference AS text[]), CAST(:wallet AS text[]),"
    " CAST(:wallet_version AS integer[])) ON CONFLICT DO NOTHING"
)
_LOCK = text(  # the pieces are constants
    "SELECT id, claim_id, reference, kind, reason, customer_id, merchant_id, transaction_id,"  # noqa: S608
    " requested_minor, currency, refundable_until, occurred_at, profile, profile_version,"
    " calendar, calendar_version, opened_at, first_promised_at, first_promise_rule,"
    " wallet, wallet_version, "
    + ", ".join(LEG_COLUMNS)
    + ", CAST(facts AS text) AS facts, CAST(told AS text) AS told, version, steps FROM disputes "
    "WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"
)
_OPEN_ON = text(
    "SELECT id, transaction_id, kind, reference FROM disputes "
    "WHERE open AND transaction_id = ANY(CAST(:transactions AS text[])) ORDER BY id"
)
_OF_CLAIM = text("SELECT id FROM disputes WHERE claim_id = :claim_id ORDER BY id LIMIT 50")
_HOLD_NEEDED = text(
    "SELECT EXISTS (SELECT FROM disputes WHERE claim_id = :claim_id AND id <> :id AND open"
    " AND hold IN ('asked', 'held', 'expired', 'freezing', 'frozen'))"
)
_CHARGED_BACK = text(
    "SELECT id, open, chargeback, inquiry = 'found' AS known, "
    "CAST(facts->>'chargeback_outside' AS boolean) AS outside "
    "FROM disputes WHERE transaction_id = :transaction_id "
    "AND inquiry <> 'foreign' AND verdict <> 'duplicate' "
    "ORDER BY (open OR chargeback <> 'none') DESC, (inquiry = 'found') DESC, "
    "refund = 'credited' DESC, id LIMIT 500"
)
_SAVE = text(  # the pieces are constants
    "WITH told AS (INSERT INTO history (dispute_id, step, at, trigger, actor, input, result,"  # noqa: S608
    " reason, legs, status, versions, money) SELECT * FROM unnest(CAST(:h_dispute_id AS uuid[]),"
    " CAST(:h_step AS integer[]), CAST(:h_at AS timestamptz[]), CAST(:h_trigger AS text[]),"
    " CAST(:h_actor AS text[]), CAST(:h_input AS json[]), CAST(:h_result AS text[]),"
    " CAST(:h_reason AS text[]), CAST(:h_legs AS text[]), CAST(:h_status AS text[]),"
    " CAST(:h_versions AS text[]), CAST(:h_money AS json[]))) "
    "UPDATE disputes d SET "
    + ", ".join(f"{leg} = u.{leg}" for leg in LEG_COLUMNS)
    + ", facts = u.facts, version = u.version, steps = u.steps, status = u.status, open = u.open,"
    " promised_at = u.promised_at, slack_at = u.slack_at, told = u.told,"
    " snapshot = coalesce(u.snapshot, d.snapshot),"
    " updated_at = u.updated_at, ended_at = CASE WHEN u.open THEN d.ended_at"
    " ELSE coalesce(d.ended_at, u.updated_at) END FROM (SELECT * FROM unnest(CAST(:ids AS uuid[]), "
    + ", ".join(f"CAST(:{leg} AS text[])" for leg in LEG_COLUMNS)
    + ", CAST(:facts AS json[]), CAST(:version AS integer[]), CAST(:steps AS integer[]),"
    " CAST(:status AS text[]), CAST(:open AS boolean[]), CAST(:promised_at AS timestamptz[]),"
    " CAST(:slack_at AS timestamptz[]), CAST(:told AS json[]), CAST(:snapshot AS json[]),"
    " CAST(:updated_at AS timestamptz[])) AS u(id, "
    + ", ".join(LEG_COLUMNS)
    + ", facts, version, steps, status, open, promised_at, slack_at, told, snapshot,"
    " updated_at)) u "
    "WHERE d.id = u.id"
)
_COMPLETE = text(
    "UPDATE disputes d SET transaction_id = u.transaction_id, requested_minor = u.requested_minor,"
    " currency = u.currency FROM (SELECT * FROM unnest(CAST(:ids AS uuid[]),"
    " CAST(:transactions AS text[]), CAST(:amounts AS numeric[]), CAST(:currencies AS text[]))"
    " AS u(id, transaction_id, requested_minor, currency)) u WHERE d.id = u.id"
)
_WAIT = text(
    "INSERT INTO waiting (id, dispute_id, trigger, requested_by, payload) SELECT * FROM unnest("
    "CAST(:id AS uuid[]), CAST(:dispute_id AS uuid[]), CAST(:trigger AS text[]),"
    " CAST(:requested_by AS text[]), CAST(:payload AS json[])) ON CONFLICT DO NOTHING"
)
_ARRIVED = text(
    "DELETE FROM waiting WHERE dispute_id = ANY(CAST(:ids AS uuid[])) "
    "RETURNING id, dispute_id, trigger, requested_by, CAST(payload AS text) AS payload,"
    " received_at"
)
_FORGET_WAITING = text(
    "DELETE FROM waiting WHERE id IN (SELECT id FROM waiting WHERE received_at < "
    "(SELECT clock_timestamp()) - CAST(:kept AS interval) LIMIT 500)"
)
_READY = text(
    "SELECT w.id FROM waiting w JOIN disputes d ON d.id = w.dispute_id ORDER BY w.id LIMIT 500 "
    "FOR UPDATE OF w SKIP LOCKED"
)
_LEFT = text(
    "DELETE FROM waiting WHERE id = ANY(CAST(:ids AS uuid[])) "
    "RETURNING id, dispute_id, trigger, requested_by, CAST(payload AS text) AS payload,"
    " received_at"
)

_CLAIM_COLUMNS: Final = (
    "claim_id",
    "reference",
    "kind",
    "reason",
    "customer_id",
    "merchant_id",
    "transaction_id",
    "refundable_until",
    "occurred_at",
    "profile",
    "profile_version",
    "calendar",
    "calendar_version",
    "opened_at",
    "statement",
    "about_reference",
    "wallet",
    "wallet_version",
)


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One recorded trigger."""

    dispute_id: UUID
    step: int
    at: datetime
    trigger: str
    actor: str
    input: str | None
    result: str
    reason: str
    legs: str
    status: str
    versions: str
    money: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A dispute to write back, with what people see of it."""

    dispute: Dispute
    status: str
    open: bool
    snapshot: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Early:
    """A command that came before its dispute was opened."""

    id: UUID
    dispute_id: UUID
    trigger: str
    requested_by: str
    payload: str | None


async def insert(tx: AsyncConnection, opened: Sequence[DisputeOpened]) -> None:
    """New disputes; one that exists stays as it is."""
    if not opened:
        return
    rows = sorted(opened, key=lambda event: event.dispute_id)
    columns: dict[str, list[object]] = {
        name: [getattr(event, name) for event in rows] for name in _CLAIM_COLUMNS
    }
    columns["id"] = [event.dispute_id for event in rows]
    columns["requested_minor"] = [e.requested.amount_minor if e.requested else None for e in rows]
    columns["currency"] = [e.requested.currency if e.requested else None for e in rows]
    columns["first_promised_at"] = [event.promised_at for event in rows]
    columns["first_promise_rule"] = [event.promise_rule for event in rows]
    columns["unauthenticated"] = [event.unauthenticated is True for event in rows]
    await tx.execute(_INSERT, columns)


async def lock(tx: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, Dispute]:
    """Lock disputes in the order of their ids and read them."""
    rows = await tx.execute(_LOCK, {"ids": sorted(ids)})
    return {row["id"]: dispute_of(row) for row in rows.mappings()}


async def open_on(
    tx: AsyncConnection, transactions: Sequence[str]
) -> dict[str, list[tuple[UUID, str, str]]]:
    """Open disputes (id, kind, reference) by transaction, oldest first."""
    found: dict[str, list[tuple[UUID, str, str]]] = {}
    if transactions:
        rows = await tx.execute(_OPEN_ON, {"transactions": sorted(transactions)})
        for row in rows:
            found.setdefault(row.transaction_id, []).append((row.id, row.kind, row.reference))
    return found


async def of_claim(connection: AsyncConnection, claim_id: UUID) -> list[UUID]:
    """The disputes of a claim, which has 50 at most."""
    return list((await connection.execute(_OF_CLAIM, {"claim_id": claim_id})).scalars())


async def is_hold_needed(connection: AsyncConnection, claim_id: UUID, besides: UUID) -> bool:
    """Whether another dispute of the claim still needs the hold that they share."""
    values = {"claim_id": claim_id, "id": besides}
    return bool((await connection.execute(_HOLD_NEEDED, values)).scalar_one())


async def charged_back(connection: AsyncConnection, transaction_id: str) -> dict[UUID, str]:
    """Disputes that news of a card's chargeback concerns: `none`, `ours` or `outside`, by id.

    Where all that know the transaction have ended without one, it concerns a single one of those:
    that which was refunded, else the first.
    """
    rows = list(await connection.execute(_CHARGED_BACK, {"transaction_id": transaction_id}))
    concerned = [row for row in rows if row.open or row.chargeback != "none"]
    if not any(row.known for row in concerned):
        ended = [row for row in rows if row not in concerned]
        concerned += ended[:1] if ended and (ended[0].known or not concerned) else []
    return {row.id: _whose(row) for row in concerned}


async def save(
    tx: AsyncConnection, changed: Sequence[Changed], history: Sequence[HistoryRow]
) -> None:
    """Write back, under the locks taken before, and append to history."""
    if not changed:
        return
    rows = sorted(changed, key=lambda c: c.dispute.claim.dispute_id)
    columns: dict[str, list[object]] = {
        leg: [getattr(c.dispute.legs, leg).value for c in rows] for leg in LEG_COLUMNS
    }
    columns["ids"] = [c.dispute.claim.dispute_id for c in rows]
    columns["facts"] = [facts_json(c.dispute.facts) for c in rows]
    columns["version"] = [c.dispute.version for c in rows]
    columns["steps"] = [c.dispute.steps for c in rows]
    columns["status"] = [c.status for c in rows]
    columns["open"] = [c.open for c in rows]
    columns["promised_at"] = [c.dispute.facts.promised_at for c in rows]
    columns["slack_at"] = [public.slack_at(c.dispute, c.updated_at) for c in rows]
    columns["told"] = [told_json(c.dispute.told) for c in rows]
    columns["snapshot"] = [c.snapshot for c in rows]
    columns["updated_at"] = [c.updated_at for c in rows]
    for name in HistoryRow.__slots__:
        columns[f"h_{name}"] = [getattr(row, name) for row in history]
    await tx.execute(_SAVE, columns)


async def complete(tx: AsyncConnection, claims: Sequence[Claim]) -> None:
    """What a customer added to claims that were opened without it."""
    if not claims:
        return
    rows = sorted(claims, key=lambda claim: claim.dispute_id)
    await tx.execute(
        _COMPLETE,
        {
            "ids": [claim.dispute_id for claim in rows],
            "transactions": [claim.transaction_id for claim in rows],
            "amounts": [claim.requested_minor for claim in rows],
            "currencies": [claim.currency for claim in rows],
        },
    )


async def wait(tx: AsyncConnection, early: Sequence[Early]) -> None:
    """Keep commands until their dispute is opened."""
    if early:
        await tx.execute(
            _WAIT, {name: [getattr(e, name) for e in early] for name in Early.__slots__}
        )


async def arrived(tx: AsyncConnection, ids: Sequence[UUID]) -> list[Early]:
    """Take the commands that waited for these disputes."""
    if not ids:
        return []
    return _in_order(await tx.execute(_ARRIVED, {"ids": sorted(ids)}))


async def ready_to_apply(tx: AsyncConnection) -> list[UUID]:
    """Lock the commands, 500 at most, whose dispute is there although they still wait."""
    return list((await tx.execute(_READY)).scalars())


async def left_waiting(tx: AsyncConnection, ids: Sequence[UUID]) -> list[Early]:
    """Take these commands, as far as they still wait."""
    if not ids:
        return []
    return _in_order(await tx.execute(_LEFT, {"ids": sorted(ids)}))


async def forget_waiting(tx: AsyncConnection, kept: timedelta) -> int:
    """Drop a bounded number of commands whose dispute did not come for that long."""
    return (await tx.execute(_FORGET_WAITING, {"kept": kept})).rowcount


def _whose(row: Row[Any]) -> str:
    if row.chargeback == "none":
        return "none"
    return "outside" if row.outside else "ours"


def _in_order(rows: Iterable[Row[Any]]) -> list[Early]:
    """As they came; an event's id is a hash and says nothing of that."""
    came = sorted(rows, key=lambda row: (row.received_at, row.id))
    return [Early(*(getattr(row, name) for name in Early.__slots__)) for row in came]
