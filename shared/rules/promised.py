"""A promised date as events and views tell it: with the rule that made it, and why it is that."""

from datetime import datetime, timedelta
from typing import Final

from shared.contracts.events import Promise
from shared.rules import calendars
from shared.rules.calendars import Words
from shared.rules.explain import explain, long_day
from shared.rules.profile import Profile

BY_BANK: Final = "expected_by_bank"  # no rule: the other side's own date
_BANKS: Final = "the other side's own date"


def promised(rules: Profile, rule_id: str, start: datetime, due_at: datetime) -> Promise:
    """What `due_at` rests on: a rule that began at `start`, or a date that the bank gave."""
    if rule_id == BY_BANK:
        return _by_bank(rules, start, due_at)
    rule, told = rules.rules[rule_id], explain(rules, rule_id, start, due_at)
    return Promise.model_construct(
        due_at=due_at,
        from_at=start,
        rule=rule_id,
        profile=rule.profile or rules.name,
        version=rule.version,
        value=rule.value,
        unit=rule.unit.value,
        calendar=rule.calendar or rules.calendar,
        calendar_version=rules.calendar_version,
        source=rule.source,
        standing=rule.standing,
        basis=rule.basis,
        unpublished=list(told.unpublished),
        text=_by_language(told.text),
    )


def _by_bank(rules: Profile, expected_at: datetime, due_at: datetime) -> Promise:
    """It is asked again once the date has passed, and told."""
    zone = calendars.zone_of(rules.zone)
    expected, told = (_moment(each.astimezone(zone)) for each in (expected_at, due_at))
    return Promise.model_construct(
        due_at=due_at,
        from_at=expected_at,
        rule=BY_BANK,
        profile=rules.name,
        version=rules.version,
        value=int((due_at - expected_at) / timedelta(seconds=1)),
        unit="second",
        calendar=rules.calendar,
        calendar_version=rules.calendar_version,
        source=_BANKS,
        standing="read",
        basis="own",
        unpublished=[],
        text=_by_language(
            (
                f"对方给出的日期是{expected[0]}；到期我们会再查，最晚{told[0]}告诉您",
                f"the other side gave {expected[1]}; we ask again then and tell you by {told[1]}",
            )
        ),
    )


def _by_language(words: Words) -> dict[str, str]:
    return {"zh-CN": words[0], "en": words[1]}


def _moment(local: datetime) -> Words:
    chinese, english = long_day(local.date())
    return f"{chinese}{local:%H:%M}", f"{english} {local:%H:%M}"
