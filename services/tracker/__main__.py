"""`python -m services.tracker`: serve, or one of the commands below."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from services.tracker.settings import DatabaseSettings, DeadLetterSettings, Settings
from shared import dead_letters
from shared.seal import KeyRing
from shared.settings import read

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
