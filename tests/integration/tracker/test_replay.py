"""`replay`: what the database has recorded, decided again. Every other test's history is, too."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.tracker.domain.triggers import T, Trigger
from services.tracker.handlers import Signal
from services.tracker.replay.command import Asked, replay
from services.tracker.replay.report import Sums
from services.tracker.store import recorded
from services.tracker.store.recorded import Step
from shared import clock, db, migrations
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Kind
from shared.rules import load_file
from tests.integration.tracker.stage import (
    CAPTURED,
    Stage,
    decision,
    found,
    merchant,
    opened,
    opening,
    refund,
    wish,
)
from tests.replaying import BEGINNING, FORGED, replayed

NARROW = """
version = 7
inherits = "demo"
calendar = "CN"
zone = "Asia/Shanghai"

[rules.refund_window]
value = 60
unit = "second"
source = "this test"
standing = "default"
"""


@pytest.fixture
def narrow(tmp_path: Path) -> Path:
    """Asked for a minute after the purchase, a refund is outside the window."""
    path = tmp_path / "narrow.toml"
    path.write_text(NARROW, encoding="utf-8")
    return path


async def test_disputes_that_share_their_money_replay_with_what_each_was_shown(
    stage: Stage,
) -> None:
    ids = sorted((opened(), opened()), key=lambda event: event.dispute_id)
    first, second = (_about("tx-shared", event) for event in ids)
    other = _about("tx-shared", opened(Kind.PAYMENT_FAILED))
    await stage.send(*map(opening, (first, second, other)))
    await stage.send(found(first), found(other))
    await stage.each(merchant(first), refund(first, T.REFUND_CREDITED), merchant(other))
    shown = await stage.rows("SELECT money FROM history")
    assert {str(row["money"]) for row in shown} == {
        "None",
        f"{{'duplicate_of': '{first.reference}'}}",
        f"{{'others_minor': {CAPTURED}}}",
    }
    assert (await replayed(stage.engine)).identical == 3


async def test_other_rules_are_reported_with_what_they_would_have_decided(
    stage: Stage, narrow: Path
) -> None:
    old, new, denied = _an_hour_old(), opened(), _an_hour_old()
    await _paid(stage, old)
    await _paid(stage, new)
    await stage.to_arbitration(denied)
    await stage.each(decision(denied, None))
    told: list[str] = []
    asked = Asked(BEGINNING, rules=load_file(narrow))
    sums = await replay(stage.engine, asked, told.append)
    assert (sums.identical, sums.different) == (1, 2)
    assert sums.recorded.ends == {"credited": 2, "declined": 1}
    assert sums.now.ends == {"credited": 1, "declined": 2}
    assert sums.recorded.approved == {"CNY": 2 * CAPTURED}
    assert sums.now.approved == {"CNY": CAPTURED}
    assert len(told) == 2
    assert {line.splitlines()[0][15:] for line in told} == {
        "refund_request, step 2 transaction_found"
    }
    assert all("now       applied, declined: inquiry=found verdict=declined" in t for t in told)
    assert all("(narrow@7 " in each and "(demo@1 " in each for each in told)


async def test_the_command_prints_the_sums_and_exits_with_whether_something_differs(
    stage: Stage, narrow: Path
) -> None:
    event = _an_hour_old()
    await _paid(stage, event)
    same = _run(stage, "--since", "2026-01-01")
    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout.startswith("1 disputes replayed: 1 identical, 0 different\n")
    other = _run(stage, "--since", "2026-01-01T00:00:00+08:00", "--profile", str(narrow))
    assert other.returncode == 1
    assert "step 2 transaction_found\n  recorded  applied, waiting_for_merchant" in other.stdout
    assert "approved CNY                                128.00                0.00" in other.stdout


async def test_without_its_database_nothing_is_replayed(stage: Stage) -> None:
    done = _run(stage, "--since", "2026-01-01", url="postgresql://nobody:x@127.0.0.1:1/none")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


async def test_pages_of_disputes_and_windows_of_steps_are_read_whole(stage: Stage) -> None:
    events = [opened() for _ in range(recorded.PAGE + 1)]
    await stage.send(*map(opening, events))
    many = events[7]
    await stage.send(*(wish(many, T.APPEALED, n) for n in range(2, 2 * recorded.WINDOW + 3)))
    sums = await replayed(stage.engine)
    assert sums.identical == recorded.PAGE + 1
    assert sums.recorded.inputs["illegal"] == 2 * recorded.WINDOW + 1
    limited = await _sums(stage, Asked(BEGINNING, limit=recorded.PAGE))
    assert limited.identical == recorded.PAGE
    assert (await _sums(stage, Asked(BEGINNING, limit=3))).identical == 3


async def test_those_opened_in_between_are_taken(stage: Stage) -> None:
    now = clock.utcnow()
    for hours in (3, 2, 1):
        at = now - timedelta(hours=hours)
        await stage.send(opening(opened().model_copy(update={"opened_at": at})))
    since, until = now - timedelta(hours=2), now - timedelta(hours=1)
    assert (await _sums(stage, Asked(since))).identical == 2
    assert (await _sums(stage, Asked(since, until))).identical == 1


async def test_what_older_code_wrote_is_not_guessed(stage: Stage) -> None:
    """It writes without the column, also while a rollout lasts."""
    older, newer = opened(), opened()
    await stage.send(opening(older), opening(newer))
    await stage.write("DELETE FROM history WHERE dispute_id = :id", id=older.dispute_id)
    await stage.write(_OLD_STEP, id=older.dispute_id, at=clock.utcnow())
    sums = await replayed(stage.engine)
    assert (sums.identical, sums.gaps) == (1, {FORGED: 1})
    assert sums.examples == {FORGED: older.reference}


async def test_history_from_before_the_migration_is_not_guessed(empty_database: str) -> None:
    settings = migrations.config("tracker", empty_database)
    await asyncio.to_thread(command.upgrade, settings, "0001")
    engine = db.engine(empty_database, "test", 1)
    event = opened()
    try:
        async with engine.begin() as tx:
            await _written_by_the_first_version(tx, event)
        await asyncio.to_thread(command.upgrade, settings, "head")
        assert (await replayed(engine)).gaps == {FORGED: 1}
    finally:
        await engine.dispose()


async def test_a_profile_that_is_not_installed_any_more_is_named(stage: Stage) -> None:
    event = opened()
    await stage.send(opening(event))
    await stage.forge(event, "UPDATE disputes SET profile = 'gone' WHERE id = :id")
    sums = await _sums(stage, Asked(BEGINNING))
    assert sums.gaps == {"its profile 'gone' is not installed": 1}
    await stage.forge(event, "UPDATE disputes SET profile = 'demo' WHERE id = :id")


async def test_a_dispute_that_moves_while_it_is_read_is_seen_at_one_moment(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = opened()
    await stage.send(opening(event))
    read = recorded.steps

    async def moved_first(tx: AsyncConnection, *asked: object) -> list[Step]:
        await stage.send(found(event))
        assert (await tx.execute(text("SHOW transaction_read_only"))).scalar_one() == "on"
        return await read(tx, *asked)  # type: ignore[arg-type] # as they were given

    with monkeypatch.context() as patched:
        patched.setattr(recorded, "steps", moved_first)
        sums = await replayed(stage.engine)
    assert (sums.identical, sums.recorded.ends, sums.recorded.inputs["applied"]) == (
        1,
        {"open": 1},
        1,
    )
    assert (await stage.dispute(event))["steps"] == 2


async def test_a_row_that_its_history_does_not_lead_to_is_reported(stage: Stage) -> None:
    event = opened()
    await stage.to_merchant(event)
    promised_at = "UPDATE disputes SET facts = CAST(:facts AS json) WHERE id = :id"
    row = await stage.one(
        "SELECT CAST(facts AS text) AS facts FROM disputes WHERE id = :id", id=event.dispute_id
    )
    other = row["facts"].replace(str(CAPTURED), "1")
    await stage.write(promised_at, id=event.dispute_id, facts=other)
    told: list[str] = []
    sums = await replay(stage.engine, Asked(BEGINNING), told.append)
    assert sums.different == 1
    assert "recorded  captured_minor 1 (demo@1 " in told[0]
    assert f"now       captured_minor {CAPTURED} (demo@1 " in told[0]
    await stage.write(promised_at, id=event.dispute_id, facts=row["facts"])


def _an_hour_old() -> DisputeOpened:
    return opened().model_copy(update={"occurred_at": clock.utcnow() - timedelta(hours=1)})


def _about(transaction_id: str, event: DisputeOpened) -> DisputeOpened:
    return event.model_copy(update={"transaction_id": transaction_id})


async def _paid(stage: Stage, event: DisputeOpened) -> None:
    await stage.to_reserved(event)
    await stage.each(
        refund(event, T.REFUND_CREDITED), Signal(event.dispute_id, Trigger(T.REFUND_DUE))
    )


async def _sums(stage: Stage, asked: Asked) -> Sums:
    return await replay(stage.engine, asked, print)


def _run(stage: Stage, *args: str, url: str | None = None) -> subprocess.CompletedProcess[str]:
    address = stage.engine.url.set(drivername="postgresql")
    dsn = url or address.render_as_string(hide_password=False)
    return subprocess.run(
        [sys.executable, "-m", "services.tracker", "replay", *args],
        env={"PATH": os.environ["PATH"], "TRACKER_DATABASE_URL": dsn},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


_OLD_STEP = (
    "INSERT INTO history (dispute_id, step, at, trigger, actor, input, result, reason, legs,"
    " status, versions) VALUES (:id, 1, :at, 'opened', 'customer', NULL, 'applied', '',"
    " 'inquiry=asked', 'checking', 'demo@1 then code@0.1.0')"
)


async def _written_by_the_first_version(tx: AsyncConnection, event: DisputeOpened) -> None:
    """An opening, as far as the first schema has it."""
    await tx.execute(
        text(
            "INSERT INTO disputes (id, claim_id, reference, kind, reason, customer_id, profile,"
            " profile_version, calendar, calendar_version, opened_at, first_promised_at,"
            " first_promise_rule, steps) VALUES (:id, :id, :reference, 'refund_request', 'other',"
            " 'c-1', 'demo', 1, 'CN', 'then', :at, :at, 'promise_refund_request', 1)"
        ),
        {"id": event.dispute_id, "reference": event.reference, "at": event.opened_at},
    )
    await tx.execute(text(_OLD_STEP), {"id": event.dispute_id, "at": event.opened_at})
