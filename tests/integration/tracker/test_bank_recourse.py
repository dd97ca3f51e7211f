"""The bank's adapter against the sandbox bank: records, recalls, chargebacks, postings, refunds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from services.tracker.bank import HttpBank
from services.tracker.domain.triggers import (
    BankTransaction,
    ChargebackReport,
    Comparison,
    Posting,
    RecallReport,
    T,
)
from services.tracker.ports import NoAnswer, PostingOrder, Question, RecourseOrder, RefundTerms
from shared import clock, http
from shared.contracts.vocabulary import Funding, TransactionKind
from tests.unit.sandbox.world import NOWHERE, BankClient, bank_open

ID: Final = "01900000-0000-7000-8000-000000000001"
WITHIN_S: Final = 5.0
POSTING: Final = PostingOrder(f"{ID}:credit:1", "provisional_credit", "li", "t1", 12_800, "CNY")


@dataclass(frozen=True, slots=True)
class Both:
    """The adapter, and the sandbox behind it."""

    bank: HttpBank
    sandbox: BankClient


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Both]:
    async with _both(tmp_path) as found:
        yield found


@asynccontextmanager
async def _both(folder: Path) -> AsyncIterator[Both]:
    async with bank_open(folder) as sandbox:
        session = http.client(total_s=5.0, limit=4)
        try:
            yield Both(HttpBank(session, sandbox.url, NOWHERE), sandbox)
        finally:
            await session.close()


def order(leg: str, amount_minor: int = 12_800, currency: str = "CNY") -> RecourseOrder:
    return RecourseOrder(f"{ID}:{leg}:1", "t1", amount_minor, currency, "scam")


async def test_a_transaction_says_how_it_was_paid_and_until_when_it_may_be_charged_back(
    both: Both,
) -> None:
    tender = [
        {"kind": "cash", "amount_minor": "10000"},
        {"kind": "coupon", "amount_minor": "2800"},
    ]
    behaviour = {"funding": "card", "tender": tender, "clawback_minor": "5"}
    await both.sandbox.record("t1", behaviour, kind="transfer")
    told = (await both.bank.transaction("t1")).payload
    assert isinstance(told, BankTransaction)
    assert (told.kind, told.funding) == (TransactionKind.TRANSFER, Funding.CARD)
    assert told.tender == (("cash", 10_000), ("coupon", 2_800))
    assert told.clawback_minor == 5
    assert told.chargeback_until is not None
    assert told.chargeback_until > clock.utcnow()
    assert told.chargeback_minor is None


async def test_only_an_open_chargeback_that_did_not_come_from_here_is_told(both: Both) -> None:
    held = {"funding": "card", "chargeback": {"filed": {"outcome": "open"}}}
    await both.sandbox.record("t1", held)
    amount = {"amount_minor": "700", "currency": "CNY"}
    await both.sandbox.post("/sandbox/chargebacks", {"transaction_id": "t1", "amount": amount})
    told = (await both.bank.transaction("t1")).payload
    assert isinstance(told, BankTransaction)
    assert told.chargeback_minor == 700
    pending = await both.bank.outside_chargeback("t1")
    assert pending.name is T.CHARGEBACK_PENDING
    assert pending.payload == ChargebackReport(None, 700, transaction_id="t1")
    await both.sandbox.record("t2", held)
    await both.bank.charge_back(RecourseOrder(f"{ID}:chargeback:1", "t2", 1, "CNY", "scam"))
    ours = (await both.bank.transaction("t2")).payload
    assert isinstance(ours, BankTransaction)
    assert ours.chargeback_minor is None


@pytest.mark.parametrize(
    ("kind", "records", "name", "expected"),
    [
        (
            "wrong_amount",
            {"wrong_amount": {"finding": "agrees", "amount_minor": "300"}},
            T.RECORDS_AGREES,
            Comparison(1, 300, "CNY"),
        ),
        (
            "duplicate_charge",
            {"duplicate_charge": {"finding": "same_order", "twin": "t9"}},
            T.RECORDS_SAME_ORDER,
            Comparison(1, twin="t9"),
        ),
        (
            "refund_not_received",
            {"refund_not_received": {"finding": "arrived", "amount_minor": "50"}},
            T.RECORDS_ARRIVED,
            Comparison(
                1,
                50,
                "CNY",
                destination_kind="card",
                destination_bank="Bank of Redress",
                destination_tail="0042",
            ),
        ),
    ],
)
async def test_records_of_a_transaction_are_compared(
    both: Both, kind: str, records: dict[str, Any], name: T, expected: Comparison
) -> None:
    await both.sandbox.record("t1", {"records": records})
    told = await both.bank.records(Question(f"{ID}:records:1", kind, "li", "t1", 300))
    assert (told.name, told.payload) == (name, expected)


async def test_records_of_an_account_name_no_transaction(both: Both) -> None:
    error = {"finding": "our_error", "amount_minor": "42", "explanation": "posted_twice"}
    records = {"customer_id": "li", "records": {"balance_anomaly": error}}
    await both.sandbox.post("/sandbox/customers", records)
    told = await both.bank.records(Question(f"{ID}:records:1", "balance_anomaly", "li", None, None))
    assert told.name is T.RECORDS_OUR_ERROR
    assert told.payload == Comparison(1, 42, "CNY", explanation="posted_twice")


async def test_a_comparison_of_what_the_bank_does_not_know_has_no_outcome(both: Both) -> None:
    with pytest.raises(NoAnswer):
        await both.bank.records(Question(f"{ID}:records:1", "wrong_amount", "li", "t1", None))


async def test_a_recall_is_asked_once_and_brings_a_part_back(both: Both) -> None:
    slow = {"recall": {"amount_minor": "500", "after_s": 0.2, "return_after_s": 0.1}}
    await both.sandbox.record("t1", slow)
    first = await both.bank.recall(order("recall"))
    again = await both.bank.recall(order("recall"))
    assert (first.name, again.name) == (T.RECALL_PENDING, T.RECALL_PENDING)
    report = await _until(both.bank.recall_report, f"{ID}:recall:1", T.RECALL_RETURNED)
    assert report == RecallReport(1, 500, transaction_id="t1")
    assert (await both.sandbox.kinds("t1")).count("recall_returned") == 1


async def test_a_refused_recall_is_final_and_an_unknown_one_has_no_outcome(both: Both) -> None:
    await both.sandbox.record("t1", {"recall": {"answer": "refuse"}})
    with pytest.raises(NoAnswer):
        await both.bank.recall_report(f"{ID}:recall:1")
    await both.bank.recall(order("recall"))
    report = await _until(both.bank.recall_report, f"{ID}:recall:1", T.RECALL_REFUSED)
    assert report.reason == "recipient_refused"


async def test_a_chargeback_goes_from_step_to_step(both: Both) -> None:
    network = {
        "filed": {"outcome": "represented", "after_s": 0.1},
        "pre_arbitration": {"outcome": "open"},
        "arbitration": {"outcome": "won"},
    }
    await both.sandbox.record("t1", {"funding": "card", "chargeback": network})
    key = f"{ID}:chargeback:1"
    assert (await both.bank.charge_back(order("chargeback"))).name is T.CHARGEBACK_PENDING
    with pytest.raises(NoAnswer):  # nobody has answered yet
        await both.bank.chargeback_step(key, "pre_arbitration")
    report = await _until(both.bank.chargeback_report, key, T.CHARGEBACK_REPRESENTED)
    assert report.answer_by is not None
    for _ in range(2):
        told = await both.bank.chargeback_step(key, "pre_arbitration")
        assert told.name is T.CHARGEBACK_PENDING
    await both.bank.chargeback_step(key, "arbitration")
    await _until(both.bank.chargeback_report, key, T.CHARGEBACK_WON)
    assert (await both.sandbox.kinds("t1")).count("chargeback_won") == 1


async def test_a_chargeback_is_withdrawn_or_refused_for_good(both: Both) -> None:
    await both.sandbox.record("t1", {"chargeback": {"filed": {"outcome": "open"}}})
    await both.bank.charge_back(order("chargeback"))
    told = await both.bank.chargeback_step(f"{ID}:chargeback:1", "withdraw")
    assert told.name is T.CHARGEBACK_WITHDRAWN
    await both.sandbox.record("t2", {"funding": "balance"})
    refused = await both.bank.charge_back(
        RecourseOrder(f"{ID}:chargeback:2", "t2", 5, "CNY", "not_me")
    )
    assert refused.name is T.CHARGEBACK_LOST
    assert refused.payload == ChargebackReport(2, 5, "not_a_card", transaction_id="t2")


@pytest.mark.parametrize("how", ["drop_answer", "error_after_commit"])
async def test_a_posting_whose_answer_was_lost_is_posted_once(both: Both, how: str) -> None:
    await both.sandbox.record("t1")
    await both.sandbox.post("/sandbox/customers", {"customer_id": "li", "postings": {how: 2}})
    for _ in range(2):
        with pytest.raises(NoAnswer):
            await both.bank.post(POSTING)
    told = await both.bank.post(POSTING)
    assert (told.name, told.payload) == (T.CREDIT_POSTED, Posting(1, 12_800))
    assert (await both.sandbox.audit())["credited_minor"] == {"CNY": "12800"}


@pytest.mark.parametrize(
    ("kind", "leg", "posted", "refused"),
    [
        ("correction", "correction", T.CORRECTION_POSTED, T.CORRECTION_REFUSED),
        ("compensation", "compensation", T.COMPENSATION_POSTED, T.COMPENSATION_REFUSED),
    ],
)
async def test_each_kind_of_posting_has_its_answers(
    both: Both, kind: str, leg: str, posted: T, refused: T
) -> None:
    told = await both.bank.post(PostingOrder(f"{ID}:{leg}:1", kind, "li", None, 7, "CNY"))
    assert told.name is posted
    never = {"customer_id": "li", "postings": {"refuse": "account_closed"}}
    await both.sandbox.post("/sandbox/customers", never)
    told = await both.bank.post(PostingOrder(f"{ID}:{leg}:2", kind, "li", None, 7, "CNY"))
    assert (told.name, told.payload) == (refused, Posting(2, 7, "account_closed"))


async def test_a_credit_is_taken_back_under_a_key_of_its_own(both: Both) -> None:
    await both.sandbox.record("t1")
    await both.bank.post(POSTING)
    back = PostingOrder(f"{ID}:creditreversal:1", "credit_reversal", "li", "t1", 12_800, "CNY")
    assert (await both.bank.post(back)).name is T.CREDIT_REVERSED
    more = PostingOrder(f"{ID}:creditreversal:2", "credit_reversal", "li", "t1", 1, "CNY")
    assert (await both.bank.post(more)).name is T.CREDIT_REVERSAL_REFUSED


async def test_a_refund_says_its_parts_its_account_and_the_advance_that_it_settles(
    both: Both,
) -> None:
    await both.sandbox.record("t1", {"refund": {"bounce": "card_closed"}})
    await both.bank.post(POSTING)
    parts = {
        "cash_minor": "12000",
        "coupon_minor": "800",
        "points_minor": "0",
        "clawback_minor": "3",
    }
    terms = RefundTerms("acct-7001", parts, 2_000)
    told = await both.bank.refund(f"{ID}:refund:1", "t1", 12_800, "CNY", "merchant", terms)
    assert told.name in (T.REFUND_ACCEPTED, T.REFUND_CREDITED)
    report = await _until(both.bank.refund_report, f"{ID}:refund:1", T.REFUND_CREDITED)
    assert (report.destination_kind, report.destination_tail) == ("account", "7001")
    ledger = (await both.sandbox.get("/sandbox/ledger", transaction_id="t1")).content
    accounts = {row["account"] for journal in ledger["journals"] for row in journal["postings"]}
    assert any("coupon" in account for account in accounts)


async def _until(ask: Any, key: str, name: T) -> Any:
    """The payload, once it is told so."""
    for _ in range(int(WITHIN_S / 0.02)):
        told = await ask(key)
        if told.name is name:
            return told.payload
        await clock.sleep(0.02)
    raise AssertionError(f"never {name}")
