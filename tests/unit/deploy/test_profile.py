from pathlib import Path

import pytest

from deploy.local import layout, profile
from deploy.local.errors import StartError
from shared import wallets

IN_SECONDS = {
    "demo": "demo",
    "alipay": "demo",
    "wechat-pay": "demo",
    "apple-pay": "demo",
    "google-pay": "demo",
    "tokenpocket": "demo-self-custody",
}


@pytest.mark.parametrize("wallet", IN_SECONDS)
def test_each_wallet_runs_by_rules_in_seconds(wallet: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDRESS_PROFILE", raising=False)
    profile.check(wallet)
    monkeypatch.setenv("REDRESS_PROFILE", IN_SECONDS[wallet])
    profile.check(wallet)
    monkeypatch.setenv("REDRESS_WALLET", wallet)
    place = layout.kept()
    assert (place.wallet, place.profile) == (wallet, IN_SECONDS[wallet])


def test_every_shipped_wallet_can_be_demonstrated() -> None:
    folder = wallets.__path__[0]
    assert {path.stem for path in Path(folder).glob("*.toml")} == IN_SECONDS.keys()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("default", "runs demo by the rules demo only, not default: unset REDRESS_PROFILE."),
        ("foo", "us-reg-z, wechat-pay; `make up` runs rules in seconds only."),
        ("", "us-reg-z, wechat-pay; `make up` runs rules in seconds only."),
    ],
)
def test_other_rules_are_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    monkeypatch.setenv("REDRESS_PROFILE", name)
    with pytest.raises(StartError) as raised:
        profile.check("demo")
    assert str(raised.value).endswith(sentence)
    assert "\n" not in str(raised.value)


def test_a_wallet_that_is_none_is_refused() -> None:
    with pytest.raises(StartError, match=r"^REDRESS_WALLET: no wallet 'paypal'; use one of: alip"):
        profile.check("paypal")
