"""Between rows and the core's dataclasses."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import to_json

from services.tracker.domain.dispute import Claim, Dispute, Facts
from services.tracker.domain.states import (
    Arbitration,
    Consent,
    Inquiry,
    Leg,
    Legs,
    Refund,
    Reversal,
    Trace,
    Verdict,
)
from services.tracker.domain.triggers import Payload
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Kind

_FACTS: Final = TypeAdapter(Facts)
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
    )


def dispute_of(row: Mapping[Any, Any]) -> Dispute:
    """A row of `disputes` as the core sees it."""
    requested = row["requested_minor"]
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
        ),
        legs=Legs(
            inquiry=Inquiry(row["inquiry"]),
            trace=Trace(row["trace"]),
            reversal=Reversal(row["reversal"]),
            consent=Consent(row["consent"]),
            arbitration=Arbitration(row["arbitration"]),
            refund=Refund(row["refund"]),
            verdict=Verdict(row["verdict"]),
        ),
        facts=_FACTS.validate_json(row["facts"]),
        version=row["version"],
        steps=row["steps"],
    )


def facts_json(facts: Facts) -> str:
    """Only what is known, so that rows stay small."""
    return _FACTS.dump_json(facts, exclude_defaults=True).decode()


def payload_json(payload: Payload) -> str | None:
    """A trigger's typed input with its type's name, for history and replay."""
    if payload is None:
        return None
    return to_json({"type": type(payload).__name__, "value": payload}).decode()


def legs_text(legs: Legs) -> str:
    """`inquiry=found consent=asked`: the legs that have begun."""
    return " ".join(
        f"{leg.value}={legs.of(leg).value}" for leg in Leg if legs.of(leg).value != "none"
    )
