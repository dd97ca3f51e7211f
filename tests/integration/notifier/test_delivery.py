from sandbox.sms.arrivals import Query
from sandbox.sms.behaviours import BehaviourIn, Mode
from shared import clock
from tests.integration.notifier.world import (
    EMAIL,
    PHONE,
    World,
    dispute,
    settled,
    status,
    until,
)

REACHABLE = {"phone": PHONE, "email": EMAIL, "locale": "zh-CN"}


async def test_a_status_reaches_a_person_once_on_each_channel(world: World) -> None:
    received = status("a", 1, "checking")
    async with world.gateway() as gateway, world.catcher() as catcher, world.notifier() as it:
        await world.know(it, "c-a", **REACHABLE)
        await world.publish(received, received)
        rows = await settled(world, 2)
        await world.publish(received)
        told = await world.deliveries(2)
        await until(lambda: gateway.arrivals.total >= 1)
        await clock.sleep(0.5)  # a third message would take this long to come
        assert (gateway.arrivals.total, catcher.arrivals.total) == (1, 1)
    (arrived,) = gateway.arrivals.find(Query())
    assert arrived.text == (
        "【安付宝】已收到您的申请，编号4021 8853 0170。"
        "最晚10月13日给您结果或说明进展，可在App随时查看。"
    )
    assert {row["state"] for row in rows} <= {"sent", "delivered"}
    assert {event.channel: event.outcome for event in told} == {
        "email": "sent",
        "sms": "delivered",
    }
    assert {event.dispute_id for event in told} == {dispute("a")}


async def test_a_text_of_another_version_waits_for_that_and_stops_no_other(world: World) -> None:
    async with world.gateway(), world.catcher(), world.notifier() as it:
        await world.know(it, "c-a", **REACHABLE)
        await world.publish(status("b", 1, "checking"))
        await settled(world, 2)
        await world.rows(
            "UPDATE messages SET template = 'of_tomorrow', state = 'waiting', lease = NULL,"
            " attempts = 0, due_at = clock_timestamp()"
        )
        await world.publish(status("a", 1, "checking"))
        await settled(world, 2)

        async def put_back() -> bool:
            found = "SELECT 1 FROM messages WHERE code = 'unknown_template'"
            return len(await world.rows(found)) == 2

        await until(put_back)
        strange = await world.rows("SELECT * FROM messages WHERE template = 'of_tomorrow'")
    assert {row["state"] for row in strange} == {"waiting"}
    assert {row["attempts"] for row in strange} == {0}


async def test_messages_about_a_dispute_arrive_in_their_order(world: World) -> None:
    sent = status(
        "a",
        2,
        "refund_sent",
        in_flight={"amount_minor": "12800", "currency": "CNY"},
        detail={"expected_at": "2026-10-15T16:00:00Z"},
    )
    credited = status(
        "a",
        3,
        "credited",
        open=False,
        promised_at=None,
        credited={"amount_minor": "12800", "currency": "CNY"},
    )
    async with world.gateway() as gateway, world.catcher() as catcher, world.notifier() as it:
        await world.know(it, "c-a", **REACHABLE)
        await world.publish(status("a", 1, "checking"), sent, credited)
        await until(lambda: gateway.arrivals.total == 3 and catcher.arrivals.total == 3)
        texts = [m.text for m in gateway.arrivals.find(Query())]
    assert ["已收到" in texts[0], "已退往" in texts[1], "已到账" in texts[2]] == [True] * 3


async def test_nothing_personal_rests_in_the_database_in_plain(world: World) -> None:
    async with world.gateway() as gateway, world.catcher() as catcher, world.notifier() as it:
        await world.know(it, "c-a", **REACHABLE, name="王金丝雀")
        await world.publish(status("a", 1, "checking"))
        await until(lambda: gateway.arrivals.total == 1 and catcher.arrivals.total == 1)
        await settled(world, 2)
        told = await world.deliveries(2)
    tables = ("contacts", "messages", "heard", "sms_parts", "outbox", "dead_letters")
    dump = str(told) + "".join([str(await world.rows(f"TABLE {name}")) for name in tables])
    assert "c-a" in dump
    for canary in (PHONE, PHONE.lstrip("+"), EMAIL, "canary", "王金丝雀"):
        assert canary not in dump


async def test_messages_wait_while_both_gateways_are_away(world: World) -> None:
    async with world.notifier() as it:
        await world.know(it, "c-a", **REACHABLE)
        await world.publish(status("a", 1, "checking"))
        await until(lambda: _count(world, "state = 'waiting'", 2))
        await clock.sleep(1.5)  # long enough for attempts to fail
        async with world.gateway() as gateway, world.catcher() as catcher:
            await until(lambda: gateway.arrivals.total == 1 and catcher.arrivals.total == 1)
            rows = await settled(world, 2)
    assert {row["attempts"] for row in rows} == {1}


async def test_a_gateway_that_comes_back_is_bound_again(world: World) -> None:
    async with world.catcher(), world.notifier() as it:
        await world.know(it, "c-a", phone=PHONE)
        async with world.gateway() as gateway:
            await world.publish(status("a", 1, "checking"))
            await until(lambda: gateway.arrivals.total == 1)
        await world.publish(status("a", 2, "in_transit"))
        await until(lambda: _count(world, "version = 2 AND state = 'waiting'", 1))
        async with world.gateway() as gateway:
            await until(lambda: gateway.arrivals.total == 2)


async def test_a_decision_that_was_never_confirmed_goes_once_more(world: World) -> None:
    declined = status("a", 1, "declined", open=False, promised_at=None)
    async with world.catcher() as catcher, world.notifier() as it:
        catcher.behaviours.set(EMAIL, _behaviour(EMAIL, "drop_after_accept", times=1))
        await world.know(it, "c-a", email=EMAIL)
        await world.publish(declined)
        await until(lambda: catcher.arrivals.total == 2)
        await until(lambda: _count(world, "channel = 'email' AND state = 'sent' AND resend", 1))
        told = await world.deliveries(2)
    first, again = catcher.arrivals.find(Query())
    assert first.reference == again.reference
    assert "X-Redress-Resend: 1" not in first.content
    assert "X-Redress-Resend: 1" in again.content
    assert sorted(e.outcome for e in told if e.channel == "email") == ["ambiguous", "sent"]


async def test_progress_that_was_never_confirmed_does_not_go_again(world: World) -> None:
    async with world.catcher() as catcher, world.notifier() as it:
        catcher.behaviours.set(EMAIL, _behaviour(EMAIL, "drop_after_accept"))
        await world.know(it, "c-a", email=EMAIL)
        await world.publish(status("a", 1, "checking"))
        await until(lambda: _count(world, "channel = 'email' AND state = 'unknown'", 1))
        assert catcher.arrivals.total == 1


async def test_a_receipt_clears_up_an_sms_whose_answer_was_lost(world: World) -> None:
    world.ambiguous_wait_s = 60.0
    declined = status("a", 1, "declined", open=False, promised_at=None)
    async with world.gateway() as gateway, world.notifier() as it:
        gateway.behaviours.set(PHONE, _behaviour(PHONE, "drop_after_accept", times=1))
        await world.know(it, "c-a", phone=PHONE)
        await world.publish(declined)
        await until(lambda: _count(world, "channel = 'sms' AND state = 'delivered'", 1))
        assert gateway.arrivals.total == 1


async def test_receipts_match_in_decimal_and_say_what_was_not_delivered(world: World) -> None:
    world.decimal_receipts = True
    async with world.gateway() as gateway, world.notifier() as it:
        gateway.behaviours.set("+8613900139000", _behaviour("+8613900139000", "undeliverable"))
        await world.know(it, "c-a", phone=PHONE)
        await world.know(it, "c-b", phone="+8613900139000")
        await world.publish(status("a", 1, "checking"), status("b", 1, "checking"))
        await until(lambda: _count(world, "state = 'delivered' AND recipient = 'c-a'", 1))
        await until(lambda: _count(world, "state = 'undelivered' AND recipient = 'c-b'", 1))
    assert await world.rows("SELECT * FROM sms_parts") == []


async def test_refusals_are_final_and_busy_is_tried_again(world: World) -> None:
    async with world.gateway() as gateway, world.notifier() as it:
        gateway.behaviours.set(PHONE, _behaviour(PHONE, "busy", times=1))
        gateway.behaviours.set("+8613900139000", _behaviour("+8613900139000", "refuse"))
        await world.know(it, "c-a", phone=PHONE)
        await world.know(it, "c-b", phone="+8613900139000")
        await world.publish(status("a", 1, "checking"), status("b", 1, "checking"))
        await until(lambda: _count(world, "state = 'delivered' AND attempts = 2", 1))
        await until(lambda: _count(world, "state = 'failed' AND code = 'smpp_0x0b'", 1))


async def test_a_contact_that_comes_later_releases_what_waited(world: World) -> None:
    async with world.gateway() as gateway, world.catcher() as catcher, world.notifier() as it:
        await world.publish(status("a", 1, "checking"))
        await until(lambda: _count(world, "state = 'no_contact'", 2))
        assert await world.know(it, "c-a", **REACHABLE) == 2
        await until(lambda: gateway.arrivals.total == 1 and catcher.arrivals.total == 1)


async def test_a_lease_that_ran_out_counts_as_ambiguous(world: World) -> None:
    """As after kill -9 between handing over and recording: a decision goes once more, marked."""
    declined = status("a", 1, "declined", open=False, promised_at=None)
    world.ambiguous_wait_s = 0.5
    async with world.notifier() as it:
        await world.know(it, "c-a", email=EMAIL)
        await world.publish(declined)
        await until(lambda: _count(world, "channel = 'email'", 1))
    await world.rows(
        "UPDATE messages SET state = 'sending', lease = gen_random_uuid(),"
        " due_at = clock_timestamp() WHERE channel = 'email' RETURNING id"
    )
    async with world.catcher() as catcher, world.notifier():
        await until(lambda: _count(world, "channel = 'email' AND state = 'sent' AND resend", 1))
        assert catcher.arrivals.total == 1


async def test_two_instances_send_each_message_once(world: World) -> None:
    people = [f"p{n}" for n in range(40)]
    async with (
        world.gateway() as gateway,
        world.catcher() as catcher,
        world.notifier() as one,
        world.notifier(),
    ):
        for person in people:
            await world.know(one, f"c-{person}", **REACHABLE)
        await world.publish(*(status(person, 1, "checking") for person in people))
        rows = await settled(world, 80)
        assert (gateway.arrivals.total, catcher.arrivals.total) == (40, 40)
    assert len(rows) == 80


def _behaviour(to: str, mode: Mode, times: int | None = None) -> BehaviourIn:
    return BehaviourIn(to=to, mode=mode, times=times)


async def _count(world: World, where: str, count: int) -> bool:
    return len(await world.rows(f"SELECT 1 FROM messages WHERE {where}")) == count  # noqa: S608 - a test's own words
