"""Disputes of one transaction that slipped past intake: the first of a group stands."""

import pytest

from services.tracker.domain.triggers import T
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Kind
from tests.integration.tracker.stage import Stage, found, opened, opening, results, wish


def _two(kind: Kind = Kind.REFUND_REQUEST) -> tuple[DisputeOpened, DisputeOpened]:
    """A refund request, and another dispute about the same transaction, in order of their ids."""
    ids = opened(), opened()
    first, second = sorted(ids, key=lambda event: event.dispute_id)
    same = {"transaction_id": first.transaction_id, "kind": kind, "reason": "other"}
    return first, second.model_copy(update=same)


async def _statuses(stage: Stage, *events: DisputeOpened) -> list[str]:
    return [(await stage.dispute(event))["status"] for event in events]


async def test_the_one_that_is_open_stands_and_the_next_one_names_it(stage: Stage) -> None:
    later, earlier = _two()  # who is open already stands, whatever the ids say
    await stage.each(opening(earlier), opening(later))
    assert await _statuses(stage, earlier, later) == ["checking", "duplicate"]
    assert (await stage.dispute(later))["facts"]["duplicate_of"] == earlier.reference
    assert await stage.tasks(later) == {}


@pytest.mark.parametrize("backwards", [False, True])
async def test_opened_in_one_batch_the_smaller_id_stands(stage: Stage, *, backwards: bool) -> None:
    first, second = _two()
    both = [opening(first), opening(second)]
    assert results(await stage.send(*(both[::-1] if backwards else both))) == ["applied"] * 2
    assert await _statuses(stage, first, second) == ["checking", "duplicate"]
    assert (await stage.dispute(second))["facts"]["duplicate_of"] == first.reference


async def test_another_group_about_the_same_transaction_is_no_duplicate(stage: Stage) -> None:
    both = _two(Kind.PAYMENT_FAILED)
    await stage.send(*map(opening, both))
    assert await _statuses(stage, *both) == ["checking", "checking"]


async def test_one_that_has_ended_is_in_nobodys_way(stage: Stage) -> None:
    ended, next_one = _two()
    await stage.each(opening(ended), found(ended), wish(ended, T.WITHDRAWN), opening(next_one))
    assert await _statuses(stage, ended, next_one) == ["withdrawn", "checking"]
