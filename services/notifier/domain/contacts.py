"""How a person is reached and in what language; normalised, masked."""

import json
import re
from dataclasses import asdict, dataclass
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from services.notifier.domain.shown import LOCALES
from services.notifier.domain.wording import DEFAULT_LOCALE, DEFAULT_ZONE, Reader

MAX_EMAIL: Final = 254
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


class BadContact(ValueError):
    """A field of a contact cannot be used; `field`, `problem` and `remedy` go to the caller."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem, self.remedy = field, problem, remedy


@dataclass(frozen=True, slots=True)
class Contact:
    """Addresses in their normal form: phone E.164, locale a language file, zone an IANA name."""

    phone: str | None = None
    email: str | None = None
    locale: str = DEFAULT_LOCALE
    time_zone: str = DEFAULT_ZONE
    name: str | None = None

    @property
    def reader(self) -> Reader:
        """For whom texts are written."""
        return Reader(self.locale, self.time_zone, self.name)

    def dump(self) -> str:
        """Return JSON for sealing."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> "Contact":
        """Read what `dump` wrote."""
        return cls(**json.loads(text))

    def masked(self) -> "Contact":
        """Return enough to recognise a contact by and too little to reach it."""
        return Contact(
            phone=self.phone and _masked_phone(self.phone),
            email=self.email and _masked_email(self.email),
            locale=self.locale,
            time_zone=self.time_zone,
            name=self.name and f"{self.name[:1]}*",
        )


def checked(
    *, phone: str | None, email: str | None, locale: str, time_zone: str, name: str | None
) -> Contact:
    """Return the contact in its normal form.

    Raises:
        BadContact: which field, what is wrong with it, what to write instead.

    """
    if not phone and not email:
        raise BadContact("phone", "there is neither a phone nor an email", "Give at least one")
    if locale not in LOCALES:
        known = ", ".join(LOCALES)
        raise BadContact("locale", "no texts exist in this language", f"Use one of: {known}")
    name = name.strip() if name else None
    if name and not name.isprintable():
        raise BadContact("name", "it holds control characters", "Write it on one line")
    return Contact(
        phone=_phone(phone) if phone else None,
        email=_email(email) if email else None,
        locale=locale,
        time_zone=_zone(time_zone),
        name=name or None,
    )


def _phone(text: str) -> str:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise BadContact(
            "phone",
            "it is not an international phone number",
            "Write it with plus sign and country code, such as +86 138 0013 8000",
        ) from None
    if not phonenumbers.is_valid_number(number):
        raise BadContact(
            "phone", "no such number can exist in that country", "Check its digits with the person"
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(text: str) -> str:
    text = text.strip()
    if len(text) > MAX_EMAIL or not _EMAIL.fullmatch(text) or ".." in text:
        raise BadContact(
            "email", "it is not an e-mail address", "Write it as name@example.com, in ASCII"
        )
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadContact(
            "time_zone", "there is no such time zone", "Use an IANA name, such as Asia/Shanghai"
        ) from None
    return name


def _masked_phone(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}"


def _masked_email(email: str) -> str:
    local, _, domain = email.partition("@")
    return f"{local[:1]}***@{domain}"
