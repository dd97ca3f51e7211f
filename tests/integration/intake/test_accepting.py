import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from services.intake.handlers import feed
from services.intake.handlers.accept import Desk, Submission
from shared import clock, ids
from shared.contracts.envelope import decode
from shared.contracts.events import DisputeOpened
from shared.seal import KeyRing
from tests.integration.intake.world import Instance, World, bearer, payment, refund
from tests.unit.shared.serving import Answer


async def recorded(instance: Instance, *transactions: Any) -> None:
    async with instance.intake.parts.engine.begin() as tx:
        await feed.copy_transactions(tx, transactions)


async def opened_events(world: World) -> list[tuple[str, DisputeOpened]]:
    rows = await world.query("SELECT topic, headers, value FROM outbox ORDER BY pos")
    found = []
    for row in rows:
        headers = [(name, value.encode()) for name, value in json.loads(row["headers"])]
        data = decode(headers, row["value"]).data
        assert isinstance(data, DisputeOpened)
        found.append((row["topic"], data))
    return found


async def test_a_claim_is_accepted_with_a_dispute_for_each_transaction(world: World) -> None:
    async with world.instance() as instance:
        await recorded(instance, payment("t-1"))
        answer = await instance.open(refund("t-1", "t-2"))
        body = answer.json()
        assert answer.status == 202
        first, second = body["disputes"]
        assert answer.headers["Location"] == f"/v1/disputes/{first['dispute_id']}"
        assert ids.valid_reference(first["reference"])
        aside = {"dispute_id": 0, "reference": 0, "promised_at": 0, "promise": 0, "links": 0}
        assert first | aside == {
            "dispute_id": 0,
            "reference": 0,
            "kind": "refund_request",
            "reason": "changed_mind",
            "transaction_id": "t-1",
            "verified": True,
            "requested": {"amount_minor": "12800", "currency": "CNY"},
            "status": "received",
            "promised_at": 0,
            "promise_rule": "promise_refund_request",
            "promise": 0,
            "next_actor": "redress",
            "links": 0,
        }
        assert (second["transaction_id"], second["verified"]) == ("t-2", False)
        assert second["requested"] is None
    assert (await world.count("claims"), await world.count("disputes")) == (1, 2)


async def test_the_event_tells_what_was_accepted(world: World) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with world.instance() as instance:
        await recorded(instance, payment("t-1"))
        body = refund("t-1", amount="500", channel="web", statement="  我没收到货  ")
        answer = await instance.api.post(
            "/v1/disputes",
            json=body,
            headers=bearer("customer:ana") | {"Idempotency-Key": "k", "traceparent": trace},
        )
        receipt = answer.json()["disputes"][0]
        ring = instance.intake.parts.key_ring
    ((topic, event),) = await opened_events(world)
    assert topic == "disputes.v1"
    assert str(event.dispute_id) == receipt["dispute_id"]
    assert (event.reference, event.customer_id) == (receipt["reference"], "ana")
    assert event.requested
    assert (event.requested.amount_minor, event.requested.currency) == (500, "CNY")
    assert (event.merchant_id, event.verified, event.channel) == ("m-1", True, "web")
    assert (event.profile, event.calendar, event.opened_by) == ("default", "CN", "customer")
    assert event.promised_at == datetime.fromisoformat(receipt["promised_at"])
    assert event.promised_at.astimezone(UTC).hour == 16  # midnight in Shanghai
    assert event.promise
    assert event.promise.model_dump(mode="json") == receipt["promise"]
    assert event.statement
    assert ring.open(event.statement, f"statement:{event.dispute_id}") == "我没收到货"
    (row,) = await world.query("SELECT headers FROM outbox")
    headers = dict(json.loads(row["headers"]))
    assert headers["ce_traceparent"][3:35] == trace[3:35]
    assert (headers["ce_source"], headers["ce_sequence"]) == ("/redress/intake", "1")
    assert headers["ce_subject"] == receipt["dispute_id"]
    assert headers["ce_id"] == str(ids.event_id("/redress/intake", event.dispute_id, 1))


async def test_missing_funds_go_to_their_own_topic_also_without_a_transaction(
    world: World,
) -> None:
    async with world.instance() as instance:
        answer = await instance.open({"kind": "missing_funds", "reason": "transfer"})
        assert answer.status == 202
        assert answer.json()["disputes"][0]["transaction_id"] is None
    ((topic, event),) = await opened_events(world)
    assert (topic, event.transaction_id, event.verified) == ("missing-funds.v1", None, False)


async def test_an_agent_opens_for_a_customer(world: World) -> None:
    async with world.instance() as instance:
        body = refund("t-1", customer_id="ana", channel="phone")
        assert (await instance.open(body, token="agent:a-7")).status == 202
        missing = await instance.open(refund("t-2"), token="agent:a-7")
        forbidden = await instance.open(refund("t-2", customer_id="ana"))
        shown = await instance.get("/v1/disputes")
    assert (missing.status, missing.json()["errors"][0]["field"]) == (422, "customer_id")
    assert (forbidden.status, forbidden.json()["errors"][0]["field"]) == (422, "customer_id")
    assert len(shown.json()["items"]) == 1
    ((_, event),) = await opened_events(world)
    assert (event.customer_id, event.opened_by) == ("ana", "ops")


REFUSED: tuple[tuple[Any, int, str | None], ...] = (
    ({"kind": "unauthorized", "reason": "rude"}, 422, "reason"),
    ({"kind": "teleport", "reason": "x"}, 422, "kind"),
    ({"kind": "missing_funds", "reason": "changed_mind"}, 422, "reason"),
    ({"kind": "missing_funds"}, 422, "reason"),
    (refund("t-1", "t-1"), 422, "transactions.1.transaction_id"),
    (refund(*(f"t-{n}" for n in range(51))), 422, "transactions"),
    (refund("t 1"), 422, "transactions.0.transaction_id"),
    (refund("t-1", amount="12801"), 422, "transactions.0.amount.amount_minor"),
    (refund("t-1", amount="-5"), 422, "transactions.0.amount.amount_minor"),
    (refund("t-1", amount="1.5"), 422, "transactions.0.amount.amount_minor"),
    (refund("t-1", amount="0"), 422, "transactions.0.amount.amount_minor"),
    (refund("t-1", statement="x" * 2001), 422, "statement"),
    (refund("t-1", colour="red"), 422, "colour"),
    (refund("t-1", channel="pigeon"), 422, "channel"),
    (["no object"], 422, "body"),
    (refund("somebody-elses"), 404, None),
    (refund("t-1", "somebody-elses"), 404, None),
)


async def test_a_word_that_is_no_kind_is_answered_with_those_that_can_be_submitted(
    world: World,
) -> None:
    async with world.instance() as instance:
        (error,) = (await instance.open({"kind": "teleport", "reason": "x"})).json()["errors"]
    assert error["problem"].startswith("this is no kind; use one of: access_lost, balance_anomaly")


async def test_what_is_refused_leaves_nothing_behind(world: World) -> None:
    async with world.instance() as instance:
        await recorded(instance, payment("t-1"), payment("somebody-elses", customer_id="bo"))
        for body, status, field in REFUSED:
            answer = await instance.open(body)
            assert answer.status == status, body
            assert answer.headers["Content-Type"] == "application/problem+json"
            errors = answer.json().get("errors", [{"field": None}])
            assert errors[0]["field"] == field, body
    for table in ("claims", "disputes", "idempotency", "outbox"):
        assert await world.count(table) == 0


async def test_a_body_that_is_no_json_cannot_be_read(world: World) -> None:
    headers = bearer("customer:ana") | {"Idempotency-Key": "k"}
    async with world.instance() as instance:
        for raw in (b"", b"{", b"[1,", b'{"kind": "\xff"}', b'"\\ud800"'):
            answer = await instance.api.post("/v1/disputes", data=raw, headers=headers)
            assert answer.status == 400, raw
            assert answer.json()["title"] == "The request cannot be read"


async def test_who_does_not_say_who_calls_gets_nowhere(world: World) -> None:
    async with world.instance() as instance:
        for sent in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer "}):
            headers = {"Idempotency-Key": "k"} | sent
            answer = await instance.api.post("/v1/disputes", json=refund("t-1"), headers=headers)
            assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        for role in ("ops", "merchant", "partner"):
            assert (await instance.open(refund("t-1"), token=f"{role}:x")).status == 403
    assert await world.count("disputes") == 0


async def test_a_body_without_an_end_is_cut_off(world: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * 65_536

    headers = bearer("customer:ana") | {"Idempotency-Key": "k"}
    async with world.instance() as instance:
        answer = await instance.api.post("/v1/disputes", data=endless(), headers=headers)
    assert answer.status == 413


async def test_without_a_proper_key_a_request_is_not_read(world: World) -> None:
    async with world.instance() as instance:
        for key in (None, "", " ", "x" * 129, "schlüssel"):
            sent = {"Idempotency-Key": key} if key is not None else {}
            headers = bearer("customer:ana") | sent
            answer = await instance.api.post("/v1/disputes", json=refund("t-1"), headers=headers)
            assert answer.status == 400, key
            assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_a_subject_that_is_no_pseudonym_never_gets_into_an_event(world: World) -> None:
    async with world.instance() as instance:
        answer = await instance.open(refund("t-1"), token="customer:ana@example.com")
    assert answer.status == 403
    assert await world.count("outbox") == 0


async def test_the_same_key_gets_the_same_answer_and_opens_once(world: World) -> None:
    body = refund("t-1")
    async with world.instance() as instance:
        answers = [await instance.open(body, key="k") for _ in range(3)]
        spaced = await instance.api.post(
            "/v1/disputes",
            data=json.dumps(body, indent=3),
            headers=bearer("customer:ana") | {"Idempotency-Key": "k"},
        )
    assert {a.status for a in (*answers, spaced)} == {202}
    assert len({a.text for a in (*answers, spaced)}) == 1
    assert len({a.headers["Location"] for a in (*answers, spaced)}) == 1
    assert (await world.count("disputes"), await world.count("outbox")) == (1, 1)


async def test_the_same_key_with_another_request_is_refused(world: World) -> None:
    async with world.instance() as instance:
        first = await instance.open(refund("t-1"), key="k")
        other = await instance.open(refund("t-2"), key="k")
        wrong = await instance.open(refund("t-1", amount="1"), key="k")
        action = f"{first.headers['Location']}/actions"
        elsewhere = await instance.post(action, {"action": "withdraw"}, key="k")
    for answer in (other, wrong, elsewhere):
        assert answer.status == 422
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert await world.count("disputes") == 1


async def test_two_customers_may_use_the_same_key(world: World) -> None:
    async with world.instance() as instance:
        mine = await instance.open(refund("t-1"), key="k")
        hers = await instance.open(refund("t-2"), key="k", token="customer:bo")
    assert (mine.status, hers.status) == (202, 202)
    assert mine.json()["claim_id"] != hers.json()["claim_id"]


async def test_a_refused_key_can_be_used_for_the_corrected_request(world: World) -> None:
    async with world.instance() as instance:
        await recorded(instance, payment("t-1"))
        assert (await instance.open(refund("t-1", amount="99999"), key="k")).status == 422
        assert (await instance.open(refund("t-1", amount="1"), key="k")).status == 202


async def test_the_stored_answer_outlives_the_reason_for_it(world: World) -> None:
    async with world.instance() as instance:
        await recorded(instance, payment("t-1"))
        first = await instance.open(refund("t-1"), key="k")
        await recorded(instance, payment("t-1", sequence=2, customer_id="bo"))
        again = await instance.open(refund("t-1"), key="k")
    assert (again.status, again.text) == (202, first.text)


@pytest.mark.parametrize("named", [("t-1",), ()])
async def test_ten_at_once_with_one_key_over_two_instances(
    world: World, named: tuple[str, ...]
) -> None:
    async with world.instance() as one, world.instance() as two:
        answers = await asyncio.gather(
            *(each.open(refund(*named), key="k") for each in [one, two] * 5)
        )
    assert {a.status for a in answers} == {202}
    assert len({a.text for a in answers}) == 1
    assert (await world.count("disputes"), await world.count("outbox")) == (1, 1)


async def test_ten_at_once_about_one_transaction_over_two_instances(world: World) -> None:
    async with world.instance() as one, world.instance() as two:
        answers = await asyncio.gather(*(each.open(refund("t-1")) for each in [one, two] * 5))
    accepted = [a for a in answers if a.status == 202]
    refused = [a for a in answers if a.status == 409]
    assert (len(accepted), len(refused)) == (1, 9)
    reference = accepted[0].json()["disputes"][0]["reference"]
    assert {a.json()["reference"] for a in refused} == {reference}
    assert (await world.count("disputes"), await world.count("claims")) == (1, 1)
    assert (await world.count("idempotency"), await world.count("outbox")) == (1, 1)


async def test_claims_that_overlap_are_accepted_whole_or_not_at_all(world: World) -> None:
    async with world.instance() as one, world.instance() as two:
        pairs = [(f"t-{n % 7}", f"t-{(n * 3 + 1) % 7}") for n in range(60)]
        answers = await asyncio.gather(
            *(each.open(refund(*sorted(set(p)))) for p in pairs for each in (one, two))
        )
    assert {a.status for a in answers} == {202, 409}
    shown = [d for a in answers if a.status == 202 for d in a.json()["disputes"]]
    stored = await world.query("SELECT id, transaction_id FROM disputes")
    assert sorted(d["dispute_id"] for d in shown) == sorted(str(row["id"]) for row in stored)
    assert len({row["transaction_id"] for row in stored}) == len(stored)
    assert await world.count("outbox") == len(stored)
    accepted = sum(a.status == 202 for a in answers)
    assert (await world.count("claims"), await world.count("idempotency")) == (accepted, accepted)


async def test_one_flush_settles_good_and_bad_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    flush = Desk._flush  # noqa: SLF001 - watched, not changed

    async def counting(self: Desk, items: Sequence[Submission]) -> Sequence[Any]:
        sizes.append(len(items))
        return await flush(self, items)

    monkeypatch.setattr(Desk, "_flush", counting)
    async with world.instance() as instance:
        await recorded(instance, payment("t-1"), payment("hers", customer_id="bo"))
        blocker, held = await _held_up(world, instance)
        wanted = [
            instance.open(refund("t-1"), key="a"),
            instance.open(refund("t-1"), key="a"),
            instance.open(refund("t-1", amount="1"), key="a"),
            instance.open(refund("t-1"), key="b"),
            instance.open(refund("hers"), key="c"),
            instance.open(refund("t-5"), key="d"),
            instance.open(refund("t-1", amount="99999"), key="e"),
        ]
        tasks = [asyncio.ensure_future(w) for w in wanted]
        queue = instance.intake.parts.desk.batch._queue  # noqa: SLF001
        while queue.qsize() < len(tasks):
            await clock.sleep(0.01)
        await blocker.close()
        answers = await asyncio.gather(*tasks)
        assert (await held).status == 202
    assert [a.status for a in answers] == [202, 202, 422, 409, 404, 202, 422]
    assert answers[0].text == answers[1].text
    assert max(sizes) == len(tasks)
    assert await world.count("disputes") == 2 + 1  # and the one that held the flush up


async def _held_up(
    world: World, instance: Instance
) -> tuple[asyncpg.Connection, "asyncio.Task[Answer]"]:
    """A flush that waits until this connection is closed, and whom it keeps waiting."""
    blocker = await asyncpg.connect(world.dsn)
    await blocker.execute("BEGIN; LOCK TABLE claims IN EXCLUSIVE MODE")
    held = asyncio.create_task(instance.open(refund("holding")))
    while True:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        if (await world.query(waiting))[0][0]:
            return blocker, held
        await clock.sleep(0.01)


async def test_a_full_queue_answers_429_and_says_when_to_come_back(world: World) -> None:
    async with world.instance(intake_queue_limit=2) as instance:
        blocker, held = await _held_up(world, instance)
        tasks = [asyncio.ensure_future(instance.open(refund(f"t-{n}"))) for n in range(6)]
        done: set[asyncio.Task[Answer]] = set()
        while len(done) < 4:
            done, _ = await asyncio.wait(tasks, timeout=0.05)
        await blocker.close()
        answers = await asyncio.gather(*tasks, held)
    statuses = sorted(a.status for a in answers)
    assert statuses == [202, 202, 202, 429, 429, 429, 429]
    refused = next(a for a in answers if a.status == 429)
    assert refused.headers["Retry-After"] == "2"
    assert await world.count("disputes") == 3


async def test_one_claim_that_breaks_its_batch_fails_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = KeyRing.seal

    def failing(self: KeyRing, text: str, context: str) -> str:
        if text == "boom":
            raise RuntimeError("13800138000")
        return sealed(self, text, context)

    monkeypatch.setattr(KeyRing, "seal", failing)
    with capture_logs() as logged:
        async with world.instance() as instance:
            answers = await asyncio.gather(
                *(instance.open(refund(f"t-{n}", statement="boom" * (n == 3))) for n in range(6))
            )
    assert {entry["event"] for entry in logged} <= {"batch.split", "http.unexpected"}
    assert sorted(a.status for a in answers) == [202] * 5 + [500]
    assert "13800138000" not in "".join(a.text for a in answers)
    assert await world.count("disputes") == 5


async def test_a_statement_rests_sealed(world: World) -> None:
    async with world.instance() as instance:
        assert (await instance.open(refund("t-1", statement="CANARY 13800138000"))).status == 202
    for table in ("claims", "disputes", "idempotency", "outbox"):
        rows = await world.query(f"SELECT {table}::text AS whole FROM {table}")  # noqa: S608
        assert rows
        for row in rows:
            assert "CANARY" not in row["whole"]
            assert b"CANARY".hex() not in row["whole"]


async def test_an_answer_is_given_after_the_commit(world: World) -> None:
    async with world.instance() as instance:
        blocker, held = await _held_up(world, instance)
        done, _ = await asyncio.wait([held], timeout=0.3)
        assert not done
        await blocker.close()
        assert (await held).status == 202


async def test_what_fails_in_the_commit_itself_was_not_accepted(world: World) -> None:
    await world.query(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'at the commit'; END $$"
    )
    await world.query(
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON claims DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION fail()"
    )
    async with world.instance() as instance:
        assert (await instance.open(refund("t-1"))).status == 500
    assert await world.count("disputes") == 0


async def test_the_database_itself_keeps_a_second_open_dispute_out(world: World) -> None:
    async with world.instance() as instance:
        assert (await instance.open(refund("t-1"))).status == 202
    copy = (
        "INSERT INTO disputes (id, claim_id, reference, customer_id, kind, kind_group, reason,"
        " transaction_id, opened_at, opening, emitted_at, changed_at) SELECT gen_random_uuid(),"
        " claim_id, $1, customer_id, kind, $2, reason, transaction_id, opened_at, opening,"
        " emitted_at, changed_at FROM disputes LIMIT 1"
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        await world.query(copy, "000000000000", "purchase")
    await world.query(copy, "000000000000", "movement")


async def test_the_database_refuses_what_the_code_believes_impossible(world: World) -> None:
    async with world.instance() as instance:
        assert (await instance.open(refund("t-1"))).status == 202
    for change in (
        "status = 'vanished'",
        "requested_minor = 0, currency = 'CNY'",
        "requested_minor = 5, currency = NULL",
        "requested_minor = 5, currency = 'yuan'",
        "reference = '12'",
        "open = false",
        "version = 1",
        "sequence = 0",
        "kind = 'teleport'",
        "customer_id = ''",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await world.query(f"UPDATE disputes SET {change}")  # noqa: S608
