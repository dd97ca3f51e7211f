"""Which text a status calls for."""

from collections.abc import Callable
from typing import Final

from services.notifier.domain import facts
from services.notifier.domain.facts import detail_of
from services.notifier.domain.texts import Template
from shared.contracts.events import StatusChanged
from shared.contracts.vocabulary import Action, Actor, Kind, Payer, Remedy, Reopening, Status

_Choice = Template | Callable[[StatusChanged], Template | None]


def by_status(status: StatusChanged) -> Template | None:
    """The text of the stage or the end; None for one that says nothing by itself."""
    found = BY_STATUS.get(status.status)
    return found(status) if callable(found) else found


def pause(status: StatusChanged) -> Template | None:
    """The account was just paused: said at once, whatever else the status says."""
    if status.step.code != "hold_placed":
        return None
    verify = status.status is Status.VERIFYING_IDENTITY
    return Template.ACCOUNT_PAUSED_VERIFY if verify else Template.ACCOUNT_PAUSED


def beside(status: StatusChanged) -> Template | None:
    """What is said beside the stage, which goes on as it was: money, or that a date is near."""
    if status.step.code == "credit_posted" and status.provisional:
        return Template.PROVISIONAL
    if status.step.code == "dates_moved":
        return Template.DATE_MOVED
    if status.step.code == "promise_near" and status.next_actor is Actor.CUSTOMER:
        return Template.REMINDER
    compensated = status.step.code == "compensation_posted" and status.compensated
    return Template.COMPENSATED if compensated else None


SAME_STAGE: Final = {
    Template.ARBITRATION_REFUSED: Template.ARBITRATION,  # after the evidence
    Template.RECALLING: Template.RECALL_AGREED,
    Template.ACCOUNT_WANTED: Template.ACCOUNT_REFUSED,
}
"""The first is not said where the second, with the same facts, was said last: it says more."""


def _watched(status: StatusChanged) -> Template:
    """Of two charges the one too many goes back; it may never have been more than reserved."""
    twice = status.kind is Kind.DUPLICATE_CHARGE
    return Template.RELEASE_WATCHED if twice else Template.REVERSAL_WATCHED


def _recalling(status: StatusChanged) -> Template:
    agreed = status.step.code == "recall_agreed"
    return Template.RECALL_AGREED if agreed else Template.RECALLING


def _evidence(status: StatusChanged) -> Template | None:
    """Only while the customer's own is still awaited."""
    awaited = Action.SEND_EVIDENCE in status.actions
    return Template.EVIDENCE_WANTED if awaited else None


_AFTER_ASKING: Final = frozenset(
    {
        "offer_refused",
        "offer_due",
        "evidence_due",
        "customer_sent_evidence",
        "merchant_sent_evidence",
        "legal_hold_lifted",
    }
)
"""What the merchant said is known by then, and may have been an offer."""


def _arbitration(status: StatusChanged) -> Template:
    if _is_reopened(status):
        return Template.REOPENED
    if status.step.code in _AFTER_ASKING:
        return Template.ARBITRATION
    cause = detail_of(status, "arbitration_cause", "cause") or status.step.code
    if cause in ("merchant_refused", "refused"):
        return Template.ARBITRATION_REFUSED
    if cause in ("merchant_silent", "merchant_due"):
        return Template.ARBITRATION_SILENT
    return Template.ARBITRATION_APPEAL if cause == "appeal" else Template.ARBITRATION


def _complaint(status: StatusChanged) -> Template:
    return Template.REOPENED if _is_reopened(status) else Template.COMPLAINT_TAKEN


def _is_reopened(status: StatusChanged) -> bool:
    return status.detail.get("reopened_for") in tuple(Reopening)


_REVIEWS: Final = {
    "legal_hold_placed": Template.UNDER_REVIEW,
    "legal_due": Template.UNDER_REVIEW,
    "identity_failed": Template.IDENTITY_REVIEW,
    "identity_due": Template.IDENTITY_REVIEW,
    "documents_due": Template.IDENTITY_REVIEW,
}


def _review(status: StatusChanged) -> Template | None:
    """By what began it; that an account which the customer chose is being checked is no news."""
    if status.step.code == "compensation_refused" and status.detail.get("late_unpaid_minor"):
        return Template.LATE_MONEY
    return _REVIEWS.get(status.step.code)


def _approved(status: StatusChanged) -> Template | None:
    """Only a person's decision is told: a merchant's consent is followed by the refund itself.

    That the refund now goes to another account is no new decision.
    """
    decided = status.decision is not None and status.decision.fault is not None
    if status.decision is None or not decided or status.step.code == "account_confirmed":
        return None
    partial = status.decision.outcome is Remedy.PARTIAL_REFUND
    return Template.APPROVED_PARTIAL if partial else Template.APPROVED


def _sent(status: StatusChanged) -> Template | None:
    """Nothing where a credit for the time being has brought all of it: the refund settles that."""
    return None if facts.beside_credit(status) == 0 else Template.REFUND_SENT


def _bounced(status: StatusChanged) -> Template:
    if Action.CHOOSE_ACCOUNT not in status.actions:
        return Template.BOUNCED
    refused = status.step.code == "account_rejected"
    return Template.ACCOUNT_REFUSED if refused else Template.ACCOUNT_WANTED


def _credit_ending(status: StatusChanged) -> Template | None:
    """The notice that the law wants; a credit that was just given is no notice."""
    noticed = status.provisional is not None and status.step.code != "credit_posted"
    return Template.CREDIT_ENDING if noticed else None


def _credited(status: StatusChanged) -> Template:
    """Where nothing was refunded beside it, a credit given for the time being stays."""
    decision = status.decision
    stays = decision is not None and decision.payer is Payer.WALLET_ADVANCE
    final = (stays and status.approved is None) or facts.beside_credit(status) == 0
    return Template.CREDIT_FINAL if final else Template.CREDITED


def _unless_credited(template: Template) -> _Choice:
    """Money that only settles a credit for the time being is not told as arriving."""

    def choose(status: StatusChanged) -> Template:
        return Template.CREDIT_FINAL if facts.beside_credit(status) == 0 else template

    return choose


def _is_of_keys(status: StatusChanged) -> bool:
    """Of a wallet whose keys are its owner's: there is a chain, and no bank."""
    return status.detail.get("custody") == "self"


def _in_transit(status: StatusChanged) -> Template:
    return Template.IN_TRANSIT_ON_CHAIN if _is_of_keys(status) else Template.IN_TRANSIT


def _delivered(status: StatusChanged) -> Template:
    if _is_of_keys(status):
        return Template.DELIVERED_ON_CHAIN
    refund = status.kind is Kind.REFUND_NOT_RECEIVED
    return Template.REFUND_ARRIVED if refund else Template.DELIVERED


def _reversed(status: StatusChanged) -> Template:
    twice = status.kind is Kind.DUPLICATE_CHARGE
    return Template.RELEASED if twice else Template.REVERSED


_OF_KEYS: Final = {
    "irreversible_on_chain": Template.EXPLAINED_ON_CHAIN,
    "pending_on_chain": Template.EXPLAINED_PENDING,
    "reverted_on_chain": Template.EXPLAINED_REVERTED,
    "keys_are_yours": Template.EXPLAINED_KEYS,
    "keys_exposed": Template.EXPLAINED_EXPOSED,
}


def _explained(status: StatusChanged) -> Template:
    rule = status.decision.rule if status.decision else None
    if told := _OF_KEYS.get(rule or ""):
        return told
    if rule == "recall_refused":
        return Template.EXPLAINED_RECALL
    failed = rule == "no_money_moved" or (rule is None and status.kind is Kind.PAYMENT_FAILED)
    return Template.EXPLAINED if failed else Template.EXPLAINED_OTHER


def _declined(status: StatusChanged) -> Template:
    if _is_of_keys(status):
        return Template.DECLINED_OTHER
    if Action.REQUEST_MERCHANT_CONSENT in status.actions:
        return Template.DECLINED_OFFER
    about_money = status.kind not in (Kind.ACCESS_LOST, Kind.BALANCE_ANOMALY)
    stolen_money = status.kind is not Kind.UNAUTHORIZED or status.transaction_id is not None
    return Template.DECLINED if about_money and stolen_money else Template.DECLINED_OTHER


BY_STATUS: Final[dict[Status, _Choice]] = {
    Status.RECEIVED: Template.RECEIVED,
    Status.NEEDS_DETAILS: Template.DETAILS_WANTED,
    Status.IN_TRANSIT: _in_transit,
    Status.RETURNING: Template.RETURNING,
    Status.REVERSAL_WATCHED: _watched,
    Status.RECALLING: _recalling,
    Status.OFFER_MADE: Template.OFFER_MADE,
    Status.RETURN_AWAITED: Template.RETURN_AWAITED,
    Status.GATHERING_EVIDENCE: _evidence,
    Status.IN_ARBITRATION: _arbitration,
    Status.CHARGEBACK_FILED: Template.CHARGEBACK_FILED,
    Status.VERIFYING_IDENTITY: Template.IDENTITY_WANTED,
    Status.CREDIT_ENDING: _credit_ending,
    Status.UNDER_REVIEW: _review,
    Status.COMPLAINT_OPEN: _complaint,
    Status.REFUND_APPROVED: _approved,
    Status.REFUND_SENT: _sent,
    Status.REFUND_BOUNCED: _bounced,
    Status.REFUND_UNFUNDED: Template.UNFUNDED,
    Status.CREDITED: _credited,
    Status.DELIVERED: _delivered,
    Status.RETURNED: Template.RETURNED,
    Status.REVERSED: _reversed,
    Status.RECALLED: _unless_credited(Template.RECALLED),
    Status.CHARGED_BACK: _unless_credited(Template.CHARGED_BACK),
    Status.FULFILLED: Template.FULFILLED,
    Status.CORRECTED: Template.CORRECTED,
    Status.ACCESS_RESTORED: Template.ACCESS_RESTORED,
    Status.ACCOUNT_SECURED: Template.ACCOUNT_SECURED,
    Status.REFERRED: Template.REFERRED,
    Status.ANSWERED: Template.ANSWERED,
    Status.EXPLAINED: _explained,
    Status.DECLINED: _declined,
    Status.WITHDRAWN: Template.WITHDRAWN,
    Status.DUPLICATE: Template.DUPLICATE,
}
SILENT: Final = frozenset(
    {
        Status.CHECKING,
        Status.COMPARING,
        Status.TRACING,
        Status.WAITING_FOR_MERCHANT,
        Status.RETURN_SHIPPED,
        Status.SECURING_ACCOUNT,
        Status.RESTORING_ACCESS,
        Status.CORRECTING,
        Status.REFUND_UNCONFIRMED,
    }
)
"""They say nothing by themselves: the first message promised a date, and the next one comes when
something is known."""
