"""`python -m services.intake` serves; `migrate`, `openapi` and `dead-letters` are its commands."""

from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.settings import DatabaseSettings, DeadLetterSettings, Settings
from shared import db, dead_letters, migrations, observe
from shared.seal import KeyRing
from shared.settings import read

_OPENAPI: Final = Path(__file__).parent / "openapi.json"

cli = typer.Typer(help="Redress intake: REST in, dispute events out.", add_completion=False)


@cli.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Serve until a signal; exits 1 when a worker dies or stalls."""
    if context.invoked_subcommand is None:
        serve(read(Settings))


def serve(settings: Settings) -> None:
    """Put the service together and run it."""
    from services.intake.wiring import serve_for_ever

    observe.configure("intake", settings.log_level)
    serve_for_ever(settings)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    migrations.upgrade("intake", read(DatabaseSettings).intake_database_url)


@cli.command()
def openapi(
    *,
    check: Annotated[bool, typer.Option("--check", help="fail where the file differs")] = False,
    write: Annotated[bool, typer.Option("--write", help="write the file")] = False,
) -> None:
    """Print, check or write the OpenAPI document."""
    from services.intake.api.app import build
    from shared import docs

    docs.command(_OPENAPI, build(None, None, []), check=check, write=write)


def _connect() -> tuple[AsyncEngine, KeyRing]:
    settings = read(DeadLetterSettings)
    ring = KeyRing.load(settings.redress_key_ring)
    return db.engine(settings.intake_database_url, "intake-cli", pool_size=1), ring


cli.add_typer(dead_letters.commands(_connect), name="dead-letters")

if __name__ == "__main__":
    cli()
