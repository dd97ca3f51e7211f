"""What may be sent to the intake. Unknown fields are refused, so that a typing error is seen."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.intake.domain.claims import MAX_STATEMENT, MAX_TRANSACTIONS
from shared import ids
from shared.contracts.events import Code, Identifier
from shared.contracts.vocabulary import OPEN_KINDS, Action, Kind, Status
from shared.money import Currency, MinorUnits

Statement = Annotated[
    str, Field(max_length=MAX_STATEMENT, description="the customer's own words; kept encrypted")
]
Limit = Annotated[int, Field(ge=1, le=100, description="entries of a page")]
Cursor = Annotated[str, Field(max_length=200, description="`next_cursor` of the page before")]
OfCustomer = Annotated[
    Identifier, Field(description="whose; agents must name the customer, customers must not")
]


def _reference(value: object) -> object:
    """Twelve digits as people read them: blanks do not matter."""
    digits = "".join(value.split()) if isinstance(value, str) else value
    if isinstance(digits, str) and not ids.valid_reference(digits):
        raise ValueError("this is no reference: twelve digits whose last one checks the others")
    return digits


class Channel(StrEnum):
    """Where the customer spoke."""

    APP = "app"
    WEB = "web"
    PHONE = "phone"
    CHAT = "chat"
    EMAIL = "email"
    SOCIAL = "social"


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AmountIn(_Closed):
    """Minor units as a string of digits, and an ISO 4217 currency."""

    amount_minor: MinorUnits
    currency: Currency


class TransactionIn(_Closed):
    """A transaction that is disputed."""

    transaction_id: Identifier
    amount: AmountIn | None = Field(
        None,
        description="left out: all that the kind can mean, such as what was captured and not "
        "refunded; unknown where a part is meant (wrong_amount, balance_anomaly)",
    )


def _known_kind(kind: object) -> object:
    """A word that is no kind is answered with those that can be submitted."""
    if isinstance(kind, str) and kind not in set(Kind):
        raise ValueError(f"this is no kind; use one of: {', '.join(sorted(OPEN_KINDS))}")
    return kind


class ClaimIn(_Closed):
    """A claim: one kind and reason, about one, several or no transactions."""

    kind: Annotated[Kind, BeforeValidator(_known_kind)] = Field(
        description="see GET /v1/kinds for those that can be submitted now"
    )
    reason: Code = Field(description="one of the kind's reasons, see GET /v1/kinds")
    transactions: list[TransactionIn] = Field(
        default_factory=list,
        max_length=MAX_TRANSACTIONS,
        description="one dispute is opened for each; without any, one dispute without "
        "transaction; access_lost and complaint take none",
    )
    statement: Statement | None = None
    channel: Channel = Channel.APP
    customer_id: OfCustomer | None = None
    about_reference: Annotated[str, BeforeValidator(_reference)] | None = Field(
        None,
        description="of a complaint: the customer's own dispute that it is about, also by a "
        "reference that was told at /v1/access-reports",
    )


class ActionIn(_Closed):
    """Something asked of a dispute that exists."""

    action: Action
    statement: Statement | None = None
    transaction_id: Identifier | None = Field(
        None, description="give_details needs it: which transaction the dispute is about"
    )
    amount: AmountIn | None = Field(
        None,
        description="with give_details: how much of it; with accept_offer: the offer that the "
        "customer saw, so that no other one is taken",
    )
    tracking: Identifier | None = Field(
        None, description="ship_return needs it: the parcel's tracking number"
    )
    account_id: Identifier | None = Field(
        None,
        description="choose_account needs it: the wallet's id of another account of the same "
        "person, never an account's or card's number",
    )


class ReportedKind(StrEnum):
    """What can be reported without a token."""

    ACCESS_LOST = Kind.ACCESS_LOST.value
    UNAUTHORIZED = Kind.UNAUTHORIZED.value


class ReportIn(_Closed):
    """A report of somebody who cannot log in. Nothing in it is believed before it is verified."""

    customer_id: Identifier = Field(
        description="the wallet's pseudonym of the customer; never a phone number or a name"
    )
    kind: ReportedKind = Field(
        ReportedKind.ACCESS_LOST, description="unauthorized: somebody else uses the account"
    )
    reason: Code = Field(description="one of the kind's reasons, see GET /v1/kinds")
    statement: Statement | None = None
    channel: Channel = Channel.WEB


class DisputesQuery(_Closed):
    """Which disputes, and which page of them."""

    customer_id: OfCustomer | None = None
    kind: Kind | None = None
    status: Status | None = None
    open: bool | None = None
    limit: Limit = 20
    cursor: Cursor | None = None


class TransactionsQuery(_Closed):
    """Which page of the transactions."""

    customer_id: OfCustomer | None = None
    limit: Limit = 20
    cursor: Cursor | None = None
