"""A dispute as the search sees it: opened, and without what no decision reads."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.tracker.domain.dispute import Attempt, Claim, Dispute, Facts
from services.tracker.domain.records import replace
from services.tracker.domain.states import Arbitration
from shared.contracts.vocabulary import WITHOUT_TRANSACTION, Payer
from tests.model.scope import PLAIN_MERCHANT, Scope
from tests.model.world import TRANSFERS

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_BEFORE_THE_WINDOW: Final = timedelta(days=3)  # the profile's is a day

_BLANK: Final[dict[str, Any]] = {
    "expected_at": None,
    "delivered_at": None,
    "missed_at": None,
    "late_since": None,
    "reversal_awaited_at": None,
    "money_back_at": None,
    "promised_at": NOW + timedelta(days=1),
    "promise_rule": "p",
    "promise_from": None,
    "promise_near": False,
    "promises_missed": 0,
    "escalations": 0,
    "reminders": 0,
    "fault": None,
    "decision_reason": None,
    "decided_by": None,
    "confirmed_by": None,
    "loss_bearer": None,
    "rate_bearer": None,
    "merchant_reason": None,
    "reject_reason": None,
    "cause": None,
    "deciders": (),
    "appealed_from": None,
    "transaction_kind": None,
    "payer": Payer.WALLET_ADVANCE,
    "reset_n": 1,
    "trace_n": 1,
}
_KEPT_RULES: Final = ("outside_window", "identity_not_verified")
_KEPT_CAUSES: Final = (None, "bank_silent", "node_silent", "no_transaction")


def opened(scope: Scope) -> Dispute:
    """Before anything was done."""
    kind = scope.kind
    none = kind in TRANSFERS and scope.merchant == PLAIN_MERCHANT  # unless the scope is about one
    has = scope.has_transaction and kind not in WITHOUT_TRANSACTION
    claim = Claim(
        dispute_id=UUID(int=1),
        claim_id=UUID(int=2),
        reference="402188530174",
        kind=kind,
        reason="other",
        customer_id="c-1",
        merchant_id=None if none else scope.merchant,
        transaction_id="t-1" if has else None,
        requested_minor=scope.requested_minor,
        currency="CNY" if scope.requested_minor is not None else None,
        refundable_until=None,
        occurred_at=NOW - (_BEFORE_THE_WINDOW if scope.is_late else timedelta(hours=1)),
        profile="test",
        profile_version=1,
        calendar="CN",
        calendar_version="test",
        opened_at=NOW,
        first_promised_at=NOW + timedelta(days=1),
        first_promise_rule=f"promise_{kind}",
    )
    return Dispute(claim, facts=Facts())


def plain(dispute: Dispute) -> Dispute:
    """The same without what no decision reads."""
    facts = dispute.facts
    changes: dict[str, Any] = {
        name: value for name, value in _BLANK.items() if getattr(facts, name) != value
    }
    for name in ("transaction_kind",):
        changes.pop(name, None)
    for name in ("reset_n", "trace_n"):
        if getattr(facts, name) == 0:
            changes.pop(name, None)
    if facts.payer is None:
        changes.pop("payer", None)
    if facts.decision_rule not in _KEPT_RULES:
        changes["decision_rule"] = "r" if facts.decision_rule else None
    for name in ("refund_first_sent_at", "refund_last_sent_at", "consent_delivered_at"):
        if getattr(facts, name) is not None:
            changes[name] = NOW
    if facts.appeal_until is not None:
        changes["appeal_until"] = NOW + timedelta(days=1)
    if facts.promised_at is None:
        changes.pop("promised_at", None)
        changes.pop("promise_rule", None)
    changes |= _decided(dispute)
    changes["arbitration_n"] = min(facts.arbitration_n, 1)
    changes["complaint_n"] = min(facts.complaint_n, 2)
    changes["attempts"] = tuple(_attempt(a) for a in facts.attempts)
    return replace(dispute, facts=replace(facts, **changes))


def _decided(dispute: Dispute) -> dict[str, Any]:
    """What is read of decisions: why one is asked for, and what it was until it is carried out."""
    facts, changes = dispute.facts, dict[str, Any]()
    if facts.arbitration_cause not in _KEPT_CAUSES:
        changes["arbitration_cause"] = "x"
    if facts.arbitration_cause is None:
        changes["remedy"] = None
    if facts.evidence_of and dispute.legs.arbitration is not Arbitration.GATHERING:
        changes["evidence_of"] = ("x",)
    return changes


def _attempt(attempt: Attempt) -> Attempt:
    return Attempt(attempt.amount_minor, attempt.payer and Payer.WALLET_ADVANCE)
