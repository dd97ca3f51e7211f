"""`python -m sandbox.merchant`: serve until SIGTERM or SIGINT."""

import sys

import uvloop
from pydantic import ValidationError

from sandbox import web as http
from sandbox.journal import JournalCorruptError, JournalLockedError
from sandbox.merchant.api import application
from sandbox.merchant.desk import Desk
from sandbox.merchant.settings import Settings
from sandbox.signatures import BadSecretsError, Secrets
from shared import observe


def main() -> None:
    """Exit status 2 and one sentence when the environment is not usable."""
    observe.configure("sandbox-merchant")
    try:
        uvloop.run(serve(Settings()))
    except ValidationError as error:
        sys.exit(_fail(f"environment: {http.explain(error)}"))
    except (BadSecretsError, JournalCorruptError, JournalLockedError, OSError) as error:
        sys.exit(_fail(str(error)))


async def serve(settings: Settings) -> None:
    """Serve until a signal comes."""
    secrets = Secrets.load(settings.partner_secrets)
    desk = Desk(settings.data_dir, secrets)
    app = application(desk, secrets)
    async with desk.open(), http.serving(app, settings.host, settings.port) as url:
        observe.log.info("merchants ready", url=url)
        await http.until_stopped()


def _fail(sentence: str) -> int:
    print(f"sandbox merchant: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
