"""What the bank's journal holds: everything that happened, in the order it did."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from sandbox.bank.inputs import RefundOrder, TraceOrder, TransactionOrder, WatchOrder
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
)
AnyRecord = BankRecord | CallbackQueued | CallbackEnded
RECORDS: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[AnyRecord, Field(discriminator="type")])
