"""What operators order over HTTP: typed bodies, named faults, and what is possible instead."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from services.tracker.domain import commands
from services.tracker.domain.triggers import (
    AccountReport,
    ChargebackReport,
    Choice,
    Comparison,
    Grant,
    Posting,
    T,
    Trigger,
    Wish,
)
from services.tracker.handlers import Signal
from shared import ids
from shared.auth import Role
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Actor, Funding, Kind
from tests.integration.tracker.desk import KEYS, Caller
from tests.integration.tracker.stage import (
    CAPTURED,
    Stage,
    bank,
    found,
    merchant,
    no_such_dispute,
    opened,
    opening,
    refund,
    wish,
)
from tests.unit.shared.serving import Answer, Api

OPS = Caller(Role.OPS)
SECOND = Caller(Role.OPS, "ops-2")
YUAN = {"amount_minor": "1000", "currency": "CNY"}
BODIES: dict[str, dict[str, Any]] = {
    "decision/confirmation": {"outcome": "confirmed"},
    "account-check": {"outcome": "confirmed"},
    "chargeback": {"step": "file"},
    "provisional-credit": {"amount": YUAN, "basis": "goodwill"},
    "compensation": {"amount": YUAN, "reason": "long_wait"},
    "identity-review": {"outcome": "accepted"},
    "legal-hold": {"step": "place", "cause": "court_order"},
    "reopening": {"cause": "regulator"},
    "complaint-answer": {"reason": "our_error"},
}


async def _order(
    api: Api, event: DisputeOpened, path: str, caller: Caller = OPS, **changes: Any
) -> Answer:
    body = {k: v for k, v in (BODIES.get(path, {}) | changes).items() if v is not None}
    where = f"/v1/disputes/{event.dispute_id}/{path}"
    return await api.post(where, json=body, headers=caller.headers)


@pytest.mark.parametrize("path", BODIES)
async def test_each_is_for_ops_about_a_dispute_that_is_there_and_possible_there(
    api: Api, common: Stage, path: str
) -> None:
    event = opened()
    await common.send(opening(event))
    assert (await _order(api, event, path, Caller(Role.MERCHANT))).status == 403
    nowhere = f"/v1/disputes/{no_such_dispute()}/{path}"
    gone = await api.post(nowhere, json=BODIES[path], headers=OPS.headers)
    assert gone.status == 404
    assert (await _order(api, event, path, surprise=1)).status == 422
    if path == "legal-hold":
        return
    refused = await _order(api, event, path)
    assert refused.status == 409
    assert refused.json()["status_now"] == "checking"
    assert refused.json()["possible"] == (await _shown(api, event))["possible"]


@pytest.mark.parametrize(
    ("path", "changes", "field"),
    [
        ("decision/confirmation", {"outcome": "perhaps"}, "outcome"),
        ("account-check", {"outcome": None}, "outcome"),
        ("chargeback", {"step": "arbitrate"}, "step"),
        ("provisional-credit", {"basis": "mercy"}, "basis"),
        ("provisional-credit", {"amount": None}, "amount"),
        ("provisional-credit", {"amount": YUAN | {"currency": "USD"}}, "amount.currency"),
        ("provisional-credit", {"amount": YUAN | {"amount_minor": "12801"}}, "amount"),
        ("provisional-credit", {"amount": YUAN | {"amount_minor": "0"}}, "amount"),
        ("compensation", {"amount": YUAN | {"amount_minor": "99999999"}}, "amount"),
        ("compensation", {"reason": "call 13800138000"}, "reason"),
        ("identity-review", {"outcome": "confirmed"}, "outcome"),
        ("legal-hold", {"cause": None}, "cause"),
        ("legal-hold", {"step": "keep"}, "step"),
        ("reopening", {"cause": "insistence"}, "cause"),
        ("complaint-answer", {"reason": "because"}, "reason"),
        ("complaint-answer", {"note": "x" * 2001}, "note"),
    ],
)
async def test_what_is_missing_or_wrong_is_named(
    api: Api, common: Stage, path: str, changes: dict[str, Any], field: str
) -> None:
    event = opened()
    await common.to_merchant(event)
    answer = await _order(api, event, path, **changes)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_dispute_shows_what_customer_and_operators_may_do(api: Api, common: Stage) -> None:
    event = opened()
    await common.to_merchant(event)
    possible = (await _shown(api, event))["possible"]
    assert possible == ["withdraw", "grant_credit", "compensate", "place_legal_hold"]
    assert set(possible[1:]) <= set(commands.OPS)


async def test_a_large_grant_counts_once_a_second_person_confirms_it(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_arbitration(event, captured_minor=90_000_000)
    granted: dict[str, Any] = {
        "fault": "merchant",
        "remedy": "full_refund",
        "amount": {"amount_minor": "90000000", "currency": "CNY"},
        "payer": "merchant",
        "rate_bearer": "wallet_advance",
        "reason": "not_as_described",
    }
    assert (await _order(api, event, "decision", **granted)).json()["status"] == "in_arbitration"
    assert await common.holds(event) == {}
    same = await _order(api, event, "decision/confirmation")
    assert (same.status, same.json()["errors"][0]["field"]) == (422, "confirmed_by")
    assert same.json()["errors"][0]["remedy"] == "Another person must do this"
    rejected = await _order(api, event, "decision/confirmation", SECOND, outcome="rejected")
    assert rejected.json()["status"] == "in_arbitration"
    await _order(api, event, "decision", **granted)
    answer = await _order(api, event, "decision/confirmation", SECOND)
    assert answer.json()["status"] == "refund_approved"
    assert await common.holds(event) == {"refund": (90_000_000, "reserved")}
    facts = (await common.dispute(event))["facts"]
    assert (facts["confirmed_by"], facts["rate_bearer"]) == ("ops-2", "wallet_advance")


async def test_another_account_is_paid_once_two_people_confirmed_it(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_reserved(event)
    await common.each(refund(event, T.REFUND_ACCEPTED), refund(event, T.REFUND_BOUNCED))
    chosen = Trigger(T.ACCOUNT_CHOSEN, Actor.CUSTOMER, Choice("c-1", "acct-7001"))
    await common.send(Signal(event.dispute_id, chosen))
    first = await _order(api, event, "account-check")
    assert (first.status, first.json()["status"]) == (200, "under_review")
    again = await _order(api, event, "account-check")
    assert (again.status, again.json()["errors"][0]["field"]) == (422, "confirmed_by")
    second = await _order(api, event, "account-check", SECOND)
    assert second.json()["status"] == "refund_approved"
    payload = (await common.tasks(event))["refund"]["payload"]
    assert payload["key"] == f"{event.dispute_id}:refund:2"
    assert payload["destination_account"] == "acct-7001"


async def test_a_chargeback_is_filed_and_taken_further_by_people(api: Api, common: Stage) -> None:
    event = opened()
    await common.each(opening(event), found(event, funding=Funding.CARD))
    assert (await _order(api, event, "chargeback")).status == 200
    assert (await common.dispute(event))["chargeback"] == "filed"
    task = (await common.tasks(event))["chargeback"]["payload"]
    assert (task["key"], task["amount_minor"]) == (f"{event.dispute_id}:chargeback:1", "12800")
    assert await common.holds(event) == {"chargeback": (CAPTURED, "reserved")}
    early = await _order(api, event, "chargeback", step="network_arbitration")
    assert early.status == 409
    assert "withdraw_chargeback" in early.json()["possible"]
    report = ChargebackReport(1, CAPTURED, transaction_id=event.transaction_id)
    await common.send(bank(event, T.CHARGEBACK_REPRESENTED, report))
    for step, kind in (
        ("pre_arbitration", "pre_arbitration"),
        ("network_arbitration", "network_arbitration"),
    ):
        assert (await _order(api, event, "chargeback", step=step)).status == 200
        assert (await common.dispute(event))["chargeback"] == step.removeprefix("network_")
        assert kind in await common.tasks(event)


@pytest.mark.parametrize("step", ["accept_representment", "withdraw"])
async def test_a_chargeback_is_given_up_by_people(api: Api, common: Stage, step: str) -> None:
    event = opened()
    await common.each(opening(event), found(event, funding=Funding.CARD))
    await _order(api, event, "chargeback")
    await common.send(bank(event, T.CHARGEBACK_REPRESENTED, ChargebackReport(1)))
    assert (await _order(api, event, "chargeback", step=step)).status == 200
    assert "chargeback_withdrawal" in await common.tasks(event)


async def test_a_credit_is_posted_and_taken_back_under_keys_of_their_own(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_arbitration(event)
    assert (await _order(api, event, "provisional-credit", basis="statute")).status == 200
    task = (await common.tasks(event))["credit"]["payload"]
    assert task["key"] == f"{event.dispute_id}:credit:1"
    assert (task["amount_minor"], task["customer_id"]) == ("1000", "c-1")
    await common.send(bank(event, T.CREDIT_POSTED, Posting(1, 1_000)))
    assert await common.holds(event) == {"credit": (1_000, "settled")}
    denied: dict[str, Any] = {"fault": "customer", "remedy": "none", "reason": "used"}
    await _order(api, event, "decision", **denied)
    await common.send(Signal(event.dispute_id, Trigger(T.CREDIT_NOTICE_DUE)))
    task = (await common.tasks(event))["credit_reversal"]["payload"]
    assert task["key"] == f"{event.dispute_id}:creditreversal:1"
    assert task["amount_minor"] == "1000"


async def test_a_compensation_is_paid_beside_and_never_above_its_cap(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_merchant(event)
    assert (await _order(api, event, "compensation")).status == 200
    row = await common.one("SELECT * FROM compensations WHERE dispute_id = :d", d=event.dispute_id)
    assert (row["amount_minor"], row["currency"]) == (1_000, "CNY")
    assert row["cap_minor"] >= 1_000
    assert await common.holds(event) == {}
    task = (await common.tasks(event))["compensation"]["payload"]
    assert task["key"] == f"{event.dispute_id}:compensation:1"
    with pytest.raises(IntegrityError, match="compensations_cap"):
        await common.write(
            "UPDATE compensations SET amount_minor = cap_minor + 1 WHERE dispute_id = :d",
            d=event.dispute_id,
        )
    paid = await common.send(bank(event, T.COMPENSATION_POSTED, Posting(1, 1_000)))
    assert paid[0].result == "applied"
    assert (await _order(api, event, "compensation")).status == 409


async def test_above_its_cap_a_compensation_is_refused_by_the_database_itself(
    common: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the core believes."""
    monkeypatch.setitem(commands._CHECKS, T.COMPENSATION_ORDERED, lambda *_: None)  # noqa: SLF001
    event = opened()
    await common.to_merchant(event)
    grant = Trigger(T.COMPENSATION_ORDERED, Actor.OPS, Grant("ops-1", 10**9, "long_wait"))
    with pytest.raises(IntegrityError, match="compensations_cap"):
        await common.send(Signal(event.dispute_id, grant))
    assert (await common.dispute(event))["compensation"] == "none"
    assert "compensation" not in await common.tasks(event)


async def test_documents_prove_who_asks(api: Api, common: Stage) -> None:
    event = opened(Kind.ACCESS_LOST, None, merchant_id=None)
    await common.send(opening(event))
    failed = Trigger(T.IDENTITY_FAILED, Actor.REDRESS, AccountReport(1, "not_matched"))
    await common.send(Signal(event.dispute_id, failed))
    answer = await _order(api, event, "identity-review")
    assert (answer.status, answer.json()["status"]) == (200, "restoring_access")
    other = opened(Kind.ACCESS_LOST, None, merchant_id=None)
    await common.each(opening(other), Signal(other.dispute_id, failed))
    answer = await _order(api, other, "identity-review", outcome="rejected")
    assert answer.json()["status"] == "declined"


async def test_a_legal_hold_stops_the_case_until_it_is_lifted(api: Api, common: Stage) -> None:
    event = opened()
    await common.send(opening(event))
    placed = await _order(api, event, "legal-hold")
    assert placed.json()["status"] == "under_review"
    await common.send(found(event))
    assert "consent" not in await common.tasks(event)
    lifted = await _order(api, event, "legal-hold", step="lift")
    assert lifted.json()["status"] == "waiting_for_merchant"
    assert "consent" in await common.tasks(event)


async def test_a_case_is_reopened_for_a_named_cause_and_what_was_said_is_sealed(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_arbitration(event)
    denied: dict[str, Any] = {"fault": "customer", "remedy": "none", "reason": "used"}
    await _order(api, event, "decision", **denied)
    answer = await _order(api, event, "reopening", note="a letter of the court")
    assert (answer.status, answer.json()["status"]) == (200, "in_arbitration")
    row = await common.dispute(event)
    assert row["appeal"] == "reopened"
    assert "court" not in str(row)
    assert (await _shown(api, event))["said"]["appeal"] == "a letter of the court"


async def test_what_a_customer_says_in_an_appeal_is_shown_to_whoever_decides(
    api: Api, common: Stage
) -> None:
    event = opened()
    await common.to_arbitration(event)
    denied: dict[str, Any] = {"fault": "customer", "remedy": "none", "reason": "used"}
    await _order(api, event, "decision", **denied)
    words = KEYS.seal("look at the photo", f"statement:{event.dispute_id}")
    asked = Trigger(T.APPEALED, Actor.CUSTOMER, Wish("c-1", words))
    await common.send(Signal(event.dispute_id, asked, inbox_id=ids.new()))
    assert (await _shown(api, event))["said"] == {"appeal": "look at the photo"}


async def test_a_complaint_is_answered_by_another_person_when_it_is_appealed(
    api: Api, common: Stage
) -> None:
    event = opened(Kind.COMPLAINT, None, merchant_id=None)
    await common.send(opening(event))
    assert (await _shown(api, event))["complaint"] == "open"
    answer = await _order(api, event, "complaint-answer", note="we are sorry")
    assert (answer.status, answer.json()["status"]) == (200, "answered")
    assert (await _shown(api, event))["said"] == {"arbitrator": "we are sorry"}
    await common.send(wish(event, T.APPEALED, sequence=9))
    same = await _order(api, event, "complaint-answer")
    assert (same.status, same.json()["errors"][0]["field"]) == (422, "decided_by")
    assert (await _order(api, event, "complaint-answer", SECOND)).status == 200


async def test_a_correction_of_the_books_takes_two_people(api: Api, common: Stage) -> None:
    event = opened(Kind.BALANCE_ANOMALY, None, merchant_id=None)
    await common.send(opening(event))
    await common.send(bank(event, T.RECORDS_OUR_ERROR, Comparison(1, 4_200, "CNY")))
    correction: dict[str, Any] = {
        "fault": "neither",
        "remedy": "correction",
        "amount": {"amount_minor": "4200", "currency": "CNY"},
        "payer": "wallet_advance",
        "reason": "our_error",
    }
    assert (await _order(api, event, "decision", **correction)).status == 200
    assert "correction" not in await common.tasks(event)
    answer = await _order(api, event, "decision/confirmation", SECOND)
    assert answer.json()["status"] == "correcting"
    task = (await common.tasks(event))["correction"]["payload"]
    assert task["key"] == f"{event.dispute_id}:correction:1"
    assert (task["amount_minor"], task["transaction_id"]) == ("4200", None)


async def test_a_refund_is_composed_of_what_was_paid_with_and_settles_what_was_credited(
    api: Api, common: Stage
) -> None:
    event = opened()
    tender = (("cash", 10_000), ("coupon", 2_000), ("points", 800))
    await common.each(opening(event), found(event, tender=tender, clawback_minor=100))
    await _order(api, event, "provisional-credit")
    await common.send(bank(event, T.CREDIT_POSTED, Posting(1, 1_000)))
    await common.send(merchant(event))
    payload = (await common.tasks(event))["refund"]["payload"]
    assert payload["composition"] == {
        "cash_minor": "10000",
        "coupon_minor": "2000",
        "points_minor": "800",
        "clawback_minor": "100",
    }
    assert payload["settles_advance_minor"] == "1000"


async def test_parts_of_a_refund_go_on_where_the_first_ended(api: Api, common: Stage) -> None:
    event = opened()
    tender = (("cash", 10_000), ("coupon", 2_800))
    await common.each(opening(event), found(event, tender=tender, clawback_minor=100))
    await common.each(merchant(event, T.MERCHANT_REFUSED))
    half: dict[str, Any] = {
        "fault": "merchant",
        "remedy": "partial_refund",
        "amount": {"amount_minor": "6401", "currency": "CNY"},
        "payer": "merchant",
        "reason": "partly_used",
    }
    await _order(api, event, "decision", **half)
    first = (await common.tasks(event))["refund"]["payload"]["composition"]
    await common.each(refund(event, T.REFUND_CREDITED), wish(event, T.APPEALED, sequence=9))
    rest = half | {"amount": {"amount_minor": "6399", "currency": "CNY"}}
    await _order(api, event, "decision", SECOND, **rest)
    second = (await common.tasks(event))["refund"]["payload"]["composition"]
    assert sum(int(first[part]) for part in ("cash_minor", "coupon_minor")) == 6_401
    together = {part: int(first[part]) + int(second[part]) for part in first}
    assert together == {
        "cash_minor": 10_000,
        "coupon_minor": 2_800,
        "points_minor": 0,
        "clawback_minor": 100,
    }


async def test_all_cash_is_said_by_nothing(common: Stage) -> None:
    event = opened()
    await common.to_reserved(event)
    payload = (await common.tasks(event))["refund"]["payload"]
    assert not {"composition", "destination_account", "settles_advance_minor"} & set(payload)


async def _shown(api: Api, event: DisputeOpened) -> Any:
    path = f"/v1/disputes/{event.dispute_id}"
    return (await api.get(path, headers=OPS.headers)).json()
