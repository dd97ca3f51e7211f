"""All that an outside call needs, so that whoever makes it reads nothing else."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from services.tracker.domain import standing
from services.tracker.domain.composition import NOTHING, Composition, DoesNotFit, compose
from services.tracker.domain.dispute import Dispute, claimed_minor
from services.tracker.domain.effects import Call, answer_rule
from services.tracker.domain.guards import merchant_of
from services.tracker.domain.states import Credit, Leg
from shared.contracts.vocabulary import Kind
from shared.rules import Profile

Payload = dict[str, Any]
_Make = Callable[[Dispute, Call, datetime, Profile], Payload]


def payload(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    """The body of a task: its key, what it is about, and what its kind needs besides."""
    about = {"key": key(dispute, call), "transaction_id": dispute.claim.transaction_id}
    common = _COMMON[call.party](dispute, call, now, rules)
    more = _OF_KIND.get(call.kind)
    return about | common | (more(dispute, call, now, rules) if more else {})


def key(dispute: Dispute, call: Call) -> str:
    """`dispute:leg:n`, the same on every retry.

    An account's are `claim:leg:n`: the disputes of one theft share one hold and one check. Goods
    are a return to the merchant, and a credit's reversal is a posting of its own.
    """
    if call.party == "accounts":
        return f"{dispute.claim.claim_id}:{call.leg.value}:{call.n}"
    leg = _LEG_IN_KEY.get(call.kind, call.leg.value)
    n = dispute.facts.trace_n if call.kind == "return_query" else call.n
    return f"{dispute.claim.dispute_id}:{leg}:{n}"


_LEG_IN_KEY: Final = {
    "return_query": Leg.TRACE.value,
    "credit_reversal": "creditreversal",
    "goods": "return",
}


def _nothing(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    del dispute, call, now, rules
    return {}


def _merchant(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    del call, now, rules
    return {"merchant_id": merchant_of(dispute), "reference": dispute.claim.reference}


def _account(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    del call, now, rules
    return {"claim_id": dispute.claim.claim_id, "customer_id": dispute.claim.customer_id}


_COMMON: Final[dict[str, _Make]] = {
    "bank": _nothing,
    "merchant": _merchant,
    "accounts": _account,
}


def _money(dispute: Dispute, amount_minor: int | None) -> Payload:
    currency = dispute.facts.currency or dispute.claim.currency
    return {"amount_minor": str(amount_minor or 0), "currency": currency}


def _records(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    del call, now, rules
    claim = dispute.claim
    claimed = claim.requested_minor
    return {
        "kind": claim.kind,
        "customer_id": claim.customer_id,
        "claimed_minor": None if claimed is None else str(claimed),
    }


def _refund(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    del now
    facts = dispute.facts
    attempt = facts.attempt(call.n)
    wanted = _money(dispute, attempt.amount_minor) | {"payer": attempt.payer}
    if standing.may_be_charged_back(dispute) or standing.is_beyond_room(dispute):
        wanted["unless_charged_back"] = True
    if attempt.account_id:
        wanted["destination_account"] = attempt.account_id
    parts = _composition(dispute, call.n)
    if parts:
        wanted["composition"] = {name: str(getattr(parts, name)) for name in Composition.__slots__}
    cash = parts.cash_minor if parts else attempt.amount_minor
    if settled := min(cash, _advanced_minor(dispute)):
        wanted["settles_advance_minor"] = str(settled)
    first = facts.refund_first_sent_at
    if first and facts.refund_last_sent_at != first:  # it may have left before
        wanted["not_after"] = (first + rules.delay("refund_key_lifetime")).isoformat()
    return wanted


def _composition(dispute: Dispute, n: int) -> Composition | None:
    """Of attempt `n`; None where it is all cash and takes nothing back."""
    facts = dispute.facts
    if not facts.captured_minor or not (facts.tender or facts.clawback_minor):
        return None
    paid_with = (facts.tender, facts.clawback_minor, facts.captured_minor)
    try:
        before = NOTHING
        for amount in _before(dispute, n):
            before += compose(amount, *paid_with, before)
        return compose(facts.attempt(n).amount_minor, *paid_with, before)
    except DoesNotFit:
        return None


def _before(dispute: Dispute, n: int) -> list[int]:
    """What had been given back when attempt `n` was ordered.

    That an earlier one bounces meanwhile changes nothing: under the same key the bank is asked
    for the same. The attempts that are credited now are those of then if they sum to it.
    """
    facts = dispute.facts
    then = max(0, (facts.approved_minor or 0) - facts.attempt(n).amount_minor)
    now = [facts.attempt(k).amount_minor for k in sorted(facts.credited_attempts) if k < n]
    return now if sum(now) == then else [then]


def _advanced_minor(dispute: Dispute) -> int:
    """What the wallet has credited for the time being: a refund pays that back first."""
    stands = dispute.legs.credit in (Credit.STANDING, Credit.NOTICED, Credit.UNRECOVERED)
    return standing.credit_left_minor(dispute) if stands else 0


def _recall(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    del call, now, rules
    return _money(dispute, dispute.facts.recall_minor) | {"reason": dispute.claim.reason}


def _chargeback(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    del call, now, rules
    return _money(dispute, dispute.facts.chargeback_minor) | {"reason": dispute.claim.reason}


def _chargeback_query(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    """One that did not come from here has no key of ours: it stands in the transaction."""
    del call, now, rules
    return {"outside": dispute.facts.chargeback_outside}


def _posting(amount_minor: Callable[[Dispute], int | None], *, to_payer: bool = False) -> _Make:
    """To whoever claimed; or, in place of the money, to whoever had paid (domain rule 15)."""

    def make(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
        del call, now, rules
        payer = dispute.facts.paid_by if to_payer else None
        customer = {"customer_id": payer or dispute.claim.customer_id}
        return _money(dispute, amount_minor(dispute)) | customer

    return make


def _consent(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    del call
    claim, facts = dispute.claim, dispute.facts
    return {
        "amount_minor": str(claimed_minor(dispute)),
        "currency": claim.currency or facts.currency,
        "kind": claim.kind,
        "reason": claim.reason,
        "answer_by": rules.due(answer_rule(dispute), now).isoformat(),
    }


def _reminder(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    """The request once more; its date counts from when the merchant had it."""
    asked = dispute.facts.consent_delivered_at or now
    return _consent(dispute, call, asked, rules) | {"reminder": True}


def _goods(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    del call, now, rules
    return {"tracking": dispute.facts.tracking}


def _evidence(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    del dispute, call
    return {"answer_by": rules.due("evidence_due", now).isoformat()}


def _hold(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    """Outgoing only, and it ends by itself unless the theft is proven before."""
    del dispute, call
    return {"expires_at": rules.due("hold_length", now).isoformat()}


def _identity(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    del dispute, call
    return {"expires_at": rules.due("identity_due", now).isoformat()}


def _reset(dispute: Dispute, call: Call, now: datetime, rules: Profile) -> Payload:
    """After a theft no device is trusted any more."""
    del call, now, rules
    lost = dispute.claim.kind is Kind.ACCESS_LOST
    return {"scope": "credentials" if lost else "credentials_and_devices"}


_OF_KIND: Final[dict[str, _Make]] = {
    "records": _records,
    "refund": _refund,
    "recall": _recall,
    "chargeback": _chargeback,
    "chargeback_query": _chargeback_query,
    "credit": _posting(lambda d: d.facts.credit_minor, to_payer=True),
    "credit_reversal": _posting(standing.credit_left_minor, to_payer=True),
    "correction": _posting(lambda d: d.facts.correction_minor),
    "compensation": _posting(lambda d: d.facts.compensation_minor),
    "consent": _consent,
    "reminder": _reminder,
    "goods": _goods,
    "evidence": _evidence,
    "hold": _hold,
    "identity": _identity,
    "reset": _reset,
}
