"""`python -m services.notifier` serves; `migrate`, `preview` and others are its commands."""

from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.settings import DatabaseSettings, DeadLetterSettings, Settings
from shared import db, dead_letters, migrations, observe
from shared.seal import KeyRing
from shared.settings import read

_OPENAPI: Final = Path(__file__).parent / "openapi.json"

cli = typer.Typer(help="Redress notifier: statuses in, SMS and e-mail out.", add_completion=False)


@cli.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Serve until a signal; exits 1 when a worker dies or stalls."""
    if context.invoked_subcommand is None:
        serve(read(Settings))


def serve(settings: Settings) -> None:
    """Put the service together and run it."""
    from services.notifier.wiring import serve_for_ever

    observe.configure("notifier", settings.log_level)
    serve_for_ever(settings)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    migrations.upgrade("notifier", read(DatabaseSettings).notifier_database_url)


@cli.command()
def preview(
    *, mail: Annotated[bool, typer.Option("--mail", help="e-mails in full, too")] = False
) -> None:
    """Show every text in every language with sample values, its length and its parts."""
    from services.notifier.samples import previews

    for shown in previews():
        length = shown.length
        size = f"{length.alphabet} {length.units:3} units {length.parts} part(s)"
        print(f"{shown.locale:5} {shown.template:20} {size}  {shown.text}")
        if mail:
            print(f"\n{shown.subject}\n\n{shown.body}")


@cli.command()
def openapi(
    *,
    check: Annotated[bool, typer.Option("--check", help="fail where the file differs")] = False,
    write: Annotated[bool, typer.Option("--write", help="write the file")] = False,
) -> None:
    """Print, check or write the OpenAPI document."""
    from services.notifier.api import build
    from shared import docs

    docs.command(_OPENAPI, build(None, None, []), check=check, write=write)


def _connect() -> tuple[AsyncEngine, KeyRing]:
    settings = read(DeadLetterSettings)
    ring = KeyRing.load(settings.redress_key_ring)
    return db.engine(settings.notifier_database_url, "notifier-cli", pool_size=1), ring


cli.add_typer(dead_letters.commands(_connect), name="dead-letters")

if __name__ == "__main__":
    cli()
