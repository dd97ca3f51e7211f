"""The stories as data: who, what happened, what is done, and how it must end."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.events import Code, Identifier
from shared.contracts.vocabulary import (
    Action,
    Fault,
    Kind,
    Payer,
    Remedy,
    Status,
    TransactionKind,
    TransactionState,
)
from shared.money import Currency, MinorUnits

FOLDER: Final = Path(__file__).parent / "stories"
PHRASES_MOST: Final = 10

Name = Annotated[str, Field(pattern=r"^[a-z]{1,16}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Phrases = Annotated[tuple[Text, ...], Field(min_length=1, max_length=PHRASES_MOST)]
Locale = Literal["zh-CN", "en"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Customer(_Data):
    """Whose case it is: `id` is the pseudonym, the rest only the notifier knows."""

    id: Identifier
    name: Text
    locale: Locale
    phone: Text
    email: Text
    time_zone: Text


class Transaction(_Data):
    """What moved the money; a run appends something of its own to `id`."""

    id: Identifier
    kind: TransactionKind
    state: TransactionState = TransactionState.CAPTURED
    amount_minor: MinorUnits
    currency: Currency
    merchant_id: Identifier | None = None
    merchant_name: Text | None = None
    hours_ago: Annotated[int, Field(ge=0, le=24 * 365)]


class Request(_Data):
    """What the customer asks for; `says` are the customer's own words."""

    kind: Kind
    reason: Code
    says: Text


class Message(_Data):
    """One notice: what its SMS, its e-mail's subject and the e-mail's text must hold."""

    sms: Phrases
    subject: Text
    mail: Phrases


class Ending(_Data):
    """How it must end, and who says so.

    `statuses` in order; one ending in "?" may be too short to be seen. `steps` must stand in the
    timeline in this order. `journal` is what the bank's ledger holds about the transaction.
    """

    status: Status
    statuses: Annotated[tuple[str, ...], Field(min_length=1)]
    steps: tuple[Code, ...] = ()
    back_minor: MinorUnits
    payer: Payer | None = None
    journal: tuple[Code, ...]
    merchant_asked: Annotated[int, Field(ge=0)] = 0
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_statuses(self) -> Self:
        for each in self.statuses:
            Status(each.removesuffix("?"))
        return self


class Case(_Data):
    """One customer's affair. `bank` and `merchant` are behaviours as the sandbox takes them."""

    name: Name
    title: Text
    customer: Customer
    transaction: Transaction
    bank: dict[str, Any] = {}
    merchant: dict[str, Any] = {}
    request: Request
    ends: Ending


class Open(_Data):
    """The customer opens the dispute."""

    do: Literal["open"]
    case: Name


class Reach(_Data):
    """Wait until the customer sees this status."""

    do: Literal["reach"]
    case: Name
    status: Status
    within_s: Annotated[int, Field(ge=1, le=600)] = 60


class Decide(_Data):
    """An arbitrator decides."""

    do: Literal["decide"]
    case: Name
    by: Identifier
    fault: Fault
    remedy: Remedy
    amount_minor: MinorUnits | None = None
    payer: Payer | None = None
    reason: Code
    note: Text


class Ask(_Data):
    """The customer asks something of the dispute in the app."""

    do: Literal["ask"]
    case: Name
    action: Action
    says: Text


class Disturb(_Data):
    """The event that opened `case` comes twice more; between them, one nobody can read.

    The unreadable one is `action` for the case `broken`, with `field` set to `value`.
    """

    do: Literal["disturb"]
    case: Name
    broken: Name
    action: Action
    field: Code
    value: Text


class Parked(_Data):
    """The unreadable event is among the dead letters, with this in its reason."""

    do: Literal["parked"]
    case: Name
    reason: Text


class Repair(_Data):
    """The dead letter is shown, repaired in a file and replayed."""

    do: Literal["repair"]
    case: Name


Step = Annotated[Open | Reach | Decide | Ask | Disturb | Parked | Repair, Field(discriminator="do")]


class Story(_Data):
    """A story: one or two cases and the steps they are played by."""

    number: Annotated[int, Field(ge=1, le=99)]
    title: Text
    about: Text
    cases: Annotated[tuple[Case, ...], Field(min_length=1, max_length=4)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=40)]

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        names = [case.name for case in self.cases]
        used = {step.case for step in self.steps}
        if len(set(names)) != len(names) or not used <= set(names):
            message = "every step names a case of this story, and cases have different names"
            raise ValueError(message)
        return self


def load(folder: Path = FOLDER) -> list[Story]:
    """Every story, in the order of the numbers."""
    files = sorted(folder.glob("*.toml"))
    return [Story.model_validate(tomllib.loads(f.read_text(encoding="utf-8"))) for f in files]
