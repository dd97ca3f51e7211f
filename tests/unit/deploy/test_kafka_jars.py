import hashlib
from pathlib import Path

import pytest

from deploy.local import kafka_jars
from deploy.local.errors import StartError


def _pin(monkeypatch: pytest.MonkeyPatch, folder: Path, content: bytes) -> None:
    sums = folder / "pinned.sha256"
    sums.write_text(f"{hashlib.sha256(content).hexdigest()}  a.jar\n")
    monkeypatch.setattr(kafka_jars, "SUMS", sums)


def test_every_jar_is_pinned_once_with_a_sha256() -> None:
    sums = kafka_jars.pinned()
    assert len(sums) == 46
    assert {len(digest) for digest in sums.values()} == {64}
    assert "kafka_2.13-4.3.1.jar" in sums


def test_cached_jars_that_verify_are_not_resolved_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pin(monkeypatch, tmp_path, b"genuine")
    (tmp_path / "a.jar").write_bytes(b"genuine")
    said: list[str] = []
    assert kafka_jars.ensure(tmp_path, said.append) == [tmp_path / "a.jar"]
    assert said == []


def test_another_jar_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pin(monkeypatch, tmp_path, b"genuine")
    (tmp_path / "a.jar").write_bytes(b"something else")
    with pytest.raises(kafka_jars.JarMismatchError) as raised:
        kafka_jars.ensure(tmp_path, print)
    assert str(raised.value) == (
        f"{tmp_path / 'a.jar'} does not have the SHA-256 sum pinned in pinned.sha256:"
        " delete it and start again."
    )


def test_a_fetched_jar_is_checked_before_it_enters_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pin(monkeypatch, tmp_path, b"genuine")
    fetched = tmp_path / "elsewhere" / "a.jar"
    fetched.parent.mkdir()
    fetched.write_bytes(b"something else")
    monkeypatch.setattr(kafka_jars, "_resolve", lambda _: [fetched])
    cache = tmp_path / "cache"
    with pytest.raises(kafka_jars.JarMismatchError):
        kafka_jars.ensure(cache, print)
    assert not (cache / "a.jar").exists()


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("Max retries exceeded ([SSL: CERTIFICATE_VERIFY_FAILED])", "REQUESTS_CA_BUNDLE"),
        ("Max retries exceeded (Caused by NameResolutionError())", "the first run needs a network"),
    ],
)
def test_why_nothing_was_fetched_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str, sentence: str
) -> None:
    def unreachable(_: Path) -> list[Path]:
        raise OSError(reason)

    monkeypatch.setattr(kafka_jars, "_resolve", unreachable)
    with pytest.raises(StartError, match=sentence) as raised:
        kafka_jars.ensure(tmp_path / "cache", print)
    assert "\n" not in str(raised.value)
