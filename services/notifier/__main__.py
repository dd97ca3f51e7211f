"""`python -m services.notifier` serves; `migrate`, `preview` and others are its commands."""

import sys
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.settings import DatabaseSettings, Settings
from shared import db, dead_letters, migrations, observe
from shared.seal import KeyRing

_OPENAPI: Final = Path(__file__).parent / "openapi.json"
Read = TypeVar("Read", bound=BaseSettings)

cli = typer.Typer(help="Redress notifier: statuses in, SMS and e-mail out.", add_completion=False)


@cli.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Serve until a signal; exits 1 when a worker dies or stalls."""
    if context.invoked_subcommand is None:
        serve(_read(Settings))


def serve(settings: Settings) -> None:
    """Put the service together and run it."""
    from services.notifier.wiring import serve_for_ever

    observe.configure("notifier", settings.log_level)
    serve_for_ever(settings)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    migrations.upgrade("notifier", _read(DatabaseSettings).notifier_database_url)


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

    text = docs.text(build(None, None, []))
    if write:
        _OPENAPI.write_text(text, encoding="utf-8")
    elif not check:
        print(text, end="")
    elif not _OPENAPI.exists() or _OPENAPI.read_text(encoding="utf-8") != text:
        sys.exit(f"{_OPENAPI} differs: python -m services.notifier openapi --write")


def _connect() -> tuple[AsyncEngine, KeyRing]:
    settings = _read(Settings)
    ring = KeyRing.load(settings.redress_key_ring)
    return db.engine(settings.notifier_database_url, "notifier-cli", pool_size=1), ring


def _read(kind: type[Read]) -> Read:
    try:
        return kind()
    except ValidationError as error:
        sys.exit(_complaint(error))


def _complaint(error: ValidationError) -> str:
    """One line per variable, without its value."""
    lines = [f"{str(part['loc'][0]).upper()}: {part['msg']}" for part in error.errors()]
    return "\n".join(["The environment is not complete:", *lines])


cli.add_typer(dead_letters.commands(_connect), name="dead-letters")

if __name__ == "__main__":
    cli()
