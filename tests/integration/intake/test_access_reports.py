"""The door without a token: it hears everybody and tells nobody anything."""

import asyncio
from typing import Any

import pytest

from services.intake.api import reports
from shared import ids
from tests.integration.intake.test_accepting import opened_events
from tests.integration.intake.test_every_kind import (
    COMPLAINT,
    LOCKED_OUT,
    THEFT,
    opened,
    told,
)
from tests.integration.intake.world import Instance, World, status
from tests.unit.shared.serving import Answer

PATH = "/v1/access-reports"
REPORT = {"customer_id": "ana", "reason": "no_code"}
STOLEN = {"customer_id": "ana", "kind": "unauthorized", "reason": "odd_login"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "_ANSWERED_AFTER_S", 0.0)


async def report(
    instance: Instance, body: Any = REPORT, *, key: str = "", **headers: str
) -> Answer:
    given = {"Idempotency-Key": key or ids.token()} | headers
    return await instance.api.post(PATH, json=body, headers=given)


async def test_who_cannot_log_in_is_heard(world: World) -> None:
    async with world.instance() as instance:
        answer = await report(instance, REPORT | {"statement": "收不到验证码"})
        reference = answer.json()["reference"]
        found = await instance.get(f"/v1/disputes/by-reference/{reference}")
    assert (answer.status, set(answer.json())) == (202, {"reference", "promised_at"})
    assert ids.valid_reference(reference)
    assert "Location" not in answer.headers
    shown = found.json()
    assert (shown["kind"], shown["reason"], shown["channel"]) == ("access_lost", "no_code", "web")
    assert shown["promised_at"] == answer.json()["promised_at"]
    ((topic, event),) = await opened_events(world)
    assert (topic, event.customer_id, event.opened_by) == ("disputes.v1", "ana", "customer")
    assert (event.unauthenticated, event.verified) == (True, False)
    assert event.statement
    assert "收不到" not in event.statement


async def test_a_hold_can_be_asked_for_without_a_token(world: World) -> None:
    async with world.instance() as instance:
        answer = await report(instance, STOLEN)
    assert answer.status == 202
    ((_, event),) = await opened_events(world)
    assert (event.kind, event.reason, event.transaction_id) == ("unauthorized", "odd_login", None)
    assert event.promise_rule == "promise_unauthorized"


async def test_who_has_a_token_is_not_marked_as_unknown(world: World) -> None:
    async with world.instance() as instance:
        await opened(instance, LOCKED_OUT)
    ((_, event),) = await opened_events(world)
    assert event.unauthenticated is None


@pytest.mark.parametrize(("body", "known"), [(REPORT, LOCKED_OUT), (STOLEN, THEFT)])
async def test_a_repeat_looks_like_a_first_report_and_opens_nothing(
    world: World, body: dict[str, str], known: dict[str, str]
) -> None:
    async with world.instance() as instance:
        mine = await opened(instance, known)
        repeats = [await report(instance, body) for _ in range(3)]
        nobody = await report(instance, body | {"customer_id": "no-such-customer"})
    assert {a.status for a in (*repeats, nobody)} == {202}
    assert len({frozenset(a.headers) for a in (*repeats, nobody)}) == 1
    assert {frozenset(a.json()) for a in (*repeats, nobody)} == {
        frozenset({"reference", "promised_at"})
    }
    numbers = {a.json()["reference"] for a in repeats}
    assert len(numbers) == 3
    assert mine["reference"] not in numbers
    assert all(ids.valid_reference(number) for number in numbers)
    assert await world.count("disputes") == 2
    assert await world.count("outbox") == 2


async def test_a_stand_in_leads_its_owner_to_the_case_and_nobody_else(world: World) -> None:
    async with world.instance() as instance:
        mine = await opened(instance, LOCKED_OUT)
        number = (await report(instance)).json()["reference"]
        path = f"/v1/disputes/by-reference/{number}"
        own = await instance.get(path)
        agents = await instance.get(path, token="agent:a-1")
        hers = await instance.get(path, token="customer:bo")
        nothing = await instance.get(
            f"/v1/disputes/by-reference/{ids.reference()}", token="customer:bo"
        )
        without = await instance.api.get(path)
    assert own.json()["dispute_id"] == agents.json()["dispute_id"] == mine["dispute_id"]
    assert own.json()["reference"] == mine["reference"]
    assert (hers.status, hers.text) == (404, nothing.text)
    assert without.status == 401


async def test_a_complaint_is_about_the_case_that_a_stand_in_leads_to(world: World) -> None:
    async with world.instance() as instance:
        mine = await opened(instance, LOCKED_OUT)
        number = (await report(instance)).json()["reference"]
        about = COMPLAINT | {"about_reference": ids.spoken(number)}
        receipt = await opened(instance, about)
        shown = (await instance.get(receipt["links"]["self"])).json()
        hers = await instance.open(about, token="customer:bo")
    assert shown["about_reference"] == mine["reference"]
    assert hers.status == 404
    assert (await opened_events(world))[-1][1].about_reference == mine["reference"]


async def test_the_same_key_gets_the_same_answer_whatever_became_of_the_case(
    world: World,
) -> None:
    async with world.instance(intake_reports_per_customer=20) as instance:
        first = await report(instance, key="k" * 16)
        again = await report(instance, key="k" * 16)
        repeat = await report(instance, key="r" * 16)
        assert (again.text, again.status) == (first.text, 202)
        assert repeat.json()["reference"] != first.json()["reference"]
        assert (await report(instance, key="r" * 16)).text == repeat.text
        (row,) = await world.query("SELECT id FROM disputes")
        await told(instance, status(str(row["id"]), 1, status="withdrawn", open=False))
        assert (await report(instance, key="r" * 16)).text == repeat.text
        other = await report(instance, REPORT | {"reason": "new_phone"}, key="k" * 16)
    assert other.status == 422
    assert await world.count("disputes") == 1


async def test_ten_at_once_over_two_instances_open_one(world: World) -> None:
    async with (
        world.instance(intake_reports_per_customer=20) as one,
        world.instance(intake_reports_per_customer=20) as two,
    ):
        alike = await asyncio.gather(*(report(each, key="k" * 16) for each in [one, two] * 5))
        apart = await asyncio.gather(*(report(each) for each in [one, two] * 5))
    assert {a.status for a in (*alike, *apart)} == {202}
    assert len({a.text for a in alike}) == 1
    assert len({a.json()["reference"] for a in apart}) == 10
    assert (await world.count("disputes"), await world.count("stand_ins")) == (1, 10)


async def test_what_is_wrong_is_said_as_everywhere_and_is_the_same_for_everybody(
    world: World,
) -> None:
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"customer_id": "ana"}, "reason"),
        ({"reason": "no_code"}, "customer_id"),
        (REPORT | {"customer_id": "+8613800138000"}, "customer_id"),
        (REPORT | {"reason": "odd_login"}, "reason"),
        (REPORT | {"kind": "refund_request"}, "kind"),
        (REPORT | {"transactions": []}, "transactions"),
        (REPORT | {"statement": "x" * 2001}, "statement"),
    )
    async with world.instance() as instance:
        for body, field in wrong:
            answer = await report(instance, body)
            assert (answer.status, answer.json()["errors"][0]["field"]) == (422, field), body
        for key in ("short", "x" * 15, "x" * 129):
            refused = await report(instance, key=key)
            assert refused.json()["errors"][0]["field"] == "Idempotency-Key"
            assert refused.status == 400
        none = await instance.api.post(PATH, json=REPORT)
    assert none.status == 400
    assert await world.count("disputes") == 0


async def test_reports_are_throttled_by_customer_address_network_and_in_all(world: World) -> None:
    bounds = {
        "intake_client_header": "x-real-ip",
        "intake_reports_per_customer": 2,
        "intake_reports_per_address": 3,
        "intake_reports_per_network": 6,
        "intake_reports_in_all": 7,
    }
    async with world.instance(**bounds) as instance:

        async def asked(customer: str, address: str) -> Answer:
            return await report(
                instance, REPORT | {"customer_id": customer}, **{"X-Real-IP": address}
            )

        same = [await asked("ana", f"203.0.113.{n}") for n in range(3)]
        near = [await asked(f"c-{n}", "203.0.113.9") for n in range(4)]
        beside = [await asked(f"e-{n}", f"203.0.113.{n + 10}") for n in range(2)]
        many = [await asked(f"d-{n}", f"198.51.100.{n}") for n in range(2)]
    assert [a.status for a in same] == [202, 202, 429]
    assert [a.status for a in near] == [202, 202, 202, 429]
    assert [a.status for a in beside] == [202, 429]
    assert [a.status for a in many] == [202, 429]
    for refused in (same[-1], near[-1], beside[-1], many[-1]):
        assert 0 < int(refused.headers["Retry-After"]) <= 600
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert "hotline" in refused.json()["detail"]
    assert await world.count("disputes") == 6  # ana's second is a repeat


async def test_every_answer_takes_the_same_least_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "_ANSWERED_AFTER_S", 0.4)
    async with world.instance() as instance:
        loop = asyncio.get_running_loop()
        for _ in range(2):  # a first report, and a repeat
            began = loop.time()
            assert (await report(instance)).status == 202
            assert loop.time() - began >= 0.4
