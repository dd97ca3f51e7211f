"""`python -m sandbox.mail`: serve until SIGINT or SIGTERM."""

import sys

import uvloop
from pydantic import ValidationError

from sandbox import web as http
from sandbox.journal import JournalCorruptError, JournalLockedError
from sandbox.mail.server import running
from sandbox.mail.settings import Settings
from shared import observe


def main() -> None:
    """Exit status 2 and one sentence when the environment is not usable."""
    observe.configure("sandbox-mail")
    try:
        uvloop.run(serve(Settings()))
    except ValidationError as error:
        sys.exit(_fail(f"environment: {http.explain(error)}"))
    except (JournalCorruptError, JournalLockedError, OSError) as error:
        sys.exit(_fail(str(error)))


async def serve(settings: Settings) -> None:
    """Serve until a signal comes."""
    async with running(settings) as catcher:
        observe.log.info("mail_catcher.ready", smtp_port=catcher.smtp_port, url=catcher.url)
        await http.until_stopped()


def _fail(sentence: str) -> int:
    print(f"sandbox mail: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
