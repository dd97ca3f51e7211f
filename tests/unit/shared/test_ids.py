from uuid import UUID

import pytest

from shared import ids


# 572 → 4 is the worked example of the literature; the others were followed through the published
# table by hand.
@pytest.mark.parametrize(("digits", "check"), [("572", 4), ("0", 0), ("1", 3), ("11294", 6)])
def test_check_digits_of_known_numbers(digits: str, check: int) -> None:
    assert ids._damm(digits) == check  # noqa: SLF001 - the published algorithm
    assert ids._damm(f"{digits}{check}") == 0  # noqa: SLF001 - the same


@pytest.fixture
def references() -> list[str]:
    return [ids.reference() for _ in range(200)]


def test_a_reference_is_twelve_digits_with_a_right_check_digit(references: list[str]) -> None:
    assert all(len(r) == 12 and r.isdigit() and ids.valid_reference(r) for r in references)
    assert len(set(references)) == 200


def test_every_single_wrong_digit_is_found(references: list[str]) -> None:
    for right in references:
        for place in range(12):
            for digit in "0123456789":
                wrong = right[:place] + digit + right[place + 1 :]
                assert ids.valid_reference(wrong) == (wrong == right)


def test_every_swap_of_neighbours_is_found(references: list[str]) -> None:
    for right in references:
        for place in range(11):
            a, b = right[place], right[place + 1]
            wrong = right[:place] + b + a + right[place + 2 :]
            assert ids.valid_reference(wrong) == (a == b)


@pytest.mark.parametrize(
    "text",
    ["", "0", "4021 8853 017", "00000000000", "0000000000000", "٠٠٠٠٠٠٠٠٠٠٠٠", "-00000000000"],
)
def test_what_is_not_twelve_ascii_digits_is_no_reference(text: str) -> None:
    assert not ids.valid_reference(text)


def test_a_reference_is_read_in_groups_of_four() -> None:
    assert ids.spoken("402188530174") == "4021 8853 0174"


def test_new_ids_are_version_7_of_the_rfc_variant() -> None:
    made = [ids.new() for _ in range(500)]
    assert {i.version for i in made} == {7}
    assert {i.variant for i in made} == {"specified in RFC 4122"}
    assert len(set(made)) == 500


def test_new_ids_sort_by_the_millisecond_they_were_made_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    for ms in (1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000):
        monkeypatch.setattr("shared.ids.time.time_ns", lambda ms=ms: ms * 1_000_000)
        made.append(ids.new())
    assert made == sorted(made)
    assert made[0].int >> 80 == 1_700_000_000_000


def test_all_74_random_bits_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.ids.os.urandom", lambda n: b"\xff" * n)
    assert str(ids.new())[14:] == "7fff-bfff-ffffffffffff"
    monkeypatch.setattr("shared.ids.os.urandom", bytes)
    assert str(ids.new())[14:] == "7000-8000-000000000000"


def test_an_event_id_depends_on_all_three_parts_and_on_nothing_else() -> None:
    same = ids.event_id("tracker", "d1", 1)
    assert same == ids.event_id("tracker", "d1", "1")
    assert same == UUID("2aeacb15-a9a1-50d3-83da-ae2d2211b307")  # uuidgen --sha1
    others = {
        ids.event_id("intake", "d1", 1),
        ids.event_id("tracker", "d2", 1),
        ids.event_id("tracker", "d1", 2),
        ids.event_id("tracker", "d", "11"),
    }
    assert len(others | {same}) == 5


def test_tokens_have_43_url_safe_characters() -> None:
    token = ids.token()
    assert len(token) == 43
    assert token.replace("-", "").replace("_", "").isalnum()
    assert token != ids.token()
