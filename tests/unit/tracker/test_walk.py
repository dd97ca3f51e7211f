"""Random walks of one or two disputes over one transaction; rules that hold after every step.

A failure prints the walk's seed and its steps; `WALK_SEED=… WALKS=1` walks the same way again.
"""

import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from services.tracker.domain import public, standing
from services.tracker.domain.decide import Decision, decide
from services.tracker.domain.dispute import Dispute, MoneyView
from services.tracker.domain.holds import holds
from services.tracker.domain.routes import ALWAYS, PATHS
from services.tracker.domain.states import (
    Access,
    Arbitration,
    Chargeback,
    Complaint,
    Consent,
    Credit,
    Destination,
    Details,
    Goods,
    Hold,
    Identity,
    Inquiry,
    Leg,
    Legal,
    Recall,
    Records,
    Refund,
    Reversal,
    State,
    Trace,
)
from services.tracker.domain.tables import LEG_OF, TABLES
from services.tracker.domain.triggers import (
    AccountReport,
    ArbitratorDecision,
    BankTransaction,
    Cause,
    ChargebackReport,
    Choice,
    Comparison,
    Grant,
    MerchantAnswer,
    Payload,
    Posting,
    RecallReport,
    RefundReport,
    T,
    TraceReport,
    Wish,
)
from services.tracker.domain.triggers import Details as NamedLate
from services.tracker.store.rows import money_json, money_of, payload_json, trigger_of
from shared.contracts.vocabulary import (
    WITHOUT_TRANSACTION,
    Actor,
    Fault,
    Funding,
    Kind,
    Payer,
    Remedy,
    Reopening,
    TransactionKind,
    TransactionState,
)
from tests.unit.tracker.case import PROFILE, START, Case, claim

CAPTURED: Final = 10_000
SEED: Final = int(os.environ.get("WALK_SEED") or secrets.randbelow(2**32))
WALKS: Final = int(os.environ.get("WALKS") or 400)
STEPS: Final = 60

# What a leg in this state waits for, by hand: timers, and `call` where one must be outstanding.
TIMERS: Final[dict[State, set[str]]] = {
    Details.ASKED: {"details_due"},
    Inquiry.ASKED: {"inquiry_due"},
    Records.ASKED: {"records_due"},
    Records.ON_ITS_WAY: {"records_recheck", "records_due"},
    Records.UNFUNDED: {"records_recheck", "records_due"},
    Trace.ASKED: {"trace_recheck", "trace_due"},
    Trace.IN_TRANSIT: {"trace_recheck", "trace_due"},
    Reversal.WATCHED: {"reversal_recheck", "reversal_due"},
    Records.OVERDUE: {"records_recheck"},
    Reversal.OVERDUE: {"reversal_recheck"},
    Recall.ASKED: {"recall_recheck", "recall_due"},
    Recall.AGREED: {"recall_recheck", "recall_due"},
    Recall.OVERDUE: {"recall_recheck"},
    Consent.ASKED: {"merchant_due"},
    Consent.DELIVERED: {"merchant_due"},
    Consent.OFFERED: {"offer_due"},
    Goods.AWAITED: {"goods_due"},
    Goods.SHIPPED: {"goods_due"},
    Arbitration.GATHERING: {"evidence_due"},
    Arbitration.OPEN: {"arbitration_due"},
    Arbitration.PROPOSED: {"arbitration_due"},
    Refund.RESERVED: {"refund_due"},
    Refund.UNKNOWN: {"refund_due"},
    Refund.IN_FLIGHT: {"refund_recheck", "refund_due"},
    Refund.STUCK: {"refund_recheck"},
    Refund.UNFUNDED: {"funding_due"},
    Destination.ASKED: {"destination_due"},
    Destination.CHOSEN: {"destination_due"},
    Chargeback.FILED: {"chargeback_recheck", "chargeback_due"},
    Chargeback.REPRESENTED: {"chargeback_recheck", "chargeback_due"},
    Chargeback.PRE_ARBITRATION: {"chargeback_recheck", "chargeback_due"},
    Chargeback.ARBITRATION: {"chargeback_recheck", "chargeback_due"},
    Chargeback.WITHDRAWING: {"chargeback_recheck"},
    Credit.NOTICED: {"credit_notice_due"},
    Hold.HELD: {"hold_due"},
    Identity.ASKED: {"identity_recheck", "identity_due"},
    Identity.FAILED: {"documents_due"},
    Identity.EXPIRED: {"documents_due"},
    Access.ASKED: {"reset_recheck"},
    Access.REFUSED: {"reset_recheck"},
    Legal.HELD: {"legal_due"},
    Complaint.OPEN: {"complaint_due"},
}
# Timers that may be there as well, or have fired already.
SOMETIMES: Final = {
    "merchant_reminder",
    "chargeback_window",
    "chargeback_due",
    "credit_due",
}
CALLS: Final[dict[State, str]] = {
    Inquiry.ASKED: "bank:inquiry:1",
    Inquiry.STALLED: "bank:inquiry:1",
    Refund.RESERVED: "bank:refund:{refund_n}",
    Refund.UNKNOWN: "bank:refund_query:{refund_n}",
    Credit.ORDERED: "bank:credit:1",
    Credit.REVERSING: "bank:credit_reversal:1",
    Hold.ASKED: "accounts:hold:1",
    Hold.FREEZING: "accounts:freeze:1",
    Hold.RELEASING: "accounts:release:1",
}
PAYING: Final = ("refund", "credit", "credit_reversal", "correction", "compensation")
MOVING: Final = {
    Refund.RESERVED,
    Refund.IN_FLIGHT,
    Refund.UNKNOWN,
    Refund.STUCK,
    Refund.BOUNCED,
    Refund.UNFUNDED,
}
REFUND_ANSWERS: Final = (
    T.REFUND_ACCEPTED,
    T.REFUND_CREDITED,
    T.REFUND_BOUNCED,
    T.REFUND_UNFUNDED,
    T.REFUND_FAILED,
)
TRACE_ANSWERS: Final = (
    T.TRACE_IN_TRANSIT,
    T.TRACE_DELIVERED,
    T.TRACE_REJECTED,
    T.TRACE_WRONG_ACCOUNT,
    T.TRACE_NOT_FOUND,
)
REVERSAL_ANSWERS: Final = (T.REVERSAL_PENDING, T.REVERSAL_CREDITED, T.REVERSAL_ABSENT)
INQUIRY_ANSWERS: Final = (T.TRANSACTION_FOUND, T.TRANSACTION_MISSING, T.TRANSACTION_FOREIGN)
# What may answer a call, by hand; any other call is answered with any news of its leg.
ANSWERS: Final[dict[str, tuple[T, ...]]] = {
    "inquiry": (T.TRANSACTION_FOUND, T.TRANSACTION_FOUND, *INQUIRY_ANSWERS),
    "trace": TRACE_ANSWERS,
    "trace_query": TRACE_ANSWERS,
    "watch": REVERSAL_ANSWERS,
    "reversal_query": REVERSAL_ANSWERS,
    "return_query": REVERSAL_ANSWERS,
    "refund": (*REFUND_ANSWERS, T.REFUND_NO_ANSWER, T.REFUND_WITHHELD),
    "chargeback_watch": (T.CHARGEBACK_APPEARED,),
    "refund_query": (*REFUND_ANSWERS, T.REFUND_NOT_FOUND),
    "consent": (T.CONSENT_DELIVERED,),
    "records": tuple(
        name for name in T if name.startswith("records_") and not name.endswith(("due", "recheck"))
    ),
    **dict.fromkeys(
        ("recall", "recall_query"),
        (T.RECALL_PENDING, T.RECALL_AGREED, T.RECALL_REFUSED, T.RECALL_RETURNED),
    ),
    **dict.fromkeys(
        (
            "chargeback",
            "chargeback_query",
            "pre_arbitration",
            "network_arbitration",
            "chargeback_withdrawal",
        ),
        (
            T.CHARGEBACK_PENDING,
            T.CHARGEBACK_REPRESENTED,
            T.CHARGEBACK_WON,
            T.CHARGEBACK_LOST,
            T.CHARGEBACK_WITHDRAWN,
        ),
    ),
    "credit": (T.CREDIT_POSTED, T.CREDIT_REFUSED),
    "credit_reversal": (T.CREDIT_REVERSED, T.CREDIT_REVERSAL_REFUSED),
    "correction": (T.CORRECTION_POSTED, T.CORRECTION_REFUSED),
    "compensation": (T.COMPENSATION_POSTED, T.COMPENSATION_REFUSED),
    "hold": (T.HOLD_PLACED, T.HOLD_PLACED, T.HOLD_REFUSED),
    "freeze": (T.HOLD_FROZEN,),
    "release": (T.HOLD_RELEASED,),
    **dict.fromkeys(
        ("identity", "identity_query"),
        (T.IDENTITY_PENDING, T.IDENTITY_VERIFIED, T.IDENTITY_FAILED),
    ),
    **dict.fromkeys(("reset", "reset_query"), (T.RESET_PENDING, T.RESET_DONE, T.RESET_REFUSED)),
    **dict.fromkeys(("reminder", "goods", "evidence"), (T.CONSENT_DELIVERED,)),
}
DECIDING: Final = (Arbitration.GATHERING, Arbitration.OPEN, Arbitration.PROPOSED)
ROUTED: Final = {route.trigger for path in (ALWAYS, *PATHS.values()) for route in path}
OUTSIDE: Final = tuple(
    name for name in T if name in LEG_OF and (name not in ROUTED or name is T.REVERSAL_CREDITED)
)

KINDS: Final = tuple(Kind)
MONEY: Final = set(Kind) - WITHOUT_TRANSACTION
AMOUNTS: Final = (None, 0, 1, 4_000, 6_000, CAPTURED, 12_000)


@dataclass
class Walk:
    """One or two disputes of one transaction, a clock, what was sent under each key and paid."""

    random: Random
    cases: list[Case] = field(default_factory=list)
    statuses: dict[Any, str] = field(default_factory=dict)
    sent: dict[tuple[UUID, int], tuple[int | None, Payer | None]] = field(default_factory=dict)
    paid: set[tuple[UUID, int]] = field(default_factory=set)  # by what the bank told last
    trail: list[str] = field(default_factory=list)

    def go(self) -> None:
        for number in range(1, self.random.randint(1, 2) + 1):
            self._open(number)
        for _ in range(STEPS):
            self._move(self.random.choice(self.cases))

    def _open(self, number: int) -> None:
        kind = self.random.choice(KINDS)
        opened = claim(
            kind,
            dispute_id=UUID(int=number),
            transaction_id="t-1" if kind in MONEY and self.random.random() < 0.95 else None,
            requested_minor=self.random.choice((None, 4_000, 6_000, CAPTURED, 12_000)),
            occurred_at=START - timedelta(days=self.random.choice((0, 0, 0, 2))),
        )
        self.cases.append(Case(Dispute(opened)))
        self._step(self.cases[-1], T.OPENED, None)

    def _move(self, case: Case) -> None:
        calls = sorted(name for name in case.work if ":" in name)
        timers = sorted((due, name) for name, due in case.work.items() if ":" not in name)
        chance = self.random.random()
        if calls and chance < 0.4:
            self._answer(case, self.random.choice(calls))
        elif timers and chance < 0.6:
            due, name = timers[0] if self.random.random() < 0.7 else self.random.choice(timers)
            self._until(due)
            del case.work[name]
            self._step(case, T(name), None)
        elif chance < 0.9:
            self._hear(case, self.random.choice(_possible(case)))
        else:
            self._until(case.now + timedelta(seconds=self.random.choice((0, 1, 5, 50, 700))))
            self._hear(case, self.random.choice(OUTSIDE), self.random.randint(0, 3))

    def _answer(self, case: Case, call: str) -> None:
        _, kind, n = call.split(":")
        self._until(case.work[call])
        del case.work[call]
        self._hear(case, self.random.choice(ANSWERS[kind]), int(n))

    def _hear(self, case: Case, name: T, n: int | None = None) -> None:
        self._step(case, name, _payload(self.random, case, name, n))

    def _until(self, moment: datetime) -> None:
        for case in self.cases:
            case.now = max(case.now, moment)

    def _step(self, case: Case, name: T, payload: Payload) -> None:
        self.trail.append(
            f"{case.dispute.claim.dispute_id.int} {case.now:%H:%M:%S} {name} {payload}"
        )
        others = sum(_held(other.dispute) for other in self.cases if other is not case)
        case.money = MoneyView(others_minor=others)
        before = case.dispute
        answer = case.when(name, payload, actor=Actor.REDRESS)
        kept = trigger_of(name, Actor.REDRESS, payload_json(payload))  # as history has it
        money = money_of(money_json(case.money))
        assert decide(before, kept, case.now, PROFILE, money) == answer
        _check_decision(before, answer, case)
        self._check_attempt(before, case)
        self._bank_told(before, name, payload)
        self._check_paid(case)
        self._check_all()

    def _bank_told(self, before: Dispute, name: T, payload: Payload) -> None:
        """A credit of any attempt that was made stands until its bounce."""
        if not isinstance(payload, RefundReport) or not 0 < payload.n <= before.facts.refund_n:
            return
        key = (before.claim.dispute_id, payload.n)
        if name is T.REFUND_CREDITED:
            self.paid.add(key)
        elif name is T.REFUND_BOUNCED:
            self.paid.discard(key)

    def _check_paid(self, case: Case) -> None:
        """What was paid is shown, held, and not paid again without a person."""
        dispute, facts = case.dispute, case.dispute.facts
        mine = {key for key in self.paid if key[0] == dispute.claim.dispute_id}
        assert set(facts.credited_attempts) == {n for _, n in mine}
        refund, total = dispute.legs.refund, sum(self.sent[key][0] or 0 for key in mine)
        if not mine:
            assert refund is not Refund.CREDITED
            return
        if refund in (Refund.CREDITED, Refund.STUCK):
            assert f"bank:refund:{facts.refund_n}" not in case.work
        else:  # a part was paid, or went back: the rest is still due
            assert total < (facts.approved_minor or 0)
        if refund is Refund.STUCK:
            assert case.next_actor == "ops" or case.legs.get("legal") == "held"
        if refund is Refund.CREDITED:
            assert facts.over_recovered or total == facts.approved_minor
            assert facts.over_recovered or facts.held_for_refund_minor >= total

    def _check_attempt(self, before: Dispute, case: Case) -> None:
        """A key stands for one amount and payer; a new one comes after a final failure."""
        facts = case.dispute.facts
        if case.dispute.legs.refund not in MOVING:
            return
        if facts.refund_n > before.facts.refund_n:
            assert before.legs.refund in (
                Refund.NONE,
                Refund.FAILED,
                Refund.BOUNCED,
                Refund.CREDITED,
            )
        key = (case.dispute.claim.dispute_id, facts.refund_n)
        attempt = facts.attempt(facts.refund_n)
        order = (attempt.amount_minor, attempt.payer)
        assert self.sent.setdefault(key, order) == order
        if case.dispute.legs.refund is Refund.RESERVED:
            rest = (facts.approved_minor or 0) - facts.credited_minor
            assert (rest, facts.payer) == order or attempt.amount_minor >= rest
        assert facts.payer is not None

    def _check_all(self) -> None:
        assert sum(_held(case.dispute) for case in self.cases) <= CAPTURED
        for case in self.cases:
            seen = (case.dispute.legs, case.dispute.claim.kind)
            assert self.statuses.setdefault(seen, case.status) == case.status
            if public.is_open(case.dispute):
                _check_waiting(case)
            else:
                _check_ended(case)


def _possible(case: Case) -> list[T]:
    """Whatever the legs' tables know of now."""
    rows = {(case.dispute.legs.of(leg), leg) for leg in Leg}
    known = {trigger for state, leg in rows for old, trigger in TABLES[leg] if old is state}
    return [name for name in OUTSIDE if name in known] or list(OUTSIDE)


def _payload(random: Random, case: Case, name: T, n: int | None) -> Payload:
    """What may come with a trigger; without `n` it answers the ask that counts now."""
    facts = case.dispute.facts
    if name in (T.TRANSACTION_FOUND, *REVERSAL_ANSWERS):
        return None if case.legs.get("trace") == "rejected" else _bank(random)
    if name in TRACE_ANSWERS:
        return _trace(random, facts.trace_n if n is None else n)
    if name in (*REFUND_ANSWERS, T.REFUND_NO_ANSWER, T.REFUND_NOT_FOUND):
        if n is None:
            earlier = random.random() < 0.2
            n = random.randint(1, max(1, facts.refund_n)) if earlier else facts.refund_n
        return RefundReport(n, expected_at=_moment(random))
    if name in (T.GOODS_RECEIVED, T.GOODS_CONTESTED):
        return MerchantAnswer(facts.goods_n if n is None else n)
    if name is T.MERCHANT_SENT_EVIDENCE:
        return MerchantAnswer(facts.arbitration_n)
    if name.startswith("merchant_") and name not in (T.MERCHANT_DUE, T.MERCHANT_REMINDER):
        offer = random.choice(AMOUNTS)
        return MerchantAnswer(facts.consent_n if n is None else n, offer_minor=offer)
    if name is T.ARBITRATOR_DECIDED:
        return ArbitratorDecision(
            fault=random.choice(list(Fault)),
            remedy=random.choice(list(Remedy)),
            reason="other",
            decided_by=_person(random),
            amount_minor=random.choice(AMOUNTS),
            payer=random.choice((None, *Payer)),
        )
    if name is T.REFUND_WITHHELD:
        back = random.choice(AMOUNTS)
        return RefundReport(n or facts.refund_n, "charged_back", charged_back_minor=back)
    return _plain(random, case, name, n)


def _plain(random: Random, case: Case, name: T, n: int | None) -> Payload:  # noqa: C901, PLR0911 - a case for each
    facts = case.dispute.facts
    if name.endswith(("_due", "_recheck", "_window", "_reminder")):
        return None
    if name.startswith("records_"):
        return Comparison(facts.records_n if n is None else n, random.choice(AMOUNTS), "CNY")
    if name.startswith("recall_"):
        return RecallReport(facts.recall_n if n is None else n, random.choice(AMOUNTS))
    if name is T.CHARGEBACK_APPEARED:
        return ChargebackReport(None, random.choice(AMOUNTS))
    if name.startswith("chargeback_") and name is not T.CHARGEBACK_ORDERED:
        return ChargebackReport(facts.chargeback_n if n is None else n)
    if name in (T.CREDIT_ORDERED, T.COMPENSATION_ORDERED):
        return Grant(_person(random), random.choice((0, 1, 500, 4_000, CAPTURED)), "goodwill")
    if name.startswith(("credit_", "correction_", "compensation_")):
        counter = f"{name.split('_')[0]}_n"
        return Posting(getattr(facts, counter) if n is None else n)
    if name.startswith(("hold_", "identity_")):
        return AccountReport(1)
    if name.startswith("reset_"):
        reason = random.choice((None, "limit", "court"))
        return AccountReport(facts.reset_n if n is None else n, reason)
    if name in (T.GOODS_SHIPPED, T.ACCOUNT_CHOSEN):
        return Choice("c-1", "code-1")
    if name is T.DETAILS_GIVEN:
        return NamedLate("c-1", "t-1", random.choice((None, 4_000)), "CNY")
    if name in (T.CASE_REOPENED, T.LEGAL_HOLD_PLACED, T.LEGAL_HOLD_LIFTED, T.COMPLAINT_ANSWERED):
        return Cause(_person(random), random.choice(list(Reopening)))
    news = (T.CONSENT_DELIVERED, T.TRANSACTION_MISSING, T.TRANSACTION_FOREIGN)
    return None if name in news else Wish(_person(random))


def _person(random: Random) -> str:
    return random.choice(("ops-1", "ops-2", "ops-3"))


def _bank(random: Random) -> BankTransaction:
    return BankTransaction(
        transaction_id="t-1",
        state=random.choice((TransactionState.CAPTURED, *TransactionState)),
        customer_id="c-1",
        payer_id=None,
        merchant_id=random.choice((None, "m-plain", "m-signed")),
        captured_minor=CAPTURED,
        refunded_minor=0,
        currency="CNY",
        reversal_state=random.choice((None, "pending", "credited")),
        reversal_minor=random.choice(AMOUNTS),
        reversal_expected_at=_moment(random),
        kind=random.choice(list(TransactionKind)),
        funding=random.choice((None, *Funding)),
        chargeback_until=_moment(random),
    )


def _trace(random: Random, n: int) -> TraceReport:
    return TraceReport(
        n,
        at_bank=random.choice((None, "Harbour Bank")),
        expected_at=_moment(random),
        return_minor=random.choice(AMOUNTS),
        return_expected_at=_moment(random),
        return_credited=random.random() < 0.3,
    )


def _moment(random: Random) -> datetime | None:
    return random.choice((None, START + timedelta(seconds=random.randint(-1000, 9000))))


def _held(dispute: Dispute) -> int:
    return sum(held.amount_minor for held in holds(dispute) if held.state != "released")


def _check_decision(before: Dispute, answer: Decision, case: Case) -> None:
    if not answer.applied:
        assert (answer.dispute, answer.effects) == (before, ())
        assert answer.reason
        return
    promised = case.dispute.facts.promised_at
    assert promised is None or promised > case.now


def paying(calls: Collection[str]) -> set[str]:
    """Those that move money, none of which is made while the law holds the case."""
    return {call for call in calls if ":" in call and call.split(":")[1] in PAYING}


def _check_waiting(case: Case) -> None:
    dispute = case.dispute
    assert case.work[T.PROMISE_DUE] == dispute.facts.promised_at
    states = [dispute.legs.of(leg) for leg in Leg]
    wanted = {timer for state in states for timer in TIMERS.get(state, ())}
    timers = {name for name in case.waits_for if ":" not in name}
    assert timers - SOMETIMES == wanted - SOMETIMES, (timers, wanted)
    assert wanted & {"chargeback_due"} <= timers
    n = dispute.facts.refund_n
    calls = {CALLS[state].format(refund_n=n) for state in states if state in CALLS}
    if dispute.legs.legal is Legal.HELD:
        assert not paying(calls) & case.waits_for
        calls -= paying(calls)
    assert calls <= case.waits_for
    assert case.waits_for, "nothing would ever move it"
    assert case.next_actor != "nobody"
    assert all(held.amount_minor >= 0 for held in holds(dispute))


def _check_ended(case: Case) -> None:
    assert case.work == {}
    assert case.next_actor == "nobody"
    assert case.dispute.facts.promised_at is None
    assert case.dispute.legs.refund in (Refund.NONE, Refund.CREDITED)
    assert not standing.money_may_come(case.dispute.legs)
    assert case.dispute.legs.arbitration not in DECIDING


def test_walks() -> None:
    for number in range(WALKS):
        walk = Walk(Random(SEED + number))
        try:
            walk.go()
        except Exception as error:
            steps = "\n".join(walk.trail)
            legs = [(case.dispute.claim.kind.value, case.legs) for case in walk.cases]
            error.add_note(f"WALK_SEED={SEED + number} WALKS=1\n{steps}\n{legs}")
            raise
