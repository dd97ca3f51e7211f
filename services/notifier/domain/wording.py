"""Notices in a reader's language: facts become words, sentences that miss a fact drop out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import Any, Final

from services.notifier.domain import shown
from services.notifier.domain.notices import Notice
from services.notifier.domain.segments import is_gsm7
from services.notifier.domain.texts import ENDS, Template
from shared.ids import spoken, valid_reference

DEFAULT_LOCALE: Final = "zh-CN"
DEFAULT_ZONE: Final = "Asia/Shanghai"


class Incomplete(ValueError):
    """A language file misses a text or names a value that does not exist; says which."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: language, time zone (IANA name), perhaps a name for the e-mail's greeting."""

    locale: str = DEFAULT_LOCALE
    zone: str = DEFAULT_ZONE
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Brand:
    """The operator as this reader's language names it, how its SMS are signed, its hotline."""

    name: str
    signature: str
    hotline: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of text with the names of the values it needs."""

    text: str
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail's texts before they are filled in."""

    subject: Sentence
    lead: tuple[Sentence, ...]
    more: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail's contents, filled in and not yet laid out; `rows` are (label, value)."""

    locale: str
    colon: str
    subject: str
    greeting: str
    lead: str
    more: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    closing: tuple[str, ...]
    signature: str


VALUES: Final = frozenset(
    {
        "ref", "other", "amount", "requested", "promised", "expected", "delivered", "appeal",
        "bank", "dest", "reason", "cause", "advice", "rule", "proof", "waiting", "kind",
        "next", "name", "brand", "hotline", "missed", "matter", "item", "by", "ends", "why",
        "remains", "police", "compensated", "signature",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Language:
    """One language file: every text of every template, and the words for codes."""

    locale: str
    raw: Mapping[str, Any]

    @cached_property
    def sms(self) -> dict[Template, tuple[Sentence, ...]]:
        """Sentences of each SMS."""
        texts = self.raw["sms"]
        return {t: _sentences(self._text(texts, t)) for t in Template}

    @cached_property
    def mail(self) -> dict[Template, Mail]:
        """Texts of each e-mail."""
        texts = self.raw["mail"]
        return {t: _mail(self._text(texts, t)) for t in Template}

    @cached_property
    def late(self) -> Sentence:
        """What every text but the apology itself adds when it comes after the promised date."""
        return _sentence(self.raw["late"])

    @cached_property
    def also(self) -> Sentence:
        """What is added where a compensation was paid in the same step."""
        return _sentence(self.raw["also"])

    @cached_property
    def mail_words(self) -> dict[str, Sentence]:
        """What every e-mail has: greeting, labels, closing."""
        return {name: _sentence(text) for name, text in self.raw["mail_words"].items()}

    def word(self, group: str, code: str | None) -> str | None:
        """Return the words for a code, None when there are none: its sentence is left out.

        For a code of a newer version a group may have words that are always true (`unknown`).
        """
        words = self.raw["words"][group]
        found = words.get(code, words.get("unknown")) if code else None
        return found if isinstance(found, str) else None

    def _text(self, texts: Mapping[str, Any], template: Template) -> Any:
        if template not in texts:
            raise Incomplete(f"{self.locale}: no text for {template}")
        return texts[template]


def sms(language: Language, notice: Notice, reader: Reader, brand: Brand) -> str:
    """Return the SMS, signature first."""
    values = _values(language, notice, reader, brand)
    prefix = str(language.raw["sms_prefix"]).format_map(values)
    sentences = (*language.sms[notice.template], language.also, *_late(language, notice))
    return prefix + _joined(language, sentences, values)


def letter(language: Language, notice: Notice, reader: Reader, brand: Brand) -> Letter:
    """Return the contents of the e-mail."""
    values = _values(language, notice, reader, brand)
    texts, words = language.mail[notice.template], language.mail_words
    greeting = words["greeting" if reader.name else "greeting_unnamed"]
    return Letter(
        locale=language.locale,
        colon=str(language.raw["colon"]),
        subject=_filled(texts.subject, values) or "",
        greeting=_filled(greeting, values) or "",
        lead=_capitalised(_joined(language, texts.lead, values)),
        more=tuple(_present((*_late(language, notice), language.also, *texts.more), values)),
        rows=tuple(_rows(language, notice, values)),
        closing=tuple(_present((words["closing"], words["safety"]), values)),
        signature=_filled(words["signature"], values) or "",
    )


def _late(language: Language, notice: Notice) -> tuple[Sentence, ...]:
    return () if notice.template is Template.DELAYED else (language.late,)


def _rows(
    language: Language, notice: Notice, values: Mapping[str, str]
) -> Iterable[tuple[str, str]]:
    for label, name in _ROWS:
        is_about = notice.template in _SHOWN.get(name, _EVERY)
        if name in values and is_about and (name != "amount" or "amount" in notice.facts):
            yield language.mail_words[label].text, values[name]


_ROWS: Final = (
    ("reference", "ref"),
    ("about", "kind"),
    ("matter", "matter"),
    ("money", "amount"),
    ("expected", "expected"),
    ("proof", "proof"),
    ("by", "by"),
    ("next", "next"),
    ("promised", "promised"),
    ("appeal", "appeal"),
)
_MONEY_COMING: Final = frozenset(
    {
        Template.IN_TRANSIT, Template.IN_TRANSIT_ON_CHAIN, Template.RETURNING,
        Template.REVERSAL_WATCHED, Template.RELEASE_WATCHED, Template.RECALL_AGREED,
        Template.REFUND_SENT,
    }
)  # fmt: skip
_EVERY: Final = frozenset(Template)
# At an end nobody acts next and nothing is promised; where no money is coming, none is expected.
# Whoever is held up by law reads nothing about it here, nor in a row.
_SHOWN: Final[Mapping[str, frozenset[Template]]] = {
    "next": _EVERY - ENDS,
    "promised": _EVERY - ENDS,
    "expected": _MONEY_COMING,
    "proof": frozenset({Template.DELIVERED, Template.FULFILLED}),
    "matter": _EVERY - {Template.UNDER_REVIEW, Template.REFERRED},
}


def _values(language: Language, notice: Notice, reader: Reader, brand: Brand) -> dict[str, str]:
    facts, locale = notice.facts, language.locale
    values: dict[str, str | None] = {
        "brand": brand.name,
        "signature": brand.signature,
        "hotline": brand.hotline,
        "name": reader.name,
        "ref": _reference(facts.get("reference")),
        "other": _reference(facts.get("duplicate_of")),
        "amount": _amount(facts.get("amount"), locale) or language.word("amount", "unknown"),
        "requested": _amount(facts.get("requested"), locale),
        "compensated": _amount(facts.get("compensated"), locale),
        "promised": _due(facts.get("promised_at"), reader),
        "missed": _due(facts.get("missed"), reader),
        "by": _due(facts.get("answer_by"), reader),
        "ends": _due(facts.get("ends_at"), reader),
        "expected": _due(facts.get("expected_at") or facts.get("promised_at"), reader),
        "appeal": _due(facts.get("appeal_until"), reader),
        "delivered": _day(facts.get("delivered_at"), reader),
        "proof": facts.get("proof"),
        "bank": _bank(language, facts.get("at_bank")),
        "dest": _destination(language, facts),
        "reason": language.word("reason", facts.get("reason")),
        "cause": language.word("cause", facts.get("cause")),
        "advice": language.word("advice", facts.get("cause")),
        "rule": language.word("rule", facts.get("rule")),
        "why": language.word("why", facts.get("why")),
        "item": language.word("item", facts.get("item")),
        "remains": language.word("remains", facts.get("matter")),
        "police": language.word("police", facts.get("matter")),
        "kind": language.word("kind", facts.get("kind")),
        "matter": language.word("matter", facts.get("matter")),
        "next": language.word("actor", facts.get("next_actor")),
        "waiting": language.word("waiting", facts.get("next_actor")),
    }
    return {name: value for name, value in values.items() if value}


def _reference(digits: str | None) -> str | None:
    return spoken(digits) if digits and valid_reference(digits) else None


def _amount(money: str | None, locale: str) -> str | None:
    if money is None:
        return None
    minor, _, currency = money.partition(" ")
    return shown.amount(int(minor), currency, locale)


def _due(when: str | None, reader: Reader) -> str | None:
    return shown.due(shown.moment(when), reader.locale, reader.zone) if when else None


def _day(when: str | None, reader: Reader) -> str | None:
    return shown.day(shown.moment(when), reader.locale, reader.zone) if when else None


def _bank(language: Language, name: str | None) -> str | None:
    """A bank's own name, unless its script would turn a Latin text into UCS-2."""
    if name and (language.locale == "zh-CN" or is_gsm7(name)):
        return name
    return language.word("destination", "bank_unknown")


def _destination(language: Language, facts: Mapping[str, str]) -> str | None:
    kind, tail = facts.get("destination_kind"), facts.get("destination_tail")
    if kind == "balance":
        return language.word("destination", "balance")
    if kind not in {"card", "account"} or not tail:
        return language.word("destination", "unknown")
    name = facts.get("destination_bank")
    named = bool(name) and (language.locale == "zh-CN" or is_gsm7(name or ""))
    text = language.word("destination", kind if named else f"{kind}_unnamed")
    return text.format(bank=name, tail=tail) if text else None


def _joined(language: Language, sentences: Sequence[Sentence], values: Mapping[str, str]) -> str:
    return str(language.raw["join"]).join(_present(sentences, values))


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _present(sentences: Iterable[Sentence], values: Mapping[str, str]) -> Iterable[str]:
    for sentence in sentences:
        text = _filled(sentence, values)
        if text is not None:
            yield text


def _filled(sentence: Sentence, values: Mapping[str, str]) -> str | None:
    return sentence.text.format_map(values) if sentence.needs <= values.keys() else None


def _mail(texts: Mapping[str, Any]) -> Mail:
    return Mail(_sentence(texts["subject"]), _sentences(texts["lead"]), _sentences(texts["more"]))


def _sentences(texts: Sequence[str]) -> tuple[Sentence, ...]:
    return tuple(_sentence(text) for text in texts)


def _sentence(text: str) -> Sentence:
    needs = frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)
    if needs - VALUES:
        raise Incomplete(f"unknown values {sorted(needs - VALUES)} in {text!r}")
    return Sentence(text, needs)
