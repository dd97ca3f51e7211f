"""`republish --since`: the newest status once more, as it was."""

import os
import subprocess
import sys
from datetime import datetime, timedelta

from services.tracker.domain.triggers import T
from services.tracker.republish import republish
from tests.integration.tracker.stage import Stage, found, opened, opening, refund, wish


async def test_the_newest_status_of_each_dispute_is_sent_as_it_was(stage: Stage) -> None:
    moved, only_opened = opened(), opened()
    await stage.send(opening(moved), opening(only_opened))
    await stage.to_reserved(moved)
    first = await _sent(stage)
    await stage.write("DELETE FROM outbox")
    assert await republish(_dsn(stage), await _hour_ago(stage)) == 2
    again = await _sent(stage)
    assert again.items() <= first.items()
    assert {key for key, _ in again} == {str(moved.dispute_id), str(only_opened.dispute_id)}
    assert max(sequence for _, sequence in again) == 3


async def test_what_did_not_change_since_then_is_left_out(stage: Stage) -> None:
    old, new = opened(), opened()
    await stage.send(opening(old))
    between = (await stage.one("SELECT clock_timestamp() AS at"))["at"]
    await stage.send(opening(new))
    await stage.write("DELETE FROM outbox")
    assert await republish(_dsn(stage), between) == 1
    assert {key for key, _ in await _sent(stage)} == {str(new.dispute_id)}


async def test_a_late_answer_after_the_newest_status_does_not_change_what_is_sent(
    stage: Stage,
) -> None:
    event = opened()
    await stage.to_reserved(event)
    await stage.each(refund(event, T.REFUND_CREDITED), found(event), wish(event))
    first = await _sent(stage)
    await stage.write("DELETE FROM outbox")
    await republish(_dsn(stage), await _hour_ago(stage))
    ((key, sequence),) = again = await _sent(stage)
    assert (key, sequence) == (str(event.dispute_id), 4)
    assert again.items() <= first.items()


async def test_more_than_a_page_is_sent_whole(stage: Stage) -> None:
    events = [opened() for _ in range(501)]
    await stage.send(*map(opening, events))
    await stage.write("DELETE FROM outbox")
    assert await republish(_dsn(stage), await _hour_ago(stage)) == 501
    assert len(await _sent(stage)) == 501


async def test_the_command_needs_no_more_than_the_database(stage: Stage) -> None:
    await stage.send(opening(opened()))
    since = (await _hour_ago(stage)).isoformat(timespec="seconds")[:19]
    done = subprocess.run(  # noqa: ASYNC221 - nothing else runs in this loop
        [sys.executable, "-m", "services.tracker", "republish", "--since", since],
        env={"PATH": os.environ["PATH"], "TRACKER_DATABASE_URL": _dsn(stage)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("1 status events are in the outbox")


async def _sent(stage: Stage) -> dict[tuple[str, int], bytes]:
    """Data by (dispute, sequence)."""
    rows = await stage.rows("SELECT key, headers, value FROM outbox")
    return {
        (row["key"], int(dict(row["headers"])["ce_sequence"])): bytes(row["value"]) for row in rows
    }


async def _hour_ago(stage: Stage) -> datetime:
    at: datetime = (await stage.one("SELECT clock_timestamp() AS at"))["at"]
    return at - timedelta(hours=1)


def _dsn(stage: Stage) -> str:
    url = stage.engine.url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)
