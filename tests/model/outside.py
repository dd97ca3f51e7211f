"""Bank, card network, ledger, account service and merchants, each honest and with its own books.

What is asked under one key is done once for the key's lifetime; a final answer is final. What moves
by itself is told by callback. The oracle looks at these books, not at what the tracker believes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.tracker.domain.triggers import (
    AccountReport,
    BankTransaction,
    ChargebackReport,
    MerchantAnswer,
    Payload,
    RecallReport,
    RefundReport,
    T,
    TraceReport,
)
from shared.contracts.vocabulary import Funding, TransactionKind, TransactionState
from tests.model.world import PATHS, SAID

SETTLING: Final = timedelta(seconds=5)
KEY_LIFETIME: Final = timedelta(seconds=100)
OWNER: Final = "c-1"
MOVING: Final = ("in_air", "moving", "unfunded")
LIVE_CHARGEBACKS: Final = ("filed", "represented", "pre_arbitration", "arbitration")


@dataclass(slots=True)
class Item:
    """One thing under way at a provider; `told_to` hears of it: a dispute, claim or transaction."""

    leg: str
    n: int | None
    told_to: UUID | str
    state: str
    since: datetime
    first: datetime
    transaction_id: str = ""
    amount_minor: int = 0
    part_minor: int = 0
    settles_minor: int = 0  # of a provisional credit, by its order
    reason: str | None = None
    arrives: bool = False
    was: list[str] = field(default_factory=list)

    def now(self, state: str, at: datetime) -> None:
        """It moves; no provider dates two of its states alike."""
        self.was.append(self.state)
        self.state, self.since = state, max(at, self.since + timedelta(microseconds=1))

    @property
    def comes_minor(self) -> int:
        return self.part_minor if "part" in self.state else self.amount_minor

    def ever(self, state: str) -> bool:
        return self.state == state or state in self.was


@dataclass(slots=True)
class Money:
    """One transaction as the bank has it, and what others did with it before we came."""

    transaction_id: str
    captured_minor: int
    state: TransactionState = TransactionState.CAPTURED
    kind: TransactionKind = TransactionKind.PAYMENT
    funding: Funding = Funding.BALANCE
    customer_id: str = OWNER
    merchant_id: str | None = "m-plain"
    is_known: bool = True
    chargeback_until: datetime | None = None
    theirs: Item | None = None  # a refund that the merchant sent by itself
    reversal: Item | None = None
    watchers: list[UUID] = field(default_factory=list)
    theirs_counted: bool | None = None  # whether it stood when we first asked


@dataclass(frozen=True, slots=True)
class News:
    """What a provider tells by itself."""

    to: UUID | str
    name: T
    payload: Payload


@dataclass(frozen=True, slots=True)
class Ask:
    """A call as it arrives: `choice` says what the provider makes of something new."""

    dispute_id: UUID
    claim_id: UUID
    kind: str
    n: int
    payload: Mapping[str, Any]
    choice: int

    @property
    def key(self) -> str:
        return str(self.payload["key"])


@dataclass(slots=True)
class Outside:
    """Everybody else."""

    now: datetime
    money: dict[str, Money] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    keyed: dict[str, Item] = field(default_factory=dict)
    requests: dict[tuple[UUID, str, int], T | None] = field(default_factory=dict)

    # --- time

    def pass_to(self, moment: datetime) -> None:
        """Orders in the air arrive or are lost in the settling time; holds end by themselves."""
        self.now = max(self.now, moment)
        for key, item in list(self.keyed.items()):
            if item.state == "in_air" and self.now >= item.since + SETTLING:
                self._land(key, item, item.since + SETTLING)
            if item.leg == "hold" and item.state == "placed" and self.now >= item.since:
                item.now("expired", item.since)

    def _land(self, key: str, item: Item, at: datetime) -> None:
        item.now("moving" if item.arrives else "lost", at)
        if not item.arrives:
            del self.keyed[key]

    # --- orders

    def in_air(self, ask: Ask) -> None:
        """A refund that is on its way to the bank: it arrives within the settling time or never."""
        if self.alive(ask.key) is None:
            item = self.order("refund", ask, "in_air")
            item.arrives = ask.choice % 2 == 0

    def alive(self, key: str) -> Item | None:
        """What a refund's key stands for, while the bank remembers it."""
        item = self.keyed.get(key)
        return item if item and self.now < item.first + KEY_LIFETIME else None

    def order(self, leg: str, ask: Ask, state: str) -> Item:
        amount = int(ask.payload.get("amount_minor") or 0)
        item = Item(leg, ask.n, ask.dispute_id, state, self.now, self.now)
        item.transaction_id = str(ask.payload.get("transaction_id") or "")
        item.amount_minor, item.part_minor = amount, max(1, amount * 2 // 5)
        item.settles_minor = int(ask.payload.get("settles_advance_minor") or 0)
        self.items.append(item)
        self.keyed[ask.key] = item
        return item

    def is_only_authorised(self, money: Money | None) -> bool:
        """What was paid back in part, or may be, was captured."""
        if money is None or money.theirs:
            return False
        return all(
            i.transaction_id != money.transaction_id or i.leg == "records" for i in self.items
        )

    def reversal(self, money: Money) -> Item:
        item = Item("reversal", None, money.transaction_id, "pending", self.now, self.now)
        item.transaction_id, item.amount_minor = money.transaction_id, money.captured_minor
        self.items.append(item)
        return item

    def traced(self, item: Item, state: str) -> None:
        if state != item.state:
            item.now(state, self.now)
        if state == "rejected":
            back = Item("return", item.n, item.told_to, "pending", self.now, self.now)
            back.transaction_id, back.amount_minor = item.transaction_id, item.amount_minor
            self.items.append(back)
            self.keyed[f"{item.told_to}:return"] = back

    def is_charged_back(self, besides: Item) -> bool:
        same = (i for i in self.items if i.leg == "chargeback" and i is not besides)
        live = (*LIVE_CHARGEBACKS, "won")
        return any(i.transaction_id == besides.transaction_id and i.state in live for i in same)

    def outside_chargeback(self, transaction_id: str) -> Item | None:
        """The one that did not come from here."""
        for item in self.items:
            if item.told_to == transaction_id and item.leg == "chargeback":
                return item
        return None

    def live_outside(self, transaction_id: str) -> Item | None:
        """Somebody else's, which takes money or has taken it."""
        item = self.outside_chargeback(transaction_id)
        return item if item and item.state in (*LIVE_CHARGEBACKS, "won") else None

    # --- what they say

    def view(self, money: Money) -> BankTransaction:
        """The transaction; `refunded` is all that went or is going back from the other side."""
        outside = self.outside_chargeback(money.transaction_id)
        live = outside is not None and outside.state in LIVE_CHARGEBACKS
        won = outside is not None and outside.state == "won"
        back = money.reversal
        return BankTransaction(
            transaction_id=money.transaction_id,
            state=money.state,
            customer_id=money.customer_id,
            payer_id=None,
            merchant_id=money.merchant_id,
            captured_minor=money.captured_minor,
            refunded_minor=self.recovered_minor(money.transaction_id, ("moving",)),
            currency="CNY",
            reversal_state=back.state if back and back.state != "absent" else None,
            reversal_minor=back.amount_minor if back and back.state != "absent" else None,
            kind=money.kind,
            funding=money.funding,
            chargeback_until=money.chargeback_until,
            chargeback_minor=outside.amount_minor if outside and live else None,
            chargeback_won=won,
        )

    def said(self, item: Item) -> tuple[T, Payload]:
        """The newest word about it."""
        if item.leg in ("reversal", "return"):
            return _REVERSALS[item.state], self._of_reversal(item)
        stepped = item.leg == "chargeback" and item.state in ("pre_arbitration", "arbitration")
        name = T.CHARGEBACK_PENDING if stepped else SAID[item.leg][item.state][-1]
        return name, self._report(item, item.n or 0)

    def _of_reversal(self, item: Item) -> Payload:
        return None if item.leg == "return" else self.view(self.money[item.transaction_id])

    def _report(self, item: Item, n: int) -> Payload:
        tid = item.transaction_id
        match item.leg:
            case "refund":
                return RefundReport(
                    n,
                    transaction_id=tid,
                    amount_minor=item.amount_minor,
                    currency="CNY",
                    known_at=item.since,
                )
            case "recall":
                return RecallReport(n, item.comes_minor, transaction_id=tid)
            case "chargeback":
                return ChargebackReport(item.n, item.amount_minor, transaction_id=tid)
            case "trace":
                return self._of_trace(item, n)
            case "access":
                return AccountReport(n, item.reason if item.state == "refused" else None)
            case _:
                return AccountReport(n)

    def _of_trace(self, item: Item, n: int) -> TraceReport:
        back = self.keyed.get(f"{item.told_to}:return") if item.state == "rejected" else None
        credited = back is not None and back.state == "credited"
        returned = back.amount_minor if back and back.state != "absent" else None
        return TraceReport(n, return_minor=returned, return_credited=credited)

    # --- what they do by themselves

    def possible(self) -> list[tuple[Item, str]]:
        """Where providers may go next."""
        found = [(i, state) for i in self.items for state in _NEXT.get(i.leg, {}).get(i.state, ())]
        for money in self.money.values():
            theirs = money.theirs
            if theirs:
                found += [(theirs, state) for state in PATHS["records"].get(theirs.state, ())]
        return found

    def move(self, item: Item, state: str) -> Iterator[News]:
        """Go there, and tell whom it concerns."""
        if item.leg == "trace":
            self.traced(item, state)
        else:
            item.now(state, self.now)
        if item.leg == "theirs":
            return
        name, payload = self.said(item)
        to = self.money[item.transaction_id].watchers if item.leg == "reversal" else [item.told_to]
        for one in to:
            yield News(one, name, payload)

    def charge_back_outside(self, money: Money, amount_minor: int) -> Iterator[News]:
        """The issuer files one by itself, where none is under way."""
        item = Item(
            "chargeback", None, money.transaction_id, "filed", self.now, self.now,
            money.transaction_id, amount_minor,
        )  # fmt: skip
        if not self.is_charged_back(item) and not self.outside_chargeback(money.transaction_id):
            self.items.append(item)
            name, payload = self.said(item)
            yield News(money.transaction_id, name, payload)

    def may_answer(self) -> list[tuple[tuple[UUID, str, int], T]]:
        """What merchants may say: anything once, and later that they accept after all."""
        found = []
        for request, said in self.requests.items():
            if said is None:
                found += [(request, name) for name in _ANSWERS[request[1]]]
            elif request[1] == "consent" and said is not T.MERCHANT_ACCEPTED:
                found.append((request, T.MERCHANT_ACCEPTED))
            elif said is T.GOODS_CONTESTED:
                found.append((request, T.GOODS_RECEIVED))
        return found

    def answer(self, request: tuple[UUID, str, int], name: T) -> News:
        """A merchant's answer."""
        self.requests[request] = name
        offer = 3_000 if name is T.MERCHANT_OFFERED else None
        return News(request[0], name, MerchantAnswer(request[2], offer_minor=offer))

    # --- the books

    def recovered_minor(self, transaction_id: str, also: tuple[str, ...] = ()) -> int:
        """What came back from the other side; with refunds in the states `also`."""
        mine = [i for i in self.items if i.transaction_id == transaction_id]
        total = sum(came_minor(i) or _moves(i, also) for i in mine)
        theirs = self.money[transaction_id].theirs
        standing = theirs is not None and theirs.state in ("on_its_way", "arrived")
        return total + (theirs.amount_minor if theirs and standing else 0)


def came_minor(item: Item) -> int:
    """What it has brought so far."""
    came = _CAME.get(item.leg, ())
    return item.comes_minor if item.state in came else 0


def _moves(item: Item, states: tuple[str, ...]) -> int:
    return item.amount_minor if item.leg == "refund" and item.state in states else 0


_CAME: Final = {
    "refund": ("credited",),
    "reversal": ("credited",),
    "return": ("credited",),
    "recall": ("returned", "part_returned"),
    "chargeback": ("won",),
}
TRACED: Final = ("delivered", "rejected", "wrong_account")
_NEXT: Final[dict[str, Mapping[str, tuple[str, ...]]]] = {
    "refund": {state: to for state, to in PATHS["refund"].items() if state != "in_air"},
    "reversal": PATHS["reversal"],
    "return": PATHS["reversal"],
    "recall": PATHS["recall"],
    "chargeback": PATHS["chargeback"],
    "identity": PATHS["identity"],
    "access": PATHS["access"],
    "trace": {"in_transit": TRACED},
}
_REVERSALS: Final = {
    "pending": T.REVERSAL_PENDING,
    "credited": T.REVERSAL_CREDITED,
    "absent": T.REVERSAL_ABSENT,
}
_ANSWERS: Final[dict[str, tuple[T, ...]]] = {
    "consent": (
        T.MERCHANT_ACCEPTED,
        T.MERCHANT_REFUSED,
        T.MERCHANT_OFFERED,
        T.MERCHANT_WANTS_RETURN,
        T.MERCHANT_FULFILLED,
    ),
    "goods": (T.GOODS_RECEIVED, T.GOODS_CONTESTED),
    "evidence": (T.MERCHANT_SENT_EVIDENCE,),
}
