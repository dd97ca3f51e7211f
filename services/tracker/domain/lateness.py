"""What a rule gives for each day that money comes back late. Pure."""

from datetime import datetime, timedelta
from typing import Final

from services.tracker.domain.dispute import Dispute
from services.tracker.domain.records import replace
from services.tracker.domain.states import Refund, Reversal, Trace
from shared.contracts.vocabulary import TransactionKind, TransactionState
from shared.rules import Profile

REASON: Final = "late_return"  # of a compensation that nobody had to order


def reversal_rule(dispute: Dispute) -> str:
    """By which rule money that failed to arrive comes back: people or merchants."""
    transfer = dispute.facts.transaction_kind is TransactionKind.TRANSFER
    return "reversal_due_transfer" if transfer else "reversal_due"


def reversal_start(dispute: Dispute, now: datetime, rules: Profile) -> datetime:
    """From when on money that comes back by itself has time; by statute from the transaction."""
    rule, occurred = rules.rules[reversal_rule(dispute)], dispute.claim.occurred_at
    return occurred if occurred and rule.starts == "transaction" else now


def owed_minor(dispute: Dispute, rules: Profile) -> int:
    """Minor units for the days after the rule's date, once the money is there; 0 where none is."""
    rule, currency = reversal_rule(dispute), dispute.facts.currency
    late, occurred = rules.late.get(rule), dispute.claim.occurred_at
    awaited, back = dispute.facts.reversal_awaited_at, dispute.facts.money_back_at
    if late is None or currency is None or occurred is None or not _is_back(dispute):
        return 0
    if awaited is None or back is None or awaited >= back or not _failed(dispute):
        return 0  # nobody knows when it came back: perhaps in time
    row, due = rules.rules[rule], rules.due(rule, occurred)
    last = rules.day_of(row, due - timedelta(microseconds=1))
    return max(0, (rules.day_of(row, back) - last).days) * late.per_day.get(currency, 0)


def was_ordered(dispute: Dispute) -> bool:
    """Once is enough, however the order ended; older code kept no more than its reason."""
    facts = dispute.facts
    return facts.lateness_minor > 0 or facts.compensation_reason == REASON


def noted(dispute: Dispute, now: datetime, rules: Profile) -> Dispute:
    """With the moments that lateness is counted by, where a rule pays for it."""
    facts = dispute.facts
    if not rules.late or dispute.legs.reversal is Reversal.NONE:
        return dispute
    if _is_back(dispute):
        facts = replace(facts, money_back_at=facts.money_back_at or now)
    else:
        awaited = facts.reversal_awaited_at or now
        back = facts.money_back_at if was_ordered(dispute) else None  # it went away again
        facts = replace(facts, reversal_awaited_at=awaited, money_back_at=back)
    return replace(dispute, facts=facts)


def _failed(dispute: Dispute) -> bool:
    """The payment took the money and went nowhere, or the transfer was rejected."""
    debited = dispute.facts.transaction_state is TransactionState.DEBITED_NOT_CAPTURED
    return debited or dispute.legs.trace is Trace.REJECTED


def _is_back(dispute: Dispute) -> bool:
    """It came back by itself, or somebody paid it because it did not."""
    legs = dispute.legs
    paid_instead = legs.reversal is Reversal.OVERDUE and legs.refund is Refund.CREDITED
    return paid_instead or (
        legs.reversal is Reversal.CREDITED and not dispute.facts.reversal_shared
    )
