"""The mail catcher over real sockets, with aiosmtplib as the client."""

from email.message import EmailMessage
from pathlib import Path

import aiohttp
import pytest
from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPDataError, SMTPException

from sandbox.mail import server as mail
from sandbox.mail.settings import Settings
from sandbox.sms.arrivals import Query
from sandbox.sms.behaviours import BehaviourIn, Mode


def settings(data: Path) -> Settings:
    return Settings(port=0, smtp_port=0, data_dir=data)


def letter(to: str = "Wang@example.com", subject: str = "退款已到账") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "no-reply@anpay.example", to, subject
    message["Message-ID"], message["X-Redress-Message"] = "<1@anpay.example>", "ref-1"
    message.set_content("您好：\n.一行以点开头\n钱已到账。\n")
    message.add_alternative("<p>钱已<b>到账</b></p><script>alert(1)</script>", subtype="html")
    return message


def client(catcher: mail.Running) -> SMTP:
    return SMTP(hostname="127.0.0.1", port=catcher.smtp_port, start_tls=False, timeout=5)


def behave(catcher: mail.Running, mode: Mode, times: int | None = 1) -> None:
    to = "wang@example.com"
    catcher.behaviours.set(to, BehaviourIn(to=to, mode=mode, times=times, delay_s=0.05))


async def test_a_mail_is_shown_decoded(tmp_path: Path) -> None:
    async with (
        mail.running(settings(tmp_path)) as catcher,
        client(catcher) as smtp,
        aiohttp.ClientSession(catcher.url) as http,
    ):
        await smtp.send_message(letter())
        (found,) = await (await http.get("/messages?to=WANG@example.com")).json()
        brief = await (await http.get("/messages?brief=1")).json()
        page = await (await http.get("/")).text()
        one = await (await http.get("/messages/1")).text()
        missing = await http.get("/messages/2")
    assert found["to"] == "wang@example.com"
    assert found["subject"] == "退款已到账"
    assert found["text"] == "您好：\n.一行以点开头\n钱已到账。\n"
    assert "<b>到账</b>" in found["html"]
    assert (found["message_id"], found["reference"]) == ("<1@anpay.example>", "ref-1")
    assert "text" not in brief[0]
    assert "退款已到账" in page
    assert "&lt;script&gt;" in one
    assert "<script>" not in page + one
    assert missing.status == 404


@pytest.mark.parametrize(("mode", "code"), [("refuse", 550), ("busy", 451)])
async def test_refusals(tmp_path: Path, mode: Mode, code: int) -> None:
    async with mail.running(settings(tmp_path)) as catcher, client(catcher) as smtp:
        behave(catcher, mode)
        with pytest.raises(SMTPDataError) as refused:
            await smtp.send_message(letter())
        assert refused.value.code == code
        await smtp.send_message(letter())
        assert catcher.arrivals.total == 1


async def test_dropping_after_accepting_keeps_the_mail_and_cuts_the_line(tmp_path: Path) -> None:
    async with mail.running(settings(tmp_path)) as catcher:
        behave(catcher, "drop_after_accept")
        smtp = client(catcher)
        await smtp.connect()
        with pytest.raises(SMTPException):
            await smtp.send_message(letter())
        smtp.close()
        assert catcher.arrivals.total == 1


async def test_a_delayed_mail_is_answered_late(tmp_path: Path) -> None:
    async with mail.running(settings(tmp_path)) as catcher, client(catcher) as smtp:
        behave(catcher, "delay")
        await smtp.send_message(letter())
        assert catcher.arrivals.total == 1


async def test_many_mails_on_one_connection_and_odd_addresses(tmp_path: Path) -> None:
    async with mail.running(settings(tmp_path)) as catcher, client(catcher) as smtp:
        for n in range(20):
            await smtp.send_message(letter(to=f"u{n}+tag@example.com"))
        await smtp.send_message(letter(to='"odd name"@example.com'))
        assert catcher.arrivals.total == 21
        assert len(catcher.arrivals.find(Query(to="u3+tag@example.com"))) == 1


async def test_a_mail_that_is_too_large_is_refused(tmp_path: Path) -> None:
    async with mail.running(settings(tmp_path)) as catcher:
        smtp = client(catcher)
        await smtp.connect()
        huge = letter()
        huge.add_attachment(b"x" * 2_000_000, maintype="application", subtype="octet-stream")
        with pytest.raises(SMTPException):
            await smtp.send_message(huge)
        smtp.close()
        assert catcher.arrivals.total == 0


async def test_what_arrived_survives_a_restart(tmp_path: Path) -> None:
    async with mail.running(settings(tmp_path)) as catcher, client(catcher) as smtp:
        await smtp.send_message(letter())
    async with mail.running(settings(tmp_path)) as catcher:
        (kept,) = catcher.arrivals.find(Query())
        assert kept.reference == "ref-1"
        assert catcher.arrivals.total == 1
