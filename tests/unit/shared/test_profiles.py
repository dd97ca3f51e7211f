"""Profiles in the operator's own folder, versions that were in use before, and inheritance."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared import rules
from shared.rules import BadProfile, Unit


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "rules" / "archive").mkdir(parents=True)
    rules.look_in(tmp_path)
    yield tmp_path / "rules"
    rules.look_in(None)


def write(folder: Path, name: str, version: int, hours: int, inherits: str = "") -> None:
    head = f'inherits = "{inherits}"\n' if inherits else 'calendar = "CN"\n'
    row = f'[rules.merchant_answer]\nvalue = {hours}\nunit = "hour"\nsource = "s"\n'
    more = 'standing = "default"\nstarts = "claim"\nstops = "told"\n'
    text = f"version = {version}\n{head}{row}{more}"
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def hours(profile: rules.Profile) -> tuple[int, int, int]:
    rule = profile.rules["merchant_answer"]
    assert rule.unit is Unit.HOUR
    return profile.version, rule.version, rule.value


def test_an_own_profile_is_found_beside_those_that_come_with_redress(folder: Path) -> None:
    write(folder, "mine", 4, 12, "default")
    assert hours(rules.load("mine")) == (4, 4, 12)
    assert rules.load("mine").rules["merchant_answer"].profile == "mine"
    assert rules.load("mine").rules["appeal_window"].profile == "default"
    assert rules.load("us-reg-e").name == "us-reg-e"
    with pytest.raises(BadProfile, match=r"use one of: .*demo, .*mine, "):
        rules.load("nobody")


def test_versions_in_use_before_are_kept_in_the_archive(folder: Path) -> None:
    write(folder, "mine", 3, 24, "default")
    write(folder / "archive", "mine@1", 1, 8)
    write(folder / "archive", "mine@2", 2, 16)
    assert hours(rules.load("mine")) == (3, 3, 24)
    assert [hours(rules.load("mine", n))[2] for n in (1, 2, 3)] == [8, 16, 24]
    assert rules.load("mine", 1).name == "mine"
    with pytest.raises(BadProfile, match="mine has no version 4; its newest is 3"):
        rules.load("mine", 4)
    # a dispute whose version nobody kept goes on under the newest
    assert hours(rules.opened_under("mine", 2))[2] == 16
    assert hours(rules.opened_under("mine", 9))[2] == 24


def test_an_archived_file_whose_version_is_another_is_refused(folder: Path) -> None:
    write(folder, "mine", 3, 24, "default")
    write(folder / "archive", "mine@1", 2, 8)
    with pytest.raises(BadProfile, match=r"mine@1\.toml, version 2: its name says 1; agree"):
        rules.load("mine", 1)


def test_a_version_may_be_inherited_from(folder: Path) -> None:
    write(folder, "base", 2, 24)
    write(folder / "archive", "base@1", 1, 8)
    text = 'version = 5\ninherits = "base@1"\n'
    (folder / "child.toml").write_text(text, encoding="utf-8")
    child = rules.load("child")
    assert hours(child) == (5, 1, 8)
    (folder / "child.toml").write_text(text.replace("@1", ""), encoding="utf-8")
    rules.load.cache_clear()
    assert hours(rules.load("child")) == (5, 2, 24)


def test_an_own_default_may_inherit_from_the_one_that_comes_with_redress(folder: Path) -> None:
    shipped = rules.load("default").version
    write(folder, "default", shipped + 1, 12, f"default@{shipped}")
    rules.load.cache_clear()
    assert hours(rules.load("default")) == (shipped + 1, shipped + 1, 12)
    assert rules.load("us-reg-e").rules["merchant_answer"].value == 12
    assert rules.load("default", shipped).rules["merchant_answer"].value == 48


OVER_A_LAW = """version = 1
inherits = "us-reg-e"
[rules]
investigation = { value = 12, unit = "business_day", source = "ours", standing = "unconfirmed" }
result_told = { value = 4, unit = "hour", stops = "told", source = "x", standing = "read" }
complaint_due = { same = "investigation" }
[late_compensation.investigation]
per_day = { USD = 500 }
[late_compensation.result_told]
per_day = { USD = 700 }
standing = "secondary"
"""


def test_a_row_that_is_overridden_keeps_what_starts_and_stops_it_and_nothing_else(
    folder: Path,
) -> None:
    (folder / "child.toml").write_text(OVER_A_LAW, encoding="utf-8")
    child = rules.load("child")
    row = child.rules["investigation"]
    assert (row.starts, row.stops, row.value) == ("claim", "investigated", 12)
    assert (row.basis, row.standing, row.source) == ("own", "unconfirmed", "ours")  # no law's now
    told = child.rules["result_told"]
    assert (told.starts, told.stops, told.unit) == ("decision", "told", Unit.HOUR)
    # what is the same is the same as the new row; what the parent filled by it stays as it was
    assert child.rules["complaint_due"].value == 12
    assert child.rules["promise_unauthorized"].value == 10


def test_money_for_late_days_is_as_sure_as_its_rule_where_it_does_not_say(folder: Path) -> None:
    (folder / "child.toml").write_text(OVER_A_LAW, encoding="utf-8")
    late = rules.load("child").late
    assert {key: (dict(row.per_day), row.source, row.standing) for key, row in late.items()} == {
        "investigation": ({"USD": 500}, "ours", "unconfirmed"),
        "result_told": ({"USD": 700}, "x", "secondary"),
    }


OF_TWO_CALENDARS = """version = 1
inherits = "us-reg-e"
zone = "America/Chicago"
[defaults]
source = "s"
standing = "read"
[rules]
recall_due = { value = 1, unit = "business_day", calendar = "TARGET2" }
chargeback_due = { value = 1, unit = "business_day", calendar = "US" }
"""


def test_a_row_of_another_calendar_counts_its_days_to_its_own_midnight(folder: Path) -> None:
    (folder / "child.toml").write_text(OF_TWO_CALENDARS, encoding="utf-8")
    child, start = rules.load("child"), datetime(2026, 4, 2, 12, tzinfo=UTC)
    # Thursday; Good Friday and Easter Monday are off in Frankfurt: Tuesday the 7th ends at UTC+2
    assert child.due("recall_due", start) == datetime(2026, 4, 7, 22, tzinfo=UTC)
    assert child.zone_of(child.rules["recall_due"]) == "Europe/Berlin"
    # Friday the 3rd ends at UTC-5: a row that names the profile's calendar keeps its zone
    assert child.due("chargeback_due", start) == datetime(2026, 4, 4, 5, tzinfo=UTC)


def test_a_profiles_own_zone_counts_before_that_of_its_calendar(folder: Path) -> None:
    (folder / "child.toml").write_text(OF_TWO_CALENDARS, encoding="utf-8")
    # half past four on Friday 2 October is Thursday in Chicago, not in New York; Columbus Day
    # is the 12th: 2 · 5 6 7 8 9 · 13 14 15 16 → midnight into the 17th
    late = datetime(2026, 10, 2, 4, 30, tzinfo=UTC)
    child, parent = rules.load("child"), rules.load("us-reg-e")
    assert child.due("investigation", late) == datetime(2026, 10, 17, 5, tzinfo=UTC)
    assert parent.due("investigation", late) == datetime(2026, 10, 20, 4, tzinfo=UTC)


def test_limits_and_money_for_late_days_are_inherited_by_currency(folder: Path) -> None:
    head = 'version = 1\ninherits = "in-upi"\n'
    text = f"{head}[amounts.compensation_cap]\nINR = 70000\n"
    (folder / "child.toml").write_text(text, encoding="utf-8")
    child = rules.load("child")
    assert child.compensation_cap("INR") == 70_000
    assert child.compensation_cap("CNY") == 20_000  # as in the default profile
    assert child.four_eyes_above("CNY") == 500_000
    assert dict(child.late["reversal_due"].per_day) == {"INR": 100_00}


def test_that_no_bank_stands_behind_a_wallet_is_inherited_unless_it_says_otherwise(
    folder: Path,
) -> None:
    text = 'version = 1\ninherits = "self-custody"\n'
    (folder / "child.toml").write_text(text, encoding="utf-8")
    (folder / "other.toml").write_text(f"{text}self_custody = false\n", encoding="utf-8")
    assert [rules.load(name).self_custody for name in ("child", "other")] == [True, False]


@pytest.mark.parametrize("wanted", ["default@9", "default@x", "default@", "nobody@1"])
def test_a_version_that_is_not_there_is_refused(folder: Path, wanted: str) -> None:
    write(folder, "mine", 1, 12, wanted)
    with pytest.raises(BadProfile, match=rf"^mine\.toml, inherits: no profile '{wanted}'; use one"):
        rules.load("mine")


def test_a_circle_of_inheritance_is_refused(folder: Path) -> None:
    write(folder, "a", 1, 1, "b")
    write(folder, "b", 1, 2, "c")
    write(folder, "c", 1, 3, "a")
    write(folder, "outside", 1, 4, "a")
    with pytest.raises(
        BadProfile,
        match=r"^a\.toml, inherits: inherits from itself "
        r"\(a\.toml → b\.toml → c\.toml → a\.toml\); name another",
    ):
        rules.load("a")
    with pytest.raises(BadProfile, match=r"^outside\.toml, inherits: inherits from itself"):
        rules.load("outside")


def test_a_profile_does_not_inherit_from_itself(folder: Path) -> None:
    write(folder, "a", 1, 1, "a")
    write(folder, "b", 2, 1, "b@2")
    for name in ("a", "b"):
        with pytest.raises(BadProfile, match=rf"^{name}\.toml, inherits: inherits from itself"):
            rules.load(name)


def test_a_profile_in_a_circle_elsewhere_is_refused(folder: Path, tmp_path: Path) -> None:
    write(folder, "a", 1, 1, "b")
    write(folder, "b", 1, 2, "a")
    outside = tmp_path / "mine.toml"
    outside.write_text('version = 1\ninherits = "a"\n', encoding="utf-8")
    with pytest.raises(BadProfile, match=r"^mine\.toml, inherits: inherits from itself"):
        rules.load_file(outside)
