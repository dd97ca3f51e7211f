"""What the notifier needs from outside: something that carries a message."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.notifier.domain.sending import Outcome
from services.notifier.domain.wording import Letter


@dataclass(frozen=True, slots=True)
class Sms:
    """A text to a phone (E.164) in a reader's language."""

    message_id: UUID
    to: str
    text: str
    locale: str


@dataclass(frozen=True, slots=True)
class Email:
    """A letter to an address; `resend` marks one whose first sending was never confirmed."""

    message_id: UUID
    to: str
    letter: Letter
    resend: bool

    @property
    def locale(self) -> str:
        """The reader's language."""
        return self.letter.locale


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a gateway says later about a part it took on.

    `reference` is our own 16-bit mark, echoed by gateways that honour it; `phone` is whom it is
    about (E.164).
    """

    provider_id: str
    delivered: bool
    reference: int | None = None
    phone: str | None = None


class Courier(Protocol):
    """Carries messages of one channel; never raises for what a provider does."""

    @property
    def ready(self) -> bool:
        """Whether it is worth handing it anything now."""

    async def send(self, message: Sms | Email) -> Outcome:
        """Hand the message over and say what came of it, in bounded time."""


def mark(message_id: UUID) -> int:
    """Return the 16-bit mark that a receipt may echo."""
    return message_id.int & 0xFFFF
