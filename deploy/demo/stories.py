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
Times = Annotated[int, Field(ge=0, le=99)]
Control = Literal["accounts", "books", "merchant", "chargeback"]
Command = Literal[
    "decision/confirmation",
    "account-check",
    "chargeback",
    "provisional-credit",
    "compensation",
    "identity-review",
    "legal-hold",
    "reopening",
    "complaint-answer",
]
DEFAULT_CURRENCY: Final = "CNY"


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
    refunded_minor: MinorUnits = 0
    currency: Currency
    merchant_id: Identifier | None = None
    merchant_name: Text | None = None
    hours_ago: Annotated[int, Field(ge=0, le=24 * 365)]


class Request(_Data):
    """What the customer asks for; `says` are the customer's own words.

    `amount_minor` is the part that is meant, where it is not all. `unnamed`: the transaction is
    not said yet. `about` is the case that a complaint, or the desk's case, is about. `via`: the
    door takes no token; the phone desk puts it on the queue itself, so that no app knows it.
    """

    kind: Kind
    reason: Code
    says: Text
    amount_minor: MinorUnits | None = None
    about: Name | None = None
    unnamed: bool = False
    via: Literal["app", "door", "desk"] = "app"


class Message(_Data):
    """One notice: what its SMS, its e-mail's subject and the e-mail's text must hold."""

    sms: Phrases
    subject: Text
    mail: Phrases


class Account(_Data):
    """What the account service holds of the customer, oldest first: `customer frozen`, `done`."""

    holds: tuple[Text, ...] = ()
    checks: tuple[Code, ...] = ()
    resets: tuple[Code, ...] = ()


class Ending(_Data):
    """How it must end, and who says so.

    `statuses` in order; one ending in "?" may be too short to be seen. `steps` must stand in the
    timeline in this order. `journal` is what the bank's ledger holds about the transaction, or
    about the customer where there is none. `back_minor` came in `payments` (one, if any came);
    `beside_minor` repays no capture. `payer` pays every refund.
    """

    status: Status
    statuses: Annotated[tuple[str, ...], Field(min_length=1)]
    steps: tuple[Code, ...] = ()
    back_minor: MinorUnits
    payments: Times | None = None
    beside_minor: MinorUnits = 0
    payer: Payer | None = None
    journal: tuple[Code, ...]
    merchant_asked: Times = 0
    evidence_asked: Times = 0
    goods_sent: Times = 0
    account: Account | None = None
    chain: Literal["pending", "confirmed", "reverted", "unknown"] | None = None
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_statuses(self) -> Self:
        for each in self.statuses:
            Status(each.removesuffix("?"))
        return self


class Case(_Data):
    """One customer's affair; in a file, `customer` may be the name of a case with the same one.

    `bank` and `merchant` are behaviours about the transaction as the sandbox takes them, `books`
    (the bank's) and `accounts` about the customer; `node` is how a transaction on a chain stands.
    """

    name: Name
    title: Text
    customer: Customer
    transaction: Transaction | None = None
    bank: dict[str, Any] = {}
    merchant: dict[str, Any] = {}
    books: dict[str, Any] = {}
    accounts: dict[str, Any] = {}
    node: dict[str, Any] = {}
    request: Request
    ends: Ending

    @property
    def currency(self) -> str:
        """Of its money."""
        return self.transaction.currency if self.transaction else DEFAULT_CURRENCY


class Open(_Data):
    """The customer opens the dispute, and those of the cases `together` in the same claim."""

    do: Literal["open"]
    case: Name
    together: tuple[Name, ...] = ()


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


class See(_Data):
    """Wait until the timeline holds this step; for what changes no status."""

    do: Literal["see"]
    case: Name
    code: Code
    within_s: Annotated[int, Field(ge=1, le=600)] = 60


class Ask(_Data):
    """The customer asks something of the dispute in the app; details name the case's transaction.

    `transaction_of` is a case whose transaction it is.
    """

    do: Literal["ask"]
    case: Name
    action: Action
    says: Text
    transaction_of: Name | None = None
    tracking: Identifier | None = None
    account_id: Identifier | None = None


class Order(_Data):
    """An operator orders something; `body` as the tracker takes it, beside the amount."""

    do: Literal["order"]
    case: Name
    by: Identifier
    command: Command
    body: dict[str, Text] = {}
    amount_minor: MinorUnits | None = None


class Happen(_Data):
    """Something happens outside: `what` is told, `body` sets the sandbox to it."""

    do: Literal["happen"]
    case: Name
    what: Text
    control: Control
    body: dict[str, Any]


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


Step = Annotated[
    Open | Reach | See | Decide | Order | Ask | Happen | Disturb | Parked | Repair,
    Field(discriminator="do"),
]


class Story(_Data):
    """A story, told in English and Chinese: some cases and the steps they are played by."""

    number: Annotated[int, Field(ge=1, le=99)]
    title: Text
    title_zh: Text
    about: Text
    about_zh: Text
    cases: Annotated[tuple[Case, ...], Field(min_length=1, max_length=4)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=40)]

    @model_validator(mode="before")
    @classmethod
    def _one_customer_of_several_cases(cls, data: Any) -> Any:
        """Whoever stands in another case is named once."""
        cases = data.get("cases", ())
        known = {case["name"]: case["customer"] for case in cases if "name" in case}
        for case in cases:
            if isinstance(case["customer"], str):
                case["customer"] = known.get(case["customer"])
        return data

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        names = [case.name for case in self.cases]
        used = {step.case for step in self.steps} | _also_named(self)
        if len(set(names)) != len(names) or not used <= set(names):
            message = "every step names a case of this story, and cases have different names"
            raise ValueError(message)
        return self


def _also_named(story: Story) -> set[str]:
    """Cases that are named beside the one of a step."""
    told = [name for step in story.steps if isinstance(step, Open) for name in step.together]
    given = [step.transaction_of for step in story.steps if isinstance(step, Ask)]
    about = [case.request.about for case in story.cases]
    return {name for name in (*told, *given, *about) if name}


def of_wallet(wallet: str) -> list[Story]:
    """The wallet's own stories where it has some, else those that are true of every bank's."""
    own = FOLDER / wallet
    return load(own if own.is_dir() else FOLDER)


def load(folder: Path = FOLDER) -> list[Story]:
    """Every story, in the order of the numbers."""
    files = sorted(folder.glob("*.toml"))
    return [Story.model_validate(tomllib.loads(f.read_text(encoding="utf-8"))) for f in files]
