"""How the bank is to behave for one transaction: what tests and stories ask of it."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from sandbox.bank.choices import (
    Choice,
    Destination,
    FinalReason,
    Name,
    Seconds,
    Times,
    Told,
    Wait,
)
from sandbox.bank.findings import TransactionRecords
from shared.contracts.vocabulary import Funding, TransactionState
from shared.money import MinorUnits

Cause = Literal["over_limit", "card_declined", "insufficient_funds", "network"]
TraceState = Literal[
    "in_transit", "delivered", "rejected", "returned", "wrong_account", "not_found"
]
RejectReason = Literal["account_closed", "name_mismatch", "limit"]
Part = Annotated[MinorUnits, Field(gt=0)] | None
"""Minor units of a part; None: all of it."""


class LookupBehaviour(Choice):
    """GET of the transaction: wait, and answer 500 the first `fail_times`."""

    delay_s: Wait = 0
    fail_times: Times = 0


class TraceStep(Choice):
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


class TraceBehaviour(Choice):
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


class RefundBehaviour(Told):
    """Refunds of the transaction, from the moment they are asked for.

    `bounce` strikes what goes to the customer's default account, and with `bounce_everywhere`
    also what goes to another one. `expire_keys_s` is how long an idempotency key is remembered;
    after that a repeat pays again.
    """

    credit_after_s: Seconds = 0
    expected_in_s: Seconds | None = None
    destination: Destination = Destination()
    refuse: FinalReason | None = None
    bounce: FinalReason | None = None
    bounce_everywhere: bool = False
    unfunded: bool = False
    expire_keys_s: Seconds | None = None

    @model_validator(mode="after")
    def _one_outcome(self) -> Self:
        if sum((self.refuse is not None, self.bounce is not None, self.unfunded)) > 1:
            message = "choose one of refuse, bounce and unfunded"
            raise ValueError(message)
        return self


class RecallBehaviour(Told):
    """What the recipient says to a recall `after_s` from its asking.

    Who agrees sends back `amount_minor` (all that was asked unless set) `return_after_s` later.
    `expected_in_s` is what the bank promises, from the asking.
    """

    answer: Literal["agree", "refuse", "silent"] = "agree"
    after_s: Seconds = 0
    amount_minor: Part = None
    return_after_s: Seconds = 0
    reason: FinalReason = "recipient_refused"
    expected_in_s: Seconds | None = None


class _Stage(Choice):
    after_s: Seconds = 0
    reason: FinalReason | None = None
    amount_minor: Part = None


class Stage(_Stage):
    """How a stage of a chargeback ends `after_s` from its beginning; open: it does not by itself.

    Of what is won the customer gets `amount_minor`, or all that was charged back.
    """

    outcome: Literal["won", "lost", "open"] = "won"


class FiledStage(_Stage):
    """As filed the merchant may also represent; the default is that nobody does."""

    outcome: Literal["won", "lost", "open", "represented"] = "won"


class ChargebackBehaviour(Told):
    """The card network on this transaction.

    The window closes `until_in_s` from when the bank learnt of the transaction. Each side has
    `answer_in_s`; who lets a representment lapse has lost. The faults strike filing, and steps
    as often again.
    """

    until_in_s: Annotated[float, Field(ge=0, le=2 * 366 * 86_400, allow_inf_nan=False)] = (
        120 * 86_400
    )
    refuse: FinalReason | None = None
    filed: FiledStage = FiledStage()
    pre_arbitration: Stage = Stage()
    arbitration: Stage = Stage()
    answer_in_s: Seconds = 10 * 86_400


class Tender(Choice):
    """A part of what the customer paid with."""

    kind: Literal["cash", "coupon", "points"]
    amount_minor: MinorUnits


class ReversalBehaviour(Choice):
    """Money debited and not captured goes back `after_s` from when the bank learnt of it."""

    after_s: Seconds = 0


class Behaviour(Choice):
    """Everything about one transaction; the default is delivered, and credited at once.

    `state` is what the bank knows when it differs from what the wallet published.
    """

    state: TransactionState | None = None
    cause: Cause | None = None
    lookup: LookupBehaviour = LookupBehaviour()
    trace: TraceBehaviour = TraceBehaviour()
    refund: RefundBehaviour = RefundBehaviour()
    reversal: ReversalBehaviour | None = None
    recall: RecallBehaviour = RecallBehaviour()
    chargeback: ChargebackBehaviour = ChargebackBehaviour()
    records: TransactionRecords = TransactionRecords()
    funding: Funding | None = None
    tender: tuple[Tender, ...] | None = None
    clawback_minor: MinorUnits | None = None
    strict: bool = False
    """Refuse whatever would go above what was captured. An honest oracle does not."""


ORDINARY: Final = Behaviour()
