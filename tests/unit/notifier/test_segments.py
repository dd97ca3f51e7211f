import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.sms import alphabet
from services.notifier.domain.segments import Length, is_gsm7, measure, parts


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("a" * 160, Length("gsm7", 160, 1)),
        ("a" * 161, Length("gsm7", 161, 2)),
        ("a" * 306, Length("gsm7", 306, 2)),
        ("a" * 307, Length("gsm7", 307, 3)),
        ("€" * 80, Length("gsm7", 160, 1)),  # an escape and a character each
        ("€" * 81, Length("gsm7", 162, 2)),
        ("好" * 70, Length("ucs2", 70, 1)),
        ("好" * 71, Length("ucs2", 71, 2)),
        ("好" * 134, Length("ucs2", 134, 2)),
        ("😀" * 35, Length("ucs2", 70, 1)),
        ("😀" * 67, Length("ucs2", 134, 3)),  # 33 pairs to a part: a pair is not torn apart
        ("", Length("gsm7", 0, 1)),
    ],
)
def test_length(text: str, length: Length) -> None:
    assert measure(text) == length


def test_the_header_counts_the_parts() -> None:
    name, bodies = parts("好" * 71, 300)
    assert name == "ucs2"
    assert [body[:6].hex() for body in bodies] == ["0500032c0201", "0500032c0202"]
    assert all(len(body) <= 140 for body in bodies)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400))
def test_parts_join_to_the_text_again(text: str) -> None:
    """Read back by the gateway's own, independent decoder."""
    name, bodies = parts(text, 7)
    coding = alphabet.GSM7 if name == "gsm7" else alphabet.UCS2
    whole = b"".join(bodies) if len(bodies) == 1 else b"".join(body[6:] for body in bodies)
    assert alphabet.decode(whole, coding) == text
    assert is_gsm7(text) == (name == "gsm7")
    assert len(bodies) == measure(text).parts
    if len(bodies) > 1:
        for body in bodies:
            alphabet.decode(body[6:], coding).encode()  # no half of a pair or of an escape
