"""Starting and stopping the gateway inside a running event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import TypeAdapter

from sandbox.journal import Journal
from sandbox.sms.arrivals import Arrivals, shorten
from sandbox.sms.behaviours import Behaviours
from sandbox.sms.messages import VIEW, Centre, Sms
from sandbox.sms.page import Page
from sandbox.sms.session import Account, Exchange
from sandbox.sms.settings import Settings
from sandbox.web import serving


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that serves: the SMPP port really bound, the page's address, and its insides."""

    smpp_port: int
    url: str
    arrivals: Arrivals[Sms]
    behaviours: Behaviours
    exchange: Exchange


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Serve SMPP and HTTP until the block ends; port 0 takes a free one."""
    path = settings.data_dir / "sms.jsonl"
    shorten(path)
    journal = Journal(path, TypeAdapter(Sms))
    arrivals, behaviours = Arrivals[Sms](journal), Behaviours()
    account = Account(
        settings.smpp_system_id,
        settings.smpp_password,
        settings.receipt_delay_s,
        settings.decimal_receipts,
    )
    exchange = Exchange(account, Centre(arrivals, behaviours))
    smpp = await asyncio.get_running_loop().create_server(
        exchange.session, settings.host, settings.smpp_port, backlog=256
    )
    app = Page(VIEW, arrivals, behaviours).application()
    try:
        async with serving(app, settings.host, settings.port) as url:
            smpp_port: int = smpp.sockets[0].getsockname()[1]
            yield Running(smpp_port, url, arrivals, behaviours, exchange)
    finally:
        smpp.close()
        exchange.close()
        journal.close()
