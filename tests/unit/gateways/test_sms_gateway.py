"""The SMS gateway over real sockets, spoken to by hand and by aiosmpplib."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from aiosmpplib import ESME, NPI, TON, PhoneNumber, SubmitSm
from aiosmpplib.hook import AbstractHook
from aiosmpplib.protocol import DeliverSm, SmppMessage, SubmitSmResp

from sandbox.sms import pdu
from sandbox.sms import server as sms
from sandbox.sms.arrivals import Query
from sandbox.sms.behaviours import BehaviourIn, Mode
from tests.unit.gateways.wire import peer, settings, submit

PHONE = "+8613800138000"
SUBMIT_RESP = pdu.SUBMIT_SM | pdu.RESPONSE
LONG = "您的退款已经退出，但还没有到账；到账以后我们会再通知您。" * 4


def texts(gateway: sms.Running) -> list[str]:
    return [message.text for message in gateway.arrivals.find(Query(limit=100))]


def behave(gateway: sms.Running, mode: Mode, **more: float) -> None:
    gateway.behaviours.set(PHONE, BehaviourIn(to=PHONE, mode=mode, **more))


async def test_a_wrong_password_is_refused_and_hung_up_on(tmp_path: Path) -> None:
    async with sms.running(settings(tmp_path)) as gateway, peer(gateway) as client:
        assert await client.bind("wrong") == pdu.INVALID_PASSWORD
        assert await client.closed()


async def test_nothing_is_taken_before_a_bind(tmp_path: Path) -> None:
    async with sms.running(settings(tmp_path)) as gateway, peer(gateway) as client:
        assert (await client.ask(pdu.SUBMIT_SM, submit(b"x")))[1] == pdu.INVALID_BIND_STATUS
        assert await client.bind() == pdu.OK
        assert await client.bind() == pdu.ALREADY_BOUND


async def test_gsm7_with_its_extension_and_ucs2_are_shown_as_text(tmp_path: Path) -> None:
    async with sms.running(settings(tmp_path)) as gateway, peer(gateway) as client:
        await client.bind()
        await client.ask(pdu.SUBMIT_SM, submit(b"\x00 100 \x1be \x1b(a\x1b) \x02"))
        await client.ask(pdu.SUBMIT_SM, submit("您好😀".encode("utf-16-be"), coding=8))
        assert texts(gateway) == ["@ 100 € {a} $", "您好😀"]


async def test_parts_come_together_in_any_order_by_header_and_by_tlv(tmp_path: Path) -> None:
    def sar(number: int) -> bytes:
        return bytes.fromhex(f"020c00020009 020e000102 020f0001{number:02x}")

    async with sms.running(settings(tmp_path)) as gateway, peer(gateway) as client:
        await client.bind()
        second, first = b"\5\0\3\7\2\2world", b"\6\x08\4\0\7\2\1hello "
        assert first  # a 16-bit reference is another message than an 8-bit one
        for body in (b"\5\0\3\7\2\2world", b"\5\0\3\7\2\1hello "):
            await client.ask(pdu.SUBMIT_SM, submit(body, esm=pdu.UDHI))
        for number, body in ((2, b"tlv"), (1, b"by ")):
            await client.ask(pdu.SUBMIT_SM, submit(body, tlvs=sar(number)))
        await client.ask(pdu.SUBMIT_SM, submit(second, esm=pdu.UDHI))
        found = gateway.arrivals.find(Query())
        assert [(message.text, message.segments) for message in found] == [
            ("hello world", 2),
            ("by tlv", 2),
        ]


async def test_a_receipt_follows_when_asked_and_echoes_our_reference(tmp_path: Path) -> None:
    mark = bytes.fromhex("02040002abcd")
    async with sms.running(settings(tmp_path)) as gateway, peer(gateway) as client:
        await client.bind()
        command, status, body = await client.ask(pdu.SUBMIT_SM, submit(b"hi", receipt=1, tlvs=mark))
        assert (command, status) == (SUBMIT_RESP, pdu.OK)
        command, _, receipt = await client.next()
        assert command == pdu.DELIVER_SM
        assert b"id:" + body.rstrip(b"\0") + b" sub:001 dlvrd:001" in receipt
        assert b"stat:DELIVRD" in receipt
        assert mark in receipt


async def test_an_unanswered_receipt_comes_again_on_the_next_session(tmp_path: Path) -> None:
    async with sms.running(settings(tmp_path)) as gateway:
        async with peer(gateway) as client:
            await client.bind()
            await client.ask(pdu.SUBMIT_SM, submit(b"hi", receipt=1))
            first = await client.next()
        async with peer(gateway) as client:
            await client.bind()
            assert await client.next() == first


@pytest.mark.parametrize(
    ("mode", "status", "kept"),
    [
        ("refuse", pdu.INVALID_DESTINATION, 0),
        ("busy", pdu.THROTTLED, 0),
        ("delay", pdu.OK, 1),
        ("undeliverable", pdu.OK, 1),
    ],
)
async def test_behaviours(tmp_path: Path, mode: Mode, status: int, kept: int) -> None:
    async with sms.running(settings(tmp_path)) as gateway, peer(gateway) as client:
        behave(gateway, mode, times=1, delay_s=0.05)
        await client.bind()
        assert (await client.ask(pdu.SUBMIT_SM, submit(b"one")))[1] == status
        assert (await client.ask(pdu.SUBMIT_SM, submit(b"two")))[1] == pdu.OK
        assert gateway.arrivals.total == kept + 1


async def test_dropping_after_accepting_keeps_the_message_and_cuts_the_line(tmp_path: Path) -> None:
    async with sms.running(settings(tmp_path)) as gateway, peer(gateway) as client:
        behave(gateway, "drop_after_accept", times=1)
        await client.bind()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await client.ask(pdu.SUBMIT_SM, submit(b"kept"))
        assert texts(gateway) == ["kept"]


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (pdu.HEADER.pack(15, pdu.ENQUIRE_LINK, 0, 1), pdu.INVALID_COMMAND_LENGTH),
        (pdu.HEADER.pack(2**31, pdu.ENQUIRE_LINK, 0, 1), pdu.INVALID_COMMAND_LENGTH),
        (pdu.HEADER.pack(16, 0x7777, 0, 1), pdu.INVALID_COMMAND),
    ],
)
async def test_what_is_no_pdu_gets_a_generic_nack(tmp_path: Path, data: bytes, answer: int) -> None:
    async with sms.running(settings(tmp_path)) as gateway, peer(gateway) as client:
        client.writer.write(data)
        command, status, _ = await client.next()
        assert (command, status) == (pdu.GENERIC_NACK, answer)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0Redress",
        submit(b"x")[:-1],
        submit(b"x", tlvs=b"\2\4\0\x09a"),
        submit(b"\x7f\0\3\7\2\2", esm=pdu.UDHI),
        submit(b"\5\0\3\7\2\3x", esm=pdu.UDHI),
        submit(b"x", to="not-a-number"),
        submit(b"x", coding=4),
        submit(b""),
    ],
)
async def test_a_submit_that_cannot_be_read_is_refused_and_the_session_goes_on(
    tmp_path: Path, body: bytes
) -> None:
    async with sms.running(settings(tmp_path)) as gateway, peer(gateway) as client:
        await client.bind()
        command, status, _ = await client.ask(pdu.SUBMIT_SM, body)
        assert command == SUBMIT_RESP
        assert status != pdu.OK
        assert (await client.ask(pdu.ENQUIRE_LINK))[0] == pdu.ENQUIRE_LINK | pdu.RESPONSE
        assert gateway.arrivals.total == 0


async def test_the_page_escapes_and_the_api_filters(tmp_path: Path) -> None:
    async with (
        sms.running(settings(tmp_path)) as gateway,
        peer(gateway) as client,
        aiohttp.ClientSession(gateway.url) as http,
    ):
        await client.bind()
        await client.ask(pdu.SUBMIT_SM, submit(b"<script>alert(1)</script>"))
        await client.ask(pdu.SUBMIT_SM, submit(b"other", to="4915112345678"))
        page = await (await http.get("/")).text()
        assert "&lt;script&gt;" in page
        assert "<script>" not in page
        found = await (await http.get("/messages", params={"to": "4915112345678"})).json()
        assert [(m["to"], m["text"], m["delivery"]) for m in found] == [
            ("+4915112345678", "other", "delivered")
        ]
        after = await (await http.get("/messages?after=1&limit=5")).json()
        assert [message["position"] for message in after] == [2]
        late = {"since": found[0]["received_at"]}
        assert await (await http.get("/messages", params=late)).json() == []
        assert await (await http.get("/count")).json() == {"count": 2}
        assert (await http.get("/messages?since=yesterday")).status == 400
        assert (
            await http.post("/sandbox/behaviours", json={"to": "1", "mode": "no"})
        ).status == 400


async def test_what_arrived_survives_a_restart(tmp_path: Path) -> None:
    async with sms.running(settings(tmp_path)) as gateway, peer(gateway) as client:
        await client.bind()
        await client.ask(pdu.SUBMIT_SM, submit(b"kept"))
    async with sms.running(settings(tmp_path)) as gateway:
        assert texts(gateway) == ["kept"]
        assert gateway.arrivals.total == 1


class Seen(AbstractHook):  # type: ignore[misc]
    def __init__(self) -> None:
        self.answers: list[SubmitSmResp] = []
        self.receipts: list[DeliverSm] = []
        self.done = asyncio.Event()

    async def sending(self, smpp_message: SmppMessage, pdu: bytes, client_id: str) -> None:
        del smpp_message, pdu, client_id

    async def received(self, smpp_message: SmppMessage | None, pdu: bytes, client_id: str) -> None:
        del pdu, client_id
        if isinstance(smpp_message, DeliverSm):
            self.receipts.append(smpp_message)
            self.done.set()
        elif isinstance(smpp_message, SubmitSmResp):
            self.answers.append(smpp_message)

    async def send_error(self, smpp_message: SubmitSm, error: Exception, client_id: str) -> None:
        del smpp_message, client_id
        raise AssertionError(error)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its open socket
@pytest.mark.parametrize("text", ["您好，退款已到账。", LONG, "Hello, it has arrived.", "a" * 400])
async def test_a_client_that_is_not_ours_gets_through(tmp_path: Path, text: str) -> None:
    seen = Seen()
    async with sms.running(settings(tmp_path)) as gateway:
        esme = ESME(
            "127.0.0.1", gateway.smpp_port, "redress", "redress", hook=seen, log_level="ERROR"
        )
        running = asyncio.ensure_future(esme.start())
        try:
            await esme.broker.enqueue(
                SubmitSm(
                    short_message=text,
                    source=PhoneNumber("10690"),
                    destination=PhoneNumber("8613800138000", TON.INTERNATIONAL, NPI.ISDN),
                    log_id="1",
                    auto_message_payload=False,
                    esm_class=pdu.UDHI,
                )
            )
            async with asyncio.timeout(10):
                await seen.done.wait()
            assert texts(gateway) == [text]
            assert seen.receipts[-1].parse_receipt()["stat"] == "DELIVRD"
        finally:
            async with asyncio.timeout(10):
                await esme.stop()
                await running
