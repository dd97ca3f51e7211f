"""Puts the tracker together: who gets what, and which loops run."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from functools import cached_property
from typing import Protocol
from uuid import UUID

import aiohttp
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from services.tracker import api, calls, cases_api, ops, worker
from services.tracker.accounts import HttpAccounts
from services.tracker.bank import HttpBank
from services.tracker.domain.reconciliation import Page
from services.tracker.domain.triggers import Trigger
from services.tracker.measuring import Measuring
from services.tracker.merchant import HttpMerchant
from services.tracker.node import HttpNode, Pace
from services.tracker.reconcile import Reconciler
from services.tracker.settings import Settings
from services.tracker.store import disputes
from services.tracker.worker import Calls, Commit, Counts, Housekeeping, Timers
from shared import db, docs, http, kafka, observe, outbox, service, tasks
from shared.auth import Verifier
from shared.contracts.topics import Topic
from shared.observe import Progress
from shared.rules import BadProfile, calendars
from shared.seal import KeyRing
from shared.signatures import Secrets

VERSION = "0.1.0"
_BANK_SLOTS = 64
_MERCHANT_SLOTS = 64
_ACCOUNTS_SLOTS = 16
_GATHER_S = 0.02
_PARTIES = frozenset({"bank", "merchant", "accounts"})


class _Loop(Protocol):
    """A worker: runs until cancelled and shows its progress."""

    progress: Progress

    async def run(self) -> None:
        """Until cancelled."""


class _Parties:
    """The outside parties; their sessions are made inside the loop that uses them."""

    def __init__(self, settings: Settings, secrets: Secrets, engine: AsyncEngine) -> None:
        self._settings = settings
        self._outside = settings.outside
        self._engine = engine
        self._secrets = secrets
        self._sessions: list[aiohttp.ClientSession] = []

    async def bank_call(self, task: tasks.Claimed) -> Trigger | None:
        """Carry out a bank task."""
        return await self._bank(task)

    async def merchant_call(self, task: tasks.Claimed) -> Trigger | None:
        """Carry out a merchant task."""
        return await self._merchant(task)

    async def accounts_call(self, task: tasks.Claimed) -> Trigger | None:
        """Carry out a task of the account service."""
        return await self._accounts(task)

    async def statement(self, day: date, after: int) -> Page:
        """A page of the bank's statement of a day."""
        return await self._http_bank.statement(day, after)

    @cached_property
    def _http_bank(self) -> HttpBank:
        url = f"{self._settings.public_url}/v1/callbacks/banks/bank"
        return HttpBank(self._session(_BANK_SLOTS), self._outside["bank_url"], url)

    @cached_property
    def _bank(self) -> calls.Make:
        if not self._settings.reads_a_chain:
            return calls.bank_calls(self._http_bank)
        given = self._settings
        pace = Pace(given.node_confirmations, given.node_block_s, given.node_pending_s)
        session = self._session(_BANK_SLOTS)
        return calls.node_calls(HttpNode(session, self._outside["node_url"], pace))

    @cached_property
    def _merchant(self) -> calls.Make:
        base = f"{self._settings.public_url}/v1/callbacks/merchants"
        session = self._session(_MERCHANT_SLOTS)
        merchant = HttpMerchant(session, self._outside["merchant_url"], self._secrets, base)
        return calls.merchant_calls(merchant)

    @cached_property
    def _accounts(self) -> calls.Make:
        url = f"{self._settings.public_url}/v1/callbacks/accounts"
        session = self._session(_ACCOUNTS_SLOTS)
        return calls.accounts_calls(
            HttpAccounts(session, self._outside["accounts_url"], url), self._siblings
        )

    async def _siblings(self, claim_id: UUID, dispute_id: UUID) -> bool:
        async with self._engine.connect() as connection:
            return await disputes.is_hold_needed(connection, claim_id, dispute_id)

    async def close(self) -> None:
        """Close every session."""
        for session in self._sessions:
            await session.close()

    def _session(self, slots: int) -> aiohttp.ClientSession:
        session = http.client(total_s=10.0, limit=slots)
        self._sessions.append(session)
        return session


def serve_for_ever(settings: Settings) -> None:
    """Run until a signal (exit 0) or until a part dies or stalls (exit 1)."""
    observe.configure("tracker", settings.log_level)
    observe.counts_by(calendars.calendar(settings.rules.calendar))
    try:
        settings.outside  # noqa: B018 - what is missing is told before anything starts
    except BadProfile as reason:
        sys.exit(str(reason))
    keys = KeyRing.load(settings.redress_key_ring)
    secrets = Secrets.load(settings.partner_secrets)
    engine = db.engine(settings.tracker_database_url, "tracker", 10)
    relay = outbox.Relay(settings.tracker_database_url, settings.kafka, "tracker")
    verifier = Verifier(settings.tokens, demo=settings.is_demonstration)
    loops: dict[str, Calls] = {}

    def committed(parties: frozenset[str] = _PARTIES) -> None:
        relay.wake()
        for party in parties:
            loops[party].wake()

    measuring = Measuring(engine)
    flush = worker.flusher(engine, committed, measuring.measured)
    commit: Commit = Commit("tracker", flush, gather_s=_GATHER_S)
    parties = _Parties(settings, secrets, engine)
    loops["bank"] = Calls(engine, commit, "bank", parties.bank_call, _BANK_SLOTS)
    loops["merchant"] = Calls(engine, commit, "merchant", parties.merchant_call, _MERCHANT_SLOTS)
    loops["accounts"] = Calls(engine, commit, "accounts", parties.accounts_call, _ACCOUNTS_SLOTS)
    consumer = kafka.Consumer(
        settings.kafka,
        engine,
        keys,
        group="tracker",
        topics=(Topic.DISPUTES, Topic.MISSING_FUNDS),
        handle=worker.event_handler(measuring.measured),
        committed=committed,
    )
    workers: list[_Loop] = [
        relay,
        commit,
        consumer,
        Timers(engine, commit),
        Housekeeping(engine, measuring.measured),
        Counts(engine),
        measuring,
        *loops.values(),
    ]
    if not settings.reads_a_chain:  # a chain gives no statement of the day
        dsn, hour = settings.tracker_database_url, settings.reconcile_hour
        workers.append(Reconciler(engine, dsn, parties, hour))
    progress = [part.progress for part in workers]

    async def ready() -> None:
        await db.check_ready(engine, "tracker")

    app = application(api.Desk(commit, engine, secrets, keys), verifier, progress, ready)

    async def closing() -> None:
        await parties.close()
        await engine.dispose()

    service.run(
        app,
        host=settings.host,
        port=settings.port,
        workers=[verifier.run, *(part.run for part in workers)],
        progress=progress,
        closing=closing,
    )


def application(
    desk: api.Desk | None,
    verifier: Verifier | None,
    progress: Sequence[Progress],
    ready: Callable[[], Awaitable[None]] | None = None,
) -> FastAPI:
    """Every route. Without a desk only the document can be read off it."""
    app = http.create_app(
        "tracker", version=VERSION, verifier=verifier, progress=progress, ready=ready
    )
    app.include_router(api.routes(desk))  # type: ignore[arg-type] # used when a request comes
    keys = desk and desk.keys
    app.include_router(cases_api.routes(desk and desk.engine, keys))  # type: ignore[arg-type]
    app.include_router(ops.pages(desk and desk.engine, verifier, keys))  # type: ignore[arg-type]
    docs.serve(app)
    return app
