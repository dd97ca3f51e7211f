"""The ledger's arithmetic, worked out by hand."""

from datetime import UTC, datetime

import pytest

from sandbox.bank.ledger import (
    ADVANCES,
    CLEARING,
    SETTLING,
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


def settling(payment: str, amount: int, advance: int) -> Entry:
    """A refund of which `advance` goes to the wallet's advances."""
    postings = (
        Posting("merchant:shop", -amount),
        Posting(CLEARING, amount - advance),
        Posting(SETTLING, advance),
    )
    return Entry("t1", EntryKind.REFUND_SENT, payment, f"ref-{payment}", "CNY", postings, AT)


def settled(payment: str, amount: int, advance: int) -> Entry:
    postings = (
        Posting(CLEARING, advance - amount),
        Posting(SETTLING, -advance),
        Posting("customer:li", amount - advance),
        Posting(ADVANCES, advance),
    )
    return Entry("t1", EntryKind.REFUND_CREDITED, payment, f"ref-{payment}", "CNY", postings, AT)


def credit(payment: str, amount: int) -> Entry:
    return entry(EntryKind.CREDIT_GIVEN, payment, ADVANCES, "customer:li", amount)


def credit_reversed(payment: str, amount: int) -> Entry:
    return entry(EntryKind.CREDIT_REVERSED, payment, "customer:li", ADVANCES, amount)


def recalled(payment: str, amount: int) -> Entry:
    return entry(EntryKind.RECALL_AGREED, payment, "transit:other-banks", CLEARING, amount)


def charged_back(payment: str, amount: int) -> Entry:
    return entry(EntryKind.CHARGEBACK_WON, payment, "merchant:shop", "customer:li", amount)


COMPENSATED = entry(EntryKind.COMPENSATED, "w", "wallet:compensation", "customer:li", 50)
CLAWED_BACK = entry(EntryKind.CLAWED_BACK, "p", "customer:li+points", "wallet:rewards", 5)


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


@pytest.mark.parametrize(
    ("entries", "paid", "recovered", "judgement"),
    [
        ([credit("k", 100)], 100, 0, "fine"),
        ([credit("k", 100), credit_reversed("k", 40)], 60, 0, "fine"),
        ([credit("k", 100), sent("p", 1)], 101, 1, "fine"),  # it will settle the credit
        ([credit("k", 40), sent("p", 101)], 141, 101, "twice and above"),
        ([credit("k", 100), credit_reversed("k", 100), sent("p", 100)], 100, 100, "fine"),
        ([credit("k", 100), settling("p", 100, 100)], 100, 100, "fine"),
        ([credit("k", 60), settling("p", 100, 60)], 100, 100, "fine"),
        ([credit("k", 60), settling("p", 100, 60), settled("p", 100, 60)], 100, 100, "fine"),
        ([credit("k", 60), settling("p", 100, 61)], 99, 100, "over-settled"),
        ([settling("p", 100, 100)], 0, 100, "over-settled"),
        ([credit("k", 100), credit_reversed("k", 100), settling("p", 1, 1)], 0, 1, "over-settled"),
        ([credit("k", 50), settling("p", 100, 50), sent("q", 1)], 101, 101, "twice and above"),
        ([recalled("r", 100)], 100, 100, "fine"),
        ([recalled("r", 100), sent("p", 1)], 101, 101, "twice and above"),
        ([charged_back("c", 100), recalled("r", 1)], 101, 101, "twice and above"),
        ([charged_back("c", 101)], 101, 101, "above"),
        ([sent("p", 100), credited("p", 100), COMPENSATED], 100, 100, "fine"),
        ([sent("p", 100), credited("p", 100), CLAWED_BACK], 100, 100, "fine"),
    ],
)
def test_everything_that_came_back_counts_once(
    entries: list[Entry], paid: int, recovered: int, judgement: str
) -> None:
    found = position([CAPTURE, *entries])
    assert (found.paid_minor, found.recovered_minor) == (paid, recovered)
    assert found.paid_twice == ("twice" in judgement)
    assert found.above_captured == ("above" in judgement)
    assert found.over_settled == ("over-settled" in judgement)


def test_an_advance_that_leaves_before_it_entered_is_noticed() -> None:
    ledger = Ledger()
    ledger.post(CAPTURE)
    ledger.post(settled("p", 100, 100))
    assert not ledger.audit(transactions=1).balanced


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
