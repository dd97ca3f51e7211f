import pytest

from deploy.local import profile
from deploy.local.errors import StartError


def test_the_demo_profile_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDRESS_PROFILE", raising=False)
    profile.check()
    monkeypatch.setenv("REDRESS_PROFILE", "demo")
    profile.check()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("default", "the profile demo only, not default: unset REDRESS_PROFILE."),
        ("foo", "uk-app-scam, us-reg-e, us-reg-z, wechat-pay; `make up` runs demo only."),
        ("", "uk-app-scam, us-reg-e, us-reg-z, wechat-pay; `make up` runs demo only."),
    ],
)
def test_another_profile_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    monkeypatch.setenv("REDRESS_PROFILE", name)
    with pytest.raises(StartError) as raised:
        profile.check()
    assert str(raised.value).endswith(sentence)
    assert "\n" not in str(raised.value)
