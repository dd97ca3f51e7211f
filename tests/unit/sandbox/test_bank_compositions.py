"""Refunds to another account, and of more than cash."""

from typing import Any

import pytest

from tests.unit.sandbox.world import BankClient, Receiver

URL = "http://127.0.0.1:9/callbacks"
TENDER = [
    {"kind": "cash", "amount_minor": "10000"},
    {"kind": "coupon", "amount_minor": "2000"},
    {"kind": "points", "amount_minor": "800"},
]


async def postings(bank: BankClient, kind: str) -> list[tuple[str, int]]:
    journals = (await bank.get("/sandbox/ledger", transaction_id="t1")).content["journals"]
    journal = next(one for one in journals if one["kind"] == kind)
    return [(each["account"], int(each["amount_minor"])) for each in journal["postings"]]


async def refunded(bank: BankClient, receiver: Receiver, **more: object) -> Any:
    answer = await bank.refund("t1", receiver.url, **more)  # type: ignore[arg-type]
    assert answer.status == 202
    return (await receiver.next()).content["data"]


async def test_another_account_does_not_bounce(bank: BankClient, receiver: Receiver) -> None:
    await bank.record("t1", {"refund": {"bounce": "card_closed"}})
    assert (await refunded(bank, receiver))["state"] == "bounced"
    data = await refunded(bank, receiver, reference="d1:refund:2", destination_account="acc-7781")
    assert data["state"] == "credited"
    assert data["destination"] == {"kind": "account", "bank": "Bank of Redress", "tail": "7781"}
    assert (await postings(bank, "refund_credited"))[-1] == ("customer:li/acc-7781", 12800)
    audit = await bank.audit()
    assert audit["paid_twice"] == audit["above_captured"] == []


async def test_another_account_bounces_when_everything_does(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1", {"refund": {"bounce": "card_closed", "bounce_everywhere": True}})
    data = await refunded(bank, receiver, destination_account="savings")
    assert (data["state"], data["reason"]) == ("bounced", "card_closed")
    assert len(data["destination"]["tail"]) == 4


async def test_tender_and_rewards_are_told(bank: BankClient) -> None:
    await bank.record("t1", {"tender": TENDER, "clawback_minor": "300"})
    await bank.record("t2")
    found = (await bank.get("/v1/transactions/t1")).content
    assert (found["tender"], found["clawback_minor"]) == (TENDER, "300")
    assert found["captured"]["amount_minor"] == "12800"
    plain = (await bank.get("/v1/transactions/t2")).content
    assert not {"tender", "clawback_minor", "funding", "chargeback"} & plain.keys()
    assert await postings(bank, "captured") == [
        ("customer:li", -10000),
        ("customer:li+coupons", -2000),
        ("customer:li+points", -800),
        ("merchant:shop", 12800),
    ]


async def test_each_part_goes_back_to_where_it_came_from(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1", {"tender": TENDER, "clawback_minor": "300"})
    parts = {"cash_minor": "10000", "coupon_minor": "2000", "points_minor": "800"}
    await refunded(bank, receiver, composition=parts | {"clawback_minor": "300"})
    assert await postings(bank, "refund_credited") == [
        ("clearing:in-flight", -12800),
        ("customer:li", 10000),
        ("customer:li+coupons", 2000),
        ("customer:li+points", 800),
    ]
    assert await postings(bank, "clawed_back") == [
        ("customer:li+points", -300),
        ("wallet:rewards", 300),
    ]
    audit = await bank.audit()
    assert audit["settled_minor"] == {"CNY": "12800"}
    assert audit["above_captured"] == []
    await bank.refund("t1", URL, "d1:refund:2", amount_minor="300")
    assert (await bank.audit())["above_captured"] == ["t1"]


async def test_a_claw_back_may_be_withheld_from_the_amount(
    bank: BankClient, receiver: Receiver
) -> None:
    await bank.record("t1", {"clawback_minor": "300"})
    await refunded(bank, receiver, composition={"cash_minor": "12500", "clawback_minor": "300"})
    assert await postings(bank, "refund_credited") == [
        ("clearing:in-flight", -12800),
        ("customer:li", 12500),
        ("customer:li+points", 300),
    ]
    assert await postings(bank, "clawed_back") == [
        ("customer:li+points", -300),
        ("wallet:rewards", 300),
    ]
    assert (await bank.audit())["above_captured"] == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"composition": {"cash_minor": "12799"}}, "composition"),
        ({"composition": {"coupon_minor": "12800"}, "settles_advance_minor": "1"}, "settles"),
        ({"settles_advance_minor": "12801"}, "settles_advance_minor"),
        ({"destination_account": "with a blank"}, "destination_account"),
    ],
)
async def test_what_does_not_add_up_is_refused(
    bank: BankClient, more: dict[str, Any], field: str
) -> None:
    await bank.record("t1")
    answer = await bank.refund("t1", URL, **more)
    assert answer.status == 400
    assert field in answer.content["error"]


async def test_a_tender_that_is_not_the_amount_is_refused(bank: BankClient) -> None:
    answer = await bank.record("t1", {"tender": TENDER[:2]})
    assert answer.status == 400
    assert "tender" in answer.content["error"]
