from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.feed import fold
from shared.contracts.events import StatusChanged, Step
from shared.contracts.vocabulary import Actor, Kind, Status

A, B = UUID(int=1), UUID(int=2)
AT = datetime(2026, 3, 1, tzinfo=UTC)


def change(dispute: UUID, version: int) -> StatusChanged:
    return StatusChanged(
        dispute_id=dispute,
        claim_id=dispute,
        reference="402188530174",
        version=version,
        kind=Kind.MISSING_FUNDS,
        reason="transfer",
        customer_id="ana",
        status=Status.TRACING,
        open=True,
        next_actor=Actor.BANK,
        step=Step(code=f"step-{version}", at=AT, actor=Actor.BANK),
        changed_at=AT,
    )


def test_the_newest_version_is_stored_and_each_is_a_step() -> None:
    found = fold({A: 0, B: 0}, [change(A, 2), change(B, 1), change(A, 1)])
    assert [(c.dispute_id, c.version) for c in found.newest] == [(A, 2), (B, 1)]
    assert [(c.dispute_id, c.version) for c in found.steps] == [(A, 1), (A, 2), (B, 1)]
    assert (found.gaps, found.late, found.unknown) == (0, 0, 0)


def test_missing_versions_are_counted_and_later_fill_the_timeline() -> None:
    first = fold({A: 1}, [change(A, 5), change(A, 3)])
    assert (first.gaps, first.late) == (2, 0)
    filling = fold({A: 5}, [change(A, 2), change(A, 4)])
    assert filling.newest == []
    assert [c.version for c in filling.steps] == [2, 4]
    assert (filling.gaps, filling.late) == (0, 2)


def test_the_same_event_three_times_is_one() -> None:
    found = fold({A: 0}, [change(A, 1)] * 3)
    assert (len(found.newest), len(found.steps), found.late) == (1, 1, 0)


def test_a_dispute_that_is_not_here_is_counted_and_left() -> None:
    found = fold({A: 0}, [change(B, 1)])
    assert (found.newest, found.steps, found.unknown) == ([], [], 1)


@given(
    arrivals=st.lists(st.integers(min_value=1, max_value=9), min_size=1, max_size=40),
    cuts=st.lists(st.integers(min_value=0, max_value=40), max_size=5),
)
def test_any_order_and_any_batches_end_the_same(arrivals: list[int], cuts: list[int]) -> None:
    version, steps, gaps, late = 0, set(), 0, 0
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(arrivals)], strict=True):
        found = fold({A: version}, [change(A, v) for v in arrivals[begin:end]])
        version = max([version, *(c.version for c in found.newest)])
        steps |= {c.version for c in found.steps}
        gaps, late = gaps + found.gaps, late + found.late
    assert version == max(arrivals)
    assert steps == set(arrivals)
    assert gaps >= max(arrivals) - len(set(arrivals))
