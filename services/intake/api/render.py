"""Read models put into words for the one who reads."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from services.intake.api.views import (
    DisputeView,
    EstimateView,
    Kinds,
    KindView,
    MoneyView,
    Obstacle,
    OptionView,
    ReasonView,
    StepView,
    Summary,
    Terms,
    TransactionView,
)
from services.intake.domain import waits, words
from services.intake.domain.kinds import FITS, Transaction
from services.intake.domain.options import Option
from services.intake.domain.words import Language
from services.intake.handlers.command import possible
from services.intake.store.disputes import Stored
from shared.contracts.events import Amount, DecisionMade, Step
from shared.contracts.vocabulary import Actor, Kind, Status
from shared.rules import Reasons

_BY_LAW: Final = "held_by_law"  # the tracker's rule


def summary(dispute: Stored, language: Language, reasons: Reasons) -> Summary:
    """A dispute for a list."""
    return Summary.model_validate(_summary(dispute, language, reasons))


def detail(
    dispute: Stored,
    steps: Iterable[tuple[int, Step]],
    merchant_note: str | None,
    language: Language,
    reasons: Reasons,
    now: datetime,
    terms: Terms,
) -> DisputeView:
    """A dispute with its timeline, and what its wallet says about such a one."""
    snapshot, actions = dispute.snapshot, possible(dispute)
    promise = snapshot.promise if snapshot else dispute.opening.promise
    return DisputeView.model_validate(
        _summary(dispute, language, reasons)
        | {
            "language": language,
            "channel": dispute.opening.channel,
            "verified": dispute.opening.verified,
            "promise": promise,
            "promise_text": promise and promise.text.get(language.value),
            "version": snapshot.version if snapshot else 0,
            "money": _money(dispute),
            "detail": snapshot.detail if snapshot else {},
            "estimate": _estimate(dispute, language, now),
            "decision": snapshot and _decision(snapshot.decision),
            "merchant_note": merchant_note,
            "actions": actions,
            "action_texts": {a.value: words.of_action(a, language) for a in actions},
            "terms": terms,
            "about_reference": dispute.opening.about_reference,
            "timeline": [
                _received(dispute, language),
                *(_step(v, s, language, of_keys=_is_of_keys(dispute)) for v, s in steps),
            ],
        }
    )


def transaction(
    entry: Transaction, options: Iterable[Option], language: Language
) -> TransactionView:
    """A transaction for the list."""
    return TransactionView(
        transaction_id=entry.transaction_id,
        kind=entry.kind,
        state=entry.state,
        amount=Amount(amount_minor=entry.amount_minor, currency=entry.currency),
        refunded=Amount(amount_minor=entry.refunded_minor, currency=entry.currency),
        merchant_id=entry.merchant_id,
        merchant_name=entry.merchant_name,
        occurred_at=entry.occurred_at,
        options=[_option(option, language) for option in options],
    )


def kinds(reasons: Reasons, taken: Collection[Kind]) -> Kinds:
    """Every kind that can be submitted, with its reasons, in every language."""
    return Kinds(
        kinds=[
            KindView(
                kind=kind,
                text=_every_language(words.KINDS[kind]),
                transaction_kinds=sorted(FITS[kind]),
                reasons=[
                    ReasonView(code=code, text=_every_language(pair))
                    for code, pair in reasons[kind].items()
                ],
            )
            for kind in sorted(taken)
        ]
    )


def _summary(dispute: Stored, language: Language, reasons: Reasons) -> dict[str, Any]:
    opening, snapshot = dispute.opening, dispute.snapshot
    here = f"/v1/disputes/{opening.dispute_id}"
    actor = snapshot.next_actor if snapshot else Actor.REDRESS
    return {
        "dispute_id": opening.dispute_id,
        "claim_id": opening.claim_id,
        "reference": opening.reference,
        "kind": opening.kind,
        "kind_text": words.of(words.KINDS[opening.kind], language),
        "reason": opening.reason,
        "reason_text": words.of_reason(reasons, opening.kind, opening.reason, language),
        "customer_id": opening.customer_id,
        "transaction_id": (snapshot and snapshot.transaction_id) or opening.transaction_id,
        "merchant_id": (snapshot and snapshot.merchant_id) or opening.merchant_id,
        "status": dispute.status,
        "status_text": _status_text(dispute, language),
        "open": dispute.open,
        "next_actor": actor,
        "next_actor_text": words.of_actor(actor, language),
        "promised_at": snapshot.promised_at if snapshot else opening.promised_at,
        "promise_rule": snapshot.promise_rule if snapshot else opening.promise_rule,
        "opened_at": opening.opened_at,
        "changed_at": dispute.changed_at,
        "links": {"self": here, "actions": f"{here}/actions"},
    }


def _money(dispute: Stored) -> MoneyView:
    snapshot = dispute.snapshot
    if snapshot is None:
        return MoneyView(requested=dispute.opening.requested)
    return MoneyView(
        requested=snapshot.requested,
        approved=snapshot.approved,
        in_flight=snapshot.in_flight,
        credited=snapshot.credited,
        offered=snapshot.offered,
        provisional=snapshot.provisional,
        compensated=snapshot.compensated,
    )


def _estimate(dispute: Stored, language: Language, now: datetime) -> EstimateView | None:
    told = dispute.snapshot and dispute.snapshot.estimate
    if not told:
        return None
    return EstimateView(text=waits.of_estimate(told, now, language), **dict(told))


def _decision(decision: DecisionMade | None) -> DecisionMade | None:
    """How it was decided; that it was decided by a hold of the law is told to operators alone."""
    if decision is None or _BY_LAW not in (decision.rule, decision.reason):
        return decision
    return decision.model_copy(update={"rule": None, "reason": Status.REFERRED.value})


def _received(dispute: Stored, language: Language) -> StepView:
    """The acceptance: known here before any status."""
    opening = dispute.opening
    received = Step(code="received", at=opening.opened_at, actor=opening.opened_by)
    return _step(0, received, language)


def _is_of_keys(dispute: Stored) -> bool:
    """Whether the tracker reads a chain for it, and asks no bank."""
    return dispute.snapshot is not None and dispute.snapshot.detail.get("custody") == "self"


def _status_text(dispute: Stored, language: Language) -> str:
    snapshot, kind = dispute.snapshot, dispute.opening.kind
    if snapshot is None or not _is_of_keys(dispute):
        return words.of_status(dispute.status, kind, language)
    rule = snapshot.decision.rule if snapshot.decision else None
    return words.of_status_of_keys(dispute.status, kind, rule, language)


def _step(version: int, step: Step, language: Language, *, of_keys: bool = False) -> StepView:
    told = words.of_step_of_keys if of_keys else words.of_step
    return StepView(
        version=version,
        code=words.shown_step(step.code),
        text=told(step.code, language),
        at=step.at,
        actor=step.actor,
        params=step.params,
    )


def _option(option: Option, language: Language) -> OptionView:
    why_not = option.why_not and Obstacle(
        code=option.why_not, text=words.of_obstacle(option.why_not, language)
    )
    return OptionView(
        kind=option.kind,
        kind_text=words.of(words.KINDS[option.kind], language),
        possible=option.possible,
        until=option.until,
        note=option.note,
        why_not=why_not or None,
        reference=option.reference,
    )


def _every_language(pair: tuple[str, str]) -> dict[str, str]:
    return {language.value: words.of(pair, language) for language in Language}
