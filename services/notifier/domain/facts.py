"""What a text is filled with: codes, dates and amounts from the snapshot, no words."""

from datetime import datetime
from typing import Final

from services.notifier.domain.texts import ASKING, WITHOUT_MONEY, Template
from shared.contracts.events import Amount, StatusChanged
from shared.contracts.vocabulary import Kind, Status


def of(template: Template, status: StatusChanged) -> dict[str, str]:
    """The facts of this text; what is not known is not in it."""
    detail = status.detail
    facts = {name: detail[name] for name in _DETAILS if detail.get(name)}
    facts |= {"reference": status.reference, "kind": status.kind.value, "matter": status.reason}
    facts |= {"next_actor": status.next_actor.value}
    _add(facts, "amount", _amount(template, status))
    _add(facts, "requested", _money(status.requested))
    _add_dates(facts, template, status)
    if template is Template.RECALLING:
        facts.pop("expected_at", None)  # of the recipient's answer: no money is on its way yet
    _add(facts, "missed", missed(status))
    _add(facts, "reason", _reason(template, status))
    _add(facts, "cause", _cause(template, status))
    _add(facts, "why", _why(status))
    if template is Template.DETAILS_WANTED:
        facts["item"] = _item(status)
    if status.step.code == "compensation_posted" and template is not Template.COMPENSATED:
        _add(facts, "compensated", _compensated(status))
    if status.decision is not None:
        _add(facts, "appeal_until", _iso(status.decision.appeal_until))
        _add(facts, "rule", status.decision.rule)
        _add(facts, "payer", status.decision.payer and status.decision.payer.value)
    return facts


def missed(status: StatusChanged) -> str | None:
    """The promised date that had passed before this step came."""
    return status.step.params.get("missed")


def detail_of(status: StatusChanged, *names: str) -> str | None:
    """Return the first of these that the snapshot or its newest step holds."""
    for source in (status.detail, status.step.params):
        for name in names:
            if source.get(name):
                return source[name]
    return None


_DETAILS: Final = (
    "at_bank",
    "expected_at",
    "delivered_at",
    "proof",
    "destination_kind",
    "destination_bank",
    "destination_tail",
    "duplicate_of",
)
_CUSTOMERS_RULES: Final = frozenset({"details_due", "offer_choice", "goods_due", "bounce_choice"})
"""By these rules the promised date is the customer's own, not ours."""


def _add_dates(facts: dict[str, str], template: Template, status: StatusChanged) -> None:
    """A date is either when we answer, or by when the customer acts, or when a credit ends."""
    promised = _iso(status.promised_at)
    if template is Template.CREDIT_ENDING:
        _add(facts, "ends_at", promised)
        return
    if template in ASKING:
        theirs = status.promise_rule in _CUSTOMERS_RULES
        _add(facts, "answer_by", status.detail.get("answer_by") or (promised if theirs else None))
        promised = None if theirs else promised
    _add(facts, "promised_at", promised)
    if template is Template.DELAYED:
        _add(facts, "late_by", promised)


def _amount(template: Template, status: StatusChanged) -> str | None:
    """Return the money the template speaks about, whichever of the snapshot's sums that is."""
    if template in WITHOUT_MONEY:
        return None
    if (told := _COMING_BACK.get(template)) and (back := _told(status, told)):
        return back
    if template in (Template.REFUND_SENT, Template.CREDITED) and (beside := _beside(status)):
        return beside
    if template in _CONFIRMED:
        return _money(status.credited or status.approved or status.requested)
    match template:
        case Template.OFFER_MADE:
            return _money(status.offered)
        case Template.PROVISIONAL | Template.CREDIT_ENDING:
            return _money(status.provisional)
        case Template.COMPENSATED:
            return _compensated(status)
        case _ if status.kind is Kind.REFUND_NOT_RECEIVED and template in _REFUNDING:
            known = _money(status.in_flight or status.approved)
            return known or _told(status, "records_minor")  # a merchant's may be another sum
        case _:
            return _money(status.in_flight or status.approved or status.requested)


_CONFIRMED: Final = frozenset(
    {
        Template.CREDITED,
        Template.CREDIT_FINAL,
        Template.LATE_MONEY,
        Template.RETURNED,
        Template.REVERSED,
        Template.RELEASED,
        Template.RECALLED,
        Template.CHARGED_BACK,
        Template.CORRECTED,
    }
)
_REFUNDING: Final = frozenset(
    {
        Template.REFUND_SENT,
        Template.BOUNCED,
        Template.ACCOUNT_WANTED,
        Template.ACCOUNT_REFUSED,
        Template.UNFUNDED,
    }
)
_COMING_BACK: Final = {
    Template.RETURNING: "returned_minor",
    Template.REVERSAL_WATCHED: "returned_minor",
    Template.RELEASE_WATCHED: "returned_minor",
    Template.RECALL_AGREED: "recalled_minor",  # perhaps a part
}


def beside_credit(status: StatusChanged) -> int | None:
    """Minor units that a refund brings beside a credit for the time being; None: none is told."""
    moved = status.credited or status.in_flight
    if moved is None:
        return None
    settled = status.detail.get("credit_settled_minor", "")
    credit = status.provisional.amount_minor if status.provisional else 0
    return max(0, moved.amount_minor - (int(settled) if settled.isdigit() else credit))


def _beside(status: StatusChanged) -> str | None:
    """The part that comes to the account, where a credit has brought the other before."""
    moved, rest = status.credited or status.in_flight, beside_credit(status)
    if moved is None or rest is None or rest == moved.amount_minor:
        return None
    return f"{rest} {moved.currency}"


def _compensated(status: StatusChanged) -> str | None:
    """What was paid now; the snapshot has the sum of all that were."""
    minor, total = status.detail.get("compensation_minor"), status.compensated
    return f"{minor} {total.currency}" if minor and minor.isdigit() and total else _money(total)


def _told(status: StatusChanged, name: str) -> str | None:
    """Return the sum the bank named, in the currency of the dispute."""
    minor, known = status.detail.get(name), status.requested or status.in_flight
    return f"{minor} {known.currency}" if minor and minor.isdigit() and known else None


def _reason(template: Template, status: StatusChanged) -> str | None:
    if template in (Template.ARBITRATION_REFUSED, Template.EVIDENCE_WANTED):
        return detail_of(status, "merchant_reason", "reason_code", "reason")
    if template is Template.OFFER_MADE:
        return detail_of(status, "merchant_reason")
    if template is Template.RETURNING:
        return detail_of(status, "reject_reason", "reason", "cause")
    if template in (Template.BOUNCED, Template.ACCOUNT_WANTED):
        return detail_of(status, "refund_reason", "reason")
    return status.decision.reason if status.decision is not None else None


def _cause(template: Template, status: StatusChanged) -> str | None:
    """An explanation of the records', a cause of the bank's, else the decision's own reason."""
    explained = template is Template.EXPLAINED_OTHER
    ground = status.decision.reason if explained and status.decision is not None else None
    return detail_of(status, "explanation", "cause") or ground


def _why(status: StatusChanged) -> str | None:
    """Why a person decides."""
    deciding = status.status is Status.IN_ARBITRATION
    return status.detail.get("arbitration_cause") if deciding else None


def _item(status: StatusChanged) -> str:
    """What an incomplete claim misses."""
    if status.transaction_id is not None:
        return "amount"
    return "transaction" if status.requested else "transaction_amount"


def _money(money: Amount | None) -> str | None:
    return None if money is None else f"{money.amount_minor} {money.currency}"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _add(facts: dict[str, str], name: str, value: str | None) -> None:
    if value:
        facts[name] = value
