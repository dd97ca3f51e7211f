"""Cases of reconciliation over HTTP: listed, explained by a person, and never opened again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.tracker.domain.triggers import T
from shared import ids
from shared.auth import Role
from tests.integration.tracker.desk import Caller, serving
from tests.integration.tracker.stage import CAPTURED, Stage, refund, refund_key
from tests.integration.tracker.town import DAY, NEXT_MORNING, Town, founded
from tests.unit.shared.serving import Answer, Api

OPS = Caller(Role.OPS)
PATH = "/v1/reconciliation-cases"


@dataclass(frozen=True, slots=True)
class Office:
    """A town whose tracker is served."""

    town: Town
    api: Api

    async def listed(self, **query: str) -> Any:
        answer = await self.api.get(PATH, params=query, headers=OPS.headers)
        assert answer.status == 200
        return answer.json()

    async def explain(self, case_id: object, reason: str = "paid at the branch") -> Answer:
        return await self.api.post(
            f"{PATH}/{case_id}/explanation", json={"reason": reason}, headers=OPS.headers
        )


@pytest.fixture
async def office(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    async with serving(stage) as api, founded(stage, tmp_path, monkeypatch) as town:
        yield Office(town, api)


async def test_a_case_shows_both_sides(office: Office) -> None:
    event = await office.town.sent()
    await office.town.reconciled()
    assert await office.listed() == {
        "cases": [
            {
                "id": str((await office.town.case())["id"]),
                "day": str(DAY),
                "transaction_id": event.transaction_id,
                "reference": refund_key(event),
                "difference": "missing_here",
                "ours_minor": None,
                "theirs_minor": str(CAPTURED),
                "currency": "CNY",
                "opened_at": "2026-03-03T03:00:00Z",
                "closed_at": None,
                "closed_by": None,
                "explanation": None,
                "reason": None,
            }
        ],
        "next": None,
    }


async def test_a_person_explains_a_case_once(office: Office) -> None:
    await office.town.sent()
    await office.town.reconciled()
    (case,) = (await office.listed())["cases"]
    answer = await office.explain(case["id"])
    assert answer.status == 200
    closed = answer.json()
    assert (closed["closed_by"], closed["reason"]) == ("ops-1", "paid at the branch")
    assert closed["closed_at"] == "2026-03-03T03:00:00Z"
    assert (await office.listed())["cases"] == []
    assert (await office.listed(open="false"))["cases"] == [closed]
    again = await office.explain(case["id"])
    assert (again.status, again.json()["detail"]) == (
        409,
        "The case was closed before: explained by a person.",
    )
    assert (await office.town.case())["reason"] != "paid at the branch"  # sealed


async def test_what_a_person_explained_is_not_opened_again(office: Office) -> None:
    await office.town.sent()
    await office.town.reconciled()
    await office.explain((await office.town.case())["id"])
    told, explained = await office.town.reconciled()
    assert explained
    assert told[1].endswith("closed: explained by a person")
    assert (await office.town.case())["closed_by"] == "ops-1"


async def test_later_news_leave_a_persons_words_alone(office: Office) -> None:
    event = await office.town.sent()
    await office.town.reconciled()
    await office.explain((await office.town.case())["id"])
    await office.town.hear(event, await office.town.credited(event))
    assert (await office.town.reconciled())[1]
    assert (await office.town.case())["explanation"] == "explained by a person"


async def test_cases_come_in_pages_and_by_day(office: Office) -> None:
    for _ in range(3):
        await office.town.stage.each(refund(await office.town.reserved(), T.REFUND_CREDITED))
    await office.town.reconciled()
    first = await office.listed(limit="2")
    rest = await office.listed(limit="2", after=first["next"])
    assert [len(first["cases"]), len(rest["cases"]), rest["next"]] == [2, 1, None]
    assert len((await office.listed(day=str(DAY)))["cases"]) == 3
    assert (await office.listed(day=str(NEXT_MORNING.date())))["cases"] == []


async def test_a_case_that_is_none(office: Office) -> None:
    assert (await office.explain(ids.new())).status == 404


async def test_a_reason_is_needed(office: Office) -> None:
    assert (await office.explain(ids.new(), "")).status == 422


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.AGENT, Role.PARTNER, Role.MERCHANT])
async def test_only_ops_see_cases(office: Office, role: Role) -> None:
    headers = Caller(role).headers
    assert (await office.api.get(PATH, headers=headers)).status == 403
    answer = await office.api.post(
        f"{PATH}/{ids.new()}/explanation", json={"reason": "x"}, headers=headers
    )
    assert answer.status == 403
