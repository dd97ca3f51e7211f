"""Given, when, then for the core: a dispute, and the work that its decisions have asked for.

The rules' values are all different, so that a deadline tells which rule it came from.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.tracker.domain import public
from services.tracker.domain.decide import Decision, decide
from services.tracker.domain.dispute import Claim, Dispute, MoneyView
from services.tracker.domain.effects import Call, Cancel, Timer, Unmake
from services.tracker.domain.holds import holds
from services.tracker.domain.states import Leg
from services.tracker.domain.tables import LEG_OF
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
from shared.contracts.vocabulary import (
    Actor,
    Fault,
    Kind,
    Payer,
    Remedy,
    TransactionState,
)
from shared.rules import Contract, Profile, Rule, Unit

START: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

SECONDS: Final = {
    "inquiry_due": 20,
    "trace_recheck": 30,
    "trace_due": 400,
    "reversal_recheck": 40,
    "reversal_due": 500,
    "reversal_due_transfer": 500,
    "merchant_answer": 60,
    "arbitration_due": 700,
    "escalation": 70,
    "refund_settling": 5,
    "refund_key_lifetime": 100,
    "refund_recheck": 50,
    "news_grace": 30,
    "bank_date_horizon": 20_000,
    "refund_due": 600,
    "funding_due": 650,
    "bounce_choice": 800,
    "details_due": 810,
    "records_due": 820,
    "records_recheck": 35,
    "recall_due": 830,
    "recall_recheck": 45,
    "merchant_confirm": 64,
    "offer_choice": 840,
    "goods_due": 850,
    "goods_receipt": 860,
    "evidence_due": 210,
    "confirmation_due": 220,
    "chargeback_margin": 55,
    "chargeback_recheck": 65,
    "chargeback_due": 870,
    "provisional_credit": 880,
    "credit_notice": 230,
    "hold_length": 240,
    "identity_recheck": 75,
    "identity_due": 250,
    "documents_due": 260,
    "reset_recheck": 85,
    "reset_limit": 270,
    "legal_review": 890,
    "complaint_due": 910,
    "promise_reminder": 15,
    "promise_missing_funds": 900,
    "promise_refund_request": 1000,
    "promise_payment_failed": 1100,
    "promise_wrong_amount": 1101,
    "promise_duplicate_charge": 1102,
    "promise_refund_not_received": 1103,
    "promise_goods_or_service": 1104,
    "promise_unauthorized": 1105,
    "promise_wrong_or_scam_transfer": 1106,
    "promise_balance_anomaly": 1107,
    "promise_access_lost": 1108,
    "promise_complaint": 1109,
    "appeal_window": 3000,
    "refund_window": 86_400,
}
CALLS: Final = {
    "inquiry": Leg.INQUIRY,
    "records": Leg.RECORDS,
    "trace": Leg.TRACE,
    "trace_query": Leg.TRACE,
    "watch": Leg.REVERSAL,
    "return_query": Leg.REVERSAL,
    "reversal_query": Leg.REVERSAL,
    "recall": Leg.RECALL,
    "recall_query": Leg.RECALL,
    "consent": Leg.CONSENT,
    "reminder": Leg.CONSENT,
    "goods": Leg.GOODS,
    "evidence": Leg.ARBITRATION,
    "refund": Leg.REFUND,
    "refund_query": Leg.REFUND,
    "chargeback": Leg.CHARGEBACK,
    "chargeback_query": Leg.CHARGEBACK,
    "chargeback_watch": Leg.CHARGEBACK,
    "pre_arbitration": Leg.CHARGEBACK,
    "network_arbitration": Leg.CHARGEBACK,
    "chargeback_withdrawal": Leg.CHARGEBACK,
    "credit": Leg.CREDIT,
    "credit_reversal": Leg.CREDIT,
    "correction": Leg.CORRECTION,
    "compensation": Leg.COMPENSATION,
    "hold": Leg.HOLD,
    "freeze": Leg.HOLD,
    "release": Leg.HOLD,
    "identity": Leg.IDENTITY,
    "identity_query": Leg.IDENTITY,
    "reset": Leg.ACCESS,
    "reset_query": Leg.ACCESS,
}
"""The leg that asks, by the kind of the call: one key for all that is asked of one thing."""

PROFILE: Final = Profile(
    name="test",
    version=1,
    calendar="CN",
    zone="Asia/Shanghai",
    rules={
        name: Rule(name, value, Unit.SECOND, "this test", "default")
        for name, value in SECONDS.items()
    },
    contracts={
        "m-signed": Contract("m-signed", silence_refunds=True, cap_minor=10_000, currency="CNY"),
        "m-unsigned": Contract(
            "m-unsigned", silence_refunds=False, cap_minor=10_000, currency="CNY"
        ),
    },
    amounts={"four_eyes_above": {"CNY": 500_000}, "compensation_cap": {"CNY": 2_000}},
)


@dataclass
class Case:
    """A dispute in time, with the timers and calls that are outstanding."""

    dispute: Dispute
    money: MoneyView = field(default_factory=MoneyView)
    now: datetime = START
    work: dict[str, datetime] = field(default_factory=dict)
    last: Decision | None = None

    def when(
        self, name: T, payload: Payload = None, *, after_s: float = 0, actor: Actor = Actor.BANK
    ) -> Decision:
        """Something happens `after_s` later; a timer that fires is outstanding no more."""
        self.now += timedelta(seconds=after_s)
        self.work.pop(name, None)
        decision = decide(
            self.dispute, Trigger(name, actor, payload), self.now, PROFILE, self.money
        )
        self.last, self.dispute = decision, decision.dispute
        self._ask(decision)
        return decision

    def answered(self, call: str, name: T, payload: Payload = None, after_s: float = 0) -> Decision:
        """An outstanding call is answered."""
        assert call in self.work, f"{call} is not outstanding: {sorted(self.work)}"
        del self.work[call]
        return self.when(name, payload, after_s=after_s)

    def due_in(self, name: str) -> float:
        """Seconds until a timer or call is due."""
        return (self.work[name] - self.now).total_seconds()

    @property
    def waits_for(self) -> set[str]:
        """Timers by trigger, calls as `party:kind:n`; without the promise, always there."""
        assert (T.PROMISE_DUE in self.work) == public.is_open(self.dispute)
        return set(self.work) - {T.PROMISE_DUE, T.PROMISE_NEAR}

    @property
    def status(self) -> str:
        return public.status(self.dispute).value

    @property
    def next_actor(self) -> str:
        return public.next_actor(self.dispute).value

    @property
    def actions(self) -> list[str]:
        return [action.value for action in public.actions(self.dispute, self.now)]

    @property
    def promised_in(self) -> float | None:
        promised = self.dispute.facts.promised_at
        return (promised - self.now).total_seconds() if promised else None

    @property
    def holds(self) -> list[tuple[str, int, str]]:
        return [(h.purpose, h.amount_minor, h.state) for h in holds(self.dispute)]

    @property
    def legs(self) -> dict[str, str]:
        """The legs that have begun."""
        legs = {leg.value: str(self.dispute.legs.of(leg).value) for leg in Leg}
        return {name: state for name, state in legs.items() if state != "none"}

    @property
    def facts(self) -> Any:
        return self.dispute.facts

    def _ask(self, decision: Decision) -> None:
        for effect in decision.effects:
            match effect:
                case Timer(leg, trigger, due_at):
                    assert leg is LEG_OF.get(trigger, Leg.VERDICT), "a timer is of what it moves"
                    self.work[trigger] = due_at
                case Cancel(leg, trigger):
                    assert leg is LEG_OF[trigger], "so is what takes it back"
                    self.work.pop(trigger, None)
                case Unmake(leg, kind, n):
                    assert leg is CALLS[kind], f"{kind} is a call of another leg"
                    self.work.pop(f"bank:{kind}:{n}", None)
                case Call(party, leg, kind, n, at):
                    assert leg is CALLS[kind], f"{kind} is a call of another leg"
                    assert at >= self.now
                    self.work[f"{party}:{kind}:{n}"] = at
        if not public.is_open(self.dispute):
            self.work.clear()


def claim(kind: Kind, **changes: Any) -> Claim:
    """12 800 fen paid to `m-plain` an hour ago, all of it claimed."""
    return replace(
        Claim(
            dispute_id=UUID(int=1),
            claim_id=UUID(int=2),
            reference="402188530174",
            kind=kind,
            reason="other",
            customer_id="c-1",
            merchant_id="m-plain",
            transaction_id="t-1",
            requested_minor=12_800,
            currency="CNY",
            refundable_until=None,
            occurred_at=START - timedelta(hours=1),
            profile="test",
            profile_version=1,
            calendar="CN",
            calendar_version="test",
            opened_at=START,
            first_promised_at=PROFILE.due(f"promise_{kind}", START),
            first_promise_rule=f"promise_{kind}",
        ),
        **changes,
    )


def opened(kind: Kind, *, duplicate_of: str | None = None, **changes: Any) -> Case:
    """Just opened: the bank is being asked."""
    case = Case(Dispute(claim(kind, **changes)), MoneyView(duplicate_of=duplicate_of))
    case.when(T.OPENED, actor=Actor.CUSTOMER)
    case.money = replace(case.money, duplicate_of=None)
    return case


def found(kind: Kind, bank: BankTransaction | None = None, **changes: Any) -> Case:
    """Opened, and the bank has answered."""
    case = opened(kind, **changes)
    bank = bank or transaction(merchant_id=case.dispute.claim.merchant_id)
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, bank)
    return case


def asked_of_merchant(**changes: Any) -> Case:
    """A refund request whose merchant provably has it."""
    case = found(Kind.REFUND_REQUEST, **changes)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    return case


def in_arbitration(**changes: Any) -> Case:
    """A refund request that the merchant refused."""
    case = asked_of_merchant(**changes)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1, "shipped"), actor=Actor.MERCHANT)
    return case


def approved(**changes: Any) -> Case:
    """A refund request with consent: the refund is reserved and being sent."""
    case = asked_of_merchant(**changes)
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    return case


def in_flight(**changes: Any) -> Case:
    """The bank has taken the refund."""
    case = approved(**changes)
    case.answered("bank:refund:1", T.REFUND_ACCEPTED, RefundReport(1))
    return case


def unknown(**changes: Any) -> Case:
    """The bank's answer to the refund was lost."""
    case = approved(**changes)
    case.answered("bank:refund:1", T.REFUND_NO_ANSWER, RefundReport(1))
    return case


def declined(**changes: Any) -> Case:
    """Asked for two days after the purchase; the window was one."""
    return found(Kind.REFUND_REQUEST, occurred_at=START - timedelta(days=2), **changes)


def transaction(
    state: TransactionState = TransactionState.CAPTURED, **changes: Any
) -> BankTransaction:
    """The bank's view of `t-1`."""
    return replace(
        BankTransaction(
            transaction_id="t-1",
            state=state,
            customer_id="c-1",
            payer_id=None,
            merchant_id="m-plain",
            captured_minor=12_800,
            refunded_minor=0,
            currency="CNY",
        ),
        **changes,
    )


def decision(remedy: Remedy = Remedy.FULL_REFUND, **changes: Any) -> ArbitratorDecision:
    """For the customer by `ops-1`: all of it, the merchant pays."""
    pays = remedy is not Remedy.NONE
    return replace(
        ArbitratorDecision(
            fault=Fault.MERCHANT if pays else Fault.CUSTOMER,
            remedy=remedy,
            reason="not_delivered",
            decided_by="ops-1",
            amount_minor=12_800 if pays else None,
            payer=Payer.MERCHANT if pays else None,
        ),
        **changes,
    )


def trace(n: int = 1, **changes: Any) -> TraceReport:
    """The bank's answer to a trace."""
    return replace(TraceReport(n), **changes)


def refund(n: int = 1, **changes: Any) -> RefundReport:
    """The bank's answer to a refund."""
    return replace(RefundReport(n), **changes)


WISH: Final = Wish("c-1")
