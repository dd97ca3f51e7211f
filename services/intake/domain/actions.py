"""What an action must say, and whether the copy and the open disputes allow it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from services.intake.domain.claims import (
    AlreadyOpen,
    Claim,
    Refusal,
    Situation,
    Wanted,
    Wrong,
    decide,
    zero,
)
from shared.contracts.vocabulary import Action, Kind
from shared.money import Money


@dataclass(frozen=True, slots=True)
class Details:
    """What comes with an action; `account_id` is the wallet's id of another account."""

    transaction_id: str | None = None
    amount: Money | None = None
    tracking: str | None = None
    account_id: str | None = None


_NEEDED: Final[Mapping[Action, str]] = {
    Action.GIVE_DETAILS: "transaction_id",
    Action.SHIP_RETURN: "tracking",
    Action.CHOOSE_ACCOUNT: "account_id",
}
_BELONGS_TO: Final = {
    "transaction_id": (Action.GIVE_DETAILS,),
    "amount": (Action.GIVE_DETAILS, Action.ACCEPT_OFFER),
    "tracking": (Action.SHIP_RETURN,),
    "account_id": (Action.CHOOSE_ACCOUNT,),
}
_REMEDIES: Final = {
    "transaction_id": "Name the transaction that the dispute is about, see GET /v1/transactions",
    "tracking": "Add the tracking number of the parcel (1 to 64 of A-Z a-z 0-9 _ . : -)",
    "account_id": "Add the wallet's id of another account of the same person, no account number",
}
_TRANSACTION: Final = "transactions.0"


@dataclass(frozen=True, slots=True)
class Disputed:
    """The dispute that something is asked of."""

    customer_id: str
    kind: Kind
    reference: str


def check(action: Action, details: Details) -> list[Wrong]:
    """Which fields are missing for the action, or belong to another; empty when none."""
    given = {f.name for f in fields(details) if getattr(details, f.name) is not None}
    wrong = [
        Wrong(
            name,
            f"this does not belong to the action {action}",
            f"Leave this field out, or use the action {' or '.join(_BELONGS_TO[name])}",
        )
        for name in sorted(given)
        if action not in _BELONGS_TO[name]
    ]
    if (needed := _NEEDED.get(action)) and needed not in given:
        wrong.insert(0, Wrong(needed, f"the action {action} needs it", _REMEDIES[needed]))
    if details.amount and details.amount.amount_minor == 0:
        wrong.append(zero("amount.amount_minor"))
    return wrong


def refusal(details: Details, disputed: Disputed, situation: Situation) -> Refusal | None:
    """Why the transaction that is named cannot be the dispute's, as an opening would say it."""
    if details.transaction_id is None:
        return None
    wanted = (Wanted(details.transaction_id, details.amount),)
    standing = {k: d for k, d in situation.open.items() if d.reference != disputed.reference}
    claim = Claim(disputed.customer_id, disputed.kind, "", wanted)
    verdict = decide(claim, replace(situation, open=standing))
    if isinstance(verdict, tuple):
        return None
    if isinstance(verdict, Wrong | AlreadyOpen):
        return replace(verdict, field=_field(verdict.field))
    return verdict


def _field(field: str) -> str:
    """`transactions.0.amount.currency` is `amount.currency` here."""
    return field.removeprefix(f"{_TRANSACTION}.") if field != _TRANSACTION else "transaction_id"
