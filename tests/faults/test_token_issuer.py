"""The token issuer goes away: claims are accepted with the keys that were at hand."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from deploy.local import ports, programs
from deploy.local.keys import Keys
from deploy.local.processes import Process
from deploy.local.system import System
from tests.e2e.world import Answer, until
from tests.faults.ground import Ground

pytestmark = pytest.mark.timeout(300)
INSTANCE: Final = 7
NAME: Final = f"intake-{INSTANCE}"


@dataclass(frozen=True, slots=True)
class Instance:
    """An intake that has its issuer's keys from an address; `cache` is its copy on disk."""

    ground: Ground
    process: Process
    cache: Path

    async def claim(self) -> Answer:
        """With a token that it has not seen before: each signature is another one."""
        self.ground.world.tokens.clear()
        (transaction_id,) = await self.ground.purchases(1)
        return await self.ground.world.claim(transaction_id, through=NAME)

    async def accepts(self) -> bool:
        """Whether a claim of now is answered 202; it goes on as any other."""
        (transaction_id,) = await self.ground.purchases(1)
        self.ground.world.tokens.clear()
        status = await self.ground.tried(transaction_id, transaction_id, NAME)
        return not isinstance(status, int | str)

    async def restart(self) -> None:
        """Stopped in order, and up again."""
        supervisor = self.ground.system.supervisor
        await asyncio.to_thread(supervisor.stop_some, [NAME])
        supervisor.watch([self.process])
        await self.ground.wait_for(NAME)


async def test_with_the_issuer_away_from_one_moment_to_the_next(ground: Ground) -> None:
    async with _issuing(ground) as (issuer, instance):
        assert await instance.accepts()
        await issuer.cleanup()
        assert await instance.accepts()
        await ground.all_credited(ground.accepted[-2:])
        await ground.check()


async def test_started_with_the_issuer_away_it_takes_its_copy_of_the_keys(ground: Ground) -> None:
    async with _issuing(ground) as (issuer, instance):
        assert await instance.accepts()
        await issuer.cleanup()
        await instance.restart()
        assert await instance.accepts()
        nobody = await ground.world.call("GET", NAME, "/v1/disputes")
        assert nobody.status == 401
        await ground.all_credited(ground.accepted[-2:])
        await ground.check()


async def test_without_any_key_it_asks_to_come_again_and_recovers_with_the_issuer(
    ground: Ground,
) -> None:
    async with _issuing(ground) as (issuer, instance):
        address = issuer.addresses[0]
        await issuer.cleanup()
        _forget(instance.cache)
        await instance.restart()
        answer = await instance.claim()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert answer.headers["Content-Type"] == "application/problem+json"
        again = await _serve(_public_keys(ground), address[1])
        try:
            await until(instance.accepts)
            await ground.all_credited(ground.accepted[-1:])
            await ground.check()
        finally:
            await again.cleanup()


@asynccontextmanager
async def _issuing(ground: Ground) -> AsyncIterator[tuple[web.AppRunner, Instance]]:
    """An issuer's address in this process, and one more intake that depends on it."""
    (port, mine) = ports.free(2)
    issuer = await _serve(_public_keys(ground), port)
    program = _program(ground.system, mine, f"http://127.0.0.1:{port}/jwks.json")
    ground.world.more[NAME] = program.url
    cache = Path(program.process.command.env["JWKS_CACHE"])
    try:
        ground.system.supervisor.watch([program.process])
        await ground.wait_for(NAME)
        await until(lambda: _exists(cache))
        yield issuer, Instance(ground, program.process, cache)
    finally:
        await asyncio.to_thread(ground.system.supervisor.stop_some, [NAME])
        _forget(cache)
        await issuer.cleanup()


async def _serve(jwks: bytes, port: int) -> web.AppRunner:
    async def keys(_: web.Request) -> web.Response:
        return web.Response(body=jwks, content_type="application/json")

    app = web.Application()
    app.router.add_get("/jwks.json", keys)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


def _program(system: System, port: int, jwks_url: str) -> programs.Program:
    layout = replace(system.layout, ports={**system.layout.ports, "intake": port})
    databases: Any = system.endpoints["postgres"]
    backing = programs.Backing(str(system.endpoints["kafka"]), databases)
    program = programs.service("intake", layout, backing, INSTANCE)
    env: Mapping[str, str] = program.process.command.env
    env = {k: v for k, v in env.items() if k != "JWKS_FILE"} | {"JWKS_URL": jwks_url}
    return replace(program, process=Process(replace(program.process.command, env=env)))


def _public_keys(ground: Ground) -> bytes:
    return Keys(ground.system.layout.secrets).jwks.read_bytes()


def _forget(cache: Path) -> None:
    cache.unlink(missing_ok=True)


async def _exists(path: Path) -> bool:
    return await asyncio.to_thread(path.exists)
