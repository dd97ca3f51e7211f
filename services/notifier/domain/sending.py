"""What becomes of a message after an attempt to send it: pure rules over outcomes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.notifier.domain.texts import Urgency

MAX_ATTEMPTS: Final = 8
_FIRST_DELAY_S: Final = 1.0
_LAST_DELAY_S: Final = 300.0
_UNAVAILABLE_DELAY_S: Final = 1.0


class Channel(StrEnum):
    """By which way a message goes."""

    SMS = "sms"
    EMAIL = "email"


class State(StrEnum):
    """Where a message is. Waiting, sending and ambiguous are due at some time, the rest rest."""

    WAITING = "waiting"
    SENDING = "sending"
    AMBIGUOUS = "ambiguous"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NO_CONTACT = "no_contact"
    LAPSED = "lapsed"


class Result(StrEnum):
    """What one attempt came to."""

    ACCEPTED = "accepted"  # the provider took it on
    REFUSED = "refused"  # a final no
    BUSY = "busy"  # the provider said: later
    UNAVAILABLE = "unavailable"  # it was never handed over
    AMBIGUOUS = "ambiguous"  # handed over, and no answer came
    NO_CONTACT = "no_contact"  # there is no address on this channel


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt's result, the provider's code for it, and the provider's ids for its parts."""

    result: Result
    code: str = ""
    provider_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Next:
    """The state after an attempt; `delay_s` until it is due again; `counts` as an attempt."""

    state: State
    delay_s: float | None = None
    counts: bool = True


def after(outcome: Outcome, attempts: int, jitter: float, ambiguous_wait_s: float) -> Next:
    """Return what follows attempt number `attempts` (from 1); `jitter` is between 0 and 1."""
    match outcome.result:
        case Result.ACCEPTED:
            return Next(State.SENT)
        case Result.REFUSED:
            return Next(State.FAILED)
        case Result.NO_CONTACT:
            return Next(State.NO_CONTACT, counts=False)
        case Result.AMBIGUOUS:
            return Next(State.AMBIGUOUS, ambiguous_wait_s)
        case Result.UNAVAILABLE:
            return Next(State.WAITING, _UNAVAILABLE_DELAY_S * (1 + jitter), counts=False)
        case Result.BUSY:
            if attempts >= MAX_ATTEMPTS:
                return Next(State.FAILED)
            return Next(State.WAITING, _backoff_s(attempts) * (0.5 + jitter))


def after_silence(urgency: Urgency, *, resend: bool) -> State:
    """Return what follows when no receipt has cleared up an ambiguous send (invariant 7).

    Security, decisions and money go once more, marked; progress does not, nor does anything a
    third time.
    """
    again = urgency is not Urgency.PROGRESS and not resend
    return State.WAITING if again else State.UNKNOWN


PUBLISHED: Final[dict[tuple[Channel, State], str]] = {
    (Channel.EMAIL, State.SENT): "sent",
    (Channel.SMS, State.DELIVERED): "delivered",
    (Channel.EMAIL, State.DELIVERED): "delivered",
    (Channel.SMS, State.UNDELIVERED): "failed",
    (Channel.SMS, State.FAILED): "failed",
    (Channel.EMAIL, State.FAILED): "failed",
    (Channel.SMS, State.AMBIGUOUS): "ambiguous",
    (Channel.EMAIL, State.AMBIGUOUS): "ambiguous",
    (Channel.SMS, State.NO_CONTACT): "no_contact",
    (Channel.EMAIL, State.NO_CONTACT): "no_contact",
}
"""Which states are told on Kafka, as what. An SMS taken on by the gateway is not yet an outcome:
its receipt is; SMTP gives no receipts, so the server's acceptance is the last that is known."""


def _backoff_s(attempts: int) -> float:
    return float(min(_FIRST_DELAY_S * 2 ** (attempts - 1), _LAST_DELAY_S))
