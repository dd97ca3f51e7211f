from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from uuid import UUID

import pytest

from services.notifier import samples, templates
from services.notifier.domain import wording
from services.notifier.domain.texts import Template
from services.notifier.email import mime
from services.notifier.ports import Email

MESSAGE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def parsed(locale: str, *, resend: bool = False) -> EmailMessage:
    language, reader = templates.language(locale), samples.READERS[locale]
    sample = samples.notice(Template.REFUND_SENT, locale)
    letter = wording.letter(language, sample, reader, samples.BRANDS[locale])
    content = mime(Email(MESSAGE, "wang@example.com", letter, resend), "no-reply@anpay.example")
    assert all(len(line) <= 78 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    return BytesParser(policy=policy.default).parsebytes(content)


@pytest.mark.parametrize("locale", templates.LOCALES)
def test_the_standard_library_reads_what_was_put_together(locale: str) -> None:
    message, shown = parsed(locale), samples.preview(Template.REFUND_SENT, locale)
    assert message["subject"] == shown.subject
    assert message["to"] == "wang@example.com"
    assert message["from"] == f"{samples.BRANDS[locale].name} <no-reply@anpay.example>"
    assert message["message-id"] == f"<{MESSAGE}@anpay.example>"
    assert message["x-redress-message"] == str(MESSAGE)
    assert message["content-language"] == locale
    assert message["x-redress-resend"] is None
    assert message.defects == []
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == shown.body
    assert html.get_content().replace("\r\n", "\n") == shown.html


def test_a_message_sent_once_more_is_marked() -> None:
    assert parsed("en", resend=True)["x-redress-resend"] == "1"
