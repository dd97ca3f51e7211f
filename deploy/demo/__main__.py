"""`python -m deploy.demo`: start everything, play a wallet's stories, stay up; `token`."""

import sys
from datetime import timedelta
from typing import Annotated

import typer

from deploy.local.errors import StartError
from shared.auth import Role

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="leave at the end: 0 if every story ended as it must")
    ] = False,
    wallet: Annotated[str, typer.Option(help="whose stories and texts")] = "demo",
) -> None:
    """Start a fresh Redress, play the stories, and stay up until Ctrl-C."""
    if context.invoked_subcommand is None:
        from deploy.local import signals

        with signals.as_interrupt():
            from deploy.demo.run import run

            raise typer.Exit(run(once=once, wallet=wallet))


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="what the caller may do")],
    subject: Annotated[str, typer.Option(help="who it is for: a customer, operator or partner")],
    ttl: Annotated[int, typer.Option(help="seconds until it expires", min=1)] = 3600,
) -> None:
    """Print a token for the demonstration that is running, and nothing else."""
    from deploy.demo.run import FOLDER
    from deploy.local.keys import Keys
    from deploy.local.token import mint

    issuer = Keys(FOLDER / "secrets").issuer
    if not issuer.exists():
        raise StartError("No demonstration is running: start one with `make demo`.")
    print(mint(issuer, role, subject, timedelta(seconds=ttl)))


def main() -> None:
    """Run a command; tell what is wrong in a sentence, not in a stack trace."""
    try:
        app()
    except StartError as reason:
        sys.exit(str(reason))
    except PermissionError as reason:
        sys.exit(f"{reason.filename} cannot be written: run Redress where you may write files.")


if __name__ == "__main__":
    main()
