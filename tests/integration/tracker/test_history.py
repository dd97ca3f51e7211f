"""History holds every trigger with its typed input, whatever became of it."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from services.tracker.domain import triggers
from services.tracker.domain.triggers import (
    AccountReport,
    ArbitratorDecision,
    BankTransaction,
    Cause,
    ChargebackReport,
    Choice,
    Comparison,
    Details,
    Grant,
    MerchantAnswer,
    Payload,
    Posting,
    RecallReport,
    RefundReport,
    Rescheduled,
    T,
    TraceReport,
    Trigger,
    Wish,
)
from services.tracker.handlers import Signal
from shared import clock
from shared.contracts.vocabulary import (
    Actor,
    Fault,
    Funding,
    Kind,
    Payer,
    Remedy,
    Reopening,
    TransactionKind,
    TransactionState,
)
from tests.integration.tracker.stage import (
    Stage,
    bank,
    found,
    merchant,
    opened,
    opening,
    refund,
    results,
    wish,
)

NOW = clock.utcnow()
BIG = 10**37
PAYLOADS: list[tuple[T, Payload]] = [
    (
        T.TRANSACTION_FOUND,
        BankTransaction(
            "tx-1",
            TransactionState.DEBITED_NOT_CAPTURED,
            "c-1",
            "p-1",
            None,
            BIG,
            1,
            "CNY",
            "network",
            "pending",
            BIG,
            NOW,
            "RV-1",
            TransactionKind.TRANSFER,
            Funding.CARD,
            (("cash", 1), ("points", BIG)),
            5,
            NOW,
            BIG,
        ),
    ),
    (
        T.RECORDS_AGREES,
        Comparison(1, BIG, "CNY", "tx-2", "fee", NOW, "card", "某银行", "0042"),
    ),
    (T.RECALL_AGREED, RecallReport(1, BIG, "recipient_agreed", NOW, "tx-1")),
    (T.CHARGEBACK_REPRESENTED, ChargebackReport(None, BIG, "fraud", NOW, "tx-1")),
    (T.CREDIT_POSTED, Posting(1, BIG, "account_closed")),
    (T.HOLD_PLACED, AccountReport(1, "theft", ("risk", "court"))),
    (
        T.TRACE_REJECTED,
        TraceReport(1, "银行", NOW, None, "R-1", "account_closed", 5, NOW, "RT-1"),
    ),
    (T.REFUND_BOUNCED, RefundReport(3, "card_closed", NOW, "card", "某银行", "0042")),
    (T.MERCHANT_REFUSED, MerchantAnswer(1, "used", "k1.sealed", BIG, "CNY", "RCPT-1")),
    (
        T.ARBITRATOR_DECIDED,
        ArbitratorDecision(
            Fault.BOTH,
            Remedy.PARTIAL_REFUND,
            "r",
            "ops-1",
            BIG,
            Payer.INSURER,
            Payer.BANK,
            Payer.MERCHANT,
            "k1.x",
        ),
    ),
    (T.APPEALED, Wish("c-1", "k1.sealed")),
    (T.DETAILS_GIVEN, Details("c-1", "tx-2", BIG, "CNY")),
    (T.GOODS_SHIPPED, Choice("c-1", "SF-1")),
    (T.CREDIT_ORDERED, Grant("ops-1", BIG, "goodwill")),
    (
        T.DATES_MOVED,
        Rescheduled("ops-1", 2, NOW, (("trace", "trace_due", NOW, "trace_due", NOW),)),
    ),
    (T.CASE_REOPENED, Cause("ops-1", Reopening.COURT_ORDER, "k1.sealed")),
    (T.INQUIRY_DUE, None),
]


@pytest.mark.parametrize(("name", "payload"), PAYLOADS, ids=[name for name, _ in PAYLOADS])
async def test_every_kind_of_input_is_read_back_as_it_was(
    common: Stage, name: T, payload: Payload
) -> None:
    event = opened()
    await common.send(opening(event), Signal(event.dispute_id, Trigger(name, Actor.BANK, payload)))
    row = await common.one(
        "SELECT CAST(input AS text) AS input, actor, at, versions FROM history"
        " WHERE dispute_id = :id AND trigger = :name",
        id=event.dispute_id,
        name=name,
    )
    assert _read_back(row["input"]) == payload
    assert row["actor"] == "bank"
    assert row["at"] - clock.utcnow() < timedelta(minutes=1)
    assert row["versions"].startswith("demo@1 ")


def test_every_payload_type_is_covered() -> None:
    named = {type(payload) for _, payload in PAYLOADS} - {type(None)}
    assert named == set(Payload.__args__) - {type(None)}


async def test_whatever_becomes_of_a_trigger_it_is_recorded(common: Stage) -> None:
    event = opened()
    outcomes = await common.each(
        opening(event),
        found(event),
        found(event),
        wish(event, T.APPEALED),
        merchant(event),
        refund(event, T.REFUND_CREDITED),
        refund(event, T.REFUND_ACCEPTED),
        wish(event, sequence=3),
        bank(event, T.TRACE_DELIVERED, TraceReport(4)),
        Signal(event.dispute_id, Trigger(T.REFUND_RECHECK)),
    )
    expected = ["applied", "applied", "late", "illegal", "applied", "applied"]
    expected += ["late", "illegal", "late", "late"]
    assert results(outcomes) == expected
    assert [result for _, result in await common.history(event)] == expected
    reasons = await common.rows("SELECT reason FROM history WHERE result <> 'applied'")
    assert all(row["reason"] for row in reasons)


async def test_history_tells_where_each_leg_stood_and_what_people_saw(common: Stage) -> None:
    event = opened(Kind.REFUND_REQUEST)
    await common.to_reserved(event)
    rows = await common.rows(
        "SELECT legs, status FROM history WHERE dispute_id = :id ORDER BY step", id=event.dispute_id
    )
    assert [(row["legs"], row["status"]) for row in rows] == [
        ("inquiry=asked", "checking"),
        ("inquiry=found consent=asked", "waiting_for_merchant"),
        ("inquiry=found consent=accepted refund=reserved", "refund_approved"),
    ]


async def test_facts_are_read_back_as_they_were_written(common: Stage) -> None:
    """The next transaction loads them: an amount or date that changed on the way would decide."""
    event = opened()
    await common.each(opening(event), found(event, captured_minor=BIG))
    await common.each(merchant(event), refund(event, T.REFUND_ACCEPTED))
    assert await common.holds(event) == {"refund": (BIG, "in_flight")}
    (*_, told) = await common.published(event)
    assert told["in_flight"] == {"amount_minor": str(BIG), "currency": "CNY"}


def _read_back(text: str | None) -> Any:
    if text is None:
        return None
    recorded = from_json(text)
    kind = getattr(triggers, recorded["type"])
    read: Any = TypeAdapter(kind).validate_json(to_json(recorded["value"]))
    assert asdict(read).keys() == recorded["value"].keys()
    return read
