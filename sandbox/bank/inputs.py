"""What callers may send to the bank."""

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from sandbox.bank.behaviours import ORDINARY, Behaviour, ChargebackBehaviour
from sandbox.bank.choices import Faults, FinalReason
from sandbox.bank.findings import CustomerRecords
from sandbox.posting import CallbackUrl
from shared.contracts.events import Code, Identifier, TransactionRecorded
from shared.contracts.vocabulary import Payer, TransactionState
from shared.money import Currency, MinorUnits

MAX_BULK: Final = 1000

Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]{0,127}$")]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Positive(_Input):
    """An amount above zero; minor units travel as a string of digits."""

    amount_minor: Annotated[MinorUnits, Field(gt=0)]
    currency: Currency


class Composition(_Input):
    """What a refund is made of, in minor units.

    Cash, coupon and points are the refund's amount; or else the claw-back is withheld from it,
    and the four together are.
    """

    cash_minor: MinorUnits = 0
    coupon_minor: MinorUnits = 0
    points_minor: MinorUnits = 0
    clawback_minor: MinorUnits = 0

    @property
    def given_minor(self) -> int:
        """What the customer gets by name."""
        return self.cash_minor + self.coupon_minor + self.points_minor


class RefundOrder(_Input):
    """POST /v1/refunds; `settles_advance_minor` of its cash goes to the wallet's advances."""

    reference: Reference
    transaction_id: Identifier
    amount: Positive
    payer: Payer
    callback_url: CallbackUrl
    destination_account: Identifier | None = None
    composition: Composition | None = None
    settles_advance_minor: MinorUnits | None = None

    @property
    def settled_minor(self) -> int:
        """The part for the wallet's advances."""
        return self.settles_advance_minor or 0

    @property
    def parts(self) -> Composition:
        """All cash unless said otherwise."""
        return self.composition or Composition(cash_minor=self.amount.amount_minor)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        parts, total = self.parts, self.amount.amount_minor
        if total not in {parts.given_minor, parts.given_minor + parts.clawback_minor}:
            message = "composition: its parts must sum to the amount"
            raise ValueError(message)
        if self.settled_minor > parts.cash_minor:
            message = "settles_advance_minor: send no more than the cash of the refund"
            raise ValueError(message)
        return self


class _Recourse(_Input):
    reference: Reference
    transaction_id: Identifier
    amount: Positive
    reason: Code
    callback_url: CallbackUrl


class RecallOrder(_Recourse):
    """POST /v1/recalls."""


class ChargebackOrder(_Recourse):
    """POST /v1/chargebacks."""


Step = Literal["pre_arbitration", "arbitration", "withdraw"]


class StepBody(_Input):
    """POST /v1/chargebacks/{reference}/steps."""

    step: Step


class StepOrder(StepBody):
    """A step with the chargeback that it belongs to."""

    reference: Reference


class OutsideChargeback(_Input):
    """POST /sandbox/chargebacks: the issuer opens one by itself.

    It goes on as the transaction's behaviour says, or as `chargeback` does.
    """

    transaction_id: Identifier
    amount: Positive
    reason: Code = "fraud"
    chargeback: ChargebackBehaviour | None = None


PostingKind = Literal["provisional_credit", "credit_reversal", "correction", "compensation"]


class PostingOrder(_Input):
    """POST /v1/postings: the wallet moves its own money to a customer, or back."""

    reference: Reference
    kind: PostingKind
    customer_id: Identifier
    transaction_id: Identifier | None = None
    amount: Positive


class PostingBehaviour(Faults):
    """Postings to one customer; `refuse` is the reason of every refusal."""

    refuse: FinalReason | None = None


class CustomerOrder(_Input):
    """POST /sandbox/customers: how the bank behaves about one customer's account."""

    customer_id: Identifier
    records: CustomerRecords = CustomerRecords()
    postings: PostingBehaviour = PostingBehaviour()


class RecordsQuestion(_Input):
    """The query of GET /v1/records; only a balance is about no transaction."""

    kind: Literal["wrong_amount", "duplicate_charge", "refund_not_received", "balance_anomaly"]
    customer_id: Identifier
    transaction_id: Identifier | None = None
    claimed_minor: MinorUnits | None = None

    @model_validator(mode="after")
    def _about_a_transaction(self) -> Self:
        if self.transaction_id is None and self.kind != "balance_anomaly":
            message = "transaction_id: this kind needs one"
            raise ValueError(message)
        return self


class TraceOrder(_Input):
    """POST /v1/traces."""

    reference: Reference
    transaction_id: Identifier
    callback_url: CallbackUrl


class WatchOrder(_Input):
    """POST /v1/watches."""

    transaction_id: Identifier
    callback_url: CallbackUrl


class TransactionOrder(TransactionRecorded):
    """A transaction to know, how to behave about it, and whether to publish it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bank: Behaviour = ORDINARY
    publish: bool = True

    @model_validator(mode="after")
    def _tender_is_the_amount(self) -> Self:
        tender = self.bank.tender
        if tender is not None and sum(part.amount_minor for part in tender) != (
            self.amount.amount_minor
        ):
            message = "bank.tender: its parts must sum to the amount"
            raise ValueError(message)
        return self

    @property
    def bank_state(self) -> TransactionState:
        """What the bank knows of the transaction."""
        return self.bank.state or self.state

    def facts(self) -> TransactionRecorded:
        """What the wallet's ledger publishes."""
        return TransactionRecorded.model_validate(
            self.model_dump(exclude={"bank", "publish"}, by_alias=True)
        )


class TransactionOrders(_Input):
    """Many at once; `publish` false publishes none of them."""

    transactions: Annotated[tuple[TransactionOrder, ...], Field(min_length=1, max_length=MAX_BULK)]
    publish: bool = True
