"""What the merchants' journal holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from sandbox.callbacks import CallbackEnded, CallbackQueued
from sandbox.merchant.inputs import (
    Behaviour,
    ConsentRequest,
    EvidenceRequest,
    ReturnRequest,
)

Topic = Literal["consent", "return", "evidence"]
Answer = Literal[
    "accept", "refuse", "offer", "want_return", "fulfilled", "receive", "contest", "send"
]


@dataclass(frozen=True, slots=True)
class BehaviourSet:
    """How to answer about one transaction from now on."""

    behaviour: Behaviour
    type: Literal["behaviour_set"] = "behaviour_set"


@dataclass(frozen=True, slots=True)
class Unreached:
    """A request was answered with 500, as told."""

    transaction_id: str
    type: Literal["unreached"] = "unreached"


@dataclass(frozen=True, slots=True)
class Asked:
    """A consent request was received for the first time."""

    request: ConsentRequest
    at: datetime
    type: Literal["asked"] = "asked"


@dataclass(frozen=True, slots=True)
class Reminded:
    """A consent request was received again, as a reminder."""

    merchant_id: str
    request_id: str
    type: Literal["reminded"] = "reminded"


@dataclass(frozen=True, slots=True)
class ReturnAsked:
    """The merchant was told of goods on their way back for the first time."""

    request: ReturnRequest
    at: datetime
    type: Literal["return_asked"] = "return_asked"


@dataclass(frozen=True, slots=True)
class EvidenceAsked:
    """The merchant was asked for evidence for the first time."""

    request: EvidenceRequest
    at: datetime
    type: Literal["evidence_asked"] = "evidence_asked"


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer is settled; it goes out at `at`."""

    merchant_id: str
    request_id: str
    answer: Answer
    at: datetime
    topic: Topic = "consent"
    type: Literal["answered"] = "answered"


MerchantRecord = (
    BehaviourSet | Unreached | Asked | Reminded | ReturnAsked | EvidenceAsked | Answered
)
AnyRecord = MerchantRecord | CallbackQueued | CallbackEnded
RECORDS: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[AnyRecord, Field(discriminator="type")])
