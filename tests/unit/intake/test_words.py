import re

import pytest

from services.intake.domain import statuses, steps, words
from services.intake.domain.words import Language, preferred
from services.tracker.domain.routes import ALWAYS, ON_HOLD, PATHS
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import REASONS, Action, Actor, Kind, Status


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh-CN"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("de-DE,de;q=0.9", "en"),
        ("de,zh-TW;q=0.5,en;q=0.4", "zh-CN"),
        ("zh;q=0", "en"),
        ("zh;q=0.3, en;q=0.7", "en"),
        ("zh;q=x,en;q=0.1", "en"),
        ("zh;level=1", "en"),
        ("ZH-hans ; q=1.0", "zh-CN"),
        (";;;,,,zh;q=.", "en"),
        ("zh;q=1.1.1", "en"),
        ("x" * 300 + ",zh", "en"),
    ],
)
def test_the_readers_first_choice_among_ours(header: str | None, language: str) -> None:
    assert preferred(header, Language.ENGLISH) == language


@pytest.mark.parametrize("header", [None, "", "de-DE,de;q=0.9", "zh;q=0", "x" * 300 + ",en"])
def test_who_chose_none_of_ours_reads_the_wallets_first(header: str | None) -> None:
    assert preferred(header, Language.CHINESE) == "zh-CN"
    assert preferred(header, Language.ENGLISH) == "en"


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (statuses.STATUSES, set(Status)),
        (words.ACTORS, set(Actor)),
        (words.ACTIONS, set(Action)),
        (words.KINDS, set(Kind)),
        (
            words.OBSTACLES,
            {"already_open", "other_transaction_kind", "not_captured", "already_refunded"},
        ),
    ],
)
def test_every_code_has_words_in_both_languages(
    table: dict[str, tuple[str, str]], codes: set[str]
) -> None:
    assert set(table) == codes
    for chinese, english in table.values():
        assert any("一" <= letter <= "鿿" for letter in chinese)
        assert english.isascii()


def test_steps_are_told_in_words_the_tracker_uses() -> None:
    assert set(steps.STEPS) - {"received"} <= {trigger.value for trigger in T}


def test_every_step_that_is_news_has_words_of_its_own() -> None:
    """Routes are no steps of a timeline, rechecks no news, and of a legal hold nothing is told."""
    routes = {route.trigger for path in (ALWAYS, ON_HOLD, *PATHS.values()) for route in path}
    quiet = {trigger for trigger in T if trigger.endswith(("_recheck", "_reminder"))}
    legal = {trigger for trigger in T if trigger.startswith("legal_")}
    assert {*T} - routes - quiet - legal <= set(steps.STEPS)
    assert not legal & set(steps.STEPS)


def test_no_word_and_no_code_tells_that_the_law_holds_a_case() -> None:
    """Domain rule 16: nobody is warned, and agents, who read the same, do not see it."""
    legal = {trigger for trigger in T if trigger.startswith("legal_") or trigger.endswith("_held")}
    assert legal == set(steps.NEUTRAL)
    told = [words.shown_step(code) for code in legal]
    told += [words.of_step(code, language) for code in legal for language in Language]
    told += [
        words.of_status(status, kind, language)
        for status in (Status.REFERRED, Status.UNDER_REVIEW)
        for kind in Kind
        for language in Language
    ]
    assert not [text for text in told if re.search("法|冻结|机构|held|law|legal|authorit", text)]
    assert words.shown_step("refund_credited") == "refund_credited"


def test_only_confirmed_credit_is_called_arrived() -> None:
    arrived = {s for s, (chinese, _) in statuses.STATUSES.items() if "已到账" in chinese}
    assert arrived == {Status.CREDITED}
    sent = words.of_status(Status.REFUND_SENT, Kind.REFUND_REQUEST, Language.ENGLISH)
    assert sent == "The refund has been sent. It has not arrived yet."


def test_a_step_of_a_newer_tracker_gets_a_true_sentence() -> None:
    assert words.of_step("teleported", Language.ENGLISH) == "There is news about your request."
    assert words.of_step("teleported", Language.CHINESE) == "处理有了新进展。"


@pytest.mark.parametrize("kind", ["balance_anomaly", "access_lost", "complaint"])
@pytest.mark.parametrize("status", ["checking", "declined", "duplicate"])
def test_who_asked_for_no_refund_of_a_transaction_is_told_of_none(kind: str, status: str) -> None:
    for language in Language:
        said = words.of_status(Status(status), Kind(kind), language)
        assert "refund" not in said
        assert "transaction" not in said
        assert not {"退款", "交易"} & {said[n : n + 2] for n in range(len(said))}
        assert said != words.of_status(Status(status), Kind.REFUND_REQUEST, language)


def test_a_reason_that_no_profile_knows_any_more_stands_for_itself() -> None:
    without = REASONS | {Kind.COMPLAINT: {"noise": ("吵", "noise")}}
    for code, said in (("noise", "noise"), ("rude", "rude service"), ("gone", "gone")):
        assert words.of_reason(without, Kind.COMPLAINT, code, Language.ENGLISH) == said
