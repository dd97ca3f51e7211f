"""What the account service's journal holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from sandbox.accounts.inputs import Behaviour, CheckOrder, HoldOrder, ResetOrder
from sandbox.callbacks import CallbackEnded, CallbackQueued

Topic = Literal["identity", "reset"]
Ending = Literal["verified", "failed", "expired", "done", "refused"]


@dataclass(frozen=True, slots=True)
class AccountTold:
    """How to behave about one account from now on."""

    behaviour: Behaviour
    at: datetime
    type: Literal["account_told"] = "account_told"


@dataclass(frozen=True, slots=True)
class Unreached:
    """Something about the account was answered with 500, as told."""

    customer_id: str
    type: Literal["unreached"] = "unreached"


@dataclass(frozen=True, slots=True)
class HoldPlaced:
    """The customer's own hold stands."""

    order: HoldOrder
    at: datetime
    type: Literal["hold_placed"] = "hold_placed"


@dataclass(frozen=True, slots=True)
class HoldFrozen:
    """It covers everything and no longer ends by itself."""

    reference: str
    at: datetime
    type: Literal["hold_frozen"] = "hold_frozen"


@dataclass(frozen=True, slots=True)
class HoldReleased:
    """It was taken off, for good."""

    reference: str
    at: datetime
    type: Literal["hold_released"] = "hold_released"


@dataclass(frozen=True, slots=True)
class CheckAsked:
    """The customer is to prove who they are."""

    order: CheckOrder
    at: datetime
    type: Literal["check_asked"] = "check_asked"


@dataclass(frozen=True, slots=True)
class ResetAsked:
    """Credentials are to be reset."""

    order: ResetOrder
    at: datetime
    type: Literal["reset_asked"] = "reset_asked"


@dataclass(frozen=True, slots=True)
class AskedAlso:
    """The same was asked with another callback URL, which will be told too."""

    topic: Topic
    reference: str
    callback_url: str
    type: Literal["asked_also"] = "asked_also"


@dataclass(frozen=True, slots=True)
class Ended:
    """A check or a reset has its outcome."""

    topic: Topic
    reference: str
    state: Ending
    reason: str | None
    at: datetime
    type: Literal["ended"] = "ended"


AccountRecord = (
    AccountTold
    | Unreached
    | HoldPlaced
    | HoldFrozen
    | HoldReleased
    | CheckAsked
    | ResetAsked
    | AskedAlso
    | Ended
)
AnyRecord = AccountRecord | CallbackQueued | CallbackEnded
RECORDS: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[AnyRecord, Field(discriminator="type")])
