"""Every kind through the whole intake, and what may be open at once."""

import asyncio
import json
import re
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event

from services.intake.handlers import feed
from shared import ids, rules
from shared.contracts.envelope import Envelope
from shared.contracts.events import Amount
from shared.contracts.vocabulary import REASONS, Action, Kind
from tests.integration.intake.test_accepting import opened_events
from tests.integration.intake.world import Instance, World, payment, status

THEFT = {"kind": "unauthorized", "reason": "odd_login"}
LOCKED_OUT = {"kind": "access_lost", "reason": "no_code"}
COMPLAINT = {"kind": "complaint", "reason": "slow"}


def about(kind: str, *transactions: str, **more: Any) -> dict[str, Any]:
    """A claim of this kind, with its first reason."""
    named = [{"transaction_id": each} for each in transactions]
    reason = next(iter(REASONS[Kind(kind)]))
    return {"kind": kind, "reason": reason, "transactions": named} | more


async def recorded(instance: Instance, *transactions: Envelope) -> None:
    async with instance.intake.parts.engine.begin() as tx:
        await feed.copy_transactions(tx, transactions)


async def told(instance: Instance, *statuses: Envelope) -> None:
    async with instance.intake.parts.engine.begin() as tx:
        await feed.apply_statuses(tx, statuses)


async def opened(instance: Instance, body: Any, **options: Any) -> dict[str, Any]:
    answer = await instance.open(body, **options)
    assert answer.status == 202, answer.text
    found: dict[str, Any] = answer.json()["disputes"][0]
    return found


async def test_every_kind_is_heard_with_nothing_but_a_reason(world: World) -> None:
    async with world.instance() as instance:
        receipts = {kind: await opened(instance, about(kind)) for kind in Kind}
        for kind, receipt in receipts.items():
            shown = (await instance.get(receipt["links"]["self"])).json()
            assert (shown["kind"], shown["transaction_id"]) == (kind, None)
            assert shown["promise_rule"] == f"promise_{kind}"
            assert shown["kind_text"] != kind
    events = await opened_events(world)
    assert {event.kind: topic for topic, event in events} == dict.fromkeys(Kind, "disputes.v1") | {
        "missing_funds": "missing-funds.v1"
    }


async def test_every_kind_that_takes_a_transaction_takes_one_of_its_own_group(
    world: World,
) -> None:
    kinds = [kind.value for kind in Kind if kind not in {Kind.ACCESS_LOST, Kind.COMPLAINT}]
    async with world.instance() as instance:
        named = [f"t-{kind}" for kind in kinds]
        await recorded(instance, *(payment(name) for name in named))
        for kind, name in zip(kinds, named, strict=True):
            assert (await opened(instance, about(kind, name)))["verified"]
            again = await instance.open(about(kind, name))
            assert again.status == 409, kind
    groups = await world.query("SELECT DISTINCT kind_group FROM disputes ORDER BY 1")
    assert [row[0] for row in groups] == ["account", "movement", "purchase", "refund", "theft"]


async def test_one_transaction_may_be_about_several_things_at_once(world: World) -> None:
    async with world.instance() as instance:
        await recorded(instance, payment("t-1"))
        for kind in ("wrong_amount", "goods_or_service", "refund_not_received", "unauthorized"):
            await opened(instance, about(kind, "t-1"))
        same_purchase = await instance.open(about("refund_request", "t-1"))
        (shown,) = (await instance.get("/v1/transactions")).json()["items"]
    assert same_purchase.status == 409
    options = {o["kind"]: o["why_not"] and o["why_not"]["code"] for o in shown["options"]}
    assert options["duplicate_charge"] == options["refund_request"] == "already_open"
    assert options["balance_anomaly"] is None
    assert "access_lost" not in options
    assert "complaint" not in options


async def test_a_refund_that_was_given_whole_can_be_missing(world: World) -> None:
    async with world.instance() as instance:
        await recorded(instance, payment("t-1", refunded_minor=12800))
        missing = await opened(instance, about("refund_not_received", "t-1"))
        again = await instance.open(about("refund_request", "t-1"))
    assert missing["requested"] == {"amount_minor": "12800", "currency": "CNY"}
    assert (again.status, again.json()["errors"][0]["field"]) == (422, "transactions.0")


async def test_one_theft_of_several_transactions_is_a_claim_with_a_dispute_each(
    world: World,
) -> None:
    async with world.instance() as instance:
        await recorded(instance, payment("t-1"), payment("t-2", state="declined"))
        answer = await instance.open(about("unauthorized", "t-1", "t-2", "t-3"))
    found = answer.json()["disputes"]
    assert [(d["transaction_id"], d["verified"]) for d in found] == [
        ("t-1", True), ("t-2", True), ("t-3", False)
    ]  # fmt: skip
    assert [d["requested"] and d["requested"]["amount_minor"] for d in found] == [
        "12800", None, None
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["access_lost", "complaint"])
async def test_a_transaction_where_none_belongs_is_refused(world: World, kind: str) -> None:
    async with world.instance() as instance:
        answer = await instance.open(about(kind, "t-1"))
    (error,) = answer.json()["errors"]
    assert (answer.status, error["field"]) == (422, "transactions")
    assert error["remedy"].startswith("Leave this field out")


@pytest.mark.parametrize("body", [THEFT, LOCKED_OUT])
async def test_a_second_report_about_the_account_gets_the_number_of_the_first(
    world: World, body: dict[str, str]
) -> None:
    async with world.instance() as instance:
        first = await opened(instance, body)
        again = await instance.open(body)
        hers = await instance.open(body, token="customer:bo")
        assert (again.status, again.json()["reference"]) == (409, first["reference"])
        assert again.json()["errors"][0]["field"] == "kind"
        assert "of this kind" in again.json()["detail"]
        assert hers.status == 202
        await told(instance, status(first["dispute_id"], 1, status="withdrawn", open=False))
        assert (await instance.open(body)).status == 202
        await told(instance, status(first["dispute_id"], 2, status="under_review", open=True))
        assert (await instance.open(body)).status == 409


@pytest.mark.parametrize("body", [THEFT, about("wrong_amount", "t-1")])
async def test_what_is_open_already_is_told_with_its_state_and_what_is_possible(
    world: World, body: dict[str, Any]
) -> None:
    async with world.instance() as instance:
        first = await opened(instance, body)
        early = (await instance.open(body)).json()
        news = status(first["dispute_id"], 1, status="needs_details", actions=("give_details",))
        await told(instance, news)
        late = (await instance.open(body)).json()
        await told(instance, status(first["dispute_id"], 2, status="under_review"))
        held = (await instance.open(body)).json()
    assert [(a["reference"], a["status_now"], a["possible"]) for a in (early, late, held)] == [
        (first["reference"], "received", ["withdraw"]),
        (first["reference"], "needs_details", ["give_details"]),
        (first["reference"], "under_review", []),
    ]


async def test_of_somebody_elses_open_dispute_nothing_is_told(world: World) -> None:
    async with world.instance() as instance:
        await opened(instance, about("wrong_amount", "t-1"), token="customer:bo")
        answer = await instance.open(about("wrong_amount", "t-1"))
    assert (answer.status, answer.json()["possible"]) == (409, [])
    assert not {"reference", "status_now", "open"} & set(answer.json())


@pytest.mark.parametrize("body", [THEFT, LOCKED_OUT])
async def test_ten_reports_at_once_over_two_instances_open_one(
    world: World, body: dict[str, str]
) -> None:
    async with world.instance() as one, world.instance() as two:
        answers = await asyncio.gather(*(each.open(body) for each in [one, two] * 5))
    accepted = [a for a in answers if a.status == 202]
    refused = [a for a in answers if a.status == 409]
    assert (len(accepted), len(refused)) == (1, 9)
    reference = accepted[0].json()["disputes"][0]["reference"]
    assert {a.json()["reference"] for a in refused} == {reference}
    assert (await world.count("disputes"), await world.count("claims")) == (1, 1)


async def test_of_a_dozen_complaints_at_once_five_are_taken(world: World) -> None:
    async with world.instance() as one, world.instance() as two:
        answers = await asyncio.gather(*(each.open(COMPLAINT) for each in [one, two] * 6))
        refused = next(a for a in answers if a.status == 409)
        first = next(a for a in answers if a.status == 202).json()["disputes"][0]
        await told(one, status(first["dispute_id"], 1, status="answered", open=False))
        assert (await one.open(COMPLAINT)).status == 202
        assert (await one.open(COMPLAINT)).status == 409
        assert (await one.open(COMPLAINT, token="customer:bo")).status == 202
    assert sorted(a.status for a in answers) == [202] * 5 + [409] * 7
    assert refused.json()["errors"][0] == {
        "field": "kind",
        "problem": "5 of this kind are open already",
        "remedy": "Wait for the answer to one of them, or withdraw one",
    }
    receipts = [a.json()["disputes"][0] for a in answers if a.status == 202]
    listed = refused.json()["open"]
    assert sorted(d["reference"] for d in listed) == sorted(r["reference"] for r in receipts)
    assert all((d["status_now"], d["possible"]) == ("received", ["withdraw"]) for d in listed)
    slots = await world.query("SELECT slot FROM disputes WHERE holds AND customer_id = 'ana'")
    assert sorted(row[0] for row in slots) == [1, 2, 3, 4, 5]


async def test_a_complaint_says_which_dispute_it_is_about(world: World) -> None:
    async with world.instance() as instance:
        mine = await opened(instance, about("wrong_amount"))
        spoken = ids.spoken(mine["reference"])
        receipt = await opened(instance, COMPLAINT | {"about_reference": spoken})
        agents = COMPLAINT | {"about_reference": mine["reference"], "customer_id": "ana"}
        await opened(instance, agents, token="agent:a-1")
        shown = (await instance.get(receipt["links"]["self"])).json()
        for token, reference in (("customer:bo", mine["reference"]), ("", ids.reference())):
            answer = await instance.open(
                COMPLAINT | {"about_reference": reference}, token=token or "customer:ana"
            )
            assert answer.status == 404
        wrong = await instance.open(about("wrong_amount", about_reference=mine["reference"]))
        typed = await instance.open(COMPLAINT | {"about_reference": "402188530175"})
    assert shown["about_reference"] == mine["reference"]
    for refused in (wrong, typed):
        assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "about_reference")
    assert [event.about_reference for _, event in await opened_events(world)] == [
        None, mine["reference"], mine["reference"]
    ]  # fmt: skip


async def test_a_mixed_batch_settles_each_by_its_own_rule(world: World) -> None:
    async with world.instance() as instance:
        mine = await opened(instance, about("wrong_amount", "t-1"))
        bodies = [
            THEFT,
            THEFT,
            LOCKED_OUT,
            COMPLAINT | {"about_reference": mine["reference"]},
            COMPLAINT | {"about_reference": ids.reference()},
            COMPLAINT,
            about("missing_funds", "t-1"),
            about("missing_funds", "t-2"),
        ]
        answers = await asyncio.gather(*(instance.open(body) for body in bodies))
    assert sorted(a.status for a in answers[:2]) == [202, 409]
    assert [a.status for a in answers[2:]] == [202, 202, 404, 202, 409, 202]


async def test_a_profiles_reasons_are_those_of_its_customers(
    world: World, request: pytest.FixtureRequest
) -> None:
    amended = 'hide = ["rude"]\n[reasons.complaint.add]\nqueue = ["排队", "queue"]'
    own = world.work / "rules" / "mine.toml"
    own.parent.mkdir()
    head = 'version = 1\ninherits = "default"\n'
    own.write_text(f"{head}[reasons.complaint]\n{amended}", "utf-8")
    async with world.instance() as instance:
        before = await opened(instance, COMPLAINT | {"reason": "rude"})
    rules.look_in(world.work)
    request.addfinalizer(lambda: rules.look_in(None))
    async with world.instance(redress_profile="mine") as instance:
        refused = await instance.open(COMPLAINT | {"reason": "rude"})
        receipt = await opened(instance, COMPLAINT | {"reason": "queue"})
        shown = (await instance.get(receipt["links"]["self"])).json()
        old = (await instance.get(before["links"]["self"])).json()
        kinds = (await instance.get("/v1/kinds")).json()["kinds"]
    rules.look_in(None)
    async with world.instance() as instance:
        gone = (await instance.get(receipt["links"]["self"])).json()
    assert refused.json()["errors"][0]["remedy"].endswith("slow, unclear, decision, other, queue")
    assert (shown["reason_text"], old["reason_text"]) == ("queue", "rude service")
    assert gone["reason_text"] == "queue"
    (complaints,) = (k["reasons"] for k in kinds if k["kind"] == "complaint")
    assert complaints[-1] == {"code": "queue", "text": {"zh-CN": "排队", "en": "queue"}}


async def test_what_the_tracker_says_of_offers_and_credit_is_shown(world: World) -> None:
    def yuan(amount: int) -> Amount:
        return Amount(amount_minor=amount, currency="CNY")

    async with world.instance() as instance:
        receipt = await opened(instance, about("goods_or_service"))
        news = status(
            receipt["dispute_id"],
            1,
            status="offer_made",
            actions=("accept_offer", "refuse_offer"),
            transaction_id="t-7",
            offered=yuan(6400),
            provisional=yuan(12800),
            compensated=yuan(500),
        )
        await told(instance, news)
        english = (await instance.get(receipt["links"]["self"])).json()
        path = receipt["links"]["self"]
        chinese = (await instance.get(path, **{"Accept-Language": "zh-CN"})).json()
    money = {name: value and value["amount_minor"] for name, value in english["money"].items()}
    assert money == {
        "requested": None,
        "approved": None,
        "in_flight": None,
        "credited": None,
        "offered": "6400",
        "provisional": "12800",
        "compensated": "500",
    }
    assert english["transaction_id"] == "t-7"
    assert english["actions"] == ["accept_offer", "refuse_offer"]
    assert english["action_texts"] == {
        "accept_offer": "Accept the offer",
        "refuse_offer": "Refuse the offer",
    }
    assert chinese["action_texts"] == {"accept_offer": "接受方案", "refuse_offer": "不接受方案"}


@pytest.mark.parametrize(
    ("taken", "code"),
    [
        (None, 202),
        ({"amount_minor": "6400", "currency": "CNY"}, 202),
        ({"amount_minor": "6300", "currency": "CNY"}, 409),
        ({"amount_minor": "6400", "currency": "USD"}, 409),
    ],
)
async def test_an_offer_is_taken_as_it_was_seen(
    world: World, taken: dict[str, str] | None, code: int
) -> None:
    async with world.instance() as instance:
        receipt = await opened(instance, about("goods_or_service"))
        offered = Amount(amount_minor=6400, currency="CNY")
        await told(
            instance,
            status(
                receipt["dispute_id"],
                1,
                status="offer_made",
                actions=("accept_offer", "refuse_offer"),
                transaction_id="t-7",
                offered=offered,
            ),
        )
        body = {"action": "accept_offer"} | ({"amount": taken} if taken else {})
        answer = await instance.post(f"{receipt['links']['self']}/actions", body, key="k")
    assert answer.status == code
    if code == 409:
        problem = answer.json()
        assert problem["errors"][0]["field"] == "amount"
        assert "6400 minor units of CNY" in problem["detail"]
        assert (problem["status_now"], problem["possible"]) == (
            "offer_made",
            ["accept_offer", "refuse_offer"],
        )


async def test_ordinary_claims_pay_nothing_for_what_others_need(world: World) -> None:
    tables: list[str] = []

    def heard(*execution: Any) -> None:
        tables.append(re.findall(r"(?:FROM|INTO) (\w+)|clock", execution[2])[0])

    async with world.instance() as instance:
        engine = instance.intake.accepting.sync_engine
        event.listen(engine, "before_cursor_execute", heard)
        await opened(instance, about("refund_request", "t-1"))
        ordinary = tables.copy()
        tables.clear()
        await opened(instance, about("wrong_amount"))
        without = tables.copy()
        tables.clear()
        await opened(instance, THEFT)
        counted = tables.copy()
    accepting = ["", "idempotency", "claims", "outbox"]
    assert ordinary == ["transactions", "disputes", *accepting]
    assert without == accepting
    assert counted == ["disputes", *accepting]


async def test_the_database_counts_what_is_open_without_a_transaction(world: World) -> None:
    async with world.instance() as instance:
        await opened(instance, THEFT)
        await opened(instance, COMPLAINT)
    copy = (
        "INSERT INTO disputes (id, claim_id, reference, customer_id, kind, kind_group, reason,"
        " slot, opened_at, opening, emitted_at, changed_at) SELECT gen_random_uuid(), claim_id,"
        " $1, customer_id, kind, kind_group, reason, $3, opened_at, opening, emitted_at,"
        " changed_at FROM disputes WHERE kind_group = $2 LIMIT 1"
    )
    for group, slot in (("theft", 1), ("service", 1)):
        with pytest.raises(asyncpg.UniqueViolationError):
            await world.query(copy, "000000000001", group, slot)
    for group, wrong in (("theft", 2), ("theft", None), ("service", 6), ("service", 0)):
        with pytest.raises(asyncpg.CheckViolationError):
            await world.query(copy, "000000000001", group, wrong)
    await world.query(copy, "000000000001", "service", 5)


async def test_every_status_and_action_of_the_vocabulary_can_be_stored(world: World) -> None:
    async with world.instance() as instance:
        receipt = await opened(instance, about("goods_or_service"))
        rows = await world.query(
            "SELECT pg_get_constraintdef(oid) AS said FROM pg_constraint"
            " WHERE conname IN ('disputes_status', 'disputes_kind')"
        )
        await told(instance, status(receipt["dispute_id"], 1, actions=tuple(Action)[:8]))
        shown = (await instance.get(receipt["links"]["self"])).json()
    allowed = json.dumps([row["said"] for row in rows])
    assert all(f"'{word}'" in allowed for word in (*Kind, "chargeback_filed", "access_restored"))
    assert len(shown["action_texts"]) == 8
