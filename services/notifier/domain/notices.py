"""Which status speaks, and when it says something new.

A notice holds codes, dates and amounts, no words and nothing personal: the words depend on the
reader, who is known only when the message is sent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.notifier.domain import choosing, facts
from services.notifier.domain.texts import PROGRESS, SECURITY, Template, Urgency
from shared.contracts.events import StatusChanged


@dataclass(frozen=True, slots=True)
class Notice:
    """A template and the facts it is filled with; `facts` maps names to codes, dates, amounts."""

    template: Template
    facts: Mapping[str, str]

    @property
    def urgency(self) -> Urgency:
        """Whether it goes once more after an ambiguous send, and whether it waits for the day."""
        if self.template in SECURITY:
            return Urgency.SECURITY
        return Urgency.PROGRESS if self.template in PROGRESS else Urgency.DECISION

    @property
    def said(self) -> str:
        """What makes it news: the same again is not sent again."""
        parts = [self.template.value]
        news = [name for name in _NEWS if name not in _NO_NEWS.get(self.template, ())]
        parts += [f"{name}={self.facts[name]}" for name in news if name in self.facts]
        return "|".join(parts)[:500]


_NEWS: Final = (
    "amount",
    "expected_at",
    "answer_by",
    "reason",
    "cause",
    "why",
    "appeal_until",
    "late_by",
    "after",
)
# A chain is read again every few blocks: that a transaction still waits there is no news.
_NO_NEWS: Final = {Template.IN_TRANSIT_ON_CHAIN: ("expected_at",)}
_DELAY_STEPS: Final = frozenset({"promise_due", "promise_missed", "promise_moved"})
_ANSWER_BY: Final = re.compile(r"\|answer_by=([^|]+)")


def notice(status: StatusChanged, said: str | None) -> Notice | None:
    """Return what this status says to the customer, None when it says nothing new.

    `said` is the `Notice.said` of the last notice about this dispute.
    """
    stage = _stage(status, said)
    is_news = stage is not None and not _was_said(stage, said)
    if not status.open:
        return stage if is_news else None
    if paused := choosing.pause(status):
        return _over(paused, status, stage)
    if _owes_apology(status, stage, said, is_news=is_news):
        late = _over(Template.DELAYED, status, stage)
        return late if late.said != said else None
    if is_news:
        return stage
    aside = choosing.beside(status)
    return _over(aside, status, stage) if aside else None


def _stage(status: StatusChanged, said: str | None) -> Notice | None:
    template = choosing.by_status(status) or _first_word(status, said)
    if template is None:
        return None
    known = facts.of(template, status)
    if _was_theirs(known.get("missed"), said):
        del known["missed"]
    more = choosing.SAME_STAGE.get(template)
    said_more = Notice(more, facts.of(more, status)) if more else None
    if said_more and _was_said(said_more, said):
        return said_more
    return Notice(template, known)


def _first_word(status: StatusChanged, said: str | None) -> Template | None:
    """A dispute that says nothing else yet says that it was received, whoever holds it already."""
    return Template.RECEIVED if said is None and status.open else None


def _was_said(stage: Notice, said: str | None) -> bool:
    """Whether it was the last that was said, perhaps followed by something beside it."""
    return said is not None and (said == stage.said or said.endswith(f"|after={stage.said}"))


def _over(template: Template, status: StatusChanged, stage: Notice | None) -> Notice:
    """A notice beside the stage, which is not said again after it."""
    known = facts.of(template, status)
    return Notice(template, known | ({"after": stage.said} if stage else {}))


def _owes_apology(
    status: StatusChanged, stage: Notice | None, said: str | None, *, is_news: bool
) -> bool:
    """A promised date that passed is answered for, even where there is no other news."""
    if stage and (_awaits_customer(stage) or stage.template is Template.CREDIT_ENDING):
        return False
    passed = facts.missed(status)
    late = passed is not None and not is_news and not _was_theirs(passed, said)
    return status.step.code in _DELAY_STEPS or late


def _awaits_customer(stage: Notice) -> bool:
    """The only date is the customer's own: we promised none."""
    return "answer_by" in stage.facts and "promised_at" not in stage.facts


def _was_theirs(passed: str | None, said: str | None) -> bool:
    """Whether the date that passed was the customer's, as the last notice told it."""
    told = _ANSWER_BY.search(said or "")
    if passed is None or told is None:
        return False
    return datetime.fromisoformat(passed) == datetime.fromisoformat(told[1])
