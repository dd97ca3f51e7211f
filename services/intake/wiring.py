"""The service put together from its parts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import worker
from services.intake.api.app import build
from services.intake.api.parts import Parts
from services.intake.api.throttle import Limits, Throttle
from services.intake.handlers.accept import Desk, Terms
from services.intake.settings import Settings
from services.intake.worker import Upkeep
from shared import db, observe, service
from shared.auth import Verifier
from shared.kafka import Consumer
from shared.observe import Progress
from shared.outbox import Relay
from shared.rules import calendars
from shared.seal import KeyRing

# Accepting has connections of its own, so that no rush of readers can hold it up.
_ACCEPT_CONNECTIONS: Final = 2
_OTHER_CONNECTIONS: Final = 8


@dataclass(frozen=True, slots=True)
class Intake:
    """Everything that runs in the process; `close` lets go of connections."""

    accepting: AsyncEngine
    parts: Parts
    relay: Relay
    statuses: Consumer
    transactions: Consumer
    upkeep: Upkeep

    @property
    def workers(self) -> list[Callable[[], Awaitable[None]]]:
        """The loops; each runs until it is cancelled."""
        return [
            self.parts.desk.batch.run,
            self.relay.run,
            self.statuses.run,
            self.transactions.run,
            self.upkeep.reemit_for_ever,
            self.upkeep.purge_for_ever,
        ]

    @property
    def progress(self) -> list[Progress]:
        """Each loop's sign of life."""
        return [
            self.parts.desk.batch.progress,
            self.relay.progress,
            self.statuses.progress,
            self.transactions.progress,
            self.upkeep.reemission,
            self.upkeep.purge,
        ]

    async def close(self) -> None:
        """Hang up everywhere."""
        await self.accepting.dispose()
        await self.parts.engine.dispose()


def assemble(settings: Settings) -> Intake:
    """Return the parts, connected to each other and not yet running."""
    dsn, wallet, profile = settings.intake_database_url, settings.wallet, settings.rules
    observe.counts_by(calendars.calendar(profile.calendar))
    keys = KeyRing.load(settings.redress_key_ring)
    accepting = db.engine(dsn, "intake-accept", pool_size=_ACCEPT_CONNECTIONS)
    engine = db.engine(dsn, "intake", pool_size=_OTHER_CONNECTIONS)
    relay = Relay(dsn, settings.kafka, "intake")
    limit = settings.intake_queue_limit
    desk = Desk(accepting, Terms(wallet, profile, keys), relay.wake, max_queue=limit)
    return Intake(
        accepting=accepting,
        parts=Parts(
            desk,
            engine,
            wallet,
            profile,
            keys,
            relay.wake,
            _throttle(settings),
            settings.intake_client_header,
        ),
        relay=relay,
        statuses=worker.status_feed(settings.kafka, engine, keys),
        transactions=worker.transaction_feed(settings.kafka, engine, keys),
        upkeep=Upkeep(engine, settings, relay.wake),
    )


def _throttle(settings: Settings) -> Throttle:
    return Throttle(
        Limits(
            in_all=settings.intake_reports_in_all,
            per_network=settings.intake_reports_per_network,
            per_address=settings.intake_reports_per_address,
            per_customer=settings.intake_reports_per_customer,
        )
    )


def serve_for_ever(settings: Settings) -> None:
    """Serve until a signal, or until a part dies or stalls."""
    intake = assemble(settings)
    verifier = Verifier(settings.tokens, demo=settings.is_demonstration)
    service.run(
        build(verifier, intake.parts, intake.progress),
        host=settings.host,
        port=settings.port,
        workers=[*intake.workers, verifier.run],
        progress=intake.progress,
        closing=intake.close,
    )
