"""The service put together from its parts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier import api, handlers
from services.notifier.domain.sending import Channel
from services.notifier.email import Mailer, Server
from services.notifier.settings import Settings
from services.notifier.sms import Account, Gateway
from services.notifier.worker import Receipts, Sender, Sweeper
from shared import db, service
from shared.auth import Verifier
from shared.contracts.topics import Topic
from shared.kafka import Consumer
from shared.observe import Progress
from shared.outbox import Relay
from shared.seal import KeyRing

_CONNECTIONS: Final = 10
_GROUP: Final = "notifier"


@dataclass(frozen=True, slots=True)
class Notifier:
    """Everything that runs in the process; `close` lets go of connections."""

    engine: AsyncEngine
    keys: KeyRing
    consumer: Consumer
    relay: Relay
    gateway: Gateway
    mailer: Mailer
    senders: tuple[Sender, ...]
    receipts: Receipts
    sweeper: Sweeper

    @property
    def workers(self) -> list[Callable[[], Awaitable[None]]]:
        """The loops; each runs until it is cancelled."""
        return [
            self.consumer.run,
            self.relay.run,
            self.gateway.run,
            *(sender.run for sender in self.senders),
            self.receipts.run,
            self.sweeper.run,
        ]

    @property
    def progress(self) -> list[Progress]:
        """Each loop's sign of life."""
        return [
            self.consumer.progress,
            self.relay.progress,
            self.gateway.progress,
            *(sender.progress for sender in self.senders),
            self.receipts.progress,
            self.sweeper.progress,
        ]

    def due(self) -> None:
        """Messages became due."""
        for sender in self.senders:
            sender.wake()

    async def close(self) -> None:
        """Hang up everywhere."""
        await self.mailer.close()
        await self.engine.dispose()


def assemble(settings: Settings) -> Notifier:
    """Return the parts, connected to each other and not yet running."""
    engine = db.engine(settings.notifier_database_url, "notifier", pool_size=_CONNECTIONS)
    keys = KeyRing.load(settings.redress_key_ring)
    relay = Relay(settings.notifier_database_url, settings.kafka, "notifier")
    receipts = Receipts(engine, keys, relay.wake)
    gateway = Gateway(_account(settings), receipts.arrived)
    mailer = Mailer(_server(settings))
    senders = (
        Sender(Channel.SMS, engine, gateway, keys, settings, relay.wake),
        Sender(Channel.EMAIL, engine, mailer, keys, settings, relay.wake),
    )

    def swept() -> None:
        relay.wake()
        for sender in senders:
            sender.wake()

    consumer = Consumer(
        settings.kafka,
        engine,
        keys,
        group=_GROUP,
        topics=[Topic.DISPUTE_STATUS],
        handle=handlers.hear,
        committed=swept,
    )
    sweeper = Sweeper(engine, settings, swept)
    return Notifier(engine, keys, consumer, relay, gateway, mailer, senders, receipts, sweeper)


def serve_for_ever(settings: Settings) -> None:
    """Serve until a signal, or until a part dies or stalls."""
    notifier = assemble(settings)
    verifier = Verifier(settings.tokens, demo=settings.is_demonstration)
    parts = api.Parts(notifier.engine, notifier.keys, notifier.due, settings.wallet.locales[0])
    service.run(
        api.build(verifier, parts, notifier.progress),
        host=settings.host,
        port=settings.port,
        workers=[*notifier.workers, verifier.run],
        progress=notifier.progress,
        closing=notifier.close,
    )


def _account(settings: Settings) -> Account:
    return Account(
        host=settings.smpp_host,
        port=settings.smpp_port,
        system_id=settings.smpp_system_id,
        password=settings.smpp_password,
        source=settings.smpp_source,
        answer_timeout_s=settings.answer_timeout_s,
    )


def _server(settings: Settings) -> Server:
    return Server(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_from,
        connections=settings.smtp_connections,
        answer_timeout_s=settings.answer_timeout_s,
    )
