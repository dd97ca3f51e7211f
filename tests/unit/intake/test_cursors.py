import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.intake.api import cursors
from services.intake.store.transactions import Place
from shared.http import Invalid

PLACE = Place(datetime(2026, 3, 1, 12, 30, 0, 123456, UTC), "t-1")


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_dispute_comes_back() -> None:
    assert cursors.after_dispute(cursors.dispute(UUID(int=7))) == UUID(int=7)
    assert cursors.after_dispute(None) is None


def test_a_transaction_comes_back_to_the_microsecond() -> None:
    assert cursors.after_transaction(cursors.transaction(PLACE)) == PLACE
    assert cursors.after_transaction(None) is None


@pytest.mark.parametrize(
    "cursor",
    ["", "?", "AAAA", "AAAAA", "ünicode", packed(b"x" * 15), packed(b"x" * 17)],
)
def test_a_strange_cursor_of_disputes_is_the_callers_mistake(cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        cursors.after_dispute(cursor)
    assert caught.value.errors[0].field == "cursor"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "?",
        packed(UUID(int=7).bytes),
        packed(b"2026-03-01T12:30:00 t-1"),
        packed(b"yesterday t-1"),
        packed(b"0001-01-01T00:00:00+14:00 t-1"),
        packed(b"2026-03-01T12:30:00+00:00 t\x00"),
        packed(b"2026-03-01T12:30:00+00:00 \xff"),
    ],
)
def test_a_strange_cursor_of_transactions_is_the_callers_mistake(cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        cursors.after_transaction(cursor)
    assert caught.value.errors[0].field == "cursor"
