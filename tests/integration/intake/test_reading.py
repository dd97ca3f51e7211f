import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake.handlers import feed
from shared import clock, ids
from shared.contracts.envelope import Envelope
from shared.contracts.events import Amount, DecisionMade, Estimate, Promise, Step
from shared.contracts.vocabulary import Actor, Kind, Payer, Remedy
from tests.integration.intake.world import AT, Instance, World, payment, refund, status


async def recorded(instance: Instance, *transactions: Envelope) -> None:
    async with instance.intake.parts.engine.begin() as tx:
        await feed.copy_transactions(tx, transactions)


async def told(instance: Instance, *statuses: Envelope) -> None:
    async with instance.intake.parts.engine.begin() as tx:
        await feed.apply_statuses(tx, statuses)


async def opened(instance: Instance, *transactions: str, **options: Any) -> list[dict[str, Any]]:
    answer = await instance.open(refund(*transactions), **options)
    assert answer.status == 202, answer.text
    found: list[dict[str, Any]] = answer.json()["disputes"]
    return found


async def walked(instance: Instance, path: str, **options: Any) -> list[list[dict[str, Any]]]:
    """Every page, until there is no cursor."""
    pages, cursor = [], None
    while True:
        asked = f"{path}&cursor={cursor}" if cursor else path
        body = (await instance.get(asked, **options)).json()
        pages.append(body["items"])
        cursor = body["next_cursor"]
        if cursor is None:
            return pages


async def test_pages_of_disputes_opened_at_the_same_moment(world: World) -> None:
    async with world.instance() as instance:
        receipts = await opened(instance, *(f"t-{n}" for n in range(23)))
        await opened(instance, "t-99", token="customer:bo")
        pages = await walked(instance, "/v1/disputes?limit=5")
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
    found = [dispute for page in pages for dispute in page]
    assert len({d["opened_at"] for d in found}) == 1
    expected = sorted((r["dispute_id"] for r in receipts), reverse=True)
    assert [d["dispute_id"] for d in found] == expected


async def test_a_dispute_opened_meanwhile_disturbs_no_page(world: World) -> None:
    async with world.instance() as instance:
        receipts = await opened(instance, "t-1", "t-2", "t-3")
        first = (await instance.get("/v1/disputes?limit=2")).json()
        await opened(instance, "t-4")
        rest = (await instance.get(f"/v1/disputes?limit=2&cursor={first['next_cursor']}")).json()
    seen = [d["dispute_id"] for d in (*first["items"], *rest["items"])]
    assert seen == sorted((r["dispute_id"] for r in receipts), reverse=True)
    assert rest["next_cursor"] is None


async def test_lists_are_narrowed(world: World) -> None:
    async with world.instance() as instance:
        (one,), (two,) = await opened(instance, "t-1"), await opened(instance, "t-2")
        await instance.open({"kind": "missing_funds", "reason": "transfer"})
        await told(instance, status(one["dispute_id"], 1, status="declined", open=False))

        async def ids_of(query: str) -> set[str]:
            answer = await instance.get(f"/v1/disputes?{query}")
            return {d["dispute_id"] for d in answer.json()["items"]}

        assert await ids_of("status=declined") == {one["dispute_id"]}
        assert await ids_of("open=false") == {one["dispute_id"]}
        assert await ids_of("kind=refund_request&open=true") == {two["dispute_id"]}
        assert await ids_of("kind=payment_failed") == set()
        assert len(await ids_of("open=true")) == 2


async def test_who_may_list_whose(world: World) -> None:
    async with world.instance() as instance:
        await opened(instance, "t-1")
        await opened(instance, "t-2", token="customer:bo")

        async def count(query: str, token: str) -> int | tuple[int, str]:
            answer = await instance.get(f"/v1/disputes{query}", token=token)
            if answer.status != 200:
                return answer.status, answer.json().get("errors", [{"field": ""}])[0]["field"]
            return len(answer.json()["items"])

        assert await count("", "customer:ana") == 1
        assert await count("?customer_id=bo", "customer:ana") == (422, "customer_id")
        assert await count("?customer_id=bo", "agent:a-1") == 1
        assert await count("", "agent:a-1") == (422, "customer_id")
        assert await count("", "ops:o-1") == 2
        assert await count("?customer_id=bo", "ops:o-1") == 1
        assert await count("", "merchant:m-1") == (403, "")


async def test_bad_questions_name_the_field(world: World) -> None:
    async with world.instance() as instance:
        for path, field in (
            ("/v1/disputes?cursor=nonsense", "cursor"),
            ("/v1/transactions?cursor=nonsense", "cursor"),
            ("/v1/disputes?limit=0", "query.limit"),
            ("/v1/disputes?limit=101", "query.limit"),
            ("/v1/disputes?kind=teleport", "query.kind"),
            ("/v1/disputes?statos=received", "query.statos"),
            ("/v1/disputes/by-reference/4021", "reference"),
            ("/v1/disputes/by-reference/402188530175", "reference"),
            ("/v1/disputes/by-reference/402188530147", "reference"),
            ("/v1/disputes/not-a-uuid", "path.dispute_id"),
        ):
            answer = await instance.get(path)
            assert answer.status == 422, path
            assert answer.json()["errors"][0]["field"] == field, path


async def test_a_dispute_is_received_from_the_moment_of_the_answer(world: World) -> None:
    async with world.instance() as instance:
        await recorded(instance, payment("t-1"))
        (receipt,) = await opened(instance, "t-1")
        shown = (await instance.get(f"/v1/disputes/{receipt['dispute_id']}")).json()
    assert shown["status"] == "received"
    assert shown["status_text"] == "We have your request and are starting on it."
    assert (shown["version"], shown["open"], shown["actions"]) == (0, True, ["withdraw"])
    assert (shown["next_actor"], shown["next_actor_text"]) == ("redress", "We")
    assert shown["promised_at"] == receipt["promised_at"]
    assert shown["money"] == {
        "requested": {"amount_minor": "12800", "currency": "CNY"},
        "approved": None,
        "in_flight": None,
        "credited": None,
        "offered": None,
        "provisional": None,
        "compensated": None,
    }
    (step,) = shown["timeline"]
    assert (step["code"], step["version"], step["actor"]) == ("received", 0, "customer")


async def test_a_dispute_in_the_readers_language(world: World) -> None:
    async with world.instance() as instance:
        (receipt,) = await opened(instance, "t-1")
        path = f"/v1/disputes/{receipt['dispute_id']}"
        chinese = await instance.get(path, **{"Accept-Language": "zh-CN,zh;q=0.9"})
        english = await instance.get(path, **{"Accept-Language": "en-US"})
    assert chinese.headers["Content-Language"] == "zh-CN"
    assert chinese.headers["Vary"] == "Accept-Language"
    body = chinese.json()
    assert body["status_text"] == "已收到您的申请，马上开始处理。"
    assert (body["kind_text"], body["reason_text"]) == ("申请退款", "七天无理由")
    assert english.headers["Content-Language"] == "en"
    assert english.json()["reason_text"] == "changed my mind"


async def test_the_newest_status_is_shown_with_money_decision_and_steps(world: World) -> None:
    decision = DecisionMade(
        outcome=Remedy.PARTIAL_REFUND, reason="used", payer=Payer.MERCHANT, appeal_until=AT
    )
    async with world.instance() as instance:
        (receipt,) = await opened(instance, "t-1")
        dispute_id = receipt["dispute_id"]
        ring = instance.intake.parts.key_ring
        await told(
            instance,
            status(dispute_id, 1),
            status(
                dispute_id,
                2,
                status="refund_sent",
                approved=Amount(amount_minor=5000, currency="CNY"),
                in_flight=Amount(amount_minor=5000, currency="CNY"),
                decision=decision,
                detail={"expected_at": "2026-03-05T00:00:00Z"},
                promised_at=AT,
                promise_rule="refund_due",
                merchant_note=ring.seal("衣服穿过了", f"note:{dispute_id}"),
            ),
        )
        shown = (await instance.get(f"/v1/disputes/{dispute_id}")).json()
    assert (shown["status"], shown["version"]) == ("refund_sent", 2)
    assert shown["money"]["approved"] == {"amount_minor": "5000", "currency": "CNY"}
    assert shown["money"]["in_flight"] == {"amount_minor": "5000", "currency": "CNY"}
    assert shown["money"]["credited"] is None
    assert shown["decision"]["payer"] == "merchant"
    assert shown["detail"] == {"expected_at": "2026-03-05T00:00:00Z"}
    assert (shown["promised_at"], shown["promise_rule"]) == ("2026-03-02T04:00:00Z", "refund_due")
    assert shown["merchant_note"] == "衣服穿过了"
    assert [(s["version"], s["code"]) for s in shown["timeline"]] == [
        (0, "received"),
        (1, "ask_bank"),
        (2, "ask_bank"),
    ]
    assert shown["timeline"][1]["text"] == "We are asking the bank."
    assert shown["timeline"][1]["params"] == {"n": "1"}


@pytest.mark.parametrize("token", ["customer:ana", "agent:a-1"])
async def test_neither_customers_nor_agents_see_that_the_law_holds_a_case(
    world: World, token: str
) -> None:
    """Domain rule 16. What they see of such a decision is its end and the way to a review."""
    decision = DecisionMade(
        outcome=Remedy.NONE, reason="held_by_law", rule="held_by_law", appeal_until=AT
    )
    codes = ("records_held", "legal_hold_placed", "legal_due", "legal_hold_lifted")
    async with world.instance() as instance:
        (receipt,) = await opened(instance, "t-1")
        news = [
            status(
                receipt["dispute_id"],
                version,
                status="referred",
                open=False,
                step=Step(code=code, at=AT, actor=Actor.OPS),
                decision=decision,
            )
            for version, code in enumerate(codes, 1)
        ]
        await told(instance, *news)
        answer = await instance.get(receipt["links"]["self"], token=token)
    shown = answer.json()
    assert [step["code"] for step in shown["timeline"]] == [
        "received", "records_compared", "news", "news", "news"
    ]  # fmt: skip
    assert (shown["decision"]["reason"], shown["decision"]["rule"]) == ("referred", None)
    assert shown["decision"]["appeal_until"]
    assert not re.search("held|legal|law|court", answer.text)


async def test_a_note_whose_key_is_gone_hides_no_status(world: World) -> None:
    async with world.instance() as instance:
        (receipt,) = await opened(instance, "t-1")
        await told(instance, status(receipt["dispute_id"], 1, merchant_note="k0.AAAA"))
        shown = await instance.get(f"/v1/disputes/{receipt['dispute_id']}")
    assert (shown.status, shown.json()["merchant_note"]) == (200, None)


async def test_a_reference_as_people_read_it(world: World) -> None:
    async with world.instance() as instance:
        (receipt,) = await opened(instance, "t-1")
        spoken = ids.spoken(receipt["reference"]).replace(" ", "%20")
        mine = await instance.get(f"/v1/disputes/by-reference/{spoken}")
        agents = await instance.get(
            f"/v1/disputes/by-reference/{receipt['reference']}", token="agent:a-1"
        )
    assert mine.json()["dispute_id"] == receipt["dispute_id"]
    assert agents.json()["dispute_id"] == receipt["dispute_id"]


async def test_somebody_elses_is_answered_as_if_nothing_were_there(world: World) -> None:
    other = ids.reference()
    async with world.instance() as instance:
        (receipt,) = await opened(instance, "t-1")
        for hers, nothing in (
            (receipt["dispute_id"], UUID(int=7)),
            (f"by-reference/{receipt['reference']}", f"by-reference/{other}"),
        ):
            foreign = await instance.get(f"/v1/disputes/{hers}", token="customer:bo")
            unknown = await instance.get(f"/v1/disputes/{nothing}", token="customer:bo")
            assert (foreign.status, foreign.text) == (404, unknown.text)
            assert sorted(foreign.headers) == sorted(unknown.headers)
        wish = {"action": "withdraw"}
        path = "/v1/disputes/{}/actions"
        foreign = await instance.post(path.format(receipt["dispute_id"]), wish, token="customer:bo")
        unknown = await instance.post(path.format(UUID(int=7)), wish, token="customer:bo")
        assert (foreign.status, foreign.text) == (404, unknown.text)


async def test_transactions_with_what_can_be_disputed(world: World) -> None:
    until = clock.utcnow() + timedelta(days=3)
    async with world.instance() as instance:
        await recorded(
            instance,
            payment("t-1", refundable_until=until),
            payment("t-2", state="declined", occurred_at=AT + timedelta(hours=1)),
            payment("hers", customer_id="bo"),
        )
        (receipt,) = await opened(instance, "t-1")
        body = (await instance.get("/v1/transactions")).json()
        theirs = await instance.get("/v1/transactions?customer_id=bo", token="agent:a-1")
    declined, disputed = body["items"]
    assert [t["transaction_id"] for t in theirs.json()["items"]] == ["hers"]
    assert (declined["transaction_id"], disputed["transaction_id"]) == ("t-2", "t-1")
    assert disputed["merchant_name"] == "小茶馆"
    assert disputed["amount"] == {"amount_minor": "12800", "currency": "CNY"}
    refund_of = {o["kind"]: o for o in disputed["options"]}["refund_request"]
    assert refund_of["why_not"]["code"] == "already_open"
    assert refund_of["reference"] == receipt["reference"]
    assert not refund_of["possible"]
    options = {o["kind"]: o for o in declined["options"]}
    assert options["refund_request"]["why_not"] == {
        "code": "not_captured",
        "text": "No money of this transaction was captured, so there is nothing to refund.",
    }
    assert options["payment_failed"]["possible"]


async def test_pages_of_transactions_of_the_same_moment(world: World) -> None:
    named = [f"t-{n:02}" for n in range(11)]
    async with world.instance() as instance:
        await recorded(instance, *(payment(name) for name in named))
        pages = await walked(instance, "/v1/transactions?limit=4")
    assert [len(page) for page in pages] == [4, 4, 3]
    found = [t["transaction_id"] for page in pages for t in page]
    assert found == sorted(named, reverse=True)


async def test_kinds_for_anybody_in_both_languages(world: World) -> None:
    async with world.instance() as instance:
        roles = ("customer", "agent", "ops", "merchant", "partner")
        answers = [await instance.get("/v1/kinds", token=f"{role}:x") for role in roles]
    assert {answer.status for answer in answers} == {200}
    kinds = {k["kind"]: k for k in answers[0].json()["kinds"]}
    assert set(kinds) == {kind.value for kind in Kind}
    assert kinds["goods_or_service"]["transaction_kinds"] == ["payment"]
    assert kinds["access_lost"]["transaction_kinds"] == []
    assert kinds["missing_funds"]["text"]["zh-CN"] == "资金未到账"
    reasons = {r["code"]: r["text"] for r in kinds["refund_request"]["reasons"]}
    assert reasons["renewal"] == {"zh-CN": "续费", "en": "unwanted renewal"}


async def test_ready_depends_on_postgresql_alone(world: World) -> None:
    async with world.instance() as instance:
        assert (await instance.api.get("/health/ready")).status == 200
    broken = World(world.dsn.rpartition("/")[0] + "/nowhere", world.work)
    async with broken.instance() as instance:
        assert (await instance.api.get("/health/ready")).status == 503
        answer = await instance.open(refund("t-1"))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")


async def test_the_documentation_loads_nothing_from_elsewhere(world: World) -> None:
    async with world.instance() as instance:
        page = await instance.api.get("/docs")
        script = await instance.api.get("/docs/start.js")
        bundle = await instance.api.get("/docs/swagger-ui-bundle.js")
        nothing = await instance.api.get("/docs/secrets.py")
        document = await instance.api.get("/openapi.json")
    assert page.status == script.status == bundle.status == document.status == 200
    assert "http" not in page.text.replace("<!doctype html>", "")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert nothing.status == 404


async def test_the_date_says_why_in_the_readers_language(world: World) -> None:
    async with world.instance() as instance:
        (receipt,) = await opened(instance, "t-1")
        self_ = receipt["links"]["self"]
        english = (await instance.get(self_)).json()
        chinese = (await instance.get(self_, **{"Accept-Language": "zh-CN"})).json()
    why = receipt["promise"]
    assert (why["rule"], why["profile"], why["version"]) == ("promise_refund_request", "default", 1)
    assert (why["value"], why["unit"], why["standing"]) == (7, "calendar_day", "default")
    assert why["due_at"] == receipt["promised_at"] == english["promised_at"]
    assert english["promise"] == chinese["promise"] == why
    assert re.fullmatch(
        r"7 days from \d+ \w+ \d{4} end on \d+ \w+ \d{4}"
        r" \(default promise_refund_request, version 1\)",
        english["promise_text"],
    )
    assert re.fullmatch(
        r"自\d{4}年\d+月\d+日起7天，到\d{4}年\d+月\d+日为止"
        r"（default promise_refund_request，第1版）",
        chinese["promise_text"],
    )


async def test_a_later_status_brings_its_own_reason(world: World) -> None:
    said = {
        "zh-CN": "自2026年10月8日起7天，到2026年10月15日为止",
        "en": "7 days from 8 October 2026",
    }
    promise = Promise(
        due_at=AT,
        from_at=AT,
        rule="arbitration_due",
        profile="us-reg-e",
        version=3,
        value=10,
        unit="business_day",
        calendar="US",
        calendar_version="holidays-0.109+1",
        source="12 CFR 1005.11(c)(1)",
        standing="secondary",
        basis="law",
        text=said,
    )
    async with world.instance() as instance:
        (receipt,) = await opened(instance, "t-1")
        await told(instance, status(receipt["dispute_id"], 1, promised_at=AT, promise=promise))
        shown = (await instance.get(receipt["links"]["self"])).json()
    assert shown["promise_text"] == said["en"]
    assert shown["promise"]["source"] == "12 CFR 1005.11(c)(1)"


async def test_how_long_it_takes_is_said_in_the_readers_language(world: World) -> None:
    now = clock.utcnow()
    waits = Estimate(
        leg="consent",
        from_at=now,
        low_at=now + timedelta(hours=2),
        high_at=now + timedelta(hours=5),
        measured=312,
        since=now - timedelta(days=7),
    )
    async with world.instance() as instance:
        (receipt,) = await opened(instance, "t-1")
        path = f"/v1/disputes/{receipt['dispute_id']}"
        assert (await instance.get(path)).json()["estimate"] is None
        asked = status(receipt["dispute_id"], 1, status="waiting_for_merchant", estimate=waits)
        await told(instance, asked)
        answers = {
            language: (await instance.get(path, **{"Accept-Language": language})).json()["estimate"]
            for language in ("zh-CN", "en")
        }
        assert [Estimate.model_validate(each) for each in answers.values()] == [waits, waits]
        assert {language: each["text"] for language, each in answers.items()} == {
            "zh-CN": "一般需要2至5小时（根据最近7天内的312件测得）。",
            "en": "Usually 2 to 5 hours, measured on 312 cases of the last 7 days.",
        }
        done = status(receipt["dispute_id"], 2, status="refund_approved")
        await told(instance, done)
        assert (await instance.get(path)).json()["estimate"] is None
