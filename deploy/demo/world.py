"""A running system as a world to play in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from deploy.demo.calls import Calls
from deploy.demo.letters import Letters
from deploy.demo.outside import Outside
from deploy.demo.stage import World
from deploy.demo.stream import Stream
from deploy.demo.wallet import Wallet
from deploy.local.keys import Keys
from deploy.local.layout import Layout
from deploy.local.programs import Backing, service_env
from shared import kafka


@asynccontextmanager
async def world(layout: Layout, endpoints: dict[str, Any]) -> AsyncIterator[World]:
    """Everything a story needs; `endpoints` as in endpoints.json."""
    backing = Backing(endpoints["kafka"], endpoints["postgres"])
    settings = kafka.Settings(backing.kafka, layout.prefix)
    async with aiohttp.ClientSession() as session:
        calls = Calls(session, Keys(layout.secrets).issuer)
        yield World(
            Outside(calls, endpoints),
            Wallet(calls, endpoints["intake"], endpoints["tracker"]),
            Stream(settings),
            Letters(service_env("tracker", layout, backing), layout.data),
        )
