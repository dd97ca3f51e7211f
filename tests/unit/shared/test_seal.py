import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.seal import CannotOpen, KeyRing

TEXT = "买家说：货没到，请退款。Call +86 138 0013 8000"


def ring(active: str, **keys: bytes) -> KeyRing:
    return KeyRing(active, {name: AESGCM(key) for name, key in keys.items()})


ONE = ring("k1", k1=b"1" * 32)


def test_what_was_sealed_opens_with_the_same_context_only() -> None:
    sealed = ONE.seal(TEXT, "dispute:1:statement")
    assert ONE.open(sealed, "dispute:1:statement") == TEXT
    for context in ("dispute:2:statement", "dispute:1:note", ""):
        with pytest.raises(CannotOpen):
            ONE.open(sealed, context)


def test_the_same_text_never_seals_to_the_same_ciphertext_and_never_shows() -> None:
    first, second = ONE.seal(TEXT, "c"), ONE.seal(TEXT, "c")
    assert first != second
    raw = base64.urlsafe_b64decode(first.partition(".")[2])
    assert b"138" not in raw
    assert TEXT.encode() not in raw


def test_another_key_of_the_same_id_does_not_open_it() -> None:
    sealed = ONE.seal(TEXT, "c")
    with pytest.raises(CannotOpen):
        ring("k1", k1=b"2" * 32).open(sealed, "c")


def test_a_ring_that_moved_on_still_opens_what_the_old_key_sealed() -> None:
    old = ONE.seal(TEXT, "c")
    both = ring("k2", k1=b"1" * 32, k2=b"2" * 32)
    assert both.open(old, "c") == TEXT
    assert both.seal(TEXT, "c").startswith("k2.")
    with pytest.raises(CannotOpen, match="k1"):
        ring("k2", k2=b"2" * 32).open(old, "c")


def test_every_altered_character_is_found() -> None:
    sealed = ONE.seal("short", "c")
    key_id, _, body = sealed.partition(".")
    for place, right in enumerate(body.rstrip("=")):
        for other in "Az0-":
            altered = f"{key_id}.{body[:place]}{other}{body[place + 1 :]}"
            last = place == len(body.rstrip("=")) - 1  # its spare bits carry nothing
            if other != right and not last:
                with pytest.raises(CannotOpen):
                    ONE.open(altered, "c")


@pytest.mark.parametrize("cut", [0, 1, 4, 8, 16, 20])
def test_a_cut_ciphertext_does_not_open(cut: int) -> None:
    sealed = ONE.seal("", "c")
    with pytest.raises(CannotOpen):
        ONE.open(sealed[: len("k1.") + cut], "c")


@pytest.mark.parametrize("junk", ["!", "\n", " ", "$$$$", "é"])
def test_characters_that_are_no_base64_are_not_passed_over(junk: str) -> None:
    sealed = ONE.seal(TEXT, "c")
    with pytest.raises(CannotOpen):
        ONE.open(sealed[:10] + junk + sealed[10:], "c")


@pytest.mark.parametrize("text", ["", "plain", ".", "k1.", "k9.AAAA", TEXT])
def test_what_is_no_ciphertext_does_not_open_and_the_error_holds_no_more_than_16_of_it(
    text: str,
) -> None:
    with pytest.raises(CannotOpen) as refused:
        ONE.open(text, "c")
    assert text[17:] == "" or text[17:] not in str(refused.value)


def write(path: Path, active: str, keys: dict[str, bytes]) -> str:
    encoded = {name: base64.b64encode(key).decode() for name, key in keys.items()}
    path.write_text(json.dumps({"active": active, "keys": encoded}), encoding="utf-8")
    return str(path)


def test_a_ring_is_read_from_its_file(tmp_path: Path) -> None:
    path = write(tmp_path / "ring.json", "k1", {"k1": b"1" * 32})
    assert KeyRing.load(path).open(ONE.seal(TEXT, "c"), "c") == TEXT


@pytest.mark.parametrize(
    ("active", "keys"),
    [
        ("k2", {"k1": b"1" * 32}),  # the active key is missing
        ("k1", {"k1": b"1" * 16}),  # AES-128
        ("k.1", {"k.1": b"1" * 32}),  # an id that could not be told from the ciphertext
    ],
)
def test_a_wrong_ring_is_refused_at_the_start(
    tmp_path: Path, active: str, keys: dict[str, bytes]
) -> None:
    with pytest.raises(ValueError, match=r"ring\.json"):
        KeyRing.load(write(tmp_path / "ring.json", active, keys))
