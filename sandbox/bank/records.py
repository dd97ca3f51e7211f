"""What the bank's journal holds: everything that happened, in the order it did."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from sandbox.bank.inputs import (
    ChargebackOrder,
    CustomerOrder,
    OutsideChargeback,
    PostingOrder,
    RecallOrder,
    RefundOrder,
    StepOrder,
    TraceOrder,
    TransactionOrder,
    WatchOrder,
)
from sandbox.callbacks import CallbackEnded, CallbackQueued


@dataclass(frozen=True, slots=True)
class Recorded:
    """A transaction became known, or its behaviour changed."""

    order: TransactionOrder
    at: datetime
    type: Literal["recorded"] = "recorded"


@dataclass(frozen=True, slots=True)
class CounterUsed:
    """One of the "N times" of a behaviour is spent."""

    transaction_id: str
    counter: str
    type: Literal["counter_used"] = "counter_used"


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund was executed (in_flight), found no funds (unfunded) or was refused (failed)."""

    refund_id: str
    key: str
    digest: str
    order: RefundOrder
    state: Literal["in_flight", "unfunded", "failed"]
    reason: str | None
    at: datetime
    type: Literal["refunded"] = "refunded"


@dataclass(frozen=True, slots=True)
class RefundEnded:
    """A refund in flight arrived, or came back."""

    refund_id: str
    state: Literal["credited", "bounced"]
    at: datetime
    type: Literal["refund_ended"] = "refund_ended"


@dataclass(frozen=True, slots=True)
class Traced:
    """A trace was asked for."""

    trace_id: str
    key: str
    digest: str
    order: TraceOrder
    at: datetime
    type: Literal["traced"] = "traced"


@dataclass(frozen=True, slots=True)
class StepReached:
    """The traced money got to the next step of the script."""

    transaction_id: str
    at: datetime
    type: Literal["step_reached"] = "step_reached"


@dataclass(frozen=True, slots=True)
class ReturnCredited:
    """Money that another bank sent back reached the customer."""

    transaction_id: str
    at: datetime
    type: Literal["return_credited"] = "return_credited"


@dataclass(frozen=True, slots=True)
class ReversalCredited:
    """Money debited and never captured reached the customer again."""

    transaction_id: str
    at: datetime
    type: Literal["reversal_credited"] = "reversal_credited"


@dataclass(frozen=True, slots=True)
class Watched:
    """Somebody wants to hear of the transaction's reversal."""

    order: WatchOrder
    type: Literal["watched"] = "watched"


@dataclass(frozen=True, slots=True)
class Recalled:
    """A recipient was asked to give money back, or the bank would not ask (refused)."""

    recall_id: str
    key: str
    digest: str
    order: RecallOrder
    state: Literal["asked", "refused"]
    reason: str | None
    at: datetime
    type: Literal["recalled"] = "recalled"


@dataclass(frozen=True, slots=True)
class RecallMoved:
    """The recipient answered, or the money came back."""

    recall_id: str
    state: Literal["agreed", "refused", "returned"]
    at: datetime
    type: Literal["recall_moved"] = "recall_moved"


@dataclass(frozen=True, slots=True)
class ChargedBack:
    """A chargeback was filed for the wallet, or the network would not take it (refused)."""

    chargeback_id: str
    key: str
    digest: str
    order: ChargebackOrder
    state: Literal["filed", "refused"]
    reason: str | None
    at: datetime
    type: Literal["charged_back"] = "charged_back"


@dataclass(frozen=True, slots=True)
class OpenedOutside:
    """The issuer filed a chargeback that nobody here asked for."""

    chargeback_id: str
    order: OutsideChargeback
    at: datetime
    type: Literal["opened_outside"] = "opened_outside"


@dataclass(frozen=True, slots=True)
class ChargebackMoved:
    """The other side or the network decided."""

    chargeback_id: str
    state: Literal["represented", "won", "lost"]
    reason: str | None
    amount_minor: int
    at: datetime
    type: Literal["chargeback_moved"] = "chargeback_moved"


@dataclass(frozen=True, slots=True)
class ChargebackStepped:
    """The wallet took a step; on a chargeback that has ended it changes nothing."""

    chargeback_id: str
    key: str
    digest: str
    order: StepOrder
    at: datetime
    type: Literal["chargeback_stepped"] = "chargeback_stepped"


@dataclass(frozen=True, slots=True)
class Posted:
    """The wallet's own ledger took a posting, or refused it."""

    posting_id: str
    key: str
    digest: str
    order: PostingOrder
    state: Literal["posted", "refused"]
    reason: str | None
    at: datetime
    type: Literal["posted"] = "posted"


@dataclass(frozen=True, slots=True)
class CustomerSet:
    """How to behave about a customer's account."""

    order: CustomerOrder
    at: datetime
    type: Literal["customer_set"] = "customer_set"


@dataclass(frozen=True, slots=True)
class CustomerCounterUsed:
    """One of the "N times" of a customer's behaviour is spent."""

    customer_id: str
    counter: str
    type: Literal["customer_counter_used"] = "customer_counter_used"


RecourseRecord = (
    Recalled
    | RecallMoved
    | ChargedBack
    | OpenedOutside
    | ChargebackMoved
    | ChargebackStepped
    | Posted
    | CustomerSet
    | CustomerCounterUsed
)
BankRecord = (
    Recorded
    | CounterUsed
    | Refunded
    | RefundEnded
    | Traced
    | StepReached
    | ReturnCredited
    | ReversalCredited
    | Watched
    | RecourseRecord
)
AnyRecord = BankRecord | CallbackQueued | CallbackEnded
RECORDS: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[AnyRecord, Field(discriminator="type")])
