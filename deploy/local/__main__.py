"""`python -m deploy.local up | token | topics | clean`."""

import os
import shutil
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from deploy.local.errors import StartError
from shared.auth import Role

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def up() -> None:
    """Run everything in the foreground until Ctrl-C; the data stays until `clean`."""
    from deploy.local import layout, profile, signals
    from deploy.local.system import System

    profile.check(profile.wallet_named())
    place = layout.kept()
    with signals.as_interrupt():
        system = System(place, tell=_timed())
        try:
            system.start()
            _show(system.endpoints)
            threading.Event().wait()
        except KeyboardInterrupt:
            print("\nstopping", flush=True)
        finally:
            with signals.ignored():
                system.stop()
    print("stopped", flush=True)


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="what the caller may do")],
    subject: Annotated[str, typer.Option(help="who it is for: a customer, operator or partner")],
    ttl: Annotated[int, typer.Option(help="seconds until it expires", min=1)] = 3600,
) -> None:
    """Print a development token for the running system, and nothing else."""
    from deploy.local import layout
    from deploy.local.keys import Keys
    from deploy.local.token import mint

    print(mint(Keys(layout.kept().secrets).issuer, role, subject, timedelta(seconds=ttl)))


@app.command()
def topics() -> None:
    """Create the topics in the Kafka of KAFKA_BOOTSTRAP_SERVERS, or of `up`."""
    from deploy.local import layout
    from deploy.local.ports import LOOPBACK
    from deploy.local.topics import create_topics

    place = layout.kept()
    default = f"{LOOPBACK}:{place.ports['kafka']}"
    create_topics(os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or default, place.prefix)


@app.command()
def clean() -> None:
    """Delete the data, keys and logs of every local run of this checkout."""
    from deploy.local import layout, postgres_place
    from deploy.local.files import locked

    with locked(layout.RUN), locked(layout.RUN / "demo"):
        shutil.rmtree(layout.RUN, ignore_errors=True)
        shutil.rmtree(postgres_place.shared_folder(), ignore_errors=True)


def _timed() -> Callable[[str], None]:
    """Print lines with the seconds since now."""
    from shared import clock

    began = clock.monotonic()
    return lambda text: print(f"[{clock.monotonic() - began:6.1f} s] {text}", flush=True)


def _show(endpoints: dict[str, object]) -> None:
    from deploy.local.programs import SANDBOX, SERVICES

    print("\nRedress is running; Ctrl-C stops it. Addresses are in .run/endpoints.json:")
    for name in (*SERVICES, *SANDBOX, "kafka"):
        print(f"  {name:<9} {endpoints[name]}", flush=True)


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
