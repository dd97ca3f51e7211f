"""`python -m sandbox.node`: serve until SIGTERM or SIGINT."""

import sys

import uvloop
from pydantic import ValidationError

from sandbox import web as http
from sandbox.journal import JournalCorruptError, JournalLockedError
from sandbox.node import chain
from sandbox.node.api import application
from sandbox.node.settings import Settings
from shared import observe


def main() -> None:
    """Exit status 2 and one sentence when the environment is not usable."""
    observe.configure("sandbox-node")
    try:
        uvloop.run(serve(Settings()))
    except ValidationError as error:
        sys.exit(_fail(f"environment: {http.explain(error)}"))
    except (JournalCorruptError, JournalLockedError, OSError) as error:
        sys.exit(_fail(str(error)))


async def serve(settings: Settings) -> None:
    """Serve until a signal comes."""
    app = application(chain.opened(settings.data_dir, settings.block_s))
    async with http.serving(app, settings.host, settings.port) as url:
        observe.log.info("node ready", url=url)
        await http.until_stopped()


def _fail(sentence: str) -> int:
    print(f"sandbox node: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
