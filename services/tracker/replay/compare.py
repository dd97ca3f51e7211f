"""One dispute's history through the core again, and the first thing that differs. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final

from services.tracker.domain import public
from services.tracker.domain.decide import decide
from services.tracker.domain.dispute import Claim, Dispute
from services.tracker.domain.records import replace
from services.tracker.domain.snapshot import numbered
from services.tracker.handlers import CODE_VERSION, rules_of, versions
from services.tracker.store.recorded import Kept, Step
from services.tracker.store.rows import Unreadable, legs_text, money_of, trigger_of
from shared.rules import Profile

_INCOMPLETE: Final = "a step is missing in its history"
_KEPT_SINCE: Final = ("promise_from", "late_since")  # what older code did not keep is no difference
_LONGEST: Final = 80  # of what is known, as far as it is shown


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a replay first leaves what is on record: after this step, by this trigger.

    `older`: the history up to there was not decided by this code alone, which may be why.
    """

    step: int
    trigger: str
    recorded: str
    now: str
    older: bool = False


class Replay:
    """Takes the steps in order. What follows a difference is still applied, and counted.

    `gap` says why the dispute cannot be replayed; nothing else counts then. `recorded` and `now`
    count the inputs by what became of them. Without `rules` each step is decided by those that
    stood for it.
    """

    def __init__(self, claim: Claim, rules: Profile | None) -> None:
        self.gap = ""
        self.difference: Difference | None = None
        self.recorded: Counter[str] = Counter()
        self.now: Counter[str] = Counter()
        self.dispute = Dispute(claim)
        self._other_rules = rules
        self._last: Step | None = None
        self._older = False

    def take(self, step: Step) -> None:
        """Apply the next step, and compare what it comes to."""
        if self.gap:
            return
        if step.step != self.dispute.steps + 1:
            self.gap = _INCOMPLETE
            return
        try:
            self._apply(step)
        except Unreadable as why:
            self.gap = str(why)

    def end(self, kept: Kept) -> None:
        """Compare all that is known with the dispute's row, once every step was taken."""
        if not self.gap and (self._last is None or self._last.step != kept.dispute.steps):
            self.gap = _INCOMPLETE
        if self.gap or self.difference or self._last is None:
            return
        unlike = list(_unlike(kept.dispute, self.dispute))
        if unlike:
            recorded, now = ("; ".join(side) for side in zip(*unlike, strict=True))
            self._differs(self._last, recorded, now)

    @property
    def _rules(self) -> Profile:
        return self._other_rules or rules_of(self.dispute)

    def _apply(self, step: Step) -> None:
        trigger, money = trigger_of(step.trigger, step.actor, step.input), money_of(step.money)
        before = self.dispute
        try:
            decision = decide(before, trigger, step.at, self._rules, money)
        except Exception as error:
            error.add_note(f"at step {step.step} of dispute {before.claim.reference}")
            raise
        after = replace(decision.dispute, steps=step.step)
        self.dispute = numbered(before, after, step.at) if decision.applied else after
        self._last = step
        self._older = self._older or not step.versions.endswith(f"code@{CODE_VERSION}")
        self.recorded[step.result] += 1
        self.now[decision.result] += 1
        recorded = _shown(step.result, step.status, step.legs)
        now = _shown(decision.result, public.status(after), legs_text(after.legs))
        if recorded != now and self.difference is None:
            self._differs(step, recorded, now)

    def _differs(self, step: Step, recorded: str, now: str) -> None:
        self.difference = Difference(
            step.step,
            step.trigger,
            f"{recorded} ({step.versions})",
            f"{now} ({versions(self._rules)})",
            self._older,
        )


def _shown(result: str, status: str, legs: str) -> str:
    return f"{result}, {status}: {legs or 'no leg has begun'}"


def _unlike(kept: Dispute, now: Dispute) -> Iterator[tuple[str, str]]:
    """What is not the same in both, each with its name."""
    if kept.version != now.version:
        yield f"version {kept.version}", f"version {now.version}"
    for old, new in ((kept.claim, now.claim), (kept.legs, now.legs), (kept.facts, now.facts)):
        for each in fields(old):
            was, is_now = getattr(old, each.name), getattr(new, each.name)
            if was != is_now and not (was is None and each.name in _KEPT_SINCE):
                yield f"{each.name} {_said(was)}", f"{each.name} {_said(is_now)}"


def _said(known: Any) -> str:
    text = str(known.value if isinstance(known, Enum) else known)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
