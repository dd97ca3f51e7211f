"""Words of the pages: both languages for every code; amounts and times as people read them."""

import inspect
import re
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest

from services.tracker.domain import commands, dispute, effects, holds, routes, self_custody, states
from services.tracker.domain.states import Leg
from services.tracker.domain.triggers import T
from services.tracker.ops import labels, machine_labels, texts
from services.tracker.ops.labels import Language, word
from services.tracker.ops.render import FOLDER, Words, moment, reference
from services.tracker.ops.requests import orders, possible
from shared.contracts.vocabulary import (
    REASONS,
    Action,
    Actor,
    DecisionReason,
    Fault,
    Funding,
    Kind,
    Payer,
    Remedy,
    Reopening,
    Status,
    TransactionState,
)

ZH, EN = Words(Language.ZH), Words(Language.EN)
LEGS = states._State.__subclasses__()  # noqa: SLF001 - every leg's states, whatever comes later
CODES: list[tuple[dict[str, labels.Both], type[Enum]]] = [
    (labels.STATUS, Status),
    (labels.KIND, Kind),
    (labels.ACTOR, Actor),
    (labels.DECISION_REASON, DecisionReason),
    (labels.FAULT, Fault),
    (labels.REMEDY, Remedy),
    (labels.PAYER, Payer),
    (labels.FUNDING, Funding),
    (labels.TRANSACTION_STATE, TransactionState),
    (labels.REOPENING, Reopening),
    (machine_labels.LEG, Leg),
    (machine_labels.TRIGGER, T),
    (machine_labels.COMMAND, Action),
    *((machine_labels.STATE, leg) for leg in LEGS),
]


def test_every_leg_has_its_states_here() -> None:
    assert len(LEGS) == len(Leg)


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


def written(*patterns: str) -> set[str]:
    """Every word that the source of the effects has in these places."""
    source = inspect.getsource(effects)
    return {found for pattern in patterns for found in re.findall(pattern, source)}


def test_every_call_has_a_word_in_both_languages() -> None:
    calls = written(r'"(?:bank|merchant|accounts)",\s*Leg\.\w+,\s*"(\w+)"', r'_step\("(\w+)"\)')
    calls |= written(r'"(watch)"', r'"(\w+_query)"')
    assert calls == set(machine_labels.CALL)


def test_every_purpose_of_held_money_and_every_cause_has_a_word() -> None:
    purposes = set(re.findall(r'Held\(\s*"(\w+)"', inspect.getsource(holds)))
    assert purposes == set(machine_labels.PURPOSE)
    paths = (*routes.PATHS.values(), *self_custody.PATHS_OF_KEYS.values())
    causes = {route.cause for path in paths for route in path} - {""}
    assert causes | {*Reopening} == set(labels.CAUSE)


def test_every_fact_that_is_shown_exists() -> None:
    assert set(machine_labels.FACT) <= dispute.Facts.__dataclass_fields__.keys()


def test_every_command_has_a_word_and_the_operators_have_their_request() -> None:
    assert set(machine_labels.COMMAND) == {*Action, *commands.OPS}
    assert [order.command for order in orders(list(commands.OPS), "CNY")] == [*commands.OPS]
    assert orders([*Action, "brand_new"], "CNY") == []


def test_a_request_names_the_currency_of_the_capture() -> None:
    (credit,) = orders(["grant_credit"], "USD")
    assert (credit.path, credit.body["basis"]) == ("provisional-credit", "statute")
    assert credit.body["amount"] == {"amount_minor": "…", "currency": "USD"}
    (reopening,) = orders(["reopen"], None)
    assert reopening.choices == {"cause": ("new_evidence", "court_order", "regulator")}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"possible": ["reopen"], "arbitration": "open"}, ["reopen"]),
        (
            {"snapshot": {"actions": ["withdraw"]}, "arbitration": "open", "refund": "none"},
            ["withdraw", "decide"],
        ),
        (
            {"snapshot": None, "arbitration": "none", "refund": "stuck"},
            ["declare_refund_failed"],
        ),
    ],
)
def test_what_is_possible_is_what_the_row_says_or_else_what_its_legs_tell(
    row: dict[str, Any], expected: list[str]
) -> None:
    assert possible(row) == expected


@pytest.mark.parametrize(
    ("name", "value", "zh", "en"),
    [
        ("offer_minor", 5_000, "¥50.00", "CN¥50.00"),
        ("appeal_until", "2026-03-02T01:00:00Z", *["2026-03-02 01:00:00 UTC"] * 2),
        ("arbitration_cause", "recall_silent", "收款人未答复", "the recipient is silent"),
        ("evidence_of", ["customer", "merchant"], "客户, 商家", "customer, merchant"),
        ("credit_basis", "statute", "法定", "statute"),
        ("holds_beside", ["risk", "court"], "风控, 法院", "risk, court"),
        ("chargeback_outside", True, "是", "yes"),
        ("explanation", "brand_new", "brand_new", "brand_new"),
    ],
)
def test_facts_are_shown_as_people_read_them(name: str, value: object, zh: str, en: str) -> None:
    assert (ZH.fact(name, value, "CNY"), EN.fact(name, value, "CNY")) == (zh, en)


def test_every_text_of_the_templates_exists_and_none_is_left_over() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (FOLDER / "templates").glob("*.html")]
    used = {name for source in sources for name in re.findall(r'(?<![\w.])t\("(\w+)"\)', source)}
    assert used | {"yes"} == set(texts.TEXT)  # the answer of a fact


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
