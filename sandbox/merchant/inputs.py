"""What the merchants are asked, and how they are told to behave."""

from typing import Annotated, Final, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from sandbox.posting import CallbackUrl
from shared.contracts.events import Amount, Identifier
from shared.money import MinorUnits

MAX_BULK: Final = 1000

Seconds = Annotated[float, Field(ge=0, le=31 * 86_400, allow_inf_nan=False)]
Times = Annotated[int, Field(ge=0, le=1000)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=64)]
LongText = Annotated[str, Field(max_length=2000)]
ReasonCode = Literal["shipped", "used", "outside_policy", "custom_made", "other"]


class _Request(BaseModel):
    """What every request says; a merchant ignores fields it does not know."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    request_id: Text
    reference: Text
    merchant_id: Identifier
    transaction_id: Identifier
    callback_url: CallbackUrl


class ConsentRequest(_Request):
    """POST /v1/consent-requests; a reminder repeats the request and changes only a count."""

    kind: Text
    reason: Text
    requested: Amount
    answer_by: AwareDatetime
    reminder: bool = False


class ReturnRequest(_Request):
    """POST /v1/returns: the goods are on their way back."""

    tracking: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None


class EvidenceRequest(_Request):
    """POST /v1/evidence-requests: what the merchant has to show before an arbitrator decides."""

    answer_by: AwareDatetime


Request = ConsentRequest | ReturnRequest | EvidenceRequest


class Behaviour(BaseModel):
    """How the merchant of one transaction answers; the default agrees at once to everything.

    `offer_minor` belongs to the answer `offer`, in the currency that was requested; `proof` to
    `fulfilled`. `answer_on_reminder` keeps the answer back until the request comes again as a
    reminder; where `answer` is silent, the merchant then accepts. `reason_code` and `reason_text`
    say why it refuses, offers, wants a return or contests one. `times` sends each answer more
    than once, each under its own id. `unreachable` answers requests themselves with 500: that
    many times, or always when true.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    transaction_id: Identifier
    answer: Literal["accept", "refuse", "silent", "offer", "want_return", "fulfilled"] = "accept"
    after_s: Seconds = 0
    offer_minor: Annotated[MinorUnits, Field(gt=0)] | None = None
    proof: LongText | None = None
    reason_code: ReasonCode | None = None
    reason_text: LongText | None = None
    answer_on_reminder: bool = False
    on_return: Literal["receive", "contest", "silent"] = "receive"
    return_after_s: Seconds = 0
    evidence: Literal["send", "silent"] = "send"
    evidence_after_s: Seconds = 0
    evidence_text: LongText | None = None
    times: Annotated[int, Field(ge=1, le=10)] = 1
    unreachable: bool | Times = False

    @model_validator(mode="after")
    def _an_offer_has_an_amount(self) -> Self:
        if (self.answer == "offer") != (self.offer_minor is not None):
            message = "offer_minor: say what is offered with the answer offer, and only with it"
            raise ValueError(message)
        return self


class Behaviours(BaseModel):
    """Many at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    behaviours: Annotated[tuple[Behaviour, ...], Field(min_length=1, max_length=MAX_BULK)]
