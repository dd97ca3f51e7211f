from typing import Any

import pytest

from services.notifier.domain.notices import PROGRESS, Notice, Template, Urgency, notice
from shared.contracts.events import StatusChanged
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
        ("withdrawn", {"open": False}, Template.WITHDRAWN),
        ("duplicate", {"open": False}, Template.DUPLICATE),
    ],
)
def test_which_status_speaks_and_how(name: str, fields: Any, template: Template) -> None:
    spoken = notice(snapshot(1, name, **fields), None)
    assert spoken is not None
    assert spoken.template is template


@pytest.mark.parametrize(
    "name", ["checking", "tracing", "waiting_for_merchant", "refund_approved", "refund_unconfirmed"]
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


def test_decisions_and_money_are_urgent_and_the_rest_is_progress() -> None:
    assert {t for t in Template if Notice(t, {}).urgency is Urgency.PROGRESS} == PROGRESS
    assert Template.REFUND_SENT not in PROGRESS
    assert Template.RECEIVED in PROGRESS


_AT = {"at": "2026-10-10T08:00:00Z", "actor": "redress"}
