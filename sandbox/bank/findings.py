"""What the bank is to find when wallet and bank are compared (GET /v1/records).

A finding with `then` is given `after_times` times; from then on the next one is.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sandbox.bank.choices import Choice, Destination, FinalReason, Name, Seconds, Times
from shared.money import Currency, MinorUnits

Signed = Annotated[int, Field(gt=-(10**18), lt=10**18)]
"""Minor units in or, below zero, out."""
Reads = Annotated[int, Field(ge=1, le=1000)]


class Line(Choice):
    """One line of an explanation."""

    code: FinalReason
    amount_minor: Signed


class Finding(Choice):
    """What all findings may carry; `expected_in_s` counts from when the behaviour was set."""

    amount_minor: MinorUnits | None = None
    twin: Name | None = None
    explanation: FinalReason | None = None
    lines: Annotated[tuple[Line, ...], Field(max_length=100)] = ()
    expected_in_s: Seconds | None = None
    destination: Destination | None = None
    after_times: Reads = 1


class WrongAmount(Finding):
    """Captures against order and claim; `amount_minor` is the difference that is agreed."""

    finding: Literal["pending", "agrees", "differs", "explained"]
    then: "WrongAmount | None" = None


class DuplicateCharge(Finding):
    """One capture against another, the `twin`."""

    finding: Literal["authorised_only", "same_order", "two_orders", "unmatched"]
    then: "DuplicateCharge | None" = None


class RefundNotReceived(Finding):
    """Where a refund is that was promised."""

    finding: Literal["unsent", "on_its_way", "arrived", "bounced", "unfunded"]
    then: "RefundNotReceived | None" = None


class BalanceAnomaly(Finding):
    """The ledger against statements; an error of ours needs `amount_minor`."""

    finding: Literal["explained", "our_error", "unknown_debits", "held"]
    currency: Currency = "CNY"
    then: "BalanceAnomaly | None" = None

    @model_validator(mode="after")
    def _error_has_amount(self) -> Self:
        if self.finding == "our_error" and not self.amount_minor:
            message = "our_error needs amount_minor"
            raise ValueError(message)
        return self


class TransactionRecords(Choice):
    """Of one transaction; what is not set is read from the bank's own books."""

    fail_times: Times = 0
    wrong_amount: WrongAmount | None = None
    duplicate_charge: DuplicateCharge | None = None
    refund_not_received: RefundNotReceived | None = None


class CustomerRecords(Choice):
    """Of one customer's account."""

    fail_times: Times = 0
    balance_anomaly: BalanceAnomaly | None = None
