from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

from deploy.demo.stories import FOLDER, Story, load
from shared.contracts.vocabulary import ENDS, REASONS


def test_there_are_ten_stories_and_each_kind_is_in_one() -> None:
    stories = load()
    kinds = {case.request.kind for story in stories for case in story.cases}
    assert [story.number for story in stories] == list(range(1, 11))
    assert kinds == {"missing_funds", "refund_request", "payment_failed"}


def test_chinese_and_english_customers_are_mixed() -> None:
    locales = Counter(case.customer.locale for story in load() for case in story.cases)
    assert min(locales["zh-CN"], locales["en"]) >= 5


def test_nobody_has_the_address_of_somebody_else() -> None:
    people = [case.customer for story in load() for case in story.cases]
    for name in ("id", "phone", "email"):
        assert len({getattr(each, name) for each in people}) == len(people)


def test_every_reason_exists() -> None:
    for story in load():
        for case in story.cases:
            assert case.request.reason in REASONS[case.request.kind]


def test_all_but_the_bounced_refund_are_played_to_an_end() -> None:
    open_ends = [c.name for s in load() for c in s.cases if c.ends.status not in ENDS]
    assert open_ends == ["flowers"]


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


def test_a_story_without_cases_is_refused() -> None:
    with pytest.raises(ValidationError):
        Story.model_validate({"number": 1, "title": "t", "about": "a", "cases": [], "steps": []})
