"""Caught e-mails: kept as the bytes that came, read only when somebody looks."""

from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from html import escape
from typing import Any, Final

from sandbox.sms.page import View

_REFERENCE: Final = "x-redress-message:"


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail to one recipient, with the envelope's addresses.

    `content` holds one character per byte that came (latin-1), so that it fits a JSON journal.
    """

    position: int
    to: str
    source: str
    content: str
    received_at: datetime

    @property
    def size(self) -> int:
        """Roughly what it takes in memory, in bytes."""
        return 400 + len(self.content)

    @property
    def reference(self) -> str | None:
        """The X-Redress-Message header, found without parsing the rest."""
        head, _, _ = self.content.partition("\r\n\r\n")
        for line in head.split("\r\n"):
            if line[: len(_REFERENCE)].lower() == _REFERENCE:
                return line[len(_REFERENCE) :].strip()
        return None


def address(given: str) -> str:
    """Return an address in the case all are kept in."""
    return given.strip().lower()


def show(mail: Mail, brief: bool) -> dict[str, Any]:  # noqa: FBT001 -- the page's signature
    """Return the JSON object of a mail; brief leaves out what takes parsing the body."""
    row: dict[str, Any] = {
        "position": mail.position,
        "to": mail.to,
        "from": mail.source,
        "received_at": mail.received_at,
        "reference": mail.reference,
    }
    if brief:
        return row
    message = parsed(mail)
    return row | {
        "subject": str(message.get("subject", "")),
        "message_id": str(message.get("message-id", "")),
        "text": part(message, "plain"),
        "html": part(message, "html"),
    }


def parsed(mail: Mail) -> EmailMessage:
    """Return the whole message."""
    return BytesParser(policy=policy.default).parsebytes(mail.content.encode("latin-1"))


def part(message: EmailMessage, subtype: str) -> str:
    """Return the text or HTML part, decoded, lines ended by LF; empty when there is none."""
    body = message.get_body((subtype,))
    return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""


def cells(mail: Mail) -> tuple[str, ...]:
    """Return the escaped table cells under VIEW.columns."""
    head = BytesHeaderParser(policy=policy.default).parsebytes(mail.content.encode("latin-1"))
    subject = escape(str(head.get("subject", "(no subject)")))
    return (
        f"<small>{mail.received_at:%Y-%m-%d %H:%M:%S.%f} UTC</small>",
        escape(mail.to),
        f"<a href='/messages/{mail.position}'>{subject}</a>",
        f"<small>{escape(mail.reference or '')}</small>",
    )


VIEW: Final = View(
    title="Mail catcher",
    columns=("Received", "To", "Subject", "Message"),
    show=show,
    cells=cells,
    address=address,
)
