"""What a command is answered: shapes that the API turns into HTTP."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.domain.claims import Refusal
from services.intake.store.keys import Key, Stored
from shared.contracts.events import Amount
from shared.contracts.vocabulary import Action, Status

__all__ = [
    "Accepted",
    "AlreadyNamed",
    "Answer",
    "Key",
    "KeyReused",
    "NotFound",
    "NotPossible",
    "digest",
    "recall",
]


@dataclass(frozen=True, slots=True)
class Accepted:
    """Committed: a JSON body and the address to look at next. The same for every repeat."""

    body: str
    location: str


@dataclass(frozen=True, slots=True)
class KeyReused:
    """The Idempotency-Key came with another payload before."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """No such dispute, or somebody else's."""


@dataclass(frozen=True, slots=True)
class NotPossible:
    """The dispute does not allow this action in its status now; these it does."""

    status: Status
    possible: Sequence[Action]


@dataclass(frozen=True, slots=True)
class OfferChanged:
    """The merchant offers something else by now than what the customer takes."""

    offered: Amount
    status: Status
    possible: Sequence[Action]


@dataclass(frozen=True, slots=True)
class AlreadyNamed:
    """The dispute is about another transaction, which was named first, and keeps it."""

    transaction_id: str
    status: Status
    possible: Sequence[Action]


Answer = Accepted | KeyReused | Refusal


def digest(operation: str, payload: bytes) -> bytes:
    """What a key stands for: SHA-256 over the operation and its payload."""
    return hashlib.sha256(operation.encode() + b"\n" + payload).digest()


def recall(stored: Stored, asked: bytes) -> Accepted | KeyReused:
    """The stored answer, where the same was asked."""
    if stored.digest != asked:
        return KeyReused()
    return Accepted(stored.answer, stored.location)
