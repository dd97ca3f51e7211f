"""A FastAPI application behind the server that runs it in production, and a client for it."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import uvicorn
from fastapi import FastAPI
from multidict import CIMultiDictProxy

from shared import clock

WITHIN_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: CIMultiDictProxy[str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True, slots=True)
class Api:
    session: aiohttp.ClientSession

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        async with self.session.request(method, path, **options) as answer:
            return Answer(answer.status, answer.headers, await answer.text())

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Answer:
        return await self.request("POST", path, **options)


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[Api]:
    """The application on a free port of this process, without the server's signals and ticks."""
    config = uvicorn.Config(app, log_config=None, access_log=False, http="httptools")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await server.startup(sockets=[listening])
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with asyncio.timeout(WITHIN_S), aiohttp.ClientSession(address) as session:
            yield Api(session)
        await clock.sleep(0)  # the server hears that the client has gone
        await server.shutdown(sockets=[listening])
