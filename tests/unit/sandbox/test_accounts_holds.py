"""Holds: they stack, end by themselves, and releasing one releases no other."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared import clock
from tests.unit.sandbox.world import NEVER, NOWHERE, AccountsClient


async def until_state(accounts: AccountsClient, state: str) -> None:
    async with asyncio.timeout(5):
        while (await accounts.get("/v1/holds/c1:hold:1")).content["state"] != state:
            await clock.sleep(0.01)


async def test_a_hold_is_placed_frozen_and_released(accounts: AccountsClient) -> None:
    placed = await accounts.hold(expires_at=NEVER)
    expected: dict[str, Any] = {
        "reference": "c1:hold:1",
        "state": "placed",
        "reason": None,
        "others": [],
    }
    assert (placed.status, placed.content) == (200, expected)
    frozen = await accounts.post("/v1/holds/c1:hold:1/freeze", {})
    assert (frozen.status, frozen.content) == (200, expected | {"state": "frozen"})
    (hold,) = (await accounts.seen())["holds"]
    assert (hold["scope"], hold["expires_at"], hold["ended"]) == ("all", None, None)
    released = await accounts.post("/v1/holds/c1:hold:1/release", {})
    assert (released.status, released.content) == (200, expected | {"state": "released"})
    assert (await accounts.get("/v1/holds/c1:hold:1")).content == released.content
    (hold,) = (await accounts.seen())["holds"]
    assert hold["ended"] >= hold["since"]


async def test_releasing_one_releases_no_other(accounts: AccountsClient) -> None:
    court, risk = {"kind": "court", "scope": "all"}, {"kind": "risk", "scope": "outgoing"}
    await accounts.behave(holds=[court, risk])
    assert (await accounts.hold()).content["others"] == ["court", "risk"]
    await accounts.hold("c2:hold:1")
    released = (await accounts.post("/v1/holds/c1:hold:1/release", {})).content
    assert (released["state"], released["others"]) == ("released", ["court", "risk", "customer"])
    seen = {(hold["kind"], hold["reference"]): hold for hold in (await accounts.seen())["holds"]}
    ended = {key for key, hold in seen.items() if hold["ended"]}
    assert len(seen) == 4
    assert ended == {("customer", "c1:hold:1")}


async def test_a_hold_of_others_ends_when_it_is_not_told_any_more(accounts: AccountsClient) -> None:
    court, risk = {"kind": "court", "scope": "all"}, {"kind": "risk", "scope": "outgoing"}
    before = (await accounts.behave(holds=[court, risk])).content["holds"]
    after = (await accounts.behave(holds=[court])).content["holds"]
    assert [(hold["kind"], hold["state"]) for hold in after] == [
        ("court", "placed"),
        ("risk", "released"),
    ]
    assert after[0] == before[0]
    assert (await accounts.hold()).content["others"] == ["court"]


async def test_a_hold_ends_by_itself(accounts: AccountsClient) -> None:
    ends_at = clock.utcnow() + timedelta(seconds=0.3)
    assert (await accounts.hold(expires_at=ends_at)).content["state"] == "placed"
    await until_state(accounts, "expired")
    assert clock.utcnow() >= ends_at
    (hold,) = (await accounts.seen())["holds"]
    assert datetime.fromisoformat(hold["ended"]) == ends_at
    assert (await accounts.post("/v1/holds/c1:hold:1/release", {})).content["state"] == "expired"
    assert (await accounts.hold("c2:hold:1")).content["others"] == []


async def test_a_frozen_hold_does_not_end_by_itself(accounts: AccountsClient) -> None:
    await accounts.hold(expires_at="2020-01-01T00:00:00Z")
    await until_state(accounts, "expired")
    assert (await accounts.post("/v1/holds/c1:hold:1/freeze", {})).content["state"] == "frozen"
    assert (await accounts.get("/v1/holds/c1:hold:1")).content["state"] == "frozen"


async def test_a_late_freeze_does_not_bring_back_what_was_released(
    accounts: AccountsClient,
) -> None:
    await accounts.hold()
    await accounts.post("/v1/holds/c1:hold:1/release", {})
    assert (await accounts.post("/v1/holds/c1:hold:1/freeze", {})).content["state"] == "released"
    assert (await accounts.hold()).content["state"] == "released"


async def test_another_dispute_of_the_claim_is_told_what_stands(accounts: AccountsClient) -> None:
    await accounts.hold(expires_at=NEVER)
    await accounts.post("/v1/holds/c1:hold:1/freeze", {})
    again = await accounts.hold(expires_at=None, callback_url=NOWHERE + "?dispute=2")
    assert (again.status, again.content["state"]) == (200, "frozen")
    assert len((await accounts.seen())["holds"]) == 1


@pytest.mark.parametrize("change", [{"scope": "all"}, {"customer_id": "wang"}])
async def test_a_reference_stands_for_one_hold(
    accounts: AccountsClient, change: dict[str, Any]
) -> None:
    await accounts.hold()
    other = await accounts.hold(**change)
    assert other.status == 409
    assert "reference" in other.content["error"]
    assert (await accounts.seen("wang"))["holds"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "court"}, "kind"),
        ({"scope": "incoming"}, "scope"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"callback_url": "ftp://there"}, "callback_url"),
        ({"customer_id": ""}, "customer_id"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_bad_holds_name_the_field(
    accounts: AccountsClient, change: dict[str, Any], field: str
) -> None:
    answer = await accounts.hold(**change)
    assert answer.status == 400
    assert field in answer.content["error"]


async def test_the_key_must_be_the_reference(accounts: AccountsClient) -> None:
    order = {"reference": "c1:hold:1", "customer_id": "li", "kind": "customer", "scope": "all"}
    order |= {"callback_url": NOWHERE}
    for headers in ({}, {"Idempotency-Key": "c1:hold:2"}):
        answer = await accounts.post("/v1/holds", order, headers)
        assert answer.status == 400
        assert "Idempotency-Key" in answer.content["error"]


@pytest.mark.parametrize("step", ["", "/freeze", "/release"])
async def test_an_unknown_hold_is_404(accounts: AccountsClient, step: str) -> None:
    path = "/v1/holds/c9:hold:1" + step
    answer = await (accounts.post(path, {}) if step else accounts.get(path))
    assert answer.status == 404
    assert "reference" in answer.content["error"]


@pytest.mark.parametrize(
    ("behaviour", "standing"),
    [
        ({}, "active"),
        ({"standing": "locked"}, "locked"),
        ({"standing": "court"}, "court"),
        ({"holds": [{"kind": "risk", "scope": "all"}]}, "active"),
        ({"holds": [{"kind": "court", "scope": "all"}]}, "court"),
        ({"holds": [{"kind": k, "scope": "all"} for k in ("court", "sanctions")]}, "sanctions"),
        ({"holds": [{"kind": "court", "scope": "outgoing"}], "standing": "active"}, "active"),
    ],
)
async def test_the_standing_is_as_told_or_follows_the_holds(
    accounts: AccountsClient, behaviour: dict[str, object], standing: str
) -> None:
    assert (await accounts.behave(**behaviour)).status == 201
    answer = await accounts.get("/v1/accounts/li")
    assert answer.content == {"customer_id": "li", "standing": standing}
    assert (await accounts.get("/v1/accounts/wang")).content["standing"] == "active"


async def test_unreachable_as_often_as_told(accounts: AccountsClient) -> None:
    await accounts.behave(unreachable=2)
    statuses = [(await accounts.hold()).status for _ in range(3)]
    assert statuses == [500, 500, 200]
    await accounts.behave(unreachable=True)
    for path in ("/v1/accounts/li", "/v1/holds/c1:hold:1"):
        assert (await accounts.get(path)).status == 500
    for step in ("freeze", "release"):
        assert (await accounts.post(f"/v1/holds/c1:hold:1/{step}", {})).status == 500
    assert [hold["state"] for hold in (await accounts.seen())["holds"]] == ["placed"]
    assert (await accounts.get("/v1/accounts/wang")).status == 200
