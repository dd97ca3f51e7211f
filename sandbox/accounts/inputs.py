"""What the account service is asked, and how it is told to behave."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from sandbox.posting import CallbackUrl
from shared.contracts.events import Identifier

Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]{0,127}$")]
Seconds = Annotated[float, Field(ge=0, le=31 * 86_400, allow_inf_nan=False)]
Times = Annotated[int, Field(ge=0, le=1000)]
ReasonCode = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]

OutsideKind = Literal["risk", "court", "sanctions"]
Kind = Literal["customer", OutsideKind]
Scope = Literal["outgoing", "all"]
Standing = Literal["active", "locked", "court", "sanctions"]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HoldOrder(_Input):
    """POST /v1/holds. Holds are answered at once, so nothing about them is called back."""

    reference: Reference
    customer_id: Identifier
    kind: Literal["customer"]
    scope: Scope
    expires_at: AwareDatetime | None = None
    callback_url: CallbackUrl


class CheckOrder(_Input):
    """POST /v1/identity-checks."""

    reference: Reference
    customer_id: Identifier
    factors: Annotated[int, Field(ge=1, le=9)]
    expires_at: AwareDatetime
    callback_url: CallbackUrl


class ResetOrder(_Input):
    """POST /v1/resets."""

    reference: Reference
    customer_id: Identifier
    scope: Literal["credentials", "credentials_and_devices"]
    callback_url: CallbackUrl


class OutsideHold(_Input):
    """A hold that somebody else than the customer put on the account."""

    kind: OutsideKind
    scope: Scope


class Behaviour(_Input):
    """Everything about one account; what is left out is as by default.

    Without `exists` nobody has this number: holds and resets are refused, checks fail at once.
    `standing` left out follows the holds. `holds` are those of others that stand from now on:
    one that is not listed ends. `unreachable` answers what concerns the account with 500: that
    many times, or always when true. `callback_times` tells an outcome more than once, each time
    under its own id; without `callback` it must be asked for.
    """

    customer_id: Identifier
    exists: bool = True
    standing: Standing | None = None
    identity: Literal["verified", "failed", "silent"] = "verified"
    identity_after_s: Seconds = 0
    identity_fail_reason: ReasonCode = "not_matched"
    reset: Literal["done", "refused", "silent"] = "done"
    reset_after_s: Seconds = 0
    reset_reason: ReasonCode = "not_allowed"
    holds: Annotated[tuple[OutsideHold, ...], Field(max_length=6)] = ()
    unreachable: bool | Times = False
    callback: bool = True
    callback_times: Annotated[int, Field(ge=1, le=10)] = 1

    @model_validator(mode="after")
    def _each_hold_once(self) -> Self:
        if len(set(self.holds)) < len(self.holds):
            message = "holds: list each kind and scope once"
            raise ValueError(message)
        return self
