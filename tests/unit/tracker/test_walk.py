"""Random walks of one or two disputes over one transaction; rules that hold after every step.

A failure prints the walk's seed and its steps; `WALK_SEED=… WALKS=1` walks the same way again.
"""

import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from services.tracker.domain import public
from services.tracker.domain.decide import Decision, decide
from services.tracker.domain.dispute import Dispute, MoneyView
from services.tracker.domain.states import (
    Arbitration,
    Consent,
    Inquiry,
    Leg,
    Refund,
    Reversal,
    State,
    Trace,
    Verdict,
)
from services.tracker.domain.tables import TABLES
from services.tracker.domain.triggers import (
    ArbitratorDecision,
    BankTransaction,
    MerchantAnswer,
    Payload,
    RefundReport,
    T,
    TraceReport,
    Trigger,
    Wish,
)
from shared.contracts.vocabulary import Actor, Fault, Kind, Payer, Remedy, TransactionState
from tests.unit.tracker.case import PROFILE, START, Case, claim

CAPTURED: Final = 10_000
SEED: Final = int(os.environ.get("WALK_SEED") or secrets.randbelow(2**32))
WALKS: Final = int(os.environ.get("WALKS") or 400)
STEPS: Final = 60

# What a leg in this state waits for, by hand: timers, and `call` where one must be outstanding.
TIMERS: Final[dict[State, set[str]]] = {
    Inquiry.ASKED: {"inquiry_due"},
    Trace.ASKED: {"trace_recheck", "trace_due"},
    Trace.IN_TRANSIT: {"trace_recheck", "trace_due"},
    Reversal.WATCHED: {"reversal_recheck", "reversal_due"},
    Reversal.OVERDUE: {"reversal_recheck"},
    Consent.ASKED: {"merchant_due"},
    Consent.DELIVERED: {"merchant_due"},
    Arbitration.OPEN: {"arbitration_due"},
    Refund.RESERVED: {"refund_due"},
    Refund.UNKNOWN: {"refund_due"},
    Refund.IN_FLIGHT: {"refund_recheck", "refund_due"},
    Refund.STUCK: {"refund_recheck"},
    Refund.BOUNCED: {"bounce_due"},
    Refund.UNFUNDED: {"funding_due"},
}
CALLS: Final[dict[State, str]] = {
    Inquiry.ASKED: "bank:inquiry:1",
    Inquiry.STALLED: "bank:inquiry:1",
    Refund.RESERVED: "bank:refund:{refund_n}",
    Refund.UNKNOWN: "bank:refund_query:{refund_n}",
}
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
ANSWERS: Final[dict[str, tuple[T, ...]]] = {
    "inquiry": (T.TRANSACTION_FOUND, T.TRANSACTION_FOUND, *INQUIRY_ANSWERS),
    "trace": TRACE_ANSWERS,
    "trace_query": TRACE_ANSWERS,
    "watch": REVERSAL_ANSWERS,
    "reversal_query": REVERSAL_ANSWERS,
    "return_query": REVERSAL_ANSWERS,
    "refund": (*REFUND_ANSWERS, T.REFUND_NO_ANSWER),
    "refund_query": (*REFUND_ANSWERS, T.REFUND_NOT_FOUND),
    "consent": (T.CONSENT_DELIVERED,),
}
OUTSIDE: Final = (
    T.WITHDRAWN,
    T.LATE_CONSENT_REQUESTED,
    T.APPEALED,
    T.REFUND_DECLARED_FAILED,
    T.ARBITRATOR_DECIDED,
    T.MERCHANT_ACCEPTED,
    T.MERCHANT_REFUSED,
    T.CONSENT_DELIVERED,
    T.REFUND_NO_ANSWER,
    T.REFUND_NOT_FOUND,
    *INQUIRY_ANSWERS,
    *TRACE_ANSWERS,
    *REVERSAL_ANSWERS,
    *REFUND_ANSWERS,
    *(name for name in T if name.endswith(("_due", "_recheck"))),
)

KINDS: Final = (Kind.MISSING_FUNDS, Kind.REFUND_REQUEST, Kind.PAYMENT_FAILED)
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
            transaction_id="t-1" if self.random.random() < 0.95 else None,
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
        trigger = Trigger(name, Actor.REDRESS, payload)
        assert decide(before, trigger, case.now, PROFILE, case.money) == answer
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
        refund = dispute.legs.refund
        assert (
            (refund in (Refund.CREDITED, Refund.STUCK)) if mine else refund is not Refund.CREDITED
        )
        if not mine:
            return
        assert case.next_actor == ("nobody" if refund is Refund.CREDITED else "ops")
        assert f"bank:refund:{facts.refund_n}" not in case.work
        total = sum(self.sent[key][0] or 0 for key in mine)
        assert (
            facts.over_recovered or facts.held_for_refund_minor >= total or refund is Refund.STUCK
        )
        if refund is Refund.CREDITED:
            assert facts.over_recovered or len(mine) == 1
            assert facts.approved_minor in [self.sent[key][0] for key in mine]

    def _check_attempt(self, before: Dispute, case: Case) -> None:
        """A key stands for one amount and payer; a new one comes after a final failure."""
        facts = case.dispute.facts
        if case.dispute.legs.refund not in MOVING:
            return
        if facts.refund_n > before.facts.refund_n:
            assert before.legs.refund in (Refund.NONE, Refund.FAILED)
        key = (case.dispute.claim.dispute_id, facts.refund_n)
        attempt = facts.attempt(facts.refund_n)
        order = (attempt.amount_minor, attempt.payer)
        assert self.sent.setdefault(key, order) == order
        if case.dispute.legs.refund is Refund.RESERVED:
            assert (facts.approved_minor, facts.payer) == order
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
    if name in (T.MERCHANT_ACCEPTED, T.MERCHANT_REFUSED):
        return MerchantAnswer(facts.consent_n if n is None else n)
    if name is T.ARBITRATOR_DECIDED:
        return ArbitratorDecision(
            fault=random.choice(list(Fault)),
            remedy=random.choice(list(Remedy)),
            reason="other",
            decided_by=random.choice(("ops-1", "ops-2", "ops-3")),
            amount_minor=random.choice(AMOUNTS),
            payer=random.choice((None, *Payer)),
        )
    wishes = (T.WITHDRAWN, T.LATE_CONSENT_REQUESTED, T.APPEALED, T.REFUND_DECLARED_FAILED)
    return Wish("c-1") if name in wishes else None


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
    return sum(held.amount_minor for held in public.holds(dispute) if held.state != "released")


def _check_decision(before: Dispute, answer: Decision, case: Case) -> None:
    if not answer.applied:
        assert (answer.dispute, answer.effects) == (before, ())
        assert answer.reason
        return
    promised = case.dispute.facts.promised_at
    assert promised is None or promised > case.now


def _check_waiting(case: Case) -> None:
    dispute = case.dispute
    assert case.work[T.PROMISE_DUE] == dispute.facts.promised_at
    states = [dispute.legs.of(leg) for leg in Leg]
    wanted = {timer for state in states for timer in TIMERS.get(state, ())}
    assert {name for name in case.waits_for if ":" not in name} == wanted
    n = dispute.facts.refund_n
    calls = {CALLS[state].format(refund_n=n) for state in states if state in CALLS}
    assert calls <= case.waits_for
    assert case.waits_for, "nothing would ever move it"
    assert case.next_actor != "nobody"
    assert all(held.amount_minor >= 0 for held in public.holds(dispute))


def _check_ended(case: Case) -> None:
    assert case.work == {}
    assert case.next_actor == "nobody"
    assert case.dispute.facts.promised_at is None
    assert case.dispute.legs.refund in (Refund.NONE, Refund.CREDITED)
    decides = case.dispute.legs.arbitration is Arbitration.OPEN
    assert not decides or case.dispute.legs.verdict is Verdict.WITHDRAWN


def test_walks() -> None:
    for number in range(WALKS):
        walk = Walk(Random(SEED + number))
        try:
            walk.go()
        except Exception as error:
            steps = "\n".join(walk.trail)
            error.add_note(f"WALK_SEED={SEED + number} WALKS=1\n{steps}")
            raise
