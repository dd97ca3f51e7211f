"""Lines against movements; every answer worked out by hand."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.tracker.domain.reconciliation import (
    Difference,
    Line,
    Match,
    Movement,
    Ordered,
    judged,
    key,
    match,
)

DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)
KEY = f"{ONE}:refund:1"


def line(position: int, amount: int, reference: str | None = KEY, **changes: Any) -> Line:
    fields: dict[str, Any] = {"transaction_id": "t-1", "kind": "refund", "currency": "CNY"}
    return Line(
        day=DAY,
        position=position,
        at=AT,
        reference=reference,
        amount_minor=amount,
        **(fields | changes),
    )


def movement(
    n: int, amount: int, reference: str | None = KEY, dispute: UUID = ONE, **changes: Any
) -> Movement:
    fields: dict[str, Any] = {"transaction_id": "t-1", "currency": "CNY"}
    return Movement(
        journal_id=UUID(int=100 + n),
        dispute_id=dispute,
        step=n,
        at=AT,
        reference=reference,
        amount_minor=amount,
        **(fields | changes),
    )


def left(found: Match) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Positions only there, steps only here, and (position, step) of what differs."""
    return (
        [line.position for line in found.only_there],
        [movement.step for movement in found.only_here],
        [(line.position, movement.step) for line, movement in found.differing],
    )


def explained(found: Match) -> tuple[list[int], list[int]]:
    """Positions and steps, in their order."""
    return (
        sorted(line.position for line, _, _ in found.lines),
        sorted(movement.step for movement, _ in found.movements),
    )


def test_the_same_money_explains_itself() -> None:
    found = match([line(1, 500)], [movement(1, 500)])
    assert found.lines == [
        (line(1, 500), f"step 1 of dispute {ONE} at 2026-03-02T12:00:00+00:00", ONE)
    ]
    assert found.movements == [(movement(1, 500), "line 1 of the statement of 2026-03-02")]
    assert left(found) == ([], [], [])


@pytest.mark.parametrize(
    "other",
    [{"reference": f"{ONE}:refund:2"}, {"reference": None}, {"transaction_id": "t-2"}],
)
def test_other_money_does_not(other: dict[str, Any]) -> None:
    assert left(match([line(1, 500, **other)], [movement(1, 500)])) == ([1], [1], [])


@pytest.mark.parametrize("changes", [{"amount": 499}, {"amount": 500, "currency": "USD"}])
def test_what_only_resembles_differs(changes: dict[str, Any]) -> None:
    assert left(match([line(1, **changes)], [movement(1, 500)])) == ([], [], [(1, 1)])


def test_what_is_the_same_is_paired_before_what_resembles() -> None:
    found = match([line(1, 400), line(2, 500)], [movement(1, 500), movement(2, 300)])
    assert explained(found) == ([2], [1])
    assert left(found) == ([], [], [(1, 2)])


def test_a_second_payment_under_the_same_key_is_left() -> None:
    assert left(match([line(1, 500), line(2, 500)], [movement(1, 500)])) == ([2], [], [])


def test_a_bounce_is_paired_with_a_bounce() -> None:
    found = match([line(1, 500), line(2, -500)], [movement(1, 500), movement(2, -500)])
    assert explained(found) == ([1, 2], [1, 2])


def test_what_was_taken_back_unheard_explains_itself() -> None:
    found = match([line(1, 500), line(2, -500)], [])
    assert [told for _, told, _ in found.lines] == [
        "taken back: line 2 of the statement of 2026-03-02",
        "takes back: line 1 of the statement of 2026-03-02",
    ]
    assert left(found) == ([], [], [])


def test_what_we_took_back_explains_itself() -> None:
    found = match([], [movement(1, 500), movement(2, -500), movement(3, 500)])
    assert explained(found) == ([], [1, 2])
    assert left(found) == ([], [3], [])


def test_amounts_in_two_currencies_do_not_cancel() -> None:
    found = match([], [movement(1, 500), movement(2, -500, currency="USD")])
    assert left(found) == ([], [1, 2], [])


def test_a_line_that_is_explained_answers_nothing_more() -> None:
    assert left(match([line(1, 500, explanation="before")], [movement(1, 500)])) == ([], [1], [])


def test_money_that_came_by_itself_may_be_booked_by_several_disputes() -> None:
    booked = [movement(1, 500, None), movement(2, 500, None, OTHER)]
    found = match([line(1, 500, None)], booked)
    assert left(found) == ([], [], [])
    assert found.movements[1] == (booked[1], f"booked by dispute {ONE} too")


def test_also_where_the_first_was_matched_before() -> None:
    before = line(1, 500, None, explanation="before", dispute_id=ONE)
    assert left(match([before], [movement(2, 500, None, OTHER)])) == ([], [], [])


def test_one_dispute_does_not_book_it_twice() -> None:
    before = line(1, 500, None, explanation="before", dispute_id=ONE)
    assert left(match([before], [movement(2, 500, None)])) == ([], [2], [])


def test_a_refund_is_booked_by_its_own_dispute_only() -> None:
    before = line(1, 500, explanation="before", dispute_id=OTHER)
    assert left(match([before], [movement(2, 500)])) == ([], [2], [])


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        (KEY, (ONE, "refund", 1)),
        (f"{ONE}:recall:12", (ONE, "recall", 12)),
        ("shop-77", None),
        (f"{ONE}:refund:", None),
        (f"{ONE}:refund:1 ", None),
        (f"x{KEY}", None),
    ],
)
def test_keys_of_ours(reference: str, parts: object) -> None:
    assert key(reference) == parts
    assert line(1, 5, reference).known is (parts is not None)
    assert line(1, 5, None).known


@pytest.mark.parametrize(
    ("ordered", "verdict"),
    [
        (None, (Difference.MISSING_HERE, None)),
        (Ordered("t-1", 500, "CNY"), (Difference.MISSING_HERE, None)),
        (Ordered("t-1", 499, "CNY"), (Difference.AMOUNT_DIFFERS, 499)),
        (Ordered("t-1", 500, "USD"), (Difference.AMOUNT_DIFFERS, 500)),
        (Ordered("t-2", 500, "CNY"), (Difference.AMOUNT_DIFFERS, 500)),
    ],
)
def test_a_line_that_we_did_not_book(
    ordered: Ordered | None, verdict: tuple[Difference, int | None]
) -> None:
    assert judged(line(1, 500), ordered) == verdict
    assert judged(line(1, -500), ordered) == verdict
