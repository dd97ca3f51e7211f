"""The demonstration on a terminal: plain where there is none, aligned with wide characters."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from deploy.demo.columns import GAP, columns, wrapped
from deploy.demo.judge import Verdict, amount
from deploy.demo.outside import Mail, Sms
from deploy.demo.played import Deed, Item, Moment, Result
from deploy.demo.stories import Case, Story
from shared import clock

NARROWEST: Final = 80
WIDEST: Final = 110
WITHOUT_TERMINAL: Final = 100
MAIL_PARAGRAPHS: Final = 3
CLOCK_CELLS: Final = 8
ACTOR_CELLS: Final = 20
WITNESS_CELLS: Final = 18
TODAY: Final = timedelta(hours=12)


def console() -> Console:
    """Colours only on a terminal; never wider than can be read."""
    found = Console(highlight=False, emoji=False, markup=False)
    width = found.width if found.is_terminal else WITHOUT_TERMINAL
    found.width = max(NARROWEST, min(WIDEST, width))
    return found


class Screen:
    """Shows stories one after the other, each as it happens."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._names: dict[str, str] = {}
        self._name_cells = 0

    def begin(self, story: Story, of: int) -> None:
        """Title, what it is about, who takes part."""
        several = len(story.cases) > 1
        self._names = _names(story)
        self._name_cells = max(map(cell_len, self._names.values())) if several else 0
        title = f"── Story {story.number} of {of} "
        self._print(["", title + "─" * (self._out.width - cell_len(title)), story.title], "bold")
        self._wrap(story.title_zh, "bold")
        self._wrap(story.about, "dim")
        self._wrap(story.about_zh, "dim")
        for case in story.cases:
            self._print([""])
            self._wrap(_who(case), "")
        zone = story.cases[0].customer.time_zone
        self._print([""])
        self._row("", ("time", f"what the app shows ({zone})", "who acts next", "by"), "dim")

    def show(self, item: Item) -> None:
        """One thing that happened."""
        match item:
            case Moment():
                self._moment(item)
            case Deed():
                self._deed(item)
            case Result():
                self._result(item)

    def _moment(self, moment: Moment) -> None:
        zone = moment.case.customer.time_zone
        by = _by(moment.promised_at, zone) if moment.promised_at else ""
        text = moment.text if moment.actor else f"· {moment.text}"
        cells = (_clock(moment.at, zone), text, moment.actor, by)
        self._row(self._names[moment.case.name], cells, "" if moment.actor else "dim")

    def _row(self, name: str, cells: tuple[str, str, str, str], style: str) -> None:
        at, status, actor, by = cells
        fixed = [(at, CLOCK_CELLS), *([(name, self._name_cells)] if self._name_cells else [])]
        last = [(actor, ACTOR_CELLS), (by, CLOCK_CELLS)]
        taken = sum(width + GAP for _, width in (*fixed, *last))
        self._print(columns([*fixed, (status, self._out.width - taken), *last]), style)

    def _deed(self, deed: Deed) -> None:
        at = _clock(deed.at, deed.case.customer.time_zone)
        self._entry(at, f"▸ {deed.what}", "cyan")
        for line in deed.detail:
            self._entry("", line, "dim")

    def _result(self, result: Result) -> None:
        customer = result.case.customer
        self._print(["", f"SMS to {customer.name}, {customer.phone}"], "bold")
        self._texts(result.seen.texts, customer.time_zone)
        self._print([f"E-mail to {customer.name}, {customer.email}"], "bold")
        self._mails(result.seen.mails, customer.time_zone)
        self._print([f"Judged: {result.case.title}"], "bold")
        for verdict in result.verdicts:
            self._verdict(verdict)

    def _texts(self, texts: Sequence[Sms], zone: str) -> None:
        for each in texts:
            self._entry(_clock(each.at, zone), each.text, "green")

    def _mails(self, mails: Sequence[Mail], zone: str) -> None:
        for each in mails:
            self._entry(_clock(each.at, zone), each.subject, "bold green")
            for paragraph in shortened(each.text):
                self._entry("", paragraph, "green")

    def _verdict(self, verdict: Verdict) -> None:
        sign, style = ("✓", "green") if verdict.ok else ("✗", "bold red")
        head = f"  {sign} {verdict.witness}"
        for line in (verdict.good,) if verdict.ok else verdict.wrong:
            left = self._out.width - WITNESS_CELLS - GAP
            self._print(columns([(head, WITNESS_CELLS), (line, left)]), style)
            head = ""

    def _entry(self, at: str, text: str, style: str) -> None:
        left = self._out.width - CLOCK_CELLS - GAP
        self._print(columns([(at, CLOCK_CELLS), (text, left)]), style)

    def _wrap(self, text: str, style: str) -> None:
        self._print(wrapped(text, self._out.width), style)

    def _print(self, lines: Iterable[str], style: str = "") -> None:
        for line in lines:
            self._out.print(Text(line, style), soft_wrap=True)


def shortened(text: str) -> list[str]:
    """The first paragraphs of an e-mail, and how many lines follow."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    rest = len(lines) - MAIL_PARAGRAPHS
    return [*lines[:MAIL_PARAGRAPHS], *([f"… {rest} more lines"] if rest > 0 else [])]


def _names(story: Story) -> dict[str, str]:
    """Whose line it is, by case; who has several is shown with the case."""
    people = [case.customer.name for case in story.cases]
    return {
        case.name: case.customer.name
        if people.count(case.customer.name) == 1
        else f"{case.customer.name} ({case.name})"
        for case in story.cases
    }


def _who(case: Case) -> str:
    customer = case.customer
    return f"{customer.name} ({customer.locale}), {_what(case)} “{case.request.says}”"


def _what(case: Case) -> str:
    given = case.transaction
    if given is None:
        return f"{case.title}."
    paid = amount(given.amount_minor, given.currency)
    where = f" at {given.merchant_name}" if given.merchant_name else ""
    kind = given.kind.replace("_", "-")
    return f"{kind} of {paid}{where}: {case.title}."


def _clock(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M:%S}"


def _by(at: datetime, zone: str) -> str:
    """A time today, else a date."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M:%S}" if at - clock.utcnow() < TODAY else f"{local:%m-%d}"
