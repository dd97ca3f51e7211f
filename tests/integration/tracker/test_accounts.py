"""The account service's adapter against the sandbox's."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from services.tracker.accounts import HttpAccounts
from services.tracker.domain.triggers import AccountReport, T
from services.tracker.ports import NoAnswer, NotSent
from shared import clock, http
from tests.unit.sandbox.world import NOWHERE, AccountsClient, accounts_open

CLAIM: Final = "01900000-0000-7000-8000-00000000000c"
HOLD: Final = f"{CLAIM}:hold:1"
CHECK: Final = f"{CLAIM}:identity:1"
RESET: Final = f"{CLAIM}:access:2"


@pytest.fixture(name="sandbox")
async def _sandbox(tmp_path: Path) -> AsyncIterator[AccountsClient]:
    async with accounts_open(tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
async def accounts(sandbox: AccountsClient) -> AsyncIterator[HttpAccounts]:
    session = http.client(total_s=5.0, limit=2)
    yield HttpAccounts(session, sandbox.url, NOWHERE)
    await session.close()


def _in(seconds: float) -> str:
    return (clock.utcnow() + timedelta(seconds=seconds)).isoformat()


async def test_a_hold_is_placed_once_frozen_and_released_and_others_stand_beside_it(
    accounts: HttpAccounts, sandbox: AccountsClient
) -> None:
    await sandbox.behave(holds=[{"kind": "court", "scope": "all"}])
    first = await accounts.hold(HOLD, "li", _in(60))
    again = await accounts.hold(HOLD, "li", _in(90))
    assert first == again
    assert (first.name, first.payload) == (T.HOLD_PLACED, AccountReport(1, others=("court",)))
    assert (await accounts.freeze(HOLD)).name is T.HOLD_FROZEN
    assert (await accounts.release(HOLD)).name is T.HOLD_RELEASED
    assert (await accounts.freeze(HOLD)).name is T.HOLD_RELEASED
    states = {hold["kind"]: hold["state"] for hold in (await sandbox.seen())["holds"]}
    assert states == {"customer": "released", "court": "placed"}


async def test_a_hold_that_ended_by_itself_says_so(accounts: HttpAccounts) -> None:
    await accounts.hold(HOLD, "li", _in(-1))
    assert (await accounts.release(HOLD)).name is T.HOLD_EXPIRED
    assert (await accounts.freeze(HOLD)).name is T.HOLD_FROZEN


async def test_of_a_customer_whom_nobody_knows_every_answer_is_final(
    accounts: HttpAccounts, sandbox: AccountsClient
) -> None:
    await sandbox.behave(exists=False)
    refused = AccountReport(1, "unknown_customer")
    held = await accounts.hold(HOLD, "li", _in(60))
    assert (held.name, held.payload) == (T.HOLD_REFUSED, refused)
    assert (await accounts.freeze(HOLD)).name is T.HOLD_REFUSED
    assert (await accounts.release(HOLD)).name is T.HOLD_REFUSED
    await accounts.check(CHECK, "li", _in(60))
    checked = await accounts.check_report(CHECK)
    assert (checked.name, checked.payload) == (T.IDENTITY_FAILED, refused)
    await accounts.reset(RESET, "li", "credentials")
    reset = await accounts.reset_report(RESET)
    assert (reset.name, reset.payload) == (T.RESET_REFUSED, replace(refused, n=2))


async def test_a_check_is_asked_for_two_factors_and_its_answer_is_heard(
    accounts: HttpAccounts, sandbox: AccountsClient
) -> None:
    await sandbox.behave(identity="silent")
    assert (await accounts.check(CHECK, "li", _in(60))).name is T.IDENTITY_PENDING
    assert (await sandbox.seen())["checks"][0]["asked_for"] == "2 factors"
    await sandbox.behave(identity="failed", identity_after_s=0)
    told = await _settled(accounts)
    assert told == AccountReport(1, "not_matched")


async def test_a_check_nobody_came_to_has_failed(accounts: HttpAccounts) -> None:
    told = await accounts.check(CHECK, "li", _in(-1))
    for _ in range(100):
        if told.name is not T.IDENTITY_PENDING:
            break
        await clock.sleep(0.02)
        told = await accounts.check_report(CHECK)
    assert (told.name, told.payload) == (T.IDENTITY_FAILED, AccountReport(1, "expired"))


async def test_a_reset_may_be_refused(accounts: HttpAccounts, sandbox: AccountsClient) -> None:
    await sandbox.behave(reset="refused", reset_reason="court")
    told = await accounts.reset(RESET, "li", "credentials")
    for _ in range(100):
        if told.name is not T.RESET_PENDING:
            break
        await clock.sleep(0.02)
        told = await accounts.reset_report(RESET)
    assert (told.name, told.payload) == (T.RESET_REFUSED, AccountReport(2, "court"))


async def test_without_an_answer_the_outcome_is_unknown(
    accounts: HttpAccounts, sandbox: AccountsClient
) -> None:
    await sandbox.behave(unreachable=True)
    with pytest.raises(NoAnswer):
        await accounts.hold(HOLD, "li", _in(60))
    for ask in (accounts.check_report, accounts.reset_report, accounts.freeze, accounts.release):
        with pytest.raises(NoAnswer):
            await ask(CHECK)


async def test_where_nobody_listens_nothing_was_sent() -> None:
    session = http.client(total_s=5.0, limit=2)
    try:
        with pytest.raises(NotSent):
            await HttpAccounts(session, "http://127.0.0.1:9", NOWHERE).freeze(HOLD)
    finally:
        await session.close()


async def _settled(accounts: HttpAccounts) -> object:
    for _ in range(100):
        told = await accounts.check_report(CHECK)
        if told.name is T.IDENTITY_FAILED:
            return told.payload
        await clock.sleep(0.02)
    raise AssertionError("never settled")
