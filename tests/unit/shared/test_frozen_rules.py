"""No rule changes in silence: a profile's values belong to its version.

A dispute names the profile and version that it was opened under. Whoever changes a value raises
`version`, moves the file as it was to `archive/NAME@N.toml`, and adds a line here; a line that was
released is never changed (CONTRIBUTING.md).
"""

import hashlib
import json
from pathlib import Path

import pytest

from shared import rules
from shared.rules import Profile, files

HERE = Path(__file__).with_name("frozen_rules.json")
FROZEN: dict[str, str] = json.loads(HERE.read_text(encoding="utf-8"))


def frozen(profile: Profile) -> str:
    """What decides a date, and what is said of it: inherited rows too."""
    rows = [
        [rule.id, rule.value, rule.unit.value, rule.calendar or profile.calendar,
         profile.zone_of(rule), rule.starts, rule.stops, rule.basis]
        for _, rule in sorted(profile.rules.items())
    ]  # fmt: skip
    late = [[key, dict(row.per_day)] for key, row in sorted(profile.late.items())]
    text = json.dumps([rows, late], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def present() -> dict[str, str]:
    """Every version that is here, the newest and those kept, with its hash."""
    found = {}
    for name in files.installed("rules"):
        newest = rules.load(name)
        kept = files.FOLDERS["rules"] / "archive"
        numbers = {int(path.stem.partition("@")[2]) for path in kept.glob(f"{name}@*.toml")}
        for version in {newest.version} | numbers:
            found[f"{name}@{version}"] = frozen(rules.load(name, version))
    return found


def test_every_version_has_the_values_it_was_released_with() -> None:
    now = present()
    assert now == FROZEN, (
        "a profile's values changed. Raise its `version` and those of the profiles that inherit "
        "from it, keep the old files as archive/NAME@N.toml, and add to "
        f"{HERE.name}: {json.dumps({k: v for k, v in now.items() if FROZEN.get(k) != v})}"
    )


def test_every_version_from_the_first_on_is_kept() -> None:
    for name in files.installed("rules"):
        for version in range(1, rules.load(name).version + 1):
            assert files.find("rules", name, version), f"{name}@{version} is in no archive"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("value = 48", "value = 47"),
        ('unit = "hour", starts = "merchant_asked"', 'unit = "second", starts = "merchant_asked"'),
        ('starts = "merchant_asked"', 'starts = "step"'),
        ('basis = "own"', 'basis = "law"'),
        ('calendar = "CN"', 'calendar = "GB"'),
        ('calendar = "CN"', 'calendar = "CN"\nzone = "Asia/Tokyo"'),
    ],
)
def test_each_change_of_a_row_is_noticed(tmp_path: Path, old: str, new: str) -> None:
    text = (files.FOLDERS["rules"] / "default.toml").read_text(encoding="utf-8")
    assert old in text
    changed = tmp_path / "default.toml"
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert frozen(rules.load_file(changed)) != frozen(rules.load("default"))
