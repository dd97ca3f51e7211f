"""What the tracker needs from outside. Adapters speak a protocol; the sandbox stands behind them.

Every method may raise `NoAnswer` (the outcome is unknown), `NotSent` (nothing left this machine)
or `Refused` (a final no). Keys are `dispute:leg:n`, an account's `claim:leg:n`, the same on every
retry. Amounts are in minor units.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from services.tracker.domain.reconciliation import Page
from services.tracker.domain.triggers import Trigger


class NoAnswer(Exception):
    """Timeout, cut connection, 5xx, 408, 409, 425, 429 or an unreadable body: outcome unknown."""


class NotSent(Exception):
    """The connection was refused before anything was sent: nothing can have happened."""


class Refused(Exception):
    """The other side understood and said no for good."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared: a kind of dispute, a customer, and mostly one transaction."""

    key: str
    kind: str
    customer_id: str
    transaction_id: str | None
    claimed_minor: int | None


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """What else a refund may say: else it is all cash and goes where the money came from.

    `settles_advance_minor` of its cash pays back what the wallet had credited for the time being.
    """

    destination_account: str | None = None
    composition: Mapping[str, str] | None = None
    settles_advance_minor: int | None = None


ORDINARY: Final = RefundTerms()


@dataclass(frozen=True, slots=True)
class RecourseOrder:
    """A recall or a chargeback."""

    key: str
    transaction_id: str
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class PostingOrder:
    """A posting of the wallet's own money: its key never expires."""

    key: str
    kind: str  # provisional_credit, credit_reversal, correction, compensation
    customer_id: str
    transaction_id: str | None
    amount_minor: int
    currency: str


class Chain(Protocol):
    """What a chain can be asked through a node. Answers are triggers of the core."""

    async def transaction(self, transaction_id: str) -> Trigger:
        """TRANSACTION_FOUND or TRANSACTION_MISSING, by the transaction's hash."""

    async def trace(self, key: str, transaction_id: str) -> Trigger:
        """Where it is: on its way with a date, delivered with the hash as proof, or failed."""


class Bank(Protocol):
    """A bank as the tracker uses it. Answers are triggers of the core."""

    async def transaction(self, transaction_id: str) -> Trigger:
        """TRANSACTION_FOUND or TRANSACTION_MISSING."""

    async def records(self, question: Question) -> Trigger:
        """What wallet and bank have on record, compared: a RECORDS_ trigger of the kind."""

    async def trace(self, key: str, transaction_id: str) -> Trigger:
        """Start a trace (or find the one of this key); where the money is."""

    async def trace_report(self, key: str) -> Trigger:
        """Where the money is now."""

    async def refund(
        self,
        key: str,
        transaction_id: str,
        amount_minor: int,
        currency: str,
        payer: str,
        terms: RefundTerms = ORDINARY,
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

    async def recall(self, order: RecourseOrder) -> Trigger:
        """Ask the recipient to give it back; RECALL_PENDING, or how it stands already."""

    async def recall_report(self, key: str) -> Trigger:
        """How the recall stands."""

    async def charge_back(self, order: RecourseOrder) -> Trigger:
        """File a chargeback; how it stands."""

    async def chargeback_step(self, key: str, step: str) -> Trigger:
        """Go on to `pre_arbitration` or `arbitration`, or `withdraw`; how it stands."""

    async def chargeback_report(self, key: str) -> Trigger:
        """How a chargeback of ours stands."""

    async def watch_chargebacks(self, dispute_id: str, transaction_id: str) -> Trigger | None:
        """Have chargebacks told to us that do not come from here; CHARGEBACK_APPEARED: one did."""

    async def charged_back(self, transaction_id: str) -> Trigger | None:
        """CHARGEBACK_APPEARED where one is open or won that did not come from here."""

    async def outside_chargeback(self, transaction_id: str) -> Trigger:
        """How the one stands that did not come from here."""

    async def post(self, order: PostingOrder) -> Trigger:
        """Post in the wallet's own ledger, once for each key: _POSTED, _REVERSED or _REFUSED."""


class Statements(Protocol):
    """A bank's account of what it moved, day by day."""

    async def statement(self, day: date, after: int) -> Page:
        """A page of the day's lines behind position `after`; 0 begins. Days are UTC."""


class Merchant(Protocol):
    """A merchant as the tracker uses it: answers come by callback.

    `request` holds key, merchant_id, transaction_id and reference, and what each asks besides.
    """

    async def ask_consent(self, request: Mapping[str, Any]) -> None:
        """Deliver a request, or with `reminder` repeat it. Returning proves delivery.

        Besides: kind, reason, amount_minor, currency, answer_by.
        """

    async def announce_return(self, request: Mapping[str, Any]) -> None:
        """Say that the goods are on their way back. Besides: tracking."""

    async def ask_evidence(self, request: Mapping[str, Any]) -> None:
        """Ask for what the merchant has to show. Besides: answer_by."""


class Accounts(Protocol):
    """The wallet's account and identity service; one key is one hold, one check, one reset."""

    async def hold(self, key: str, customer_id: str, expires_at: str) -> Trigger:
        """Stop outgoing payments until then: HOLD_PLACED, or how the hold of this key stands.

        HOLD_REFUSED: for good, as of a customer whom nobody knows.
        """

    async def freeze(self, key: str) -> Trigger:
        """Stop everything, without an end: HOLD_FROZEN."""

    async def release(self, key: str) -> Trigger:
        """Take this hold off, and no other: HOLD_RELEASED or HOLD_EXPIRED."""

    async def check(self, key: str, customer_id: str, expires_at: str) -> Trigger:
        """Ask for two factors until then: IDENTITY_PENDING, _VERIFIED or _FAILED."""

    async def check_report(self, key: str) -> Trigger:
        """How the check stands."""

    async def reset(self, key: str, customer_id: str, scope: str) -> Trigger:
        """Make `credentials` or `credentials_and_devices` new: RESET_PENDING, _DONE, _REFUSED."""

    async def reset_report(self, key: str) -> Trigger:
        """How the reset stands."""
