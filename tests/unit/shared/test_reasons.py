from pathlib import Path

import pytest

from shared import rules
from shared.contracts.vocabulary import REASONS, Kind
from shared.rules import BadProfile, Unit, files

HEAD = 'version = 1\ncalendar = "CN"\nzone = "Asia/Shanghai"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(files.FOLDERS, "rules", tmp_path)
    return tmp_path


def written(folder: Path, text: str) -> str:
    name = f"mine-{folder.name}-{abs(hash(text))}"
    (folder / f"{name}.toml").write_text(HEAD + text, encoding="utf-8")
    return name


def test_without_a_word_about_reasons_the_standard_ones_stand() -> None:
    assert rules.load("default").reasons == REASONS
    assert rules.load("demo").reasons == REASONS


def test_a_profile_hides_reasons_and_adds_its_own_after_the_others(folder: Path) -> None:
    text = """
[reasons.wrong_or_scam_transfer]
hide = ["wrong_sum"]
[reasons.wrong_or_scam_transfer.add]
romance = ["杀猪盘", "romance scam"]
"""
    found = rules.load(written(folder, text)).reasons
    assert list(found[Kind.WRONG_OR_SCAM_TRANSFER].items()) == [
        ("wrong_payee", ("转错", "wrong payee")),
        ("scam", ("被骗", "scam")),
        ("romance", ("杀猪盘", "romance scam")),
    ]
    assert found[Kind.COMPLAINT] == REASONS[Kind.COMPLAINT]
    assert "wrong_sum" in REASONS[Kind.WRONG_OR_SCAM_TRANSFER]


def test_a_profile_inherits_what_its_parent_added_and_may_hide_it(folder: Path) -> None:
    text = '[reasons.complaint.add]\nqueue = ["排队太久", "long queue"]\nnoise = ["吵", "noise"]'
    parent = written(folder, text)
    child = written(folder, f'inherits = "{parent}"\n[reasons.complaint]\nhide = ["noise", "rude"]')
    assert set(rules.load(child).reasons[Kind.COMPLAINT]) == {
        "slow", "unclear", "decision", "other", "queue"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[reasons.teleport]\nhide = ["x"]', r"reasons\.teleport: no such kind.*access_lost"),
        ("reasons = 1", r"reasons: not a table"),
        ("[reasons]\ncomplaint = 1", r"reasons\.complaint: not a table.*hide"),
        ("[reasons.complaint]\nhidden = []", r"reasons\.complaint: hidden.*`hide`"),
        ('[reasons.complaint]\nhide = "rude"', r"reasons\.complaint\.hide: not a list"),
        ('[reasons.complaint]\nhide = ["fee"]', r"reasons\.complaint\.hide: 'fee'.*slow, unclear"),
        ("[reasons.complaint]\nhide = [[]]", r"reasons\.complaint\.hide: \[\].*use any of"),
        (
            '[reasons.complaint]\nhide = ["slow", "unclear", "rude", "decision", "other"]',
            r"reasons\.complaint: no reason is left",
        ),
        ("[reasons.complaint]\nadd = 1", r"reasons\.complaint\.add: not a table"),
        ('[reasons.complaint.add]\nrude = ["粗鲁", "rude"]', r"add\.rude: exists already"),
        ('[reasons.complaint.add]\nNoise = ["吵", "noise"]', r"add\.Noise: use 1 to 64 of a-z"),
        ('[reasons.complaint.add]\na1 = ["吵", "noise"]', r"add\.a1: use 1 to 64 of a-z"),
        ('[reasons.complaint.add]\nnoise = "noise"', r"add\.noise: give its words"),
        ('[reasons.complaint.add]\nnoise = ["吵"]', r"add\.noise: give its words"),
        ('[reasons.complaint.add]\nnoise = ["吵", " "]', r"add\.noise: give its words"),
        ('[reasons.complaint.add]\nnoise = ["吵", 1]', r"add\.noise: give its words"),
        (f'[reasons.complaint.add]\nnoise = ["吵", "{"n" * 65}"]', r"add\.noise: .*64 characters"),
    ],
)
def test_wrong_reasons_are_refused_with_file_key_and_remedy(
    folder: Path, text: str, said: str
) -> None:
    with pytest.raises(BadProfile, match=rf"mine-.*\.toml, {'.*' if 'add' in said else ''}{said}"):
        rules.load(written(folder, text))


# value and unit of the first promise, in days of the domain's paths
FIRST_PROMISES = {
    "payment_failed": (3, Unit.BUSINESS_DAY),
    "wrong_amount": (7, Unit.CALENDAR_DAY),
    "duplicate_charge": (3, Unit.BUSINESS_DAY),
    "missing_funds": (3, Unit.BUSINESS_DAY),
    "refund_request": (7, Unit.CALENDAR_DAY),
    "refund_not_received": (3, Unit.BUSINESS_DAY),
    "goods_or_service": (10, Unit.CALENDAR_DAY),
    "unauthorized": (10, Unit.BUSINESS_DAY),
    "wrong_or_scam_transfer": (10, Unit.BUSINESS_DAY),
    "balance_anomaly": (1, Unit.BUSINESS_DAY),
    "access_lost": (1, Unit.HOUR),
    "complaint": (15, Unit.BUSINESS_DAY),
}


def test_every_kind_has_a_first_promise() -> None:
    assert set(FIRST_PROMISES) == set(Kind)
    default, demo = rules.load("default").rules, rules.load("demo").rules
    for kind, (value, unit) in FIRST_PROMISES.items():
        rule = default[f"promise_{kind}"]
        assert (rule.value, rule.unit) == (value, unit), kind
        shown = demo[f"promise_{kind}"]
        assert (shown.value, shown.unit) == (90, Unit.SECOND), kind
