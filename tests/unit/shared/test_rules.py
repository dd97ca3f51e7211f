"""Expected dates were counted on paper from the published calendars named at each test."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared import rules
from shared.rules import BadProfile, Profile, Rule, Unit, files

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


def profile(calendar: str, zone: str, **limits: tuple[int, Unit]) -> Profile:
    made = {key: Rule(key, value, unit, "paper", "test") for key, (value, unit) in limits.items()}
    return Profile("test", 1, calendar, zone, made, {}, {})


CHINA = profile(
    "CN",
    "Asia/Shanghai",
    one=(1, Unit.BUSINESS_DAY),
    three=(3, Unit.BUSINESS_DAY),
    week=(7, Unit.CALENDAR_DAY),
    two_days=(48, Unit.HOUR),
    soon=(90, Unit.SECOND),
)
US = profile(
    "US",
    "America/New_York",
    ten=(10, Unit.BUSINESS_DAY),
    one=(1, Unit.CALENDAR_DAY),
    two_days=(48, Unit.HOUR),
)


def shanghai(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


# General Office of the State Council, 2026 arrangement: National Day 1 to 7 October off; Sunday
# 20 September and Saturday 10 October are worked. Mid-Autumn 25 to 27 September off.
@pytest.mark.parametrize(
    ("start", "rule", "due"),
    [
        # Wed 30 Sep → work again Thu 8 Oct → exclusive midnight into Fri 9 Oct
        (shanghai(9, 30, 10), "one", shanghai(10, 9)),
        # Thu 8, Fri 9, Sat 10 October (made up) are three business days
        (shanghai(9, 30, 23, 59), "three", shanghai(10, 11)),
        # in the middle of the holiday
        (shanghai(10, 3, 12), "three", shanghai(10, 11)),
        # Fri 9 → Sat 10 is worked
        (shanghai(10, 9, 9), "one", shanghai(10, 11)),
        # Sat 10 → Sun 11 is free, Mon 12
        (shanghai(10, 10, 9), "one", shanghai(10, 13)),
        # Sat 19 Sep → Sun 20 (made up), Mon 21, Tue 22
        (shanghai(9, 19, 9), "three", shanghai(9, 23)),
        # Thu 24 Sep → Mon 28 after Mid-Autumn
        (shanghai(9, 24, 9), "one", shanghai(9, 29)),
        # calendar days know no holiday
        (shanghai(9, 30, 10), "week", shanghai(10, 8)),
        (shanghai(9, 30, 10), "two_days", shanghai(10, 2, 10)),
        (shanghai(9, 30, 10), "soon", shanghai(9, 30, 10, 1) + timedelta(seconds=30)),
    ],
)
def test_deadlines_around_chinas_national_day_2026(
    start: datetime, rule: str, due: datetime
) -> None:
    assert CHINA.due(rule, start) == due


def test_the_day_is_the_calendars_not_the_readers() -> None:
    # 17:00 UTC on 8 October is 01:00 on the 9th in Shanghai: the 9th does not count, the 10th does
    assert CHINA.due("one", datetime(2026, 10, 8, 17, tzinfo=UTC)) == shanghai(10, 11)
    assert CHINA.due("one", datetime(2026, 10, 8, 15, 59, tzinfo=UTC)) == shanghai(10, 10)


def test_due_dates_are_utc() -> None:
    for rule in CHINA.rules:
        assert CHINA.due(rule, shanghai(10, 9, 9)).tzinfo is UTC


def test_ten_us_business_days_over_columbus_and_veterans_day() -> None:
    # Fri 30 Oct 2026 → 2 3 4 5 6 · 9 10 (11 is Veterans Day) 12 13 · 16 → midnight into the 17th,
    # after the end of summer time on 1 November
    start = datetime(2026, 10, 30, 15, tzinfo=NEW_YORK)
    assert US.due("ten", start) == datetime(2026, 11, 17, 5, tzinfo=UTC)
    # Thu 1 Oct → 2 · 5 6 7 8 9 · (12 is Columbus Day) 13 14 15 16 → the 17th, summer time
    start = datetime(2026, 10, 1, 15, tzinfo=NEW_YORK)
    assert US.due("ten", start) == datetime(2026, 10, 17, 4, tzinfo=UTC)


def test_a_day_that_ends_on_the_change_of_clocks() -> None:
    # 7 March 2026 in New York; the day after, the clocks jump: midnight into the 9th is UTC-4
    start = datetime(2026, 3, 7, 12, tzinfo=NEW_YORK)
    assert US.due("one", start) == datetime(2026, 3, 9, 4, tzinfo=UTC)


def test_hours_are_hours_also_across_the_change_of_clocks() -> None:
    start = datetime(2026, 3, 7, 12, tzinfo=NEW_YORK)  # 17:00 UTC
    assert US.due("two_days", start) == datetime(2026, 3, 9, 17, tzinfo=UTC)
    start = datetime(2026, 10, 31, 12, tzinfo=NEW_YORK)  # 16:00 UTC
    assert US.due("two_days", start) == datetime(2026, 11, 2, 16, tzinfo=UTC)


def test_target2_rests_at_easter_and_christmas() -> None:
    euro = profile("TARGET2", "Europe/Berlin", one=(1, Unit.BUSINESS_DAY))
    # Thu 2 April 2026; Good Friday 3, Easter Monday 6 → Tue 7
    start = datetime(2026, 4, 2, 12, tzinfo=UTC)
    assert euro.due("one", start) == datetime(2026, 4, 7, 22, tzinfo=UTC)


def test_a_span_is_hours_or_seconds_and_never_days() -> None:
    assert CHINA.delay("two_days") == timedelta(hours=48)
    assert CHINA.delay("soon") == timedelta(seconds=90)
    for rule in ("three", "week"):
        with pytest.raises(BadProfile, match=rule):
            CHINA.delay(rule)


def test_the_demo_profile_changes_units_of_every_default_rule() -> None:
    default, demo = rules.load("default"), rules.load("demo")
    assert default.rules.keys() == demo.rules.keys()
    assert {rule.unit for rule in demo.rules.values()} == {Unit.SECOND}
    start = shanghai(9, 30, 10)
    assert demo.due("promise_missing_funds", start) - start == timedelta(seconds=90)
    assert default.due("promise_missing_funds", start) == shanghai(10, 11)
    assert default.due("appeal_window", start) == shanghai(10, 31)


def test_every_rule_says_where_it_comes_from() -> None:
    for rule in rules.load("default").rules.values():
        assert rule.source
        assert rule.standing == "default"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(files.FOLDERS, "rules", tmp_path)
    return tmp_path


ROW = '[rules.a]\nvalue = 1\nunit = "hour"\n'
SOURCED = 'source = "s"\nstanding = "read"\nstarts = "claim"\nstops = "told"\n'
HEAD = 'version = 1\ncalendar = "CN"\nzone = "Asia/Shanghai"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('calendar = "CN"\nzone = "Asia/Shanghai"', "version"),
        ('version = 1\ncalendar = "XX"\nzone = "Asia/Shanghai"', "XX"),
        ('version = 1\ncalendar = "CN"\nzone = "Asia/Nowhere"', "Asia/Nowhere"),
        (HEAD + ROW.replace("hour", "week") + SOURCED, r"rules\.a: 'week' is not a valid Unit"),
        (HEAD + '[rules.a]\nunit = "hour"\n' + SOURCED, r"rules\.a: no value"),
        (HEAD + ROW.replace("1", "'x'") + SOURCED, r"rules\.a: value 'x' is no whole"),
        (HEAD + ROW.replace("1", "true") + SOURCED, r"rules\.a: value True is no whole"),
        (HEAD + ROW.replace("1", "-1") + SOURCED, r"rules\.a: value -1 is no whole"),
        (HEAD + ROW + 'source = ""', r"rules\.a: no starts, stops, standing; give value"),
        (HEAD + ROW + 'standing = "read"', r"rules\.a: no starts, stops, source; give value"),
        (
            HEAD + ROW + SOURCED.replace("claim", "noon"),
            r"rules\.a: starts 'noon' is none of: claim",
        ),
        (HEAD + ROW + SOURCED.replace("told", "noon"), r"rules\.a: stops 'noon' is none of: told"),
        (
            HEAD + ROW + SOURCED.replace("read", "sure"),
            r"rules\.a: standing 'sure' is none of: read",
        ),
        (HEAD + ROW + SOURCED + 'basis = "x"', r"rules\.a: basis 'x' is none of: law"),
        (
            HEAD + ROW + SOURCED + 'calendar = "MOON"',
            r"rules\.a: calendar: .* 'MOON'; use one of: CN",
        ),
        (HEAD + ROW + SOURCED + "days = 3", r"rules\.a\.days: unknown; give value"),
        (HEAD + '[rules.a]\nsame = "b"', r"rules\.a: give nothing beside same"),
        (HEAD + '[rules.a]\nsame = "a"', r"rules\.a: give nothing beside same"),
        (HEAD + "[rule.a]", "rule: unknown; use any of: amounts"),
        (HEAD + "[defaults]\nvalue = 1", "defaults: give source, standing, basis"),
        (HEAD + "[late_compensation.a]", r"late_compensation\.a: no such rule"),
        (HEAD.replace("version = 1", "version = 0"), "version 0 is no whole number from 1 on"),
    ],
)
def test_a_wrong_profile_says_file_and_key(folder: Path, text: str, said: str) -> None:
    name = f"wrong-{abs(hash(text))}"
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadProfile, match=f"{name}.toml.*{said}"):
        rules.load(name)


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(BadProfile, match="default, demo, demo-self-custody"):
        rules.load("nowhere")


def test_a_profile_is_read_from_anywhere_and_named_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "longer.toml"
    rows = '[rules.refund_window]\nvalue = 9\nunit = "hour"\nsource = "s"\nstanding = "default"\n'
    path.write_text(f'inherits = "default"\n{HEAD}{rows}', encoding="utf-8")
    read, default = rules.load_file(path), rules.load("default")
    assert (read.name, read.version, read.calendar) == ("longer", 1, "CN")
    assert read.delay("refund_window") == timedelta(hours=9)
    assert read.rules.keys() == default.rules.keys()
    assert read.rules["appeal_window"] == default.rules["appeal_window"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, r'rules\.\w+: missing; add it, or inherits = "default"'),
        (
            f'inherits = "nobody"\n{HEAD}',
            "inherits: no profile 'nobody'; use one of:.* demo",
        ),
        (f"inherits = 3\n{HEAD}", "inherits: no profile 3"),
        (f"rules = 3\n{HEAD}", "rules: write a table for each"),
        (f"{HEAD}[rules]\na = 3", "rules: write a table for each"),
        ('inherits = "default"\n' + HEAD + "[contracts.m-1]\ncap_minor = 5", "contracts.m-1.*give"),
        ("version = x", "line 1.*write it as TOML in UTF-8"),
        ("version = 1\n# \udcff", "write it as TOML in UTF-8"),
    ],
)
def test_a_wrong_file_says_file_key_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadProfile, match=f"^mine.toml.*{said}"):
        rules.load_file(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match=r"nowhere\.toml: No such file"):
        rules.load_file(tmp_path / "nowhere.toml")


LONG = "s" * 201
HEAD_OF_OWN = 'version = 1\ninherits = "default"\n[defaults]\nsource = "s"\nstanding = "default"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, r"rules\.\w+: missing; add it, or inherits"),
        (
            f'{HEAD_OF_OWN}[rules]\npromise_reminder = {{ value = 1, unit = "calendar_day" }}',
            "rules.promise_reminder: counts days; use second or hour",
        ),
        (
            f'{HEAD_OF_OWN}[rules]\npromise_access_lost = {{ value = 0, unit = "hour" }}',
            "rules.promise_access_lost: value 0; give 1 or more",
        ),
        (
            f'{HEAD_OF_OWN}[rules]\nrefund_due = {{ value = 1, unit = "hour", source = "{LONG}" }}',
            "rules.refund_due: source is no text of 1 to 200 characters",
        ),
    ],
    ids=["incomplete", "days where a span is needed", "no time at all", "a long source"],
)
def test_rules_that_no_service_could_run_by_are_refused_at_its_start(
    tmp_path: Path, text: str, said: str
) -> None:
    own = tmp_path / "rules"
    own.mkdir()
    (own / "mine.toml").write_text(text, encoding="utf-8")
    rules.look_in(tmp_path)
    try:
        with pytest.raises(BadProfile, match=f"^mine.toml, {said}"):
            rules.usable(rules.load("mine"))
    finally:
        rules.look_in(None)


@pytest.mark.parametrize("name", ["default", "demo", "us-reg-e", "wechat-pay", "self-custody"])
def test_those_that_come_with_redress_can_be_run_by(name: str) -> None:
    assert rules.usable(rules.load(name)).name == name
