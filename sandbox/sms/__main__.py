"""`python -m sandbox.sms`: serve until SIGINT or SIGTERM."""

import sys

import uvloop
from pydantic import ValidationError

from sandbox import web as http
from sandbox.journal import JournalCorruptError, JournalLockedError
from sandbox.sms.server import running
from sandbox.sms.settings import Settings
from shared import observe


def main() -> None:
    """Exit status 2 and one sentence when the environment is not usable."""
    observe.configure("sandbox-sms")
    try:
        uvloop.run(serve(Settings()))
    except ValidationError as error:
        sys.exit(_fail(f"environment: {http.explain(error)}"))
    except (JournalCorruptError, JournalLockedError, OSError) as error:
        sys.exit(_fail(str(error)))


async def serve(settings: Settings) -> None:
    """Serve until a signal comes."""
    async with running(settings) as gateway:
        observe.log.info("sms_gateway.ready", smpp_port=gateway.smpp_port, url=gateway.url)
        await http.until_stopped()


def _fail(sentence: str) -> int:
    print(f"sandbox sms: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
