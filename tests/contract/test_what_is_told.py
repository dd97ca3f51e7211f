"""Stories through the tracker's core and what the notifier says of them, one after another."""

from datetime import timedelta
from typing import Any

from services.notifier.domain.notices import notice
from services.tracker.domain.dispute import Dispute
from services.tracker.domain.records import replace
from services.tracker.domain.snapshot import seen, status_changed
from services.tracker.domain.triggers import (
    AccountReport,
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
    T,
    Trigger,
    Wish,
)
from shared.contracts.events import StatusChanged
from shared.contracts.vocabulary import (
    Actor,
    Funding,
    Kind,
    Payer,
    Remedy,
    TransactionKind,
)
from tests.unit.tracker.case import Case, claim, decision, transaction


class Story:
    """A case, and the texts that its customer got so far."""

    def __init__(self, kind: Kind, **changes: Any) -> None:
        self.case = Case(Dispute(claim(kind, **changes)))
        self.told: list[str] = []
        self._read = 0
        self.said: str | None = None
        self.last: dict[str, str] = {}
        self.when(T.OPENED, actor=Actor.CUSTOMER)

    @property
    def new(self) -> list[str]:
        """What was told since the last look."""
        since, self._read = self.told[self._read :], len(self.told)
        return since

    def when(
        self, name: T, payload: Payload = None, *, after_s: float = 0, actor: Actor = Actor.BANK
    ) -> "Story":
        before = self.case.dispute
        done = self.case.when(name, payload, after_s=after_s, actor=actor)
        assert done.applied, done.reason
        now, after = self.case.now, self.case.dispute
        if before.version and seen(before, now) == seen(after, now):
            return self
        self.case.dispute = replace(after, version=before.version + 1)
        event = status_changed(self.case.dispute, Trigger(name, actor, payload), now)
        spoken = notice(StatusChanged.model_validate(event.model_dump()), self.said)
        if spoken:
            self.said, self.last = spoken.said, dict(spoken.facts)
            self.told.append(spoken.template.value)
        return self

    def found(self, **changes: Any) -> "Story":
        bank = transaction(merchant_id=self.case.dispute.claim.merchant_id)
        return self.when(T.TRANSACTION_FOUND, replace(bank, **changes))

    def customer(self, name: T, payload: Payload = None) -> "Story":
        return self.when(name, payload or Wish("c-1"), actor=Actor.CUSTOMER)

    def merchant(self, name: T, payload: Payload = None) -> "Story":
        return self.when(name, payload or MerchantAnswer(1), actor=Actor.MERCHANT)

    def ops(self, name: T, payload: Payload = None) -> "Story":
        return self.when(name, payload or Wish("ops-2"), actor=Actor.OPS)

    def due(self, name: T) -> "Story":
        return self.when(name, after_s=self.case.due_in(name), actor=Actor.REDRESS)


def test_a_claim_is_completed_an_offer_lapses_and_the_refund_goes_to_another_account() -> None:
    story = Story(Kind.REFUND_REQUEST, transaction_id=None)
    assert (story.new, story.last["item"]) == (["details_wanted"], "transaction")
    story.customer(T.DETAILS_GIVEN, Details("c-1", "t-1")).found()
    story.merchant(T.MERCHANT_OFFERED, MerchantAnswer(1, "used", offer_minor=5_000))
    assert (story.new, story.last["amount"]) == (["offer_made"], "5000 CNY")
    story.due(T.OFFER_DUE)
    assert (story.new, "missed" in story.last) == (["arbitration"], False)
    story.ops(T.ARBITRATOR_DECIDED, decision(Remedy.RETURN_THEN_REFUND, reason="goodwill"))
    assert (story.new, "amount" in story.last) == (["return_awaited"], False)
    story.customer(T.GOODS_SHIPPED, Choice("c-1", "SF1")).merchant(T.GOODS_RECEIVED)
    story.when(T.REFUND_ACCEPTED, RefundReport(1)).when(T.REFUND_BOUNCED, RefundReport(1))
    assert story.new == ["approved", "refund_sent", "account_wanted"]
    story.customer(T.ACCOUNT_CHOSEN, Choice("c-1", "acc-2"))
    story.ops(T.ACCOUNT_CONFIRMED).ops(T.ACCOUNT_CONFIRMED, Wish("ops-3"))
    story.when(T.REFUND_ACCEPTED, RefundReport(2)).when(T.REFUND_CREDITED, RefundReport(2))
    assert story.new == ["refund_sent", "credited"]


def test_a_theft_pauses_the_account_at_once_and_a_credit_is_given_and_taken_back() -> None:
    story = Story(Kind.UNAUTHORIZED, reason="not_me", merchant_id=None)
    story.when(T.HOLD_PLACED, AccountReport(1))
    assert story.new == ["received", "account_paused_verify"]
    story.found(funding=Funding.CARD).when(T.IDENTITY_VERIFIED, AccountReport(1))
    for name in (T.HOLD_FROZEN, T.RESET_DONE, T.HOLD_RELEASED):
        story.when(name, AccountReport(1))
    assert story.new == ["chargeback_filed"]
    story.ops(T.CREDIT_ORDERED, Grant("ops-1", 12_800, "goodwill"))
    story.when(T.CREDIT_POSTED, Posting(1))
    assert (story.new, story.last["amount"]) == (["provisional"], "12800 CNY")
    story.when(T.CHARGEBACK_LOST, ChargebackReport(1))
    assert (story.new, story.last["why"]) == (["arbitration"], "unauthorized")
    story.ops(T.ARBITRATOR_DECIDED, decision(Remedy.NONE, reason="authorized"))
    ends = story.case.now + timedelta(seconds=story.case.due_in(T.CREDIT_NOTICE_DUE))
    assert (story.new, story.last["ends_at"]) == (["credit_ending"], ends.isoformat())
    story.due(T.CREDIT_NOTICE_DUE)
    assert story.new == []
    story.when(T.CREDIT_REVERSED, Posting(1))
    assert (story.new, story.last["reason"]) == (["declined"], "authorized")


def test_the_recipient_of_a_wrong_transfer_agrees_or_refuses() -> None:
    story = Story(Kind.WRONG_OR_SCAM_TRANSFER, reason="scam", merchant_id=None)
    story.found(kind=TransactionKind.TRANSFER)
    assert story.new == ["received", "recalling"]
    expected = story.case.now + timedelta(seconds=50)
    story.when(T.RECALL_AGREED, RecallReport(1, expected_at=expected))
    assert (story.new, story.last["expected_at"]) == (["recall_agreed"], expected.isoformat())
    story.when(T.RECALL_RETURNED, RecallReport(1))
    assert story.new == ["recalled"]
    other = Story(Kind.WRONG_OR_SCAM_TRANSFER, reason="scam", merchant_id=None)
    other.found(kind=TransactionKind.TRANSFER).when(T.RECALL_REFUSED, RecallReport(1))
    assert other.new == ["received", "recalling", "explained_recall"]
    assert other.last["matter"] == "scam"


def test_that_the_recipient_agreed_is_news_and_the_date_of_the_answer_is_none() -> None:
    story = Story(Kind.WRONG_OR_SCAM_TRANSFER, reason="wrong_payee", merchant_id=None)
    story.found(kind=TransactionKind.TRANSFER)
    assert story.new == ["received", "recalling"]
    expected = story.case.now + timedelta(seconds=50)
    story.when(T.RECALL_PENDING, RecallReport(1, expected_at=expected))
    assert story.new == []
    story.when(T.RECALL_AGREED, RecallReport(1, 2_500, expected_at=expected))
    assert (story.new, story.last["amount"]) == (["recall_agreed"], "2500 CNY")


def test_both_are_heard_a_law_holds_the_case_and_a_regulator_opens_it_again() -> None:
    story = Story(Kind.GOODS_OR_SERVICE, reason="defective").found()
    story.merchant(T.MERCHANT_REFUSED, MerchantAnswer(1, "shipped"))
    assert story.new == ["received", "evidence_wanted"]
    story.customer(T.CUSTOMER_SENT_EVIDENCE)
    assert story.new == []
    story.merchant(T.MERCHANT_SENT_EVIDENCE)
    assert story.new == ["arbitration"]
    story.due(T.ARBITRATION_DUE)
    assert story.new == ["delayed"]
    story.ops(T.LEGAL_HOLD_PLACED, Cause("ops-1", "court"))
    assert (story.new, "why" in story.last) == (["under_review"], False)
    story.ops(T.LEGAL_HOLD_LIFTED, Cause("ops-1", "court"))
    assert story.new == ["arbitration"]
    story.ops(T.ARBITRATOR_DECIDED, decision(Remedy.NONE, reason="used"))
    story.ops(T.CASE_REOPENED, Cause("ops-9", "regulator"))
    assert story.new == ["declined", "reopened"]


def test_a_complaint_is_taken_answered_and_taken_again() -> None:
    story = Story(Kind.COMPLAINT, reason="slow", transaction_id=None, requested_minor=None)
    story.ops(T.COMPLAINT_ANSWERED, Cause("ops-1", "our_error"))
    assert (story.new, story.last["reason"]) == (["complaint_taken", "answered"], "our_error")
    story.customer(T.APPEALED)
    assert story.new == ["complaint_taken"]


def test_who_cannot_log_in_proves_it_by_documents_or_is_told_neutrally() -> None:
    nothing = {"transaction_id": None, "requested_minor": None}
    story = Story(Kind.ACCESS_LOST, reason="new_phone", **nothing)
    story.when(T.IDENTITY_FAILED, AccountReport(1, "not_matched")).ops(T.DOCUMENTS_REJECTED)
    assert story.new == ["identity_wanted", "identity_review", "declined_other"]
    held = Story(Kind.ACCESS_LOST, reason="court_order", **nothing)
    held.when(T.IDENTITY_VERIFIED, AccountReport(1)).when(
        T.RESET_REFUSED, AccountReport(1, "court")
    )
    assert held.new == ["identity_wanted", "referred"]


def test_our_own_error_is_corrected_and_a_compensation_is_told_beside() -> None:
    story = Story(Kind.BALANCE_ANOMALY, reason="less", transaction_id=None, requested_minor=None)
    story.when(T.RECORDS_OUR_ERROR, Comparison(1, 500, "CNY"))
    assert (story.new, story.last["why"]) == (["received", "arbitration"], "our_error")
    story.ops(T.COMPENSATION_ORDERED, Grant("ops-1", 700, "delay"))
    story.when(T.COMPENSATION_POSTED, Posting(1))
    assert (story.new, story.last["amount"]) == (["compensated"], "700 CNY")
    corrected = decision(
        Remedy.CORRECTION, reason="our_error", amount_minor=500, payer=Payer.WALLET_ADVANCE
    )
    story.ops(T.ARBITRATOR_DECIDED, corrected).ops(T.DECISION_CONFIRMED)
    story.when(T.CORRECTION_POSTED, Posting(1))
    assert (story.new, story.last["amount"]) == (["corrected"], "500 CNY")


def test_a_refund_that_settles_a_credit_is_not_told_as_money_on_its_way() -> None:
    story = Story(Kind.REFUND_REQUEST).found()
    story.ops(T.CREDIT_ORDERED, Grant("ops-1", 12_800, "goodwill"))
    story.when(T.CREDIT_POSTED, Posting(1)).merchant(T.MERCHANT_ACCEPTED)
    assert story.new == ["received", "provisional"]
    story.when(T.REFUND_ACCEPTED, RefundReport(1)).when(T.REFUND_CREDITED, RefundReport(1))
    assert (story.new, story.last["amount"]) == (["credit_final"], "12800 CNY")


def test_of_a_refund_that_settles_a_part_the_rest_is_told() -> None:
    story = Story(Kind.REFUND_REQUEST).found()
    story.ops(T.CREDIT_ORDERED, Grant("ops-1", 2_800, "goodwill"))
    story.when(T.CREDIT_POSTED, Posting(1)).merchant(T.MERCHANT_ACCEPTED)
    story.when(T.REFUND_ACCEPTED, RefundReport(1))
    assert (story.new[-1], story.last["amount"]) == ("refund_sent", "10000 CNY")
    story.when(T.REFUND_CREDITED, RefundReport(1))
    assert (story.new, story.last["amount"]) == (["credited"], "10000 CNY")


def test_a_merchants_refund_that_bounced_names_the_sum_of_the_records_if_they_know_it() -> None:
    unknown = Story(Kind.REFUND_NOT_RECEIVED, reason="card_closed").found()
    unknown.when(T.RECORDS_BOUNCED, Comparison(1))
    assert (unknown.new, "amount" in unknown.last) == (["received", "account_wanted"], False)
    story = Story(Kind.REFUND_NOT_RECEIVED, reason="card_closed").found()
    story.when(T.RECORDS_BOUNCED, Comparison(1, 5_000, "CNY"))
    assert (story.new, story.last["amount"]) == (["received", "account_wanted"], "5000 CNY")
    story.due(T.DESTINATION_DUE)
    assert (story.new, story.last["why"]) == (["arbitration"], "no_account")
    assert "missed" not in story.last


def test_money_that_only_settles_a_credit_is_not_told_as_arriving() -> None:
    story = Story(Kind.WRONG_OR_SCAM_TRANSFER, merchant_id=None).found(
        kind=TransactionKind.TRANSFER, merchant_id=None
    )
    story.ops(T.CREDIT_ORDERED, Grant("ops-1", 12_800, "goodwill")).when(
        T.CREDIT_POSTED, Posting(1)
    )
    story.when(T.RECALL_RETURNED, RecallReport(1))
    assert (story.new[-1], story.last["amount"]) == ("credit_final", "12800 CNY")
