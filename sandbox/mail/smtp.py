"""The SMTP side: aiosmtpd, with one change that makes it cheap enough for load tests."""

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import Final, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.mail.messages import Mail, address
from sandbox.sms.arrivals import Arrivals
from sandbox.sms.behaviours import Behaviours
from shared import clock

MAX_MAIL_BYTES: Final = 1024 * 1024
MAX_RECIPIENTS: Final = 10
_PLAIN_ADDRESS: Final = re.compile(r"<([\w.+-]{1,64}@[A-Za-z0-9.-]{1,255})>(?=\s|$)", re.ASCII)
_END: Final = b"\r\n.\r\n"

# aiosmtpd logs every line of every mail: addresses do not belong in logs, and it costs time.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


@dataclass(frozen=True)  # without slots: aiosmtpd lists a handler's members, which 3.11.2 refuses
class Catcher:
    """aiosmtpd's handler: keeps what comes, as its recipient's behaviour says."""

    arrivals: Arrivals[Mail]
    behaviours: Behaviours

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, to: str, options: list[str]
    ) -> str:
        """Take a recipient, within the bound."""
        del server, session, options
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(to)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail before saying 250; or refuse, wait, or cut the line after keeping it."""
        del session
        behaviour = self.behaviours.take(address(envelope.rcpt_tos[0]))
        if behaviour.mode == "refuse":
            return "550 5.1.1 No such mailbox"
        if behaviour.mode == "busy":
            return "451 4.3.2 Try again later"
        self._keep(envelope)
        if behaviour.mode == "delay":
            await clock.sleep(behaviour.delay_s)
        if behaviour.mode == "drop_after_accept" and server.transport is not None:
            cast("asyncio.Transport", server.transport).abort()  # uvloop's is no subclass
        return "250 2.0.0 OK"

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        text = content.decode("latin-1")
        for recipient in envelope.rcpt_tos:
            mail = Mail(
                position=self.arrivals.total + 1,
                to=address(recipient),
                source=envelope.mail_from or "",
                content=text,
                received_at=clock.utcnow(),
            )
            self.arrivals.add(mail)
        self.arrivals.flush()


class Server(SMTP):
    """aiosmtpd with two shortcuts: a mail is read in one piece, a plain address by one pattern.

    Reading line by line and parsing addresses with `email` took most of the time.
    """

    line_length_limit = MAX_MAIL_BYTES

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        plain = _PLAIN_ADDRESS.match(arg)
        if plain is None:
            return super()._getaddr(arg)
        return plain[1], arg[plain.end() :].lstrip()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 -- aiosmtpd's name
        """Read up to the lone dot (RFC 5321, 4.1.1.4), undo dot-stuffing, ask the handler."""
        if await self.check_helo_needed():
            return
        if arg or not self.envelope or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Need RCPT, and DATA alone")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            content = await self._reader.readuntil(_END)
        except asyncio.LimitOverrunError:
            await self.push("552 5.3.4 Too much mail data")
            self._writer.close()
            return
        self.envelope.content = content[:-3].replace(b"\r\n..", b"\r\n.")
        status = await self._call_handler_hook("DATA")
        self.envelope = Envelope()
        if self.transport is not None:
            await self.push(status)
