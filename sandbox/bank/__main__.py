"""`python -m sandbox.bank`: serve until SIGTERM or SIGINT."""

import sys

import uvloop
from aiohttp import web
from pydantic import ValidationError

from sandbox import web as http
from sandbox.bank import api, recourse_api, sandbox_api, statements
from sandbox.bank.bank import Bank
from sandbox.bank.publisher import KafkaPublisher, Publisher, Silent
from sandbox.bank.settings import Settings
from sandbox.journal import JournalCorruptError, JournalLockedError
from sandbox.signatures import BadSecretsError, Secrets
from shared import kafka, observe


def main() -> None:
    """Exit status 2 and one sentence when the environment is not usable."""
    observe.configure("sandbox-bank")
    try:
        settings = Settings()
        uvloop.run(serve(settings))
    except ValidationError as error:
        sys.exit(_fail(f"environment: {http.explain(error)}"))
    except (BadSecretsError, JournalCorruptError, JournalLockedError, OSError) as error:
        sys.exit(_fail(str(error)))


async def serve(settings: Settings) -> None:
    """Serve until a signal comes."""
    bank = Bank(settings.data_dir, Secrets.load(settings.partner_secrets), publisher(settings))
    async with bank.open(), http.serving(application(bank), settings.host, settings.port) as url:
        observe.log.info("bank ready", url=url)
        await http.until_stopped()


def application(bank: Bank) -> web.Application:
    """Every route of the bank."""
    app = http.application(api.STATUS)
    rooms = (
        api.routes(bank),
        recourse_api.routes(bank),
        statements.routes(bank),
        sandbox_api.routes(bank),
    )
    app.add_routes([route for room in rooms for route in room])
    return app


def publisher(settings: Settings) -> Publisher:
    """Kafka if there is one."""
    if settings.kafka_bootstrap_servers is None:
        return Silent()
    where = kafka.Settings(settings.kafka_bootstrap_servers, settings.redress_topic_prefix)
    return KafkaPublisher(where)


def _fail(sentence: str) -> int:
    print(f"sandbox bank: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
