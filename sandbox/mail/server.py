"""Starting and stopping the mail catcher inside a running event loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape

from aiohttp import web
from pydantic import TypeAdapter

from sandbox.journal import Journal
from sandbox.mail.messages import VIEW, Mail, parsed, part
from sandbox.mail.settings import Settings
from sandbox.mail.smtp import MAX_MAIL_BYTES, Catcher, Server
from sandbox.sms.arrivals import Arrivals, shorten
from sandbox.sms.behaviours import Behaviours
from sandbox.sms.page import Page, page
from sandbox.web import serving


@dataclass(frozen=True, slots=True)
class Running:
    """A catcher that serves: the SMTP port really bound, the page's address, and its insides."""

    smtp_port: int
    url: str
    arrivals: Arrivals[Mail]
    behaviours: Behaviours


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Serve SMTP and HTTP until the block ends; port 0 takes a free one."""
    path = settings.data_dir / "mail.jsonl"
    shorten(path)
    journal = Journal(path, TypeAdapter(Mail))
    arrivals, behaviours = Arrivals[Mail](journal), Behaviours()
    smtp = await _listen(Catcher(arrivals, behaviours), settings)
    one = ("/messages/{position:\\d{1,18}}", _one(arrivals))
    app = Page(VIEW, arrivals, behaviours).application([one])
    try:
        async with serving(app, settings.host, settings.port) as url:
            smtp_port: int = smtp.sockets[0].getsockname()[1]
            yield Running(smtp_port, url, arrivals, behaviours)
    finally:
        smtp.close()
        journal.close()


async def _listen(catcher: Catcher, settings: Settings) -> asyncio.Server:
    loop = asyncio.get_running_loop()

    def session() -> Server:
        return Server(
            catcher,
            hostname="mail.sandbox",
            data_size_limit=MAX_MAIL_BYTES,
            enable_SMTPUTF8=True,
            loop=loop,
        )

    return await loop.create_server(session, settings.host, settings.smtp_port, backlog=256)


def _one(arrivals: Arrivals[Mail]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def one(request: web.Request) -> web.Response:
        """`GET /messages/{position}`: one mail, its text beside its HTML in a locked-down frame."""
        mail = arrivals.at(int(request.match_info["position"]))
        if mail is None:
            raise web.HTTPNotFound(text="No such mail, or no longer kept.")
        message = parsed(mail)
        subject = str(message.get("subject", ""))
        body = (
            f"<p><a href='/'>All mail</a></p><h1>{escape(subject)}</h1>"
            f"<p>To {escape(mail.to)}, from {escape(mail.source)}</p>"
            f"<iframe sandbox title=HTML style='width:100%;height:40rem;border:1px solid #d8dee4'"
            f' srcdoc="{escape(part(message, "html"))}"></iframe>'
            f"<h2>Text</h2><pre>{escape(part(message, 'plain'))}</pre>"
        )
        return page(subject, body)

    return one
