from typing import Any

import pytest

from services.notifier.domain.contacts import BadContact, Contact, checked


def made(**change: Any) -> Contact:
    good = {
        "phone": "+86 138-0013-8000",
        "email": " wang@example.com ",
        "locale": "zh-CN",
        "time_zone": "Asia/Shanghai",
        "name": " 王小明 ",
    }
    return checked(**good | change)


def test_a_contact_is_brought_into_its_normal_form() -> None:
    contact = made()
    assert contact == Contact(
        "+8613800138000", "wang@example.com", "zh-CN", "Asia/Shanghai", "王小明"
    )
    assert Contact.load(contact.dump()) == contact


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "13800138000"),
        ("phone", "+86 1"),
        ("phone", "+8613800138000\r\nX"),
        ("email", "wang"),
        ("email", "wang@example"),
        ("email", "a..b@example.com"),
        ("email", "wang@example.com\r\nBcc: x@example.com"),
        ("email", "王@example.com"),
        ("locale", "fr"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"),
        ("name", "a\r\nb"),
    ],
)
def test_what_cannot_be_used_is_named_with_a_remedy(field: str, value: str) -> None:
    with pytest.raises(BadContact) as refused:
        made(**{field: value})
    assert refused.value.field == field
    assert refused.value.problem
    assert refused.value.remedy
    assert value not in str(refused.value)


def test_somebody_must_be_reachable_somehow() -> None:
    with pytest.raises(BadContact, match="neither"):
        made(phone=None, email=None)


def test_a_masked_contact_can_be_recognised_and_not_used() -> None:
    masked = made().masked()
    assert masked.phone == "+86****8000"
    assert masked.email == "w***@example.com"
    assert masked.name == "王*"
