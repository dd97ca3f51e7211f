"""The table at the end, what differs, and the bank's audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from deploy.demo import columns
from deploy.demo.judge import amount
from deploy.demo.played import Result
from deploy.demo.stories import Story

_HEADS: Final = (
    "story",
    "customer",
    "kind",
    "end",
    "money back",
    "SMS",
    "e-mails",
    "seconds",
    "ok",
)
_RIGHT: Final = (4, 7)  # money and seconds


@dataclass(frozen=True, slots=True)
class Played:
    """A story with the results of its cases."""

    story: Story
    results: tuple[Result, ...]

    @property
    def ok(self) -> bool:
        """Whether every case ended as it must."""
        return len(self.results) == len(self.story.cases) and all(r.ok for r in self.results)


def show(out: Console, played: Sequence[Played]) -> None:
    """One line for each case."""
    cases = [(each.story, result) for each in played for result in each.results]
    lines = columns.table([_HEADS, *(_cells(*case) for case in cases)], _RIGHT)
    _line(out, "\nSummary", "bold")
    _line(out, lines[0], "dim")
    for line, (_, result) in zip(lines[1:], cases, strict=True):
        _line(out, line, "" if result.ok else "bold red")
    _line(out, "")


def _cells(story: Story, result: Result) -> tuple[str, ...]:
    case, seen = result.case, result.seen
    back = seen.account.back_minor + seen.account.beside_minor
    wanted = len(case.ends.messages)
    return (
        str(story.number),
        case.customer.name,
        case.request.kind.replace("_", " "),
        seen.statuses[-1].replace("_", " ") if seen.statuses else "—",
        amount(back, case.currency) if back else "—",
        f"{len(seen.texts)}/{wanted}",
        f"{len(seen.mails)}/{wanted}",
        f"{result.seconds:.1f}" if result.seconds is not None else "—",
        "✓" if result.ok else "✗",
    )


def differences(out: Console, played: Sequence[Played]) -> None:
    """What was not as it must be, each in a line."""
    for each in played:
        for result in each.results:
            for verdict in result.verdicts:
                for line in verdict.wrong:
                    place = f"Story {each.story.number}, {result.case.title}"
                    _line(out, f"✗ {place}: {verdict.witness}: {line}", "bold red")


def audit(out: Console, found: Mapping[str, Any]) -> None:
    """The bank's judgement of its own books."""
    twice, above = found["paid_twice"], found["above_captured"]
    counts = (
        f"The bank's own audit: {found['transactions']} transactions,"
        f" {found['refunds_settled']} refunds credited, {found['refunds_bounced']} bounced,"
        f" {found['refunds_in_flight']} in flight;"
    )
    balanced = "yes" if found["balanced"] else "NO"
    _line(out, counts)
    found_wrong = f"paid twice: {twice or 'none'}; above captured: {above or 'none'}"
    _line(out, f"{found_wrong}; balanced: {balanced}.")


def _line(out: Console, text: str, style: str = "") -> None:
    out.print(Text(text, style), soft_wrap=True)
