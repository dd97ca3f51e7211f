"""`python -m services.tracker due`, asked as an outsider would; dates are from dates_by_hand.py."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.tracker.__main__ import app
from shared import rules
from shared.rules import calendars
from shared.rules.calendars import Words
from shared.rules.words import BASES, STANDINGS, STARTS, STOPS
from tests.unit.shared.dates_by_hand import ROWS, B, Notice, Row

BARE = [(notice, row) for notice, row in ROWS if row[2] == B]
OTHERS = [(notice, row) for notice, row in ROWS if row[2] != B]


def due(*options: str, lines: str | None = None) -> Result:
    return CliRunner().invoke(app, ["due", *options], input=lines)


def line_of(notice: Notice, row: Row) -> str:
    return f"--business-days {row[1]} --calendar {notice.calendar} --from {row[0]}"


def written(row: Row) -> str:
    """As it is printed: with seconds, in the calendar's own offset."""
    return datetime.fromisoformat(row[3]).isoformat()


@pytest.mark.parametrize(("notice", "row"), BARE[::4])
def test_bare_business_days_one_by_one(notice: Notice, row: Row) -> None:
    said = due(*line_of(notice, row).split())
    assert said.exit_code == 0
    first, chinese, english = said.stdout.splitlines()
    assert first == written(row)
    assert f"起{row[1]}个工作日" in chinese
    assert english.startswith(f"{row[1]} business day")


def test_every_date_by_hand_through_a_process_of_its_own() -> None:
    lines = "\n".join(["# by hand", "", *(line_of(notice, row) for notice, row in BARE)])
    done = subprocess.run(
        [sys.executable, "-m", "services.tracker", "due", "--from-file", "-"],
        input=lines,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    answers = [line.split("\t") for line in done.stdout.splitlines()]
    assert [answer[0] for answer in answers] == [written(row) for _, row in BARE]
    assert {len(answer) for answer in answers} == {3}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "rules").mkdir()
    monkeypatch.setenv("REDRESS_PROFILES", str(tmp_path))
    yield tmp_path / "rules"
    rules.look_in(None)


def test_hours_seconds_and_days_by_the_rules_of_a_profile(folder: Path) -> None:
    for code in calendars.codes():
        rows = "".join(
            f'r{n} = {{ value = {value}, unit = "{unit}", starts = "claim", stops = "told" }}\n'
            for n, (notice, (_, value, unit, _, _)) in enumerate(OTHERS)
            if notice.calendar == code
        )
        head = f'version = 1\ncalendar = "{code}"\n[defaults]\nsource = "s"\nstanding = "read"\n'
        (folder / f"{code}.toml").write_text(f"{head}[rules]\n{rows}", encoding="utf-8")
    lines = [
        f"--profile {notice.calendar} --rule r{n} --from {row[0]}"
        for n, (notice, row) in enumerate(OTHERS)
    ]
    (folder / "lines").write_text("\n".join(lines), encoding="utf-8")
    said = due("--from-file", str(folder / "lines"))
    assert said.exit_code == 0
    found = [line.split("\t")[0] for line in said.stdout.splitlines()]
    assert found == [written(row) for _, row in OTHERS]


def test_a_rule_says_what_it_rests_on() -> None:
    said = due("--profile", "us-reg-e", "--rule", "investigation", "--from", "2026-09-28T10:00")
    moment, chinese, english, from_zh, from_en = said.stdout.splitlines()
    assert moment == "2026-10-14T00:00:00-04:00"
    assert chinese == (
        "自2026年9月28日起10个工作日，到2026年10月13日为止；10月12日为哥伦布日"
        "（us-reg-e 12 CFR 1005.11(c)(1)，第1版）"
    )
    assert english == (
        "10 business days from 28 September 2026 end on 13 October 2026; 12 October is Columbus "
        "Day (us-reg-e 12 CFR 1005.11(c)(1), version 1)"
    )
    assert from_zh == "从收到申请起，至查明结果止；法定；二手来源"
    assert from_en == (
        "from when the claim is received until the investigation is concluded; law; "
        "from a secondary source"
    )


@pytest.mark.parametrize(
    ("profile", "rule", "chinese", "english"),
    [
        (
            *("uk-app-scam", "reimbursement"),
            "从收到申请起，至款项到账止；法定；未经确认，请法务核对",
            (
                "from when the claim is received until the money is credited; law; "
                "unconfirmed: have a lawyer confirm it"
            ),
        ),
        (
            *("in-upi", "payment_reversal"),
            "从交易发生起，至款项退回止；法定；已核对原文",
            "from when the transaction is made until the money comes back; law; read in the source",
        ),
        (
            *("us-reg-e", "result_told"),
            "从作出决定起，至发出通知止；法定；二手来源",
            "from when the decision is made until the notice is sent; law; from a secondary source",
        ),
        (
            *("us-reg-e", "credit_told"),
            "从临时入账起，至发出通知止；法定；二手来源",
            (
                "from when the provisional credit is given until the notice is sent; law; "
                "from a secondary source"
            ),
        ),
        (
            *("wechat-pay", "merchant_first_reply"),
            "从通知商家起，至对方答复止；平台或卡组织规则；已核对原文",
            (
                "from when the merchant is told until the other side answers; "
                "the platform's or network's terms; read in the source"
            ),
        ),
        (
            *("default", "promise_reminder"),
            "从到期起，至告知结果或进展止；我方承诺；我方自定",
            (
                "from when the date itself comes until the customer is told a result or an update; "
                "our own promise; our own rule"
            ),
        ),
        (
            *("default", "arbitration_due"),
            "从这一步开始起，至作出决定止；我方承诺；我方自定",
            "from when the step begins until it is decided; our own promise; our own rule",
        ),
    ],
)
def test_how_sure_a_rule_is_stands_under_its_date(
    profile: str, rule: str, chinese: str, english: str
) -> None:
    said = due("--profile", profile, "--rule", rule, "--from", "2026-09-28T10:00")
    assert said.stdout.splitlines()[3:] == [chinese, english]


@pytest.mark.parametrize(
    "table", [STARTS, STOPS, STANDINGS, BASES], ids=["starts", "stops", "standing", "basis"]
)
def test_no_two_codes_are_told_by_the_same_words(table: Mapping[str, Words]) -> None:
    for language in (0, 1):
        told = [words[language] for words in table.values()]
        assert len(set(told)) == len(told)


def test_the_readme_shows_what_is_printed() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("-m services.tracker due --profile")[2].splitlines()
    command, answer = shown[0], [line.removeprefix("# ") for line in shown[1:6]]
    assert due("--profile", *command.split()).stdout.splitlines() == answer


def test_a_moment_without_an_offset_is_one_of_the_calendars_zone() -> None:
    # 23:59:59 on Sat 19 Sep in Shanghai → Sun 20 is worked
    bare = ("--business-days", "1", "--calendar", "CN", "--from")
    assert due(*bare, "2026-09-19T23:59:59").stdout.startswith("2026-09-21T00:00:00+08:00\n")
    assert due(*bare, "2026-09-19").stdout.startswith("2026-09-21T00:00:00+08:00\n")
    assert due(*bare, "2026-09-20").stdout.startswith("2026-09-22T00:00:00+08:00\n")


def test_ten_thousand_days_may_be_asked_for() -> None:
    asked = ("--calendar", "TARGET2", "--from", "2026-09-20", "--business-days")
    assert (due(*asked, "10000").exit_code, due(*asked, "10001").exit_code) == (0, 2)


def test_lines_are_moments_or_options_beside_those_of_the_command() -> None:
    lines = (
        "2026-09-30T10:00\n"
        "# a remark\n"
        "\n"
        "--from=2026-09-30T10:00 --business-days=1\n"
        "2026-09-30T10:00 --profile default --rule promise_missing_funds\n"
        "--profile us-reg-e --rule investigation --from 2026-09-28T10:00\n"
    )
    said = due("--business-days", "3", "--calendar", "CN", "--from-file", "-", lines=lines)
    assert [line.split("\t")[0] for line in said.stdout.splitlines()] == [
        "2026-10-11T00:00:00+08:00",
        "2026-10-09T00:00:00+08:00",
        "2026-10-11T00:00:00+08:00",
        "2026-10-14T00:00:00-04:00",
    ]


CN = ("--calendar", "CN")


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ((), "--profile and --rule: give both, or --business-days and --calendar"),
        (("--profile", "default"), "--profile and --rule: give both"),
        (("--business-days", "3"), "--calendar: missing; use one of: CN, GB, IN, TARGET2, US"),
        (("--business-days", "3", *CN), "--from: ''; write 2026-09-28T10:00+08:00"),
        (("--business-days", "3", *CN, "--from", "soon"), "--from: 'soon'; write 2026-"),
        (("--business-days", "0", *CN, "--from", "2026-09-30"), "'0'; write a number from 1 to"),
        (("--business-days", "-1", *CN, "--from", "2026-09-30"), "'-1'; write a number from 1"),
        (("--business-days", "10001", *CN, "--from", "2026-09-30"), "'10001'; write a number"),
        (("--business-days", "3", *CN, "--from", "9999-12-30"), "beyond the year 9999"),
        (
            ("--business-days", "3", "--calendar", "XX", "--from", "2026-09-30"),
            "--calendar: none is called 'XX'; use one of: CN, GB, IN, TARGET2, US",
        ),
        (
            ("--profile", "nobody", "--rule", "r", "--from", "2026-09-30"),
            "--profile: no profile 'nobody'; use one of: card-network",
        ),
        (
            ("--profile", "default", "--rule", "r", "--from", "2026-09-30"),
            "--rule: default has no 'r'; use: promise_missing_funds",
        ),
        (
            ("--profile", "default", "--rule", "r", *CN),
            "--calendar: goes with --business-days; a rule has its own calendar",
        ),
        (
            ("--business-days", "3", "--profile", "default", *CN),
            "--business-days: stands without --profile and --rule; leave these out",
        ),
        (("--business-days", "9" * 5000, *CN, "--from", "2026-09-30"), "write a number from 1 to"),
        (
            ("--from-file", "nowhere.txt"),
            "--from-file: nowhere.txt: no such file or directory; name a file of lines, or -",
        ),
    ],
)
def test_what_lacks_is_said_with_its_remedy(options: tuple[str, ...], remedy: str) -> None:
    said = due(*options)
    assert (said.exit_code, said.stdout) == (2, "")
    assert remedy in said.stderr


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("soon", "--from: 'soon'; write 2026-09-28T10:00+08:00"),
        ("2026-09-30 --until 2027-01-01", "--until: unknown; use any of: --profile"),
        ("2026-09-30 --calendar", "--calendar: nothing follows it; write its value"),
        ("'2026-09-30", "No closing quotation; write a moment"),
    ],
)
def test_a_wrong_line_is_named_by_its_number(line: str, remedy: str) -> None:
    lines = f"2026-09-30\n\n{line}\n"
    said = due("--business-days", "3", *CN, "--from-file", "-", lines=lines)
    assert said.exit_code == 2
    assert said.stdout.splitlines()[0].startswith("2026-10-11T00:00:00+08:00\t")
    assert said.stderr.startswith(f"line 3: {remedy}")


OF_TARGET2 = """version = 4
inherits = "default"
[rules.recall_due]
value = 1
unit = "business_day"
calendar = "TARGET2"
source = "s"
standing = "read"
"""


def test_a_row_of_another_calendar_is_asked_and_answered_in_its_zone(folder: Path) -> None:
    """Maundy Thursday, half past eleven at night in Frankfurt; Tuesday is the next business day."""
    (folder / "child.toml").write_text(OF_TARGET2, encoding="utf-8")
    said = due("--profile", "child", "--rule", "recall_due", "--from", "2026-04-02T23:30")
    moment, chinese, _, *_ = said.stdout.splitlines()
    assert moment == "2026-04-08T00:00:00+02:00"
    assert chinese.startswith("自2026年4月2日起1个工作日，到2026年4月7日为止；")


def test_the_list_tells_version_and_calendar_of_each_row(folder: Path) -> None:
    (folder / "child.toml").write_text(OF_TARGET2, encoding="utf-8")
    lines = due("--list", "--profile", "child").stdout.splitlines()[1:]
    rows = {line.split("\t")[1]: line.split("\t") for line in lines}
    assert rows["recall_due"][2:6] == ["4", "1", "business_day", "TARGET2"]
    assert rows["arbitration_due"][2:6] == ["1", "7", "calendar_day", "CN"]


def test_the_list_of_rules_has_a_line_for_each() -> None:
    head, *lines = due("--list", "--profile", "us-reg-e").stdout.splitlines()
    assert head.split("\t") == [
        *("profile", "rule", "version", "value", "unit", "calendar", "starts", "stops", "basis"),
        *("standing", "source", "written_in"),
    ]
    rows = {line.split("\t")[1]: line.split("\t") for line in lines}
    assert rows["investigation"] == [
        *("us-reg-e", "investigation", "1", "10", "business_day", "US", "claim", "investigated"),
        *("law", "secondary", "12 CFR 1005.11(c)(1)", "us-reg-e"),
    ]
    assert rows["appeal_window"][-1] == "default"
    assert len(lines) == len(rows) == len(rules.load("us-reg-e").rules)
    everything = due("--list").stdout.splitlines()[1:]
    assert {line.split("\t")[0] for line in everything} == {
        *("card-network", "cn-nonbank", "default", "demo", "demo-self-custody", "eu-psd2"),
        *("in-upi", "self-custody", "uk-app-scam", "us-reg-e", "us-reg-z", "wechat-pay"),
    }


def test_an_operators_own_folder_is_looked_at(tmp_path: Path) -> None:
    own = tmp_path / "rules" / "ours.toml"
    own.parent.mkdir()
    own.write_text('version = 4\ninherits = "wechat-pay"\n', encoding="utf-8")
    asked = ["due", "--profile", "ours", "--rule", "merchant_answer"]
    asked += ["--from", "2026-09-28T10:00+08:00"]
    environment = {"REDRESS_PROFILES": str(tmp_path)}
    try:
        told = CliRunner().invoke(app, asked, env=environment)
        wrong = CliRunner().invoke(app, asked, env={"REDRESS_PROFILES": str(own)})
    finally:
        rules.look_in(None)
    assert (told.exit_code, told.output.splitlines()[0]) == (0, "2026-09-29T10:00:00+08:00")
    assert (wrong.exit_code, "REDRESS_PROFILES: " in wrong.output) == (2, True)


def test_a_reader_may_stop_reading_the_list() -> None:
    list_ = [sys.executable, "-m", "services.tracker", "due", "--list"]
    process = subprocess.Popen(list_, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stderr
    process.stdout.close()  # before the process has begun to write
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait(timeout=30)


def test_what_is_no_text_is_named_by_its_option(tmp_path: Path) -> None:
    binary = tmp_path / "lines"
    binary.write_bytes(b"2026-09-30\n\xbf\xff\n")
    said = due("--business-days", "3", *CN, "--from-file", str(binary))
    assert said.exit_code == 2
    assert said.stderr == f"--from-file: {binary}: no text in UTF-8; name a file of lines\n"
