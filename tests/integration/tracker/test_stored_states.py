"""Whatever the core may make of a leg, the database takes."""

from enum import Enum

import pytest
from sqlalchemy import text

from services.tracker.domain.states import Leg, Legs
from services.tracker.domain.triggers import AccountReport, T, Trigger
from services.tracker.handlers import Signal
from shared.contracts.vocabulary import Actor, Kind
from tests.integration.tracker.stage import Stage, opened, opening, results


@pytest.mark.parametrize("leg", Leg)
async def test_every_state_of_a_leg_can_be_stored(common: Stage, leg: Leg) -> None:
    event = opened()
    await common.send(opening(event))
    states: type[Enum] = type(Legs().of(leg))
    async with common.engine.connect() as tx:  # never committed
        for state in states:
            values = {"state": state.value, "id": event.dispute_id}
            await tx.execute(
                text(f"UPDATE disputes SET {leg.value} = :state WHERE id = :id"),  # noqa: S608 - a leg
                values,
            )


async def test_a_hold_that_is_refused_is_heard(common: Stage) -> None:
    event = opened(Kind.UNAUTHORIZED, merchant_id=None)
    await common.send(opening(event))
    refused = Trigger(T.HOLD_REFUSED, Actor.REDRESS, AccountReport(1, "unknown_customer"))
    assert results(await common.send(Signal(event.dispute_id, refused))) == ["applied"]
    assert (await common.dispute(event))["hold"] == "refused"
