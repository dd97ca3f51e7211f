from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.demo.judge import Seen, judge
from deploy.demo.outside import Account, Keeping, Mail, Sms, account
from deploy.demo.stories import Account as Kept
from deploy.demo.stories import Case
from tests.unit.demo.people import CASE

START = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
REFERENCE = "4021 8853 0174"


def sms(text: str, second: int = 1) -> Sms:
    return Sms(START + timedelta(seconds=second), f"AnPay: {REFERENCE}: {text}", delivered=True)


def mail(subject: str, text: str, own: str) -> Mail:
    return Mail(START, f"{subject} {REFERENCE}", f"{text} {REFERENCE}", own)


def journal(kind: str, payment: str, **postings: int) -> dict[str, Any]:
    accounts = {"customer": "customer:c-1", "clearing": "clearing:in-flight", "merchant": "m-1"}
    rows = [
        {"account": accounts[name], "amount_minor": str(minor)} for name, minor in postings.items()
    ]
    return {"kind": kind, "payment_id": payment, "postings": rows}


CAPTURED = journal("captured", "T1", customer=-26800, merchant=26800)
REFUND = (
    journal("refund_sent", "RF-1", merchant=-26800, clearing=26800),
    journal("refund_credited", "RF-1", clearing=-26800, customer=26800),
)
AGAIN = (
    journal("refund_sent", "RF-2", merchant=-26800, clearing=26800),
    journal("refund_credited", "RF-2", clearing=-26800, customer=26800),
)
GOOD = Seen(
    reference=REFERENCE,
    statuses=("checking", "refund_sent", "credited"),
    steps=("received", "opened", "refund_credited"),
    account=account([CAPTURED, *REFUND], ("merchant",), suspicious=False),
    merchant_asked=1,
    texts=(sms("¥268.00 sent to a card"), sms("¥268.00 has arrived", 4)),
    mails=(
        mail("Sent", "Sent is not yet arrived.", "id-1"),
        mail("Arrived", "The request is closed.", "id-2"),
    ),
)


HALF = ({"merchant": -13400, "clearing": 13400}, {"clearing": -13400, "customer": 13400})


def ending(**fields: Any) -> Case:
    """The case, to end otherwise."""
    return CASE.model_copy(update={"ends": CASE.ends.model_copy(update=fields)})


def differences(seen: Seen) -> dict[str, tuple[str, ...]]:
    return {v.witness: v.wrong for v in judge(CASE, seen) if not v.ok}


def test_a_case_that_ended_as_it_must_passes() -> None:
    assert differences(GOOD) == {}


def test_a_status_that_may_be_too_short_may_also_be_seen() -> None:
    seen = replace(GOOD, statuses=("received", "checking", "refund_sent", "credited"))
    assert differences(seen) == {}


@pytest.mark.parametrize(
    "statuses",
    [
        (),
        ("checking", "refund_sent"),
        ("checking", "credited"),
        ("checking", "refund_sent", "credited", "refund_sent"),
        ("refund_sent", "checking", "credited"),
    ],
)
def test_another_way_or_end_is_seen(statuses: tuple[str, ...]) -> None:
    assert set(differences(replace(GOOD, statuses=statuses))) == {"customer's app"}


def test_a_step_missing_from_the_timeline_is_seen() -> None:
    assert set(differences(replace(GOOD, steps=("received",)))) == {"customer's app"}


def test_trouble_with_a_step_counts() -> None:
    seen = replace(GOOD, trouble=("no credited within 60 s",))
    assert differences(seen) == {"customer's app": ("no credited within 60 s",)}


def test_a_double_payment_is_seen_in_the_ledger_alone() -> None:
    twice = account([CAPTURED, *REFUND, *AGAIN], ("merchant", "merchant"), suspicious=False)
    wrong = differences(replace(GOOD, account=twice))
    assert set(wrong) == {"bank's ledger"}
    assert "CNY 536.00 went back instead of CNY 268.00" in wrong["bank's ledger"]
    assert "paid 2 times instead of 1" in wrong["bank's ledger"]


def test_two_payments_of_half_are_not_one() -> None:
    halves = (
        journal("refund_credited", "RF-1", merchant=-13400, customer=13400),
        journal("refund_credited", "RF-2", merchant=-13400, customer=13400),
    )
    wrong = differences(replace(GOOD, account=account(halves, ("merchant",), suspicious=False)))
    assert "paid 2 times instead of 1" in wrong["bank's ledger"]


def test_money_that_is_only_sent_is_not_back() -> None:
    sent = account([CAPTURED, REFUND[0]], ("merchant",), suspicious=False)
    assert {
        "CNY 0.00 went back instead of CNY 268.00",
        "CNY 268.00 is still on its way",
    } <= set(differences(replace(GOOD, account=sent))["bank's ledger"])


@pytest.mark.parametrize(
    "books",
    [
        Account(),
        replace(GOOD.account, payers=("bank",)),
        replace(GOOD.account, payers=()),
        replace(GOOD.account, suspicious=True),
        replace(GOOD.account, journal=("captured", "return_credited")),
    ],
)
def test_other_books_are_seen(books: Account) -> None:
    assert set(differences(replace(GOOD, account=books))) == {"bank's ledger"}


def test_a_merchant_asked_twice_is_seen() -> None:
    wrong = differences(replace(GOOD, merchant_asked=2, evidence_asked=1, goods_sent=1))
    assert wrong == {
        "bank's ledger": (
            "merchant asked 2 times, not 1",
            "merchant asked for evidence 1 times, not 0",
            "goods announced to the merchant 1 times, not 0",
        )
    }


def test_what_came_beside_the_capture_is_counted_apart() -> None:
    compensated = journal("compensated", "C-1", merchant=-500, customer=500)
    books = account([CAPTURED, compensated, *REFUND], ("merchant",), suspicious=False)
    assert (books.back_minor, books.beside_minor, books.payments) == (26800, 500, 1)
    seen = replace(GOOD, account=books)
    assert "CNY 5.00 came beside it instead of CNY 0.00" in differences(seen)["bank's ledger"]
    ends = {"beside_minor": 500, "journal": books.journal}
    assert not [v for v in judge(ending(**ends), seen) if not v.ok]


def test_two_payments_are_good_where_two_are_expected() -> None:
    halves = [
        journal(each["kind"], each["payment_id"], **half)
        for part in (REFUND, AGAIN)
        for each, half in zip(part, HALF, strict=True)
    ]
    books = account([CAPTURED, *halves], ("merchant", "merchant"), suspicious=False)
    ends = {"payments": 2, "journal": books.journal}
    seen = replace(GOOD, account=books)
    assert "bank's ledger" in differences(seen)
    assert not [v for v in judge(ending(**ends), seen) if not v.ok]


def test_the_account_service_is_a_witness_where_the_case_is_about_the_account() -> None:
    ends = {"account": Kept(holds=("customer released",), checks=("verified",))}
    good = replace(GOOD, keeping=Keeping(("customer released",), ("verified",)))
    assert [v.witness for v in judge(ending(**ends), good)].count("account service") == 1
    assert not [v for v in judge(ending(**ends), good) if not v.ok]
    twice = replace(good, keeping=Keeping(("customer released",), ("verified", "verified")))
    (wrong,) = [v for v in judge(ending(**ends), twice) if not v.ok]
    assert wrong.wrong == ("checks: verified, verified instead of verified",)


def test_a_missing_sms_is_named() -> None:
    wrong = differences(replace(GOOD, texts=GOOD.texts[:1]))
    assert wrong == {"SMS gateway": ("missing: has arrived",)}


def test_the_same_sms_twice_is_named() -> None:
    wrong = differences(replace(GOOD, texts=(*GOOD.texts, GOOD.texts[1])))
    assert [line.split(":")[0] for line in wrong["SMS gateway"]] == ["came more than once"]


def test_an_apology_nobody_expects_is_named() -> None:
    sorry = sms("we did not answer in time", 2)
    wrong = differences(replace(GOOD, texts=(GOOD.texts[0], sorry, GOOD.texts[1])))
    assert wrong["SMS gateway"][0].startswith("not expected, or out of order")


def test_messages_in_the_wrong_order_are_seen() -> None:
    assert "SMS gateway" in differences(replace(GOOD, texts=GOOD.texts[::-1]))
    assert "mail catcher" in differences(replace(GOOD, mails=GOOD.mails[::-1]))


@pytest.mark.parametrize("text", ["退款已退往 sent to a card", "sent to 招商银行"])
def test_the_wrong_language_is_seen(text: str) -> None:
    wrong = differences(replace(GOOD, texts=(sms(text), GOOD.texts[1])))
    assert wrong["SMS gateway"][0].startswith("not in English")


def test_english_for_a_chinese_customer_is_seen() -> None:
    customer = CASE.customer.model_copy(update={"locale": "zh-CN"})
    verdicts = judge(CASE.model_copy(update={"customer": customer}), GOOD)
    assert [v.witness for v in verdicts if not v.ok] == ["SMS gateway", "mail catcher"]


def test_a_message_without_the_reference_is_seen() -> None:
    bare = replace(GOOD.texts[0], text="AnPay: sent to a card")
    wrong = differences(replace(GOOD, texts=(bare, GOOD.texts[1])))
    assert wrong["SMS gateway"][0].startswith(f"without the reference {REFERENCE}")


def test_an_undelivered_sms_is_seen() -> None:
    lost = replace(GOOD.texts[0], delivered=False)
    assert "SMS gateway" in differences(replace(GOOD, texts=(lost, GOOD.texts[1])))


def test_the_same_email_under_one_id_is_seen() -> None:
    wrong = differences(replace(GOOD, mails=(*GOOD.mails, GOOD.mails[1])))
    assert "two e-mails are the same message" in wrong["mail catcher"]


def test_a_missing_email_is_named() -> None:
    wrong = differences(replace(GOOD, mails=GOOD.mails[1:]))
    assert wrong == {"mail catcher": ("missing: Sent … not yet arrived",)}
