"""A dispute: what was claimed, what is known, and where each leg stands."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from services.tracker.domain.states import (
    Chargeback,
    Credit,
    Leg,
    Legs,
    Recall,
    Refund,
    Reversal,
)
from services.tracker.domain.triggers import ArbitratorDecision
from shared.contracts.vocabulary import (
    Fault,
    Funding,
    Kind,
    Payer,
    Remedy,
    TransactionKind,
    TransactionState,
)


@dataclass(frozen=True)
class Claim:
    """What was claimed when the dispute was opened, and what the customer added to it since.

    Amounts in minor units of `currency`. Nothing that was said once changes: `transaction_id` and
    the amount may be missing, and are then given once (`Facts.details_given`).
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
    wallet: str | None = None
    wallet_version: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A refund as it was ordered; `account_id` where it goes to another account than before.

    `loss_bearer` as it was decided then; one that was ordered before this was kept names nobody.
    """

    amount_minor: int
    payer: Payer | None
    account_id: str | None = None
    loss_bearer: Payer | None = None


@dataclass(frozen=True)
class Facts:
    """What has become known. Counters `*_n` number asks, so that each has a key of its own."""

    details_given: tuple[str, ...] = ()  # of `transaction` and `amount`: what came later

    self_custody: bool = False  # by the rules of its opening: nothing can be paid or taken back
    recipient_kind: str | None = None  # on a chain: `contract` or `account`
    pending: bool = False  # on a chain: its sender may still replace it

    transaction_state: TransactionState | None = None
    transaction_kind: TransactionKind | None = None
    captured_minor: int | None = None
    currency: str | None = None
    bank_merchant_id: str | None = None
    paid_by: str | None = None  # whose account was debited, where the bank names somebody
    cause: str | None = None
    funding: Funding | None = None
    tender: tuple[tuple[str, int], ...] = ()  # what was paid with; nothing: all cash
    clawback_minor: int = 0
    chargeback_until: datetime | None = None
    chargeback_found_minor: int | None = None  # one that the bank told of, until it is taken up
    chargeback_before: bool = False  # one was won before anybody asked: there is no second

    records_n: int = 0
    records_minor: int | None = None
    twin: str | None = None
    explanation: str | None = None

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
    reversal_awaited_at: datetime | None = None  # where lateness is paid: known not to be back then
    money_back_at: datetime | None = None  # the same: when it was first known to be back
    reversal_shared: bool = False  # another dispute holds and books it

    recall_n: int = 0
    recall_minor: int = 0
    recall_held_minor: int = 0
    recall_reason: str | None = None

    consent_n: int = 0
    consent_delivered_at: datetime | None = None
    reminders: int = 0
    offer_minor: int | None = None
    agreed_minor: int | None = None  # by an accepted offer; else what was wanted
    merchant_reason: str | None = None
    merchant_note: str | None = None
    late_consent: bool = False
    goods_n: int = 0
    tracking: str | None = None

    arbitration_n: int = 0
    arbitration_cause: str | None = None
    escalations: int = 0
    proposal: ArbitratorDecision | None = None  # waits for the second of two people
    evidence_asked: bool = False
    evidence_of: tuple[str, ...] = ()  # of `customer` and `merchant`: who has sent all
    fault: Fault | None = None
    remedy: Remedy | None = None
    decision_reason: str | None = None
    decision_note: str | None = None
    decided_by: str | None = None
    confirmed_by: str | None = None
    appeal_heard: bool = False
    reopened_for: str | None = None
    deciders: tuple[str, ...] = ()  # everybody who had a hand in a decision so far
    appealed_from: tuple[str, ...] | None = None  # of them, until the newest appeal or reopening
    appeal_note: str | None = None
    decision_rule: str | None = None
    appeal_until: datetime | None = None

    refund_n: int = 0
    attempts: tuple[Attempt, ...] = ()  # number 1 first
    credited_attempts: tuple[int, ...] = ()  # a bounce takes its attempt out again
    known_at: tuple[datetime | None, ...] = ()  # of each attempt: how new the newest news is
    refund_held_minor: int | None = None  # where it is not what was approved
    approved_minor: int | None = None  # all that the customer is to get by refunds
    payer: Payer | None = None
    loss_bearer: Payer | None = None
    rate_bearer: Payer | None = None
    refund_first_sent_at: datetime | None = None
    refund_last_sent_at: datetime | None = None
    refund_overdue: bool = False
    refund_reason: str | None = None
    declared_failed_n: int = 0  # the attempt that a person, not the bank, gave up last
    destination_kind: str | None = None
    destination_bank: str | None = None
    destination_tail: str | None = None
    account_id: str | None = None  # the other account that the customer chose
    account_checked_by: tuple[str, ...] = ()
    over_recovered: bool = False

    chargeback_n: int = 0
    chargeback_minor: int = 0
    chargeback_held_minor: int = 0
    chargeback_outside: bool = False
    chargeback_shared: bool = False  # another dispute holds and books it
    chargeback_reason: str | None = None

    credit_n: int = 0
    credit_minor: int = 0
    credit_basis: str | None = None  # statute or goodwill
    credit_asked_minor: int = 0  # above the four-eyes amount: what the first of two has ordered
    credit_asked_by: str | None = None
    correction_n: int = 0
    correction_minor: int | None = None
    compensation_n: int = 0
    compensation_minor: int = 0
    compensation_reason: str | None = None
    compensated_minor: int = 0  # paid by the orders before this one
    lateness_minor: int = 0  # what the rule gave for late days, once that was ordered

    holds_beside: tuple[str, ...] = ()  # of the account, that are not ours to release
    identity_n: int = 0
    identity_reason: str | None = None
    reset_n: int = 0
    reset_reason: str | None = None
    legal_cause: str | None = None
    complaint_n: int = 0

    duplicate_of: str | None = None
    promised_at: datetime | None = None
    promise_rule: str | None = None
    promise_from: datetime | None = None  # when the rule began to run; of the bank's: its date
    rules_version: int | None = None  # where it is not the one of the opening
    promise_near: bool = False  # the next date that somebody was told has come close
    promises_missed: int = 0
    answer_by: datetime | None = None  # until when the customer may do what is asked of them
    answer_for: str | None = None  # the status that asks it
    late_since: datetime | None = None  # the first promised date that passed while it was open
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

    @property
    def credited_minor(self) -> int:
        """What refunds have put into the customer's account so far."""
        return sum(self.attempt(n).amount_minor for n in self.credited_attempts)


@dataclass(frozen=True, slots=True)
class Range:
    """How long something takes, as was told when it began.

    Measured on as many ends since `since`; `ahead` is for a queue.
    """

    leg: Leg
    from_at: datetime
    low_at: datetime
    high_at: datetime
    measured: int
    since: datetime
    ahead: int | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """The whole of one dispute. `version` counts status events, `steps` every recorded trigger.

    `told` is beside the decisions: none depends on it, and a replay does not know it.
    """

    claim: Claim
    legs: Legs = field(default_factory=Legs)
    facts: Facts = field(default_factory=Facts)
    version: int = 0
    steps: int = 0
    told: tuple[Range, ...] = ()


OF_A_DIFFERENCE: Final = (Kind.WRONG_AMOUNT, Kind.REFUND_NOT_RECEIVED)
"""Kinds about a part of a payment, or of a refund: the records say which, if the claim does not."""


def claimed_minor(dispute: Dispute) -> int:
    """What is asked for, in minor units: by the claim, else by the records, else the capture."""
    asked, facts = dispute.claim.requested_minor, dispute.facts
    if asked is None and dispute.claim.kind in OF_A_DIFFERENCE:
        asked = facts.records_minor
    return (facts.captured_minor or 0) if asked is None else asked


@dataclass(frozen=True, slots=True)
class MoneyView:
    """What the reservations allow on the dispute's transaction, seen under their lock.

    `others_minor` is what other disputes hold or have settled, and what was refunded outside.
    `elsewhere` names what comes once for a transaction, `reversal` and `chargeback`, where another
    dispute holds and books it.
    """

    others_minor: int = 0
    duplicate_of: str | None = None
    elsewhere: tuple[str, ...] = ()

    def room(self, dispute: Dispute) -> int:
        """Minor units a refund of this dispute may have; its own refund is not counted."""
        return max(0, self.left(dispute) - beside_refund_minor(dispute))

    def grantable(self, dispute: Dispute) -> int:
        """The same as far as the claim goes: what else brings a part of it is not granted too."""
        beside, asked = beside_refund_minor(dispute), dispute.claim.requested_minor
        if not beside or asked is None:
            return self.room(dispute)
        return max(0, min(self.room(dispute), asked - beside))

    def claimable(self, dispute: Dispute, wanted_minor: int) -> int:
        """As much of this as we may ask others for: what the dispute has or may get is not."""
        under_way = expected_minor(dispute)
        if dispute.legs.refund is not Refund.NONE:
            under_way += dispute.facts.held_for_refund_minor
        return max(0, min(self.free(dispute, wanted_minor), wanted_minor - under_way))

    def free(self, dispute: Dispute, wanted_minor: int) -> int:
        """As much of this as nothing else of this dispute, or of others, may bring or has brought.

        Also not its own refund; one that is only owed gives way to what comes by itself.
        """
        facts, refund = dispute.facts, 0
        if dispute.legs.refund in OWED:
            refund = facts.credited_minor
        elif dispute.legs.refund is not Refund.NONE:
            refund = facts.held_for_refund_minor
        room = self.left(dispute) - expected_minor(dispute)
        return max(0, min(wanted_minor, room - refund))

    def left(self, dispute: Dispute) -> int:
        """Captured, and neither held nor settled by others."""
        return (dispute.facts.captured_minor or 0) - self.others_minor


OWED: Final = (Refund.FAILED, Refund.BOUNCED)
"""Approved, and nowhere under way."""


def beside_refund_minor(dispute: Dispute) -> int:
    """What the customer has or may get of this dispute without a refund of ours.

    A provisional credit is not among it: a refund settles it first. One that is final is not
    settled by refunds any more, only by what comes by itself.
    """
    expected = expected_minor(dispute)
    is_final = dispute.legs.credit is Credit.FINAL
    return max(expected, dispute.facts.credit_minor) if is_final else expected


def expected_minor(dispute: Dispute) -> int:
    """What is held of what came or may come to the customer by itself: no refund, no credit."""
    return sum(getattr(dispute.facts, f"{name}_held_minor") for name, _ in coming(dispute))


def coming(dispute: Dispute) -> list[tuple[str, int]]:
    """What came or may come by itself, each with all of its minor units, however much is held."""
    facts, legs, found = dispute.facts, dispute.legs, list[tuple[str, int]]()
    if legs.reversal not in (Reversal.NONE, Reversal.ABSENT) and not facts.reversal_shared:
        found.append(("reversal", facts.reversal_minor or 0))
    if legs.recall not in (Recall.NONE, Recall.REFUSED):
        found.append(("recall", facts.recall_minor))
    over = (Chargeback.NONE, Chargeback.LOST, Chargeback.WITHDRAWN)
    if legs.chargeback not in over and not facts.chargeback_shared:
        found.append(("chargeback", facts.chargeback_minor))
    return found
