"""The outside world as the search plays it: honest, slow, and never heard in order.

A provider's truth moves along a path; whatever it said on the way may be heard at any later time,
once more, or never. The oracle looks at this truth, not at what the machine believes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from services.tracker.domain.dispute import Dispute
from services.tracker.domain.states import Credit, Reversal
from services.tracker.domain.triggers import (
    AccountReport,
    ChargebackReport,
    Comparison,
    Payload,
    Posting,
    RecallReport,
    RefundReport,
    T,
    TraceReport,
)
from shared.contracts.vocabulary import Kind

TRANSFERS: Final = (Kind.MISSING_FUNDS, Kind.WRONG_OR_SCAM_TRANSFER)  # no merchant is part of them
FIRST: Final = datetime(2026, 3, 1, tzinfo=UTC)
CAPTURED: Final = 100
PART: Final = 40
NO_TIME: Final = timedelta(0)
SETTLED: Final = timedelta(seconds=5)
EXPIRED: Final = timedelta(seconds=100)

# provider's paths: state → states it may come to by itself
PATHS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "refund": {
        "in_air": ("moving", ""),  # an order that was sent and not heard of arrives, or is lost
        "moving": ("credited", "bounced"),
        "credited": ("went_back",),
        "unfunded": ("moving", "failed"),
    },
    "reversal": {"pending": ("credited", "absent")},
    "recall": {
        "asked": ("agreed", "part_agreed", "refused", "returned"),
        "agreed": ("returned",),
        "part_agreed": ("part_returned",),
    },
    "chargeback": {
        "filed": ("represented", "won", "lost"),
        "represented": ("lost",),
        "pre_arbitration": ("won", "lost"),
        "arbitration": ("won", "lost"),
        "withdrawing": ("withdrawn",),
    },
    "network": {"filed": ("won", "lost"), "won": ("lost",)},  # one that did not come from here
    "identity": {"asked": ("verified", "failed")},
    "access": {"asked": ("done", "refused"), "refused": ("asked",)},  # limits end by themselves
    "records": {"on_its_way": ("arrived", "bounced"), "unfunded": ("on_its_way",)},
}
# what was said on the way to a state, in order
SAID: Final[dict[str, dict[str, tuple[T, ...]]]] = {
    "refund": {
        "moving": (T.REFUND_ACCEPTED,),
        "unfunded": (T.REFUND_UNFUNDED,),
        "credited": (T.REFUND_ACCEPTED, T.REFUND_CREDITED),
        "bounced": (T.REFUND_ACCEPTED, T.REFUND_BOUNCED),
        "went_back": (T.REFUND_ACCEPTED, T.REFUND_CREDITED, T.REFUND_BOUNCED),
        "failed": (T.REFUND_FAILED,),
    },
    "reversal": {
        "pending": (T.REVERSAL_PENDING,),
        "credited": (T.REVERSAL_PENDING, T.REVERSAL_CREDITED),
        "absent": (T.REVERSAL_ABSENT,),
    },
    "recall": {
        "asked": (T.RECALL_PENDING,),
        "agreed": (T.RECALL_PENDING, T.RECALL_AGREED),
        "part_agreed": (T.RECALL_PENDING, T.RECALL_AGREED),
        "refused": (T.RECALL_PENDING, T.RECALL_REFUSED),
        "returned": (T.RECALL_PENDING, T.RECALL_RETURNED),
        "part_returned": (T.RECALL_PENDING, T.RECALL_AGREED, T.RECALL_RETURNED),
    },
    "chargeback": {
        "filed": (T.CHARGEBACK_PENDING,),
        "represented": (T.CHARGEBACK_PENDING, T.CHARGEBACK_REPRESENTED),
        "pre_arbitration": (T.CHARGEBACK_PENDING, T.CHARGEBACK_REPRESENTED),
        "arbitration": (T.CHARGEBACK_PENDING, T.CHARGEBACK_REPRESENTED),
        "withdrawing": (T.CHARGEBACK_PENDING,),
        "withdrawn": (T.CHARGEBACK_PENDING, T.CHARGEBACK_WITHDRAWN),
        "won": (T.CHARGEBACK_PENDING, T.CHARGEBACK_WON),
        "lost": (T.CHARGEBACK_PENDING, T.CHARGEBACK_LOST),
    },
    "network": {
        "filed": (T.CHARGEBACK_APPEARED,),
        "won": (T.CHARGEBACK_APPEARED, T.CHARGEBACK_WON),
        "lost": (T.CHARGEBACK_APPEARED, T.CHARGEBACK_LOST),
    },
    "identity": {
        "asked": (T.IDENTITY_PENDING,),
        "verified": (T.IDENTITY_PENDING, T.IDENTITY_VERIFIED),
        "failed": (T.IDENTITY_PENDING, T.IDENTITY_FAILED),
    },
    "access": {
        "asked": (T.RESET_PENDING,),
        "done": (T.RESET_PENDING, T.RESET_DONE),
        "refused": (T.RESET_PENDING, T.RESET_REFUSED),
    },
    "records": {
        "on_its_way": (T.RECORDS_ON_ITS_WAY,),
        "unfunded": (T.RECORDS_UNFUNDED,),
        "arrived": (T.RECORDS_ON_ITS_WAY, T.RECORDS_ARRIVED),
        "bounced": (T.RECORDS_ON_ITS_WAY, T.RECORDS_BOUNCED),
    },
    "trace": {
        "in_transit": (T.TRACE_IN_TRANSIT,),
        "delivered": (T.TRACE_IN_TRANSIT, T.TRACE_DELIVERED),
        "rejected": (T.TRACE_IN_TRANSIT, T.TRACE_REJECTED),
        "wrong_account": (T.TRACE_IN_TRANSIT, T.TRACE_WRONG_ACCOUNT),
    },
    "credit": {
        "posted": (T.CREDIT_POSTED,),
        "refused": (T.CREDIT_REFUSED,),
        "reversed": (T.CREDIT_POSTED, T.CREDIT_REVERSED),
        "kept": (T.CREDIT_POSTED, T.CREDIT_REVERSAL_REFUSED),
    },
    "correction": {"posted": (T.CORRECTION_POSTED,), "refused": (T.CORRECTION_REFUSED,)},
    "compensation": {"posted": (T.COMPENSATION_POSTED,), "refused": (T.COMPENSATION_REFUSED,)},
}
FINDINGS: Final = {
    Kind.WRONG_AMOUNT: (
        T.RECORDS_PENDING,
        T.RECORDS_AGREES,
        T.RECORDS_DIFFERS,
        T.RECORDS_EXPLAINED,
    ),
    Kind.DUPLICATE_CHARGE: (
        T.RECORDS_AUTHORISED_ONLY,
        T.RECORDS_SAME_ORDER,
        T.RECORDS_TWO_ORDERS,
        T.RECORDS_UNMATCHED,
    ),
    Kind.REFUND_NOT_RECEIVED: (T.RECORDS_UNSENT,),
    Kind.BALANCE_ANOMALY: (
        T.RECORDS_EXPLAINED,
        T.RECORDS_OUR_ERROR,
        T.RECORDS_UNKNOWN_DEBITS,
        T.RECORDS_HELD,
    ),
}
_FIRST: Final = {"trace": ("in_transit", "delivered", "rejected", "wrong_account")}


@dataclass(frozen=True, slots=True)
class Truth:
    """What providers did, by `leg:n`; a path's newest state."""

    facts: tuple[tuple[str, str], ...] = ()

    def of(self, key: str) -> str:
        """The state, or nothing where the provider never heard of it."""
        return dict(self.facts).get(key, "")

    def now(self, key: str, state: str) -> "Truth":
        """The same after this has moved."""
        known = dict(self.facts) | {key: state}
        return Truth(tuple(sorted((k, v) for k, v in known.items() if v)))


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing the machine hears, how long after the last, and the truth by then."""

    name: T
    payload: Payload
    truth: Truth
    after: timedelta = NO_TIME


def evolve(truth: Truth, legs: dict[str, str]) -> Iterator[Truth]:
    """Where providers may go by themselves, without a word."""
    del legs
    for key, state in truth.facts:
        for further in PATHS.get(key.split(":")[0], {}).get(state, ()):
            yield truth.now(key, further)


def said(truth: Truth, dispute: Dispute) -> Iterator[Heard]:
    """All that was ever said, which may be heard now, again or late."""
    for key, state in truth.facts:
        leg, _, n = key.partition(":")
        for name in SAID.get(leg, {}).get(state, ()):
            if leg != "network":
                yield Heard(name, payload(name, int(n or 1), dispute, state), truth)
            elif name is T.CHARGEBACK_APPEARED or dispute.facts.chargeback_outside:
                yield Heard(name, ChargebackReport(None, CAPTURED), truth)


def answers(kind: str, n: int, truth: Truth, dispute: Dispute) -> Iterator[Heard]:  # noqa: C901, PLR0912 - one case for each call
    """What may come back from a call; a call that is not answered stays outstanding."""
    match kind:
        case "records":
            yield from _records(n, truth, dispute)
        case "trace" | "trace_query":
            yield from _traced(n, truth, dispute)
        case "watch" | "reversal_query" | "return_query":
            for state in _settle(truth, "reversal", ("pending", "credited", "absent")):
                yield _last("reversal", 1, truth.now("reversal", state), dispute)
        case "recall" | "recall_query":
            yield _last("recall", n, _begun(truth, f"recall:{n}", "asked"), dispute)
        case "refund":
            yield from _refund(n, truth, dispute)
        case "refund_query":
            yield from _refund_found(n, truth, dispute)
        case "chargeback" | "chargeback_query":
            state = "lost" if truth.of("network") in ("filed", "won") else "filed"
            yield _last("chargeback", n, _begun(truth, f"chargeback:{n}", state), dispute)
        case "pre_arbitration" | "network_arbitration" | "chargeback_withdrawal":
            yield _last("chargeback", n, _stepped(truth, f"chargeback:{n}", kind), dispute)
        case "credit" | "correction" | "compensation":
            for state in _settle(truth, f"{kind}:{n}", ("posted", "refused")):
                yield _last(kind, n, truth.now(f"{kind}:{n}", state), dispute)
        case "credit_reversal":
            for state in ("reversed", "kept"):
                if truth.of(f"credit:{n}") in ("posted", state):
                    yield _last("credit", n, truth.now(f"credit:{n}", state), dispute)
        case "hold" | "freeze" | "release":
            yield Heard(_HOLDS[kind], AccountReport(1), truth)
            if kind == "hold" and dispute.claim.transaction_id is None:  # elsewhere the same
                yield Heard(T.HOLD_REFUSED, AccountReport(1, "unknown_customer"), truth)
        case "identity" | "identity_query":
            yield _last("identity", 1, _begun(truth, "identity:1", "asked"), dispute)
        case "reset" | "reset_query":
            truth = truth if truth.of(f"access:{n}") else truth.now(f"access:{n}", "asked")
            yield _last("access", n, truth, dispute)
            if dispute.claim.kind is Kind.ACCESS_LOST:
                closed = AccountReport(n, "court")
                yield Heard(T.RESET_REFUSED, closed, truth.now(f"access:{n}", "refused"))
        case "consent":
            yield Heard(T.CONSENT_DELIVERED, None, truth)
        case _:
            return


_HOLDS: Final = {
    "hold": T.HOLD_PLACED,
    "freeze": T.HOLD_FROZEN,
    "release": T.HOLD_RELEASED,
}


def _records(n: int, truth: Truth, dispute: Dispute) -> Iterator[Heard]:
    for name in FINDINGS.get(dispute.claim.kind, ()):
        authorised = name is T.RECORDS_AUTHORISED_ONLY
        if authorised and truth.of("network"):
            continue  # what is charged back was captured
        then = truth.now("reversal", "pending") if authorised else truth
        yield Heard(name, payload(name, n, dispute, ""), then)
    if dispute.claim.kind is Kind.REFUND_NOT_RECEIVED:
        for state in _settle(
            truth, f"records:{n}", ("on_its_way", "unfunded", "arrived", "bounced")
        ):
            yield _last("records", n, truth.now(f"records:{n}", state), dispute)


def _traced(n: int, truth: Truth, dispute: Dispute) -> Iterator[Heard]:
    state = truth.of(f"trace:{n}")
    if not state:
        yield Heard(T.TRACE_NOT_FOUND, TraceReport(n), truth)
    further = _FIRST["trace"] if state in ("", "in_transit") else (state,)
    for found in further:
        then = truth.now(f"trace:{n}", found)
        comes_back = not dispute.facts.self_custody  # what failed on a chain never left
        if found == "rejected" and comes_back and not then.of("reversal"):
            then = then.now("reversal", "pending")
        yield _last("trace", n, then, dispute)


def _refund(n: int, truth: Truth, dispute: Dispute) -> Iterator[Heard]:
    """A key is executed once; its answer may be lost, with or without the order."""
    key = f"refund:{n}"
    lost = RefundReport(n)
    if truth.of(key) and truth.of(key) != "in_air":
        yield _last("refund", n, truth, dispute)
        yield Heard(T.REFUND_NO_ANSWER, lost, truth)
        return
    for state in ("moving", "credited", "unfunded", "failed"):
        yield _last("refund", n, truth.now(key, state), dispute)
    yield Heard(T.REFUND_NO_ANSWER, lost, truth.now(key, "moving"))
    yield Heard(T.REFUND_NO_ANSWER, lost, truth.now(key, "in_air"))


def _refund_found(n: int, truth: Truth, dispute: Dispute) -> Iterator[Heard]:
    """An order in the air has arrived or is gone once the settling time is over."""
    key, none = f"refund:{n}", RefundReport(n)
    state = truth.of(key)
    if state not in ("", "in_air"):
        yield _last("refund", n, truth, dispute)
        return
    yield Heard(T.REFUND_NOT_FOUND, none, truth)
    for after in (SETTLED, EXPIRED):
        yield Heard(T.REFUND_NOT_FOUND, none, truth.now(key, ""), after)
    if state == "in_air":
        yield _last("refund", n, truth.now(key, "moving"), dispute)


def _last(leg: str, n: int, truth: Truth, dispute: Dispute) -> Heard:
    """The newest word of a provider."""
    state = truth.of(f"{leg}:{n}") or truth.of(leg)
    name = SAID[leg][state][-1]
    return Heard(name, payload(name, n, dispute, state), truth)


def _begun(truth: Truth, key: str, state: str) -> Truth:
    return truth if truth.of(key) else truth.now(key, state)


def _settle(truth: Truth, key: str, states: tuple[str, ...]) -> tuple[str, ...]:
    """What is known stays; what is not known may be any of these."""
    known = truth.of(key)
    return (known,) if known else states


def _stepped(truth: Truth, key: str, kind: str) -> Truth:
    """A step counts while the network has not ended it."""
    state = truth.of(key)
    if state in ("won", "lost", "withdrawn"):
        return truth
    steps = {
        "pre_arbitration": "pre_arbitration",
        "network_arbitration": "arbitration",
        "chargeback_withdrawal": "withdrawn",
    }
    return truth.now(key, steps[kind])


def payload(name: T, n: int, dispute: Dispute, state: str) -> Payload:
    """What comes with a word of a provider."""
    facts = dispute.facts
    part = "part" in state
    if name.startswith("records_"):
        amount = (
            PART if name in (T.RECORDS_AGREES, T.RECORDS_BOUNCED, T.RECORDS_OUR_ERROR) else None
        )
        return Comparison(n, amount, "CNY")
    if name.startswith("trace_"):
        returned = CAPTURED if name is T.TRACE_REJECTED else None
        return TraceReport(n, return_minor=returned)
    if name.startswith("reversal_"):
        return None
    if name.startswith("recall_"):
        return RecallReport(n, min(PART, facts.recall_minor) if part else facts.recall_minor)
    if name.startswith("refund_"):
        return RefundReport(n, known_at=_KNOWN.get(name))
    if name.startswith("chargeback_"):
        return ChargebackReport(n)
    if name.startswith(("credit_", "correction_", "compensation_")):
        return Posting(n)
    if name.startswith(("hold_", "identity_", "reset_")):
        return AccountReport(n)
    return None


_KNOWN: Final = {
    T.REFUND_UNFUNDED: FIRST,
    T.REFUND_ACCEPTED: FIRST + timedelta(seconds=1),
    T.REFUND_FAILED: FIRST + timedelta(seconds=2),
    T.REFUND_CREDITED: FIRST + timedelta(seconds=3),
    T.REFUND_BOUNCED: FIRST + timedelta(seconds=4),
}


def recovered_minor(truth: Truth, dispute: Dispute) -> int:
    """What the customer has by the providers' own books; a credit is settled by what else came."""
    facts, refunds, total = dispute.facts, 0, 0
    for key, state in truth.facts:
        leg, _, n = key.partition(":")
        if leg == "refund" and state == "credited":
            refunds += facts.attempt(int(n)).amount_minor
        elif (leg, state) == ("reversal", "credited"):
            total += facts.reversal_minor or 0
        elif leg == "recall" and state in ("returned", "part_returned"):
            asked = facts.recall_minor if state == "part_returned" else _recall_asked(dispute)
            total += min(PART, asked) if state == "part_returned" else asked
        elif (leg, state) == ("chargeback", "won"):
            total += facts.chargeback_minor
        elif (leg, state) == ("network", "won"):
            total += CAPTURED
    posted = any(k.startswith("credit:") and v in ("posted", "kept") for k, v in truth.facts)
    credit = facts.credit_minor if posted else 0
    if dispute.legs.credit is Credit.FINAL:  # refunds settle it no more
        return refunds + max(total, credit)
    return max(refunds + total, credit)


def ordered_minor(truth: Truth, dispute: Dispute) -> int:
    """What our own refunds have paid or may still pay by the providers' own books."""
    return sum(
        dispute.facts.attempt(int(key.partition(":")[2])).amount_minor
        for key, state in truth.facts
        if key.startswith("refund:") and state in ("credited", "moving", "unfunded", "in_air")
    )


def _recall_asked(dispute: Dispute) -> int:
    requested = dispute.claim.requested_minor
    asked = CAPTURED if requested is None else min(requested, CAPTURED)
    return min(asked, dispute.facts.recall_minor)  # less where others held a part of it


def is_moving(truth: Truth, dispute: Dispute) -> bool:
    """Whether money is under way at a provider."""
    return any(
        (key.startswith("refund:") and state in ("moving", "unfunded", "in_air"))
        or ((key, state) == ("reversal", "pending") and dispute.legs.reversal is not Reversal.NONE)
        or (key.startswith("recall:") and state in ("asked", "agreed", "part_agreed"))
        or (
            key.startswith("chargeback:")
            and state in ("filed", "represented", "pre_arbitration", "arbitration", "withdrawing")
        )
        for key, state in truth.facts
    )


def forget(truth: Truth, keys: tuple[str, ...]) -> Truth:
    """The same without what can no longer matter."""
    return replace(truth, facts=tuple((k, v) for k, v in truth.facts if k not in keys))
