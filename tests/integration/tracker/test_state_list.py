"""The state list: what is open, by the time that is left."""

from shared.auth import Role
from tests.integration.tracker.desk import Caller, serving
from tests.integration.tracker.stage import Stage, opened, opening
from tests.unit.shared.serving import Api

OPS = Caller(Role.OPS)


async def test_the_list_is_sorted_by_the_time_that_is_left_and_pages_do_not_overlap(
    stage: Stage,
) -> None:
    events = [opened() for _ in range(7)]
    await stage.send(*map(opening, events))
    for minutes, event in enumerate(events):
        await stage.write(
            "UPDATE disputes SET promised_at = clock_timestamp() + make_interval(mins => :m)"
            " WHERE id = :id",
            m=10 - minutes,
            id=event.dispute_id,
        )
    async with serving(stage) as api:
        seen = await _all_pages(api)
    assert seen == [str(event.dispute_id) for event in reversed(events)]


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
