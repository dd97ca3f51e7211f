"""The ledger's arithmetic, worked out by hand."""

from datetime import UTC, datetime

import pytest

from sandbox.bank.ledger import (
    CLEARING,
    Entry,
    EntryKind,
    Ledger,
    Posting,
    UnbalancedError,
    moved,
    position,
)

AT = datetime(2026, 1, 2, tzinfo=UTC)


def entry(kind: EntryKind, payment: str, source: str, target: str, amount: int) -> Entry:
    postings = moved(source, target, amount)
    return Entry("t1", kind, payment, f"ref-{payment}", "CNY", postings, AT)


CAPTURE = entry(EntryKind.CAPTURED, "c", "customer:li", "merchant:shop", 100)


def sent(payment: str, amount: int) -> Entry:
    return entry(EntryKind.REFUND_SENT, payment, "merchant:shop", CLEARING, amount)


def credited(payment: str, amount: int) -> Entry:
    return entry(EntryKind.REFUND_CREDITED, payment, CLEARING, "customer:li", amount)


def bounced(payment: str, amount: int) -> Entry:
    return entry(EntryKind.REFUND_BOUNCED, payment, CLEARING, "merchant:shop", amount)


def test_an_entry_that_does_not_sum_to_zero_cannot_exist() -> None:
    with pytest.raises(UnbalancedError):
        Entry("t1", EntryKind.CAPTURED, "c", "", "CNY", (Posting("a", 1), Posting("b", -2)), AT)


@pytest.mark.parametrize(
    ("entries", "settled", "in_flight", "judgement"),
    [
        ([CAPTURE], 0, 0, "fine"),
        ([CAPTURE, sent("p", 100)], 0, 100, "fine"),
        ([CAPTURE, sent("p", 100), credited("p", 100)], 100, 0, "fine"),
        ([CAPTURE, sent("p", 100), bounced("p", 100)], 0, 0, "fine"),
        ([CAPTURE, sent("p", 100), bounced("p", 100), sent("q", 100)], 0, 100, "fine"),
        ([CAPTURE, sent("p", 60), sent("q", 40)], 0, 100, "fine"),
        ([CAPTURE, sent("p", 60), sent("q", 41)], 0, 101, "twice and above"),
        ([CAPTURE, sent("p", 101)], 0, 101, "above"),
        ([sent("p", 1)], 0, 1, "above"),
    ],
)
def test_position(entries: list[Entry], settled: int, in_flight: int, judgement: str) -> None:
    found = position(entries)
    assert (found.settled_minor, found.in_flight_minor) == (settled, in_flight)
    assert found.paid_twice == ("twice" in judgement)
    assert found.above_captured == ("above" in judgement)


def test_the_audit_adds_up_and_notices_money_out_of_nowhere() -> None:
    ledger = Ledger()
    for one in (CAPTURE, sent("p", 100), credited("p", 100)):
        ledger.post(one)
    audit = ledger.audit(transactions=1)
    assert audit.balanced
    assert (audit.captured_minor, audit.settled_minor) == ({"CNY": 100}, {"CNY": 100})
    assert {(a, c): m for a, c, m in ledger.balances()}["customer:li", "CNY"] == 0
    ledger.post(credited("never-sent", 5))
    assert not ledger.audit(transactions=1).balanced
