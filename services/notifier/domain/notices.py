"""Which status speaks, by which template, and what the template needs to know.

A notice holds codes, dates and amounts, no words and nothing personal: the words depend on the
reader, who is known only when the message is sent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from shared.contracts.events import Amount, StatusChanged
from shared.contracts.vocabulary import Action, Kind, Remedy, Status


class Urgency(StrEnum):
    """What an unknown outcome of sending means for a message."""

    DECISION = "decision"  # decisions and money: better twice than never
    PROGRESS = "progress"  # the next message says more anyway


class Template(StrEnum):
    """Every text there is."""

    RECEIVED = "received"
    IN_TRANSIT = "in_transit"
    RETURNING = "returning"
    REVERSAL_WATCHED = "reversal_watched"
    ARBITRATION = "arbitration"
    ARBITRATION_REFUSED = "arbitration_refused"
    ARBITRATION_SILENT = "arbitration_silent"
    ARBITRATION_APPEAL = "arbitration_appeal"
    APPROVED = "approved"
    APPROVED_PARTIAL = "approved_partial"
    REFUND_SENT = "refund_sent"
    BOUNCED = "bounced"
    UNFUNDED = "unfunded"
    CREDITED = "credited"
    DELIVERED = "delivered"
    RETURNED = "returned"
    REVERSED = "reversed"
    EXPLAINED = "explained"
    EXPLAINED_OTHER = "explained_other"
    DECLINED = "declined"
    DECLINED_OFFER = "declined_offer"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    DELAYED = "delayed"


PROGRESS: Final = frozenset(
    {
        Template.RECEIVED,
        Template.IN_TRANSIT,
        Template.REVERSAL_WATCHED,
        Template.ARBITRATION,
        Template.ARBITRATION_REFUSED,
        Template.ARBITRATION_SILENT,
        Template.ARBITRATION_APPEAL,
        Template.WITHDRAWN,
        Template.DUPLICATE,
        Template.DELAYED,
    }
)
"""The rest are decisions and money."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A template and the facts it is filled with; `facts` maps names to codes, dates, amounts."""

    template: Template
    facts: Mapping[str, str]

    @property
    def urgency(self) -> Urgency:
        """Whether it goes once more after an ambiguous send."""
        return Urgency.PROGRESS if self.template in PROGRESS else Urgency.DECISION

    @property
    def said(self) -> str:
        """What makes it news: the same again is not sent again."""
        parts = [self.template.value]
        parts += [f"{name}={self.facts[name]}" for name in _NEWS if name in self.facts]
        return "|".join(parts)[:500]


_NEWS: Final = ("amount", "expected_at", "reason", "cause", "appeal_until", "late_by", "after")
_DELAY_STEPS: Final = frozenset({"promise_due", "promise_missed", "promise_moved"})


def notice(status: StatusChanged, said: str | None) -> Notice | None:
    """Return what this status says to the customer, None when it says nothing new.

    `said` is the `Notice.said` of the last notice about this dispute.
    """
    template = _template(status) or _first_word(status, said)
    spoken = Notice(template, _facts(template, status)) if template else None
    is_news = spoken is not None and not _was_said(spoken, said)
    if status.open and (status.step.code in _DELAY_STEPS or (_missed(status) and not is_news)):
        spoken = _apology(status, spoken)
        is_news = spoken.said != said
    return spoken if is_news else None


def _was_said(spoken: Notice, said: str | None) -> bool:
    """Whether it was the last that was said, perhaps followed by an apology."""
    return said is not None and (said == spoken.said or said.endswith(f"|after={spoken.said}"))


def _apology(status: StatusChanged, stage: Notice | None) -> Notice:
    """A promised date that passed is answered for, even where there is no other news."""
    facts = _facts(Template.DELAYED, status)
    _add(facts, "after", stage.said if stage else None)
    return Notice(Template.DELAYED, facts)


def _missed(status: StatusChanged) -> str | None:
    """The promised date that had passed before this step came."""
    return status.step.params.get("missed")


def _template(status: StatusChanged) -> Template | None:
    found = _BY_STATUS.get(status.status)
    return found(status) if callable(found) else found


def _first_word(status: StatusChanged, said: str | None) -> Template | None:
    """A dispute that says nothing else yet says that it was received, whoever holds it already."""
    return Template.RECEIVED if said is None and status.open else None


def _arbitration(status: StatusChanged) -> Template:
    cause = _detail(status, "arbitration_cause", "cause") or status.step.code
    if "refus" in cause:
        return Template.ARBITRATION_REFUSED
    if "silen" in cause or cause == "merchant_due":
        return Template.ARBITRATION_SILENT
    return Template.ARBITRATION_APPEAL if "appeal" in cause else Template.ARBITRATION


def _approved(status: StatusChanged) -> Template | None:
    """Only a person's decision is told: a merchant's consent is followed by the refund itself."""
    if status.decision is None or status.decision.fault is None:
        return None
    partial = status.decision.outcome is Remedy.PARTIAL_REFUND
    return Template.APPROVED_PARTIAL if partial else Template.APPROVED


def _explained(status: StatusChanged) -> Template:
    failed = status.kind is Kind.PAYMENT_FAILED
    return Template.EXPLAINED if failed else Template.EXPLAINED_OTHER


def _declined(status: StatusChanged) -> Template:
    offer = Action.REQUEST_MERCHANT_CONSENT in status.actions
    return Template.DECLINED_OFFER if offer else Template.DECLINED


_BY_STATUS: Final[dict[Status, Template | Callable[[StatusChanged], Template | None]]] = {
    Status.RECEIVED: Template.RECEIVED,
    Status.IN_TRANSIT: Template.IN_TRANSIT,
    Status.RETURNING: Template.RETURNING,
    Status.REVERSAL_WATCHED: Template.REVERSAL_WATCHED,
    Status.IN_ARBITRATION: _arbitration,
    Status.REFUND_APPROVED: _approved,
    Status.REFUND_SENT: Template.REFUND_SENT,
    Status.REFUND_BOUNCED: Template.BOUNCED,
    Status.REFUND_UNFUNDED: Template.UNFUNDED,
    Status.CREDITED: Template.CREDITED,
    Status.DELIVERED: Template.DELIVERED,
    Status.RETURNED: Template.RETURNED,
    Status.REVERSED: Template.REVERSED,
    Status.EXPLAINED: _explained,
    Status.DECLINED: _declined,
    Status.WITHDRAWN: Template.WITHDRAWN,
    Status.DUPLICATE: Template.DUPLICATE,
}
"""Checking, tracing, waiting for the merchant and a refund still unconfirmed say nothing: the first
message promised a date, and the next one comes when something is known."""


def _facts(template: Template, status: StatusChanged) -> dict[str, str]:
    detail = status.detail
    facts = {name: detail[name] for name in _DETAILS if detail.get(name)}
    facts |= {"reference": status.reference, "kind": status.kind.value}
    facts |= {"next_actor": status.next_actor.value}
    _add(facts, "amount", _amount(template, status))
    _add(facts, "requested", _money(status.requested))
    _add(facts, "promised_at", _iso(status.promised_at))
    _add(facts, "missed", _missed(status))
    _add(facts, "reason", _reason(template, status))
    _add(facts, "cause", _detail(status, "cause") or _ground(template, status))
    if template is Template.DELAYED:
        _add(facts, "late_by", _iso(status.promised_at))
    if status.decision is not None:
        _add(facts, "appeal_until", _iso(status.decision.appeal_until))
        _add(facts, "rule", status.decision.rule)
        _add(facts, "payer", status.decision.payer and status.decision.payer.value)
    return facts


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


def _amount(template: Template, status: StatusChanged) -> str | None:
    """Return the money the template speaks about, whichever of the snapshot's sums that is."""
    if template in _COMING_BACK and (back := _coming_back(status)):
        return back
    if template in _CONFIRMED:
        return _money(status.credited or status.approved or status.requested)
    return _money(status.in_flight or status.approved or status.requested)


_CONFIRMED: Final = frozenset({Template.CREDITED, Template.RETURNED, Template.REVERSED})
_COMING_BACK: Final = frozenset({Template.RETURNING, Template.REVERSAL_WATCHED})


def _coming_back(status: StatusChanged) -> str | None:
    """Return the sum the bank named, in the currency of the dispute."""
    minor, known = status.detail.get("returned_minor"), status.requested or status.in_flight
    return f"{minor} {known.currency}" if minor and minor.isdigit() and known else None


def _reason(template: Template, status: StatusChanged) -> str | None:
    if template is Template.ARBITRATION_REFUSED:
        return _detail(status, "merchant_reason", "reason_code", "reason")
    if template is Template.RETURNING:
        return _detail(status, "reject_reason", "reason", "cause")
    if template is Template.BOUNCED:
        return _detail(status, "refund_reason", "reason")
    return status.decision.reason if status.decision is not None else None


def _ground(template: Template, status: StatusChanged) -> str | None:
    """Without a cause of the bank's, an explanation rests on the decision's own reason."""
    if template is not Template.EXPLAINED_OTHER or status.decision is None:
        return None
    return status.decision.reason


def _detail(status: StatusChanged, *names: str) -> str | None:
    """Return the first of these that the snapshot or its newest step holds."""
    for source in (status.detail, status.step.params):
        for name in names:
            if source.get(name):
                return source[name]
    return None


def _money(money: Amount | None) -> str | None:
    return None if money is None else f"{money.amount_minor} {money.currency}"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _add(facts: dict[str, str], name: str, value: str | None) -> None:
    if value:
        facts[name] = value
