"""How the bank is to behave for one transaction: what tests and stories ask of it."""

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.vocabulary import TransactionState

Seconds = Annotated[float, Field(ge=0, le=31 * 86_400, allow_inf_nan=False)]
"""A span in the bank's own time."""
Wait = Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)]
"""How long one answer is held back."""
Times = Annotated[int, Field(ge=0, le=1000)]
Name = Annotated[str, Field(min_length=1, max_length=80)]

Cause = Literal["over_limit", "card_declined", "insufficient_funds", "network"]
TraceState = Literal[
    "in_transit", "delivered", "rejected", "returned", "wrong_account", "not_found"
]
RejectReason = Literal["account_closed", "name_mismatch", "limit"]
FinalReason = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
"""A code such as card_closed, account_frozen, payer_short, above_captured."""


class _Choice(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LookupBehaviour(_Choice):
    """GET of the transaction: wait, and answer 500 the first `fail_times`."""

    delay_s: Wait = 0
    fail_times: Times = 0


class TraceStep(_Choice):
    """Where the money is `after_s` from the first trace of the transaction on.

    A delivered step without `proof` gets a receipt number made from the transaction's id.
    """

    after_s: Seconds = 0
    state: TraceState
    at_bank: Name | None = None
    expected_in_s: Seconds | None = None
    proof: Name | None = None
    reject_reason: RejectReason | None = None
    return_after_s: Seconds | None = None


class TraceBehaviour(_Choice):
    """The steps a trace finds, and whether a step that comes later is told by callback."""

    script: Annotated[tuple[TraceStep, ...], Field(min_length=1, max_length=20)] = (
        TraceStep(state="delivered"),
    )
    callback: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        times = [step.after_s for step in self.script]
        if times != sorted(times):
            message = "list the steps in the order of after_s"
            raise ValueError(message)
        return self


class Destination(_Choice):
    """Where a refund goes: never more of a number than its last four digits."""

    kind: Literal["card", "balance", "account"] = "card"
    bank: Name = "Bank of Redress"
    tail: Annotated[str, Field(pattern=r"^\d{4}$")] = "0042"


class RefundBehaviour(_Choice):
    """Refunds of the transaction, from the moment they are asked for.

    `delay_s` waits before the commit, `answer_late_s` after it (callbacks too). `fail_times`
    answers 500 before the commit, `error_after_commit` after it, `drop_answer` cuts the
    connection after it: that many times, or always when true. `expire_keys_s` is how long an
    idempotency key is remembered; after that a repeat pays again.
    """

    delay_s: Wait = 0
    fail_times: Times = 0
    credit_after_s: Seconds = 0
    expected_in_s: Seconds | None = None
    destination: Destination = Destination()
    refuse: FinalReason | None = None
    bounce: FinalReason | None = None
    unfunded: bool = False
    drop_answer: bool | Times = 0
    error_after_commit: bool | Times = 0
    answer_twice: bool = False
    answer_late_s: Wait = 0
    expire_keys_s: Seconds | None = None
    callback: bool = True

    @model_validator(mode="after")
    def _one_outcome(self) -> Self:
        if sum((self.refuse is not None, self.bounce is not None, self.unfunded)) > 1:
            message = "choose one of refuse, bounce and unfunded"
            raise ValueError(message)
        return self


class ReversalBehaviour(_Choice):
    """Money debited and not captured goes back `after_s` from when the bank learnt of it."""

    after_s: Seconds = 0


class Behaviour(_Choice):
    """Everything about one transaction; the default is delivered, and credited at once.

    `state` is what the bank knows when it differs from what the wallet published.
    """

    state: TransactionState | None = None
    cause: Cause | None = None
    lookup: LookupBehaviour = LookupBehaviour()
    trace: TraceBehaviour = TraceBehaviour()
    refund: RefundBehaviour = RefundBehaviour()
    reversal: ReversalBehaviour | None = None
    strict: bool = False
    """Refuse a refund that would go above what was captured. An honest oracle does not."""


ORDINARY: Final = Behaviour()
