"""Between rows and the core's dataclasses."""

from collections.abc import Mapping
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from services.tracker.domain.dispute import Claim, Dispute, Facts, MoneyView, Range
from services.tracker.domain.states import Leg, Legs, State
from services.tracker.domain.triggers import Choice, Details, Payload, T, Trigger, Wish
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Actor, Kind

_FACTS: Final = TypeAdapter(Facts)
_TOLD: Final = TypeAdapter(tuple[Range, ...])
_MONEY: Final = TypeAdapter(MoneyView)
_PAYLOADS: Final[dict[str, TypeAdapter[Any]]] = {
    kind.__name__: TypeAdapter(kind) for kind in get_args(Payload) if kind is not NoneType
}
_NOTHING_HELD: Final = MoneyView()
_UNRECORDED: Final = '"unrecorded"'  # the column's default
_STATES: Final[dict[str, type[State]]] = get_type_hints(Legs)
_COMMANDS: Final[dict[str, TypeAdapter[Any]]] = {
    "Wish": TypeAdapter(Wish),
    "Details": TypeAdapter(Details),
    "Choice": TypeAdapter(Choice),
}
LEG_COLUMNS: Final = tuple(leg.value for leg in Leg)


def claim_of(opened: DisputeOpened) -> Claim:
    """What the event says was claimed."""
    return Claim(
        dispute_id=opened.dispute_id,
        claim_id=opened.claim_id,
        reference=opened.reference,
        kind=opened.kind,
        reason=opened.reason,
        customer_id=opened.customer_id,
        merchant_id=opened.merchant_id,
        transaction_id=opened.transaction_id,
        requested_minor=opened.requested.amount_minor if opened.requested else None,
        currency=opened.requested.currency if opened.requested else None,
        refundable_until=opened.refundable_until,
        occurred_at=opened.occurred_at,
        profile=opened.profile,
        profile_version=opened.profile_version,
        calendar=opened.calendar,
        calendar_version=opened.calendar_version,
        opened_at=opened.opened_at,
        first_promised_at=opened.promised_at,
        first_promise_rule=opened.promise_rule,
        wallet=opened.wallet,
        wallet_version=opened.wallet_version,
    )


def dispute_of(row: Mapping[Any, Any]) -> Dispute:
    """A row of `disputes` as the core sees it; facts as text or read before."""
    requested, facts = row["requested_minor"], row["facts"]
    return Dispute(
        claim=Claim(
            dispute_id=row["id"],
            claim_id=row["claim_id"],
            reference=row["reference"],
            kind=Kind(row["kind"]),
            reason=row["reason"],
            customer_id=row["customer_id"],
            merchant_id=row["merchant_id"],
            transaction_id=row["transaction_id"],
            requested_minor=None if requested is None else int(requested),
            currency=row["currency"],
            refundable_until=row["refundable_until"],
            occurred_at=row["occurred_at"],
            profile=row["profile"],
            profile_version=row["profile_version"],
            calendar=row["calendar"],
            calendar_version=row["calendar_version"],
            opened_at=row["opened_at"],
            first_promised_at=row["first_promised_at"],
            first_promise_rule=row["first_promise_rule"],
            wallet=row["wallet"],
            wallet_version=row["wallet_version"],
        ),
        legs=Legs(**{name: state(row[name]) for name, state in _STATES.items()}),  # type: ignore[arg-type] # each its own
        facts=_FACTS.validate_json(facts if isinstance(facts, str) else to_json(facts)),
        version=row["version"],
        steps=row["steps"],
        told=_told(row["told"]),
    )


def _told(told: str | list[Any] | None) -> tuple[Range, ...]:
    """Ranges as text or read before."""
    if told is None:
        return ()
    return _TOLD.validate_json(told if isinstance(told, str) else to_json(told))


def told_json(told: tuple[Range, ...]) -> str | None:
    """What was told of the waits that last; mostly nothing, or one."""
    return _TOLD.dump_json(told).decode() if told else None


def facts_json(facts: Facts) -> str:
    """Only what is known, so that rows stay small."""
    return _FACTS.dump_json(facts, exclude_defaults=True).decode()


def payload_json(payload: Payload) -> str | None:
    """A trigger's typed input with its type's name, for history and replay."""
    if payload is None:
        return None
    return to_json({"type": type(payload).__name__, "value": payload}).decode()


def command_of(payload: str | None, requested_by: str) -> Payload:
    """A command's typed input as `payload_json` wrote it; None: a wish of the first schema."""
    if payload is None:
        return Wish(requested_by)
    named = from_json(payload)
    command: Payload = _COMMANDS[named["type"]].validate_python(named["value"])
    return command


def legs_text(legs: Legs) -> str:
    """`inquiry=found consent=asked`: the legs that have begun."""
    return " ".join(
        f"{leg.value}={legs.of(leg).value}" for leg in Leg if legs.of(leg).value != "none"
    )


def money_json(money: MoneyView) -> str | None:
    """What the core was shown of the reservations, for history and replay; mostly nothing."""
    if money == _NOTHING_HELD:
        return None
    return _MONEY.dump_json(money, exclude_defaults=True).decode()


class Unreadable(ValueError):
    """A recorded step is not what this code writes; says what."""


def trigger_of(name: str, actor: str, recorded: str | None) -> Trigger:
    """A trigger as history has it, `recorded` being its input.

    Raises:
        Unreadable: the trigger or its input is none that this code knows.

    """
    try:
        payload = None
        if recorded is not None:
            told = from_json(recorded)
            payload = _PAYLOADS[told["type"]].validate_python(told["value"])
        return Trigger(T(name), Actor(actor), payload)
    except (ValueError, KeyError):
        raise Unreadable(f"this version cannot read its {name}") from None


def money_of(recorded: str | None) -> MoneyView:
    """What the core was shown of the reservations.

    Raises:
        Unreadable: the step was written by code that did not record it.

    """
    if recorded is None:
        return _NOTHING_HELD
    if recorded == _UNRECORDED:
        raise Unreadable("recorded before revision 0002, which added what the core saw of money")
    return _MONEY.validate_json(recorded)
