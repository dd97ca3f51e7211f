"""The tracker's HTTP interface over a stage, in this process, with tokens of a made-up issuer."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.tracker import api, cases_api, worker
from services.tracker.handlers import Outcome, Signal
from shared import http
from shared.auth import BadToken, Principal, Role, TokenSettings, Verifier
from shared.batch import GroupCommit
from shared.seal import KeyRing
from shared.signatures import Secrets
from tests.integration.tracker.stage import MERCHANT, Stage
from tests.unit.shared.serving import Api, served

SECRETS: Final = Secrets(
    {
        "bank": b"bank-bank-bank-bank-bank",
        "accounts": b"accounts-accounts-accoun",
        MERCHANT: b"tea--tea--tea--tea--tea-",
        "*": b"any--any--any--any--any-",
    }
)
KEYS: Final = KeyRing("k1", {"k1": AESGCM(b"0" * 32)})


@dataclass(frozen=True, slots=True)
class Caller:
    """A token in the clear, for tests of what comes after it was verified."""

    role: Role
    subject: str = "ops-1"

    @property
    def headers(self) -> dict[str, str]:
        body = json.dumps({"role": self.role, "subject": self.subject}).encode()
        return {"Authorization": f"Bearer {base64.urlsafe_b64encode(body).decode()}"}


class Believing(Verifier):
    """Takes a `Caller` at its word."""

    def __init__(self) -> None:
        super().__init__(TokenSettings(issuer="urn:test"), demo=True)

    async def verify(self, token: str) -> Principal:
        try:
            said = json.loads(base64.urlsafe_b64decode(token))
        except ValueError:
            raise BadToken("no caller of these tests") from None
        return Principal(said["subject"], Role(said["role"]))


@asynccontextmanager
async def serving(
    stage: Stage, committed: Callable[[frozenset[str]], None] = lambda _: None
) -> AsyncIterator[Api]:
    """Every route, behind the real server; commits as in production, and then says so."""
    commit: GroupCommit[Signal, Outcome] = GroupCommit(
        "test-desk", worker.flusher(stage.engine, committed)
    )
    app = http.create_app("tracker", version="test", verifier=Believing())
    app.include_router(api.routes(api.Desk(commit, stage.engine, SECRETS, KEYS)))
    app.include_router(cases_api.routes(stage.engine, KEYS))
    running = asyncio.create_task(commit.run())
    try:
        async with served(app) as client:
            yield client
    finally:
        running.cancel()
        await asyncio.wait([running])
