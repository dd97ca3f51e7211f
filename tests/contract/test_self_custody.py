"""A wallet of keys: whatever can happen to its disputes, and all that its customers are told."""

import re
from collections.abc import Iterator
from dataclasses import replace as changed
from typing import Any

import pytest

from services.intake.domain import of_keys, words
from services.intake.domain.words import Language
from services.notifier import samples, templates
from services.notifier.domain import wording
from services.notifier.domain.notices import Notice, notice
from services.notifier.domain.texts import Template
from services.notifier.domain.wording import Brand, Reader
from services.tracker.domain import commands, public
from services.tracker.domain.decide import decide
from services.tracker.domain.dispute import Dispute, MoneyView
from services.tracker.domain.effects import Call
from services.tracker.domain.records import replace
from services.tracker.domain.snapshot import numbered, status_changed
from services.tracker.domain.states import Leg
from services.tracker.domain.triggers import (
    ArbitratorDecision,
    BankTransaction,
    Cause,
    Details,
    Grant,
    Payload,
    T,
    TraceReport,
    Trigger,
    Wish,
)
from shared.contracts.events import StatusChanged
from shared.contracts.vocabulary import (
    Actor,
    Fault,
    Kind,
    Payer,
    Remedy,
    Status,
    TransactionKind,
    TransactionState,
)
from tests.unit.tracker.case import PROFILE, START, claim

KINDS = (
    Kind.MISSING_FUNDS,
    Kind.WRONG_OR_SCAM_TRANSFER,
    Kind.UNAUTHORIZED,
    Kind.ACCESS_LOST,
    Kind.COMPLAINT,
)
OF_KEYS = changed(PROFILE, self_custody=True)
HASH = "0x" + "ab" * 32
MOST_STEPS = 6
NO = re.compile(
    "不|未|没有|无法|cannot|nobody|no assets|failed|irreversible|not possible|could not",
    re.IGNORECASE,
)
MONEY_BACK = re.compile(
    "退款|退还|退回|退到|垫付|补偿|赔|到账|refund|give .* back|take it back|compensat|credited",
    re.IGNORECASE,
)
READS = {("bank", "inquiry"), ("bank", "trace"), ("bank", "trace_query")}
ASKS = re.compile("(请|please).*(发|告诉我们|提供|send|give|tell us)", re.IGNORECASE)
# All that such a dispute may ever make anybody say, by hand.
TOLD = {
    "received",
    "details_wanted",
    "in_transit_on_chain",
    "delivered_on_chain",
    "explained_on_chain",
    "explained_pending",
    "explained_reverted",
    "explained_keys",
    "explained_exposed",
    "arbitration",
    "arbitration_appeal",
    "reopened",
    "declined_other",
    "withdrawn",
    "duplicate",
    "under_review",
    "complaint_taken",
    "answered",
    "delayed",
    "reminder",
}
LEGS = {"details", "inquiry", "trace", "arbitration", "appeal", "legal", "complaint", "verdict"}


def on_chain(state: TransactionState) -> BankTransaction:
    return BankTransaction(
        HASH, state, "", None, None, 10**18, 0, "ETH", kind=TransactionKind.ON_CHAIN
    )


def heard(dispute: Dispute) -> Iterator[tuple[T, Payload]]:
    """Whatever a node, the clock, the customer or any operator may say."""
    for state in (TransactionState.CAPTURED, TransactionState.DECLINED, TransactionState.UNKNOWN):
        yield T.TRANSACTION_FOUND, on_chain(state)
    yield T.TRANSACTION_FOUND, replace(on_chain(TransactionState.CAPTURED), pending=True)
    yield T.TRANSACTION_MISSING, None
    n = dispute.facts.trace_n
    for name in (T.TRACE_IN_TRANSIT, T.TRACE_DELIVERED, T.TRACE_REJECTED, T.TRACE_NOT_FOUND):
        yield name, TraceReport(n, expected_at=START, proof=HASH)
    for name in (T.INQUIRY_DUE, T.TRACE_DUE, T.DETAILS_DUE, T.PROMISE_DUE, T.PROMISE_NEAR):
        yield name, None
    for action in commands.actions(dispute, START):
        named = action == "give_details"
        yield commands.OF_ACTION[action], Details("c-1", HASH) if named else Wish("c-1")
    for name in commands.OPS.values():  # also what is not offered
        for payload in ordered(name, dispute):
            yield name, payload


def ordered(name: T, dispute: Dispute) -> Iterator[Payload]:
    by = f"ops-{len(dispute.facts.deciders)}"
    match name:
        case T.ARBITRATOR_DECIDED:
            denial = ArbitratorDecision(Fault.NEITHER, Remedy.NONE, "not_refundable", by)
            yield denial
            for remedy in (Remedy.FULL_REFUND, Remedy.PARTIAL_REFUND, Remedy.CORRECTION):
                yield replace(denial, remedy=remedy, amount_minor=1, payer=Payer.WALLET_ADVANCE)
        case T.CREDIT_ORDERED | T.COMPENSATION_ORDERED:
            yield Grant(by, 1, "goodwill")
        case T.CASE_REOPENED:
            yield Cause(by, "court_order")
        case T.LEGAL_HOLD_PLACED | T.LEGAL_HOLD_LIFTED:
            yield Cause(by, "court")
        case T.COMPLAINT_ANSWERED:
            yield Cause(by, "explained")
        case _:
            yield Wish(by)


def walked(kind: Kind, **changes: Any) -> Iterator[tuple[Dispute, StatusChanged, Notice | None]]:
    """Every dispute that six steps lead to, with what people see and are told of it."""
    first = Dispute(claim(kind, currency="ETH", merchant_id=None, **changes))
    waiting: list[tuple[Dispute, str | None, int]] = []
    seen: set[tuple[object, ...]] = set()

    def note(before: Dispute, name: T, payload: Payload, said: str | None, steps: int) -> Any:
        trigger = Trigger(name, Actor.BANK, payload)
        older = "402100000001" if changes.get("duplicate") else None
        decision = decide(before, trigger, START, OF_KEYS, MoneyView(duplicate_of=older))
        if not decision.applied:
            return None
        after = numbered(before, decision.dispute, START)
        event = status_changed(after, trigger, START)
        told = notice(StatusChanged.model_validate(event.model_dump()), said)
        key = (
            after.legs,
            after.facts.decision_rule,
            after.facts.arbitration_cause,
            told and told.said,
        )
        if key not in seen and steps < MOST_STEPS:
            seen.add(key)
            waiting.append((after, told.said if told else said, steps + 1))
        asked = {(e.party, e.kind) for e in decision.effects if isinstance(e, Call)}
        assert asked <= READS
        return after, event, told

    if found := note(first, T.OPENED, None, None, 0):
        yield found
    while waiting:
        dispute, said, steps = waiting.pop()
        for name, payload in heard(dispute):
            if found := note(dispute, name, payload, said, steps):
                yield found


def everything() -> Iterator[tuple[Dispute, StatusChanged, Notice | None]]:
    for kind in KINDS:
        needs = kind not in (Kind.ACCESS_LOST, Kind.COMPLAINT)
        for transaction_id in (HASH, None) if needs else (None,):
            yield from walked(kind, transaction_id=transaction_id)


@pytest.fixture(scope="module")
def all_of_it() -> list[tuple[Dispute, StatusChanged, Notice | None]]:
    return list(everything())


Everything = list[tuple[Dispute, StatusChanged, Notice | None]]


def test_nothing_is_ever_paid_held_recalled_reset_or_charged_back(all_of_it: Everything) -> None:
    begun = {leg.value for d, _, _ in all_of_it for leg in Leg if d.legs.of(leg).value != "none"}
    assert begun == LEGS
    for dispute, event, _ in all_of_it:
        sums = (event.approved, event.in_flight, event.credited, event.provisional, event.offered)
        assert sums == (None,) * 5
        assert event.compensated is None
        assert event.next_actor != Actor.BANK
        assert dispute.facts.refund_n == 0


def test_it_ends_in_an_explanation_with_a_cause_of_its_own(all_of_it: Everything) -> None:
    rules = {
        (event.kind.value, event.decision.rule)
        for _, event, _ in all_of_it
        if event.status is Status.EXPLAINED and event.decision
    }
    assert rules == {
        ("missing_funds", "reverted_on_chain"),
        ("wrong_or_scam_transfer", "reverted_on_chain"),
        ("wrong_or_scam_transfer", "pending_on_chain"),
        ("wrong_or_scam_transfer", "irreversible_on_chain"),
        ("unauthorized", "reverted_on_chain"),
        ("unauthorized", "pending_on_chain"),
        ("unauthorized", "irreversible_on_chain"),
        ("unauthorized", "keys_exposed"),
        ("access_lost", "keys_are_yours"),
    }


def test_all_that_can_be_sent_is_known_here(all_of_it: Everything) -> None:
    told = {told.template.value for _, _, told in all_of_it if told}
    assert told <= TOLD
    assert TOLD - told <= {"duplicate"}  # needs a dispute beside it
    assert told & {"explained_on_chain", "explained_keys", "explained_exposed"}


@pytest.mark.parametrize("locale", templates.LOCALES)
@pytest.mark.parametrize("name", sorted(TOLD))
def test_no_text_that_can_be_sent_promises_money_back(name: str, locale: str) -> None:
    language, reader = templates.language(locale), Reader(locale)
    sample, brand = samples.notice(Template(name), locale), Brand("AnPay", "AnPay", "1")
    decided = {"kind": "missing_funds", "reason": "not_refundable", "rule": "arbitration"}
    sample = Notice(sample.template, {**sample.facts, **decided})
    text = wording.sms(language, sample, reader, brand)
    letter = wording.letter(language, sample, reader, brand)
    sentences = re.split(r"[。；.;]", " ".join((text, letter.subject, letter.lead, *letter.more)))
    assert [s for s in sentences if MONEY_BACK.search(s) and not NO.search(s)] == []


@pytest.mark.parametrize("language", Language)
def test_no_status_and_no_step_in_the_app_promises_money_back_or_names_a_bank(
    language: Language, all_of_it: Everything
) -> None:
    told = set()
    for _, event, _ in all_of_it:
        rule = event.decision.rule if event.decision else None
        told.add(words.of_status_of_keys(event.status, event.kind, rule, language))
        told.add(words.of_step_of_keys(event.step.code, language))
    assert [text for text in told if MONEY_BACK.search(text) and not NO.search(text)] == []
    assert [text for text in told if re.search("银行|商家|bank|merchant", text)] == []


def case(kind: Kind, *heard_then: tuple[T, Payload], older: str | None = None) -> Dispute:
    """The dispute after all of that; each of it has to apply."""
    named = None if kind in (Kind.ACCESS_LOST, Kind.COMPLAINT) else HASH
    dispute = Dispute(claim(kind, currency="ETH", merchant_id=None, transaction_id=named))
    for name, payload in ((T.OPENED, None), *heard_then):
        money = MoneyView(duplicate_of=older)
        decision = decide(dispute, Trigger(name, Actor.BANK, payload), START, OF_KEYS, money)
        assert decision.applied, name
        dispute = decision.dispute
    return dispute


def stands(dispute: Dispute) -> tuple[str, str | None, str | None]:
    """Status, the rule that explained it, and what a person is asked."""
    facts = dispute.facts
    return public.status(dispute).value, facts.decision_rule, facts.arbitration_cause


Heard = tuple[T, Payload]
CAPTURED: Heard = (T.TRANSACTION_FOUND, on_chain(TransactionState.CAPTURED))
FAILED: Heard = (T.TRANSACTION_FOUND, on_chain(TransactionState.DECLINED))
UNKNOWN: Heard = (T.TRANSACTION_FOUND, on_chain(TransactionState.UNKNOWN))
SILENT: Heard = (T.INQUIRY_DUE, None)
MISSING: Heard = (T.TRANSACTION_MISSING, None)
LOST, ASTRAY, THEFT = Kind.MISSING_FUNDS, Kind.WRONG_OR_SCAM_TRANSFER, Kind.UNAUTHORIZED
EXPLAINED: list[tuple[Kind, list[Heard], str]] = [
    (LOST, [FAILED], "reverted_on_chain"),
    (ASTRAY, [FAILED], "reverted_on_chain"),
    (THEFT, [FAILED], "reverted_on_chain"),
    (ASTRAY, [CAPTURED], "irreversible_on_chain"),
    (THEFT, [CAPTURED], "irreversible_on_chain"),
    (LOST, [CAPTURED, (T.TRACE_REJECTED, TraceReport(1, reject_reason="x"))], "reverted_on_chain"),
    (ASTRAY, [SILENT, CAPTURED], "irreversible_on_chain"),  # the node answered late
    (THEFT, [MISSING, FAILED], "reverted_on_chain"),
    (Kind.ACCESS_LOST, [], "keys_are_yours"),
]


@pytest.mark.parametrize(("kind", "heard_then", "rule"), EXPLAINED)
def test_what_the_chain_says_is_explained_as_what_it_is(
    kind: Kind, heard_then: list[Heard], rule: str
) -> None:
    assert stands(case(kind, *heard_then)) == ("explained", rule, None)


@pytest.mark.parametrize("kind", [LOST, ASTRAY, THEFT])
@pytest.mark.parametrize(
    ("said", "cause"),
    [(SILENT, "node_silent"), (MISSING, "not_on_chain"), (UNKNOWN, "chain_unclear")],
)
def test_what_the_chain_does_not_say_a_person_finds_out(
    kind: Kind, said: Heard, cause: str
) -> None:
    assert stands(case(kind, said)) == ("in_arbitration", None, cause)


def test_one_that_is_not_confirmed_in_time_is_looked_at_and_heard_late() -> None:
    untraced = (T.TRACE_DUE, None)
    assert stands(case(LOST, CAPTURED, untraced))[2] == "unconfirmed_on_chain"
    delivered = (T.TRACE_DELIVERED, TraceReport(1, proof=HASH))
    confirmed = case(LOST, CAPTURED, untraced, delivered)
    assert stands(confirmed)[:2] == ("delivered", None)


@pytest.mark.parametrize("kind", [LOST, ASTRAY, THEFT])
def test_the_same_transaction_is_one_case(kind: Kind) -> None:
    assert stands(case(kind, older="402100000001"))[0] == "duplicate"


@pytest.mark.parametrize("kind", [LOST, ASTRAY, THEFT, Kind.ACCESS_LOST])
def test_every_explanation_can_be_appealed(kind: Kind) -> None:
    path = [] if kind is Kind.ACCESS_LOST else [FAILED]
    appealed = case(kind, *path, (T.APPEALED, Wish("c-1")))
    assert stands(appealed)[::2] == ("in_arbitration", "appeal")


def test_each_explanation_has_words_in_the_app() -> None:
    chain = {"irreversible_on_chain", "pending_on_chain", "reverted_on_chain"}
    assert of_keys.BY_RULE.keys() == chain | {"keys_are_yours", "keys_exposed"}


@pytest.mark.parametrize(
    ("template", "zh", "en"),
    [
        ("explained_on_chain", ["不可逆转", "撤销陌生授权", "报警回执", "交易所冻结"],
         ["irreversible", "Revoke unknown approvals", "police report", "exchange to freeze"]),
        ("explained_exposed", ["撤销授权", "剩下的资产转到新钱包", "报警回执"],
         ["revoke approvals", "move what is left to a new wallet", "police report"]),
        ("explained_keys", ["助记词只在您手里", "没有人能重置", "备份"],
         ["recovery phrase is yours alone", "nobody can reset", "backup"]),
        ("explained_pending", ["还没上链", "如是您发出", "马上在钱包里取消", "确认后不可逆转"],
         ["not on the chain when we looked", "If you sent it, cancel", "irreversible"]),
        ("explained_reverted", ["链上失败", "没有转出资产", "网络费不能退还"],
         ["failed on the chain", "no assets moved", "fee cannot be returned"]),
    ],
)  # fmt: skip
def test_a_customer_reads_what_can_be_done(template: str, zh: list[str], en: list[str]) -> None:
    for locale, parts in (("zh-CN", zh), ("en", en)):
        text = samples.preview(Template(template), locale).text
        assert [part for part in parts if part not in text] == []


def test_nobody_is_ever_asked_for_a_recovery_phrase() -> None:
    for name in sorted(TOLD):
        for locale, phrase in (("zh-CN", "助记词"), ("en", "phrase")):
            shown = samples.preview(Template(name), locale)
            for sentence in re.split(r"[。；.;]", f"{shown.text} {shown.body}"):
                asked = re.search(
                    r"(请|please).*(发|告诉我们|提供|send|give|tell us)", sentence, re.IGNORECASE
                )
                assert not (phrase in sentence and asked), sentence


def test_who_waits_for_a_block_is_told_to_cancel_and_never_to_hurry_it() -> None:
    chinese, english = of_keys.BY_RULE["pending_on_chain"]
    assert "取消" in chinese
    assert "加速" not in chinese
    assert "cancel" in english
    assert of_keys.STEPS["transaction_found"] == (
        "节点查到了这笔交易。",
        "The node knows this transaction.",
    )
