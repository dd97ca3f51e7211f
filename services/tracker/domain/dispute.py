"""A dispute: what was claimed, what is known, and where each leg stands."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.tracker.domain.states import Legs, Reversal
from shared.contracts.vocabulary import Fault, Kind, Payer, Remedy, TransactionState


@dataclass(frozen=True, slots=True)
class Claim:
    """What was claimed when the dispute was opened; never changes.

    Amounts in minor units of `currency`; `transaction_id` may be missing.
    """

    dispute_id: UUID
    claim_id: UUID
    reference: str
    kind: Kind
    reason: str
    customer_id: str
    merchant_id: str | None
    transaction_id: str | None
    requested_minor: int | None
    currency: str | None
    refundable_until: datetime | None
    occurred_at: datetime | None
    profile: str
    profile_version: int
    calendar: str
    calendar_version: str
    opened_at: datetime
    first_promised_at: datetime
    first_promise_rule: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A refund as it was ordered."""

    amount_minor: int
    payer: Payer | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What has become known. Counters `*_n` number asks, so that each has a key of its own."""

    transaction_state: TransactionState | None = None
    captured_minor: int | None = None
    currency: str | None = None
    bank_merchant_id: str | None = None
    cause: str | None = None

    trace_n: int = 0
    at_bank: str | None = None
    expected_at: datetime | None = None
    delivered_at: datetime | None = None
    proof: str | None = None
    reject_reason: str | None = None

    reversal_minor: int | None = None
    reversal_held_minor: int = 0
    reversal_reference: str | None = None
    reversal_credited: bool = False

    consent_n: int = 0
    consent_delivered_at: datetime | None = None
    merchant_reason: str | None = None
    merchant_note: str | None = None
    late_consent: bool = False

    arbitration_n: int = 0
    arbitration_cause: str | None = None
    escalations: int = 0
    fault: Fault | None = None
    remedy: Remedy | None = None
    decision_reason: str | None = None
    decision_note: str | None = None
    decided_by: str | None = None
    appealed: bool = False
    appeal_heard: bool = False
    first_decider: str | None = None
    decision_rule: str | None = None
    appeal_until: datetime | None = None

    refund_n: int = 0
    attempts: tuple[Attempt, ...] = ()  # number 1 first
    credited_attempts: tuple[int, ...] = ()  # a bounce takes its attempt out again
    refund_held_minor: int | None = None  # where it is not what was approved
    approved_minor: int | None = None
    payer: Payer | None = None
    loss_bearer: Payer | None = None
    refund_first_sent_at: datetime | None = None
    refund_last_sent_at: datetime | None = None
    refund_overdue: bool = False
    refund_reason: str | None = None
    destination_kind: str | None = None
    destination_bank: str | None = None
    destination_tail: str | None = None
    over_recovered: bool = False

    duplicate_of: str | None = None
    promised_at: datetime | None = None
    promise_rule: str | None = None
    promises_missed: int = 0
    missed_at: datetime | None = None  # the promised date that the newest step found passed

    def attempt(self, n: int) -> Attempt:
        """Refund attempt `n`; one that is not on record was ordered as approved."""
        if n <= len(self.attempts):
            return self.attempts[n - 1]
        return Attempt(self.approved_minor or 0, self.payer)

    @property
    def held_for_refund_minor(self) -> int:
        """What the refund's reservation amounts to."""
        held = self.refund_held_minor
        return held if held is not None else self.approved_minor or 0


@dataclass(frozen=True, slots=True)
class Dispute:
    """The whole of one dispute. `version` counts status events, `steps` every recorded trigger."""

    claim: Claim
    legs: Legs = field(default_factory=Legs)
    facts: Facts = field(default_factory=Facts)
    version: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class MoneyView:
    """What the reservations allow on the dispute's transaction, seen under their lock.

    `others_minor` is what other disputes hold or have settled, and what was refunded outside.
    """

    others_minor: int = 0
    duplicate_of: str | None = None

    def room(self, dispute: Dispute) -> int:
        """Minor units a refund of this dispute may have; its own refund is not counted."""
        facts, returned = dispute.facts, 0
        if dispute.legs.reversal not in (Reversal.NONE, Reversal.ABSENT):
            returned = facts.reversal_held_minor
        return (facts.captured_minor or 0) - self.others_minor - returned
