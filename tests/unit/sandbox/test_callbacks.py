"""Callbacks: signed as the standard says, retried, bounded, journalled."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from sandbox.callbacks import CallbackEnded, CallbackQueued, Callbacks, Policy
from sandbox.journal import Journal
from sandbox.merchant.records import RECORDS
from sandbox.posting import NoAnswerError, Poster, Target
from sandbox.signatures import BadSecretsError, BadSignatureError, Secrets, sign, verify
from shared import clock
from tests.unit.sandbox.world import BANK_SECRET, QUICK, SECRETS, Receiver

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = SECRETS.key("bank")


async def until_empty(callbacks: Callbacks) -> None:
    async with asyncio.timeout(5):
        while len(callbacks):
            await clock.sleep(0)


def test_our_signature_is_the_librarys() -> None:
    body = '{"name": "李"}'
    headers = sign(KEY, "msg_1", int(AT.timestamp()), body.encode())
    expected = Webhook(BANK_SECRET).sign("msg_1", AT, body)
    assert headers["webhook-signature"] == expected


def test_the_librarys_signature_is_accepted_among_others() -> None:
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(AT.timestamp())),
        "webhook-signature": "v1a,xx v1,AAAA " + Webhook(BANK_SECRET).sign("msg_1", AT, "{}"),
    }
    assert verify(KEY, headers, b"{}", AT.timestamp() + 299) == "msg_1"


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": ""},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "1767322200"},
        {"webhook-timestamp": "9" * 5000},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,not base64"},
        {"webhook-signature": ""},
    ],
)
def test_anything_else_is_refused(change: dict[str, str]) -> None:
    headers = sign(KEY, "msg_1", int(AT.timestamp()), b"{}") | change
    with pytest.raises(BadSignatureError):
        verify(KEY, headers, b"{}", AT.timestamp())
    with pytest.raises(BadSignatureError):
        verify(KEY, sign(KEY, "msg_1", int(AT.timestamp()), b"{}"), b"{ }", AT.timestamp())


def test_secrets_must_be_an_object_of_secrets(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    for text in ("[]", "{", '{"bank": "whsec_"}'):
        path.write_text(text)
        with pytest.raises(BadSecretsError):
            Secrets.load(path)
    path.write_text(json.dumps({"bank": BANK_SECRET}))
    assert Secrets.load(path).key("bank") == KEY


def test_pauses_grow_then_get_slow_then_end() -> None:
    policy = Policy(first_s=1, longest_s=8, quick_tries=5, slow_s=100, slow_tries=2)
    pauses = [policy.pause_s(failed, 0.5) for failed in range(1, 8)]
    assert pauses == [1, 2, 4, 8, 100, 100, None]
    assert policy.pause_s(1, 0.0) == 0.75
    assert policy.pause_s(1, 1.0) == 1.25


async def test_retried_with_the_same_id_until_2xx(tmp_path: Path, receiver: Receiver) -> None:
    receiver.script = [500, 302, 404]
    journal = Journal(tmp_path / "j.jsonl", RECORDS)
    callbacks = Callbacks(journal, SECRETS, QUICK)
    async with callbacks.running():
        callbacks.send(CallbackQueued("msg_1", "bank", receiver.url, '{"name":"李"}', AT))
        arrived = [await receiver.next() for _ in range(4)]
        await until_empty(callbacks)
    assert {one.id for one in arrived} == {"msg_1"}
    assert arrived[-1].verified(BANK_SECRET) == {"name": "李"}
    assert list(journal.replay()) == [CallbackEnded("msg_1", delivered=True)]
    journal.close()


async def test_given_up_after_the_last_try(tmp_path: Path, receiver: Receiver) -> None:
    receiver.script = [500] * 3
    journal = Journal(tmp_path / "j.jsonl", RECORDS)
    policy = Policy(first_s=0, quick_tries=2, slow_s=0, slow_tries=1)
    callbacks = Callbacks(journal, SECRETS, policy)
    async with callbacks.running():
        callbacks.send(CallbackQueued("msg_1", "bank", receiver.url, "{}", AT))
        for _ in range(3):
            await receiver.next()
        await until_empty(callbacks)
    assert list(journal.replay()) == [CallbackEnded("msg_1", delivered=False)]
    journal.close()


async def test_no_more_are_kept_than_the_policy_allows(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", RECORDS)
    callbacks = Callbacks(journal, SECRETS, Policy(most_pending=1))
    for n in range(3):
        callbacks.send(CallbackQueued(f"msg_{n}", "bank", "http://127.0.0.1:9/", "{}", AT))
    assert len(callbacks) == 1
    journal.close()


async def test_poster_keeps_its_connection_and_survives_a_closed_port(receiver: Receiver) -> None:
    poster = Poster(timeout_s=5)
    statuses = [await poster.post(receiver.url + "?a=1", {}, b"{}") for _ in range(3)]
    assert statuses == [204, 204, 204]
    with pytest.raises(NoAnswerError):
        await poster.post("http://127.0.0.1:9/", {}, b"{}")
    poster.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"x" * 99999,
        b"HTTP/1.1 200 OK\r\nx: ",
        b"",
    ],
)
async def test_poster_knows_nothing_after_an_odd_answer(answer: bytes) -> None:
    async with replying(answer) as url:
        poster = Poster(timeout_s=5)
        with pytest.raises(NoAnswerError):
            await poster.post(url, {}, b"{}")
        poster.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n" + b"x" * 99999,
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
    ],
)
async def test_poster_reads_every_way_to_end_an_answer(answer: bytes) -> None:
    async with replying(answer) as url:
        poster = Poster(timeout_s=5)
        assert await poster.post(url, {}, b"{}") == 200
        poster.close()


async def test_poster_gives_up_on_silence() -> None:
    async with replying(None) as url:
        poster = Poster(timeout_s=0.1)
        with pytest.raises(NoAnswerError, match="TimeoutError"):
            await poster.post(url, {}, b"{}")
        poster.close()


class Reply(asyncio.Protocol):
    """Answers a whole request and hangs up; with nothing to say it waits."""

    def __init__(self, answer: bytes | None, gone: asyncio.Event) -> None:
        self._answer = answer
        self._gone = gone
        self._request = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._request += data
        if self._transport and self._request.endswith(b"{}") and self._answer is not None:
            self._transport.write(self._answer)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._gone.set()


@asynccontextmanager
async def replying(answer: bytes | None) -> AsyncIterator[str]:
    """The URL of a server that answers one request so."""
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Reply(answer, gone), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await gone.wait()


def test_target_of_a_url() -> None:
    assert Target.of("http://h:81/a?b=c") == Target(
        "h", 81, secure=False, netloc="h:81", path="/a?b=c"
    )
    assert Target.of("https://h") == Target("h", 443, secure=True, netloc="h", path="/")
    for url in ("ftp://h/", "http://", "http://h:0x/"):
        with pytest.raises(ValueError, match=r".+"):
            Target.of(url)
