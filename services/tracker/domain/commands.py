"""What people may ask of a dispute now, and why not: one list for reads and for refusals."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.tracker.domain import lateness, standing
from services.tracker.domain.dispute import Dispute, MoneyView
from services.tracker.domain.guards import Scene, merchant_of, needs_transaction
from services.tracker.domain.states import (
    Appeal,
    Arbitration,
    Chargeback,
    Compensation,
    Consent,
    Correction,
    Credit,
    Destination,
    Goods,
    Identity,
    Legal,
    Recall,
    Refund,
    Reversal,
    Verdict,
)
from services.tracker.domain.tables import LEG_OF, TABLES
from services.tracker.domain.triggers import ArbitratorDecision, Grant, T, Trigger, Wish
from shared.contracts.vocabulary import Action, Kind, Payer, Remedy, Status

OF_ACTION: Final = {
    Action.WITHDRAW: T.WITHDRAWN,
    Action.REQUEST_MERCHANT_CONSENT: T.LATE_CONSENT_REQUESTED,
    Action.APPEAL: T.APPEALED,
    Action.GIVE_DETAILS: T.DETAILS_GIVEN,
    Action.ACCEPT_OFFER: T.OFFER_ACCEPTED,
    Action.REFUSE_OFFER: T.OFFER_REFUSED,
    Action.SHIP_RETURN: T.GOODS_SHIPPED,
    Action.SEND_EVIDENCE: T.CUSTOMER_SENT_EVIDENCE,
    Action.CHOOSE_ACCOUNT: T.ACCOUNT_CHOSEN,
}
_ACTION_OF: Final = {trigger: action for action, trigger in OF_ACTION.items()}

OPS: Final = {
    "decide": T.ARBITRATOR_DECIDED,
    "confirm_decision": T.DECISION_CONFIRMED,
    "reject_decision": T.DECISION_REJECTED,
    "declare_refund_failed": T.REFUND_DECLARED_FAILED,
    "confirm_account": T.ACCOUNT_CONFIRMED,
    "reject_account": T.ACCOUNT_REJECTED,
    "file_chargeback": T.CHARGEBACK_ORDERED,
    "file_pre_arbitration": T.PRE_ARBITRATION_ORDERED,
    "file_network_arbitration": T.NETWORK_ARBITRATION_ORDERED,
    "accept_representment": T.REPRESENTMENT_ACCEPTED,
    "withdraw_chargeback": T.WITHDRAWAL_ORDERED,
    "grant_credit": T.CREDIT_ORDERED,
    "compensate": T.COMPENSATION_ORDERED,
    "accept_documents": T.DOCUMENTS_ACCEPTED,
    "reject_documents": T.DOCUMENTS_REJECTED,
    "place_legal_hold": T.LEGAL_HOLD_PLACED,
    "lift_legal_hold": T.LEGAL_HOLD_LIFTED,
    "reopen": T.CASE_REOPENED,
    "answer_complaint": T.COMPLAINT_ANSWERED,
}
_OPS_OF: Final = {trigger: name for name, trigger in OPS.items()}
COMMANDS: Final = frozenset({*_ACTION_OF, *_OPS_OF})
"""What people ask; the rest is news."""

_NOT_APPEALABLE: Final = (
    Status.WITHDRAWN,
    Status.DUPLICATE,
    Status.ACCESS_RESTORED,
    Status.ACCOUNT_SECURED,
)
_MONEY_ENDS: Final = (
    Status.CREDITED,
    Status.RETURNED,
    Status.REVERSED,
    Status.RECALLED,
    Status.CHARGED_BACK,
)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a command does not count; `is_invalid` where the command itself lacks something."""

    reason: str
    field: str = ""
    is_invalid: bool = False


def refusal(scene: Scene, trigger: Trigger) -> Refused | None:
    """None for what may go on to the tables, and for what is no command."""
    dispute = scene.dispute
    action = _ACTION_OF.get(trigger.name)
    if action and action not in actions(dispute, scene.now):
        return Refused(_possible(dispute, scene.now))
    if trigger.name in _OPS_OF and not _ops_may(dispute, trigger.name):
        return Refused(_possible(dispute, scene.now))
    check = _CHECKS.get(trigger.name)
    return check(scene, trigger) if check else None


def actions(dispute: Dispute, now: datetime) -> list[Action]:
    """What the customer may ask now."""
    if standing.has_ended(dispute):
        return _actions_at_the_end(dispute, now)
    return [action for action, may in _WHILE_OPEN.items() if may(dispute)]


def ops_commands(dispute: Dispute) -> list[str]:
    """What operators may order now."""
    return [name for name, trigger in OPS.items() if _ops_may(dispute, trigger)]


def may_be_appealed(dispute: Dispute) -> bool:
    """Every end has one appeal, where there is anything left to ask for."""
    end = standing.end(dispute)
    if end is None or end in _NOT_APPEALABLE or dispute.legs.appeal is not Appeal.NONE:
        return False
    return end not in _MONEY_ENDS or not standing.recovered_all(dispute)


def _actions_at_the_end(dispute: Dispute, now: datetime) -> list[Action]:
    facts, possible = dispute.facts, []
    late = facts.decision_rule == "outside_window" and not facts.late_consent
    declined = standing.end(dispute) is Status.DECLINED and dispute.legs.refund is Refund.NONE
    if declined and late and merchant_of(dispute):
        possible.append(Action.REQUEST_MERCHANT_CONSENT)
    if facts.appeal_until and now < facts.appeal_until and may_be_appealed(dispute):
        possible.append(Action.APPEAL)
    return possible


def _is_idle(dispute: Dispute) -> bool:
    """No money is under way, and no law holds the case."""
    legs = dispute.legs
    return (
        legs.refund is Refund.NONE
        and legs.reversal in (Reversal.NONE, Reversal.ABSENT)
        and legs.recall in (Recall.NONE, Recall.REFUSED)
        and legs.chargeback in (Chargeback.NONE, Chargeback.LOST, Chargeback.WITHDRAWN)
        and legs.credit in (Credit.NONE, Credit.REFUSED, Credit.REVERSED)
        and legs.correction in (Correction.NONE, Correction.REFUSED)
        and legs.compensation is not Compensation.ORDERED
        and legs.legal is not Legal.HELD
        and legs.verdict is Verdict.NONE
    )


def _lacks_transaction(dispute: Dispute) -> bool:
    lacks = dispute.claim.transaction_id is None
    return lacks and needs_transaction(dispute.claim.kind) and dispute.legs.verdict is Verdict.NONE


def _may_answer_offer(dispute: Dispute) -> bool:
    return dispute.legs.consent is Consent.OFFERED and dispute.legs.refund is Refund.NONE


def _may_send_evidence(dispute: Dispute) -> bool:
    sent = "customer" in dispute.facts.evidence_of
    return dispute.legs.arbitration is Arbitration.GATHERING and not sent


_WHILE_OPEN: Final[dict[Action, Callable[[Dispute], bool]]] = {
    Action.WITHDRAW: _is_idle,
    Action.GIVE_DETAILS: _lacks_transaction,
    Action.ACCEPT_OFFER: _may_answer_offer,
    Action.REFUSE_OFFER: _may_answer_offer,
    Action.SHIP_RETURN: lambda d: d.legs.goods is Goods.AWAITED,
    Action.SEND_EVIDENCE: _may_send_evidence,
    Action.CHOOSE_ACCOUNT: lambda d: d.legs.destination in (Destination.ASKED, Destination.CHOSEN),
}


# The rest orders money, or somebody who could move it or hold an account.
_OF_KEYS: Final = frozenset(
    {
        T.ARBITRATOR_DECIDED,
        T.LEGAL_HOLD_PLACED,
        T.LEGAL_HOLD_LIFTED,
        T.CASE_REOPENED,
        T.COMPLAINT_ANSWERED,
    }
)


def _ops_may(dispute: Dispute, trigger: T) -> bool:
    leg = LEG_OF[trigger]
    if dispute.facts.self_custody and trigger not in _OF_KEYS:
        return False
    if (dispute.legs.of(leg), trigger) not in TABLES[leg]:
        return False
    if trigger is T.CASE_REOPENED:
        return _may_be_reopened(dispute)
    if standing.has_ended(dispute):
        return False
    more = _OPS_MORE.get(trigger)
    return more is None or more(dispute)


def _may_be_reopened(dispute: Dispute) -> bool:
    """Sealed after its appeal, or at an end whose appeal was let go by (domain rule 20)."""
    return standing.has_ended(dispute)


def _may_file(dispute: Dispute) -> bool:
    legs, facts = dispute.legs, dispute.facts
    known = facts.captured_minor is not None and facts.funding == "card"
    return known and legs.refund is Refund.NONE and legs.verdict is Verdict.NONE


def may_credit(dispute: Dispute) -> bool:
    """Whether the customer may still be credited for the time being."""
    legs = dispute.legs
    known = dispute.facts.captured_minor is not None and legs.legal is not Legal.HELD
    free = legs.refund is Refund.NONE and legs.credit is Credit.NONE
    return known and free and legs.verdict is Verdict.NONE


def _may_prove(dispute: Dispute) -> bool:
    """Rejected documents are looked at again on appeal only."""
    appealing = dispute.legs.appeal in (Appeal.LODGED, Appeal.REOPENED)
    return dispute.legs.identity is not Identity.REJECTED or appealing


_OPS_MORE: Final[dict[T, Callable[[Dispute], bool]]] = {
    T.DOCUMENTS_ACCEPTED: _may_prove,
    T.CHARGEBACK_ORDERED: _may_file,
    T.CREDIT_ORDERED: may_credit,
    T.COMPENSATION_ORDERED: lambda d: d.legs.legal is not Legal.HELD,
    T.WITHDRAWAL_ORDERED: lambda d: not d.facts.chargeback_outside,
    T.REPRESENTMENT_ACCEPTED: lambda d: not d.facts.chargeback_outside,
    T.PRE_ARBITRATION_ORDERED: lambda d: not d.facts.chargeback_outside,
    T.NETWORK_ARBITRATION_ORDERED: lambda d: not d.facts.chargeback_outside,
}


def _possible(dispute: Dispute, now: datetime) -> str:
    possible = ", ".join([*actions(dispute, now), *ops_commands(dispute)]) or "nothing"
    end = standing.end(dispute)
    stands = f"the dispute ended as {end}" if end else "the dispute is open"
    return f"{stands}; possible now: {possible}"


def _invalid(field: str, reason: str) -> Refused:
    return Refused(reason, field, is_invalid=True)


def _check_decision(scene: Scene, trigger: Trigger) -> Refused | None:
    """What a decision lacks; each names the field."""
    decision = trigger.payload
    if not isinstance(decision, ArbitratorDecision):
        raise TypeError("a decision is needed")
    if again := _again(scene.dispute, decision.decided_by):
        return again
    if decision.remedy is Remedy.NONE:
        return None
    if scene.facts.self_custody:
        no = "nothing can be paid or taken back where the keys are the customer's"
        return Refused(f"{no}; possible now: remedy none", "remedy")
    if decision.remedy is Remedy.CORRECTION:
        return _check_correction(scene.dispute, decision)
    if no := _no_grant(scene, decision.remedy):
        return Refused(f"{no}; possible now: remedy none", "remedy")
    return _check_grant(scene, decision)


def _check_grant(scene: Scene, decision: ArbitratorDecision) -> Refused | None:
    """Who pays how much, and whom the goods go back to."""
    has_merchant = merchant_of(scene.dispute) is not None
    if decision.remedy is Remedy.RETURN_THEN_REFUND and not has_merchant:
        return _invalid("remedy", "this transaction has no merchant to send goods back to")
    if decision.payer is None:
        return _invalid("payer", "an approval names who pays")
    if decision.amount_minor is None or decision.amount_minor <= 0:
        return _invalid("amount", "an approval names an amount above zero")
    left = _left_to_grant(scene.dispute, scene.money)
    if decision.amount_minor > left:
        return _invalid("amount", f"at most {left} minor units are left to refund")
    if decision.payer is Payer.MERCHANT and not has_merchant:
        return _invalid("payer", "this transaction has no merchant")
    return None


def _again(dispute: Dispute, by: str) -> Refused | None:
    """An appeal goes to somebody else, and so does a case that was reopened: on every try."""
    facts = dispute.facts
    appealed = facts.appeal_heard or dispute.legs.appeal in (Appeal.LODGED, Appeal.REOPENED)
    before = facts.deciders if facts.appealed_from is None else facts.appealed_from
    if appealed and by in before:
        return _invalid("decided_by", "an appeal is decided by somebody else")
    return None


def _check_correction(dispute: Dispute, decision: ArbitratorDecision) -> Refused | None:
    if dispute.claim.kind is not Kind.BALANCE_ANOMALY:
        return _invalid("remedy", "only the wallet's own books are corrected (balance_anomaly)")
    if dispute.facts.currency is None:
        return Refused("the currency is not known before the records are compared", "remedy")
    if dispute.legs.correction is Correction.POSTED:
        return _invalid("remedy", "the books were corrected before")
    if decision.amount_minor is None or decision.amount_minor <= 0:
        return _invalid("amount", "a correction names an amount above zero")
    if decision.payer is not Payer.WALLET_ADVANCE:
        return _invalid("payer", "the wallet pays for its own error: wallet_advance")
    return None


def _left_to_grant(dispute: Dispute, money: MoneyView) -> int:
    facts = dispute.facts
    bounced = dispute.legs.refund is Refund.BOUNCED  # granted before, and still to be paid
    granted = (facts.approved_minor or 0) if bounced else facts.credited_minor
    return max(0, money.grantable(dispute) - granted)


def _no_grant(scene: Scene, remedy: Remedy) -> str:
    """Why no approval is possible now, whatever its amount."""
    dispute = scene.dispute
    if dispute.facts.captured_minor is None:
        return "the bank has not confirmed the transaction, so nothing is paid for it"
    if remedy is Remedy.RETURN_THEN_REFUND and dispute.legs.goods is not Goods.NONE:
        return "the goods were asked back before"
    if remedy is Remedy.RETURN_THEN_REFUND and dispute.legs.refund is not Refund.NONE:
        return "a refund has been ordered before"
    if _left_to_grant(dispute, scene.money) > 0:
        return ""
    for may_come, why in _MAY_COME.items():
        if may_come(dispute):
            return why
    return "nothing of this transaction is left to refund"


_MAY_COME: Final[dict[Callable[[Dispute], bool], str]] = {
    lambda d: d.legs.reversal in (Reversal.WATCHED, Reversal.OVERDUE): (
        "a reversal may still bring the money back, until the bank says that it will not"
    ),
    lambda d: d.legs.recall in (Recall.ASKED, Recall.AGREED, Recall.OVERDUE): (
        "a recall may still bring the money back, until the bank says that it will not"
    ),
    lambda d: d.legs.chargeback in standing.LIVE_CHARGEBACKS: (
        "a chargeback may still bring the money back: withdraw it first, or wait for the network"
    ),
}


def _check_second(scene: Scene, trigger: Trigger) -> Refused | None:
    """The second person is another one, on every try."""
    proposal, wish = scene.dispute.facts.proposal, trigger.payload
    if proposal is None or not isinstance(wish, Wish):
        return None
    if wish.requested_by == proposal.decided_by and trigger.name is T.DECISION_CONFIRMED:
        return _invalid("confirmed_by", "a second person confirms, not the one who decided")
    if no := _again(scene.dispute, wish.requested_by):
        return no
    confirms = trigger.name is T.DECISION_CONFIRMED and proposal.remedy is not Remedy.NONE
    if not confirms or proposal.remedy is Remedy.CORRECTION:
        return None
    left = _left_to_grant(scene.dispute, scene.money)
    if (proposal.amount_minor or 0) > left:
        return Refused(f"only {left} minor units are left by now: reject it, and decide again")
    return None


def _check_account(scene: Scene, trigger: Trigger) -> Refused | None:
    """Two people confirm an account that was not paid from (domain rule 13)."""
    wish = trigger.payload
    by = wish.requested_by if isinstance(wish, Wish) else ""
    if by in scene.dispute.facts.account_checked_by:
        return _invalid("confirmed_by", "a second person confirms, not the first one again")
    return None


def _check_offer(scene: Scene, trigger: Trigger) -> Refused | None:
    """Who takes an offer takes the one that they saw."""
    wish, offered = trigger.payload, scene.facts.offer_minor
    taken = wish.amount_minor if isinstance(wish, Wish) else None
    if taken not in (None, offered):
        return Refused(f"the merchant offers {offered} minor units by now", "amount")
    return None


def _check_credit(scene: Scene, trigger: Trigger) -> Refused | None:
    """Within the capture; nothing else is being paid."""
    dispute, grant = scene.dispute, trigger.payload
    if not may_credit(dispute):
        return Refused("nothing is to be credited for the time being any more")
    left = scene.money.left(dispute)
    amount = grant.amount_minor if isinstance(grant, Grant) else min(scene.wanted_minor, left)
    if amount <= 0:
        return _invalid("amount", "a credit is above zero; nothing is left of this transaction")
    if amount > left:
        return _invalid("amount", f"at most {left} minor units are left of this transaction")
    if standing.settled_minor(dispute):
        return Refused("a part of the money has come back; the rest is a person's decision")
    asked = (dispute.facts.credit_asked_by, dispute.facts.credit_asked_minor)
    if isinstance(grant, Grant) and asked == (grant.requested_by, amount):
        return _invalid("confirmed_by", "a second person orders the same credit, not the first")
    return None


def _check_compensation(scene: Scene, trigger: Trigger) -> Refused | None:
    """Capped by the profile, in an account of its own; what a rule gives is given whole."""
    grant, owed = trigger.payload, _unpaid_lateness_minor(scene)
    ours = scene.rules.compensation_cap(scene.dispute.facts.currency or "")
    cap = owed + max(0, ours - scene.facts.compensated_minor)
    amount = grant.amount_minor if isinstance(grant, Grant) else 0
    if isinstance(grant, Grant) and grant.reason == lateness.REASON:
        return _invalid("reason", f"{lateness.REASON} is what a rule orders; give another reason")
    if scene.dispute.facts.currency is None:
        return Refused("the currency is not known yet")
    if not 0 < amount <= cap:
        return _invalid("amount", f"a compensation is above zero and at most {cap} minor units")
    if amount < owed:
        return _invalid("amount", f"the rule gives {owed} minor units for the late days: all of it")
    return None


def _unpaid_lateness_minor(scene: Scene) -> int:
    unpaid = standing.lateness_is_unpaid(scene.dispute)
    return scene.dispute.facts.lateness_minor if unpaid else 0


def _check_chargeback(scene: Scene, trigger: Trigger) -> Refused | None:
    del trigger
    until = scene.dispute.facts.chargeback_until
    if until is not None and scene.now >= until:
        return Refused("the card network's window has closed")
    if scene.money.claimable(scene.dispute, scene.wanted_minor) <= 0:
        return Refused("nothing of this transaction is left to charge back")
    return None


def _check_known(scene: Scene, trigger: Trigger) -> Refused | None:
    """Before the bank has told of the transaction, its answer will hold this too."""
    del trigger
    if scene.facts.captured_minor is None:
        return Refused("the bank's answer about the transaction will tell")
    return None


def _check_answerer(scene: Scene, trigger: Trigger) -> Refused | None:
    by = getattr(trigger.payload, "requested_by", "")
    return _again(scene.dispute, by)


_CHECKS: Final[dict[T, Callable[[Scene, Trigger], Refused | None]]] = {
    T.ARBITRATOR_DECIDED: _check_decision,
    T.DECISION_CONFIRMED: _check_second,
    T.DECISION_REJECTED: _check_second,
    T.ACCOUNT_CONFIRMED: _check_account,
    T.OFFER_ACCEPTED: _check_offer,
    T.DOCUMENTS_ACCEPTED: _check_answerer,
    T.CREDIT_ORDERED: _check_credit,
    T.CREDIT_DUE: _check_credit,
    T.COMPENSATION_ORDERED: _check_compensation,
    T.CHARGEBACK_ORDERED: _check_chargeback,
    T.CHARGEBACK_WINDOW: _check_chargeback,
    T.CHARGEBACK_APPEARED: _check_known,
    T.REVERSAL_CREDITED: _check_known,
    T.COMPLAINT_ANSWERED: _check_answerer,
}
