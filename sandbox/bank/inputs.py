"""What callers may send to the bank."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sandbox.bank.behaviours import ORDINARY, Behaviour
from sandbox.posting import CallbackUrl
from shared.contracts.events import Identifier, TransactionRecorded
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


class RefundOrder(_Input):
    """POST /v1/refunds."""

    reference: Reference
    transaction_id: Identifier
    amount: Positive
    payer: Payer
    callback_url: CallbackUrl


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
