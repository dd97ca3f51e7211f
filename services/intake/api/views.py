"""The shapes of what the intake answers."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.words import Language
from shared.contracts.events import Amount, DecisionMade, Promise
from shared.contracts.vocabulary import (
    Action,
    Actor,
    Kind,
    Status,
    TransactionKind,
    TransactionState,
)
from shared.http import ProblemDocument
from shared.wallets import Bearer, Role


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class OpenDispute(_Answer):
    """One of the disputes that are open already."""

    reference: str = Field(description="twelve digits that can be read out, grouped 4-4-4")
    status_now: Status
    possible: list[Action] = Field(description="what can be asked of it now")


class ConflictDocument(ProblemDocument):
    """What is not possible now: the state, and what is possible instead."""

    reference: str | None = Field(
        None, description="the open dispute that is in the way, where it is the same customer's"
    )
    status_now: Status | None = Field(
        None,
        description="of the dispute that was asked; for an opening, the one that `reference` names",
    )
    possible: list[Action] | None = Field(
        None, description="what can be asked of the dispute that `status_now` is about"
    )
    open: list[OpenDispute] | None = Field(
        None, description="where too many of a kind are open: all of them"
    )


class Receipt(_Answer):
    """A dispute as it stands at the moment of acceptance."""

    dispute_id: UUID
    reference: str = Field(description="twelve digits that can be read out, grouped 4-4-4")
    kind: Kind
    reason: str
    transaction_id: str | None
    verified: bool = Field(description="the transaction is known here and is the customer's")
    requested: Amount | None
    status: Status
    promised_at: datetime = Field(description="by then there is a result or an update")
    promise_rule: str = Field(description="the rule that made the promise")
    promise: Promise | None = Field(None, description="why it is that date, in every language")
    next_actor: Actor
    links: dict[str, str]


class ClaimAccepted(_Answer):
    """Accepted: nothing of it can be lost any more."""

    claim_id: UUID
    disputes: list[Receipt]


class ReportAccepted(_Answer):
    """The same answer whoever is meant; it tells nothing about the customer."""

    reference: str = Field(description="twelve digits that can be read out, grouped 4-4-4")
    promised_at: datetime = Field(description="by then the customer gets a result or an update")


class ActionAccepted(_Answer):
    """Handed to the tracker, which decides; the dispute's status will tell."""

    action_id: UUID
    dispute_id: UUID
    action: Action
    requested_at: datetime
    links: dict[str, str]


class Summary(_Answer):
    """A dispute in a list."""

    dispute_id: UUID
    claim_id: UUID
    reference: str
    kind: Kind
    kind_text: str
    reason: str
    reason_text: str
    customer_id: str
    transaction_id: str | None
    merchant_id: str | None
    status: Status
    status_text: str
    open: bool
    next_actor: Actor
    next_actor_text: str
    promised_at: datetime | None = Field(description="by then there is a result or an update")
    promise_rule: str | None = Field(description="the rule that made the promise")
    opened_at: datetime
    changed_at: datetime
    links: dict[str, str]


class MoneyView(_Answer):
    """Asked for, approved, on its way, arrived: different things.

    `offered` waits for the customer's yes or no. `provisional` is credited for now and not final.
    `compensated` is paid beside any refund.
    """

    requested: Amount | None = None
    approved: Amount | None = None
    in_flight: Amount | None = None
    credited: Amount | None = None
    offered: Amount | None = None
    provisional: Amount | None = None
    compensated: Amount | None = None


class StepView(_Answer):
    """One step of the timeline; `version` 0 is the acceptance."""

    version: int
    code: str
    text: str
    at: datetime
    actor: Actor
    params: dict[str, str]


class EstimateView(_Answer):
    """How long what is waited for usually takes, as measured when the wait began."""

    leg: str = Field(description="what is waited for")
    from_at: datetime = Field(description="when the wait began")
    low_at: datetime = Field(description="nine of ten end between this …")
    high_at: datetime = Field(description="… and this")
    measured: int = Field(description="on so many that ended …")
    since: datetime = Field(description="… since then")
    ahead: int | None = Field(description="how many were ahead in the queue when it began")
    text: str = Field(description="the same in words; past `high_at` it says that it takes longer")


class SaidView(_Answer):
    """One thing that the wallet says about a dispute, in the answer's language."""

    code: str
    text: str


class Terms(_Answer):
    """What the wallet says about a dispute of this kind, as it was opened."""

    wallet: str = Field(description="the wallet's file")
    wallet_version: int
    who_pays: list[Bearer] = Field(description="in the order in which they are asked")
    who_pays_text: str | None = Field(description="null where no money is asked for")
    cannot_promise: list[SaidView]
    guidance: list[SaidView] = Field(description="what the customer can do")


class DisputeView(Summary):
    """A dispute with all that its customer may see."""

    language: Language
    channel: str
    verified: bool = Field(description="the transaction was known here when it was accepted")
    promise: Promise | None = Field(description="the rule behind `promised_at`, with its source")
    promise_text: str | None = Field(description="why `promised_at` is that date, in `language`")
    version: int = Field(description="counts the status changes; 0 before the first")
    money: MoneyView
    detail: dict[str, str] = Field(description="codes and dates behind the status")
    estimate: EstimateView | None = Field(description="null where too little was measured")
    decision: DecisionMade | None
    merchant_note: str | None = Field(description="the merchant's own words, where there are any")
    actions: list[Action] = Field(description="what can be asked now")
    terms: Terms
    action_texts: dict[str, str] = Field(description="what each of `actions` means")
    about_reference: str | None = Field(
        description="the dispute that a complaint is about, by its own reference"
    )
    timeline: list[StepView]


class DisputePage(_Answer):
    """A page of disputes, newest first; without `next_cursor` it is the last."""

    items: list[Summary]
    next_cursor: str | None


class Obstacle(_Answer):
    """Why not."""

    code: str
    text: str


class OptionView(_Answer):
    """A kind of dispute and whether it is possible for this transaction."""

    kind: Kind
    kind_text: str
    possible: bool
    until: datetime | None = Field(description="end of the refund window; later is still heard")
    note: str | None = Field(description="`outside_window`: possible, but after `until`")
    why_not: Obstacle | None
    reference: str | None = Field(description="the dispute that is open already")


class TransactionView(_Answer):
    """A transaction and what can be disputed about it."""

    transaction_id: str
    kind: TransactionKind
    state: TransactionState
    amount: Amount
    refunded: Amount
    merchant_id: str | None
    merchant_name: str | None
    occurred_at: datetime
    options: list[OptionView]


class TransactionPage(_Answer):
    """A page of transactions, newest first; without `next_cursor` it is the last."""

    items: list[TransactionView]
    next_cursor: str | None


class ReasonView(_Answer):
    """A reason, by language tag."""

    code: str
    text: dict[str, str]


class KindView(_Answer):
    """A kind that can be submitted now."""

    kind: Kind
    text: dict[str, str]
    transaction_kinds: list[TransactionKind] = Field(
        description="what it can be about; naming a transaction is never required, and where "
        "this list is empty it is not possible"
    )
    reasons: list[ReasonView]


class Kinds(_Answer):
    """All of them."""

    kinds: list[KindView]


class WalletSaid(_Answer):
    """One thing the wallet says, by language tag."""

    code: str
    text: dict[str, str]
    kinds: list[Kind] = Field(description="of which kinds it is true; empty: whatever the kind")


class WalletPayers(_Answer):
    """Who pays in disputes of some kinds."""

    kinds: list[Kind]
    bearers: list[Bearer] = Field(description="in the order in which they are asked")
    text: dict[str, str]


class WalletView(_Answer):
    """A wallet and its operator. Texts are by language tag."""

    wallet: str = Field(description="the wallet's file")
    version: int
    name: dict[str, str]
    operator: dict[str, str] = Field(description="who runs it and signs its texts")
    operator_role: Role
    hotline: str
    locales: list[Language] = Field(description="the first one is for those who chose none")
    kinds: list[Kind] = Field(description="what can be opened")
    who_pays: list[WalletPayers]
    policies: list[WalletSaid] = Field(description="refund window, terms, fees and more")
    promises: list[WalletSaid]
    cannot_promise: list[WalletSaid]
    guidance: list[WalletSaid] = Field(description="what people can do themselves")
