"""`due`: when something is due and why, on the command line; and every rule there is."""

import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from shared.rules import (
    BadProfile,
    Explanation,
    Profile,
    calendars,
    explain,
    files,
    load,
    of_business_days,
)
from shared.rules.calendars import Words
from shared.rules.profile import Rule
from shared.rules.words import BASES, STANDINGS, STARTS, STOPS

_MOST_DAYS: Final = 10_000
_DIGITS: Final = len(str(_MOST_DAYS))
_NAMES: Final = {
    "--profile": "profile",
    "--rule": "rule",
    "--from": "start",
    "--business-days": "business_days",
    "--calendar": "calendar",
}


class BadQuestion(ValueError):
    """What was asked lacks something or names something that is not there; says what to write."""


@dataclass(frozen=True, slots=True)
class Question:
    """By a profile's rule, or bare business days in a calendar; as it was written."""

    profile: str | None = None
    rule: str | None = None
    start: str | None = None
    business_days: str | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The due moment in the calendar's zone, and why."""

    due_at: datetime
    why: Words
    standing: Words | None = None


def answer(question: Question) -> Reply:
    """When it is due.

    Raises:
        BadQuestion: names the option and the remedy.

    """
    try:
        if question.business_days is not None:
            return _bare(question)
        return _by_rule(question)
    except BadProfile as error:
        raise BadQuestion(str(error).replace("REDRESS_PROFILE", "--profile")) from None
    except OverflowError:
        raise BadQuestion("--from: beyond the year 9999; write an earlier moment") from None


def answers(lines: Iterable[str], usual: Question) -> Iterator[str]:
    """For each line the due moment and both explanations, separated by tabs.

    A line is a moment, or options that count for it alone beside those of the command. Empty
    lines and those that begin with # are skipped.

    Raises:
        BadQuestion: with the number of the line.

    """
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            reply = answer(_read(line, usual))
        except BadQuestion as error:
            raise BadQuestion(f"line {number}: {error}") from None
        yield "\t".join((reply.due_at.isoformat(), *reply.why))


def lines_of(path: Path) -> Iterator[str]:
    """A file's lines; `-` is standard input.

    Raises:
        BadQuestion: it cannot be read.

    """
    try:
        opened = nullcontext(sys.stdin) if path == Path("-") else path.open(encoding="utf-8")
        with opened as lines:
            yield from lines
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
        raise BadQuestion(f"--from-file: {path}: {said}; name a file of lines, or -") from None
    except UnicodeError:
        raise BadQuestion(f"--from-file: {path}: no text in UTF-8; name a file of lines") from None


def every_rule(name: str | None) -> Iterator[str]:
    """A line for each rule of each profile (or of one), with a head; columns parted by tabs.

    Raises:
        BadQuestion: there is no such profile.

    """
    columns = ("profile", "rule", "version", "value", "unit", "calendar", "starts", "stops")
    yield "\t".join((*columns, "basis", "standing", "source", "written_in"))
    try:
        profiles = [load(each) for each in ([name] if name else files.installed("rules"))]
    except BadProfile as error:
        raise BadQuestion(str(error).replace("REDRESS_PROFILE", "--profile")) from None
    for profile in profiles:
        for rule in profile.rules.values():
            yield "\t".join(map(str, _row(profile, rule)))


def _row(profile: Profile, rule: Rule) -> tuple[object, ...]:
    counted = (profile.name, rule.id, rule.version, rule.value, rule.unit.value)
    runs = (rule.calendar or profile.calendar, rule.starts, rule.stops)
    return (*counted, *runs, rule.basis, rule.standing, rule.source, rule.profile)


def _bare(question: Question) -> Reply:
    if question.profile or question.rule:
        raise BadQuestion("--business-days: stands without --profile and --rule; leave these out")
    if question.calendar not in calendars.codes():
        why = "missing" if question.calendar is None else f"none is called {question.calendar!r}"
        raise BadQuestion(f"--calendar: {why}; use one of: {', '.join(calendars.codes())}")
    days = question.business_days or ""
    if not days.isdecimal() or len(days) > _DIGITS or not 0 < int(days) <= _MOST_DAYS:
        raise BadQuestion(f"--business-days: {days!r}; write a number from 1 to {_MOST_DAYS}")
    zone = calendars.calendar(question.calendar).zone
    told = of_business_days(question.calendar, int(days), _moment(question, zone))
    return _reply(told, zone)


def _by_rule(question: Question) -> Reply:
    if question.calendar:
        raise BadQuestion("--calendar: goes with --business-days; a rule has its own calendar")
    if question.profile is None or question.rule is None:
        raise BadQuestion("--profile and --rule: give both, or --business-days and --calendar")
    profile = load(question.profile)
    rule = profile.rules.get(question.rule)
    if rule is None:
        known = ", ".join(profile.rules)
        raise BadQuestion(f"--rule: {question.profile} has no {question.rule!r}; use: {known}")
    zone = profile.zone_of(rule)
    told = explain(profile, rule.id, _moment(question, zone))
    return replace(_reply(told, zone), standing=_standing(rule))


def _standing(rule: Rule) -> Words:
    """From what until what it runs, what it rests on, and how sure that is."""
    parts = (STARTS[rule.starts], STOPS[rule.stops], BASES[rule.basis], STANDINGS[rule.standing])
    zh, en = ([part[n] for part in parts] for n in (0, 1))
    return (
        f"从{zh[0]}起，至{zh[1]}止；{zh[2]}；{zh[3]}",
        f"from when {en[0]} until {en[1]}; {en[2]}; {en[3]}",
    )


def _reply(told: Explanation, zone: str) -> Reply:
    return Reply(told.due_at.astimezone(calendars.zone_of(zone)), told.text)


def _moment(question: Question, zone: str) -> datetime:
    """ISO 8601; without an offset it is the time of the calendar's zone."""
    text = question.start or ""
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=calendars.zone_of(zone))
    except ValueError:
        raise BadQuestion(f"--from: {text!r}; write 2026-09-28T10:00+08:00") from None


def _read(line: str, usual: Question) -> Question:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise BadQuestion(f"{error}; write a moment, or options as on the command line") from None
    if not words[0].startswith("--"):
        words.insert(0, "--from")
    given: dict[str, str] = {}
    while words:
        name, _, value = words.pop(0).partition("=")
        if name not in _NAMES:
            raise BadQuestion(f"{name}: unknown; use any of: {', '.join(_NAMES)}")
        if not value and not words:
            raise BadQuestion(f"{name}: nothing follows it; write its value")
        given[_NAMES[name]] = value or words.pop(0)
    if "business_days" in given or "rule" in given:  # the line asks something else than the rest
        usual = _without_the_other(usual, "business_days" in given)
    return replace(usual, **given)


def _without_the_other(usual: Question, bare: bool) -> Question:  # noqa: FBT001 - which of two
    if bare:
        return replace(usual, profile=None, rule=None)
    return replace(usual, business_days=None, calendar=None)
