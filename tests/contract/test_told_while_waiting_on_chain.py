"""A transaction that waits on a chain is read every few blocks, and told once."""

from services.notifier.domain.notices import notice
from shared.contracts.events import StatusChanged

STATUS = {
    "dispute_id": "00000000-0000-4000-8000-000000000001",
    "claim_id": "00000000-0000-4000-8000-000000000002",
    "reference": "402188530170",
    "version": 3,
    "kind": "missing_funds",
    "reason": "on_chain",
    "customer_id": "c-1",
    "status": "in_transit",
    "open": True,
    "next_actor": "redress",
    "step": {"code": "trace_in_transit", "at": "2026-03-01T00:00:00Z", "actor": "bank"},
    "changed_at": "2026-03-01T00:00:00Z",
}


def waiting(expected_at: str, custody: dict[str, str]) -> StatusChanged:
    return StatusChanged.model_validate(STATUS | {"detail": {"expected_at": expected_at} | custody})


def test_a_later_block_is_no_news_on_a_chain_and_a_later_day_is_at_a_bank() -> None:
    dates = [f"2026-03-0{day}T00:00:00+00:00" for day in (2, 3)]
    told = [notice(waiting(dates[0], {"custody": "self"}), None)]
    assert told[0] is not None
    assert told[0].template.value == "in_transit_on_chain"
    assert notice(waiting(dates[1], {"custody": "self"}), told[0].said) is None
    bank = notice(waiting(dates[0], {}), None)
    assert bank is not None
    assert notice(waiting(dates[1], {}), bank.said) is not None
