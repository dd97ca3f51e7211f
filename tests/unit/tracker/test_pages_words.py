"""Words of the pages: both languages for every code; amounts and times as people read them."""

import re
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest

from services.tracker.domain.states import (
    Arbitration,
    Consent,
    Inquiry,
    Leg,
    Refund,
    Reversal,
    Trace,
    Verdict,
)
from services.tracker.domain.triggers import T
from services.tracker.ops import labels
from services.tracker.ops.labels import Language, word
from services.tracker.ops.render import FOLDER, Words, moment, reference
from shared.contracts.vocabulary import REASONS, Actor, Kind, Status

ZH, EN = Words(Language.ZH), Words(Language.EN)
LEGS = (Inquiry, Trace, Reversal, Consent, Arbitration, Refund, Verdict)
CODES: list[tuple[dict[str, labels.Both], type[Enum]]] = [
    (labels.STATUS, Status),
    (labels.KIND, Kind),
    (labels.ACTOR, Actor),
    (labels.LEG, Leg),
    (labels.TRIGGER, T),
    *((labels.STATE, leg) for leg in LEGS),
]


@pytest.mark.parametrize(("table", "codes"), CODES)
def test_every_code_has_a_word_in_both_languages(
    table: dict[str, labels.Both], codes: type[Enum]
) -> None:
    for code in codes:
        zh, en = table[str(code.value)]
        assert re.search(r"[\u4e00-\u9fff]", zh)
        assert en.strip()


def test_every_reason_has_a_word() -> None:
    assert {code for reasons in REASONS.values() for code in reasons} == set(labels.REASON)


def test_every_text_of_the_templates_exists_and_none_is_left_over() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (FOLDER / "templates").glob("*.html")]
    used = {name for source in sources for name in re.findall(r'(?<![\w.])t\("(\w+)"\)', source)}
    assert used == set(labels.TEXT)


def test_an_unknown_code_stands_for_itself() -> None:
    assert word(labels.STATUS, "brand_new", Language.ZH) == "brand_new"


@pytest.mark.parametrize(
    ("minor", "currency", "zh", "en"),
    [
        (12_800, "CNY", "¥128.00", "CN¥128.00"),
        ("5", "CNY", "¥0.05", "CN¥0.05"),
        (1_234_567, "JPY", "JP¥1,234,567", "¥1,234,567"),
        (1_500, "KWD", "KWD1.500", "KWD1.500"),
        (None, "CNY", "–", "–"),
        (1, None, "–", "–"),
    ],
)
def test_amounts_are_written_with_the_currencys_own_digits(
    minor: Any, currency: str | None, zh: str, en: str
) -> None:
    assert (ZH.money(minor, currency), EN.money(minor, currency)) == (zh, en)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0.4, "0 秒", "0 s"),
        (59, "59 秒", "59 s"),
        (60, "1 分 0 秒", "1 min 0 s"),
        (3_900, "1 小时 5 分", "1 h 5 min"),
        (-3_900, "1 小时 5 分", "1 h 5 min"),
        (259_920, "3 天 0 小时", "3 d 0 h"),
    ],
)
def test_time_left_is_told_in_two_units(seconds: float, zh: str, en: str) -> None:
    assert (ZH.left(seconds), EN.left(seconds)) == (zh, en)


def test_a_reference_is_grouped_as_it_is_read_aloud() -> None:
    assert reference("402188530174") == "4021 8853 0174"


def test_moments_are_told_in_utc() -> None:
    assert moment("2026-03-02T09:00:00+08:00") == "2026-03-02 01:00:00 UTC"
    assert moment(datetime(2026, 3, 2, 1, tzinfo=UTC)) == "2026-03-02 01:00:00 UTC"
    assert moment(None) == "–"
