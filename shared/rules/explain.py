"""Why a date is that date, in zh-CN and English: "10 business days from … end on …". Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from shared.rules import calendars
from shared.rules.calendars import TOGETHER, Calendar, Words
from shared.rules.profile import Profile, Rule, Unit
from shared.rules.words import UNITS

_MOST_HOLIDAYS: Final = 6  # more are counted, not named
_MOVED: Final = ("（补假）", " (observed)"), ("（估计）", " (estimated)")
_BRIDGE: Final[Words] = ("调休放假", "a day off in exchange")


@dataclass(frozen=True, slots=True)
class Explanation:
    """A due moment (UTC) with its reason. `unpublished`: years whose calendar is still a guess."""

    due_at: datetime
    text: Words
    unpublished: tuple[int, ...] = ()


def explain(
    profile: Profile, rule_id: str, start: datetime, due_at: datetime | None = None
) -> Explanation:
    """Why `rule_id` from `start` gives its date; or why another date, `due_at`, was promised."""
    rule, today = profile.rules[rule_id], profile.due(rule_id, start)
    calendar, zone = profile.calendar_of(rule), profile.zone_of(rule)
    span = _Span(rule.value, rule.unit, start, today, calendar, zone)
    told = span.told(f"{rule.profile} {_source(rule)}".strip(), rule.version)
    if due_at is None or due_at == today:
        return told
    promised = _joined(
        _Span(rule.value, rule.unit, start, due_at, calendar, zone).end(),
        (
            "为已承诺的日期；按现行规则和日历：",
            " was promised before; by today's rules and calendar ",
        ),
        told.text,
    )
    return Explanation(due_at, promised, told.unpublished)


def of_business_days(code: str, count: int, start: datetime) -> Explanation:
    """The bare arithmetic: the end of the `count`-th business day after the day of the start."""
    calendar = calendars.calendar(code)
    rule = Rule("business_days", count, Unit.BUSINESS_DAY, "", "")
    bare = Profile("", 0, code, calendar.zone, {rule.id: rule}, {}, {})
    due = bare.due(rule.id, start)
    span = _Span(count, rule.unit, start, due, calendar, calendar.zone)
    return span.told(f"{code} {calendars.version()}", None)


def _source(rule: Rule) -> str:
    """Our own rules are known by their names."""
    return rule.id if rule.standing == "default" else rule.source


@dataclass(frozen=True, slots=True)
class _Span:
    value: int
    unit: Unit
    start: datetime
    due_at: datetime
    calendar: Calendar
    zone: str

    @property
    def counts_days(self) -> bool:
        return self.unit in (Unit.CALENDAR_DAY, Unit.BUSINESS_DAY)

    def told(self, source: str, version: int | None) -> Explanation:
        from_, to = self.begin(), self.end()
        zh, one, more = UNITS[self.unit]
        unit, verb = (one, "ends") if self.value == 1 else (more, "end")
        at = "on" if self.counts_days else "at"
        head = (
            f"自{from_[0]}起{self.value}{zh}，到{to[0]}为止",
            f"{self.value} {unit} from {from_[1]} {verb} {at} {to[1]}",
        )
        cite = _cite(source, version)
        notes, guessed = self._notes(), self._guessed()
        text = _joined(head, *notes, cite, *_warning(guessed, self.calendar))
        return Explanation(self.due_at, text, guessed)

    def begin(self) -> Words:
        return self._moment(self.start)

    def end(self) -> Words:
        """The last day, or the moment where hours are counted."""
        return self._moment(
            self.due_at - timedelta(microseconds=1) if self.counts_days else self.due_at
        )

    def _moment(self, moment: datetime) -> Words:
        local = moment.astimezone(calendars.zone_of(self.zone))
        if self.counts_days:
            return long_day(local.date())
        clock = f"{local:%H:%M:%S}" if self.unit is Unit.SECOND else f"{local:%H:%M}"
        chinese, english = long_day(local.date())
        offset = f"UTC{local.isoformat()[-6:]}"
        zh, en = (f"（{offset}）", f" ({offset})") if self._changes_clocks() else ("", "")
        return f"{chinese}{clock}{zh}", f"{clock}{en} on {english}"

    def _changes_clocks(self) -> bool:
        """The same hour comes twice, or never: then its offset is told."""
        zone = calendars.zone_of(self.zone)
        first, last = (each.astimezone(zone) for each in (self.start, self.due_at))
        return first.utcoffset() != last.utcoffset()

    def _days(self) -> list[date]:
        """The days after that of the start, up to the last one."""
        zone = calendars.zone_of(self.zone)
        first = self.start.astimezone(zone).date()
        last = (self.due_at - timedelta(microseconds=1)).astimezone(zone).date()
        return [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]

    def _notes(self) -> list[Words]:
        if self.unit is not Unit.BUSINESS_DAY:
            return []
        days = self._days()
        runs = [_told(run) for run in _runs(self.calendar, days)]
        told = runs[:_MOST_HOLIDAYS]
        if more := len(runs) - len(told):
            told.append(
                (f"另有{more}个假期", f"{more} more {'holiday' if more == 1 else 'holidays'}")
            )
        made_up = [day for day in days if self.calendar.is_made_up(day)]
        worked = [_worked(made_up, self.calendar)] if made_up else []
        return [("；" + chinese, "; " + english) for chinese, english in [*told, *worked]]

    def _guessed(self) -> tuple[int, ...]:
        if self.unit is not Unit.BUSINESS_DAY:
            return ()
        years = sorted({day.year for day in self._days()})
        return tuple(year for year in years if not self.calendar.is_published(year))


_Run = tuple[date, date, list[Words]]


def _runs(calendar: Calendar, days: Sequence[date]) -> list[_Run]:
    """Holidays that follow each other as one, from the first to the last, weekends inside."""
    named = [(day, words) for day in days if (words := calendar.closed_for(day))]
    if not named:
        return []
    cuts = [
        n
        for n, ((before, _), (after, _)) in enumerate(pairwise(named), 1)
        if any(calendar.is_business_day(day) for day in _between(before, after))
    ]
    pieces = [named[a:b] for a, b in pairwise([0, *cuts, len(named)])]
    return [_run(calendar, piece) for piece in pieces if any(_is_weekday(d) for d, _ in piece)]


def _run(calendar: Calendar, piece: Sequence[tuple[date, Words]]) -> _Run:
    """One day where the weekend hides the others: `3 July is Independence Day (observed)`."""
    weekdays = [(day, words) for day, words in piece if _is_weekday(day)]
    (day, words), *more = weekdays
    if not more and not _is_bridge(words) and piece[-1][0] - piece[0][0] <= timedelta(days=2):
        return day, day, _each(words)
    return piece[0][0], piece[-1][0], _names(calendar, piece)


def _is_weekday(day: date) -> bool:
    return day.weekday() < 5  # noqa: PLR2004 - Saturday


def _between(before: date, after: date) -> Iterable[date]:
    return (before + timedelta(days=n) for n in range(1, (after - before).days))


def _names(calendar: Calendar, piece: Sequence[tuple[date, Words]]) -> list[Words]:
    """Each holiday once; a day off in exchange is part of the holiday beside it."""
    own = _own_names(words for _, words in piece)
    return own or _own_names(_beside(calendar, piece[0][0])) or [_BRIDGE]


def _own_names(found: Iterable[Words]) -> list[Words]:
    own = [each for words in found if not _is_bridge(words) for each in _each(words)]
    return list(dict.fromkeys(_unmarked(each) for each in own))


def _each(words: Words) -> list[Words]:
    """The holidays that fall on one day."""
    chinese, english = (text.split(TOGETHER) for text in words)
    return list(zip(chinese, english, strict=True)) if len(chinese) == len(english) else [words]


def _is_bridge(words: Words) -> bool:
    return "substituted" in words[1]


def _unmarked(words: Words) -> Words:
    chinese, english = words
    for mark_zh, mark_en in _MOVED:
        chinese, english = chinese.replace(mark_zh, ""), english.replace(mark_en, "")
    return chinese, english


def _beside(calendar: Calendar, day: date) -> Iterable[Words]:
    """The holidays before a day, or else after it, without a business day between."""
    for step in (timedelta(days=-1), timedelta(days=1)):
        other = day
        while not calendar.is_business_day(other):
            words = calendar.closed_for(other)
            if words and not _is_bridge(words):
                yield words
                return
            other += step


def _told(run: _Run) -> Words:
    first, last, names = run
    chinese = "、".join(name for name, _ in names)
    english = _listed([name for _, name in names])
    if first == last:
        return f"{short_day(first)[0]}为{chinese}", f"{short_day(first)[1]} is {english}"
    zh, en = _range(first, last)
    if names == [_BRIDGE]:
        return f"{zh}{chinese}", f"{en} are off in exchange"
    return f"{zh}为{chinese}假期", f"{en} are off for {english}"


def _worked(days: Sequence[date], calendar: Calendar) -> Words:
    """Days of the weekend; in China in exchange for others."""
    told = [
        (f"{short_day(day)[0]}（周{'一二三四五六日'[day.weekday()]}）", _with_weekday(day))
        for day in days[:_MOST_HOLIDAYS]
    ]
    chinese, english = "、".join(zh for zh, _ in told), [en for _, en in told]
    if more := len(days) - len(told):
        chinese, english = f"{chinese}等{len(days)}天", [*english, f"{more} more"]
    verb = "is a working day" if len(days) == 1 else "are working days"
    swapped = "调休上班" if calendar.code == "CN" else "照常营业"
    return f"{chinese}{swapped}", f"{_listed(english)} {verb}"


def _with_weekday(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {short_day(day)[1]}"


def _listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _warning(years: Sequence[int], calendar: Calendar) -> list[Words]:
    if not years:
        return []
    one = len(years) == 1
    what, are, they = ("calendar", "is", "it is") if one else ("calendars", "are", "they are")
    chinese, english = "、".join(map(str, years)), _listed([*map(str, years)])
    told = f". The {english} {what} of {calendar.name[1]} {are} not published yet"
    return [
        (
            f"。{calendar.name[0]}{chinese}年的日历尚未公布，公布后日期可能调整",
            f"{told}; the date may move when {they}",
        )
    ]


def _cite(source: str, version: int | None) -> Words:
    if version is None:
        return f"（{source}）", f" ({source})"
    return f"（{source}，第{version}版）", f" ({source}, version {version})"


def _range(first: date, last: date) -> Words:
    """`10月1日至7日`, `1 to 7 October`; over a month's end both are named."""
    zh, en = short_day(last)
    if (first.month, first.year) == (last.month, last.year):
        return f"{short_day(first)[0]}至{last.day}日", f"{first.day} to {en}"
    return f"{short_day(first)[0]}至{zh}", f"{short_day(first)[1]} to {en}"


_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (  # not strftime, which speaks the language of whoever runs it
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def long_day(day: date) -> Words:
    """`2026年9月28日`, `28 September 2026`."""
    return f"{day.year}年{short_day(day)[0]}", f"{short_day(day)[1]} {day.year}"


def short_day(day: date) -> Words:
    """`9月28日`, `28 September`."""
    return f"{day.month}月{day.day}日", f"{day.day} {_MONTHS[day.month - 1]}"


def _joined(*parts: Words) -> Words:
    return "".join(part[0] for part in parts), "".join(part[1] for part in parts)
