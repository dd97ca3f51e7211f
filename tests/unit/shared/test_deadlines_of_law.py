"""The deadlines that were researched, written down by hand: each stands in a profile as found.

"read" was read in the source named, "secondary" in somebody's account of it; "unconfirmed" is from
memory and waits for a lawyer.
"""

import pytest

from shared import rules
from shared.rules import Unit

S, H, C, B = Unit.SECOND, Unit.HOUR, Unit.CALENDAR_DAY, Unit.BUSINESS_DAY

# profile, rule, value, unit, calendar, standing, words of its source
FOUND = [
    ("us-reg-e", "customer_notice", 60, C, "US", "read", "12 CFR 205.11(b)"),
    ("us-reg-e", "investigation", 10, B, "US", "secondary", "12 CFR 1005.11(c)"),
    ("us-reg-e", "investigation_with_credit", 45, C, "US", "secondary", "12 CFR 1005.11(c)(2)"),
    ("us-reg-e", "investigation_extended", 90, C, "US", "read", "board act, 1998-09-24"),
    ("us-reg-e", "investigation_new_account", 20, B, "US", "read", "board act, 1998-09-24"),
    ("us-reg-e", "credit_told", 2, B, "US", "secondary", "EPCOR"),
    ("us-reg-e", "result_told", 3, B, "US", "secondary", "EPCOR"),
    ("us-reg-e", "items_honoured", 5, B, "US", "secondary", "EPCOR"),
    ("eu-psd2", "unauthorised_refund", 1, B, "TARGET2", "secondary", "Art 73, national transp"),
    # 13 months: at most 397 days
    ("eu-psd2", "customer_notice", 397, C, "TARGET2", "secondary", "Art 71 (13 months)"),
    ("eu-psd2", "complaint_answer", 15, B, "TARGET2", "secondary", "Art 101, national transp"),
    ("eu-psd2", "complaint_answer_held", 35, B, "TARGET2", "unconfirmed", "Art 101, from memory"),
    ("eu-psd2", "sepa_recall_request", 10, B, "TARGET2", "secondary", "15 unconfirmed"),
    ("eu-psd2", "sepa_recall_answer", 10, B, "TARGET2", "secondary", "15 unconfirmed"),
    ("in-upi", "transfer_reversal", 1, C, "IN", "read", "RBI/2019-20/67"),
    ("in-upi", "payment_reversal", 5, C, "IN", "read", "RBI/2019-20/67"),
    # at least one year
    ("cn-nonbank", "record_queries", 366, C, "CN", "secondary", "PBoC 2015 measures"),
    ("wechat-pay", "merchant_first_reply", 24, H, "CN", "read", "WeChat Pay help centre"),
    ("wechat-pay", "complaint_done", 72, H, "CN", "read", "WeChat Pay help centre"),
    ("wechat-pay", "mini_program_step", 48, H, "CN", "read", "201 and 206, since 2024-03-25"),
    ("wechat-pay", "platform_steps_in", 7, C, "CN", "read", "WeChat store documentation"),
    ("card-network", "visa_filing", 120, C, "CN", "secondary", "Visa, two vendors"),
    ("card-network", "visa_response", 30, C, "CN", "secondary", "Visa, two vendors"),
    ("card-network", "visa_pre_arbitration", 30, C, "CN", "secondary", "Visa, two vendors"),
    ("card-network", "visa_arbitration", 10, C, "CN", "secondary", "(45 in the other)"),
    ("card-network", "mastercard_filing", 90, C, "CN", "secondary", "(120 in the other)"),
    ("card-network", "mastercard_response", 45, C, "CN", "secondary", "Adyen issuing"),
    ("card-network", "mastercard_pre_arbitration", 30, C, "CN", "secondary", "(45 in the other)"),
]
BASIS = {
    "us-reg-e": "law",
    "eu-psd2": "law",
    "in-upi": "law",
    "cn-nonbank": "law",
    "wechat-pay": "contract",
    "card-network": "contract",
    "uk-app-scam": "law",
    "us-reg-z": "law",
}


@pytest.mark.parametrize(
    ("profile", "rule", "value", "unit", "calendar", "standing", "source"),
    FOUND,
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
def test_what_was_found_stands_in_a_profile(
    profile: str, rule: str, value: int, unit: Unit, calendar: str, standing: str, source: str
) -> None:
    law = rules.load(profile)
    row = law.rules[rule]
    assert (row.value, row.unit) == (value, unit)
    assert (law.calendar_of(row).code, row.standing) == (calendar, standing)
    assert source in row.source
    scheme = rule.startswith("sepa_")  # a rulebook of banks, not of the directive
    assert row.basis == ("contract" if scheme else BASIS[profile])


def test_no_row_of_law_or_contract_stands_without_having_been_found() -> None:
    known = {(profile, rule) for profile, rule, *_ in FOUND}
    for name, basis in BASIS.items():
        law = rules.load(name)
        for key, row in law.rules.items():
            if row.id != key or row.profile != name or (name, key) in known:
                continue
            same = any(
                (row.value, row.unit, row.source)
                == (law.rules[other].value, law.rules[other].unit, law.rules[other].source)
                for profile, other in known
                if profile == name
            )
            assert same or row.standing == "unconfirmed", (name, key, basis)


def test_india_gives_a_hundred_rupees_for_each_day() -> None:
    law = rules.load("in-upi")
    assert set(law.late) == {"reversal_due", "reversal_due_transfer"}
    for key, row in law.late.items():
        assert (dict(row.per_day), row.source, row.standing) == (
            {"INR": 100_00},
            "RBI/2019-20/67",
            "read",
        ), key


# a rule of Redress that a law fills, and by which row
FILLED = [
    ("us-reg-e", "promise_unauthorized", "investigation"),
    ("us-reg-e", "provisional_credit", "investigation"),
    ("us-reg-e", "credit_notice", "items_honoured"),
    ("eu-psd2", "promise_unauthorized", "unauthorised_refund"),
    ("eu-psd2", "provisional_credit", "unauthorised_refund"),
    ("eu-psd2", "complaint_due", "complaint_answer"),
    ("eu-psd2", "recall_due", "sepa_recall_answer"),
    ("in-upi", "reversal_due_transfer", "transfer_reversal"),
    ("in-upi", "reversal_due", "payment_reversal"),
    ("wechat-pay", "merchant_answer", "merchant_first_reply"),
    ("wechat-pay", "complaint_due", "complaint_done"),
    ("card-network", "chargeback_due", "mastercard_response"),
]


@pytest.mark.parametrize(("profile", "rule", "row"), FILLED)
def test_the_law_fills_the_rule_that_is_asked_for(profile: str, rule: str, row: str) -> None:
    law = rules.load(profile).rules
    told = [(each.value, each.unit, each.starts, each.source) for each in (law[rule], law[row])]
    assert told[0] == told[1]
    assert law[rule] != rules.load("default").rules[rule]


def test_where_no_count_of_days_is_given_ours_stand() -> None:
    ours, china = rules.load("default").rules, rules.load("cn-nonbank").rules
    assert {key for key in china if china[key] != ours.get(key)} == {"record_queries"}


def test_what_nobody_has_read_says_so() -> None:
    for name in ("uk-app-scam", "us-reg-z"):
        law = rules.load(name)
        own = [row for row in law.rules.values() if row.profile == name]
        assert own
        assert {row.standing for row in own} == {"unconfirmed"}
        assert all("from memory" in row.source for row in own)
