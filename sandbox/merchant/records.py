"""What the merchants' journal holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from sandbox.callbacks import CallbackEnded, CallbackQueued
from sandbox.merchant.inputs import Behaviour, ConsentRequest


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
class Answered:
    """The answer is settled; it goes out at `at`."""

    merchant_id: str
    request_id: str
    answer: Literal["accept", "refuse"]
    at: datetime
    type: Literal["answered"] = "answered"


MerchantRecord = BehaviourSet | Unreached | Asked | Answered
AnyRecord = MerchantRecord | CallbackQueued | CallbackEnded
RECORDS: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[AnyRecord, Field(discriminator="type")])
