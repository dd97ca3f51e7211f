"""E-mail over SMTP: kept connections, messages put together by hand because that is cheap."""

import asyncio
from base64 import b64encode, encodebytes
from collections import deque
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Final

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPResponseException, SMTPTimeoutError

from services.notifier import templates
from services.notifier.domain.sending import Outcome, Result
from services.notifier.ports import Email, Sms
from shared import clock

_CONNECT_TIMEOUT_S: Final = 10.0
_FIRST_PAUSE_S: Final = 0.2
_LAST_PAUSE_S: Final = 10.0
_OK: Final = 250
_WILL_FORWARD: Final = 251
_FINAL: Final = 500
_CLOSING: Final = 421
_ENCODED_WORD_BYTES: Final = 42
"""Of UTF-8 in one encoded word (RFC 2047 allows 75 characters in all); a multiple of 3."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail goes, from whom it comes."""

    host: str
    port: int
    sender: str
    connections: int = 8
    answer_timeout_s: float = 20.0


class Mailer:
    """Courier for e-mail; takes at most `connections` messages at a time, others wait inside."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._idle: deque[SMTP] = deque()
        self._slots = asyncio.Semaphore(server.connections)
        self._pause_s = 0.0
        self._away_until = 0.0

    @property
    def ready(self) -> bool:
        """Whether the last attempt to connect is long enough ago, or went well."""
        return clock.monotonic() >= self._away_until

    async def send(self, message: Sms | Email) -> Outcome:
        """Hand the message over on a kept connection."""
        assert isinstance(message, Email)
        content = mime(message, self._server.sender)
        async with self._slots:
            connection = await self._connection()
            if connection is None:
                return Outcome(Result.UNAVAILABLE, "not_connected")
            outcome = await self._deliver(connection, message.to, content)
            if connection.is_connected:
                self._idle.append(connection)
            return outcome

    async def close(self) -> None:
        """Hang up everywhere."""
        while self._idle:
            self._idle.pop().close()

    async def _connection(self) -> SMTP | None:
        while self._idle:
            kept = self._idle.pop()
            if kept.is_connected:
                return kept
        fresh = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            timeout=self._server.answer_timeout_s,
            start_tls=None,
            local_hostname="notifier.redress.invalid",
        )
        try:
            await fresh.connect(timeout=_CONNECT_TIMEOUT_S)
            await fresh.ehlo()
        except (SMTPException, OSError, TimeoutError):
            fresh.close()
            self._pause_s = min(max(self._pause_s * 2, _FIRST_PAUSE_S), _LAST_PAUSE_S)
            self._away_until = clock.monotonic() + self._pause_s
            return None
        self._pause_s = self._away_until = 0.0
        return fresh

    async def _deliver(self, connection: SMTP, to: str, content: bytes) -> Outcome:
        try:
            refusal = await self._envelope(connection, to)
        except (SMTPException, OSError, TimeoutError) as error:
            connection.close()
            return Outcome(Result.UNAVAILABLE, _name(error))
        if refusal is not None:
            return refusal
        try:
            await connection.data(content)
        except SMTPResponseException as error:
            return _refused(error.code)
        except (SMTPException, OSError, TimeoutError) as error:
            # The server may have taken it on before its answer was lost.
            connection.close()
            return Outcome(Result.AMBIGUOUS, _name(error))
        return Outcome(Result.ACCEPTED)

    async def _envelope(self, connection: SMTP, to: str) -> Outcome | None:
        """Announce sender and recipient; return the refusal, if any, on a clean connection."""
        sender, recipient = self._server.sender.encode(), to.encode()
        answer = await connection.execute_command(b"MAIL", b"FROM:<" + sender + b">")
        if answer.code == _OK:
            answer = await connection.execute_command(b"RCPT", b"TO:<" + recipient + b">")
            if answer.code in {_OK, _WILL_FORWARD}:
                return None
        if connection.is_connected:
            await connection.rset()
        return _refused(answer.code)


def mime(message: Email, sender: str) -> bytes:
    """Return the message with its text and HTML parts, lines ended by CR LF.

    The Message-ID follows from the message's id: a mail system that sees the same message twice
    can tell.
    """
    letter = message.letter
    domain = sender.rpartition("@")[2]
    boundary = f"=_{message.message_id.hex}"
    head = [
        f"From: {_encoded(letter.signature)} <{sender}>",
        f"To: <{message.to}>",
        f"Subject: {_encoded(letter.subject)}",
        f"Date: {format_datetime(clock.utcnow())}",
        f"Message-ID: <{message.message_id}@{domain}>",
        f"X-Redress-Message: {message.message_id}",
        *(["X-Redress-Resend: 1"] if message.resend else []),
        "Auto-Submitted: auto-generated",
        f"Content-Language: {letter.locale}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"',
        "",
    ]
    parts = [
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{_base64(layout, message)}"
        for subtype, layout in (("plain", "txt"), ("html", "html"))
    ]
    return ("\r\n".join(head) + "\r\n" + "".join(parts) + f"--{boundary}--\r\n").encode("ascii")


def _base64(layout: str, message: Email) -> str:
    text = templates.layout(layout).render(letter=message.letter)
    return encodebytes(text.encode()).decode("ascii").replace("\n", "\r\n")


def _encoded(text: str) -> str:
    """Return a header's text, in encoded words (RFC 2047) unless it is plain ASCII."""
    if text.isascii() and text.isprintable():
        return text
    words, current = [], b""
    for character in text:
        octets = character.encode()
        if len(current) + len(octets) > _ENCODED_WORD_BYTES:
            words.append(current)
            current = b""
        current += octets
    words.append(current)
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in words)


def _refused(code: int) -> Outcome:
    if code == _CLOSING:
        return Outcome(Result.UNAVAILABLE, "smtp_421")
    return Outcome(Result.REFUSED if code >= _FINAL else Result.BUSY, f"smtp_{code}")


def _name(error: BaseException) -> str:
    return "timeout" if isinstance(error, (TimeoutError, SMTPTimeoutError)) else "cut"
