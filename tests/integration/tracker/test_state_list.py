"""The state list: what is open, by the time that is left."""

import base64
from typing import Any

from services.tracker.domain.triggers import T
from shared.auth import Role
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Kind
from tests.integration.tracker.desk import Caller, serving
from tests.integration.tracker.stage import Stage, decision, found, merchant, opened, opening, wish
from tests.unit.shared.serving import Api

OPS = Caller(Role.OPS)
BIG = 2**53 + 1  # the first that a reader of JSON numbers as doubles gets wrong


async def test_the_list_is_sorted_by_the_time_that_is_left_and_pages_do_not_overlap(
    stage: Stage,
) -> None:
    events = [opened() for _ in range(7)]
    await stage.send(*map(opening, events))
    for minutes, event in enumerate(events):
        await stage.write(
            "UPDATE disputes SET slack_at = clock_timestamp() + make_interval(mins => :m)"
            " WHERE id = :id",
            m=10 - minutes,
            id=event.dispute_id,
        )
    async with serving(stage) as api:
        seen = await _all_pages(api)
    assert seen == [str(event.dispute_id) for event in reversed(events)]


async def test_all_are_listed_by_their_last_change_and_those_of_an_end_or_a_status_alone(
    stage: Stage,
) -> None:
    events = [opened() for _ in range(7)]
    await stage.send(*map(opening, events))
    await stage.send(*[wish(event) for event in events[::2]])  # four of seven
    await stage.send(found(events[3]))
    await stage.to_arbitration(events[5])
    await stage.each(decision(events[5], None))
    for minutes, event in enumerate(events):
        await stage.write(
            "UPDATE disputes SET updated_at = clock_timestamp() - make_interval(mins => :m),"
            " promised_at = promised_at - make_interval(mins => :m),"
            " slack_at = slack_at - make_interval(mins => :m) WHERE id = :id",
            m=minutes,
            id=event.dispute_id,
        )
    ids = [str(event.dispute_id) for event in events]
    async with serving(stage) as api:
        assert await _pages(api, "open=false") == ids  # the one that changed last first
        assert await _pages(api, "open=false&status=withdrawn") == ids[::2]
        assert await _pages(api, "status=withdrawn") == ids[::2]  # of an end none is open
        assert await _pages(api, "open=false&status=declined") == [ids[5]]
        assert await _pages(api, "status=checking") == [ids[1]]
        assert await _pages(api, "open=true") == [ids[3], ids[1]]  # by slack


async def test_a_cursor_that_nobody_gave_begins_again(stage: Stage) -> None:
    event = opened()
    await stage.send(opening(event))
    naive = base64.urlsafe_b64encode(f"2999-01-01T00:00:00|{event.dispute_id}".encode()).decode()
    async with serving(stage) as api:
        for after in ("x", "abc", "é", naive):
            page = await api.get("/v1/disputes", params={"after": after}, headers=OPS.headers)
            assert [row["id"] for row in page.json()["disputes"]] == [str(event.dispute_id)]


async def test_the_time_that_is_left_is_told_in_seconds_and_less_than_none_where_it_is_over(
    stage: Stage,
) -> None:
    soon, late = opened(), opened()
    await stage.send(opening(soon), opening(late))
    for event, minutes in ((soon, 10), (late, -10)):
        await stage.write(
            "UPDATE disputes SET slack_at = clock_timestamp() + make_interval(mins => :m)"
            " WHERE id = :id",
            m=minutes,
            id=event.dispute_id,
        )
    async with serving(stage) as api:
        page = (await api.get("/v1/disputes", headers=OPS.headers)).json()
    first, second = page["disputes"]
    assert (first["id"], second["id"]) == (str(late.dispute_id), str(soon.dispute_id))
    assert -630 < float(first["left_s"]) <= -600
    assert 570 < float(second["left_s"]) <= 600
    assert page["overdue"] == 1


async def test_who_reads_a_dispute_sees_that_nobody_proved_who_they_are(
    api: Api, common: Stage
) -> None:
    known = opened(Kind.ACCESS_LOST, None, merchant_id=None)
    unknown = opened(Kind.ACCESS_LOST, None, merchant_id=None).model_copy(
        update={"unauthenticated": True}
    )
    await common.send(opening(known), opening(unknown))
    assert (await _read(api, unknown))["unauthenticated"] is True
    assert (await _read(api, known))["unauthenticated"] is False


async def test_who_reads_a_complaint_sees_which_dispute_it_is_about(
    api: Api, common: Stage
) -> None:
    first = opened()
    later = opened(Kind.COMPLAINT, None, merchant_id=None).model_copy(
        update={"about_reference": first.reference}
    )
    await common.send(opening(later))
    shown = await _read(api, later)
    assert (shown["about_reference"], shown["about_dispute_id"]) == (first.reference, None)
    await common.send(opening(first))
    assert (await _read(api, later))["about_dispute_id"] == str(first.dispute_id)
    own = await _read(api, first)
    assert (own["id"], own["about_reference"]) == (str(first.dispute_id), None)


async def test_every_amount_is_a_string_wherever_it_stands(api: Api, common: Stage) -> None:
    event = opened(requested_minor=BIG)
    await common.to_merchant(event, BIG + 2)
    paid = found(event, BIG + 2, tender=(("cash", BIG), ("coupon", 2)), clawback_minor=3)
    other = opened(requested_minor=5_000)
    await common.each(opening(other), found(other), merchant(other, T.MERCHANT_REFUSED))
    await common.each(decision(other, 4_000), paid)
    shown, decided = await _read(api, event), await _read(api, other)
    assert shown["requested_minor"] == "9007199254740993"
    assert shown["facts"]["captured_minor"] == "9007199254740995"
    told = shown["history"][0]["input"]["value"]
    assert (told["captured_minor"], told["clawback_minor"]) == ("9007199254740995", "3")
    assert told["tender"] == [["cash", "9007199254740993"], ["coupon", "2"]]
    assert decided["facts"]["attempts"][0]["amount_minor"] == "4000"
    assert decided["holds"][0]["amount_minor"] == "4000"
    assert decided["history"][0]["input"]["value"]["amount_minor"] == "4000"
    assert numbers(shown) == numbers(decided) == []


def numbers(value: Any, name: str = "") -> list[str]:
    """Names of amounts that are numbers, at any depth."""
    if isinstance(value, dict):
        return [each for key, inner in value.items() for each in numbers(inner, key)]
    if isinstance(value, list):
        return [each for inner in value for each in numbers(inner, name)]
    is_amount = name.endswith("_minor") or name == "tender"
    return [name] if is_amount and isinstance(value, int | float) else []


async def _read(api: Api, event: DisputeOpened) -> dict[str, Any]:
    answer = await api.get(f"/v1/disputes/{event.dispute_id}", headers=OPS.headers)
    shown: dict[str, Any] = answer.json()
    return shown


async def _pages(api: Api, query: str) -> list[str]:
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await api.get(f"/v1/disputes?limit=2&after={after}&{query}", headers=OPS.headers)
        seen += [row["id"] for row in page.json()["disputes"]]
        after = page.json()["next"]
        assert len(seen) < 20
    return seen


async def _all_pages(api: Api) -> list[str]:
    seen: list[str] = []
    after = ""
    while True:
        page = (await api.get(f"/v1/disputes?limit=3{after}", headers=OPS.headers)).json()
        seen += [row["id"] for row in page["disputes"]]
        assert (page["open"], page["counts"]) == (7, {"checking": 7})
        assert {row["next_actor"] for row in page["disputes"]} == {"bank"}
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    return seen
