import re
from collections import Counter
from pathlib import Path
from typing import Final, get_args

import pytest
from pydantic import ValidationError

from deploy.demo.steps import DOES
from deploy.demo.stories import FOLDER, Account, Step, Story, load, of_wallet
from shared.contracts.vocabulary import ENDS, REASONS, Kind

CHINESE: Final = re.compile(r"[\u3400-\u9fff]")


def test_every_kind_and_every_end_is_in_a_story() -> None:
    stories = load()
    cases = [case for story in stories for case in story.cases]
    assert [story.number for story in stories] == list(range(1, len(stories) + 1))
    assert {case.request.kind for case in cases} == {*Kind}
    assert {case.ends.status for case in cases} == ENDS


def test_chinese_and_english_customers_are_mixed() -> None:
    locales = Counter(case.customer.locale for story in load() for case in story.cases)
    assert min(locales["zh-CN"], locales["en"]) >= 5


def test_nobody_has_the_address_of_somebody_else() -> None:
    people = {case.customer for story in load() for case in story.cases}
    for name in ("id", "phone", "email"):
        assert len({getattr(each, name) for each in people}) == len(people)


def test_every_reason_exists() -> None:
    for story in load():
        for case in story.cases:
            assert case.request.reason in REASONS[case.request.kind]


def test_titles_are_told_in_both_languages() -> None:
    for story in load():
        for text in (story.title_zh, story.about_zh):
            assert CHINESE.search(text)
        for text in (story.title, story.about):
            assert not CHINESE.search(text)


def test_every_kind_of_step_is_carried_out() -> None:
    kinds = get_args(get_args(Step)[0])
    assert {*kinds} == {*DOES}


def test_every_end_is_waited_for() -> None:
    for story in load():
        reached = {(s.case, s.status) for s in story.steps if s.do == "reach"}
        assert {(case.name, case.ends.status) for case in story.cases} <= reached


def test_a_step_about_nobody_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "06-outside-window.toml").read_text(encoding="utf-8")
    broken = text.replace('{ do = "open", case = "jacket" }', '{ do = "open", case = "coat" }')
    (tmp_path / "06.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(ValidationError, match="every step names a case"):
        load(tmp_path)


def test_a_customer_may_be_named_by_another_case(tmp_path: Path) -> None:
    text = (FOLDER / "17-theft.toml").read_text(encoding="utf-8")
    (story,) = [story for story in load() if story.number == 17]
    assert story.cases[0].customer == story.cases[1].customer
    broken = text.replace('customer = "transfer"', 'customer = "nobody"')
    (tmp_path / "17.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(ValidationError, match=r"cases\.1\.customer"):
        load(tmp_path)


def test_a_story_without_cases_is_refused() -> None:
    with pytest.raises(ValidationError):
        Story.model_validate(
            {
                "number": 1,
                "title": "t",
                "title_zh": "t",
                "about": "a",
                "about_zh": "a",
                "cases": [],
                "steps": [],
            }
        )


@pytest.mark.parametrize("wallet", ["alipay", "wechat-pay", "apple-pay", "google-pay", "demo"])
def test_a_wallet_with_a_bank_plays_the_stories_of_every_bank(wallet: str) -> None:
    assert of_wallet(wallet) == load()


def test_a_wallet_of_keys_has_stories_of_its_own() -> None:
    own = of_wallet("tokenpocket")
    cases = [case for story in own for case in story.cases]
    assert [story.number for story in own] == list(range(1, len(own) + 1))
    assert {case.request.kind for case in cases} == {
        "missing_funds",
        "wrong_or_scam_transfer",
        "unauthorized",
        "access_lost",
    }
    for case in cases:
        assert (case.ends.back_minor, case.ends.journal, case.ends.account) == (0, (), Account())
        assert case.ends.chain or case.transaction is None
    people = {case.customer for story in (*own, *load()) for case in story.cases}
    for name in ("id", "phone", "email"):
        assert len({getattr(each, name) for each in people}) == len(people)
