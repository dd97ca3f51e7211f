"""The core's own `replace` does what `dataclasses.replace` does."""

import dataclasses
from typing import Any

import pytest

from services.tracker.domain.dispute import Claim, Dispute, Facts
from services.tracker.domain.records import replace
from services.tracker.domain.states import Legs, Refund
from tests.unit.tracker.case import in_flight

RECORDS = [in_flight().dispute, Facts(cause="over_limit"), Legs(refund=Refund.UNKNOWN)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_every_field_can_be_changed_and_the_others_stay(record: Any) -> None:
    for field in dataclasses.fields(record):
        changed: Any = replace(record, **{field.name: "other"})
        assert changed == dataclasses.replace(record, **{field.name: "other"})
        assert type(changed) is type(record)
        assert getattr(record, field.name) != "other"


@pytest.mark.parametrize("kind", [Claim, Dispute, Facts, Legs])
def test_the_records_have_nothing_that_it_would_miss(kind: type) -> None:
    assert not hasattr(kind, "__post_init__")
    assert all(field.init for field in dataclasses.fields(kind))
    names = {field.name for field in dataclasses.fields(kind)}
    assert set(getattr(kind, "__slots__", names)) == names


def test_a_field_that_does_not_exist_is_refused() -> None:
    unknown: Any = {"amount": 1}
    with pytest.raises(TypeError, match="no amount"):
        replace(Facts(), **unknown)
