"""Identity checks and resets: answered as told, called back, remembered."""

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.journal import JournalLockedError
from shared import clock
from tests.unit.sandbox.test_bank_restart import process
from tests.unit.sandbox.world import (
    ACCOUNTS_SECRET,
    NEVER,
    AccountsClient,
    Receiver,
    accounts_open,
)


async def test_verified_at_once_by_default(accounts: AccountsClient, receiver: Receiver) -> None:
    asked = await accounts.check(receiver.url)
    assert (asked.status, asked.content["state"]) == (202, "asked")
    content = (await receiver.next()).verified(ACCOUNTS_SECRET)
    assert content["type"] == "identity.updated"
    assert content["data"] == {"reference": "c1:identity:1", "state": "verified", "reason": None}
    answer = await accounts.get("/v1/identity-checks/c1:identity:1")
    assert answer.content == content["data"]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [({}, "not_matched"), ({"identity_fail_reason": "no_answer"}, "no_answer")],
)
async def test_a_check_fails_with_a_reason(
    accounts: AccountsClient, receiver: Receiver, behaviour: dict[str, str], reason: str
) -> None:
    await accounts.behave(identity="failed", **behaviour)
    await accounts.check(receiver.url)
    data = (await receiver.next()).content["data"]
    assert (data["state"], data["reason"]) == ("failed", reason)


async def test_a_check_nobody_answers_expires(accounts: AccountsClient, receiver: Receiver) -> None:
    await accounts.behave(identity="silent")
    expires_at = clock.utcnow() + timedelta(seconds=0.2)
    await accounts.check(receiver.url, expires_at=expires_at)
    data = (await receiver.next()).content["data"]
    assert (data["state"], data["reason"]) == ("expired", None)
    assert clock.utcnow() >= expires_at
    await accounts.behave(identity="verified")
    assert (await accounts.check(receiver.url)).content["state"] == "expired"
    assert receiver.received.empty()


async def test_an_answer_that_comes_too_late_is_none(
    accounts: AccountsClient, receiver: Receiver
) -> None:
    await accounts.behave(identity_after_s=3600)
    await accounts.check(receiver.url, expires_at="2020-01-01T00:00:00Z")
    assert (await receiver.next()).content["data"]["state"] == "expired"


async def test_silent_until_told_to_answer(accounts: AccountsClient, receiver: Receiver) -> None:
    await accounts.behave(identity="silent", reset="silent")
    await accounts.check(receiver.url)
    await accounts.reset(receiver.url)
    for path in ("identity-checks/c1:identity:1", "resets/c1:reset:1"):
        assert (await accounts.get(f"/v1/{path}")).content["state"] == "asked"
    assert receiver.received.empty()
    await accounts.behave(identity="failed", reset="refused", reset_after_s=0.1)
    contents = [(await receiver.next()).content for _ in range(2)]
    assert [content["type"] for content in contents] == ["identity.updated", "reset.updated"]
    assert contents[1]["data"]["reason"] == "not_allowed"


async def test_what_was_to_come_later_is_told_anew(
    accounts: AccountsClient, receiver: Receiver
) -> None:
    await accounts.behave(identity_after_s=3600)
    await accounts.check(receiver.url)
    await accounts.behave(identity="failed", identity_after_s=0)
    assert (await receiver.next()).content["data"]["state"] == "failed"
    assert receiver.received.empty()


async def test_one_check_for_all_disputes_of_a_claim_and_each_is_told(
    accounts: AccountsClient, receiver: Receiver
) -> None:
    await accounts.behave(identity="silent")
    for dispute in ("?d=1", "?d=2", "?d=1"):
        asked = await accounts.check(receiver.url + dispute, expires_at=NEVER)
        assert (asked.status, asked.content["state"]) == (202, "asked")
    await accounts.behave(identity="verified")
    first, second = await receiver.next(), await receiver.next()
    assert first.id != second.id
    assert first.body == second.body
    assert receiver.received.empty()
    assert (await accounts.check(receiver.url + "?d=3")).content["state"] == "verified"
    (check,) = (await accounts.seen())["checks"]
    assert (check["reference"], check["asked_for"]) == ("c1:identity:1", "2 factors")


async def test_told_as_often_as_wanted_or_never(
    accounts: AccountsClient, receiver: Receiver
) -> None:
    await accounts.behave(callback_times=2)
    await accounts.check(receiver.url)
    first, second = await receiver.next(), await receiver.next()
    assert first.id != second.id
    await accounts.behave(callback=False)
    await accounts.reset(receiver.url)
    async with asyncio.timeout(5):
        while (await accounts.get("/v1/resets/c1:reset:1")).content["state"] != "done":
            await clock.sleep(0.01)
    (reset,) = (await accounts.seen())["resets"]
    assert (reset["state"], reset["asked_for"]) == ("done", "credentials")
    assert receiver.received.empty()


async def test_a_reset_unlocks_the_account(accounts: AccountsClient, receiver: Receiver) -> None:
    await accounts.behave(standing="locked")
    await accounts.reset(receiver.url, scope="credentials_and_devices")
    content = (await receiver.next()).verified(ACCOUNTS_SECRET)
    assert content["type"] == "reset.updated"
    assert content["data"] == {"reference": "c1:reset:1", "state": "done", "reason": None}
    assert (await accounts.get("/v1/accounts/li")).content["standing"] == "active"
    await accounts.behave(standing="locked")
    assert (await accounts.get("/v1/accounts/li")).content["standing"] == "locked"


async def test_a_reference_stands_for_one_thing(
    accounts: AccountsClient, receiver: Receiver
) -> None:
    await accounts.check(receiver.url)
    await accounts.reset(receiver.url)
    assert (await accounts.check(receiver.url, factors=1)).status == 409
    assert (await accounts.reset(receiver.url, customer_id="wang")).status == 409


@pytest.mark.parametrize(
    ("behaviour", "field"),
    [
        ({"standing": "gone"}, "standing"),
        ({"identity": "perhaps"}, "identity"),
        ({"identity_after_s": -1}, "identity_after_s"),
        ({"identity_fail_reason": "No!"}, "identity_fail_reason"),
        ({"reset": "maybe"}, "reset"),
        ({"holds": [{"kind": "customer", "scope": "all"}]}, "holds.0.kind"),
        ({"holds": [{"kind": "risk", "scope": "all"}] * 2}, "holds: list each"),
        ({"unreachable": 1001}, "unreachable"),
        ({"callback_times": 0}, "callback_times"),
        ({"customer_id": "a b"}, "customer_id"),
    ],
)
async def test_bad_behaviours_name_the_field(
    accounts: AccountsClient, behaviour: dict[str, object], field: str
) -> None:
    answer = await accounts.behave(**behaviour)
    assert answer.status == 400
    assert field in answer.content["error"]


@pytest.mark.parametrize("path", ["/v1/identity-checks/c9:identity:1", "/v1/resets/c9:reset:1"])
async def test_what_was_never_asked_is_404(accounts: AccountsClient, path: str) -> None:
    assert (await accounts.get(path)).status == 404


async def test_everything_is_there_after_the_restart(tmp_path: Path, receiver: Receiver) -> None:
    behaviour = {"identity_after_s": 0.6, "reset": "silent", "unreachable": 1}
    court, risk = {"kind": "court", "scope": "all"}, {"kind": "risk", "scope": "all"}
    async with accounts_open(tmp_path) as accounts:
        await accounts.behave(holds=[risk])
        await accounts.behave(holds=[court], **behaviour)
        assert (await accounts.hold()).status == 500
        await accounts.hold()
        await accounts.post("/v1/holds/c1:hold:1/freeze", {})
        await accounts.hold("c2:hold:1")
        await accounts.post("/v1/holds/c2:hold:1/release", {})
        await accounts.check(receiver.url + "?d=1")
        await accounts.check(receiver.url + "?d=2")
        await accounts.reset(receiver.url)
        before = await accounts.seen()
        assert receiver.received.empty()
    async with accounts_open(tmp_path) as accounts:
        now = await accounts.seen()
        assert (now["holds"], now["resets"]) == (before["holds"], before["resets"])
        for _ in range(2):
            assert (await receiver.next()).content["data"]["state"] == "verified"
        assert (await accounts.hold()).content == {
            "reference": "c1:hold:1",
            "state": "frozen",
            "reason": None,
            "others": ["court"],
        }
    async with accounts_open(tmp_path) as accounts:
        assert [check["state"] for check in (await accounts.seen())["checks"]] == ["verified"]
        assert receiver.received.empty()


async def test_the_page_shows_what_stands(accounts: AccountsClient, receiver: Receiver) -> None:
    await accounts.behave(holds=[{"kind": "sanctions", "scope": "all"}], identity="failed")
    await accounts.hold()
    await accounts.check(receiver.url)
    await accounts.reset(receiver.url)
    await receiver.next()
    text = (await accounts.get("/")).body.decode()
    for shown in ("sanctions (all), customer (outgoing)", "c1:hold:1", "not_matched", "c1:reset:1"):
        assert shown in text


async def test_two_never_share_a_directory(tmp_path: Path) -> None:
    async with accounts_open(tmp_path):
        with pytest.raises(JournalLockedError):
            async with accounts_open(tmp_path):
                pass


async def test_the_real_process_survives_kill_9(tmp_path: Path) -> None:
    behaviour = {"customer_id": "li", "standing": "locked"}
    async with process(tmp_path, "sandbox.accounts") as (accounts, pid):
        assert (await accounts.post("/sandbox/accounts", behaviour)).status == 201
        os.kill(pid, signal.SIGKILL)
    async with process(tmp_path, "sandbox.accounts") as (accounts, pid):
        assert (await accounts.get("/v1/accounts/li")).content["standing"] == "locked"
        os.kill(pid, signal.SIGTERM)
