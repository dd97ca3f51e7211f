"""What the merchants are asked, and how they are told to behave."""

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from sandbox.posting import CallbackUrl
from shared.contracts.events import Amount, Identifier

MAX_BULK: Final = 1000

Seconds = Annotated[float, Field(ge=0, le=31 * 86_400, allow_inf_nan=False)]
Times = Annotated[int, Field(ge=0, le=1000)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=64)]
ReasonCode = Literal["shipped", "used", "outside_policy", "custom_made", "other"]


class ConsentRequest(BaseModel):
    """POST /v1/consent-requests; a merchant ignores fields it does not know."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    request_id: Text
    reference: Text
    merchant_id: Identifier
    transaction_id: Identifier
    kind: Text
    reason: Text
    requested: Amount
    answer_by: AwareDatetime
    callback_url: CallbackUrl


class Behaviour(BaseModel):
    """How the merchant of one transaction answers; the default accepts at once.

    `times` sends the answer more than once, each under its own id. `unreachable` answers the
    request itself with 500: that many times, or always when true.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    transaction_id: Identifier
    answer: Literal["accept", "refuse", "silent"] = "accept"
    after_s: Seconds = 0
    reason_code: ReasonCode | None = None
    reason_text: Annotated[str, Field(max_length=2000)] | None = None
    times: Annotated[int, Field(ge=1, le=10)] = 1
    unreachable: bool | Times = False


class Behaviours(BaseModel):
    """Many at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    behaviours: Annotated[tuple[Behaviour, ...], Field(min_length=1, max_length=MAX_BULK)]
