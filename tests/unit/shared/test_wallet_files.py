"""An operator's own wallet: inherited, overridden, kept in versions, refused where it is bad."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import rules, wallets
from shared.rules import BadProfile

WHOLE = """
version = 2
operator_role = "card_issuer"
rules = "default"
rail = "bank"
hotline = "+86 10 1234 5678"
locales = ["en"]
name = { zh = "北岸钱包", en = "North Wallet" }
brand = { zh = "北岸", en = "North" }
[who_pays]
default = { bearers = ["merchant"], zh = "商家出。", en = "The merchant." }
[policies]
refund_window = { zh = "期限", en = "window" }
refund_terms = { zh = "条件", en = "terms" }
fees = { zh = "费用", en = "fees" }
[promises]
a_date = { zh = "日期", en = "a date" }
[cannot_promise]
a_day = { zh = "哪一天", en = "which day" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "wallets" / "archive").mkdir(parents=True)
    rules.look_in(tmp_path)
    yield tmp_path / "wallets"
    rules.look_in(None)


def test_an_operators_file_says_only_what_differs(folder: Path) -> None:
    (folder / "ours.toml").write_text(
        'version = 3\ninherits = "alipay"\nhotline = "+86 10 1234 5678"\n'
        'brand = { zh = "北岸", en = "North" }\n'
        '[promises]\nno_secrets = false\nby_phone = { zh = "可打电话", en = "By phone too" }\n'
        '[cannot_promise]\nfees_returned = { zh = "不退费", en = "No fees back" }\n',
        encoding="utf-8",
    )
    ours, alipay = wallets.load("ours"), wallets.load("alipay")
    assert (ours.name, ours.version, ours.brand.zh, ours.brand.en) == ("ours", 3, "北岸", "North")
    assert ours.signature == ours.brand  # who changes the brand signs with it
    assert ours.hotline == "+86 10 1234 5678"
    assert (ours.rules, ours.rail, ours.names) == (alipay.rules, alipay.rail, alipay.names)
    assert [p.code for p in ours.promises] == [
        "dated_answer",
        "reason_and_review",
        "refunded_means_arrived",
        "by_phone",
    ]
    told = {said.code: said.text.en for said in ours.cannot_promise}
    assert told["fees_returned"] == "No fees back"
    assert told.keys() == {said.code for said in alipay.cannot_promise}


def test_a_version_that_was_in_use_is_found(folder: Path) -> None:
    (folder / "north.toml").write_text(WHOLE, encoding="utf-8")
    old = WHOLE.replace("version = 2", "version = 1").replace("which day", "anything")
    (folder / "archive" / "north@1.toml").write_text(old, encoding="utf-8")
    assert wallets.load("north") == wallets.load("north", 2)
    first = wallets.load("north", 1)
    assert (first.name, first.version) == ("north", 1)
    assert first.cannot_promise[0].text.en == "anything"
    assert wallets.opened_under("north", 1) == first
    assert wallets.opened_under("north", 7).version == 2  # was not kept
    with pytest.raises(BadProfile, match=r"^REDRESS_WALLET: no wallet 'north@7'; use one of: "):
        wallets.load("north", 7)


def test_the_operators_own_come_before_the_shipped(folder: Path) -> None:
    (folder / "alipay.toml").write_text(WHOLE, encoding="utf-8")
    assert wallets.load("alipay").names.en == "North Wallet"
    rules.look_in(None)
    assert wallets.load("alipay").names.en == "Alipay"


def _replaced(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new)


BAD = {
    "version = two": ("not TOML", "north.toml: "),
    _replaced("version = 2", "version = 0"): ("version", "north.toml, version: give a whole"),
    _replaced("version = 2", "version = 2\nbrnad = 1"): (
        "unknown key",
        "north.toml, brnad: unknown; use any of: brand, ",
    ),
    _replaced('"card_issuer"', '"bank"'): (
        "role",
        "north.toml, operator_role: 'bank' is none; use one of: issuer_wallet, merchant_psp, ",
    ),
    _replaced('zh = "北岸", en = "North" }', 'zh = "支付宝", en = "North" }'): (
        "signed as the wallet",
        "north.toml, brand.zh: '支付宝' is the wallet, not its operator; sign with your own name",
    ),
    _replaced('en = "North" }\n[', 'en = "My north wallet" }\n['): (
        "signed as itself",
        "north.toml, brand.en: 'North Wallet' is the wallet, not its operator",
    ),
    _replaced('zh = "北岸", en = "North" }', 'zh = "【北岸】", en = "North" }'): (
        "framed twice",
        "north.toml, brand.zh: leave out brackets",
    ),
    _replaced("[who_pays]", 'sms_signature = { zh = "微信支付", en = "N" }\n[who_pays]'): (
        "signature",
        "north.toml, sms_signature.zh: '微信' is the wallet, not its operator",
    ),
    _replaced('"+86 10 1234 5678"', '"call us"'): ("hotline", "north.toml, hotline: give the num"),
    _replaced('["en"]', '["fr"]'): ("locale", "north.toml, locales: name each once, the preferr"),
    _replaced('["en"]', '["en", "en"]'): ("locale twice", "north.toml, locales: name each once"),
    _replaced('["merchant"]', '["somebody"]'): (
        "payer",
        "north.toml, who_pays.default.bearers: 'somebody' is none; use one of: merchant, acquirer",
    ),
    _replaced("default =", "refunds ="): ("no payer", "north.toml, who_pays.default: give bearers"),
    _replaced("[policies]", 'theft = { bearers = ["bank"], zh = "x", en = "x" }\n[policies]'): (
        "payer's kind",
        "north.toml, who_pays.theft: 'theft' is none; use one of: payment_failed, ",
    ),
    _replaced('fees = { zh = "费用", en = "fees" }', ""): (
        "policy missing",
        "north.toml, policies.fees: missing; say it in zh and en",
    ),
    _replaced('a_date = { zh = "日期", en = "a date" }', ""): (
        "nothing promised",
        "north.toml, promises: empty; say at least one thing in zh and en",
    ),
    _replaced("[cannot_promise]", "[cannot]"): ("table missing", "north.toml, cannot: unknown"),
    _replaced('zh = "哪一天", en', "en"): (
        "one language",
        "north.toml, cannot_promise.a_day: give it as zh and en",
    ),
    _replaced('en = "which day"', f'en = "{"x" * 201}"'): (
        "too long",
        "north.toml, cannot_promise.a_day.en: give 1 to 200 characters",
    ),
    _replaced('en = "which day"', 'en = "which day", kinds = ["theft"]'): (
        "kind",
        "north.toml, cannot_promise.a_day.kinds: 'theft' is none; use one of: payment_failed, ",
    ),
    _replaced('"card_issuer"', '"self_custody"'): (
        "self-custody with a bank's kinds",
        "north.toml, kinds: balance_anomaly needs a bank or a merchant; use any of: access_lost, ",
    ),
    _replaced("version = 2", 'version = 2\ninherits = "nobody"'): (
        "inherits",
        "north.toml, inherits: no wallet 'nobody'; use one of: alipay, apple-pay, demo, ",
    ),
    _replaced("version = 2", 'version = 2\ninherits = "north"'): (
        "itself",
        "north.toml, inherits: inherits from itself; name another wallet",
    ),
}


@pytest.mark.parametrize(
    ("text", "said"), [(k, v[1]) for k, v in BAD.items()], ids=[v[0] for v in BAD.values()]
)
def test_a_bad_file_is_refused_with_file_key_and_remedy(folder: Path, text: str, said: str) -> None:
    (folder / "north.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadProfile) as refused:
        wallets.load("north")
    assert str(refused.value).startswith(said)


def test_a_kept_version_may_not_stand_on_what_changes(folder: Path) -> None:
    head = 'version = 1\ninherits = "alipay"\n'
    (folder / "archive" / "ours@1.toml").write_text(head, encoding="utf-8")
    with pytest.raises(BadProfile) as refused:
        wallets.load("ours", 1)
    said = "ours@1.toml, inherits: a version that is kept must not change; name its version too, su"
    assert str(refused.value).startswith(said)
    (folder / "archive" / "ours@1.toml").write_text(
        head.replace("alipay", "alipay@1"), encoding="utf-8"
    )
    assert wallets.load("ours", 1).names.zh == "支付宝"


def test_who_changes_the_brand_does_not_sign_with_the_parents_signature(folder: Path) -> None:
    signed = _replaced("[who_pays]", 'sms_signature = { zh = "岸", en = "N" }\n[who_pays]')
    (folder / "north.toml").write_text(signed, encoding="utf-8")
    heir = 'version = 1\ninherits = "north"\n'
    (folder / "same.toml").write_text(heir, encoding="utf-8")
    own = heir + 'brand = { zh = "南岸", en = "South" }\n'
    (folder / "south.toml").write_text(own, encoding="utf-8")
    assert wallets.load("same").signature.zh == "岸"
    assert wallets.load("south").signature.zh == "南岸"


def test_an_heir_of_a_version_keeps_its_words(folder: Path) -> None:
    (folder / "north.toml").write_text(WHOLE, encoding="utf-8")
    old = WHOLE.replace("version = 2", "version = 1").replace("which day", "anything")
    (folder / "archive" / "north@1.toml").write_text(old, encoding="utf-8")
    for version, said in ((1, "anything"), (2, "which day")):
        heir = f'version = 1\ninherits = "north@{version}"\n'
        (folder / f"heir{version}.toml").write_text(heir, encoding="utf-8")
        assert wallets.load(f"heir{version}").cannot_promise[0].text.en == said


@pytest.mark.parametrize(
    "brand", ["Weixin", "tokenpocket", "AliPay", "Google Wallet", "apple pay", "WECHAT"]
)
def test_nobody_signs_as_a_wallet_however_it_is_written(folder: Path, brand: str) -> None:
    text = _replaced('en = "North" }\n[', f'en = "{brand}" }}\n[')
    (folder / "north.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadProfile, match="is the wallet, not its operator"):
        wallets.load("north")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version = 2", "version = true", "version: give a whole number"),
        ('en = "which day"', 'en = "  "', "cannot_promise.a_day.en: give 1 to 200 characters"),
    ],
)
def test_what_only_looks_like_something_is_refused(
    folder: Path, old: str, new: str, said: str
) -> None:
    (folder / "north.toml").write_text(_replaced(old, new), encoding="utf-8")
    with pytest.raises(BadProfile, match=said):
        wallets.load("north")


def test_two_that_inherit_from_each_other_are_refused(folder: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (folder / f"{name}.toml").write_text(
            f'version = 1\ninherits = "{other}"\n', encoding="utf-8"
        )
    with pytest.raises(BadProfile, match=r"inherits from itself; name another wallet"):
        wallets.load("a")


def test_an_unknown_wallet_is_named_with_those_there_are() -> None:
    with pytest.raises(BadProfile) as refused:
        wallets.load("paypal")
    assert str(refused.value) == (
        "REDRESS_WALLET: no wallet 'paypal'; use one of: "
        "alipay, apple-pay, demo, google-pay, tokenpocket, wechat-pay"
    )
