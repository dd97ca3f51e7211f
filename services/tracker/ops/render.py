"""Templates filled in: escaped by default, in one language, with nothing loaded from elsewhere."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from babel.numbers import format_currency
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.tracker.ops import labels, machine_labels, texts
from services.tracker.ops.labels import Both, Language, word
from shared.money import exponent
from shared.rules import words as rule_words

FOLDER: Final = Path(__file__).parent
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_BABEL: Final = {Language.ZH: "zh_Hans_CN", Language.EN: "en"}
_UNITS: Final = (
    (86_400, ("天", "d")),
    (3_600, ("小时", "h")),
    (60, ("分", "min")),
    (1, ("秒", "s")),
)
_TABLES: Final = {
    "status": labels.STATUS,
    "kind": labels.KIND,
    "reason": labels.REASON,
    "actor": labels.ACTOR,
    "fault": labels.FAULT,
    "remedy": labels.REMEDY,
    "payer": labels.PAYER,
    "decision_reason": labels.DECISION_REASON,
    "cause": labels.CAUSE,
    "leg": machine_labels.LEG,
    "state": machine_labels.STATE,
    "trigger": machine_labels.TRIGGER,
    "call": machine_labels.CALL,
    "result": machine_labels.RESULT,
    "purpose": machine_labels.PURPOSE,
    "fact": machine_labels.FACT,
    "command": machine_labels.COMMAND,
    "basis": dict(rule_words.BASES),
    "standing": dict(rule_words.STANDINGS),
}
# Facts that hold a code, and the table with its words; all other facts are shown as they are.
_CODED: Final[dict[str, dict[str, Both]]] = {
    "transaction_state": labels.TRANSACTION_STATE,
    "funding": labels.FUNDING,
    "arbitration_cause": labels.CAUSE,
    "reopened_for": labels.CAUSE,
    "decision_rule": labels.CAUSE,
    "decision_reason": labels.DECISION_REASON | labels.CAUSE,
    "fault": labels.FAULT,
    "remedy": labels.REMEDY,
    "payer": labels.PAYER,
    "loss_bearer": labels.PAYER,
    "rate_bearer": labels.PAYER,
    "evidence_of": labels.ACTOR,
    "credit_basis": labels.BASIS,
    "holds_beside": labels.HOLDER,
}
_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language, as the templates call them."""

    language: Language

    def __call__(self, name: str) -> str:
        """A text of the pages; one that is missing is a mistake of ours."""
        return texts.TEXT[name][self.language is Language.EN]

    def of(self, table: str, code: str) -> str:
        """The word for a code of the domain."""
        return word(_TABLES[table], code, self.language)

    def fact(self, name: str, value: object, currency: str | None) -> str:
        """What is known, as people read it: money, moments, words for codes."""
        if isinstance(value, list):
            return ", ".join(self.fact(name, each, currency) for each in value)
        if value is True:
            return self("yes")
        if isinstance(value, int | str) and name.endswith("_minor"):
            return self.money(value, currency)
        if isinstance(value, str) and name.endswith(("_at", "_until")):
            return moment(value)
        return word(_CODED.get(name, {}), str(value), self.language)

    def money(self, amount_minor: int | str | None, currency: str | None) -> str:
        """`¥128.00`; a dash where nothing is known."""
        if amount_minor is None or currency is None:
            return "–"
        digits = exponent(currency)
        pattern = "¤#,##0." + "0" * digits if digits else "¤#,##0"
        amount = Decimal(int(amount_minor)).scaleb(-digits)
        locale = _BABEL[self.language]
        return format_currency(amount, currency, pattern, locale, currency_digits=False)

    def left(self, seconds: float) -> str:
        """`2 d 3 h`: the largest unit and the one below it, however long ago it was."""
        rest = int(abs(seconds))
        first = next((i for i, (size, _) in enumerate(_UNITS) if rest >= size), len(_UNITS) - 1)
        parts = []
        for size, names in _UNITS[first : first + 2]:
            count, rest = divmod(rest, size)
            parts.append(f"{count} {names[self.language is Language.EN]}")
        return " ".join(parts)


def reference(digits: str) -> str:
    """`4021 8853 0174`: grouped as it is read aloud."""
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def moment(value: datetime | str | None) -> str:
    """`2026-03-02 01:00:00 UTC`; a dash where there is none."""
    if value is None:
        return "–"
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{read.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


_ENVIRONMENT.filters["reference"] = reference
_ENVIRONMENT.filters["moment"] = moment
_ENVIRONMENT.filters["json_text"] = lambda value: json.dumps(value, ensure_ascii=False)


def language_of(request: Request) -> Language:
    """`?lang=` before the browser's preference; English where neither says anything."""
    chosen = request.query_params.get("lang")
    if chosen in tuple(Language):
        return Language(chosen)
    return _preferred(request.headers.get("accept-language", ""))


def page(
    request: Request,
    template: str,
    status: int = 200,
    *,
    refresh_s: int | None = None,
    **values: Any,
) -> HTMLResponse:
    """A template in the reader's language, with the headers that keep a page to itself."""
    language = language_of(request)
    html = _ENVIRONMENT.get_template(template).render(
        lang=language.value,
        languages=((Language.ZH.value, "中文"), (Language.EN.value, "English")),
        link=_Links(request),
        refresh_s=refresh_s,
        t=Words(language),
        **values,
    )
    return HTMLResponse(html, status, HEADERS)


class _Links:
    """Addresses of these pages that keep what the reader chose."""

    def __init__(self, request: Request) -> None:
        self._path = request.url.path
        self._query = dict(request.query_params)

    def __call__(self, path: str | None = None, **changes: str | None) -> str:
        """This page with other choices, or another page with the same language."""
        kept = self._query if path is None else _only(self._query, "lang")
        query = {name: value for name, value in (kept | changes).items() if value}
        target = path or self._path
        return f"{target}?{urlencode(query)}" if query else target


def _only(query: dict[str, str], name: str) -> dict[str, str]:
    return {name: query[name]} if name in query else {}


def _preferred(header: str) -> Language:
    """The first of our languages by the browser's weights."""
    parts = [part.strip().partition(";q=") for part in header[:256].split(",")]
    weighted = [
        (_weight(weight), language)
        for tag, _, weight in parts
        for language in Language
        if tag.lower().partition("-")[0] == language.value[:2]
    ]
    return max(weighted, key=lambda pair: pair[0])[1] if weighted else Language.EN


def _weight(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
