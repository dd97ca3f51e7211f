"""A refund's parts: exact, in proportion, never more than was paid, whatever comes before."""

from dataclasses import astuple
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tracker.domain.composition import NOTHING, Composition, DoesNotFit, compose

KINDS = ("cash", "coupon", "points")
_minor = st.integers(0, 10**12)
tenders = st.tuples(_minor, _minor, _minor).filter(any)
cuts = st.lists(st.integers(0, 10**12), max_size=6)


def tender_of(paid: tuple[int, int, int]) -> tuple[tuple[str, int], ...]:
    return tuple((kind, minor) for kind, minor in zip(KINDS, paid, strict=True) if minor)


def slices(captured: int, marks: list[int]) -> list[int]:
    """Amounts that sum to the capture, cut at these marks."""
    edges = sorted({0, captured, *(mark % (captured + 1) for mark in marks)})
    return [after - before for before, after in pairwise(edges)]


def refunds(paid: tuple[int, int, int], marks: list[int], clawback: int) -> list[Composition]:
    """The whole capture given back in parts, one after the other."""
    captured, before, parts = sum(paid), NOTHING, []
    for amount in slices(captured, marks):
        parts.append(compose(amount, tender_of(paid), clawback, captured, before))
        before += parts[-1]
    return parts


@given(tenders, cuts, _minor)
def test_every_part_sums_to_its_amount_and_none_is_negative(
    paid: tuple[int, int, int], marks: list[int], clawback: int
) -> None:
    made = refunds(paid, marks, clawback)
    assert [part.given_minor for part in made] == slices(sum(paid), marks)
    assert all(minor >= 0 for part in made for minor in astuple(part))


@given(tenders, cuts, _minor)
def test_never_more_of_a_part_than_was_paid_by_it_and_all_of_it_in_the_end(
    paid: tuple[int, int, int], marks: list[int], clawback: int
) -> None:
    before = NOTHING
    for part in refunds(paid, marks, clawback):
        before += part
        back = (before.cash_minor, before.coupon_minor, before.points_minor)
        assert all(one <= whole for one, whole in zip(back, paid, strict=True))
        assert before.clawback_minor <= clawback
    assert astuple(before) == (*paid, clawback)


@given(tenders, _minor, st.data())
def test_one_refund_is_in_proportion_to_less_than_a_unit(
    paid: tuple[int, int, int], clawback: int, data: st.DataObject
) -> None:
    captured = sum(paid)
    amount = data.draw(st.integers(0, captured))
    made = compose(amount, tender_of(paid), clawback, captured)
    given_back = (made.cash_minor, made.coupon_minor, made.points_minor)
    for one, whole in zip(given_back, paid, strict=True):
        assert abs(one * captured - amount * whole) < captured
    assert made.clawback_minor == clawback * amount // captured


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (100, Composition(60, 30, 10, 7)),
        (50, Composition(30, 15, 5, 3)),
        (1, Composition(1, 0, 0, 0)),
        (99, Composition(59, 30, 10, 6)),
        (0, Composition()),
    ],
)
def test_examples(amount: int, expected: Composition) -> None:
    tender = (("cash", 60), ("coupon", 30), ("points", 10))
    assert compose(amount, tender, 7, 100) == expected


def test_without_a_tender_it_is_all_cash() -> None:
    assert compose(40, (), 10, 100) == Composition(cash_minor=40, clawback_minor=4)


@pytest.mark.parametrize(
    ("amount", "tender"),
    [
        (101, (("cash", 100),)),
        (-1, (("cash", 100),)),
        (10, (("cash", 99),)),
        (10, (("cash", 90), ("gold", 10))),
    ],
)
def test_what_was_not_paid_is_not_given_back(
    amount: int, tender: tuple[tuple[str, int], ...]
) -> None:
    with pytest.raises(DoesNotFit):
        compose(amount, tender, 0, 100)


def test_more_than_is_left_is_refused() -> None:
    with pytest.raises(DoesNotFit):
        compose(41, (), 0, 100, Composition(cash_minor=60))
    with pytest.raises(DoesNotFit):
        compose(1, (("cash", 50), ("coupon", 50)), 0, 100, Composition(cash_minor=60))


def test_one_kind_may_stand_in_the_tender_twice() -> None:
    tender = (("cash", 60), ("coupon", 20), ("cash", 20))
    assert compose(50, tender, 0, 100) == Composition(40, 10, 0, 0)


@pytest.mark.parametrize(
    ("amount", "tender", "why"),
    [
        (101, (("cash", 100),), "101 of 100 minor units that are left"),
        (10, (("cash", 90), ("gold", 10)), "nobody pays by gold"),
        (10, (("cash", 99),), "the tender is not what was captured and not given back"),
    ],
)
def test_what_does_not_fit_says_why(
    amount: int, tender: tuple[tuple[str, int], ...], why: str
) -> None:
    with pytest.raises(DoesNotFit) as refused:
        compose(amount, tender, 0, 100)
    assert str(refused.value) == why
