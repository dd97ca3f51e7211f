"""`python -m sandbox.accounts`: serve until SIGTERM or SIGINT."""

import sys

import uvloop
from pydantic import ValidationError

from sandbox import web as http
from sandbox.accounts.api import application
from sandbox.accounts.office import Office
from sandbox.accounts.settings import Settings
from sandbox.journal import JournalCorruptError, JournalLockedError
from sandbox.signatures import BadSecretsError, Secrets
from shared import observe


def main() -> None:
    """Exit status 2 and one sentence when the environment is not usable."""
    observe.configure("sandbox-accounts")
    try:
        uvloop.run(serve(Settings()))
    except ValidationError as error:
        sys.exit(_fail(f"environment: {http.explain(error)}"))
    except (BadSecretsError, JournalCorruptError, JournalLockedError, OSError) as error:
        sys.exit(_fail(str(error)))


async def serve(settings: Settings) -> None:
    """Serve until a signal comes."""
    secrets = Secrets.load(settings.partner_secrets)
    office = Office(settings.data_dir, secrets)
    app = application(office)
    async with office.open(), http.serving(app, settings.host, settings.port) as url:
        observe.log.info("accounts ready", url=url)
        await http.until_stopped()


def _fail(sentence: str) -> int:
    print(f"sandbox accounts: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
