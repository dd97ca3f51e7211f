import pytest

from shared.settings import CommonSettings


@pytest.mark.parametrize(
    ("profile", "accepted"),
    [("demo", True), ("demo-self-custody", True), (None, False), ("default", False)],
)
def test_development_tokens_need_the_launchers_word(profile: str | None, *, accepted: bool) -> None:
    """The wallet demo names rules in seconds; by itself that opens nothing."""
    settings = CommonSettings(
        kafka_bootstrap_servers="127.0.0.1:9",
        redress_key_ring="ring.json",
        redress_wallet="demo",
        redress_profile=profile,
        token_issuer="urn:test",
        port=0,
    )
    assert settings.is_demonstration is accepted
