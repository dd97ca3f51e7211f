"""`python -m services.tracker`: serve, or one of the commands below."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from services.tracker.settings import (
    DatabaseSettings,
    DeadLetterSettings,
    ReconcileSettings,
    Settings,
)
from shared import dead_letters
from shared.rules.files import BadProfile
from shared.seal import KeyRing
from shared.settings import look_in_own_folder, read

_OPENAPI: Final = Path(__file__).parent / "openapi.json"

app = typer.Typer(help="The dispute state machine.", invoke_without_command=True)


@app.callback()
def serve(context: typer.Context) -> None:
    """Serve HTTP and run the workers, until a signal or a failure."""
    if context.invoked_subcommand:
        return
    from services.tracker.wiring import serve_for_ever

    serve_for_ever(read(Settings))


@app.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    from shared import migrations

    migrations.upgrade("tracker", read(DatabaseSettings).tracker_database_url)


@app.command()
def republish(
    since: Annotated[datetime, typer.Option(help="ISO 8601 moment, UTC")],
) -> None:
    """Send the newest status of every dispute that changed since then once more."""
    from services.tracker.republish import republish as work

    count = asyncio.run(work(read(DatabaseSettings).tracker_database_url, since))
    typer.echo(f"{count} status events are in the outbox; the running tracker publishes them")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r}: write 2026-11-01 or 2026-11-01T08:00+08:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@app.command()
def replay(
    since: Annotated[
        datetime, typer.Option(parser=_moment, metavar="MOMENT", help="opened then or later; UTC")
    ],
    until: Annotated[
        datetime | None, typer.Option(parser=_moment, metavar="MOMENT", help="opened before it")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="rules to decide by (TOML), instead of the recorded ones")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="disputes at most")] = None,
) -> None:
    """Decide recorded history again, and say what differs: exit 0 nothing, 1 something, 2 not run.

    Reads only. Recorded inputs keep their times, and money of other disputes stays as it was seen.
    """
    from services.tracker.replay.command import NOT_RUN, Asked, run
    from shared.rules import load_file

    try:
        dsn = read(DatabaseSettings).tracker_database_url
        asked = Asked(since, until, limit, load_file(profile) if profile else None)
        sums = asyncio.run(run(dsn, asked, typer.echo))
    except (*NOT_RUN, SystemExit) as why:  # 1 would say that something differs
        typer.echo(str(why), err=True)
        raise typer.Exit(2) from None
    for line in sums.lines():
        typer.echo(line)
    raise typer.Exit(1 if sums.different else 0)


@app.command()
def reconcile(
    day: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="UTC day")],
) -> None:
    """Compare the bank's statement of a day with our books; safe to repeat.

    Exit status 0: everything is matched or explained; 1: something is not; 2: nothing was
    concluded.
    """
    from services.tracker.reconcile import Inconclusive, command

    settings = read(ReconcileSettings)
    try:
        lines, explained = asyncio.run(
            command(settings.tracker_database_url, settings.bank_url, day.date())
        )
    except Inconclusive as error:
        typer.echo(f"nothing was concluded: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo("\n".join(lines))
    if not explained:
        raise typer.Exit(1)


@app.command()
def reschedule(
    *,
    rules: Annotated[
        str, typer.Option(metavar="VERSION", help="such as cn-nonbank@2; without @ the newest")
    ],
    apply: Annotated[bool, typer.Option("--apply", help="move them, and tell people")] = False,
    confirmed_by: Annotated[
        str | None,
        typer.Option(metavar="WHO", help="who confirms dates of the law moving to the worse"),
    ] = None,
) -> None:
    """Which open dates other rules or a newer calendar move: from what, to what, why.

    Exit status 0: none does, or all were moved; 1: some do, or wait for --confirmed-by; 2: not run.
    """
    from services.tracker import reschedule as work

    try:
        look_in_own_folder()
        wanted = work.named(rules)
        dsn = read(DatabaseSettings).tracker_database_url
        sums = asyncio.run(
            work.run(dsn, wanted, typer.echo, apply=apply, confirmed_by=confirmed_by)
        )
    except (work.BadRules, BadProfile, OSError, SystemExit) as why:  # 1 would say that some do
        typer.echo(str(why), err=True)
        raise typer.Exit(2) from None
    typer.echo(sums.said(apply=apply))
    raise typer.Exit(1 if sums.moves > sums.applied else 0)


@app.command()
def due(
    *,
    profile: Annotated[str | None, typer.Option(help="a rule profile, with --rule")] = None,
    rule: Annotated[str | None, typer.Option(help="a rule of it; --list names them")] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="MOMENT", help="ISO 8601; else in the calendar's zone"),
    ] = None,
    business_days: Annotated[
        str | None, typer.Option(metavar="N", help="bare arithmetic, with --calendar")
    ] = None,
    calendar: Annotated[str | None, typer.Option(help="CN, US, TARGET2, IN or GB")] = None,
    from_file: Annotated[
        Path | None,
        typer.Option(help="a moment or options in each line; - for standard input"),
    ] = None,
    every: Annotated[
        bool, typer.Option("--list", help="every rule, or those of --profile")
    ] = False,
) -> None:
    """When something is due, and why: the moment, then the reason in Chinese and English.

    Exit status 2: the question lacks something.
    """
    from services.tracker import due as questions

    asked = questions.Question(profile, rule, start, business_days, calendar)
    try:
        look_in_own_folder()
        if every:
            for line in questions.every_rule(profile):
                typer.echo(line)
        elif from_file:
            lines = questions.lines_of(from_file)
            for line in questions.answers(lines, asked):
                typer.echo(line)
        else:
            reply = questions.answer(asked)
            typer.echo("\n".join((reply.due_at.isoformat(), *reply.why, *(reply.standing or ()))))
    except BrokenPipeError:
        raise  # whoever reads has read enough: nothing is wrong with the question
    except (questions.BadQuestion, BadProfile, OSError, UnicodeError) as why:
        typer.echo(str(why), err=True)
        raise typer.Exit(2) from None


@app.command()
def openapi(
    *,
    check: Annotated[bool, typer.Option("--check", help="fail where the file differs")] = False,
    write: Annotated[bool, typer.Option("--write", help="write the file")] = False,
) -> None:
    """Print, check or write the OpenAPI document."""
    from services.tracker.wiring import application
    from shared import docs

    docs.command(_OPENAPI, application(None, None, []), check=check, write=write)


def _connect() -> tuple[AsyncEngine, KeyRing]:
    from shared import db

    settings = read(DeadLetterSettings)
    engine = db.engine(settings.tracker_database_url, "tracker-dead-letters", 1)
    return engine, KeyRing.load(settings.redress_key_ring)


app.add_typer(dead_letters.commands(_connect), name="dead-letters")

if __name__ == "__main__":
    app()
