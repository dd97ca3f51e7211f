"""What the tracker needs from outside. Adapters speak a protocol; the sandbox stands behind them.

Every method may raise `NoAnswer` (the outcome is unknown), `NotSent` (nothing left this machine)
or `Refused` (a final no). Keys are `dispute:leg:n`, the same on every retry.
"""

from typing import Protocol

from services.tracker.domain.triggers import Trigger


class NoAnswer(Exception):
    """Timeout, cut connection, 5xx, 408, 409, 425, 429 or an unreadable body: outcome unknown."""


class NotSent(Exception):
    """The connection was refused before anything was sent: nothing can have happened."""


class Refused(Exception):
    """The other side understood and said no for good."""


class Bank(Protocol):
    """A bank as the tracker uses it. Answers are triggers of the core."""

    async def transaction(self, transaction_id: str) -> Trigger:
        """TRANSACTION_FOUND or TRANSACTION_MISSING."""

    async def trace(self, key: str, transaction_id: str) -> Trigger:
        """Start a trace (or find the one of this key); where the money is."""

    async def trace_report(self, key: str) -> Trigger:
        """Where the money is now."""

    async def refund(
        self, key: str, transaction_id: str, amount_minor: int, currency: str, payer: str
    ) -> Trigger:
        """Pay back; what became of it so far."""

    async def refund_report(self, key: str) -> Trigger:
        """What became of the refund with this key, or REFUND_NOT_FOUND."""

    async def watch(self, dispute_id: str, transaction_id: str) -> Trigger:
        """Have changes of a reversal told to us; how it stands now."""

    async def reversal(self, transaction_id: str) -> Trigger:
        """How the reversal stands: REVERSAL_PENDING, _CREDITED or _ABSENT."""

    async def returned(self, key: str) -> Trigger:
        """How the return of a traced transfer stands, as the same triggers."""


class Merchant(Protocol):
    """A merchant as the tracker uses it."""

    async def ask_consent(self, request: dict[str, object]) -> None:
        """Deliver a request; the answer comes by callback. Returning proves delivery.

        `request`: key, merchant_id, transaction_id, reference, kind, reason, amount_minor,
        currency, answer_by.
        """
