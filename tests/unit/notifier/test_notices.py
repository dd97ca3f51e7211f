from typing import Any

import pytest

from services.notifier.domain.choosing import BY_STATUS, SILENT
from services.notifier.domain.notices import Notice, notice
from services.notifier.domain.texts import PROGRESS, SECURITY, Template, Urgency
from shared.contracts.events import StatusChanged
from shared.contracts.vocabulary import Status
from tests.integration.notifier.world import status

CNY = {"amount_minor": "12800", "currency": "CNY"}
DECISION = {
    "outcome": "none",
    "reason": "outside_window",
    "rule": "outside_window",
    "appeal_until": "2026-10-20T16:00:00Z",
}
GRANTED = {"outcome": "full_refund", "reason": "not_received", "fault": "merchant"}


def snapshot(version: int, name: str, **fields: Any) -> StatusChanged:
    if "step" in fields:
        fields["step"] = _AT | fields["step"]
    data = status("a", version, name, **fields).data
    assert isinstance(data, StatusChanged)
    return data


@pytest.mark.parametrize(
    ("name", "fields", "template"),
    [
        ("received", {}, Template.RECEIVED),
        ("checking", {}, Template.RECEIVED),
        ("in_transit", {}, Template.IN_TRANSIT),
        ("returning", {}, Template.RETURNING),
        ("reversal_watched", {}, Template.REVERSAL_WATCHED),
        (
            "in_arbitration",
            {"detail": {"arbitration_cause": "merchant_refused"}},
            Template.ARBITRATION_REFUSED,
        ),
        (
            "in_arbitration",
            {"detail": {"arbitration_cause": "merchant_silent"}},
            Template.ARBITRATION_SILENT,
        ),
        (
            "in_arbitration",
            {"detail": {"arbitration_cause": "appeal"}},
            Template.ARBITRATION_APPEAL,
        ),
        ("in_arbitration", {"detail": {"arbitration_cause": "untraced"}}, Template.ARBITRATION),
        ("refund_approved", {"decision": GRANTED}, Template.APPROVED),
        (
            "refund_approved",
            {"decision": GRANTED | {"outcome": "partial_refund"}},
            Template.APPROVED_PARTIAL,
        ),
        ("refund_sent", {}, Template.REFUND_SENT),
        ("refund_bounced", {}, Template.BOUNCED),
        ("refund_unfunded", {}, Template.UNFUNDED),
        ("credited", {"open": False}, Template.CREDITED),
        ("delivered", {"open": False}, Template.DELIVERED),
        ("returned", {"open": False}, Template.RETURNED),
        ("reversed", {"open": False}, Template.REVERSED),
        ("explained", {"open": False, "kind": "payment_failed"}, Template.EXPLAINED),
        ("explained", {"open": False, "kind": "missing_funds"}, Template.EXPLAINED_OTHER),
        ("declined", {"open": False, "decision": DECISION}, Template.DECLINED),
        (
            "declined",
            {"open": False, "decision": DECISION, "actions": ["request_merchant_consent"]},
            Template.DECLINED_OFFER,
        ),
        ("needs_details", {"transaction_id": None}, Template.DETAILS_WANTED),
        ("reversal_watched", {"kind": "duplicate_charge"}, Template.RELEASE_WATCHED),
        ("recalling", {}, Template.RECALLING),
        ("recalling", {"step": {"code": "recall_agreed"}}, Template.RECALL_AGREED),
        ("offer_made", {"offered": CNY}, Template.OFFER_MADE),
        ("return_awaited", {}, Template.RETURN_AWAITED),
        ("gathering_evidence", {"actions": ["send_evidence"]}, Template.EVIDENCE_WANTED),
        (
            "in_arbitration",
            {"detail": {"arbitration_cause": "merchant_refused"}, "step": {"code": "offer_due"}},
            Template.ARBITRATION,
        ),
        (
            "in_arbitration",
            {"detail": {"arbitration_cause": "court_order", "reopened_for": "court_order"}},
            Template.REOPENED,
        ),
        (
            "in_arbitration",
            {"detail": {"arbitration_cause": "recall_silent"}},
            Template.ARBITRATION,
        ),
        ("chargeback_filed", {}, Template.CHARGEBACK_FILED),
        ("verifying_identity", {}, Template.IDENTITY_WANTED),
        ("verifying_identity", {"step": {"code": "hold_placed"}}, Template.ACCOUNT_PAUSED_VERIFY),
        ("securing_account", {"step": {"code": "hold_placed"}}, Template.ACCOUNT_PAUSED),
        ("under_review", {"step": {"code": "legal_hold_placed"}}, Template.UNDER_REVIEW),
        ("under_review", {"step": {"code": "identity_failed"}}, Template.IDENTITY_REVIEW),
        ("complaint_open", {"kind": "complaint"}, Template.COMPLAINT_TAKEN),
        (
            "complaint_open",
            {"kind": "complaint", "detail": {"reopened_for": "regulator"}},
            Template.REOPENED,
        ),
        ("credit_ending", {"provisional": CNY}, Template.CREDIT_ENDING),
        ("refund_bounced", {"actions": ["choose_account"]}, Template.ACCOUNT_WANTED),
        (
            "refund_bounced",
            {"actions": ["choose_account"], "step": {"code": "account_rejected"}},
            Template.ACCOUNT_REFUSED,
        ),
        (
            "credited",
            {"open": False, "decision": GRANTED | {"payer": "wallet_advance"}},
            Template.CREDIT_FINAL,
        ),
        (
            "credited",
            {"open": False, "decision": GRANTED | {"payer": "wallet_advance"}, "approved": CNY},
            Template.CREDITED,
        ),
        ("delivered", {"open": False, "kind": "refund_not_received"}, Template.REFUND_ARRIVED),
        ("reversed", {"open": False, "kind": "duplicate_charge"}, Template.RELEASED),
        ("recalled", {"open": False}, Template.RECALLED),
        ("charged_back", {"open": False}, Template.CHARGED_BACK),
        ("fulfilled", {"open": False}, Template.FULFILLED),
        ("corrected", {"open": False}, Template.CORRECTED),
        ("access_restored", {"open": False}, Template.ACCESS_RESTORED),
        ("account_secured", {"open": False}, Template.ACCOUNT_SECURED),
        ("referred", {"open": False}, Template.REFERRED),
        ("answered", {"open": False}, Template.ANSWERED),
        (
            "explained",
            {"open": False, "decision": DECISION | {"rule": "recall_refused"}},
            Template.EXPLAINED_RECALL,
        ),
        (
            "explained",
            {
                "open": False,
                "kind": "wrong_amount",
                "decision": DECISION | {"rule": "no_money_moved"},
            },
            Template.EXPLAINED,
        ),
        (
            "explained",
            {
                "open": False,
                "kind": "payment_failed",
                "decision": DECISION | {"rule": "records_explain"},
            },
            Template.EXPLAINED_OTHER,
        ),
        (
            "declined",
            {"open": False, "kind": "access_lost", "decision": DECISION},
            Template.DECLINED_OTHER,
        ),
        (
            "declined",
            {"open": False, "kind": "unauthorized", "decision": DECISION},
            Template.DECLINED_OTHER,
        ),
        (
            "declined",
            {
                "open": False,
                "kind": "unauthorized",
                "decision": DECISION,
                "transaction_id": "tx-1",
            },
            Template.DECLINED,
        ),
        ("withdrawn", {"open": False}, Template.WITHDRAWN),
        ("duplicate", {"open": False}, Template.DUPLICATE),
    ],
)
def test_which_status_speaks_and_how(name: str, fields: Any, template: Template) -> None:
    spoken = notice(snapshot(1, name, **fields), None)
    assert spoken is not None
    assert spoken.template is template


def test_every_status_speaks_or_is_silent_on_purpose() -> None:
    assert {*BY_STATUS, *SILENT} == {*Status}
    assert not {*BY_STATUS} & SILENT


@pytest.mark.parametrize(
    "name",
    [
        *SILENT,
        "refund_approved",
        "gathering_evidence",  # the customer's own has come
        "under_review",  # an account that the customer chose is being checked
        "credit_ending",  # no credit stands
    ],
)
def test_steps_in_between_say_nothing_once_something_was_said(name: str) -> None:
    assert notice(snapshot(2, name), "received") is None


def test_a_missed_promise_is_apologised_for_with_the_new_date() -> None:
    late = snapshot(3, "checking", step={"code": "promise_due"} | _AT)
    spoken = notice(late, "received")
    assert spoken is not None
    assert spoken.template is Template.DELAYED
    assert spoken.facts["promised_at"] == "2026-10-13T16:00:00+00:00"


LATE = {"code": "arbitration_due", "params": {"missed": "2026-10-10T16:00:00Z"}}


def test_a_date_that_another_step_found_passed_is_apologised_for_too() -> None:
    """An arbitrator's own deadline is the promised date: nothing else is new then."""
    waiting = {"detail": {"arbitration_cause": "untraced"}}
    told = notice(snapshot(2, "in_arbitration", **waiting), "received")
    assert told is not None
    late = notice(snapshot(3, "in_arbitration", **waiting, step=LATE | _AT), told.said)
    assert late is not None
    assert (late.template, late.facts["missed"]) == (Template.DELAYED, "2026-10-10T16:00:00Z")
    assert notice(snapshot(4, "in_arbitration", **waiting, step=LATE | _AT), late.said) is None
    raised = snapshot(5, "in_arbitration", **waiting, step={"code": "arbitration_due"} | _AT)
    assert notice(raised, late.said) is None


def test_news_that_comes_after_the_promised_date_keeps_its_own_text() -> None:
    refused = {"detail": {"arbitration_cause": "merchant_refused"}}
    spoken = notice(snapshot(3, "in_arbitration", **refused, step=LATE | _AT), "received")
    assert spoken is not None
    assert spoken.template is Template.ARBITRATION_REFUSED
    assert spoken.facts["missed"] == "2026-10-10T16:00:00Z"


def test_after_the_end_nothing_is_apologised_for() -> None:
    ended = snapshot(3, "refund_approved", open=False, step=LATE | _AT)
    assert notice(ended, "received") is None


def test_the_same_again_is_not_said_again_and_a_new_date_is() -> None:
    first = notice(snapshot(2, "in_transit", detail={"expected_at": "2026-10-15T16:00:00Z"}), None)
    assert first is not None
    same = snapshot(3, "in_transit", detail={"expected_at": "2026-10-15T16:00:00Z"})
    moved = snapshot(4, "in_transit", detail={"expected_at": "2026-10-16T16:00:00Z"})
    assert notice(same, first.said) is None
    assert notice(moved, first.said) is not None


def test_each_template_speaks_of_the_money_it_is_about() -> None:
    sums = {
        "requested": CNY,
        "approved": CNY | {"amount_minor": "6400"},
        "in_flight": CNY | {"amount_minor": "6400"},
    }
    sent = notice(snapshot(2, "refund_sent", **sums), None)
    back = notice(snapshot(2, "returning", **sums, detail={"returned_minor": "12000"}), None)
    done = notice(
        snapshot(2, "credited", open=False, credited=CNY | {"amount_minor": "6399"}), None
    )
    assert sent is not None
    assert (sent.facts["amount"], sent.facts["requested"]) == ("6400 CNY", "12800 CNY")
    assert back is not None
    assert back.facts["amount"] == "12000 CNY"
    assert done is not None
    assert done.facts["amount"] == "6399 CNY"


def test_a_decline_holds_reason_rule_and_the_date_for_a_review() -> None:
    spoken = notice(snapshot(2, "declined", open=False, decision=DECISION), None)
    assert spoken is not None
    assert spoken.facts["reason"] == "outside_window"
    assert spoken.facts["rule"] == "outside_window"
    assert spoken.facts["appeal_until"] == "2026-10-20T16:00:00+00:00"


def test_the_account_comes_first_decisions_and_money_next_and_the_rest_is_progress() -> None:
    assert {t for t in Template if Notice(t, {}).urgency is Urgency.PROGRESS} == PROGRESS
    assert {t for t in Template if Notice(t, {}).urgency is Urgency.SECURITY} == SECURITY
    assert Template.ACCOUNT_PAUSED in SECURITY
    assert Template.CREDIT_ENDING not in PROGRESS
    assert Template.REFUND_SENT not in PROGRESS
    assert Template.RECEIVED in PROGRESS


POSTED = {"code": "credit_posted"}
OFFER = {"offered": CNY | {"amount_minor": "5000"}, "promise_rule": "offer_choice"}


def told(version: int, name: str, said: str | None, **fields: Any) -> Notice:
    spoken = notice(snapshot(version, name, **fields), said)
    assert spoken is not None
    return spoken


def test_a_credit_for_now_is_told_beside_the_stage_which_is_not_said_again() -> None:
    first = told(2, "recalling", "received")
    credit = told(3, "recalling", first.said, provisional=CNY, step=POSTED)
    assert (credit.template, credit.facts["amount"]) == (Template.PROVISIONAL, "12800 CNY")
    assert notice(snapshot(4, "recalling", provisional=CNY), credit.said) is None


def test_the_notice_that_a_credit_ends_is_sent_once_names_the_day_and_is_no_apology() -> None:
    ending = told(4, "credit_ending", "recalling", provisional=CNY, promise_rule="credit_notice")
    assert ending.facts["ends_at"] == "2026-10-13T16:00:00+00:00"
    assert "promised_at" not in ending.facts
    later = {"promised_at": "2026-10-20T16:00:00Z", "provisional": CNY}
    missed = {"code": "credit_notice_due", "params": {"missed": "2026-10-13T16:00:00+00:00"}}
    assert notice(snapshot(5, "credit_ending", **later, step=missed), ending.said) is None
    given = snapshot(5, "credit_ending", provisional=CNY, step=POSTED)
    assert notice(given, "recalling").template is Template.PROVISIONAL  # type: ignore[union-attr]


def test_a_compensation_is_told_by_itself_or_with_the_end_that_comes_with_it() -> None:
    paid = {"compensated": CNY | {"amount_minor": "500"}, "step": {"code": "compensation_posted"}}
    alone = told(3, "recalling", told(2, "recalling", None).said, **paid)
    assert (alone.template, alone.facts["amount"]) == (Template.COMPENSATED, "500 CNY")
    ended = told(3, "credited", "refund_sent", open=False, **paid)
    assert (ended.template, ended.facts["compensated"]) == (Template.CREDITED, "500 CNY")
    second = paid | {"detail": {"compensation_minor": "200"}}  # 500 is the sum of two
    beside = told(3, "recalling", told(2, "recalling", None).said, **second)
    assert (beside.template, beside.facts["amount"]) == (Template.COMPENSATED, "200 CNY")


LATER = "2026-10-20T16:00:00Z"


def test_late_money_that_the_ledger_refused_is_told_with_what_is_back() -> None:
    step = {"step": {"code": "compensation_refused"}, "credited": CNY, "promised_at": LATER}
    owed = told(3, "under_review", "correcting", detail={"late_unpaid_minor": "300"}, **step)
    assert owed.template is Template.LATE_MONEY
    assert owed.facts["amount"] == f"{CNY['amount_minor']} CNY"
    assert notice(snapshot(3, "under_review", **step), "correcting") is None  # one of a person's


def test_the_pause_of_an_account_is_told_at_once_and_asks_only_once_for_a_proof() -> None:
    paused = told(2, "verifying_identity", "received", step={"code": "hold_placed"})
    assert paused.urgency is Urgency.SECURITY
    assert "amount" not in paused.facts
    assert notice(snapshot(3, "verifying_identity"), paused.said) is None


def test_the_customers_own_date_is_no_promise_of_ours() -> None:
    offer = told(2, "offer_made", "received", **OFFER)
    assert offer.facts["answer_by"] == "2026-10-13T16:00:00+00:00"
    assert offer.facts["amount"] == "5000 CNY"
    assert "promised_at" not in offer.facts
    late = {"code": "promise_due", "params": {"missed": "2026-10-13T16:00:00+00:00"}}
    assert notice(snapshot(3, "offer_made", **OFFER, step=late), offer.said) is None
    decides = {"code": "offer_due", "params": late["params"]}
    waiting = {"detail": {"arbitration_cause": "merchant_refused"}}
    news = told(4, "in_arbitration", offer.said, **waiting, step=decides)
    assert (news.template, news.facts.get("missed")) == (Template.ARBITRATION, None)
    raised = snapshot(5, "in_arbitration", **waiting, step={"code": "arbitration_due"})
    assert notice(raised, news.said) is None


def test_what_the_tracker_names_as_the_customers_date_goes_before_the_promise() -> None:
    by = {"detail": {"answer_by": "2026-10-11T16:00:00+00:00"}, "actions": ["send_evidence"]}
    asked = told(2, "gathering_evidence", "received", **by)
    assert asked.facts["answer_by"] == "2026-10-11T16:00:00+00:00"
    assert asked.facts["promised_at"] == "2026-10-13T16:00:00+00:00"


def test_an_agreed_recall_is_not_asked_for_again() -> None:
    agreed = told(3, "recalling", "recalling", step={"code": "recall_agreed"})
    assert notice(snapshot(4, "recalling", step={"code": "legal_hold_lifted"}), agreed.said) is None


@pytest.mark.parametrize(
    ("fields", "item"),
    [
        ({}, "transaction"),
        ({"requested": None}, "transaction_amount"),
        ({"transaction_id": "tx-1", "requested": None}, "amount"),
    ],
)
def test_what_is_missing_is_named(fields: dict[str, Any], item: str) -> None:
    asked = told(1, "needs_details", None, promise_rule="details_due", **fields)
    assert asked.facts["item"] == item
    assert asked.facts["answer_by"] == "2026-10-13T16:00:00+00:00"


def test_an_explanation_of_the_records_goes_before_the_rule() -> None:
    ground = {"open": False, "kind": "wrong_amount"}
    rule = {"decision": DECISION | {"reason": "amount_pending", "rule": "amount_pending"}}
    assert told(2, "explained", None, **ground, **rule).facts["cause"] == "amount_pending"
    found = told(2, "explained", None, **ground, **rule, detail={"explanation": "fee"})
    assert found.facts["cause"] == "fee"


_AT = {"at": "2026-10-10T08:00:00Z", "actor": "redress"}
