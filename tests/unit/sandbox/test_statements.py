"""The statement of a day: what reached customers' accounts, page by page, and never another."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.bank.ledger import CLEARING, Entry, EntryKind, Ledger, moved
from sandbox.bank.statements import line_kind, page
from shared import clock
from tests.unit.sandbox.world import BankClient, Receiver, bank_open

URL = "http://127.0.0.1:9/callbacks"  # nobody listens
QUIET = {"refund": {"callback": False}}
DAY = "2026-03-02"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LAST = datetime(2026, 3, 2, 23, 59, 59, 999_999, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)


class Time:
    """The bank's clock, as this test sets it."""

    now = NOON


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    one = Time()
    monkeypatch.setattr(clock, "utcnow", lambda: one.now)
    return one


async def told(bank: BankClient, day: str = DAY, **query: str) -> Any:
    answer = await bank.get(f"/v1/statements/{day}", **query)
    assert answer.status == 200
    return answer.content


async def credited(bank: BankClient, receiver: Receiver, transaction_id: str, key: str) -> None:
    await bank.record(transaction_id)
    await bank.refund(transaction_id, receiver.url, key)
    await receiver.next()


async def test_a_credited_refund_is_a_line_with_its_reference(
    bank: BankClient, receiver: Receiver, time: Time
) -> None:
    await credited(bank, receiver, "t1", "d1:refund:1")
    assert await told(bank) == {
        "day": DAY,
        "closed": False,
        "lines": [
            {
                "position": 3,
                "at": "2026-03-02T12:00:00Z",
                "reference": "d1:refund:1",
                "transaction_id": "t1",
                "kind": "refund",
                "amount": {"amount_minor": "12800", "currency": "CNY"},
            }
        ],
        "next": None,
    }
    time.now = MIDNIGHT
    assert (await told(bank))["closed"]


async def test_what_never_reached_the_customer_is_no_line(
    bank: BankClient, receiver: Receiver, time: Time
) -> None:
    del time
    await bank.record("t1", {"refund": {"bounce": "card_closed"}})
    await bank.refund("t1", receiver.url)
    await receiver.next()
    await bank.record("t2", QUIET | {"refund": {"credit_after_s": 60, "callback": False}})
    await bank.refund("t2", URL, "d2:refund:1")
    assert (await told(bank))["lines"] == []


async def test_money_that_comes_back_by_itself_has_no_reference(
    bank: BankClient, receiver: Receiver, time: Time
) -> None:
    del time
    await bank.record(
        "t1", {"state": "debited_not_captured", "reversal": {"after_s": 0}}, state="captured"
    )
    watch = {"transaction_id": "t1", "callback_url": receiver.url}
    await bank.post("/v1/watches", watch)
    await receiver.next()
    (line,) = (await told(bank))["lines"]
    assert (line["kind"], line["reference"]) == ("reversal", None)
    assert line["amount"] == {"amount_minor": "12800", "currency": "CNY"}


async def test_each_day_has_its_own_lines(bank: BankClient, receiver: Receiver, time: Time) -> None:
    time.now = LAST
    await credited(bank, receiver, "t1", "d1:refund:1")
    time.now = MIDNIGHT
    await credited(bank, receiver, "t2", "d2:refund:1")
    first, second = await told(bank), await told(bank, "2026-03-03")
    assert [line["reference"] for line in first["lines"]] == ["d1:refund:1"]
    assert [line["reference"] for line in second["lines"]] == ["d2:refund:1"]
    assert (first["closed"], second["closed"]) == (True, False)


async def test_pages_follow_each_other(bank: BankClient, receiver: Receiver, time: Time) -> None:
    for n in range(1, 6):
        await credited(bank, receiver, f"t{n}", f"d{n}:refund:1")
    time.now = MIDNIGHT
    seen, after = [], "0"
    while True:
        found = await told(bank, after=after, limit="2")
        seen += [line["reference"] for line in found["lines"]]
        if found["next"] is None:
            break
        after = str(found["next"])
    assert seen == [f"d{n}:refund:1" for n in range(1, 6)]


async def test_a_statement_is_the_same_after_a_restart(
    tmp_path: Path, receiver: Receiver, time: Time
) -> None:
    async with bank_open(tmp_path) as bank:
        await credited(bank, receiver, "t1", "d1:refund:1")
        time.now = MIDNIGHT
        before = await told(bank)
    async with bank_open(tmp_path) as bank:
        assert await told(bank) == before


async def test_a_day_that_is_none_is_refused(bank: BankClient) -> None:
    answer = await bank.get("/v1/statements/2026-02-30")
    assert (answer.status, "day" in answer.content["error"]) == (400, True)


def test_money_that_leaves_the_customer_again_is_negative() -> None:
    ledger = Ledger()
    for kind, way in [
        (EntryKind.REFUND_CREDITED, (CLEARING, "customer:li", 5)),
        (EntryKind.REFUND_BOUNCED, ("customer:li", CLEARING, 5)),
    ]:
        ledger.post(Entry("t1", kind, "RF-1", "d1:refund:1", "CNY", moved(*way), NOON))
    lines = page(ledger, NOON.date(), 0, 10)["lines"]
    assert [(line["kind"], line["amount"]["amount_minor"]) for line in lines] == [
        ("refund", "5"),
        ("bounce", "-5"),
    ]


def test_every_kind_of_entry_has_a_word() -> None:
    assert line_kind(EntryKind.RETURN_CREDITED) == "return"
    words = {line_kind(kind) for kind in EntryKind}
    assert words <= {
        "refund", "bounce", "reversal", "return", "recall", "chargeback", "posting",
    }  # fmt: skip
