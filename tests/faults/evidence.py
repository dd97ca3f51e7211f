"""Takes the evidence of a running system for the judge, once it has come to rest."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tests.e2e.world import Json, Receipt, World, until
from tests.faults.history import Accepted, Books, History, Paid, Tracked, violations

REST_WITHIN_S: Final = 60.0
MOST: Final = 10_000
_APART: Final = frozenset({"corrected", "compensated", "clawed_back"})  # they repay no capture
_TRACKED: Final = (
    "SELECT id, status, version, open, refund, promised_at,"
    " CAST(facts ->> 'approved_minor' AS bigint) AS approved_minor,"
    " (SELECT min(due_at) FROM tasks t WHERE t.dispute_id = d.id) AS wakes_at FROM disputes d"
)


async def check(world: World, receipts: Sequence[Receipt]) -> None:
    """Nothing that was accepted in this system may contradict an invariant."""
    await until(lambda: _at_rest(world), REST_WITHIN_S)
    assert violations(await _gathered(world, receipts)) == []


async def _at_rest(world: World) -> bool:
    """Every outbox empty and the read model at the tracker's newest word."""
    for service in ("intake", "tracker"):
        if await world.rows(service, "SELECT 1 FROM outbox LIMIT 1"):
            return False
    told = await world.rows("tracker", "SELECT id, version FROM disputes WHERE version > 0")
    shown = await world.rows("intake", "SELECT id, version FROM disputes WHERE version > 0")
    return _versions(told) == _versions(shown)


def _versions(rows: Sequence[Json]) -> set[tuple[UUID, int]]:
    return {(row["id"], row["version"]) for row in rows}


async def _gathered(world: World, receipts: Sequence[Receipt]) -> History:
    accepted = [_accepted(await world.shown(receipt)) for receipt in receipts]
    books = await _books(world)
    rows = await world.rows("tracker", _TRACKED)
    (clock,) = await world.rows("tracker", "SELECT clock_timestamp() AS now")
    now: datetime = clock["now"]
    return History(now, accepted, {row["id"]: _tracked(row) for row in rows}, books)


def _accepted(shown: Json) -> Accepted:
    return Accepted(UUID(shown["dispute_id"]), shown["status"], shown["version"])


def _tracked(row: Json) -> Tracked:
    return Tracked(
        dispute_id=row["id"],
        status=row["status"],
        version=row["version"],
        open=row["open"],
        refund=row["refund"],
        approved_minor=row["approved_minor"],
        promised_at=row["promised_at"],
        wakes_at=row["wakes_at"],
    )


async def _books(world: World) -> Books:
    refunds = await world.call("GET", "bank", f"/sandbox/refunds?limit={MOST}")
    ledger = await world.call("GET", "bank", f"/sandbox/ledger?limit={MOST}")
    audit = (await world.call("GET", "bank", "/sandbox/audit")).body
    journals = ledger.body["journals"]
    assert len(journals) < MOST, "the checker would not see all of the ledger"
    complaints = [*audit["paid_twice"], *audit["above_captured"]]
    if not audit["balanced"]:
        complaints.append("not balanced")
    captured, given_back = _sums(journals)
    return Books(
        [_paid(each) for each in refunds.body["refunds"]], captured, given_back, complaints
    )


def _paid(refund: Json) -> Paid:
    amount_minor = int(refund["amount"]["amount_minor"])
    return Paid(refund["reference"], refund["transaction_id"], amount_minor, refund["state"])


def _sums(journals: Sequence[Json]) -> tuple[dict[str, int], dict[str, int]]:
    """(captured, given back or under way) by transaction, from nothing but postings."""
    captured: defaultdict[str, int] = defaultdict(int)
    given_back: defaultdict[str, int] = defaultdict(int)
    for journal in journals:
        if journal["transaction_id"] is None or journal["kind"] in _APART:
            continue
        mine = sum(_customers(posting) for posting in journal["postings"])
        if journal["kind"] == "captured":
            captured[journal["transaction_id"]] -= mine
        else:
            given_back[journal["transaction_id"]] += mine
    return dict(captured), dict(given_back)


def _customers(posting: dict[str, Any]) -> int:
    """What a posting means for the customer's side: arrived, or on its way there."""
    account = posting["account"]
    theirs = account.startswith("customer:") or account == "clearing:in-flight"
    return int(posting["amount_minor"]) if theirs else 0
