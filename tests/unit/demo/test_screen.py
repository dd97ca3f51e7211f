import io
from datetime import UTC, datetime

from rich.cells import cell_len
from rich.console import Console

from deploy.demo.judge import Seen, judge
from deploy.demo.outside import Mail, Sms
from deploy.demo.played import Deed, Item, Moment, Result
from deploy.demo.screen import Screen, shortened
from deploy.demo.stories import Story, load
from deploy.demo.summary import Played, differences, show
from tests.unit.demo.people import CASE

AT = datetime(2026, 10, 1, 8, 0, 5, tzinfo=UTC)
STORY = Story.model_validate(
    {
        "number": 3,
        "title": "A lamp",
        "title_zh": "一盏灯",
        "about": "It goes back.",
        "about_zh": "退回去了。",
        "cases": [CASE.model_dump()],
        "steps": [{"do": "open", "case": "lamp"}],
    }
)
LONG = (
    "【安付宝】5405 0215 4617：已查到¥3,500.00正在中国工商银行处理，预计11月22日17:17前到账。" * 3
)


def shown(*items: Item) -> str:
    out = io.StringIO()
    screen = Screen(Console(file=out, width=100))
    screen.begin(STORY, 10)
    for item in items:
        screen.show(item)
    return out.getvalue()


def result(text: str) -> Result:
    seen = Seen(texts=(Sms(AT, text, delivered=True),), mails=(Mail(AT, "Sent", text, "1"),))
    return Result(CASE, seen, judge(CASE, seen), None)


def test_a_moment_has_time_status_actor_and_promise() -> None:
    lines = shown(Moment(CASE, AT, "Sent.", "The bank", AT)).splitlines()
    assert lines[-1].split("  ", 1)[0] == "08:00:05"
    assert lines[-1].endswith("The bank              08:00:05")
    assert lines[-2].index("who acts next") == lines[-1].index("The bank")


def test_without_a_terminal_there_are_no_colours_and_no_blanks_at_the_end() -> None:
    text = shown(Deed(CASE, AT, "ops decides", ("reason",)), result(LONG))
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_who_has_several_cases_is_shown_with_the_case() -> None:
    other = CASE.model_copy(update={"name": "chair"})
    story = STORY.model_copy(update={"cases": (CASE, other)})
    out = io.StringIO()
    screen = Screen(Console(file=out, width=100))
    screen.begin(story, 10)
    screen.show(Moment(other, AT, "Sent.", "The bank", AT))
    assert "Jane Doe (chair)" in out.getvalue()


def test_a_whole_sms_is_shown_within_the_width() -> None:
    text = shown(result(LONG))
    assert text.replace("\n", "").replace(" ", "").count(LONG.replace(" ", "")) == 2
    assert max(map(cell_len, text.splitlines())) <= 100


def test_of_an_email_the_beginning_is_shown_and_how_much_follows() -> None:
    assert shortened("Dear Jane,\n\nIt is sent.\n\nMore.\n\nRef\nBye") == [
        "Dear Jane,",
        "It is sent.",
        "More.",
        "… 2 more lines",
    ]
    assert shortened("Short.") == ["Short."]


def test_the_summary_names_what_differs() -> None:
    out = io.StringIO()
    played = [Played(STORY, (result("not what was expected"),))]
    show(Console(file=out, width=200), played)
    differences(Console(file=out, width=200), played)
    assert "✗" in out.getvalue()
    assert "Story 3, a lamp: SMS gateway: missing: sent to" in out.getvalue()
    assert not played[0].ok


def test_a_story_without_results_did_not_end_as_it_must() -> None:
    assert not Played(load()[0], ()).ok
