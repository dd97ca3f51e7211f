"""Every event on Kafka, version 1. New fields are optional; consumers ignore what they don't know.

Amounts are integer minor units, written as JSON strings. Ids of people are pseudonyms. Free text
never stands here in the clear: `sealed` fields hold AES-GCM ciphertext (see `shared.seal`).
"""

from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.topics import Topic
from shared.contracts.vocabulary import (
    Action,
    Actor,
    Fault,
    Kind,
    Payer,
    Remedy,
    Status,
    TransactionKind,
    TransactionState,
)
from shared.money import Currency, MinorUnits

Identifier = Annotated[
    str, Field(min_length=1, max_length=66, pattern=r"^[A-Za-z0-9_.:-]+$")
]  # a hash with its 0x has 66
Code = Annotated[str, Field(min_length=1, max_length=64)]
Word = Annotated[
    str,
    Field(max_length=64, pattern=r"^[a-z][a-z_]*$", description="a code; digits could be personal"),
]
Sealed = Annotated[str, Field(max_length=16_384, description="AES-GCM ciphertext with key id")]
Reference = Annotated[str, Field(pattern=r"^[0-9]{12}$", description="11 digits and a Damm digit")]


class Event(BaseModel):
    """What every event's data has in common."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type_name: ClassVar[str]
    topic: ClassVar[Topic]


class Amount(BaseModel):
    """Money on the wire: `{"amount_minor": "12800", "currency": "CNY"}`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    amount_minor: MinorUnits
    currency: Currency


class TransactionRecorded(Event):
    """The wallet's ledger publishes a transaction's newest state; compacted by transaction id."""

    type_name: ClassVar[str] = "redress.transaction.recorded.v1"
    topic: ClassVar[Topic] = Topic.TRANSACTIONS

    transaction_id: Identifier
    customer_id: Identifier
    payer_id: Identifier | None = None
    kind: TransactionKind
    state: TransactionState = TransactionState.CAPTURED
    amount: Amount
    refunded_minor: MinorUnits = 0
    merchant_id: Identifier | None = None
    merchant_name: Annotated[str, Field(max_length=128)] | None = None
    occurred_at: AwareDatetime
    refundable_until: AwareDatetime | None = None


class Promise(BaseModel):
    """A promised date and why it is that date; every reader is told the same."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    due_at: AwareDatetime
    from_at: AwareDatetime
    rule: Code
    profile: Annotated[Code, Field(description="where the rule is written")]
    version: Annotated[int, Field(ge=0, description="of that profile")]
    value: int
    unit: Code = Field(description="second, hour, calendar_day, business_day")
    calendar: Code
    calendar_version: Code
    source: Annotated[str, Field(max_length=200)]
    standing: Code = Field(description="read, secondary, unconfirmed, or default: our own")
    basis: Code = Field(description="law, contract (a platform's or network's terms), own")
    unpublished: Annotated[
        list[int],
        Field(max_length=8, description="years whose calendar is a guess; the date may move"),
    ] = []
    text: dict[str, str] = Field(max_length=8, description="language tag → the reason in words")


class DisputeOpened(Event):
    """Intake accepted a dispute about one transaction, or about none that is known yet."""

    type_name: ClassVar[str] = "redress.dispute.opened.v1"
    topic: ClassVar[Topic] = Topic.DISPUTES  # missing_funds goes to its own topic

    dispute_id: UUID
    claim_id: UUID
    reference: Reference
    kind: Kind
    reason: Code
    customer_id: Identifier
    transaction_id: Identifier | None = None
    verified: bool = Field(description="the transaction stood in intake's copy and is the caller's")
    requested: Amount | None = None
    merchant_id: Identifier | None = None
    occurred_at: AwareDatetime | None = None
    refundable_until: AwareDatetime | None = None
    profile: Code
    profile_version: int
    calendar: Code
    calendar_version: Code
    promised_at: AwareDatetime
    promise_rule: Code
    promise: Annotated[Promise | None, Field(description="why `promised_at` is that date")] = None
    opened_at: AwareDatetime
    channel: Code = "app"
    opened_by: Actor = Actor.CUSTOMER
    statement: Sealed | None = None
    about_reference: Annotated[
        Reference | None, Field(description="the dispute that a complaint is about")
    ] = None
    unauthenticated: Annotated[
        bool | None, Field(description="true: opened without a token, nobody proved who they are")
    ] = None
    wallet: Annotated[Code | None, Field(description="the file of the wallet it was opened in")] = (
        None
    )
    wallet_version: int | None = None


class ActionRequested(Event):
    """The customer asked something of a dispute that exists."""

    type_name: ClassVar[str] = "redress.dispute.action-requested.v1"
    topic: ClassVar[Topic] = Topic.DISPUTES  # follows the topic of its opening

    action_id: UUID
    dispute_id: UUID
    action: Action
    requested_by: Identifier
    requested_at: AwareDatetime
    statement: Sealed | None = None
    transaction_id: Identifier | None = Field(None, description="with give_details")
    amount: Amount | None = Field(
        None, description="with give_details; with accept_offer: the offer that the customer took"
    )
    tracking: Identifier | None = Field(None, description="with ship_return")
    account_id: Identifier | None = Field(
        None, description="with choose_account: the wallet's id of another account of the person"
    )


class Step(BaseModel):
    """One row of the timeline, told in codes; texts belong to whoever shows it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    code: Code
    at: AwareDatetime
    actor: Actor
    params: dict[str, str] = Field(default_factory=dict, max_length=24)


class DecisionMade(BaseModel):
    """How a dispute was decided: by a rule or by an arbitrator."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    outcome: Remedy
    reason: Code
    rule: Code | None = None
    fault: Fault | None = None
    payer: Payer | None = None
    loss_bearer: Payer | None = None
    rate_bearer: Annotated[
        Payer | None, Field(description="who bears a difference of exchange rates")
    ] = None
    appeal_until: AwareDatetime | None = None


class Estimate(BaseModel):
    """How long the wait that the status tells of usually takes, as measured when it began."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    leg: Annotated[Word, Field(description="what is waited for")]
    from_at: Annotated[AwareDatetime, Field(description="when the wait began")]
    low_at: Annotated[AwareDatetime, Field(description="nine of ten end between this …")]
    high_at: Annotated[AwareDatetime, Field(description="… and this")]
    measured: Annotated[int, Field(ge=1, description="on so many that ended …")]
    since: Annotated[AwareDatetime, Field(description="… since then")]
    ahead: Annotated[
        int | None, Field(ge=0, description="how many were ahead in the queue when it began")
    ] = None


class StatusChanged(Event):
    """The full public snapshot of a dispute at `version`; the tracker alone publishes it."""

    type_name: ClassVar[str] = "redress.dispute.status-changed.v1"
    topic: ClassVar[Topic] = Topic.DISPUTE_STATUS

    dispute_id: UUID
    claim_id: UUID
    reference: Reference
    version: Annotated[int, Field(ge=1, description="1, 2, 3 … without gaps for a dispute")]
    kind: Kind
    reason: Code
    customer_id: Identifier
    merchant_id: Identifier | None = None
    transaction_id: Identifier | None = None
    status: Status
    open: bool
    next_actor: Actor
    promised_at: AwareDatetime | None = None
    promise_rule: Code | None = None
    promise: Annotated[Promise | None, Field(description="why `promised_at` is that date")] = None
    requested: Amount | None = None
    approved: Amount | None = None
    in_flight: Amount | None = None
    credited: Amount | None = None
    offered: Annotated[
        Amount | None, Field(description="what the merchant offers; the customer chooses")
    ] = None
    provisional: Annotated[
        Amount | None, Field(description="credited for now, by statute or goodwill; not final")
    ] = None
    compensated: Annotated[
        Amount | None, Field(description="beside any refund, for the trouble")
    ] = None
    step: Step
    detail: dict[str, str] = Field(
        default_factory=dict,
        max_length=24,
        description="codes and dates behind the status: cause, expected_at, at_bank, proof, …",
    )
    decision: DecisionMade | None = None
    actions: list[Action] = Field(default_factory=list, max_length=8)
    merchant_note: Sealed | None = None
    estimate: Annotated[
        Estimate | None, Field(description="absent where too little was measured")
    ] = None
    changed_at: AwareDatetime
    wallet: Annotated[Code | None, Field(description="the file of the wallet it was opened in")] = (
        None
    )
    wallet_version: int | None = None


class DeliveryRecorded(Event):
    """What became of one message to one person on one channel."""

    type_name: ClassVar[str] = "redress.delivery.recorded.v1"
    topic: ClassVar[Topic] = Topic.DELIVERIES

    message_id: UUID
    event_id: UUID
    dispute_id: UUID
    channel: Code
    template: Code
    locale: Code
    outcome: Code = Field(description="sent, delivered, failed, ambiguous, no_contact")
    attempts: int
    recorded_at: AwareDatetime


ALL: Final[tuple[type[Event], ...]] = (
    TransactionRecorded,
    DisputeOpened,
    ActionRequested,
    StatusChanged,
    DeliveryRecorded,
)
BY_TYPE: Final[dict[str, type[Event]]] = {event.type_name: event for event in ALL}
_PARTS: Final[tuple[type[BaseModel], ...]] = (Amount, Step, DecisionMade, Promise, Estimate)
_MODELS: Final[tuple[type[BaseModel], ...]] = (*ALL, *_PARTS)
FIELDS: Final = frozenset(name for model in _MODELS for name in model.model_fields)


def opening_topic(kind: Kind) -> Topic:
    """Where a dispute's opening goes, and every later command about it."""
    return Topic.MISSING_FUNDS if kind is Kind.MISSING_FUNDS else Topic.DISPUTES
