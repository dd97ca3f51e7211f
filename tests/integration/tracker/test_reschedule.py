"""`reschedule`: dates that a new version of the rules or of a calendar moves, and whose loss."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.tracker.domain.triggers import T
from services.tracker.reschedule import BadRules, Sums, named, run
from services.tracker.store import dated
from shared import rules
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Kind
from tests.integration.tracker.stage import Stage, merchant, opened, opening, refund, timer

HEAD = 'inherits = "default"\ncalendar = "CN"\n[rules]\n'
LAW = 'source = "Act 1", standing = "read", basis = "law"'
FIRST = f"""version = 1
{HEAD}
arbitration_due = {{ value = 8, unit = "calendar_day", source = "ours", standing = "default" }}
complaint_due = {{ value = 20, unit = "calendar_day", {LAW} }}
promise_complaint = {{ value = 20, unit = "calendar_day", {LAW} }}
details_due = {{ value = 5, unit = "calendar_day", source = "ours", standing = "default" }}
"""
# arbitration two days later, complaints five days later by law, customers two days less
SECOND = (
    FIRST.replace("version = 1", "version = 2")
    .replace("value = 8", "value = 10")
    .replace("value = 20", "value = 25")
    .replace("value = 5,", "value = 3,")
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An operator's own rules in two versions."""
    (tmp_path / "rules" / "archive").mkdir(parents=True)
    (tmp_path / "rules" / "mine.toml").write_text(SECOND, encoding="utf-8")
    (tmp_path / "rules" / "archive" / "mine@1.toml").write_text(FIRST, encoding="utf-8")
    rules.look_in(tmp_path)
    yield tmp_path
    rules.look_in(None)


def mine(version: int = 1, **wanted: object) -> DisputeOpened:
    event = opened(**wanted)  # type: ignore[arg-type]
    changes = {"profile": "mine", "profile_version": version}
    promised = rules.load("mine", version).due(event.promise_rule, event.opened_at)
    return event.model_copy(update=changes | {"promised_at": promised})


def days_after(moment: datetime, days: int) -> datetime:
    """The end of the `days`-th day after that of the moment, in Shanghai (UTC+8)."""
    local = moment.astimezone(UTC) + timedelta(hours=8)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=days + 1) - timedelta(hours=8)


async def rescheduled(
    stage: Stage, *, apply: bool = False, confirmed_by: str | None = None
) -> tuple[Sums, list[str]]:
    dsn, lines = stage.engine.url.render_as_string(hide_password=False), list[str]()
    dsn = dsn.replace("+asyncpg", "")
    sums = await run(dsn, named("mine@2"), lines.append, apply=apply, confirmed_by=confirmed_by)
    return sums, lines


async def in_arbitration(stage: Stage, version: int = 1) -> DisputeOpened:
    event = mine(version)
    await stage.to_arbitration(event)
    return event


async def test_it_only_tells_until_it_is_asked_to_move(folder: Path, stage: Stage) -> None:
    del folder
    event = await in_arbitration(stage)
    before, began = await stage.dispute(event), (await stage.history(event))[-1]
    sums, lines = await rescheduled(stage)
    at = before["updated_at"]
    assert before["promised_at"] == days_after(at, 8)
    digits = event.reference
    grouped = f"{digits[:4]} {digits[4:8]} {digits[8:]}"
    was, becomes = (f"{days_after(at, n):%Y-%m-%dT%H:%MZ}" for n in (8, 10))
    for what in ("promise", "arbitration_due"):
        assert (
            f"{grouped} in_arbitration {what} (arbitration_due): {was} -> {becomes}, "
            "against the customer"
        ) in lines
    assert any(line.strip().startswith("10 days from ") for line in lines)
    assert any(line.strip().startswith("自") for line in lines)
    assert (sums.disputes, sums.moves, sums.applied, sums.held_back) == (1, 2, 0, 0)
    after = await stage.dispute(event)
    assert after["promised_at"] == before["promised_at"]
    assert (await stage.history(event))[-1] == began


async def test_applied_it_moves_the_date_its_timers_and_what_people_are_told(
    folder: Path, stage: Stage
) -> None:
    del folder
    event = await in_arbitration(stage)
    at = (await stage.dispute(event))["updated_at"]
    told = len(await stage.published(event))
    sums, _ = await rescheduled(stage, apply=True)
    assert (sums.moves, sums.applied) == (2, 2)
    assert (await stage.dispute(event))["promised_at"] == days_after(at, 10)
    due = {name: row["due_at"] for name, row in (await stage.tasks(event)).items()}
    assert due["promise_due"] == due["arbitration_due"] == days_after(at, 10)
    assert due["promise_near"] == days_after(at, 10) - timedelta(hours=24)
    (status,) = (await stage.published(event))[told:]
    assert status["step"]["code"] == "dates_moved"
    assert datetime.fromisoformat(status["promised_at"]) == days_after(at, 10)
    assert (status["promise"]["version"], status["promise"]["value"]) == (2, 10)
    again, _ = await rescheduled(stage, apply=True)
    assert (again.moves, again.applied) == (0, 0)


async def test_until_then_a_dispute_keeps_the_rules_it_was_opened_under(
    folder: Path, stage: Stage
) -> None:
    del folder
    old, new = mine(1), mine(2)
    for event in (old, new):
        await stage.to_merchant(event)
    await rescheduled(stage, apply=True)
    later = mine(1)
    await stage.to_merchant(later)
    for event in (old, new, later):
        await stage.each(merchant(event, T.MERCHANT_REFUSED))
    found = [await stage.dispute(event) for event in (old, new, later)]
    days = [10, 10, 8]  # the last was not rescheduled
    assert [row["promised_at"] for row in found] == [
        days_after(row["updated_at"], n) for row, n in zip(found, days, strict=True)
    ]


async def test_a_version_that_is_nowhere_is_told_and_the_newest_decides(
    folder: Path, stage: Stage
) -> None:
    del folder
    event = mine(2).model_copy(update={"profile_version": 7})
    await stage.to_arbitration(event)
    row = await stage.dispute(event)
    assert row["promised_at"] == days_after(row["updated_at"], 10)  # version 2's
    (shown,) = (await stage.published(event))[-1:]
    assert shown["promise"]["version"] == 2
    labels = {"profile": "mine", "version": "7"}
    assert REGISTRY.get_sample_value("redress_rules_not_kept", labels) == 1
    labels["version"] = "1"  # which is in the archive
    assert REGISTRY.get_sample_value("redress_rules_not_kept", labels) is None


async def test_a_date_of_the_law_moves_against_the_customer_only_if_somebody_confirms(
    folder: Path, stage: Stage
) -> None:
    del folder
    event = mine(kind=Kind.COMPLAINT, transaction_id=None, merchant_id=None)
    await stage.send(opening(event))
    before = (await stage.dispute(event))["promised_at"]
    sums, lines = await rescheduled(stage, apply=True)
    assert (sums.applied, sums.held_back) == (0, sums.moves)
    assert sums.moves >= 1
    assert all("by law; needs --confirmed-by" in line for line in lines if "->" in line)
    assert (await stage.dispute(event))["promised_at"] == before
    sums, _ = await rescheduled(stage, apply=True, confirmed_by="ops-7")
    assert (sums.applied, sums.held_back) == (sums.moves, 0)
    row = await stage.dispute(event)
    assert row["promised_at"] == days_after(event.opened_at, 25)
    made = await stage.one(
        "SELECT input->'value'->>'requested_by' AS by FROM history "
        "WHERE dispute_id = :id AND trigger = 'dates_moved'",
        id=event.dispute_id,
    )
    assert made["by"] == "ops-7"


# arbitration two days later by law; a day more for the customer's evidence, which is ours to give
PARTLY = f"""version = 1
{HEAD}
arbitration_due = {{ value = 8, unit = "calendar_day", {LAW} }}
evidence_due = {{ value = 3, unit = "calendar_day", source = "ours", standing = "default" }}
"""
PARTLY_LATER = (
    PARTLY.replace("version = 1", "version = 2")
    .replace("value = 8", "value = 10")
    .replace("value = 3", "value = 4")
)


async def test_what_needs_nobody_moves_while_the_rest_waits_and_so_does_the_new_version(
    folder: Path, stage: Stage
) -> None:
    (folder / "rules" / "mine.toml").write_text(PARTLY_LATER, encoding="utf-8")
    (folder / "rules" / "archive" / "mine@1.toml").write_text(PARTLY, encoding="utf-8")
    rules.look_in(folder)
    event = mine(kind=Kind.GOODS_OR_SERVICE)
    await stage.to_merchant(event)
    await stage.each(merchant(event, T.MERCHANT_REFUSED))
    at = (await stage.dispute(event))["updated_at"]

    sums, lines = await rescheduled(stage, apply=True)
    assert sums.said(apply=True) == (
        "1 open disputes, 2 dates differ: 1 moved; 1 need --confirmed-by"
    )
    held = [line for line in lines if line.endswith("; needs --confirmed-by")]
    assert [" promise (arbitration_due): " in line for line in held] == [True]
    assert (await dates(stage, event)) == (days_after(at, 8), days_after(at, 4), 1)

    before = await stage.history(event)
    again, _ = await rescheduled(stage, apply=True)
    assert (again.moves, again.applied, again.held_back) == (1, 0, 1)
    assert await stage.history(event) == before

    last, _ = await rescheduled(stage, apply=True, confirmed_by="ops-7")
    assert (last.moves, last.applied, last.held_back) == (1, 1, 0)
    assert (await dates(stage, event)) == (days_after(at, 10), days_after(at, 4), 2)
    before = await stage.history(event)
    nothing, _ = await rescheduled(stage, apply=True, confirmed_by="ops-7")
    assert (nothing.disputes, nothing.moves) == (1, 0)
    assert await stage.history(event) == before


async def dates(stage: Stage, event: DisputeOpened) -> tuple[datetime, datetime, int]:
    """The promise; the customer's date, which its timer agrees with; the version that counts."""
    row = await stage.dispute(event)
    due_at = (await stage.tasks(event))["evidence_due"]["due_at"]
    assert datetime.fromisoformat(row["facts"]["answer_by"]) == due_at
    return row["promised_at"], due_at, row["facts"].get("rules_version") or 1


async def test_there_may_be_more_than_one_page(folder: Path, stage: Stage) -> None:
    del folder
    events = [
        mine(kind=Kind.COMPLAINT, transaction_id=None, merchant_id=None)
        for _ in range(dated.PAGE + 1)
    ]
    await stage.send(*(opening(event) for event in events))
    sums, _ = await rescheduled(stage, apply=True, confirmed_by="ops-7")
    assert (sums.disputes, sums.applied) == (201, sums.moves)
    promised = {(await stage.dispute(event))["promised_at"] for event in events}
    assert promised <= {days_after(event.opened_at, 25) for event in events}


async def test_a_date_that_would_have_passed_stays(folder: Path, stage: Stage) -> None:
    del folder
    await in_arbitration(stage)
    long_ago = "{" + f'"rule":"arbitration_due","from":"{datetime(2026, 1, 5, tzinfo=UTC)}"' + "}"
    await stage.write(
        "UPDATE tasks SET payload = CAST(:payload AS json) WHERE kind = 'arbitration_due'",
        payload=long_ago,
    )
    sums, lines = await rescheduled(stage)
    assert (sums.moves, len(lines)) == (1, 3)
    assert " promise (" in lines[0]


async def test_what_ended_and_other_profiles_are_left_alone(folder: Path, stage: Stage) -> None:
    del folder
    other, ended = opened(), mine()
    await stage.to_arbitration(other)
    await stage.to_reserved(ended)

    await stage.each(refund(ended, T.REFUND_CREDITED))
    sums, _ = await rescheduled(stage, apply=True)
    assert (sums.disputes, sums.moves) == (0, 0)


async def test_a_moved_timer_still_fires(folder: Path, stage: Stage) -> None:
    del folder
    event = await in_arbitration(stage)
    await rescheduled(stage, apply=True)
    await stage.write(
        "UPDATE tasks SET due_at = clock_timestamp() - interval '1 s' "
        "WHERE kind = 'arbitration_due' AND dispute_id = :id",
        id=event.dispute_id,
    )
    row = (await stage.tasks(event))["arbitration_due"]
    (outcome,) = await stage.send(timer(event, T.ARBITRATION_DUE, row))
    assert outcome.result == "applied"


def test_rules_that_are_not_there_are_named(folder: Path) -> None:
    del folder
    with pytest.raises(BadRules, match="--rules: mine has no version 3; its newest is 2"):
        named("mine@3")
    with pytest.raises(BadRules, match="--rules: 'mine@x'; write cn-nonbank@2"):
        named("mine@x")
    assert named("mine").version == 2
