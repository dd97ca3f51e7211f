"""What wallet and bank have on record: as told, or as the bank's own books say."""

import pytest

from tests.unit.sandbox.world import BankClient, Receiver

URL = "http://127.0.0.1:9/callbacks"


async def finding(bank: BankClient, kind: str, transaction_id: str = "t1") -> str:
    found: str = (await bank.compare(kind, transaction_id=transaction_id)).content["finding"]
    return found


async def test_an_agreed_difference_with_all_its_words(bank: BankClient) -> None:
    told = {
        "finding": "agrees",
        "amount_minor": "800",
        "explanation": "discount_missed",
        "lines": [{"code": "order", "amount_minor": 12000}, {"code": "fee", "amount_minor": -5}],
    }
    await bank.record("t1", {"records": {"wrong_amount": told}})
    answer = await bank.compare("wrong_amount", transaction_id="t1", claimed_minor="900")
    assert (answer.status, answer.content) == (
        200,
        {
            "finding": "agrees",
            "amount": {"amount_minor": "800", "currency": "CNY"},
            "twin": None,
            "explanation": "discount_missed",
            "lines": [
                {"code": "order", "amount_minor": "12000"},
                {"code": "fee", "amount_minor": "-5"},
            ],
            "expected_at": None,
            "destination": None,
        },
    )


async def test_what_agrees_without_an_amount_agrees_to_the_claim(bank: BankClient) -> None:
    await bank.record("t1", {"records": {"wrong_amount": {"finding": "agrees"}}})
    answer = await bank.compare("wrong_amount", transaction_id="t1", claimed_minor="900")
    assert answer.content["amount"]["amount_minor"] == "900"


async def test_another_finding_after_so_many_reads(bank: BankClient) -> None:
    last = {"finding": "agrees", "amount_minor": "1"}
    then = {"finding": "differs", "then": last}
    pending = {"finding": "pending", "expected_in_s": 60, "after_times": 2, "then": then}
    await bank.record("t1", {"records": {"wrong_amount": pending}})
    found = [await finding(bank, "wrong_amount") for _ in range(5)]
    assert found == ["pending", "pending", "differs", "agrees", "agrees"]


async def test_twins_and_dates(bank: BankClient) -> None:
    twin = {"finding": "same_order", "twin": "t2"}
    late = {"finding": "pending", "expected_in_s": 60}
    await bank.record("t1", {"records": {"duplicate_charge": twin, "wrong_amount": late}})
    assert (await bank.compare("duplicate_charge", transaction_id="t1")).content["twin"] == "t2"
    first, second = [await bank.compare("wrong_amount", transaction_id="t1") for _ in range(2)]
    assert first.content["expected_at"] is not None
    assert first.body == second.body


async def test_the_books_speak_where_nothing_was_told(bank: BankClient) -> None:
    await bank.record("t1")
    await bank.record("t2", {"state": "debited_not_captured"}, state="unknown")
    await bank.record("t3", state="unknown")
    assert await finding(bank, "wrong_amount") == "differs"
    assert await finding(bank, "wrong_amount", "t3") == "pending"
    assert await finding(bank, "duplicate_charge") == "unmatched"
    assert await finding(bank, "duplicate_charge", "t2") == "authorised_only"


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({}, "arrived"),
        ({"bounce": "card_closed"}, "bounced"),
        ({"unfunded": True}, "unfunded"),
        ({"credit_after_s": 3600}, "on_its_way"),
        ({"refuse": "account_frozen"}, "unsent"),
    ],
)
async def test_where_a_refund_is(
    bank: BankClient, receiver: Receiver, behaviour: dict[str, object], expected: str
) -> None:
    await bank.record("t1", {"refund": behaviour})
    assert await finding(bank, "refund_not_received") == "unsent"
    await bank.refund("t1", receiver.url, amount_minor="700")
    if expected in {"arrived", "bounced"}:
        await receiver.next()
    found = (await bank.compare("refund_not_received", transaction_id="t1")).content
    assert found["finding"] == expected
    assert found["amount"] == {"amount_minor": "700", "currency": "CNY"}
    assert (found["destination"] is None) == (expected in {"unfunded", "unsent"})
    assert (found["expected_at"] is None) == (expected != "on_its_way")


async def test_a_refund_from_before_these_books(bank: BankClient) -> None:
    await bank.record("t1", refunded_minor="800")
    found = (await bank.compare("refund_not_received", transaction_id="t1")).content
    assert (found["finding"], found["amount"]["amount_minor"]) == ("arrived", "800")
    assert found["destination"] == {"kind": "card", "bank": "Bank of Redress", "tail": "0042"}


async def test_a_refund_that_somebody_else_says_has_bounced(bank: BankClient) -> None:
    told = {"finding": "bounced", "amount_minor": "700", "destination": {"tail": "1234"}}
    await bank.record("t1", {"records": {"refund_not_received": told}})
    found = (await bank.compare("refund_not_received", transaction_id="t1")).content
    assert (found["finding"], found["destination"]["tail"]) == ("bounced", "1234")


async def test_a_balance_is_of_a_customer(bank: BankClient) -> None:
    found = (await bank.compare("balance_anomaly")).content
    assert (found["finding"], found["explanation"]) == ("explained", "no_difference")
    error = {"finding": "our_error", "amount_minor": "250", "currency": "EUR"}
    anomaly = {"finding": "held", "then": error}
    behaviour = {"customer_id": "li", "records": {"balance_anomaly": anomaly, "fail_times": 1}}
    assert (await bank.post("/sandbox/customers", behaviour)).status == 201
    assert (await bank.compare("balance_anomaly")).status == 500
    assert (await bank.compare("balance_anomaly")).content["finding"] == "held"
    found = (await bank.compare("balance_anomaly")).content
    assert found["amount"] == {"amount_minor": "250", "currency": "EUR"}


async def test_a_customer_without_an_anomaly(bank: BankClient) -> None:
    await bank.post("/sandbox/customers", {"customer_id": "li"})
    assert (await bank.compare("balance_anomaly")).content["finding"] == "explained"


async def test_comparing_fails_as_told(bank: BankClient) -> None:
    await bank.record("t1", {"records": {"fail_times": 1}})
    assert (await bank.compare("wrong_amount", transaction_id="t1")).status == 500
    assert (await bank.compare("wrong_amount", transaction_id="t1")).status == 200


async def test_whose_records_they_are_not(bank: BankClient) -> None:
    await bank.record("t1", payer_id="wang")
    kind = "wrong_amount"
    assert (await bank.compare(kind, transaction_id="unheard-of")).status == 404
    stranger = await bank.compare(kind, transaction_id="t1", customer_id="zhao")
    payer = await bank.compare(kind, transaction_id="t1", customer_id="wang")
    assert (stranger.status, payer.status) == (404, 200)


@pytest.mark.parametrize(
    ("kind", "query"), [("wrong_amount", {}), ("gift", {}), ("balance_anomaly", {"x": "1"})]
)
async def test_bad_questions_are_refused(
    bank: BankClient, kind: str, query: dict[str, str]
) -> None:
    assert (await bank.compare(kind, **query)).status == 400


async def test_an_error_of_ours_needs_its_amount(bank: BankClient) -> None:
    records = {"balance_anomaly": {"finding": "our_error"}}
    answer = await bank.post("/sandbox/customers", {"customer_id": "li", "records": records})
    assert answer.status == 400
